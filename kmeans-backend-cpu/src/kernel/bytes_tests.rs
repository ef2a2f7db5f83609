//! Bounds from bytes hold, and are the same on all instructions.

use std::num::NonZeroUsize;
use std::sync::Arc;

use kmeans_core::{Centroids, Engine, Extent, Frame, Metric, Rows};

use super::bytes::{ByteScratch, Contender, Look, Side, look};
use super::lanes::{EACH, PANEL};
use crate::byte_isa::ByteIsa;
use crate::byte_panels::BytePanels;
use crate::bytes::ByteRows;
use crate::centroid_order::CentroidOrder;
use crate::codebook::CpuCodebook;
use crate::engine::CpuEngine;
use crate::isa::Isa;
use crate::workers::Workers;

/// Numbers of very different magnitude, zeros among them.
fn numbers(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 40
    };
    let mut number = || match next() % 8 {
        0 => 0.0,
        1 => next() as f32 / 16.0,
        _ => next() as f32 / 65536.0 - 128.0,
    };
    (0..len).map(|_| number()).collect()
}

#[derive(Clone)]
struct Case {
    n: usize,
    d: usize,
    k: usize,
    x: Vec<f32>,
    c: Vec<f32>,
}

fn cases() -> Vec<Case> {
    let shapes =
        [(1, 1, 1), (17, 3, 5), (40, 4, 33), (33, 50, 70), (100, 64, 16), (50, 130, 100), (20, 785, 40)];
    let case = |(n, d, k): (usize, usize, usize)| {
        let (mut x, c) = (numbers(n * d, 1), numbers(k * d, 2));
        x[..d].fill(0.0);
        Case { n, d, k, x, c }
    };
    shapes.into_iter().map(case).collect()
}

/// The rows as bytes in a frame that changes nothing.
fn byte_rows(case: &Case) -> ByteRows {
    let engine = CpuEngine::new(NonZeroUsize::new(2)).unwrap();
    let x = case.x.as_slice().into();
    let mut rows = engine.prepare(Rows::Host { x, d: case.d }, None).unwrap();
    let extent = Extent::new(vec![0.0; case.d], vec![0.0; case.d], case.n, None);
    engine.set_frame(&mut rows, &Frame::at_minimum(&extent)).unwrap();
    ByteRows::of(&engine.workers, engine.isa, &rows)
}

fn panels(case: &Case, metric: Metric, bytes: ByteIsa) -> BytePanels {
    let codebook = CpuCodebook::new(&Centroids::from_offsets(case.c.clone(), case.d), metric);
    let order = Arc::new(CentroidOrder::natural(case.k));
    BytePanels::of(&Workers::new(None).unwrap(), (Isa::detect(), bytes), order, &codebook)
}

/// What rows found by looking at all panels: bounds for each panel and row, sides, contenders.
struct Seen {
    least: Vec<Vec<f32>>,
    sides: Vec<Side>,
    contenders: Vec<Contender>,
}

/// Lets every row that `looks` look at all panels, all others at none.
fn see(isa: Isa, bytes: ByteIsa, rows: &ByteRows, panels: &BytePanels, own: &[u32], looks: &[u32]) -> Seen {
    let side = |row: usize| Side {
        scale: rows.scales[row],
        norm: rows.norms[row],
        error: rows.errors[row],
        limit: f32::INFINITY,
        slack: 0.0,
        own: own[row],
        rest: 0.0,
    };
    let mut sides: Vec<Side> = (0..own.len()).map(side).collect();
    let (mut scratch, mut contenders, mut least) = (ByteScratch::default(), Vec::new(), Vec::new());
    let mut ids = looks.to_vec();
    ids.resize(looks.len().next_multiple_of(EACH), looks[looks.len() - 1]);
    bytes.begin();
    for panel in 0..panels.count() {
        let mut low = vec![f32::INFINITY; ids.len().next_multiple_of(PANEL)];
        let (count, least_here) = (looks.len(), &mut low[..]);
        let sides = &mut sides[..];
        let contenders = &mut contenders;
        look(
            isa,
            bytes,
            &mut scratch,
            Look { rows, panels, panel, first: 0, sides, ids: &ids, count, least: least_here, contenders },
        );
        low.truncate(looks.len());
        least.push(low);
    }
    bytes.end();
    Seen { least, sides, contenders }
}

const NONE: u32 = u32::MAX;

#[test]
fn all_instructions_give_the_same_bits() {
    for case in cases() {
        let rows = byte_rows(&case);
        let all: Vec<u32> = (0..case.n as u32).collect();
        let own = vec![NONE; case.n];
        let bits = |isa: Isa, bytes: ByteIsa, panels: &BytePanels| {
            let seen = see(isa, bytes, &rows, panels, &own, &all);
            let least: Vec<Vec<u32>> =
                seen.least.iter().map(|low| low.iter().map(|x| x.to_bits()).collect()).collect();
            let limits: Vec<u32> = seen.sides.iter().map(|side| side.limit.to_bits()).collect();
            let found: Vec<(u32, u32, u32)> =
                seen.contenders.iter().map(|c| (c.row, c.place, c.least.to_bits())).collect();
            (least, limits, found)
        };
        for isa in Isa::available() {
            for bytes in ByteIsa::available(isa) {
                // Plain loops multiply whatever was made for others.
                let panels = panels(&case, Metric::L2, bytes);
                let expected = bits(isa, ByteIsa::Portable, &panels);
                let what = format!("{isa} {bytes} n={} d={} k={}", case.n, case.d, case.k);
                assert!(bits(isa, bytes, &panels) == expected, "{what}");
            }
        }
    }
}

#[test]
fn rows_that_are_not_neighbours_see_what_they_see_among_others() {
    for case in cases() {
        let rows = byte_rows(&case);
        let own = vec![NONE; case.n];
        let all: Vec<u32> = (0..case.n as u32).collect();
        // Few of them, and nearly all of 32 that follow each other.
        let few = all.iter().copied().filter(|row| row % 3 == 0 || row % 7 == 5).collect::<Vec<u32>>();
        let most = all.iter().copied().filter(|&row| row != 5 && row < 32).collect::<Vec<u32>>();
        let lists = [few, most];
        let cases = lists
            .iter()
            .flat_map(|some| ByteIsa::available(Isa::detect()).into_iter().map(move |b| (some, b)));
        for (some, bytes) in cases {
            let panels = panels(&case, Metric::InnerProduct, bytes);
            let (of_all, of_some) = (
                see(Isa::detect(), bytes, &rows, &panels, &own, &all),
                see(Isa::detect(), bytes, &rows, &panels, &own, some),
            );
            for (all, some_of) in of_all.least.iter().zip(&of_some.least) {
                for (&row, low) in some.iter().zip(some_of) {
                    assert_eq!(all[row as usize].to_bits(), low.to_bits(), "{bytes} d={}", case.d);
                }
            }
        }
    }
}

#[test]
fn no_score_is_below_its_bound_and_contenders_are_all_that_may_win() {
    for (case, metric) in
        cases().into_iter().flat_map(|case| [(case.clone(), Metric::L2), (case, Metric::InnerProduct)])
    {
        let rows = byte_rows(&case);
        let biases = Centroids::from_offsets(case.c.clone(), case.d).biases(metric);
        let all: Vec<u32> = (0..case.n as u32).collect();
        // Every second row has a centroid of its own, which is left out.
        let own: Vec<u32> =
            (0..case.n).map(|row| if row % 2 == 0 { NONE } else { (row % case.k) as u32 }).collect();
        for bytes in ByteIsa::available(Isa::detect()) {
            let panels = panels(&case, metric, bytes);
            let seen = see(Isa::detect(), bytes, &rows, &panels, &own, &all);
            for (row, v) in case.x.chunks_exact(case.d).enumerate() {
                let scores = case.c.chunks_exact(case.d).zip(&biases).map(|(c, &bias)| {
                    let product: f64 = v.iter().zip(c).map(|(&v, &c)| f64::from(v) * f64::from(c)).sum();
                    f64::from(bias) + f64::from(metric.score_factor()) * product
                });
                let scores: Vec<f64> = scores.collect();
                // What the roundings of the sums may do is in the slack of the caller, not in the bounds.
                let size = scores.iter().fold(0.0_f64, |size, score| size.max(score.abs()));
                let rounding = 1e-5 * (size + 1.0);
                let others = || scores.iter().enumerate().filter(|&(c, _)| c as u32 != own[row]);
                for (c, score) in others() {
                    let bound = f64::from(seen.least[c / PANEL][row]);
                    assert!(
                        bound <= score + rounding,
                        "{metric} {bytes} d={} row {row} centroid {c}",
                        case.d
                    );
                }
                let best = others().map(|(_, &score)| score).fold(f64::INFINITY, f64::min);
                let limit = f64::from(seen.sides[row].limit);
                assert!(best <= limit + rounding, "{metric} {bytes} d={} row {row}", case.d);
                for (c, &score) in others().filter(|&(_, &score)| score <= best) {
                    let is_there = seen.contenders.iter().any(|found| {
                        found.row == row as u32
                            && found.place == c as u32
                            && f64::from(found.least) <= score + rounding
                    });
                    assert!(is_there, "{metric} {bytes} d={} row {row} centroid {c}", case.d);
                }
                assert!(!seen.contenders.iter().any(|c| c.row == row as u32 && c.place == own[row]));
            }
        }
    }
}
