//! How much of the truth was found.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use kmeans::Points;
use kmeans::data::read_id_rows;
use kmeans::index::SearchResult;
use serde_json::Value;

use crate::cli::failure::BadInput;

/// How many of the nearest recall is told of.
const NEAREST: [usize; 3] = [1, 10, 100];

/// The true neighbours of each query.
pub(super) struct Truth {
    neighbours: SearchResult,
    /// The most that a query has.
    p: usize,
}

/// The share of the R true nearest that are among the first R found, for some R.
pub(super) struct Recall(Vec<(usize, f64)>);

impl Truth {
    pub(super) fn read(path: &Path, queries: &dyn Points) -> Result<Self> {
        let rows = read_id_rows(path)?;
        let (n, p) = (queries.rows(), rows.p());
        if rows.rows() != n {
            let (name, found) = (path.display(), rows.rows());
            return Err(BadInput(format!("{name}: {found} rows for {n} queries, expected one each")).into());
        }
        let mut neighbours = SearchResult::default();
        neighbours.lims.push(0);
        for row in rows.ids().chunks_exact(p) {
            // -1 is nothing.
            neighbours.ids.extend(row.iter().filter_map(|&id| u64::try_from(id).ok()));
            neighbours.lims.push(neighbours.ids.len());
        }
        // How far they are is not known, and not asked.
        neighbours.distances.resize(neighbours.ids.len(), 0.0);
        Ok(Self { neighbours, p })
    }

    /// The recall of what was found when `p` neighbours were asked for.
    pub(super) fn recall(&self, found: &SearchResult, p: usize) -> Recall {
        let nearest = NEAREST.into_iter().filter(|&r| r <= p && r <= self.p);
        Recall(nearest.map(|r| (r, found.recall(&self.neighbours, r))).collect())
    }
}

impl Recall {
    pub(super) fn json(&self) -> Value {
        self.0.iter().map(|&(r, share)| (format!("@{r}"), Value::from(share))).collect()
    }
}

impl fmt::Display for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares: Vec<String> = self.0.iter().map(|(r, share)| format!("recall@{r} {share:.4}")).collect();
        f.write_str(&shares.join(", "))
    }
}
