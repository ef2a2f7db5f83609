//! Index files, mapped.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kmeans_data::MappedFile;
use safetensors::tensor::{Metadata, SafeTensors};

use crate::column::Column;
use crate::error::{Error, Result};
use crate::file::{
    Counts, FORMAT, Heading, LISTED, SMALL, Tensor, VERSION, block_bytes, block_vectors, checksum, pieces,
    unusable,
};
use crate::part::{Part, Rows};
use crate::pq::Pq;
use crate::storage::{Refine, Storage};

/// An index file, of which only what is small was read.
pub(crate) struct Opened {
    pub(crate) heading: Heading,
    pub(crate) storage: Storage,
    pub(crate) origin: Vec<f32>,
    pub(crate) model: Vec<u8>,
    /// Of a product quantizer; else empty.
    pub(crate) codebooks: Vec<f32>,
    /// The vectors of each list.
    pub(crate) parts: Vec<Part>,
    pub(crate) proof: Proof,
}

/// The checksums of the lists of a file, and which of them were compared.
pub(crate) struct Proof {
    path: PathBuf,
    checksums: Vec<u64>,
    is_sound: Vec<AtomicBool>,
}

impl Proof {
    /// Compares a list with its checksum, once.
    ///
    /// # Errors
    /// If it is damaged.
    pub(crate) fn check(&self, list: usize, part: &Part) -> Result<()> {
        if self.is_sound[list].load(Ordering::Relaxed) {
            return Ok(());
        }
        if checksum(&pieces(part)) != self.checksums[list] {
            return Err(unusable(
                &self.path,
                format!("list {list} is damaged: it is not what its checksum says"),
            ));
        }
        self.is_sound[list].store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Opens a file. Its header and what is small is checked against its checksum; lists are, as they are looked into.
pub(crate) fn open(path: &Path) -> Result<Opened> {
    if cfg!(target_endian = "big") {
        return Err(unusable(path, "index files are little-endian, and mapped: this machine is not"));
    }
    let file = Arc::new(MappedFile::open(path)?);
    let (head, metadata) = header(path, file.bytes())?;
    let heading = heading(path, &metadata)?;
    if heading.d > file.bytes().len() {
        return Err(unusable(
            path,
            format!("it speaks of vectors of {} columns, which it has no room for", heading.d),
        ));
    }
    let is_power = |x: f32| x.is_normal() && x > 0.0 && x.to_bits().trailing_zeros() >= 23;
    if !is_power(heading.half_scale) || !is_power(heading.scale) {
        return Err(unusable(path, "its scales are no powers of two"));
    }
    let storage: Storage =
        heading.storage.parse().map_err(|_| unusable(path, format!("it stores {}", heading.storage)))?;
    let reader = Reader { path, file: &file, metadata: &metadata, head };
    let sizes: Vec<u64> = reader.numbers(Tensor::ListSizes)?;
    let sizes: Vec<usize> =
        sizes.into_iter().map(|size| usize::try_from(size).unwrap_or(usize::MAX)).collect();
    if sizes
        .iter()
        .try_fold(0_usize, |sum, &size| sum.checked_add(size))
        .is_none_or(|n| n > file.bytes().len())
    {
        return Err(unusable(path, "its lists are larger than the file"));
    }
    if let Some(list) = sizes.iter().position(|&size| u32::try_from(size).is_err()) {
        return Err(unusable(path, format!("list {list} has {} vectors, more than a list can", sizes[list])));
    }
    let model = reader.bytes(Tensor::Model)?.to_vec();
    if storage.pieces().is_some_and(|m| Pq::check(heading.d, m).is_err()) {
        return Err(unusable(path, format!("it stores {storage} of {} columns", heading.d)));
    }
    let counts = Counts::of(&heading, storage, &sizes, model.len());
    for tensor in Tensor::ALL {
        reader.check_shape(tensor, counts.shape(tensor))?;
    }
    let mut all = vec![&file.bytes()[..head]];
    for tensor in SMALL {
        all.push(reader.bytes(tensor)?);
    }
    if reader.numbers::<u64>(Tensor::Checksum)? != [checksum(&all)] {
        return Err(unusable(path, "it is damaged: its header is not what its checksum says"));
    }
    let origin: Vec<f32> = reader.numbers(Tensor::Origin)?;
    if !origin.iter().all(|x| x.is_finite()) {
        return Err(unusable(path, "its origin is not finite"));
    }
    let checksums = reader.numbers(Tensor::ListChecksums)?;
    let is_sound = sizes.iter().map(|_| AtomicBool::new(false)).collect();
    Ok(Opened {
        parts: reader.parts(&sizes, heading.d, storage)?,
        proof: Proof { path: path.to_owned(), checksums, is_sound },
        origin,
        codebooks: reader.numbers(Tensor::Codebooks)?,
        heading,
        storage,
        model,
    })
}

/// The length of all before the first tensor, and what it says.
fn header(path: &Path, bytes: &[u8]) -> Result<(usize, Metadata)> {
    let (length, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| {
        unusable(path, format!("it is no index, or cut short: its header cannot be read ({e})"))
    })?;
    Ok((size_of::<u64>() + length, metadata))
}

fn heading(path: &Path, metadata: &Metadata) -> Result<Heading> {
    /// What every version has.
    #[derive(serde::Deserialize)]
    struct Known {
        format: String,
        version: u32,
    }
    let text = metadata.metadata().as_ref().and_then(|metadata| metadata.get("index"));
    let text = text
        .ok_or_else(|| unusable(path, "its metadata names no index: it was not written by kmeans index"))?;
    let unread = |e: serde_json::Error| unusable(path, format!("its heading cannot be read ({e})"));
    let known: Known = serde_json::from_str(text).map_err(unread)?;
    if known.format != FORMAT {
        return Err(unusable(path, format!("it is a {}, expected a {FORMAT}", known.format)));
    }
    if known.version != VERSION {
        return Err(Error::Version { path: path.to_owned(), found: known.version, supported: VERSION });
    }
    let heading: Heading = serde_json::from_str(text).map_err(unread)?;
    if heading.d == 0 {
        return Err(unusable(path, "its vectors have no columns"));
    }
    Ok(heading)
}

struct Reader<'a> {
    path: &'a Path,
    file: &'a Arc<MappedFile>,
    metadata: &'a Metadata,
    /// Where the first tensor begins.
    head: usize,
}

impl<'a> Reader<'a> {
    /// Where a tensor is.
    fn place(&self, tensor: Tensor) -> Result<Range<usize>> {
        let name = tensor.name();
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| unusable(self.path, format!("it has no tensor {name}")))?;
        let (start, end) = info.data_offsets;
        Ok(self.head + start..self.head + end)
    }

    fn bytes(&self, tensor: Tensor) -> Result<&'a [u8]> {
        Ok(&self.file.bytes()[self.place(tensor)?])
    }

    fn numbers<T: bytemuck::Pod>(&self, tensor: Tensor) -> Result<Vec<T>> {
        bytemuck::try_cast_slice(self.bytes(tensor)?)
            .map(<[T]>::to_vec)
            .map_err(|e| unusable(self.path, format!("tensor {} is out of place ({e})", tensor.name())))
    }

    fn check_shape(
        &self,
        tensor: Tensor,
        (dtype, shape): (safetensors::tensor::Dtype, Vec<usize>),
    ) -> Result<()> {
        let name = tensor.name();
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| unusable(self.path, format!("it has no tensor {name}")))?;
        if info.dtype == dtype && info.shape == shape {
            return Ok(());
        }
        let found =
            format!("tensor {name} is {:?} {:?}, expected {dtype:?} {shape:?}", info.dtype, info.shape);
        Err(unusable(self.path, found))
    }

    /// A list's part of each tensor, mapped.
    fn parts(&self, sizes: &[usize], d: usize, storage: Storage) -> Result<Vec<Part>> {
        let mut next = [0; LISTED.len()];
        for (next, tensor) in next.iter_mut().zip(LISTED) {
            *next = self.place(tensor)?.start;
            let alignment = if tensor == Tensor::Ids { align_of::<u64>() } else { align_of::<f32>() };
            if !self.file.bytes()[*next..].as_ptr().addr().is_multiple_of(alignment) {
                return Err(unusable(self.path, format!("tensor {} is not aligned", tensor.name())));
            }
        }
        let (vectors, bytes) = (block_vectors(storage), block_bytes(storage, d));
        let mut parts = Vec::with_capacity(sizes.len());
        for &size in sizes {
            let blocks = size.div_ceil(vectors);
            let panels = if storage.pieces().is_some() { 0 } else { blocks };
            let mut take = |tensor: usize, bytes: usize| {
                let start = next[tensor];
                next[tensor] += bytes;
                start..next[tensor]
            };
            let codes = self.column(take(0, blocks * bytes));
            let scales = self.column(take(1, panels * vectors * size_of::<f32>()));
            let biases = self.column(take(2, blocks * vectors * size_of::<f32>()));
            let bounds = self.column(take(3, panels * size_of::<[f32; 2]>()));
            let ids = self.column(take(4, size * size_of::<u64>()));
            let rows = match storage.rows() {
                Some(Refine::F32) => Rows::F32(self.column(take(5, size * d * size_of::<f32>()))),
                Some(Refine::F16) => Rows::F16(self.column(take(5, size * d * size_of::<half::f16>()))),
                None => Rows::None,
            };
            parts.push(Part::of(storage, ids, codes, scales, biases, bounds, rows));
        }
        Ok(parts)
    }

    fn column<T: bytemuck::Pod>(&self, bytes: Range<usize>) -> Column<T> {
        Column::Mapped { file: self.file.clone(), bytes }
    }
}
