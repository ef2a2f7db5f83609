//! The numbers of scikit-learn and NumPy.

use kmeans_data::{Points, Rows};

use super::golden_numbers::{GOLDEN, Golden};
use super::{data, fitted, pca, rows};
use crate::preparation::pass::Pass;
use crate::preparation::quantiles::quantiles;
use crate::preparation::{Impute, Outliers, Preparation, Step};

/// Every seventh value missing, from the fourth on.
fn with_gaps(table: &Rows) -> Rows {
    let gap = |(i, &x): (usize, &f32)| if i % 7 == 3 { f32::NAN } else { x };
    rows(&table.values().iter().enumerate().map(gap).collect::<Vec<_>>(), table.dim())
}

fn columns(d: usize) -> [usize; 4] {
    [0, 1, 2, d - 1]
}

/// The values of rows 0, n/2 and n − 1 in some columns.
fn places(x: &[f32], d: usize, columns: &[usize]) -> Vec<f64> {
    let n = x.len() / d;
    let row = |row: usize| columns.iter().map(move |column| f64::from(x[row * d + column]));
    [0, n / 2, n - 1].into_iter().flat_map(row).collect()
}

fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 2e-7 * b.abs() + 2e-8, "{what}: {found:?} {expected:?}");
    }
}

#[test]
fn scalers_and_normalisation_are_as_in_scikit_learn() {
    for Golden { name, standard, min_max, normal, .. } in GOLDEN {
        let table = data(name);
        for (step, expected) in
            [(Step::Standardize, standard), (Step::MinMax, min_max), (Step::Normalize, normal)]
        {
            let what = format!("{name} {step:?}");
            let found = fitted(&table, &[step]);
            assert_close(&what, &places(&found, table.dim(), &columns(table.dim())), &expected);
        }
    }
}

#[test]
fn whitened_components_are_as_in_scikit_learn() {
    for Golden { name, white, standard_white, .. } in GOLDEN {
        let table = data(name);
        let found = fitted(&table, &[pca(3, true)]);
        assert_close(name, &places(&found, 3, &[0, 1, 2]), &white);
        let found = fitted(&table, &[Step::Standardize, pca(2, true)]);
        // Values are `f32` between the steps.
        for (a, b) in places(&found, 2, &[0, 1]).iter().zip(standard_white) {
            assert!((a - b).abs() < 2e-6, "{name}: {a} {b}");
        }
    }
}

#[test]
fn missing_values_are_filled_as_in_scikit_learn() {
    for Golden { name, fills, .. } in GOLDEN {
        let table = with_gaps(&data(name));
        let d = table.dim();
        let missing = table.values().iter().filter(|x| x.is_nan()).count() as u64;
        for (by, expected) in [Impute::Mean, Impute::Median].into_iter().zip(fills) {
            let preparation = Preparation::fit(&table, None, &[Step::Impute(by)]).unwrap();
            let mut filled = vec![0.0; d];
            preparation.transform(&vec![f32::NAN; d], &mut filled).unwrap();
            let found: Vec<f64> = columns(d).iter().map(|&column| f64::from(filled[column])).collect();
            assert_close(name, &found, &expected);
            let summary = serde_json::to_value(preparation.steps()).unwrap();
            assert_eq!((&summary[0]["step"], &summary[0]["missing"]), (&"impute".into(), &missing.into()));
        }
        let constant = fitted(&table, &[Step::Impute(Impute::Constant(-7.5))]);
        for (filled, x) in constant.iter().zip(table.values()) {
            assert_eq!(*filled, if x.is_nan() { -7.5 } else { *x });
        }
    }
}

#[test]
fn quartiles_are_as_in_numpy() {
    for Golden { name, quartiles, .. } in GOLDEN {
        let table = data(name);
        let found = quantiles(&Pass::new(&table, None, &[]), &[0.25, 0.5, 0.75]).unwrap();
        for (q, expected) in quartiles.iter().enumerate() {
            let found: Vec<f64> =
                columns(table.dim()).iter().map(|&column| found[column].as_ref().unwrap()[q]).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}

#[test]
fn outliers_are_those_of_numpy() {
    for Golden { name, outliers, .. } in GOLDEN {
        let table = data(name);
        let distance = Outliers::Distance { z: 2.0, centroids: None };
        for (rule, expected) in
            [Outliers::ZScore(3.0), Outliers::Iqr(1.5), distance].into_iter().zip(outliers)
        {
            let what = format!("{name} {rule:?}");
            let preparation = Preparation::fit(&table, None, &[Step::DropOutliers(rule)]).unwrap();
            let found = preparation.outliers(&table).unwrap();
            assert!(found.is_sorted_by(|a, b| a < b), "{what}");
            assert_eq!((found.iter().sum(), found.len()), expected, "{what}");
            let summary = serde_json::to_value(preparation.steps()).unwrap();
            assert_eq!(summary[0]["outliers"], expected.1, "{what}");
        }
    }
}
