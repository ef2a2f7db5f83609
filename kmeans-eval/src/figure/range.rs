//! Ranges of axes.

/// The least and the largest of finite values, if there are any.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// A range with some room at both ends, and around a single value.
pub(crate) fn padded((low, high): (f64, f64)) -> (f64, f64) {
    // Halves: the width of a range may be larger than any number.
    let half = high / 2.0 - low / 2.0;
    let room = if half > 0.0 { half * 0.1 } else { f64::max(low.abs() * 0.1, 0.5) };
    (f64::max(low - room, f64::MIN / 4.0), f64::min(high + room, f64::MAX / 4.0))
}

/// A range of positive numbers with room at both ends on a logarithmic axis: wide enough for two of its ticks.
pub(crate) fn padded_log((low, high): (f64, f64)) -> (f64, f64) {
    let ratio = high / low;
    let room = f64::max(ratio.powf(0.06).clamp(1.2, 10.0), (6.0 / ratio).sqrt());
    (low / room, high * room)
}

/// Whole steps of about `ticks` ticks over `span`: 1, 2 or 5 times a power of ten.
pub(crate) fn whole_step(span: f64, ticks: usize) -> f64 {
    let raw = span / ticks as f64;
    if raw <= 1.0 {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&step| step >= raw).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_value_gets_room_around_it() {
        assert_eq!(padded((3.0, 3.0)), (2.5, 3.5));
        assert_eq!(padded((-40.0, -40.0)), (-44.0, -36.0));
    }

    #[test]
    fn steps_are_whole_and_round() {
        assert_eq!(whole_step(7.0, 8), 1.0);
        assert_eq!(whole_step(90.0, 8), 20.0);
        assert_eq!(whole_step(1000.0, 8), 200.0);
    }
}
