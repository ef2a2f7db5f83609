//! `y = offset + (x − centre)·matrix` for many rows.
//!
//! ```text
//! for 4 rows of x, for 4 columns of y:
//!     sums[4][4] = 0
//!     for j in the columns of x, ascending:   sums[r][c] += (x[r][j] − centre[j]) · matrix[j][c]
//!     y = offset + sums, rounded to f32
//! ```
//!
//! A general matrix product would be faster where fused multiply-adds are at hand, but may add in another order
//! where a row stands elsewhere in its block. Here every value is one chain in the order of columns, in plain `f64`:
//! the same bits for any cut into blocks and on every processor.

/// Rows and columns in a tile: 16 sums fill half the vector registers of the least x86-64.
const TILE: usize = 4;

/// A matrix packed for products with rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Projection {
    centre: Vec<f64>,
    offset: Vec<f64>,
    /// For each [`TILE`] columns, one after the other: their entries row by row, zeros past the last column.
    panels: Vec<[f64; TILE]>,
}

impl Projection {
    /// The map with the matrix `entry(row, column)` of `centre.len()` rows and `offset.len()` columns.
    pub(crate) fn new(centre: Vec<f64>, offset: Vec<f64>, entry: impl Fn(usize, usize) -> f64) -> Self {
        let (rows, columns) = (centre.len(), offset.len());
        let or_zero = |row, column| if column < columns { entry(row, column) } else { 0.0 };
        let panels = (0..columns).step_by(TILE).flat_map(|first| {
            let or_zero = &or_zero;
            (0..rows).map(move |row| std::array::from_fn(|c| or_zero(row, first + c)))
        });
        Self { panels: panels.collect(), centre, offset }
    }

    /// Columns of the result.
    pub(crate) fn dim_out(&self) -> usize {
        self.offset.len()
    }

    /// Maps the rows of `x` into `out`, both row-major.
    pub(crate) fn apply(&self, x: &[f32], out: &mut [f32]) {
        let (d, m) = (self.centre.len(), self.offset.len());
        debug_assert_eq!(x.len() / d, out.len() / m);
        let mut tile = vec![[0.0; TILE]; d];
        for (x, out) in x.chunks(TILE * d).zip(out.chunks_mut(TILE * m)) {
            self.centre_rows(x, &mut tile);
            for (p, panel) in self.panels.chunks_exact(d).enumerate() {
                self.write(&products(&tile, panel), p * TILE, out);
            }
        }
    }

    /// Up to [`TILE`] rows, column by column. Rows that are not there keep what stood there before.
    fn centre_rows(&self, x: &[f32], tile: &mut [[f64; TILE]]) {
        for (r, x) in x.chunks_exact(self.centre.len()).enumerate() {
            for ((entry, &x), centre) in tile.iter_mut().zip(x).zip(&self.centre) {
                entry[r] = f64::from(x) - centre;
            }
        }
    }

    fn write(&self, sums: &[[f64; TILE]; TILE], first: usize, out: &mut [f32]) {
        let offset = &self.offset[first..self.offset.len().min(first + TILE)];
        for (row, sums) in out.chunks_exact_mut(self.offset.len()).zip(sums) {
            for ((y, sum), offset) in row[first..].iter_mut().zip(sums).zip(offset) {
                *y = (offset + sum) as f32;
            }
        }
    }
}

/// `sums[r][c] = Σ_j tile[j][r]·panel[j][c]`.
fn products(tile: &[[f64; TILE]], panel: &[[f64; TILE]]) -> [[f64; TILE]; TILE] {
    let mut sums = [[0.0; TILE]; TILE];
    for (x, b) in tile.iter().zip(panel) {
        for r in 0..TILE {
            for c in 0..TILE {
                sums[r][c] += x[r] * b[c];
            }
        }
    }
    sums
}
