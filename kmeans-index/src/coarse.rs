//! The lists that are nearest to a query.

use kmeans_core::{KMeansModel, Scanner};

use crate::best::Want;
use crate::error::Result;
use crate::hardware::{Exact, Running};
use crate::queries::Queries;
use crate::scan::{Probes, Scan};
use crate::space::Space;
use crate::storage::Storage;
use crate::store::{Arriving, Store};

/// The centroids of the lists, searched exactly: on a device of its own where there is one, else by the scanner.
pub(crate) struct Coarse {
    centroids: Store,
    exact: Option<Box<dyn Exact>>,
}

impl Coarse {
    pub(crate) fn new(running: &Running, model: &KMeansModel) -> Result<Self> {
        let (k, d) = (model.k(), model.dim());
        let space = Space::within(d, model.metric())?;
        let exact = running.hardware.exact(model.offsets(), d, space.score_metric())?;
        let mut centroids = Store::new(space, Storage::F32, 1);
        let ids: Vec<u64> = (0..k as u64).collect();
        centroids.add(
            &*running.scanner,
            &Arriving { x: model.offsets(), lists: &vec![0; k], ids: &ids, codes: &[] },
        );
        Ok(Self { centroids, exact })
    }

    /// Number of lists.
    pub(crate) fn k(&self) -> usize {
        self.centroids.len
    }

    /// The `nprobe` nearest lists of each query, the nearest first.
    pub(crate) fn nearest(
        &self,
        scanner: &dyn Scanner,
        queries: &Queries<'_>,
        nprobe: usize,
    ) -> Result<Vec<u32>> {
        if let Some(exact) = &self.exact {
            return Ok(exact.nearest(queries.rows(), nprobe)?.0);
        }
        let scan =
            Scan { store: &self.centroids, scanner, want: Want::Nearest(nprobe), filter: None, k_factor: 1 };
        let found = scan.run(queries, Probes::All)?;
        Ok(found.into_iter().flatten().map(|hit| hit.id as u32).collect())
    }
}
