//! DATA.

use std::io;
use std::path::Path;

use clap::Args;
use kmeans::Points;
use kmeans::data::{CsvRows, RowRange};

use super::values::RowsArg;

/// The table of rows to work on.
#[derive(Args)]
pub(crate) struct DataArg {
    /// Rows: .npy, .npz:key, .fvecs, .bvecs, .csv, .tsv, or - for CSV on standard input
    #[arg(value_name = "DATA")]
    path: String,
    /// Only the rows a:b (counted from 0, b excluded; either may be left out)
    #[arg(long, value_name = "A:B")]
    rows: Option<RowsArg>,
}

impl DataArg {
    pub(crate) fn open(&self) -> anyhow::Result<Box<dyn Points>> {
        let points: Box<dyn Points> = if self.path == "-" {
            Box::new(CsvRows::from_reader(io::stdin().lock(), b',', "standard input")?.into_rows())
        } else {
            kmeans::open(Path::new(&self.path))?
        };
        self.part_of(points)
    }

    /// The rows of `--rows`, or all.
    pub(crate) fn part_of(&self, points: Box<dyn Points>) -> anyhow::Result<Box<dyn Points>> {
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
}
