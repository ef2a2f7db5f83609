//! File formats by extension.

use std::fmt;
use std::path::Path;

use crate::npz::split_key;

/// A format of array files, known by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// NumPy's array file.
    Npy,
    /// NumPy's archive of array files.
    Npz,
    /// Rows of f32, each after its dimension.
    Fvecs,
    /// Rows of u8, each after its dimension.
    Bvecs,
    /// Rows of i32, each after its dimension: labels and neighbours.
    Ivecs,
    /// Numbers as text, separated by commas.
    Csv,
    /// Numbers as text, separated by tabs.
    Tsv,
    /// Sparse rows as text, `label index:value ...`: svmlight's and LIBSVM's.
    Svmlight,
}

impl Format {
    const ALL: [Self; 8] =
        [Self::Npy, Self::Npz, Self::Fvecs, Self::Bvecs, Self::Ivecs, Self::Csv, Self::Tsv, Self::Svmlight];

    /// The format of a path by its extension, in either case; `None` where that is not known.
    /// An array in an archive, `file.npz:key`, is [`Format::Npz`].
    pub fn of(path: impl AsRef<Path>) -> Option<Self> {
        let path = path.as_ref();
        if split_key(path).is_some() {
            return Some(Self::Npz);
        }
        let extension = path.extension()?;
        let is_of = |format: &Self| format.extensions().iter().any(|own| extension.eq_ignore_ascii_case(own));
        Self::ALL.into_iter().find(is_of)
    }

    /// All extensions, without the dot; the usual one first.
    const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Npy => &["npy"],
            Self::Npz => &["npz"],
            Self::Fvecs => &["fvecs"],
            Self::Bvecs => &["bvecs"],
            Self::Ivecs => &["ivecs"],
            Self::Csv => &["csv"],
            Self::Tsv => &["tsv"],
            Self::Svmlight => &["svm", "libsvm", "svmlight"],
        }
    }

    /// The extension, without the dot; the usual one where there are several.
    pub const fn extension(self) -> &'static str {
        self.extensions()[0]
    }

    /// The byte between the fields of a text file.
    pub(crate) const fn delimiter(self) -> u8 {
        match self {
            Self::Tsv => b'\t',
            _ => b',',
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}
