//! Centroid rules: a training of one cluster returns the centre of all rows.

use super::super::{CentroidRule, KullbackLeibler, L1, LInf, Merges, TensorMetric};
use super::{B, Cosine, fit_weighted, from_centroids, values};

/// The centre of all rows, which starts at the first of them.
fn centre(metric: &dyn TensorMetric<B>, x: &[f32], d: usize, weights: Option<&[f32]>) -> Vec<f32> {
    let params = from_centroids(1, &x[..d]);
    fit_weighted(metric, x, d, weights, &params).unwrap().model.centroids().to_vec()
}

fn column(x: &[f32], d: usize, j: usize) -> impl Iterator<Item = f64> + Clone {
    x.iter().skip(j).step_by(d).map(|&x| f64::from(x))
}

#[test]
fn one_cluster_of_l1_is_at_the_lower_median() {
    for (n, d) in [(1, 3), (10, 1), (11, 4), (200, 3)] {
        let x = values(n, d, 5);
        let weights: Vec<f32> = (0..n).map(|i| (i % 4) as f32 + 0.25).collect();
        for w in [None, Some(&weights[..])] {
            let weight = |i: usize| w.map_or(1.0, |w| f64::from(w[i]));
            for (j, found) in centre(&L1, &x, d, w).into_iter().enumerate() {
                let cost = |at: f64| -> f64 {
                    column(&x, d, j).enumerate().map(|(i, x)| weight(i) * (x - at).abs()).sum()
                };
                let least = column(&x, d, j).map(cost).fold(f64::INFINITY, f64::min);
                let lowest = column(&x, d, j).filter(|&at| cost(at) == least).fold(f64::INFINITY, f64::min);
                assert_eq!(f64::from(found), lowest, "{n}×{d}, column {j}, weights {}", w.is_some());
            }
        }
    }
}

#[test]
fn one_cluster_of_linf_is_at_the_midrange_of_rows_of_positive_weight() {
    let mut x = values(40, 3, 6);
    x[21] = -900.0;
    let weights: Vec<f32> = (0..40).map(|i| if i == 7 { 0.0 } else { 0.5 }).collect();
    let found = centre(&LInf, &x, 3, Some(&weights));
    x.drain(21..24);
    for (j, found) in found.into_iter().enumerate() {
        let (min, max) = (column(&x, 3, j).fold(f64::MAX, f64::min), column(&x, 3, j).fold(0.0, f64::max));
        assert_eq!(f64::from(found), (min + max) / 2.0);
    }
}

#[test]
fn one_cluster_of_kl_is_at_the_weighted_mean() {
    let x = values(40, 3, 7);
    let weights: Vec<f32> = (0..40).map(|i| (i % 3) as f32).collect();
    let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
    for (j, found) in centre(&KullbackLeibler, &x, 3, Some(&weights)).into_iter().enumerate() {
        let weighted = column(&x, 3, j).zip(&weights).map(|(x, &w)| x * f64::from(w));
        assert_eq!(found, (weighted.sum::<f64>() / total) as f32);
    }
}

#[test]
fn a_normalized_mean_has_length_one_and_a_zero_mean_moves_nothing() {
    let found = centre(&Cosine, &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0], 2, None);
    let norm = 5.0_f64.sqrt();
    assert_eq!(found, [(2.0 / norm) as f32, (1.0 / norm) as f32]);
    assert_eq!(centre(&Cosine, &[1.0, 0.0, -1.0, 0.0], 2, None), [1.0, 0.0]);
}

#[test]
fn l1_finds_the_bulk_where_l2_is_dragged_to_a_row_far_out() {
    let x = [1.0, 2.0, 3.0, 4.0, 1000.0];
    assert_eq!(centre(&L1, &x, 1, None), [3.0]);
    let engine = crate::TensorEngine::<B>::default();
    let mean = crate::KMeans::on(engine, 1).train(&x, 1).unwrap();
    assert_eq!(mean.model.centroids(), [202.0]);
}

#[test]
fn rules_say_what_they_merge() {
    use CentroidRule::{Mean, Median, Midrange, NormalizedMean};
    assert_eq!(
        [Mean, NormalizedMean, Midrange, Median].map(CentroidRule::merges),
        [Merges::Sums, Merges::Sums, Merges::Ranges, Merges::Rows]
    );
}
