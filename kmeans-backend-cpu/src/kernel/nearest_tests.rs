//! Every instruction set against one plain chain for each row and centroid.

use super::*;
use crate::isa::Isa;
use crate::kernel::{Fours, nearest_transposed};
use crate::panels::Panels;

struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }

    fn take(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.next()).collect()
    }
}

/// A job whose rows are in the frame already.
struct Job {
    d: usize,
    k: usize,
    x: Vec<f32>,
    centroids: Vec<f32>,
    bias: Vec<f32>,
    factor: f32,
}

impl Job {
    fn random(n: usize, d: usize, k: usize, factor: f32) -> Self {
        let mut numbers = Numbers((n * 31 + d * 7 + k) as u64);
        let centroids = numbers.take(k * d);
        let sq_norm = |c: &[f32]| c.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() as f32;
        let bias = match factor {
            -2.0 => centroids.chunks_exact(d).map(sq_norm).collect(),
            _ => vec![0.0; k],
        };
        Self { d, k, x: numbers.take(n * d), centroids, bias, factor }
    }

    fn panels(&self) -> Panels {
        Panels::pack(&self.centroids, self.k, self.d, &self.bias, self.factor)
    }

    fn rows(&self, isa: Isa) -> RowBlock {
        let mut rows = RowBlock::default();
        rows.load(isa, &self.x, self.d, &vec![0.0; self.d], 1.0);
        rows
    }

    fn labels(&self, isa: Isa) -> Vec<i32> {
        let mut labels = vec![-1; self.x.len() / self.d];
        let scratch = &mut Scratch::default();
        nearest_block(isa, &self.rows(isa), &self.panels(), scratch, &mut labels);
        let fours = Fours::of(&self.centroids, self.d, &self.bias, self.factor);
        let mut transposed = vec![-1; labels.len()];
        nearest_transposed(isa, &self.rows(isa), &fours, scratch, &mut transposed, &self.x);
        assert_eq!(labels, transposed, "{isa} d={} k={}", self.d, self.k);
        labels
    }

    /// n × k, without the padding.
    fn scores(&self, isa: Isa) -> Vec<f32> {
        let panels = self.panels();
        let padded = panels.k_padded();
        let mut out = vec![f32::NAN; self.x.len() / self.d * padded];
        scores_block(isa, &self.rows(isa), &panels, &mut Scratch::default(), &mut out);
        for row in out.chunks_exact(padded) {
            assert!(row[self.k..].iter().all(|&s| s == f32::INFINITY));
        }
        out.chunks_exact(padded).flat_map(|row| &row[..self.k]).copied().collect()
    }

    /// One chain for each row and centroid.
    fn naive_scores(&self, fused: bool) -> Vec<f32> {
        let mut scores = Vec::new();
        for v in self.x.chunks_exact(self.d) {
            for (c, bias) in self.centroids.chunks_exact(self.d).zip(&self.bias) {
                let mut chain = 0.0_f32;
                for (v, c) in v.iter().zip(c) {
                    let c = self.factor * c;
                    chain = if fused { v.mul_add(c, chain) } else { v * c + chain };
                }
                scores.push(bias + chain);
            }
        }
        scores
    }

    fn check(&self, isa: Isa) {
        let fused = isa != Isa::Portable || Portable::FUSED;
        let scores = self.naive_scores(fused);
        let n = self.x.len() / self.d;
        let what = format!("{isa} n={n} d={} k={}", self.d, self.k);
        let bits = |scores: &[f32]| scores.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
        assert!(bits(&self.scores(isa)) == bits(&scores), "scores of {what}");
        let labels: Vec<i32> = scores.chunks_exact(self.k).map(lowest).collect();
        assert_eq!(self.labels(isa), labels, "labels of {what}");
    }
}

/// The first of the lowest.
fn lowest(scores: &[f32]) -> i32 {
    let mut best = 0;
    for (j, score) in scores.iter().enumerate() {
        if *score < scores[best] {
            best = j;
        }
    }
    best as i32
}

#[test]
fn scores_and_labels_are_those_of_the_plain_chain() {
    for isa in Isa::available() {
        for d in [1, 3, 16, 17, 64, 128, 784] {
            for k in [1, 2, 7, 16, 17, 48, 49, 64] {
                Job::random(9, d, k, -2.0).check(isa);
            }
            Job::random(17, d, 1000, -2.0).check(isa);
        }
    }
}

#[test]
fn every_number_of_rows_is_scored() {
    for isa in Isa::available() {
        for n in (1..=10).chain([17, 18, 19, 35, 36, 37, 251, 252, 255, 256]) {
            for (d, k) in [(3, 5), (17, 40), (400, 20)] {
                Job::random(n, d, k, -2.0).check(isa);
            }
        }
    }
}

#[test]
fn inner_products_are_scored_too() {
    for isa in Isa::available() {
        Job::random(30, 33, 70, -1.0).check(isa);
    }
}

#[test]
fn duplicate_centroids_take_the_lowest_index() {
    for isa in Isa::available() {
        for k in [2, 16, 17, 33, 100] {
            let mut job = Job::random(20, 8, k, -2.0);
            for j in 0..k {
                let copy: Vec<f32> = job.centroids[j % 2 * 8..][..8].to_vec();
                job.centroids[j * 8..][..8].copy_from_slice(&copy);
                job.bias[j] = job.bias[j % 2];
            }
            assert!(job.labels(isa).iter().all(|&label| label < 2), "{isa} k={k}");
        }
    }
}

#[test]
fn a_tie_across_panels_and_groups_takes_the_lowest_index() {
    for isa in Isa::available() {
        for (first, second) in [(15, 16), (5, 20), (20, 37), (47, 48), (14, 99), (63, 96)] {
            let mut job = Job::random(10, 4, 100, -2.0);
            job.bias.fill(0.0);
            job.centroids.fill(0.0);
            job.bias[first] = -1.0;
            job.bias[second] = -1.0;
            assert_eq!(job.labels(isa), vec![first as i32; 10], "{isa}");
        }
    }
}

#[test]
fn labels_are_near_those_of_f64() {
    for isa in Isa::available() {
        for d in [3, 128, 784] {
            let job = Job::random(50, d, 64, -2.0);
            let labels = job.labels(isa);
            for (v, &label) in job.x.chunks_exact(d).zip(&labels) {
                let dist = |j: usize| sq_dist(isa, v, &job.centroids[j * d..][..d]);
                let best = (0..job.k).map(dist).fold(f64::INFINITY, f64::min);
                let sq_norm = dot(isa, v, v) + d as f64;
                let bound = 4.0 * (d + 8) as f64 * 2_f64.powi(-24) * sq_norm;
                assert!(dist(label as usize) <= best + bound);
            }
        }
    }
}

#[test]
fn a_score_does_not_depend_on_its_place_in_the_block() {
    for isa in Isa::available() {
        let job = Job::random(100, 50, 90, -2.0);
        let all = job.scores(isa);
        for i in [0, 1, 37, 99] {
            let x = job.x[i * 50..][..50].to_vec();
            let alone = Job { x, centroids: job.centroids.clone(), bias: job.bias.clone(), ..job };
            assert_eq!(alone.scores(isa), all[i * 90..][..90]);
        }
    }
}

#[test]
fn scores_that_overflow_give_label_zero() {
    for isa in Isa::available() {
        for k in [3, 16, 60] {
            let mut job = Job::random(5, 4, k, -2.0);
            job.bias.fill(f32::INFINITY);
            assert_eq!(job.labels(isa), vec![0; 5]);
        }
    }
}

#[test]
fn a_scratch_may_be_used_again_for_other_shapes() {
    let scratch = &mut Scratch::default();
    for isa in Isa::available() {
        for (n, d, k) in [(200, 700, 60), (3, 2, 5), (100, 40, 100), (5, 900, 17)] {
            let job = Job::random(n, d, k, -2.0);
            let mut labels = vec![-1; n];
            nearest_block(isa, &job.rows(isa), &job.panels(), scratch, &mut labels);
            assert_eq!(labels, job.labels(isa));
        }
    }
}

#[test]
fn fetching_ahead_changes_no_label() {
    for isa in Isa::available() {
        for ahead in [0, 1, 15, 1000, 20_000] {
            let job = Job::random(40, 30, 100, -2.0);
            let (rows, panels, ahead) = (job.rows(isa), job.panels(), vec![0.0; ahead]);
            let mut labels = vec![-1; 40];
            let scratch = &mut Scratch::default();
            nearest_block_ahead(isa, &rows, &panels, scratch, &mut labels, &ahead);
            assert_eq!(labels, job.labels(isa));
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx2_and_avx512_give_the_same_bits() {
    let wide: Vec<Isa> = Isa::available().into_iter().filter(|isa| *isa != Isa::Portable).collect();
    for d in [1, 16, 100, 784] {
        let job = Job::random(40, d, 77, -2.0);
        let scores: Vec<Vec<u32>> =
            wide.iter().map(|isa| job.scores(*isa).iter().map(|s| s.to_bits()).collect()).collect();
        assert!(scores.windows(2).all(|pair| pair[0] == pair[1]), "d={d}");
    }
}
