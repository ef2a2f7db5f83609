//! Ctrl-C and SIGTERM: once to finish early, twice to end at once.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::progress::Bars;

/// Of a process that a signal ended, finished early or not.
pub(crate) const EXIT_CODE: u8 = 130;

/// How long a signal waits for what it says to be written.
const PATIENCE: Duration = Duration::from_secs(1);

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
/// Like [`end_at_once`] it comes before any temporary file is made, that of the check of an output too: a signal that is
/// not caught would leave it.
pub(crate) fn catch(bars: &Bars, text: &'static str) -> Result<()> {
    let bars = bars.clone();
    let handler = move || {
        if CAUGHT.swap(true, Ordering::Relaxed) {
            let _held = kmeans::data::remove_unfinished();
            std::process::exit(EXIT_CODE.into());
        }
        say(&bars, text);
    };
    ctrlc::set_handler(handler).context("signals cannot be caught")
}

/// From now on a signal says `text`, removes what is half written, and ends the process.
pub(crate) fn end_at_once(bars: &Bars, text: &'static str) -> Result<()> {
    let bars = bars.clone();
    let handler = move || {
        say(&bars, text);
        let _held = kmeans::data::remove_unfinished();
        std::process::exit(EXIT_CODE.into());
    };
    ctrlc::set_handler(handler).context("signals cannot be caught")
}

/// A line above the bar, if it can be written at once. Nobody may be reading, or a terminal be paused, with the work
/// waiting to write, too: then the next signal must still be heard, and a process that is to end must end.
fn say(bars: &Bars, text: &'static str) {
    let bars = bars.clone();
    let (said, is_said) = mpsc::channel();
    let write = move || {
        bars.say(format_args!("{text}"));
        let _ = said.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = is_said.recv_timeout(PATIENCE);
    }
}

/// Whether a signal came.
pub(crate) fn is_caught() -> bool {
    CAUGHT.load(Ordering::Relaxed)
}

/// An error if a signal came.
pub(crate) fn check() -> Result<(), Interrupted> {
    if is_caught() { Err(Interrupted) } else { Ok(()) }
}
