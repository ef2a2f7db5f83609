//! Trainings and assignments whose rows are prepared as they are read.

use std::borrow::Cow;

use kmeans_data::Points;

use super::prepared::Preparation;
use crate::check::check_row_weights;
use crate::clock::timed;
use crate::error::Result;
use crate::model::KMeansModel;
use crate::outcome::Fit;
use crate::report::Warning;

/// Rows and weights as a training sees them.
pub(crate) struct PreparedJob<'a> {
    preparation: Option<&'a Preparation>,
    pub(crate) points: Box<dyn Points + 'a>,
    weights: Option<Cow<'a, [f32]>>,
    outliers: usize,
    /// Time to look for outliers.
    seconds: f64,
}

impl<'a> PreparedJob<'a> {
    /// The rows through the steps; those that a rule for outliers turns down have the weight 0.
    pub(crate) fn new(
        preparation: Option<&'a Preparation>,
        points: &'a dyn Points,
        weights: Option<&'a [f32]>,
    ) -> Result<Self> {
        let (outliers, time) =
            timed(|| preparation.map_or(Ok(Vec::new()), |preparation| preparation.outliers(points)));
        let outliers = outliers?;
        let weights = match outliers.is_empty() {
            true => weights.map(Cow::Borrowed),
            false => Some(without(&outliers, weights, points.rows())?),
        };
        let points = through(preparation, points)?;
        Ok(Self { preparation, points, weights, outliers: outliers.len(), seconds: time.as_secs_f64() })
    }

    pub(crate) fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    /// The model holds the preparation, and the report tells of the outliers.
    pub(crate) fn done(&self, mut fit: Fit) -> Result<Fit> {
        let Some(preparation) = self.preparation else { return Ok(fit) };
        fit.model = fit.model.with_preparation(Some(preparation.clone()))?;
        for report in [&mut fit.report, fit.model.report_mut()] {
            report.seconds.prepare += self.seconds;
            report.seconds.total += self.seconds;
            if self.outliers > 0 {
                report.warnings.push(Warning::Outliers { outliers: self.outliers, n: report.n });
            }
        }
        Ok(fit)
    }
}

/// Weights with 0 for some rows.
fn without(outliers: &[usize], weights: Option<&[f32]>, n: usize) -> Result<Cow<'static, [f32]>> {
    check_row_weights(weights, n)?;
    let mut weights = weights.map_or_else(|| vec![1.0; n], <[f32]>::to_vec);
    outliers.iter().for_each(|&row| weights[row] = 0.0);
    Ok(weights.into())
}

/// Rows as the centroids of a model see them.
pub(crate) fn rows_for<'a>(model: &'a KMeansModel, points: &'a dyn Points) -> Result<Box<dyn Points + 'a>> {
    through(model.preparation(), points)
}

fn through<'a>(preparation: Option<&'a Preparation>, points: &'a dyn Points) -> Result<Box<dyn Points + 'a>> {
    Ok(match preparation {
        Some(preparation) => Box::new(preparation.rows(points)?),
        None => Box::new(points),
    })
}
