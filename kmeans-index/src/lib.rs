//! Nearest-neighbour search on the engines of k-means.
//!
//! | start here | for |
//! |---|---|
//! | [`FlatIndex`] | exact search: every query meets every stored vector |
//! | [`SearchResult`] | what a search returns |
//! | [`CellAssigner`] | approximate assignment in training, for very many clusters |
//!
//! An index is generic over [`kmeans_core::Engine`]: to an engine, stored vectors are centroids,
//! and a search is an assignment to the nearest p.
//!
//! ```
//! use kmeans_backend_cpu::CpuEngine;
//! use kmeans_core::Metric;
//! use kmeans_data::RowSlice;
//! use kmeans_index::FlatIndex;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let index = FlatIndex::new(CpuEngine::new(None)?, &[0.0, 0.0, 3.0, 4.0, 1.0, 0.0], 2, Metric::L2)?;
//! let found = index.search(&RowSlice::new(&[0.0, 0.0], 2)?, 2)?;
//! assert_eq!(found.ids, [0, 2]);
//! assert_eq!(found.distances, [0.0, 1.0]);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod assigner;
mod error;
mod flat;
mod hits;
mod search_result;

pub use assigner::CellAssigner;
pub use error::{Error, Result};
pub use flat::FlatIndex;
pub use search_result::SearchResult;
