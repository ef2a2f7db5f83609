//! Rows that lie far out.

use kmeans_data::{Points, Rows};
use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::pass::Pass;
use super::quantiles::quantiles;
use super::step::Outliers;
use super::summary::OutlierRule;
use crate::check::check_finite;
use crate::error::{Error, Result};

/// A rule that turns rows down, and how many of those fitted on (of positive weight) it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) by: OutlierRule,
    limits: Limits,
    pub(super) outliers: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Limits {
    /// The values of each column that are not outliers.
    Columns { low: Vec<f64>, high: Vec<f64> },
    /// How far from each centroid rows may lie; none that is nearest to no row has learned a limit.
    Distances { centroids: Vec<f64>, farthest: Vec<Option<f64>> },
}

impl Rule {
    pub(super) fn fit(outliers: &Outliers, pass: &Pass<'_>) -> Result<Self> {
        let (by, limits) = match outliers {
            &Outliers::ZScore(z) => (OutlierRule::ZScore(z), Limits::of_z_score(z, pass)?),
            &Outliers::Iqr(factor) => (OutlierRule::Iqr(factor), Limits::of_iqr(factor, pass)?),
            Outliers::Distance { z, centroids } => {
                (OutlierRule::Distance(*z), Limits::of_distances(*z, centroids.as_ref(), pass)?)
            }
        };
        let mut rule = Self { by, limits, outliers: 0 };
        let mut n = 0;
        pass.for_each_row(|x, _| {
            n += 1;
            rule.outliers += u64::from(rule.turns_down(x));
        })?;
        if rule.outliers == n {
            return Err(Error::NoRowsLeft { data: pass.points().name().to_owned(), n, rule: by.to_string() });
        }
        Ok(rule)
    }

    /// Whether a row is an outlier.
    pub(super) fn turns_down(&self, x: &[f32]) -> bool {
        match &self.limits {
            Limits::Columns { low, high } => {
                let is_out = |(&x, (&low, &high)): (&f32, (&f64, &f64))| {
                    let x = f64::from(x);
                    x < low || x > high
                };
                x.iter().zip(low.iter().zip(high)).any(is_out)
            }
            Limits::Distances { centroids, farthest } => {
                let (cluster, distance) = nearest(x, centroids);
                farthest[cluster].is_some_and(|farthest| distance > farthest)
            }
        }
    }

    pub(super) fn check(&self, d: usize) -> Result<(), String> {
        let (are_there, are_numbers) = match &self.limits {
            Limits::Columns { low, high } => {
                (low.len() == d && high.len() == d, low.iter().chain(high).all(|x| x.is_finite()))
            }
            Limits::Distances { centroids, farthest } => (
                !farthest.is_empty() && Some(centroids.len()) == farthest.len().checked_mul(d),
                centroids.iter().all(|x| x.is_finite()) && farthest.iter().flatten().all(|x| x.is_finite()),
            ),
        };
        match are_there && are_numbers {
            true => Ok(()),
            false => {
                Err(format!("its rule for outliers ({}) has not finite limits for {d} columns", self.by))
            }
        }
    }
}

impl Limits {
    fn of_z_score(z: f64, pass: &Pass<'_>) -> Result<Self> {
        let moments = Moments::of(pass)?;
        let around = |sign: f64| {
            let bound = |(mean, sd): (&f64, &f64)| mean + sign * z * sd;
            moments.means().iter().zip(&moments.deviations()).map(bound).collect()
        };
        Ok(Self::Columns { low: around(-1.0), high: around(1.0) })
    }

    fn of_iqr(factor: f64, pass: &Pass<'_>) -> Result<Self> {
        let quartiles = quantiles(pass, &[0.25, 0.75])?;
        let quartiles: Vec<[f64; 2]> = quartiles.iter().flatten().map(|q| [q[0], q[1]]).collect();
        let reach = |[q1, q3]: [f64; 2]| factor * (q3 - q1);
        Ok(Self::Columns {
            low: quartiles.iter().map(|&q| q[0] - reach(q)).collect(),
            high: quartiles.iter().map(|&q| q[1] + reach(q)).collect(),
        })
    }

    fn of_distances(z: f64, centroids: Option<&Rows>, pass: &Pass<'_>) -> Result<Self> {
        let centroids = match centroids {
            Some(centroids) => checked(centroids, pass.dim())?,
            None => Moments::of(pass)?.means(),
        };
        let mut moments: Vec<Moments> = (0..centroids.len() / pass.dim()).map(|_| Moments::new(1)).collect();
        pass.for_each_row(|x, weight| {
            let (cluster, distance) = nearest(x, &centroids);
            moments[cluster].add(std::iter::once(distance), weight);
        })?;
        let limit = |of: &Moments| (!of.is_empty()).then(|| of.means()[0] + z * of.deviations()[0]);
        let farthest = moments.iter().map(limit).collect();
        Ok(Self::Distances { centroids, farthest })
    }
}

/// Centroids given by the user.
fn checked(centroids: &Rows, d: usize) -> Result<Vec<f64>> {
    let what = "the centroids that outliers are far from";
    if centroids.dim() != d {
        let (expected, found) = (d, centroids.dim());
        return Err(Error::DimensionMismatch { what: what.to_owned(), than: "the rows", expected, found });
    }
    if centroids.rows() == 0 {
        return Err(Error::NoRows { data: what.to_owned() });
    }
    check_finite(what, centroids.values(), d)?;
    Ok(centroids.values().iter().map(|&c| f64::from(c)).collect())
}

/// The nearest centroid, the first on ties, and its distance, not squared.
fn nearest(x: &[f32], centroids: &[f64]) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (cluster, centroid) in centroids.chunks_exact(x.len()).enumerate() {
        let sq_dist: f64 = x.iter().zip(centroid).map(|(&x, c)| (f64::from(x) - c).powi(2)).sum();
        if sq_dist < best.1 {
            best = (cluster, sq_dist);
        }
    }
    (best.0, best.1.sqrt())
}
