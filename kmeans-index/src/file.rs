//! Index files: what is in them, how it is laid out, and how one is written.
//!
//! A file is a `.safetensors` file, so that other programs can read its vectors. Lists follow each other in all tensors.
//!
//! | tensor | type | shape | what |
//! |---|---|---|---|
//! | `codes` | U8 | panels × bytes, or groups × bytes | [`kmeans_core::Panels`], or for `pq` [`kmeans_core::Groups`] |
//! | `scales` | F32 | panels × 16 | but for `pq` |
//! | `biases` | F32 | panels × 16, or groups × 64 | |
//! | `bounds` | F32 | panels × 2 | but for `pq` |
//! | `ids` | U64 | n | |
//! | `list_sizes` | U64 | k | vectors of each list; its panels are so many by 16 (groups: by 64), rounded up |
//! | `list_checksums` | U64 | k | XXH3 of a list's part of the tensors above and of `vectors` |
//! | `vectors` | F32 or F16 | n × d | but for `sq8`, and for `pq` that refines nothing |
//! | `codebooks` | F32 | m × 256 × d/m | of `pq` |
//! | `origin` | F32 | d | of a flat index |
//! | `model` | U8 | bytes | a model file, of an IVF index |
//! | `checksum` | U64 | 1 | XXH3 of the header, `list_sizes`, `list_checksums`, `codebooks`, and `origin` or `model` |
//!
//! The metadata `index` is a [`Heading`] in JSON. A list is compared with its checksum when it is looked into first.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use kmeans_core::{GROUP_VECTORS, PANEL_VECTORS, Scanner, TensorLayout, panel_bytes};
use kmeans_data::{AtomicFile, DataError};
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Error, Result};
use crate::part::{Part, Rows};
use crate::pq::LEVELS;
use crate::storage::{Refine, Storage};

pub(crate) const FORMAT: &str = "kmeans-index";
pub(crate) const VERSION: u32 = 1;

/// Bytes of lists that are made ready together.
const TOGETHER: usize = 64 << 20;

/// What kind of index a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Flat,
    Ivf,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heading {
    pub(crate) format: String,
    pub(crate) version: u32,
    pub(crate) kind: Kind,
    pub(crate) metric: kmeans_core::Metric,
    pub(crate) storage: String,
    pub(crate) d: usize,
    pub(crate) next_id: u64,
    /// What values of halves are multiplied by.
    pub(crate) half_scale: f32,
    /// The scale of the frame of a flat index.
    pub(crate) scale: f32,
}

/// The tensors, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tensor {
    Codes,
    Scales,
    Biases,
    Bounds,
    Ids,
    ListSizes,
    ListChecksums,
    Checksum,
    Codebooks,
    Origin,
    Vectors,
    Model,
}

/// The tensors that lists have a part of.
pub(crate) const LISTED: [Tensor; 6] =
    [Tensor::Codes, Tensor::Scales, Tensor::Biases, Tensor::Bounds, Tensor::Ids, Tensor::Vectors];
/// Those that the checksum of the file is of.
pub(crate) const SMALL: [Tensor; 5] =
    [Tensor::ListSizes, Tensor::ListChecksums, Tensor::Codebooks, Tensor::Origin, Tensor::Model];

impl Tensor {
    pub(crate) const ALL: [Self; 12] = [
        Self::Codes,
        Self::Scales,
        Self::Biases,
        Self::Bounds,
        Self::Ids,
        Self::ListSizes,
        Self::ListChecksums,
        Self::Checksum,
        Self::Codebooks,
        Self::Origin,
        Self::Vectors,
        Self::Model,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Scales => "scales",
            Self::Biases => "biases",
            Self::Bounds => "bounds",
            Self::Ids => "ids",
            Self::ListSizes => "list_sizes",
            Self::ListChecksums => "list_checksums",
            Self::Checksum => "checksum",
            Self::Codebooks => "codebooks",
            Self::Vectors => "vectors",
            Self::Origin => "origin",
            Self::Model => "model",
        }
    }
}

/// How many of everything a file has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    kind: Kind,
    storage: Storage,
    d: usize,
    lists: usize,
    vectors: usize,
    /// Panels, or groups of a product quantizer.
    blocks: usize,
    model_bytes: usize,
}

impl Counts {
    pub(crate) fn of(heading: &Heading, storage: Storage, sizes: &[usize], model_bytes: usize) -> Self {
        Self {
            kind: heading.kind,
            storage,
            d: heading.d,
            lists: sizes.len(),
            vectors: sizes.iter().sum(),
            blocks: sizes.iter().map(|size| size.div_ceil(block_vectors(storage))).sum(),
            model_bytes,
        }
    }

    /// Type and shape of each tensor.
    pub(crate) fn shape(self, tensor: Tensor) -> (Dtype, Vec<usize>) {
        let Self { kind, storage, d, lists, vectors, blocks, model_bytes } = self;
        let panels = if storage.pieces().is_some() { 0 } else { blocks };
        match tensor {
            Tensor::Codes => (Dtype::U8, vec![blocks, block_bytes(storage, d)]),
            Tensor::Scales => (Dtype::F32, vec![panels, PANEL_VECTORS]),
            Tensor::Biases => (Dtype::F32, vec![blocks, block_vectors(storage)]),
            Tensor::Bounds => (Dtype::F32, vec![panels, 2]),
            Tensor::Ids => (Dtype::U64, vec![vectors]),
            Tensor::ListSizes | Tensor::ListChecksums => (Dtype::U64, vec![lists]),
            Tensor::Checksum => (Dtype::U64, vec![1]),
            Tensor::Codebooks => match storage.pieces() {
                Some(m) => (Dtype::F32, vec![m, LEVELS, d / m]),
                None => (Dtype::F32, vec![0, LEVELS, 0]),
            },
            Tensor::Vectors => match storage.rows() {
                Some(Refine::F32) => (Dtype::F32, vec![vectors, d]),
                Some(Refine::F16) => (Dtype::F16, vec![vectors, d]),
                None => (Dtype::F32, vec![0, d]),
            },
            Tensor::Origin => (Dtype::F32, vec![if kind == Kind::Flat { d } else { 0 }]),
            Tensor::Model => (Dtype::U8, vec![model_bytes]),
        }
    }
}

/// Vectors of a panel, or of a group of a product quantizer.
pub(crate) fn block_vectors(storage: Storage) -> usize {
    if storage.pieces().is_some() { GROUP_VECTORS } else { PANEL_VECTORS }
}

/// Bytes of the codes of a panel, or of a group.
pub(crate) fn block_bytes(storage: Storage, d: usize) -> usize {
    storage.pieces().map_or_else(|| panel_bytes(d), |m| m * GROUP_VECTORS)
}

/// Where the vectors come from: lists of known sizes, made one at a time.
pub(crate) struct Source<'a> {
    pub(crate) sizes: Vec<usize>,
    /// The vectors of a list, in one part without holes.
    pub(crate) part: &'a (dyn Fn(usize) -> Result<Part> + Sync),
}

/// What a file holds besides vectors.
pub(crate) struct Head<'a> {
    pub(crate) heading: Heading,
    pub(crate) storage: Storage,
    /// Of a flat index; else empty.
    pub(crate) origin: &'a [f32],
    /// Of an IVF index; else empty.
    pub(crate) model: &'a [u8],
    /// Of a product quantizer; else empty.
    pub(crate) codebooks: &'a [f32],
}

/// Writes an index to a temporary file and renames it. Memory: some lists at a time.
pub(crate) fn write(
    mut file: AtomicFile,
    head: &Head<'_>,
    scanner: &dyn Scanner,
    source: &Source<'_>,
) -> Result<()> {
    let counts = Counts::of(&head.heading, head.storage, &source.sizes, head.model.len());
    let heading = serde_json::to_string(&head.heading).expect("a heading is plain JSON");
    let tensors = Tensor::ALL.map(|tensor| {
        let (dtype, shape) = counts.shape(tensor);
        (tensor.name(), dtype, shape)
    });
    let layout = TensorLayout::new(&[("index", &heading)], &tensors);
    let start = |tensor: Tensor| layout.start(tensor as usize);
    let mut out = Places { file: &mut file };
    out.put(0, layout.head())?;

    let mut next = LISTED.map(start);
    let mut checksums = Vec::with_capacity(source.sizes.len());
    let mut lists = 0..source.sizes.len();
    while !lists.is_empty() {
        let together = lists.start..lists.start + together(&source.sizes[lists.clone()], head.heading.d);
        let parts: Vec<Mutex<Option<Result<Part>>>> = together.clone().map(|_| Mutex::default()).collect();
        scanner.for_each(parts.len(), &|at| {
            let part = (source.part)(together.start + at);
            *parts[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(part);
        });
        for part in parts {
            let part = part.into_inner().unwrap_or_else(PoisonError::into_inner).expect("it was made")?;
            let pieces = pieces(&part);
            checksums.push(checksum(&pieces));
            for (next, piece) in next.iter_mut().zip(pieces) {
                out.put(*next, piece)?;
                *next += piece.len() as u64;
            }
        }
        lists.start = together.end;
    }
    let sizes: Vec<u64> = source.sizes.iter().map(|&size| size as u64).collect();
    let small: [&[u8]; 5] = [
        bytemuck::cast_slice(&sizes),
        bytemuck::cast_slice(&checksums),
        bytemuck::cast_slice(head.codebooks),
        bytemuck::cast_slice(head.origin),
        head.model,
    ];
    for (tensor, bytes) in SMALL.into_iter().zip(small) {
        out.put(start(tensor), bytes)?;
    }
    let [a, b, c, d, e] = small;
    let whole = checksum(&[layout.head(), a, b, c, d, e]);
    out.put(start(Tensor::Checksum), &whole.to_le_bytes())?;
    Ok(file.commit()?)
}

/// How many of the first lists to make ready together: one at least.
fn together(sizes: &[usize], d: usize) -> usize {
    let mut bytes = 0;
    let fitting = sizes.iter().take_while(|&&size| {
        bytes += size * d * size_of::<f32>();
        bytes <= TOGETHER
    });
    fitting.count().max(1)
}

/// The bytes of a list in the tensors that have lists, in their order.
pub(crate) fn pieces(part: &Part) -> [&[u8]; 6] {
    [
        part.bytes.as_slice(),
        bytemuck::cast_slice(part.scales.as_slice()),
        bytemuck::cast_slice(part.biases.as_slice()),
        bytemuck::cast_slice(part.bounds.as_slice()),
        bytemuck::cast_slice(part.ids.as_slice()),
        match &part.rows {
            Rows::F32(rows) => bytemuck::cast_slice(rows.as_slice()),
            Rows::F16(rows) => bytemuck::cast_slice(rows.as_slice()),
            Rows::None => &[],
        },
    ]
}

/// XXH3 of pieces, one after the other.
pub(crate) fn checksum(pieces: &[&[u8]]) -> u64 {
    let mut hash = Xxh3::new();
    pieces.iter().for_each(|piece| hash.update(piece));
    hash.digest()
}

/// Writes at places.
struct Places<'a> {
    file: &'a mut AtomicFile,
}

impl Places<'_> {
    fn put(&mut self, place: u64, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = self.file.seek(SeekFrom::Start(place)).and_then(|_| self.file.write_all(bytes));
        let path = self.file.path().to_owned();
        written.map_err(|source| Error::Data(DataError::CannotWrite { path, source }))
    }
}

/// An error about a file.
pub(crate) fn unusable(path: &Path, reason: impl Into<String>) -> Error {
    Error::File { path: path.to_owned(), reason: reason.into() }
}
