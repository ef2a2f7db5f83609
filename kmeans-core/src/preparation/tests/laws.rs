//! What holds for any rows.

use kmeans_data::{Points, RowRange};
use proptest::prelude::*;

use super::{data, fitted, pca, prepared, rows};
use crate::pca::PcaSolver;
use crate::preparation::pass::Pass;
use crate::preparation::quantiles::quantiles;
use crate::preparation::{Impute, Outliers, Preparation, Step};

/// One step of each kind for rows of at least two columns.
fn all_steps() -> Vec<Step> {
    vec![
        Step::Impute(Impute::Median),
        Step::DropOutliers(Outliers::Iqr(4.0)),
        Step::Standardize,
        Step::DropOutliers(Outliers::Distance { z: 3.0, centroids: None }),
        Step::MinMax,
        pca(2, true),
        Step::Normalize,
    ]
}

/// Mean and standard deviation of a column.
fn moments(x: &[f32], d: usize, column: usize) -> (f64, f64) {
    let values: Vec<f64> = x.chunks_exact(d).map(|row| f64::from(row[column])).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[test]
fn rows_have_the_same_bits_however_they_are_read() {
    let wine = data("wine");
    let preparation = Preparation::fit(&wine, None, &all_steps()).unwrap();
    let all = prepared(&preparation, &wine);
    let inner = RowRange::new(&wine, 5..170).unwrap();
    let rows = preparation.rows(&inner).unwrap();
    assert_eq!((rows.rows(), rows.dim(), rows.source_row(3)), (165, 2, 8));
    assert!(rows.lend(0..1).is_none() && rows.name() == wine.name());
    for row in 0..165 {
        let mut one = [0.0; 2];
        rows.read(row..row + 1, &mut one).unwrap();
        assert_eq!(one, all[(row + 5) * 2..][..2]);
        preparation.transform(&wine.values()[(row + 5) * 13..][..13], &mut one).unwrap();
        assert_eq!(one, all[(row + 5) * 2..][..2]);
    }
    let mut picked = [0.0; 6];
    rows.gather(&[164, 0, 0], &mut picked).unwrap();
    assert_eq!(picked, [&all[338..340], &all[10..12], &all[10..12]].concat()[..]);
}

#[test]
fn steps_at_once_are_steps_one_after_the_other() {
    let wine = data("wine");
    let at_once = fitted(&wine, &[Step::Standardize, pca(4, false), Step::MinMax]);
    let first = rows(&fitted(&wine, &[Step::Standardize]), 13);
    let second = rows(&fitted(&first, &[pca(4, false)]), 4);
    assert_eq!(at_once, fitted(&second, &[Step::MinMax]));
}

#[test]
fn later_steps_do_not_see_the_outliers_of_earlier_ones() {
    let wine = data("wine");
    let rule = Step::DropOutliers(Outliers::ZScore(2.5));
    for then in [Step::Standardize, Step::MinMax, pca(3, true), Step::DropOutliers(Outliers::Iqr(1.0))] {
        let whole = Preparation::fit(&wine, None, &[rule.clone(), then.clone()]).unwrap();
        let gone =
            Preparation::fit(&wine, None, std::slice::from_ref(&rule)).unwrap().outliers(&wine).unwrap();
        assert!(!gone.is_empty());
        let kept: Vec<f32> = (0..178)
            .filter(|row| !gone.contains(row))
            .flat_map(|row| wine.values()[row * 13..][..13].to_vec())
            .collect();
        let alone = Preparation::fit(&rows(&kept, 13), None, &[then]).unwrap();
        for (a, b) in prepared(&whole, &wine).iter().zip(prepared(&alone, &wine)) {
            assert!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{a} {b}");
        }
    }
}

#[test]
fn an_exact_offset_changes_nothing() {
    // Integers, so that the shift is exact.
    let here = data("digits");
    let there = rows(&here.values().iter().map(|x| x + 1e6).collect::<Vec<_>>(), 64);
    // A mean near 10^6 is a `f64`, whose last digit is 10^-10.
    let scaled = [&here, &there].map(|x| fitted(x, &[Step::Standardize]));
    assert!(scaled[0].iter().zip(&scaled[1]).all(|(a, b)| (a - b).abs() < 1e-6));
    assert_eq!(fitted(&here, &[Step::MinMax]), fitted(&there, &[Step::MinMax]));
    for rule in [Outliers::ZScore(3.0), Outliers::Iqr(1.5), Outliers::Distance { z: 2.0, centroids: None }] {
        let steps = [Step::DropOutliers(rule)];
        let [a, b] = [&here, &there].map(|x| Preparation::fit(x, None, &steps).unwrap().outliers(x).unwrap());
        assert_eq!(a, b);
    }
}

#[test]
fn a_first_row_far_out_costs_the_others_no_digits() {
    let digits = data("digits");
    let mut x = vec![1e15; 64];
    x.extend_from_slice(digits.values());
    let far = rows(&x, 64);
    let steps = [Step::DropOutliers(Outliers::ZScore(10.0)), Step::Standardize, pca(2, true)];
    let preparation = Preparation::fit(&far, None, &steps).unwrap();
    assert_eq!(preparation.outliers(&far).unwrap(), [0]);
    let (found, alone) = (prepared(&preparation, &digits), fitted(&digits, &steps[1..]));
    assert!(found.iter().zip(&alone).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn whitened_coordinates_have_deviation_one_and_no_noise_is_blown_up() {
    // Two columns of rank one: the second component is rounding.
    let x: Vec<f32> = (0..50).flat_map(|i| [i as f32 * 0.1, i as f32 * 0.3]).collect();
    for solver in [PcaSolver::Exact, PcaSolver::Randomized { seed: 3 }] {
        let table = rows(&x, 2);
        let y = fitted(&table, &[Step::Pca { components: 2, whiten: true, solver }]);
        let deviation = moments(&y, 2, 0).1 * (50.0_f64 / 49.0).sqrt();
        assert!((deviation - 1.0).abs() < 1e-6, "{deviation}");
        assert!(y.chunks(2).all(|row| row[1].abs() < 1e-5));
    }
}

#[test]
fn distances_are_measured_to_the_nearest_centroid_and_limits_are_its_own() {
    // A tight cluster at 0, a loose one at 100, and a row that is far out for the first alone.
    let x = [0.0_f32, 0.1, -0.1, 0.2, -0.2, 0.1, -0.1, 0.0, 0.1, 5.0, 100.0, 90.0, 110.0, 95.0, 105.0];
    let rule = Outliers::Distance { z: 2.0, centroids: Some(rows(&[0.0, 100.0, 1e6], 1)) };
    let table = rows(&x, 1);
    let preparation = Preparation::fit(&table, None, &[Step::DropOutliers(rule)]).unwrap();
    assert_eq!(preparation.outliers(&table).unwrap(), [9]);
    // The third centroid is nearest to no row, and so has no limit.
    assert_eq!(preparation.outliers(&rows(&[106.0, 300.0, 9e5], 1)).unwrap(), [1]);
}

#[test]
fn zero_rows_stay_zero_and_columns_that_do_not_vary_are_divided_by_one() {
    let table = rows(&[0.0, 0.0, 7.0, 3.0, 4.0, 7.0], 3);
    assert_eq!(fitted(&table, &[Step::Standardize]), [-1.0, -1.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!(fitted(&table, &[Step::MinMax]), [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    let preparation = Preparation::fit(&table, None, &[Step::MinMax]).unwrap();
    assert_eq!(prepared(&preparation, &rows(&[6.0, 4.0, 9.0], 3)), [2.0, 1.0, 2.0]);
    assert_eq!(fitted(&rows(&[0.0, 0.0, 3.0, 4.0], 2), &[Step::Normalize]), [0.0, 0.0, 0.6, 0.8]);
    // Squares of these leave the range of `f32`.
    let (huge, tiny) = (2.0_f32.powi(100), 2.0_f32.powi(-100));
    let far = [3.0 * huge, -4.0 * huge, 3.0 * tiny, 4.0 * tiny];
    assert_eq!(fitted(&rows(&far, 2), &[Step::Normalize]), [0.6, -0.8, 0.6, 0.8]);
}

#[test]
fn one_row_is_enough() {
    let table = rows(&[3.0, -5.0], 2);
    assert_eq!(fitted(&table, &[Step::Standardize, pca(2, true)]), [0.0, 0.0]);
    let rule = Outliers::Distance { z: 1.0, centroids: None };
    let preparation = Preparation::fit(&table, None, &[Step::DropOutliers(rule)]).unwrap();
    assert_eq!(preparation.outliers(&table).unwrap(), [0_usize; 0]);
    assert!(preparation.transform(&[], &mut []).is_ok());
}

proptest! {
    #[test]
    fn standardized_rows_have_mean_zero_and_deviation_one(
        x in prop::collection::vec(-100.0_f32..100.0, 6..90), shift in -1e4_f32..1e4,
    ) {
        let x: Vec<f32> = x[..x.len() / 3 * 3].iter().map(|x| x + shift).collect();
        let table = rows(&x, 3);
        let preparation = Preparation::fit(&table, None, &[Step::Standardize]).unwrap();
        let y = prepared(&preparation, &table);
        for column in 0..3 {
            let (mean, sd) = moments(&y, 3, column);
            let varies = x.chunks(3).any(|row| row[column] != x[column]);
            prop_assert!(mean.abs() < 1e-6, "{mean}");
            prop_assert!((sd - f64::from(u8::from(varies))).abs() < 1e-6, "{sd}");
        }
    }

    #[test]
    fn quantiles_are_those_of_sorted_values(
        x in prop::collection::vec(prop_oneof![any::<f32>().prop_filter("finite", |x| x.is_finite()), -3.0_f32..3.0], 1..60),
        q in 0.0_f64..=1.0,
    ) {
        let found = quantiles(&Pass::new(&rows(&x, 1), None, &[]), &[q]).unwrap();
        let mut sorted: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        sorted.sort_by(f64::total_cmp);
        let place = (x.len() - 1) as f64 * q;
        let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
        let expected = low + (high - low) * place.fract();
        let found = found[0].as_ref().unwrap()[0];
        prop_assert!((found - expected).abs() <= 1e-15 * low.abs().max(high.abs()), "{found} {expected}");
        prop_assert!((low..=high).contains(&found));
    }
}
