//! Distances of all pairs, added up by segments.

use kmeans::core::{Engine, PairDistance, Segments};

use crate::naive::Numbers;

/// Rows of the first and of the second set, columns, and where their segments end: edges of tiles, lanes and stretches,
/// segments of one row and of none, more columns than one chain.
const SHAPES: [(usize, usize, usize); 8] = [
    (1, 1, 1),
    (3, 2, 1),
    (33, 17, 2),
    (64, 32, 3),
    (100, 1100, 16),
    (70, 90, 17),
    (40, 50, 300),
    (5, 3, 1030),
];

fn ends(rows: usize, segments: usize, numbers: &mut Numbers) -> Vec<usize> {
    let mut ends: Vec<usize> = (1..segments).map(|_| numbers.below(rows + 1)).collect();
    ends.push(rows);
    ends.sort_unstable();
    ends
}

/// `Σ` in `f64` of every row of `from` to every segment of `to`, row-major.
fn naive_sums(from: &Segments<'_>, to: &Segments<'_>, distance: PairDistance) -> Vec<f64> {
    let row = |set: &Segments<'_>, i: usize| set.x[i * set.d..][..set.d].to_vec();
    let pair = |x: &[f32], y: &[f32]| {
        let sq_dist: f64 = x.iter().zip(y).map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum();
        if distance == PairDistance::Euclidean { sq_dist.sqrt() } else { sq_dist }
    };
    let of_row = |i: usize| {
        let x = row(from, i);
        to.ranges().map(|range| range.map(|j| pair(&x, &row(to, j))).sum::<f64>()).collect::<Vec<_>>()
    };
    (0..from.rows()).flat_map(of_row).collect()
}

fn check(found: &[f64], golden: &[f64], what: &str) {
    assert_eq!(found.len(), golden.len(), "{what}");
    for (found, golden) in found.iter().zip(golden) {
        assert!((found - golden).abs() <= 4e-6 * golden + 1e-12, "{what}: {found}, expected {golden}");
    }
}

pub(crate) fn sums_of_pairs_are_the_naive_ones<E: Engine>(engine: &E) {
    let mut numbers = Numbers::new(31);
    for (m, n, d) in SHAPES {
        let mut values =
            |rows: usize| (0..rows * d).map(|_| numbers.uniform(-2.0, 3.0)).collect::<Vec<f32>>();
        let (x, y) = (values(m), values(n));
        let (own, others) = (ends(m, 4.min(m), &mut numbers), ends(n, 5.min(n), &mut numbers));
        let (first, second) = (Segments { x: &x, d, ends: &own }, Segments { x: &y, d, ends: &others });
        for distance in [PairDistance::Euclidean, PairDistance::SqEuclidean] {
            let found = engine.pair_sums(first, second, distance).unwrap();
            check(&found.first, &naive_sums(&first, &second, distance), &format!("{m}×{n}×{d}"));
            let turned = naive_sums(&second, &first, distance);
            let by_segment = (0..own.len()).flat_map(|i| turned.iter().skip(i).step_by(own.len()).copied());
            check(&found.second, &by_segment.collect::<Vec<_>>(), &format!("{m}×{n}×{d}, second"));
        }
    }
}

pub(crate) fn sums_of_pairs_of_one_set_are_the_naive_ones<E: Engine>(engine: &E) {
    let mut numbers = Numbers::new(32);
    for (m, _, d) in SHAPES {
        let x: Vec<f32> = (0..m * d).map(|_| numbers.uniform(-2.0, 3.0)).collect();
        let own = ends(m, 5.min(m), &mut numbers);
        let set = Segments { x: &x, d, ends: &own };
        let found = engine.pair_sums(set, set, PairDistance::Euclidean).unwrap();
        let golden = naive_sums(&set, &set, PairDistance::Euclidean);
        check(&found.first, &golden, &format!("{m}×{d}"));
        let by_segment = (0..own.len()).flat_map(|i| golden.iter().skip(i).step_by(own.len()).copied());
        check(&found.second, &by_segment.collect::<Vec<_>>(), &format!("{m}×{d}, second"));
    }
}

pub(crate) fn ranges_of_pairs_are_the_naive_ones<E: Engine>(engine: &E) {
    let mut numbers = Numbers::new(33);
    for (m, n, d) in SHAPES {
        let mut values =
            |rows: usize| (0..rows * d).map(|_| numbers.uniform(-2.0, 3.0)).collect::<Vec<f32>>();
        let (x, y) = (values(m), values(n));
        let (own, others) = (ends(m, 4.min(m), &mut numbers), ends(n, 5.min(n), &mut numbers));
        let (first, second) = (Segments { x: &x, d, ends: &own }, Segments { x: &y, d, ends: &others });
        let found = engine.pair_ranges(first, second).unwrap();
        let each = Segments { ends: &(1..=n).collect::<Vec<_>>(), ..second };
        let all = naive_sums(&first, &each, PairDistance::Euclidean);
        for (i, rows) in first.ranges().enumerate() {
            for (j, columns) in second.ranges().enumerate() {
                let pairs =
                    || rows.clone().flat_map(|row| columns.clone().map(move |column| row * n + column));
                let least = pairs().map(|at| all[at]).fold(f64::INFINITY, f64::min);
                let most = pairs().map(|at| all[at]).fold(f64::NEG_INFINITY, f64::max);
                let at = i * others.len() + j;
                let is_near = |found: f32, golden: f64| {
                    f64::from(found) == golden || (f64::from(found) - golden).abs() <= 4e-6 * golden
                };
                assert!(is_near(found.least[at], least), "{m}×{n}×{d}: {} {least}", found.least[at]);
                assert!(is_near(found.most[at], most), "{m}×{n}×{d}: {} {most}", found.most[at]);
            }
        }
    }
}

pub(crate) fn near_rows_far_from_zero_keep_their_distances<E: Engine>(engine: &E) {
    // Multiples of 1/16 beside 2^20: exact in f32.
    let x: Vec<f32> = (0..60).map(|i| 1_048_576.0 + (i * 7 % 16) as f32 / 16.0).collect();
    let set = Segments { x: &x, d: 3, ends: &[7, 20] };
    let found = engine.pair_sums(set, set, PairDistance::SqEuclidean).unwrap();
    assert_eq!(found.first, naive_sums(&set, &set, PairDistance::SqEuclidean));
}
