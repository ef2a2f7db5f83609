//! What is measured of each k.

use std::ops::ControlFlow;
use std::time::Instant;

use kmeans_core::{AssignOptions, KMeansModel, Trainer};
use kmeans_data::Points;
use serde::Serialize;

use super::bic::bic;
use super::method::Method;
use super::sweep::ChooseK;
use crate::clustering::Clustering;
use crate::dispersion::{calinski_harabasz, davies_bouldin, sum_of_squares};
use crate::distance::Distance;
use crate::error::Result;
use crate::params::for_k;
use crate::silhouette::{sampled_silhouette, silhouette};
use crate::stability::{Stability, stability};

/// One k, and what was measured of it; `None`: not asked for, or not defined.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KMeasures {
    /// Clusters.
    pub k: usize,
    /// Inertia over all rows.
    pub inertia: f64,
    /// Rows trained on.
    pub n_trained: usize,
    /// Rows of each cluster.
    pub cluster_sizes: Vec<u64>,
    /// Iterations of the training that was kept.
    pub niter: usize,
    /// The mean silhouette.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silhouette: Option<f64>,
    /// Its standard error, as of rows drawn from many more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silhouette_error: Option<f64>,
    /// [`crate::calinski_harabasz`].
    #[serde(rename = "calinski-harabasz", skip_serializing_if = "Option::is_none")]
    pub calinski_harabasz: Option<f64>,
    /// [`crate::davies_bouldin`].
    #[serde(rename = "davies-bouldin", skip_serializing_if = "Option::is_none")]
    pub davies_bouldin: Option<f64>,
    /// The mean of `ln inertia` over references, less that of the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// Its simulation error, `s·√(1 + 1/B)` of B references.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_error: Option<f64>,
    /// [`crate::bic`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic: Option<f64>,
    /// [`crate::stability`] on halves of the rows; not defined for one cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stability: Option<f64>,
    /// Seconds of measuring.
    pub seconds: f64,
}

impl KMeasures {
    /// Measures a model.
    pub(super) fn of(
        device: &dyn Trainer,
        points: &dyn Points,
        model: &KMeansModel,
        choose: &ChooseK,
    ) -> Result<Self> {
        let begun = Instant::now();
        let found = device.assign(points, model, AssignOptions::default(), &|_| ControlFlow::Continue(()))?;
        let mut new = Self {
            k: model.k(),
            inertia: found.inertia,
            n_trained: model.report().n_trained,
            cluster_sizes: found.cluster_sizes,
            niter: model.report().niter_done,
            silhouette: None,
            silhouette_error: None,
            calinski_harabasz: None,
            davies_bouldin: None,
            gap: None,
            gap_error: None,
            bic: None,
            stability: None,
            seconds: 0.0,
        };
        let of_clusters = [Method::Silhouette, Method::CalinskiHarabasz, Method::DaviesBouldin, Method::Bic];
        if of_clusters.into_iter().any(|method| choose.has(method)) {
            new.measure_clusters(device, &Clustering::new(points, &found.labels)?, choose)?;
        }
        // One cluster, or one a row of a half, always agree.
        if choose.has(Method::Stability) && (2..points.rows().div_ceil(2)).contains(&new.k) {
            let params = for_k(choose.params(), new.k, Vec::new());
            let Stability { subsamples, .. } = stability(device, points, &params, choose.trainings())?;
            new.stability = Some(subsamples);
        }
        new.seconds = begun.elapsed().as_secs_f64();
        Ok(new)
    }

    fn measure_clusters(
        &mut self,
        device: &dyn Trainer,
        clustering: &Clustering<'_>,
        choose: &ChooseK,
    ) -> Result<()> {
        if choose.has(Method::Bic) {
            self.bic = bic(&clustering.sizes(), sum_of_squares(clustering), clustering.d());
        }
        if !(2..clustering.n()).contains(&clustering.k()) {
            return Ok(());
        }
        if choose.has(Method::CalinskiHarabasz) {
            self.calinski_harabasz = Some(calinski_harabasz(clustering)?);
        }
        if choose.has(Method::DaviesBouldin) {
            self.davies_bouldin = Some(davies_bouldin(clustering)?);
        }
        if choose.has(Method::Silhouette) {
            self.measure_silhouette(device, clustering, choose)?;
        }
        Ok(())
    }

    fn measure_silhouette(
        &mut self,
        device: &dyn Trainer,
        clustering: &Clustering<'_>,
        choose: &ChooseK,
    ) -> Result<()> {
        let distance = Distance::of(choose.params().metric());
        let values = match choose.sample_of(clustering.n()) {
            None => silhouette(device, clustering, distance)?.values().to_vec(),
            Some(m) => {
                let (_, drawn) = sampled_silhouette(device, clustering, distance, m, choose.params().seed)?;
                drawn.into_iter().map(|(_, value)| value).collect()
            }
        };
        let m = values.len() as f64;
        let mean = values.iter().sum::<f64>() / m;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (m - 1.0);
        self.silhouette = Some(mean);
        self.silhouette_error = Some((variance / m).sqrt());
        Ok(())
    }
}
