//! Some rows on the host, where rules are applied, and on the device, where distances are measured.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{FloatDType, Tensor, backend::Backend};

use crate::engine::Rows;
use crate::tensor_engine::distance::{matrix, to_f32};

/// Rows, row-major with `d` columns.
pub(super) struct RowBlock<'a, B: Backend> {
    x: Cow<'a, [f32]>,
    d: usize,
    /// The same on the device; without it, some at a time are sent there.
    on_device: Option<Tensor<B, 2>>,
}

impl<'a, B: Backend> RowBlock<'a, B> {
    /// Rows that are passed over once: what is on the host is sent by blocks.
    pub(super) fn once(rows: Rows<'a, B>) -> Self {
        match rows.unpacked() {
            Rows::Packed { .. } => unreachable!("they were unpacked"),
            Rows::Host { x, d } => Self { x, d, on_device: None },
            Rows::Csr(rows) => Self { x: rows.to_dense().into(), d: rows.view().dim(), on_device: None },
            Rows::Tensor(t) => {
                let [n, d] = t.dims();
                // Through one dimension and back: rows in row-major order, whatever the tensor's strides.
                let t = t.cast(FloatDType::F32).reshape([n * d]);
                Self { x: Cow::Owned(to_f32(t.clone())), d, on_device: Some(t.reshape([n, d])) }
            }
        }
    }

    /// Rows that are passed over many times: all are sent to the device.
    pub(super) fn kept(rows: Rows<'a, B>, device: &B::Device) -> Self {
        let mut rows = Self::once(rows);
        rows.on_device.get_or_insert_with(|| matrix(&rows.x, rows.d, device));
        rows
    }

    pub(super) fn n(&self) -> usize {
        self.x.len() / self.d
    }

    pub(super) fn d(&self) -> usize {
        self.d
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.x
    }

    /// The rows one after the other.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.x.chunks_exact(self.d)
    }

    /// A range of rows on the device, in `f32`.
    pub(super) fn part(&self, rows: Range<usize>, device: &B::Device) -> Tensor<B, 2> {
        match &self.on_device {
            Some(t) => t.clone().slice([rows, 0..self.d]),
            None => matrix(&self.x[rows.start * self.d..rows.end * self.d], self.d, device),
        }
    }
}
