//! The engines under test, and rows made ready by them.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use burn::tensor::backend::Backend;
use burn_ndarray::NdArray;
use kmeans::core::Pruning;
use kmeans::core::{Centroids, Engine, Error, Extent, Frame, Metric, PartialStats, Rows, TensorEngine};
use kmeans_backend_cpu::{CpuEngine, InstructionSet};

use crate::naive;

pub(crate) fn reference() -> TensorEngine<NdArray> {
    TensorEngine::default()
}

/// The CPU engine, or `None` where this processor lacks the instruction set.
pub(crate) fn cpu(set: InstructionSet, threads: Option<usize>) -> Option<CpuEngine> {
    let engine = CpuEngine::new(threads.and_then(NonZeroUsize::new)).unwrap();
    match engine.instruction_set(set) {
        Ok(engine) => Some(engine),
        Err(Error::Device { .. }) if matches!(set, InstructionSet::Avx2 | InstructionSet::Avx512) => None,
        Err(e) => panic!("{e}"),
    }
}

/// The CPU engine looking for all labels by bytes first.
pub(crate) fn cpu_by_bytes(set: InstructionSet) -> Option<CpuEngine> {
    cpu(set, None).map(|engine| engine.pruning(Pruning::Always))
}

pub(crate) fn lent<B: Backend>(x: &[f32], d: usize) -> Rows<'_, B> {
    Rows::Host { x: Cow::Borrowed(x), d }
}

/// The extent of rows, the naive way.
pub(crate) fn extent(x: &[f32], d: usize, weights: Option<&[f32]>) -> Extent {
    let fold = |start: f32, f: fn(f32, f32) -> f32| {
        (0..d).map(|j| x.iter().skip(j).step_by(d).copied().fold(start, f)).collect::<Vec<f32>>()
    };
    Extent::new(fold(f32::INFINITY, f32::min), fold(f32::NEG_INFINITY, f32::max), x.len() / d, weights)
}

/// The frame in which these rows would be trained on.
pub(crate) fn frame(x: &[f32], d: usize, weights: Option<&[f32]>, metric: Metric) -> Frame {
    Frame::centred(&extent(x, d, weights), &x[..x.len().min(1024 * d)], metric)
}

/// Rows made ready in a frame.
pub(crate) fn prepared<'p, E: Engine>(
    engine: &'p E,
    x: &'p [f32],
    weights: Option<&'p [f32]>,
    frame: &Frame,
) -> E::Prepared<'p> {
    let mut rows = engine.prepare(lent(x, frame.dim()), weights).unwrap();
    engine.set_frame(&mut rows, frame).unwrap();
    rows
}

/// Every `stride`-th row, moved a little, as centroids.
pub(crate) fn centroids(x: &[f32], k: usize, frame: &Frame, seed: u64) -> Centroids {
    let d = frame.dim();
    let mut numbers = naive::Numbers::new(seed);
    let n = x.len() / d;
    let positions: Vec<f32> = (0..k)
        .flat_map(|_| x[numbers.below(n) * d..][..d].to_vec())
        .collect::<Vec<f32>>()
        .into_iter()
        .map(|c| c + numbers.uniform(-0.5, 0.5))
        .collect();
    Centroids::from_positions(&positions, frame)
}

/// Equal in every bit; a failure says where, and does not print k×d numbers.
pub(crate) fn check_same(a: &PartialStats, b: &PartialStats, what: &str) {
    assert_eq!(a.changed, b.changed, "{what}: changed");
    assert_eq!(a.counts, b.counts, "{what}: counts");
    assert!(a.weights == b.weights, "{what}: weights differ");
    let at = a.sums.iter().zip(&b.sums).position(|(a, b)| a != b);
    assert_eq!((at, a.sums.len()), (None, b.sums.len()), "{what}: first different sum");
    assert!(a.sums_low == b.sums_low, "{what}: lower limbs differ");
    for (cluster, (a, b)) in a.objective.iter().zip(&b.objective).enumerate() {
        assert_eq!(a, b, "{what}: objective of cluster {cluster}");
    }
}

/// The engine on Mesa's software Vulkan, or another device of wgpu. Kernels are made once for all tests.
#[cfg(feature = "wgpu")]
pub(crate) fn wgpu() -> kmeans_backend_cuda::WgpuEngine {
    static ENGINE: std::sync::OnceLock<kmeans_backend_cuda::WgpuEngine> = std::sync::OnceLock::new();
    ENGINE.get_or_init(|| kmeans_backend_cuda::open_wgpu(0).unwrap()).clone()
}

#[cfg(feature = "cuda")]
pub(crate) fn cuda() -> kmeans_backend_cuda::CudaEngine {
    static ENGINE: std::sync::OnceLock<kmeans_backend_cuda::CudaEngine> = std::sync::OnceLock::new();
    ENGINE.get_or_init(|| kmeans_backend_cuda::open_cuda(0).unwrap()).clone()
}
