//! `kmeans convert`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use kmeans::data::{
    CodeBits, Codec, Dtype, Format, Output, RowWidth, RowWriter, Rows, ScalarQuantizer, create_rows,
    create_rows_as, open_codec, write_csr_npz, write_encoded,
};
use kmeans::{KMeansModel, Overwrite, Points};

use super::failure::Usage;
use super::input::{DataArg, codec_file};
use super::progress::Bars;
use super::{interrupt, output};

/// Values copied at a time: 16 MiB of f32.
const BLOCK_VALUES: usize = 1 << 22;

pub(crate) const INTERRUPTED: &str = "interrupted: no file is written";

/// Copy rows from one format to another; the formats go by the extensions.
///
/// A model gives its centroids: kmeans convert model.safetensors centroids.csv
///
/// Encode rows, and train on the codes: kmeans convert x.npy codes.npy --codec sq8 --codec-params r.npy;
/// kmeans train codes.npy --codec sq8:r.npy -k 100 -o model.safetensors
#[derive(Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    data: DataArg,
    /// File to write (.npy, .fvecs, .bvecs, .csv, .tsv; sparse rows also .npz)
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Type of the values in a .npy file: f32, f64, f16, u8, i8 [default: f32]; values must fit
    #[arg(long)]
    dtype: Option<Dtype>,
    /// Write codes (.npy u8) instead of values: f16, bf16, u8, sq8 or sq4 with ranges learned from the rows,
    /// sq8:RANGES.npy, sq4:RANGES.npy, pq:CODEBOOKS.npy
    #[arg(long, value_name = "SPEC", conflicts_with = "dtype")]
    codec: Option<String>,
    /// Where the ranges that --codec sq8 or sq4 learns are written (.npy f32, 2×d)
    #[arg(long, value_name = "F", requires = "codec")]
    codec_params: Option<PathBuf>,
    /// DATA holds codes (.npy u8): f16, bf16, u8, sq8:RANGES.npy, sq4:RANGES.npy, pq:CODEBOOKS.npy
    #[arg(long, value_name = "SPEC")]
    decode: Option<String>,
    /// Replace the output file if it exists
    #[arg(long)]
    force: bool,
    /// No progress bar
    #[arg(short, long)]
    quiet: bool,
}

impl Convert {
    pub(crate) fn run(&self) -> Result<()> {
        self.check_options()?;
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.check_outputs()?;
        let points = self.open()?;
        match (&self.codec, self.is_to_sparse()) {
            (Some(spec), _) => self.encode(&*points, spec),
            (None, true) => self.copy_sparse(&*points),
            (None, false) => self.copy(&*points, bars),
        }
    }

    /// Options that would be ignored are refused.
    fn check_options(&self) -> Result<(), Usage> {
        let learns = self.codec.as_deref().is_some_and(|spec| learned_bits(spec).is_some());
        match (&self.codec, &self.codec_params) {
            (Some(spec), None) if learns => {
                Err(Usage(format!("--codec {spec} needs --codec-params F.npy for the ranges it learns")))
            }
            (Some(spec), Some(_)) if !learns => {
                Err(Usage(format!("--codec-params goes with --codec sq8 or sq4, not with {spec}")))
            }
            (None, _) if self.is_to_sparse() && self.dtype.is_some() => {
                Err(Usage("--dtype goes with .npy: sparse rows are written as f32".to_owned()))
            }
            _ if self.is_model() && self.decode.is_some() => {
                Err(Usage("--decode goes with codes, not with a model".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn check_outputs(&self) -> Result<()> {
        let kind = match (&self.codec, self.is_to_sparse()) {
            (Some(_), _) => Output::Codes,
            (None, true) => Output::SparseRows,
            (None, false) => Output::Rows,
        };
        let outputs = [(Some(self.out.as_path()), kind), (self.codec_params.as_deref(), Output::Codes)];
        let codecs = [&self.codec, &self.decode].into_iter().flatten();
        let inputs: Vec<&Path> =
            codecs.filter_map(|spec| codec_file(spec)).chain([self.data.file()]).collect();
        output::check(&outputs, &inputs, self.force)
    }

    fn is_to_sparse(&self) -> bool {
        Format::of(&self.out) == Some(Format::Npz)
    }

    fn is_model(&self) -> bool {
        self.data.path().to_lowercase().ends_with(".safetensors")
    }

    fn open(&self) -> Result<Box<dyn Points>> {
        if !self.is_model() {
            return self.data.open_decoded(self.decode.as_deref());
        }
        let model = KMeansModel::load(self.data.path())?;
        let centroids = Rows::new(model.centroids().to_vec(), model.dim())?.with_name(self.data.path());
        self.data.part_of(Box::new(centroids))
    }

    fn overwrite(&self) -> Overwrite {
        output::overwrite(self.force)
    }

    fn copy(&self, points: &dyn Points, bars: Bars) -> Result<()> {
        let (n, d) = (points.rows(), points.dim());
        let mut writer = create(&self.out, n, d, self.dtype, self.force)?;
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

    fn copy_sparse(&self, points: &dyn Points) -> Result<()> {
        let Some(rows) = points.lend_csr(0..points.rows()) else {
            let (out, name) = (self.out.display(), points.name());
            return Err(
                Usage(format!("{out}: only sparse rows are written as .npz, and {name} is dense")).into()
            );
        };
        Ok(write_csr_npz(&self.out, rows, self.overwrite())?)
    }

    fn encode(&self, points: &dyn Points, spec: &str) -> Result<()> {
        let codec = self.codec(points, spec)?;
        Ok(write_encoded(&self.out, points, &*codec, self.overwrite())?)
    }

    /// The codec named, or one that learns its ranges from the rows and keeps them in a file.
    fn codec(&self, points: &dyn Points, spec: &str) -> Result<Arc<dyn Codec>> {
        let Some((bits, path)) = learned_bits(spec).zip(self.codec_params.as_ref()) else {
            return Ok(open_codec(spec, RowWidth::Columns(points.dim()))?);
        };
        let codec = ScalarQuantizer::train(points, bits)?;
        codec.save(path, self.overwrite())?;
        Ok(Arc::new(codec))
    }
}

/// The bits of a codec that learns from the rows.
fn learned_bits(spec: &str) -> Option<CodeBits> {
    match spec {
        "sq8" => Some(CodeBits::Eight),
        "sq4" => Some(CodeBits::Four),
        _ => None,
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
