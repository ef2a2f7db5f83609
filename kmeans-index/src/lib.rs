//! Nearest-neighbour search on the engines of k-means
