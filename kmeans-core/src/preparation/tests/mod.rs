//! Golden numbers, laws, files and corners of preparations.

mod bad_input;
mod files;
mod golden;
mod golden_numbers;
mod laws;
mod training;
mod weights;

use kmeans_data::{Points, Rows, open};

use super::{Preparation, Step};
use crate::pca::PcaSolver;

/// A table of the folder `data`.
fn data(name: &str) -> Rows {
    let path = format!("{}/../data/{name}.f32.npy", env!("CARGO_MANIFEST_DIR"));
    Rows::copy_of(&open(std::path::Path::new(&path)).unwrap()).unwrap()
}

fn rows(x: &[f32], d: usize) -> Rows {
    Rows::new(x.to_vec(), d).unwrap()
}

/// Rows after the steps.
fn prepared(preparation: &Preparation, rows: &dyn Points) -> Vec<f32> {
    let mut out = vec![0.0; rows.rows() * preparation.dim_out()];
    preparation.rows(rows).unwrap().read(0..rows.rows(), &mut out).unwrap();
    out
}

/// The rows that steps are fitted on, after them.
fn fitted(rows: &dyn Points, steps: &[Step]) -> Vec<f32> {
    prepared(&Preparation::fit(rows, None, steps).unwrap(), rows)
}

fn pca(components: usize, whiten: bool) -> Step {
    Step::Pca { components, whiten, solver: PcaSolver::Exact }
}
