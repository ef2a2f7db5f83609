//! A range of queries on one thread.

use std::ops::Range;

use kmeans_core::{Contenders, Looking, MOST_PANEL_COLUMNS, PANEL_VECTORS, panel_bytes};

use crate::best::{Best, Hit, Want};
use crate::part::Part;
use crate::scan::{Item, Probes, Queries, Scan};

/// Bytes of panels that are looked at before what contends is measured: they stay in the second-level cache.
const LOOK_BYTES: usize = 128 << 10;
/// Panels that queries without a limit look at first: enough for the best of them to be near the best of all.
const FIRST_PANELS: usize = 16;
/// Contenders that are measured before it is looked whether the next can still be among the best; then twice as many.
const TOGETHER: usize = 8;
/// What rounding may add to a score, as a share of `(‖v‖ + ‖x‖)²`: some ulp of the bias, of the product and of the limit.
const ROUNDING: f32 = 1.0 / (1 << 20) as f32;

/// Queries, and what they found so far.
pub(crate) struct Working<'a> {
    scan: &'a Scan<'a>,
    queries: &'a Queries<'a>,
    /// The number of the first one.
    first: usize,
    best: Vec<Best>,
    /// Panels that come before this thread's share, and those of its share.
    ahead: usize,
    left: usize,
    /// Of each query that looks into a list.
    contenders: Vec<Contenders>,
    /// Those of one query: what orders scores, and below it the place.
    keys: Vec<u64>,
    places: Vec<u32>,
    measured: Vec<f64>,
    decoded: Vec<f32>,
}

/// Queries that look into a list: their numbers in the range.
struct Visit {
    list: u32,
    query: u32,
}

impl<'a> Working<'a> {
    pub(crate) fn new(scan: &'a Scan<'a>, queries: &'a Queries<'a>, item: &Item) -> Self {
        Self {
            scan,
            queries,
            first: item.queries.start,
            best: item.queries.clone().map(|_| Best::new(scan.want)).collect(),
            ahead: item.part,
            left: item.parts,
            contenders: Vec::new(),
            keys: Vec::new(),
            places: Vec::new(),
            measured: Vec::new(),
            decoded: Vec::new(),
        }
    }

    /// What the queries find.
    pub(crate) fn look_through(mut self, probes: Probes<'_>) -> Vec<Best> {
        let visits = self.visits(probes);
        let runs = || visits.chunk_by(|a, b| a.list == b.list);
        self.take_share(runs().map(|visits| self.panels_of(visits[0].list)).sum());
        let mut looking = Vec::new();
        for visits in runs() {
            looking.clear();
            looking.extend(visits.iter().map(|visit| self.looking(visit.query)));
            self.look_into(visits, &mut looking);
        }
        self.best
    }

    /// Who looks into what: first the nearest list of each query, so that its limit is low for the others.
    fn visits(&self, probes: Probes<'_>) -> Vec<Visit> {
        let count = self.best.len();
        let lists = &probes.lists[self.first * probes.each..][..count * probes.each];
        let of_rank = |ranks: Range<usize>| {
            let of_query = move |(query, lists): (usize, &'_ [u32])| {
                let visit = move |&list: &u32| Visit { list, query: query as u32 };
                lists[ranks.clone()].iter().map(visit).collect::<Vec<_>>()
            };
            let mut visits: Vec<Visit> =
                lists.chunks_exact(probes.each).enumerate().flat_map(of_query).collect();
            visits.sort_unstable_by_key(|visit| (visit.list, visit.query));
            visits
        };
        let mut visits = of_rank(0..1);
        visits.extend(of_rank(1..probes.each));
        visits
    }

    fn panels_of(&self, list: u32) -> usize {
        self.scan.store.lists[list as usize].iter().map(|part| part.panels().count()).sum()
    }

    /// Turns the number of the share and how many there are into numbers of panels.
    fn take_share(&mut self, panels: usize) {
        let (part, parts) = (self.ahead, self.left);
        self.ahead = panels * part / parts;
        self.left = panels * (part + 1) / parts - self.ahead;
    }

    /// Which of the next `count` panels are in this thread's share.
    fn share(&mut self, count: usize) -> Range<usize> {
        let start = self.ahead.min(count);
        self.ahead -= start;
        let end = (start + self.left).min(count);
        self.left -= end - start;
        start..end
    }

    fn looking(&self, query: u32) -> Looking<'a> {
        let at = self.first + query as usize;
        let (bytes, quantised) = (self.queries.bytes(at), self.queries.quantised[at]);
        Looking { bytes, quantised, limit: self.limit(query) }
    }

    /// The largest score that may be among the best of a query.
    fn limit(&self, query: u32) -> f32 {
        let Some(cost) = self.best[query as usize].limit() else { return f32::INFINITY };
        let (number, store) = (self.first + query as usize, self.scan.store);
        let reach = self.queries.quantised[number].norm + store.reach;
        let rest =
            if store.space.metric().is_similarity() { 0.0 } else { self.queries.quantised[number].sq_norm };
        (f64::from(cost) - rest) as f32 + ROUNDING * reach * reach
    }

    /// Lets the queries of one list look at it.
    fn look_into(&mut self, visits: &[Visit], looking: &mut [Looking<'a>]) {
        let store = self.scan.store;
        let most = (LOOK_BYTES / panel_bytes(store.dim())).max(1);
        for part in &store.lists[visits[0].list as usize] {
            let share = self.share(part.panels().count());
            if share.is_empty() {
                continue;
            }
            let skip = self.skip(part);
            let (mut start, mut step) = (share.start, most);
            if looking.iter().any(|looking| looking.limit == f32::INFINITY) {
                let fewest = self.scan.want.nearest().div_ceil(PANEL_VECTORS);
                step = fewest.max(FIRST_PANELS).min(most);
            }
            while start < share.end {
                let panels = start..(start + step).min(share.end);
                let skip = skip.get(panels.clone()).unwrap_or_default();
                self.look_at(part, panels.clone(), skip, looking);
                self.measure_contenders(part, panels.start, visits, looking);
                (start, step) = (panels.end, most);
            }
        }
    }

    /// Lanes of the panels that are not to be found.
    fn skip(&self, part: &Part) -> Vec<u16> {
        let Some(filter) = self.scan.filter else { return part.removed.clone() };
        let mut skip = part.removed.clone();
        skip.resize(part.panels().count(), 0);
        for (ids, skip) in part.ids.as_slice().chunks(PANEL_VECTORS).zip(&mut skip) {
            for (lane, &id) in ids.iter().enumerate() {
                *skip |= u16::from(!filter.allows(id)) << lane;
            }
        }
        skip
    }

    fn look_at(&mut self, part: &Part, panels: Range<usize>, skip: &[u16], looking: &[Looking<'a>]) {
        let count = self.contenders.len().max(looking.len());
        self.contenders.resize(count, Contenders::default());
        let found = &mut self.contenders[..looking.len()];
        found.iter_mut().for_each(Contenders::clear);
        let (store, d) = (self.scan.store, self.scan.store.dim());
        if d > MOST_PANEL_COLUMNS {
            // Sums of so many products do not fit: all contend.
            found.iter_mut().for_each(|found| all_contend(part, panels.clone(), skip, found));
            return;
        }
        let metric = store.space.score_metric();
        self.scan.scanner.look(metric, part.panels().some(panels, d), looking, skip, found);
    }

    /// Measures what may be among the best, from the most promising on, and lowers the limits.
    fn measure_contenders(
        &mut self,
        part: &Part,
        first_panel: usize,
        visits: &[Visit],
        looking: &mut [Looking<'a>],
    ) {
        let first = first_panel * PANEL_VECTORS;
        for (at, (visit, looking)) in visits.iter().zip(looking).enumerate() {
            let Contenders { places, least } = &self.contenders[at];
            self.keys.clear();
            self.keys.extend(least.iter().zip(places).map(|(&least, &place)| key(least, place)));
            let mut keys = std::mem::take(&mut self.keys);
            self.measure_own(part, first, visit.query, &mut keys, &mut looking.limit);
            self.keys = keys;
        }
    }

    /// The same for one query.
    fn measure_own(&mut self, part: &Part, first: usize, query: u32, mut keys: &mut [u64], limit: &mut f32) {
        let (ids, scan) = (part.ids.as_slice(), self.scan);
        let v = self.queries.row(self.first + query as usize);
        let (mut count, mut next) = (self.best[query as usize].missing() + TOGETHER, TOGETHER);
        while !keys.is_empty() {
            // The most promising that are left.
            if keys.len() > count {
                keys.select_nth_unstable(count);
            }
            let (now, later) = keys.split_at_mut(count.min(keys.len()));
            let most = key(*limit, u32::MAX);
            self.places.clear();
            let within = now.iter().filter(|&&key| key <= most);
            self.places.extend(within.map(|&key| key as u32 + first as u32));
            if self.places.is_empty() {
                break;
            }
            self.measured.resize(self.places.len(), 0.0);
            let (places, measured) = (&self.places, &mut self.measured);
            part.measure(scan.scanner, &scan.store.space, v, places, &mut self.decoded, measured);
            for (&place, &measured) in self.places.iter().zip(&self.measured) {
                let hit = Hit { cost: scan.store.space.cost(measured), id: ids[place as usize] };
                self.best[query as usize].offer(hit);
            }
            *limit = self.limit(query);
            (keys, count, next) = (later, next, 2 * next);
        }
    }
}

/// A number in the order of scores, then of places.
fn key(least: f32, place: u32) -> u64 {
    let bits = least.to_bits();
    let ordered = bits ^ ((((bits as i32) >> 31) as u32) | 1 << 31);
    u64::from(ordered) << 32 | u64::from(place)
}

/// All vectors of some panels contend, but for those to skip.
fn all_contend(part: &Part, panels: Range<usize>, skip: &[u16], found: &mut Contenders) {
    let first = panels.start * PANEL_VECTORS;
    let count = part.places().min(panels.end * PANEL_VECTORS) - first;
    for place in 0..count {
        let mask = skip.get(place / PANEL_VECTORS).copied().unwrap_or(0);
        if mask >> (place % PANEL_VECTORS) & 1 == 0 {
            found.places.push(place as u32);
            found.least.push(f32::NEG_INFINITY);
        }
    }
}

impl Want {
    /// How many are asked for at least.
    fn nearest(self) -> usize {
        match self {
            Self::Nearest(p) => p,
            Self::Within(_) => 1,
        }
    }
}
