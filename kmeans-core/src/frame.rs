//! The frame: coordinates in which rows are compared and added.
//!
//! Rows are seen as `v = (x − origin) · scale`. Subtracting an origin inside the data keeps
//! `‖c‖² − 2⟨v, c⟩` free of cancellation on data far from zero; a power-of-two scale (1 but for
//! extreme data) keeps squares inside the range of `f32`. Neither copies the data: engines apply
//! both as they load a row. The frame also fixes the grids of all order-free sums.
//!
//! The origin is the median of each column over some rows. A median is one of the values: it is an
//! `f32`, it moves exactly where the data move exactly, and rows far out do not drag it along.
//!
//! Of sparse rows the origin is zero: another would make them dense. Most of their values are zero, so
//! that medians are, too; where they are not, scores cancel as `‖c‖² − 2⟨v, c⟩` does far from zero.

use crate::extent::Extent;
use crate::fixed::{Fixed, Grid, ceil_log2, power_of_two};
use crate::metric::Metric;

/// Squared radii inside these powers of two need no scale: squares and their products fit `f32`.
const SQ_RADIUS_EXPONENTS: std::ops::RangeInclusive<i32> = -60..=80;

/// Rows whose medians make the origin; enough to lie well inside the bulk of the data.
pub(crate) const ORIGIN_ROWS: usize = 256;

/// Weights that span more than this factor need the lower limb in column sums: the mean of light
/// rows would otherwise be rounded on the grid of the heavy ones.
const WIDE_WEIGHT_RATIO: f64 = 256.0;

/// A column whose grid is coarser than this share of its median deviation needs the lower limb, too:
/// one row far out would otherwise round the others.
const FINEST_STEP: f64 = 1.0 / (1 << 20) as f64;

/// A step of the objective above this share of a typical squared distance is worth a warning.
const COARSEST_OBJECTIVE: f64 = 1e-6;

/// Coordinates and grids shared by all rows of one training, whatever engine or chunk holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    origin: Vec<f32>,
    scale: f32,
    columns: Vec<Grid>,
    weight: Grid,
    max_weight: f64,
    wide: bool,
    sq_radius: f64,
    rows: u64,
    /// Squared deviation of the median row from the origin, where it is known.
    typical_sq_dist: f64,
    has_unit_rows: bool,
}

/// Where the origin of a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At the median of each column.
    Medians,
    /// At the median of each column, rounded to an integer: integer centroids then have exact offsets.
    RoundedMedians,
    /// At zero: for products, and for sparse rows, which stay sparse only there.
    Zero,
}

impl Origin {
    /// Where translation changes nothing the origin may move: for L2, not for products or other metrics.
    pub fn of(metric: Metric) -> Self {
        match metric {
            Metric::L2 => Self::Medians,
            _ => Self::Zero,
        }
    }
}

impl Frame {
    /// The frame with its origin at the smallest value of each column.
    pub fn at_minimum(extent: &Extent) -> Self {
        Self::at_origin(extent.min.clone(), extent)
    }

    /// The frame for `metric`: at the medians of `rows` (row-major, some rows of the data) for L2,
    /// where translation changes nothing, and at zero for products.
    pub fn centred(extent: &Extent, rows: &[f32], metric: Metric) -> Self {
        if metric.has_unit_rows() {
            return Self::of_unit_rows(extent);
        }
        Self::at(Origin::of(metric), extent, rows)
    }

    /// The frame in which every row is divided by its length; a row of zeros stays one.
    pub fn of_unit_rows(extent: &Extent) -> Self {
        let d = extent.min.len();
        let unit = Extent { min: vec![-1.0; d], max: vec![1.0; d], max_abs: 1.0, ..extent.clone() };
        // The slack covers the rounding of the quotients.
        Self { sq_radius: 1.0 + 1e-5, has_unit_rows: true, ..Self::with(vec![0.0; d], 1.0, &unit) }
    }

    /// The frame with its origin by a rule, from some rows of the data.
    pub fn at(origin: Origin, extent: &Extent, rows: &[f32]) -> Self {
        let d = extent.min.len();
        let origin = match origin {
            Origin::Medians => medians(rows, d),
            Origin::RoundedMedians => medians(rows, d).into_iter().map(f32::round).collect(),
            Origin::Zero => vec![0.0; d],
        };
        let mut frame = Self::at_origin(origin, extent);
        let deviation = |(column, &x): (usize, &f32)| frame.offset(column, x).abs();
        let deviations: Vec<f32> =
            rows.chunks_exact(d).flat_map(|row| row.iter().enumerate().map(deviation)).collect();
        let typical = medians(&deviations, d);
        frame.typical_sq_dist = typical.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
        frame.wide |= frame.rounds_the_bulk(&typical);
        frame
    }

    /// Whether the grid of a column is coarse beside the deviation of the median row.
    fn rounds_the_bulk(&self, typical: &[f32]) -> bool {
        let is_coarse = |(grid, &typical): (&Grid, &f32)| {
            typical > 0.0 && 1.0 / grid.inverse_step() > FINEST_STEP * f64::from(typical)
        };
        self.columns.iter().zip(typical).any(is_coarse)
    }

    /// The frame with a given origin; the scale is 1 unless the data are extreme.
    pub fn at_origin(origin: Vec<f32>, extent: &Extent) -> Self {
        let sq_radius = sq_radius(&origin, 1.0, extent);
        let scale = if sq_radius == 0.0 || SQ_RADIUS_EXPONENTS.contains(&ceil_log2(sq_radius)) {
            1.0
        } else {
            // Values themselves are scaled before the origin is subtracted, and must stay finite.
            let largest = f64::from(extent.max_abs.max(f32::MIN_POSITIVE));
            let most = (126 - ceil_log2(largest)).min(126);
            power_of_two((-ceil_log2(sq_radius) / 2).clamp(-126, most.max(-126))) as f32
        };
        Self::with(origin, scale, extent)
    }

    /// Whether scores of all rows of `extent`, also of those without weight, fit `f32`, and squares
    /// of the others do not vanish in it.
    pub(crate) fn holds(&self, extent: &Extent) -> bool {
        let origin = self.origin.iter().fold(0.0_f64, |m, o| m.max(f64::from(o.abs())));
        let far = (f64::from(extent.max_abs) + origin) * f64::from(self.scale);
        let reach = far * (self.dim() as f64).sqrt();
        let radius = self.sq_radius.sqrt();
        let fits = 2.0 * reach * radius + self.sq_radius < f64::from(f32::MAX) / 4.0;
        let is_seen = self.sq_radius == 0.0 || self.sq_radius > f64::from(f32::MIN_POSITIVE) * 1e6;
        fits && is_seen
    }

    /// Whether rows far out make the grid of the objective coarse for the others: sums of squared
    /// distances, and the draws of k-means++, then see little of them.
    pub(crate) fn hides_the_bulk(&self) -> bool {
        let grid = self.potential();
        let step = 1.0 / (grid.inverse_step() * grid.low_factor());
        step > COARSEST_OBJECTIVE * self.typical_sq_dist && self.typical_sq_dist > 0.0
    }

    /// The frame with a given origin and scale, and grids that cover the rows of `extent`.
    pub fn with(origin: Vec<f32>, scale: f32, extent: &Extent) -> Self {
        let max_weight = f64::from(extent.max_weight);
        let columns = (0..origin.len())
            .map(|j| Grid::covering(max_weight * reach(&origin, scale, extent, j), extent.rows))
            .collect();
        Self {
            columns,
            weight: Grid::covering(max_weight, extent.rows),
            max_weight,
            wide: max_weight > WIDE_WEIGHT_RATIO * f64::from(extent.min_weight),
            sq_radius: sq_radius(&origin, scale, extent),
            rows: extent.rows,
            typical_sq_dist: 0.0,
            has_unit_rows: false,
            origin,
            scale,
        }
    }

    /// Same coordinates, grids that cover the rows of `extent` instead.
    pub fn covering(&self, extent: &Extent) -> Self {
        if self.has_unit_rows {
            return Self::of_unit_rows(extent);
        }
        Self::with(self.origin.clone(), self.scale, extent)
    }

    /// Number of rows whose sums its grids hold.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of columns.
    pub fn dim(&self) -> usize {
        self.origin.len()
    }

    /// What is subtracted from each column, in the units of the data.
    pub fn origin(&self) -> &[f32] {
        &self.origin
    }

    /// The power of two by which centred values are multiplied.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Whether engines divide each row by its length as they load it.
    pub fn has_unit_rows(&self) -> bool {
        self.has_unit_rows
    }

    /// The grid on which `weight · v` is added in each column.
    pub fn columns(&self) -> &[Grid] {
        &self.columns
    }

    /// The grid on which weights are added.
    pub fn weight(&self) -> Grid {
        self.weight
    }

    /// Whether column sums need both limbs: weights span a wide range, or rows lie very far out.
    pub fn is_wide(&self) -> bool {
        self.wide
    }

    /// Upper bound of `‖v‖²` over the rows.
    pub fn sq_radius(&self) -> f64 {
        self.sq_radius
    }

    /// The grid on which `weight · distance` is added for centroids with `‖c‖² <= max_sq_norm`.
    pub fn objective(&self, metric: Metric, max_sq_norm: f64) -> Grid {
        let (r, c) = (self.sq_radius.sqrt(), max_sq_norm.sqrt());
        let bound = match metric {
            Metric::L2 => (r + c) * (r + c),
            Metric::InnerProduct | Metric::Cosine => r * c,
            other => other.has_no_score(),
        };
        // The slack covers the rounding of v, of the distance and of this bound.
        Grid::covering(self.max_weight * bound * (1.0 + 1e-5), self.rows)
    }

    /// The grid on which `w·D²` between rows is added, for draws that are exact in any order.
    pub fn potential(&self) -> Grid {
        self.objective(Metric::L2, self.sq_radius)
    }

    /// Distances and objectives of this frame times this factor are in the units of the data.
    pub fn unit(&self) -> f64 {
        1.0 / (f64::from(self.scale) * f64::from(self.scale))
    }

    /// `x` in the coordinates of this frame, rounded as every engine does it.
    pub fn offset(&self, column: usize, x: f32) -> f32 {
        if self.scale == 1.0 {
            // The same bits, where a fused multiply-add would be a call.
            return x - self.origin[column];
        }
        x.mul_add(self.scale, -self.origin[column] * self.scale)
    }

    /// Brings rows of the data, row-major, into the coordinates of this frame, as every engine does it.
    pub fn bring_in(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.dim()) {
            if self.has_unit_rows {
                let factor = unit_factor(row);
                row.iter_mut().for_each(|x| *x = (f64::from(*x) * factor) as f32);
            } else {
                row.iter_mut().enumerate().for_each(|(column, x)| *x = self.offset(column, *x));
            }
        }
    }

    /// The value in column `column` that `offset` stands for, in the units of the data.
    pub fn position(&self, column: usize, offset: f64) -> f64 {
        f64::from(self.origin[column]) + offset / f64::from(self.scale)
    }

    /// The mean of a column from the sum of its upper (and lower) limbs and the total weight.
    pub(crate) fn mean(&self, column: usize, sum: Fixed, weight: f64) -> f64 {
        let grid = self.columns[column];
        let total = if self.wide { grid.value(sum) } else { grid.value_high(sum.high) };
        total / weight
    }
}

/// What each row is multiplied by in a frame of unit rows: `1/‖x‖`, or 0 for a row of zeros.
pub fn unit_factors(x: &[f32], d: usize) -> Vec<f64> {
    x.chunks_exact(d).map(unit_factor).collect()
}

/// The same of one row. Its zeros may be left out: adding them changes no bit of the sum.
pub fn unit_factor(row: &[f32]) -> f64 {
    let sq_norm: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    if sq_norm > 0.0 { 1.0 / sq_norm.sqrt() } else { 0.0 }
}

/// Largest `|v|` in a column; the slack covers the rounding of `v`.
fn reach(origin: &[f32], scale: f32, extent: &Extent, column: usize) -> f64 {
    let o = f64::from(origin[column]);
    let low = (f64::from(extent.min[column]) - o).abs();
    let high = (f64::from(extent.max[column]) - o).abs();
    low.max(high) * f64::from(scale) * (1.0 + 1e-6)
}

fn sq_radius(origin: &[f32], scale: f32, extent: &Extent) -> f64 {
    (0..origin.len()).map(|j| reach(origin, scale, extent, j).powi(2)).sum()
}

/// The lower median of each column of some rows, row-major; 0 where there are none.
fn medians(rows: &[f32], d: usize) -> Vec<f32> {
    /// Columns that are read together: a cache line.
    const COLUMNS: usize = 16;
    let n = rows.len() / d;
    let mut medians = vec![0.0; d];
    if n == 0 {
        return medians;
    }
    // Columns a power of two apart would share the same places of the cache.
    let stride = n + COLUMNS;
    let mut columns = vec![0; COLUMNS * stride];
    for first in (0..d).step_by(COLUMNS) {
        let count = COLUMNS.min(d - first);
        for (i, row) in rows.chunks_exact(d).enumerate() {
            for (column, &x) in columns.chunks_exact_mut(stride).zip(&row[first..first + count]) {
                column[i] = place_of(x);
            }
        }
        for (column, median) in columns.chunks_exact_mut(stride).zip(&mut medians[first..first + count]) {
            *median = at_place(*column[..n].select_nth_unstable((n - 1) / 2).1);
        }
    }
    medians
}

/// An integer for each number, in the same order: integers are compared faster.
fn place_of(x: f32) -> i32 {
    mirrored(x.to_bits() as i32)
}

/// The number whose [`place_of`] this is.
fn at_place(place: i32) -> f32 {
    f32::from_bits(mirrored(place) as u32)
}

/// Negative numbers turned around, as they are ordered by magnitude.
fn mirrored(bits: i32) -> i32 {
    bits ^ (((bits >> 31) as u32) >> 1) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(min: f32, max: f32) -> Extent {
        Extent::new(vec![min], vec![max], 100, None)
    }

    #[test]
    fn the_origin_follows_an_exact_shift_and_not_a_row_far_out() {
        let rows = [33.0, 7.0, 41.0, 8.0, 9.0];
        let here = Frame::centred(&extent(0.0, 218.0), &rows, Metric::L2);
        let shifted = rows.map(|x| x + 1e6);
        let there = Frame::centred(&extent(1e6, 1e6 + 218.0), &shifted, Metric::L2);
        assert_eq!(there.origin()[0] - 1e6, here.origin()[0]);
        assert_eq!(there.offset(0, 1e6 + 71.0), here.offset(0, 71.0));
        let far = Frame::centred(&extent(0.0, 1e10), &[33.0, 7.0, 1e10, 8.0, 9.0], Metric::L2);
        assert_eq!(far.origin(), here.origin());
    }

    #[test]
    fn inner_product_keeps_its_zero() {
        assert_eq!(Frame::centred(&extent(5.0, 6.0), &[5.5], Metric::InnerProduct).origin(), [0.0]);
    }

    #[test]
    fn extreme_data_is_scaled_to_a_radius_near_one() {
        for magnitude in [1e-38_f32, 1e-25, 1e19, 3e38] {
            let rows = [-magnitude, 0.0, magnitude];
            let frame = Frame::centred(&extent(-magnitude, magnitude), &rows, Metric::L2);
            assert!((1e-3..1e3).contains(&frame.sq_radius()), "{magnitude}: {}", frame.sq_radius());
            assert!(frame.offset(0, magnitude).is_finite());
        }
        assert_eq!(Frame::at_minimum(&extent(0.0, 1e6)).scale(), 1.0);
    }

    #[test]
    fn a_row_very_far_out_asks_for_the_lower_limb() {
        let wide = |far: f32| Frame::centred(&extent(0.0, far), &[1.0, 2.0, 3.0, far], Metric::L2).is_wide();
        assert!(!wide(1e6));
        assert!(wide(1e12));
    }

    #[test]
    fn wide_weights_ask_for_the_lower_limb() {
        let weighted = |w: &[f32]| Frame::at_minimum(&Extent::new(vec![0.0], vec![1.0], w.len(), Some(w)));
        assert!(!weighted(&[1.0, 2.0, 0.0]).is_wide());
        assert!(weighted(&[1.0, 1e-6]).is_wide());
    }
}
