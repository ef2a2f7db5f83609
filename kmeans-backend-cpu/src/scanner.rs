//! Lists of an index, looked through by SIMD.

use kmeans_core::{Contenders, LevelScale, Looking, Metric, Panels, Quantised, Scanner, StoredRows};
#[cfg(target_arch = "x86_64")]
use kmeans_core::{Groups, LookingUp, PlainScanner};

use crate::byte_isa::ByteIsa;
#[cfg(target_arch = "x86_64")]
use crate::byte_isa::Vbmi;
use crate::bytes::{self, Quantise};
use crate::engine::CpuEngine;
use crate::isa::Isa;
use crate::kernel;
use crate::workers::Workers;

/// [`Scanner`] on the threads of an engine.
pub(crate) struct CpuScanner {
    workers: Workers,
    isa: Isa,
    bytes: ByteIsa,
}

impl CpuScanner {
    pub(crate) fn new(engine: &CpuEngine) -> Self {
        Self { workers: engine.workers.clone(), isa: engine.isa, bytes: ByteIsa::for_scans(engine.isa) }
    }
}

impl Scanner for CpuScanner {
    fn name(&self) -> String {
        format!("cpu ({}, {})", self.isa, self.bytes)
    }

    fn threads(&self) -> usize {
        self.workers.count()
    }

    fn for_each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        self.workers.share(count, 0..count, || (), |(), item| work(item));
    }

    fn quantise(&self, v: &[f32], q: &mut [i8]) -> Quantised {
        q[v.len()..].fill(0);
        let (quantised, sum) = self.isa.run(Quantise { v, levels: bytes::ROW_LEVELS, q });
        let (norm, sq_norm) = (quantised.norm(), quantised.sq_norm);
        Quantised { scale: quantised.scale, error: quantised.error, norm, sq_norm, sum }
    }

    fn look(
        &self,
        metric: Metric,
        panels: Panels<'_>,
        queries: &[Looking<'_>],
        skip: &[u16],
        found: &mut [Contenders],
    ) {
        let factor = metric.score_factor();
        kernel::scan(self.isa, self.bytes, kernel::Scan { factor, panels, queries, skip }, found);
    }

    fn tables(
        &self,
        metric: Metric,
        v: &[f32],
        columns: &[f32],
        levels: &mut [u8],
        scales: &mut [LevelScale],
    ) {
        kernel::tables(self.isa, metric, v, columns, levels, scales);
    }

    #[cfg(target_arch = "x86_64")]
    fn look_up(&self, groups: Groups<'_>, queries: &[LookingUp<'_>], skip: &[u16], found: &mut [Contenders]) {
        match (self.isa, Vbmi::detect()) {
            (Isa::Avx512(_), Some(vbmi)) => kernel::look_up(self.isa, vbmi, groups, queries, skip, found),
            _ => PlainScanner.look_up(groups, queries, skip, found),
        }
    }

    fn measure(&self, metric: Metric, v: &[f32], rows: StoredRows<'_>, ids: &[u32], out: &mut [f64]) {
        kernel::measure_stored(self.isa, metric.is_similarity(), v, rows, ids, out);
    }
}
