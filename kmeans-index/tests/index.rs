//! Indexes against loops in `f64`: what is found, what is written and read, what is refused.
#![allow(missing_docs, reason = "tests")]

#[path = "index/assigner.rs"]
mod assigner;
#[path = "index/bad_input.rs"]
mod bad_input;
#[path = "index/file.rs"]
mod file;
#[path = "index/flat.rs"]
mod flat;
#[path = "index/ivf.rs"]
mod ivf;
#[path = "index/naive.rs"]
mod naive;
#[path = "index/pq.rs"]
mod pq;
