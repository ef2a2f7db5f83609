//! What the methods say together.

use kmeans_core::{KMeansModel, Warning};
use serde::Serialize;

use super::elbow::elbow;
use super::measures::KMeasures;
use super::method::Method;

/// The k that a method is for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Vote {
    /// The method.
    pub method: Method,
    /// Its choice; `None`: it sees none.
    pub k: Option<usize>,
    /// Why, in a sentence.
    pub reason: String,
}

/// The k that most methods are for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Recommendation {
    /// The number of clusters.
    pub k: usize,
    /// The share of the methods that are for it, those for the k next to it counted by half: 1, if all are.
    pub sureness: f64,
    /// What each method says.
    pub votes: Vec<Vote>,
    /// What speaks against any of this.
    pub doubts: Vec<String>,
}

/// Silhouettes below which clusters are no more than hints: the scale of \[KR90\], p. 88.
const WEAK_SILHOUETTE: f64 = 0.25;

/// Fewer k than this have no bend that could be told from a slope.
const FEWEST_FOR_BEND: usize = 5;

/// Counts the votes: one for the k itself, half for a neighbour's. Ties go to the one with more votes of its own, then to the
/// higher silhouette, then to the lower k.
pub(super) fn recommend(
    measured: &[KMeasures],
    models: &[KMeansModel],
    methods: &[Method],
    by_splits: Option<usize>,
) -> Recommendation {
    let votes: Vec<Vote> = methods.iter().map(|&method| vote(measured, method, by_splits)).collect();
    let places: Vec<usize> =
        votes.iter().filter_map(|vote| measured.iter().position(|m| Some(m.k) == vote.k)).collect();
    let support = |at: usize| {
        let share = |place: &usize| match place.abs_diff(at) {
            0 => 1.0,
            1 => 0.5,
            _ => 0.0,
        };
        places.iter().map(share).fold(0.0_f64, |sum, share| sum + share)
    };
    let own = |at: usize| places.iter().filter(|&&place| place == at).count();
    let silhouette = |at: usize| measured[at].silhouette.unwrap_or(f64::NEG_INFINITY);
    let is_better = |a: usize, b: usize| {
        let by_votes = support(a).total_cmp(&support(b)).then(own(a).cmp(&own(b)));
        by_votes.then(silhouette(a).total_cmp(&silhouette(b))).is_gt()
    };
    let best = (1..measured.len()).fold(0, |best, at| if is_better(at, best) { at } else { best });
    // A method that cannot see anything in so few k speaks against none.
    let is_blind = |vote: &&Vote| vote.method == Method::Elbow && measured.len() < FEWEST_FOR_BEND;
    let voters = votes.len() - votes.iter().filter(|vote| vote.k.is_none()).filter(is_blind).count();
    let sureness = if voters > 0 { support(best) / voters as f64 } else { 0.0 };
    let doubts = doubts(measured, &models[best], best, &votes, sureness);
    Recommendation { k: measured[best].k, sureness, doubts, votes }
}

fn doubts(
    measured: &[KMeasures],
    model: &KMeansModel,
    best: usize,
    votes: &[Vote],
    sureness: f64,
) -> Vec<String> {
    let mut doubts = Vec::new();
    let (found, k) = (&measured[best], measured[best].k);
    if votes.iter().all(|vote| vote.k.is_none()) {
        doubts.push("no method sees a number of clusters: the first one tried is given".to_owned());
    } else if sureness < 0.5 {
        let share = 100.0 * sureness;
        doubts.push(format!("methods disagree: the votes for k = {k} and its neighbours are {share:.0} %"));
    }
    if let Some(silhouette) = found.silhouette.filter(|&silhouette| silhouette <= WEAK_SILHOUETTE) {
        doubts.push(format!("the mean silhouette is {silhouette:.3}: clusters overlap, or there are none"));
    }
    let n: u64 = found.cluster_sizes.iter().sum();
    if (found.n_trained as u64) < n {
        doubts.push(format!("models were trained on samples of about {} of {n} rows", found.n_trained));
    }
    if let Some(empty) = measured.iter().find(|m| m.cluster_sizes.contains(&0)) {
        doubts.push(format!("from k = {} on there are clusters without rows: points repeat", empty.k));
    }
    let told = model.report().warnings.iter();
    let told = told.filter(|warning| matches!(warning, Warning::NotConverged { .. } | Warning::RangeTooWide));
    doubts.extend(told.map(ToString::to_string));
    if measured.len() > 1 && best + 1 == measured.len() {
        doubts.push(format!("k = {k} is the largest that was tried"));
    }
    doubts
}

/// What one method says.
fn vote(measured: &[KMeasures], method: Method, by_splits: Option<usize>) -> Vote {
    let whole = match method {
        Method::Gap | Method::Bic | Method::CalinskiHarabasz => whole(measured),
        _ => None,
    };
    if let Some(k) = whole {
        return Vote { method, k: Some(k), reason: format!("every row lies on its centroid from {k} on") };
    }
    let (k, reason) = match method {
        Method::Elbow => by_elbow(measured),
        Method::Silhouette => by_silhouette(measured),
        Method::CalinskiHarabasz => {
            by_extreme(measured, "Calinski–Harabasz index", 1.0, |m| m.calinski_harabasz)
        }
        Method::DaviesBouldin => by_extreme(measured, "Davies–Bouldin index", -1.0, |m| m.davies_bouldin),
        Method::Gap => by_gap(measured),
        Method::Bic => by_extreme(measured, "Bayesian information criterion", 1.0, |m| m.bic),
        Method::XMeans => by_x_means(measured, by_splits),
        Method::Stability => by_stability(measured),
    };
    Vote { method, k, reason }
}

/// The least k of which every row lies on its centroid: there is no likelihood, and no ratio of spreads.
fn whole(measured: &[KMeasures]) -> Option<usize> {
    measured.iter().find(|m| m.inertia == 0.0).map(|m| m.k)
}

fn by_elbow(measured: &[KMeasures]) -> (Option<usize>, String) {
    if measured.len() < FEWEST_FOR_BEND {
        return (None, format!("fewer than {FEWEST_FOR_BEND} k have no bend to speak of"));
    }
    let x: Vec<f64> = measured.iter().map(|m| m.k as f64).collect();
    let y: Vec<f64> = measured.iter().map(|m| m.inertia).collect();
    match elbow(&x, &y) {
        Some(elbow) => {
            let k = measured[elbow.at].k;
            (
                Some(k),
                format!("inertia bends at {k}, {:.2} below a straight line of height 1", elbow.strength),
            )
        }
        None => (None, "inertia does not bend".to_owned()),
    }
}

/// The least k whose silhouette is within a standard error of the highest: more clusters have to earn it.
fn by_silhouette(measured: &[KMeasures]) -> (Option<usize>, String) {
    let (highest, reason) = by_extreme(measured, "mean silhouette", 1.0, |m| m.silhouette);
    let highest = measured.iter().find(|m| Some(m.k) == highest);
    let Some(limit) = highest.and_then(|m| Some(m.silhouette? - m.silhouette_error?)) else {
        return (None, reason);
    };
    let value_of = |m: &KMeasures| m.silhouette.unwrap_or(f64::NEG_INFINITY);
    match measured.iter().find(|&m| value_of(m) >= limit) {
        Some(m) if Some(m.k) != highest.map(|m| m.k) => {
            let value = number(value_of(m));
            (
                Some(m.k),
                format!("{reason}; {value} at {} is within its standard error, with fewer clusters", m.k),
            )
        }
        m => (m.map(|m| m.k), reason),
    }
}

/// The largest k of those that agree most: parts that hold several clusters each may agree as well.
fn by_stability(measured: &[KMeasures]) -> (Option<usize>, String) {
    let turned: Vec<KMeasures> = measured.iter().rev().cloned().collect();
    by_extreme(&turned, "agreement of trainings on halves", 1.0, |m| m.stability)
}

/// The highest value, times a sign; the first of equal ones.
fn by_extreme(
    measured: &[KMeasures],
    what: &str,
    sign: f64,
    of: impl Fn(&KMeasures) -> Option<f64>,
) -> (Option<usize>, String) {
    let values = || measured.iter().filter_map(|m| Some((m.k, of(m)?)));
    let better = |best: Option<(usize, f64)>, next: (usize, f64)| match best {
        Some(best) if sign * next.1 <= sign * best.1 => Some(best),
        _ => Some(next),
    };
    let Some((k, value)) = values().fold(None, better) else {
        return (None, format!("no {what} is defined"));
    };
    let second = values().filter(|&(other, _)| other != k).fold(None, better);
    let word = if sign > 0.0 { "highest" } else { "lowest" };
    let next = second.map_or(String::new(), |(k, value)| format!(", next {} at {k}", number(value)));
    (Some(k), format!("the {word} {what} is {} at {k}{next}", number(value)))
}

/// Four digits that count.
fn number(value: f64) -> String {
    if value != 0.0 && (1e-3..1e6).contains(&value.abs()) {
        let digits = (3 - value.abs().log10().floor() as i32).max(0) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.3e}")
    }
}

fn by_gap(measured: &[KMeasures]) -> (Option<usize>, String) {
    let is_enough = |pair: &&[KMeasures]| {
        let (this, next) = (&pair[0], &pair[1]);
        matches!((this.gap, next.gap, next.gap_error), (Some(a), Some(b), Some(error)) if a >= b - error)
    };
    match measured.windows(2).find(is_enough) {
        Some([this, next, ..]) => (
            Some(this.k),
            format!("the gap at {} is not below that at {} by more than its error", this.k, next.k),
        ),
        _ if measured.len() < 2 => (None, "a single k has no gap to compare with".to_owned()),
        _ => (None, "the gap rises with every k".to_owned()),
    }
}

/// The k tried that is next to where splits ended.
fn by_x_means(measured: &[KMeasures], by_splits: Option<usize>) -> (Option<usize>, String) {
    let Some(found) = by_splits else { return (None, "no clusters were split".to_owned()) };
    let k = measured.iter().map(|m| m.k).min_by_key(|k| k.abs_diff(found));
    (k, format!("splits of clusters end at {found}"))
}
