//! Sparse rows written as SciPy's `load_npz` reads them.

use std::io::{self, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::CsrView;
use crate::encode::append;
use crate::npy_header::{header_bytes, header_bytes_as};
use crate::npz::split_key;
use crate::stored::Stored;
use crate::{AtomicFile, DataError, Dtype, Overwrite};

/// The extension that sparse rows are written to.
pub(crate) const SPARSE_OUTPUTS: &str = ".npz";
/// Values that are encoded at a time.
const BLOCK: usize = 1 << 16;
/// The dimension and type of the name of the layout.
const WORD: (&str, &[usize]) = ("|S3", &[]);

/// Writes a sparse matrix to a `.npz` file, without compression: values as f32, indices as i32, or as i64 where i32 is
/// too small. SciPy's `load_npz` and [`CsrRows::open_npz`](crate::CsrRows::open_npz) read it.
///
/// # Errors
/// `UnknownExtension`; as [`AtomicFile::create`] and [`AtomicFile::commit`].
pub fn write_csr_npz(
    path: impl AsRef<Path>,
    rows: CsrView<'_>,
    overwrite: Overwrite,
) -> Result<(), DataError> {
    let path = path.as_ref();
    if !matches!(split_key(path), Some((_, None))) {
        return Err(DataError::UnknownExtension { name: path.display().to_string(), known: SPARSE_OUTPUTS });
    }
    let mut file = AtomicFile::create(path, overwrite)?;
    write_members(&mut file, rows).map_err(|source| DataError::writing(path, source))?;
    file.commit()
}

/// The arrays in SciPy's order.
fn write_members(file: &mut AtomicFile, rows: CsrView<'_>) -> io::Result<()> {
    let mut members = Members { archive: ZipWriter::new(file), buffer: Vec::new() };
    let first = rows.indptr()[0];
    let wide = rows.nnz().max(rows.dim()) > i32::MAX as usize;
    members.integers("indices", rows.indices(), wide, i64::from)?;
    members.integers("indptr", rows.indptr(), wide, |place| (place - first) as i64)?;
    members.begin("format", &header_bytes_as(WORD.0, WORD.1), 3)?;
    members.archive.write_all(b"csr")?;
    members.integers("shape", &[rows.rows(), rows.dim()], true, |length| length as i64)?;
    members.array("data", Stored::Rows(Dtype::F32), rows.values(), f32::to_le_bytes)?;
    members.archive.finish()?;
    Ok(())
}

/// An archive that is being written.
struct Members<'a> {
    archive: ZipWriter<&'a mut AtomicFile>,
    buffer: Vec<u8>,
}

impl Members<'_> {
    fn integers<T: Copy>(
        &mut self,
        key: &str,
        values: &[T],
        wide: bool,
        value: impl Fn(T) -> i64,
    ) -> io::Result<()> {
        if wide {
            self.array(key, Stored::I64, values, |own| value(own).to_le_bytes())
        } else {
            self.array(key, Stored::I32, values, |own| (value(own) as i32).to_le_bytes())
        }
    }

    fn array<T: Copy, const N: usize>(
        &mut self,
        key: &str,
        stored: Stored,
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) -> io::Result<()> {
        self.begin(key, &header_bytes(stored, &[values.len()]), values.len() as u64 * N as u64)?;
        for block in values.chunks(BLOCK) {
            self.buffer.clear();
            append(block, &mut self.buffer, &bytes);
            self.archive.write_all(&self.buffer)?;
        }
        Ok(())
    }

    fn begin(&mut self, key: &str, header: &[u8], data_bytes: u64) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(header.len() as u64 + data_bytes >= u64::from(u32::MAX));
        self.archive.start_file(format!("{key}.npy"), options)?;
        self.archive.write_all(header)
    }
}
