//! Laws, hand examples and corners of the exact clusters of one column.

use proptest::prelude::*;

use super::distinct::Distinct;
use super::merged::MergedMoments;
use super::partition::partition;
use super::solve::{Exact1d, exact_1d};
use super::spread::{RunningSums, Spread};

fn solve(values: &[f32], k: usize) -> Exact1d {
    exact_1d(values, None, k).unwrap()
}

/// Cost of the best of all partitions of sorted values into `k` runs, tried one by one.
fn brute_force(values: &[f32], weights: &[f32], k: usize) -> f64 {
    let mut rows: Vec<(f64, f64)> =
        values.iter().zip(weights).map(|(&x, &w)| (f64::from(x), f64::from(w))).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    best_runs(&rows, k)
}

fn best_runs(rows: &[(f64, f64)], k: usize) -> f64 {
    if k == 1 || rows.is_empty() {
        return run_cost(rows);
    }
    (0..=rows.len())
        .map(|i| run_cost(&rows[..i]) + best_runs(&rows[i..], k - 1))
        .fold(f64::INFINITY, f64::min)
}

fn run_cost(rows: &[(f64, f64)]) -> f64 {
    let weight: f64 = rows.iter().map(|r| r.1).sum();
    if weight == 0.0 {
        return 0.0;
    }
    let first = rows[0].0;
    let mean = first + rows.iter().map(|r| r.1 * (r.0 - first)).sum::<f64>() / weight;
    rows.iter().map(|r| r.1 * (r.0 - mean).powi(2)).sum()
}

/// Lloyd's iterations from given centroids until nothing changes; the cost.
fn lloyd(values: &[f32], mut centroids: Vec<f64>) -> f64 {
    let nearest = |x: f64, centroids: &[f64]| {
        (0..centroids.len())
            .min_by(|&a, &b| (x - centroids[a]).abs().total_cmp(&(x - centroids[b]).abs()))
            .unwrap()
    };
    loop {
        let mut groups = vec![vec![]; centroids.len()];
        for &x in values {
            groups[nearest(f64::from(x), &centroids)].push((f64::from(x), 1.0));
        }
        let means: Vec<f64> = (groups.iter().zip(&centroids))
            .map(|(g, &c)| if g.is_empty() { c } else { g.iter().map(|r| r.0).sum::<f64>() / g.len() as f64 })
            .collect();
        if means == centroids {
            return groups.iter().map(|g| run_cost(g)).sum();
        }
        centroids = means;
    }
}

/// Labels, counts, centroids and cost of a result agree with each other and with the values.
fn check_consistent(result: &Exact1d, values: &[f32], weights: &[f32]) {
    let k = result.centroids.len();
    assert!(result.centroids.is_sorted());
    let mut groups = vec![vec![]; k];
    for ((&x, &w), &label) in values.iter().zip(weights).zip(&result.labels) {
        groups[label as usize].push((f64::from(x), f64::from(w)));
    }
    assert_eq!(result.counts, groups.iter().map(|g| g.len() as u64).collect::<Vec<_>>());
    let cost: f64 = groups.iter().map(|g| run_cost(g)).sum();
    assert!((cost - result.cost).abs() <= 1e-9 * cost, "{cost} {}", result.cost);
}

#[test]
fn hand_example() {
    let result = solve(&[8.0, 1.0, 9.0, 2.0, 20.0, 3.0], 3);
    assert_eq!(result.centroids, [2.0, 8.5, 20.0]);
    assert_eq!(result.labels, [1, 0, 1, 0, 2, 0]);
    assert_eq!(result.counts, [3, 2, 1]);
    assert_eq!((result.cost, result.distinct), (2.5, 6));
}

#[test]
fn one_cluster_is_the_mean() {
    let result = solve(&[1.0, 2.0, 6.0], 1);
    assert_eq!((result.centroids, result.cost), (vec![3.0], 14.0));
}

#[test]
fn as_many_clusters_as_values_cost_nothing() {
    let result = solve(&[4.0, -1.0, 1e30, 3.0], 4);
    assert_eq!(result.centroids, [-1.0, 3.0, 4.0, f64::from(1e30_f32)]);
    assert_eq!((result.cost, result.labels), (0.0, vec![2, 0, 3, 1]));
}

#[test]
fn fewer_distinct_values_than_clusters_repeat_the_last() {
    let result = solve(&[5.0, 1.0, 5.0, 1.0, 5.0], 4);
    assert_eq!(result.centroids, [1.0, 5.0, 5.0, 5.0]);
    assert_eq!(result.labels, [1, 0, 1, 0, 1]);
    assert_eq!(result.counts, [2, 3, 0, 0]);
    assert_eq!((result.cost, result.distinct), (0.0, 2));
}

#[test]
fn equal_values_are_one_cluster_whatever_k() {
    for k in [1, 2, 3, 5, 100] {
        let result = solve(&[1e6; 7], k);
        assert_eq!((result.centroids, result.cost, result.distinct), (vec![1e6; k], 0.0, 1));
        assert_eq!(result.labels, [0; 7]);
    }
}

#[test]
fn rows_without_weight_follow_the_nearest_centroid() {
    let values = [0.0, 10.0, 5.0, 6.0, 99.0, -99.0];
    let result = exact_1d(&values, Some(&[1.0, 1.0, 0.0, 0.0, 0.0, 0.0]), 2).unwrap();
    assert_eq!(result.centroids, [0.0, 10.0]);
    assert_eq!(result.labels, [0, 1, 0, 1, 1, 0]);
    assert_eq!((result.counts, result.cost, result.distinct), (vec![3, 3], 0.0, 2));
}

#[test]
fn weights_that_span_twelve_orders_are_all_seen() {
    // The heavy pair can only be cut by wasting a cluster; the light rows then have to share.
    let values = [0.0, 1e-6, 10.0, 11.0, 30.0, 31.0];
    let weights = [1e12, 1e12, 1.0, 1.0, 1.0, 1.0];
    let result = exact_1d(&values, Some(&weights), 3).unwrap();
    assert_eq!(result.labels, [0, 0, 1, 1, 2, 2]);
    let light = 1e12 * 2.0 * (f64::from(1e-6_f32) / 2.0).powi(2);
    assert!((result.cost - (light + 1.0)).abs() < 1e-8, "{}", result.cost);
}

#[test]
fn a_value_far_out_does_not_blur_the_others() {
    for far in [-1e9_f32, 1e9, -1e30, 1e30] {
        let values = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0, far];
        let result = solve(&values, 3);
        assert_eq!(result.cost, 4.0, "{far}");
    }
}

#[test]
fn rounding_of_large_costs_does_not_rule_out_what_small_ones_need() {
    // Cutting before the third value is best for rows whose costs are 10^32 times smaller than that of the last
    // row, where rounding makes it look bad.
    let values = [-1.0, -1.3e-8, 1.2e-7, 7e-5, 1.2e3];
    let weights = [1.0, 1e-7, 1e-6, 1e8, 1e5];
    assert_eq!(exact_1d(&values, Some(&weights), 4).unwrap().labels, [0, 1, 1, 2, 3]);
}

#[test]
fn two_tight_groups_far_apart_are_cut_inside() {
    let values: Vec<f32> = [0.0, 1.0, 1e7, 1e7 + 1.0].iter().flat_map(|&x| [x, x + 8.0, x + 16.0]).collect();
    let result = solve(&values, 6);
    assert_eq!(result.cost, 6.0 * 0.5);
}

#[test]
fn huge_and_tiny_values_stay_in_range() {
    for scale in [1e-38_f32, 1.0, 1e37] {
        let values: Vec<f32> = [1.0, 2.0, 8.0, 9.0, 20.0].iter().map(|x| x * scale).collect();
        assert_eq!(solve(&values, 3).labels, [0, 0, 1, 1, 2]);
    }
}

/// A stream of numbers in `0..bound`, for data without structure.
fn numbers(seed: u64, bound: u64) -> impl Iterator<Item = u64> {
    let step = move |x: &mut u64| {
        *x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((*x >> 33) % bound)
    };
    std::iter::repeat(()).scan(seed, move |x, ()| step(x))
}

#[test]
fn lloyd_never_beats_it() {
    for seed in 0..20 {
        let values: Vec<f32> = numbers(seed, 1 << 20).take(300).map(|x| x as f32).collect();
        for k in [2, 5, 9, 17, 40] {
            let exact = solve(&values, k);
            check_consistent(&exact, &values, &[1.0; 300]);
            let start = values[..k].iter().map(|&x| f64::from(x)).collect();
            let found = lloyd(&values, start);
            let from_exact = lloyd(&values, exact.centroids.clone());
            assert!(exact.cost <= found * (1.0 + 1e-12), "{seed} {k}: {} {found}", exact.cost);
            assert!((exact.cost - from_exact).abs() <= 1e-12 * from_exact);
        }
    }
}

/// Least cost from the table of all layers, O(k·m²).
fn full_table(values: &[f32], k: usize) -> f64 {
    let mut rows: Vec<(f64, f64)> = values.iter().map(|&x| (f64::from(x), 1.0)).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let m = rows.len();
    let mut least: Vec<f64> = (0..=m).map(|i| run_cost(&rows[..i])).collect();
    for _ in 1..k {
        let best = |i: usize| (0..=i).map(|j| least[j] + run_cost(&rows[j..i])).fold(f64::INFINITY, f64::min);
        least = (0..=m).map(best).collect();
    }
    least[m]
}

#[test]
fn the_way_back_through_remembered_layers_is_the_best_one() {
    let values: Vec<f32> = numbers(5, 1000).take(60).map(|x| (x * x) as f32).collect();
    let distinct = Distinct::new(&values, None).unwrap();
    let cost_of_rows = |rows: &[u32]| {
        run_cost(&rows.iter().map(|&row| (f64::from(values[row as usize]), 1.0)).collect::<Vec<_>>())
    };
    for k in (1..distinct.len()).step_by(3) {
        let mut from = 0;
        let runs = partition(&RunningSums::new(&distinct), distinct.len(), k);
        let run = |to| cost_of_rows(distinct.rows(std::mem::replace(&mut from, to), to));
        let (found, best) = (runs.into_iter().map(run).sum::<f64>(), full_table(&values, k));
        assert!((found - best).abs() <= 1e-10 * best, "{k}: {found} {best}");
    }
}

#[test]
fn a_shift_of_integers_changes_nothing() {
    let values: Vec<f32> = numbers(3, 4000).take(500).map(|x| x as f32).collect();
    let shifted: Vec<f32> = values.iter().map(|x| x + 1e6).collect();
    for k in [1, 4, 30, 200] {
        let (here, there) = (solve(&values, k), solve(&shifted, k));
        assert_eq!((&here.labels, here.cost), (&there.labels, there.cost));
        let back: Vec<f64> = there.centroids.iter().map(|c| c - 1e6).collect();
        assert!(back.iter().zip(&here.centroids).all(|(a, b)| (a - b).abs() < 1e-9));
    }
}

#[test]
fn zero_clusters_are_refused() {
    assert!(exact_1d(&[1.0], None, 0).is_err());
}

proptest! {
    #[test]
    fn no_partition_is_better(
        rows in prop::collection::vec((-20..20_i16, 0..4_u8), 1..11),
        k in 1..7_usize,
        offset in prop::sample::select(vec![0.0_f32, 1e6, -1e6]),
    ) {
        let values: Vec<f32> = rows.iter().map(|r| f32::from(r.0) + offset).collect();
        let weights: Vec<f32> = rows.iter().map(|r| [0.0, 0.5, 1.0, 1e6][usize::from(r.1)]).collect();
        prop_assume!(weights.iter().any(|&w| w > 0.0));
        let result = exact_1d(&values, Some(&weights), k).unwrap();
        check_consistent(&result, &values, &weights);
        let best = brute_force(&values, &weights, k);
        prop_assert!((result.cost - best).abs() <= 1e-9 * best, "{} {}", result.cost, best);
    }

    #[test]
    fn no_partition_is_better_on_any_scale(
        rows in prop::collection::vec((-30..30_i32, -9..9_i32, -9..9_i32), 1..9),
        k in 1..6_usize,
    ) {
        // Mantissas, exponents and weights far apart: moments are merged.
        let values: Vec<f32> = rows.iter().map(|r| r.0 as f32 * 10_f32.powi(r.1)).collect();
        let weights: Vec<f32> = rows.iter().map(|r| 10_f32.powi(r.2)).collect();
        let result = exact_1d(&values, Some(&weights), k).unwrap();
        let best = brute_force(&values, &weights, k);
        prop_assert!((result.cost - best).abs() <= 1e-8 * best, "{} {}", result.cost, best);
        // And by the layers, which that seldom needs.
        let distinct = Distinct::new(&values, Some(&weights)).unwrap();
        if k <= distinct.len() {
            let (mut from, merged) = (0, MergedMoments::new(&distinct));
            let run = |to| merged.cost(std::mem::replace(&mut from, to), to);
            let layers: f64 = partition(&merged, distinct.len(), k).into_iter().map(run).sum();
            prop_assert!((layers - best).abs() <= 1e-8 * best, "{} {}", layers, best);
        }
    }

    #[test]
    fn a_weight_of_two_is_a_doubled_row(values in prop::collection::vec(-50..50_i16, 1..40), k in 1..9_usize) {
        let values: Vec<f32> = values.into_iter().map(f32::from).collect();
        let weighted = exact_1d(&values, Some(&vec![2.0; values.len()]), k).unwrap();
        let doubled: Vec<f32> = values.iter().flat_map(|&x| [x, x]).collect();
        let doubled = solve(&doubled, k);
        prop_assert_eq!(weighted.centroids, doubled.centroids);
        prop_assert_eq!(weighted.cost, doubled.cost);
    }
}
