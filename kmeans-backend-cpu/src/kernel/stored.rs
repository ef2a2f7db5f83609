//! Distances of one vector to some stored ones, in their direct form; see [`super::direct`].

use kmeans_core::StoredRows;

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
    debug_assert!(ids.len() == out.len() && v.len() == rows.origin.len());
    if is_similarity {
        isa.run(Stored::<false> { v, rows, ids, out });
    } else {
        isa.run(Stored::<true> { v, rows, ids, out });
    }
}

struct Stored<'a, const SQUARES: bool> {
    v: &'a [f32],
    rows: StoredRows<'a>,
    ids: &'a [u32],
    out: &'a mut [f64],
}

impl<const SQUARES: bool> Kernel for Stored<'_, SQUARES> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { v, rows: StoredRows { x, scale, origin }, ids, out } = self;
        let d = v.len();
        ids.iter().take(AHEAD).for_each(|&id| prefetch(&x[id as usize * d..][..d]));
        let (v, v_rest) = v.as_chunks::<WIDE>();
        let (o, o_rest) = origin.as_chunks::<WIDE>();
        for (at, (&id, out)) in ids.iter().zip(out).enumerate() {
            if let Some(&next) = ids.get(at + AHEAD) {
                prefetch(&x[next as usize * d..][..d]);
            }
            let (x, x_rest) = x[id as usize * d..][..d].as_chunks::<WIDE>();
            let mut sums = [0.0; WIDE];
            for ((x, o), v) in x.iter().zip(o).zip(v) {
                for l in 0..WIDE {
                    sums[l] += term::<SQUARES>(v[l], lanes.mul_add(x[l], scale, -o[l]));
                }
            }
            for (((sum, &x), &o), &v) in sums.iter_mut().zip(x_rest).zip(o_rest).zip(v_rest) {
                *sum += term::<SQUARES>(v, lanes.mul_add(x, scale, -o));
            }
            *out = tree(sums);
        }
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
            let (v, x, origin) = (numbers(d, 1), numbers(9 * d, 2), numbers(d, 3));
            let rows = StoredRows { x: &x, scale, origin: &origin };
            let ids = [8, 0, 3, 3, 5];
            for metric in [Metric::L2, Metric::InnerProduct] {
                let mut expected = [0.0; 5];
                PlainScanner.measure(metric, &v, rows, &ids, &mut expected);
                for isa in Isa::available() {
                    let mut found = [0.0; 5];
                    measure_stored(isa, metric.is_similarity(), &v, rows, &ids, &mut found);
                    assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{isa} d={d}");
                }
            }
        }
    }
}
