//! The files that a search writes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use kmeans::Metric;
use kmeans::data::{Output, write_distances, write_hits, write_id_rows};
use kmeans::index::SearchResult;

use crate::cli::failure::BadInput;
use crate::cli::output;

#[derive(Args)]
pub(super) struct Outputs {
    /// Write the ids of the neighbours, n×P, -1 where fewer are found (.npy i64, .csv, .tsv, .ivecs)
    #[arg(long, value_name = "F")]
    ids: Option<PathBuf>,
    /// Write their distances, n×P, squared for l2; products for ip and cosine (.npy f32, .csv, .tsv, .fvecs)
    #[arg(long, value_name = "F")]
    distances: Option<PathBuf>,
    /// With --radius: write one line for each hit, query,id,distance; queries are counted from 0 (.csv, .tsv)
    #[arg(long, value_name = "F", requires = "radius")]
    hits: Option<PathBuf>,
    /// Replace output files that exist
    #[arg(long)]
    force: bool,
}

impl Outputs {
    pub(super) fn check(&self, inputs: &[&Path]) -> Result<()> {
        let outputs = [
            (self.ids.as_deref(), Output::Ids),
            (self.distances.as_deref(), Output::Distances),
            (self.hits.as_deref(), Output::Hits),
        ];
        output::check(&outputs, inputs, self.force)
    }

    /// Writes what was found, in `p` columns.
    pub(super) fn write(&self, found: &SearchResult, p: usize, metric: Metric) -> Result<()> {
        let overwrite = output::overwrite(self.force);
        if let Some(path) = &self.ids {
            write_id_rows(path, &padded(found, p, -1, |at| id(path, found.ids[at]))?, p, overwrite)?;
        }
        if let Some(path) = &self.distances {
            let nowhere = if metric.is_similarity() { f32::NEG_INFINITY } else { f32::INFINITY };
            write_distances(path, &padded(found, p, nowhere, |at| Ok(found.distances[at]))?, p, overwrite)?;
        }
        if let Some(path) = &self.hits {
            write_hits(path, hits(found), overwrite)?;
        }
        Ok(())
    }
}

/// An id as files of neighbours have it.
fn id(path: &Path, id: u64) -> Result<i64> {
    let too_large = || BadInput(format!("{}: id {id}, expected at most {}", path.display(), i64::MAX));
    Ok(i64::try_from(id).map_err(|_| too_large())?)
}

/// The values of all hits in rows of `p`, with `nothing` where a query has fewer.
fn padded<T: Copy>(
    found: &SearchResult,
    p: usize,
    nothing: T,
    value: impl Fn(usize) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    let too_many = || format!("{p} neighbours of each of {} queries do not fit memory", found.queries());
    let len = found.queries().checked_mul(p).with_context(too_many)?;
    rows.try_reserve_exact(len).with_context(too_many)?;
    for (query, ends) in found.lims.windows(2).enumerate() {
        for at in ends[0]..ends[1] {
            rows.push(value(at)?);
        }
        rows.resize((query + 1) * p, nothing);
    }
    Ok(rows)
}

/// All hits with the numbers of their queries.
fn hits(found: &SearchResult) -> impl Iterator<Item = (usize, u64, f32)> {
    (0..found.queries()).flat_map(|query| {
        let (ids, distances) = found.of(query);
        ids.iter().zip(distances).map(move |(&id, &distance)| (query, id, distance))
    })
}
