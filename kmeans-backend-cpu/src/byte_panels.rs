//! Centroids as bytes, in panels of 16.
//!
//! ```text
//! panel 0                                            panel 1
//! columns 0 to 3               columns 4 to 7   ...
//! c0 c0 c0 c0 c1 c1 ... c15  | c0 c0 ...             ...
//! ```
//!
//! One line holds four columns of a panel: what one instruction multiplies and adds. A panel is filled up with
//! zeros to 64 columns, which AMX multiplies at once. Most instructions want bytes without a sign: `offset` is
//! added to each, and products take away `offset` times the sum of the row's bytes.

use std::sync::Arc;

use crate::byte_isa::ByteIsa;
use crate::bytes::Quantise;
use crate::centroid_order::CentroidOrder;
use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{ByteLine, PANEL, QUAD};
use crate::workers::Workers;

/// Columns to which panels are filled up.
pub(crate) const CHUNK: usize = 64;

/// Centroids as bytes, in the order of `order`.
#[derive(Clone, Debug)]
pub(crate) struct BytePanels {
    pub(crate) order: Arc<CentroidOrder>,
    lines: Vec<ByteLine>,
    lines_each: usize,
    quads: usize,
    /// What was added to each byte.
    pub(crate) offset: i32,
    /// `factor · scale` of each centroid, 0 where it is filled up.
    pub(crate) factors: Vec<f32>,
    /// The bias of each score, +∞ where it is filled up.
    pub(crate) biases: Vec<f32>,
    /// Of each panel the largest `|factor|·error` and `|factor|·‖scale·q‖`, rounded up.
    pub(crate) errors: Vec<f32>,
    pub(crate) norms: Vec<f32>,
    /// The largest `|bias|`.
    pub(crate) max_bias: f32,
}

impl BytePanels {
    /// The score of a row v is `bias + factor·⟨v, c⟩`. Cost O(k·d).
    pub(crate) fn of(
        workers: &Workers,
        (isa, bytes): (Isa, ByteIsa),
        order: Arc<CentroidOrder>,
        codebook: &CpuCodebook,
    ) -> Self {
        let (d, factor, biases) =
            (codebook.centroids.dim(), codebook.metric.score_factor(), &codebook.biases);
        let count = biases.len().div_ceil(PANEL);
        let lines_each = d.div_ceil(CHUNK) * (CHUNK / QUAD);
        let levels = bytes.levels();
        let offset = bytes.offset();
        let mut lines = vec![ByteLine::default(); count * lines_each];
        let mut factors = vec![0.0; count * PANEL];
        let mut padded_biases = vec![f32::INFINITY; count * PANEL];
        let (mut errors, mut norms) = (vec![0.0_f32; count], vec![0.0_f32; count]);
        let sides = factors.chunks_mut(PANEL).zip(padded_biases.chunks_mut(PANEL));
        let sides = sides.zip(errors.iter_mut().zip(&mut norms));
        let panels = lines.chunks_mut(lines_each).zip(order.ids().chunks(PANEL)).zip(sides);
        workers.share(
            count,
            panels,
            || vec![0; d],
            |q, ((lines, ids), ((factors, padded_biases), bounds))| {
                for (lane, &id) in ids.iter().enumerate() {
                    let v = codebook.centroids.row(id as usize);
                    let (quantised, _) = isa.run(Quantise { v, levels, q });
                    for (line, q) in lines.iter_mut().zip(q.chunks(QUAD)) {
                        for (to, &q) in line.0[lane * QUAD..].iter_mut().zip(q) {
                            *to = (i32::from(q) + offset) as u8;
                        }
                    }
                    let (error, norm) = (quantised.error, quantised.norm());
                    (factors[lane], padded_biases[lane]) = (factor * quantised.scale, biases[id as usize]);
                    *bounds.0 = bounds.0.max((factor.abs() * error).next_up());
                    *bounds.1 = bounds.1.max((factor.abs() * (norm + error)).next_up());
                }
            },
        );
        Self {
            order,
            lines,
            lines_each,
            quads: d.div_ceil(QUAD),
            offset,
            factors,
            biases: padded_biases,
            errors,
            norms,
            max_bias: biases.iter().fold(0.0, |most, bias| most.max(bias.abs())),
        }
    }

    /// Whether these instructions multiply them.
    pub(crate) fn is_for(&self, isa: ByteIsa) -> bool {
        self.offset == isa.offset()
    }

    /// Number of panels.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// Centroids of a panel that are not filled up, one bit each.
    pub(crate) fn lanes(&self, panel: usize) -> u32 {
        let left = self.order.ids().len() - panel * PANEL;
        if left >= PANEL { (1 << PANEL) - 1 } else { (1 << left) - 1 }
    }

    /// The lines of a panel: four columns each, whole chunks of 64 columns.
    pub(crate) fn panel(&self, panel: usize) -> &[ByteLine] {
        &self.lines[panel * self.lines_each..][..self.lines_each]
    }

    /// Lines of a panel that are not only filled up.
    pub(crate) fn quads(&self) -> usize {
        self.quads
    }
}
