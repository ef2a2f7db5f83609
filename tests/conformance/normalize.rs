//! Centroids of length 1.

use kmeans::core::{Centroids, Engine, Frame, Metric};

use crate::engines::{centroids, extent, frame};
use crate::naive;

fn frames(x: &[f32], d: usize) -> [Frame; 2] {
    [frame(x, d, None, Metric::InnerProduct), frame(x, d, None, Metric::L2)]
}

pub(crate) fn centroids_get_unit_length(engine: &impl Engine) {
    for d in [1, 3, 17, 128] {
        let x = naive::blobs(100, d, 5, 81);
        for frame in frames(&x, d) {
            let before = centroids(&x, 9, &frame, 1);
            let mut after = before.clone();
            engine.normalize(&mut after, &frame).unwrap();
            let position = |c: &Centroids, row: usize| -> Vec<f64> {
                c.row(row).iter().enumerate().map(|(j, &v)| frame.position(j, f64::from(v))).collect()
            };
            for row in 0..9 {
                let was = position(&before, row);
                let norm = naive::sq_norm(&was).sqrt();
                for (j, (was, is)) in was.iter().zip(position(&after, row)).enumerate() {
                    // One rounding of the position, and one of its offset from the origin.
                    let ulp = (was / norm).abs().max(after.row(row)[j].abs().into()) * 2_f64.powi(-23);
                    assert!((is - was / norm).abs() <= ulp, "d={d} row {row}: {is} for {}", was / norm);
                }
            }
        }
    }
}

pub(crate) fn a_zero_centroid_stays_zero(engine: &impl Engine) {
    let d = 4;
    let x = [3.0, 0.0, 4.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let frame = Frame::at_origin(vec![0.0; d], &extent(&x, d, None));
    let mut c = Centroids::from_offsets(vec![0.0, 0.0, 0.0, 0.0, 3.0, 0.0, -4.0, 0.0], d);
    engine.normalize(&mut c, &frame).unwrap();
    assert_eq!(c.offsets(), [0.0, 0.0, 0.0, 0.0, 0.6, 0.0, -0.8, 0.0]);
}
