//! How many rows and centroids a unit takes.

use crate::kernel::nearest::Tile;

/// Rows below which a cube of 64 rows leaves fewer units without work than one of 128.
const FEW_ROWS: usize = 1 << 15;
/// Centroids that a cube of 64 sees in one step.
const FEW_CENTROIDS: usize = 64;

/// The choice of tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tiles {
    /// By the numbers of rows and of centroids.
    #[default]
    Auto,
    /// 64 rows and 64 centroids a cube.
    Small,
    /// 128 rows and 128 centroids a cube.
    Large,
}

impl Tiles {
    pub(crate) fn tile(self, rows: usize, k: usize, squared: bool) -> Tile {
        let (many_rows, many_centroids) = match self {
            Self::Auto => (rows > FEW_ROWS, k > FEW_CENTROIDS),
            Self::Small => (false, false),
            Self::Large => (true, true),
        };
        let side = |is_many| if is_many { 8 } else { 4 };
        Tile { rows: side(many_rows), centroids: side(many_centroids), squared }
    }
}
