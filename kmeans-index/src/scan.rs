//! Lists looked through for a block of queries.
//!
//! ```text
//! for each range of queries, on some thread:
//!     for each list that some of them look into, first the nearest of each:
//!         for each few panels of the list:
//!             contenders = vectors whose scores may be within the limits of the queries          by bytes
//!             for each query: measure its contenders, the most promising first, until none can be among the best
//!             limits = what the worst of the best cost
//! ```
//!
//! What is measured decides, with the lower id where two cost the same: so the answer depends neither on the order of
//! anything nor on how bytes were rounded. Where queries are few, threads share the panels and put together what they
//! find.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use kmeans_core::{PANEL_VECTORS, Scanner, panel_bytes};

use crate::best::{Best, Hit, Want};
use crate::error::Result;
use crate::filter::Filter;
use crate::pq::LEVELS;
use crate::queries::Queries;
use crate::store::Store;
use crate::working::Working;

/// Queries of a range: more would find their bytes in no cache.
const RANGE_QUERIES: usize = 2048;
/// Bytes of the tables of a product quantizer for a range: they stay in the second-level cache.
const TABLE_BYTES: usize = 512 << 10;
/// Bytes of panels worth a thread of their own: some 50 µs.
const SHARE_BYTES: usize = 1 << 20;

/// The lists of each query.
#[derive(Clone, Copy)]
pub(crate) enum Probes<'a> {
    /// All that there are.
    All,
    /// `each` of them, the nearest first.
    Some { lists: &'a [u32], each: usize },
}

/// What to look for, and where.
pub(crate) struct Scan<'a> {
    pub(crate) store: &'a Store,
    pub(crate) scanner: &'a dyn Scanner,
    pub(crate) want: Want,
    pub(crate) filter: Option<Filter<'a>>,
    /// How many times as many as are wanted are measured again, where a storage refines.
    pub(crate) k_factor: usize,
}

/// A share of the work: queries, and of the panels that they look at the part `part` of `parts`.
pub(crate) struct Item {
    pub(crate) queries: Range<usize>,
    pub(crate) part: usize,
    pub(crate) parts: usize,
}

impl Scan<'_> {
    /// The hits of each query, the best first.
    ///
    /// # Errors
    /// If a list of a file is damaged.
    pub(crate) fn run(&self, queries: &Queries<'_>, probes: Probes<'_>) -> Result<Vec<Vec<Hit>>> {
        self.check(probes)?;
        let items = self.items(queries.len(), probes);
        let found: Vec<Mutex<Vec<Best>>> = items.iter().map(|_| Mutex::default()).collect();
        self.scanner.for_each(items.len(), &|item| {
            let best = Working::new(self, queries, &items[item]).look_through(probes);
            *found[item].lock().unwrap_or_else(PoisonError::into_inner) = best;
        });
        let mut all: Vec<Option<Best>> = (0..queries.len()).map(|_| None).collect();
        for (item, found) in items.iter().zip(found) {
            let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
            for (query, best) in item.queries.clone().zip(found) {
                all[query] = Some(match all[query].take() {
                    Some(mut other) => {
                        best.into_hits().into_iter().for_each(|hit| other.offer(hit));
                        other
                    }
                    None => best,
                });
            }
        }
        let all = all.into_iter().map(|best| best.unwrap_or_else(|| Best::new(self.want)));
        Ok(if self.store.storage.refines() {
            self.refined(queries, all.map(Best::into_hits).collect())
        } else {
            all.map(Best::into_sorted).collect()
        })
    }

    /// What is looked for by codes: more than is wanted, where a storage refines.
    pub(crate) fn want_of_codes(&self) -> Want {
        match self.want {
            Want::Nearest(p) if self.store.storage.refines() => {
                Want::Nearest(p.saturating_mul(self.k_factor))
            }
            // Codes do not tell how far vectors are: all are measured.
            Want::Within(_) if self.store.storage.refines() => Want::Within(f32::INFINITY),
            want => want,
        }
    }

    /// What was found by codes, measured again by vectors: of each query the best first.
    fn refined(&self, queries: &Queries<'_>, mut all: Vec<Vec<Hit>>) -> Vec<Vec<Hit>> {
        let slots: Vec<Mutex<&mut Vec<Hit>>> = all.iter_mut().map(Mutex::new).collect();
        self.scanner.for_each(slots.len(), &|query| {
            let mut hits = slots[query].lock().unwrap_or_else(PoisonError::into_inner);
            let (mut places, mut measured) = (Vec::new(), Vec::new());
            hits.sort_unstable_by_key(|hit| hit.at);
            for hits in hits.chunk_by_mut(|a, b| a.at[..2] == b.at[..2]) {
                let [list, part, _] = hits[0].at;
                let coder = self.store.coder(self.scanner, list as usize);
                let part = &self.store.lists[list as usize][part as usize];
                places.clear();
                places.extend(hits.iter().map(|hit| hit.at[2]));
                measured.resize(places.len(), 0.0);
                part.measure_rows(coder, queries.row(query), &places, &mut measured);
                for (hit, &measured) in hits.iter_mut().zip(&measured) {
                    hit.cost = self.store.space.cost(measured);
                }
            }
            match self.want {
                Want::Nearest(p) if p < hits.len() => {
                    hits.select_nth_unstable(p);
                    hits.truncate(p);
                }
                Want::Nearest(_) => {}
                Want::Within(cost) => hits.retain(|hit| hit.cost < cost),
            }
            hits.sort_unstable();
        });
        drop(slots);
        all
    }

    /// Compares the lists of a file that are looked into first with their checksums.
    fn check(&self, probes: Probes<'_>) -> Result<()> {
        if self.store.proof.is_none() {
            return Ok(());
        }
        let mut lists = match probes {
            Probes::All => (0..self.store.lists.len() as u32).collect(),
            Probes::Some { lists, .. } => lists.to_vec(),
        };
        lists.sort_unstable();
        lists.dedup();
        let damaged = Mutex::new(None);
        self.scanner.for_each(lists.len(), &|at| {
            if let Err(error) = self.store.check(lists[at] as usize) {
                *damaged.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        });
        damaged.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Shares the work: by queries, and where those are few by panels, too.
    fn items(&self, n: usize, probes: Probes<'_>) -> Vec<Item> {
        let threads = self.scanner.threads();
        let tables = self.store.storage.pieces().map_or(usize::MAX, |m| TABLE_BYTES / (m * LEVELS));
        let step = n.div_ceil(threads).clamp(1, RANGE_QUERIES.min(tables.max(1)));
        let ranges = n.div_ceil(step);
        let panel = match self.store.storage.pieces() {
            Some(m) => m * PANEL_VECTORS,
            None => panel_bytes(self.store.dim()),
        };
        let of_list = |list: usize| self.store.list_len(list).div_ceil(PANEL_VECTORS) * panel;
        let bytes = |range: &Range<usize>| -> usize {
            match probes {
                Probes::All => {
                    (0..self.store.lists.len()).map(of_list).sum::<usize>().saturating_mul(range.len())
                }
                Probes::Some { lists, each } => {
                    let lists = &lists[range.start * each..range.end * each];
                    lists.iter().map(|&list| of_list(list as usize)).sum()
                }
            }
        };
        let mut items = Vec::new();
        for start in (0..n).step_by(step) {
            let queries = start..n.min(start + step);
            // Queries look at the same panels: each of a thread's share should be worth it.
            let parts = if ranges >= threads {
                1
            } else {
                (bytes(&queries) / SHARE_BYTES).clamp(1, threads.div_ceil(ranges))
            };
            items.extend((0..parts).map(|part| Item { queries: queries.clone(), part, parts }));
        }
        items
    }
}
