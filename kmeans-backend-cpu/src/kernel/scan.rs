//! Which vectors of a list some queries have to be measured to, from bytes.
//!
//! ```text
//! for each panel of 16 vectors:                          comes from memory once
//!     for each few queries:
//!         products[query][vector] = ⟨q_v, q_x⟩           VNNI, AVX2, NEON or plain loops
//!         score = bias + (scale_v · product) · factor · scale_x
//!         width = |factor| · (‖v‖·error + error_v·norm)  Cauchy–Schwarz; and what rounding may add
//!         where score − width ≤ limit: the vector contends
//! ```
//!
//! With few queries several panels are multiplied together, so that there are as many sums on their way.

use kmeans_core::{Contenders, Looking, PANEL_OFFSET, Panels, Quantised, SCORE_ROUNDING};

use super::lanes::{Kernel, Lanes, PANEL};
use crate::byte_isa::ByteIsa;
use crate::isa::Isa;

/// Bytes that one instruction multiplies by one vector.
pub(super) const LINE: usize = 64;

/// Queries that look at panels.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    /// Of products in a score.
    pub(crate) factor: f32,
    pub(crate) panels: Panels<'a>,
    pub(crate) queries: &'a [Looking<'a>],
    /// Lanes to leave out, one mask a panel; or none.
    pub(crate) skip: &'a [u16],
}

/// Products of some queries and the vectors of some panels.
pub(super) type Products<const P: usize, const Q: usize> = [[[i32; PANEL]; Q]; P];

/// Instructions that multiply bytes.
pub(super) trait Multiply: Copy {
    fn multiply<const P: usize, const Q: usize>(
        self,
        panels: [&[[u8; LINE]]; P],
        queries: &[Looking<'_>; Q],
        products: &mut Products<P, Q>,
    );
}

/// Adds the vectors that contend for each query to its part of `found`.
pub(crate) fn scan(isa: Isa, bytes: ByteIsa, scan: Scan<'_>, found: &mut [Contenders]) {
    debug_assert_eq!(scan.queries.len(), found.len());
    match bytes {
        #[cfg(target_arch = "x86_64")]
        ByteIsa::Vnni(vnni) => {
            let (scan, found) = scan.tiles::<_, 2, 8>(isa, vnni, found);
            let (scan, found) = scan.tiles::<_, 4, 4>(isa, vnni, found);
            let (scan, found) = scan.tiles::<_, 8, 2>(isa, vnni, found);
            scan.tiles::<_, 8, 1>(isa, vnni, found);
        }
        #[cfg(target_arch = "x86_64")]
        ByteIsa::Avx2(avx2) => {
            let (scan, found) = scan.tiles::<_, 1, 4>(isa, avx2, found);
            let (scan, found) = scan.tiles::<_, 2, 2>(isa, avx2, found);
            scan.tiles::<_, 4, 1>(isa, avx2, found);
        }
        #[cfg(target_arch = "aarch64")]
        ByteIsa::Dot(dot) => {
            let (scan, found) = scan.tiles::<_, 1, 4>(isa, dot, found);
            let (scan, found) = scan.tiles::<_, 2, 2>(isa, dot, found);
            scan.tiles::<_, 4, 1>(isa, dot, found);
        }
        _ => {
            scan.tiles::<_, 1, 1>(isa, Plain, found);
        }
    }
}

impl<'a> Scan<'a> {
    /// Lets whole groups of `Q` queries look, at `P` panels together; returns what is left of the queries.
    fn tiles<M: Multiply, const P: usize, const Q: usize>(
        self,
        isa: Isa,
        by: M,
        found: &mut [Contenders],
    ) -> (Self, &mut [Contenders]) {
        let (groups, rest) = self.queries.as_chunks::<Q>();
        let (found, found_rest) = found.as_chunks_mut::<Q>();
        let (count, rest) = (self.panels.count(), (Self { queries: rest, ..self }, found_rest));
        if groups.is_empty() || count == 0 {
            return rest;
        }
        let lines = self.panels.bytes.as_chunks::<LINE>().0;
        let each = lines.len() / count;
        let mut products = [[[0; PANEL]; Q]; P];
        for first in (0..count).step_by(P) {
            // Those past the last panel are that one again, and not looked at.
            let of = std::array::from_fn(|p| &lines[(first + p).min(count - 1) * each..][..each]);
            for (queries, found) in groups.iter().zip(&mut *found) {
                by.multiply(of, queries, &mut products);
                let left = count - first;
                isa.run(Bound { scan: self, first, queries, products: &products[..left.min(P)], found });
            }
        }
        rest
    }
}

/// Bounds of the scores of `Q` queries and the vectors of some panels.
struct Bound<'a, 's, const Q: usize> {
    scan: Scan<'s>,
    /// The first of the panels.
    first: usize,
    queries: &'a [Looking<'s>; Q],
    products: &'a [[[i32; PANEL]; Q]],
    found: &'a mut [Contenders; Q],
}

impl<const Q: usize> Kernel for Bound<'_, '_, Q> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { scan: Scan { factor, panels, skip, .. }, first, queries, products, found } = self;
        let zero = lanes.splat(0.0);
        for (panel, products) in (first..).zip(products) {
            let of_panel = |values: &[f32]| -> L::V {
                lanes.load(values[panel * PANEL..].first_chunk().expect("panels are whole"))
            };
            let (scales, biases) = (of_panel(panels.scales), of_panel(panels.biases));
            let longest = panels.bounds[panel][1];
            let [error, norm] = panels.bounds[panel].map(|bound| bound * factor.abs());
            // Biases of what is filled up are infinite.
            let valid = lanes.not_greater(biases, lanes.splat(f32::MAX));
            let valid = valid & !u32::from(skip.get(panel).copied().unwrap_or(0));
            for ((query, products), found) in queries.iter().zip(products).zip(&mut *found) {
                let products = lanes.load(&products.map(|product| product as f32));
                let scaled = lanes.fma(products, lanes.splat(query.quantised.scale * factor), zero);
                let scores = lanes.fma(scaled, scales, biases);
                let Quantised { norm: own, error: own_error, .. } = query.quantised;
                let rounding = SCORE_ROUNDING * (own + longest) * (own + longest);
                let width = own * error + own_error * norm + rounding;
                let least = lanes.add(scores, lanes.splat(-width));
                let mask = lanes.not_greater(least, lanes.splat(query.limit)) & valid;
                if mask == 0 {
                    continue;
                }
                let (mut places, mut values) = ([0; PANEL], [0.0; PANEL]);
                let count = lanes.places(mask, (panel * PANEL) as u32, &mut places);
                lanes.pack(least, mask, &mut values);
                found.places.extend_from_slice(&places[..count]);
                found.least.extend_from_slice(&values[..count]);
            }
        }
    }
}

/// Plain loops.
#[derive(Clone, Copy)]
struct Plain;

impl Multiply for Plain {
    fn multiply<const P: usize, const Q: usize>(
        self,
        panels: [&[[u8; LINE]]; P],
        queries: &[Looking<'_>; Q],
        products: &mut Products<P, Q>,
    ) {
        for (lines, products) in panels.iter().zip(products) {
            for (query, products) in queries.iter().zip(products) {
                *products = [-i32::from(PANEL_OFFSET) * query.quantised.sum; PANEL];
                for (line, quad) in lines.iter().zip(query.bytes.as_chunks::<4>().0) {
                    for (product, bytes) in products.iter_mut().zip(line.as_chunks::<4>().0) {
                        *product += (0..4).map(|l| i32::from(bytes[l]) * i32::from(quad[l])).sum::<i32>();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::numbers::numbers;
    use kmeans_core::{Metric, PANEL_VECTORS, PlainScanner, Scanner, panel_bytes, place_in_panel};

    /// Vectors as panels, as an index holds them.
    struct Owned {
        bytes: Vec<u8>,
        scales: Vec<f32>,
        biases: Vec<f32>,
        bounds: Vec<[f32; 2]>,
    }

    fn packed(x: &[f32], d: usize, metric: Metric) -> Owned {
        let n = x.len() / d;
        let count = n.div_ceil(PANEL_VECTORS);
        let mut new = Owned {
            bytes: vec![PANEL_OFFSET; count * panel_bytes(d)],
            scales: vec![0.0; count * PANEL_VECTORS],
            biases: vec![f32::INFINITY; count * PANEL_VECTORS],
            bounds: vec![[0.0; 2]; count],
        };
        let mut q = vec![0; d.next_multiple_of(4)];
        for (place, v) in x.chunks_exact(d).enumerate() {
            let quantised = PlainScanner.quantise(v, &mut q);
            let panel = &mut new.bytes[place / PANEL_VECTORS * panel_bytes(d)..];
            for (column, &q) in q.iter().enumerate() {
                panel[place_in_panel(column, place % PANEL_VECTORS)] = (q as u8).wrapping_add(PANEL_OFFSET);
            }
            new.scales[place] = quantised.scale;
            let sq_norm: f32 = v.iter().map(|v| v * v).sum();
            new.biases[place] = if metric.is_similarity() { 0.0 } else { sq_norm };
            let bounds = &mut new.bounds[place / PANEL_VECTORS];
            *bounds = [bounds[0].max(quantised.error), bounds[1].max(quantised.norm + quantised.error)];
        }
        new
    }

    impl Owned {
        fn view(&self) -> Panels<'_> {
            let Self { bytes, scales, biases, bounds } = self;
            Panels { bytes, scales, biases, bounds }
        }
    }

    /// All instructions of all sets find what plain loops find, bounds agree, and they bound the scores.
    #[test]
    fn bytes_bound_scores_on_every_instruction_set() {
        for (n, d, queries) in [(1, 1, 1), (16, 3, 2), (17, 4, 5), (150, 19, 15), (90, 128, 11), (200, 67, 1)]
        {
            let (x, v) = (numbers(n * d, 3), numbers(queries * d, 4));
            let skip: Vec<u16> = (0..n.div_ceil(16)).map(|panel| 1 << (panel % 16)).collect();
            for metric in [Metric::L2, Metric::InnerProduct] {
                let stored = packed(&x, d, metric);
                let padded = d.next_multiple_of(4);
                let mut bytes = vec![0; queries * padded];
                let quantised: Vec<_> = v
                    .chunks_exact(d)
                    .zip(bytes.chunks_exact_mut(padded))
                    .map(|(v, q)| PlainScanner.quantise(v, q))
                    .collect();
                let score = |query: usize, place: usize| -> f32 {
                    let (v, x) = (&v[query * d..][..d], &x[place * d..][..d]);
                    let product: f32 = v.iter().zip(x).map(|(v, x)| v * x).sum();
                    stored.biases[place] + metric.score_factor() * product
                };
                let limit = |query: usize| score(query, n / 2);
                let looking: Vec<Looking<'_>> = bytes
                    .chunks_exact(padded)
                    .zip(quantised)
                    .enumerate()
                    .map(|(i, (bytes, quantised))| {
                        let limit = if i % 3 == 2 { f32::INFINITY } else { limit(i) };
                        Looking { bytes, quantised, limit }
                    })
                    .collect();
                for isa in Isa::available() {
                    for by in ByteIsa::available(isa) {
                        let nothing = || vec![Contenders::default(); queries];
                        let (mut found, mut expected) = (nothing(), nothing());
                        let factor = metric.score_factor();
                        let asked = Scan { factor, panels: stored.view(), queries: &looking, skip: &skip };
                        scan(isa, by, asked, &mut found);
                        PlainScanner.look(metric, stored.view(), &looking, &skip, &mut expected);
                        for (query, (found, expected)) in found.iter().zip(&expected).enumerate() {
                            assert_eq!(found.places, expected.places, "{isa} {by} {n}×{d}");
                            for (&place, least) in found.places.iter().zip(&found.least) {
                                assert!(*least <= score(query, place as usize) + 1e-4);
                            }
                            // Nothing within the limit is missing.
                            for place in (0..n).filter(|place| skip[place / 16] >> (place % 16) & 1 == 0) {
                                let is_within = score(query, place) <= looking[query].limit - 1e-4;
                                assert!(!is_within || found.places.contains(&(place as u32)));
                            }
                        }
                    }
                }
            }
        }
    }
}
