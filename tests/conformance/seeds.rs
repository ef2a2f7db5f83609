//! Potentials of k-means++ and the rows that tickets pick.

use burn_ndarray::NdArray;
use kmeans::core::{Centroids, Engine, Frame, Metric};

use crate::engines::{centroids, frame, prepared};
use crate::naive;

const SHAPES: [(usize, usize, usize); 6] =
    [(1, 1, 1), (9, 3, 2), (253, 16, 7), (600, 17, 30), (300, 128, 5), (100, 784, 3)];

/// `w·D²` of each row in units of the grid, and how far an engine may be off.
fn shares(x: &[f32], weights: Option<&[f32]>, frame: &Frame, seeds: &Centroids) -> Vec<(f64, f64)> {
    let d = frame.dim();
    let c = naive::widened(seeds.offsets());
    let unit = frame.potential().whole(1.0) as f64;
    let rows = x.chunks_exact(d).enumerate();
    rows.map(|(i, x)| {
        let v: Vec<f64> = x.iter().enumerate().map(|(j, &x)| f64::from(frame.offset(j, x))).collect();
        let (near, sq_dist) = naive::best(Metric::L2, &v, &c);
        let w = weights.map_or(1.0, |w| f64::from(w[i]));
        let slack = if seeds.k() == 1 { 0.0 } else { naive::tolerance(&v, &c[near * d..][..d]) };
        (w * sq_dist * unit, w * (slack + 1e-12 * sq_dist) * unit + 1.0)
    })
    .collect()
}

fn check_potential(found: u128, shares: &[(f64, f64)], what: &str) {
    let (naive, slack) = shares.iter().fold((0.0, 0.0), |(a, b), (share, slack)| (a + share, b + slack));
    let error = (found as f64 - naive).abs();
    assert!(error <= slack + 1e-12 * naive, "{what}: potential {found}, naive {naive:e}, slack {slack:e}");
}

pub(crate) fn the_potential_is_the_naive_sum(engine: &impl Engine<Backend = NdArray>) {
    for (n, d, k) in SHAPES {
        let x = naive::blobs(n, d, 5, 51);
        for weights in [None, Some(naive::Numbers::new(1).vec(n, 0.0, 2.0))] {
            let weights = weights.as_deref();
            let frame = frame(&x, d, weights, Metric::L2);
            let mut rows = prepared(engine, &x, weights, &frame);
            for k in [1, k] {
                let seeds = centroids(&x, k, &frame, 4);
                let potential = engine.refresh(&mut rows, &seeds, true).unwrap();
                check_potential(
                    potential,
                    &shares(&x, weights, &frame, &seeds),
                    &format!("n={n} d={d} k={k}"),
                );
            }
        }
    }
}

pub(crate) fn fresh_seeds_lower_the_potential_and_restart_forgets(engine: &impl Engine<Backend = NdArray>) {
    let (n, d) = (600, 17);
    let x = naive::blobs(n, d, 12, 52);
    let frame = frame(&x, d, None, Metric::L2);
    let (first, second) = (centroids(&x, 3, &frame, 1), centroids(&x, 9, &frame, 2));
    let both = Centroids::from_offsets([first.offsets(), second.offsets()].concat(), d);
    let mut rows = prepared(engine, &x, None, &frame);
    let one = engine.refresh(&mut rows, &first, true).unwrap();
    let two = engine.refresh(&mut rows, &second, false).unwrap();
    assert!(two < one);
    check_potential(two, &shares(&x, None, &frame, &both), "both");
    let again = engine.refresh(&mut rows, &first, true).unwrap();
    assert_eq!(again, one);
}

pub(crate) fn pick_walks_the_rows_in_order(engine: &impl Engine<Backend = NdArray>) {
    for (n, d, k) in SHAPES {
        let x = naive::blobs(n, d, 5, 53);
        let mut weights = naive::Numbers::new(1).vec(n, 0.5, 2.0);
        weights.iter_mut().skip(1).step_by(6).for_each(|w| *w = 0.0);
        let frame = frame(&x, d, Some(&weights), Metric::L2);
        let seeds = centroids(&x, k, &frame, 4);
        let mut rows = prepared(engine, &x, Some(&weights), &frame);
        let potential = engine.refresh(&mut rows, &seeds, true).unwrap();
        let shares = shares(&x, Some(&weights), &frame, &seeds);
        let (mut ticket, mut last) = (0, None);
        while ticket < potential {
            let (row, into) = engine.pick(&rows, ticket).unwrap();
            assert_eq!(into, 0, "ticket {ticket} is the first of row {row}");
            assert!(last.is_none_or(|last| last < row), "row {row} after {last:?}");
            let passed = last.map_or(0, |last| last + 1)..row;
            assert!(passed.clone().all(|i| weights[i] == 0.0 || shares[i].0 <= shares[i].1), "{passed:?}");
            // The share ends where the next row begins: look for it by halves.
            let (mut inside, mut outside) = (ticket, potential);
            while outside - inside > 1 {
                let middle = inside + (outside - inside) / 2;
                let found = engine.pick(&rows, middle).unwrap();
                if found.0 == row {
                    assert_eq!(found.1, middle - ticket);
                    inside = middle;
                } else {
                    assert!(found.0 > row);
                    outside = middle;
                }
            }
            let (share, slack) = shares[row];
            let found = (outside - ticket) as f64;
            assert!((found - share).abs() <= slack + 1e-12 * share, "row {row}: {found:e} for {share:e}");
            (ticket, last) = (outside, Some(row));
        }
        assert_eq!(ticket, potential);
    }
}

pub(crate) fn a_row_at_a_seed_has_no_share(engine: &impl Engine<Backend = NdArray>) {
    let (n, d) = (300, 5);
    let x = naive::blobs(n, d, 5, 54);
    let frame = frame(&x, d, None, Metric::L2);
    let mut rows = prepared(engine, &x, None, &frame);
    let seeds = Centroids::from_offsets(engine.gather(&rows, &[0]).unwrap(), d);
    let potential = engine.refresh(&mut rows, &seeds, true).unwrap();
    assert!(potential > 0);
    assert_eq!(engine.pick(&rows, 0).unwrap().0, 1);
    // Seeds that repeat one another change nothing.
    let again = Centroids::from_offsets(seeds.row(0).repeat(3), d);
    assert_eq!(engine.refresh(&mut rows, &again, true).unwrap(), potential);
}
