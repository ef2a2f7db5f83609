//! Which of the centroids that contend for a row has the lowest score of the dense kernel.
//!
//! ```text
//! scores of all contenders, in lanes                 off by no more than those of the dense kernel
//! rivals = those within the slack of a row's lowest, the label before among them
//! one rival: it is the label; several: chains, to the bit as the dense kernel has them
//! ```

use crate::byte_work::{ByteWork, NONE};
use crate::kernel::{self, Contender, EACH, Side};
use crate::loaded::Loaded;

/// The rows of a block on their way to a label.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    /// Rows and centroids to score: those that contend, then those that still do.
    pairs: Vec<(u32, u32)>,
    scores: Vec<f32>,
    rivals: Vec<(u32, u32)>,
    standings: Vec<Standing>,
}

/// Where the choice of a row stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// The score of the label before; +∞ for none.
    own: f32,
    /// The lowest score so far, and the centroid that is chosen; at first the label before.
    pub(crate) lowest: f32,
    chosen: u32,
    /// Contenders that may have the lowest score.
    rivals: u32,
    /// Whether the label before is among the pairs to score.
    is_own_scored: bool,
}

impl Standing {
    /// Without any score the lowest number is the label, as the dense kernel has it.
    pub(crate) fn label(&self) -> i32 {
        if self.chosen == NONE { 0 } else { self.chosen as i32 }
    }
}

/// How to add up a product.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scoring {
    /// In any order.
    InLanes,
    /// To the bit as the dense kernel.
    AsDense,
}

impl Settling {
    /// Rows without labels.
    pub(crate) fn begin(&mut self, count: usize) {
        let none = Standing {
            own: f32::INFINITY,
            lowest: f32::INFINITY,
            chosen: NONE,
            rivals: 0,
            is_own_scored: false,
        };
        self.standings.clear();
        self.standings.resize(count, none);
    }

    /// A row has a label already, of this score.
    pub(crate) fn begin_with(&mut self, row: usize, label: u32, score: f32) {
        let standing = &mut self.standings[row];
        (standing.own, standing.lowest, standing.chosen) = (score, score, label);
    }

    /// How each row stands.
    pub(crate) fn standings(&self) -> &[Standing] {
        &self.standings
    }

    /// Finds the lowest scores of the dense kernel among the contenders and the labels before.
    ///
    /// Scores from sums in lanes are off by no more than those of the dense kernel, so whatever is more than
    /// the slack above the lowest of them is out. Where more than one is left, chains decide.
    pub(crate) fn settle(
        &mut self,
        work: &ByteWork<'_, '_>,
        contenders: &[Contender],
        sides: &[Side],
        loaded: &mut Loaded,
    ) -> u64 {
        let ids = work.bytes.panels.order.ids();
        let Self { pairs, scores, rivals, standings } = self;
        pairs.clear();
        let contending = contenders.iter().filter(|contender| {
            let is_farther = contender.least > sides[contender.row as usize].limit;
            !is_farther
        });
        pairs.extend(contending.map(|contender| (contender.row, ids[contender.place as usize])));
        loaded.some(work.isa, work.rows, pairs.iter().map(|&(row, _)| row as usize));
        score(work, loaded, pairs, scores, Scoring::InLanes);
        for (&(row, _), &score) in pairs.iter().zip(&*scores) {
            let lowest = &mut standings[row as usize].lowest;
            *lowest = if score < *lowest { score } else { *lowest };
        }
        rivals.clear();
        for (&(row, id), &score) in pairs.iter().zip(&*scores) {
            let standing = &mut standings[row as usize];
            let is_out = score > standing.lowest + sides[row as usize].slack;
            if !is_out {
                standing.rivals += 1;
                rivals.push((row, id));
            }
        }
        let scored = pairs.len() as u64;

        pairs.clear();
        for &(row, id) in &*rivals {
            let standing = &mut standings[row as usize];
            let is_out = standing.own > standing.lowest + sides[row as usize].slack;
            let has_own = sides[row as usize].own != NONE && !is_out;
            if !has_own && standing.rivals == 1 {
                standing.chosen = id;
                continue;
            }
            if has_own && !standing.is_own_scored {
                pairs.push((row, standing.chosen));
                standing.is_own_scored = true;
            }
            pairs.push((row, id));
        }
        score(work, loaded, pairs, scores, Scoring::AsDense);
        for &(row, _) in &*pairs {
            let standing = &mut standings[row as usize];
            (standing.lowest, standing.chosen) = (f32::INFINITY, NONE);
        }
        for (&(row, id), &score) in pairs.iter().zip(&*scores) {
            let standing = &mut standings[row as usize];
            let is_first = score == standing.lowest && standing.chosen != NONE && id < standing.chosen;
            if score < standing.lowest || is_first {
                (standing.lowest, standing.chosen) = (score, id);
            }
        }
        scored
    }
}

/// The scores of pairs of a row of the block and a centroid.
fn score(
    work: &ByteWork<'_, '_>,
    loaded: &Loaded,
    pairs: &[(u32, u32)],
    scores: &mut Vec<f32>,
    scoring: Scoring,
) {
    scores.clear();
    let Some(&spare) = pairs.first() else { return };
    let codebook = work.codebook;
    let factor = codebook.metric.score_factor();
    for pairs in pairs.chunks(EACH) {
        let operands = std::array::from_fn(|at| {
            let (row, id) = pairs.get(at).copied().unwrap_or(spare);
            (loaded.row(row as usize), codebook.centroids.row(id as usize))
        });
        let products = match scoring {
            Scoring::InLanes => kernel::products(work.isa, operands).map(|product| factor * product),
            Scoring::AsDense => kernel::chains(work.isa, operands, factor),
        };
        let of_pairs = pairs.iter().zip(products);
        scores.extend(of_pairs.map(|(&(_, id), product)| codebook.biases[id as usize] + product));
    }
}
