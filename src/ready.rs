//! A device whose engine was found.

use std::sync::Arc;

use kmeans_core::{
    AssignOptions, Assigner, Assignment, Fit, Job, KMeansModel, Metric, OnProgress, Result, Scanner, Sink,
    Trainer,
};
use kmeans_data::Points;
use kmeans_index::{Exact, Hardware};

/// The engine of a device, and what looks through lists on the CPU.
pub(crate) struct Ready {
    pub(crate) engine: Box<dyn Hardware>,
    pub(crate) scanner: Arc<dyn Scanner>,
}

impl Hardware for Ready {
    fn list_scanner(&self) -> Result<Arc<dyn Scanner>> {
        Ok(self.scanner.clone())
    }

    fn exact(&self, vectors: &[f32], d: usize, metric: Metric) -> Result<Option<Box<dyn Exact>>> {
        self.engine.exact(vectors, d, metric)
    }
}

impl Trainer for Ready {
    fn train(&self, job: Job<'_>) -> Result<Fit> {
        self.engine.train(job)
    }

    fn assign(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment> {
        self.engine.assign(points, model, options, progress)
    }

    fn assign_by(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        assigner: &mut dyn Assigner,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment> {
        self.engine.assign_by(points, model, assigner, options, progress)
    }

    fn transform(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        sink: &mut Sink<'_>,
        progress: &OnProgress<'_>,
    ) -> Result<()> {
        self.engine.transform(points, model, sink, progress)
    }
}
