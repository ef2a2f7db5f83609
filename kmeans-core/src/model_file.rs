//! Models as `.safetensors` files.
//!
//! Tensors: `centroids` F32 k×d (what other programs read), `offsets` F32 k×d and `origin` F32 d
//! (the exact centroids), `scale` F32 1, `cluster_sizes` U64 k. Metadata: `format`, `version`,
//! `params`, `report` and `preparation` (JSON; `null` while no preparation is part of a model).

use std::collections::HashMap;
use std::path::Path;

use kmeans_data::{AtomicFile, DataError, Overwrite};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::error::{Error, Result};
use crate::model::KMeansModel;
use crate::params::Params;
use crate::report::Report;

const FORMAT: &str = "kmeans-model";
const VERSION: &str = "1";

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
        file.put(&self.to_bytes().map_err(|e| unusable(path, e))?)?;
        Ok(file.commit()?)
    }

    fn to_bytes(&self) -> std::result::Result<Vec<u8>, String> {
        let (k, d) = (self.k(), self.dim());
        let centroids = f32_bytes(self.centroids());
        let offsets = f32_bytes(self.offsets());
        let origin = f32_bytes(self.origin());
        let scale = f32_bytes(&[self.scale()]);
        let sizes: Vec<u8> = self.cluster_sizes().iter().flat_map(|s| s.to_le_bytes()).collect();
        let view = |dtype, shape, data| TensorView::new(dtype, shape, data).map_err(|e| e.to_string());
        let tensors = [
            ("centroids", view(Dtype::F32, vec![k, d], &centroids)?),
            ("offsets", view(Dtype::F32, vec![k, d], &offsets)?),
            ("origin", view(Dtype::F32, vec![d], &origin)?),
            ("scale", view(Dtype::F32, vec![1], &scale)?),
            ("cluster_sizes", view(Dtype::U64, vec![k], &sizes)?),
        ];
        let json = |value: std::result::Result<String, serde_json::Error>| value.map_err(|e| e.to_string());
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("version".to_owned(), VERSION.to_owned()),
            ("params".to_owned(), json(serde_json::to_string(self.params()))?),
            ("report".to_owned(), json(serde_json::to_string(self.report()))?),
            ("preparation".to_owned(), "null".to_owned()),
        ]);
        safetensors::serialize(tensors, Some(metadata)).map_err(|e| e.to_string())
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`Error::Data`] where the file is missing or cannot be read, [`Error::ModelFile`] where it is
    /// no model or damaged, [`Error::ModelVersion`] where another version wrote it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path)?;
        let metadata = metadata(&bytes).map_err(|e| unusable(path, e))?;
        if metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(unusable(path, "not written by kmeans (its metadata names no kmeans-model)"));
        }
        match metadata.get("version").map(String::as_str) {
            Some(VERSION) => Self::from_bytes(&bytes, &metadata).map_err(|e| unusable(path, e)),
            other => Err(Error::ModelVersion {
                path: path.to_owned(),
                found: other.unwrap_or("none").to_owned(),
                supported: VERSION,
            }),
        }
    }

    fn from_bytes(bytes: &[u8], metadata: &HashMap<String, String>) -> std::result::Result<Self, String> {
        if metadata.get("preparation").map(String::as_str) != Some("null") {
            return Err("it asks for a preparation of the data that this version does not know".to_owned());
        }
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
        Ok(Self::from_parts(centroids, offsets, origin, scale, params, report))
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

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn unusable(path: &Path, reason: impl Into<String>) -> Error {
    Error::ModelFile { path: path.to_owned(), reason: reason.into() }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| {
        Error::Data(match source.kind() {
            std::io::ErrorKind::NotFound => DataError::Missing { path: path.to_owned() },
            std::io::ErrorKind::IsADirectory => DataError::NotAFile { name: path.display().to_string() },
            _ => DataError::Io { name: path.display().to_string(), source },
        })
    })
}
