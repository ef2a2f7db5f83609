//! Training on sparse rows is training on the same rows with their zeros.

use kmeans::data::{CsrRows, CsrView, DataError};
use kmeans::{AssignOptions, Init, Metric, Points, RowSlice};

use crate::naive::Numbers;
use crate::training::{bits, kmeans, on_threads, reference};

const TOPICS: usize = 6;

/// Documents over `d` words: each topic has words of its own, which make up most of it. The last word
/// never occurs, and every 50th document is empty.
fn documents(n: usize, d: usize, seed: u64) -> CsrRows {
    let mut numbers = Numbers::new(seed);
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    let own = (d - 1) / (TOPICS + 1);
    for row in 0..n {
        for place in 0..if row % 50 == 49 { 0 } else { 30 } {
            let topic = if place % 6 == 5 { TOPICS } else { row % TOPICS };
            indices.push((topic * own + numbers.below(own)) as u32);
            values.push(numbers.uniform(0.5, 1.5));
        }
        indptr.push(values.len());
    }
    CsrRows::new(indptr, indices, values, d).unwrap()
}

fn with_zeros(rows: &CsrRows) -> Vec<f32> {
    let mut x = vec![0.0; rows.rows() * rows.dim()];
    rows.read(0..rows.rows(), &mut x).unwrap();
    x
}

/// One document of each topic.
fn one_of_each(x: &[f32], d: usize) -> Vec<f32> {
    x[..TOPICS * d].to_vec()
}

fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs()
}

#[test]
fn sparse_rows_train_like_dense_ones() {
    let (n, d) = (600, 240);
    let rows = documents(n, d, 1);
    let x = with_zeros(&rows);
    let weights: Vec<f32> = (0..n).map(|i| 0.5 + (i % 4) as f32).collect();
    for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
        for weights in [None, Some(&weights[..])] {
            let start = one_of_each(&x, d);
            let cpu = kmeans(TOPICS).metric(metric).init_centroids(start.clone());
            let dense = cpu.train_points(&RowSlice::new(&x, d).unwrap(), weights).unwrap();
            let sparse = cpu.train_points(&rows, weights).unwrap();
            assert_eq!(sparse.labels, dense.labels, "{metric}");
            assert!(is_near(sparse.report.inertia, dense.report.inertia), "{metric}");
            let other = reference(TOPICS).metric(metric).init_centroids(start);
            let other = other.train_points(&rows, weights).unwrap();
            assert_eq!(other.labels, sparse.labels, "{metric}");
            assert_eq!(bits(other.model.centroids()), bits(sparse.model.centroids()), "{metric}");
            if metric != Metric::L2 {
                // Both have their origin at zero.
                assert_eq!(bits(sparse.model.centroids()), bits(dense.model.centroids()), "{metric}");
            }
        }
    }
}

#[test]
fn every_init_finds_the_topics_of_sparse_rows() {
    let rows = documents(600, 240, 2);
    for init in [
        Init::KMeansPlusPlus,
        Init::GreedyKMeansPlusPlus { trials: None },
        Init::KMeansParallel,
        Init::AfkMc2,
        Init::Random,
    ] {
        let fit = kmeans(TOPICS).init(init.clone()).nredo(5).train_points(&rows, None).unwrap();
        let dense = kmeans(TOPICS).init(init.clone()).nredo(5).train(&with_zeros(&rows), 240).unwrap();
        let ratio = fit.report.inertia / dense.report.inertia;
        assert!((0.9..1.1).contains(&ratio), "{init}: {ratio}");
    }
}

#[test]
fn chunks_and_threads_change_no_bit_of_sparse_rows() {
    let rows = documents(600, 240, 3);
    let one = on_threads(1, 9).train_points(&rows, None).unwrap();
    for threads in [2, 3] {
        for chunk in [None, Some(1), Some(77)] {
            let fit = on_threads(threads, 9).chunk_rows(chunk).train_points(&rows, None).unwrap();
            assert_eq!(fit.labels, one.labels);
            assert_eq!(bits(fit.model.centroids()), bits(one.model.centroids()));
        }
    }
}

#[test]
fn empty_documents_and_words_that_never_occur() {
    let (n, d) = (300, 240);
    let rows = documents(n, d, 4);
    let fit = kmeans(TOPICS).metric(Metric::Cosine).train_points(&rows, None).unwrap();
    assert_eq!(fit.report.zero_rows, 6);
    assert!((0..n).skip(49).step_by(50).all(|row| fit.labels[row] == 0));
    assert!(fit.model.centroids().chunks_exact(d).all(|c| c[d - 1] == 0.0));
    let fit = kmeans(TOPICS).train_points(&rows, None).unwrap();
    assert!(fit.model.centroids().chunks_exact(d).all(|c| c[d - 1] == 0.0));
    let nothing = CsrRows::new(vec![0; 11], vec![], vec![], 5).unwrap();
    let fit = kmeans(2).min_points_per_centroid(1).train_points(&nothing, None).unwrap();
    assert_eq!(fit.report.inertia, 0.0);
}

/// Rows that count how many are read with their zeros.
struct NeverDense(CsrRows);

impl Points for NeverDense {
    fn rows(&self) -> usize {
        self.0.rows()
    }
    fn dim(&self) -> usize {
        self.0.dim()
    }
    fn read(&self, _: std::ops::Range<usize>, _: &mut [f32]) -> Result<(), DataError> {
        panic!("sparse rows stay sparse");
    }
    fn lend_csr(&self, rows: std::ops::Range<usize>) -> Option<CsrView<'_>> {
        self.0.lend_csr(rows)
    }
    fn gather_csr(&self, ids: &[usize]) -> Option<CsrRows> {
        self.0.gather_csr(ids)
    }
    fn name(&self) -> &str {
        "sparse"
    }
    fn row_bytes(&self) -> usize {
        self.0.row_bytes()
    }
}

#[test]
fn a_sample_of_sparse_rows_stays_sparse() {
    let (n, d) = (3000, 240);
    let rows = NeverDense(documents(n, d, 5));
    let of_a_sample = kmeans(TOPICS).max_points_per_centroid(50).return_distances(true);
    let fit = of_a_sample.train_points(&rows, None).unwrap();
    assert_eq!((fit.report.n_trained, fit.labels.len()), (50 * TOPICS, n));
    let again =
        of_a_sample.assign_points(&fit.model, &rows, AssignOptions::default().distances(true)).unwrap();
    assert_eq!((again.labels, again.distances), (fit.labels, fit.distances));
    let deep = kmeans(40).hierarchical(true).train_points(&rows, None).unwrap();
    assert_eq!(deep.model.centroids().len(), 40 * d);
}

#[test]
fn a_model_of_dense_rows_takes_sparse_ones() {
    let d = 240;
    let rows = documents(500, d, 6);
    let x = with_zeros(&rows);
    let shifted: Vec<f32> = x.iter().map(|x| x + 0.25).collect();
    let kmeans = kmeans(TOPICS);
    let model = kmeans.train(&shifted, d).unwrap().model;
    let options = AssignOptions::default().distances(true).p(3);
    let sparse = kmeans.assign_points(&model, &rows, options).unwrap();
    let dense = kmeans.assign_points(&model, &RowSlice::new(&x, d).unwrap(), options).unwrap();
    assert_eq!((sparse.labels, sparse.distances), (dense.labels, dense.distances));
    let (mut a, mut b) = (Vec::new(), Vec::new());
    kmeans
        .transform(&model, &rows, &mut |block| {
            a.extend_from_slice(block);
            Ok(())
        })
        .unwrap();
    kmeans
        .transform(&model, &RowSlice::new(&x, d).unwrap(), &mut |block| {
            b.extend_from_slice(block);
            Ok(())
        })
        .unwrap();
    assert_eq!(a, b);
}
