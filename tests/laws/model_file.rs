//! Models on disk.

use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, backend::Backend};
use burn_ndarray::NdArray;
use kmeans::core::{self, TensorEngine, over_columns};
use kmeans::{CentroidRule, DataError, Error, KMeansModel, Overwrite, RowSlice, TensorMetric};

use crate::naive;
use crate::training::{kmeans, rows};

fn saved(dir: &Path) -> (KMeansModel, PathBuf, Vec<u8>) {
    let x = naive::blobs(300, 5, 6, 1);
    let model = kmeans(6).nredo(2).train(&x, 5).unwrap().model;
    let path = dir.join("model.safetensors");
    model.save(&path, Overwrite::Refuse).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (model, path, bytes)
}

#[test]
fn a_model_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    for seed in 0..40 {
        let x = naive::blobs(200, 3, 6, seed);
        let kmeans = kmeans(4).seed(seed);
        let fit = kmeans.train(&x, 3).unwrap();
        fit.model.save(&path, Overwrite::Replace).unwrap();
        let loaded = KMeansModel::load(&path).unwrap();
        let objs = |m: &KMeansModel| m.report().obj.iter().map(|o| o.to_bits()).collect::<Vec<_>>();
        assert_eq!(loaded.inertia().to_bits(), fit.model.inertia().to_bits(), "seed {seed}: inertia");
        assert_eq!(objs(&loaded), objs(&fit.model), "seed {seed}: objectives");
        assert_eq!(loaded, fit.model, "seed {seed}");
        assert_eq!(kmeans.assign(&loaded, &x, 3).unwrap().labels, fit.labels);
    }
}

#[test]
fn models_of_every_kind_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let x = naive::blobs(200, 3, 6, 2);
    let kinds = [
        kmeans(4).spherical(true),
        kmeans(4).metric(kmeans::Metric::InnerProduct),
        kmeans(4).init(kmeans::Init::Random).max_points_per_centroid(10),
        kmeans(4).niter(0),
        kmeans(4).early_stop_threshold(None).chunk_rows(10),
        kmeans(4).init_centroids(rows(&x, 3, &[0, 1])),
    ];
    for (i, kmeans) in kinds.into_iter().enumerate() {
        for magnitude in [1.0, 1e25, 1e-25] {
            let x: Vec<f32> = x.iter().map(|x| x * magnitude).collect();
            let kmeans =
                if i == 5 { kmeans.clone().init_centroids(rows(&x, 3, &[0, 1])) } else { kmeans.clone() };
            let fit = kmeans.train(&x, 3).unwrap();
            let path = dir.path().join(format!("{i}-{magnitude}"));
            fit.model.save(&path, Overwrite::Refuse).unwrap();
            let loaded = KMeansModel::load(&path).unwrap();
            assert_eq!((loaded.offsets(), loaded.origin()), (fit.model.offsets(), fit.model.origin()));
            assert_eq!((loaded.scale(), loaded.metric()), (fit.model.scale(), fit.model.metric()));
            assert_eq!(loaded.cluster_sizes(), fit.model.cluster_sizes());
        }
    }
}

#[test]
fn a_model_cut_short_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path, bytes) = saved(dir.path());
    for length in (0..bytes.len()).step_by(64).chain([bytes.len() - 1]) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        match KMeansModel::load(&path) {
            Err(e @ Error::ModelFile { .. }) => assert!(e.to_string().contains("model.safetensors")),
            other => panic!("cut at {length} of {}: {other:?}", bytes.len()),
        }
    }
}

/// A damaged byte may pass unseen in a number, but never panics.
#[test]
fn a_damaged_model_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let (model, path, bytes) = saved(dir.path());
    let x = naive::blobs(20, 5, 6, 1);
    let mut refused = 0;
    for at in 0..bytes.len().min(6000) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        std::fs::write(&path, &damaged).unwrap();
        match KMeansModel::load(&path) {
            Err(_) => refused += 1,
            Ok(loaded) => {
                assert_eq!((loaded.k(), loaded.dim()), (model.k(), model.dim()));
                let _ = kmeans(6).assign(&loaded, &x, 5);
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_model_of_another_version_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path, bytes) = saved(dir.path());
    let at = bytes.windows(13).position(|w| w == br#""version":"1""#).unwrap();
    let mut other = bytes.clone();
    other[at + 11] = b'7';
    std::fs::write(&path, &other).unwrap();
    match KMeansModel::load(&path) {
        Err(Error::ModelVersion { found, supported, .. }) => {
            assert_eq!((found.as_str(), supported), ("7", "1"))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_files_are_no_models() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    assert!(matches!(KMeansModel::load(&missing), Err(Error::Data(DataError::Missing { .. }))));
    let digits = format!("{}/data/iris.f32.npy", env!("CARGO_MANIFEST_DIR"));
    assert!(matches!(KMeansModel::load(digits), Err(Error::ModelFile { .. })));
    let text = dir.path().join("text");
    std::fs::write(&text, "no model").unwrap();
    assert!(matches!(KMeansModel::load(&text), Err(Error::ModelFile { .. })));
    assert!(KMeansModel::load(dir.path()).is_err());
}

#[test]
fn an_existing_file_is_kept_and_a_folder_that_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (model, path, bytes) = saved(dir.path());
    assert!(matches!(model.save(&path, Overwrite::Refuse), Err(Error::Data(_))));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert!(matches!(model.save(dir.path().join("no/folder"), Overwrite::Refuse), Err(Error::Data(_))));
    model.save(&path, Overwrite::Replace).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn plain_centroids_are_those_of_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let (model, _, _) = saved(dir.path());
    let path = dir.path().join("centroids.npy");
    model.save_centroids(&path, Overwrite::Refuse).unwrap();
    let points = kmeans::open(&path).unwrap();
    let mut values = vec![0.0; 30];
    points.read(0..6, &mut values).unwrap();
    assert_eq!(values, model.centroids());
}

/// Squared L2 by another name.
struct Own(&'static str);

impl<B: Backend> TensorMetric<B> for Own {
    fn name(&self) -> &str {
        self.0
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        let term = |x: Tensor<B, 2>, c: Tensor<B, 2>| (x - c).square();
        over_columns(rows, centroids, term, |sum, term| sum + term)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Mean
    }
}

#[test]
fn a_model_keeps_the_name_of_its_metric_and_files_without_one_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("own");
    let x = naive::blobs(100, 3, 4, 5);
    let points = RowSlice::new(&x, 3).unwrap();
    let kmeans = core::KMeans::on(TensorEngine::<NdArray>::default(), 4);
    let fit = kmeans.train_metric(&Own("own"), &points, None).unwrap();
    fit.model.save(&path, Overwrite::Refuse).unwrap();
    let loaded = KMeansModel::load(&path).unwrap();
    assert_eq!((&loaded, loaded.metric_name()), (&fit.model, Some("own")));
    let assign =
        |model, name| kmeans.assign_metric(&Own(name), model, &points, Default::default()).map(|a| a.labels);
    assert_eq!(assign(&loaded, "own").unwrap(), fit.labels);
    match assign(&loaded, "other") {
        Err(Error::OtherMetric { trained, given }) => {
            assert_eq!((trained.as_str(), given.as_str()), ("custom (own)", "custom (other)"));
        }
        other => panic!("{other:?}"),
    }

    // As a version wrote it that knew no names; spaces keep the length of the header.
    let mut bytes = std::fs::read(&path).unwrap();
    let field = br#"\"metric_name\":\"own\","#;
    let at = bytes.windows(field.len()).position(|w| w == field).unwrap();
    bytes[at..at + field.len()].fill(b' ');
    std::fs::write(&path, bytes).unwrap();
    let older = KMeansModel::load(&path).unwrap();
    assert_eq!(older.metric_name(), None);
    assert_eq!(assign(&older, "other").unwrap(), fit.labels);
}
