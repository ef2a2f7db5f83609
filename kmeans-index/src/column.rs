//! Numbers one after the other, in memory or in a mapped file.

use std::ops::Range;
use std::sync::Arc;

use bytemuck::Pod;
use kmeans_data::MappedFile;

/// A column of numbers.
#[derive(Clone)]
pub(crate) enum Column<T> {
    /// In memory.
    Held(Vec<T>),
    /// In a file, whose bytes there are so many whole and aligned numbers.
    Mapped { file: Arc<MappedFile>, bytes: Range<usize> },
}

impl<T: Pod> Column<T> {
    pub(crate) const EMPTY: Self = Self::Held(Vec::new());

    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::Held(values) => values,
            // Whoever made the column has seen to it that they are.
            Self::Mapped { file, bytes } => {
                bytemuck::try_cast_slice(&file.bytes()[bytes.clone()]).unwrap_or_default()
            }
        }
    }

    /// The numbers in memory, to be changed; those of a file are copied.
    pub(crate) fn held(&mut self) -> &mut Vec<T> {
        if let Self::Mapped { .. } = self {
            *self = Self::Held(self.as_slice().to_vec());
        }
        match self {
            Self::Held(values) => values,
            Self::Mapped { .. } => unreachable!("it was copied"),
        }
    }

    /// Bytes in memory of its own.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Self::Held(values) => size_of_val(values.as_slice()),
            Self::Mapped { .. } => 0,
        }
    }
}
