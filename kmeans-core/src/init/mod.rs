//! Initial centroids.

mod afk_mc2;
mod function;
mod greedy;
mod kmeans_parallel;
mod kmeans_plus_plus;
mod potential;
pub(crate) mod random;

pub use function::{InitFunction, InitRequest};

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::options::{Init, Seeding};
use crate::params::Params;
use crate::rng::{Draws, Stream};
use crate::training_set::TrainingSet;
use crate::watch::Watch;

/// What every initialisation works with.
pub(crate) struct Drawing<'a, 's, 'p, E: Engine + 'p> {
    set: &'s mut TrainingSet<'p, E>,
    params: &'a Params,
    redo: usize,
    k: usize,
    draws: Draws,
    /// Weights of blocks of rows, once a row has been drawn by weight.
    weight_blocks: Vec<u128>,
    watch: &'a Watch<'a>,
}

impl<E: Engine> Drawing<'_, '_, '_, E> {
    /// The first seed, drawn uniformly or by weight, where none is given.
    fn begin(&mut self, seeds: &mut Centroids) -> Result<()> {
        if seeds.k() == 0 {
            let first = random::by_weight(self);
            seeds.push(&self.set.gather(&[first])?);
        }
        Ok(())
    }
}

/// Draws `k` initial centroids of one restart. Given centroids come first; the rest is drawn.
pub(crate) fn centroids<'p, E: Engine>(
    set: &mut TrainingSet<'p, E>,
    params: &Params,
    k: usize,
    redo: usize,
    watch: &Watch<'_>,
) -> Result<Centroids> {
    let draws = Draws::new(params.seed, redo, Stream::Init);
    let mut given = Centroids::from_positions(&params.init_centroids, set.frame());
    if params.is_spherical() && !params.frozen_centroids {
        // Distances to them count in what is drawn next.
        set.engine().normalize(&mut given, set.frame())?;
    }
    if given.k() == k {
        return Ok(given);
    }
    let mut drawing = Drawing { set, params, redo, k, draws, weight_blocks: Vec::new(), watch };
    let mut seeds = match &params.init {
        Init::KMeansPlusPlus => kmeans_plus_plus::draw(&mut drawing, given),
        Init::GreedyKMeansPlusPlus { trials } => greedy::draw(&mut drawing, given, *trials),
        Init::KMeansParallel => kmeans_parallel::draw(&mut drawing, given),
        Init::AfkMc2 => afk_mc2::draw(&mut drawing, given),
        Init::Random if params.seeding == Seeding::Faiss => random::draw_like_faiss(&mut drawing, given),
        Init::Random => random::draw(&mut drawing, given),
        Init::Function(function) => function::draw(&mut drawing, given, function),
    }?;
    if seeds.k() < k {
        // Ended early: any rows do.
        random::fill(&mut drawing, &mut seeds)?;
    }
    Ok(seeds)
}
