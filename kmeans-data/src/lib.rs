//! Row sources and array files for k-means: mapped `.npy`, `.fvecs`, `.bvecs`, `.csv`, sparse matrices and codes, read
//! by blocks as f32.
//!
//! Everything that has rows is a [`Points`]: slices, [`ndarray`] arrays, and files, which [`open`] opens by their
//! extension. Everything that is written goes through an [`AtomicFile`]: under a temporary name until it is whole.
//! This crate knows nothing of clustering.
//!
//! | what | read | written | mapped |
//! |---|---|---|---|
//! | `.npy` | f32, f64, f16, u8, i8; C or Fortran order; either byte order | the same, C order, little endian | yes |
//! | `.npz:key` | as `.npy` | no | members stored without compression |
//! | `.fvecs`, `.bvecs` | yes | yes | yes |
//! | `.csv`, `.tsv` | yes, with or without a header line | yes, without a header line | no: parsed into memory |
//! | `.npz` of a sparse matrix, as SciPy's `save_npz` writes it | layout `csr`, i32 or i64 indices, compressed or not | f32, not compressed | no: held in memory |
//! | `.svm`, `.libsvm`, `.svmlight` | yes, indices from 0 or 1 | no | no: parsed into memory |
//! | codes of a [`Codec`] in `.npy` | by [`EncodedRows`] | by [`write_encoded`] | yes |
//! | labels in `.npy`, `.csv`, `.tsv`, `.ivecs` | by [`read_labels`], one a row | by [`write_labels`], [`write_label_rows`]: i32 | no: held in memory |
//! | ids and nearest neighbours in the same | by [`read_ids`], [`read_id_rows`], exact to 64 bits | by [`write_id_rows`]: i64, or i32 in `.ivecs` | no: held in memory |
//! | hits of queries in `.csv`, `.tsv` | no | by [`write_hits`], one a line | |
//!
//! A [`Codec`] turns rows into codes of a fixed number of bytes. [`EncodedRows`] stay encoded, and those asked for are
//! decoded as they are read.
//!
//! Sparse rows are [`CsrRows`]: lent as they are by [`Points::lend_csr`], and read with their zeros by [`Points::read`].
//!
//! Rows and columns in messages about arrays count from 0, as in NumPy; lines and columns of text files count from 1,
//! as in editors.
//!
//! **Mapped files must not be changed or cut short while they are open.** They are read through memory maps: a change
//! by another process shows up in the middle of a run, and a file cut short ends the process with a signal. Files
//! written by this crate are renamed into place, which leaves maps of the old file as they were.
//!
//! ```
//! use kmeans_data::{Overwrite, Points, RowSlice, create_rows, open};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("rows.npy");
//! let rows = RowSlice::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3)?;
//! let mut writer = create_rows(&path, rows.rows(), rows.dim(), Overwrite::Refuse)?;
//! writer.write_rows(rows.values())?;
//! writer.commit()?;
//!
//! let points = open(&path)?;
//! let mut second = [0.0; 3];
//! points.read(1..2, &mut second)?;
//! assert_eq!(second, [4.0, 5.0, 6.0]);
//! # Ok(())
//! # }
//! ```
#![deny(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod array_info;
mod atomic;
mod blocks;
mod bytes;
mod codec;
mod csr;
mod csv_rows;
mod csv_text;
mod dtype;
mod encode;
mod error;
mod error_kind;
mod format;
mod hits;
mod id_file;
mod ids;
mod labels;
#[allow(unsafe_code, reason = "advice to the system about memory that is ours")]
mod large;
#[allow(unsafe_code, reason = "memory maps")]
mod mapped;
mod memory;
mod missing;
mod npy;
mod npy_header;
mod npz;
mod open;
mod output;
mod packed;
mod points;
mod row_range;
mod row_writer;
mod stored;
mod table;
mod vecs;
mod vector;
mod view;

pub use array_info::{ArrayInfo, Order};
pub use atomic::{AtomicFile, NoMoreFiles, Overwrite, remove_unfinished};
pub use codec::{
    Bf16Codec, CodeBits, Codec, EncodedRows, F16Codec, ProductQuantizer, RowWidth, ScalarQuantizer, U8Codec,
    open_codec, write_encoded,
};
pub use csr::{CsrRows, CsrView, write_csr_npz};
pub use csv_rows::CsvRows;
pub use dtype::Dtype;
pub use error::DataError;
pub use error_kind::ErrorKind;
pub use format::Format;
pub use hits::write_hits;
pub use ids::{IdRows, read_id_rows, read_ids, write_id_rows};
pub use labels::{read_labels, write_distances, write_label_rows, write_labels};
pub use large::zeros;
pub use mapped::MappedFile;
pub use memory::{RowSlice, Rows};
pub use missing::Missing;
pub use npy::NpyFile;
pub use open::{describe, open, open_with};
pub use output::{Output, check_output};
pub use packed::{PackedView, Packing};
pub use points::{Points, check_read};
pub use row_range::RowRange;
pub use row_writer::{RowWriter, create_rows, create_rows_as};
pub use vecs::VecsFile;
pub use vector::read_vector;
