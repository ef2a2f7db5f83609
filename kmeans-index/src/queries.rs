//! Rows that are looked for.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use kmeans_core::{PANEL_QUAD, Quantised, Scanner};

/// Queries that a thread turns into bytes at a time.
const QUANTISED_TOGETHER: usize = 256;

/// Queries in the frame, and as bytes.
pub(crate) struct Queries<'a> {
    v: &'a [f32],
    d: usize,
    bytes: Vec<i8>,
    pub(crate) quantised: Vec<Quantised>,
}

impl<'a> Queries<'a> {
    /// Makes rows of the frame ready. Cost O(n·d).
    pub(crate) fn new(scanner: &dyn Scanner, v: &'a [f32], d: usize) -> Self {
        let (n, stride) = (v.len() / d, d.next_multiple_of(PANEL_QUAD));
        let (mut bytes, mut quantised) = (vec![0; n * stride], vec![Quantised::default(); n]);
        let slots =
            bytes.chunks_mut(QUANTISED_TOGETHER * stride).zip(quantised.chunks_mut(QUANTISED_TOGETHER));
        let items: Vec<_> = v.chunks(QUANTISED_TOGETHER * d).zip(slots.map(Mutex::new)).collect();
        scanner.for_each(items.len(), &|item| {
            let (v, slot) = &items[item];
            let (bytes, quantised) = &mut *slot.lock().unwrap_or_else(PoisonError::into_inner);
            for ((v, q), quantised) in
                v.chunks_exact(d).zip(bytes.chunks_exact_mut(stride)).zip(&mut **quantised)
            {
                *quantised = scanner.quantise(v, q);
            }
        });
        drop(items);
        Self { v, d, bytes, quantised }
    }

    pub(crate) fn len(&self) -> usize {
        self.quantised.len()
    }

    /// Some rows.
    pub(crate) fn some(&self, queries: Range<usize>) -> &'a [f32] {
        &self.v[queries.start * self.d..queries.end * self.d]
    }

    /// All rows.
    pub(crate) fn rows(&self) -> &'a [f32] {
        self.v
    }

    pub(crate) fn row(&self, query: usize) -> &'a [f32] {
        &self.v[query * self.d..][..self.d]
    }

    /// The bytes of a query, filled up to whole quads of columns.
    pub(crate) fn bytes(&self, query: usize) -> &[i8] {
        let stride = self.d.next_multiple_of(PANEL_QUAD);
        &self.bytes[query * stride..][..stride]
    }
}
