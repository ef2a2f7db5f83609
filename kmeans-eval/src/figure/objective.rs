//! The objective of runs, iteration by iteration.

use super::chart::Figure;
use super::check::check_finite;
use super::legend::{Key, Swatch};
use super::mark::Mark;
use super::number::short;
use super::panel::{Axis, Panel, Scale};
use super::range::{extent, padded, padded_log};
use super::spread::spread;
use super::symbol::Symbol;
use super::theme::Ink;
use crate::error::{Error, Result};

const WHAT: &str = "objectives";

/// Runs that are drawn besides the chosen one.
const RUNS: usize = 60;

/// Points of a line.
const POINTS: usize = 200;

/// The ratio of objectives from which their axis is logarithmic.
const WIDE: f64 = 30.0;

/// Objective by iteration: a line for each run, the chosen one thick.
///
/// Where the objective falls over a wide range and is positive, its axis is logarithmic. Of more than 60 runs some are
/// drawn, evenly spread, and the legend says so.
#[derive(Debug, Clone)]
pub struct Objective<'a> {
    runs: &'a [Vec<f64>],
    chosen: Option<usize>,
}

impl<'a> Objective<'a> {
    /// The objective of each run after each of its iterations, the first of which is number 1.
    pub fn new(runs: &'a [Vec<f64>]) -> Self {
        Self { runs, chosen: None }
    }

    /// The run that was taken, counted from 0.
    #[must_use]
    pub fn chosen(mut self, run: usize) -> Self {
        self.chosen = Some(run);
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without runs or for one without iterations; [`Error::CannotDraw`] for an objective that
    /// is not finite; [`Error::NotInFigure`] if the chosen run is not there.
    pub fn figure(&self) -> Result<Figure> {
        self.check()?;
        let values = || self.runs.iter().flatten().copied();
        let (low, high) = extent(values()).ok_or(Error::NothingToDraw { what: WHAT })?;
        let is_log = low > 0.0 && high / low > WIDE;
        let range = if is_log { padded_log((low, high)) } else { padded((low, high)) };
        let longest = self.runs.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let x = Axis { label: "iteration".to_owned(), range: (0.5, longest + 0.5), scale: Scale::Whole };
        let scale = if is_log { Scale::Log } else { Scale::Linear };
        let y = Axis { label: "objective, summed over the rows".to_owned(), range, scale };
        let mut panel = Panel::new(x, y);
        self.draw(&mut panel);
        Ok(Figure::new("Objective by iteration", self.description(low), vec![panel]))
    }

    fn check(&self) -> Result<()> {
        if self.runs.is_empty() {
            return Err(Error::NothingToDraw { what: WHAT });
        }
        for (i, run) in self.runs.iter().enumerate() {
            check_finite(WHAT, &format!("run {i}"), run.iter().copied())?;
        }
        match self.chosen.filter(|&run| run >= self.runs.len()) {
            Some(number) => Err(Error::NotInFigure { what: WHAT, number }),
            None => Ok(()),
        }
    }

    fn draw(&self, panel: &mut Panel) {
        let others: Vec<_> = (0..self.runs.len()).filter(|&run| Some(run) != self.chosen).collect();
        for i in spread(others.len(), RUNS) {
            panel.marks.extend(line(&self.runs[others[i]], Ink::Faint, 1.2));
        }
        if let Some(chosen) = self.chosen {
            panel.marks.extend(line(&self.runs[chosen], Ink::Series(0), 3.0));
            let label = format!("chosen run, {}", chosen + 1);
            panel.keys.push(Key::new(Swatch::Line { ink: Ink::Series(0), width: 3.0 }, label));
        }
        if !others.is_empty() {
            let kind = if self.chosen.is_some() { "other runs" } else { "runs" };
            let label = match others.len() {
                n if n > RUNS => format!("{RUNS} of {n} {kind}"),
                n => format!("{kind}: {n}"),
            };
            panel.keys.push(Key::new(Swatch::Line { ink: Ink::Faint, width: 1.2 }, label));
        }
    }

    fn description(&self, least: f64) -> String {
        let runs = self.runs.len();
        let mut text = format!("Runs: {runs}. The lowest objective of any iteration is {}.", short(least));
        if let Some((chosen, last)) = self.chosen.and_then(|run| Some((run, self.runs[run].last()?))) {
            let iterations = self.runs[chosen].len();
            text += &format!(
                " Run {} was chosen; after iteration {iterations} it is at {}.",
                chosen + 1,
                short(*last)
            );
        }
        text
    }
}

/// A run as a line, or as a point if there is one iteration.
fn line(run: &[f64], ink: Ink, width: f64) -> [Mark; 2] {
    let points: Vec<_> = spread(run.len(), POINTS).map(|i| (i as f64 + 1.0, run[i])).collect();
    let last: Vec<_> = points.last().copied().into_iter().collect();
    let radius = width + 1.5;
    [
        Mark::Line { points, ink, width },
        Mark::Points { points: last, symbol: Symbol::Circle, ink, radius, opacity: 1.0 },
    ]
}
