//! How far two rows are apart.

use std::fmt;
use std::str::FromStr;

use kmeans_core::{Metric, PairDistance};

/// The distance between rows that measures of pairs use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distance {
    /// `‖x − y‖`, not squared.
    #[default]
    Euclidean,
    /// `1 − cos(x, y)`; a row of zeros has no direction and is an error.
    Cosine,
}

impl Distance {
    /// The distance that goes with the metric of a training: cosine with that, else Euclidean.
    pub fn of(metric: Metric) -> Self {
        if metric == Metric::Cosine { Self::Cosine } else { Self::Euclidean }
    }

    /// What is measured on rows, those of the cosine having length 1: `1 − cos = ‖u − v‖²/2`.
    pub(crate) fn pairs(self) -> PairDistance {
        match self {
            Self::Euclidean => PairDistance::Euclidean,
            Self::Cosine => PairDistance::SqEuclidean,
        }
    }

    pub(crate) fn unit(self) -> f64 {
        match self {
            Self::Euclidean => 1.0,
            Self::Cosine => 0.5,
        }
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
        })
    }
}

impl FromStr for Distance {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "euclidean" => Ok(Self::Euclidean),
            "cosine" => Ok(Self::Cosine),
            _ => Err("expected euclidean or cosine".to_owned()),
        }
    }
}
