//! Measures in plain loops, obviously right.

use kmeans_eval::Distance;

/// Numbers that look random.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// In [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }
}

pub(crate) fn distance(x: &[f32], y: &[f32], distance: Distance) -> f64 {
    let pairs = || x.iter().zip(y).map(|(&x, &y)| (f64::from(x), f64::from(y)));
    match distance {
        Distance::Euclidean => pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt(),
        Distance::Cosine => {
            let (xy, xx, yy) =
                pairs().fold((0.0, 0.0, 0.0), |(xy, xx, yy), (x, y)| (xy + x * y, xx + x * x, yy + y * y));
            1.0 - xy / (xx * yy).sqrt()
        }
    }
}

pub(crate) fn silhouettes(x: &[f32], d: usize, labels: &[i32], by: Distance) -> Vec<f64> {
    let row = |i: usize| &x[i * d..][..d];
    let mut names = labels.to_vec();
    names.sort_unstable();
    names.dedup();
    let mut values = Vec::new();
    for i in 0..labels.len() {
        let mut sums = vec![(0.0, 0.0); names.len()];
        for j in (0..labels.len()).filter(|&j| j != i) {
            let sum = &mut sums[names.binary_search(&labels[j]).unwrap()];
            *sum = (sum.0 + distance(row(i), row(j), by), sum.1 + 1.0);
        }
        let own = names.binary_search(&labels[i]).unwrap();
        let means: Vec<f64> = sums.iter().map(|(sum, count)| sum / count).collect();
        let b = (0..names.len()).filter(|&j| j != own).map(|j| means[j]).fold(f64::INFINITY, f64::min);
        values.push(if sums[own].1 == 0.0 { 0.0 } else { (b - means[own]) / b.max(means[own]) });
    }
    values
}
