//! Kernels in CubeCL, the same on every runtime.
//!
//! | file | what it computes |
//! |---|---|
//! | `rows` | a value of a row: decoded, in the frame |
//! | `nearest` | distance and argmin in one; scores; the lowest of them |
//! | `screen` | the nearest by half-precision products, where that is sure |
//! | `distance`, `measure` | measured distances in `f64` or pairs of `f32` |
//! | `order`, `reduce` | counting sort by label; sums of clusters |
//! | `centroids` | means, normalisation, rounding, splits |
//! | `unit` | lengths of rows |
//! | `extent`, `gather` | ranges of columns; rows by number |
//! | `sparse` | sparse rows, written out |
//! | `pairs`, `wide` | numbers of 46 and of 64 bits in words of 32 |
#![allow(
    clippy::collapsible_if,
    clippy::collapsible_else_if,
    reason = "a condition looks at both sides of its &&, and one must not be looked at without the other"
)]
#![allow(clippy::panicking_overflow_checks, reason = "integers of a kernel wrap around")]
#![allow(clippy::manual_div_ceil, reason = "the language of kernels has none on every type")]

pub(crate) mod centroids;
pub(crate) mod distance;
pub(crate) mod extent;
pub(crate) mod gather;
pub(crate) mod measure;
pub(crate) mod nearest;
pub(crate) mod order;
pub(crate) mod pairs;
pub(crate) mod reduce;
pub(crate) mod rows;
pub(crate) mod screen;
pub(crate) mod sparse;
pub(crate) mod unit;
pub(crate) mod wide;
