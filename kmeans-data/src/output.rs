//! Outputs checked before the work that fills them.

use std::path::Path;

use crate::codec::ARRAY_OUTPUTS;
use crate::csr::SPARSE_OUTPUTS;
use crate::hits::HIT_OUTPUTS;
use crate::ids::ID_OUTPUTS;
use crate::labels::{DISTANCE_OUTPUTS, LABEL_OUTPUTS};
use crate::row_writer::ROW_OUTPUTS;
use crate::{AtomicFile, DataError, Format, Overwrite};

/// What is to be written, which settles the extensions that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Rows, by [`create_rows`](crate::create_rows).
    Rows,
    /// Labels, by [`write_labels`](crate::write_labels) or [`write_label_rows`](crate::write_label_rows).
    Labels,
    /// Distances, by [`write_distances`](crate::write_distances).
    Distances,
    /// Ids, by [`write_id_rows`](crate::write_id_rows).
    Ids,
    /// Hits, by [`write_hits`](crate::write_hits).
    Hits,
    /// Sparse rows, by [`write_csr_npz`](crate::write_csr_npz).
    SparseRows,
    /// Codes, by [`write_encoded`](crate::write_encoded), or the arrays that codecs are made of.
    Codes,
    /// Something else: any extension.
    Other,
}

/// Checks that `path` can be written as `output`, so that no long work is lost; nothing is left there.
///
/// # Errors
/// `UnknownExtension`; as [`AtomicFile::create`].
pub fn check_output(path: impl AsRef<Path>, output: Output, overwrite: Overwrite) -> Result<(), DataError> {
    let path = path.as_ref();
    let format = Format::of(path);
    let text_or_npy = matches!(format, Some(Format::Npy | Format::Csv | Format::Tsv));
    let (fits, known) = match output {
        Output::Rows => (text_or_npy || matches!(format, Some(Format::Fvecs | Format::Bvecs)), ROW_OUTPUTS),
        Output::Labels => (text_or_npy || format == Some(Format::Ivecs), LABEL_OUTPUTS),
        Output::Distances => (text_or_npy || format == Some(Format::Fvecs), DISTANCE_OUTPUTS),
        Output::Ids => (text_or_npy || format == Some(Format::Ivecs), ID_OUTPUTS),
        Output::Hits => (matches!(format, Some(Format::Csv | Format::Tsv)), HIT_OUTPUTS),
        Output::SparseRows => (format == Some(Format::Npz), SPARSE_OUTPUTS),
        Output::Codes => (format == Some(Format::Npy), ARRAY_OUTPUTS),
        Output::Other => (true, ""),
    };
    if !fits {
        return Err(DataError::UnknownExtension { name: path.display().to_string(), known });
    }
    AtomicFile::create(path, overwrite).map(drop)
}
