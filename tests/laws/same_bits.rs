//! Same seed, same bits: for any threads and any chunks.

use kmeans::{Fit, Init};

use crate::naive;
use crate::training::{bits, data, kmeans, on_threads, reference};

/// All of a fit but its times, to the bit.
fn fingerprint(fit: &Fit) -> impl PartialEq + std::fmt::Debug + use<> {
    let objs: Vec<u64> = fit.report.obj.iter().map(|o| o.to_bits()).collect();
    let places = (bits(fit.model.offsets()), bits(fit.model.origin()), bits(fit.model.centroids()));
    let report = &fit.report;
    (places, fit.labels.clone(), objs, report.inertia.to_bits(), report.cluster_sizes.clone(), report.nsplit)
}

fn weights(n: usize) -> Vec<f32> {
    let mut numbers = naive::Numbers::new(4);
    (0..n).map(|_| 10_f32.powf(numbers.uniform(-4.0, 2.0))).collect()
}

const INITS: [Init; 2] = [Init::KMeansPlusPlus, Init::Random];

#[test]
fn any_threads_and_any_chunks_give_the_same_bits() {
    let (n, d, k) = (1500, 7, 9);
    let x = naive::blobs(n, d, 12, 1);
    let weights = weights(n);
    for init in INITS {
        for weights in [None, Some(&weights[..])] {
            for max_points in [None, Some(30)] {
                let run = |threads: usize, chunk_rows: Option<usize>| {
                    let kmeans = on_threads(threads, k).init(init.clone()).chunk_rows(chunk_rows);
                    let kmeans = kmeans.max_points_per_centroid(max_points).niter(8).nredo(2);
                    let points = kmeans::RowSlice::new(&x, d).unwrap();
                    fingerprint(&kmeans.train_points(&points, weights).unwrap())
                };
                let expected = run(1, None);
                for threads in [1, 2, 3, 7] {
                    for chunk_rows in [None, Some(1), Some(7), Some(100), Some(n)] {
                        if threads > 1 || chunk_rows.is_some() {
                            let what = format!("{init} {max_points:?} {threads} threads, {chunk_rows:?}");
                            assert!(run(threads, chunk_rows) == expected, "{what}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn any_threads_give_the_same_bits_on_many_blocks() {
    for (n, d) in [(5000, 1), (20_000, 5)] {
        let x = naive::blobs(n, d, 12, 2);
        let run = |threads| {
            let fit = on_threads(threads, 6).max_points_per_centroid(None).niter(4).train(&x, d).unwrap();
            fingerprint(&fit)
        };
        let expected = run(1);
        for threads in [2, 3, 7, 7, 7] {
            assert_eq!(run(threads), expected, "n={n} d={d}, {threads} threads");
        }
    }
}

#[test]
fn another_seed_gives_another_result() {
    let x = naive::blobs(500, 3, 40, 3);
    for init in INITS {
        let run =
            |seed| fingerprint(&kmeans(20).init(init.clone()).seed(seed).niter(1).train(&x, 3).unwrap());
        assert!(run(1) == run(1));
        assert!(run(1) != run(2));
    }
}

#[test]
fn chunks_change_no_bit_of_the_reference() {
    let (n, d, k) = (300, 17, 6);
    let x = naive::blobs(n, d, 12, 4);
    for init in INITS {
        let run = |chunk_rows: Option<usize>| {
            fingerprint(
                &reference(k).init(init.clone()).chunk_rows(chunk_rows).niter(6).train(&x, d).unwrap(),
            )
        };
        let expected = run(None);
        for chunk_rows in [1, 7, 100, n] {
            assert_eq!(run(Some(chunk_rows)), expected, "{init}, chunks of {chunk_rows}");
        }
    }
}

#[test]
fn the_reference_and_the_cpu_engine_agree_on_digits_at_every_iteration() {
    let (x, d) = data("digits");
    for init in INITS {
        for niter in 0..12 {
            let cpu = kmeans(10).init(init.clone()).niter(niter).train(&x, d).unwrap();
            let reference = reference(10).init(init.clone()).niter(niter).train(&x, d).unwrap();
            assert_eq!(cpu.labels, reference.labels, "{init}, niter {niter}");
            assert_eq!(bits(cpu.model.offsets()), bits(reference.model.offsets()), "{init}, niter {niter}");
            for (a, b) in cpu.report.obj.iter().zip(&reference.report.obj) {
                assert!((a - b).abs() <= 1e-12 * a, "{init}, niter {niter}: {a} {b}");
            }
        }
    }
}
