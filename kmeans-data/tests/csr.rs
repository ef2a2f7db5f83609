//! Sparse rows in memory.

mod files;

use files::{message, read_all};
use kmeans_data::{CsrRows, DataError, ErrorKind, Points, RowRange, Rows};
use proptest::prelude::*;

/// (0, 1.5, 0), (0, 0, 0), (-2, 0, 3).
fn three_rows() -> CsrRows {
    CsrRows::new(vec![0, 1, 1, 3], vec![1, 0, 2], vec![1.5, -2.0, 3.0], 3).unwrap()
}

const DENSE: [f32; 9] = [0.0, 1.5, 0.0, 0.0, 0.0, 0.0, -2.0, 0.0, 3.0];

#[test]
fn rows_are_read_with_their_zeros() {
    let rows = three_rows();
    assert_eq!((rows.rows(), rows.dim(), rows.nnz(), rows.name()), (3, 3, 3, "memory"));
    assert_eq!(read_all(&rows).unwrap(), DENSE);
    let mut last = [9.0; 3];
    rows.read(2..3, &mut last).unwrap();
    assert_eq!(last, DENSE[6..]);
    let mut gathered = [9.0; 6];
    rows.gather(&[2, 1], &mut gathered).unwrap();
    assert_eq!(gathered, [-2.0, 0.0, 3.0, 0.0, 0.0, 0.0]);
    assert!(rows.lend(0..1).is_none() && !rows.is_encoded());
    assert!(matches!(rows.read(2..4, &mut gathered), Err(DataError::OutOfRows { rows: 3, .. })));
}

#[test]
fn a_part_counts_its_entries_from_its_own_first() {
    let rows = three_rows();
    let part = rows.lend_csr(1..3).unwrap();
    assert_eq!((part.rows(), part.dim(), part.nnz()), (2, 3, 2));
    assert_eq!(
        (part.indptr(), part.indices(), part.values()),
        (&[1, 1, 3][..], &[0, 2][..], &[-2.0, 3.0][..])
    );
    assert_eq!(part.row(0), (&[][..], &[][..]));
    assert_eq!(part.row(1), (&[0, 2][..], &[-2.0, 3.0][..]));
    let part_of_part = part.slice(1..2).unwrap();
    assert_eq!(part_of_part.row(0), part.row(1));
    assert_eq!(part.slice(2..2).unwrap().rows(), 0);
    assert!(part.slice(1..3).is_none());
    #[expect(clippy::reversed_empty_ranges, reason = "a range that is none")]
    let backwards = part.slice(2..1);
    assert!(backwards.is_none());
    assert!(part.slice(usize::MAX..usize::MAX).is_none());
    assert!(rows.lend_csr(0..4).is_none());
}

#[test]
fn samples_and_ranges_stay_sparse() {
    let rows = three_rows().with_name("x");
    let sample = rows.gather_csr(&[2, 0, 2]).unwrap();
    assert_eq!((sample.rows(), sample.nnz(), sample.name()), (3, 5, "x"));
    assert_eq!(read_all(&sample).unwrap(), [&DENSE[6..], &DENSE[..3], &DENSE[6..]].concat());
    assert!(rows.gather_csr(&[3]).is_none());
    assert!(matches!(rows.select(&[0, usize::MAX]), Err(DataError::OutOfRows { .. })));

    let boxed: Box<dyn Points> = Box::new(rows);
    let range = RowRange::new(&boxed, 1..3).unwrap();
    assert_eq!(range.lend_csr(1..2).unwrap().row(0), (&[0, 2][..], &[-2.0, 3.0][..]));
    assert!(range.lend_csr(1..3).is_none());
    assert_eq!(read_all(&range.gather_csr(&[1]).unwrap()).unwrap(), DENSE[6..]);
    assert!(range.gather_csr(&[2]).is_none());
    let dense = Rows::new(vec![1.0], 1).unwrap();
    assert!(dense.lend_csr(0..1).is_none() && dense.gather_csr(&[0]).is_none());
}

#[test]
fn entries_are_sorted_and_those_of_one_column_added() {
    let rows = CsrRows::new(vec![0, 4, 4, 6], vec![2, 0, 2, 2, 1, 0], vec![1.0, 5.0, 0.5, -4.0, 7.0, 8.0], 3)
        .unwrap();
    assert_eq!(rows.view().indptr(), [0, 2, 2, 4]);
    assert_eq!(rows.view().indices(), [0, 2, 0, 1]);
    assert_eq!(rows.view().values(), [5.0, -2.5, 8.0, 7.0]);
    // In the order given: the other way round the 1 would be lost.
    let rows = CsrRows::new(vec![0, 3], vec![0, 0, 0], vec![1e8, -1e8, 1.0], 1).unwrap();
    assert_eq!(rows.view().values(), [1.0]);
    let zero = CsrRows::new(vec![0, 1], vec![0], vec![0.0], 1).unwrap();
    assert_eq!(zero.nnz(), 1);
}

#[test]
fn parts_that_do_not_fit_each_other_are_refused() {
    let new = |indptr: &[usize], indices: &[u32], d| {
        CsrRows::new(indptr.to_vec(), indices.to_vec(), vec![1.0; 2], d)
    };
    for (indptr, text) in [
        (&[1, 2][..], "memory: indptr[0] is 1, expected 0"),
        (&[0, 2, 1, 2], "memory: indptr[2] is 1, expected at least 2, where the row begins"),
        (&[0, 1], "memory: indptr[1] is 1, expected 2, the number of entries"),
        (&[0, 1, 3], "memory: indptr[2] is 3, expected 2, the number of entries"),
        (
            &[0, usize::MAX, 2],
            "memory: indptr[2] is 2, expected at least 18446744073709551615, where the row begins",
        ),
        (&[], "memory: empty, expected row pointers"),
    ] {
        assert_eq!(message(new(indptr, &[0, 1], 3)), text);
        assert_eq!(new(indptr, &[0, 1], 3).unwrap_err().kind(), ErrorKind::BadData);
    }
    let text = message(new(&[0, 0, 1, 1, 2], &[0, 3], 3));
    assert_eq!(text, "memory: row 3: column 3, expected 0 or more and less than 3");
    assert_eq!(message(new(&[0, 1], &[0], 3)), "memory: 2 values for 1 column indices");
    assert!(matches!(new(&[0, 2], &[0, 1], 0), Err(DataError::NotRows { dim: 0, .. })));
    assert_eq!(CsrRows::new(vec![0], vec![], vec![], 2).unwrap().rows(), 0);
}

#[test]
fn more_columns_may_be_had_and_fewer_only_if_empty() {
    assert_eq!(three_rows().with_dim(7).unwrap().dim(), 7);
    assert!(matches!(
        three_rows().with_dim(2),
        Err(DataError::ColumnOutside { row: 2, found: 2, dim: 2, .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_entries_read_as_their_sums(rows in proptest::collection::vec(proptest::collection::vec((0_u32..5, -9_i8..9), 0..9), 1..9)) {
        let mut dense = vec![0.0; rows.len() * 5];
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for (row, entries) in rows.iter().enumerate() {
            for &(column, value) in entries {
                indices.push(column);
                values.push(f32::from(value));
                dense[row * 5 + column as usize] += f32::from(value);
            }
            indptr.push(values.len());
        }
        let sparse = CsrRows::new(indptr, indices, values, 5).unwrap();
        prop_assert_eq!(read_all(&sparse).unwrap(), dense);
        let view = sparse.view();
        prop_assert!((0..view.rows()).all(|row| view.row(row).0.is_sorted_by(|a, b| a < b)));
    }
}
