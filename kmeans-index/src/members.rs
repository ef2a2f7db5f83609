//! Which rows are in which list.

/// How many of the rows are in each of `k` lists.
pub(crate) fn sizes_of(lists: &[u32], k: usize) -> Vec<usize> {
    let mut sizes = vec![0; k];
    lists.iter().for_each(|&list| sizes[list as usize] += 1);
    sizes
}

/// The rows of each list, in order.
pub(crate) struct Members {
    rows: Vec<u32>,
    starts: Vec<usize>,
}

impl Members {
    pub(crate) fn of(&self, list: usize) -> &[u32] {
        &self.rows[self.starts[list]..self.starts[list + 1]]
    }
}

/// Sorts rows by their lists, of which there are `k`. Cost O(n + k).
pub(crate) fn members(lists: &[u32], k: usize) -> Members {
    let mut starts = vec![0; k + 1];
    lists.iter().for_each(|&list| starts[list as usize + 1] += 1);
    for list in 0..k {
        starts[list + 1] += starts[list];
    }
    let mut next = starts.clone();
    let mut rows = vec![0; lists.len()];
    for (row, &list) in lists.iter().enumerate() {
        rows[next[list as usize]] = row as u32;
        next[list as usize] += 1;
    }
    Members { rows, starts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_list_and_stay_in_order() {
        let members = members(&[2, 0, 2, 3, 0], 5);
        let all: Vec<&[u32]> = (0..5).map(|list| members.of(list)).collect();
        assert_eq!(all, [&[1, 4][..], &[], &[0, 2], &[3], &[]]);
    }
}
