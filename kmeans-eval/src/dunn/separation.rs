//! The least distance between clusters.
//!
//! Let h be how far a row of cluster a lies on its own side of the plane halfway between the means of a and b:
//! `h = (‖x − mean_b‖² − ‖x − mean_a‖²) / (2·‖mean_a − mean_b‖)`, negative on the other side. A row of a and a row of b are
//! at least the sum of their h apart, since that is how far they are apart across the plane.
//!
//! ```text
//! least = the least distance of some rows to all others
//! for all pairs of clusters: the least h of either side
//! for pairs of clusters whose least h together are below `least`, the lowest first:
//!     the rows of either whose h, with the least of the other side, is below it, by h
//!     measure strips of them from the plane outwards, until their h are no longer below it
//! ```

use kmeans_core::{PairDistance, Pairwise, Segments};

use crate::clustering::Clustering;
use crate::distance::Distance;
use crate::error::Result;
use crate::strips::{Loader, rounding, segments, strip_rows, strips};

/// Rows whose distances to all others give a first bound.
const FIRST_ROWS: usize = 256;

/// Clusters whose pairs are listed: 16 bytes each.
const MOST_CLUSTERS: usize = 2048;

/// The least distance of rows of different clusters, from all pairs of rows.
fn of_all_pairs(engine: &dyn Pairwise, clustering: &Clustering<'_>) -> Result<f64> {
    let (d, loader) = (clustering.d(), Loader::new(clustering, Distance::Euclidean));
    let (strips, mut x, mut y, mut least) = (strips(clustering), Vec::new(), Vec::new(), f64::INFINITY);
    for (at, first) in strips.iter().enumerate() {
        loader.strip(first, &mut x)?;
        for second in &strips[at..] {
            loader.strip(second, &mut y)?;
            let ranges = engine.pair_ranges(segments(first, &x, d), segments(second, &y, d))?;
            for (own, distances) in
                first.clusters.clone().zip(ranges.least.chunks_exact(second.clusters.len()))
            {
                let others = second.clusters.clone().zip(distances).filter(|&(other, _)| other != own);
                least = others
                    .fold(least, |least, (_, &distance)| least.min(f64::from(distance) * loader.unit()));
            }
        }
    }
    Ok(least)
}

pub(super) fn separation(engine: &dyn Pairwise, clustering: &Clustering<'_>) -> Result<f64> {
    if clustering.k() > MOST_CLUSTERS {
        return of_all_pairs(engine, clustering);
    }
    let search = Search::new(engine, clustering);
    let mut least = search.first_bound()?;
    let sides = search.least_sides()?;
    let k = clustering.k();
    let together = |a: usize, b: usize| sides[a * k + b] + sides[b * k + a];
    let pairs = (0..k).flat_map(|a| (a + 1..k).map(move |b| (a, b)));
    let mut pairs: Vec<_> =
        pairs.map(|(a, b)| (together(a, b), a, b)).filter(|pair| pair.0 < least).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (bound, a, b) in pairs {
        if bound >= least {
            break;
        }
        let own = search.near_plane(a, b, least - sides[b * k + a])?;
        let others = search.near_plane(b, a, least - sides[a * k + b])?;
        least = search.between(&own, &others, least)?;
    }
    Ok(least)
}

struct Search<'a> {
    engine: &'a dyn Pairwise,
    clustering: &'a Clustering<'a>,
    loader: Loader<'a>,
    /// Means, and rows to be compared with them: less the mean of all.
    means: Vec<f32>,
    near_means: Loader<'a>,
    /// Distances between means, row-major k×k.
    gaps: Vec<f64>,
    /// No row is farther from the mean of all.
    radius: f64,
}

/// A row, and a bound of how far it lies on its own side.
type Side = (f64, usize);

impl<'a> Search<'a> {
    fn new(engine: &'a dyn Pairwise, clustering: &'a Clustering<'a>) -> Self {
        let near_means = Loader::about_centre(clustering);
        let each = || clustering.means().chunks_exact(clustering.d());
        let gaps = each().flat_map(|a| each().map(move |b| apart(a, b))).collect();
        let centre = clustering.centre();
        let farthest = |of: &mut dyn Iterator<Item = f64>| of.fold(0.0, f64::max);
        let radius = farthest(&mut each().map(|mean| apart(mean, &centre)))
            + farthest(&mut clustering.distances().iter().copied());
        Self {
            engine,
            clustering,
            loader: Loader::new(clustering, Distance::Euclidean),
            means: near_means.means(),
            near_means,
            gaps,
            radius,
        }
    }

    /// The least distance of a few rows to all rows of other clusters.
    fn first_bound(&self) -> Result<f64> {
        let (n, d) = (self.clustering.n(), self.clustering.d());
        let step = n.div_ceil(FIRST_ROWS);
        let rows: Vec<usize> = (0..n).step_by(step).collect();
        let each: Vec<usize> = (1..=rows.len()).collect();
        let (mut x, mut y, mut least) = (Vec::new(), Vec::new(), f64::INFINITY);
        self.loader.rows(&rows, &mut x)?;
        for strip in strips(self.clustering) {
            self.loader.strip(&strip, &mut y)?;
            let first = Segments { x: &x, d, ends: &each };
            let ranges = self.engine.pair_ranges(first, segments(&strip, &y, d))?;
            for (&row, distances) in rows.iter().zip(ranges.least.chunks_exact(strip.clusters.len())) {
                let own = self.clustering.clusters()[row] as usize;
                for (_, &distance) in strip.clusters.clone().zip(distances).filter(|(other, _)| *other != own)
                {
                    least = least.min(f64::from(distance) * self.loader.unit());
                }
            }
        }
        Ok(least)
    }

    /// The least h of each cluster towards each other one, row-major k×k.
    fn least_sides(&self) -> Result<Vec<f64>> {
        let k = self.clustering.k();
        let mut least = vec![f64::INFINITY; k * k];
        for a in 0..k {
            self.sides(a, 0..k, |b, _, side| {
                let least = &mut least[a * k + b];
                *least = least.min(side);
            })?;
        }
        Ok(least)
    }

    /// The rows of cluster a whose h towards b is below a limit, the lowest first.
    fn near_plane(&self, a: usize, b: usize, limit: f64) -> Result<Vec<Side>> {
        let mut near = Vec::new();
        self.sides(a, b..b + 1, |_, row, side| {
            if side < limit {
                near.push((side, row));
            }
        })?;
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Ok(near)
    }

    /// Calls `visit` with a lower bound of h of each row of cluster a towards each of some others.
    fn sides(
        &self,
        a: usize,
        others: std::ops::Range<usize>,
        mut visit: impl FnMut(usize, usize, f64),
    ) -> Result<()> {
        let (d, step) = (self.clustering.d(), strip_rows(self.clustering.d()));
        let mut x = Vec::new();
        for rows in self.clustering.rows_of(a).chunks(step) {
            self.near_means.rows(rows, &mut x)?;
            for first in others.clone().step_by(step) {
                let some = first..others.end.min(first + step);
                let means = &self.means[some.start * d..some.end * d];
                let each: Vec<usize> = (1..=some.len()).collect();
                let sums = self.engine.pair_sums(
                    Segments { x: &x, d, ends: &[rows.len()] },
                    Segments { x: means, d, ends: &each },
                    PairDistance::SqEuclidean,
                )?;
                for (&row, sq_dists) in rows.iter().zip(sums.first.chunks_exact(some.len())) {
                    for (b, &sq_dist) in some.clone().zip(sq_dists).filter(|&(b, _)| b != a) {
                        visit(b, row, self.side(row, [a, b], sq_dist * self.near_means.unit().powi(2)));
                    }
                }
            }
        }
        Ok(())
    }

    /// h of a row, less what rounding may have added.
    fn side(&self, row: usize, [a, b]: [usize; 2], sq_dist: f64) -> f64 {
        let gap = self.gaps[a * self.clustering.k() + b];
        if gap == 0.0 {
            return 0.0;
        }
        let own = self.clustering.distances()[row].powi(2);
        // Of the chain of additions, and of both ends, which are rounded about the mean of all.
        let chain = rounding(self.clustering.d()) * (sq_dist + own);
        let ends = self.radius / f64::from(1 << 22);
        (sq_dist - own) / (2.0 * gap) - (chain + ends * (sq_dist.sqrt() + ends)) / gap
    }

    /// The least of a distance and those between rows of two clusters, which come by h.
    fn between(&self, own: &[Side], others: &[Side], mut least: f64) -> Result<f64> {
        let (d, step) = (self.clustering.d(), strip_rows(self.clustering.d()));
        let (mut x, mut y) = (Vec::new(), Vec::new());
        let rows = |sides: &[Side]| sides.iter().map(|&(_, row)| row).collect::<Vec<_>>();
        for first in own.chunks(step) {
            for (at, second) in others.chunks(step).enumerate() {
                if first[0].0 + second[0].0 >= least {
                    break;
                }
                if at == 0 {
                    self.loader.rows(&rows(first), &mut x)?;
                }
                self.loader.rows(&rows(second), &mut y)?;
                let ranges = self.engine.pair_ranges(
                    Segments { x: &x, d, ends: &[first.len()] },
                    Segments { x: &y, d, ends: &[second.len()] },
                )?;
                least = least.min(f64::from(ranges.least[0]) * self.loader.unit());
            }
        }
        Ok(least)
    }
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}
