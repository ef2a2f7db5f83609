//! Checks of what is given to figures.

use crate::error::{Error, Result};

/// Values that are finite, and some of them.
pub(crate) fn check_finite(
    what: &'static str,
    series: &str,
    values: impl IntoIterator<Item = f64>,
) -> Result<()> {
    check_values(what, series, values, "a finite number", f64::is_finite)
}

/// Values that are all as `expected` says, and some of them.
pub(crate) fn check_values(
    what: &'static str,
    series: &str,
    values: impl IntoIterator<Item = f64>,
    expected: &'static str,
    is_fit: impl Fn(f64) -> bool,
) -> Result<()> {
    let mut empty = true;
    for (index, value) in values.into_iter().enumerate() {
        empty = false;
        if !is_fit(value) {
            return Err(Error::CannotDraw { what, series: series.to_owned(), index, value, expected });
        }
    }
    if empty { Err(Error::NothingToDraw { what }) } else { Ok(()) }
}

/// As many of what was counted as expected.
pub(crate) fn check_count(
    what: &'static str,
    counted: &'static str,
    found: usize,
    expected: usize,
) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::FigureCount { what, counted, expected, found }) }
}
