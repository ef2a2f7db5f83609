//! Distances of one vector to some stored ones, in their direct form; see [`super::direct`].

use half::f16;
use kmeans_core::{PANEL_OFFSET, PANEL_QUAD, PANEL_VECTORS, StoredRows, panel_bytes};

use super::direct::term;
use super::lanes::{Kernel, Lanes, WIDE, tree};
use super::lines::{AHEAD, prefetch};
use crate::isa::Isa;

/// `Σ (v − x)²`, or `Σ v·x` of a similarity, of `v` and the rows `ids` in the frame.
pub(crate) fn measure_stored(
    isa: Isa,
    is_similarity: bool,
    v: &[f32],
    rows: StoredRows<'_>,
    ids: &[u32],
    out: &mut [f64],
) {
    debug_assert!(ids.len() == out.len());
    match rows {
        StoredRows::Floats { x, scale, origin } => {
            debug_assert_eq!(v.len(), origin.len());
            by(isa, is_similarity, v, Floats { x, scale, origin }, ids, out);
        }
        StoredRows::Halves { x, scale } => {
            by(isa, is_similarity, v, Halves { x, scale, d: v.len() }, ids, out)
        }
        StoredRows::Bytes { panels, scales } => {
            by(isa, is_similarity, v, Bytes { panels, scales, d: v.len() }, ids, out);
        }
    }
}

fn by<S: Storage>(isa: Isa, is_similarity: bool, v: &[f32], rows: S, ids: &[u32], out: &mut [f64]) {
    if is_similarity {
        isa.run(Stored::<_, false> { v, rows, ids, out });
    } else {
        isa.run(Stored::<_, true> { v, rows, ids, out });
    }
}

/// How rows are stored.
trait Storage: Copy {
    type Row: Row;

    fn row(self, id: u32) -> Self::Row;

    /// Asks for a row that is soon wanted.
    fn prefetch(self, id: u32);
}

/// A row, in the frame.
trait Row: Copy {
    /// The columns 8·`chunk` to 8·`chunk` + 7.
    fn eight<L: Lanes>(self, lanes: L, chunk: usize) -> [f32; WIDE];

    fn one<L: Lanes>(self, lanes: L, column: usize) -> f32;
}

struct Stored<'a, S, const SQUARES: bool> {
    v: &'a [f32],
    rows: S,
    ids: &'a [u32],
    out: &'a mut [f64],
}

impl<S: Storage, const SQUARES: bool> Kernel for Stored<'_, S, SQUARES> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { v, rows, ids, out } = self;
        ids.iter().take(AHEAD).for_each(|&id| rows.prefetch(id));
        let (v, v_rest) = v.as_chunks::<WIDE>();
        for (at, (&id, out)) in ids.iter().zip(out).enumerate() {
            if let Some(&next) = ids.get(at + AHEAD) {
                rows.prefetch(next);
            }
            let (row, mut sums) = (rows.row(id), [0.0; WIDE]);
            for (chunk, v) in v.iter().enumerate() {
                let x = row.eight(lanes, chunk);
                for l in 0..WIDE {
                    sums[l] += term::<SQUARES>(v[l], x[l]);
                }
            }
            for (l, (sum, &rest)) in sums.iter_mut().zip(v_rest).enumerate() {
                *sum += term::<SQUARES>(rest, row.one(lanes, v.len() * WIDE + l));
            }
            *out = tree(sums);
        }
    }
}

/// `x · scale − origin`.
#[derive(Clone, Copy)]
struct Floats<'a> {
    x: &'a [f32],
    scale: f32,
    origin: &'a [f32],
}

impl Storage for Floats<'_> {
    type Row = Self;

    #[inline(always)]
    fn row(self, id: u32) -> Self {
        let d = self.origin.len();
        Self { x: &self.x[id as usize * d..][..d], ..self }
    }

    #[inline(always)]
    fn prefetch(self, id: u32) {
        prefetch(self.row(id).x);
    }
}

impl Row for Floats<'_> {
    #[inline(always)]
    fn eight<L: Lanes>(self, lanes: L, chunk: usize) -> [f32; WIDE] {
        let (x, origin) = (&self.x.as_chunks::<WIDE>().0[chunk], &self.origin.as_chunks::<WIDE>().0[chunk]);
        std::array::from_fn(|l| lanes.mul_add(x[l], self.scale, -origin[l]))
    }

    #[inline(always)]
    fn one<L: Lanes>(self, lanes: L, column: usize) -> f32 {
        lanes.mul_add(self.x[column], self.scale, -self.origin[column])
    }
}

/// `x · scale`.
#[derive(Clone, Copy)]
struct Halves<'a> {
    x: &'a [f16],
    scale: f32,
    d: usize,
}

impl Storage for Halves<'_> {
    type Row = Self;

    #[inline(always)]
    fn row(self, id: u32) -> Self {
        Self { x: &self.x[id as usize * self.d..][..self.d], ..self }
    }

    #[inline(always)]
    fn prefetch(self, id: u32) {
        prefetch(self.row(id).x);
    }
}

impl Row for Halves<'_> {
    #[inline(always)]
    fn eight<L: Lanes>(self, lanes: L, chunk: usize) -> [f32; WIDE] {
        lanes.widen(&self.x.as_chunks::<WIDE>().0[chunk]).map(|x| x * self.scale)
    }

    #[inline(always)]
    fn one<L: Lanes>(self, _: L, column: usize) -> f32 {
        self.x[column].to_f32() * self.scale
    }
}

/// `scale · q`, in panels. They were looked at just before: nothing is fetched ahead.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    panels: &'a [u8],
    scales: &'a [f32],
    d: usize,
}

/// The bytes of one vector: those of its lane in each line of a panel.
#[derive(Clone, Copy)]
struct Lane<'a> {
    lines: &'a [[u8; PANEL_QUAD * PANEL_VECTORS]],
    lane: usize,
    scale: f32,
}

impl<'a> Storage for Bytes<'a> {
    type Row = Lane<'a>;

    #[inline(always)]
    fn row(self, id: u32) -> Lane<'a> {
        let (id, bytes) = (id as usize, panel_bytes(self.d));
        let panel = &self.panels[id / PANEL_VECTORS * bytes..][..bytes];
        Lane { lines: panel.as_chunks().0, lane: id % PANEL_VECTORS, scale: self.scales[id] }
    }

    #[inline(always)]
    fn prefetch(self, _: u32) {}
}

impl Row for Lane<'_> {
    #[inline(always)]
    fn eight<L: Lanes>(self, _: L, chunk: usize) -> [f32; WIDE] {
        let quad = |line: usize| u32::from_le_bytes(self.lines[line].as_chunks::<PANEL_QUAD>().0[self.lane]);
        let (low, high) = (quad(2 * chunk), quad(2 * chunk + 1));
        let bytes = (u64::from(high) << 32 | u64::from(low)).to_le_bytes();
        bytes.map(|byte| self.scale * f32::from(byte.wrapping_sub(PANEL_OFFSET) as i8))
    }

    #[inline(always)]
    fn one<L: Lanes>(self, _: L, column: usize) -> f32 {
        let quad = &self.lines[column / PANEL_QUAD].as_chunks::<PANEL_QUAD>().0[self.lane];
        self.scale * f32::from(quad[column % PANEL_QUAD].wrapping_sub(PANEL_OFFSET) as i8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::numbers::numbers;
    use kmeans_core::{Metric, PlainScanner, Scanner};

    #[test]
    fn every_instruction_set_measures_the_same_bits_as_plain_loops() {
        for (d, scale) in [(1, 1.0), (7, 0.5), (8, 1.0), (19, 4.0), (128, 1.0)] {
            let (v, x, origin, n) = (numbers(d, 1), numbers(19 * d, 2), numbers(d, 3), 19);
            let halves: Vec<f16> = x.iter().map(|&x| f16::from_f32(x)).collect();
            let panels: Vec<u8> =
                (0..2 * panel_bytes(d)).map(|i| (x[i % x.len()] * 1e4) as i32 as u8).collect();
            let scales = numbers(n, 4);
            for rows in [
                StoredRows::Floats { x: &x, scale, origin: &origin },
                StoredRows::Halves { x: &halves, scale },
                StoredRows::Bytes { panels: &panels, scales: &scales },
            ] {
                let ids = [8, 0, 3, 3, 5, 18, 16];
                for metric in [Metric::L2, Metric::InnerProduct] {
                    let mut expected = [0.0; 7];
                    PlainScanner.measure(metric, &v, rows, &ids, &mut expected);
                    for isa in Isa::available() {
                        let mut found = [0.0; 7];
                        measure_stored(isa, metric.is_similarity(), &v, rows, &ids, &mut found);
                        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{isa} d={d}");
                    }
                }
            }
        }
    }
}
