//! A distance of your own in tensor operations: squared differences with a weight for each column.

use burn::tensor::{Tensor, TensorData, backend::Backend};
use burn_ndarray::NdArray;
use kmeans::core::{CentroidRule, KMeans, TensorEngine, TensorMetric};
use kmeans::{AssignOptions, RowSlice};

struct ColumnWeights([f32; 2]);

impl<B: Backend> TensorMetric<B> for ColumnWeights {
    fn name(&self) -> &str {
        "weighted columns"
    }

    /// `Σ w_j·(x_j − c_j)²`, b×k: the columns are scaled by `√w` and expanded against each other.
    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        let scale = TensorData::new(self.0.map(f32::sqrt).to_vec(), [1, 2]);
        let scale = Tensor::<B, 2>::from_data(scale, &rows.device()).cast(rows.dtype());
        let (rows, centroids) = (rows * scale.clone(), centroids * scale);
        let difference = rows.unsqueeze_dim::<3>(1) - centroids.unsqueeze_dim::<3>(0);
        difference.square().sum_dim(2).squeeze_dim(2)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Mean
    }
}

fn main() -> Result<(), kmeans::Error> {
    // The second column is ten times as wide, but says nothing.
    let rows = [0.0, 9.0, 0.1, -9.0, 0.2, 1.0, 5.0, 8.0, 5.1, -8.0, 5.2, 0.0];
    let points = RowSlice::new(&rows, 2)?;
    let metric = ColumnWeights([1.0, 1e-4]);
    let kmeans = KMeans::on(TensorEngine::<NdArray>::default(), 2).min_points_per_centroid(1);
    let fit = kmeans.train_metric(&metric, &points, None)?;
    assert_eq!(fit.labels[..3], [fit.labels[0]; 3]);
    assert_ne!(fit.labels[0], fit.labels[3]);
    let again = kmeans.assign_metric(&metric, &fit.model, &points, AssignOptions::default())?;
    assert_eq!(again.labels, fit.labels);
    println!("{} in {}: {:?}", fit.report.device, metric.0.len(), fit.labels);
    Ok(())
}
