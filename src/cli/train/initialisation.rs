//! How first centroids are chosen.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use kmeans::{Error, Init, Params, Seeding};

use crate::cli::failure::Usage;

#[derive(Args)]
#[command(next_help_heading = "Initialisation")]
pub(super) struct Initialisation {
    /// Seed of all random choices
    #[arg(long, default_value_t = Params::default().seed)]
    seed: u64,
    /// Whose random choices to make: native, or faiss for the same trajectory as Faiss from the same seed
    /// (with --init random)
    #[arg(long, value_name = "native|faiss", default_value_t)]
    seeding: Seeding,
    /// How first centroids are drawn: kmeans++, greedy-kmeans++, random, kmeans-parallel, afk-mc2
    #[arg(long, value_name = "INIT", visible_alias = "init-method", default_value_t)]
    init: Init,
    /// Rows that greedy-kmeans++ tries for each centroid [default: 2 + ln k, rounded down]
    #[arg(long, value_name = "N")]
    local_trials: Option<usize>,
    /// Steps of each Markov chain of afk-mc2 [default: 50]
    #[arg(long, value_name = "N")]
    afkmc2_chain_length: Option<usize>,
    /// First centroids, at most k rows; the rest is drawn by --init
    #[arg(long, value_name = "F")]
    init_centroids: Option<PathBuf>,
    /// Keep the centroids of --init-centroids as they are, to the bit, and train only the others
    #[arg(long, requires = "init_centroids")]
    frozen_centroids: bool,
}

impl Initialisation {
    pub(super) fn set(&self, params: &mut Params) -> Result<()> {
        params.seed = self.seed;
        params.seeding = self.seeding;
        params.init = self.init()?;
        params.frozen_centroids = self.frozen_centroids;
        if let Some(steps) = self.afkmc2_chain_length {
            self.goes_with("--afkmc2-chain-length", &Init::AfkMc2)?;
            params.afkmc2_chain_length = steps;
        }
        Ok(())
    }

    fn init(&self) -> Result<Init> {
        let Some(trials) = self.local_trials else { return Ok(self.init.clone()) };
        self.goes_with("--local-trials", &Init::GreedyKMeansPlusPlus { trials: None })?;
        Ok(Init::GreedyKMeansPlusPlus { trials: Some(trials) })
    }

    fn goes_with(&self, flag: &str, init: &Init) -> Result<(), Usage> {
        if self.init == *init {
            return Ok(());
        }
        Err(Usage(format!("{flag} goes with --init {init}, not with {}", self.init)))
    }

    pub(super) fn input(&self) -> Option<&Path> {
        self.init_centroids.as_deref()
    }

    /// The values of `--init-centroids`, for rows of `d` columns.
    pub(super) fn centroids(&self, d: usize) -> Result<Vec<f32>> {
        let Some(path) = &self.init_centroids else { return Ok(Vec::new()) };
        let points = kmeans::open(path).context("initial centroids")?;
        if points.dim() != d {
            let what = format!("{} (initial centroids)", points.name());
            let (expected, found) = (d, points.dim());
            return Err(Error::DimensionMismatch { what, than: "the data", expected, found }.into());
        }
        let mut values = vec![0.0; points.rows() * d];
        points.read(0..points.rows(), &mut values)?;
        Ok(values)
    }
}
