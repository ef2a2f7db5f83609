//! Data made ready before it is clustered: steps that are fitted once, kept, and applied to all further rows.
//!
//! | file | what |
//! |---|---|
//! | `step.rs` | the steps there are, and what is checked before any row is read |
//! | `fit.rs` | step after step, each on the rows as those before it leave them |
//! | `fitted.rs` | what a step has learned; `filling.rs`, `scaling.rs`, `projected.rs` and `outliers.rs` for each kind |
//! | `block.rs` | some rows on their way through fitted steps |
//! | `pass.rs` | all rows of a source on that way, without the outliers found so far |
//! | `moments.rs`, `quantiles.rs` | what steps learn from a pass |
//! | `unit.rs` | what a weight is a multiple of |
//! | `rows.rs` | a source of rows seen through fitted steps |
//! | `prepared.rs` | the result: [`Preparation`] |
//! | `summary.rs` | what each step is and found, for reports |
//! | `file.rs` | a preparation as JSON |
//! | `training.rs` | trainings and assignments whose rows are prepared as they are read |

mod block;
mod file;
mod filling;
mod fit;
mod fitted;
mod moments;
mod outliers;
mod pass;
mod prepared;
mod projected;
mod quantiles;
mod rows;
mod scaling;
mod step;
mod summary;
#[cfg(test)]
mod tests;
mod training;
mod unit;

pub use prepared::Preparation;
pub use rows::PreparedRows;
pub use step::{Impute, Outliers, Step};
pub use summary::{OutlierRule, StepSummary};
pub(crate) use training::{PreparedJob, rows_for};
