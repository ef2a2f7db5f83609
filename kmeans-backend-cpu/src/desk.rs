//! What a worker keeps from block to block, and the engine from pass to pass.

use std::sync::{Mutex, PoisonError};

use crate::byte_choice::ByteDesk;
use crate::kernel::{RowBlock, Scratch};

/// What a worker keeps from block to block.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) block: RowBlock,
    /// Values of sparse rows in the frame.
    pub(crate) values: Vec<f32>,
    pub(crate) scratch: Scratch,
    pub(crate) bytes: ByteDesk,
    /// Labels of the block before this pass, and those chosen in it.
    pub(crate) before: Vec<i32>,
    pub(crate) chosen: Vec<i32>,
    pub(crate) measured: Vec<f64>,
    /// Rows that each cluster gained or lost.
    pub(crate) gained: Vec<i64>,
    pub(crate) changed: u64,
}

impl Desk {
    /// Counts the labels chosen that differ from those before.
    pub(crate) fn count_changed(&mut self, before: &[i32]) {
        self.changed += before.iter().zip(&self.chosen).filter(|(a, b)| a != b).count() as u64;
    }
}

/// Desks that nobody works at. They are kept, since memory that is given back to the system and asked
/// for again in each pass costs more than some passes.
#[derive(Debug, Default)]
pub(crate) struct Desks(Mutex<Vec<Desk>>);

impl Desks {
    /// A desk on which nothing is counted yet, for `k` clusters.
    pub(crate) fn take(&self, k: usize) -> Desk {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        (desk.changed, desk.bytes.rechecked) = (0, 0);
        desk.gained.clear();
        desk.gained.resize(k, 0);
        desk
    }

    pub(crate) fn give_back(&self, desks: Vec<Desk>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(desks);
    }
}
