//! Principal components: the directions in which rows spread most \[P01, H33\].
//!
//! | file | what |
//! |---|---|
//! | `fit.rs` | what to fit |
//! | `exact.rs` | the covariance matrix and its eigenvectors |
//! | `randomized.rs` | power iteration of a block of directions |
//! | `weighted.rs` | means and deviations of rows with weights, by blocks |
//! | `components.rs` | the result, and projections of rows with it |
//! | `projection.rs` | the product behind a projection: the same bits however rows are cut into blocks |
//! | `rows.rs` | a source of rows seen through its projection |

mod components;
mod exact;
mod fit;
pub(crate) mod projection;
mod randomized;
#[cfg(test)]
mod randomized_tests;
mod rows;
#[cfg(test)]
mod tests;
mod weighted;

pub use components::Pca;
pub use fit::{PcaOptions, PcaSolver};
pub use rows::PcaRows;
