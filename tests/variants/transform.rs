//! Distances of all rows to all centroids, by blocks.

use kmeans::{Error, Metric, RowSlice};

use super::data::{data, kmeans, sq_dist};
use crate::naive;

#[test]
fn blocks_of_distances_come_in_the_order_of_the_rows() {
    let (x, d) = data("digits");
    let points = RowSlice::new(&x, d).unwrap();
    let kmeans = kmeans(10);
    let fit = kmeans.train(&x, d).unwrap();
    let mut all = Vec::new();
    kmeans
        .transform(&fit.model, &points, &mut |block| {
            assert_eq!(block.len() % 10, 0);
            all.extend_from_slice(block);
            Ok(())
        })
        .unwrap();
    assert_eq!(all.len(), 1797 * 10);
    for (row, distances) in all.chunks_exact(10).enumerate() {
        let x = &x[row * d..][..d];
        for (c, &distance) in distances.iter().enumerate() {
            let exact = sq_dist(x, fit.model.centroid(c));
            assert!((f64::from(distance) - exact).abs() <= 1e-5 * exact, "row {row}: {distance} {exact}");
        }
        let nearest = (0..10).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).unwrap();
        assert_eq!(nearest as i32, fit.labels[row]);
    }
}

#[test]
fn an_error_of_the_sink_ends_the_work() {
    let x = naive::blobs(100, 2, 3, 1);
    let fit = kmeans(3).train(&x, 2).unwrap();
    let points = RowSlice::new(&x, 2).unwrap();
    let full = |_: &[f32]| Err(Error::InitFunction { reason: "full".to_owned() });
    assert!(kmeans(3).transform(&fit.model, &points, &mut { full }).is_err());
}

#[test]
fn products_and_angles_are_transformed_in_their_units() {
    let x = naive::blobs(100, 3, 3, 1);
    let points = RowSlice::new(&x, 3).unwrap();
    for metric in [Metric::InnerProduct, Metric::Cosine] {
        let kmeans = kmeans(3).metric(metric).return_distances(true);
        let fit = kmeans.train(&x, 3).unwrap();
        let mut all = Vec::new();
        let mut keep = |block: &[f32]| {
            all.extend_from_slice(block);
            Ok(())
        };
        kmeans.transform(&fit.model, &points, &mut keep).unwrap();
        for (row, distance) in fit.distances.unwrap().into_iter().enumerate() {
            let own = all[row * 3 + fit.labels[row] as usize];
            assert!((own - distance).abs() <= 1e-5 * distance.abs().max(1.0), "{metric}: {own} {distance}");
        }
    }
}
