//! Distances of all rows to all centroids.

use kmeans_data::RowSlice;

use super::super::{
    KullbackLeibler, L1, LInf, TensorMetric, assign_with_metric, transform_tensor_with_metric,
    transform_with_metric,
};
use super::{B, SquaredL2, fit, from_centroids, naive, values};
use crate::progress::silent;
use crate::tensor_engine::distance::matrix;
use crate::{AssignOptions, Error, KMeans, KMeansModel, Params, Result, TensorEngine};

type Naive = fn(&[f32], &[f32]) -> f64;

fn transformed(metric: &dyn TensorMetric<B>, x: &[f32], model: &KMeansModel) -> Result<Vec<f32>> {
    let points = RowSlice::new(x, model.dim())?;
    let mut all = Vec::new();
    let mut sink = |block: &[f32]| {
        assert_eq!(block.len() % model.k(), 0);
        all.extend_from_slice(block);
        Ok(())
    };
    transform_with_metric::<B>(&Default::default(), metric, &points, model, &mut sink, &silent)?;
    Ok(all)
}

#[test]
fn every_distance_is_that_of_the_definition_and_the_least_is_that_of_the_label() {
    let (n, k, d) = (70, 6, 4);
    let x = values(n, d, 61);
    let points = RowSlice::new(&x, d).unwrap();
    let metrics: [(&dyn TensorMetric<B>, Naive); 4] = [
        (&L1, naive::l1),
        (&LInf, naive::linf),
        (&KullbackLeibler, naive::kl),
        (&SquaredL2, naive::squared_l2),
    ];
    for (metric, naive) in metrics {
        let model = fit(metric, &values(90, d, 62), d, &Params::new(k)).model;
        let all = transformed(metric, &x, &model).unwrap();
        assert_eq!(all.len(), n * k);
        let options = AssignOptions::default().distances(true);
        let assigned =
            assign_with_metric(&Default::default(), metric, &points, &model, options, &silent).unwrap();
        let least = assigned.distances.unwrap();
        for (row, distances) in all.chunks_exact(k).enumerate() {
            let x = &x[row * d..][..d];
            for (cluster, &found) in distances.iter().enumerate() {
                let expected = naive(x, model.centroid(cluster));
                assert!((f64::from(found) - expected).abs() <= 1e-6 * (1.0 + expected), "{}", metric.name());
            }
            assert_eq!(distances[assigned.labels[row] as usize], least[row]);
            assert!(distances.iter().all(|&distance| distance >= least[row]));
        }
    }
}

#[test]
fn a_model_of_a_metric_with_a_name_and_a_tensor_give_the_same() {
    let x = values(50, 3, 63);
    let model = fit(&LInf, &x, 3, &Params::new(4)).model;
    let all = transformed(&LInf, &x, &model).unwrap();
    let kmeans = KMeans::on(TensorEngine::<B>::default(), 4);
    let points = RowSlice::new(&x, 3).unwrap();
    let mut by_name = Vec::new();
    kmeans
        .transform(&model, &points, &mut |block| {
            by_name.extend_from_slice(block);
            Ok(())
        })
        .unwrap();
    let mut given = Vec::new();
    kmeans
        .transform_metric(&LInf, &model, &points, &mut |block| {
            given.extend_from_slice(block);
            Ok(())
        })
        .unwrap();
    let mut of_tensor = Vec::new();
    let tensor = matrix::<B>(&x, 3, &Default::default());
    let mut sink = |block: &[f32]| {
        of_tensor.extend_from_slice(block);
        Ok(())
    };
    transform_tensor_with_metric(&LInf, &tensor, &model, &mut sink, &silent).unwrap();
    assert_eq!((&by_name, &given, &of_tensor), (&all, &all, &all));
}

#[test]
fn blocks_of_distances_are_bounded_and_in_order() {
    // 5000 centroids: 838 rows make a block of 2^22 distances.
    let (n, k) = (900, 5000);
    let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let given: Vec<f32> = (0..k).map(|c| c as f32).collect();
    let params = Params { niter: 0, ..from_centroids(k, &given) };
    let model = fit(&L1, &given, 1, &params).model;
    let mut lengths = Vec::new();
    let mut all = Vec::new();
    let points = RowSlice::new(&x, 1).unwrap();
    let mut sink = |block: &[f32]| {
        lengths.push(block.len() / k);
        all.extend(block.chunks_exact(k).map(|distances| (distances[0], distances[k - 1])));
        Ok(())
    };
    transform_with_metric::<B>(&Default::default(), &L1, &points, &model, &mut sink, &silent).unwrap();
    assert_eq!(lengths, [838, 62]);
    assert!(all.iter().enumerate().all(|(row, &ends)| ends == (row as f32, (k - 1 - row) as f32)));
}

#[test]
fn rows_that_cannot_be_measured_are_named_and_an_error_of_the_sink_is_its_own() {
    let mut x = values(20, 2, 64);
    let model = fit(&KullbackLeibler, &x, 2, &Params::new(3)).model;
    let points = RowSlice::new(&x, 2).unwrap();
    let mut fail = |_: &[f32]| {
        let (metric, data) = ("of the sink".to_owned(), "elsewhere".to_owned());
        Err(Error::NotADistance { metric, data, row: 7, cluster: 0, value: 0.0 })
    };
    let error = transform_with_metric::<B>(
        &Default::default(),
        &KullbackLeibler,
        &points,
        &model,
        &mut fail,
        &silent,
    )
    .unwrap_err();
    assert!(matches!(&error, Error::NotADistance { data, row: 7, .. } if data == "elsewhere"), "{error}");

    x[2 * 13 + 1] = -1.0;
    let refused = transformed(&KullbackLeibler, &x, &model);
    assert!(matches!(refused, Err(Error::RefusedByMetric { row: 13, column: 1, .. })));
    let wide = RowSlice::new(&x, 4).unwrap();
    let mut unused = |_: &[f32]| -> Result<()> { unreachable!("rows of another width are not measured") };
    let other = transform_with_metric::<B>(
        &Default::default(),
        &KullbackLeibler,
        &wide,
        &model,
        &mut unused,
        &silent,
    );
    assert!(matches!(other, Err(Error::DimensionMismatch { expected: 2, found: 4, .. })));

    // The distance to the farther centroid alone is out of range.
    let far = fit(&L1, &[3e38, -3e38], 1, &from_centroids(2, &[3e38, -3e38])).model;
    let error = transformed(&L1, &[1.0, 3e38], &far).unwrap_err();
    assert!(matches!(error, Error::NotADistance { row: 1, cluster: 1, .. }), "{error}");
}
