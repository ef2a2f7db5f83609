//! The scores of some rows of a block against one panel, to the bit as the dense kernel has them.

use super::lanes::{Kernel, Lanes};
use super::lines::Line;
use super::nearest::multiply;
use super::rows::RowBlock;
use crate::isa::Isa;
use crate::panels::Panels;

/// Lets the rows `ids` of the block see the panel: keeps the lowest score of each lane, and the panel that
/// it is from. Panels come in ascending order for each row.
pub(crate) fn recheck(
    isa: Isa,
    rows: &RowBlock,
    panels: &Panels,
    panel: usize,
    ids: &[u32],
    lowest: &mut [[Line; 2]],
) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512(cpu) => cpu.vectorize(Recheck::<8> { rows, panels, panel, ids, lowest }),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2(cpu) => cpu.vectorize(Recheck::<4> { rows, panels, panel, ids, lowest }),
        Isa::Portable => super::Portable.vectorize(Recheck::<4> { rows, panels, panel, ids, lowest }),
    }
}

struct Recheck<'a, const MR: usize> {
    rows: &'a RowBlock,
    panels: &'a Panels,
    panel: usize,
    ids: &'a [u32],
    lowest: &'a mut [[Line; 2]],
}

impl<const MR: usize> Kernel for Recheck<'_, MR> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let d = self.rows.d();
        let panel = &self.panels.values().as_lines()[self.panel * d..][..d];
        let bias = lanes.load(&self.panels.bias().as_lines()[self.panel].0);
        let number = lanes.splat(f32::from_bits(self.panel as u32));
        for ids in self.ids.chunks(MR) {
            // A tile that is not full works on its first row again.
            let id = |r: usize| ids.get(r).copied().unwrap_or(ids[0]) as usize;
            let mut rows: [&[f32]; MR] = [&[]; MR];
            for (r, row) in rows.iter_mut().enumerate() {
                *row = &self.rows.row(id(r))[..d];
            }
            let chains = multiply(lanes, rows, [panel], d, [[lanes.splat(0.0); 1]; MR]);
            for (r, [chain]) in chains.into_iter().enumerate() {
                let [best, at] = &mut self.lowest[id(r)];
                let score = lanes.add(bias, chain);
                let (b, a) = lanes.keep_less(score, number, lanes.load(&best.0), lanes.load(&at.0));
                lanes.store(b, &mut best.0);
                lanes.store(a, &mut at.0);
            }
        }
    }
}
