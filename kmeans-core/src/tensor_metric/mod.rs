//! k-means with any distance, written in Burn tensor operations together with its centroid rule.
//!
//! A [`TensorMetric`] gives a matrix of distances; a [`CentroidRule`] says which point of a cluster its
//! centroid is. Lloyd's iteration, seeds, restarts, sampling and the report are those of the engines, but
//! distances are the metric's alone: there is no frame, centroids are plain positions.
//!
//! Distances are measured on the device, by blocks of bounded memory, in `f64` where the backend has it.
//! Labels and distances of the rows come to the host, where rules are applied: that is O(n·d) beside the
//! O(n·k·d) of the distances. Sums of rows are integers, objectives are added in `f64` in the order of the
//! rows: no bit of a result depends on blocks.
//!
//! Encoded rows stay encoded: each pass decodes them anew, a block at a time, and rows that are asked for by
//! number (seeds, members of a cluster for its median) are decoded alone.

mod assign;
mod block;
mod builtin;
mod centre;
mod init;
mod iterate;
mod metric;
mod pass;
mod rows;
mod rule;
mod ruler;
mod target;
mod train;
mod transform;

#[cfg(test)]
mod tests;

pub(crate) use assign::assign_builtin;
pub use assign::{assign_tensor_with_metric, assign_with_metric};
pub use builtin::{KullbackLeibler, L1, LInf};
pub use metric::{Refusal, TensorMetric, over_columns};
pub use rule::{CentroidRule, Merges};
pub(crate) use train::train_builtin;
pub use train::{train_tensor_with_metric, train_with_metric};
pub(crate) use transform::transform_builtin;
pub use transform::{transform_tensor_with_metric, transform_with_metric};
