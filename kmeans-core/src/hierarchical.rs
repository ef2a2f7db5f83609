//! Two levels: clusters within clusters, for large k.
//!
//! ```text
//! train √k cells
//! share k among the cells in proportion to their rows
//! train each cell's own clusters on its rows
//! the clusters of all cells are where the last, global iteration starts
//! ```
//!
//! An iteration of the cells compares each row with √k centroids and one within a cell with about √k
//! more, instead of k.

use crate::assignment_step::AssignmentStep;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::init;
use crate::lloyd;
use crate::params::Params;
use crate::progress::Progress;
use crate::training_set::TrainingSet;
use crate::watch::Watch;

/// The clusters of all cells, k centroids in the frame of `set`.
pub(crate) fn centroids<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    redo: usize,
    watch: &Watch<'_>,
) -> Result<Centroids> {
    let cells = rows_of_cells(set, params, redo, watch)?;
    let sizes: Vec<usize> = cells.iter().map(Vec::len).collect();
    let mut all = Centroids::none(set.frame().dim());
    for (rows, k) in cells.iter().zip(shares(&sizes, params.k)) {
        if k == 0 {
            continue;
        }
        // Once the training shall end, first rows stand for the centroids of the cells that are left.
        let clusters = match watch.over() {
            None => within(set, rows, k, params, redo, watch, all.k())?,
            Some(_) => Centroids::from_offsets(set.gather(&rows[..k])?, all.dim()),
        };
        clusters.rows().for_each(|row| all.push(row));
        watch.tell(&Progress::Init { done: all.k(), k: params.k });
    }
    Ok(all)
}

/// Trains the cells; returns the rows of positive weight of each.
fn rows_of_cells<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    redo: usize,
    watch: &Watch<'_>,
) -> Result<Vec<Vec<usize>>> {
    let k = (params.k as f64).sqrt().ceil() as usize;
    let inner = Params { k, int_centroids: false, ..params.clone() };
    let quiet = watch.within(Progress::Init { done: 0, k: params.k });
    let start = init::centroids(set, &inner, k, redo, &quiet)?;
    let run = lloyd::run(set, &inner, redo, start, &mut AssignmentStep::Nearest, &quiet)?;
    let (labels, _) = set.nearest_of(&run.centroids, params.metric())?;
    let mut cells = vec![Vec::new(); k];
    for (row, label) in labels.into_iter().enumerate() {
        if set.weights().is_none_or(|w| w[row] > 0.0) {
            cells[label as usize].push(row);
        }
    }
    Ok(cells)
}

/// Trains `k` clusters on some rows, in the frame of `set`.
fn within<E: Engine>(
    set: &TrainingSet<'_, E>,
    rows: &[usize],
    k: usize,
    params: &Params,
    redo: usize,
    watch: &Watch<'_>,
    done: usize,
) -> Result<Centroids> {
    let sample = set.sample().subset(rows)?;
    let inner = Params { k, int_centroids: false, ..params.clone() };
    let quiet = watch.within(Progress::Init { done, k: params.k });
    let mut cell = TrainingSet::prepare_in(set.engine(), &sample, &inner, set.frame())?;
    let start = init::centroids(&mut cell, &inner, k, redo, &quiet)?;
    Ok(lloyd::run(&mut cell, &inner, redo, start, &mut AssignmentStep::Nearest, &quiet)?.centroids)
}

/// `k` shared in proportion to `sizes`, at least 1 and at most the size where there are rows.
///
/// Each further cluster goes to the cell with the most rows a cluster, the first one on ties.
fn shares(sizes: &[usize], k: usize) -> Vec<usize> {
    let mut shares: Vec<usize> = sizes.iter().map(|&size| usize::from(size > 0)).collect();
    let mut left = k.saturating_sub(shares.iter().sum());
    let total: usize = sizes.iter().sum();
    for (share, &size) in shares.iter_mut().zip(sizes) {
        let more = (left as u128 * size as u128 / total as u128) as usize;
        *share += more.min(size.saturating_sub(*share));
    }
    left = k.saturating_sub(shares.iter().sum());
    while left > 0 {
        let rows_a_cluster = |&cell: &usize| sizes[cell] as f64 / shares[cell] as f64;
        let with_room = (0..sizes.len()).filter(|&cell| shares[cell] < sizes[cell]);
        let Some(most) =
            with_room.min_by(|a, b| rows_a_cluster(b).total_cmp(&rows_a_cluster(a)).then(a.cmp(b)))
        else {
            break;
        };
        shares[most] += 1;
        left -= 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_sizes_and_add_up() {
        assert_eq!(shares(&[100, 300, 0, 600], 10), [1, 3, 0, 6]);
        assert_eq!(shares(&[3, 1000], 100)[0], 1);
        assert_eq!(shares(&[2, 2, 2], 6), [2, 2, 2]);
        for k in 4..50 {
            let shares = shares(&[7, 19, 23, 1], k);
            assert_eq!(shares.iter().sum::<usize>(), k);
            assert!(shares.iter().zip([7, 19, 23, 1]).all(|(&s, size)| (1..=size).contains(&s)));
        }
    }
}
