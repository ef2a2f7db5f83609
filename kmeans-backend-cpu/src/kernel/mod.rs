//! The kernels: everything that is done once for each row, or for each row and centroid.
//!
//! A kernel is a struct of arguments with one generic body ([`Kernel::run`]), compiled once for each
//! instruction set behind a thin `#[target_feature]` shell ([`Lanes::vectorize`]).
//!
//! | file | what it does |
//! |---|---|
//! | `lanes` | the vector operations, and the portable form of them |
//! | `x86` | the same for AVX-512 and AVX2 |
//! | `lines` | buffers aligned to cache lines |
//! | `rows` | a block of rows, brought into the frame |
//! | `nearest` | scores of a block against a codebook; the lowest of each row |
//! | `recheck` | the same scores of some rows against one panel |
//! | `bytes`, `bytes_x86` | bounds of scores from bytes, for each row and group; which groups may hold the label |
//! | `sparse` | scores of sparse rows; the lowest of each row |
//! | `direct` | squared distances and inner products without cancellation |
//! | `pairs` | the same of many rows to many centroids |
//! | `grid` | sums on the integer grid |
//! | `extent` | smallest and largest value of each column; the check for non-finite values |

mod bytes;
#[cfg(test)]
mod bytes_tests;
#[cfg(target_arch = "x86_64")]
mod bytes_x86;
mod direct;
mod extent;
mod grid;
mod lanes;
mod lines;
mod nearest;
#[cfg(test)]
mod nearest_tests;
mod pairs;
mod recheck;
mod rows;
mod sparse;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use bytes::{Bounds, ByteLine, bound_scores, byte_block_rows, candidates};
pub(crate) use direct::{dot, sq_dist, sq_dists_block};
pub(crate) use extent::extent;
pub(crate) use grid::{accumulate, accumulate_sparse, accumulate_wide};
pub(crate) use lanes::{Kernel, Lanes, PANEL, Portable};
pub(crate) use lines::{Line, Lines};
#[cfg(test)]
pub(crate) use nearest::nearest_block;
pub(crate) use nearest::{Scratch, begin, kept, labels, lowest_scores, nearest_block_ahead, scores_block};
pub(crate) use pairs::{WideRows, pair_rows, pairs_block};
pub(crate) use recheck::recheck;
pub(crate) use rows::{RowBlock, block_rows};
pub(crate) use sparse::{SparseBlock, dot_sparse, nearest_sparse};
