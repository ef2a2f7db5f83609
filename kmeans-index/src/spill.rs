//! Vectors sorted by list on disk, for an index larger than memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use kmeans_data::DataError;

use crate::error::Result;
use crate::members::members;
use crate::part::{Arrival, Coder, Desk, Part};
use crate::storage::Storage;
use crate::store::Arriving;

/// A file without a name that holds an id and a vector for each row, list by list: gone with the process.
pub(crate) struct Spill {
    file: Mutex<File>,
    /// Where the file is, for messages.
    beside: std::path::PathBuf,
    d: usize,
    /// Bytes of a code for a product quantizer; 0 without one.
    pieces: usize,
    sizes: Vec<usize>,
    /// The first record of each list.
    starts: Vec<u64>,
    /// Records of each list that are written.
    written: Vec<u64>,
}

impl Spill {
    /// Room in the folder of `path` for lists of these sizes.
    pub(crate) fn new(path: &Path, [d, pieces]: [usize; 2], sizes: Vec<usize>) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::tempfile_in(folder);
        let file = file.map_err(|source| DataError::CannotWrite { path: path.to_owned(), source })?;
        let starts = sizes.iter().scan(0, |next, &size| Some(std::mem::replace(next, *next + size as u64)));
        Ok(Self {
            file: Mutex::new(file),
            beside: path.to_owned(),
            d,
            pieces,
            starts: starts.collect(),
            written: vec![0; sizes.len()],
            sizes,
        })
    }

    fn record_bytes(&self) -> usize {
        size_of::<u64>() + self.d * size_of::<f32>() + self.pieces
    }

    /// Writes vectors as they are to be stored, each to the end of its list.
    pub(crate) fn put(&mut self, arriving: &Arriving<'_>) -> Result<()> {
        let Arriving { x, lists, ids, codes } = arriving;
        let (members, record) = (members(lists, self.sizes.len()), self.record_bytes());
        let (d, pieces) = (self.d, self.pieces);
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        for list in 0..self.sizes.len() {
            let rows = members.of(list);
            if rows.is_empty() {
                continue;
            }
            bytes.clear();
            for &row in rows {
                let row = row as usize;
                bytes.extend(ids[row].to_le_bytes());
                bytes.extend_from_slice(bytemuck::cast_slice(&x[row * d..][..d]));
                bytes.extend_from_slice(&codes[row * pieces..][..pieces]);
            }
            let place = (self.starts[list] + self.written[list]) * record as u64;
            let written = file.seek(SeekFrom::Start(place)).and_then(|_| file.write_all(&bytes));
            written.map_err(|source| DataError::CannotWrite { path: self.beside.clone(), source })?;
            self.written[list] += rows.len() as u64;
        }
        Ok(())
    }

    /// The vectors of a list.
    pub(crate) fn part(&self, coder: Coder<'_>, storage: Storage, list: usize) -> Result<Part> {
        let (record, mut part, mut desk) = (self.record_bytes(), Part::new(storage), Desk::default());
        let mut bytes = vec![0; self.sizes[list] * record];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let place = SeekFrom::Start(self.starts[list] * record as u64);
            let read = file.seek(place).and_then(|_| file.read_exact(&mut bytes));
            let name = || format!("the vectors sorted beside {}", self.beside.display());
            read.map_err(|source| DataError::Io { name: name(), source })?;
        }
        part.reserve(self.d, self.sizes[list]);
        let mut x = vec![0.0_f32; self.d];
        for record in bytes.chunks_exact(record) {
            let (id, row) = record.split_first_chunk().expect("a record begins with an id");
            let (row, code) = row.split_at(self.d * size_of::<f32>());
            bytemuck::cast_slice_mut(&mut x).copy_from_slice(row);
            part.push(coder, Arrival { x: &x, id: u64::from_le_bytes(*id), code }, &mut desk);
        }
        Ok(part)
    }
}
