//! Rows as slices and as tensors, and rows given back.

use burn::tensor::{Tensor, TensorData};
use kmeans::core::{Centroids, Engine, Frame, Metric, Packing, PartialStats, Rows};

/// What a step gives: sums, labels, distances.
type Stepped = (PartialStats, Vec<i32>, Vec<f32>);

use crate::engines::{centroids, check_same, frame, lent, prepared};
use crate::naive;

fn stats_of<'p, E: Engine>(engine: &'p E, rows: Rows<'p, E::Backend>, x: &[f32], d: usize) -> Stepped {
    let frame = frame(x, d, None, Metric::L2);
    let mut rows = engine.prepare(rows, None).unwrap();
    engine.set_frame(&mut rows, &frame).unwrap();
    let codebook = engine.codebook(&centroids(x, 7, &frame, 9), Metric::L2).unwrap();
    let stats = engine.download(engine.step(&mut rows, &codebook).unwrap()).unwrap();
    (stats, engine.labels(&rows).unwrap(), engine.distances(&rows).unwrap())
}

fn check_equal(a: &Stepped, b: &Stepped, what: &str) {
    assert_eq!(a.1, b.1, "{what}: labels");
    assert_eq!(a.2, b.2, "{what}: distances");
    check_same(&a.0, &b.0, what);
}

fn tensor<E: Engine>(engine: &E, x: &[f32], shape: [usize; 2]) -> Tensor<E::Backend, 2> {
    Tensor::from_data(TensorData::new(x.to_vec(), shape), &engine.backend_device())
}

pub(crate) fn tensors_are_taken_like_slices(engine: &impl Engine) {
    for (n, d) in [(10, 1), (300, 3), (253, 17), (100, 128)] {
        let x = naive::blobs(n, d, 5, 71);
        let slice = stats_of(engine, lent(&x, d), &x, d);
        let whole = Rows::Tensor(tensor(engine, &x, [n, d]));
        check_equal(&stats_of(engine, whole, &x, d), &slice, &format!("tensor n={n} d={d}"));
        let owned = Rows::Host { x: x.clone().into(), d };
        check_equal(&stats_of(engine, owned, &x, d), &slice, &format!("owned n={n} d={d}"));
    }
}

pub(crate) fn a_transposed_tensor_is_read_by_rows(engine: &impl Engine) {
    for (n, d) in [(10, 1), (300, 3), (253, 17), (100, 128)] {
        let x = naive::blobs(n, d, 5, 72);
        let by_columns: Vec<f32> = (0..d).flat_map(|j| x.iter().skip(j).step_by(d).copied()).collect();
        let slice = stats_of(engine, lent(&x, d), &x, d);
        let transposed = tensor(engine, &by_columns, [d, n]).transpose();
        let transposed = stats_of(engine, Rows::Tensor(transposed), &x, d);
        check_equal(&transposed, &slice, &format!("transposed n={n} d={d}"));
        // A slice of columns of a wider tensor is no whole rows in memory, either.
        let padded: Vec<f32> = x.chunks_exact(d).flat_map(|row| [&[7.0], row, &[9.0]].concat()).collect();
        let inner = tensor(engine, &padded, [n, d + 2]).slice([0..n, 1..d + 1]);
        let inner = stats_of(engine, Rows::Tensor(inner), &x, d);
        check_equal(&inner, &slice, &format!("columns n={n} d={d}"));
    }
}

pub(crate) fn rows_come_back_in_the_frame(engine: &impl Engine) {
    for d in [1, 3, 17, 128] {
        let n = 300;
        let x: Vec<f32> = naive::blobs(n, d, 5, 73).iter().map(|x| x * 3.3 + 1e4).collect();
        let frame = frame(&x, d, None, Metric::L2);
        let rows = prepared(engine, &x, None, &frame);
        let ids = [0, n - 1, 7, 7, 253];
        let expected: Vec<f32> = ids
            .iter()
            .flat_map(|&i| (0..d).map(move |j| (i, j)))
            .map(|(i, j)| frame.offset(j, x[i * d + j]))
            .collect();
        assert_eq!(engine.gather(&rows, &ids).unwrap(), expected);
        assert!(engine.gather(&rows, &[]).unwrap().is_empty());
    }
}

/// Small integers, which all packings hold, as each of them.
pub(crate) fn packed_rows_give_what_plain_ones_give(engine: &impl Engine) {
    let (n, k) = (253, 9);
    for (d, metric) in [(1, Metric::L2), (5, Metric::InnerProduct), (17, Metric::Cosine), (64, Metric::L2)] {
        let mut numbers = naive::Numbers::new(d as u64);
        let x: Vec<f32> = (0..n * d).map(|_| numbers.below(100) as f32).collect();
        let weights = numbers.vec(n, 0.0, 2.0);
        let frame = frame(&x, d, Some(&weights), metric);
        let c = centroids(&x, k, &frame, 4);
        let c = if metric.has_unit_rows() { Centroids::from_offsets(x[..k * d].to_vec(), d) } else { c };
        let codebook = engine.codebook(&c, metric).unwrap();
        let step = |rows| {
            let mut rows = engine.prepare(rows, Some(&weights)).unwrap();
            let extent = engine.extent(&rows).unwrap();
            engine.set_frame(&mut rows, &frame).unwrap();
            let stats = engine.download(engine.step(&mut rows, &codebook).unwrap()).unwrap();
            let gathered = engine.gather(&rows, &[n - 1, 3]).unwrap();
            (stats, engine.labels(&rows).unwrap(), engine.distances(&rows).unwrap(), extent, gathered)
        };
        let plain = step(Rows::Host { x: x.clone().into(), d });
        for packing in [Packing::F16, Packing::U8, Packing::I8] {
            let bytes: Vec<u8> = match packing {
                Packing::F16 => x.iter().flat_map(|&v| half::f16::from_f32(v).to_le_bytes()).collect(),
                Packing::U8 | Packing::I8 => x.iter().map(|&v| v as u8).collect(),
            };
            let packed = step(Rows::Packed { bytes: bytes.into(), packing, d });
            let what = format!("{packing:?} {metric} d={d}");
            check_same(&packed.0, &plain.0, &what);
            assert_eq!((&packed.1, &packed.2), (&plain.1, &plain.2), "{what}");
            assert_eq!((&packed.3, &packed.4), (&plain.3, &plain.4), "{what}");
        }
    }
}

/// Rows whose lengths lie near both ends of `f32`.
pub(crate) fn unit_rows_may_be_tiny_and_huge(engine: &impl Engine) {
    let x = [3e-39_f32, -4e-39, 3e-30, -4e-30, 3.0, -4.0, 3e30, -4e30, 2e38, 2e38, 0.0, 0.0];
    let (d, n) = (2, x.len() / 2);
    let extent = crate::engines::extent(&x, d, None);
    let frame = Frame::of_unit_rows(&extent);
    let rows = prepared(engine, &x, None, &frame);
    let found = engine.gather(&rows, &(0..n).collect::<Vec<_>>()).unwrap();
    let expected = [0.6, -0.8, 0.6, -0.8, 0.6, -0.8, 0.6, -0.8, 0.5_f32.sqrt(), 0.5_f32.sqrt(), 0.0, 0.0];
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
    }
}
