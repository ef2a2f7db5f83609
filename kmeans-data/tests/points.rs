//! Rows in memory, ranges of rows, and pointers to them.

mod files;

use files::read_all;
use kmeans_data::{DataError, Points, RowRange, RowSlice, Rows};
use ndarray::{Array2, array, s};

#[test]
fn slices_lend_their_rows() {
    let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let points = RowSlice::new(&values, 2).unwrap();
    assert_eq!((points.rows(), points.dim(), points.row_bytes(), points.name()), (3, 2, 8, "memory"));
    assert_eq!(points.lend(1..3).unwrap().as_ptr(), values[2..].as_ptr());
    assert_eq!(points.lend(2..4), None);
    assert_eq!(read_all(&points).unwrap(), values);
}

#[test]
fn values_that_are_no_rows_are_refused() {
    assert!(matches!(RowSlice::new(&[1.0; 5], 2), Err(DataError::NotRows { len: 5, dim: 2 })));
    assert!(matches!(RowSlice::new(&[1.0; 5], 0), Err(DataError::NotRows { .. })));
    assert!(matches!(Rows::new(vec![], 0), Err(DataError::NotRows { .. })));
    assert_eq!(Rows::new(vec![], 3).unwrap().rows(), 0);
}

#[test]
fn arrays_lend_in_c_order_and_copy_otherwise() {
    let owned: Array2<f32> = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    assert_eq!(owned.lend(1..2).unwrap(), [4.0, 5.0, 6.0]);
    let transposed = owned.t();
    assert_eq!((transposed.rows(), Points::dim(&transposed)), (3, 2));
    assert_eq!(transposed.lend(0..3), None);
    assert_eq!(read_all(&transposed).unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let columns = owned.slice(s![.., ..2]);
    assert_eq!(columns.lend(0..2), None);
    let mut last = [0.0; 2];
    columns.read(1..2, &mut last).unwrap();
    assert_eq!(last, [4.0, 5.0]);
    assert_eq!(owned.view().lend(1..3), None);
    assert!(owned.read(1..3, &mut [0.0; 6]).is_err());
}

#[test]
fn a_range_counts_its_rows_from_0() {
    let points = Rows::new((0..10).map(|i| i as f32).collect(), 2).unwrap().with_name("x");
    let range = RowRange::new(&points, 1..4).unwrap();
    assert_eq!((range.rows(), range.name()), (3, "x"));
    assert_eq!(read_all(&range).unwrap(), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(range.lend(2..3).unwrap(), [6.0, 7.0]);
    assert_eq!(range.lend(2..4), None);
    let mut gathered = [0.0; 4];
    range.gather(&[2, 0], &mut gathered).unwrap();
    assert_eq!(gathered, [6.0, 7.0, 2.0, 3.0]);
    assert!(matches!(range.read(3..4, &mut [0.0; 2]), Err(DataError::OutOfRows { rows: 3, .. })));
    assert!(matches!(range.gather(&[3], &mut [0.0; 2]), Err(DataError::OutOfRows { rows: 3, .. })));
}

#[test]
fn ranges_that_are_empty_or_too_long_are_refused() {
    let points = Rows::new(vec![0.0; 10], 2).unwrap();
    for (start, end) in [(2, 2), (3, 1), (0, 6), (usize::MAX, usize::MAX)] {
        assert!(matches!(RowRange::new(&points, start..end), Err(DataError::OutOfRows { rows: 5, .. })));
    }
}

#[test]
fn boxes_and_references_are_points_too() {
    let boxed: Box<dyn Points> = Box::new(Rows::new(vec![1.0, 2.0], 1).unwrap());
    let range = RowRange::new(boxed, 1..2).unwrap();
    let nested: &dyn Points = &&range;
    assert_eq!(nested.lend(0..1).unwrap(), [2.0]);
    assert_eq!(Rows::copy_of(nested).unwrap().values(), [2.0]);
}
