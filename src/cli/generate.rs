//! `kmeans generate`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use kmeans::data::{Dtype, Output, write_labels};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::convert::{INTERRUPTED, create};
use super::failure::Usage;
use super::progress::Bars;
use super::{interrupt, output};

/// Values made at a time: 16 MiB of f32.
const BLOCK_VALUES: usize = 1 << 22;

/// Centres are held in memory: 1 GiB of f32.
const MOST_CENTRE_VALUES: usize = 1 << 28;

/// Centres lie in a cube of this half width.
const HALF_WIDTH: f32 = 10.0;

/// Make rows around k random centres: a Gaussian mixture to try things on.
///
/// Each row takes one of k centres, uniform in the cube [-10, 10]^d, and adds Gaussian noise. The same
/// arguments give the same file.
#[derive(Args)]
pub(crate) struct Generate {
    /// Rows
    #[arg(short)]
    n: usize,
    /// Columns
    #[arg(short)]
    d: usize,
    /// Centres
    #[arg(short)]
    k: usize,
    /// File to write (.npy, .fvecs, .bvecs, .csv, .tsv)
    #[arg(short = 'o', long = "output", value_name = "F")]
    out: PathBuf,
    /// Standard deviation of the noise in each column
    #[arg(long, default_value_t = 1.0)]
    std: f32,
    /// Seed
    #[arg(long, default_value_t = 1234)]
    seed: u64,
    /// Write the centre of each row (.npy i32, .csv, .ivecs)
    #[arg(long, value_name = "F")]
    labels: Option<PathBuf>,
    /// Type of the values in a .npy file: f32, f64, f16, u8, i8 [default: f32]; values must fit
    #[arg(long)]
    dtype: Option<Dtype>,
    /// Replace output files that exist
    #[arg(long)]
    force: bool,
    /// No progress bar
    #[arg(short, long)]
    quiet: bool,
}

impl Generate {
    pub(crate) fn run(&self) -> Result<()> {
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.check()?;
        let mut rng = rng(self.seed);
        let centres: Vec<f32> =
            (0..self.k * self.d).map(|_| HALF_WIDTH * (2.0 * unit(&mut rng) - 1.0)).collect();
        let mut writer = create(&self.out, self.n, self.d, self.dtype, self.force)?;
        let step = (BLOCK_VALUES / self.d).max(1);
        let mut labels = Vec::new();
        let mut block = Vec::new();
        for start in (0..self.n).step_by(step) {
            let end = self.n.min(start + step);
            block.clear();
            for _ in start..end {
                let label = (rng.next_u64() % self.k as u64) as usize;
                let centre = &centres[label * self.d..][..self.d];
                block.extend(centre.iter().map(|c| c + self.std * normal(&mut rng)));
                if self.labels.is_some() {
                    labels.push(label as i32);
                }
            }
            writer.write_rows(&block)?;
            bars.place("rows made", end, self.n, "");
        }
        writer.commit()?;
        if let Some(path) = &self.labels {
            write_labels(path, &labels, output::overwrite(self.force))?;
        }
        bars.finish();
        Ok(())
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [("-n", self.n), ("-d", self.d), ("-k", self.k)] {
            if value == 0 {
                return Err(Usage(format!("{name} is 0, expected at least 1")).into());
            }
        }
        if self.k.checked_mul(self.d).is_none_or(|values| values > MOST_CENTRE_VALUES) {
            let most = MOST_CENTRE_VALUES;
            return Err(
                Usage(format!("-k {} times -d {}, expected at most {most} values", self.k, self.d)).into()
            );
        }
        let bytes = self.n.checked_mul(self.d).and_then(|values| values.checked_mul(8));
        if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) {
            return Err(Usage(format!("-n {} times -d {} values do not fit a file", self.n, self.d)).into());
        }
        if !self.std.is_finite() || self.std < 0.0 {
            return Err(Usage(format!("--std is {}, expected a number >= 0", self.std)).into());
        }
        let outputs = [(Some(self.out.as_path()), Output::Rows), (self.labels.as_deref(), Output::Labels)];
        output::check(&outputs, &[], self.force)
    }
}

fn rng(seed: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Uniform in `[0, 1)` with 24 bits.
fn unit(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1 << 24) as f32
}

fn normal(rng: &mut ChaCha8Rng) -> f32 {
    StandardNormal.sample(rng)
}
