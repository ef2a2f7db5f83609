//! Nearest-neighbour search in vectors and in clusters of them.
//!
//! | start here | for |
//! |---|---|
//! | [`FlatIndex`] | exact search: every query meets every stored vector |
//! | [`IvfIndex`] | search in the clusters nearest to a query |
//! | [`Storage`] | what is kept of a vector: `f32`, `f16`, a byte a column, or a code |
//! | [`SearchOptions`], [`Filter`] | how many lists to look into, and which vectors may be found |
//! | [`SearchResult`] | what a search returns |
//! | [`Index`] | either, as a file has it |
//! | [`IndexAssigner`] | assignment of rows to centroids by an index, for very many clusters |
//!
//! An index runs on [`Hardware`]: any engine, or a device by its name.
//!
//! ```
//! use kmeans_backend_cpu::CpuEngine;
//! use kmeans_core::{KMeans, Metric};
//! use kmeans_data::RowSlice;
//! use kmeans_index::{FlatIndex, IvfIndex, Storage};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (x, d) = ([0.0, 0.0, 3.0, 4.0, 1.0, 0.0, 3.0, 5.0], 2);
//! let queries = RowSlice::new(&[0.0, 0.0], d)?;
//!
//! let flat = FlatIndex::new(CpuEngine::new(None)?, &x, d, Metric::L2)?;
//! let found = flat.search(&queries, 2)?;
//! assert_eq!((found.ids, found.distances), (vec![0, 2], vec![0.0, 1.0]));
//!
//! let model = KMeans::on(CpuEngine::new(None)?, 2).train(&x, d)?.model;
//! let mut ivf = IvfIndex::new(CpuEngine::new(None)?, model, Storage::F32)?;
//! ivf.add(&RowSlice::new(&x, d)?)?;
//! let found = ivf.search(&queries, 2, 1)?;
//! assert_eq!((found.ids, found.distances), (vec![0, 2], vec![0.0, 1.0]));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod assigner;
mod best;
mod blocks;
mod coarse;
mod column;
mod error;
mod file;
mod filter;
mod flat;
mod hardware;
mod index;
mod ivf;
mod members;
mod on_device;
mod open;
mod options;
mod part;
mod pq;
mod queries;
mod scan;
mod search_result;
mod shards;
mod space;
mod spill;
mod storage;
mod store;
mod working;

pub use assigner::IndexAssigner;
pub use error::{Error, Result};
pub use filter::Filter;
pub use flat::FlatIndex;
pub use hardware::{Exact, Hardware};
pub use index::Index;
pub use ivf::IvfIndex;
pub use options::SearchOptions;
pub use search_result::SearchResult;
pub use storage::{Refine, Storage};
