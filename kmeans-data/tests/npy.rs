//! .npy files: every type, both orders, and headers that lie.

mod files;

use files::{Files, le, message, npy, npy_with_header, read_all};
use half::f16;
use kmeans_data::{DataError, ErrorKind, NpyFile, Order, Points, describe, open};

/// The rows (1, 2, 3), (4, 5, 6) in both orders.
const BY_ROW: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
const BY_COLUMN: [f32; 6] = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];

/// Both byte orders of one type, as `descr` and bytes.
fn every_type(values: &[f32]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("<f4", le(values, f32::to_le_bytes)),
        (">f4", le(values, f32::to_be_bytes)),
        ("<f8", le(values, |x| f64::from(x).to_le_bytes())),
        (">f8", le(values, |x| f64::from(x).to_be_bytes())),
        ("<f2", le(values, |x| f16::from_f32(x).to_le_bytes())),
        (">f2", le(values, |x| f16::from_f32(x).to_be_bytes())),
        ("|u1", le(values, |x| [x as u8])),
        ("|i1", le(values, |x| (x as i8).to_le_bytes())),
    ]
}

#[test]
fn every_type_and_order_reads_the_same_rows() {
    let files = Files::new();
    for (fortran, values) in [(false, BY_ROW), (true, BY_COLUMN)] {
        for (descr, data) in every_type(&values) {
            let path = files.write("x.npy", npy(descr, fortran, "(2, 3)", &data));
            let points = open(&path).unwrap();
            assert_eq!((points.rows(), points.dim()), (2, 3), "{descr}");
            assert_eq!(points.row_bytes(), data.len() / 2, "{descr}");
            assert_eq!(read_all(&*points).unwrap(), BY_ROW, "{descr} fortran {fortran}");
            let mut second = [0.0; 3];
            points.read(1..2, &mut second).unwrap();
            assert_eq!(second, [4.0, 5.0, 6.0], "{descr} fortran {fortran}");
            let mut backwards = [0.0; 9];
            points.gather(&[1, 0, 1], &mut backwards).unwrap();
            assert_eq!(backwards, [4.0, 5.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        }
    }
}

#[test]
fn negative_bytes_stay_negative() {
    let files = Files::new();
    let path = files.write("x.npy", npy("|i1", false, "(1, 3)", &[0x80, 0xff, 0x7f]));
    assert_eq!(read_all(&*open(&path).unwrap()).unwrap(), [-128.0, -1.0, 127.0]);
    let path = files.write("y.npy", npy("|u1", false, "(1, 3)", &[0x80, 0xff, 0x7f]));
    assert_eq!(read_all(&*open(&path).unwrap()).unwrap(), [128.0, 255.0, 127.0]);
}

#[test]
fn fortran_order_holds_across_tiles() {
    let files = Files::new();
    let (n, d) = (700, 3);
    let value = |row: usize, column: usize| (row * 10 + column) as f32;
    let columns: Vec<f32> = (0..d).flat_map(|c| (0..n).map(move |r| value(r, c))).collect();
    let path = files.write("x.npy", npy("<f4", true, "(700, 3)", &le(&columns, f32::to_le_bytes)));
    let points = NpyFile::open(&path).unwrap();
    let mut rows = vec![0.0; 600 * d];
    points.read(50..650, &mut rows).unwrap();
    let expected: Vec<f32> = (50..650).flat_map(|r| (0..d).map(move |c| value(r, c))).collect();
    assert_eq!(rows, expected);
    assert!(points.lend(0..1).is_none());
    points.release(0..700);
    assert_eq!(read_all(&points).unwrap()[2099], value(699, 2));
}

#[test]
fn only_plain_f32_is_lent() {
    let files = Files::new();
    for (fortran, values) in [(false, BY_ROW), (true, BY_COLUMN)] {
        for (descr, data) in every_type(&values) {
            let path = files.write("x.npy", npy(descr, fortran, "(2, 3)", &data));
            let points = NpyFile::open(&path).unwrap();
            let expected = (descr == "<f4" && !fortran).then_some(&BY_ROW[3..]);
            assert_eq!(points.lend(1..2), expected, "{descr} fortran {fortran}");
            assert_eq!(points.lend(1..3), None);
        }
    }
}

#[test]
fn misaligned_values_are_read_and_not_lent() {
    let files = Files::new();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}";
    for spaces in 0..4 {
        let header = format!("{header}{}\n", " ".repeat(spaces));
        let bytes = npy_with_header(&header, &le(&BY_ROW, f32::to_le_bytes));
        let aligned = (bytes.len() - 24).is_multiple_of(4);
        let points = NpyFile::open(files.write("x.npy", bytes)).unwrap();
        assert_eq!(points.lend(0..2).is_some(), aligned);
        assert_eq!(read_all(&points).unwrap(), BY_ROW);
    }
    let halves = le(&BY_ROW, |x| f16::from_f32(x).to_le_bytes());
    let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3)}";
    for spaces in 0..2 {
        let header = format!("{header}{}\n", " ".repeat(spaces));
        let points = NpyFile::open(files.write("y.npy", npy_with_header(&header, &halves))).unwrap();
        assert_eq!(read_all(&points).unwrap(), BY_ROW);
    }
}

#[test]
fn one_dimension_is_one_column() {
    let files = Files::new();
    let path = files.write("x.npy", npy("<f4", false, "(6,)", &le(&BY_ROW, f32::to_le_bytes)));
    let points = open(&path).unwrap();
    assert_eq!((points.rows(), points.dim()), (6, 1));
    assert_eq!(read_all(&*points).unwrap(), BY_ROW);
}

#[test]
fn versions_2_and_3_have_a_longer_length() {
    let files = Files::new();
    for version in [2, 3] {
        let header = "{'shape': (2L, 3L), 'fortran_order': False, \"descr\": '<f4'}\n";
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend_from_slice(&[version, 0]);
        bytes.extend_from_slice(&u32::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend(le(&BY_ROW, f32::to_le_bytes));
        let points = open(files.write("x.npy", bytes)).unwrap();
        assert_eq!(read_all(&*points).unwrap(), BY_ROW);
    }
}

#[test]
fn nan_and_infinity_pass() {
    let files = Files::new();
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-300];
    let path = files.write("x.npy", npy("<f8", false, "(2, 2)", &le(&values, f64::to_le_bytes)));
    let read = read_all(&*open(&path).unwrap()).unwrap();
    assert!(read[0].is_nan());
    assert_eq!(read[1..], [f32::INFINITY, f32::NEG_INFINITY, 0.0]);
}

#[test]
fn an_f64_beyond_f32_names_row_and_column() {
    let files = Files::new();
    for (fortran, index) in [(false, 5), (true, 5)] {
        let mut values = [0.5; 6];
        values[index] = -1e39;
        let path = files.write("x.npy", npy("<f8", fortran, "(3, 2)", &le(&values, f64::to_le_bytes)));
        let points = open(&path).unwrap();
        let mut row = [0.0; 2];
        let error = points.read(2..3, &mut row).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData);
        let DataError::DoesNotFit { row, column, value, .. } = error else { panic!("{error}") };
        assert_eq!((row, column, value), (2, 1, -1e39), "fortran {fortran}");
    }
}

#[test]
fn a_file_cut_by_one_byte_names_both_sizes() {
    let files = Files::new();
    let whole = npy("<f4", false, "(2, 3)", &le(&BY_ROW, f32::to_le_bytes));
    let path = files.write("x.npy", &whole[..whole.len() - 1]);
    assert!(matches!(open(&path), Err(DataError::WrongSize { expected: 152, found: 151, .. })));
    let message = message(open(&path));
    assert!(message.ends_with("x.npy: 151 bytes, expected 152 (truncated)"), "{message}");
    for length in 0..whole.len() {
        let error = open(files.write("y.npy", &whole[..length])).err().expect("a truncated file is refused");
        assert_eq!(error.kind(), ErrorKind::BadData, "{length} bytes: {error}");
    }
}

#[test]
fn trailing_data_is_refused() {
    let files = Files::new();
    let mut bytes = npy("<f4", false, "(2, 3)", &le(&BY_ROW, f32::to_le_bytes));
    bytes.push(0);
    let message = message(open(files.write("x.npy", bytes)));
    assert!(message.ends_with("153 bytes, expected 152 (trailing data)"), "{message}");
}

#[test]
fn lying_shapes_are_refused() {
    let files = Files::new();
    let data = le(&BY_ROW, f32::to_le_bytes);
    for (shape, part) in [
        ("(1000000000000, 128)", "152 bytes, expected 512000000000128 (truncated)"),
        ("(4611686018427387904, 2)", "expected a shape that a file can hold"),
        ("(18446744073709551615, 18446744073709551615)", "expected a shape that a file can hold"),
        ("(18446744073709551616, 1)", "expected an integer from 0 to 2^64 - 1"),
        ("(-2, 3)", "expected an integer from 0 to 2^64 - 1"),
        ("(2, 3, 1)", "shape [2, 3, 1], expected one or two dimensions"),
        ("()", "152 bytes, expected 132"),
        ("(2.0, 3)", "expected ',' or ')'"),
        ("[2, 3]", "expected a tuple of integers"),
    ] {
        let message = message(open(files.write("x.npy", npy("<f4", false, shape, &data))));
        assert!(message.contains("x.npy: ") && message.contains(part), "{shape}: {message}");
    }
    for (shape, part) in
        [("(0, 3)", "one row"), ("(0,)", "one row"), ("(3, 0)", "one column"), ("()", "dimensions")]
    {
        let data = if shape == "()" { &data[..4] } else { &[] };
        let message = message(open(files.write("x.npy", npy("<f4", false, shape, data))));
        assert!(message.contains(part), "{shape}: {message}");
    }
}

#[test]
fn broken_headers_are_refused() {
    let files = Files::new();
    for header in [
        "",
        "{",
        "{}",
        "nonsense",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} more",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3}",
        "{'descr': '\u{e9}', 'fortran_order': False, 'shape': (2, 3)}",
    ] {
        let path = files.write("x.npy", npy_with_header(header, &le(&BY_ROW, f32::to_le_bytes)));
        let error = open(&path).err().expect(header);
        assert_eq!(error.kind(), ErrorKind::BadData, "{header}: {error}");
        assert!(error.to_string().contains("x.npy"), "{error}");
    }
}

#[test]
fn an_absurd_header_length_is_refused() {
    let files = Files::new();
    let mut bytes = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    bytes.extend_from_slice(&[b' '; 200]);
    let message = message(open(files.write("x.npy", &bytes)));
    assert!(message.ends_with("212 bytes, expected 4294967307 (truncated)"), "{message}");
}

#[test]
fn other_files_are_told_from_npy() {
    let files = Files::new();
    assert!(message(open(files.write("x.npy", "1,2\n3,4\n"))).contains("not a .npy file"));
    assert!(
        message(open(files.write("x.npy", b"\x93NUMPY\x04\x00zz"))).contains("version 4.0, expected 1.0")
    );
    assert!(matches!(open(files.write("x.npy", "")), Err(DataError::Empty { .. })));
    assert!(matches!(open(files.path("none.npy")), Err(DataError::Missing { .. })));
    std::fs::create_dir(files.path("dir.npy")).unwrap();
    assert!(matches!(open(files.path("dir.npy")), Err(DataError::NotAFile { .. })));
}

#[test]
fn wrong_types_name_what_was_found_and_what_is_read() {
    let files = Files::new();
    for (descr, word) in
        [("<i8", "i64"), ("<i4", "i32"), ("|b1", "|b1"), ("<c8", "<c8"), ("<U5", "<U5"), ("|O", "|O")]
    {
        let data = vec![0; if descr == "<i8" { 48 } else { 24 }];
        let path = files.write("x.npy", npy(descr, false, "(2, 3)", &data));
        let error = open(&path).err().expect(descr);
        assert_eq!(error.kind(), ErrorKind::BadData);
        let text = format!("x.npy: dtype {word}, expected f32, f64, f16, u8 or i8");
        assert!(error.to_string().ends_with(&text), "{error}");
    }
    let header = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}";
    assert!(message(open(files.write("x.npy", npy_with_header(header, &[0; 8])))).contains("a structure"));
}

#[test]
fn rows_that_are_not_there_are_refused() {
    let files = Files::new();
    let path = files.write("x.npy", npy("<f4", false, "(2, 3)", &le(&BY_ROW, f32::to_le_bytes)));
    let points = open(&path).unwrap();
    let error = points.read(1..3, &mut [0.0; 6]).unwrap_err();
    assert!(error.to_string().ends_with("rows 1..3, expected a range within 0..2"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(matches!(
        points.read(0..1, &mut [0.0; 4]),
        Err(DataError::BufferLength { expected: 3, found: 4, .. })
    ));
    assert!(matches!(points.gather(&[usize::MAX], &mut [0.0; 3]), Err(DataError::OutOfRows { .. })));
    points.release(0..9);
}

#[test]
fn describe_knows_arrays_that_are_no_rows() {
    let files = Files::new();
    let path = files.write("x.npy", npy("<i8", true, "(2, 3)", &[0; 48]));
    let info = describe(&path).unwrap();
    assert_eq!((info.dtype, info.rows, info.dim, info.order), ("i64", 2, 3, Order::Fortran));
    assert!(info.mapped);
    assert_eq!(info.bytes, 48);
}
