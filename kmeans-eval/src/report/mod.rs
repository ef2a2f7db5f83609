//! An evaluation in figures, and as a page.
//!
//! | file | what |
//! |---|---|
//! | `figures.rs` | the figures of an evaluation, of a training, and of a choice of k |
//! | `plane.rs` | rows and means in the plane of two principal components |
//! | `page.rs` | the page: figures, tables, parameters, warnings, how to reproduce it |

mod figures;
mod page;
mod plane;

pub use figures::{k_figure, objective_figure, silhouette_figure, sizes_figure};
pub use page::EvaluationReport;
pub use plane::scatter_figure;
