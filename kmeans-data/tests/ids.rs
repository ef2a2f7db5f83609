//! Ids and tables of nearest neighbours, read and written.

mod files;

use std::io::{Cursor, Write};

use files::{Files, le, message, npy};
use kmeans_data::{
    DataError, ErrorKind, IdRows, Output, Overwrite, check_output, describe, read_id_rows, read_ids,
    write_id_rows,
};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The least integer that f64 skips.
const SKIPPED: u64 = (1 << 53) + 1;

/// Rows of i32, each after its dimension.
fn ivecs(rows: &[&[i32]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend_from_slice(&(row.len() as i32).to_le_bytes());
        bytes.extend(le(row, i32::to_le_bytes));
    }
    bytes
}

/// Whole rows of ids up to `most`, or -1, and their length.
fn rows_up_to(most: i64) -> impl Strategy<Value = (Vec<i64>, usize)> {
    (1_usize..6, 1_usize..30)
        .prop_flat_map(move |(p, rows)| (proptest::collection::vec(-1..=most, p * rows), Just(p)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ids_of_64_bits_come_back((ids, p) in rows_up_to(i64::MAX)) {
        let files = Files::new();
        for name in ["x.npy", "x.csv", "x.tsv"] {
            write_id_rows(files.path(name), &ids, p, Overwrite::Refuse).unwrap();
            let read = read_id_rows(files.path(name)).unwrap();
            prop_assert_eq!((read.rows(), read.p(), read.ids()), (ids.len() / p, p, &ids[..]), "{}", name);
        }
    }

    #[test]
    fn ids_of_31_bits_come_back_from_ivecs((ids, p) in rows_up_to(i32::MAX.into())) {
        let files = Files::new();
        let path = files.path("x.ivecs");
        write_id_rows(&path, &ids, p, Overwrite::Refuse).unwrap();
        prop_assert_eq!(read_id_rows(&path).unwrap(), IdRows::new(ids, p).unwrap());
    }
}

#[test]
fn one_id_a_row_is_read_to_its_last_bit() {
    let files = Files::new();
    let ids = [0, SKIPPED, i64::MAX as u64];
    let wide = ids.map(|id| id as i64);
    for (descr, shape, data) in [
        ("<u8", "(3,)", le(&ids, u64::to_le_bytes)),
        (">u8", "(3, 1)", le(&ids, u64::to_be_bytes)),
        ("<i8", "(3, 1)", le(&wide, i64::to_le_bytes)),
        (">i8", "(3,)", le(&wide, i64::to_be_bytes)),
    ] {
        for fortran_order in [false, true] {
            let path = files.write("x.npy", npy(descr, fortran_order, shape, &data));
            assert_eq!(read_ids(path).unwrap(), ids, "{descr}");
        }
    }
    for text in
        ["9007199254740993\n18446744073709551615\n", "id\n 9007199254740993\r\n\n\"18446744073709551615\""]
    {
        for name in ["x.csv", "x.tsv"] {
            assert_eq!(read_ids(files.write(name, text)).unwrap(), [SKIPPED, u64::MAX], "{text:?}");
        }
    }
    let largest = files.write("x.npy", npy("<u8", false, "(1,)", &u64::MAX.to_le_bytes()));
    assert_eq!(read_ids(largest).unwrap(), [u64::MAX]);
}

#[test]
fn ids_of_every_integer_type_are_read() {
    let files = Files::new();
    for (descr, size) in
        [("|u1", 1), ("|i1", 1), ("<i2", 2), ("<u2", 2), ("<i4", 4), ("<u4", 4), ("<i8", 8), ("<u8", 8)]
    {
        let data: Vec<u8> = [0_u64, 7, 100].iter().flat_map(|id| id.to_le_bytes()[..size].to_vec()).collect();
        let path = files.write("x.npy", npy(descr, false, "(3,)", &data));
        assert_eq!(read_ids(&path).unwrap(), [0, 7, 100], "{descr}");
        let rows = read_id_rows(&path);
        if size < 4 {
            assert!(message(rows).ends_with("expected i32, i64, u32 or u64"), "{descr}");
        } else {
            assert_eq!(rows.unwrap(), IdRows::new(vec![0, 7, 100], 1).unwrap(), "{descr}");
        }
    }
    assert_eq!(read_ids(files.write("x.ivecs", ivecs(&[&[5], &[i32::MAX]]))).unwrap(), [5, 2147483647]);
}

#[test]
fn floats_are_ids_below_the_first_integer_that_they_skip() {
    let files = Files::new();
    let read = |descr: &str, data: &[u8]| read_ids(files.write("x.npy", npy(descr, false, "(2,)", data)));
    let double = |value: f64| read("<f8", &le(&[1.0, value], f64::to_le_bytes));
    assert_eq!(double(9007199254740991.0).unwrap(), [1, SKIPPED - 2]);
    for bad in [9007199254740992.0, 1.5, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let text = message(double(bad));
        let expected = format!(
            "x.npy: row 1, column 0: {bad}, expected an id (in f64, an integer from 0 to 9007199254740991)"
        );
        assert!(text.ends_with(&expected), "{text}");
    }
    let single = |value: f32| read(">f4", &le(&[1.0, value], f32::to_be_bytes));
    assert_eq!(single(16777215.0).unwrap(), [1, 16777215]);
    assert!(message(single(16777216.0)).ends_with("(in f32, an integer from 0 to 16777215)"));
    let half = |value: f32| read("<f2", &le(&[1.0, value].map(half::f16::from_f32), half::f16::to_le_bytes));
    assert_eq!(half(2047.0).unwrap(), [1, 2047]);
    assert!(message(half(2048.0)).ends_with("(in f16, an integer from 0 to 2047)"));

    let text = files.write("x.csv", "id\n5.000000000000000000e+00\n9007199254740991.0\n");
    assert_eq!(read_ids(text).unwrap(), [5, SKIPPED - 2]);
}

#[test]
fn what_is_no_id_is_named_with_its_place() {
    let files = Files::new();
    let expected = "expected an id (an integer from 0 to 18446744073709551615)";
    for bad in [-1, -9007199254740993, i64::MIN] {
        let data = le(&[3, bad], i64::to_be_bytes);
        let error = read_ids(files.write("x.npy", npy(">i8", false, "(2,)", &data))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData);
        let text = format!("x.npy: row 1, column 0: {bad}, {expected}");
        assert!(error.to_string().ends_with(&text), "{error}");
    }
    for bad in ["-5", "1.5", "nan", "inf", "1e300", "9007199254740992.0", "18446744073709551616", "-1e0"] {
        let place = format!("column 1: \"{bad}\", {expected}");
        let text = message(read_ids(files.write("x.csv", format!("id\n1\n\n{bad}\n"))));
        assert!(text.ends_with(&format!("x.csv: line 4, {place}")), "{text}");
        let text = message(read_ids(files.write("x.csv", format!("{bad}\n1\n"))));
        assert!(text.ends_with(&format!("x.csv: line 1, {place}")), "no header: {text}");
    }
    let text = message(read_ids(files.write("x.ivecs", ivecs(&[&[5], &[-2]]))));
    assert!(text.ends_with(&format!("x.ivecs: row 1, column 0: -2, {expected}")), "{text}");
}

#[test]
fn ids_are_one_column() {
    let files = Files::new();
    let wide = le(&[1_i64, 2, 3, 4], i64::to_le_bytes);
    for path in [
        files.write("x.npy", npy("<i8", false, "(2, 2)", &wide)),
        files.write("x.csv", "1,2\n3,4\n"),
        files.write("x.ivecs", ivecs(&[&[1, 2], &[3, 4]])),
    ] {
        let text = message(read_ids(path));
        assert!(text.ends_with("shape [2, 2], expected one column"), "{text}");
    }
    let cube = files.write("x.npy", npy("<i8", false, "(1, 2, 2)", &wide));
    assert!(message(read_id_rows(cube)).ends_with("expected one or two dimensions"));
}

#[test]
fn neighbours_are_read_from_every_layout() {
    let files = Files::new();
    let ids = [7_i64, -1, SKIPPED as i64, 3, 0, -1];
    let by_column = [ids[0], ids[3], ids[1], ids[4], ids[2], ids[5]];
    let expected = IdRows::new(ids.to_vec(), 3).unwrap();
    for (descr, fortran_order, data) in [
        ("<i8", false, le(&ids, i64::to_le_bytes)),
        (">i8", false, le(&ids, i64::to_be_bytes)),
        ("<i8", true, le(&by_column, i64::to_le_bytes)),
    ] {
        let path = files.write("x.npy", npy(descr, fortran_order, "(2, 3)", &data));
        assert_eq!(read_id_rows(path).unwrap(), expected, "{descr}, Fortran order: {fortran_order}");
    }
    for text in ["7,-1,9007199254740993\n3,0,-1\n", "a,b,c\n7,-1,9007199254740993\n3,0,-1.0\n"] {
        assert_eq!(read_id_rows(files.write("x.csv", text)).unwrap(), expected, "{text:?}");
    }
    let path = files.write("x.ivecs", ivecs(&[&[7, -1], &[0, i32::MAX]]));
    assert_eq!(read_id_rows(path).unwrap().into_ids(), [7, -1, 0, 2147483647]);
    for (descr, data) in
        [("<u4", le(&[7, u32::MAX], u32::to_le_bytes)), ("<u8", le(&[7, 4294967295], u64::to_le_bytes))]
    {
        let path = files.write("x.npy", npy(descr, false, "(1, 2)", &data));
        assert_eq!(read_id_rows(path).unwrap().ids(), [7, 4294967295], "{descr}");
    }
}

#[test]
fn ids_are_read_from_archives() {
    let files = Files::new();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, shape) in [("ids.npy", "(2,)"), ("neighbours.npy", "(1, 2)")] {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(&npy("<u8", false, shape, &le(&[SKIPPED, 2], u64::to_le_bytes))).unwrap();
    }
    files.write("a.npz", writer.finish().unwrap().into_inner());
    assert_eq!(read_ids(files.path("a.npz:ids")).unwrap(), [SKIPPED, 2]);
    let rows = read_id_rows(files.path("a.npz:neighbours")).unwrap();
    assert_eq!((rows.rows(), rows.p(), rows.ids()), (1, 2, &[SKIPPED as i64, 2][..]));
    assert!(matches!(read_ids(files.path("a.npz:none")), Err(DataError::NoSuchKey { .. })));
}

#[test]
fn below_minus_one_is_no_neighbour() {
    let files = Files::new();
    let expected = "expected an id (an integer from 0 to 9223372036854775807) or -1 for none";
    let place = format!("row 1, column 0: -2, {expected}");
    let by_column = le(&[-1_i64, -2, 5, 6], i64::to_le_bytes);
    for path in [
        files.write("f.npy", npy("<i8", true, "(2, 2)", &by_column)),
        files.write("x.npy", npy("<i4", false, "(2, 2)", &le(&[-1, 5, -2, 6], i32::to_le_bytes))),
        files.write("x.ivecs", ivecs(&[&[-1, 5], &[-2, 6]])),
    ] {
        let text = message(read_id_rows(path));
        assert!(text.ends_with(&place), "{text}");
    }
    let text = message(read_id_rows(files.write("x.tsv", "-1\t5\n6\t-2\n")));
    assert!(text.ends_with(&format!("x.tsv: line 2, column 2: \"-2\", {expected}")), "{text}");
    let data = le(&[1, 1 << 63], u64::to_le_bytes);
    let text = message(read_id_rows(files.write("x.npy", npy("<u8", false, "(1, 2)", &data))));
    assert!(text.ends_with(&format!("row 0, column 1: 9223372036854775808, {expected}")), "{text}");
    assert_eq!(message(IdRows::new(vec![0, 1, -2, 3], 2)), format!("memory: {place}"));
    assert!(matches!(IdRows::new(vec![1; 3], 2), Err(DataError::NotRows { len: 3, dim: 2 })));
}

#[test]
fn vectors_in_the_place_of_neighbours_are_refused() {
    let files = Files::new();
    for (descr, data) in [("<f4", le(&[1.0, 2.0], f32::to_le_bytes)), ("|u1", vec![1, 2])] {
        let error = read_id_rows(files.write("x.npy", npy(descr, false, "(1, 2)", &data))).unwrap_err();
        assert!(matches!(error, DataError::WrongDtype { .. }), "{error}");
    }
    assert!(matches!(read_id_rows("base.fvecs"), Err(DataError::UnknownExtension { .. })));
}

#[test]
fn ragged_and_truncated_rows_are_refused() {
    let files = Files::new();
    let text = message(read_id_rows(files.write("x.ivecs", ivecs(&[&[1, 2, 3], &[1], &[7]]))));
    assert!(text.ends_with("x.ivecs: row 1: dimension 1, expected 3"), "{text}");
    let text = message(read_id_rows(files.write("x.csv", "1,2\n3\n")));
    assert!(text.ends_with("x.csv: line 2: 1 fields, expected 2"), "{text}");
    let whole = ivecs(&[&[1, 2], &[3, 4]]);
    for length in (0..whole.len()).filter(|length| length % 12 != 0 || *length == 0) {
        let error = read_id_rows(files.write("x.ivecs", &whole[..length])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData, "{length}: {error}");
    }
    let whole = npy("<i8", false, "(2,)", &le(&[1, 2], i64::to_le_bytes));
    for length in 0..whole.len() {
        let error = read_ids(files.write("x.npy", &whole[..length])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData, "{length}: {error}");
    }
}

#[test]
fn ids_are_written_in_the_shape_of_their_rank() {
    let files = Files::new();
    let ids = [SKIPPED as i64, -1, 0, 2];
    write_id_rows(files.path("x.npy"), &ids, 2, Overwrite::Refuse).unwrap();
    let bytes = npy("<i8", false, "(2, 2)", &le(&ids, i64::to_le_bytes));
    assert_eq!(std::fs::read(files.path("x.npy")).unwrap(), bytes);
    write_id_rows(files.path("c.npy"), &ids, 1, Overwrite::Refuse).unwrap();
    let bytes = npy("<i8", false, "(4,)", &le(&ids, i64::to_le_bytes));
    assert_eq!(std::fs::read(files.path("c.npy")).unwrap(), bytes);
    write_id_rows(files.path("x.tsv"), &ids, 2, Overwrite::Refuse).unwrap();
    let text = std::fs::read_to_string(files.path("x.tsv")).unwrap();
    assert_eq!(text, "id_1\tid_2\n9007199254740993\t-1\n0\t2\n");
    write_id_rows(files.path("c.csv"), &ids[1..], 1, Overwrite::Refuse).unwrap();
    assert_eq!(std::fs::read_to_string(files.path("c.csv")).unwrap(), "id\n-1\n0\n2\n");
    write_id_rows(files.path("x.ivecs"), &[5, -1, i32::MAX.into(), 2], 2, Overwrite::Refuse).unwrap();
    assert_eq!(std::fs::read(files.path("x.ivecs")).unwrap(), ivecs(&[&[5, -1], &[i32::MAX, 2]]));
    let info = describe(files.path("x.npy")).unwrap();
    assert_eq!((info.dtype, info.rows, info.dim), ("i64", 2, 2));
}

#[test]
fn ids_that_the_output_does_not_hold_leave_no_file() {
    let files = Files::new();
    let write = |name, ids: &[i64], p| write_id_rows(files.path(name), ids, p, Overwrite::Refuse);
    let text = message(write("x.ivecs", &[0, 1, 2, 1 << 31], 2));
    let expected = "an id that .ivecs holds (an integer from 0 to 2147483647) or -1 for none";
    assert!(text.ends_with(&format!("x.ivecs: row 1, column 1: 2147483648, expected {expected}")), "{text}");
    for name in ["x.npy", "x.csv", "x.ivecs"] {
        let text = message(write(name, &[0, -2], 1));
        assert!(text.contains(&format!("{name}: row 1, column 0: -2, expected an id")), "{text}");
    }
    assert!(matches!(write("x.npy", &[1; 3], 2), Err(DataError::NotRows { len: 3, dim: 2 })));
    assert!(matches!(write("x.npy", &[-2], 0), Err(DataError::NotRows { dim: 0, .. })));
    assert!(files.names().is_empty());
}

#[test]
fn a_wrong_extension_is_refused_before_and_at_writing() {
    let files = Files::new();
    for name in ["x.fvecs", "x.npz", "x.txt", "x"] {
        let path = files.path(name);
        for error in [
            check_output(&path, Output::Ids, Overwrite::Refuse).unwrap_err(),
            write_id_rows(&path, &[1], 1, Overwrite::Refuse).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().ends_with("expected one of .npy, .csv, .tsv, .ivecs"), "{error}");
        }
    }
    assert!(files.names().is_empty());
    let text = message(read_ids("x.fvecs"));
    assert!(text.ends_with("expected one of .npy, .npz:key, .csv, .tsv, .ivecs"), "{text}");
    assert!(matches!(read_ids(files.path("none.npy")), Err(DataError::Missing { .. })));
}

#[test]
fn an_existing_file_is_kept_unless_it_may_be_replaced() {
    let files = Files::new();
    let path = files.write("x.ivecs", ivecs(&[&[1]]));
    for error in [
        check_output(&path, Output::Ids, Overwrite::Refuse).unwrap_err(),
        write_id_rows(&path, &[2], 1, Overwrite::Refuse).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Exists);
    }
    assert_eq!(read_ids(&path).unwrap(), [1]);
    write_id_rows(&path, &[2], 1, Overwrite::Replace).unwrap();
    assert_eq!(read_ids(&path).unwrap(), [2]);
}
