//! What assigns rows to centroids.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use anyhow::Result;
use kmeans::index::IndexAssigner;
use kmeans::{Assigner, Device, Metric};

/// Cells that are looked into where the user does not say.
const NPROBE: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// The value of `--assign`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AssignArg {
    #[default]
    Exact,
    Approximate {
        nprobe: NonZeroUsize,
    },
    Index,
}

impl AssignArg {
    /// Whether there are cells, which can be trained again.
    pub(super) fn has_cells(self) -> bool {
        matches!(self, Self::Approximate { .. })
    }

    /// What replaces the engine's own choice, if anything does.
    pub(super) fn assigner(self, device: &Device, metric: Metric) -> Result<Option<Box<dyn Assigner>>> {
        match self {
            Self::Exact => Ok(None),
            Self::Approximate { nprobe } => {
                Ok(Some(Box::new(IndexAssigner::cells(device.clone(), metric, nprobe.get())?)))
            }
            Self::Index => Ok(Some(Box::new(IndexAssigner::flat(device.clone(), metric)?))),
        }
    }
}

impl fmt::Display for AssignArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Index => f.write_str("index"),
            Self::Approximate { nprobe } if *nprobe == NPROBE => f.write_str("approximate"),
            Self::Approximate { nprobe } => write!(f, "approximate:{nprobe}"),
        }
    }
}

impl FromStr for AssignArg {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let unknown = || "expected exact, approximate, approximate:NPROBE or index".to_owned();
        match s.split_once(':') {
            None if s == "exact" => Ok(Self::Exact),
            None if s == "index" => Ok(Self::Index),
            None if s == "approximate" => Ok(Self::Approximate { nprobe: NPROBE }),
            Some(("approximate", nprobe)) => {
                nprobe.parse().map(|nprobe| Self::Approximate { nprobe }).map_err(|_| unknown())
            }
            _ => Err(unknown()),
        }
    }
}
