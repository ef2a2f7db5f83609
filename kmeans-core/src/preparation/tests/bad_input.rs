//! What cannot be prepared, and what it says.

use kmeans_data::{DataError, Points, RowRange};

use super::{data, pca, rows};
use crate::error::Error;
use crate::pca::PcaSolver;
use crate::preparation::{Impute, Outliers, Preparation, Step};

fn refused(x: &[f32], d: usize, steps: &[Step]) -> Error {
    Preparation::fit(&rows(x, d), None, steps).unwrap_err()
}

#[test]
fn steps_out_of_range_are_refused_by_name() {
    let x = [1.0, 2.0, 3.0, 4.0];
    let distance = |z, centroids| Step::DropOutliers(Outliers::Distance { z, centroids });
    for (steps, words) in [
        (vec![], "steps is none"),
        (vec![Step::DropOutliers(Outliers::ZScore(0.0))], "drop_outliers is 0"),
        (vec![Step::DropOutliers(Outliers::ZScore(f64::NAN))], "drop_outliers is NaN"),
        (vec![Step::DropOutliers(Outliers::Iqr(-1.0))], "drop_outliers is -1"),
        (vec![distance(f64::INFINITY, None)], "drop_outliers is inf"),
        (vec![distance(1.0, Some(rows(&[1.0], 1)))], "far from has 1 columns, the rows 2"),
        (vec![distance(1.0, Some(rows(&[], 2)))], "far from: no row"),
        (vec![distance(1.0, Some(rows(&[1.0, f32::NAN], 2)))], "far from: row 0, column 1"),
        (vec![pca(0, false)], "components is 0"),
        (vec![pca(3, false)], "components is 3"),
        (vec![pca(1, false), pca(2, false)], "components is 2"),
        (vec![Step::Impute(Impute::Constant(f32::NAN))], "impute is NaN"),
        (vec![Step::Standardize, Step::Impute(Impute::Mean)], "impute is step 2, expected the first"),
    ] {
        let error = refused(&x, 2, &steps).to_string();
        assert!(error.contains(words), "{steps:?}: {error}");
    }
}

#[test]
fn missing_values_without_a_step_that_fills_them_are_named() {
    let x = [1.0, 2.0, 3.0, f32::NAN, 5.0, 6.0];
    for step in [Step::Standardize, Step::MinMax, pca(1, true), Step::DropOutliers(Outliers::Iqr(1.5))] {
        let error = refused(&x, 2, &[step]);
        assert!(matches!(error, Error::NonFinite { row: 1, column: 1, .. }), "{error:?}");
    }
    // Of a source of which these are some rows, the row is that of the source; and the column is that of the source
    // where another step mixes them.
    let wine = data("wine");
    let preparation = Preparation::fit(&wine, None, &[pca(2, false)]).unwrap();
    let mut values = wine.values().to_vec();
    values[13 * 40 + 7] = f32::NAN;
    let gaps = rows(&values, 13);
    let some = RowRange::new(&gaps, 30..60).unwrap();
    let error = preparation.rows(&some).unwrap().read(0..30, &mut [0.0; 60]).unwrap_err();
    assert!(matches!(error, DataError::NonFinite { row: 40, column: 7, .. }), "{error:?}");
    let error = preparation.transform(&values[13 * 39..13 * 42], &mut [0.0; 6]).unwrap_err();
    assert!(matches!(error, Error::NonFinite { row: 1, column: 7, .. }), "{error:?}");
    let rule = Preparation::fit(&wine, None, &[Step::DropOutliers(Outliers::ZScore(3.0))]).unwrap();
    assert!(matches!(rule.outliers(&gaps).unwrap_err(), Error::NonFinite { row: 40, column: 7, .. }));
}

#[test]
fn infinity_is_not_a_missing_value() {
    let x = [1.0, f32::NAN, 3.0, f32::NEG_INFINITY];
    for by in [Impute::Mean, Impute::Median, Impute::Constant(0.0)] {
        let error = refused(&x, 2, &[Step::Impute(by)]);
        assert!(matches!(error, Error::NonFinite { row: 1, column: 1, .. }), "{error:?}");
    }
    let preparation =
        Preparation::fit(&rows(&x[..2], 2), None, &[Step::Impute(Impute::Constant(0.0))]).unwrap();
    assert!(matches!(
        preparation.transform(&x, &mut [0.0; 4]),
        Err(Error::NonFinite { row: 1, column: 1, .. })
    ));
}

#[test]
fn a_column_without_values_is_named_unless_a_number_fills_it() {
    let x = [1.0, f32::NAN, 3.0, f32::NAN];
    for by in [Impute::Mean, Impute::Median] {
        let error = refused(&x, 2, &[Step::Impute(by)]);
        assert!(matches!(error, Error::NothingToImputeBy { column: 1, .. }), "{error:?}");
    }
    assert!(
        Preparation::fit(&rows(&x, 2), None, &[Step::Impute(Impute::Constant(2.0)), Step::Standardize])
            .is_ok()
    );
}

#[test]
fn no_rows_and_none_left_are_errors() {
    assert!(matches!(refused(&[], 2, &[Step::Standardize]), Error::NoRows { .. }));
    let error = refused(&[0.0, 1.0, 2.0, 3.0], 1, &[Step::DropOutliers(Outliers::ZScore(0.1))]);
    assert_eq!(error.to_string(), "memory: all 4 rows are outliers by zscore:0.1, expected some to be left");
}

#[test]
fn values_that_a_step_makes_too_large_are_named() {
    let preparation = Preparation::fit(&rows(&[0.0, 0.0, 1e-30, 1.0], 2), None, &[Step::MinMax]).unwrap();
    let error = preparation.transform(&[0.0, 0.0, 1e30, 0.0], &mut [0.0; 4]).unwrap_err();
    assert!(matches!(error, Error::NonFinite { row: 1, column: 0, .. }), "{error:?}");
}

#[test]
fn other_columns_and_lengths_are_refused() {
    let preparation = Preparation::fit(&data("iris"), None, &[pca(2, false)]).unwrap();
    let error = preparation.rows(&data("wine")).map(drop).unwrap_err().to_string();
    assert!(error.ends_with("has 13 columns, the preparation 4"), "{error}");
    assert!(preparation.outliers(&data("wine")).is_err());
    assert!(preparation.transform(&[0.0; 5], &mut [0.0; 2]).is_err());
    assert!(preparation.transform(&[0.0; 4], &mut [0.0; 3]).is_err());
    assert!(preparation.transform(&[], &mut [0.0; 2]).is_err());
    let iris = data("iris");
    let rows = preparation.rows(&iris).unwrap();
    assert!(rows.read(149..151, &mut [0.0; 4]).is_err());
    assert!(rows.gather(&[0], &mut [0.0; 3]).is_err() && rows.gather(&[150], &mut [0.0; 2]).is_err());
}

#[test]
fn the_exact_solver_refuses_more_columns_than_it_has_room_for() {
    let x: Vec<f32> = (0..3 * 16_400).map(|i| (i % 7) as f32).collect();
    let error = refused(&x, 16_400, &[pca(1, false)]).to_string();
    assert!(error.contains("d is 16400") && error.contains("randomized"), "{error}");
    let randomized = Step::Pca { components: 1, whiten: true, solver: PcaSolver::Randomized { seed: 1 } };
    assert_eq!(Preparation::fit(&rows(&x, 16_400), None, &[randomized]).unwrap().dim_out(), 1);
}
