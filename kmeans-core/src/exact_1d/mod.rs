//! Optimal k-means of one column.
//!
//! In one dimension clusters are runs of the sorted values, so the best partition can be found by dynamic
//! programming over where runs end [WS11], in two ways:
//!
//! ```text
//! sort, merge equal values                                distinct.rs
//! cost of one cluster in O(1) from running sums           spread.rs
//! D(i)   = min over j < i of D(j) + cost(j..i) + price    penalised.rs
//! D_q(i) = min over j < i of D_(q−1)(j) + cost(j..i)      partition.rs
//! ```
//!
//! With a price on clusters there is one layer only: the price is searched that buys k of them, O(m·log m) a price,
//! some ten prices, whatever k. It also proves how far from the optimum the result can be. Where rounding leaves
//! that open, the k layers are computed: at m = 200,000 uniform values and k = 100 that took 1.1 s where prices
//! took 0.04 s (2 cores, one used), with the same cost to 15 digits.
//!
//! A layer is the row minima of a totally monotone matrix: O(m) by SMAWK (`row_minima.rs`) [AKMSW87,
//! GLMN17], O(k·m) for all of them. Where the paper keeps k·m numbers for the way back, only four layers of the way are
//! remembered at a time and the runs between them are solved anew: O(m) memory, at most 4/3 of the time.
//!
//! Running sums round. What that may cost is bounded; where the bound is not small beside the result (values far
//! out, weights of very different size, nearly as many clusters as values), the search is repeated with costs that
//! are merged from parts and lose nothing (`merged.rs`).

mod distinct;
mod merged;
mod partition;
mod penalised;
mod row_minima;
mod solve;
mod spread;
#[cfg(test)]
mod tests;

pub(crate) use solve::exact_1d;
