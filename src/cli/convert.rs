//! `kmeans convert`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use kmeans::data::{Dtype, Output, RowWriter, Rows, create_rows, create_rows_as};
use kmeans::{KMeansModel, Points};

use super::input::DataArg;
use super::output;
use super::progress::Bars;

/// Values copied at a time: 16 MiB of f32.
const BLOCK_VALUES: usize = 1 << 22;

/// Copy rows from one format to another; the formats go by the extensions.
///
/// A model gives its centroids: kmeans convert model.safetensors centroids.csv
#[derive(Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    data: DataArg,
    /// File to write (.npy, .fvecs, .bvecs, .csv, .tsv)
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Type of the values in a .npy file: f32, f64, f16, u8, i8 [default: f32]; values must fit
    #[arg(long)]
    dtype: Option<Dtype>,
    /// Replace the output file if it exists
    #[arg(long)]
    force: bool,
    /// No progress bar
    #[arg(short, long)]
    quiet: bool,
}

impl Convert {
    pub(crate) fn run(&self) -> Result<()> {
        let input = Path::new(self.data.path());
        output::check(&[(Some(self.out.as_path()), Output::Rows)], &[input], self.force)?;
        let points = self.open()?;
        let mut writer = create(&self.out, points.rows(), points.dim(), self.dtype, self.force)?;
        let bars = Bars::new(0, self.quiet, false);
        let (n, d) = (points.rows(), points.dim());
        let step = (BLOCK_VALUES / d).max(1);
        let mut block = Vec::new();
        for start in (0..n).step_by(step) {
            let rows = start..n.min(start + step);
            block.resize(rows.len() * d, 0.0);
            points.read(rows.clone(), &mut block)?;
            writer.write_rows(&block)?;
            points.release(rows.clone());
            bars.place("rows copied", rows.end, n, "");
        }
        writer.commit()?;
        bars.finish();
        Ok(())
    }

    fn open(&self) -> Result<Box<dyn Points>> {
        if !self.data.path().to_lowercase().ends_with(".safetensors") {
            return self.data.open();
        }
        let model = KMeansModel::load(self.data.path())?;
        let centroids = Rows::new(model.centroids().to_vec(), model.dim())?.with_name(self.data.path());
        self.data.part_of(Box::new(centroids))
    }
}

/// A file of rows by its extension, with another type than f32 if asked for.
pub(crate) fn create(
    path: &Path,
    n: usize,
    d: usize,
    dtype: Option<Dtype>,
    force: bool,
) -> Result<RowWriter> {
    let overwrite = output::overwrite(force);
    Ok(match dtype {
        None => create_rows(path, n, d, overwrite)?,
        Some(dtype) => create_rows_as(path, n, d, dtype, overwrite)?,
    })
}
