//! Clusters in the plane.

use super::chart::Figure;
use super::check::{check_count, check_finite};
use super::legend::{Key, Swatch};
use super::mark::Mark;
use super::number::percent;
use super::panel::{Axis, Panel, Scale};
use super::range::{extent, padded};
use super::spread::spread;
use super::symbol::Symbol;
use super::theme::{Ink, SERIES};
use crate::error::Result;
use crate::sizes::cluster;

const WHAT: &str = "points in the plane";

/// Points that are drawn at most.
const POINTS: usize = 5000;

/// Centroids up to which each has its number.
const NUMBERED: usize = 50;

/// Points in the plane, coloured by cluster, with the centroids and their numbers.
///
/// Beyond eight clusters the shapes of points change too. Of more than 5000 points some are drawn, evenly spread over
/// the rows, and the legend says so; beyond 50 clusters centroids have no numbers.
#[derive(Debug, Clone)]
pub struct Scatter<'a> {
    points: &'a [(f64, f64)],
    labels: &'a [i32],
    centroids: &'a [(f64, f64)],
    axes: (String, String),
}

impl<'a> Scatter<'a> {
    /// Points and the cluster of each, counted from 0.
    pub fn new(points: &'a [(f64, f64)], labels: &'a [i32]) -> Self {
        Self { points, labels, centroids: &[], axes: ("x".to_owned(), "y".to_owned()) }
    }

    /// The centroid of each cluster.
    #[must_use]
    pub fn centroids(mut self, centroids: &'a [(f64, f64)]) -> Self {
        self.centroids = centroids;
        self
    }

    /// What the axes show, with units.
    #[must_use]
    pub fn axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.axes = (x.into(), y.into());
        self
    }

    /// The axes are the first two principal components, which explain these shares of the variance.
    #[must_use]
    pub fn principal_components(self, (first, second): (f64, f64)) -> Self {
        let name = |number, share| format!("principal component {number} ({} of variance)", percent(share));
        self.axes(name(1, first), name(2, second))
    }

    /// The figure.
    ///
    /// # Errors
    /// `NothingToDraw` without points; `CannotDraw` for a coordinate that is not finite; `FigureCount` for another
    /// number of labels than points; `LabelOutOfRange` for a negative label, or one without a centroid where centroids
    /// are given.
    pub fn figure(&self) -> Result<Figure> {
        let clusters = self.clusters()?;
        let all = || self.points.iter().chain(self.centroids);
        let range = |values: Option<(f64, f64)>| padded(values.unwrap_or((0.0, 1.0)));
        let axis = |label: &String, range| Axis { label: label.clone(), range, scale: Scale::Linear };
        let x = axis(&self.axes.0, range(extent(all().map(|point| point.0))));
        let y = axis(&self.axes.1, range(extent(all().map(|point| point.1))));
        let mut panel = Panel::new(x, y);
        panel.height = 340.0;
        panel.marks.extend(clusters.iter().enumerate().filter_map(|(j, points)| {
            let (symbol, ink) = (Symbol::of(j / SERIES), Ink::Series(j));
            let points = points.clone();
            (!points.is_empty()).then_some(Mark::Points { points, symbol, ink, radius: 3.0, opacity: 0.7 })
        }));
        self.draw_centroids(&mut panel);
        let (n, k) = (self.points.len(), clusters.len());
        if n > POINTS {
            panel.keys.push(Key::new(Swatch::Nothing, format!("{POINTS} of {n} rows in {k} clusters")));
        }
        let (x, y) = &self.axes;
        let description = format!("{n} rows in {k} clusters, {y} against {x}.");
        Ok(Figure::new("Clusters in the plane", description, vec![panel]))
    }

    /// The points of each cluster that are drawn.
    fn clusters(&self) -> Result<Vec<Vec<(f64, f64)>>> {
        let both = |&(x, y): &(f64, f64)| [x, y];
        check_finite(WHAT, "coordinates", self.points.iter().flat_map(both))?;
        if !self.centroids.is_empty() {
            check_finite(WHAT, "coordinates of centroids", self.centroids.iter().flat_map(both))?;
        }
        check_count(WHAT, "labels", self.labels.len(), self.points.len())?;
        let used = self
            .labels
            .iter()
            .copied()
            .max()
            .map_or(0, |label| usize::try_from(label).map_or(0, |label| label + 1));
        let k = if self.centroids.is_empty() { used } else { self.centroids.len() };
        for (row, &label) in self.labels.iter().enumerate() {
            cluster(row, label, k)?;
        }
        let mut clusters = vec![Vec::new(); k];
        for row in spread(self.points.len(), POINTS) {
            clusters[self.labels[row] as usize].push(self.points[row]);
        }
        Ok(clusters)
    }

    fn draw_centroids(&self, panel: &mut Panel) {
        if self.centroids.len() <= NUMBERED {
            let badge = |(j, &at): (usize, &_)| Mark::Badge { at, text: j.to_string(), ink: Ink::Series(j) };
            panel.marks.extend(self.centroids.iter().enumerate().map(badge));
        } else {
            let (symbol, ink) = (Symbol::Circle, Ink::Text);
            let points = self.centroids.to_vec();
            panel.marks.push(Mark::Points { points, symbol, ink, radius: 2.5, opacity: 1.0 });
            panel.keys.push(Key::new(Swatch::Point { ink, symbol, radius: 2.5 }, "centroids"));
        }
    }
}
