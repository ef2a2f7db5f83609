//! Lists of an index, looked through by SIMD.

use kmeans_core::{Contenders, Looking, Metric, Panels, Quantised, Scanner, StoredRows};

use crate::byte_isa::ByteIsa;
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

    fn measure(&self, metric: Metric, v: &[f32], rows: StoredRows<'_>, ids: &[u32], out: &mut [f64]) {
        kernel::measure_stored(self.isa, metric.is_similarity(), v, rows, ids, out);
    }
}
