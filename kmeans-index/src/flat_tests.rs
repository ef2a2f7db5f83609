//! Flat search against a naive one in `f64`, on every engine.

use burn_ndarray::NdArray;
use kmeans_backend_cpu::CpuEngine;
use kmeans_core::{Engine, Metric, TensorEngine};
use kmeans_data::{DataError, RowSlice, check_read};
use proptest::prelude::*;

use super::*;

const METRICS: [Metric; 2] = [Metric::L2, Metric::InnerProduct];

fn cpu() -> CpuEngine {
    CpuEngine::new(None).unwrap()
}

fn reference() -> TensorEngine<NdArray> {
    TensorEngine::default()
}

/// Vectors, queries, and how they are compared.
#[derive(Clone, Debug)]
struct Case {
    vectors: Vec<f32>,
    queries: Vec<f32>,
    d: usize,
    metric: Metric,
}

impl Case {
    fn new(n: usize, queries: usize, d: usize, metric: Metric, offset: f32) -> Self {
        let mut values = values(offset);
        let vectors = (&mut values).take(n * d).collect();
        Self { vectors, queries: values.take(queries * d).collect(), d, metric }
    }

    /// Searches on both engines, in shards of `step` vectors, and compares with the naive search.
    #[track_caller]
    fn check(&self, p: usize, step: usize) {
        self.check_on(cpu(), p, step);
        self.check_on(reference(), p, step);
    }

    #[track_caller]
    fn check_on<E: Engine>(&self, engine: E, p: usize, step: usize) {
        let found = self.search(engine, p, step);
        for (i, query) in self.queries.chunks_exact(self.d).enumerate() {
            let all = self.distances(query);
            let mut sorted = all.clone();
            sorted.sort_by(|a, b| match self.metric {
                Metric::L2 => a.total_cmp(b),
                _ => b.total_cmp(a),
            });
            let ids = &found.ids[i * p..][..p];
            for (rank, (&id, &distance)) in ids.iter().zip(&found.distances[i * p..]).enumerate() {
                let (own, best) = (all[id as usize], sorted[rank]);
                let slack = 1e-5 * self.scale(query, own);
                assert!(
                    (f64::from(distance) - own).abs() <= slack,
                    "query {i}, rank {rank}: {distance}, is {own}"
                );
                assert!((own - best).abs() <= slack, "query {i}, rank {rank}: {own}, the best is {best}");
            }
            self.assert_order(ids, &found.distances[i * p..][..p]);
        }
    }

    fn search<E: Engine>(&self, engine: E, p: usize, step: usize) -> SearchResult {
        let index = FlatIndex::with_shards(engine, &self.vectors, self.d, self.metric, step).unwrap();
        let found = index.search(&RowSlice::new(&self.queries, self.d).unwrap(), p).unwrap();
        assert_eq!(found.p, p);
        assert_eq!(found.ids.len(), self.queries.len() / self.d * p);
        assert_eq!(found.distances.len(), found.ids.len());
        found
    }

    /// What rounding is relative to: the distance, and for inner products, which cancel, `‖x‖·‖y‖`.
    fn scale(&self, query: &[f32], distance: f64) -> f64 {
        let norm = |x: &[f32]| x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        match self.metric {
            Metric::L2 => distance,
            _ => norm(query) * self.vectors.chunks_exact(self.d).map(norm).fold(0.0, f64::max),
        }
    }

    fn distances(&self, query: &[f32]) -> Vec<f64> {
        let term = |(&x, &y): (&f32, &f32)| match self.metric {
            Metric::L2 => (f64::from(x) - f64::from(y)).powi(2),
            _ => f64::from(x) * f64::from(y),
        };
        self.vectors.chunks_exact(self.d).map(|v| query.iter().zip(v).map(term).sum()).collect()
    }

    #[track_caller]
    fn assert_order(&self, ids: &[i64], distances: &[f32]) {
        for (ids, distances) in ids.windows(2).zip(distances.windows(2)) {
            let (a, b) = (f64::from(distances[0]), f64::from(distances[1]));
            assert!(self.metric.is_better(a, b) || (a == b && ids[0] < ids[1]), "{ids:?} {distances:?}");
        }
    }
}

/// Values between −1 and 1 from a linear congruential generator, plus `offset`.
fn values(offset: f32) -> impl Iterator<Item = f32> {
    let mut state = 7_u64;
    std::iter::from_fn(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((state >> 40) as f32 / (1 << 23) as f32 - 1.0 + offset)
    })
}

#[test]
fn random_vectors_are_found_as_by_the_naive_search() {
    for metric in METRICS {
        for d in [1, 3, 16, 17, 130] {
            let case = Case::new(300, 40, d, metric, 0.0);
            case.check(10, SHARD_VECTORS);
            case.check(10, 64);
        }
    }
}

#[test]
fn far_from_zero_l2_keeps_its_digits() {
    Case::new(300, 40, 16, Metric::L2, 1e4).check(10, SHARD_VECTORS);
}

#[test]
fn more_queries_than_a_block_are_all_searched() {
    Case::new(5, BLOCK_QUERIES + 3, 1, Metric::L2, 0.0).check_on(cpu(), 2, SHARD_VECTORS);
}

#[test]
fn equal_vectors_come_by_the_lowest_id() {
    // Six copies of three vectors, in shards that part the copies.
    let one = Case::new(3, 20, 5, Metric::L2, 0.0);
    let case = Case { vectors: one.vectors.repeat(6), ..one };
    for step in [SHARD_VECTORS, 4, 1] {
        for found in [case.search(cpu(), 8, step), case.search(reference(), 8, step)] {
            for ids in found.ids.chunks_exact(8) {
                let (first, second) = (ids[0] % 3, ids[6] % 3);
                let expected: Vec<i64> = (0..6).map(|i| first + 3 * i).chain([second, second + 3]).collect();
                assert_eq!(ids, expected);
            }
        }
    }
}

#[test]
fn equally_near_vectors_come_by_the_lowest_id() {
    // Corners of a square around the query, and one farther away.
    let case = Case {
        vectors: vec![9.0, 9.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0, -1.0, -1.0],
        queries: vec![0.0, 0.0],
        d: 2,
        metric: Metric::L2,
    };
    for found in [case.search(cpu(), 3, 2), case.search(reference(), 3, SHARD_VECTORS)] {
        assert_eq!(found.ids, [1, 2, 3]);
        assert_eq!(found.distances, [2.0; 3]);
    }
}

#[test]
fn a_stored_vector_finds_itself_at_distance_0() {
    for offset in [0.0, 1e4] {
        let case = Case::new(50, 0, 8, Metric::L2, offset);
        let case = Case { queries: case.vectors.clone(), ..case };
        for found in [case.search(cpu(), 1, 16), case.search(reference(), 1, 16)] {
            assert_eq!(found.ids, (0..50).collect::<Vec<i64>>());
            assert_eq!(found.distances, [0.0; 50]);
        }
    }
}

#[test]
fn extreme_magnitudes_are_searched_in_the_units_of_the_data() {
    for magnitude in [1e-18_f32, 1e18] {
        let case = Case::new(60, 10, 4, Metric::L2, 0.0);
        let scaled = |x: &[f32]| x.iter().map(|v| v * magnitude).collect();
        let case = Case { vectors: scaled(&case.vectors), queries: scaled(&case.queries), ..case };
        case.check(5, SHARD_VECTORS);
    }
}

#[test]
fn no_queries_find_nothing() {
    struct Nothing;
    impl Points for Nothing {
        fn rows(&self) -> usize {
            0
        }
        fn dim(&self) -> usize {
            2
        }
        fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
            check_read(self, &rows, out.len())
        }
        fn name(&self) -> &str {
            "nothing"
        }
    }
    let index = FlatIndex::new(cpu(), &[0.0; 4], 2, Metric::L2).unwrap();
    assert!(index.search(&Nothing, 1).unwrap().ids.is_empty());
}

#[test]
fn an_index_tells_its_shape() {
    let index = FlatIndex::new(cpu(), &[0.0; 6], 2, Metric::InnerProduct).unwrap();
    assert_eq!(
        (index.len(), index.dim(), index.metric(), index.is_empty()),
        (3, 2, Metric::InnerProduct, false)
    );
}

#[test]
fn vectors_that_cannot_be_stored_are_refused() {
    let message = |vectors: &[f32], d| FlatIndex::new(cpu(), vectors, d, Metric::L2).unwrap_err().to_string();
    assert_eq!(message(&[], 2), "no vectors: an index needs at least one");
    assert_eq!(message(&[0.0; 3], 2), "3 values are not vectors of dimension 2");
    assert_eq!(message(&[0.0; 3], 0), "3 values are not vectors of dimension 0");
    assert_eq!(
        message(&[0.0, 0.0, f32::NAN, 0.0], 2),
        "vectors: row 1, column 0 (counted from 0) is NaN, expected a finite number"
    );
}

#[test]
fn searches_that_make_no_sense_are_refused() {
    refuses_on(cpu());
    refuses_on(reference());
}

fn refuses_on<E: Engine>(engine: E) {
    let index = FlatIndex::new(engine, &[0.0; 6], 2, Metric::L2).unwrap();
    let message = |queries: &[f32], d, p| {
        let queries = RowSlice::new(queries, d).unwrap();
        index.search(&queries, p).unwrap_err().to_string()
    };
    let count = "expected 1 to 3, the number of vectors in the index";
    assert_eq!(message(&[0.0; 2], 2, 0), format!("p is 0, {count}"));
    assert_eq!(message(&[0.0; 2], 2, 4), format!("p is 4, {count}"));
    assert_eq!(message(&[0.0; 3], 3, 1), "memory has 3 columns, expected 2 as in the index");

    // In the second block, so that the row counts from the first query.
    let mut queries = vec![0.0; 2 * (BLOCK_QUERIES + 2)];
    queries[2 * (BLOCK_QUERIES + 1) + 1] = f32::NAN;
    let expected = format!(
        "memory: row {}, column 1 (counted from 0) is NaN, expected a finite number",
        BLOCK_QUERIES + 1
    );
    assert_eq!(message(&queries, 2, 1), expected);
    assert!(message(&[1e30, 0.0], 2, 1).contains("rows 0..1 hold values up to 1.0000000150474662e30"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_shape_is_found_as_by_the_naive_search(
        (n, p) in (1..70_usize).prop_flat_map(|n| (Just(n), 1..=n)),
        queries in 1..30_usize,
        d in 1..40_usize,
        step in 1..80_usize,
        is_l2: bool,
    ) {
        let metric = if is_l2 { Metric::L2 } else { Metric::InnerProduct };
        Case::new(n, queries, d, metric, 0.0).check(p, step);
    }

    #[test]
    fn shards_change_no_bit_on_the_cpu(n in 1..200_usize, d in 1..20_usize, step in 1..80_usize) {
        let case = Case::new(n, 9, d, Metric::L2, 0.0);
        let p = n.min(7);
        prop_assert_eq!(case.search(cpu(), p, step), case.search(cpu(), p, SHARD_VECTORS));
    }
}
