//! Progress bars, drawn on standard error and only on a terminal.

use std::fmt::Arguments;
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kmeans::Progress;

use super::interrupt;
use super::text::say;

/// One bar that follows training or assignment from phase to phase. Copies are the same bar.
#[derive(Clone)]
pub(crate) struct Bars {
    bar: ProgressBar,
    niter: usize,
    verbose: bool,
}

impl Bars {
    pub(crate) fn new(niter: usize, quiet: bool, verbose: bool) -> Self {
        Self { bar: new_bar(quiet), niter, verbose }
    }

    /// Shows a step; asks to stop once a signal was caught.
    pub(crate) fn show(&self, step: &Progress) -> ControlFlow<()> {
        match *step {
            Progress::Read { done, n } => self.place("rows read", done, n, ""),
            Progress::Init { done, k } => self.place("centroids", done, k, ""),
            Progress::Iteration { redo, iteration, stats } => {
                let text = format!(
                    "redo {redo}, iteration {iteration}: objective {:.6e}, imbalance {:.3}, nsplit {}",
                    stats.obj, stats.imbalance_factor, stats.nsplit
                );
                if self.verbose {
                    let seconds = format!("{:.3} s, search {:.3} s", stats.time, stats.time_search);
                    self.say(format_args!("{text} ({seconds})"));
                }
                self.place("iterations", iteration + 1, self.niter, &format!("objective {:.6e}", stats.obj));
            }
            Progress::Assign { done, n } => self.place("rows assigned", done, n, ""),
            _ => {}
        }
        if interrupt::is_caught() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// A line above the bar.
    pub(crate) fn say(&self, text: Arguments<'_>) {
        self.bar.suspend(|| say(text));
    }

    /// Shows that `done` of `total` are behind us.
    pub(crate) fn place(&self, what: &'static str, done: usize, total: usize, message: &str) {
        if self.bar.length() != Some(total as u64) {
            self.bar.set_length(total as u64);
        }
        self.bar.set_prefix(what);
        self.bar.set_position(done as u64);
        self.bar.set_message(message.to_owned());
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn new_bar(quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(1), target);
    let style =
        ProgressStyle::with_template("{prefix:>13} {wide_bar} {human_pos}/{human_len} {msg} {elapsed}");
    bar.set_style(style.expect("the template is well formed"));
    bar
}
