//! Distances between all pairs of two sets of rows, added up as they are measured.
//!
//! Measures of quality that look at pairs (silhouettes, the Dunn index) need n² distances, but only their sums over
//! clusters. Engines measure a tile of pairs and add it up where it was measured, so that nobody holds n² values.

use std::borrow::Cow;

use crate::centroids::Centroids;
use crate::engine::{Engine, Rows};
use crate::error::Result;
use crate::metric::Metric;

/// Rows of which those of one segment stand next to each other.
#[derive(Clone, Copy, Debug)]
pub struct Segments<'a> {
    /// Values, row-major, finite; their squared differences fit `f32`.
    pub x: &'a [f32],
    /// Columns.
    pub d: usize,
    /// For each segment the row after its last one, ascending; the last is the number of rows.
    pub ends: &'a [usize],
}

impl Segments<'_> {
    /// Rows.
    pub fn rows(&self) -> usize {
        self.x.len() / self.d
    }

    /// The first row of each segment and the row after its last.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.ends.iter().scan(0, |start, &end| Some(std::mem::replace(start, end)..end))
    }
}

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairDistance {
    /// `‖x − y‖`.
    Euclidean,
    /// `‖x − y‖²`.
    SqEuclidean,
}

/// Sums and ranges of the distances between the rows of two sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairSums {
    /// For each row of the first set the sum of its distances to the rows of each segment of the second: row-major,
    /// rows × segments.
    pub first: Vec<f64>,
    /// The same for the rows of the second set and the segments of the first.
    pub second: Vec<f64>,
    /// The least distance between rows of two segments: row-major, segments of the first × of the second; +∞ where a
    /// segment is empty.
    pub least: Vec<f32>,
    /// The largest; −∞ where a segment is empty.
    pub most: Vec<f32>,
}

impl PairSums {
    /// Sums of nothing.
    pub fn new(first: &Segments<'_>, second: &Segments<'_>) -> Self {
        let (a, b) = (first.ends.len(), second.ends.len());
        Self {
            first: vec![0.0; first.rows() * b],
            second: vec![0.0; second.rows() * a],
            least: vec![f32::INFINITY; a * b],
            most: vec![f32::NEG_INFINITY; a * b],
        }
    }
}

/// What measures pairs: every [`Engine`] does.
pub trait Pairwise: Sync {
    /// What runs, for reports.
    fn name(&self) -> String;

    /// Threads that compute on this machine.
    fn threads(&self) -> usize;

    /// As [`Engine::pair_sums`].
    ///
    /// # Errors
    /// Those of the engine.
    fn pair_sums(
        &self,
        first: Segments<'_>,
        second: Segments<'_>,
        distance: PairDistance,
    ) -> Result<PairSums>;
}

impl<E: Engine> Pairwise for E {
    fn name(&self) -> String {
        Engine::name(self)
    }

    fn threads(&self) -> usize {
        Engine::threads(self).unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    fn pair_sums(
        &self,
        first: Segments<'_>,
        second: Segments<'_>,
        distance: PairDistance,
    ) -> Result<PairSums> {
        Engine::pair_sums(self, first, second, distance)
    }
}

/// Sums over the matrix of all distances, which an engine measures: the second set stands in for centroids.
pub(crate) fn pair_sums_by_matrix<E: Engine>(
    engine: &E,
    first: &Segments<'_>,
    second: &Segments<'_>,
    distance: PairDistance,
) -> Result<PairSums> {
    let mut sums = PairSums::new(first, second);
    if first.x.is_empty() || second.x.is_empty() {
        return Ok(sums);
    }
    let rows = engine.prepare(Rows::Host { x: Cow::Borrowed(first.x), d: first.d }, None)?;
    let centroids = Centroids::from_offsets(second.x.to_vec(), second.d);
    let mut matrix = engine.distance_matrix(&rows, &engine.codebook(&centroids, Metric::L2)?)?;
    if distance == PairDistance::Euclidean {
        matrix.iter_mut().for_each(|x| *x = x.sqrt());
    }
    let (a, b, columns) = (first.ends.len(), second.ends.len(), second.rows());
    for (i, rows) in first.ranges().enumerate() {
        for row in rows {
            let line = &matrix[row * columns..][..columns];
            for (j, range) in second.ranges().enumerate() {
                for (column, &distance) in range.clone().zip(&line[range]) {
                    sums.first[row * b + j] += f64::from(distance);
                    sums.second[column * a + i] += f64::from(distance);
                    let at = i * b + j;
                    (sums.least[at], sums.most[at]) =
                        (sums.least[at].min(distance), sums.most[at].max(distance));
                }
            }
        }
    }
    Ok(sums)
}
