//! Rows, labels and distances written and read back.

mod files;

use files::{Files, message, read_all};
use kmeans_data::{
    DataError, Dtype, ErrorKind, Overwrite, create_rows, create_rows_as, describe, open, read_labels,
    read_vector, write_distances, write_label_rows, write_labels,
};
use proptest::prelude::*;

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Writes `values` in blocks of `block` rows and reads them back.
fn round_trip(name: &str, dtype: Option<Dtype>, values: &[f32], dim: usize, block: usize) -> Vec<f32> {
    let files = Files::new();
    let (path, rows) = (files.path(name), values.len() / dim);
    let mut writer = match dtype {
        Some(dtype) => create_rows_as(&path, rows, dim, dtype, Overwrite::Refuse).unwrap(),
        None => create_rows(&path, rows, dim, Overwrite::Refuse).unwrap(),
    };
    values.chunks(block * dim).for_each(|rows| writer.write_rows(rows).unwrap());
    writer.commit().unwrap();
    let points = open(&path).unwrap();
    assert_eq!((points.rows(), points.dim()), (rows, dim));
    read_all(&*points).unwrap()
}

/// Whole rows of values from `strategy`, and their dimension.
fn rows_of(
    strategy: impl Strategy<Value = f32> + Clone + 'static,
) -> impl Strategy<Value = (Vec<f32>, usize)> {
    (1_usize..6, 1_usize..40).prop_flat_map(move |(dim, rows)| {
        (proptest::collection::vec(strategy.clone(), dim * rows), Just(dim))
    })
}

fn finite() -> impl Strategy<Value = f32> + Clone {
    any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |value| value.is_finite())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f32_comes_back_to_the_bit((values, dim) in rows_of(finite()), block in 1_usize..9) {
        for name in ["x.npy", "x.fvecs", "x.csv", "x.tsv"] {
            prop_assert_eq!(bits(&round_trip(name, None, &values, dim, block)), bits(&values), "{}", name);
        }
        prop_assert_eq!(bits(&round_trip("x.npy", Some(Dtype::F64), &values, dim, block)), bits(&values));
    }

    #[test]
    fn integers_come_back_from_small_types((values, dim) in rows_of((0_u8..128).prop_map(f32::from)), block in 1_usize..9) {
        for dtype in Dtype::ALL {
            prop_assert_eq!(&round_trip("x.npy", Some(dtype), &values, dim, block), &values, "{}", dtype);
        }
        prop_assert_eq!(&round_trip("x.bvecs", None, &values, dim, block), &values);
    }

    #[test]
    fn labels_come_back(labels in proptest::collection::vec(any::<i32>(), 1..60)) {
        let files = Files::new();
        for name in ["l.npy", "l.csv", "l.tsv", "l.ivecs"] {
            write_labels(files.path(name), &labels, Overwrite::Refuse).unwrap();
            prop_assert_eq!(&read_labels(files.path(name)).unwrap(), &labels, "{}", name);
        }
    }
}

#[test]
fn a_block_larger_than_the_buffer_is_whole() {
    let values: Vec<f32> = (0..200_000).map(|i| i as f32).collect();
    for name in ["x.npy", "x.fvecs"] {
        assert_eq!(round_trip(name, None, &values, 5, 40_000), values);
    }
}

#[test]
fn values_begin_at_a_multiple_of_64() {
    let files = Files::new();
    for (rows, dim) in [(1, 1), (1000, 784), (123_456, 3)] {
        let path = files.path("x.npy");
        let mut writer = create_rows_as(&path, rows, dim, Dtype::U8, Overwrite::Replace).unwrap();
        writer.write_rows(&vec![1.0; rows * dim]).unwrap();
        writer.commit().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let start = bytes.len() - rows * dim;
        assert_eq!(start % 64, 0);
        assert_eq!(bytes[start - 1], b'\n');
    }
}

#[test]
fn f16_rounds_and_refuses_overflow() {
    let files = Files::new();
    assert_eq!(round_trip("x.npy", Some(Dtype::F16), &[0.1, 65504.0], 2, 1), [0.099_975_586, 65504.0]);
    let mut writer = create_rows_as(files.path("x.npy"), 2, 2, Dtype::F16, Overwrite::Refuse).unwrap();
    writer.write_rows(&[1.0, f32::INFINITY]).unwrap();
    let text = message(writer.write_rows(&[1.0, 65520.0]));
    assert!(text.ends_with("x.npy: row 1, column 1: 65520 does not fit f16 (at most 65504)"), "{text}");
}

#[test]
fn integer_types_refuse_what_is_no_integer_of_their_range() {
    let files = Files::new();
    for bad in [-1.0, 0.5, 256.0, f32::NAN, f32::INFINITY] {
        let mut writer = create_rows(files.path("x.bvecs"), 3, 2, Overwrite::Refuse).unwrap();
        writer.write_rows(&[0.0, 255.0]).unwrap();
        let error = writer.write_rows(&[1.0, 2.0, 3.0, bad]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData);
        let text = format!("x.bvecs: row 2, column 1: {bad} does not fit u8 (an integer from 0 to 255)");
        assert!(error.to_string().ends_with(&text), "{error}");
    }
    for (bad, fits) in [(-128.0, true), (-129.0, false), (127.0, true), (128.0, false), (1.5, false)] {
        let mut writer = create_rows_as(files.path("x.npy"), 1, 1, Dtype::I8, Overwrite::Refuse).unwrap();
        assert_eq!(writer.write_rows(&[bad]).is_ok(), fits, "{bad}");
    }
    assert!(files.names().is_empty());
}

#[test]
fn the_announced_rows_must_come() {
    let files = Files::new();
    let path = files.path("x.npy");
    let mut writer = create_rows(&path, 2, 3, Overwrite::Refuse).unwrap();
    assert!(matches!(writer.write_rows(&[1.0; 4]), Err(DataError::NotRows { len: 4, dim: 3 })));
    assert!(matches!(
        writer.write_rows(&[1.0; 9]),
        Err(DataError::RowCount { announced: 2, written: 3, .. })
    ));
    writer.write_rows(&[1.0; 3]).unwrap();
    assert!(matches!(writer.commit(), Err(DataError::RowCount { announced: 2, written: 1, .. })));
    assert!(files.names().is_empty());
}

#[test]
fn formats_refuse_types_they_do_not_hold() {
    let files = Files::new();
    for (name, dtype) in [("x.fvecs", Dtype::F16), ("x.bvecs", Dtype::F32), ("x.csv", Dtype::U8)] {
        let error = create_rows_as(files.path(name), 1, 1, dtype, Overwrite::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    assert!(matches!(
        create_rows(files.path("x.npz"), 1, 1, Overwrite::Refuse),
        Err(DataError::UnknownExtension { .. })
    ));
    assert!(matches!(
        create_rows(files.path("x.npy"), 1, 0, Overwrite::Refuse),
        Err(DataError::NotRows { .. })
    ));
    assert_eq!("f16".parse::<Dtype>().unwrap(), Dtype::F16);
    assert!("float".parse::<Dtype>().unwrap_err().to_string().contains("expected f32, f64, f16, u8 or i8"));
}

#[test]
fn labels_and_distances_have_the_shape_of_their_rank() {
    let files = Files::new();
    let path = files.path("l.npy");
    write_label_rows(&path, &[3, 1, 0, 2], 2, Overwrite::Refuse).unwrap();
    let info = describe(&path).unwrap();
    assert_eq!((info.dtype, info.rows, info.dim), ("i32", 2, 2));
    assert!(matches!(read_labels(&path), Err(DataError::WrongShape { .. })));
    assert!(matches!(write_labels(&path, &[1], Overwrite::Refuse), Err(DataError::Exists { .. })));
    write_labels(&path, &[1, 2], Overwrite::Replace).unwrap();
    assert!(String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("'shape': (2,)"));

    let path = files.path("d.csv");
    write_distances(&path, &[0.5, 1.25, 0.0, 3.0], 2, Overwrite::Refuse).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "distance_1,distance_2\n0.5,1.25\n0,3\n");
    write_labels(files.path("l.csv"), &[3, -1], Overwrite::Refuse).unwrap();
    assert_eq!(std::fs::read_to_string(files.path("l.csv")).unwrap(), "label\n3\n-1\n");
    write_distances(files.path("d.fvecs"), &[0.5, 1.25, 0.0, 3.0], 2, Overwrite::Refuse).unwrap();
    assert_eq!(read_all(&*open(files.path("d.fvecs")).unwrap()).unwrap(), [0.5, 1.25, 0.0, 3.0]);
    assert!(matches!(
        write_distances(&path, &[1.0; 3], 2, Overwrite::Replace),
        Err(DataError::NotRows { .. })
    ));
    assert!(matches!(write_distances(&path, &[], 0, Overwrite::Replace), Err(DataError::NotRows { .. })));
    let error = write_labels(files.path("l.txt"), &[1], Overwrite::Refuse).unwrap_err();
    assert!(error.to_string().ends_with("expected one of .npy, .csv, .tsv, .ivecs"), "{error}");
}

#[test]
fn labels_of_every_integer_type_are_read() {
    let files = Files::new();
    let values = [0_u8, 7, 100];
    let wide =
        |size: usize| values.iter().flat_map(move |&v| (0..size).map(move |i| if i == 0 { v } else { 0 }));
    for (descr, size) in
        [("|u1", 1), ("|i1", 1), ("<i2", 2), ("<u2", 2), ("<i4", 4), ("<u4", 4), ("<i8", 8), ("<u8", 8)]
    {
        let data: Vec<u8> = wide(size).collect();
        let path = files.write("l.npy", files::npy(descr, false, "(3,)", &data));
        assert_eq!(read_labels(&path).unwrap(), [0, 7, 100], "{descr}");
        assert_eq!(read_vector(&path).unwrap(), [0.0, 7.0, 100.0], "{descr}");
    }
    let data = files::le(&[1.0, 2.5], f64::to_le_bytes);
    let text = message(read_labels(files.write("l.npy", files::npy("<f8", false, "(2, 1)", &data))));
    assert!(text.contains("row 1, column 0: 2.5 does not fit i32"), "{text}");
    let data = files::le(&[1_i64 << 31], i64::to_be_bytes);
    assert!(read_labels(files.write("l.npy", files::npy(">i8", false, "(1,)", &data))).is_err());
}

#[test]
fn vectors_are_one_column() {
    let files = Files::new();
    assert_eq!(read_vector(files.write("w.csv", "weight\n0.1\n2\n")).unwrap(), [0.1, 2.0]);
    let error = read_vector(files.write("w.csv", "1,2\n3,4\n")).unwrap_err();
    assert!(error.to_string().ends_with("w.csv: shape [2, 2], expected one column"), "{error}");
    assert!(read_vector(files.write("w.csv", "1\n\"\"\n3\n")).is_err());
    assert!(matches!(
        read_vector(files.write("w.csv", "1\n1e39\n")),
        Err(DataError::DoesNotFit { row: 1, .. })
    ));
    assert!(matches!(read_vector(files.path("none.npy")), Err(DataError::Missing { .. })));
    assert!(matches!(read_vector("w.txt"), Err(DataError::UnknownExtension { .. })));
}
