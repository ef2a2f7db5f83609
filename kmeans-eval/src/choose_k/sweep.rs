//! One training for each k.

use std::time::Instant;

use kmeans_core::{KMeansModel, Metric, Params, Trainer};
use kmeans_data::Points;
use serde::Serialize;

use super::gap::add_gaps;
use super::measures::KMeasures;
use super::method::Method;
use super::models::models;
use super::recommend::{Recommendation, recommend};
use super::x_means::x_means;
use crate::error::{Error, Result};

/// Rows from which on silhouettes are of a sample.
const MANY_ROWS: usize = 20_000;

/// Rows of that sample.
const SAMPLE: usize = 4_000;

/// Chooses the number of clusters: which k to try, by which methods, and how to train.
///
/// Each k is trained anew (`nredo` times, once by default, and small k more often), from the centroids of the k before, the rest drawn, and from
/// those of the k behind, some merged; the best is kept. Trainings from neighbours take few iterations. Cost: the
/// trainings and the measures asked for; memory k·d for each k tried, besides that of a training; the gap holds as
/// many rows as are trained on, stability half of the rows, X-means those of the largest cluster.
#[derive(Clone, Debug)]
pub struct ChooseK {
    ks: Vec<usize>,
    methods: Vec<Method>,
    params: Params,
    references: usize,
    trainings: usize,
    sample: Option<usize>,
    is_warm: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KChoice {
    /// Each k tried, ascending.
    pub k: Vec<KMeasures>,
    /// What the methods say together.
    pub recommended: Recommendation,
    /// Seconds of all.
    pub seconds: f64,
    /// The model of the recommended k.
    #[serde(skip)]
    pub model: KMeansModel,
}

impl ChooseK {
    /// The methods that vote where nothing is said: those that need no further trainings.
    pub const METHODS: [Method; 4] =
        [Method::Elbow, Method::Silhouette, Method::CalinskiHarabasz, Method::DaviesBouldin];

    /// Tries each of `ks`, by [`ChooseK::METHODS`].
    pub fn new(ks: impl IntoIterator<Item = usize>) -> Self {
        let mut ks: Vec<usize> = ks.into_iter().collect();
        ks.sort_unstable();
        ks.dedup();
        Self {
            ks,
            methods: Self::METHODS.to_vec(),
            params: converging(),
            references: 10,
            trainings: 5,
            sample: None,
            is_warm: true,
        }
    }

    /// The methods that vote, each once.
    #[must_use]
    pub fn methods(mut self, methods: impl Into<Vec<Method>>) -> Self {
        self.methods = methods.into();
        self.methods.sort_unstable();
        self.methods.dedup();
        self
    }

    /// How to train; by default as [`Params::new`] has it, but with up to 100 iterations. `max_points_per_centroid` counts for
    /// the largest k, and all are trained on so many rows; `k`, `init_centroids` and `final_assign` are set for each training.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// Reference data sets of the gap statistic; default 10.
    #[must_use]
    pub fn gap_references(mut self, references: usize) -> Self {
        self.references = references;
        self
    }

    /// Trainings on halves of the rows whose agreement is the stability of a k; default 5.
    #[must_use]
    pub fn stability_trainings(mut self, trainings: usize) -> Self {
        self.trainings = trainings;
        self
    }

    /// Rows whose silhouettes are measured, to all others; default: all of up to 20 000 rows, else 4000.
    #[must_use]
    pub fn silhouette_sample(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.sample = rows.into();
        self
    }

    /// Whether to train from the centroids of neighbouring k, too; default on. Off, each training is on its own: to
    /// compare.
    #[must_use]
    pub fn warm_starts(mut self, warm: bool) -> Self {
        self.is_warm = warm;
        self
    }

    pub(super) fn has(&self, method: Method) -> bool {
        self.methods.contains(&method)
    }

    pub(super) fn params(&self) -> &Params {
        &self.params
    }

    pub(super) fn references(&self) -> usize {
        self.references
    }

    pub(super) fn trainings(&self) -> usize {
        self.trainings
    }

    pub(super) fn is_warm(&self) -> bool {
        self.is_warm
    }

    pub(super) fn ks(&self) -> &[usize] {
        &self.ks
    }

    /// Rows of the sample whose silhouettes are measured; `None`: all.
    pub(super) fn sample_of(&self, n: usize) -> Option<usize> {
        match self.sample {
            Some(rows) => (rows < n).then_some(rows),
            None => (n > MANY_ROWS).then_some(SAMPLE),
        }
    }

    /// Trains for each k, measures, and lets the methods vote.
    ///
    /// # Errors
    /// [`Error::KRange`] for k outside 1 to n, none at all, or one for which no method that votes is defined;
    /// [`Error::NoMethods`]; [`Error::NoInertia`] for methods that compare inertias with the inner product;
    /// [`Error::References`] and [`Error::Trainings`] for fewer than two; whatever trainings and measures fail with.
    pub fn run(&self, device: &dyn Trainer, points: &dyn Points) -> Result<KChoice> {
        self.run_watched(device, points, &mut |_| ())
    }

    /// The same, and calls `done` with each k that is measured.
    ///
    /// # Errors
    /// As [`ChooseK::run`].
    pub fn run_watched(
        &self,
        device: &dyn Trainer,
        points: &dyn Points,
        done: &mut dyn FnMut(&KMeasures),
    ) -> Result<KChoice> {
        self.check(points.rows())?;
        let mut found = None;
        device.with_ready(&mut |device| {
            found = Some(self.sweep(device, points, done));
            Ok(())
        })?;
        found.expect("a device that is ready calls the work")
    }

    fn check(&self, n: usize) -> Result<()> {
        let metric = self.params.metric();
        let needs_inertia = |method: &&Method| method.compares_inertias();
        match self.methods.iter().find(needs_inertia) {
            _ if self.methods.is_empty() => return Err(Error::NoMethods),
            Some(method) if metric == Metric::InnerProduct => {
                return Err(Error::NoInertia { method: method.name(), metric: metric.to_string() });
            }
            _ => {}
        }
        if self.has(Method::Gap) && self.references < 2 {
            return Err(Error::References { references: self.references });
        }
        if self.has(Method::Stability) && self.trainings < 2 {
            return Err(Error::Trainings { trainings: self.trainings });
        }
        self.check_range(n)
    }

    fn check_range(&self, n: usize) -> Result<()> {
        let comparing = [Method::Silhouette, Method::CalinskiHarabasz, Method::DaviesBouldin];
        let only_comparing = self.methods.iter().all(|method| comparing.contains(method));
        let (first, last) = (self.ks.first().copied().unwrap_or(0), self.ks.last().copied().unwrap_or(0));
        let (least, most) = if only_comparing { (2, n.saturating_sub(1)) } else { (1, n) };
        let is_inside = least <= first && last <= most;
        if is_inside { Ok(()) } else { Err(Error::KRange { first, last, least, most }) }
    }

    fn sweep(
        &self,
        device: &dyn Trainer,
        points: &dyn Points,
        done: &mut dyn FnMut(&KMeasures),
    ) -> Result<KChoice> {
        let started = Instant::now();
        let mut models = models(device, points, &self.params, &self.ks, self.is_warm)?;
        let mut measured: Vec<KMeasures> = Vec::with_capacity(self.ks.len());
        for model in &models {
            let measures = KMeasures::of(device, points, model, self)?;
            done(&measures);
            measured.push(measures);
        }
        if self.has(Method::Gap) {
            add_gaps(device, points, self, &models, &mut measured)?;
        }
        let by_splits = match self.has(Method::XMeans) {
            true => {
                Some(x_means(device, points, &self.params, self.ks[0], self.ks[self.ks.len() - 1])?.model.k())
            }
            false => None,
        };
        let recommended = recommend(&measured, &models, &self.methods, by_splits);
        let at = self.ks.iter().position(|&k| k == recommended.k).expect("one of those tried is recommended");
        let model = models.swap_remove(at);
        Ok(KChoice { k: measured, recommended, seconds: started.elapsed().as_secs_f64(), model })
    }
}

/// Parameters under which trainings mostly converge: their objectives are compared.
fn converging() -> Params {
    let mut params = Params::new(1);
    params.niter = 100;
    params
}
