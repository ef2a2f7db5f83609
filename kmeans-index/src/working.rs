//! A range of queries on one thread.

use std::ops::Range;

use kmeans_core::{
    Contenders, GROUP_VECTORS, LevelScale, Looking, LookingUp, MOST_PANEL_COLUMNS, PANEL_VECTORS,
    SCORE_ROUNDING,
};

use crate::best::{Best, Hit, Want};
use crate::blocks::product;
use crate::file::block_bytes;
use crate::part::{Coder, Decoded, GROUP_PANELS, Part};
use crate::pq::LEVELS;
use crate::queries::Queries;
use crate::scan::{Item, Probes, Scan};

/// Bytes of panels that are looked at before what contends is measured: they stay in the second-level cache.
const LOOK_BYTES: usize = 128 << 10;
/// Groups that queries without a limit look at first: enough for the best of them to be near the best of all.
const FIRST_GROUPS: usize = 4;
/// Contenders that are measured before it is looked whether the next can still be among the best; then twice as many.
const TOGETHER: usize = 4;
/// What rounding may add to a limit, as a share of the cost and of `‖v‖²`.
const LIMIT_ROUNDING: f64 = 1.0 / (1 << 22) as f64;
/// What rounding may add to a score for each step of a sum in `f32`, as a share of `(‖v‖ + ‖x‖)²`.
const STEP_ROUNDING: f32 = 1.0 / (1 << 23) as f32;

/// Queries, and what they found so far.
pub(crate) struct Working<'a> {
    scan: &'a Scan<'a>,
    queries: &'a Queries<'a>,
    /// What the queries look codes up in, where vectors are codes.
    tables: Tables,
    /// The number of the first one.
    first: usize,
    want: Want,
    best: Vec<Best>,
    /// Groups that come before this thread's share, and those of its share.
    ahead: usize,
    left: usize,
    /// Of each query that looks into a list.
    contenders: Vec<Contenders>,
    /// Those of one query: what orders scores, and below it the place.
    keys: Vec<u64>,
    places: Vec<u32>,
    measured: Vec<f64>,
    decoded: Decoded,
}

/// For each query what codes add to a score; empty where vectors are bytes.
#[derive(Default)]
struct Tables {
    levels: Vec<u8>,
    scales: Vec<LevelScale>,
    /// Sums in `f32` that a score is made of.
    steps: usize,
}

/// A query of the range that looks into a list.
#[derive(Clone, Copy)]
struct Visit {
    list: u32,
    query: u32,
}

/// A list, and the part of it that is looked at.
#[derive(Clone, Copy)]
struct At<'a> {
    list: usize,
    number: u32,
    part: &'a Part,
    coder: Coder<'a>,
}

impl<'a> Working<'a> {
    pub(crate) fn new(scan: &'a Scan<'a>, queries: &'a Queries<'a>, item: &Item) -> Self {
        let want = scan.want_of_codes();
        Self {
            tables: Tables::of(scan, queries, item.queries.clone()),
            scan,
            queries,
            first: item.queries.start,
            want,
            best: item.queries.clone().map(|_| Best::new(want)).collect(),
            ahead: item.part,
            left: item.parts,
            contenders: Vec::new(),
            keys: Vec::new(),
            places: Vec::new(),
            measured: Vec::new(),
            decoded: Decoded::default(),
        }
    }

    /// What the queries find.
    pub(crate) fn look_through(mut self, probes: Probes<'_>) -> Vec<Best> {
        match probes {
            Probes::All => {
                let lists = 0..self.scan.store.lists.len() as u32;
                self.take_share(lists.clone().map(|list| self.groups_of(list)).sum());
                let queries = 0..self.best.len() as u32;
                lists.for_each(|list| {
                    let visits: Vec<Visit> = queries.clone().map(|query| Visit { list, query }).collect();
                    self.look_into(&visits);
                });
            }
            Probes::Some { lists, each } => {
                let visits = self.visits(lists, each);
                let runs = || visits.chunk_by(|a, b| a.list == b.list);
                self.take_share(runs().map(|visits| self.groups_of(visits[0].list)).sum());
                runs().for_each(|visits| self.look_into(visits));
            }
        }
        self.best
    }

    /// Who looks into what: first the nearest list of each query, so that its limit is low for the others.
    fn visits(&self, lists: &[u32], each: usize) -> Vec<Visit> {
        let lists = &lists[self.first * each..][..self.best.len() * each];
        let of_ranks = |ranks: Range<usize>| {
            let mut visits = Vec::with_capacity(self.best.len() * ranks.len());
            for (query, lists) in (0..).zip(lists.chunks_exact(each)) {
                visits.extend(lists[ranks.clone()].iter().map(|&list| Visit { list, query }));
            }
            visits.sort_unstable_by_key(|visit: &Visit| (visit.list, visit.query));
            visits
        };
        let mut visits = of_ranks(0..1);
        visits.extend(of_ranks(1..each));
        visits
    }

    fn groups_of(&self, list: u32) -> usize {
        self.scan.store.lists[list as usize].iter().map(Part::groups).sum()
    }

    /// Turns the number of the share and how many there are into numbers of groups.
    fn take_share(&mut self, groups: usize) {
        let (part, parts) = (self.ahead, self.left);
        self.ahead = groups * part / parts;
        self.left = groups * (part + 1) / parts - self.ahead;
    }

    /// Which of the next `count` groups are in this thread's share.
    fn share(&mut self, count: usize) -> Range<usize> {
        let start = self.ahead.min(count);
        self.ahead -= start;
        let end = (start + self.left).min(count);
        self.left -= end - start;
        start..end
    }

    /// The largest score that may be among the best of a query.
    fn limit(&self, query: u32) -> f32 {
        let Some(cost) = self.best[query as usize].limit() else { return f32::INFINITY };
        if self.scan.store.storage.refines() {
            return cost;
        }
        let (number, store) = (self.first + query as usize, self.scan.store);
        let is_similarity = store.space.metric().is_similarity();
        let rest = if is_similarity { 0.0 } else { self.queries.quantised[number].sq_norm };
        let cost = f64::from(cost);
        ((cost - rest) + LIMIT_ROUNDING * (cost.abs() + rest)) as f32
    }

    /// Lets the queries of one list look at it.
    fn look_into(&mut self, visits: &[Visit]) {
        let mut limits: Vec<f32> = visits.iter().map(|visit| self.limit(visit.query)).collect();
        let (store, list) = (self.scan.store, visits[0].list as usize);
        let group = GROUP_PANELS * block_bytes(store.storage, store.dim()).max(1);
        let most = (LOOK_BYTES / group).max(1);
        for (number, part) in (0..).zip(&store.lists[list]) {
            let share = self.share(part.groups());
            if share.is_empty() {
                continue;
            }
            let at = At { list, number, part, coder: store.coder(self.scan.scanner, list) };
            let skip = self.skip(part);
            let (mut start, mut step) = (share.start, most);
            if limits.contains(&f32::INFINITY) {
                let fewest = self.want.nearest().div_ceil(GROUP_VECTORS);
                step = fewest.max(FIRST_GROUPS).min(most);
            }
            while start < share.end {
                let groups = start..(start + step).min(share.end);
                self.look_at(at, groups.clone(), &skip, visits, &limits);
                self.measure_contenders(at, groups.start, visits, &mut limits);
                (start, step) = (groups.end, most);
            }
        }
    }

    /// Lanes of the panels that are not to be found.
    fn skip(&self, part: &Part) -> Vec<u16> {
        let Some(filter) = self.scan.filter else { return part.removed.clone() };
        let mut skip = part.removed.clone();
        skip.resize(part.places().div_ceil(PANEL_VECTORS), 0);
        for (ids, skip) in part.ids.as_slice().chunks(PANEL_VECTORS).zip(&mut skip) {
            for (lane, &id) in ids.iter().enumerate() {
                *skip |= u16::from(!filter.allows(id)) << lane;
            }
        }
        skip
    }

    /// Finds what contends in some groups.
    fn look_at(&mut self, at: At<'_>, groups: Range<usize>, skip: &[u16], visits: &[Visit], limits: &[f32]) {
        let count = self.contenders.len().max(visits.len());
        self.contenders.resize(count, Contenders::default());
        let mut contenders = std::mem::take(&mut self.contenders);
        let found = &mut contenders[..visits.len()];
        found.iter_mut().for_each(Contenders::clear);
        let panels = groups.start * GROUP_PANELS..(groups.end * GROUP_PANELS).min(skip.len());
        let skip = skip.get(panels).unwrap_or_default();
        let (scanner, d) = (self.scan.scanner, self.scan.store.dim());
        if let Some(pq) = at.coder.pq {
            let looking: Vec<_> =
                visits.iter().zip(limits).map(|(v, l)| self.looking_up(at, v, *l)).collect();
            scanner.look_up(at.part.codes(groups, pq.m()), &looking, skip, found);
        } else if d > MOST_PANEL_COLUMNS {
            // Sums of so many products do not fit: all contend.
            found.iter_mut().for_each(|found| all_contend(at.part, groups.clone(), skip, found));
        } else {
            let looking: Vec<_> = visits.iter().zip(limits).map(|(v, l)| self.looking(v, *l)).collect();
            let metric = self.scan.store.space.score_metric();
            scanner.look(metric, at.part.panels(groups, d), &looking, skip, found);
        }
        self.contenders = contenders;
    }

    fn looking(&self, visit: &Visit, limit: f32) -> Looking<'_> {
        let number = self.first + visit.query as usize;
        Looking { bytes: self.queries.bytes(number), quantised: self.queries.quantised[number], limit }
    }

    /// A score is what the codes of a vector add, and what the centroid of its list does.
    fn looking_up(&self, at: At<'_>, visit: &Visit, limit: f32) -> LookingUp<'_> {
        let query = visit.query as usize;
        let v = self.queries.row(self.first + query);
        let LevelScale { step, least } = self.tables.scales[query];
        let factor = f64::from(self.scan.store.space.score_metric().score_factor());
        let of_list = factor * product(v, at.coder.centroid);
        let reach = self.queries.quantised[self.first + query].norm + self.scan.store.longest_code(at.list);
        let rounding = (SCORE_ROUNDING + self.tables.steps as f32 * STEP_ROUNDING) * reach * reach;
        let each = self.tables.levels.len() / self.tables.scales.len();
        let levels = &self.tables.levels[query * each..][..each];
        LookingUp { levels, step, least: (f64::from(least) + of_list) as f32 - rounding, limit }
    }

    /// Measures what may be among the best, from the most promising on, and lowers the limits.
    fn measure_contenders(&mut self, at: At<'_>, group: usize, visits: &[Visit], limits: &mut [f32]) {
        let first = group * GROUP_VECTORS;
        if self.scan.store.storage.refines() {
            self.take_by_scores(at, first, visits, limits);
            return;
        }
        for (number, (visit, limit)) in visits.iter().zip(limits).enumerate() {
            let Contenders { places, least } = &self.contenders[number];
            self.keys.clear();
            self.keys.extend(least.iter().zip(places).map(|(&least, &place)| key(least, place)));
            let mut keys = std::mem::take(&mut self.keys);
            self.measure_own(at, first, visit.query, &mut keys, limit);
            self.keys = keys;
        }
    }

    /// Takes contenders by their scores alone: the best of them are measured in the end, by vectors.
    fn take_by_scores(&mut self, at: At<'_>, first: usize, visits: &[Visit], limits: &mut [f32]) {
        let ids = at.part.ids.as_slice();
        for ((visit, limit), found) in visits.iter().zip(limits).zip(&self.contenders) {
            let best = &mut self.best[visit.query as usize];
            let offer = |best: &mut Best, least: f32, place: u32| {
                let place = place as usize + first;
                let at = [at.list as u32, at.number, place as u32];
                // Of two zeros neither is less.
                best.offer(Hit { cost: least + 0.0, id: ids[place], at });
            };
            let Contenders { places, least } = found;
            let missing = best.missing();
            if missing < places.len() && missing > 0 {
                // Those that will stay first: the others then mostly cost a comparison.
                self.keys.clear();
                self.keys.extend((0..).zip(least).map(|(number, &least)| key(least, number)));
                self.keys.select_nth_unstable(missing);
                for &key in &self.keys {
                    let number = key as u32 as usize;
                    offer(best, least[number], places[number]);
                }
            } else {
                places.iter().zip(least).for_each(|(&place, &least)| offer(best, least, place));
            }
            *limit = best.limit().unwrap_or(f32::INFINITY);
        }
    }

    /// The same for one query.
    fn measure_own(&mut self, at: At<'_>, first: usize, query: u32, mut keys: &mut [u64], limit: &mut f32) {
        let (ids, space) = (at.part.ids.as_slice(), &self.scan.store.space);
        let v = self.queries.row(self.first + query as usize);
        let (mut count, mut next) = (self.best[query as usize].missing().saturating_add(TOGETHER), TOGETHER);
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
            // Neighbours share cache lines.
            self.places.sort_unstable();
            self.measured.resize(self.places.len(), 0.0);
            let (places, measured) = (&self.places, &mut self.measured);
            at.part.measure(at.coder, v, places, &mut self.decoded, measured);
            for (&place, &measured) in self.places.iter().zip(&self.measured) {
                let of = [at.list as u32, at.number, place];
                let hit = Hit { cost: space.cost(measured), id: ids[place as usize], at: of };
                self.best[query as usize].offer(hit);
            }
            *limit = self.limit(query);
            (keys, count, next) = (later, next, 2 * next);
        }
    }
}

/// A number in the order of scores, then of places.
fn key(least: f32, place: u32) -> u64 {
    // What is no number rules nothing out.
    let bits = if least.is_nan() { f32::NEG_INFINITY } else { least }.to_bits();
    let ordered = bits ^ ((((bits as i32) >> 31) as u32) | 1 << 31);
    u64::from(ordered) << 32 | u64::from(place)
}

/// All vectors of some groups contend, but for those to skip.
fn all_contend(part: &Part, groups: Range<usize>, skip: &[u16], found: &mut Contenders) {
    let first = groups.start * GROUP_VECTORS;
    let count = part.places().min(groups.end * GROUP_VECTORS) - first;
    for place in 0..count {
        let mask = skip.get(place / PANEL_VECTORS).copied().unwrap_or(0);
        if mask >> (place % PANEL_VECTORS) & 1 == 0 {
            found.places.push(place as u32);
            found.least.push(f32::NEG_INFINITY);
        }
    }
}

impl Tables {
    fn of(scan: &Scan<'_>, queries: &Queries<'_>, range: Range<usize>) -> Self {
        let Some(pq) = &scan.store.pq else { return Self::default() };
        let mut levels = vec![0; range.len() * pq.m() * LEVELS];
        let mut scales = vec![LevelScale::default(); range.len()];
        let metric = scan.store.space.score_metric();
        scan.scanner.tables(metric, queries.some(range), pq.columns(), &mut levels, &mut scales);
        Self { levels, scales, steps: pq.m() + scan.store.dim() / pq.m() }
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
