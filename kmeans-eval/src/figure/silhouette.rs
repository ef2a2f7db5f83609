//! Silhouettes of clusters.

use super::chart::Figure;
use super::check::{check_count, check_values};
use super::legend::{Key, Swatch};
use super::mark::Mark;
use super::number::short;
use super::panel::{Axis, Panel, Scale};
use super::spread::{quantile, spread};
use super::theme::Ink;
use crate::error::{Error, Result};

const WHAT: &str = "silhouettes";

/// Clusters up to which each has a band of its own.
const BANDS: usize = 50;

/// Points of the outlines of all bands together.
const OUTLINE: usize = 4000;

/// Columns of clusters, where quantiles are shown.
const COLUMNS: usize = 300;

/// The least height of a band whose cluster is named.
const NAMED: f64 = 0.035;

/// Silhouettes of the rows, cluster by cluster, and a dashed line at their mean.
///
/// Up to 50 clusters have a band each: its sorted values, as high as the cluster has rows. The bands of more clusters
/// would not be legible: clusters are then sorted by their means, and shown are the median and the ranges that hold the
/// middle half and nine tenths of their values. Values may be a sample; at most some hundred of a cluster are drawn.
#[derive(Debug, Clone)]
pub struct Silhouette<'a> {
    clusters: &'a [Vec<f64>],
    mean: Option<f64>,
    sizes: Option<&'a [u64]>,
}

impl<'a> Silhouette<'a> {
    /// The silhouettes, from -1 to 1, of the rows of each cluster, in any order. A cluster may have none.
    pub fn new(clusters: &'a [Vec<f64>]) -> Self {
        Self { clusters, mean: None, sizes: None }
    }

    /// The mean over all rows, if the values are a sample; otherwise it is taken of the values.
    #[must_use]
    pub fn mean(mut self, mean: f64) -> Self {
        self.mean = Some(mean);
        self
    }

    /// The number of rows of each cluster, if the values are a sample: what the heights of bands show.
    #[must_use]
    pub fn sizes(mut self, sizes: &'a [u64]) -> Self {
        self.sizes = Some(sizes);
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without values; [`Error::CannotDraw`] for a value outside -1 to 1;
    /// [`Error::FigureCount`] for another number of sizes than clusters.
    pub fn figure(&self) -> Result<Figure> {
        let mean = self.check()?;
        let sorted: Vec<_> = self.clusters.iter().map(|values| sorted(values)).collect();
        let low =
            sorted.iter().filter_map(|values| values.first()).fold(0.0, |low: f64, &value| low.min(value));
        let range = (f64::max((low * 10.0).floor() / 10.0, -1.0), 1.0);
        let few = sorted.len() <= BANDS;
        let panel = if few { self.bands(&sorted, range, mean) } else { quantiles(&sorted, range, mean) };
        let description = format!(
            "Silhouettes of the rows of {} clusters, from −1, which is wrong, to 1, which is clear. Their mean is {}.",
            sorted.len(),
            short(mean),
        );
        Ok(Figure::new("Silhouette of each cluster", description, vec![panel]))
    }

    /// Checks the values; their mean.
    fn check(&self) -> Result<f64> {
        let is_fit = |value: f64| (-1.0..=1.0).contains(&value);
        let expected = "a silhouette from -1 to 1";
        for (j, values) in self.clusters.iter().enumerate().filter(|(_, values)| !values.is_empty()) {
            check_values(WHAT, &format!("cluster {j}"), values.iter().copied(), expected, is_fit)?;
        }
        if let Some(sizes) = self.sizes {
            check_count(WHAT, "sizes", sizes.len(), self.clusters.len())?;
        }
        let count: usize = self.clusters.iter().map(Vec::len).sum();
        if count == 0 {
            return Err(Error::NothingToDraw { what: WHAT });
        }
        let mean = self.mean.unwrap_or_else(|| self.clusters.iter().flatten().sum::<f64>() / count as f64);
        check_values(WHAT, "means", [mean], expected, is_fit)?;
        Ok(mean)
    }

    /// The share of the height that each cluster takes.
    fn shares(&self) -> Vec<f64> {
        let sizes: Vec<_> = match self.sizes {
            Some(sizes) => sizes.iter().map(|&size| size as f64).collect(),
            None => self.clusters.iter().map(|values| values.len() as f64).collect(),
        };
        let total: f64 = sizes.iter().sum();
        sizes.into_iter().map(|size| if total > 0.0 { size / total } else { 0.0 }).collect()
    }

    /// A band for each cluster, the first on top.
    fn bands(&self, sorted: &[Vec<f64>], range: (f64, f64), mean: f64) -> Panel {
        let k = sorted.len();
        let gap = 0.1 / k as f64;
        let x = Axis { label: "silhouette".to_owned(), range, scale: Scale::Linear };
        let y = Axis {
            label: "clusters, each as high as its share of rows".to_owned(),
            range: (0.0, 1.0 + gap * (k + 1) as f64),
            scale: Scale::Bare,
        };
        let mut top = y.range.1;
        let mut panel = Panel::new(x, y);
        panel.height = 360.0;
        let (mut named, first) = (f64::INFINITY, top);
        for (j, (values, share)) in sorted.iter().zip(self.shares()).enumerate() {
            top -= gap;
            let bottom = top - share;
            let middle = (top + bottom) / 2.0;
            if !values.is_empty() && share > 0.0 {
                let outline = outline(values, (bottom, top), (OUTLINE / k).clamp(2, 300));
                panel.marks.push(Mark::Area { outline, ink: Ink::Series(j), opacity: 0.9 });
                // Names stand as far from each other as is needed to read them.
                if named - middle >= NAMED * first {
                    panel.marks.push(Mark::Row { y: middle, label: j.to_string() });
                    named = middle;
                }
            }
            top = bottom;
        }
        panel.marks.push(Mark::Vertical { x: mean, label: format!("mean {}", short(mean)) });
        panel
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// The outline of sorted values, the largest on top, between zero and each.
fn outline(values: &[f64], (bottom, top): (f64, f64), max: usize) -> Vec<(f64, f64)> {
    let n = values.len();
    let mut outline = vec![(0.0, bottom)];
    if n == 1 {
        outline.push((values[0], bottom));
        outline.push((values[0], top));
    } else {
        let height = |i: usize| bottom + (top - bottom) * i as f64 / (n - 1) as f64;
        outline.extend(spread(n, max).map(|i| (values[i], height(i))));
    }
    outline.push((0.0, top));
    outline
}

/// Quantiles of each cluster, by mean.
fn quantiles(sorted: &[Vec<f64>], range: (f64, f64), mean: f64) -> Panel {
    let mean_of = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let mut by_mean: Vec<_> = sorted.iter().filter(|values| !values.is_empty()).collect();
    by_mean.sort_by(|a, b| mean_of(b).total_cmp(&mean_of(a)));
    let (k, ink) = (by_mean.len(), Ink::Series(0));
    let columns: Vec<_> = spread(k, COLUMNS).collect();
    let at =
        |q: f64| -> Vec<_> { columns.iter().map(|&i| (i as f64 + 1.0, quantile(by_mean[i], q))).collect() };
    let band = |low, high| at(low).into_iter().chain(at(high).into_iter().rev()).collect();
    let label = "clusters, by falling mean".to_owned();
    let x = Axis { label, range: (0.0, k as f64 + 1.0), scale: Scale::Whole };
    let mut panel = Panel::new(x, Axis { label: "silhouette".to_owned(), range, scale: Scale::Linear });
    panel.marks.push(Mark::Area { outline: band(0.05, 0.95), ink, opacity: 0.25 });
    panel.marks.push(Mark::Area { outline: band(0.25, 0.75), ink, opacity: 0.45 });
    panel.marks.push(Mark::Line { points: at(0.5), ink, width: 2.0 });
    panel.marks.push(Mark::Horizontal { y: mean });
    panel.keys = vec![
        Key::new(Swatch::Line { ink, width: 2.0 }, "median"),
        Key::new(Swatch::Area { ink, opacity: 0.6 }, "25–75 %"),
        Key::new(Swatch::Area { ink, opacity: 0.25 }, "5–95 %"),
        Key::new(Swatch::Dashes, format!("mean {}", short(mean))),
    ];
    if columns.len() < k {
        panel.keys.push(Key::new(Swatch::Nothing, format!("{COLUMNS} of {k} clusters")));
    }
    panel
}
