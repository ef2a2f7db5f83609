//! Measures against the number of clusters.

use super::chart::Figure;
use super::check::{check_count, check_finite, check_values};
use super::mark::Mark;
use super::number::short;
use super::panel::{Axis, Panel, Scale};
use super::range::{extent, padded, padded_log};
use super::symbol::Symbol;
use super::theme::Ink;
use crate::error::{Error, Result};

const WHAT: &str = "measures by k";

/// The ratio of numbers of clusters from which their axis is logarithmic.
const WIDE: f64 = 40.0;

/// Points up to which each is marked.
const MARKED: usize = 60;

/// Which values of a measure are good ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The larger the better.
    Higher,
    /// The smaller the better.
    Lower,
}

/// A measure at several numbers of clusters.
#[derive(Debug, Clone)]
pub struct Curve {
    name: String,
    points: Vec<(usize, f64)>,
    errors: Option<Vec<f64>>,
    recommended: Option<usize>,
    better: Option<Better>,
}

impl Curve {
    /// The measure `name`, with its unit, at pairs of k and value, in any order.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (usize, f64)>) -> Self {
        let points = points.into_iter().collect();
        Self { name: name.into(), points, errors: None, recommended: None, better: None }
    }

    /// Half the length of an error bar at each point, in the order of the points: a standard error, say.
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = f64>) -> Self {
        self.errors = Some(errors.into_iter().collect());
        self
    }

    /// The k that the measure recommends, one of those it was taken at. It is marked.
    #[must_use]
    pub fn recommended(mut self, k: usize) -> Self {
        self.recommended = Some(k);
        self
    }

    /// Which values are good ones, which the heading says.
    #[must_use]
    pub fn better(mut self, better: Better) -> Self {
        self.better = Some(better);
        self
    }

    fn check(&self) -> Result<()> {
        check_finite(WHAT, &self.name, self.points.iter().map(|&(_, value)| value))?;
        let ks = self.points.iter().map(|&(k, _)| k as f64);
        check_values(WHAT, "numbers of clusters", ks, "1 or more", |k| k >= 1.0)?;
        if let Some(errors) = &self.errors {
            check_count(WHAT, "errors", errors.len(), self.points.len())?;
            let is_fit = |error: f64| error.is_finite() && error >= 0.0;
            check_values(WHAT, "errors", errors.iter().copied(), "a finite number, 0 or more", is_fit)?;
        }
        match self.recommended.filter(|&k| self.points.iter().all(|&(other, _)| other != k)) {
            Some(number) => Err(Error::NotInFigure { what: WHAT, number }),
            None => Ok(()),
        }
    }

    fn heading(&self) -> String {
        match self.better {
            Some(Better::Higher) => format!("{} (higher is better)", self.name),
            Some(Better::Lower) => format!("{} (lower is better)", self.name),
            None => self.name.clone(),
        }
    }

    /// Points with the halves of their error bars, by k.
    fn sorted(&self) -> Vec<(f64, f64, f64)> {
        let error = |i: usize| self.errors.as_ref().map_or(0.0, |errors| errors[i]);
        let points = self.points.iter().enumerate();
        let mut points: Vec<_> = points.map(|(i, &(k, value))| (k as f64, value, error(i))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    fn panel(&self, x: Axis) -> Panel {
        let points = self.sorted();
        let range = extent(points.iter().flat_map(|&(_, value, error)| [value - error, value + error]));
        let range = padded(range.unwrap_or((0.0, 1.0)));
        let mut panel = Panel::new(x, Axis { label: self.heading(), range, scale: Scale::Linear });
        let ink = Ink::Series(0);
        if let Some(k) = self.recommended {
            panel.marks.push(Mark::Vertical { x: k as f64, label: format!("k = {k}") });
        }
        let line: Vec<_> = points.iter().map(|&(k, value, _)| (k, value)).collect();
        panel.marks.push(Mark::Line { points: line.clone(), ink, width: 2.0 });
        if self.errors.is_some() {
            let whisker =
                |&(x, value, error)| Mark::Whisker { x, low: value - error, high: value + error, ink };
            panel.marks.extend(points.iter().map(whisker));
        }
        let symbol = Symbol::Circle;
        let marked = |radius, points| Mark::Points { points, symbol, ink, radius, opacity: 1.0 };
        if line.len() <= MARKED {
            panel.marks.push(marked(4.0, line.clone()));
        }
        let recommended = line.into_iter().filter(|&(k, _)| Some(k as usize) == self.recommended).collect();
        panel.marks.push(marked(7.0, recommended));
        panel
    }
}

/// Measures against the number of clusters, a panel for each below each other, with the k that each recommends.
///
/// Where the numbers of clusters range widely, their axis is logarithmic.
#[derive(Debug, Clone)]
pub struct Elbow {
    curves: Vec<Curve>,
}

impl Elbow {
    /// Measures, the first on top.
    pub fn new(curves: impl IntoIterator<Item = Curve>) -> Self {
        Self { curves: curves.into_iter().collect() }
    }

    /// The figure.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without measures or for one without values; [`Error::CannotDraw`] for a value that is
    /// not finite, a negative error or no clusters; [`Error::FigureCount`] for another number of errors than values;
    /// [`Error::NotInFigure`] if a recommended k has no value.
    pub fn figure(&self) -> Result<Figure> {
        self.curves.iter().try_for_each(Curve::check)?;
        let ks = self.curves.iter().flat_map(|curve| curve.points.iter().map(|&(k, _)| k as f64));
        let (low, high) = extent(ks).ok_or(Error::NothingToDraw { what: WHAT })?;
        let (range, scale) = match high / low > WIDE {
            true => (padded_log((low, high)), Scale::Log),
            false => ((low - 0.5, high + 0.5), Scale::Whole),
        };
        let last = self.curves.len() - 1;
        let panels = self.curves.iter().enumerate().map(|(i, curve)| {
            let label = if i == last { "number of clusters k" } else { "" };
            let mut panel = curve.panel(Axis { label: label.to_owned(), range, scale });
            panel.height = if last == 0 { 260.0 } else { 130.0 };
            panel
        });
        let title =
            if last == 0 { "Choosing the number of clusters" } else { "Measures by number of clusters" };
        Ok(Figure::new(title, self.description((low, high)), panels.collect()))
    }

    fn description(&self, (low, high): (f64, f64)) -> String {
        let mut text = format!("Measures at numbers of clusters from {low} to {high}:");
        for curve in &self.curves {
            let k = curve.recommended;
            let value = curve.points.iter().find(|&&(other, _)| Some(other) == k).map(|&(_, value)| value);
            text += &match k.zip(value) {
                Some((k, value)) => {
                    format!(" {}: {k} recommended, where it is {}.", curve.name, short(value))
                }
                None => format!(" {}.", curve.name),
            };
        }
        text
    }
}
