//! Preparations as JSON, by themselves or in a model.

use std::path::Path;

use kmeans_data::{AtomicFile, Overwrite};
use serde::{Deserialize, Serialize, Serializer};

use super::fitted::{FittedStep, dim_after};
use super::prepared::Preparation;
use crate::error::{Error, Result};
use crate::model_file::read;

const FORMAT: &str = "kmeans-preparation";
const VERSION: u64 = 1;

/// What a file says before its steps are read.
#[derive(Deserialize)]
struct Heading {
    format: Option<String>,
    version: Option<u64>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u64,
    dim_in: usize,
    steps: &'a [FittedStep],
}

#[derive(Deserialize)]
struct Read {
    format: String,
    version: u64,
    dim_in: usize,
    steps: Vec<FittedStep>,
}

impl Serialize for Preparation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (dim_in, steps) = (self.dim_in(), self.fitted());
        Written { format: FORMAT, version: VERSION, dim_in, steps }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Preparation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(Read::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Each step must be for the columns that the one before leaves.
fn checked(Read { format, version, dim_in, steps }: Read) -> Result<Preparation, String> {
    if format != FORMAT || version != VERSION {
        return Err(format!(
            "it is {format:?} of version {version}, expected {FORMAT:?} of version {VERSION}"
        ));
    }
    if dim_in == 0 || steps.is_empty() {
        return Err(format!("{} steps for {dim_in} columns, expected at least one of each", steps.len()));
    }
    for (i, step) in steps.iter().enumerate() {
        if i > 0 && matches!(step, FittedStep::Impute(_)) {
            return Err(format!("step {}: missing values are filled by the first step only", i + 1));
        }
        step.check(dim_after(&steps[..i], dim_in)).map_err(|e| format!("step {}: {e}", i + 1))?;
    }
    Ok(Preparation::new(dim_in, steps))
}

impl Preparation {
    /// Writes the steps as JSON to a temporary file and renames it to `path`; read back they have the same bits.
    ///
    /// # Errors
    /// [`Error::Data`] where the file exists (and `overwrite` refuses) or cannot be written; then nothing is left behind.
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        let path = path.as_ref();
        let mut bytes = serde_json::to_vec(self).map_err(|e| unusable(path, e.to_string()))?;
        bytes.push(b'\n');
        let mut file = AtomicFile::create(path, overwrite)?;
        file.put(&bytes)?;
        Ok(file.commit()?)
    }

    /// Reads what [`Preparation::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Data`] where the file is missing or cannot be read, [`Error::PreparationFile`] where it is no preparation
    /// or damaged, [`Error::PreparationVersion`] where another version wrote it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path)?;
        let heading: Heading = serde_json::from_slice(&bytes)
            .map_err(|e| unusable(path, format!("its JSON cannot be read: {e}")))?;
        if heading.format.as_deref() != Some(FORMAT) {
            return Err(unusable(path, format!("its format is not {FORMAT}")));
        }
        if heading.version != Some(VERSION) {
            let found = heading.version.map_or("none".to_owned(), |version| version.to_string());
            return Err(Error::PreparationVersion { path: path.to_owned(), found, supported: VERSION });
        }
        serde_json::from_slice(&bytes).map_err(|e| unusable(path, e.to_string()))
    }
}

fn unusable(path: &Path, reason: String) -> Error {
    Error::PreparationFile { path: path.to_owned(), reason }
}
