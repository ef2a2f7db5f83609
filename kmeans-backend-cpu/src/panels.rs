//! A codebook packed for the kernels.
//!
//! ```text
//! panel 0                                  panel 1
//! column 0         column 1          ...   column 0           ...
//! c0 c1 ... c15  | c0 c1 ... c15 |   ...   c16 c17 ... c31  | ...
//! ```
//!
//! One column of a panel is one cache line, so the kernel walks a panel from front to back. The last
//! panel is filled up with zeros whose bias is +∞: such a lane is never less than any other.

use crate::kernel::{Lines, PANEL};

/// Centroids times a factor in panels of 16, and their biases.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    d: usize,
    values: Lines,
    bias: Lines,
}

impl Panels {
    /// Packs `k` centroids of `d` columns; the score of a row v is then `bias + factor * <v, c>`.
    pub(crate) fn pack(centroids: &[f32], k: usize, d: usize, bias: &[f32], factor: f32) -> Self {
        debug_assert!(k > 0 && d > 0);
        debug_assert_eq!(centroids.len(), k * d);
        debug_assert_eq!(bias.len(), k);
        let padded = k.next_multiple_of(PANEL);
        let mut values = Lines::zeros(padded * d);
        let panels = values.as_mut_slice().chunks_exact_mut(PANEL * d);
        for (panel, members) in panels.zip(centroids.chunks(PANEL * d)) {
            for (lane, centroid) in members.chunks_exact(d).enumerate() {
                for (column, &c) in centroid.iter().enumerate() {
                    panel[column * PANEL + lane] = factor * c;
                }
            }
        }
        let mut padded_bias = Lines::zeros(padded);
        padded_bias.as_mut_slice()[..k].copy_from_slice(bias);
        padded_bias.as_mut_slice()[k..].fill(f32::INFINITY);
        Self { d, values, bias: padded_bias }
    }

    pub(crate) fn d(&self) -> usize {
        self.d
    }

    /// `k` rounded up to whole panels: the row length of `scores_block`.
    pub(crate) fn k_padded(&self) -> usize {
        self.bias.as_slice().len()
    }

    /// How many panels there are.
    pub(crate) fn count(&self) -> usize {
        self.bias.as_lines().len()
    }

    /// The panels, one after the other: `d` lines each.
    pub(crate) fn values(&self) -> &Lines {
        &self.values
    }

    /// The biases, one line for each panel.
    pub(crate) fn bias(&self) -> &Lines {
        &self.bias
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_a_panel_holds_sixteen_centroids_times_the_factor() {
        let (k, d) = (18, 3);
        let centroids: Vec<f32> = (0..k * d).map(|x| x as f32).collect();
        let bias: Vec<f32> = (0..k).map(|x| x as f32 + 0.5).collect();
        let panels = Panels::pack(&centroids, k, d, &bias, -2.0);
        assert_eq!((panels.count(), panels.k_padded()), (2, 32));
        for j in 0..32 {
            for l in 0..d {
                let packed = panels.values().as_slice()[(j / 16) * 16 * d + l * 16 + j % 16];
                let expected = if j < k { -2.0 * centroids[j * d + l] } else { 0.0 };
                assert_eq!(packed, expected);
            }
            let expected = if j < k { bias[j] } else { f32::INFINITY };
            assert_eq!(panels.bias().as_slice()[j], expected);
        }
    }

    #[test]
    fn panels_start_on_a_cache_line() {
        let panels = Panels::pack(&[1.0; 6], 2, 3, &[0.0; 2], 1.0);
        assert_eq!(panels.values().as_slice().as_ptr().align_offset(64), 0);
    }
}
