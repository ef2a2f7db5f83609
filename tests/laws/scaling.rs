//! Scaling the data by a scales inertia by a².

use kmeans::Init;
use proptest::prelude::*;

use crate::naive;
use crate::training::{bits, kmeans, rows};

#[test]
fn a_power_of_two_scales_inertia_exactly() {
    let x = naive::blobs(300, 3, 6, 1);
    for init in [Init::KMeansPlusPlus, Init::Random] {
        let plain = kmeans(5).init(init.clone()).train(&x, 3).unwrap();
        for e in [-100, -60, -31, -3, 1, 20, 38, 39, 50, 90, 120] {
            let factor = 2_f32.powi(e);
            let scaled: Vec<f32> = x.iter().map(|x| x * factor).collect();
            let fit = kmeans(5).init(init.clone()).train(&scaled, 3).unwrap();
            assert_eq!(fit.labels, plain.labels, "2^{e}");
            let centroids: Vec<f32> = plain.model.centroids().iter().map(|c| c * factor).collect();
            assert_eq!(bits(fit.model.centroids()), bits(&centroids), "2^{e}");
            let inertia = plain.report.inertia * f64::from(factor) * f64::from(factor);
            assert_eq!(fit.report.inertia.to_bits(), inertia.to_bits(), "2^{e}");
            let objs: Vec<f64> = plain.report.obj.iter().map(|o| o * f64::from(factor).powi(2)).collect();
            assert_eq!(fit.report.obj, objs, "2^{e}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_factor_scales_inertia_by_its_square(seed in any::<u64>(), a in 0.001_f32..1000.0) {
        let x = naive::blobs(120, 3, 4, seed);
        let scaled: Vec<f32> = x.iter().map(|x| x * a).collect();
        let train = |x: &[f32]| kmeans(4).init_centroids(rows(x, 3, &[0, 10, 20, 30])).niter(100).train(x, 3).unwrap();
        let (plain, scaled) = (train(&x), train(&scaled));
        // A row halfway between two clusters may go either way; then the paths part, and may meet again.
        let is_settled = |fit: &kmeans::Fit| fit.report.stop == kmeans::Stop::LabelsUnchanged;
        prop_assume!(plain.labels == scaled.labels && is_settled(&plain) && is_settled(&scaled));
        let expected = plain.report.inertia * f64::from(a) * f64::from(a);
        prop_assert!((scaled.report.inertia - expected).abs() <= 1e-5 * expected);
    }
}
