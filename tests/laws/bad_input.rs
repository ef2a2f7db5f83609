//! Bad input gets an error that says what and by how much; nothing panics.

use burn::tensor::Tensor;
use burn_ndarray::NdArray;
use kmeans::{AssignOptions, DataError, Error, Metric, Pruning, RowSlice};

use crate::naive;
use crate::training::{kmeans, reference};

fn parameter(error: &Error) -> &str {
    match error {
        Error::Parameter { name, .. } => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    let x = naive::blobs(20, 2, 2, 1);
    let name = |k: kmeans::core::KMeans<_>| {
        let error = k.train(&x, 2).unwrap_err();
        parameter(&error).to_owned()
    };
    assert_eq!(name(kmeans(0)), "k");
    assert_eq!(name(kmeans(1 << 40)), "k");
    assert_eq!(name(kmeans(2).nredo(0)), "nredo");
    assert_eq!(name(kmeans(2).max_points_per_centroid(0)), "max_points_per_centroid");
    assert_eq!(name(kmeans(2).chunk_rows(0)), "chunk_rows");
    for threshold in [-0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(name(kmeans(2).early_stop_threshold(threshold)), "early_stop_threshold");
    }
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let x = naive::blobs(5, 2, 2, 1);
    assert!(matches!(kmeans(6).train(&x, 2), Err(Error::TooFewPoints { n: 5, k: 6 })));
    assert!(matches!(kmeans(1).train(&[], 2), Err(Error::TooFewPoints { n: 0, k: 1 })));
    assert!(matches!(kmeans(1).train(&x, 0), Err(Error::Data(DataError::NotRows { dim: 0, .. }))));
    assert!(matches!(kmeans(1).train(&x, 3), Err(Error::Data(DataError::NotRows { len: 10, dim: 3 }))));
    let no_columns = Tensor::<NdArray, 2>::zeros([4, 0], &Default::default());
    assert!(matches!(reference(1).train_tensor(&no_columns, None), Err(Error::ZeroDimension { .. })));
    assert!(matches!(kmeans(1).train_tensor(&no_columns, None), Err(Error::ZeroDimension { .. })));
}

#[test]
fn values_that_are_not_finite_are_named_by_row_and_column() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for (row, column) in [(0, 0), (17, 2), (99, 1)] {
            let mut x = naive::blobs(100, 3, 4, 2);
            x[row * 3 + column] = bad;
            let errors = [
                kmeans(4).train(&x, 3).unwrap_err(),
                kmeans(4).chunk_rows(7).train(&x, 3).unwrap_err(),
                reference(4).train(&x, 3).unwrap_err(),
                reference(4).chunk_rows(7).train(&x, 3).unwrap_err(),
            ];
            for error in errors {
                match &error {
                    Error::NonFinite { row: r, column: c, data, .. } => {
                        assert_eq!((*r, *c, data.as_str()), (row, column, "memory"));
                    }
                    other => panic!("{other:?}"),
                }
                assert!(error.to_string().contains(&format!("row {row}, column {column}")), "{error}");
            }
            let model = kmeans(2).train(&naive::blobs(100, 3, 4, 2), 3).unwrap().model;
            match kmeans(2).assign(&model, &x, 3) {
                Err(Error::NonFinite { row: r, column: c, .. }) => assert_eq!((r, c), (row, column)),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn bad_weights_are_named() {
    let x = naive::blobs(10, 2, 2, 3);
    let train = |w: &[f32]| kmeans(2).train_weighted(&x, 2, w).unwrap_err();
    assert!(matches!(train(&[1.0; 9]), Error::WeightCount { expected: 10, found: 9 }));
    assert!(matches!(train(&[1.0; 11]), Error::WeightCount { expected: 10, found: 11 }));
    for bad in [-1.0, -1e-30, f32::NAN, f32::INFINITY] {
        let mut weights = [1.0; 10];
        weights[6] = bad;
        match train(&weights) {
            Error::BadWeight { row: 6, value } => assert!(value == bad || bad.is_nan()),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(train(&[0.0; 10]), Error::TooFewPoints { n: 0, k: 2 }));
    let mut one = [0.0; 10];
    one[3] = 1.0;
    assert!(matches!(train(&one), Error::TooFewPoints { n: 1, k: 2 }));
}

#[test]
fn bad_initial_centroids_are_named() {
    let x = naive::blobs(10, 2, 2, 4);
    let train = |c: Vec<f32>| kmeans(2).init_centroids(c).train(&x, 2).unwrap_err();
    assert!(matches!(train(vec![1.0; 6]), Error::TooManyCentroids { given: 3, k: 2 }));
    assert_eq!(parameter(&train(vec![1.0; 3])), "init_centroids");
    assert!(matches!(train(vec![1.0, 2.0, 3.0, f32::NAN]), Error::NonFinite { row: 1, column: 1, .. }));
}

#[test]
fn assignment_checks_columns_and_p() {
    let x = naive::blobs(30, 2, 3, 5);
    let kmeans = kmeans(3);
    let model = kmeans.train(&x, 2).unwrap().model;
    assert!(matches!(
        kmeans.assign(&model, &x, 3),
        Err(Error::DimensionMismatch { expected: 2, found: 3, .. })
    ));
    let points = RowSlice::new(&x, 2).unwrap();
    for p in [0, 4, usize::MAX] {
        let error = kmeans.assign_points(&model, &points, AssignOptions::default().p(p)).unwrap_err();
        assert_eq!(parameter(&error), "p");
    }
    assert_eq!(
        kmeans.assign_points(&model, &points, AssignOptions::default().p(3)).unwrap().labels.len(),
        90
    );
    assert!(kmeans.assign(&model, &[], 2).unwrap().labels.is_empty());
}

/// What is asked for in parameters or options is refused by what cannot do it, in assignments, too.
#[test]
fn assignment_heeds_pruning() {
    let x = naive::blobs(30, 2, 3, 5);
    let points = RowSlice::new(&x, 2).unwrap();
    let model = reference(3).train(&x, 2).unwrap().model;
    let error = reference(3).pruning(Pruning::Always).assign(&model, &x, 2).unwrap_err();
    assert_eq!(parameter(&error), "pruning");
    let options = AssignOptions::default().pruning(Pruning::Always);
    assert_eq!(parameter(&reference(3).assign_points(&model, &points, options).unwrap_err()), "pruning");
    let tensor = Tensor::from_data(burn::tensor::TensorData::new(x.clone(), [30, 2]), &Default::default());
    assert_eq!(parameter(&reference(3).assign_tensor(&model, &tensor, options).unwrap_err()), "pruning");

    let model = kmeans(3).metric(Metric::L1).train(&x, 2).unwrap().model;
    let options = AssignOptions::default().pruning_memory(1 << 20);
    let error = kmeans(3).assign_points(&model, &points, options).unwrap_err();
    assert!(matches!(error, Error::Together { name: "pruning_memory", .. }), "{error}");
}

#[test]
fn models_and_trainers_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<kmeans::KMeans>();
    shared::<kmeans::KMeansModel>();
    shared::<kmeans::core::KMeans<kmeans_backend_cpu::CpuEngine>>();
    shared::<Error>();
    let x = naive::blobs(400, 3, 5, 6);
    let kmeans = kmeans(5);
    let expected = kmeans.train(&x, 3).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(kmeans.train(&x, 3).unwrap().labels, expected.labels);
                assert_eq!(kmeans.assign(&expected.model, &x, 3).unwrap().labels, expected.labels);
            });
        }
    });
}

#[test]
fn a_device_without_memory_of_its_own_has_none_to_set() {
    let kmeans = kmeans::KMeans::new(2).device_memory(1 << 20).min_points_per_centroid(1);
    let error = kmeans.train(&[0.0, 1.0, 2.0], 1).unwrap_err().to_string();
    assert!(error.starts_with("device_memory is 1048576, expected nothing"), "{error}");
}
