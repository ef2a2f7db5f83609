//! Codes of a product quantizer against loops over what they stand for.

use std::num::NonZeroUsize;

use crate::naive::{Case, cpu, rows, trained};
use burn_ndarray::NdArray;
use kmeans_backend_cpu::{CpuEngine, InstructionSet};
use kmeans_core::{Metric, TensorEngine};
use kmeans_index::{FlatIndex, Hardware, IvfIndex, Refine, SearchOptions, Storage};

const METRICS: [Metric; 3] = [Metric::L2, Metric::InnerProduct, Metric::Cosine];
const PQ: Storage = Storage::Pq { m: 4, refine: None };

fn case(metric: Metric) -> Case {
    Case::new(3000, 40, 12, metric, 0.1)
}

fn built(hardware: impl Hardware + 'static, case: &Case, storage: Storage) -> IvfIndex {
    let model = trained(&case.vectors, case.d, 10, case.metric);
    let mut index = IvfIndex::new(hardware, model, storage).unwrap();
    index.train(&rows(&case.vectors, case.d)).unwrap();
    index.add(&rows(&case.vectors, case.d)).unwrap();
    index
}

#[test]
fn codes_are_searched_exactly_as_what_they_stand_for() {
    for metric in METRICS {
        let case = case(metric);
        let index = built(cpu(), &case, PQ);
        let stored: Vec<f32> = (0..3000).flat_map(|id| index.reconstruct(id).unwrap()).collect();
        let unit = |q: &[f32]| {
            let norm = q.iter().map(|x| x * x).sum::<f32>().sqrt();
            q.iter().map(|x| x / norm).collect::<Vec<f32>>()
        };
        let queries = match metric {
            Metric::Cosine => case.queries.chunks_exact(case.d).flat_map(unit).collect(),
            _ => case.queries.clone(),
        };
        // What codes stand for is not of length 1: products with unit queries decide.
        let metric = if metric == Metric::Cosine { Metric::InnerProduct } else { metric };
        let as_stored = Case { vectors: stored, queries, metric, d: case.d };
        let found = index.search(&rows(&as_stored.queries, case.d), 10, 10).unwrap();
        as_stored.check(&found, 10, |_, _| true);
    }
}

#[test]
fn codes_find_most_and_refined_ones_nearly_all() {
    for metric in METRICS {
        let case = case(metric);
        let queries = rows(&case.queries, case.d);
        let truth =
            FlatIndex::new(cpu(), &case.vectors, case.d, metric).unwrap().search(&queries, 10).unwrap();
        let recall = |storage, k_factor| {
            let options = SearchOptions::default().nprobe(10).k_factor(k_factor);
            built(cpu(), &case, storage).search_with(&queries, 10, options).unwrap().recall(&truth, 10)
        };
        let codes = recall(PQ, 1);
        assert!((0.3..0.95).contains(&codes), "{metric}: {codes}");
        for refine in [Refine::F32, Refine::F16] {
            let refined = recall(Storage::Pq { m: 4, refine: Some(refine) }, 20);
            assert!(refined > 0.98, "{metric} {refine:?}: {refined}");
        }
    }
}

#[test]
fn refined_distances_are_those_to_the_vectors() {
    let case = case(Metric::L2);
    let storage = Storage::Pq { m: 4, refine: Some(Refine::F32) };
    let index = built(cpu(), &case, storage);
    let options = SearchOptions::default().nprobe(10).k_factor(300);
    // All vectors are measured again.
    let found = index.search_with(&rows(&case.queries, case.d), 10, options).unwrap();
    case.check(&found, 10, |_, _| true);
    assert_eq!(index.reconstruct(77).unwrap(), case.vectors[77 * case.d..78 * case.d]);
}

#[test]
fn a_range_of_refined_codes_has_all_within_it() {
    for metric in METRICS {
        let case = case(metric);
        let queries = rows(&case.queries, case.d);
        let flat = FlatIndex::new(cpu(), &case.vectors, case.d, metric).unwrap();
        let radius = flat.search(&queries, 50).unwrap().of(0).1[49];
        let expected = flat.range_search(&queries, radius, SearchOptions::default()).unwrap();
        let index = built(cpu(), &case, Storage::Pq { m: 4, refine: Some(Refine::F32) });
        let found = index.range_search(&queries, radius, SearchOptions::default().nprobe(10)).unwrap();
        assert!(expected.ids.len() > 500);
        let other = found.ids.len().abs_diff(expected.ids.len());
        // The frames differ, and with them the last bits of distances.
        assert!(other <= 2, "{metric}: {} of {}", found.ids.len(), expected.ids.len());
        assert!(found.recall(&expected, usize::MAX) > 0.999);
    }
}

#[test]
fn sums_of_many_terms_rule_nothing_out() {
    let d = 4096;
    let level = |i: usize| match i {
        0..100 => -1.0 - i as f32 * 1e-3,
        100 => 0.0,
        101..200 => 0.9993 - (i - 101) as f32 * 1e-6,
        _ => 1.000_610_2,
    };
    let x: Vec<f32> = (0..201).flat_map(|i| std::iter::repeat_n(level(i), d)).collect();
    let storage = Storage::Pq { m: 1, refine: None };
    let index = FlatIndex::build(cpu(), &rows(&x, d), Metric::L2, storage).unwrap();
    let query = vec![1.0; d];
    let all = index.search(&rows(&query, d), 201).unwrap();
    for p in 1..=100 {
        assert_eq!(index.search(&rows(&query, d), p).unwrap().ids, all.ids[..p]);
    }
    // Near ones are told apart, though sums in f32 hardly do.
    let mut near: Vec<f32> = all.distances.iter().copied().filter(|&distance| distance < 0.01).collect();
    near.dedup();
    assert!(near.len() > 5, "{near:?}");
}

#[test]
fn threads_engines_and_instruction_sets_change_no_bit() {
    let case = case(Metric::L2);
    // Refined ones are those whose codes have the lowest scores: these decide, too.
    for storage in [PQ, Storage::Pq { m: 4, refine: Some(Refine::F16) }] {
        let search = |hardware: CpuEngine| {
            built(hardware, &case, storage).search(&rows(&case.queries, case.d), 10, 4).unwrap()
        };
        let expected = search(cpu());
        for threads in [1, 7] {
            assert_eq!(
                search(CpuEngine::new(NonZeroUsize::new(threads)).unwrap()),
                expected,
                "{threads} threads"
            );
        }
        use InstructionSet::{Avx2, Avx512, Neon, Portable};
        for set in [Avx512, Avx2, Neon, Portable] {
            if let Ok(engine) = cpu().instruction_set(set) {
                assert_eq!(search(engine), expected, "{set:?}");
            }
        }
    }
    let search = |index: &IvfIndex| index.search(&rows(&case.queries, case.d), 10, 4).unwrap();
    let on_reference = built(TensorEngine::<NdArray>::default(), &case, PQ);
    assert_eq!(search(&on_reference), search(&built(cpu(), &case, PQ)));
}

#[test]
fn fewer_vectors_than_codewords_have_codes_of_their_own() {
    let case = Case::new(60, 10, 6, Metric::L2, 0.0);
    let storage = Storage::Pq { m: 3, refine: None };
    let index = FlatIndex::build(cpu(), &rows(&case.vectors, case.d), case.metric, storage).unwrap();
    for id in 0..60 {
        let row = index.reconstruct(id).unwrap();
        for (a, b) in row.iter().zip(&case.vectors[id as usize * 6..]) {
            assert!((a - b).abs() < 1e-5);
        }
    }
    case.check(&index.search(&rows(&case.queries, 6), 5).unwrap(), 5, |_, _| true);
}

#[test]
fn vectors_with_codes_come_and_go() {
    let case = case(Metric::L2);
    let mut index = built(cpu(), &case, PQ);
    let before = index.search(&rows(&case.queries, case.d), 3000, 10).unwrap();
    let gone: Vec<u64> = (0..3000).filter(|id| id % 2 == 0).collect();
    assert_eq!(index.remove(&gone).unwrap(), 1500);
    let after = index.search(&rows(&case.queries, case.d), 3000, 10).unwrap();
    for query in 0..before.queries() {
        let odd: Vec<u64> = before.of(query).0.iter().copied().filter(|id| id % 2 == 1).collect();
        assert_eq!(after.of(query).0, odd);
    }
    let even: Vec<f32> =
        gone.iter().flat_map(|&id| &case.vectors[id as usize * case.d..][..case.d]).copied().collect();
    index.add_with_ids(&rows(&even, case.d), &gone).unwrap();
    assert_eq!(index.search(&rows(&case.queries, case.d), 3000, 10).unwrap(), before);
}

#[test]
fn what_cannot_be_cut_or_is_not_trained_is_refused() {
    let case = case(Metric::L2);
    let model = trained(&case.vectors, case.d, 10, case.metric);
    let index = |m| IvfIndex::new(cpu(), model.clone(), Storage::Pq { m, refine: None });
    let error = index(5).unwrap_err().to_string();
    assert_eq!(error, "5 pieces of vectors of 12 columns, expected a divisor of that, from 1 to 257");
    assert!(index(0).is_err() && index(24).is_err());
    let mut index = index(4).unwrap();
    let points = rows(&case.vectors, case.d);
    let error = index.add(&points).unwrap_err().to_string();
    assert_eq!(error, "pq:4 has no codebooks yet: train the index on vectors before any are added");
    assert!(index.is_empty());
    index.train(&points).unwrap();
    index.add(&points).unwrap();
    let error = index.train(&points).unwrap_err().to_string();
    assert_eq!(error, "3000 vectors have codes of the codebooks that there are: train an empty index");
    let options = SearchOptions::default().k_factor(0);
    let error = index.search_with(&rows(&case.queries, case.d), 1, options).unwrap_err().to_string();
    assert_eq!(error, "k_factor is 0, expected at least 1");
}
