//! Counting sort of rows by label: how many rows each cluster has, where its rows begin, which they are.

use cubecl::prelude::*;

/// Units of the cube that adds the counts up.
pub(crate) const SCAN_UNITS: u32 = 256;

/// Counts the rows of each cluster. With up to `shared` clusters a cube counts its own rows first.
#[cube(launch_unchecked)]
pub(crate) fn count_labels(
    labels: &Array<u32>,
    counts: &Array<Atomic<u32>>,
    rows: u32,
    k: u32,
    #[comptime] shared: u32,
) {
    let row = ABSOLUTE_POS;
    if comptime!(shared > 0) {
        let own = SharedMemory::<Atomic<u32>>::new(shared as usize);
        for cluster in range_stepped(UNIT_POS, k, CUBE_DIM) {
            own[cluster as usize].store(0u32);
        }
        sync_cube();
        if row < rows as usize {
            own[labels[row] as usize].fetch_add(1u32);
        }
        sync_cube();
        for cluster in range_stepped(UNIT_POS, k, CUBE_DIM) {
            let count = own[cluster as usize].load();
            if count > 0 {
                counts[cluster as usize].fetch_add(count);
            }
        }
    } else {
        if row < rows as usize {
            counts[labels[row] as usize].fetch_add(1u32);
        }
    }
}

/// Where the rows of each cluster begin: sums of the counts before it. One cube.
#[cube(launch_unchecked)]
pub(crate) fn scan_counts(counts: &Array<u32>, starts: &mut Array<u32>, k: u32) {
    let mut sums = SharedMemory::<u32>::new(SCAN_UNITS as usize);
    let unit = UNIT_POS;
    let share = (k + SCAN_UNITS - 1) / SCAN_UNITS;
    let first = min(unit * share, k);
    let last = min(first + share, k);
    let mut sum = 0u32;
    for cluster in first..last {
        sum += counts[cluster as usize];
    }
    sums[unit as usize] = sum;
    sync_cube();
    let mut before = 0u32;
    for other in 0..unit {
        before += sums[other as usize];
    }
    for cluster in first..last {
        starts[cluster as usize] = before;
        before += counts[cluster as usize];
    }
}

/// Puts the number of each row in the place of its cluster; within a cluster in no order. `cursors` are the
/// starts, and are used up.
#[cube(launch_unchecked)]
pub(crate) fn scatter_rows(
    labels: &Array<u32>,
    cursors: &Array<Atomic<u32>>,
    order: &mut Array<u32>,
    rows: u32,
    k: u32,
    #[comptime] shared: u32,
) {
    let row = ABSOLUTE_POS;
    if comptime!(shared > 0) {
        let own = SharedMemory::<Atomic<u32>>::new(shared as usize);
        let mut starts = SharedMemory::<u32>::new(shared as usize);
        for cluster in range_stepped(UNIT_POS, k, CUBE_DIM) {
            own[cluster as usize].store(0u32);
        }
        sync_cube();
        let mut rank = 0u32;
        let mut label = 0u32;
        if row < rows as usize {
            label = labels[row];
            rank = own[label as usize].fetch_add(1u32);
        }
        sync_cube();
        for cluster in range_stepped(UNIT_POS, k, CUBE_DIM) {
            let count = own[cluster as usize].load();
            if count > 0 {
                starts[cluster as usize] = cursors[cluster as usize].fetch_add(count);
            }
        }
        sync_cube();
        if row < rows as usize {
            order[(starts[label as usize] + rank) as usize] = row as u32;
        }
    } else {
        if row < rows as usize {
            let place = cursors[labels[row] as usize].fetch_add(1u32);
            order[place as usize] = row as u32;
        }
    }
}
