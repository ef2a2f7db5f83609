//! Models that prepare the rows they meet.

use burn::tensor::{Tensor, TensorData};
use burn_ndarray::NdArray;
use kmeans_data::Points;

use super::{data, pca, prepared, rows};
use crate::error::Error;
use crate::preparation::{Impute, Outliers, Preparation, Step};
use crate::{AssignOptions, KMeans, KMeansModel, Metric, TensorEngine, Warning};

fn kmeans(k: usize) -> KMeans<TensorEngine<NdArray>> {
    KMeans::on(TensorEngine::default(), k)
}

#[test]
fn training_through_steps_is_training_on_prepared_rows() {
    let wine = data("wine");
    let preparation = Preparation::fit(&wine, None, &[Step::Standardize, pca(3, true)]).unwrap();
    let through = kmeans(3).preparation(preparation.clone()).train_points(&wine, None).unwrap();
    let ready = rows(&prepared(&preparation, &wine), 3);
    let plain = kmeans(3).train_points(&ready, None).unwrap();
    assert_eq!(through.labels, plain.labels);
    assert_eq!(through.model.centroids(), plain.model.centroids());
    assert_eq!((through.report.d, through.model.dim()), (3, 3));
    assert_eq!(through.model.preparation(), Some(&preparation));

    let options = AssignOptions::default().distances(true);
    let raw = kmeans(3).assign_points(&through.model, &wine, options).unwrap();
    assert_eq!(raw.labels, plain.labels);
    let bare = through.model.clone().without_preparation();
    assert_eq!(kmeans(3).assign_points(&bare, &ready, options).unwrap(), raw);
    let mut all = Vec::new();
    let mut sink = |distances: &[f32]| {
        all.extend_from_slice(distances);
        Ok(())
    };
    kmeans(3).transform(&through.model, &wine, &mut sink).unwrap();
    assert_eq!(all.len(), 178 * 3);
}

#[test]
fn a_model_file_holds_the_preparation() {
    let wine = data("wine");
    let preparation = Preparation::fit(&wine, None, &[Step::MinMax, Step::Normalize]).unwrap();
    let model = kmeans(3).preparation(preparation).train_points(&wine, None).unwrap().model;
    let bytes = model.to_bytes().unwrap();
    let read = KMeansModel::from_bytes(&bytes, "m".as_ref()).unwrap();
    assert_eq!(read, model);
    let said = br#"\"dim_in\":13"#;
    let at = bytes.windows(said.len()).position(|window| window == said).unwrap();
    let mut lying = bytes.clone();
    lying[at + said.len() - 1] = b'4';
    let error = KMeansModel::from_bytes(&lying, "m".as_ref()).unwrap_err();
    assert!(error.to_string().contains("preparation"), "{error}");
}

#[test]
fn a_preparation_for_other_columns_does_not_go_with_a_model() {
    let iris = data("iris");
    let model = kmeans(3).train_points(&iris, None).unwrap().model;
    let preparation = Preparation::fit(&iris, None, &[pca(2, false)]).unwrap();
    let error = model.with_preparation(Some(preparation)).unwrap_err().to_string();
    assert_eq!(error, "the preparation has 2 columns, the model 4");
}

#[test]
fn rows_of_other_columns_than_the_preparation_takes_are_refused() {
    let wine = data("wine");
    let preparation = Preparation::fit(&wine, None, &[pca(4, false)]).unwrap();
    let model = kmeans(3).preparation(preparation).train_points(&wine, None).unwrap().model;
    // Iris has as many columns as the centroids, not as the rows that were trained on.
    let error = kmeans(3).assign_points(&model, &data("iris"), AssignOptions::default()).unwrap_err();
    assert!(error.to_string().ends_with("has 4 columns, the preparation 13"), "{error}");
}

#[test]
fn outliers_have_labels_and_no_weight() {
    let iris = data("iris");
    let mut values = iris.values().to_vec();
    values.extend([1e4; 4]);
    values.extend([-1e4; 4]);
    let table = rows(&values, 4);
    let rule = Step::DropOutliers(Outliers::ZScore(5.0));
    let preparation = Preparation::fit(&table, None, &[rule]).unwrap();
    assert_eq!(preparation.outliers(&table).unwrap(), [150, 151]);
    let fit = kmeans(3).preparation(preparation.clone()).train_points(&table, None).unwrap();
    assert_eq!(fit.labels.len(), 152);
    assert!(fit.report.inertia < 80.0, "{}", fit.report.inertia);
    let warning = Warning::Outliers { outliers: 2, n: 152 };
    assert!(fit.report.warnings.contains(&warning) && fit.model.report().warnings.contains(&warning));

    let ones = vec![2.0; 152];
    let weighted = kmeans(3).preparation(preparation.clone()).train_points(&table, Some(&ones)).unwrap();
    assert!(weighted.report.inertia < 160.0);
    let error =
        kmeans(3).preparation(preparation.clone()).train_points(&table, Some(&ones[1..])).unwrap_err();
    assert!(matches!(error, Error::WeightCount { expected: 152, found: 151 }), "{error:?}");
    let quiet = kmeans(3).preparation(preparation).train_points(&iris, None).unwrap();
    assert!(!quiet.report.warnings.iter().any(|warning| matches!(warning, Warning::Outliers { .. })));
}

#[test]
fn missing_values_are_filled_in_training_and_assignment() {
    let iris = data("iris");
    let mut values = iris.values().to_vec();
    values[2] = f32::NAN;
    let table = rows(&values, 4);
    let preparation = Preparation::fit(&table, None, &[Step::Impute(Impute::Median)]).unwrap();
    let fit = kmeans(3).preparation(preparation).train_points(&table, None).unwrap();
    assert_eq!(
        kmeans(3).assign_points(&fit.model, &table, AssignOptions::default()).unwrap().labels,
        fit.labels
    );
    let scaling = Preparation::fit(&iris, None, &[Step::Standardize]).unwrap();
    let error = kmeans(3).preparation(scaling).train_points(&table, None).unwrap_err();
    assert!(matches!(error, Error::NonFinite { row: 0, column: 2, .. }), "{error:?}");
}

#[test]
fn metrics_of_tensors_see_prepared_rows_too() {
    let wine = data("wine");
    let preparation = Preparation::fit(&wine, None, &[Step::MinMax]).unwrap();
    let l1 = kmeans(3).metric(Metric::L1).preparation(preparation);
    let fit = l1.train_points(&wine, None).unwrap();
    assert_eq!(l1.assign_points(&fit.model, &wine, AssignOptions::default()).unwrap().labels, fit.labels);
    assert!(fit.model.centroids().iter().all(|c| (0.0..=1.0).contains(c)));
}

#[test]
fn tensors_are_refused_where_rows_have_to_be_prepared() {
    let wine = data("wine");
    let preparation = Preparation::fit(&wine, None, &[Step::MinMax]).unwrap();
    let through = kmeans(3).preparation(preparation);
    let tensor = Tensor::<NdArray, 2>::from_data(
        TensorData::new(wine.values().to_vec(), [wine.rows(), wine.dim()]),
        &Default::default(),
    );
    let error = through.train_tensor(&tensor, None).unwrap_err();
    assert!(matches!(error, Error::NotPrepared { .. }), "{error:?}");
    let model = through.train_points(&wine, None).unwrap().model;
    let error = kmeans(3).assign_tensor(&model, &tensor, AssignOptions::default()).unwrap_err();
    assert!(matches!(error, Error::NotPrepared { .. }), "{error:?}");
}
