//! Where text goes.

use std::fmt::Arguments;
use std::io::Write;

use anyhow::Context;

/// A line for the person, on standard error. A closed pipe is no reason to fail.
pub(crate) fn say(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What was asked for, on standard output.
pub(crate) fn print(text: Arguments<'_>) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}

/// Six decimals, or powers of ten where those would show nothing.
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:.6e}") } else { format!("{value:.6}") }
}
