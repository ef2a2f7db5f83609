//! What an index runs on.

use std::sync::Arc;

use kmeans_core::{Engine, Metric, PlainScanner, Result, Scanner, Trainer};

use crate::shards::Shards;

/// What an index runs on: an engine, or a device that finds its engine at run time.
///
/// Lists are looked through by a [`Scanner`], on the CPU; vectors are assigned to lists as the engine assigns rows to
/// centroids; and where an engine computes elsewhere than on the CPU, exact search and the search for the nearest lists
/// run there.
pub trait Hardware: Trainer + Send + Sync {
    /// The same, ready for many calls, if it is not: a device finds its engine once.
    ///
    /// # Errors
    /// If the device cannot be opened.
    fn ready(&self) -> Result<Option<Arc<dyn Hardware>>> {
        Ok(None)
    }

    /// What looks through lists.
    ///
    /// # Errors
    /// If the device cannot be opened.
    fn list_scanner(&self) -> Result<Arc<dyn Scanner>>;

    /// Vectors of `d` columns, in a frame, made ready for exact search, row-major, where that runs elsewhere than in a scanner.
    ///
    /// # Errors
    /// If the device cannot be opened, or fails.
    fn exact(&self, vectors: &[f32], d: usize, metric: Metric) -> Result<Option<Box<dyn Exact>>>;
}

/// Hardware that is ready for many calls, and what looks through lists.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) hardware: Arc<dyn Hardware>,
    pub(crate) scanner: Arc<dyn Scanner>,
}

impl Running {
    pub(crate) fn on(hardware: impl Hardware + 'static) -> Result<Self> {
        let scanner = hardware.list_scanner()?;
        let hardware = match hardware.ready()? {
            Some(ready) => ready,
            None => Arc::new(hardware),
        };
        Ok(Self { hardware, scanner })
    }
}

/// Vectors that are made ready for exact search on an engine.
pub trait Exact: Send + Sync {
    /// The engine's name.
    fn name(&self) -> String;

    /// The `p` nearest vectors, by their numbers, of queries in the same frame, row-major; and how far they are, in the
    /// units of the frame. By distance, ties by number.
    ///
    /// # Errors
    /// If the engine fails.
    fn nearest(&self, queries: &[f32], p: usize) -> Result<(Vec<u32>, Vec<f32>)>;
}

impl<E: Engine + Clone + 'static> Hardware for E {
    fn list_scanner(&self) -> Result<Arc<dyn Scanner>> {
        Ok(Engine::scanner(self).unwrap_or_else(|| Arc::new(PlainScanner)))
    }

    fn exact(&self, vectors: &[f32], d: usize, metric: Metric) -> Result<Option<Box<dyn Exact>>> {
        if Engine::scanner(self).is_some() {
            return Ok(None);
        }
        Ok(Some(Box::new(Shards::new(self.clone(), vectors, d, metric)?)))
    }
}
