//! What "nearest" means.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use crate::Error;

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
}

impl Metric {
    /// What `⟨v, c⟩` counts for in a score `bias + factor·⟨v, c⟩`, of which the smallest wins.
    pub fn score_factor(self) -> f32 {
        match self {
            Self::L2 => -2.0,
            Self::InnerProduct => -1.0,
        }
    }

    /// Whether the direct form is `Σ v·c`, where larger is nearer, instead of `Σ (v − c)²`.
    pub fn is_similarity(self) -> bool {
        match self {
            Self::L2 => false,
            Self::InnerProduct => true,
        }
    }

    /// Whether objective `a` is better than objective `b`: smaller for L2, larger for inner product.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        match self {
            Self::L2 => a < b,
            Self::InnerProduct => a > b,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L2 => "l2",
            Self::InnerProduct => "ip",
        })
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        match s {
            "l2" => Ok(Self::L2),
            "ip" => Ok(Self::InnerProduct),
            _ => Err(Error::Parameter { name: "metric", value: s.to_owned(), expected: "l2 or ip" }),
        }
    }
}
