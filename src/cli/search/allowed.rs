//! Which vectors may be found.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::cli::input::{file_of, ids};

#[derive(Args)]
pub(super) struct Allowed {
    /// Search among the vectors of these ids only (.npy, .npz:key, .csv, .tsv, .ivecs, one id a row)
    #[arg(long, value_name = "IDS")]
    only: Option<PathBuf>,
    /// Search among all vectors but those of these ids
    #[arg(long, value_name = "IDS")]
    except: Option<PathBuf>,
}

/// The ids that may be found.
pub(super) struct Ids {
    only: Option<HashSet<u64>>,
    except: HashSet<u64>,
}

impl Allowed {
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Path> {
        [&self.only, &self.except].into_iter().flatten().map(|path| file_of(path))
    }

    /// What may be found, where that is not all.
    pub(super) fn filter(&self) -> Result<Option<Ids>> {
        if self.only.is_none() && self.except.is_none() {
            return Ok(None);
        }
        Ok(Some(Ids { only: set(&self.only)?, except: set(&self.except)?.unwrap_or_default() }))
    }
}

fn set(path: &Option<PathBuf>) -> Result<Option<HashSet<u64>>> {
    Ok(ids(path.as_deref())?.map(HashSet::from_iter))
}

impl Ids {
    pub(super) fn allows(&self, id: u64) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&id)) && !self.except.contains(&id)
    }
}
