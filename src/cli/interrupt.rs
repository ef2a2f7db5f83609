//! Ctrl-C and SIGTERM: once to finish early, twice to end at once.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use super::progress::Bars;

/// Of a process that a signal ended, finished early or not.
pub(crate) const EXIT_CODE: u8 = 130;

static CAUGHT: AtomicBool = AtomicBool::new(false);

/// A signal cut the work short, and that has been said already.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// From now on the first signal says `text` and is remembered, and the next one ends the process.
///
/// Commands that do not call this, nor [`end_at_once`], are ended by the first.
pub(crate) fn catch(bars: &Bars, text: &'static str) -> Result<()> {
    let bars = bars.clone();
    let handler = move || {
        if CAUGHT.swap(true, Ordering::Relaxed) {
            kmeans::data::remove_unfinished();
            std::process::exit(EXIT_CODE.into());
        }
        bars.say(format_args!("{text}"));
    };
    ctrlc::set_handler(handler).context("signals cannot be caught")
}

/// From now on a signal says `text`, removes what is half written, and ends the process.
pub(crate) fn end_at_once(bars: &Bars, text: &'static str) -> Result<()> {
    let bars = bars.clone();
    let handler = move || {
        bars.say(format_args!("{text}"));
        kmeans::data::remove_unfinished();
        std::process::exit(EXIT_CODE.into());
    };
    ctrlc::set_handler(handler).context("signals cannot be caught")
}

/// Whether a signal came.
pub(crate) fn is_caught() -> bool {
    CAUGHT.load(Ordering::Relaxed)
}

/// An error if a signal came.
pub(crate) fn check() -> Result<(), Interrupted> {
    if is_caught() { Err(Interrupted) } else { Ok(()) }
}
