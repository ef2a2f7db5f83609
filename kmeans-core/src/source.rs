//! Rows as they come: from a [`Points`] source or from a tensor of the engine's backend.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData, backend::Backend};
use kmeans_data::{PackedView, Points, zeros};

use crate::engine::Rows;
use crate::error::{Error, Result};
use crate::sparse_rows::SparseRows;

/// Rows of a sample that are fetched at a time; what was mapped for them is given back after each.
const GATHER_ROWS: usize = 1 << 14;

/// Values in a block: 32 MiB of `f32`. Small enough to stay near the caches and the memory of a
/// small machine, large enough that preparing centroids for a block costs nothing.
const BLOCK_VALUES: usize = 1 << 23;

/// Entries in a block of sparse rows. They are lent, so that a block takes no memory but a label and a
/// distance a row; the sums of a block, k×d, are then far smaller than what is done for them.
const SPARSE_BLOCK_ENTRIES: usize = 1 << 25;

/// Where rows are read from.
pub(crate) enum Source<'a, B: Backend> {
    Points(&'a dyn Points),
    /// Rows that the engine takes as small numbers.
    Packed(&'a dyn Points),
    Tensor(Tensor<B, 2>),
}

impl<'a, B: Backend> Source<'a, B> {
    /// Points as an engine wants them.
    pub(crate) fn of(points: &'a dyn Points, takes_packed: bool) -> Self {
        if takes_packed && points.lend_packed(0..points.rows().min(1)).is_some() {
            return Self::Packed(points);
        }
        Self::Points(points)
    }

    /// The same for who reads values only.
    pub(crate) fn unpacked(&self) -> Self {
        match self {
            Self::Points(p) | Self::Packed(p) => Self::Points(*p),
            Self::Tensor(t) => Self::Tensor(t.clone()),
        }
    }

    pub(crate) fn n(&self) -> usize {
        match self {
            Self::Points(p) | Self::Packed(p) => p.rows(),
            Self::Tensor(t) => t.dims()[0],
        }
    }

    pub(crate) fn d(&self) -> usize {
        match self {
            Self::Points(p) | Self::Packed(p) => p.dim(),
            Self::Tensor(t) => t.dims()[1],
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Points(p) | Self::Packed(p) => p.name(),
            Self::Tensor(_) => "tensor",
        }
    }

    /// Whether rows better stay where they are until they are needed.
    pub(crate) fn is_encoded(&self) -> bool {
        match self {
            Self::Points(p) => p.is_encoded(),
            Self::Packed(_) | Self::Tensor(_) => false,
        }
    }

    /// Whether rows are lent as sparse ones.
    pub(crate) fn is_sparse(&self) -> bool {
        match self {
            Self::Points(p) => p.lend_csr(0..p.rows().min(1)).is_some(),
            Self::Packed(_) | Self::Tensor(_) => false,
        }
    }

    /// The number by which messages call a row.
    pub(crate) fn source_row(&self, row: usize) -> usize {
        match self {
            Self::Points(p) | Self::Packed(p) => p.source_row(row),
            Self::Tensor(_) => row,
        }
    }

    /// Rows in a block. It depends on the data alone, so that sums over blocks have the same bits
    /// whatever the machine.
    pub(crate) fn block_rows(&self) -> usize {
        match self {
            Self::Points(p) if self.is_sparse() => {
                let entries = p.row_bytes().div_ceil(size_of::<u32>() + size_of::<f32>()).max(1);
                (SPARSE_BLOCK_ENTRIES / entries).clamp(1 << 10, 1 << 20)
            }
            _ => self.dense_block_rows(),
        }
    }

    /// Rows in a block of rows that are dense, or are made so.
    pub(crate) fn dense_block_rows(&self) -> usize {
        (BLOCK_VALUES / self.d()).clamp(256, 1 << 16)
    }

    /// A range of rows: lent where the source can, else read into `buffer`.
    pub(crate) fn block<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Vec<f32>) -> Result<Rows<'b, B>> {
        if let Some(lent) = self.lent(rows.clone()) {
            return Ok(lent);
        }
        let Self::Points(p) = self else { return self.copy(rows) };
        buffer.resize(rows.len() * p.dim(), 0.0);
        p.read(rows, buffer)?;
        Ok(Rows::Host { x: Cow::Borrowed(buffer), d: p.dim() })
    }

    /// A range of rows: lent where the source can, else copied.
    pub(crate) fn range(&self, rows: Range<usize>) -> Result<Rows<'_, B>> {
        self.lent(rows.clone()).map_or_else(|| self.copy(rows), Ok)
    }

    /// All rows, lent where the source can.
    pub(crate) fn all(&self) -> Result<Rows<'_, B>> {
        match self {
            Self::Tensor(t) => Ok(Rows::Tensor(t.clone())),
            Self::Points(_) | Self::Packed(_) => self.range(0..self.n()),
        }
    }

    /// Rows where they are, packed, sparse or dense; `None` where they have to be read.
    fn lent(&self, rows: Range<usize>) -> Option<Rows<'_, B>> {
        match self {
            Self::Tensor(t) => Some(Rows::Tensor(t.clone().slice([rows, 0..self.d()]))),
            Self::Packed(p) => p.lend_packed(rows).map(Rows::packed),
            Self::Points(p) => match p.lend_csr(rows.clone()) {
                Some(view) => Some(Rows::Csr(SparseRows::Lent(view))),
                None => p.lend(rows).map(|x| Rows::Host { x: Cow::Borrowed(x), d: p.dim() }),
            },
        }
    }

    /// All values in host memory, row-major.
    pub(crate) fn values(&self) -> Result<Cow<'_, [f32]>> {
        match self.all()? {
            Rows::Host { x, .. } => Ok(x),
            Rows::Packed { bytes, packing, d } => {
                let view = PackedView::new(&bytes, packing, d).expect("packed rows are whole");
                Ok(view.unpack().into())
            }
            Rows::Csr(rows) => Ok(rows.to_dense().into()),
            Rows::Tensor(t) => {
                Ok(t.into_data().convert::<f32>().to_vec().expect("the data were converted").into())
            }
        }
    }

    /// A range of rows, copied.
    pub(crate) fn copy(&self, rows: Range<usize>) -> Result<Rows<'static, B>> {
        match self {
            Self::Tensor(t) => Ok(Rows::Tensor(t.clone().slice([rows, 0..self.d()]))),
            Self::Points(p) | Self::Packed(p) => {
                let mut x = zeros(rows.len() * p.dim());
                p.read(rows, &mut x)?;
                Ok(Rows::Host { x: Cow::Owned(x), d: p.dim() })
            }
        }
    }

    /// The rows of `ids`, which ascend, copied. `read` hears how many are, batch by batch.
    pub(crate) fn gather(&self, ids: &[usize], read: impl Fn(usize)) -> Result<Rows<'static, B>> {
        match self {
            Self::Tensor(t) => {
                let ids: Vec<i64> = ids.iter().map(|&i| i as i64).collect();
                let count = ids.len();
                let ids = Tensor::<B, 1, Int>::from_data(TensorData::new(ids, [count]), &t.device());
                Ok(Rows::Tensor(t.clone().select(0, ids)))
            }
            Self::Points(p) | Self::Packed(p) => {
                if let (Self::Packed(_), Some(view)) = (self, p.lend_packed(0..p.rows())) {
                    read(ids.len());
                    let bytes = view.select(ids).into();
                    return Ok(Rows::Packed { bytes, packing: view.packing(), d: view.dim() });
                }
                if let Some(rows) = p.gather_csr(ids) {
                    read(ids.len());
                    return Ok(Rows::Csr(SparseRows::Owned(rows)));
                }
                let mut x = zeros(ids.len() * p.dim());
                let batches = ids.chunks(GATHER_ROWS).zip(x.chunks_mut(GATHER_ROWS * p.dim()));
                for (batch, (ids, x)) in batches.enumerate() {
                    p.gather(ids, x)?;
                    p.release(ids[0]..ids[ids.len() - 1] + 1);
                    read(batch * GATHER_ROWS + ids.len());
                }
                Ok(Rows::Host { x: Cow::Owned(x), d: p.dim() })
            }
        }
    }

    /// Says that these rows are needed next.
    pub(crate) fn prefetch(&self, rows: Range<usize>) {
        if let Self::Points(p) | Self::Packed(p) = self {
            p.prefetch(rows);
        }
    }

    /// Says that these rows are not needed soon.
    pub(crate) fn release(&self, rows: Range<usize>) {
        if let Self::Points(p) | Self::Packed(p) = self {
            p.release(rows);
        }
    }
}

/// Names the source and the row within it in an error about a row of one block.
pub(crate) fn locate(mut error: Error, name: &str, number: impl Fn(usize) -> usize) -> Error {
    if let Error::NonFinite { data, row, .. }
    | Error::RefusedByMetric { data, row, .. }
    | Error::NotADistance { data, row, .. } = &mut error
    {
        *data = name.to_owned();
        *row = number(*row);
    }
    error
}
