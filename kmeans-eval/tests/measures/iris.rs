//! The iris data and a clustering of it by scikit-learn 1.9.1: `KMeans(3, n_init=10, random_state=0)`.

use std::path::PathBuf;

/// A file of the data directory.
pub(crate) fn file(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../data")).join(name)
}

/// The species of each flower.
pub(crate) fn species() -> Vec<i32> {
    kmeans_data::read_labels(file("iris_target.u8.npy")).unwrap()
}

/// The cluster of each flower.
pub(crate) fn labels() -> Vec<i32> {
    let digits = concat!(
        "11111111111111111111111111111111111111111111111111",
        "00200000000000000000000000020000000000000000000000",
        "20222202222220022220202022002222202222022202220220",
    );
    digits.bytes().map(|digit| i32::from(digit - b'0')).collect()
}
