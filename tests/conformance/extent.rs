//! Ranges of the columns and of the weights, and values that are not finite.

use kmeans::core::{Engine, Error};

use crate::engines::{extent, lent};
use crate::naive;

pub(crate) fn extents_are_the_smallest_and_largest_values(engine: &impl Engine) {
    for d in [1, 3, 16, 17, 64, 128, 784] {
        for n in [1, 9, 64, 65, 241, 5000, 20_000] {
            if n * d > 1_000_000 {
                continue;
            }
            let x = naive::blobs(n, d, 5, (n + d) as u64);
            let rows = engine.prepare(lent(&x, d), None).unwrap();
            assert_eq!(engine.extent(&rows).unwrap(), extent(&x, d, None), "n={n} d={d}");
        }
    }
}

pub(crate) fn the_first_value_that_is_not_finite_is_named(engine: &impl Engine) {
    for (n, d) in [(1, 1), (300, 3), (9000, 17), (5000, 33)] {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for (row, column) in [(0, 0), (n / 2, d - 1), (n - 1, d / 2), (n - 1, d - 1)] {
                let mut x = naive::blobs(n, d, 5, 61);
                x[row * d + column] = bad;
                x[n * d - 1] = bad;
                let rows = engine.prepare(lent(&x, d), None).unwrap();
                match engine.extent(&rows) {
                    Err(Error::NonFinite { row: r, column: c, value, .. }) => {
                        assert_eq!((r, c), (row, column));
                        assert_eq!(value.is_nan(), bad.is_nan());
                        assert!(bad.is_nan() || value == bad);
                    }
                    other => panic!("n={n} d={d} row {row} column {column}: {other:?}"),
                }
            }
        }
    }
}

pub(crate) fn weights_are_counted(engine: &impl Engine) {
    let x = naive::blobs(6, 2, 2, 62);
    let weights = [0.0, 3.5, 0.0, 0.25, 1e-30, 2.0];
    let rows = engine.prepare(lent(&x, 2), Some(&weights)).unwrap();
    let extent = engine.extent(&rows).unwrap();
    assert_eq!((extent.rows, extent.weighted_rows), (6, 4));
    assert_eq!((extent.max_weight, extent.min_weight), (3.5, 1e-30));
}
