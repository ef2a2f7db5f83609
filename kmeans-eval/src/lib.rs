//! Measures of clustering quality, whatever tool made the clusters.
//!
//! | question | start here |
//! |---|---|
//! | do two labelings agree? | [`Contingency`], then any measure on it |
//! | ... counted in pairs of rows | [`adjusted_rand_index`], [`fowlkes_mallows`] |
//! | ... counted in information | [`normalized_mutual_information`], [`homogeneity`], [`completeness`], [`v_measure`] |
//! | ... counted in rows | [`purity`] |
//! | how tight are the clusters? | [`inertia`] |
//! | how even are they? | [`cluster_sizes`], [`imbalance_factor`] |
//! | what do they look like? | `figure`, and `page` to hold figures: with the feature `plots` |
//!
//! Labels are any `i32` where two labelings are compared, and `0..k` where they number centroids.
//! In corner cases, such as a single cluster, the measures follow scikit-learn; each says how.
//! Papers are cited by key; REFERENCES.md of the repository lists them.
//!
//! ```
//! use kmeans_eval::{Contingency, adjusted_rand_index, purity};
//!
//! # fn main() -> kmeans_eval::Result<()> {
//! let table = Contingency::new(&[0, 0, 1, 1], &[7, 7, 3, 5])?;
//! assert_eq!(purity(&table), 1.0);
//! assert!((adjusted_rand_index(&table) - 4.0 / 7.0).abs() < 1e-15);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod contingency;
mod error;
#[cfg(feature = "plots")]
pub mod figure;
mod inertia;
mod information;
#[cfg(feature = "plots")]
pub mod page;
mod pairs;
mod purity;
mod sizes;

pub use contingency::{Cell, Contingency};
pub use error::{Error, Result};
pub use inertia::inertia;
pub use information::{
    completeness, homogeneity, mutual_information, normalized_mutual_information, v_measure,
};
pub use pairs::{adjusted_rand_index, fowlkes_mallows};
pub use purity::purity;
pub use sizes::{cluster_sizes, imbalance_factor};
