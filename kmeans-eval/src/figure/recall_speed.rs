//! Recall and speed of indexes.

use super::chart::Figure;
use super::check::check_values;
use super::legend::{Key, Swatch};
use super::mark::Mark;
use super::number::short;
use super::panel::{Axis, Panel, Scale};
use super::range::{extent, padded, padded_log};
use super::symbol::Symbol;
use super::theme::Ink;
use crate::error::{Error, Result};

const WHAT: &str = "recall and speed";

/// Queries per second against recall, a line with points for each series: upwards and to the right is better.
#[derive(Debug, Clone)]
pub struct RecallSpeed {
    neighbors: usize,
    series: Vec<(String, Vec<(f64, f64)>)>,
}

impl RecallSpeed {
    /// For the recall of so many nearest neighbours.
    pub fn new(neighbors: usize) -> Self {
        Self { neighbors, series: Vec::new() }
    }

    /// Adds a series of pairs of recall, from 0 to 1, and queries per second, in any order.
    #[must_use]
    pub fn series(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut points: Vec<_> = points.into_iter().collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        self.series.push((name.into(), points));
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without series or for one without points; [`Error::CannotDraw`] for a recall outside
    /// 0 to 1 or a speed that is not finite and positive.
    pub fn figure(&self) -> Result<Figure> {
        for (name, points) in &self.series {
            let recalls = points.iter().map(|point| point.0);
            check_values(WHAT, name, recalls, "a recall from 0 to 1", |recall| {
                (0.0..=1.0).contains(&recall)
            })?;
            let speeds = points.iter().map(|point| point.1);
            let is_fit = |speed: f64| speed.is_finite() && speed >= 1e-9;
            check_values(WHAT, name, speeds, "a finite number of queries per second, 10⁻⁹ or more", is_fit)?;
        }
        let points = || self.series.iter().flat_map(|(_, points)| points.iter());
        let empty = Error::NothingToDraw { what: WHAT };
        let Some(recalls) = extent(points().map(|point| point.0)) else { return Err(empty) };
        let Some(speeds) = extent(points().map(|point| point.1)) else { return Err(empty) };
        let (low, high) = padded(recalls);
        let label = format!("recall@{}", self.neighbors);
        let x = Axis { label, range: (low.max(-0.02), high.min(1.01)), scale: Scale::Linear };
        let y = Axis { label: "queries per second".to_owned(), range: padded_log(speeds), scale: Scale::Log };
        let mut panel = Panel::new(x, y);
        for (i, (name, points)) in self.series.iter().enumerate() {
            let (ink, symbol) = (Ink::Series(i), Symbol::of(i));
            panel.marks.push(Mark::Line { points: points.clone(), ink, width: 2.0 });
            panel.marks.push(Mark::Points { points: points.clone(), symbol, ink, radius: 5.0, opacity: 1.0 });
            panel.keys.push(Key::new(Swatch::LineAndPoint { ink, symbol }, name));
        }
        Ok(Figure::new("Recall and speed", self.description(), vec![panel]))
    }

    fn description(&self) -> String {
        let mut text = format!("Queries per second against recall@{}.", self.neighbors);
        for (name, points) in &self.series {
            if let Some((recall, speed)) = points.last() {
                let (recall, speed) = (short(*recall), short(*speed));
                text += &format!(" {name}: at its best recall, {recall}, {speed} queries per second.");
            }
        }
        text
    }
}
