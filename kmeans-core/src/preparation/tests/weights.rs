//! What a row counts: weights as repetitions, and rows that do not count.

use kmeans_data::{Points, Rows};
use proptest::prelude::*;

use super::{data, pca, prepared, rows};
use crate::error::Error;
use crate::pca::PcaSolver;
use crate::preparation::pass::Pass;
use crate::preparation::quantiles::quantiles;
use crate::preparation::{Impute, Outliers, Preparation, Step};

/// Every kind of step by itself, and one after the other.
fn pipelines(d: usize) -> Vec<Vec<Step>> {
    let randomized = PcaSolver::Randomized { seed: 5 };
    let centroids = Some(rows(&[vec![1.0; d], vec![6.0; d]].concat(), d));
    let distance = |centroids| Step::DropOutliers(Outliers::Distance { z: 2.0, centroids });
    vec![
        vec![Step::Impute(Impute::Mean)],
        vec![Step::Impute(Impute::Median)],
        vec![Step::Standardize],
        vec![Step::MinMax],
        vec![pca(2, false)],
        vec![pca(2, true)],
        vec![Step::Pca { components: 2, whiten: true, solver: randomized }],
        vec![Step::DropOutliers(Outliers::ZScore(2.0))],
        vec![Step::DropOutliers(Outliers::Iqr(1.5))],
        vec![distance(None), Step::MinMax],
        vec![distance(centroids), Step::Standardize],
        vec![Step::DropOutliers(Outliers::Iqr(1.5)), Step::Standardize, pca(2, true), Step::MinMax],
    ]
}

fn iris_with_gaps() -> Rows {
    let iris = data("iris");
    let gap = |(i, &x): (usize, &f32)| if i % 11 == 3 { f32::NAN } else { x };
    rows(&iris.values().iter().enumerate().map(gap).collect::<Vec<_>>(), 4)
}

fn table_for(steps: &[Step]) -> Rows {
    if matches!(steps[0], Step::Impute(_)) { iris_with_gaps() } else { data("iris") }
}

/// Whole weights, 0 among them, and odd ones.
fn whole_weights(n: usize) -> Vec<f32> {
    (0..n).map(|row| (row * 7 % 5) as f32).collect()
}

/// Each row as often as its weight says.
fn repeat(table: &Rows, weights: &[f32]) -> Rows {
    let d = table.dim();
    let of_row = |(x, &w): (&[f32], &f32)| x.repeat(w as usize);
    rows(&table.values().chunks(d).zip(weights).flat_map(of_row).collect::<Vec<_>>(), d)
}

fn fit(table: &Rows, weights: Option<&[f32]>, steps: &[Step]) -> Preparation {
    Preparation::fit(table, weights, steps).unwrap()
}

/// All numbers of a preparation but the counts of rows, in the order of its file.
fn numbers(preparation: &Preparation) -> Vec<f64> {
    fn collect(value: &serde_json::Value, into: &mut Vec<f64>) {
        match value {
            serde_json::Value::Number(number) => into.extend(number.as_f64()),
            serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            serde_json::Value::Object(fields) => {
                let counts = ["outliers", "missing", "constant"];
                let rest = fields.iter().filter(|(name, _)| !counts.contains(&name.as_str()));
                rest.for_each(|(_, value)| collect(value, into));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::to_value(preparation).unwrap(), &mut found);
    found
}

/// Equal up to the rounding of sums; after a step that has rounded to `f32`, up to that.
fn assert_same(steps: &[Step], a: &Preparation, b: &Preparation) {
    let tolerance = if steps.len() < 3 { 1e-12 } else { 1e-6 };
    let (a, b) = (numbers(a), numbers(b));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{steps:?}: {a} {b}");
    }
}

#[test]
fn whole_weights_are_repeated_rows() {
    for steps in pipelines(4) {
        let table = table_for(&steps);
        let weights = whole_weights(150);
        let weighted = fit(&table, Some(&weights), &steps);
        let doubled = fit(&repeat(&table, &weights), None, &steps);
        assert_same(&steps, &weighted, &doubled);
        let all = weighted.outliers(&data("iris")).unwrap();
        assert_eq!(all, doubled.outliers(&data("iris")).unwrap(), "{steps:?}");
    }
}

#[test]
fn a_row_of_weight_zero_is_as_if_it_were_not_there() {
    for steps in pipelines(4) {
        let table = table_for(&steps);
        let weights: Vec<f32> = (0..150).map(|row| [0.0, 1.5, 0.3][row % 3]).collect();
        let there: Vec<f32> = weights.iter().map(|&w| f32::from(u8::from(w > 0.0))).collect();
        let positive: Vec<f32> = weights.iter().copied().filter(|&w| w > 0.0).collect();
        let weighted = fit(&table, Some(&weights), &steps);
        let alone = fit(&repeat(&table, &there), Some(&positive), &steps);
        assert_same(&steps, &weighted, &alone);
        assert_eq!(
            serde_json::to_value(weighted.steps()).unwrap()[0].get("outliers"),
            serde_json::to_value(alone.steps()).unwrap()[0].get("outliers")
        );
    }
}

#[test]
fn a_power_of_two_as_a_factor_changes_no_bit() {
    for steps in pipelines(4) {
        let table = table_for(&steps);
        let weights: Vec<f32> = (0..150).map(|row| [2.0, 0.0, 0.7, 3.0, 1e-3][row % 5]).collect();
        let once = fit(&table, Some(&weights), &steps);
        for factor in [0.5, 2.0, 2.0_f32.powi(-100), 2.0_f32.powi(60), 2.0_f32.powi(-9)] {
            let scaled: Vec<f32> = weights.iter().map(|w| w * factor).collect();
            assert_eq!(fit(&table, Some(&scaled), &steps), once, "{steps:?} {factor}");
        }
    }
}

#[test]
fn equal_weights_of_a_power_of_two_are_none() {
    for steps in pipelines(4) {
        let table = table_for(&steps);
        for weight in [1.0, 0.25] {
            assert_eq!(fit(&table, Some(&[weight; 150]), &steps), fit(&table, None, &steps), "{steps:?}");
        }
    }
}

#[test]
fn outliers_of_an_earlier_step_do_not_count_later() {
    let mut values = data("iris").values().to_vec();
    values[..4].fill(1e4);
    let table = rows(&values, 4);
    let mut weights = whole_weights(150);
    weights[0] = 1.0;
    let rule = Step::DropOutliers(Outliers::ZScore(6.0));
    for then in [Step::Standardize, Step::MinMax, pca(2, true), Step::DropOutliers(Outliers::Iqr(1.5))] {
        let both = fit(&table, Some(&weights), &[rule.clone(), then.clone()]);
        assert_eq!(both.outliers(&table).unwrap()[0], 0);
        let mut without = weights.clone();
        without[0] = 0.0;
        let alone = fit(&table, Some(&without), &[then]);
        let rows = data("iris");
        assert!(
            prepared(&both, &rows).iter().zip(prepared(&alone, &rows)).all(|(a, b)| (a - b).abs() < 1e-6)
        );
    }
}

#[test]
fn the_values_of_a_row_without_weight_are_looked_at_all_the_same() {
    let table = rows(&[1.0, 2.0, f32::NAN], 1);
    let refused =
        |weights: &[f32], steps: &[Step]| Preparation::fit(&table, Some(weights), steps).unwrap_err();
    let error = refused(&[1.0, 1.0, 0.0], &[Step::Standardize]);
    assert!(matches!(error, Error::NonFinite { row: 2, .. }), "{error:?}");
    let filled = fit(&table, Some(&[1.0, 1.0, 0.0]), &[Step::Impute(Impute::Mean)]);
    assert_eq!(serde_json::to_value(filled.steps()).unwrap()[0]["missing"], 0);
    let error = refused(&[0.0, 0.0, 1.0], &[Step::Impute(Impute::Mean)]);
    assert!(matches!(error, Error::NothingToImputeBy { column: 0, .. }), "{error:?}");
}

#[test]
fn weights_that_are_none_are_refused() {
    let table = rows(&[1.0, 2.0, 3.0], 1);
    let refused = |weights: &[f32]| Preparation::fit(&table, Some(weights), &[Step::Normalize]).unwrap_err();
    assert!(matches!(refused(&[1.0, 1.0]), Error::WeightCount { expected: 3, found: 2 }));
    assert!(matches!(refused(&[1.0, -1.0, 1.0]), Error::BadWeight { row: 1, .. }));
    assert!(matches!(refused(&[1.0, 1.0, f32::NAN]), Error::BadWeight { row: 2, .. }));
    assert!(matches!(refused(&[0.0; 3]), Error::NoRows { .. }));
}

#[test]
fn quartiles_of_fine_weights_are_the_inverse_of_the_cumulative_distribution() {
    let table = rows(&[4.0, 1.0, 3.0, 2.0], 1);
    let of = |weights: &[f32]| {
        let found = quantiles(&Pass::new(&table, Some(weights), &[]), &[0.25, 0.5, 0.75]).unwrap();
        found[0].clone().unwrap()
    };
    // Shares 0.1, 0.4, 0.3 and 0.2 of 1, 2, 3 and 4, none of them whole.
    let found = of(&[0.2, 0.1, 0.3, 0.4]);
    assert!((found[0] - 2.0).abs() < 1e-6 && (found[2] - 3.0).abs() < 1e-6, "{found:?}");
    // The middle lies between two values.
    assert_eq!(of(&[0.125, 0.25, 0.375, 0.25])[1], 2.5);
    assert_eq!(of(&[0.3, 0.3, 0.3, 0.3]), [1.75, 2.5, 3.25]);
    // Weights of all sizes; one row outweighs the others.
    assert_eq!(of(&[1e30, 1e-30, 1.0, 1e-45]), [4.0; 3]);
}

proptest! {
    #[test]
    fn quantiles_of_whole_weights_are_those_of_sorted_repeated_values(
        x in prop::collection::vec((prop_oneof![-3_i8..3, any::<i8>()], 0_u8..5), 1..40), q in 0.0_f64..=1.0,
    ) {
        let weights: Vec<f32> = x.iter().map(|&(_, w)| w.into()).collect();
        prop_assume!(weights.iter().any(|w| w % 2.0 == 1.0));
        let table = rows(&x.iter().map(|&(x, _)| f32::from(x)).collect::<Vec<_>>(), 1);
        let repeated = repeat(&table, &weights);
        let weighted = quantiles(&Pass::new(&table, Some(&weights), &[]), &[q, 0.5]).unwrap();
        let plain = quantiles(&Pass::new(&repeated, None, &[]), &[q, 0.5]).unwrap();
        prop_assert_eq!(weighted, plain);
        // The middle is the same even where all weights are even.
        let even: Vec<f32> = weights.iter().map(|w| w * 6.0).collect();
        let weighted = quantiles(&Pass::new(&table, Some(&even), &[]), &[0.5]).unwrap();
        let plain = quantiles(&Pass::new(&repeat(&table, &even), None, &[]), &[0.5]).unwrap();
        prop_assert_eq!(weighted, plain);
    }
}
