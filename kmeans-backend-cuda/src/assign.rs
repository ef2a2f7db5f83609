//! Labels, distances and nearest centroids of all rows.

use cubecl::prelude::*;
use cubecl::server::Handle;
use kmeans_core::{Closer, Neighbours, Result};

use crate::codebook::CubeCodebook;
use crate::gpu::{Gpu, UNITS, array, cubes, numbers};
use crate::kernel::distance::{GROUPS, Measure};
use crate::kernel::measure::{cube_dim, find_closer, keep_closer, measure_own, measure_pairs};
use crate::kernel::nearest::{SIDE, Tile, score_rows, select_lowest};
use crate::matrix::{MatrixUnits, Trust, Which};
use crate::prepared::{CubePrepared, Slab};
use crate::tiles::Tiles;

/// Pairs whose distances or scores are held at a time.
const PAIRS: usize = 1 << 22;
/// Scores whose lowest are looked for, at a time, where memory is large: enough to fill a large GPU.
const SCORES: usize = 1 << 26;
/// The share of the largest array that they may take.
const SHARE_OF_SCORES: u64 = 16;
/// Units that look for the lowest scores of a row, if those are not many.
const SELECT_UNITS: u32 = 64;
const MANY_CENTROIDS: usize = 1 << 12;
/// Cubes that score rows, about: enough for a large GPU to have several in each of its places.
const MOST_CUBES: usize = 1 << 11;

/// How labels are found.
pub(crate) type Choices<'e> = (MatrixUnits, &'e Trust, Tiles);

/// `weight · distance` of the rows of a slab on the grid of the objective, four words a row.
pub(crate) type Terms = Handle;

impl CubePrepared<'_> {
    /// Labels of all rows, and how many changed.
    pub(crate) fn assign<R: Runtime>(
        &mut self,
        gpu: &Gpu<R>,
        codebook: &CubeCodebook,
        choices @ (_, _, tiles): Choices<'_>,
    ) -> Result<()> {
        self.changed = Some(gpu.zeros(2)?);
        for at in 0..self.slabs.len() {
            let by_matrix = self.assign_by_matrix(gpu, at, codebook, choices)?;
            let slab = &self.slabs[at];
            let labels = match by_matrix {
                Some(labels) => labels,
                None => {
                    // Zeros: should the kernel fail, others must not follow labels that are none.
                    let labels = gpu.zeros(slab.len())?;
                    let which = Which::All { changed: self.changed.as_ref() };
                    self.assign_exactly(gpu, slab, codebook, tiles, &labels, which)?;
                    labels
                }
            };
            self.slabs[at].labels = Some(labels);
        }
        Ok(())
    }

    /// Distances of the rows of a slab to the centroids of their labels.
    pub(crate) fn measure<R: Runtime>(
        &mut self,
        gpu: &Gpu<R>,
        at: usize,
        codebook: &CubeCodebook,
    ) -> Result<Terms> {
        let slab = &self.slabs[at];
        let (labels, distances) = (slab.labels(gpu)?, gpu.empty(slab.len())?);
        let grid = self.frame.objective(codebook.metric, codebook.max_sq_norm);
        let (up, up_too) = halves_of_power(-grid.exponent());
        let terms = gpu.empty(4 * slab.len())?;
        let weighted = self.weights.is_some();
        // SAFETY: groups past the last row measure that one and write nothing.
        unsafe {
            measure_own::launch_unchecked::<R>(
                &gpu.client,
                cubes(slab.len().div_ceil(GROUPS as usize)),
                cube_dim(),
                self.view(gpu, slab)?,
                array(&codebook.centroids, codebook.k * self.d),
                array(&labels, slab.len()),
                array(&slab.weights, if weighted { slab.len() } else { 1 }),
                array(&distances, slab.len()),
                array(&terms, 4 * slab.len()),
                0.0,
                up,
                up_too,
                grid.bits(),
                weighted,
                self.measured(codebook),
            );
        }
        self.slabs[at].distances = Some(distances);
        Ok(terms)
    }

    /// The distance of every row to every centroid, row-major n×k.
    pub(crate) fn all_distances<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        codebook: &CubeCodebook,
    ) -> Result<Vec<f32>> {
        let mut all = Vec::with_capacity(self.n * codebook.k);
        for slab in &self.slabs {
            for (first, count) in steps(slab.len(), codebook.k, PAIRS) {
                let nothing = gpu.zeros(1)?;
                all.extend(self.distances_of(
                    gpu,
                    slab,
                    codebook,
                    (first, count, codebook.k),
                    &nothing,
                    false,
                )?);
            }
        }
        Ok(all)
    }

    /// Distances of `count` rows from `first` on to `p` centroids each: all, or those of `ids`.
    fn distances_of<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        codebook: &CubeCodebook,
        (first, count, p): (usize, usize, usize),
        ids: &Handle,
        listed: bool,
    ) -> Result<Vec<f32>> {
        let place = (first, count, p);
        let out = self.distances_there(gpu, slab, codebook, place, ids, listed)?;
        Ok(numbers(gpu.read_one(&out)?))
    }

    /// The same, on the device.
    fn distances_there<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        codebook: &CubeCodebook,
        (first, count, p): (usize, usize, usize),
        ids: &Handle,
        listed: bool,
    ) -> Result<Handle> {
        let out = gpu.empty(count * p)?;
        // SAFETY: groups past the last pair measure that one and write nothing.
        unsafe {
            measure_pairs::launch_unchecked::<R>(
                &gpu.client,
                cubes((count * p).div_ceil(GROUPS as usize)),
                cube_dim(),
                self.view(gpu, slab)?,
                array(&codebook.centroids, codebook.k * self.d),
                array(ids, if listed { count * p } else { 1 }),
                array(&out, count * p),
                first as u32,
                count as u32,
                p as u32,
                0.0,
                listed,
                self.measured(codebook),
            );
        }
        Ok(out)
    }

    /// Pairs of a row and a centroid closer than the row's limit.
    pub(crate) fn closer<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        codebook: &CubeCodebook,
        limits: &[f32],
    ) -> Result<Closer> {
        let mut closer = vec![Vec::new(); codebook.k];
        for slab in &self.slabs {
            let limits = gpu.upload(&limits[slab.rows.clone()])?;
            for (first, count) in steps(slab.len(), codebook.k, PAIRS) {
                let pairs = count * codebook.k;
                let (found, out) = (gpu.zeros(1)?, gpu.empty(3 * pairs)?);
                // SAFETY: there is a place for every pair.
                unsafe {
                    find_closer::launch_unchecked::<R>(
                        &gpu.client,
                        cubes(pairs.div_ceil(GROUPS as usize)),
                        cube_dim(),
                        self.view(gpu, slab)?,
                        array(&codebook.centroids, codebook.k * self.d),
                        array(&limits, slab.len()),
                        array(&found, 1),
                        array(&out, 3 * pairs),
                        first as u32,
                        count as u32,
                        codebook.k as u32,
                        0.0,
                        self.measured(codebook),
                    );
                }
                for triple in read_triples(gpu, &found, &out)? {
                    closer[triple[1] as usize]
                        .push((slab.rows.start + triple[0] as usize, f32::from_bits(triple[2])));
                }
            }
        }
        Ok(closer)
    }

    /// The rows whose nearest centroid is closer than their limit.
    pub(crate) fn closest<R: Runtime>(
        &mut self,
        gpu: &Gpu<R>,
        codebook: &CubeCodebook,
        limits: &[f32],
        choices: Choices<'_>,
    ) -> Result<Vec<(usize, i32, f32)>> {
        self.assign(gpu, codebook, choices)?;
        let mut all = Vec::new();
        for at in 0..self.slabs.len() {
            self.measure(gpu, at, codebook)?;
            let slab = &self.slabs[at];
            let limits = gpu.upload(&limits[slab.rows.clone()])?;
            let (found, out) = (gpu.zeros(1)?, gpu.empty(3 * slab.len())?);
            let (Some(labels), Some(distances)) = (&slab.labels, &slab.distances) else {
                unreachable!("rows were assigned and measured")
            };
            // SAFETY: there is a place for every row.
            unsafe {
                keep_closer::launch_unchecked::<R>(
                    &gpu.client,
                    cubes(slab.len().div_ceil(UNITS as usize)),
                    CubeDim::new_1d(UNITS),
                    array(distances, slab.len()),
                    array(&limits, slab.len()),
                    array(labels, slab.len()),
                    array(&found, 1),
                    array(&out, 3 * slab.len()),
                    slab.len() as u32,
                );
            }
            let triples = read_triples(gpu, &found, &out)?;
            all.extend(triples.into_iter().map(|[row, label, sq_dist]| {
                (slab.rows.start + row as usize, label as i32, f32::from_bits(sq_dist))
            }));
        }
        Ok(all)
    }

    /// The `p` nearest centroids of each row.
    pub(crate) fn nearest<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        codebook: &CubeCodebook,
        p: usize,
        tiles: Tiles,
    ) -> Result<Neighbours> {
        let mut found = Vec::new();
        for slab in &self.slabs {
            for (first, count) in steps(slab.len(), codebook.k, scores_at_a_time(gpu)) {
                let place = (first, count, p);
                let ids = self.lowest(gpu, slab, codebook, place, tiles)?;
                found.push(self.distances_there(gpu, slab, codebook, place, &ids, true)?);
                found.push(ids);
            }
        }
        let mut all = Neighbours::default();
        let mut read = gpu.read(found)?.into_iter();
        while let (Some(distances), Some(ids)) = (read.next(), read.next()) {
            all.distances.extend(numbers(distances));
            all.ids.extend(ids.into_iter().map(|id| id as i32));
        }
        all.sort(p, codebook.metric);
        Ok(all)
    }

    /// The centroids of the `p` lowest scores of `count` rows from `first` on, count×p.
    fn lowest<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        codebook: &CubeCodebook,
        (first, count, p): (usize, usize, usize),
        tiles: Tiles,
    ) -> Result<Handle> {
        let k = codebook.k;
        let (scores, ids, nothing) = (gpu.empty(count * k)?, gpu.empty(count * p)?, gpu.zeros(1)?);
        let tile: Tile = tiles.tile(count, k, codebook.is_squared(), gpu.shared_bytes());
        let row_cubes = count.div_ceil(tile.cube_rows() as usize);
        let tiles = k.div_ceil(tile.cube_centroids() as usize);
        // Few rows are few cubes: then they share the centroids.
        let span = tiles.div_ceil(MOST_CUBES.div_ceil(row_cubes)) * tile.cube_centroids() as usize;
        let units = if k < MANY_CENTROIDS { SELECT_UNITS } else { UNITS };
        // SAFETY: cubes write no row past `count` and no centroid past k.
        unsafe {
            score_rows::launch_unchecked::<R>(
                &gpu.client,
                cubes(row_cubes * k.div_ceil(span)),
                CubeDim::new_2d(SIDE, SIDE),
                self.view(gpu, slab)?,
                array(&nothing, 1),
                array(&codebook.centroids, k * self.d),
                array(&codebook.biases, k),
                array(&scores, count * k),
                first as u32,
                count as u32,
                k as u32,
                row_cubes as u32,
                span as u32,
                tile,
            );
            select_lowest::launch_unchecked::<R>(
                &gpu.client,
                cubes(count),
                CubeDim::new_1d(units),
                array(&scores, count * k),
                array(&ids, count * p),
                count as u32,
                k as u32,
                p as u32,
                units,
            );
        }
        Ok(ids)
    }

    fn measured(&self, codebook: &CubeCodebook) -> Measure {
        Measure { squared: codebook.is_squared(), native: self.load.native }
    }
}

/// Ranges of rows whose pairs with `k` centroids fit the memory set for them: first row and count.
fn steps(rows: usize, k: usize, pairs: usize) -> impl Iterator<Item = (usize, usize)> {
    let step = (pairs / k).clamp(1, rows);
    (0..rows).step_by(step).map(move |first| (first, step.min(rows - first)))
}

/// How many scores a device should hold at a time.
fn scores_at_a_time<R: Runtime>(gpu: &Gpu<R>) -> usize {
    SCORES.min((gpu.most_bytes() / SHARE_OF_SCORES / size_of::<f32>() as u64) as usize).max(PAIRS)
}

/// As many triples as `found` says.
fn read_triples<R: Runtime>(gpu: &Gpu<R>, found: &Handle, out: &Handle) -> Result<Vec<[u32; 3]>> {
    let count = gpu.read_one(found)?[0] as usize;
    if count == 0 {
        return Ok(Vec::new());
    }
    let all = out.size_in_used();
    let words = gpu.read_one(&out.clone().offset_end(all - 12 * count as u64))?;
    let (triples, _) = words.as_chunks();
    Ok(triples.to_vec())
}

/// Two powers of two within the range of `f32` whose product is `2^exponent`.
fn halves_of_power(exponent: i32) -> (f32, f32) {
    let half = exponent / 2;
    let power = |e: i32| f32::from_bits(((e + 127) as u32) << 23);
    (power(half.clamp(-126, 127)), power((exponent - half).clamp(-126, 127)))
}
