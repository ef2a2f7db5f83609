//! Sparse matrices in .npz files.

mod files;

use std::io::{Cursor, Write};

use files::{Files, le, message, npy, read_all};
use kmeans_data::{
    CsrRows, DataError, ErrorKind, Format, Output, Overwrite, check_output, describe, open, write_csr_npz,
};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Written by SciPy 1.17.1: `save_npz` of a compressed 4×6 `csr_matrix` of f64.
const SCIPY: &[u8] = include_bytes!("files/scipy_csr.npz");

type Members = Vec<(&'static str, Vec<u8>)>;

/// The rows (0, 1.5, 0) and (-2, 0, 3) as SciPy stores them.
fn members() -> Members {
    vec![
        ("indices", npy("<i4", false, "(3,)", &le(&[1, 0, 2], i32::to_le_bytes))),
        ("indptr", npy("<i4", false, "(3,)", &le(&[0, 1, 3], i32::to_le_bytes))),
        ("format", npy("|S3", false, "()", b"csr")),
        ("shape", npy("<i8", false, "(2,)", &le(&[2, 3], i64::to_le_bytes))),
        ("data", npy("<f8", false, "(3,)", &le(&[1.5, -2.0, 3.0], f64::to_le_bytes))),
    ]
}

const DENSE: [f32; 6] = [0.0, 1.5, 0.0, -2.0, 0.0, 3.0];

/// The same with one member replaced.
fn with(key: &str, bytes: Vec<u8>) -> Members {
    members().into_iter().map(|(own, old)| (own, if own == key { bytes.clone() } else { old })).collect()
}

fn archive(members: &Members, method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (key, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(format!("{key}.npy"), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn stored(members: &Members) -> Vec<u8> {
    archive(members, CompressionMethod::Stored)
}

#[test]
fn what_scipy_writes_is_read() {
    let files = Files::new();
    let path = files.write("s.npz", SCIPY);
    let points = open(&path).unwrap();
    let expected = [
        [0.0, 1.5, 0.0, 0.0, 0.0, -2.0],
        [0.0; 6],
        [3.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.25, 0.0, 0.001, 0.0],
    ];
    assert_eq!(read_all(&*points).unwrap(), expected.concat());
    assert_eq!(points.lend_csr(2..4).unwrap().nnz(), 3);
    let info = describe(&path).unwrap();
    assert_eq!((info.format, info.dtype, info.rows, info.dim), (Format::Npz, "f32", 4, 6));
    assert_eq!((info.nnz, info.mapped, info.bytes), (Some(5), false, SCIPY.len() as u64));
    // A key opens one array of it, as before.
    assert_eq!(read_all(&*open(files.path("s.npz:data")).unwrap()).unwrap(), [1.5, -2.0, 3.0, 0.25, 0.001]);
}

#[test]
fn both_widths_both_byte_orders_and_counts_are_read() {
    let files = Files::new();
    for (key, bytes) in [
        ("indices", npy("<i8", false, "(3,)", &le(&[1, 0, 2], i64::to_le_bytes))),
        ("indices", npy(">i4", false, "(3,)", &le(&[1, 0, 2], i32::to_be_bytes))),
        ("indptr", npy(">i8", false, "(3,)", &le(&[0, 1, 3], i64::to_be_bytes))),
        ("shape", npy("<i4", false, "(2,)", &le(&[2, 3], i32::to_le_bytes))),
        ("format", npy("<U3", false, "()", &le(&['c', 's', 'r'], |c| u32::from(c).to_le_bytes()))),
        ("data", npy("<f4", false, "(3,)", &le(&[1.5, -2.0, 3.0], f32::to_le_bytes))),
    ] {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let path = files.write("x.npz", archive(&with(key, bytes.clone()), method));
            assert_eq!(read_all(&*open(path).unwrap()).unwrap(), DENSE, "{key}");
        }
    }
    let counts = npy("<i8", false, "(3,)", &le(&[7, 8, 9], i64::to_le_bytes));
    let path = files.write("x.npz", stored(&with("data", counts)));
    assert_eq!(read_all(&*open(path).unwrap()).unwrap(), [0.0, 7.0, 0.0, 8.0, 0.0, 9.0]);
}

#[test]
fn other_layouts_are_refused_by_name() {
    let files = Files::new();
    for layout in ["csc", "coo", "bsr", "dia"] {
        let word = npy("|S3", false, "()", layout.as_bytes());
        let mut members = with("format", word);
        if layout == "coo" {
            members[0].0 = "row";
            members[1].0 = "col";
        }
        let error = open(files.write("x.npz", stored(&members))).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let text =
            format!("x.npz: a sparse matrix in {layout} layout, expected csr, as SciPy's tocsr() makes it");
        assert!(error.to_string().ends_with(&text), "{error}");
    }
}

#[test]
fn members_that_lie_are_refused_by_name_and_place() {
    let files = Files::new();
    let i4 = |shape: &str, values: &[i32]| npy("<i4", false, shape, &le(values, i32::to_le_bytes));
    let i8 = |values: [i64; 2]| npy("<i8", false, "(2,)", &le(&values, i64::to_le_bytes));
    let f8 = |shape: &str, values: &[f64]| npy("<f8", false, shape, &le(values, f64::to_le_bytes));
    for (key, bytes, part) in [
        (
            "indices",
            i4("(3,)", &[1, 0, 3]),
            "x.npz:indices: row 1: column 3, expected 0 or more and less than 3",
        ),
        ("indices", i4("(3,)", &[-1, 0, 2]), "x.npz:indices: row 0: column -1, expected 0 or more"),
        ("indices", i4("(2,)", &[1, 0]), "x.npz:indices: indptr[2] is 3, expected 2, the number of entries"),
        ("indices", i4("(1, 3)", &[1, 0, 2]), "x.npz:indices: shape [1, 3], expected one dimension"),
        ("indices", f8("(3,)", &[1.0, 0.0, 2.0]), "x.npz:indices: dtype f64, expected i32 or i64"),
        ("indices", i4("(1000000000000,)", &[1, 0, 2]), "x.npz:indices: "),
        ("indptr", i4("(3,)", &[0, 2, 1]), "indptr[2] is 1, expected at least 2, where the row begins"),
        ("indptr", i4("(3,)", &[0, -1, 3]), "x.npz:indptr: indptr[1] is -1, expected 0 or more"),
        ("indptr", i4("(3,)", &[1, 1, 3]), "indptr[0] is 1, expected 0"),
        (
            "indptr",
            i4("(2,)", &[0, 3]),
            "x.npz:indptr: shape [2], expected one more than the rows in 'shape'",
        ),
        ("indptr", i4("(0,)", &[]), "x.npz:indptr: shape [0], expected one more than the rows in 'shape'"),
        ("indptr", f8("(3,)", &[0.0, 1.0, 3.0]), "x.npz:indptr: dtype f64, expected i32 or i64"),
        ("shape", i8([2, 2]), "x.npz:indices: row 1: column 2, expected 0 or more and less than 2"),
        ("shape", i8([i64::MAX, 3]), "x.npz:indptr: shape [3], expected one more than the rows in 'shape'"),
        ("shape", i8([0, 3]), "x.npz:shape: shape [0, 3], expected at least one row"),
        ("shape", i8([2, -1]), "expected at least one column"),
        ("shape", i4("(3,)", &[2, 3, 1]), "x.npz:shape: shape [3], expected two numbers: rows and columns"),
        ("data", f8("(2,)", &[1.0, 2.0]), "x.npz:data: 2 values for 3 column indices"),
        ("data", f8("(3,)", &[1.0, 2.0, 1e39]), "x.npz:data: row 1, column 2: 10000"),
        ("data", npy("<c8", false, "(3,)", &[0; 24]), "x.npz:data: dtype <c8, expected"),
        ("format", npy("|S3", false, "()", b""), "x.npz: a sparse matrix in  layout"),
        ("format", npy("<i4", false, "()", &[0; 4]), "x.npz:format: dtype <i4, expected a word"),
    ] {
        let text = message(open(files.write("x.npz", stored(&with(key, bytes)))));
        assert!(text.contains(part), "{key}: {text}");
    }
    let mut missing = members();
    missing.remove(1);
    let text = message(open(files.write("x.npz", stored(&missing))));
    assert!(text.contains("x.npz: no array \"indptr\", expected one of"), "{text}");
}

#[test]
fn broken_archives_end_in_errors() {
    let files = Files::new();
    for whole in [SCIPY.to_vec(), stored(&members())] {
        for length in 0..whole.len() {
            let error = open(files.write("x.npz", &whole[..length])).err().expect("truncated");
            assert_eq!(error.kind(), ErrorKind::BadData, "{length}: {error}");
        }
        let expected = read_all(&*open(files.write("x.npz", &whole)).unwrap()).unwrap();
        for at in 0..whole.len() {
            for flip in [0x01, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                // Times and attributes of members do not matter; values are under a checksum.
                if let Ok(points) = open(files.write("x.npz", &bytes)) {
                    let read = read_all(&*points).unwrap();
                    assert_eq!(read, expected, "byte {at}");
                }
            }
        }
    }
    assert!(matches!(CsrRows::open_npz(files.path("none.npz")), Err(DataError::Missing { .. })));
    let dense = archive(&vec![("x", members()[4].1.clone())], CompressionMethod::Stored);
    let text = message(CsrRows::open_npz(files.write("d.npz", dense)));
    assert!(text.ends_with("d.npz: no array \"format\", expected one of [\"x\"]"), "{text}");
}

#[test]
fn rows_come_back_from_what_is_written() {
    let files = Files::new();
    let (n, d) = (30_000, 70_000);
    let indices: Vec<u32> = (0..n as u32 * 3).map(|i| i % 3 * 20_000 + i / 3 % 10_000).collect();
    let values: Vec<f32> = (0..n * 3).map(|i| i as f32 - 40_000.0).collect();
    let rows = CsrRows::new((0..=n).map(|i| i * 3).collect(), indices, values, d).unwrap();
    let path = files.path("x.npz");
    check_output(&path, Output::SparseRows, Overwrite::Refuse).unwrap();
    write_csr_npz(&path, rows.view(), Overwrite::Refuse).unwrap();
    assert_eq!(CsrRows::open_npz(&path).unwrap(), rows.clone().with_name(path.display().to_string()));
    assert!(matches!(write_csr_npz(&path, rows.view(), Overwrite::Refuse), Err(DataError::Exists { .. })));
    // A part of the rows: its pointers begin at 0 in the file.
    let part = rows.view().slice(10..12).unwrap();
    write_csr_npz(&path, part, Overwrite::Replace).unwrap();
    let read = CsrRows::open_npz(&path).unwrap();
    assert_eq!(read.view().indptr(), [0, 3, 6]);
    assert_eq!((read.view().indices(), read.view().values()), (part.indices(), part.values()));
    // Same rows, same bytes.
    let first = std::fs::read(&path).unwrap();
    write_csr_npz(&path, part, Overwrite::Replace).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    for name in ["x.npy", "x.npz:key", "x"] {
        let refused = write_csr_npz(files.path(name), part, Overwrite::Refuse);
        assert!(matches!(refused, Err(DataError::UnknownExtension { .. })), "{name}");
        let refused = check_output(files.path(name), Output::Codes, Overwrite::Refuse);
        assert_eq!(refused.is_ok(), name == "x.npy");
    }
    assert_eq!(files.names(), ["x.npz"]);
}
