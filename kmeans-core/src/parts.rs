//! Which rows an engine holds ready from pass to pass, and which it is handed in each.

use std::ops::Range;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::params::Params;
use crate::sample::Sample;

/// Shares of the room that a part takes: two are held, and of the others one is computed on while the next one is on
/// its way.
const PARTS: u64 = 4;

/// A range of rows, and whether it is held.
pub(crate) struct PartOfRows {
    pub(crate) rows: Range<usize>,
    pub(crate) held: bool,
}

/// Cuts the rows of a sample into parts.
///
/// # Errors
/// `device_memory` for an engine without memory of its own, or too little for a few rows.
pub(crate) fn parts<E: Engine>(
    engine: &E,
    sample: &Sample<'_, E>,
    params: &Params,
) -> Result<Vec<PartOfRows>> {
    let n = sample.n();
    let refused = |expected| {
        let value = params.device_memory.unwrap_or_default().to_string();
        Err(Error::Parameter { name: "device_memory", value, expected })
    };
    if params.device_memory.is_some() && !engine.computes_elsewhere() {
        return refused("nothing: this device computes in the memory of the host");
    }
    let row_bytes = sample.row_bytes() + engine.kept_bytes(sample.d(), params.k, sample.is_sparse());
    let room = params.device_memory.or(engine.room()).unwrap_or(u64::MAX);
    let wanted = params.chunk_rows.unwrap_or(n);
    if row_bytes.saturating_mul(n as u64) <= room && !sample.is_streamed() {
        return Ok(cut(n, wanted, n));
    }
    let step = usize::try_from(room / PARTS / row_bytes.max(1)).unwrap_or(usize::MAX);
    if step == 0 {
        return refused("room for some rows at a time");
    }
    if sample.is_streamed() {
        return Ok(cut(n, wanted.min(params.decode_block_size).min(step), 0));
    }
    let step = wanted.min(step);
    Ok(cut(n, step, (room / 2 / row_bytes) as usize / step * step))
}

/// Parts of `step` rows, of which those that end by `held` are held.
fn cut(n: usize, step: usize, held: usize) -> Vec<PartOfRows> {
    let ranges = (0..n).step_by(step).map(|start| start..n.min(start.saturating_add(step)));
    ranges.map(|rows| PartOfRows { held: rows.end <= held, rows }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_the_first_are_held() {
        let parts = cut(10, 4, 8);
        let ranges: Vec<_> = parts.iter().map(|part| part.rows.clone()).collect();
        assert_eq!(ranges, [0..4, 4..8, 8..10]);
        assert_eq!(parts.iter().map(|part| part.held).collect::<Vec<_>>(), [true, true, false]);
        assert!(cut(10, 4, 10).iter().all(|part| part.held) && cut(10, 3, 0).iter().all(|part| !part.held));
    }
}
