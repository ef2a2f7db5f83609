//! Input that makes no sense, and what is said about it.

use crate::naive::{cpu, rows, trained};
use burn_ndarray::NdArray;
use kmeans_core::{KMeans, Metric, Preparation, Step, TensorEngine};
use kmeans_data::{DataError, Overwrite, Points, check_read};
use kmeans_index::{FlatIndex, Hardware, IvfIndex, SearchOptions, Storage};

const X: [f32; 12] = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 9.0, 9.0, 9.0, 8.0, 8.0, 9.0];

fn flat(hardware: impl Hardware + 'static) -> FlatIndex {
    FlatIndex::new(hardware, &X, 2, Metric::L2).unwrap()
}

fn ivf() -> IvfIndex {
    IvfIndex::new(cpu(), trained(&X, 2, 2, Metric::L2), Storage::F32).unwrap()
}

#[test]
fn vectors_that_cannot_be_stored_are_refused() {
    let message = |vectors: &[f32], d| FlatIndex::new(cpu(), vectors, d, Metric::L2).unwrap_err().to_string();
    assert_eq!(message(&[], 2), "no vectors: an index needs at least one to be searched");
    assert_eq!(message(&[0.0; 3], 2), "3 values are not vectors of dimension 2");
    assert_eq!(message(&[0.0; 3], 0), "3 values are not vectors of dimension 0");
    assert_eq!(
        message(&[0.0, 0.0, f32::NAN, 0.0], 2),
        "memory: row 1, column 0 (counted from 0) is NaN, expected a finite number"
    );
    let far = flat(cpu()).add(&rows(&[0.0, 1.0, 1e30, 0.0], 2)).unwrap_err().to_string();
    assert!(far.contains("squared distances leave the range of f32"), "{far}");
    let error = FlatIndex::new(cpu(), &X, 2, Metric::L1).unwrap_err().to_string();
    assert!(error.contains("metric is l1"), "{error}");
}

#[test]
fn a_model_that_prepares_its_rows_is_refused() {
    let table = rows(&X, 2);
    let preparation = Preparation::fit(&table, None, &[Step::Standardize]).unwrap();
    let model =
        KMeans::on(cpu(), 2).preparation(preparation).min_points_per_centroid(1).train(&X, 2).unwrap().model;
    let message = IvfIndex::new(cpu(), model.clone(), Storage::F32).unwrap_err().to_string();
    assert!(message.contains("without_preparation"), "{message}");
    let path = tempfile::tempdir().unwrap();
    let place = (path.path().join("x.index"), Overwrite::Refuse);
    assert!(IvfIndex::build_file(cpu(), model.clone(), Storage::F32, &table, None, place).is_err());
    assert!(IvfIndex::new(cpu(), model.without_preparation(), Storage::F32).is_ok());
}

#[test]
fn searches_that_make_no_sense_are_refused() {
    refuses(flat(cpu()));
    refuses(flat(TensorEngine::<NdArray>::default()));
}

fn refuses(index: FlatIndex) {
    let message = |queries: &[f32], d, p| index.search(&rows(queries, d), p).unwrap_err().to_string();
    assert_eq!(message(&[0.0; 2], 2, 0), "p is 0, expected at least 1 neighbour");
    assert_eq!(message(&[0.0; 3], 3, 1), "memory has 3 columns, expected 2 as in the index");
    // In the second block, so that the row counts from the first query.
    let many = (1 << 16) + 2;
    let mut queries = vec![0.0; 2 * many];
    queries[2 * (many - 1) + 1] = f32::NAN;
    let expected = "memory: row 65537, column 1 (counted from 0) is NaN, expected a finite number";
    assert_eq!(message(&queries, 2, 1), expected);
    assert!(message(&[f32::INFINITY, 0.0], 2, 1).contains("row 0, column 0"));
    assert!(message(&[1e30, 0.0], 2, 1).contains("rows 0..1 hold values up to 1.0000000150474662e30"));
    let error = index.search_with(&rows(&[0.0; 2], 2), 1, SearchOptions::default().nprobe(2)).unwrap_err();
    assert_eq!(error.to_string(), "nprobe is 2, expected 1 to 1, the number of lists in the index");
    let error = index.range_search(&rows(&[0.0; 2], 2), f32::NAN, SearchOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "the radius is NaN, expected a number");
}

#[test]
fn more_neighbours_than_there_are_find_all() {
    for found in [
        flat(cpu()).search(&rows(&[0.0; 2], 2), 100).unwrap(),
        flat(TensorEngine::<NdArray>::default()).search(&rows(&[0.0; 2], 2), 100).unwrap(),
    ] {
        assert_eq!(found.ids, [0, 1, 2, 4, 5, 3]);
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
        fn read(&self, rows: std::ops::Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
            check_read(self, &rows, out.len())
        }
        fn name(&self) -> &str {
            "nothing"
        }
    }
    let found = flat(cpu()).search(&Nothing, 1).unwrap();
    assert_eq!((found.queries(), found.ids.len()), (0, 0));
    let mut index = ivf();
    index.add(&Nothing).unwrap();
    assert!(index.is_empty());
}

#[test]
fn lists_that_make_no_sense_are_refused() {
    let mut index = ivf();
    let message =
        |index: &IvfIndex, nprobe| index.search(&rows(&[0.0; 2], 2), 1, nprobe).unwrap_err().to_string();
    assert_eq!(message(&index, 1), "no vectors: an index needs at least one to be searched");
    assert_eq!(message(&index, 0), "nprobe is 0, expected 1 to 2, the number of lists in the index");
    index.add(&rows(&X, 2)).unwrap();
    assert_eq!(message(&index, 3), "nprobe is 3, expected 1 to 2, the number of lists in the index");
    index.remove(&[0, 1, 2, 3, 4, 5]).unwrap();
    assert_eq!(message(&index, 1), "no vectors: an index needs at least one to be searched");
}

#[test]
fn ids_that_are_there_or_come_twice_are_refused_and_nothing_is_added() {
    let mut index = ivf();
    let points = rows(&X, 2);
    let error = index.add_with_ids(&points, &[1, 2, 3]).unwrap_err().to_string();
    assert_eq!(error, "3 ids for 6 vectors, expected one each");
    let error = index.add_with_ids(&points, &[1, 2, 3, 4, 2, 5]).unwrap_err().to_string();
    assert_eq!(error, "id 2 is there already: ids must be new, each vector needs one of its own");
    assert!(index.is_empty());
    index.add_with_ids(&points, &[10, 20, 30, 40, 50, u64::MAX - 1]).unwrap();
    let error = index.add_with_ids(&rows(&X[..2], 2), &[40]).unwrap_err().to_string();
    assert!(error.starts_with("id 40 is there already"), "{error}");
    let error = index.add(&points).unwrap_err().to_string();
    assert!(error.starts_with("positions go on from 18446744073709551615"), "{error}");
    assert_eq!(index.len(), 6);
}

#[test]
fn a_row_that_cannot_be_added_takes_all_with_it() {
    let mut index = ivf();
    index.add(&rows(&X, 2)).unwrap();
    // Enough for a second block.
    let many = (1 << 16) + 3;
    let mut x = vec![1.0; 2 * many];
    x[2 * (many - 1)] = f32::NEG_INFINITY;
    let error = index.add(&rows(&x, 2)).unwrap_err().to_string();
    assert!(error.contains("row 65538, column 0"), "{error}");
    assert_eq!(index.len(), 6);
    let found = index.search(&rows(&[1.0, 1.0], 2), 6, 2).unwrap();
    assert!(found.ids.iter().all(|&id| id < 6));
    index.add(&rows(&X[..2], 2)).unwrap();
    assert_eq!(index.reconstruct(6).unwrap(), X[..2]);
}

#[test]
fn values_that_halves_do_not_hold_are_refused() {
    let model = trained(&X, 2, 2, Metric::L2);
    let mut index = IvfIndex::new(cpu(), model, Storage::F16).unwrap();
    let error = index.add(&rows(&[0.0, 0.0, 1.0, 7000.0], 2)).unwrap_err().to_string();
    assert_eq!(
        error,
        "memory: row 1, column 1 (counted from 0) is 7000, which f16 cannot hold beside the others"
    );
    assert!(index.is_empty());
}
