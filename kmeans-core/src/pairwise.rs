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

/// Sums of the distances between the rows of two sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairSums {
    /// For each row of the first set the sum of its distances to the rows of each segment of the second: row-major,
    /// rows × segments.
    pub first: Vec<f64>,
    /// For each segment of the first set the sum of its rows' distances to each row of the second: row-major, segments ×
    /// rows.
    pub second: Vec<f64>,
}

impl PairSums {
    /// Sums of nothing.
    pub fn new(first: &Segments<'_>, second: &Segments<'_>) -> Self {
        let (a, b) = (first.ends.len(), second.ends.len());
        Self { first: vec![0.0; first.rows() * b], second: vec![0.0; second.rows() * a] }
    }
}

/// Ranges of the distances between the rows of two sets: for each segment of the first and each of the second, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairRanges {
    /// The least distance; +∞ where a segment is empty.
    pub least: Vec<f32>,
    /// The largest; −∞ where a segment is empty.
    pub most: Vec<f32>,
}

impl PairRanges {
    /// Ranges of nothing.
    pub fn new(first: &Segments<'_>, second: &Segments<'_>) -> Self {
        let pairs = first.ends.len() * second.ends.len();
        Self { least: vec![f32::INFINITY; pairs], most: vec![f32::NEG_INFINITY; pairs] }
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

    /// As [`Engine::pair_ranges`].
    ///
    /// # Errors
    /// Those of the engine.
    fn pair_ranges(&self, first: Segments<'_>, second: Segments<'_>) -> Result<PairRanges>;
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

    fn pair_ranges(&self, first: Segments<'_>, second: Segments<'_>) -> Result<PairRanges> {
        Engine::pair_ranges(self, first, second)
    }
}

/// Calls `visit` with each pair of rows, the segments they are in, and their distance, from the matrix of all distances
/// that an engine measures: the second set stands in for centroids.
fn for_each_pair<E: Engine>(
    engine: &E,
    [first, second]: [&Segments<'_>; 2],
    distance: PairDistance,
    mut visit: impl FnMut([usize; 2], [usize; 2], f32),
) -> Result<()> {
    if first.x.is_empty() || second.x.is_empty() {
        return Ok(());
    }
    let rows = engine.prepare(Rows::Host { x: Cow::Borrowed(first.x), d: first.d }, None)?;
    let centroids = Centroids::from_offsets(second.x.to_vec(), second.d);
    let matrix = engine.distance_matrix(&rows, &engine.codebook(&centroids, Metric::L2)?)?;
    for (i, rows) in first.ranges().enumerate() {
        for row in rows {
            let line = &matrix[row * second.rows()..][..second.rows()];
            for (j, columns) in second.ranges().enumerate() {
                for (column, &sq_dist) in columns.clone().zip(&line[columns]) {
                    let is_root = distance == PairDistance::Euclidean;
                    visit([row, column], [i, j], if is_root { sq_dist.sqrt() } else { sq_dist });
                }
            }
        }
    }
    Ok(())
}

/// [`Engine::pair_sums`] of an engine without anything faster.
pub(crate) fn pair_sums_by_matrix<E: Engine>(
    engine: &E,
    first: &Segments<'_>,
    second: &Segments<'_>,
    distance: PairDistance,
) -> Result<PairSums> {
    let mut sums = PairSums::new(first, second);
    let (n, b) = (second.rows(), second.ends.len());
    for_each_pair(engine, [first, second], distance, |[row, column], [i, j], distance| {
        sums.first[row * b + j] += f64::from(distance);
        sums.second[i * n + column] += f64::from(distance);
    })?;
    Ok(sums)
}

/// [`Engine::pair_ranges`] of an engine without anything faster.
pub(crate) fn pair_ranges_by_matrix<E: Engine>(
    engine: &E,
    first: &Segments<'_>,
    second: &Segments<'_>,
) -> Result<PairRanges> {
    let mut ranges = PairRanges::new(first, second);
    let b = second.ends.len();
    for_each_pair(engine, [first, second], PairDistance::Euclidean, |_, [i, j], distance| {
        let (least, most) = (&mut ranges.least[i * b + j], &mut ranges.most[i * b + j]);
        (*least, *most) = (least.min(distance), most.max(distance));
    })?;
    Ok(ranges)
}
