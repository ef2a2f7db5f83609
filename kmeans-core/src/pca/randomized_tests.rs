//! The randomized solver beside the exact one.

use kmeans_data::{Points, RowSlice};

use super::tests::data;
use super::{Pca, PcaOptions, PcaSolver};

fn both(points: &dyn Points, m: usize, weights: Option<&[f32]>) -> [Pca; 2] {
    [PcaSolver::Exact, PcaSolver::Randomized { seed: 1234 }]
        .map(|solver| Pca::fit(points, weights, PcaOptions::new().components(m).solver(solver)).unwrap())
}

#[test]
fn leading_components_are_those_of_the_exact_solver() {
    for (name, m) in [("iris", 2), ("wine", 3), ("digits", 5)] {
        let [exact, found] = both(&data(name), m, None);
        for (a, b) in found.explained_variance().iter().zip(exact.explained_variance()) {
            assert!((a / b - 1.0).abs() < 1e-6, "{name}: {a} {b}");
        }
        assert!(
            found.components().iter().zip(exact.components()).all(|(a, b)| (a - b).abs() < 1e-4),
            "{name}"
        );
        for (a, b) in found.explained_variance_ratio().iter().zip(exact.explained_variance_ratio()) {
            assert!((a - b).abs() < 1e-6, "{name}: {a} {b}");
        }
    }
}

#[test]
fn all_components_are_exact_and_of_length_one() {
    let wine = data("wine");
    let [exact, found] = both(&wine, 13, None);
    for (a, b) in found.explained_variance().iter().zip(exact.explained_variance()) {
        assert!((a - b).abs() < 1e-9 * b.max(1.0), "{a} {b}");
    }
    for (i, a) in found.components().chunks(13).enumerate() {
        for (j, b) in found.components().chunks(13).enumerate() {
            let inner: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-12, "{i} {j} {inner}");
        }
    }
}

#[test]
fn weights_count_and_the_seed_fixes_every_bit() {
    let digits = data("digits");
    let weights: Vec<f32> = (0..digits.rows()).map(|row| (row % 3) as f32).collect();
    let [exact, found] = both(&digits, 4, Some(&weights));
    assert!(found.components().iter().zip(exact.components()).all(|(a, b)| (a - b).abs() < 1e-4));
    assert_eq!(found, both(&digits, 4, Some(&weights))[1]);
}

#[test]
fn rows_that_do_not_vary_and_fewer_rows_than_directions_are_fine() {
    let x = [3.0, -1e6, 0.5].repeat(4);
    let [_, flat] = both(&RowSlice::new(&x, 3).unwrap(), 2, None);
    assert_eq!(flat.explained_variance(), [0.0; 2]);
    assert!(flat.components().iter().all(|x| x.is_finite()));
    let wide: Vec<f32> = (0..2 * 40).map(|i| (i * i % 11) as f32).collect();
    let [exact, found] = both(&RowSlice::new(&wide, 40).unwrap(), 1, None);
    assert!((found.explained_variance()[0] / exact.explained_variance()[0] - 1.0).abs() < 1e-9);
}
