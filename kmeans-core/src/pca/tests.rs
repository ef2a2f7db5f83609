//! Golden numbers, laws and corners of principal components.

use kmeans_data::{Points, RowRange, RowSlice, Rows, open};
use proptest::prelude::*;

use super::{Pca, PcaOptions, PcaRows};
use crate::error::Error;

pub(super) fn data(name: &str) -> Rows {
    let path = format!("{}/../data/{name}.f32.npy", env!("CARGO_MANIFEST_DIR"));
    Rows::copy_of(&open(std::path::Path::new(&path)).unwrap()).unwrap()
}

fn fit(rows: &dyn Points) -> Pca {
    Pca::fit(rows, None, PcaOptions::new()).unwrap()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-300), "{found:?} {expected:?}");
    }
}

/// Golden numbers: `sklearn.decomposition.PCA(svd_solver="full")` of scikit-learn 1.9.1 on the same files in
/// `float64`; rows of `components_` with their largest absolute entry made positive.
mod scikit_learn {
    pub(super) const IRIS_VARIANCE: [f64; 4] =
        [4.228241662180118, 0.24267073212301873, 0.07820950028032903, 0.023835092710302173];
    pub(super) const IRIS_RATIO: [f64; 4] =
        [0.9246187256798036, 0.05306648035336735, 0.017102610083068515, 0.005212183883760417];
    pub(super) const IRIS_MEAN: [f64; 4] =
        [5.843333326975505, 3.0573333358764647, 3.7579999883969624, 1.1993333247800668];
    pub(super) const IRIS_COMPONENTS: [f64; 16] = [
        0.36138658928893347,
        -0.08452251897099772,
        0.8566706080204407,
        0.3582891935612875,
        0.6565887526908841,
        0.7301614553721038,
        -0.17337265168130656,
        -0.07548100805972732,
        -0.5820298571524904,
        0.5979107944515388,
        0.07623606419804634,
        0.5458314664591741,
        0.3154872236794897,
        -0.3197231220196907,
        -0.4798389891603978,
        0.7536574032161545,
    ];
    /// Coordinates 0, 1 and 2 of rows 0 and 100.
    pub(super) const IRIS_ROWS: [[f64; 3]; 2] = [
        [-2.6841256658846158, 0.3193971724150849, -0.027914790385307628],
        [2.5311928139220066, -0.009848982575495454, 0.7601652954687284],
    ];
    pub(super) const WINE_VARIANCE: [f64; 5] =
        [99201.78951750914, 172.53526646900283, 9.43811373393087, 4.99117865136751, 1.2288452320376952];
    pub(super) const WINE_COMPONENT: [f64; 4] =
        [0.0016592647701470233, -0.0006810155613889711, 0.00019490573586407225, -0.0046713005868259235];
    pub(super) const DIGITS_VARIANCE: [f64; 5] =
        [179.006930097972, 163.71774688167778, 141.78843909228382, 101.10037520284816, 69.51316559098746];
    pub(super) const DIGITS_RATIO: [f64; 5] = [
        0.14890593584063835,
        0.1361877123963547,
        0.1179459376397577,
        0.08409979421009202,
        0.05782414664005522,
    ];
    pub(super) const DIGITS_ROWS: [[f64; 3]; 2] = [
        [-1.2594664501016266, -21.274883480738463, 9.463054617605199],
        [22.772324418250594, -4.98671919776934, 10.741354625299957],
    ];
    /// `numpy.linalg.eigh(x.T @ x / len(x))` of NumPy 2.4.6, descending, first two vectors, signs as above.
    pub(super) const IRIS_SECOND_MOMENTS: [f64; 4] =
        [61.38870024630965, 2.1030287731587496, 0.07985362037824324, 0.023683801055471517];
    pub(super) const IRIS_ABOUT_ZERO: [f64; 8] = [
        0.7511081627027698,
        0.3800861731783265,
        0.513008858353397,
        0.16790753446724485,
        -0.28417489871755647,
        -0.5467445039546869,
        0.7086645566491176,
        0.34367080248912646,
    ];
}

/// scikit-learn divides by n − 1.
fn unbiased(pca: &Pca, n: usize) -> Vec<f64> {
    pca.explained_variance().iter().map(|v| v * n as f64 / (n - 1) as f64).collect()
}

fn check_rows(pca: &Pca, rows: &Rows, expected: &[[f64; 3]; 2]) {
    for (row, expected) in [0, 100].into_iter().zip(expected) {
        let mut y = [0.0; 3];
        pca.transform(&rows.values()[row * rows.dim()..][..rows.dim()], 3, &mut y).unwrap();
        assert_close(&y.map(f64::from), expected, 1e-6);
    }
}

#[test]
fn iris_is_as_in_scikit_learn() {
    let rows = data("iris");
    let pca = fit(&rows);
    assert_close(&unbiased(&pca, 150), &scikit_learn::IRIS_VARIANCE, 1e-9);
    assert_close(&pca.explained_variance_ratio(), &scikit_learn::IRIS_RATIO, 1e-9);
    assert_close(pca.mean(), &scikit_learn::IRIS_MEAN, 1e-12);
    assert_close(pca.components(), &scikit_learn::IRIS_COMPONENTS, 1e-9);
    check_rows(&pca, &rows, &scikit_learn::IRIS_ROWS);
}

#[test]
fn wine_and_digits_are_as_in_scikit_learn() {
    let pca = fit(&data("wine"));
    assert_close(&unbiased(&pca, 178)[..5], &scikit_learn::WINE_VARIANCE, 1e-9);
    assert_close(&pca.components()[..4], &scikit_learn::WINE_COMPONENT, 1e-9);
    let digits = data("digits");
    let pca = fit(&digits);
    assert_close(&unbiased(&pca, 1797)[..5], &scikit_learn::DIGITS_VARIANCE, 1e-9);
    assert_close(&pca.explained_variance_ratio()[..5], &scikit_learn::DIGITS_RATIO, 1e-9);
    check_rows(&pca, &digits, &scikit_learn::DIGITS_ROWS);
}

#[test]
fn without_centring_it_is_a_rotation_about_zero() {
    let iris = data("iris");
    let pca = Pca::fit(&iris, None, PcaOptions::new().centre(false)).unwrap();
    assert_eq!(pca.mean(), [0.0; 4]);
    assert_close(pca.explained_variance(), &scikit_learn::IRIS_SECOND_MOMENTS, 1e-9);
    assert_close(&pca.components()[..8], &scikit_learn::IRIS_ABOUT_ZERO, 1e-9);
    let mut y = vec![0.0; 600];
    pca.transform(iris.values(), 4, &mut y).unwrap();
    let inner = |x: &[f32]| x[..4].iter().zip(&x[400..404]).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    assert!((inner(&y) - inner(iris.values())).abs() < 1e-5);
}

#[test]
fn components_are_orthogonal_and_descend() {
    let pca = fit(&data("digits"));
    let d = pca.dim_in();
    for (i, a) in pca.components().chunks(d).enumerate() {
        for (j, b) in pca.components().chunks(d).enumerate() {
            let inner: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-12, "{i} {j} {inner}");
        }
    }
    assert!(pca.explained_variance().is_sorted_by(|a, b| a >= b));
    assert!((pca.explained_variance_ratio().iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn rows_come_back_from_their_coordinates() {
    let wine = data("wine");
    let pca = fit(&wine);
    let (mut y, mut back) = (vec![0.0; 178 * 13], vec![0.0; 178 * 13]);
    pca.transform(wine.values(), 13, &mut y).unwrap();
    pca.inverse_transform(&y, 13, &mut back).unwrap();
    assert!(back.iter().zip(wine.values()).all(|(a, b)| (a - b).abs() < 1e-4));
}

#[test]
fn what_is_cut_off_is_the_variance_of_the_last_components() {
    let wine = data("wine");
    let pca = Pca::fit(&wine, None, PcaOptions::new().components(3)).unwrap();
    assert_eq!((pca.dim_in(), pca.dim_out()), (13, 3));
    let (mut y, mut back) = (vec![0.0; 178 * 2], vec![0.0; 178 * 13]);
    pca.transform(wine.values(), 2, &mut y).unwrap();
    pca.inverse_transform(&y, 2, &mut back).unwrap();
    let lost: f64 =
        back.iter().zip(wine.values()).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / 178.0;
    let rest: f64 = fit(&wine).explained_variance()[2..].iter().sum();
    assert!((lost - rest).abs() < 1e-4 * rest, "{lost} {rest}");
}

#[test]
fn an_offset_changes_nothing_but_the_mean() {
    // Integers, so that the shift is exact.
    let here: Vec<f32> = data("digits").values().to_vec();
    let there: Vec<f32> = here.iter().map(|x| x + 1e6).collect();
    let (a, b) = (fit(&RowSlice::new(&here, 64).unwrap()), fit(&RowSlice::new(&there, 64).unwrap()));
    assert_close(&b.explained_variance()[..50], &a.explained_variance()[..50], 1e-9);
    let far =
        a.components()[..640].iter().zip(b.components()).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
    assert!(far < 1e-9, "{far}");
    let (mut y, mut z) = (vec![0.0; 1797 * 2], vec![0.0; 1797 * 2]);
    a.transform(&here, 2, &mut y).unwrap();
    b.transform(&there, 2, &mut z).unwrap();
    assert!(y.iter().zip(&z).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn rows_through_components_have_the_same_bits_however_they_are_read() {
    let digits = data("digits");
    let pca = fit(&digits);
    let inner = RowRange::new(&digits, 7..1707).unwrap();
    for m in [1, 3, 4, 7, 64] {
        let rows = PcaRows::new(&pca, &inner, m).unwrap();
        let mut all = vec![0.0; 1700 * m];
        pca.transform(&digits.values()[7 * 64..1707 * 64], m, &mut all).unwrap();
        let (mut part, mut picked) = (vec![0.0; 100 * m], vec![0.0; 3 * m]);
        rows.read(13..113, &mut part).unwrap();
        assert_eq!(part, all[13 * m..113 * m]);
        rows.gather(&[1699, 5, 5], &mut picked).unwrap();
        assert_eq!([&picked[..m], &picked[m..2 * m]], [&all[1699 * m..], &all[5 * m..6 * m]]);
        assert_eq!((rows.rows(), rows.dim(), rows.source_row(3)), (1700, m, 10));
        assert!(rows.lend(0..1).is_none() && rows.name() == digits.name());
    }
}

#[test]
fn a_copy_from_json_is_equal_and_a_damaged_one_is_refused() {
    let pca = fit(&data("iris"));
    let text = serde_json::to_string(&pca).unwrap();
    assert_eq!(serde_json::from_str::<Pca>(&text).unwrap(), pca);
    assert!(serde_json::from_str::<Pca>(&text.replacen("[5.8", "[1.0,5.8", 1)).is_err());
}

#[test]
fn what_is_wrong_is_named() {
    let fail = |x: &[f32], d, weights, options| {
        Pca::fit(&RowSlice::new(x, d).unwrap(), weights, options).unwrap_err()
    };
    let plain = PcaOptions::new();
    let nan = fail(&[0.0, 1.0, 2.0, f32::NAN], 2, None, plain);
    assert!(matches!(nan, Error::NonFinite { row: 1, column: 1, .. }));
    assert!(matches!(fail(&[0.0], 1, Some(&[0.0]), plain), Error::NoRows { .. }));
    assert!(matches!(fail(&[], 1, None, plain), Error::NoRows { .. }));
    assert!(matches!(fail(&[0.0], 1, Some(&[]), plain), Error::WeightCount { .. }));
    assert!(matches!(fail(&[0.0], 1, Some(&[-1.0]), plain), Error::BadWeight { .. }));
    assert!(matches!(fail(&[0.0], 1, None, plain.components(2)), Error::Parameter { .. }));
    let pca = fit(&data("iris"));
    assert!(pca.transform(&[0.0; 5], 1, &mut [0.0]).is_err());
    assert!(pca.transform(&[0.0; 4], 1, &mut [0.0; 2]).is_err());
    assert!(pca.transform(&[0.0; 4], 5, &mut [0.0; 5]).is_err());
    let wine = data("wine");
    assert!(matches!(PcaRows::new(&pca, &wine, 2).unwrap_err(), Error::DimensionMismatch { .. }));
}

#[test]
fn one_row_and_equal_rows_have_no_variance() {
    for n in [1, 5] {
        let x = [3.0, -1e6, 0.5].repeat(n);
        let pca = fit(&RowSlice::new(&x, 3).unwrap());
        assert_eq!(pca.explained_variance(), [0.0; 3]);
        assert_eq!(pca.explained_variance_ratio(), [0.0; 3]);
        let mut y = vec![1.0; 3 * n];
        pca.transform(&x, 3, &mut y).unwrap();
        assert_eq!(y, vec![0.0; 3 * n]);
    }
}

proptest! {
    #[test]
    fn a_weight_of_two_is_a_doubled_row(x in prop::collection::vec(-100.0_f32..100.0, 6..60)) {
        let n = x.len() / 3;
        let x = &x[..3 * n];
        let weights: Vec<f32> = (0..n).map(|i| (i % 3) as f32 + 1.0).collect();
        let repeated: Vec<f32> =
            x.chunks(3).enumerate().flat_map(|(i, row)| row.repeat(i % 3 + 1)).collect();
        let weighted = Pca::fit(&RowSlice::new(x, 3).unwrap(), Some(&weights), PcaOptions::new()).unwrap();
        let repeated = fit(&RowSlice::new(&repeated, 3).unwrap());
        let scale = repeated.explained_variance()[0];
        for (a, b) in weighted.explained_variance().iter().zip(repeated.explained_variance()) {
            prop_assert!((a - b).abs() <= 1e-12 * scale);
        }
        for (a, b) in weighted.mean().iter().zip(repeated.mean()) {
            prop_assert!((a - b).abs() <= 1e-12 * 100.0);
        }
    }
}
