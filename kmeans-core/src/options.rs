//! The choices among the parameters of a training.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::init::{InitFunction, InitRequest};

/// How first centroids are drawn, apart from those that are given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Init {
    /// k-means++: each next centroid is a row drawn with probability proportional to `w·D²`, `D`
    /// being the distance to the centroids so far \[AV07\]. About two iterations of work.
    #[default]
    #[serde(rename = "kmeans++")]
    KMeansPlusPlus,
    /// Greedy k-means++: each next centroid is the best of several rows drawn like that, by the
    /// potential that it leaves \[AV07\], as scikit-learn does. One pass over the rows a centroid.
    #[serde(rename = "greedy-kmeans++")]
    GreedyKMeansPlusPlus {
        /// Rows drawn for each centroid; `None`: `2 + ln k`, rounded down.
        trials: Option<usize>,
    },
    /// k-means‖: a few rounds draw many candidates at once, which are then clustered to k \[BMVKV12\].
    KMeansParallel,
    /// AFK-MC²: k-means++ drawn by Markov chains of `afkmc2_chain_length` steps \[BLHK16\]. One pass
    /// over the rows, whatever k is.
    #[serde(rename = "afk-mc2")]
    AfkMc2,
    /// Different rows, uniformly (with weights: in proportion to them).
    Random,
    /// A function of the user's own. A saved model keeps that there was one, not the function.
    #[serde(skip)]
    Function(InitFunction),
}

impl Init {
    /// An initialisation by a function, which gets the rows trained on and returns k×d values.
    pub fn function<F>(function: F) -> Self
    where
        F: Fn(&InitRequest<'_>) -> Result<Vec<f32>, String> + Send + Sync + 'static,
    {
        Self::Function(InitFunction(Arc::new(function)))
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KMeansPlusPlus => "kmeans++",
            Self::GreedyKMeansPlusPlus { .. } => "greedy-kmeans++",
            Self::KMeansParallel => "kmeans-parallel",
            Self::AfkMc2 => "afk-mc2",
            Self::Random => "random",
            Self::Function(_) => "function",
        })
    }
}

impl FromStr for Init {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        match s {
            "kmeans++" => Ok(Self::KMeansPlusPlus),
            "greedy-kmeans++" => Ok(Self::GreedyKMeansPlusPlus { trials: None }),
            "kmeans-parallel" => Ok(Self::KMeansParallel),
            "afk-mc2" => Ok(Self::AfkMc2),
            "random" => Ok(Self::Random),
            _ => Err(unknown("init", s, "kmeans++, greedy-kmeans++, kmeans-parallel, afk-mc2 or random")),
        }
    }
}

/// What becomes of a cluster that has no rows after an iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EmptyClusters {
    /// It takes half of another cluster, drawn in proportion to its rows.
    #[default]
    Split,
    /// It moves to the row that is farthest from its own centroid (in weighted squared distance), as
    /// in scikit-learn.
    Farthest,
    /// It keeps its centroid.
    Keep,
}

impl fmt::Display for EmptyClusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Split => "split",
            Self::Farthest => "farthest",
            Self::Keep => "keep",
        })
    }
}

impl FromStr for EmptyClusters {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        match s {
            "split" => Ok(Self::Split),
            "farthest" => Ok(Self::Farthest),
            "keep" => Ok(Self::Keep),
            _ => Err(unknown("empty_clusters", s, "split, farthest or keep")),
        }
    }
}

/// Whose random choices to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Seeding {
    /// Ours: unbiased, in memory of the sample, with weights.
    #[default]
    Native,
    /// Those of Faiss from the same seed: its sample, its random initialisation and its donors for
    /// empty clusters, so that a run follows the same trajectory. Weights do not change the sample or
    /// the initialisation, as there.
    Faiss,
}

impl fmt::Display for Seeding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Faiss => "faiss",
        })
    }
}

impl FromStr for Seeding {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        match s {
            "native" => Ok(Self::Native),
            "faiss" => Ok(Self::Faiss),
            _ => Err(unknown("seeding", s, "native or faiss")),
        }
    }
}

/// Whether an engine may rule out centroids by bounds before it scores them.
///
/// Bounds are never statistical: labels, sums and distances are the same to the last bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Pruning {
    /// Where it is expected to pay, until a pass shows that it does not.
    #[default]
    Auto,
    /// Never: every pair is scored.
    Off,
    /// By bytes and bounds across iterations wherever it can be done, for tests and measurements. Some processors
    /// and data are slower by it.
    Always,
}

impl fmt::Display for Pruning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Off => "off",
            Self::Always => "always",
        })
    }
}

impl FromStr for Pruning {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self, Error> {
        match s {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            "always" => Ok(Self::Always),
            _ => Err(unknown("pruning", s, "auto, off or always")),
        }
    }
}

fn unknown(name: &'static str, value: &str, expected: &'static str) -> Error {
    Error::Parameter { name, value: value.to_owned(), expected }
}
