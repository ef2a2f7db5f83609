//! DATA.

use std::io;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use kmeans::Points;
use kmeans::data::{
    CsvRows, EncodedRows, Missing, RowRange, RowWidth, describe, open_codec, open_with, read_ids,
};

use super::failure::Usage;
use super::values::RowsArg;

/// An archive and a key of it.
const KEY: &str = ".npz:";

/// The table of rows to work on.
#[derive(Args)]
pub(crate) struct DataArg {
    /// Rows: .npy, .npz:key, .fvecs, .bvecs, .csv, .tsv, or - for CSV on standard input; sparse rows: .npz
    /// of SciPy, .svm, .libsvm, .svmlight
    #[arg(value_name = "DATA")]
    path: String,
    /// Only the rows a:b (counted from 0, b excluded; either may be left out)
    #[arg(long, value_name = "A:B")]
    rows: Option<RowsArg>,
}

impl DataArg {
    /// The rows, with what is asked for in place of fields of text that hold no value.
    fn open(&self, missing: Missing) -> Result<Box<dyn Points>> {
        let points: Box<dyn Points> = if self.path == "-" {
            let stdin = io::stdin().lock();
            Box::new(CsvRows::from_reader_with(stdin, b',', "standard input", missing)?.into_rows())
        } else {
            open_with(Path::new(&self.path), missing)?
        };
        self.part_of(points)
    }

    /// The rows, or where there is a codec, what it makes of the codes in the file.
    pub(crate) fn open_decoded(&self, codec: Option<&str>) -> Result<Box<dyn Points>> {
        self.open_decoded_with(codec, Missing::Refuse)
    }

    /// The same, where fields of text may hold no value.
    pub(crate) fn open_decoded_with(&self, codec: Option<&str>, missing: Missing) -> Result<Box<dyn Points>> {
        let Some(spec) = codec else { return self.open(missing) };
        if self.path == "-" {
            return Err(Usage("codes are read from a .npy file, not from standard input".to_owned()).into());
        }
        let codec = open_codec(spec, RowWidth::CodeBytes(describe(&self.path)?.dim))?;
        self.part_of(Box::new(EncodedRows::open(&self.path, codec)?))
    }

    /// The rows of `--rows`, or all.
    pub(crate) fn part_of(&self, points: Box<dyn Points>) -> Result<Box<dyn Points>> {
        Ok(match self.rows {
            None => points,
            Some(rows) => {
                let range = rows.of(points.rows());
                Box::new(RowRange::new(points, range)?)
            }
        })
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The file that holds the rows: of `file.npz:key`, the archive.
    pub(crate) fn file(&self) -> &Path {
        file_of(Path::new(&self.path))
    }
}

/// The table of rows to work on, where there may be none.
#[derive(Args)]
pub(crate) struct OptionalDataArg {
    /// Rows: .npy, .npz:key, .fvecs, .bvecs, .csv, .tsv, or - for CSV on standard input; sparse rows: .npz
    /// of SciPy, .svm, .libsvm, .svmlight
    #[arg(value_name = "DATA")]
    path: Option<String>,
    /// Only the rows a:b (counted from 0, b excluded; either may be left out)
    #[arg(long, value_name = "A:B", requires = "path")]
    rows: Option<RowsArg>,
}

impl OptionalDataArg {
    pub(crate) fn given(&self) -> Option<DataArg> {
        self.path.clone().map(|path| DataArg { path, rows: self.rows })
    }
}

/// The file that an array is in: of `file.npz:key`, the archive.
pub(crate) fn file_of(path: &Path) -> &Path {
    let Some(text) = path.to_str() else { return path };
    let key = text.to_ascii_lowercase().rfind(KEY).map(|at| at + KEY.len() - 1);
    Path::new(&text[..key.unwrap_or(text.len())])
}

/// One id a row, of a file that may not be given.
pub(crate) fn ids(path: Option<&Path>) -> Result<Option<Vec<u64>>> {
    Ok(path.map(read_ids).transpose()?)
}

/// The file of a codec's parameters, where it has one.
pub(crate) fn codec_file(spec: &str) -> Option<&Path> {
    spec.split_once(':').map(|(_, file)| Path::new(file))
}
