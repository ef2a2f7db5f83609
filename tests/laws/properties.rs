//! Laws of k-means over random data.

use kmeans::core::Metric;
use proptest::prelude::*;

use crate::naive;
use crate::training::{bits, check_fit, exact_centroids, kmeans, on_threads, rows};

/// Rows, columns and k: some on a coarse grid, so that ties and duplicates come up.
#[derive(Clone, Debug)]
struct Case {
    x: Vec<f32>,
    n: usize,
    d: usize,
    k: usize,
    seed: u64,
}

impl Case {
    /// Different rows as first centroids.
    fn init(&self) -> Vec<f32> {
        let ids: Vec<usize> = (0..self.k).map(|i| i * self.n / self.k).collect();
        rows(&self.x, self.d, &ids)
    }
}

fn case() -> impl Strategy<Value = Case> {
    (6_usize..120, 1_usize..6, 1_usize..6, any::<u64>(), any::<bool>()).prop_map(|(n, d, k, seed, coarse)| {
        let x = naive::blobs(n, d, k + 2, seed);
        let x = x.into_iter().map(|x| if coarse { x.round() } else { x }).collect();
        Case { x, n, d, k, seed }
    })
}

fn permutation(n: usize, seed: u64) -> Vec<usize> {
    let mut numbers = naive::Numbers::new(seed);
    let mut ids: Vec<usize> = (0..n).collect();
    (1..n).for_each(|i| ids.swap(i, numbers.below(i + 1)));
    ids
}

/// Whether in one of the iterations some row is about as near to a second centroid: then rounding decides, and with it
/// the origin.
fn has_near_ties(case: &Case, weights: &[f32], niter: usize) -> bool {
    let (d, x) = (case.d, naive::widened(&case.x));
    let mut centroids = naive::widened(&case.init());
    for _ in 0..=niter {
        let mut sums = vec![vec![0.0; d]; case.k];
        let mut totals = vec![0.0; case.k];
        for (v, &weight) in x.chunks_exact(d).zip(weights) {
            let sq_dists: Vec<f64> = centroids.chunks_exact(d).map(|c| naive::sq_dist(v, c)).collect();
            let (label, lowest) = naive::best(Metric::L2, v, &centroids);
            let reach = lowest + 2.0 * naive::tolerance(v, &centroids[label * d..][..d]);
            if sq_dists.iter().filter(|sq_dist| **sq_dist <= reach).count() > 1 {
                return true;
            }
            totals[label] += f64::from(weight);
            sums[label].iter_mut().zip(v).for_each(|(sum, v)| *sum += f64::from(weight) * v);
        }
        for ((c, sum), &total) in centroids.chunks_exact_mut(d).zip(&sums).zip(&totals) {
            c.iter_mut().zip(sum).filter(|_| total > 0.0).for_each(|(c, sum)| *c = sum / total);
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_objective_never_rises(case in case()) {
        let fit = kmeans(case.k).niter(30).train(&case.x, case.d).unwrap();
        let stats = &fit.report.iteration_stats;
        for pair in stats.windows(2).filter(|pair| pair[0].nsplit == 0) {
            prop_assert!(pair[1].obj <= pair[0].obj + 1e-9 * stats[0].obj, "{:?}", fit.report.obj);
        }
        let last = stats.last().unwrap();
        prop_assert!(last.nsplit > 0 || fit.report.inertia <= last.obj + 1e-9 * stats[0].obj);
    }

    #[test]
    fn permuting_rows_permutes_labels(case in case(), seed in any::<u64>()) {
        let ids = permutation(case.n, seed);
        let shuffled: Vec<f32> = ids.iter().flat_map(|&i| case.x[i * case.d..][..case.d].to_vec()).collect();
        let train = |x: &[f32]| kmeans(case.k).init_centroids(case.init()).train(x, case.d).unwrap();
        let (plain, shuffled) = (train(&case.x), train(&shuffled));
        let expected: Vec<i32> = ids.iter().map(|&i| plain.labels[i]).collect();
        prop_assert_eq!(shuffled.labels, expected);
        prop_assert_eq!(bits(shuffled.model.offsets()), bits(plain.model.offsets()));
        prop_assert_eq!(shuffled.report.inertia.to_bits(), plain.report.inertia.to_bits());
    }

    #[test]
    fn shifting_the_data_shifts_centroids(case in case(), shift in -4000_i32..4000) {
        // Quarters: a shift by whole numbers is exact.
        let x: Vec<f32> = case.x.iter().map(|x| (x * 4.0).round() / 4.0).collect();
        let shift = shift as f32;
        let shifted: Vec<f32> = x.iter().map(|x| x + shift).collect();
        let train = |x: &[f32]| kmeans(case.k).seed(case.seed).train(x, case.d).unwrap();
        let (here, there) = (train(&x), train(&shifted));
        prop_assert_eq!(&there.labels, &here.labels);
        for (there, here) in exact_centroids(&there.model).iter().zip(exact_centroids(&here.model)) {
            prop_assert!((there - f64::from(shift) - here).abs() < 1e-5, "{} {}", there, here);
        }
        prop_assert_eq!(there.report.inertia.to_bits(), here.report.inertia.to_bits());
    }

    #[test]
    fn an_integer_weight_is_a_repetition(case in case()) {
        let mut numbers = naive::Numbers::new(case.seed ^ 1);
        let times: Vec<usize> = (0..case.n).map(|_| 1 + numbers.below(3)).collect();
        let weights: Vec<f32> = times.iter().map(|&t| t as f32).collect();
        const NITER: usize = 10;
        prop_assume!(!has_near_ties(&case, &weights, NITER));
        let repeat = |i: usize| std::iter::repeat_n(i, times[i]);
        let ids: Vec<usize> = (0..case.n).flat_map(repeat).collect();
        let repeated: Vec<f32> = ids.iter().flat_map(|&i| case.x[i * case.d..][..case.d].to_vec()).collect();
        let kmeans = kmeans(case.k).init_centroids(case.init()).niter(NITER);
        let weighted = kmeans.train_weighted(&case.x, case.d, &weights).unwrap();
        let repeated = kmeans.train(&repeated, case.d).unwrap();
        // Splits draw donors by rows, which are fewer where weights stand for them.
        prop_assume!(weighted.report.nsplit == 0 && repeated.report.nsplit == 0);
        let expected: Vec<i32> = ids.iter().map(|&i| weighted.labels[i]).collect();
        prop_assert_eq!(&repeated.labels, &expected);
        let pairs = exact_centroids(&weighted.model).into_iter().zip(exact_centroids(&repeated.model));
        for (a, b) in pairs {
            prop_assert!((a - b).abs() <= 1e-5, "{} {}", a, b);
        }
        // Origins may differ, and with them the rounding to f32 of rows and centroids, which are within 24 of them.
        let (inertia, rounding, rows) = (weighted.report.inertia, 24.0 * 2_f64.powi(-23), ids.len() as f64);
        let bound = 2.0 * rounding * (rows * inertia).sqrt() + rows * rounding * rounding;
        prop_assert!((inertia - repeated.report.inertia).abs() <= bound, "{} {}", inertia, repeated.report.inertia);
    }

    #[test]
    fn one_cluster_is_the_weighted_mean(case in case()) {
        let weights = naive::Numbers::new(case.seed).vec(case.n, 0.01, 7.0);
        let fit = kmeans(1).train_weighted(&case.x, case.d, &weights).unwrap();
        for (found, mean) in exact_centroids(&fit.model).iter().zip(naive::means(&case.x, Some(&weights), case.d)) {
            prop_assert!((found - mean).abs() <= 2_f64.powi(-24) * 12.0, "{} {}", found, mean);
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits(case in case(), threads in 2_usize..6) {
        let train = |threads| on_threads(threads, case.k).seed(case.seed).train(&case.x, case.d).unwrap();
        let (one, many) = (train(1), train(threads));
        prop_assert_eq!(&one.labels, &many.labels);
        prop_assert_eq!(bits(one.model.offsets()), bits(many.model.offsets()));
        prop_assert_eq!(one.report.inertia.to_bits(), many.report.inertia.to_bits());
    }

    #[test]
    fn each_row_has_the_nearest_returned_centroid(case in case(), shift in -1e4_f32..1e4) {
        let x: Vec<f32> = case.x.iter().map(|x| x + shift).collect();
        let fit = kmeans(case.k).niter(50).train(&x, case.d).unwrap();
        check_fit(&fit, &x, None, "case");
    }
}
