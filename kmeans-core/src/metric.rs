//! What "nearest" means.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use crate::Error;

/// The metrics of which [`Metric::is_fused`] is false, as messages name them.
pub(crate) const UNFUSED: &str = "metric l1, linf, kl or custom";

/// The measure by which a row chooses its centroid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Metric {
    /// Squared Euclidean distance `‖x − c‖²`; smaller is better.
    #[default]
    #[serde(rename = "l2")]
    L2,
    /// Inner product `⟨x, c⟩`; larger is better. Rows are not normalised.
    #[serde(rename = "ip")]
    InnerProduct,
    /// Cosine distance `1 − ⟨x, c⟩ / (‖x‖·‖c‖)`, from 0 to 2; smaller is better. Rows are normalised as
    /// they are read, centroids after each update. A row of zeros has no direction: it is at distance 1
    /// of every centroid, gets the first label, and moves no centroid.
    #[serde(rename = "cosine")]
    Cosine,
    /// City block distance `Σ |x − c|`, with medians as centroids; smaller is better.
    #[serde(rename = "l1")]
    L1,
    /// Largest difference in any column, `max |x − c|`, with midranges as centroids; smaller is better.
    #[serde(rename = "linf")]
    LInf,
    /// Generalised Kullback–Leibler divergence `Σ x·ln(x/c) − x + c` of rows that are not negative,
    /// with means as centroids; smaller is better.
    #[serde(rename = "kl")]
    KullbackLeibler,
    /// A [`crate::TensorMetric`] of the user's own. A model holds its name, see [`crate::Report::metric_name`], but
    /// not the metric itself: it is given again to assign and to transform.
    #[serde(rename = "custom")]
    Custom,
}

impl Metric {
    /// Whether engines have it: a score `bias + factor·⟨v, c⟩` decides. The others are trained in tensor
    /// operations, see [`crate::TensorMetric`], and never come to an [`crate::Engine`].
    pub fn is_fused(self) -> bool {
        match self {
            Self::L2 | Self::InnerProduct | Self::Cosine => true,
            Self::L1 | Self::LInf | Self::KullbackLeibler | Self::Custom => false,
        }
    }

    /// Refuses, at the door of an engine, what only tensor operations can do.
    ///
    /// # Errors
    /// [`Error::Parameter`] where [`Metric::is_fused`] is false.
    pub fn check_fused(self) -> Result<(), Error> {
        if self.is_fused() {
            return Ok(());
        }
        Err(Error::Parameter {
            name: "metric",
            value: self.to_string(),
            expected: "l2, ip or cosine: engines have no score for the others",
        })
    }

    /// Ends what only a metric of the engines can do.
    pub(crate) fn has_no_score(self) -> ! {
        panic!("engines have no score for {self}: it is trained in tensor operations")
    }

    /// What `⟨v, c⟩` counts for in a score `bias + factor·⟨v, c⟩`, of which the smallest wins.
    ///
    /// # Panics
    /// For a metric that [`Metric::is_fused`] is false for.
    pub fn score_factor(self) -> f32 {
        match self {
            Self::L2 => -2.0,
            Self::InnerProduct | Self::Cosine => -1.0,
            other => other.has_no_score(),
        }
    }

    /// Whether the direct form is `Σ v·c`, where larger is nearer, instead of `Σ (v − c)²`.
    pub fn is_similarity(self) -> bool {
        matches!(self, Self::InnerProduct | Self::Cosine)
    }

    /// Whether rows are normalised to length 1.
    pub fn has_unit_rows(self) -> bool {
        self == Self::Cosine
    }

    /// What an engine measured, `Σ (v − c)²` or `Σ v·c`, times `weight`, as the objective of this metric:
    /// itself, or for cosine `weight − Σ v·c`.
    pub fn objective(self, measured: f64, weight: f64) -> f64 {
        match self {
            Self::Cosine => (weight - measured).max(0.0),
            _ => measured,
        }
    }

    /// Whether objective `a` is better than objective `b`: smaller for distances, larger for the inner
    /// product.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        if self == Self::InnerProduct { a > b } else { a < b }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L2 => "l2",
            Self::InnerProduct => "ip",
            Self::Cosine => "cosine",
            Self::L1 => "l1",
            Self::LInf => "linf",
            Self::KullbackLeibler => "kl",
            Self::Custom => "custom",
        })
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        match s {
            "l2" => Ok(Self::L2),
            "ip" => Ok(Self::InnerProduct),
            "cosine" => Ok(Self::Cosine),
            "l1" => Ok(Self::L1),
            "linf" => Ok(Self::LInf),
            "kl" => Ok(Self::KullbackLeibler),
            _ => Err(Error::Parameter {
                name: "metric",
                value: s.to_owned(),
                expected: "one of l2, ip, cosine, l1, linf, kl",
            }),
        }
    }
}
