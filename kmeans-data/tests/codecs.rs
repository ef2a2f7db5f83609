//! Codecs: golden numbers of Faiss, files of parameters and of codes, and what has no code.
//!
//! The golden numbers were made with faiss-cpu 1.15.1: `ScalarQuantizer(d, QT_8bit)`, `QT_4bit` trained on the rows of
//! `trained`, and `ProductQuantizer(6, 3, nbits)` with the codebooks of `codebooks`; `compute_codes`, then `decode`.

mod files;

use std::sync::Arc;

use files::{Files, le, message, npy, read_all};
use kmeans_data::{
    Bf16Codec, CodeBits, Codec, DataError, EncodedRows, ErrorKind, F16Codec, Overwrite, Points,
    ProductQuantizer, RowRange, RowSlice, RowWidth, Rows, ScalarQuantizer, U8Codec, open, open_codec,
    write_encoded,
};

fn encode(codec: &dyn Codec, x: &[f32]) -> Vec<u8> {
    let mut codes = vec![0xff; x.len() / codec.dim() * codec.code_size()];
    codec.encode(x, &mut codes).unwrap();
    codes
}

fn decode(codec: &dyn Codec, codes: &[u8]) -> Vec<f32> {
    let mut out = vec![f32::NAN; codes.len() / codec.code_size() * codec.dim()];
    codec.decode(codes, &mut out);
    out
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The third column has one value only.
fn trained(bits: CodeBits) -> ScalarQuantizer {
    let rows = [-1.5, 0.0, 2.0, 7.0, -3.0, 1.0, 10.0, 2.0, -7.0, 5.0, 0.25, 3.0, 2.0, 0.0, 1.0];
    ScalarQuantizer::train(&RowSlice::new(&rows, 5).unwrap(), bits).unwrap()
}

/// Values at the ends, within and beyond the ranges of `trained`.
const SCALARS: [f32; 15] =
    [-1.5, 10.0, 2.0, 0.1, -3.0, 0.3, 2.5, 2.0, 3.3, 0.7, 5.0, -9.0, 100.0, -6.9, 4.99];

#[test]
fn sq8_is_that_of_faiss_to_the_bit() {
    let codec = trained(CodeBits::Eight);
    assert_eq!(codec.minimum(), [-1.5, 0.0, 2.0, -7.0, -3.0]);
    assert_eq!(codec.extent(), [2.5, 10.0, 0.0, 14.0, 8.0]);
    let codes = encode(&codec, &SCALARS);
    assert_eq!(codes, [0, 255, 0, 129, 0, 183, 63, 0, 187, 117, 255, 0, 0, 1, 254]);
    let expected = [
        0xbfbf5f5f, 0x41205050, 0x40000000, 0x3de0e100, 0xc03efeff, 0x3e991918, 0x401f5f5f, 0x40000000,
        0x4052d2d0, 0x3f2fafb0, 0x3f80a0a0, 0x3ca0a0a1, 0x40000000, 0xc0dd5d5d, 0x409f7f7f,
    ];
    assert_eq!(bits(&decode(&codec, &codes)), expected);
}

#[test]
fn sq4_is_that_of_faiss_to_the_bit() {
    let codec = trained(CodeBits::Four);
    assert_eq!((codec.dim(), codec.code_size()), (5, 3));
    let codes = encode(&codec, &SCALARS);
    assert_eq!(codes, [240, 112, 0, 58, 176, 6, 15, 0, 14]);
    let expected = [
        0xbfb55555, 0x41255555, 0x40000000, 0, 0xc02eeeef, 0x3e800000, 0x40155555, 0x40000000, 0x406eeef0,
        0x3eeeeef0, 0x3f8aaaaa, 0x3eaaaaab, 0x40000000, 0xc0d11111, 0x40977777,
    ];
    assert_eq!(bits(&decode(&codec, &codes)), expected);
}

#[test]
fn sq4_decodes_wide_rows_as_it_encodes_them() {
    for d in [1, 2, 127, 128, 129, 300] {
        let minimum: Vec<f32> = (0..d).map(|column| column as f32).collect();
        let codec = ScalarQuantizer::new(CodeBits::Four, minimum, vec![15.0; d]).unwrap();
        let x: Vec<f32> = (0..2 * d).map(|i| (i % d + i * 7 % 15) as f32 + 0.5).collect();
        assert_eq!(decode(&codec, &encode(&codec, &x)), x, "{d}");
    }
}

fn codebooks(bits: CodeBits) -> ProductQuantizer {
    let books = (0..3 * bits.levels() * 2).map(|i| ((i * 37 + i / 7 * 11) % 101) as f32 / 8.0 - 6.0);
    ProductQuantizer::new(books.collect(), 3, bits, 2).unwrap()
}

/// Four rows of six columns.
fn pieces() -> Vec<f32> {
    (0..24).map(|i| ((i * 53) % 97) as f32 / 7.0 - 6.0).collect()
}

#[test]
fn pq_is_that_of_faiss_with_8_and_with_4_bits() {
    let eight = codebooks(CodeBits::Eight);
    let codes = encode(&eight, &pieces());
    assert_eq!(codes, [101, 90, 58, 87, 237, 23, 52, 202, 9, 38, 167, 135]);
    let second = [-1.5, 4.5, -0.25, 5.75, 0.75, -5.875];
    assert_eq!(decode(&eight, &codes)[6..12], second);

    let four = codebooks(CodeBits::Four);
    assert_eq!((four.dim(), four.code_size()), (6, 2));
    let codes = encode(&four, &pieces());
    assert_eq!(codes, [140, 13, 127, 3, 110, 2, 29, 1]);
    let second = [-0.625, 4.0, 0.375, 5.0, 3.25, -4.75];
    assert_eq!(decode(&four, &codes)[6..12], second);
}

#[test]
fn pq_takes_the_lowest_of_equal_centroids() {
    let mut books = vec![9.0; 16];
    (books[3], books[7], books[11]) = (1.0, 3.0, 1.0);
    let codec = ProductQuantizer::new(books, 1, CodeBits::Four, 1).unwrap();
    assert_eq!(encode(&codec, &[1.0, 2.0, 3.0, 1e30]), [3, 3, 7, 0]);
    // Squares of these do not fit f32, yet the nearer centroid is told.
    let mut books = vec![1e30; 16];
    books[5] = 2e30;
    let codec = ProductQuantizer::new(books, 1, CodeBits::Four, 1).unwrap();
    assert_eq!(encode(&codec, &[1.9e30]), [5]);
}

/// The bits are those of faiss-cpu 1.15.1 `QT_fp16` and `QT_bf16`.
#[test]
fn half_precision_is_little_endian_and_as_in_faiss() {
    let x = [std::f32::consts::PI, -1.0, 0.1, 65504.0];
    let f16 = F16Codec::new(2).unwrap();
    let codes = encode(&f16, &x);
    assert_eq!(codes, le(&[0x4248_u16, 0xbc00, 0x2e66, 0x7bff], u16::to_le_bytes));
    assert_eq!(decode(&f16, &codes), [3.140625, -1.0, 0.099975586, 65504.0]);
    let bf16 = Bf16Codec::new(2).unwrap();
    let codes = encode(&bf16, &x);
    assert_eq!(codes, le(&[0x4049_u16, 0xbf80, 0x3dcd, 0x4780], u16::to_le_bytes));
    assert_eq!(decode(&bf16, &codes), [3.140625, -1.0, 0.100_097_656, 65536.0]);
}

#[test]
fn half_precision_rounds_ties_to_even_and_keeps_nan() {
    let f16 = F16Codec::new(1).unwrap();
    let codes = encode(&f16, &[1.0 + 1.0 / 2048.0, 1.0 + 3.0 / 2048.0, f32::NAN, f32::NEG_INFINITY]);
    let values = decode(&f16, &codes);
    assert_eq!(values[..2], [1.0, 1.0 + 4.0 / 2048.0]);
    assert!(values[2].is_nan() && values[3] == f32::NEG_INFINITY);
    let bf16 = Bf16Codec::new(1).unwrap();
    let codes = encode(&bf16, &[1.0 + 1.0 / 256.0, 1.0 + 3.0 / 256.0, f32::NAN]);
    let values = decode(&bf16, &codes);
    assert_eq!(values[..2], [1.0, 1.0 + 4.0 / 256.0]);
    assert!(values[2].is_nan());
}

#[test]
fn every_half_comes_back_to_the_bit() {
    let all: Vec<u8> = le(&(0..=u16::MAX).collect::<Vec<_>>(), u16::to_le_bytes);
    let codecs: [Box<dyn Codec>; 2] =
        [Box::new(F16Codec::new(8).unwrap()), Box::new(Bf16Codec::new(8).unwrap())];
    for codec in codecs {
        let values = decode(&*codec, &all);
        let again = decode(&*codec, &encode(&*codec, &values));
        let same =
            values.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan());
        assert!(same, "{}", codec.name());
        // Codes that do not begin at an even address.
        let mut odd = vec![0];
        odd.extend_from_slice(&all);
        assert_eq!(bits(&decode(&*codec, &odd[1..])), bits(&values));
    }
}

#[test]
fn values_without_a_code_name_row_and_column() {
    let pq = codebooks(CodeBits::Eight);
    let codecs: [(Box<dyn Codec>, f32); 8] = [
        (Box::new(F16Codec::new(6).unwrap()), 65520.0),
        (Box::new(Bf16Codec::new(6).unwrap()), f32::MAX),
        (Box::new(U8Codec::new(6).unwrap()), 256.0),
        (Box::new(U8Codec::new(6).unwrap()), 0.5),
        (Box::new(U8Codec::new(6).unwrap()), f32::NAN),
        (Box::new(ScalarQuantizer::new(CodeBits::Four, vec![0.0; 6], vec![1.0; 6]).unwrap()), f32::NAN),
        (Box::new(pq.clone()), f32::NAN),
        (Box::new(pq), f32::INFINITY),
    ];
    for (codec, bad) in codecs {
        let mut x = vec![1.0; 18];
        x[6 + 4] = bad;
        let error = codec.encode(&x, &mut vec![0; 3 * codec.code_size()]).unwrap_err();
        let text = format!("{}: row 1, column 4: {} does not fit ", codec.name(), f64::from(bad));
        assert!(error.to_string().starts_with(&text), "{error}");
        assert!(matches!(codec.encode(&x[1..], &mut []), Err(DataError::NotRows { len: 17, dim: 6 })));
        let short = codec.encode(&[1.0; 6], &mut vec![0; codec.code_size() - 1]);
        assert!(matches!(short, Err(DataError::BufferLength { .. })));
    }
}

#[test]
fn infinities_take_the_ends_of_a_range() {
    let codec = ScalarQuantizer::new(CodeBits::Eight, vec![-1.0], vec![2.0]).unwrap();
    assert_eq!(encode(&codec, &[f32::NEG_INFINITY, f32::INFINITY, -f32::MAX]), [0, 255, 0]);
}

#[test]
fn ranges_and_codebooks_that_are_none_are_refused() {
    for (minimum, extent) in [(f32::NAN, 1.0), (0.0, -1.0), (0.0, f32::INFINITY), (f32::NEG_INFINITY, 0.0)] {
        let refused = ScalarQuantizer::new(CodeBits::Eight, vec![0.0, minimum], vec![1.0, extent]);
        assert!(matches!(refused, Err(DataError::BadRange { column: 1, .. })), "{minimum} {extent}");
    }
    assert!(matches!(ScalarQuantizer::new(CodeBits::Four, vec![], vec![]), Err(DataError::NotRows { .. })));
    let train = |rows: &[f32]| ScalarQuantizer::train(&RowSlice::new(rows, 1).unwrap(), CodeBits::Eight);
    assert!(matches!(train(&[0.0, f32::NAN]), Err(DataError::DoesNotFit { row: 1, column: 0, .. })));
    assert!(matches!(train(&[f32::MAX, f32::MIN]), Err(DataError::BadRange { column: 0, .. })));
    assert!(matches!(train(&[]), Err(DataError::Empty { .. })));

    for (len, m, dsub) in [(0, 0, 1), (0, 1, 0), (31, 1, 2), (48, 1, 2), (16, usize::MAX, 2)] {
        let refused = ProductQuantizer::new(vec![0.0; len], m, CodeBits::Four, dsub);
        assert!(matches!(refused, Err(DataError::NotCodebooks { .. })), "{len} {m} {dsub}");
    }
    let mut books = vec![0.0; 64];
    books[37] = f32::NAN;
    let refused = ProductQuantizer::new(books, 2, CodeBits::Four, 2);
    assert!(matches!(refused, Err(DataError::DoesNotFit { row: 18, column: 1, .. })));
}

#[test]
fn codecs_are_opened_by_name_and_width() {
    let files = Files::new();
    for (spec, d) in [("f16", 3), ("bf16", 3), ("u8", 6)] {
        let codec = open_codec(spec, RowWidth::CodeBytes(6)).unwrap();
        assert_eq!((codec.name(), codec.dim(), codec.code_size()), (spec, d, 6));
        assert_eq!(open_codec(spec, RowWidth::Columns(d)).unwrap().code_size(), 6);
        assert!(matches!(open_codec(spec, RowWidth::Columns(0)), Err(DataError::NotRows { .. })));
    }
    let text = message(open_codec("f16", RowWidth::CodeBytes(5)));
    assert_eq!(text, "f16: rows of 5 bytes, expected 6 by the codec f16");

    let (ranges, books) = (files.path("r.npy"), files.path("b.npy"));
    trained(CodeBits::Eight).save(&ranges, Overwrite::Refuse).unwrap();
    codebooks(CodeBits::Four).save(&books, Overwrite::Refuse).unwrap();
    for (spec, file, d, size) in [("sq8", &ranges, 5, 5), ("sq4", &ranges, 5, 3), ("pq", &books, 6, 2)] {
        let spec_of_file = format!("{spec}:{}", file.display());
        let codec = open_codec(&spec_of_file, RowWidth::CodeBytes(size)).unwrap();
        assert_eq!((codec.name(), codec.dim(), codec.code_size()), (spec, d, size));
        assert!(open_codec(&spec_of_file, RowWidth::Columns(d)).is_ok());
        let text = message(open_codec(&spec_of_file, RowWidth::Columns(7)));
        assert!(text.ends_with(&format!("rows of 7 columns, expected {d} by the codec {spec}")), "{text}");
    }
    assert_eq!(ScalarQuantizer::open(&ranges, CodeBits::Eight).unwrap(), trained(CodeBits::Eight));
    assert_eq!(ProductQuantizer::open(&books).unwrap(), codebooks(CodeBits::Four));
    assert!(matches!(
        trained(CodeBits::Four).save(files.path("r.csv"), Overwrite::Refuse),
        Err(DataError::UnknownExtension { .. })
    ));
    for spec in ["", "sq8", "f16:x", "sq6:x.npy", "pq", "F16"] {
        let error = open_codec(spec, RowWidth::Columns(4)).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn damaged_parameters_are_refused() {
    let files = Files::new();
    let values = |len: usize| le(&vec![1.0; len], f32::to_le_bytes);
    let refuse = |spec: &str, bytes: &[u8], part: &str| {
        let path = files.write("p.npy", bytes);
        let text = message(open_codec(&format!("{spec}:{}", path.display()), RowWidth::Columns(2)));
        assert!(text.contains("p.npy: ") && text.contains(part), "{spec} {text}");
    };
    refuse("sq8", &npy("<f4", false, "(3, 2)", &values(6)), "shape [3, 2], expected 2 rows");
    refuse("sq8", &npy("<f4", false, "(2, 0)", &[]), "shape [2, 0], expected 2 rows");
    refuse("sq8", &npy("<f4", false, "(4,)", &values(4)), "shape [4], expected 2 rows");
    refuse("sq8", &npy("<f4", true, "(2, 2)", &values(4)), "Fortran order, expected C order");
    refuse("sq4", &npy("<i4", false, "(2, 2)", &values(4)), "dtype i32, expected f32");
    let negative = le(&[0.0, 0.0, 1.0, -2.0], f32::to_le_bytes);
    refuse("sq4", &npy("<f4", false, "(2, 2)", &negative), "column 1: minimum 0, extent -2, expected");
    let wide = le(&[0.0, 0.0, 1e39, 1.0], f64::to_le_bytes);
    refuse("sq4", &npy("<f8", false, "(2, 2)", &wide), "row 1, column 0: 1000000000000");
    refuse("pq", &npy("<f4", false, "(1, 16)", &values(16)), "shape [1, 16], expected m codebooks");
    refuse("pq", &npy("<f4", false, "(1, 17, 2)", &values(34)), "shape [1, 17, 2], expected m codebooks");
    refuse("pq", &npy("<f4", false, "(0, 256, 2)", &[]), "shape [0, 256, 2], expected m codebooks");
    refuse(
        "pq",
        &npy("<f4", false, "(1, 16, 2)", &le(&[f32::NAN; 32], f32::to_le_bytes)),
        "row 0, column 0: NaN",
    );
    refuse("pq", &npy("<f4", false, "(1000000000, 256, 64)", &values(4)), "(truncated)");
    refuse("pq", &npy("<f4", false, "(18446744073709551615, 256, 0)", &[]), "expected");
    let whole = npy("<f4", false, "(1, 16, 2)", &values(32));
    for length in 0..whole.len() {
        let path = files.write("p.npy", &whole[..length]);
        let error = ProductQuantizer::open(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData, "{length}: {error}");
    }
    assert!(matches!(ProductQuantizer::open(files.path("none.npy")), Err(DataError::Missing { .. })));
}

#[test]
fn encoded_rows_decode_only_what_is_asked_for() {
    let codec: Arc<dyn Codec> = Arc::new(codebooks(CodeBits::Four));
    let codes = encode(&*codec, &pieces());
    let all = decode(&*codec, &codes);
    let lent = EncodedRows::new(codes.as_slice(), codec.clone()).unwrap();
    let held = EncodedRows::new(codes.clone(), codec.clone()).unwrap();
    for points in [lent, held] {
        assert_eq!((points.rows(), points.dim(), points.row_bytes(), points.name()), (4, 6, 2, "memory"));
        assert!(points.is_encoded() && points.lend(0..4).is_none());
        assert_eq!((points.codes(), points.codec().name()), (codes.as_slice(), "pq"));
        assert_eq!(read_all(&points).unwrap(), all);
        let mut row = [0.0; 6];
        points.read(2..3, &mut row).unwrap();
        assert_eq!(row, all[12..18]);
        let mut gathered = [0.0; 12];
        points.gather(&[3, 0], &mut gathered).unwrap();
        assert_eq!((&gathered[..6], &gathered[6..]), (&all[18..], &all[..6]));
        assert!(matches!(points.read(3..5, &mut gathered), Err(DataError::OutOfRows { rows: 4, .. })));
        assert!(matches!(points.gather(&[4], &mut row), Err(DataError::OutOfRows { rows: 4, .. })));
        assert!(matches!(points.gather(&[usize::MAX], &mut row), Err(DataError::OutOfRows { .. })));
        assert!(matches!(points.gather(&[1], &mut gathered), Err(DataError::BufferLength { .. })));
    }
    assert!(matches!(EncodedRows::new(vec![0; 3], codec), Err(DataError::NotRows { len: 3, dim: 2 })));
}

#[test]
fn being_encoded_is_passed_on() {
    let codec = Arc::new(U8Codec::new(1).unwrap());
    let points: Box<dyn Points> = Box::new(EncodedRows::new(vec![1, 2, 3], codec).unwrap());
    let nested: &dyn Points = &&points;
    assert!(points.is_encoded() && nested.is_encoded());
    assert!(RowRange::new(&points, 1..2).unwrap().is_encoded());
    assert!(!Rows::new(vec![1.0], 1).unwrap().is_encoded());
}

#[test]
fn rows_are_encoded_into_a_file_and_read_back() {
    let files = Files::new();
    // More rows than a block, and rows that lie pages apart for a scattered sample.
    let (n, d) = (40_000, 5);
    let x: Vec<f32> = (0..n * d).map(|i| (i * 31 % 1009) as f32 / 8.0).collect();
    let rows = RowSlice::new(&x, d).unwrap();
    let codec: Arc<dyn Codec> = Arc::new(ScalarQuantizer::train(&rows, CodeBits::Four).unwrap());
    let path = files.path("codes.npy");
    write_encoded(&path, &rows, &*codec, Overwrite::Refuse).unwrap();
    assert_eq!((open(&path).unwrap().rows(), open(&path).unwrap().dim()), (n, 3));

    let points = EncodedRows::open(&path, codec.clone()).unwrap();
    assert_eq!((points.rows(), points.dim(), points.row_bytes()), (n, d, 3));
    let expected = decode(&*codec, &encode(&*codec, &x));
    assert_eq!(read_all(&points).unwrap(), expected);
    points.prefetch(10..n + 7);
    points.release(0..n);
    let ids = [39_999, 3, 20_000];
    let mut gathered = [0.0; 15];
    points.gather(&ids, &mut gathered).unwrap();
    let expected: Vec<f32> = ids.iter().flat_map(|id| expected[id * d..][..d].to_vec()).collect();
    assert_eq!(gathered, expected.as_slice());

    let mut bad = x;
    bad[39_000 * d + 2] = f32::NAN;
    let rows = Rows::new(bad, d).unwrap().with_name("bad");
    let error = write_encoded(files.path("b.npy"), &rows, &*codec, Overwrite::Refuse).unwrap_err();
    assert!(error.to_string().starts_with("bad: row 39000, column 2: NaN"), "{error}");
    assert_eq!(files.names(), ["codes.npy"]);
    let narrow = RowSlice::new(&[1.0; 4], 4).unwrap();
    let error = write_encoded(files.path("b.npy"), &narrow, &*codec, Overwrite::Refuse).unwrap_err();
    assert_eq!(error.to_string(), "memory: rows of 4 columns, expected 5 by the codec sq4");
}

#[test]
fn damaged_codes_are_refused() {
    let files = Files::new();
    let codec: Arc<dyn Codec> = Arc::new(F16Codec::new(3).unwrap());
    let refuse = |bytes: &[u8], part: &str| {
        let text = message(EncodedRows::open(files.write("c.npy", bytes), codec.clone()));
        assert!(text.contains("c.npy: ") && text.contains(part), "{text}");
    };
    refuse(&npy("|u1", false, "(2, 5)", &[0; 10]), "rows of 5 bytes, expected 6 by the codec f16");
    refuse(&npy("|u1", true, "(2, 6)", &[0; 12]), "Fortran order, expected C order");
    refuse(&npy("<f4", false, "(2, 6)", &[0; 48]), "dtype f32, expected u8");
    refuse(&npy("|u1", false, "(12,)", &[0; 12]), "rows of 1 bytes, expected 6");
    refuse(&npy("|u1", false, "(0, 6)", &[]), "expected at least one row");
    refuse(&npy("|u1", false, "(2, 6)", &[0; 11]), "(truncated)");
    refuse(&npy("|u1", false, "(3000000000000, 6)", &[0; 11]), "(truncated)");
    assert!(matches!(EncodedRows::open("codes.csv", codec), Err(DataError::UnknownExtension { .. })));
}
