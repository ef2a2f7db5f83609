//! Measures of clustering quality, whatever tool made the clusters.
//!
//! | question | start here |
//! |---|---|
//! | do two labelings agree? | [`Contingency`], then any measure on it |
//! | ... counted in pairs of rows | [`adjusted_rand_index`], [`fowlkes_mallows`] |
//! | ... counted in information | [`adjusted_mutual_information`], [`normalized_mutual_information`], [`homogeneity`], [`completeness`], [`v_measure`] |
//! | ... counted in rows | [`purity`] |
//! | all measures at once | [`Evaluate`] |
//! | how good is a clustering by itself? | [`Clustering`], then any measure on it |
//! | ... nearer to its own cluster than to the next? | [`silhouette`], [`sampled_silhouette`], [`simplified_silhouette`] |
//! | ... wide or far apart? | [`calinski_harabasz`], [`davies_bouldin`], [`dunn`()], [`cluster_spreads`], [`outliers`] |
//! | how many clusters? | [`ChooseK`], [`x_means`], [`elbow`](elbow()), [`bic`](bic()) |
//! | do trainings agree? | [`stability`](stability()) |
//! | how tight are the clusters? | [`inertia`], [`sum_of_squares`], [`mean_distance`] |
//! | how even are they? | [`cluster_sizes`], [`imbalance_factor`] |
//! | what do they look like? | `figure`, `report`, and `page` to hold them: with the feature `plots` |
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

mod adjusted_information;
mod blocks;
mod choose_k;
mod clustering;
mod contingency;
mod dispersion;
mod distance;
mod draw;
mod dunn;
mod error;
mod evaluation;
#[cfg(feature = "plots")]
pub mod figure;
mod inertia;
mod information;
mod measure;
#[cfg(feature = "plots")]
pub mod page;
mod pairs;
mod pairwise;
mod parallel;
mod params;
mod purity;
#[cfg(feature = "plots")]
pub mod report;
mod silhouette;
mod sizes;
mod stability;
mod strips;

pub use adjusted_information::{adjusted_mutual_information, expected_mutual_information};
pub use choose_k::{ChooseK, Elbow, KChoice, KMeasures, Method, Recommendation, Vote, bic, elbow, x_means};
pub use clustering::Clustering;
pub use contingency::{Cell, Contingency};
pub use dispersion::{
    Spread, calinski_harabasz, cluster_spreads, davies_bouldin, mean_distance, outliers, sum_of_squares,
};
pub use distance::Distance;
pub use dunn::{Dunn, dunn};
pub use error::{Error, Result};
pub use evaluation::{Evaluate, Evaluation, SilhouettesFound};
pub use inertia::inertia;
pub use information::{
    completeness, homogeneity, mutual_information, normalized_mutual_information, v_measure,
};
pub use measure::Measure;
pub use pairs::{adjusted_rand_index, fowlkes_mallows};
pub use purity::purity;
pub use silhouette::{
    SilhouetteEstimate, Silhouettes, sampled_silhouette, silhouette, simplified_silhouette,
};
pub use sizes::{cluster_sizes, imbalance_factor};
pub use stability::{Stability, stability};
