//! Errors by what a program does about them.

use crate::error::DataError;

/// The kinds of errors that a program tells apart, as the exit codes of the command do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An input is missing.
    Missing,
    /// An input is not what it should be.
    BadData,
    /// An output cannot be written.
    CannotWrite,
    /// An output is there already.
    Exists,
    /// A format, or a type for a format, that is not supported.
    Unsupported,
    /// The operating system failed to read.
    Io,
    /// The caller asked for rows, or gave a buffer, that do not fit the source: an argument is wrong, not a file.
    Misuse,
}

impl DataError {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. } => ErrorKind::Missing,
            Self::Io { .. } => ErrorKind::Io,
            Self::CannotWrite { .. } => ErrorKind::CannotWrite,
            Self::Exists { .. } => ErrorKind::Exists,
            Self::UnknownExtension { .. }
            | Self::FormatDtype { .. }
            | Self::UnknownDtype { .. }
            | Self::UnknownCodec { .. }
            | Self::SparseLayout { .. } => ErrorKind::Unsupported,
            Self::NotRows { .. }
            | Self::OutOfRows { .. }
            | Self::BufferLength { .. }
            | Self::NotCodebooks { .. }
            | Self::RowCount { .. } => ErrorKind::Misuse,
            _ => ErrorKind::BadData,
        }
    }
}
