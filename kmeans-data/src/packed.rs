//! Rows of small numbers, as they lie in memory.

use std::ops::Range;

use half::f16;

/// How the values of packed rows are written: each by itself, without a parameter to decode it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// IEEE halves, little-endian.
    F16,
    /// Integers 0 to 255.
    U8,
    /// Integers −128 to 127.
    I8,
}

impl Packing {
    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::U8 | Self::I8 => 1,
        }
    }
}

/// Rows n×d of packed values, row-major, lent.
#[derive(Clone, Copy, Debug)]
pub struct PackedView<'a> {
    bytes: &'a [u8],
    packing: Packing,
    dim: usize,
}

impl<'a> PackedView<'a> {
    /// Rows of `dim` columns; `None` if `bytes` are not whole rows of at least one column.
    pub fn new(bytes: &'a [u8], packing: Packing, dim: usize) -> Option<Self> {
        let row = packing.size().checked_mul(dim)?;
        (row > 0 && bytes.len().is_multiple_of(row)).then_some(Self { bytes, packing, dim })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.bytes.len() / self.row_bytes()
    }

    /// The number of columns.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How values are written.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// All values.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bytes of a row.
    pub fn row_bytes(&self) -> usize {
        self.packing.size() * self.dim
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// If one of them is not there.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        let bytes = &self.bytes[rows.start * self.row_bytes()..rows.end * self.row_bytes()];
        Self { bytes, ..*self }
    }

    /// A copy of the rows `ids`, in that order.
    ///
    /// # Panics
    /// If one of them is not there.
    pub fn select(&self, ids: &[usize]) -> Vec<u8> {
        ids.iter().flat_map(|&id| self.slice(id..id + 1).bytes).copied().collect()
    }

    /// All values as f32, row-major.
    pub fn unpack(&self) -> Vec<f32> {
        match self.packing {
            Packing::U8 => self.bytes.iter().map(|&byte| f32::from(byte)).collect(),
            Packing::I8 => self.bytes.iter().map(|&byte| f32::from(byte as i8)).collect(),
            Packing::F16 => {
                let halves = self.bytes.as_chunks().0.iter();
                halves.map(|&bytes| f16::from_le_bytes(bytes).to_f32()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_and_unpacked_by_number() {
        let bytes: Vec<u8> = [1.5_f32, -2.0, 0.0, 65504.0, 3.0, 6e-8]
            .iter()
            .flat_map(|&x| f16::from_f32(x).to_le_bytes())
            .collect();
        let view = PackedView::new(&bytes, Packing::F16, 2).unwrap();
        assert_eq!((view.rows(), view.slice(1..2).unpack()), (3, vec![0.0, 65504.0]));
        let picked = view.select(&[2, 0]);
        let picked = PackedView::new(&picked, Packing::F16, 2).unwrap();
        assert_eq!(picked.unpack()[2..], [1.5, -2.0]);
        assert_eq!(PackedView::new(&[7, 255], Packing::U8, 1).unwrap().unpack(), [7.0, 255.0]);
        assert!(
            PackedView::new(&bytes, Packing::F16, 4).is_none()
                && PackedView::new(&[], Packing::U8, 0).is_none()
        );
    }
}
