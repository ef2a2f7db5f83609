//! Engines that compute elsewhere, with room for a part of the rows.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicUsize, Ordering};

use burn_ndarray::NdArray;
use kmeans_data::{DataError, Points, RowSlice};

use crate::progress::silent;
use crate::{
    AssignOptions, EmptyClusters, Error, Fit, Init, Job, KMeans, Metric, Params, Progress, Result,
    TensorEngine, Trainer,
};

const N: usize = 90;
const D: usize = 4;

fn engine() -> TensorEngine<NdArray> {
    TensorEngine::default()
}

/// Three groups with some spread; the last row is far out.
fn values() -> Vec<f32> {
    let near = |i: usize| (i % 3 * 10) as f32 + ((i * 7919) % 1013) as f32 / 500.0;
    let mut x: Vec<f32> = (0..N * D).map(|i| near(i / D) + ((i * 31) % 17) as f32 / 9.0).collect();
    x[(N - 1) * D] = 1e20;
    x
}

/// The row far out has no weight, nor have some others.
fn weights() -> Vec<f32> {
    (0..N).map(|row| if row > 80 { 0.0 } else { 1.0 + (row % 5) as f32 }).collect()
}

fn train(engine: &TensorEngine<NdArray>, points: &dyn Points, params: &Params) -> Result<Fit> {
    engine.train(Job::new(points, params).weights(Some(&weights())))
}

/// Trains with all rows held at once, and with room for half of them.
fn assert_same_elsewhere(params: Params) {
    let x = values();
    let rows = RowSlice::new(&x, D).unwrap();
    let whole = train(&engine(), &rows, &params).unwrap();
    let room = Some((N * D * size_of::<f32>() / 2) as u64);
    for chunk_rows in [None, Some(4)] {
        let params = Params { device_memory: room, chunk_rows, ..params.clone() };
        let parts = train(&engine().elsewhere(), &rows, &params).unwrap();
        assert_eq!(parts.model.centroids(), whole.model.centroids(), "{params:?}");
        assert_eq!((parts.labels, parts.distances), (whole.labels.clone(), whole.distances.clone()));
        assert_eq!(parts.report.inertia.to_bits(), whole.report.inertia.to_bits());
    }
}

#[test]
fn rows_that_are_sent_in_every_pass_change_no_bit() {
    let inits = [
        Init::KMeansPlusPlus,
        Init::GreedyKMeansPlusPlus { trials: None },
        Init::KMeansParallel,
        Init::AfkMc2,
        Init::Random,
    ];
    for init in inits {
        assert_same_elsewhere(Params { init, return_distances: true, ..Params::new(5) });
    }
}

#[test]
fn nor_do_restarts_steps_of_dimensions_and_cells() {
    let params = Params { nredo: 2, ..Params::new(6) };
    assert_same_elsewhere(Params { progressive_dim_steps: Some(3), ..params.clone() });
    assert_same_elsewhere(Params { hierarchical: true, ..params.clone() });
    assert_same_elsewhere(Params { metric: Some(Metric::Cosine), ..params.clone() });
    // The second centroid is so far out that its cluster is empty.
    let init_centroids = [vec![5.0; D], vec![1e6; D]].concat();
    let empty_clusters = EmptyClusters::Farthest;
    assert_same_elsewhere(Params { init_centroids, empty_clusters, ..params });
}

/// Rows in which a value is not finite, and which cannot be read from some row on.
struct Broken {
    n: usize,
    bad: Option<usize>,
    end: AtomicUsize,
}

impl Broken {
    fn new(n: usize, bad: Option<usize>, end: usize) -> Self {
        Self { n, bad, end: end.into() }
    }
}

impl Points for Broken {
    fn rows(&self) -> usize {
        self.n
    }

    fn dim(&self) -> usize {
        1
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        assert!(rows.end <= self.end.load(Ordering::SeqCst), "the disk is gone");
        for (row, x) in rows.zip(out) {
            *x = if self.bad == Some(row) { f32::NAN } else { (row % 10) as f32 };
        }
        Ok(())
    }

    fn is_encoded(&self) -> bool {
        true
    }

    fn name(&self) -> &str {
        "disk"
    }
}

#[test]
fn new_rows_are_read_ahead_in_order_and_what_fails_first_is_told() {
    let n = 200_000;
    let model = KMeans::on(engine(), 2).train(&[0.0, 1.0, 8.0, 9.0], 1).unwrap().model;
    let assign = |engine: &TensorEngine<NdArray>, rows: &Broken| {
        engine.assign(rows, &model, AssignOptions::default().distances(true), &silent)
    };
    let whole = Broken::new(n, None, n);
    let here = assign(&engine(), &whole).unwrap();
    assert_eq!(assign(&engine().elsewhere(), &whole).unwrap(), here);
    let failed = |bad, end| assign(&engine().elsewhere(), &Broken::new(n, bad, end)).unwrap_err();
    assert!(matches!(failed(Some(5), 70_000), Error::NonFinite { row: 5, .. }));
    assert!(matches!(failed(Some(100_000), 140_000), Error::NonFinite { row: 100_000, .. }));
    let Error::Engine { message, .. } = failed(None, 70_000) else { panic!("another error") };
    assert_eq!(message, "the disk is gone");
}

#[test]
fn a_panic_while_reading_ahead_in_training_is_an_error() {
    let init_centroids = vec![0.0, 9.0];
    let params = Params { decode_block_size: 10, init_centroids, ..Params::new(2) };
    let rows = Broken::new(40, None, 40);
    let pull_the_disk = |progress: &Progress| {
        if matches!(progress, Progress::Iteration { .. }) {
            rows.end.store(20, Ordering::SeqCst);
        }
        ControlFlow::Continue(())
    };
    let error = engine().elsewhere().train(Job::new(&rows, &params).progress(&pull_the_disk)).unwrap_err();
    let Error::Engine { message, .. } = error else { panic!("another error") };
    assert_eq!(message, "the disk is gone");
}
