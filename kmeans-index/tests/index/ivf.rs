//! Search in lists against a naive one in `f64`, on every engine.

use std::num::NonZeroUsize;

use crate::naive::{Case, cpu, labels, rows, trained, whole};
use burn_ndarray::NdArray;
use kmeans_backend_cpu::{CpuEngine, InstructionSet};
use kmeans_core::{KMeansModel, Metric, TensorEngine};
use kmeans_index::{Filter, FlatIndex, Hardware, IvfIndex, SearchOptions, Storage};

const METRICS: [Metric; 3] = [Metric::L2, Metric::InnerProduct, Metric::Cosine];
const K: usize = 20;

fn case(metric: Metric) -> Case {
    Case::new(2000, 40, 12, metric, 0.2)
}

fn built(hardware: impl Hardware + 'static, case: &Case, model: &KMeansModel) -> IvfIndex {
    let mut index = IvfIndex::new(hardware, model.clone(), Storage::F32).unwrap();
    index.add(&rows(&case.vectors, case.d)).unwrap();
    index
}

/// The lists that each query looks into: those of the nearest centroids.
fn probed(case: &Case, model: &KMeansModel, nprobe: usize) -> Vec<Vec<i32>> {
    let centroids = Case { vectors: model.centroids().to_vec(), ..case.clone() };
    let nearest = |query: &[f32]| {
        let all = centroids.distances(query);
        let mut lists: Vec<i32> = (0..model.k() as i32).collect();
        let metric = case.metric;
        lists.sort_by(|&a, &b| {
            let (a, b) = (all[a as usize], all[b as usize]);
            if metric.is_similarity() { b.total_cmp(&a) } else { a.total_cmp(&b) }
        });
        lists.truncate(nprobe);
        lists
    };
    case.queries.chunks_exact(case.d).map(nearest).collect()
}

#[test]
fn the_nearest_lists_are_searched_exactly() {
    for metric in METRICS {
        let case = case(metric);
        let model = trained(&case.vectors, case.d, K, metric);
        let (labels, index) = (labels(&model, &case.vectors), built(cpu(), &case, &model));
        assert_eq!((index.len(), index.k(), index.dim()), (2000, K, 12));
        assert_eq!(index.list_sizes().iter().sum::<u64>(), 2000);
        for nprobe in [1, 3, K] {
            let found = index.search(&rows(&case.queries, case.d), 10, nprobe).unwrap();
            let lists = probed(&case, &model, nprobe);
            case.check(&found, 10, |query, id| lists[query].contains(&labels[id]));
        }
    }
}

#[test]
fn all_lists_together_are_a_flat_index() {
    let (d, n) = (5, 3000);
    let case = Case { vectors: whole(3, n * d, 9.0), queries: whole(4, 50 * d, 9.0), d, metric: Metric::L2 };
    let model = trained(&case.vectors, d, 30, Metric::L2);
    let flat = FlatIndex::new(cpu(), &case.vectors, d, Metric::L2).unwrap();
    let queries = rows(&case.queries, d);
    // Whole numbers: distances are exact in any frame.
    assert_eq!(
        built(cpu(), &case, &model).search(&queries, 25, 30).unwrap(),
        flat.search(&queries, 25).unwrap()
    );
}

#[test]
fn threads_engines_and_instruction_sets_change_no_bit() {
    for metric in METRICS {
        let case = case(metric);
        let model = trained(&case.vectors, case.d, K, metric);
        let search = |index: &IvfIndex| index.search(&rows(&case.queries, case.d), 10, 4).unwrap();
        let expected = search(&built(cpu(), &case, &model));
        for threads in [1, 2, 7] {
            let engine = CpuEngine::new(NonZeroUsize::new(threads)).unwrap();
            assert_eq!(search(&built(engine, &case, &model)), expected, "{threads} threads");
        }
        use InstructionSet::{Avx2, Avx512, Neon, Portable};
        for set in [Avx512, Avx2, Neon, Portable] {
            if let Ok(engine) = cpu().instruction_set(set) {
                assert_eq!(search(&built(engine, &case, &model)), expected, "{set:?}");
            }
        }
        // Lists in plain loops, and the nearest of them in tensor operations.
        assert_eq!(search(&built(TensorEngine::<NdArray>::default(), &case, &model)), expected);
    }
}

#[test]
fn queries_find_the_same_alone_and_together() {
    let case = case(Metric::L2);
    let model = trained(&case.vectors, case.d, K, case.metric);
    let index = built(cpu(), &case, &model);
    let together = index.search(&rows(&case.queries, case.d), 9, 5).unwrap();
    for (i, query) in case.queries.chunks_exact(case.d).enumerate() {
        assert_eq!(index.search(&rows(query, case.d), 9, 5).unwrap().of(0), together.of(i));
    }
}

#[test]
fn vectors_come_in_any_order_and_go() {
    let case = case(Metric::L2);
    let model = trained(&case.vectors, case.d, K, case.metric);
    let mut index = IvfIndex::new(cpu(), model.clone(), Storage::F32).unwrap();
    let (early, late) = case.vectors.split_at(700 * case.d);
    index.add_with_ids(&rows(late, case.d), &(700..2000).collect::<Vec<u64>>()).unwrap();
    index.add_with_ids(&rows(early, case.d), &(0..700).collect::<Vec<u64>>()).unwrap();
    let queries = rows(&case.queries, case.d);
    assert_eq!(
        index.search(&queries, 10, 4).unwrap(),
        built(cpu(), &case, &model).search(&queries, 10, 4).unwrap()
    );

    let gone: Vec<u64> = (0..2000).filter(|id| id % 2 == 0).collect();
    assert_eq!(index.remove(&gone).unwrap(), 1000);
    case.check(&index.search(&queries, 10, K).unwrap(), 10, |_, id| id % 2 == 1);
    assert_eq!(index.reconstruct(701).unwrap(), late[case.d..2 * case.d]);
    index.add(&rows(early, case.d)).unwrap();
    assert_eq!(index.reconstruct(2000).unwrap(), early[..case.d]);
}

#[test]
fn the_labels_of_a_training_are_the_lists_of_its_rows() {
    let case = case(Metric::L2);
    let model = trained(&case.vectors, case.d, K, case.metric);
    let (labels, points) = (labels(&model, &case.vectors), rows(&case.vectors, case.d));
    let mut index = IvfIndex::new(cpu(), model.clone(), Storage::F32).unwrap();
    index.add_labelled(&points, &labels).unwrap();
    let queries = rows(&case.queries, case.d);
    let assigned = built(cpu(), &case, &model);
    assert_eq!(index.search(&queries, 10, 4).unwrap(), assigned.search(&queries, 10, 4).unwrap());

    let message = |labels: &[i32]| {
        let mut index = IvfIndex::new(cpu(), model.clone(), Storage::F32).unwrap();
        let error = index.add_labelled(&points, labels).unwrap_err().to_string();
        assert!(index.is_empty());
        error
    };
    assert_eq!(message(&labels[1..]), "1999 labels for 2000 vectors, expected one each");
    let mut wrong = labels.clone();
    wrong[7] = 20;
    assert_eq!(message(&wrong), "row 7 has the label 20, expected one in 0..20, the lists of the index");
    wrong[3] = -1;
    assert!(message(&wrong).starts_with("row 3 has the label -1"));
}

#[test]
fn lists_with_little_in_them_find_what_there_is() {
    let case = Case::new(30, 10, 3, Metric::L2, 0.0);
    let model = trained(&case.vectors, 3, 10, Metric::L2);
    let labels = labels(&model, &case.vectors);
    let index = built(cpu(), &case, &model);
    let found = index.search(&rows(&case.queries, 3), 25, 2).unwrap();
    let lists = probed(&case, &model, 2);
    case.check(&found, 25, |query, id| lists[query].contains(&labels[id]));
    assert!(found.ids.len() < 10 * 25);
}

#[test]
fn filters_and_ranges_work_in_lists() {
    let case = case(Metric::L2);
    let model = trained(&case.vectors, case.d, K, case.metric);
    let (labels, index) = (labels(&model, &case.vectors), built(cpu(), &case, &model));
    let (queries, lists) = (rows(&case.queries, case.d), probed(&case, &model, 5));
    let allows = |id: u64| id % 5 == 2;
    let options = SearchOptions::default().nprobe(5).filter(Filter::new(&allows));
    let found = index.search_with(&queries, 10, options).unwrap();
    case.check(&found, 10, |query, id| id % 5 == 2 && lists[query].contains(&labels[id]));

    let radius = 2.5;
    let within = index.range_search(&queries, radius, options).unwrap();
    let all = index.search_with(&queries, 2000, options).unwrap();
    for query in 0..within.queries() {
        let (ids, distances) = all.of(query);
        let count = distances.iter().filter(|distance| **distance < radius).count();
        assert_eq!(within.of(query), (&ids[..count], &distances[..count]));
    }
    assert!(within.ids.len() > 20);
}

#[test]
fn recall_grows_with_the_lists_that_are_looked_into() {
    let case = case(Metric::L2);
    let model = trained(&case.vectors, case.d, K, case.metric);
    let queries = rows(&case.queries, case.d);
    let truth =
        FlatIndex::new(cpu(), &case.vectors, case.d, case.metric).unwrap().search(&queries, 10).unwrap();
    let mut last = 0.0;
    for nprobe in 1..=K {
        let found = built(cpu(), &case, &model).search(&queries, 10, nprobe).unwrap();
        let recall = found.recall(&truth, 10);
        assert!(recall >= last, "nprobe {nprobe}: {recall} after {last}");
        last = recall;
    }
    assert_eq!(last, 1.0);
}

#[test]
fn rounded_vectors_are_nearly_those() {
    for metric in METRICS {
        let case = case(metric);
        let model = trained(&case.vectors, case.d, K, metric);
        let queries = rows(&case.queries, case.d);
        let exact = built(cpu(), &case, &model).search(&queries, 10, 5).unwrap();
        for (storage, least) in [(Storage::F16, 0.99), (Storage::Sq8, 0.9)] {
            let mut index = IvfIndex::new(cpu(), model.clone(), storage).unwrap();
            index.add(&rows(&case.vectors, case.d)).unwrap();
            let recall = index.search(&queries, 10, 5).unwrap().recall(&exact, 10);
            assert!(recall >= least, "{metric} {storage}: {recall}");
        }
    }
}
