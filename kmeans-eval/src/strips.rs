//! Rows sorted by cluster and cut into strips, for measures of pairs.
//!
//! ```text
//! rows by cluster:   0 0 0 0 1 1 2 2 2 2 2 2 2 2 2 2 2 2 3 3 4 4 4
//! strips:          | 0 0 0 0 1 1 | 2 2 2 2 2 2 2 2 | 2 2 2 2 | 3 3 4 4 4 |
//! ```
//!
//! A strip holds some whole clusters, or a part of one that is too large for one strip.

use std::ops::Range;

use kmeans_core::Segments;

use crate::clustering::Clustering;
use crate::distance::Distance;
use crate::error::{Error, Result};

/// Values of a strip.
const STRIP_VALUES: usize = 1 << 18;

/// Rows of a strip: sums of a pair of strips take at most 8 bytes a pair of rows.
const STRIP_ROWS: usize = 2048;

/// Some rows that stand next to each other when sorted by cluster.
#[derive(Clone, Debug)]
pub(crate) struct Strip {
    /// Places in [`Clustering::order`].
    pub(crate) places: Range<usize>,
    /// The clusters that the rows belong to.
    pub(crate) clusters: Range<usize>,
    /// Where each cluster ends within the strip.
    pub(crate) ends: Vec<usize>,
}

/// Rows of `d` columns that are measured at a time.
pub(crate) fn strip_rows(d: usize) -> usize {
    (STRIP_VALUES / d).clamp(16, STRIP_ROWS)
}

/// The share by which a distance of rows of `d` columns, or to a mean rounded to `f32`, may be off, generously.
pub(crate) fn rounding(d: usize) -> f64 {
    (d as f64 + 16.0) / f64::from(1 << 23)
}

/// All rows in strips.
pub(crate) fn strips(clustering: &Clustering<'_>) -> Vec<Strip> {
    let most = strip_rows(clustering.d());
    let mut strips: Vec<Strip> = Vec::new();
    for cluster in 0..clustering.k() {
        let places = clustering.places_of(cluster);
        let is_whole = |strip: &Strip| strip.places.start == clustering.places_of(strip.clusters.start).start;
        match strips.last_mut() {
            Some(last) if is_whole(last) && last.places.len() + places.len() <= most => {
                last.places.end = places.end;
                last.clusters.end = cluster + 1;
                last.ends.push(last.places.len());
            }
            _ => strips.extend(places.clone().step_by(most).map(|start| {
                let places = start..places.end.min(start + most);
                Strip { clusters: cluster..cluster + 1, ends: vec![places.len()], places }
            })),
        }
    }
    strips
}

/// A loaded strip's values, from anywhere.
pub(crate) struct Loader<'a> {
    clustering: &'a Clustering<'a>,
    distance: Distance,
    /// A power of two: it changes no digit.
    scale: f32,
    /// What is subtracted from scaled rows, to compare them with means that are rounded to `f32`: nothing, or the mean of all.
    origin: Option<Vec<f32>>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(clustering: &'a Clustering<'a>, distance: Distance) -> Self {
        let scale =
            if distance == Distance::Cosine { 1.0 } else { scale(clustering.max_abs(), clustering.d()) };
        Self { clustering, distance, scale, origin: None }
    }

    /// Loads rows less the mean of all, and their scale.
    pub(crate) fn about_centre(clustering: &'a Clustering<'a>) -> Self {
        let new = Self::new(clustering, Distance::Euclidean);
        let scaled = |&centre: &f64| (centre * f64::from(new.scale)) as f32;
        Self { origin: Some(clustering.centre().iter().map(scaled).collect()), ..new }
    }

    /// The means of all clusters as rows are loaded, row-major k×d.
    pub(crate) fn means(&self) -> Vec<f32> {
        let d = self.clustering.d();
        let origin = |column: usize| self.origin.as_ref().map_or(0.0, |origin| f64::from(origin[column]));
        let loaded = |(at, mean): (usize, &f64)| (mean * f64::from(self.scale) - origin(at % d)) as f32;
        self.clustering.means().iter().enumerate().map(loaded).collect()
    }

    /// What a sum of distances as measured has to be multiplied by.
    pub(crate) fn unit(&self) -> f64 {
        self.distance.unit() / f64::from(self.scale)
    }

    /// Rows, in the order given.
    pub(crate) fn rows(&self, rows: &[usize], x: &mut Vec<f32>) -> Result<()> {
        let points = self.clustering.points();
        x.resize(rows.len() * points.dim(), 0.0);
        points.gather(rows, x)?;
        for (&row, x) in rows.iter().zip(x.chunks_exact_mut(points.dim())) {
            x.iter_mut().for_each(|x| *x *= self.scale);
            if let Some(origin) = &self.origin {
                x.iter_mut().zip(origin).for_each(|(x, origin)| *x -= origin);
            }
            if self.distance == Distance::Cosine && !to_unit_length(x) {
                return Err(Error::ZeroRow { data: points.name().to_owned(), row: points.source_row(row) });
            }
        }
        Ok(())
    }

    /// The rows of a strip.
    pub(crate) fn strip(&self, strip: &Strip, x: &mut Vec<f32>) -> Result<()> {
        self.rows(&self.clustering.order()[strip.places.clone()], x)
    }
}

/// The rows of a strip as segments.
pub(crate) fn segments<'a>(strip: &'a Strip, x: &'a [f32], d: usize) -> Segments<'a> {
    Segments { x, d, ends: &strip.ends }
}

/// The power of two that brings the largest value as far up as squared distances of `d` columns fit `f32`: the least ones
/// then do, too, down to about 2^−115 of it.
fn scale(max_abs: f32, d: usize) -> f32 {
    if max_abs == 0.0 {
        return 1.0;
    }
    // d·(4·2^e)² < 2^126, with differences of differences from a centre.
    let most = (122.0 - (d as f64).log2()) / 2.0;
    let exponent = (most - f64::from(max_abs).log2()).floor().clamp(-126.0, 127.0);
    exponent.exp2() as f32
}

/// Divides by the length; `false` for a row of zeros.
fn to_unit_length(x: &mut [f32]) -> bool {
    let length = x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    if length == 0.0 {
        return false;
    }
    x.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
    true
}
