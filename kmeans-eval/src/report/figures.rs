//! Figures of what was measured.

use kmeans_core::Report;

use crate::choose_k::{KChoice, KMeasures, Method};
use crate::error::{Error, Result};
use crate::evaluation::Evaluation;
use crate::figure::{Better, Curve, Elbow, Figure, Objective, Silhouette, Sizes};
use crate::measure::Measure;

/// Rows of each cluster.
///
/// # Errors
/// Those of [`Sizes`].
pub fn sizes_figure(evaluation: &Evaluation) -> Result<Figure> {
    Sizes::new(&evaluation.cluster_sizes()).figure()
}

/// Silhouettes of the rows of each cluster.
///
/// # Errors
/// [`Error::NothingToDraw`] where they were not measured; those of [`Silhouette`].
pub fn silhouette_figure(evaluation: &Evaluation) -> Result<Figure> {
    let (Some(found), Some(mean)) = (&evaluation.silhouettes, evaluation.value(Measure::Silhouette)) else {
        return Err(Error::NothingToDraw { what: "silhouettes" });
    };
    let sizes = evaluation.cluster_sizes();
    Silhouette::new(&found.by_cluster).mean(mean).sizes(&sizes).figure()
}

/// The objective of each iteration of a training, a line a restart.
///
/// # Errors
/// [`Error::NothingToDraw`] where there were no iterations; those of [`Objective`].
pub fn objective_figure(report: &Report) -> Result<Figure> {
    let objectives =
        |run: &kmeans_core::RunReport| run.iteration_stats.iter().map(|stats| stats.obj).collect();
    let runs: Vec<Vec<f64>> = report.redos.iter().map(objectives).collect();
    if runs.iter().all(Vec::is_empty) {
        return Err(Error::NothingToDraw { what: "iterations" });
    }
    Objective::new(&runs).chosen(report.chosen_redo).figure()
}

/// What was measured of each k, a panel a measure, with the k that each method is for.
///
/// # Errors
/// Those of [`Elbow`].
pub fn k_figure(choice: &KChoice) -> Result<Figure> {
    let vote = |method: Method| choice.recommended.votes.iter().find(|vote| vote.method == method)?.k;
    let curve = |name: &str, method: Method, of: fn(&KMeasures) -> Option<f64>| {
        let points: Vec<(usize, f64)> = choice.k.iter().filter_map(|m| Some((m.k, of(m)?))).collect();
        let curve = Curve::new(name, points.clone());
        let curve = vote(method).into_iter().fold(curve, Curve::recommended);
        (!points.is_empty()).then_some(curve)
    };
    let errors = |of: fn(&KMeasures) -> Option<f64>| choice.k.iter().filter_map(of).collect::<Vec<_>>();
    let curves = [
        curve("inertia", Method::Elbow, |m| Some(m.inertia)),
        curve("mean silhouette", Method::Silhouette, |m| m.silhouette)
            .map(|curve| curve.better(Better::Higher).errors(errors(|m| m.silhouette_error))),
        curve("Calinski–Harabasz index", Method::CalinskiHarabasz, |m| m.calinski_harabasz)
            .map(|curve| curve.better(Better::Higher)),
        curve("Davies–Bouldin index", Method::DaviesBouldin, |m| m.davies_bouldin)
            .map(|curve| curve.better(Better::Lower)),
        curve("gap", Method::Gap, |m| m.gap)
            .map(|curve| curve.better(Better::Higher).errors(errors(|m| m.gap.and(m.gap_error)))),
        curve("Bayesian information criterion", Method::Bic, |m| m.bic)
            .map(|curve| curve.better(Better::Higher)),
        curve("agreement on halves", Method::Stability, |m| m.stability)
            .map(|curve| curve.better(Better::Higher)),
    ];
    let title = format!("k = {} is recommended", choice.recommended.k);
    Ok(Elbow::new(curves.into_iter().flatten()).figure()?.with_title(title))
}
