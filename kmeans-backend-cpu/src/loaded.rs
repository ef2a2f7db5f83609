//! Rows of a block in the frame: all of them, or those that somebody asked for.

use std::ops::Range;

use crate::isa::Isa;
use crate::kernel::{self, AHEAD, RowBlock};
use crate::prepared::CpuPrepared;

/// A row that is not loaded.
const NOWHERE: u32 = u32::MAX;

/// Up to some thousand rows, loaded when they are needed.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    block: RowBlock,
    rows: Range<usize>,
    /// The place of each row in the block.
    places: Vec<u32>,
    count: usize,
    /// Whether each row is at its own place.
    is_in_order: bool,
}

impl Loaded {
    /// Rows of which none is loaded yet.
    pub(crate) fn begin(&mut self, rows: Range<usize>) {
        self.places.clear();
        self.places.resize(rows.len(), NOWHERE);
        (self.rows, self.count, self.is_in_order) = (rows, 0, false);
    }

    /// Loads all rows, in order.
    pub(crate) fn all(&mut self, isa: Isa, prepared: &CpuPrepared<'_>) -> &RowBlock {
        if !self.is_in_order {
            prepared.load(isa, &mut self.block, self.rows.clone());
            self.places.iter_mut().enumerate().for_each(|(row, place)| *place = row as u32);
            (self.count, self.is_in_order) = (self.rows.len(), true);
        }
        &self.block
    }

    /// Loads one row, counted from the first, where that is not done yet.
    pub(crate) fn one(&mut self, isa: Isa, prepared: &CpuPrepared<'_>, row: usize) {
        if self.places[row] != NOWHERE {
            return;
        }
        if self.count == 0 {
            self.block.make_room_for(self.rows.len(), prepared.d());
        }
        prepared.load_into(isa, &mut self.block, self.count, self.rows.start + row);
        self.places[row] = self.count as u32;
        self.count += 1;
    }

    /// Loads those rows, the one or the other for the second time.
    pub(crate) fn some(
        &mut self,
        isa: Isa,
        prepared: &CpuPrepared<'_>,
        rows: impl Iterator<Item = usize> + Clone,
    ) {
        let mut ahead = rows.clone().skip(AHEAD);
        for row in rows {
            if let Some(next) = ahead.next() {
                kernel::prefetch(prepared.in_memory(self.rows.start + next));
            }
            self.one(isa, prepared, row);
        }
    }

    /// A row that is loaded.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        self.block.row(self.places[row] as usize)
    }
}
