//! Sparse rows give what the same rows give with their zeros.

use kmeans::core::{Engine, Error, Frame, Metric, PartialStats, Rows, SparseRows};
use kmeans::data::CsrRows;

use crate::engines::{centroids, extent, frame, lent, prepared};
use crate::naive::Numbers;

/// n, d, k and entries a row: around the edges of panels and strips, and with fewer rows than a block.
const SHAPES: [(usize, usize, usize, usize); 9] = [
    (1, 1, 1, 1),
    (40, 1, 3, 1),
    (300, 3, 7, 2),
    (257, 17, 16, 4),
    (500, 40, 17, 0),
    (700, 300, 70, 12),
    (300, 2000, 150, 30),
    (200, 9000, 33, 60),
    (60, 40_000, 5, 90),
];

/// `n` rows of `d` columns with about `entries` each: empty rows and columns, negative values, stored
/// zeros.
fn sparse(n: usize, d: usize, entries: usize, seed: u64) -> CsrRows {
    let mut numbers = Numbers::new(seed);
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in 0..n {
        let mut columns: Vec<u32> = (0..entries).map(|_| numbers.below(d) as u32).collect();
        columns.sort_unstable();
        columns.dedup();
        columns.retain(|&column| row % 11 != 3 && column % 7 != 5);
        for column in columns {
            let value = numbers.uniform(-1.0, 4.0);
            indices.push(column);
            values.push(if numbers.below(20) == 0 { 0.0 } else { value });
        }
        indptr.push(values.len());
    }
    CsrRows::new(indptr, indices, values, d).unwrap()
}

fn with_zeros(rows: &CsrRows) -> Vec<f32> {
    SparseRows::Lent(rows.view()).to_dense()
}

/// Sparse rows made ready in a frame.
fn ready<'p, E: Engine>(
    engine: &'p E,
    rows: SparseRows<'p>,
    weights: Option<&'p [f32]>,
    frame: &Frame,
) -> E::Prepared<'p> {
    let mut rows = engine.prepare(Rows::Csr(rows), weights).unwrap();
    engine.set_frame(&mut rows, frame).unwrap();
    rows
}

/// The frame of sparse rows, scaled where that is wanted.
fn frame_at_zero(x: &[f32], d: usize, weights: Option<&[f32]>, metric: Metric) -> Frame {
    let extent = extent(x, d, weights);
    if metric.has_unit_rows() {
        Frame::of_unit_rows(&extent)
    } else {
        Frame::at_origin(vec![0.0; d], &extent)
    }
}

/// Labels and sums are equal in every bit; distances, and with them the objective, to 1e-6.
fn check_same<E: Engine>(
    engine: &E,
    (sparse, dense): (&mut E::Prepared<'_>, &mut E::Prepared<'_>),
    codebook: &E::Codebook,
    objective: impl Fn(&PartialStats) -> f64,
    what: &str,
) {
    let a = engine.download(engine.step(sparse, codebook).unwrap()).unwrap();
    let b = engine.download(engine.step(dense, codebook).unwrap()).unwrap();
    assert_eq!(engine.labels(sparse).unwrap(), engine.labels(dense).unwrap(), "{what}: labels");
    assert_eq!((a.changed, &a.counts), (b.changed, &b.counts), "{what}: counts");
    assert!(a.sums == b.sums && a.sums_low == b.sums_low, "{what}: sums differ");
    assert!(a.weights == b.weights, "{what}: weights differ");
    let (found, expected) = (objective(&a), objective(&b));
    assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{what}: objective {found} for {expected}");
    let distances = (engine.distances(sparse).unwrap(), engine.distances(dense).unwrap());
    check_close(&distances.0, &distances.1, what);
}

fn check_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= 1e-6 * expected.abs(), "{what}: {found} for {expected} at {i}");
    }
}

fn weights_of(n: usize) -> [Option<Vec<f32>>; 3] {
    let mut numbers = Numbers::new(6);
    let wide = (0..n).map(|i| if i % 5 == 2 { 0.0 } else { 10_f32.powf(numbers.uniform(-4.0, 3.0)) });
    [None, Some(wide.collect()), Some(vec![0.5; n])]
}

pub(crate) fn sparse_rows_give_what_dense_ones_give(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
        for (n, d, k, entries) in SHAPES {
            let rows = sparse(n, d, entries, (n + d) as u64);
            let x = with_zeros(&rows);
            for (i, weights) in weights_of(n).into_iter().enumerate() {
                let what = format!("{} {metric} n={n} d={d} k={k}, weights {i}", engine.name());
                let weights = weights.as_deref();
                let frame = frame_at_zero(&x, d, weights, metric);
                let c = centroids(&x, k, &frame, 7);
                let codebook = engine.codebook(&c, metric).unwrap();
                let grid = frame.objective(metric, c.max_sq_norm());
                let objective = |s: &PartialStats| s.objective.iter().map(|&o| grid.value(o)).sum();
                let mut sparse = ready(engine, SparseRows::Lent(rows.view()), weights, &frame);
                let mut dense = prepared(engine, &x, weights, &frame);
                check_same(engine, (&mut sparse, &mut dense), &codebook, objective, &what);
            }
        }
    }
}

/// A model of dense rows has its origin elsewhere.
pub(crate) fn sparse_rows_are_seen_in_any_frame(engine: &impl Engine) {
    for (n, d, k, entries) in SHAPES {
        let rows = sparse(n, d, entries, 3);
        let x: Vec<f32> = with_zeros(&rows);
        let shifted: Vec<f32> = x.iter().enumerate().map(|(i, x)| x + (i % d) as f32 * 0.1).collect();
        let frame =
            Frame::with(frame(&shifted, d, None, Metric::L2).origin().to_vec(), 0.5, &extent(&x, d, None));
        let c = centroids(&x, k, &frame, 7);
        let codebook = engine.codebook(&c, Metric::L2).unwrap();
        let mut sparse = ready(engine, SparseRows::Lent(rows.view()), None, &frame);
        let mut dense = prepared(engine, &x, None, &frame);
        let what = format!("{} n={n} d={d} k={k}", engine.name());
        check_same(engine, (&mut sparse, &mut dense), &codebook, |_| 0.0, &what);
        assert_eq!(engine.gather(&sparse, &[0, n - 1]).unwrap(), engine.gather(&dense, &[0, n - 1]).unwrap());
    }
}

pub(crate) fn sparse_parts_lent_and_owned_are_the_same_rows(engine: &impl Engine) {
    let (n, d, k) = (700, 300, 20);
    let rows = sparse(n, d, 12, 9);
    let frame = frame_at_zero(&with_zeros(&rows), d, None, Metric::L2);
    let codebook = engine.codebook(&centroids(&with_zeros(&rows), k, &frame, 1), Metric::L2).unwrap();
    let labels = |rows: SparseRows<'_>| {
        let mut rows = ready(engine, rows, None, &frame);
        engine.assign(&mut rows, &codebook).unwrap();
        (engine.labels(&rows).unwrap(), engine.distances(&rows).unwrap())
    };
    let (whole, distances) = labels(SparseRows::Lent(rows.view()));
    assert_eq!(labels(SparseRows::Owned(rows.clone())).0, whole);
    for range in [0..1, 5..300, 300..n] {
        let part = labels(SparseRows::Lent(rows.view()).slice(range.clone()));
        assert_eq!((&part.0[..], &part.1[..]), (&whole[range.clone()], &distances[range.clone()]));
    }
}

/// Where `‖v‖² + ‖c‖² − 2⟨v, c⟩` would cancel.
pub(crate) fn a_sparse_row_at_its_centroid_has_distance_zero(engine: &impl Engine) {
    for (n, d, k, entries) in [(40, 3, 40, 2), (60, 500, 60, 20)] {
        let rows = sparse(n, d, entries, 5);
        let x: Vec<f32> = with_zeros(&rows);
        let frame = frame_at_zero(&x, d, None, Metric::L2);
        let codebook =
            engine.codebook(&kmeans::core::Centroids::from_offsets(x.clone(), d), Metric::L2).unwrap();
        let mut sparse = ready(engine, SparseRows::Lent(rows.view()), None, &frame);
        engine.assign(&mut sparse, &codebook).unwrap();
        assert_eq!(engine.distances(&sparse).unwrap(), vec![0.0; n], "k={k}");
    }
}

pub(crate) fn the_nearest_of_sparse_rows_are_those_of_dense_ones(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
        for (n, d, k, entries) in SHAPES {
            let rows = sparse(n, d, entries, 8);
            let x = with_zeros(&rows);
            let frame = frame_at_zero(&x, d, None, metric);
            let codebook = engine.codebook(&centroids(&x, k, &frame, 7), metric).unwrap();
            let sparse = ready(engine, SparseRows::Lent(rows.view()), None, &frame);
            let dense = prepared(engine, &x, None, &frame);
            let what = format!("{} {metric} n={n} d={d} k={k}", engine.name());
            for p in [1, k.min(4)] {
                let (a, b) = (&engine.nearest(&sparse, &codebook, p), &engine.nearest(&dense, &codebook, p));
                assert_eq!(a.as_ref().unwrap(), b.as_ref().unwrap(), "{what} p={p}");
            }
            let a = engine.distance_matrix(&sparse, &codebook).unwrap();
            check_close(&a, &engine.distance_matrix(&dense, &codebook).unwrap(), &what);
        }
    }
}

pub(crate) fn extents_of_sparse_rows_count_their_zeros(engine: &impl Engine) {
    for (n, d, _, entries) in SHAPES {
        let rows = sparse(n, d, entries, 4);
        let x = with_zeros(&rows);
        for weights in weights_of(n).into_iter().chain([Some(vec![0.0; n])]) {
            let weights = weights.as_deref();
            let sparse = engine.prepare(Rows::Csr(SparseRows::Lent(rows.view())), weights).unwrap();
            let dense = engine.prepare(lent(&x, d), weights).unwrap();
            assert_eq!(engine.extent(&sparse).unwrap(), engine.extent(&dense).unwrap(), "n={n} d={d}");
        }
    }
}

pub(crate) fn a_sparse_value_that_is_not_finite_is_named(engine: &impl Engine) {
    let values = vec![1.0, 2.0, f32::INFINITY, 4.0, f32::NAN];
    let rows = CsrRows::new(vec![0, 1, 1, 4, 5], vec![6, 0, 3, 5, 1], values, 9).unwrap();
    for (range, first) in [(0..4, 0), (2..4, 2)] {
        let part = SparseRows::Lent(rows.view());
        let rows = engine.prepare(Rows::Csr(part.slice(range)), None).unwrap();
        match engine.extent(&rows) {
            Err(Error::NonFinite { row, column, value, .. }) => {
                assert_eq!((row + first, column, value), (2, 3, f32::INFINITY));
            }
            other => panic!("{other:?}"),
        }
    }
}
