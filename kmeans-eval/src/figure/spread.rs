//! Fewer values that stand for many.

/// At most `max` of the numbers `0..n`, evenly spread, the first and the last among them.
pub(crate) fn spread(n: usize, max: usize) -> impl Iterator<Item = usize> {
    let count = n.min(max);
    // In 128 bits: no product overflows.
    (0..count).map(move |i| match count {
        1 => 0,
        _ => (i as u128 * (n - 1) as u128 / (count - 1) as u128) as usize,
    })
}

/// The value below which a share `q` of the sorted values lies, between neighbours by proportion.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (at - low as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_kept() {
        assert_eq!(spread(10, 4).collect::<Vec<_>>(), [0, 3, 6, 9]);
        assert_eq!(spread(3, 10).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spread(5, 1).collect::<Vec<_>>(), [0]);
        assert_eq!(spread(0, 10).count(), 0);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted = [0.0, 1.0, 2.0, 3.0];
        assert_eq!(quantile(&sorted, 0.0), 0.0);
        assert_eq!(quantile(&sorted, 0.5), 1.5);
        assert_eq!(quantile(&sorted, 1.0), 3.0);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
    }
}
