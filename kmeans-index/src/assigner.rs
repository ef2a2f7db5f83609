//! Assignment of rows to centroids through an index, for training with very many clusters.

use std::borrow::Cow;

use kmeans_core::{Assigner, Centroids, Engine, Error, KMeans, Metric, Pruning, Result, Rows};

/// Centroids searched in the cells nearest to a row only: `√k` cells, of which `nprobe` are looked into.
///
/// A row is compared with about `√k·(1 + nprobe)` centroids instead of k, in whole blocks on the engine.
/// A nearest centroid in another cell is missed. Cells are trained once on the first centroids, or on those
/// of every iteration with `update_index`; centroids are shared out among them anew in each.
pub struct CellAssigner<E: Engine> {
    engine: E,
    metric: Metric,
    nprobe: usize,
    /// The centres of all cells, as they were trained.
    centres: Vec<f32>,
    cells: Option<Cells<E>>,
}

/// The cells that have centroids.
struct Cells<E: Engine> {
    codebook: E::Codebook,
    /// The centroids of each: their numbers, and they themselves.
    members: Vec<(Vec<i32>, E::Codebook)>,
}

/// The best centroid of a row so far; smaller cost is nearer.
#[derive(Clone, Copy)]
struct Best {
    cost: f32,
    label: i32,
}

impl<E: Engine + Clone> CellAssigner<E> {
    /// An assigner that looks into `nprobe` cells a row.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `nprobe` 0 and for a metric that engines do not have.
    pub fn new(engine: E, metric: Metric, nprobe: usize) -> Result<Self> {
        metric.check_fused()?;
        if nprobe == 0 {
            return Err(Error::Parameter { name: "nprobe", value: "0".to_owned(), expected: "at least 1" });
        }
        // Rows and centroids come normalised where they are to be.
        let metric = if metric.is_similarity() { Metric::InnerProduct } else { metric };
        Ok(Self { engine, metric, nprobe, centres: Vec::new(), cells: None })
    }

    fn codebook(&self, x: Vec<f32>, d: usize) -> Result<E::Codebook> {
        self.engine.codebook(&Centroids::from_offsets(x, d), self.metric)
    }

    /// The nearest of the codebook for each row of `x`, and what it costs.
    fn nearest(&self, x: &[f32], d: usize, codebook: &E::Codebook) -> Result<Vec<Best>> {
        let mut rows = self.engine.prepare(Rows::Host { x: Cow::Borrowed(x), d }, None)?;
        // What would be remembered of these rows is not asked for again.
        self.engine.set_pruning(&mut rows, Pruning::Off, None)?;
        self.engine.assign(&mut rows, codebook)?;
        let measured = self.engine.distances(&rows)?.into_iter().map(|v| self.cost(v));
        let labels = self.engine.labels(&rows)?;
        Ok(measured.zip(labels).map(|(cost, label)| Best { cost, label }).collect())
    }

    fn cost(&self, measured: f32) -> f32 {
        if self.metric.is_similarity() { -measured } else { measured }
    }

    /// The rows that look into each cell.
    fn visitors(&self, cells: &Cells<E>, x: &[f32], d: usize) -> Result<Vec<Vec<usize>>> {
        let p = self.nprobe.min(cells.members.len());
        let rows = self.engine.prepare(Rows::Host { x: Cow::Borrowed(x), d }, None)?;
        let found = self.engine.nearest(&rows, &cells.codebook, p)?;
        let mut visitors = vec![Vec::new(); cells.members.len()];
        for (row, near) in found.ids.chunks_exact(p).enumerate() {
            near.iter().for_each(|&cell| visitors[cell as usize].push(row));
        }
        Ok(visitors)
    }
}

impl<E: Engine + Clone> Assigner for CellAssigner<E> {
    fn name(&self) -> String {
        format!("cells (nprobe {}) on {}", self.nprobe, self.engine.name())
    }

    fn is_exact(&self) -> bool {
        false
    }

    fn train(&mut self, centroids: &[f32], d: usize) -> Result<()> {
        let k = ((centroids.len() / d) as f64).sqrt().ceil() as usize;
        let kmeans = KMeans::on(self.engine.clone(), k).metric(self.metric).min_points_per_centroid(1);
        self.centres = kmeans.train(centroids, d)?.model.centroids().to_vec();
        Ok(())
    }

    fn set_centroids(&mut self, centroids: &[f32], d: usize) -> Result<()> {
        if self.centres.is_empty() {
            self.train(centroids, d)?;
        }
        let mut numbers = vec![Vec::new(); self.centres.len() / d];
        let all = self.codebook(self.centres.clone(), d)?;
        for (centroid, best) in self.nearest(centroids, d, &all)?.into_iter().enumerate() {
            numbers[best.label as usize].push(centroid as i32);
        }
        // Cells without centroids would only be looked into in vain.
        let mut centres = Vec::new();
        let mut members = Vec::new();
        for (centre, numbers) in self.centres.chunks_exact(d).zip(numbers).filter(|(_, n)| !n.is_empty()) {
            let x = numbers.iter().flat_map(|&c| &centroids[c as usize * d..][..d]).copied().collect();
            centres.extend_from_slice(centre);
            members.push((numbers, self.codebook(x, d)?));
        }
        self.cells = Some(Cells { codebook: self.codebook(centres, d)?, members });
        Ok(())
    }

    fn assign(&self, x: &[f32], d: usize, labels: &mut [i32]) -> Result<()> {
        let expected = "centroids to be set before rows are assigned";
        let none = || Error::Parameter { name: "assigner", value: "empty".to_owned(), expected };
        let cells = self.cells.as_ref().ok_or_else(none)?;
        let mut best = vec![Best { cost: f32::INFINITY, label: i32::MAX }; labels.len()];
        let mut visiting = Vec::new();
        for (rows, (numbers, codebook)) in self.visitors(cells, x, d)?.iter().zip(&cells.members) {
            if rows.is_empty() {
                continue;
            }
            visiting.clear();
            rows.iter().for_each(|&row| visiting.extend_from_slice(&x[row * d..][..d]));
            for (&row, found) in rows.iter().zip(self.nearest(&visiting, d, codebook)?) {
                let found = Best { label: numbers[found.label as usize], ..found };
                if (found.cost, found.label) < (best[row].cost, best[row].label) {
                    best[row] = found;
                }
            }
        }
        labels.iter_mut().zip(best).for_each(|(label, best)| *label = best.label);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn_ndarray::NdArray;
    use kmeans_core::TensorEngine;

    /// Rows of two columns on a bent line, so that neighbours are found in neighbouring cells.
    fn rows(n: usize) -> Vec<f32> {
        (0..n).flat_map(|i| [i as f32, ((i * 37) % 11) as f32 / 11.0]).collect()
    }

    fn assigner(nprobe: usize) -> CellAssigner<TensorEngine<NdArray>> {
        CellAssigner::new(TensorEngine::default(), Metric::L2, nprobe).unwrap()
    }

    #[test]
    fn all_cells_together_are_exact() {
        let (x, centroids) = (rows(200), rows(40));
        let mut assigner = assigner(100);
        assigner.train(&centroids, 2).unwrap();
        assigner.set_centroids(&centroids, 2).unwrap();
        let mut labels = vec![-1; 200];
        assigner.assign(&x, 2, &mut labels).unwrap();
        let sq_dist = |row: usize, c: usize| {
            (x[2 * row] - centroids[2 * c]).powi(2) + (x[2 * row + 1] - centroids[2 * c + 1]).powi(2)
        };
        for (row, &label) in labels.iter().enumerate() {
            let nearest = (0..40).min_by(|&a, &b| sq_dist(row, a).total_cmp(&sq_dist(row, b))).unwrap();
            assert_eq!(label as usize, nearest, "row {row}");
        }
    }

    #[test]
    fn few_cells_find_most_of_the_nearest() {
        let (x, centroids) = (rows(400), rows(100));
        let train = |nprobe| {
            let mut assigner = assigner(nprobe);
            assigner.set_centroids(&centroids, 2).unwrap();
            let mut labels = vec![-1; 400];
            assigner.assign(&x, 2, &mut labels).unwrap();
            labels
        };
        let (exact, few) = (train(100), train(2));
        let same = exact.iter().zip(&few).filter(|(a, b)| a == b).count();
        assert!(same >= 390, "{same} of 400");
    }

    #[test]
    fn no_cell_to_look_into_is_refused() {
        let error = CellAssigner::new(TensorEngine::<NdArray>::default(), Metric::L2, 0).err().unwrap();
        assert_eq!(error.to_string(), "nprobe is 0, expected at least 1");
    }
}
