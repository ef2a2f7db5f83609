//! The kernels: everything that is done once for each row, or for each row and centroid.
//!
//! A kernel is a struct of arguments with one generic body ([`Kernel::run`]), compiled once for each
//! instruction set behind a thin `#[target_feature]` shell ([`Lanes::vectorize`]).
//!
//! | file | what it does |
//! |---|---|
//! | `lanes` | the vector operations, and the portable form of them |
//! | `x86`, `aarch64` | the same for AVX-512 and AVX2, and for NEON |
//! | `folds_x86` | eight vectors of those folded into one number each |
//! | `lines` | buffers aligned to cache lines |
//! | `rows` | a block of rows, brought into the frame |
//! | `nearest` | scores of a block against a codebook; the lowest of each row |
//! | `transposed` | the same labels where columns are few |
//! | `chains` | the same scores of single pairs |
//! | `bytes`, `bytes_x86`, `bytes_aarch64` | bounds of scores from bytes, and the centroids that may be the label |
//! | `scan`, `scan_x86`, `scan_aarch64` | the same for the lists of an index, whose bytes are the same everywhere |
//! | `lookup` | the same where vectors are codes of a product quantizer |
//! | `stored` | distances of one vector to some stored ones |
//! | `tables` | what codes of a product quantizer add to scores |
//! | `reach` | bounds of distances in 16 bits, and the rows that they keep awake |
//! | `rivals` | centroids that may be the label of some row in a box |
//! | `sparse` | scores of sparse rows; the lowest of each row |
//! | `near` | pairs that are closer than a limit, from scores |
//! | `direct` | squared distances and inner products without cancellation |
//! | `pairs` | the same of many rows to many centroids |
//! | `pair_sums` | distances of many rows to many rows in f32, and their sums and ranges |
//! | `grid` | sums on the integer grid |
//! | `extent` | smallest and largest value of each column; the check for non-finite values |

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod bytes;
#[cfg(target_arch = "aarch64")]
mod bytes_aarch64;
#[cfg(test)]
mod bytes_tests;
#[cfg(target_arch = "x86_64")]
mod bytes_x86;
mod chains;
mod direct;
mod extent;
#[cfg(target_arch = "x86_64")]
mod folds_x86;
mod grid;
mod lanes;
mod lines;
#[cfg(target_arch = "x86_64")]
mod lookup;
mod near;
mod nearest;
#[cfg(test)]
mod nearest_tests;
#[cfg(test)]
mod numbers;
mod pair_sums;
mod pairs;
mod reach;
mod rivals;
mod rows;
mod scan;
#[cfg(target_arch = "aarch64")]
mod scan_aarch64;
#[cfg(target_arch = "x86_64")]
mod scan_x86;
mod sparse;
mod stored;
mod tables;
mod transposed;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use bytes::{ByteLine, ByteScratch, Contender, Look, QUAD, Side, byte_block_rows, look};
pub(crate) use chains::{chains, products};
pub(crate) use direct::{PlainRows, dot, sq_dist, sq_dists_block, sq_dists_plain};
pub(crate) use extent::extent;
pub(crate) use grid::{accumulate, accumulate_sparse, accumulate_wide};
pub(crate) use lanes::{EACH, Kernel, Lanes, PANEL, Portable, WIDE};
pub(crate) use lines::{AHEAD, Line, Lines, prefetch};
#[cfg(target_arch = "x86_64")]
pub(crate) use lookup::look_up;
pub(crate) use near::{Near, near};
#[cfg(test)]
pub(crate) use nearest::nearest_block;
pub(crate) use nearest::{Scratch, kept, lowest_scores, nearest_block_ahead, scores_block};
pub(crate) use pair_sums::{PairLines, Ranged, Summed, pair_lines, range_line, sum_line};
pub(crate) use pairs::{WideRows, pair_rows, pairs_block};
pub(crate) use reach::{Base, Renewal, awake, lower, renew};
pub(crate) use rivals::{Around, Rivals, narrow};
pub(crate) use rows::{RowBlock, block_rows};
pub(crate) use scan::{Scan, scan};
pub(crate) use sparse::{SparseBlock, dot_sparse, nearest_sparse};
pub(crate) use stored::measure_stored;
pub(crate) use tables::tables;
pub(crate) use transposed::{Fours, is_better_transposed, nearest_transposed};
