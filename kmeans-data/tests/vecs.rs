//! .fvecs and .bvecs files.

mod files;

use files::{Files, fvecs, message, read_all};
use kmeans_data::{DataError, ErrorKind, Points, VecsFile, describe, open};

#[test]
fn fvecs_reads_its_rows() {
    let files = Files::new();
    let points = open(files.write("x.FVECS", fvecs(&[&[1.0, 2.5], &[-3.0, 4.0], &[5.0, 6.0]]))).unwrap();
    assert_eq!((points.rows(), points.dim(), points.row_bytes()), (3, 2, 12));
    assert_eq!(read_all(&*points).unwrap(), [1.0, 2.5, -3.0, 4.0, 5.0, 6.0]);
    let mut gathered = [0.0; 4];
    points.gather(&[2, 0], &mut gathered).unwrap();
    assert_eq!(gathered, [5.0, 6.0, 1.0, 2.5]);
    points.release(0..3);
    assert!(points.lend(0..1).is_none());
}

#[test]
fn bvecs_reads_its_rows() {
    let files = Files::new();
    let points = open(files.write("x.bvecs", [3, 0, 0, 0, 0, 128, 255, 3, 0, 0, 0, 1, 2, 3])).unwrap();
    assert_eq!((points.rows(), points.dim(), points.row_bytes()), (2, 3, 7));
    assert_eq!(read_all(&*points).unwrap(), [0.0, 128.0, 255.0, 1.0, 2.0, 3.0]);
}

#[test]
fn a_later_row_of_another_dimension_is_found_as_it_is_read() {
    let files = Files::new();
    let mut bytes = fvecs(&[&[1.0, 2.0], &[3.0, 4.0], &[5.0, 6.0]]);
    bytes[12..16].copy_from_slice(&7_i32.to_le_bytes());
    let points = VecsFile::open_fvecs(files.write("x.fvecs", bytes)).unwrap();
    points.read(2..3, &mut [0.0; 2]).unwrap();
    let error = points.read(0..2, &mut [0.0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadData);
    assert!(error.to_string().ends_with("x.fvecs: row 1: dimension 7, expected 2"), "{error}");
}

#[test]
fn truncated_files_name_the_row() {
    let files = Files::new();
    let whole = fvecs(&[&[1.0, 2.0], &[3.0, 4.0]]);
    let text = message(open(files.write("x.fvecs", &whole[..23])));
    assert!(
        text.contains("23 bytes, expected a multiple of 12 (rows of dimension 2): truncated in row 1"),
        "{text}"
    );
    for length in (0..24).filter(|length| length % 12 != 0 || *length == 0) {
        let error = open(files.write("x.fvecs", &whole[..length])).err().expect("truncated");
        assert_eq!(error.kind(), ErrorKind::BadData, "{length}: {error}");
    }
}

#[test]
fn impossible_dimensions_are_refused() {
    let files = Files::new();
    for dimension in [0, -1, i32::MIN] {
        let mut bytes = fvecs(&[&[1.0, 2.0]]);
        bytes[..4].copy_from_slice(&i32::to_le_bytes(dimension));
        let error = open(files.write("x.fvecs", bytes)).err().expect("refused");
        assert!(
            matches!(error, DataError::RowDimension { row: 0, found, .. } if found == i64::from(dimension))
        );
    }
    let mut bytes = fvecs(&[&[1.0, 2.0]]);
    bytes[..4].copy_from_slice(&i32::MAX.to_le_bytes());
    assert!(matches!(
        open(files.write("x.fvecs", bytes)),
        Err(DataError::PartialRow { row_bytes: 8589934592, .. })
    ));
}

#[test]
fn ivecs_is_described_and_not_read_as_rows() {
    let files = Files::new();
    let path = files.write("x.ivecs", [2, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0]);
    let info = describe(&path).unwrap();
    assert_eq!((info.dtype, info.rows, info.dim, info.bytes), ("i32", 1, 2, 12));
    let text = message(open(&path));
    assert!(text.contains("expected one of .npy, .npz:key, .npz, .fvecs, .bvecs, .csv,"), "{text}");
}
