//! A file's bytes: mapped, or held where they had to be unpacked.

use std::ops::Range;

use crate::mapped::MappedFile;

pub(crate) enum FileBytes {
    Mapped(MappedFile),
    Held(Vec<u8>),
}

impl FileBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(file) => file.bytes(),
            Self::Held(bytes) => bytes,
        }
    }

    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self, Self::Mapped(_))
    }

    /// Reads with `read` what lies in `ranges`, without what lies between, if the bytes are mapped.
    pub(crate) fn read_scattered<T>(
        &self,
        ranges: impl Iterator<Item = Range<usize>>,
        read: impl FnOnce() -> T,
    ) -> T {
        match self {
            Self::Mapped(file) => file.read_scattered(ranges, read),
            Self::Held(_) => read(),
        }
    }

    /// Starts to fetch the pages of `range` if the bytes are mapped.
    pub(crate) fn prefetch(&self, range: Range<usize>) {
        if let Self::Mapped(file) = self {
            file.prefetch(range);
        }
    }

    /// Gives back the pages of `range` if the bytes are mapped.
    pub(crate) fn release(&self, range: Range<usize>) {
        if let Self::Mapped(file) = self {
            file.release(range);
        }
    }
}
