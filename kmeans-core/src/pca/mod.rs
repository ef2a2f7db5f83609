//! Principal components: the directions in which rows spread most [P01, H33].
//!
//! | file | what |
//! |---|---|
//! | `fit.rs` | mean, covariance and its eigenvectors, from rows read by blocks |
//! | `components.rs` | the result, and projections of rows with it |
//! | `projection.rs` | the product behind a projection: the same bits however rows are cut into blocks |
//! | `rows.rs` | a source of rows seen through its projection |

mod components;
mod fit;
mod projection;
mod rows;
#[cfg(test)]
mod tests;

pub use components::Pca;
pub use fit::PcaOptions;
pub use rows::PcaRows;
