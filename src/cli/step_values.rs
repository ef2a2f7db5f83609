//! Values of the flags of steps.

use std::path::PathBuf;
use std::str::FromStr;

use kmeans::{Impute, Outliers, Params, PcaSolver};

/// The value of `--drop-outliers`.
#[derive(Clone, Debug)]
pub(crate) struct OutlierArg {
    pub(crate) rule: Outliers,
    /// Whose centroids distances are measured to.
    pub(crate) model: Option<PathBuf>,
}

impl FromStr for OutlierArg {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let expected = || "expected zscore:Z, iqr:F, distance:Z or distance:Z:MODEL.safetensors".to_owned();
        let (kind, rest) = s.split_once(':').ok_or_else(expected)?;
        let number = |text: &str| text.parse::<f64>().map_err(|_| expected());
        let without_model = |rule| Ok(Self { rule, model: None });
        match (kind, rest.split_once(':')) {
            ("zscore", None) => without_model(Outliers::ZScore(number(rest)?)),
            ("iqr", None) => without_model(Outliers::Iqr(number(rest)?)),
            ("distance", None) => without_model(Outliers::Distance { z: number(rest)?, centroids: None }),
            ("distance", Some((z, model))) if !model.is_empty() => {
                let rule = Outliers::Distance { z: number(z)?, centroids: None };
                Ok(Self { rule, model: Some(model.into()) })
            }
            _ => Err(expected()),
        }
    }
}

/// The value of `--impute`.
pub(crate) fn impute(s: &str) -> Result<Impute, String> {
    match s {
        "mean" => Ok(Impute::Mean),
        "median" => Ok(Impute::Median),
        number => match number.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(Impute::Constant(value)),
            _ => Err("expected mean, median or a finite number".to_owned()),
        },
    }
}

/// The value of `--pca-solver`.
pub(crate) fn solver(s: &str) -> Result<PcaSolver, String> {
    let expected = || "expected exact, randomized or randomized:SEED".to_owned();
    match s.split_once(':') {
        None if s == "exact" => Ok(PcaSolver::Exact),
        None if s == "randomized" => Ok(PcaSolver::Randomized { seed: Params::default().seed }),
        Some(("randomized", seed)) => {
            Ok(PcaSolver::Randomized { seed: seed.parse().map_err(|_| expected())? })
        }
        _ => Err(expected()),
    }
}
