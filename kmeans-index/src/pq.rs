//! A product quantizer: vectors cut into pieces, each replaced by the nearest of 256 codewords.

use std::ops::ControlFlow;

use kmeans_core::{AssignOptions, Init, Job, KMeans, KMeansModel, MOST_PIECES, Metric};
use kmeans_data::RowSlice;

use crate::blocks::sq_norm;
use crate::error::{Error, Result};
use crate::hardware::Hardware;

/// Codewords of a piece.
pub(crate) const LEVELS: usize = 256;

/// Rows that a codebook is trained on, for each of its codewords: half of Faiss's. Recall@10 on SIFT and WordNet is up to
/// 0.012 below its (BENCHMARKS.md, 'Retrieval').
const ROWS_PER_LEVEL: usize = 128;
/// Iterations of the training of a codebook. Twice as many change recall@10 by 0.003 at most, either way.
const NITER: usize = 10;

/// Codebooks, and what finds the nearest of their codewords.
#[derive(Clone)]
pub(crate) struct Pq {
    dsub: usize,
    /// m × 256 × dsub.
    codebooks: Vec<f32>,
    /// m × dsub × 256: one column of all codewords of a piece is next to each other.
    columns: Vec<f32>,
    models: Vec<KMeansModel>,
    /// No decoded row is longer.
    reach: f32,
}

impl Pq {
    /// Rows that are looked at to train codebooks.
    pub(crate) const TRAINED_ON: usize = LEVELS * ROWS_PER_LEVEL;

    /// Whether vectors of `d` columns can be cut into `m` pieces.
    ///
    /// # Errors
    /// [`Error::Pieces`].
    pub(crate) fn check(d: usize, m: usize) -> Result<()> {
        if m > 0 && d.is_multiple_of(m) && m <= MOST_PIECES {
            return Ok(());
        }
        Err(Error::Pieces { m, d, most: MOST_PIECES })
    }

    /// Codebooks of `m` pieces for `residuals`, at least one row of `d` columns: a k-means each.
    pub(crate) fn train(hardware: &dyn Hardware, residuals: &[f32], d: usize, m: usize) -> Result<Self> {
        Self::check(d, m)?;
        let (dsub, n) = (d / m, residuals.len() / d);
        let mut codebooks = Vec::with_capacity(LEVELS * d);
        for x in by_pieces(residuals, [d, dsub]).chunks_exact(n * dsub) {
            if n <= LEVELS {
                // The rows themselves, and the first again, which ties never choose.
                codebooks.extend_from_slice(x);
                (n..LEVELS).for_each(|_| codebooks.extend_from_slice(&x[..dsub]));
                continue;
            }
            let kmeans = KMeans::on((), LEVELS).niter(NITER).init(Init::Random).min_points_per_centroid(1);
            let fit = hardware.train(Job::new(&RowSlice::new(x, dsub)?, kmeans.params()))?;
            codebooks.extend_from_slice(fit.model.centroids());
        }
        Self::of(hardware, codebooks, m)
    }

    /// The quantizer of `m` codebooks.
    pub(crate) fn of(hardware: &dyn Hardware, codebooks: Vec<f32>, m: usize) -> Result<Self> {
        let dsub = codebooks.len() / m / LEVELS;
        let mut models = Vec::with_capacity(m);
        for book in codebooks.chunks_exact(LEVELS * dsub) {
            let kmeans = KMeans::on((), LEVELS).init_centroids(book.to_vec()).niter(0);
            let kmeans = kmeans.min_points_per_centroid(1).metric(Metric::L2);
            models.push(hardware.train(Job::new(&RowSlice::new(book, dsub)?, kmeans.params()))?.model);
        }
        let by_column = |book: &[f32]| -> Vec<f32> {
            (0..dsub).flat_map(|column| book[column..].iter().step_by(dsub).copied()).collect()
        };
        let columns = codebooks.chunks_exact(LEVELS * dsub).flat_map(by_column).collect();
        let longest = |book: &[f32]| book.chunks_exact(dsub).map(sq_norm).fold(0.0, f64::max);
        let sq_reach: f64 = codebooks.chunks_exact(LEVELS * dsub).map(longest).sum();
        Ok(Self { dsub, columns, models, codebooks, reach: (sq_reach.sqrt() as f32).next_up() })
    }

    pub(crate) fn m(&self) -> usize {
        self.models.len()
    }

    /// All codebooks: m × 256 × dsub.
    pub(crate) fn codebooks(&self) -> &[f32] {
        &self.codebooks
    }

    /// The same by columns: m × dsub × 256.
    pub(crate) fn columns(&self) -> &[f32] {
        &self.columns
    }

    /// The codes of rows, n × m.
    pub(crate) fn encode(&self, hardware: &dyn Hardware, residuals: &[f32]) -> Result<Vec<u8>> {
        let (m, d) = (self.m(), self.m() * self.dsub);
        let n = residuals.len() / d;
        let mut codes = vec![0; n * m];
        if n == 0 {
            return Ok(codes);
        }
        let all = by_pieces(residuals, [d, self.dsub]);
        for ((piece, model), x) in self.models.iter().enumerate().zip(all.chunks_exact(n * self.dsub)) {
            let rows = RowSlice::new(x, self.dsub)?;
            let found =
                hardware.assign(&rows, model, AssignOptions::default(), &|_| ControlFlow::Continue(()))?;
            for (codes, label) in codes.chunks_exact_mut(m).zip(found.labels) {
                codes[piece] = label as u8;
            }
        }
        Ok(codes)
    }

    /// Adds what codes stand for to `out`.
    pub(crate) fn decode(&self, code: impl Fn(usize) -> u8, out: &mut [f32]) {
        match self.dsub {
            2 => self.decode_by::<2>(code, out),
            4 => self.decode_by::<4>(code, out),
            8 => self.decode_by::<8>(code, out),
            16 => self.decode_by::<16>(code, out),
            dsub => {
                for (piece, out) in out.chunks_exact_mut(dsub).enumerate() {
                    let start = (piece * LEVELS + usize::from(code(piece))) * dsub;
                    out.iter_mut().zip(&self.codebooks[start..]).for_each(|(v, c)| *v += c);
                }
            }
        }
    }

    /// The same for pieces of the usual lengths, whose loops need no count.
    fn decode_by<const DSUB: usize>(&self, code: impl Fn(usize) -> u8, out: &mut [f32]) {
        let books = self.codebooks.as_chunks::<DSUB>().0.as_chunks::<LEVELS>().0;
        for (piece, (out, book)) in out.as_chunks_mut::<DSUB>().0.iter_mut().zip(books).enumerate() {
            let codeword = &book[usize::from(code(piece))];
            for l in 0..DSUB {
                out[l] += codeword[l];
            }
        }
    }

    /// No decoded row is longer.
    pub(crate) fn reach(&self) -> f32 {
        self.reach
    }
}

/// Rows of `d` columns cut into pieces: the first piece of each row, then the second of each, and so on.
fn by_pieces(x: &[f32], [d, dsub]: [usize; 2]) -> Vec<f32> {
    let n = x.len() / d;
    let mut pieces = vec![0.0; x.len()];
    for (row, x) in x.chunks_exact(d).enumerate() {
        for (piece, x) in x.chunks_exact(dsub).enumerate() {
            pieces[(piece * n + row) * dsub..][..dsub].copy_from_slice(x);
        }
    }
    pieces
}
