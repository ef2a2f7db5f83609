//! What training promises: laws, corners, and clear errors for bad input.

mod naive;

#[path = "laws/bad_input.rs"]
mod bad_input;
#[path = "laws/corners.rs"]
mod corners;
#[path = "laws/extremes.rs"]
mod extremes;
#[path = "laws/model_file.rs"]
mod model_file;
#[path = "laws/properties.rs"]
mod properties;
#[path = "laws/quality.rs"]
mod quality;
#[path = "laws/range.rs"]
mod range;
#[path = "laws/redos.rs"]
mod redos;
#[path = "laws/returned.rs"]
mod returned;
#[path = "laws/same_bits.rs"]
mod same_bits;
#[path = "laws/sampling.rs"]
mod sampling;
#[path = "laws/scaling.rs"]
mod scaling;
#[path = "laws/sparse.rs"]
mod sparse;
#[path = "laws/training.rs"]
mod training;
#[path = "laws/translation.rs"]
mod translation;
#[path = "laws/weights.rs"]
mod weights;
