//! Sizes of clusters.

use super::chart::Figure;
use super::legend::{Key, Swatch};
use super::mark::Mark;
use super::number::short;
use super::panel::{Axis, Panel, Scale};
use super::theme::Ink;
use crate::error::{Error, Result};

const WHAT: &str = "cluster sizes";

/// Clusters up to which each has a bar.
const BARS: usize = 60;

/// Bins of a histogram.
const BINS: usize = 30;

/// Sizes of clusters: a bar for each of up to 60 clusters, a histogram of the sizes of more; and a dashed line where
/// all would be if they were even.
#[derive(Debug, Clone)]
pub struct Sizes<'a> {
    sizes: &'a [u64],
}

impl<'a> Sizes<'a> {
    /// The number of rows of each cluster.
    pub fn new(sizes: &'a [u64]) -> Self {
        Self { sizes }
    }

    /// The figure.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without clusters.
    pub fn figure(&self) -> Result<Figure> {
        let largest = self.sizes.iter().copied().max().ok_or(Error::NothingToDraw { what: WHAT })?;
        let k = self.sizes.len();
        let rows: u128 = self.sizes.iter().copied().map(u128::from).sum();
        let even = rows as f64 / k as f64;
        let panel = if k <= BARS { self.bars(even, largest) } else { self.histogram(even, largest) };
        let smallest = self.sizes.iter().copied().min().unwrap_or(largest);
        let empty = self.sizes.iter().filter(|&&size| size == 0).count();
        let description = format!(
            "{rows} rows in {k} clusters, of which {empty} are empty. The smallest has {smallest} rows, the largest \
             {largest}; n/k is {}.",
            short(even),
        );
        Ok(Figure::new("Cluster sizes", description, vec![panel]))
    }

    fn bars(&self, even: f64, largest: u64) -> Panel {
        let range = (-0.6, self.sizes.len() as f64 - 0.4);
        let x = Axis { label: "cluster".to_owned(), range, scale: Scale::Whole };
        let range = (0.0, (largest as f64 * 1.05).max(1.0));
        let mut panel = Panel::new(x, Axis { label: "rows".to_owned(), range, scale: Scale::Whole });
        let bar = |(j, &size): (usize, &u64)| bar((j as f64 - 0.4, j as f64 + 0.4), size as f64);
        panel.marks.extend(self.sizes.iter().enumerate().map(bar));
        panel.marks.push(Mark::Horizontal { y: even });
        panel.keys.push(Key::new(Swatch::Dashes, format!("even sizes, n/k = {}", short(even))));
        panel
    }

    fn histogram(&self, even: f64, largest: u64) -> Panel {
        // Bins hold whole numbers of sizes, and all as many.
        let smallest = self.sizes.iter().copied().min().unwrap_or(0);
        let width = ((largest - smallest) / BINS as u64).saturating_add(1);
        let mut counts = vec![0u64; ((largest - smallest) / width) as usize + 1];
        self.sizes.iter().for_each(|size| counts[((size - smallest) / width) as usize] += 1);
        let edge = |bin: usize| smallest as f64 - 0.5 + bin as f64 * width as f64;
        let room = counts.len() as f64 * width as f64 * 0.03;
        let range = (edge(0) - room, edge(counts.len()) + room);
        let x = Axis { label: "rows of a cluster".to_owned(), range, scale: Scale::Linear };
        let most = counts.iter().copied().max().unwrap_or(1) as f64;
        let y = Axis { label: "clusters".to_owned(), range: (0.0, most * 1.05), scale: Scale::Whole };
        let mut panel = Panel::new(x, y);
        let bar = |(bin, &count): (usize, &u64)| bar((edge(bin), edge(bin + 1)), count as f64);
        panel.marks.extend(counts.iter().enumerate().filter(|&(_, &count)| count > 0).map(bar));
        panel.marks.push(Mark::Vertical { x: even, label: format!("even: n/k = {}", short(even)) });
        panel
    }
}

fn bar((left, right): (f64, f64), height: f64) -> Mark {
    let outline = vec![(left, 0.0), (left, height), (right, height), (right, 0.0)];
    Mark::Area { outline, ink: Ink::Series(0), opacity: 0.9 }
}
