//! Each row cut into pieces, and each piece replaced by the nearest centroid of its own codebook.

use std::path::Path;

use super::parameters::{open_parameters, write_parameters};
use super::{CodeBits, Codec, check_encode, is_decodable, no_code};
use crate::{DataError, Overwrite};

const FINITE: &str = "a codebook (a finite number)";

/// A product quantizer: m pieces of `dsub` columns, each with a codebook of 256 or 16 centroids (Jégou, Douze and
/// Schmid, 'Product quantization for nearest neighbor search', PAMI 33(1), 2011, doi:10.1109/TPAMI.2010.57).
///
/// The code of a piece is the number of the centroid at the least squared Euclidean distance, measured in f64; the
/// lowest at ties. Codes lie in bytes as Faiss's `ProductQuantizer` has them. The codebooks are trained elsewhere: this
/// crate knows nothing of clustering.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductQuantizer {
    bits: CodeBits,
    m: usize,
    dsub: usize,
    /// m × levels × dsub.
    codebooks: Vec<f32>,
    /// m × dsub × levels: in encoding, one column of all centroids is next to each other.
    columns: Vec<f32>,
}

impl ProductQuantizer {
    /// The quantizer of `m` codebooks, one after the other: of 2^nbits centroids of `dsub` values each.
    ///
    /// # Errors
    /// `NotCodebooks` if `m` or `dsub` is 0 or the length of `codebooks` is another; `DoesNotFit` for a value that is
    /// not finite, where rows count all centroids.
    pub fn new(codebooks: Vec<f32>, m: usize, nbits: CodeBits, dsub: usize) -> Result<Self, DataError> {
        Self::named(codebooks, m, nbits, dsub, "memory")
    }

    fn named(
        codebooks: Vec<f32>,
        m: usize,
        nbits: CodeBits,
        dsub: usize,
        name: &str,
    ) -> Result<Self, DataError> {
        let (len, levels) = (codebooks.len(), nbits.levels());
        let expected = m.checked_mul(levels).and_then(|centroids| centroids.checked_mul(dsub));
        if len == 0 || expected != Some(len) {
            return Err(DataError::NotCodebooks { len, m, levels, dsub });
        }
        if let Some(index) = codebooks.iter().position(|value| !value.is_finite()) {
            let (name, row, column) = (name.to_owned(), index / dsub, index % dsub);
            let value = codebooks[index].into();
            return Err(DataError::DoesNotFit { name, row, column, value, expected: FINITE });
        }
        let columns = codebooks.chunks_exact(levels * dsub).flat_map(|book| by_column(book, dsub)).collect();
        Ok(Self { bits: nbits, m, dsub, codebooks, columns })
    }

    /// Reads the codebooks from a `.npy` or `.npz:key` array of m × 256 × dsub or m × 16 × dsub.
    ///
    /// # Errors
    /// `WrongShape`; `DoesNotFit` for a value that is not finite; as [`open`](crate::open).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let parameters = open_parameters(path.as_ref())?;
        let (m, bits, dsub) = match *parameters.shape.as_slice() {
            [m, 16, dsub] if m > 0 && dsub > 0 => (m, CodeBits::Four, dsub),
            [m, 256, dsub] if m > 0 && dsub > 0 => (m, CodeBits::Eight, dsub),
            _ => return Err(parameters.wrong_shape("m codebooks of 16 or 256 centroids: three dimensions")),
        };
        Self::named(parameters.values, m, bits, dsub, &parameters.name)
    }

    /// Writes the codebooks to a `.npy` file, from which [`ProductQuantizer::open`] reads them.
    ///
    /// # Errors
    /// `UnknownExtension`; as [`AtomicFile::create`](crate::AtomicFile::create).
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<(), DataError> {
        let shape = [self.m, self.bits.levels(), self.dsub];
        write_parameters(path.as_ref(), &shape, &self.codebooks, overwrite)
    }

    /// The number of pieces, m.
    pub fn m(&self) -> usize {
        self.m
    }

    /// The bits of a piece's code.
    pub fn nbits(&self) -> CodeBits {
        self.bits
    }

    /// The columns of a piece.
    pub fn dsub(&self) -> usize {
        self.dsub
    }

    /// All codebooks: m × 2^nbits × dsub.
    pub fn codebooks(&self) -> &[f32] {
        &self.codebooks
    }

    /// The lowest of the nearest centroids of one piece; `sq_dists` is room for one number a centroid.
    fn nearest(&self, piece: usize, x: &[f32], sq_dists: &mut [f64]) -> u8 {
        let levels = sq_dists.len();
        sq_dists.fill(0.0);
        let columns = self.columns[piece * levels * self.dsub..].chunks_exact(levels);
        for (&value, column) in x.iter().zip(columns) {
            for (sq_dist, &centroid) in sq_dists.iter_mut().zip(column) {
                let difference = f64::from(value) - f64::from(centroid);
                *sq_dist += difference * difference;
            }
        }
        let mut best = 0;
        for (level, &sq_dist) in sq_dists.iter().enumerate() {
            if sq_dist < sq_dists[best] {
                best = level;
            }
        }
        best as u8
    }
}

fn by_column(book: &[f32], dsub: usize) -> impl Iterator<Item = f32> + '_ {
    (0..dsub).flat_map(move |column| book[column..].iter().step_by(dsub).copied())
}

impl Codec for ProductQuantizer {
    fn name(&self) -> &str {
        "pq"
    }

    fn dim(&self) -> usize {
        self.m * self.dsub
    }

    fn code_size(&self) -> usize {
        self.bits.bytes(self.m)
    }

    fn decode(&self, codes: &[u8], out: &mut [f32]) {
        debug_assert!(is_decodable(self, codes, out));
        let book = self.bits.levels() * self.dsub;
        for (codes, out) in codes.chunks_exact(self.code_size()).zip(out.chunks_exact_mut(self.dim())) {
            for (piece, out) in out.chunks_exact_mut(self.dsub).enumerate() {
                let start = piece * book + usize::from(self.bits.unpack(codes, piece)) * self.dsub;
                out.copy_from_slice(&self.codebooks[start..start + self.dsub]);
            }
        }
    }

    fn encode(&self, x: &[f32], codes: &mut [u8]) -> Result<(), DataError> {
        check_encode(self, x, codes)?;
        if let Some(index) = x.iter().position(|value| !value.is_finite()) {
            return Err(no_code(self, index, x[index], FINITE));
        }
        let mut sq_dists = vec![0.0; self.bits.levels()];
        codes.fill(0);
        for (x, codes) in x.chunks_exact(self.dim()).zip(codes.chunks_exact_mut(self.code_size())) {
            for (piece, x) in x.chunks_exact(self.dsub).enumerate() {
                self.bits.pack(codes, piece, self.nearest(piece, x, &mut sq_dists));
            }
        }
        Ok(())
    }
}
