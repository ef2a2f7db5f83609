//! Silhouettes: against plain loops in f64, laws, corners.

use approx::assert_relative_eq;
use kmeans_backend_cpu::{CpuEngine, InstructionSet};
use kmeans_core::{TensorEngine, Trainer};
use kmeans_data::RowSlice;
use kmeans_eval::{Clustering, Distance, Error, sampled_silhouette, silhouette, simplified_silhouette};

use crate::naive;

fn cpu() -> CpuEngine {
    CpuEngine::new(None).unwrap()
}

/// Every engine that takes part in this suite.
fn engines() -> Vec<Box<dyn Trainer>> {
    let sets = [InstructionSet::Avx2, InstructionSet::Portable];
    let others = sets.into_iter().filter_map(|set| cpu().instruction_set(set).ok());
    let cpus = others.map(|engine| Box::new(engine) as Box<dyn Trainer>);
    let reference: Box<dyn Trainer> = Box::new(TensorEngine::<burn_ndarray::NdArray>::default());
    cpus.chain([Box::new(cpu()) as _, reference]).collect()
}

/// Clusters of these sizes, whose rows are mixed; labels skip numbers.
fn mixed(sizes: &[usize], d: usize, seed: u64) -> (Vec<f32>, Vec<i32>) {
    let mut numbers = naive::Numbers::new(seed);
    let mut labels: Vec<i32> =
        sizes.iter().zip(-1..).flat_map(|(&size, label)| vec![3 * label; size]).collect();
    for at in (1..labels.len()).rev() {
        labels.swap(at, numbers.below(at + 1));
    }
    let x = labels.iter().flat_map(|&label| {
        (0..d)
            .map(|j| (numbers.uniform() * 4.0 + f64::from(label) * ((j % 3) as f64)) as f32)
            .collect::<Vec<_>>()
    });
    (x.collect(), labels)
}

#[test]
fn every_engine_agrees_with_plain_loops() {
    // Clusters smaller and larger than a strip, one alone, and more columns than one chain of additions.
    for (sizes, d) in [(&[700, 1, 300, 20, 1][..], 3), (&[40, 30, 2], 17), (&[9, 8], 300), (&[2, 1], 1)] {
        let (x, labels) = mixed(sizes, d, 7);
        let rows = RowSlice::new(&x, d).unwrap();
        let clustering = Clustering::new(&rows, &labels).unwrap();
        // Two directions only in one column: cosine distances are 0 or 2.
        let distances =
            if d > 1 { &[Distance::Euclidean, Distance::Cosine][..] } else { &[Distance::Euclidean] };
        for &distance in distances {
            let golden = naive::silhouettes(&x, d, &labels, distance);
            for engine in engines() {
                let found = silhouette(&*engine, &clustering, distance).unwrap();
                for (found, golden) in found.values().iter().zip(&golden) {
                    assert_relative_eq!(found, golden, max_relative = 2e-5, epsilon = 2e-6);
                }
                let mean = golden.iter().sum::<f64>() / golden.len() as f64;
                assert_relative_eq!(found.mean(), mean, max_relative = 1e-6, epsilon = 1e-7);
            }
        }
    }
}

#[test]
fn clusters_in_many_strips_are_whole() {
    for sizes in [&[4500, 300, 2100, 5, 1, 2500][..], &[5000, 4100]] {
        let (x, labels) = mixed(sizes, 2, 3);
        let rows = RowSlice::new(&x, 2).unwrap();
        let clustering = Clustering::new(&rows, &labels).unwrap();
        let found = silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap();
        let golden = naive::silhouettes(&x, 2, &labels, Distance::Euclidean);
        for (found, golden) in found.values().iter().zip(&golden) {
            assert_relative_eq!(found, golden, max_relative = 1e-5, epsilon = 1e-6);
        }
        let (estimate, drawn) =
            sampled_silhouette(&cpu(), &clustering, Distance::Euclidean, 4300, 1).unwrap();
        assert_eq!((estimate.sample, drawn.len()), (4300, 4300));
        for (row, value) in drawn {
            assert_relative_eq!(value, golden[row], max_relative = 1e-5, epsilon = 1e-6);
        }
        let mean = golden.iter().sum::<f64>() / golden.len() as f64;
        assert!((estimate.mean - mean).abs() < 2.0 * estimate.half_width, "{estimate:?} {mean}");
    }
}

#[test]
fn a_sample_of_all_rows_is_sure() {
    let (x, labels) = mixed(&[30, 20], 2, 1);
    let rows = RowSlice::new(&x, 2).unwrap();
    let clustering = Clustering::new(&rows, &labels).unwrap();
    let (estimate, _) = sampled_silhouette(&cpu(), &clustering, Distance::Euclidean, 50, 5).unwrap();
    assert_eq!(estimate.half_width, 0.0);
    let all = silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap().mean();
    assert_relative_eq!(estimate.mean, all, max_relative = 1e-12);
}

#[test]
fn intervals_cover_the_truth_about_as_often_as_they_say() {
    let (x, labels) = mixed(&[300, 200, 400], 2, 11);
    let rows = RowSlice::new(&x, 2).unwrap();
    let clustering = Clustering::new(&rows, &labels).unwrap();
    let truth = silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap().mean();
    let covers = |seed| {
        let (found, _) = sampled_silhouette(&cpu(), &clustering, Distance::Euclidean, 90, seed).unwrap();
        (found.mean - truth).abs() <= found.half_width
    };
    let count = (0..200).filter(|&seed| covers(seed)).count();
    // 190 expected, with a standard deviation of 3.
    assert!((177..200).contains(&count), "{count} of 200");
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let (x, labels) = mixed(&[3000, 500, 2], 5, 2);
    let rows = RowSlice::new(&x, 5).unwrap();
    let clustering = Clustering::new(&rows, &labels).unwrap();
    let found = [1, 2, 5].map(|threads| {
        let engine = CpuEngine::new(std::num::NonZeroUsize::new(threads)).unwrap();
        silhouette(&engine, &clustering, Distance::Euclidean).unwrap()
    });
    assert!(found[0] == found[1] && found[1] == found[2]);
}

#[test]
fn a_far_offset_and_a_change_of_unit_change_nothing() {
    let (x, labels) = mixed(&[40, 30, 20], 3, 9);
    // Multiples of 1/64, so that the shift is exact.
    let x: Vec<f32> = x.iter().map(|x| (x * 64.0).round() / 64.0).collect();
    let values = |x: Vec<f32>| {
        let rows = RowSlice::new(&x, 3).unwrap();
        let clustering = Clustering::new(&rows, &labels).unwrap();
        silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap()
    };
    let found = values(x.clone());
    assert_eq!(found, values(x.iter().map(|x| x + 65536.0).collect()));
    for factor in [2.0_f32.powi(-90), 2.0_f32.powi(90), 2.0_f32.powi(124)] {
        let scaled = values(x.iter().map(|x| x * factor).collect());
        for (a, b) in found.values().iter().zip(scaled.values()) {
            assert_relative_eq!(a, b, max_relative = 1e-6);
        }
    }
}

#[test]
fn duplicates_have_exactly_no_distance() {
    let x = [[1.5_f32, 2.25]; 3].concat().into_iter().chain([[0.1, 0.7]; 2].concat()).collect::<Vec<_>>();
    let rows = RowSlice::new(&x, 2).unwrap();
    let clustering = Clustering::new(&rows, &[0, 0, 0, 1, 1]).unwrap();
    assert_eq!(silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap().values(), [1.0; 5]);
    let equal = [3.0_f32; 8];
    let rows = RowSlice::new(&equal, 2).unwrap();
    let clustering = Clustering::new(&rows, &[0, 0, 1, 1]).unwrap();
    assert_eq!(silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap().values(), [0.0; 4]);
}

#[test]
fn a_row_alone_in_its_cluster_has_0() {
    let rows = RowSlice::new(&[0.0, 1.0, 9.0], 1).unwrap();
    let clustering = Clustering::new(&rows, &[4, 4, 8]).unwrap();
    assert_eq!(silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap().values()[2], 0.0);
    assert_eq!(simplified_silhouette(&cpu(), &clustering).unwrap().values()[2], 0.0);
}

#[test]
fn simplified_ones_compare_distances_to_means() {
    let (x, labels) = mixed(&[50, 30, 20, 1], 4, 4);
    let rows = RowSlice::new(&x, 4).unwrap();
    let clustering = Clustering::new(&rows, &labels).unwrap();
    for engine in engines() {
        let found = simplified_silhouette(&*engine, &clustering).unwrap();
        for (row, x) in x.chunks_exact(4).enumerate() {
            let to = |mean: &[f64]| {
                mean.iter().zip(x).map(|(m, &x)| (f64::from(x) - m).powi(2)).sum::<f64>().sqrt()
            };
            let distances: Vec<f64> = clustering.means().chunks_exact(4).map(to).collect();
            let own = clustering.clusters()[row] as usize;
            let other = (0..4).filter(|&j| j != own).map(|j| distances[j]).fold(f64::INFINITY, f64::min);
            let golden = (other - distances[own]) / other.max(distances[own]);
            let golden = if clustering.sizes()[own] == 1 { 0.0 } else { golden };
            assert_relative_eq!(found.values()[row], golden, max_relative = 1e-5, epsilon = 1e-6);
        }
    }
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let rows = RowSlice::new(&[0.0, 1.0, 2.0], 1).unwrap();
    let found = |labels: &[i32]| {
        let clustering = Clustering::new(&rows, labels).unwrap();
        silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap_err().to_string()
    };
    assert_eq!(
        found(&[5, 5, 5]),
        "1 clusters of 3 rows; clusters are compared where there are 2 or more, and fewer than rows"
    );
    assert_eq!(
        found(&[1, 2, 3]),
        "3 clusters of 3 rows; clusters are compared where there are 2 or more, and fewer than rows"
    );
    let clustering = Clustering::new(&rows, &[0, 0, 1]).unwrap();
    let error = silhouette(&cpu(), &clustering, Distance::Cosine).unwrap_err();
    assert!(matches!(error, Error::ZeroRow { row: 0, .. }), "{error}");
    let error = sampled_silhouette(&cpu(), &clustering, Distance::Euclidean, 4, 0).unwrap_err();
    assert!(matches!(error, Error::SampleSize { m: 4, n: 3 }), "{error}");
    assert!(matches!(Clustering::new(&rows, &[0, 1]), Err(Error::LabelCount { expected: 3, found: 2 })));
    let bad = RowSlice::new(&[0.0, f32::NAN], 1).unwrap();
    let error = Clustering::new(&bad, &[0, 1]).unwrap_err();
    assert!(matches!(error, Error::NonFinite { row: 1, column: 0, .. }), "{error}");
}

#[test]
fn a_row_far_out_hides_none_of_the_others() {
    let golden = |x: &[f32], labels: &[i32]| {
        let values = naive::silhouettes(x, 1, labels, Distance::Euclidean);
        values.iter().sum::<f64>() / values.len() as f64
    };
    for far in [1e12_f32, 1e25, 1e30] {
        let x = [0.0, 1.0, 10.0, 11.0, far];
        let labels = [0, 0, 1, 1, 2];
        let rows = RowSlice::new(&x, 1).unwrap();
        let clustering = Clustering::new(&rows, &labels).unwrap();
        let found = silhouette(&cpu(), &clustering, Distance::Euclidean).unwrap().mean();
        assert_relative_eq!(found, golden(&x, &labels), max_relative = 1e-6);
        assert_relative_eq!(
            kmeans_eval::dunn(&cpu(), &clustering).unwrap().separation,
            9.0,
            max_relative = 1e-6
        );
    }
    // Values at either end of what a number can be.
    let x: Vec<f32> = (0..22).map(|i| if i < 20 { -3.3e38 + i as f32 * 1e36 } else { 3.3e38 }).collect();
    let labels: Vec<i32> = (0..22).map(|i| i32::from(i >= 20)).collect();
    let rows = RowSlice::new(&x, 1).unwrap();
    let clustering = Clustering::new(&rows, &labels).unwrap();
    assert!(simplified_silhouette(&cpu(), &clustering).unwrap().mean() > 0.9);
    assert!(kmeans_eval::dunn(&cpu(), &clustering).unwrap().separation > 6e38);
}
