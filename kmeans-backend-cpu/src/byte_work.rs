//! A block of rows and what it chooses from, by bytes.

use crate::byte_isa::ByteIsa;
use crate::byte_panels::BytePanels;
use crate::bytes::ByteRows;
use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::prepared::CpuPrepared;

/// No centroid.
pub(crate) const NONE: u32 = u32::MAX;

/// Rows and centroids as bytes.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    pub(crate) isa: ByteIsa,
    pub(crate) rows: &'a ByteRows,
    pub(crate) panels: &'a BytePanels,
}

/// Rows from number `start` on, and what they choose from.
pub(crate) struct ByteWork<'a, 'p> {
    pub(crate) isa: Isa,
    pub(crate) bytes: Bytes<'a>,
    pub(crate) rows: &'a CpuPrepared<'p>,
    pub(crate) codebook: &'a CpuCodebook,
    pub(crate) start: usize,
    pub(crate) count: usize,
}
