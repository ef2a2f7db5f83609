//! What the codes of a product quantizer add to scores; see [`kmeans_core::tables`].

use kmeans_core::{CodewordProducts, LevelScale, Metric, TABLE_ROWS};

use super::lanes::{Kernel, Lanes, PANEL};
use crate::isa::Isa;

/// Codewords of a piece.
const LEVELS: usize = 256;
pub(crate) fn tables(
    isa: Isa,
    metric: Metric,
    v: &[f32],
    columns: &[f32],
    levels: &mut [u8],
    scales: &mut [LevelScale],
) {
    isa.run(Tables { metric, v, columns, levels, scales });
}

struct Tables<'a> {
    metric: Metric,
    v: &'a [f32],
    columns: &'a [f32],
    levels: &'a mut [u8],
    scales: &'a mut [LevelScale],
}

impl Kernel for Tables<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { metric, v, columns, levels, scales } = self;
        kmeans_core::tables(metric, v, columns, levels, scales, &ByLanes(lanes));
    }
}

struct ByLanes<L>(L);

impl<L: Lanes> CodewordProducts for ByLanes<L> {
    #[inline(always)]
    fn products(
        &self,
        rows: &[&[f32]],
        columns: &[[f32; LEVELS]],
        out: &mut [[f32; LEVELS]],
        ends: &mut [[f32; 2]],
    ) {
        if let (Ok(rows), Ok(out), Ok(ends)) =
            (<[&[f32]; TABLE_ROWS]>::try_from(rows), (&mut *out).try_into(), (&mut *ends).try_into())
        {
            // Eight sums at a time, in registers: enough to hide how long each step takes.
            of_rows::<L, TABLE_ROWS, 2>(self.0, rows, columns, out, ends);
            return;
        }
        for ((row, out), ends) in rows.iter().zip(out).zip(ends) {
            let (out, ends) = (std::array::from_mut(out), std::array::from_mut(ends));
            of_rows::<L, 1, 8>(self.0, [row], columns, out, ends);
        }
    }
}

/// Each product a chain along the columns, whatever the rows beside it. Terms are rounded, as they are where there is no
/// fused multiply-add: refined codes are taken in the order of such sums.
#[inline(always)]
fn of_rows<L: Lanes, const ROWS: usize, const WIDTH: usize>(
    lanes: L,
    rows: [&[f32]; ROWS],
    columns: &[[f32; LEVELS]],
    out: &mut [[f32; LEVELS]; ROWS],
    ends: &mut [[f32; 2]; ROWS],
) {
    let zero = lanes.splat(0.0);
    let mut low = [lanes.splat(f32::INFINITY); ROWS];
    let mut high = [lanes.splat(f32::NEG_INFINITY); ROWS];
    for first in (0..LEVELS / PANEL).step_by(WIDTH) {
        let mut sums = [[zero; WIDTH]; ROWS];
        for (column, codewords) in columns.iter().enumerate() {
            let codewords = codewords.as_chunks::<PANEL>().0;
            for at in 0..WIDTH {
                let codewords = lanes.load(&codewords[first + at]);
                for row in 0..ROWS {
                    let v = lanes.splat(rows[row][column]);
                    sums[row][at] = lanes.add(sums[row][at], lanes.fma(v, codewords, zero));
                }
            }
        }
        for row in 0..ROWS {
            let out = out[row].as_chunks_mut::<PANEL>().0;
            for at in 0..WIDTH {
                lanes.store(sums[row][at], &mut out[first + at]);
                low[row] = lanes.min(sums[row][at], low[row]);
                high[row] = lanes.max(sums[row][at], high[row]);
            }
        }
    }
    for row in 0..ROWS {
        let (mut lows, mut highs) = ([0.0; PANEL], [0.0; PANEL]);
        lanes.store(low[row], &mut lows);
        lanes.store(high[row], &mut highs);
        ends[row] = [
            lows.into_iter().fold(f32::INFINITY, f32::min),
            highs.into_iter().fold(f32::NEG_INFINITY, f32::max),
        ];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::numbers::numbers;
    use kmeans_core::PlainScanner;

    #[test]
    fn every_instruction_set_has_the_products_of_plain_loops_whatever_the_rows_beside() {
        for dsub in [1, 3, 8] {
            let (v, columns) = (numbers(7 * dsub, 1), numbers(dsub * LEVELS, 2));
            let columns = columns.as_chunks::<LEVELS>().0;
            let rows: Vec<&[f32]> = v.chunks_exact(dsub).collect();
            let (mut expected, mut expected_ends) = (vec![[0.0; LEVELS]; 7], vec![[0.0; 2]; 7]);
            PlainScanner.products(&rows, columns, &mut expected, &mut expected_ends);
            for isa in Isa::available() {
                let (mut found, mut ends) = (vec![[0.0; LEVELS]; 7], vec![[0.0; 2]; 7]);
                let blocks = found.chunks_mut(TABLE_ROWS).zip(ends.chunks_mut(TABLE_ROWS));
                for (rows, (out, ends)) in rows.chunks(TABLE_ROWS).zip(blocks) {
                    isa.run(Run { rows, columns, out, ends });
                }
                assert_eq!((&found, &ends), (&expected, &expected_ends), "{isa}");
            }
        }
    }

    struct Run<'a> {
        rows: &'a [&'a [f32]],
        columns: &'a [[f32; LEVELS]],
        out: &'a mut [[f32; LEVELS]],
        ends: &'a mut [[f32; 2]],
    }

    impl Kernel for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) {
            ByLanes(lanes).products(self.rows, self.columns, self.out, self.ends);
        }
    }
}
