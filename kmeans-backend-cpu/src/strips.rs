//! A codebook packed for sparse rows: the centroids' values of one column lie side by side.
//!
//! ```text
//! strip of panels 0, 1                                      strip of panels 2, 3
//! column 0               column 1                    ...    column 0                ...
//! c0 ... c15 c16 ... c31 | c0 ... c15 c16 ... c31 |   ...    c32 ... c47 c48 ... c63 | ...
//! ```
//!
//! A row walks down a strip and stops at its own columns only, so a strip should stay in the
//! second-level cache while many rows do. The last strip may be narrower; its last panel is filled up
//! with zeros whose bias is +∞, as in [`crate::panels::Panels`].

use crate::kernel::{Line, Lines, PANEL};
use crate::workers::Workers;

/// Bytes that a strip of more than one panel may have: three quarters of the second-level cache of
/// Sapphire Rapids (2 MB).
pub(crate) const STRIP_BYTES: usize = 3 << 19;

/// Panels of the widest strip: eight chains and their operands fit the registers of AVX-512.
pub(crate) const WIDEST: usize = 8;

/// Centroids times a factor in strips, and their biases.
#[derive(Clone, Debug)]
pub(crate) struct Strips {
    d: usize,
    width: usize,
    values: Lines,
    bias: Lines,
}

impl Strips {
    /// Packs `k` centroids of `d` columns; the score of a row v is then `bias + factor * <v, c>`.
    pub(crate) fn pack(workers: &Workers, centroids: &[f32], d: usize, bias: &[f32], factor: f32) -> Self {
        let k = bias.len();
        debug_assert_eq!(centroids.len(), k * d);
        let (panels, width) = (k.div_ceil(PANEL), width(d));
        let mut values = Lines::zeros(panels * PANEL * d);
        let strips = values.as_lines_mut().chunks_mut(width * d).zip(centroids.chunks(width * PANEL * d));
        workers.share(
            panels.div_ceil(width),
            strips,
            || (),
            |(), (strip, members)| {
                fill(strip, members, d, factor);
            },
        );
        let mut padded_bias = Lines::zeros(panels * PANEL);
        padded_bias.as_mut_slice()[..k].copy_from_slice(bias);
        padded_bias.as_mut_slice()[k..].fill(f32::INFINITY);
        Self { d, width, values, bias: padded_bias }
    }

    /// The strips with their biases, a line a panel; all have the same width but for the last.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[Line], &[Line])> {
        self.values.as_lines().chunks(self.width * self.d).zip(self.bias.as_lines().chunks(self.width))
    }

    /// Panels of a strip, but for the last.
    pub(crate) fn width(&self) -> usize {
        self.width
    }
}

/// Columns of a strip that are filled at a time, so that their lines stay in the first-level cache.
const FILL_COLUMNS: usize = 64;

fn fill(strip: &mut [Line], members: &[f32], d: usize, factor: f32) {
    let width = strip.len() / d;
    for start in (0..d).step_by(FILL_COLUMNS) {
        let columns = start..d.min(start + FILL_COLUMNS);
        for (member, centroid) in members.chunks_exact(d).enumerate() {
            let lines = strip[columns.start * width..columns.end * width].iter_mut();
            let lines = lines.skip(member / PANEL).step_by(width);
            for (line, c) in lines.zip(&centroid[columns.clone()]) {
                line.0[member % PANEL] = factor * c;
            }
        }
    }
}

/// Panels of a strip of `d` columns: as wide as stays in the second-level cache, at least one.
///
/// At d = 10 000 two panels took 92 ms where one took 112 and four 108, of 20 000 rows with 80 entries,
/// k = 1000 (Sapphire Rapids, one thread).
fn width(d: usize) -> usize {
    let fitting = STRIP_BYTES / (size_of::<Line>() * d);
    [WIDEST, 4, 2].into_iter().find(|&width| width <= fitting).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_a_strip_holds_its_centroids_side_by_side() {
        let workers = Workers::new(None).unwrap();
        for (k, d) in [(1, 1), (18, 3), (140, 70), (33, 7000), (70, 40_000)] {
            let centroids: Vec<f32> = (0..k * d).map(|x| (x % 8191) as f32).collect();
            let bias: Vec<f32> = (0..k).map(|x| x as f32 + 0.5).collect();
            let strips = Strips::pack(&workers, &centroids, d, &bias, -2.0);
            let mut first = 0;
            for (lines, biases) in strips.iter() {
                for column in 0..d {
                    for lane in 0..biases.len() * PANEL {
                        let found = lines[column * biases.len() + lane / PANEL].0[lane % PANEL];
                        let c = first + lane;
                        assert_eq!(found, if c < k { -2.0 * centroids[c * d + column] } else { 0.0 });
                        let expected = bias.get(c).copied().unwrap_or(f32::INFINITY);
                        assert_eq!(biases[lane / PANEL].0[lane % PANEL], expected);
                    }
                }
                first += biases.len() * PANEL;
            }
            assert_eq!(first, k.next_multiple_of(PANEL));
        }
    }

    #[test]
    fn strips_are_narrower_the_more_columns_there_are() {
        assert_eq!([100, 3000, 6000, 10_000, 100_000].map(width), [8, 8, 4, 2, 1]);
    }
}
