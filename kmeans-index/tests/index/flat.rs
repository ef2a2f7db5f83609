//! Flat search against a naive one in `f64`, on every engine.

use std::num::NonZeroUsize;

use crate::naive::{Case, cpu, rows, values, whole};
use burn_ndarray::NdArray;
use kmeans_backend_cpu::{CpuEngine, InstructionSet};
use kmeans_core::{Metric, TensorEngine};
use kmeans_index::{Filter, FlatIndex, Hardware, SearchOptions, SearchResult, Storage};
use proptest::prelude::*;

const METRICS: [Metric; 3] = [Metric::L2, Metric::InnerProduct, Metric::Cosine];

fn reference() -> TensorEngine<NdArray> {
    TensorEngine::default()
}

fn search(case: &Case, hardware: impl Hardware + 'static, p: usize) -> SearchResult {
    let index = FlatIndex::new(hardware, &case.vectors, case.d, case.metric).unwrap();
    index.search(&rows(&case.queries, case.d), p).unwrap()
}

#[test]
fn random_vectors_are_found_as_by_the_naive_search() {
    for metric in METRICS {
        for d in [1, 3, 16, 17, 130] {
            let case = Case::new(300, 40, d, metric, 0.0);
            case.check(&search(&case, cpu(), 10), 10, |_, _| true);
            case.check(&search(&case, reference(), 10), 10, |_, _| true);
        }
    }
}

#[test]
fn many_vectors_in_many_panels_are_found_as_by_the_naive_search() {
    for metric in METRICS {
        let case = Case::new(9000, 30, 24, metric, 0.0);
        for p in [1, 100, 9000] {
            case.check(&search(&case, cpu(), p), p, |_, _| true);
        }
    }
}

#[test]
fn vectors_in_several_shards_of_a_device_are_found_as_by_the_naive_search() {
    let case = Case::new(40_000, 5, 2, Metric::L2, 0.0);
    case.check(&search(&case, reference(), 10), 10, |_, _| true);
}

#[test]
fn more_columns_than_sums_of_bytes_hold_are_searched() {
    let d = (1 << 15) + 5;
    let case = Case::new(20, 3, d, Metric::L2, 0.0);
    case.check(&search(&case, cpu(), 4), 4, |_, _| true);
}

#[test]
fn far_from_zero_l2_keeps_its_digits() {
    let case = Case::new(300, 40, 16, Metric::L2, 1e4);
    case.check(&search(&case, cpu(), 10), 10, |_, _| true);
}

#[test]
fn extreme_magnitudes_are_searched_in_the_units_of_the_data() {
    for magnitude in [1e-18_f32, 1e18] {
        let case = Case::new(60, 10, 4, Metric::L2, 0.0);
        let scaled = |x: &[f32]| x.iter().map(|v| v * magnitude).collect();
        let case = Case { vectors: scaled(&case.vectors), queries: scaled(&case.queries), ..case };
        case.check(&search(&case, cpu(), 5), 5, |_, _| true);
        case.check(&search(&case, reference(), 5), 5, |_, _| true);
    }
}

#[test]
fn equally_near_vectors_come_by_the_lowest_id() {
    // Whole numbers have many equal distances, and these are exact.
    let (d, n) = (3, 3000);
    let case = Case { vectors: whole(3, n * d, 4.0), queries: whole(4, 50 * d, 4.0), d, metric: Metric::L2 };
    let found = search(&case, cpu(), 20);
    for (i, query) in case.queries.chunks_exact(d).enumerate() {
        let mut all: Vec<(u64, u64)> =
            case.distances(query).into_iter().zip(0..).map(|(distance, id)| (distance as u64, id)).collect();
        all.sort_unstable();
        let expected: Vec<u64> = all[..20].iter().map(|&(_, id)| id).collect();
        assert_eq!(found.of(i).0, expected);
    }
    assert_eq!(search(&case, reference(), 20), found);
}

#[test]
fn a_stored_vector_finds_itself_at_distance_0() {
    for offset in [0.0, 1e4] {
        let case = Case::new(50, 0, 8, Metric::L2, offset);
        let case = Case { queries: case.vectors.clone(), ..case };
        for found in [search(&case, cpu(), 1), search(&case, reference(), 1)] {
            assert_eq!(found.ids, (0..50).collect::<Vec<u64>>());
            assert_eq!(found.distances, [0.0; 50]);
        }
    }
}

#[test]
fn threads_and_instruction_sets_change_no_bit() {
    for metric in METRICS {
        let case = Case::new(5000, 60, 33, metric, 3.0);
        let expected = search(&case, cpu(), 7);
        for threads in [1, 2, 7] {
            let engine = CpuEngine::new(NonZeroUsize::new(threads)).unwrap();
            assert_eq!(search(&case, engine, 7), expected, "{threads} threads");
        }
        use InstructionSet::{Avx2, Avx512, Neon, Portable};
        for set in [Avx512, Avx2, Neon, Portable] {
            if let Ok(engine) = cpu().instruction_set(set) {
                assert_eq!(search(&case, engine, 7), expected, "{set:?}");
            }
        }
    }
}

#[test]
fn queries_find_the_same_alone_and_together() {
    let case = Case::new(4000, 40, 20, Metric::L2, 0.0);
    let index = FlatIndex::new(cpu(), &case.vectors, case.d, case.metric).unwrap();
    let together = index.search(&rows(&case.queries, case.d), 9).unwrap();
    for (i, query) in case.queries.chunks_exact(case.d).enumerate() {
        let alone = index.search(&rows(query, case.d), 9).unwrap();
        assert_eq!(alone.of(0), together.of(i));
    }
}

#[test]
fn vectors_come_and_go() {
    let case = Case::new(500, 30, 6, Metric::L2, 0.0);
    let (early, late) = case.vectors.split_at(200 * case.d);
    let mut index = FlatIndex::new(cpu(), early, case.d, case.metric).unwrap();
    index.add(&rows(late, case.d)).unwrap();
    assert_eq!(index.len(), 500);
    let queries = rows(&case.queries, case.d);
    case.check(&index.search(&queries, 10).unwrap(), 10, |_, _| true);

    let gone: Vec<u64> = (0..500).filter(|id| id % 3 == 0).collect();
    assert_eq!(index.remove(&gone).unwrap(), 167);
    assert_eq!(index.remove(&[0, 3, 900]).unwrap(), 0);
    assert_eq!(index.len(), 333);
    case.check(&index.search(&queries, 10).unwrap(), 10, |_, id| id % 3 != 0);
    case.check(&index.search(&queries, 400).unwrap(), 400, |_, id| id % 3 != 0);
    assert_eq!(index.reconstruct(0).unwrap_err().to_string(), "id 0 is not in the index");
    assert_eq!(index.reconstruct(301).unwrap(), case.vectors[301 * case.d..302 * case.d]);

    index.add_with_ids(&rows(&case.vectors[..case.d], case.d), &[0]).unwrap();
    case.check(&index.search(&queries, 10).unwrap(), 10, |_, id| id == 0 || id % 3 != 0);
    index.add(&rows(&case.vectors[..case.d], case.d)).unwrap();
    assert_eq!(index.reconstruct(500).unwrap(), case.vectors[..case.d]);
}

#[test]
fn a_device_of_its_own_sees_vectors_come_and_go() {
    let case = Case::new(100, 20, 4, Metric::L2, 0.0);
    let mut index = FlatIndex::new(reference(), &case.vectors, case.d, case.metric).unwrap();
    assert_eq!(index.device().unwrap(), kmeans_core::Engine::name(&reference()));
    let queries = rows(&case.queries, case.d);
    case.check(&index.search(&queries, 5).unwrap(), 5, |_, _| true);
    index.remove(&(0..50).collect::<Vec<u64>>()).unwrap();
    case.check(&index.search(&queries, 5).unwrap(), 5, |_, id| id >= 50);
    index.add_with_ids(&rows(&case.vectors[..case.d], case.d), &[0]).unwrap();
    case.check(&index.search(&queries, 5).unwrap(), 5, |_, id| id == 0 || id >= 50);
    let odd = |id: u64| id % 2 == 1;
    let options = SearchOptions::default().filter(Filter::new(&odd));
    case.check(&index.search_with(&queries, 5, options).unwrap(), 5, |_, id| id >= 50 && id % 2 == 1);
}

#[test]
fn equal_vectors_on_a_device_of_its_own_come_by_the_lowest_id() {
    // In other lists than the order of their ids has it.
    let n = 20_000;
    let x: Vec<f32> = (0..n).map(|i| if i % 4096 == 1024 { 0.0 } else { 5.0 + (i % 100) as f32 }).collect();
    for ids in [(0..n).collect::<Vec<u64>>(), (0..n).rev().collect()] {
        let found = |mut index: FlatIndex| {
            index.remove(&[0]).unwrap();
            index.add_with_ids(&rows(&x, 1), &ids).unwrap();
            index.search(&rows(&[0.0], 1), 3).unwrap()
        };
        let cpus = found(FlatIndex::new(cpu(), &x[..1], 1, Metric::L2).unwrap());
        assert_eq!(found(FlatIndex::new(reference(), &x[..1], 1, Metric::L2).unwrap()), cpus);
        assert!(cpus.ids[0] < cpus.ids[1] && cpus.distances == [0.0; 3]);
    }
}

#[test]
fn halves_hold_small_values_and_values_far_from_zero() {
    for (factor, offset) in [(1e-9, 0.0), (1.0, 60_000.0), (1e6, 0.0)] {
        let case = Case::new(400, 20, 8, Metric::L2, 0.0);
        let moved = |x: &[f32]| x.iter().map(|x| x * factor + offset).collect();
        let case = Case { vectors: moved(&case.vectors), queries: moved(&case.queries), ..case };
        let points = rows(&case.vectors, case.d);
        let halves = FlatIndex::build(cpu(), &points, case.metric, Storage::F16).unwrap();
        let exact = search(&case, cpu(), 10);
        let found = halves.search(&rows(&case.queries, case.d), 10).unwrap();
        assert!(found.recall(&exact, 10) > 0.97, "{factor} {offset}: {}", found.recall(&exact, 10));
    }
}

#[test]
fn tiny_rows_among_others_do_not_make_the_scale() {
    let x: Vec<f32> =
        (0..2048 * 4).map(|i| if (i / 4) % 2 == 0 { 1e-20 } else { 1.0 + i as f32 * 1e-4 }).collect();
    let case = Case { queries: x[4..8].to_vec(), vectors: x, d: 4, metric: Metric::L2 };
    case.check(&search(&case, cpu(), 5), 5, |_, _| true);
}

#[test]
fn a_vector_far_out_changes_no_other_answer() {
    let case = Case::new(3000, 30, 16, Metric::L2, 0.0);
    let mut far = case.clone();
    far.vectors.extend([1e6; 16]);
    assert_eq!(search(&far, cpu(), 10).ids, search(&case, cpu(), 10).ids);
}

#[test]
fn filters_leave_only_what_they_allow() {
    for metric in METRICS {
        let case = Case::new(2000, 25, 12, metric, 0.0);
        let index = FlatIndex::new(cpu(), &case.vectors, case.d, metric).unwrap();
        let queries = rows(&case.queries, case.d);
        for step in [2, 97, 1999] {
            let allows = move |id: u64| id % step == 1;
            let options = SearchOptions::default().filter(Filter::new(&allows));
            let found = index.search_with(&queries, 10, options).unwrap();
            case.check(&found, 10, |_, id| id as u64 % step == 1);
        }
        let none = |_| false;
        let options = SearchOptions::default().filter(Filter::new(&none));
        assert!(index.search_with(&queries, 10, options).unwrap().ids.is_empty());
    }
}

#[test]
fn a_range_has_all_within_it_and_no_other() {
    for metric in METRICS {
        let case = Case::new(800, 25, 5, metric, 0.0);
        let index = FlatIndex::new(cpu(), &case.vectors, case.d, metric).unwrap();
        // Near the middle of what the first query meets, and not at any distance.
        let mut all = case.distances(&case.queries[..case.d]);
        all.sort_by(f64::total_cmp);
        let radius = ((all[400] + all[401]) / 2.0) as f32;
        let options = SearchOptions::default();
        let found = index.range_search(&rows(&case.queries, case.d), radius, options).unwrap();
        for (i, query) in case.queries.chunks_exact(case.d).enumerate() {
            let all = case.distances(query);
            let is_within = |id: usize| case.is_better(all[id], f64::from(radius));
            let is_sure = |id: &usize| (all[*id] - f64::from(radius)).abs() > 1e-5;
            let mut ids: Vec<usize> = found.of(i).0.iter().map(|&id| id as usize).filter(is_sure).collect();
            ids.sort_unstable();
            let expected: Vec<usize> = (0..800).filter(|&id| is_within(id)).filter(is_sure).collect();
            assert_eq!(ids, expected, "query {i}");
        }
        assert!(found.of(0).1.windows(2).all(|pair| !case.is_better(f64::from(pair[1]), f64::from(pair[0]))));
    }
}

#[test]
fn rounded_vectors_are_searched_exactly_as_they_are_stored() {
    for metric in METRICS {
        for storage in [Storage::F16, Storage::Sq8] {
            let case = Case::new(700, 30, 19, metric, 0.3);
            let index = FlatIndex::build(cpu(), &rows(&case.vectors, case.d), metric, storage).unwrap();
            let stored = (0..700).flat_map(|id| index.reconstruct(id).unwrap()).collect();
            // Of length 1 for cosine, before they were rounded.
            let metric = if metric == Metric::Cosine { Metric::InnerProduct } else { metric };
            let unit = |q: &[f32]| {
                let norm = q.iter().map(|x| x * x).sum::<f32>().sqrt();
                q.iter().map(|x| x / norm).collect::<Vec<f32>>()
            };
            let queries = case.queries.chunks_exact(case.d).flat_map(unit).collect();
            let queries = if case.metric == Metric::Cosine { queries } else { case.queries.clone() };
            let as_stored = Case { vectors: stored, queries, metric, ..case };
            let found = index.search(&rows(&as_stored.queries, case.d), 10).unwrap();
            as_stored.check(&found, 10, |_, _| true);
            let error = |(a, b): (&f32, &f32)| (a - b).abs();
            let worst = as_stored.vectors.iter().zip(&case.vectors).map(error).fold(0.0, f32::max);
            assert!(case.metric == Metric::Cosine || worst < 0.011, "{storage}: {worst}");
        }
    }
}

#[test]
fn storage_takes_the_bytes_that_it_says() {
    let (n, d) = (16 * 1024, 32);
    let x: Vec<f32> = values(1, 0.0).take(n * d).collect();
    let bytes = |storage| {
        let index = FlatIndex::build(cpu(), &rows(&x, d), Metric::L2, storage).unwrap();
        index.memory() as f64 / n as f64
    };
    let besides = 8.0 + 8.0 + 0.5;
    assert_eq!(bytes(Storage::F32), 5.0 * 32.0 + besides);
    assert_eq!(bytes(Storage::F16), 3.0 * 32.0 + besides);
    assert_eq!(bytes(Storage::Sq8), 32.0 + besides);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_shape_is_found_as_by_the_naive_search(
        (n, p) in (1..200_usize).prop_flat_map(|n| (Just(n), 1..=n)),
        queries in 1..30_usize,
        d in 1..40_usize,
        metric in prop::sample::select(METRICS.to_vec()),
    ) {
        let case = Case::new(n, queries, d, metric, 0.0);
        case.check(&search(&case, cpu(), p), p, |_, _| true);
    }
}
