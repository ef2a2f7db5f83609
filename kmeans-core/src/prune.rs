//! What pruning may do, and what it may take for that.

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::metric::UNFUSED;
use crate::options::Pruning;
use crate::params::Params;

/// [`Params::pruning`] and [`Params::pruning_memory`]; where nothing is said the engine decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prune {
    pub(crate) pruning: Option<Pruning>,
    pub(crate) memory: Option<u64>,
}

impl Prune {
    pub(crate) fn of(params: &Params) -> Self {
        Self { pruning: params.pruning, memory: params.pruning_memory }
    }

    /// For some of `n` rows that are held together: they get their share of the memory.
    pub(crate) fn share(self, rows: usize, n: usize) -> Self {
        let share = |bytes| (u128::from(bytes) * rows as u128 / n.max(1) as u128) as u64;
        Self { memory: self.memory.map(share), ..self }
    }

    pub(crate) fn set<E: Engine>(self, engine: &E, rows: &mut E::Prepared<'_>) -> Result<()> {
        if self == Self::default() {
            return Ok(());
        }
        engine.set_pruning(rows, self.pruning.unwrap_or_default(), self.memory)
    }

    /// Distances of other metrics have no bounds.
    pub(crate) fn refuse(self) -> Result<()> {
        let refused = [
            ("pruning always", self.pruning == Some(Pruning::Always)),
            ("pruning_memory", self.memory.is_some()),
        ];
        match refused.iter().find(|(_, is_set)| *is_set) {
            Some(&(name, _)) => Err(Error::Together { name, with: UNFUSED }),
            None => Ok(()),
        }
    }
}
