//! Models as `.safetensors` files.
//!
//! Tensors: `centroids` F32 k×d (what other programs read), `offsets` F32 k×d and `origin` F32 d
//! (the exact centroids), `scale` F32 1, `cluster_sizes` U64 k. Metadata: `format`, `version`,
//! `params`, `report` and `preparation` (JSON; `null` where rows come as they are).

use std::collections::HashMap;
use std::path::Path;

use kmeans_data::{AtomicFile, DataError, Overwrite};
use safetensors::tensor::{Dtype, SafeTensors};

use crate::error::{Error, Result};
use crate::model::KMeansModel;
use crate::params::Params;
use crate::preparation::Preparation;
use crate::report::Report;
use crate::tensor_file::TensorLayout;

const FORMAT: &str = "kmeans-model";
const VERSION: &str = "1";
/// The longest header that the format allows.
const MOST_HEADER: usize = 100_000_000;

impl KMeansModel {
    /// Writes the model to a temporary file and renames it to `path`.
    ///
    /// # Errors
    /// [`Error::Data`] where the file exists (and `overwrite` refuses) or cannot be written; then
    /// nothing is left behind.
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        let path = path.as_ref();
        let file = AtomicFile::create(path, overwrite)?;
        self.save_to(file, path)
    }

    /// Writes the model into a file that was opened before the work began.
    pub fn save_to(&self, mut file: AtomicFile, path: &Path) -> Result<()> {
        file.put(&self.to_bytes().map_err(|e| unusable(path, e.to_string()))?)?;
        Ok(file.commit()?)
    }

    /// The bytes of a model file; they depend on the model alone.
    ///
    /// # Errors
    /// If the parameters, the report or the preparation cannot be written as JSON, or take more than the 100 MB that
    /// the format has room for.
    pub fn to_bytes(&self) -> std::result::Result<Vec<u8>, serde_json::Error> {
        let (k, d) = (self.k(), self.dim());
        let tensors = [
            ("centroids", Dtype::F32, vec![k, d]),
            ("offsets", Dtype::F32, vec![k, d]),
            ("origin", Dtype::F32, vec![d]),
            ("scale", Dtype::F32, vec![1]),
            ("cluster_sizes", Dtype::U64, vec![k]),
        ];
        let (params, report) = (serde_json::to_string(self.params())?, serde_json::to_string(self.report())?);
        let preparation = serde_json::to_string(&self.preparation())?;
        let metadata = [
            ("format", FORMAT),
            ("version", VERSION),
            ("params", &*params),
            ("report", &*report),
            ("preparation", &*preparation),
        ];
        let layout = TensorLayout::new(&metadata, &tensors);
        if layout.head().len() > MOST_HEADER {
            let bytes = layout.head().len();
            let reason =
                format!("a header of {bytes} bytes, at most {MOST_HEADER} fit: save its preparation apart");
            return Err(serde::ser::Error::custom(reason));
        }
        let mut bytes = Vec::with_capacity(layout.end() as usize);
        bytes.extend_from_slice(layout.head());
        for values in [self.centroids(), self.offsets(), self.origin(), &[self.scale()]] {
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(self.cluster_sizes().iter().flat_map(|size| size.to_le_bytes()));
        Ok(bytes)
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`Error::Data`] where the file is missing or cannot be read, [`Error::ModelFile`] where it is
    /// no model or damaged, [`Error::ModelVersion`] where another version wrote it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(&read(path)?, path)
    }

    /// Reads a model from the bytes of a model file; messages name `path`.
    ///
    /// # Errors
    /// As [`KMeansModel::load`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        let metadata = metadata(bytes).map_err(|e| unusable(path, e))?;
        if metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(unusable(path, "not written by kmeans (its metadata names no kmeans-model)"));
        }
        match metadata.get("version").map(String::as_str) {
            Some(VERSION) => Self::from_tensors(bytes, &metadata).map_err(|e| unusable(path, e)),
            other => Err(Error::ModelVersion {
                path: path.to_owned(),
                found: other.unwrap_or("none").to_owned(),
                supported: VERSION,
            }),
        }
    }

    fn from_tensors(bytes: &[u8], metadata: &HashMap<String, String>) -> std::result::Result<Self, String> {
        let preparation: Option<Preparation> = from_json(metadata, "preparation")?;
        let params: Params = from_json(metadata, "params")?;
        let report: Report = from_json(metadata, "report")?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let (k, d) = (report.k, report.d);
        if k == 0 || d == 0 || report.cluster_sizes.len() != k {
            return Err(format!(
                "its report speaks of {k} clusters of {d} columns and {} sizes",
                report.cluster_sizes.len()
            ));
        }
        let centroids = f32_tensor(&tensors, "centroids", &[k, d])?;
        let offsets = f32_tensor(&tensors, "offsets", &[k, d])?;
        let origin = f32_tensor(&tensors, "origin", &[d])?;
        let scale = f32_tensor(&tensors, "scale", &[1])?[0];
        if scale <= 0.0 || scale.to_bits().trailing_zeros() < 23 {
            return Err(format!("its scale is {scale}, expected a power of two"));
        }
        let model = Self::from_parts(centroids, offsets, origin, scale, params, report);
        model.with_preparation(preparation).map_err(|e| e.to_string())
    }

    /// Writes plain centroids, k×d, in the format of the extension (`.npy`, `.fvecs`, `.csv`).
    ///
    /// # Errors
    /// As [`KMeansModel::save`].
    pub fn save_centroids(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        let mut writer = kmeans_data::create_rows(path.as_ref(), self.k(), self.dim(), overwrite)?;
        writer.write_rows(self.centroids())?;
        Ok(writer.commit()?)
    }
}

fn metadata(bytes: &[u8]) -> std::result::Result<HashMap<String, String>, String> {
    let (_, header) = SafeTensors::read_metadata(bytes)
        .map_err(|e| format!("its safetensors header cannot be read ({e})"))?;
    Ok(header.metadata().clone().unwrap_or_default())
}

fn from_json<T: serde::de::DeserializeOwned>(
    metadata: &HashMap<String, String>,
    key: &str,
) -> std::result::Result<T, String> {
    let text = metadata.get(key).ok_or_else(|| format!("its metadata has no {key}"))?;
    serde_json::from_str(text).map_err(|e| format!("its {key} cannot be read: {e}"))
}

fn f32_tensor(
    tensors: &SafeTensors<'_>,
    name: &str,
    shape: &[usize],
) -> std::result::Result<Vec<f32>, String> {
    let tensor = tensors.tensor(name).map_err(|e| format!("tensor {name}: {e}"))?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
        return Err(format!(
            "tensor {name} is {:?} {:?}, expected F32 {shape:?}",
            tensor.dtype(),
            tensor.shape()
        ));
    }
    let (words, _) = tensor.data().as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|&b| f32::from_le_bytes(b)).collect();
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(format!("tensor {name}: value {at} is {}, expected a finite number", values[at])),
        None => Ok(values),
    }
}

fn unusable(path: &Path, reason: impl Into<String>) -> Error {
    Error::ModelFile { path: path.to_owned(), reason: reason.into() }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| {
        Error::Data(match source.kind() {
            std::io::ErrorKind::NotFound => DataError::Missing { path: path.to_owned() },
            std::io::ErrorKind::IsADirectory => DataError::NotAFile { name: path.display().to_string() },
            _ => DataError::Io { name: path.display().to_string(), source },
        })
    })
}
