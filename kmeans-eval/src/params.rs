//! Parameters of a training among several.

use kmeans_core::Params;

/// The same parameters for k clusters that begin with given centroids, or none.
pub(crate) fn for_k(params: &Params, k: usize, init_centroids: Vec<f32>) -> Params {
    let mut params = params.clone();
    (params.k, params.init_centroids) = (k, init_centroids);
    params
}

/// The same parameters with the i-th seed from theirs on.
pub(crate) fn with_seed(params: &Params, i: usize) -> Params {
    let mut params = params.clone();
    params.seed = params.seed.wrapping_add(i as u64);
    params
}
