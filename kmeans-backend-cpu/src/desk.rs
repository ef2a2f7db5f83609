//! What a worker keeps from block to block, and the engine from pass to pass.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kmeans_core::{Fixed, Frame, PartialStats};

use crate::byte_choice::{ByteCounts, ByteDesk};
use crate::cells::CellDesk;
use crate::kernel::Scratch;
use crate::loaded::Loaded;

/// What a worker keeps from block to block.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) rows: Loaded,
    /// Values of sparse rows in the frame.
    pub(crate) values: Vec<f32>,
    pub(crate) scratch: Scratch,
    pub(crate) bytes: ByteDesk,
    pub(crate) cells: CellDesk,
    pub(crate) scores: Vec<f32>,
    /// Labels of the block before this pass, and those chosen in it.
    pub(crate) before: Vec<i32>,
    pub(crate) chosen: Vec<i32>,
    pub(crate) measured: Vec<f64>,
    /// Rows of the block that are to be measured.
    pub(crate) to_measure: Vec<u32>,
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

/// Desks that nobody works at, and sums of the last pass. They are kept, since memory that is given back to the system and asked
/// for again in each pass costs more than some passes.
#[derive(Debug, Default)]
pub(crate) struct Desks {
    desks: Mutex<Vec<Desk>>,
    sums: Mutex<Vec<PartialStats>>,
}

impl Desks {
    /// A desk on which nothing is counted yet, for `k` clusters.
    pub(crate) fn take(&self, k: usize) -> Desk {
        let mut desk = lock(&self.desks).pop().unwrap_or_default();
        (desk.changed, desk.bytes.counts) = (0, ByteCounts::default());
        desk.gained.clear();
        desk.gained.resize(k, 0);
        desk
    }

    pub(crate) fn give_back(&self, desks: Vec<Desk>) {
        lock(&self.desks).extend(desks);
    }

    /// The sums of no rows.
    pub(crate) fn take_sums(&self, k: usize, frame: &Frame) -> PartialStats {
        let low = if frame.is_wide() { k * frame.dim() } else { 0 };
        let fits = |sums: &PartialStats| {
            (sums.counts.len(), sums.sums.len(), sums.sums_low.len()) == (k, k * frame.dim(), low)
        };
        let Some(mut sums) = lock(&self.sums).pop().filter(fits) else {
            return PartialStats::zero(k, frame);
        };
        sums.sums.fill(0);
        sums.sums_low.fill(0);
        sums.weights.fill(Fixed::default());
        sums.counts.fill(0);
        sums.objective.fill(Fixed::default());
        sums.changed = 0;
        sums
    }

    pub(crate) fn give_back_sums(&self, sums: Vec<PartialStats>) {
        *lock(&self.sums) = sums;
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
