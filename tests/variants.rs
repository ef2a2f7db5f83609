//! What trainings beside plain Lloyd promise: frozen and integer centroids, initialisations, empty
//! clusters, cosine, progressive dimensions, one column, encoded rows, assigners, two levels, balance.

mod naive;

#[path = "variants/assigners.rs"]
mod assigners;
#[path = "variants/balanced.rs"]
mod balanced;
#[path = "variants/cosine.rs"]
mod cosine;
#[path = "variants/data.rs"]
mod data;
#[path = "variants/empty.rs"]
mod empty;
#[path = "variants/encoded.rs"]
mod encoded;
#[path = "variants/faiss.rs"]
mod faiss;
#[path = "variants/fixed.rs"]
mod fixed;
#[path = "variants/hierarchical.rs"]
mod hierarchical;
#[path = "variants/initialisation.rs"]
mod initialisation;
#[path = "variants/one_column.rs"]
mod one_column;
#[path = "variants/progressive.rs"]
mod progressive;
#[path = "variants/stopping.rs"]
mod stopping;
#[path = "variants/transform.rs"]
mod transform;
