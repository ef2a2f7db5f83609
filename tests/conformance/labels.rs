//! Labels by promise 1, and distances.

use std::sync::OnceLock;

use kmeans::core::{Centroids, Engine, Frame, Metric};

use crate::engines::{centroids, frame, prepared};
use crate::naive;

const DIMS: [usize; 7] = [1, 3, 16, 17, 64, 128, 784];
const KS: [usize; 5] = [1, 2, 7, 64, 1000];

/// Numbers of rows around the edges of tiles (4, 6, 9) and of blocks (72, 252).
const NS: [usize; 17] = [1, 2, 3, 5, 8, 9, 10, 35, 37, 63, 64, 65, 239, 241, 252, 253, 1000];

/// A shape with its rows, its centroids, and the best centroid of each row in `f64`.
struct Case {
    d: usize,
    metric: Metric,
    x: Vec<f32>,
    frame: Frame,
    centroids: Centroids,
    v: Vec<f64>,
    c: Vec<f64>,
    best: Vec<(usize, f64)>,
}

impl Case {
    fn new(d: usize, k: usize, metric: Metric, shift: f32) -> Self {
        let n = NS[NS.len() - 1];
        let x: Vec<f32> = naive::blobs(n, d, 20, (d * 10_000 + k) as u64).iter().map(|x| x + shift).collect();
        let frame = frame(&x, d, None, metric);
        let centroids = centroids(&x, k, &frame, 7);
        let v = naive::offsets(&x, &frame);
        let c = naive::widened(centroids.offsets());
        let best = v.chunks_exact(d).map(|v| naive::best(metric, v, &c)).collect();
        Self { d, metric, x, frame, centroids, v, c, best }
    }

    fn all(metric: Metric, shift: f32) -> Vec<Self> {
        let shapes = DIMS.into_iter().flat_map(|d| KS.into_iter().map(move |k| (d, k)));
        shapes.map(|(d, k)| Self::new(d, k, metric, shift)).collect()
    }

    fn check(&self, engine: &impl Engine) {
        let (d, k) = (self.d, self.centroids.k());
        let codebook = engine.codebook(&self.centroids, self.metric).unwrap();
        for n in NS {
            let what = format!("{} {}, n={n} d={d} k={k}", engine.name(), self.metric);
            let mut rows = prepared(engine, &self.x[..n * d], None, &self.frame);
            engine.assign(&mut rows, &codebook).unwrap();
            let (labels, distances) = (engine.labels(&rows).unwrap(), engine.distances(&rows).unwrap());
            assert_eq!((labels.len(), distances.len()), (n, n), "{what}");
            for row in 0..n {
                let v = &self.v[row * d..][..d];
                let what = format!("{what}, row {row}");
                naive::check_label(self.metric, v, &self.c, labels[row], self.best[row], &what);
                let c = &self.c[labels[row] as usize * d..][..d];
                naive::check_distance(self.metric, v, c, distances[row], &what);
            }
        }
    }
}

pub(crate) fn labels_and_distances_are_right_for_l2(engine: &impl Engine) {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| Case::all(Metric::L2, 0.0)).iter().for_each(|case| case.check(engine));
}

pub(crate) fn labels_and_distances_are_right_for_inner_product(engine: &impl Engine) {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| Case::all(Metric::InnerProduct, 0.0)).iter().for_each(|case| case.check(engine));
}

pub(crate) fn labels_and_distances_are_right_far_from_zero(engine: &impl Engine) {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| Case::all(Metric::L2, 1e4)).iter().for_each(|case| case.check(engine));
}

pub(crate) fn the_number_of_changed_labels_is_counted(engine: &impl Engine) {
    let (n, d) = (700, 5);
    let x = naive::blobs(n, d, 9, 1);
    let frame = frame(&x, d, None, Metric::L2);
    let mut rows = prepared(engine, &x, None, &frame);
    let mut before = vec![0; n];
    for seed in [3, 3, 4] {
        let codebook = engine.codebook(&centroids(&x, 9, &frame, seed), Metric::L2).unwrap();
        let stats = engine.download(engine.step(&mut rows, &codebook).unwrap()).unwrap();
        let labels = engine.labels(&rows).unwrap();
        let changed = before.iter().zip(&labels).filter(|(a, b)| a != b).count() as u64;
        assert_eq!(stats.changed, changed);
        before = labels;
    }
}

pub(crate) fn another_codebook_leaves_no_trace_of_the_first(engine: &impl Engine) {
    let (n, d) = (500, 17);
    let x = naive::blobs(n, d, 9, 2);
    let frame = frame(&x, d, None, Metric::L2);
    let codebooks = [(9, 3), (70, 4), (2, 5)]
        .map(|(k, seed)| engine.codebook(&centroids(&x, k, &frame, seed), Metric::L2).unwrap());
    let mut used = prepared(engine, &x, None, &frame);
    for codebook in &codebooks {
        let mut fresh = prepared(engine, &x, None, &frame);
        engine.assign(&mut used, codebook).unwrap();
        engine.assign(&mut fresh, codebook).unwrap();
        assert_eq!(engine.labels(&used).unwrap(), engine.labels(&fresh).unwrap());
        assert_eq!(engine.distances(&used).unwrap(), engine.distances(&fresh).unwrap());
    }
}
