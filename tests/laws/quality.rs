//! Optima that are known, on the embedded data sets.

use crate::training::{check_fit, data, kmeans};

fn best(name: &str, k: usize) -> f64 {
    let (x, d) = data(name);
    let fit = kmeans(k).nredo(20).niter(300).train(&x, d).unwrap();
    check_fit(&fit, &x, None, name);
    fit.report.inertia
}

#[test]
fn digits_come_within_a_thousandth_of_the_best_known() {
    let (found, known) = (best("digits", 10), 1_165_127.462479);
    assert!(found <= known * 1.001 && found >= known * (1.0 - 1e-6), "{found}");
}

#[test]
fn iris_reaches_its_optimum() {
    approx::assert_relative_eq!(best("iris", 3), 78.851440, max_relative = 1e-6);
}

#[test]
fn wine_reaches_its_optimum() {
    approx::assert_relative_eq!(best("wine", 3), 2_370_689.686793, max_relative = 1e-6);
}
