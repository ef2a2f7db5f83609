//! Shifting the data shifts the centroids and nothing else.

use kmeans::Init;

use crate::naive;
use crate::training::{bits, check_fit, kmeans};

/// Integers as SIFT has them; each column with a range of its own.
fn integers(n: usize, ranges: &[usize]) -> Vec<f32> {
    let mut numbers = naive::Numbers::new(1);
    let blobs: Vec<usize> =
        (0..8 * ranges.len()).map(|i| numbers.below(ranges[i % ranges.len()] / 2 + 1)).collect();
    let mut x = Vec::new();
    for _ in 0..n {
        let b = numbers.below(8) * ranges.len();
        x.extend(ranges.iter().enumerate().map(|(j, r)| (blobs[b + j] + numbers.below(r / 2 + 1)) as f32));
    }
    x
}

fn check(ranges: &[usize], shift: f32) {
    let d = ranges.len();
    let x = integers(2000, ranges);
    let shifted: Vec<f32> = x.iter().map(|x| x + shift).collect();
    assert!(x.iter().zip(&shifted).all(|(x, s)| s - shift == *x), "the shift is exact");
    for init in [Init::KMeansPlusPlus, Init::Random] {
        let kmeans = kmeans(12).init(init).niter(15);
        let (here, there) = (kmeans.train(&x, d).unwrap(), kmeans.train(&shifted, d).unwrap());
        let moved = (0..d).find(|&j| there.model.origin()[j] - shift != here.model.origin()[j]);
        let what = format!("shift {shift}, ranges {ranges:?}, first column whose origin moved: {moved:?}");
        assert!(here.labels == there.labels, "{what}: labels differ");
        assert!(bits(here.model.offsets()) == bits(there.model.offsets()), "{what}: offsets differ");
        assert_eq!(here.report.inertia.to_bits(), there.report.inertia.to_bits(), "{what}");
    }
}

#[test]
fn wide_integers_plus_a_million_give_the_same_bits() {
    check(&[255, 218, 200, 180, 160, 140, 255, 255], 1e6);
}

#[test]
fn narrow_integers_plus_a_million_give_the_same_bits() {
    check(&[100, 60, 20, 5, 2, 1, 120, 127], 1e6);
}

#[test]
fn integers_plus_powers_of_two_give_the_same_bits() {
    check(&[255, 100, 9], 65_536.0);
    check(&[255, 100, 9], 8_388_608.0);
}

#[test]
fn far_from_zero_the_clusters_are_still_found() {
    // At 1e7 an f32 holds whole numbers only.
    let x: Vec<f32> = integers(1000, &[50, 50, 50]).iter().map(|x| x + 1e7).collect();
    let fit = kmeans(8).train(&x, 3).unwrap();
    check_fit(&fit, &x, None, "1e7");
}
