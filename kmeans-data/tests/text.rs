//! .csv and .tsv files.

mod files;

use files::{Files, message, read_all};
use kmeans_data::{CsvRows, DataError, ErrorKind, Missing, Points, describe, open, open_with};

fn parse(text: &str) -> Result<CsvRows, DataError> {
    CsvRows::from_reader(text.as_bytes(), b',', "stdin")
}

#[test]
fn numbers_are_read_with_and_without_a_header() {
    let plain = parse("1,2\n3,4.5\n-1e-3,+7\n").unwrap();
    assert_eq!((plain.rows(), plain.dim()), (3, 2));
    assert_eq!(plain.header(), None);
    assert_eq!(plain.lend(0..3).unwrap(), [1.0, 2.0, 3.0, 4.5, -0.001, 7.0]);
    let headed = parse("x, y\n1,2\n").unwrap();
    assert_eq!(headed.header().unwrap(), ["x", "y"]);
    assert_eq!(read_all(&headed).unwrap(), [1.0, 2.0]);
}

#[test]
fn quotes_spaces_blank_lines_and_windows_line_ends_are_fine() {
    let rows = parse("\u{feff}\"1\", 2 \r\n\r\n3,\"4\"\r\n5,6").unwrap();
    assert_eq!(read_all(&rows).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(rows.header(), None);
}

#[test]
fn tabs_separate_tsv() {
    let files = Files::new();
    let path = files.write("x.tsv", "a\tb\n1\t2\n");
    assert_eq!(read_all(&*open(&path).unwrap()).unwrap(), [1.0, 2.0]);
    let info = describe(&path).unwrap();
    assert_eq!((info.dtype, info.rows, info.dim, info.mapped, info.bytes), ("text", 1, 2, false, 8));
}

#[test]
fn words_for_nan_and_infinity_are_numbers() {
    let rows = read_all(&parse("nan,inf\nNaN,-Infinity\n").unwrap()).unwrap();
    assert!(rows[0].is_nan() && rows[2].is_nan());
    assert_eq!((rows[1], rows[3]), (f32::INFINITY, f32::NEG_INFINITY));
}

#[test]
fn fields_without_a_value_are_nan_where_that_is_asked_for() {
    let read = |text: &str| CsvRows::from_reader_with(text.as_bytes(), b',', "stdin", Missing::AsNan);
    let rows = read_all(&read("1,\nNA, n/a \nNull,nan\n\n5,6\n").unwrap()).unwrap();
    assert_eq!((rows[0], &rows[6..]), (1.0, &[5.0, 6.0][..]));
    assert!(rows[1..6].iter().all(|x| x.is_nan()));
    assert_eq!(read("a,b\n,2\n").unwrap().header().unwrap(), ["a", "b"]);
    assert!(matches!(read("1,2\n3,none\n"), Err(DataError::NotANumber { line: 2, column: 2, .. })));
    let files = Files::new();
    let path = files.write("x.csv", "1,2\n,4\n");
    assert!(matches!(open(&path), Err(DataError::MissingValue { line: 2, column: 1, .. })));
    assert!(read_all(&*open_with(&path, Missing::AsNan).unwrap()).unwrap()[2].is_nan());
}

#[test]
fn ragged_lines_name_the_line() {
    for (text, expected) in [
        ("1,2\n3\n", "stdin: line 2: 1 fields, expected 2"),
        ("a,b\n1,2\n3,4,5\n", "stdin: line 3: 3 fields, expected 2"),
        ("1,2\r\n3,4\r\n5\r\n", "stdin: line 3: 1 fields, expected 2"),
        ("1,2\n\n\n3\n", "stdin: line 4: 1 fields, expected 2"),
    ] {
        assert_eq!(message(parse(text)), expected, "{text:?}");
        assert_eq!(parse(text).unwrap_err().kind(), ErrorKind::BadData);
    }
}

#[test]
fn fields_that_are_no_numbers_name_line_and_column() {
    for (text, expected) in [
        ("1,2\n3,x\n", "stdin: line 2, column 2: \"x\", expected a number"),
        ("1,,3\n", "stdin: line 1, column 2: \"\" is a missing value, expected a number"),
        ("1,NA\n3,4\n", "stdin: line 1, column 2: \"NA\" is a missing value, expected a number"),
        ("1,2\n\"\n", "stdin: line 3: 1 fields, expected 2"),
        (
            "1,2\n3,1e39\n",
            "stdin: line 2, column 2: \"1e39\", expected a number that fits f32 (at most 3.4028235e38)",
        ),
        (
            "1e999,2\n",
            "stdin: line 1, column 1: \"1e999\", expected a number that fits f32 (at most 3.4028235e38)",
        ),
        ("a\r\n1\r\n\r\n0x10\r\n", "stdin: line 4, column 1: \"0x10\", expected a number"),
    ] {
        assert_eq!(message(parse(text)), expected, "{text:?}");
    }
    let long = format!("1\n{}\n", "y".repeat(5000));
    assert_eq!(
        message(parse(&long)),
        format!("stdin: line 2, column 1: \"{}...\", expected a number", "y".repeat(40))
    );
    let bytes: &[u8] = b"1\n\xff\xfe\n";
    assert!(matches!(CsvRows::from_reader(bytes, b',', "stdin"), Err(DataError::NotANumber { line: 2, .. })));
}

#[test]
fn no_rows_are_refused() {
    let files = Files::new();
    for text in ["", "\n\n", "a,b\n", "\u{feff}"] {
        assert!(matches!(parse(text), Err(DataError::Empty { .. })), "{text:?}");
    }
    assert!(matches!(open(files.write("x.csv", "")), Err(DataError::Empty { .. })));
    assert!(matches!(open(files.path("none.csv")), Err(DataError::Missing { .. })));
    std::fs::create_dir(files.path("dir.csv")).unwrap();
    assert!(matches!(open(files.path("dir.csv")), Err(DataError::NotAFile { .. })));
}

#[test]
fn unknown_extensions_list_the_known() {
    let files = Files::new();
    for name in ["x.txt", "x", ".npy", "x.npy.gz"] {
        let path = files.write(name, "1,2\n");
        let error = open(&path).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let name = path.display();
        let text = format!(
            "{name}: unknown extension, expected one of .npy, .npz:key, .npz, .fvecs, .bvecs, .csv, .tsv, .svm, .libsvm, .svmlight"
        );
        assert_eq!(error.to_string(), text);
    }
}
