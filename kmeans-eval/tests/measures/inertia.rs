//! Inertia: golden values in f64, laws and errors.

use std::ops::Range;

use approx::assert_relative_eq;
use kmeans_data::{DataError, Points, RowSlice, check_read, open};
use kmeans_eval::{Error, cluster_sizes, imbalance_factor, inertia};
use proptest::prelude::*;

use crate::iris;

/// `KMeans(3, n_init=10, random_state=0).fit(iris).cluster_centers_` of scikit-learn 1.9.1, as f32.
#[rustfmt::skip]
const CENTROIDS: [f32; 12] = [
    5.9016128, 2.748387, 4.3935485, 1.4338709,
    5.006, 3.428, 1.462, 0.246,
    6.85, 3.0736842, 5.7421055, 2.0710526,
];

/// Rows that cannot be lent.
struct ReadOnly<'a>(RowSlice<'a>);

impl Points for ReadOnly<'_> {
    fn rows(&self) -> usize {
        self.0.rows()
    }
    fn dim(&self) -> usize {
        self.0.dim()
    }
    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        self.0.read(rows, out)
    }
    fn name(&self) -> &str {
        "read-only"
    }
}

#[test]
fn iris_matches_numpy_in_f64() {
    // scikit-learn 1.9.1 for the clusters (KMeans.inertia_ is 78.8514396442595), NumPy for the sum
    // over the centroids rounded to f32.
    let iris = open(iris::file("iris.f32.npy")).unwrap();
    let sum = inertia(&iris, &CENTROIDS, &iris::labels(), None).unwrap();
    assert_relative_eq!(sum, 78.85143964426429, max_relative = 1e-12);

    let weights: Vec<f32> = (0..150).map(|i| (1 + i % 4) as f32).collect();
    let sum = inertia(&iris, &CENTROIDS, &iris::labels(), Some(&weights)).unwrap();
    assert_relative_eq!(sum, 196.74627835468215, max_relative = 1e-12);

    let sizes = cluster_sizes(&iris::labels(), 3).unwrap();
    assert_eq!(sizes, [62, 50, 38]);
    assert_relative_eq!(imbalance_factor(&sizes).unwrap(), 1.0384, max_relative = 1e-12);
}

#[test]
fn far_from_zero_nothing_cancels() {
    let rows = RowSlice::new(&[1e7, 1e7 + 1.0, 1e7 + 2.0], 1).unwrap();
    assert_eq!(inertia(&rows, &[1e7 + 1.0], &[0, 0, 0], None).unwrap(), 2.0);
}

#[test]
fn rows_that_cannot_be_lent_are_read_by_blocks() {
    // More values than one block holds, in rows that do not divide it.
    let d = 3;
    let x: Vec<f32> = (0..d * 400_000).map(|i| (i % 7) as f32).collect();
    let labels: Vec<i32> = (0..400_000).map(|i| i % 2).collect();
    let rows = RowSlice::new(&x, d).unwrap();
    let centroids = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let lent = inertia(&rows, &centroids, &labels, None).unwrap();
    let naive: f64 = x
        .iter()
        .enumerate()
        .map(|(i, &x)| f64::from(x - centroids[labels[i / d] as usize * d + i % d]).powi(2))
        .sum();
    assert_eq!(lent, naive);
    assert_eq!(inertia(&ReadOnly(rows), &centroids, &labels, None).unwrap(), lent);
}

#[test]
fn errors_name_what_is_wrong() {
    let x = [0.0, 1.0, 2.0, f32::NAN];
    let bad = RowSlice::new(&x, 2).unwrap();
    let good = RowSlice::new(&[0.0, 1.0, 2.0, 3.0], 2).unwrap();
    let message = |points: &RowSlice<'_>, centroids: &[f32], labels: &[i32], weights: Option<&[f32]>| {
        inertia(points, centroids, labels, weights).unwrap_err().to_string()
    };
    assert_eq!(
        message(&good, &[0.0; 3], &[0, 0], None),
        "3 centroid values are not rows of 2 columns, which the points have"
    );
    assert_eq!(message(&good, &[0.0; 2], &[0], None), "1 labels for 2 rows");
    assert_eq!(
        message(&good, &[0.0; 2], &[0, 1], None),
        "label 1 (counted from 0) is 1, expected 0 to 1 exclusive"
    );
    assert_eq!(message(&good, &[0.0; 2], &[0, 0], Some(&[1.0])), "1 weights for 2 rows");
    assert_eq!(
        message(&good, &[0.0; 2], &[0, 0], Some(&[1.0, -1.0])),
        "weight 1 (counted from 0) is -1, expected a finite number that is not negative"
    );
    assert_eq!(
        message(&bad, &[0.0; 2], &[0, 0], None),
        "memory: row 1, column 1 (counted from 0) is NaN, expected a finite number"
    );
    let error = inertia(&good, &[0.0, f32::INFINITY], &[0, 0], None).unwrap_err();
    assert!(matches!(error, Error::NonFinite { ref data, row: 0, column: 1, .. } if data == "centroids"));
}

proptest! {
    #[test]
    fn weight_2_equals_a_doubled_row(rows in prop::collection::vec((prop::array::uniform3(-8_i16..8), 0..2_i32), 1..40)) {
        let x: Vec<f32> = rows.iter().flat_map(|(x, _)| x.map(f32::from)).collect();
        let labels: Vec<i32> = rows.iter().map(|(_, label)| *label).collect();
        let (mut doubled_x, mut doubled_labels) = (x.clone(), labels.clone());
        doubled_x.extend_from_slice(&x[..3]);
        doubled_labels.push(labels[0]);
        let mut weights = vec![1.0; labels.len()];
        weights[0] = 2.0;

        let centroids = [0.5, 1.0, -2.0, 3.25, 0.0, -1.0];
        let weighted = inertia(&RowSlice::new(&x, 3).unwrap(), &centroids, &labels, Some(&weights)).unwrap();
        let doubled = inertia(&RowSlice::new(&doubled_x, 3).unwrap(), &centroids, &doubled_labels, None).unwrap();
        prop_assert_eq!(weighted, doubled);
    }
}
