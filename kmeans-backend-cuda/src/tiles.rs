//! How many rows and centroids a unit takes.

use crate::kernel::nearest::Tile;

/// Rows below which cubes of 128 rows would be fewer than a large GPU has places for.
const FEW_ROWS: usize = 1 << 15;
/// Centroids that a narrow cube sees in one step.
const FEW_CENTROIDS: usize = 64;

/// Shared memory of the largest tile: rows and centroids of a step, and what is compared at the end.
const LARGE_BYTES: usize = 18 << 10;

/// The choice of tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tiles {
    /// By the numbers of rows and of centroids.
    #[default]
    Auto,
    /// 128 rows and 128 centroids a cube.
    Large,
}

impl Tiles {
    /// The tile for so many rows and centroids, with so many bytes of shared memory.
    pub(crate) fn tile(self, rows: usize, k: usize, squared: bool, shared: usize) -> Tile {
        let (rows, centroids) = match self {
            Self::Large => (8, 8),
            Self::Auto if k <= FEW_CENTROIDS => (8, 4),
            Self::Auto if rows <= FEW_ROWS || shared < LARGE_BYTES => (4, 8),
            Self::Auto => (8, 8),
        };
        Tile { rows, centroids, squared, listed: false }
    }
}
