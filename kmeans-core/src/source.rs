//! Rows as they come: from a [`Points`] source or from a tensor of the engine's backend.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData, backend::Backend};
use kmeans_data::Points;

use crate::engine::Rows;
use crate::error::{Error, Result};

/// Rows of a sample that are fetched at a time; what was mapped for them is given back after each.
const GATHER_ROWS: usize = 1 << 14;

/// Where rows are read from.
pub(crate) enum Source<'a, B: Backend> {
    Points(&'a dyn Points),
    Tensor(Tensor<B, 2>),
}

impl<B: Backend> Source<'_, B> {
    pub(crate) fn n(&self) -> usize {
        match self {
            Self::Points(p) => p.rows(),
            Self::Tensor(t) => t.dims()[0],
        }
    }

    pub(crate) fn d(&self) -> usize {
        match self {
            Self::Points(p) => p.dim(),
            Self::Tensor(t) => t.dims()[1],
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Points(p) => p.name(),
            Self::Tensor(_) => "tensor",
        }
    }

    /// The number by which messages call a row.
    pub(crate) fn source_row(&self, row: usize) -> usize {
        match self {
            Self::Points(p) => p.source_row(row),
            Self::Tensor(_) => row,
        }
    }

    /// A range of rows: lent where the source can, else read into `buffer`.
    pub(crate) fn block<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Vec<f32>) -> Result<Rows<'b, B>> {
        match self {
            Self::Tensor(t) => Ok(Rows::Tensor(t.clone().slice([rows, 0..self.d()]))),
            Self::Points(p) => {
                let x = match p.lend(rows.clone()) {
                    Some(lent) => lent,
                    None => {
                        buffer.resize(rows.len() * p.dim(), 0.0);
                        p.read(rows, buffer)?;
                        buffer
                    }
                };
                Ok(Rows::Host { x: Cow::Borrowed(x), d: p.dim() })
            }
        }
    }

    /// All rows, lent where the source can.
    pub(crate) fn all(&self) -> Result<Rows<'_, B>> {
        match self {
            Self::Tensor(t) => Ok(Rows::Tensor(t.clone())),
            Self::Points(p) => match p.lend(0..p.rows()) {
                Some(x) => Ok(Rows::Host { x: Cow::Borrowed(x), d: p.dim() }),
                None => {
                    let mut x = vec![0.0; p.rows() * p.dim()];
                    p.read(0..p.rows(), &mut x)?;
                    Ok(Rows::Host { x: Cow::Owned(x), d: p.dim() })
                }
            },
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
            Self::Points(p) => {
                let mut x = vec![0.0; ids.len() * p.dim()];
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
        if let Self::Points(p) = self {
            p.prefetch(rows);
        }
    }

    /// Says that these rows are not needed soon.
    pub(crate) fn release(&self, rows: Range<usize>) {
        if let Self::Points(p) = self {
            p.release(rows);
        }
    }
}

/// Names the source and the row within it in an error about a row of one block.
pub(crate) fn locate(error: Error, name: &str, number: impl Fn(usize) -> usize) -> Error {
    match error {
        Error::NonFinite { row, column, value, .. } => {
            Error::NonFinite { data: name.to_owned(), row: number(row), column, value }
        }
        other => other,
    }
}
