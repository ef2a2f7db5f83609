//! Models of a metric of the user's own, which the command line can show but not use.

use burn::tensor::{Tensor, backend::Backend};
use burn_ndarray::NdArray;
use kmeans::core::{KMeans, TensorEngine, over_columns};
use kmeans::{CentroidRule, Overwrite, TensorMetric};

use crate::room::Room;

struct Canberra;

impl<B: Backend> TensorMetric<B> for Canberra {
    fn name(&self) -> &str {
        "canberra"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        let term = |x: Tensor<B, 2>, c: Tensor<B, 2>| {
            let size = x.clone().abs() + c.clone().abs();
            (x - c).abs() / size.clamp_min(f32::MIN_POSITIVE)
        };
        over_columns(rows, centroids, term, |sum, term| sum + term)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Median
    }
}

fn room() -> Room {
    let room = Room::with("iris");
    let rows = kmeans::open(room.path("iris.npy")).unwrap();
    let kmeans = KMeans::on(TensorEngine::<NdArray>::default(), 3);
    let model = kmeans.train_metric(&Canberra, &rows, None).unwrap().model;
    model.save(room.path("m.safetensors"), Overwrite::Refuse).unwrap();
    room
}

#[test]
fn info_shows_the_name_of_the_metric() {
    let room = room();
    let facts = room.json("info m.safetensors");
    assert_eq!((&facts["metric"], &facts["metric_name"]), (&"custom".into(), &"canberra".into()));
    let shown = room.ok("info m.safetensors").stdout;
    assert!(shown.lines().any(|line| line.trim() == "metric_name  canberra"), "{shown}");
    room.ok("train iris.npy -k 3 --metric l1 -o l1.safetensors -q");
    let facts = room.json("info l1.safetensors");
    assert!(facts["metric"] == "l1" && facts.get("metric_name").is_none());
}

#[test]
fn assignment_names_the_metric_that_it_lacks() {
    let room = room();
    for output in ["--labels a.npy", "--transform t.npy"] {
        let error = room.fails(&format!("assign m.safetensors iris.npy {output}"), 65);
        assert!(error.contains("trained with the metric custom (canberra)"), "{error}");
    }
}
