//! Sparse rows in text files of svmlight and LIBSVM.

mod files;

use files::{Files, message, read_all};
use kmeans_data::{CsrRows, DataError, ErrorKind, Format, Points, describe, open};

fn parse(text: &str) -> Result<CsrRows, DataError> {
    CsrRows::parse_svmlight(text.as_bytes(), "stdin")
}

#[test]
fn indices_count_from_1_unless_a_0_occurs() {
    let from_one = parse("1 1:0.5 3:2\n-1 2:4\n").unwrap();
    assert_eq!((from_one.rows(), from_one.dim(), from_one.name()), (2, 3, "stdin"));
    assert_eq!(read_all(&from_one).unwrap(), [0.5, 0.0, 2.0, 0.0, 4.0, 0.0]);
    let from_zero = parse("1 1:0.5 3:2\n-1 0:4\n").unwrap();
    assert_eq!(read_all(&from_zero).unwrap(), [0.0, 0.5, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0]);
    // The first column may be empty in all rows.
    assert_eq!(parse("1 2:1\n").unwrap().dim(), 2);
}

#[test]
fn comments_queries_blank_lines_and_windows_line_ends_are_fine() {
    let rows =
        parse("\u{feff}# made by hand\r\n+1 qid:7 1:2 # 5:6\r\n\r\n1,3\t2:-1e-3\n0\n2.5 1:nan").unwrap();
    assert_eq!((rows.rows(), rows.dim(), rows.nnz()), (4, 2, 3));
    let values = read_all(&rows).unwrap();
    assert_eq!(values[..6], [2.0, 0.0, 0.0, -0.001, 0.0, 0.0]);
    assert!(values[6].is_nan());
}

#[test]
fn all_three_extensions_are_opened() {
    let files = Files::new();
    for name in ["x.svm", "x.libsvm", "x.SVMLIGHT"] {
        let path = files.write(name, "1 1:1 2:2\n2 2:3\n");
        let points = open(&path).unwrap();
        assert_eq!(points.name(), path.display().to_string());
        assert_eq!(points.lend_csr(1..2).unwrap().row(0), (&[1][..], &[3.0][..]));
        let info = describe(&path).unwrap();
        assert_eq!((info.format, info.dtype, info.rows, info.dim), (Format::Svmlight, "text", 2, 2));
        assert_eq!((info.nnz, info.bytes), (Some(3), 16));
    }
}

#[test]
fn broken_lines_name_line_and_field() {
    let long = "9".repeat(60);
    let shortened = format!("1 {long}\n");
    let expected = format!("line 1, column 2: \"{}...\", expected index:value", "9".repeat(40));
    for (text, expected) in [
        ("1 1:2\n1:2 2:3\n", "line 2, column 1: \"1:2\", expected a label: a number, or several with commas"),
        ("one 1:2\n", "line 1, column 1: \"one\", expected a label"),
        ("1,,2 1:2\n", "line 1, column 1: \"1,,2\", expected a label"),
        ("\n# x\n1 1:2 3\n", "line 3, column 3: \"3\", expected index:value"),
        ("1 1:2 3:\n", "line 1, column 3: \"3:\", expected a number after the colon"),
        ("1 1: 2\n", "line 1, column 2: \"1:\", expected a number after the colon"),
        ("1 1:2:3\n", "line 1, column 2: \"1:2:3\", expected a number after the colon"),
        ("1 1:x\n", "line 1, column 2: \"1:x\", expected a number after the colon"),
        ("1 1:1e39\n", "line 1, column 2: \"1:1e39\", expected a number that fits f32"),
        ("1 -1:2\n", "line 1, column 2: \"-1:2\", expected an index from 0 to 4294967295"),
        ("1 +1:2\n", "line 1, column 2: \"+1:2\", expected an index from 0 to 4294967295"),
        ("1 4294967296:2\n", "line 1, column 2: \"4294967296:2\", expected an index from 0 to 4294967295"),
        ("1 :2\n", "line 1, column 2: \":2\", expected an index from 0"),
        ("1 qid:1 qid:2\n", "line 1, column 3: \"qid:2\", expected an index from 0"),
        ("1 2:1 1:1\n", "line 1, column 3: \"1:1\", expected an index greater than the one before"),
        ("1 2:1 2:1\n", "line 1, column 3: \"2:1\", expected an index greater than the one before"),
        (&shortened, &expected),
    ] {
        let found = message(parse(text));
        assert!(found.starts_with("stdin: ") && found.contains(expected), "{text:?}: {found}");
        assert_eq!(parse(text).unwrap_err().kind(), ErrorKind::BadData);
    }
    assert!(CsrRows::parse_svmlight(b"1 \xff\xfe:1\n", "stdin").is_err());
}

#[test]
fn nothing_to_read_is_refused() {
    let files = Files::new();
    assert_eq!(message(parse("")), "stdin: empty, expected lines of label index:value ...");
    assert_eq!(message(parse("# only\n\n")), "stdin: empty, expected lines of label index:value ...");
    assert_eq!(message(parse("1\n2 # 3:4\n")), "stdin: empty, expected at least one index:value");
    assert!(matches!(open(files.write("x.svm", "")), Err(DataError::Empty { .. })));
    assert!(matches!(open(files.path("none.svm")), Err(DataError::Missing { .. })));
    std::fs::create_dir(files.path("dir.svm")).unwrap();
    assert!(matches!(open(files.path("dir.svm")), Err(DataError::NotAFile { .. })));
}

#[test]
fn the_largest_index_takes_no_memory() {
    let rows = parse("1 1:1 4294967295:2\n").unwrap();
    assert_eq!((rows.dim(), rows.nnz()), (4_294_967_295, 2));
    assert_eq!(parse("1 0:1 4294967295:2\n").unwrap().dim(), 4_294_967_296);
    assert!(matches!(rows.read(0..1, &mut [0.0; 3]), Err(DataError::BufferLength { .. })));
}
