//! The coordinates in which stored vectors and queries are compared.

use kmeans_core::{Extent, Frame, KMeansModel, Metric, StoredRows};

use crate::error::{Error, Result};

/// Coordinates of an index: those of the model whose lists it has, or those of its vectors.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    frame: Frame,
    metric: Metric,
    /// What is subtracted from scaled values; zeros for unit rows, which are stored as such.
    shift: Vec<f32>,
    /// Zeros, for vectors that are in the frame already.
    nothing: Vec<f32>,
}

impl Space {
    /// The coordinates of `frame`, where `metric` decides.
    ///
    /// # Errors
    /// For a metric that has no score.
    pub(crate) fn new(frame: Frame, metric: Metric) -> Result<Self> {
        metric.check_fused()?;
        let scale = frame.scale();
        let shift = frame.origin().iter().map(|o| o * scale).collect();
        Ok(Self { shift, nothing: vec![0.0; frame.dim()], frame, metric })
    }

    /// The coordinates of an origin and a scale.
    pub(crate) fn at(origin: Vec<f32>, scale: f32, metric: Metric) -> Result<Self> {
        let nowhere = Extent::new(vec![0.0; origin.len()], vec![0.0; origin.len()], 1, None);
        let frame = if metric.has_unit_rows() {
            Frame::of_unit_rows(&nowhere)
        } else {
            Frame::with(origin, scale, &nowhere)
        };
        Self::new(frame, metric)
    }

    /// The coordinates of a model, whose rows come as they are.
    pub(crate) fn of_model(model: &KMeansModel) -> Result<Self> {
        if model.preparation().is_some() {
            return Err(Error::Prepared);
        }
        Self::at(model.origin().to_vec(), model.scale(), model.metric())
    }

    /// The coordinates of vectors that are in a frame already.
    pub(crate) fn within(d: usize, metric: Metric) -> Result<Self> {
        let metric = if metric.is_similarity() { Metric::InnerProduct } else { metric };
        Self::at(vec![0.0; d], 1.0, metric)
    }

    pub(crate) fn dim(&self) -> usize {
        self.nothing.len()
    }

    pub(crate) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// What the user asked for.
    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// What decides in the frame, where rows of cosine have length 1.
    pub(crate) fn score_metric(&self) -> Metric {
        if self.metric.is_similarity() { Metric::InnerProduct } else { Metric::L2 }
    }

    /// Brings rows into the frame.
    pub(crate) fn bring_in(&self, rows: &mut [f32]) {
        self.frame.bring_in(rows);
    }

    /// What is stored of a row: itself, or for cosine the row of length 1.
    pub(crate) fn to_store(&self, rows: &mut [f32]) {
        if self.metric.has_unit_rows() {
            self.frame.bring_in(rows);
        }
    }

    /// A stored row in the frame.
    pub(crate) fn stored_to_frame(&self, rows: &mut [f32]) {
        if !self.metric.has_unit_rows() {
            self.frame.bring_in(rows);
        }
    }

    /// A vector of the frame as it would be stored.
    pub(crate) fn frame_to_stored(&self, row: &mut [f32]) {
        for (column, v) in row.iter_mut().enumerate() {
            *v = self.frame.position(column, f64::from(*v)) as f32;
        }
    }

    /// Stored rows, as they are measured.
    pub(crate) fn stored<'a>(&'a self, x: &'a [f32]) -> StoredRows<'a> {
        StoredRows::Floats { x, scale: self.frame.scale(), origin: &self.shift }
    }

    /// Rows in the frame, as they are measured.
    pub(crate) fn in_frame<'a>(&'a self, x: &'a [f32]) -> StoredRows<'a> {
        StoredRows::Floats { x, scale: 1.0, origin: &self.nothing }
    }

    /// What is measured in the frame as a cost, of which the least wins.
    pub(crate) fn cost(&self, measured: f64) -> f32 {
        let cost = if self.metric.is_similarity() { -measured } else { measured };
        // Of two zeros neither is less.
        cost as f32 + 0.0
    }

    /// A cost in the units of the data: a squared distance, or a product.
    pub(crate) fn distance(&self, cost: f32) -> f32 {
        let measured = f64::from(cost) * self.frame.unit();
        if self.metric.is_similarity() { 0.0 - measured as f32 } else { measured as f32 }
    }

    /// The cost of a distance.
    pub(crate) fn cost_of(&self, distance: f32) -> f32 {
        let measured = f64::from(distance) / self.frame.unit();
        (if self.metric.is_similarity() { -measured } else { measured }) as f32
    }
}
