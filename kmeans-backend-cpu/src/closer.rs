//! Rows that are closer to a centroid than their limits.
//!
//! ```text
//! for each block of rows, on any worker:
//!     scores = ‖c‖² − 2⟨v, c⟩                              in f32; all of a row, or the lowest
//!     where score + ‖v‖² ≤ limit + what rounding may do:
//!         measure the pair in f64                           few
//! ```

use kmeans_core::Closer;

use crate::byte_work::{ByteWork, Bytes};
use crate::codebook::CpuCodebook;
use crate::desk::Desk;
use crate::engine::CpuEngine;
use crate::kernel;
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// For each centroid the rows whose measured squared distance is below their limit.
pub(crate) fn closer(
    engine: &CpuEngine,
    rows: &CpuPrepared<'_>,
    codebook: &CpuCodebook,
    limits: &[f32],
) -> Closer {
    let (workers, isa, k) = (&engine.workers, engine.isa, codebook.k());
    let step = kernel::block_rows(rows.d());
    let (panels, sq_norms) = (codebook.panels(), rows.sq_norms(workers, isa));
    let none: Closer = vec![Vec::new(); k];
    let desk = || (engine.desks.take(k), none.clone(), Vec::new());
    let blocks = (0..rows.n()).step_by(step).zip(limits.chunks(step));
    let desks = workers.share(
        Workers::worth_sharing(rows.n().div_ceil(step), [rows.n(), rows.d(), k]),
        blocks,
        desk,
        |(desk, found, most_scores), (start, limits)| {
            desk.rows.begin(start..start + limits.len());
            let block = desk.rows.all(isa, rows);
            desk.scores.resize(limits.len() * panels.k_padded(), 0.0);
            kernel::scores_block(isa, block, panels, &mut desk.scratch, &mut desk.scores);
            let pairs = limits.iter().zip(&sq_norms[start..]);
            let most =
                pairs.map(|(&limit, &sq_norm)| largest_score(rows.d(), sq_norm, limit, codebook.max_sq_norm));
            most_scores.clear();
            most_scores.extend(most);
            let near = kernel::Near {
                rows: block,
                first: start,
                scores: &desk.scores,
                most_scores,
                limits,
                centroids: codebook.centroids.offsets(),
                found,
            };
            kernel::near(isa, near);
        },
    );
    let mut all = none;
    let (desks, found): (Vec<_>, Vec<_>) = desks.into_iter().map(|(desk, found, _)| (desk, found)).unzip();
    engine.desks.give_back(desks);
    for found in found {
        for (all, found) in all.iter_mut().zip(found) {
            if all.is_empty() {
                *all = found;
            } else {
                all.extend(found);
            }
        }
    }
    all
}

/// The rows whose label would be a centroid that is measured closer than their limit: row, label, squared
/// distance.
///
/// Where bytes are multiplied fast, they tell first which rows may be: few, once there are many seeds.
pub(crate) fn closest(
    engine: &CpuEngine,
    rows: &CpuPrepared<'_>,
    codebook: &CpuCodebook,
    limits: &[f32],
) -> Vec<(usize, i32, f32)> {
    let (workers, isa) = (&engine.workers, engine.isa);
    let bytes = engine.byte_isa(rows, codebook);
    let byte_panels = bytes.map(|isa_of_bytes| codebook.bytes(workers, (isa, isa_of_bytes), None));
    let bytes = bytes.zip(byte_panels.as_deref()).map(|(isa_of_bytes, panels)| Bytes {
        isa: isa_of_bytes,
        rows: rows.bytes(workers, isa),
        panels,
    });
    let step = if bytes.is_some() { kernel::byte_block_rows(rows.d()) } else { kernel::block_rows(rows.d()) };
    let sq_norms = rows.sq_norms(workers, isa);
    if bytes.is_none() {
        // Made here, and not by the first that needs them.
        codebook.panels();
    }
    let blocks = (0..rows.n()).step_by(step).zip(limits.chunks(step));
    let desk = || (engine.desks.take(codebook.k()), Vec::new());
    let len = Workers::worth_sharing(rows.n().div_ceil(step), [rows.n(), rows.d(), codebook.k()]);
    let desks = workers.share(len, blocks, desk, |(desk, found), (start, limits)| {
        let Desk { rows: loaded, scratch, scores, chosen: labels, bytes: byte_desk, .. } = desk;
        let range = start..start + limits.len();
        labels.resize(limits.len(), 0);
        scores.resize(limits.len(), 0.0);
        loaded.begin(range.clone());
        match bytes {
            Some(bytes) => {
                let work = ByteWork { isa, bytes, rows, codebook, start, count: limits.len() };
                work.choose_below(limits, loaded, byte_desk, labels, scores);
            }
            None => {
                let ahead = rows.ahead_of(&range, workers);
                let block = loaded.all(isa, rows);
                kernel::nearest_block_ahead(isa, block, codebook.panels(), scratch, labels, ahead);
                kernel::lowest_scores(isa, kernel::kept(&scratch.lowest, limits.len()), scores);
            }
        }
        for (i, (&label, &score)) in labels.iter().zip(&*scores).enumerate() {
            let limit = limits[i];
            let most = largest_score(rows.d(), sq_norms[start + i], limit, codebook.max_sq_norm);
            if score < f32::INFINITY && may_be_closer(score, most) {
                let centroid = codebook.centroids.row(label as usize);
                let sq_dist = kernel::sq_dist(isa, loaded.row(i), centroid) as f32;
                if sq_dist < limit {
                    found.push((start + i, label, sq_dist));
                }
            }
        }
    });
    let (desks, found): (Vec<_>, Vec<Vec<_>>) = desks.into_iter().unzip();
    engine.desks.give_back(desks);
    let mut found = found.into_iter();
    let mut all = found.next().unwrap_or_default();
    found.for_each(|found| all.extend(found));
    all
}

/// No centroid with a larger score is closer than the limit to a row of this `‖v‖²`.
///
/// A score is one chain of d multiply-adds, at worst rounded twice each, begun after its bias was rounded:
/// it is off by at most `(2d + 3)·2⁻²⁴·(‖c‖² + 2‖v‖‖c‖)`, and `2‖v‖‖c‖ ≤ ‖v‖² + ‖c‖²`. `‖v‖²`, the limit and what
/// is returned are off by one rounding each. Numbers below the smallest normal one are rounded by less than it
/// all together.
fn largest_score(d: usize, sq_norm: f32, limit: f32, max_sq_norm: f64) -> f32 {
    let (sq_norm, limit) = (f64::from(sq_norm), f64::from(limit));
    let rounding = 4.0 * (d as f64 + 8.0) / f64::from(1 << 24) * (sq_norm + 2.0 * max_sq_norm + limit);
    (limit - sq_norm + rounding + f64::from(f32::MIN_POSITIVE)) as f32
}

/// A score that is no number rules nothing out.
fn may_be_closer(score: f32, most: f32) -> bool {
    let is_farther = score > most;
    !is_farther
}
