//! Files made by hand, byte by byte.
#![allow(dead_code, reason = "each test file uses its own part of these")]
#![allow(unreachable_pub, reason = "a module shared by test files")]

use std::path::PathBuf;

use kmeans_data::{DataError, Points};
use tempfile::TempDir;

/// A directory of its own for one test.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A .npy file of version 1.0 with the header as it is given.
pub fn npy_with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// A .npy file as NumPy writes it: the data begins at a multiple of 64.
pub fn npy(descr: &str, fortran_order: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran_order { "True" } else { "False" };
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    let spaces = (dictionary.len() + 11).next_multiple_of(64) - dictionary.len() - 11;
    npy_with_header(&format!("{dictionary}{}\n", " ".repeat(spaces)), data)
}

/// The bytes of all values, one after the other.
pub fn le<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| bytes(value)).collect()
}

/// Rows of f32, each after its dimension.
pub fn fvecs(rows: &[&[f32]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend_from_slice(&(row.len() as i32).to_le_bytes());
        bytes.extend(le(row, f32::to_le_bytes));
    }
    bytes
}

pub fn read_all(points: &dyn Points) -> Result<Vec<f32>, DataError> {
    let mut values = vec![f32::NAN; points.rows() * points.dim()];
    points.read(0..points.rows(), &mut values)?;
    Ok(values)
}

/// The message of an error and those of its sources.
pub fn message<T>(result: Result<T, DataError>) -> String {
    let error = result.err().expect("an error");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
