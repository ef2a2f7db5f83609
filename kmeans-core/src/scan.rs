//! The seam of an index: what searching stored vectors needs from the hardware.
//!
//! Vectors are looked at as bytes, 16 at a time, by products of integers that bound every score; whatever the bounds
//! leave is measured. So a search reads a quarter of what the vectors take, and its answers are exact all the same.

use half::f16;

use crate::lookup_tables::{LevelScale, tables};
use crate::metric::Metric;

/// Vectors in a panel.
pub const PANEL_VECTORS: usize = 16;

/// Columns that are next to each other in a panel.
pub const PANEL_QUAD: usize = 4;

/// What is added to the bytes of a panel: its bytes have no sign.
pub const PANEL_OFFSET: u8 = 128;

/// What rounding may add to a score, as a share of `(‖v‖ + ‖x‖)²`: some ulp of the bias, of the product and of their sum.
pub const SCORE_ROUNDING: f32 = 1.0 / (1 << 20) as f32;

/// Columns of which products of bytes fit 32 bits: `127 · 255 · d < 2³¹`.
pub const MOST_PANEL_COLUMNS: usize = 1 << 15;

/// The bytes of a panel of vectors of `d` columns.
pub const fn panel_bytes(d: usize) -> usize {
    d.next_multiple_of(PANEL_QUAD) * PANEL_VECTORS
}

/// A vector as bytes: `v ≈ scale · q`, with whole numbers q from −127 to 127.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantised {
    /// The largest `|v_l|` by 127; 0 where all is error.
    pub scale: f32,
    /// `‖v − scale·q‖`, rounded up.
    pub error: f32,
    /// `‖v‖`, rounded up.
    pub norm: f32,
    /// `‖v‖²`, summed in `f64`.
    pub sq_norm: f64,
    /// `Σ q_l`.
    pub sum: i32,
}

/// Vectors as bytes, in panels of 16.
///
/// ```text
/// panel 0                                            panel 1
/// columns 0 to 3               columns 4 to 7   ...
/// x0 x0 x0 x0 x1 x1 ... x15  | x0 x0 ...             ...
/// ```
///
/// A byte is `q + 128`. The last panel is filled up with vectors whose bias is +∞; columns are filled up with 128 to a
/// multiple of four.
#[derive(Clone, Copy, Debug)]
pub struct Panels<'a> {
    /// [`panel_bytes`] for each panel.
    pub bytes: &'a [u8],
    /// The scale of each vector.
    pub scales: &'a [f32],
    /// The constant part of each score, `‖x‖²` for L2 and 0 for products; +∞ where panels are filled up.
    pub biases: &'a [f32],
    /// For each panel the largest `‖x − scale·q‖` and the largest `‖scale·q‖`, rounded up.
    pub bounds: &'a [[f32; 2]],
}

impl<'a> Panels<'a> {
    /// Number of panels.
    pub fn count(&self) -> usize {
        self.bounds.len()
    }

    /// Some of the panels, of vectors of `d` columns.
    #[must_use]
    pub fn some(&self, panels: std::ops::Range<usize>, d: usize) -> Self {
        let (bytes, places) = (panel_bytes(d), panels.start * PANEL_VECTORS..panels.end * PANEL_VECTORS);
        Self {
            bytes: &self.bytes[panels.start * bytes..panels.end * bytes],
            scales: &self.scales[places.clone()],
            biases: &self.biases[places],
            bounds: &self.bounds[panels],
        }
    }
}

/// A query that looks at panels.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// As bytes, columns filled up with zeros to a multiple of four.
    pub bytes: &'a [i8],
    /// What that left out.
    pub quantised: Quantised,
    /// Vectors of a higher score are not looked for. A score is `bias − 2⟨v, x⟩` for L2, `−⟨v, x⟩` for products.
    pub limit: f32,
}

/// Stored vectors whose scores may be within the limit of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contenders {
    /// Their places in the panels that were looked at.
    pub places: Vec<u32>,
    /// No score is less.
    pub least: Vec<f32>,
}

impl Contenders {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.places.clear();
        self.least.clear();
    }
}

/// Vectors whose codes are looked up together: four panels.
pub const GROUP_VECTORS: usize = 4 * PANEL_VECTORS;

/// Vectors as codes of a product quantizer, in groups of 64: the codes of a piece are next to each other.
///
/// ```text
/// group 0                                        group 1
/// piece 0           piece 1          ...         piece 0        ...
/// x0 x1 ... x63   | x0 x1 ... x63  | ...         x64 ...        ...
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    /// 64 bytes for each piece of each group.
    pub codes: &'a [u8],
    /// The constant part of each score, `‖x‖²` for L2 and 0 for products; +∞ where groups are filled up.
    pub biases: &'a [f32],
    /// Pieces of a vector, at most [`MOST_PIECES`].
    pub pieces: usize,
}

/// Pieces whose levels add up to 16 bits: `255 · 257 < 2¹⁶`.
pub const MOST_PIECES: usize = 257;

/// A query that looks up codes: what each code of each piece adds to a score, rounded down to a byte.
#[derive(Clone, Copy, Debug)]
pub struct LookingUp<'a> {
    /// 256 for each piece: a score is not less than `least + step · Σ levels + bias`.
    pub levels: &'a [u8],
    /// What a level is.
    pub step: f32,
    /// What all codes have at least, less what rounding may have added.
    pub least: f32,
    /// Vectors of a higher score are not looked for.
    pub limit: f32,
}

/// Vectors as they are stored, and what they are in the frame.
#[derive(Clone, Copy, Debug)]
pub enum StoredRows<'a> {
    /// Row-major: `x · scale − origin`, in one rounding where the scale is not 1.
    Floats {
        /// n × d.
        x: &'a [f32],
        /// A power of two.
        scale: f32,
        /// d, times the scale.
        origin: &'a [f32],
    },
    /// Row-major: `x · scale`.
    Halves {
        /// n × d.
        x: &'a [f16],
        /// A power of two.
        scale: f32,
    },
    /// The bytes of [`Panels`]: `scale · q`.
    Bytes {
        /// [`panel_bytes`] for each panel.
        panels: &'a [u8],
        /// The scale of each vector.
        scales: &'a [f32],
    },
}

impl StoredRows<'_> {
    /// A column of a row in the frame, of `d`.
    fn value(&self, row: usize, column: usize, d: usize) -> f32 {
        match *self {
            Self::Floats { x, scale: 1.0, origin } => x[row * d + column] - origin[column],
            Self::Floats { x, scale, origin } => x[row * d + column].mul_add(scale, -origin[column]),
            Self::Halves { x, scale } => x[row * d + column].to_f32() * scale,
            Self::Bytes { panels, scales } => {
                let panel = &panels[row / PANEL_VECTORS * panel_bytes(d)..];
                let byte = panel[at(column, row % PANEL_VECTORS)];
                scales[row] * f32::from(byte.wrapping_sub(PANEL_OFFSET) as i8)
            }
        }
    }
}

/// What searching in lists needs from the hardware. Answers are the same on all: bounds differ in rounding, which
/// decides nothing but how much is measured.
pub trait Scanner: Send + Sync {
    /// What runs, for reports.
    fn name(&self) -> String;

    /// Threads that compute.
    fn threads(&self) -> usize;

    /// Runs `work` once for each number below `count`, on all threads and in any order.
    fn for_each(&self, count: usize, work: &(dyn Fn(usize) + Sync));

    /// Rounds `v` to bytes. `q` has room for its columns, filled up with zeros.
    fn quantise(&self, v: &[f32], q: &mut [i8]) -> Quantised;

    /// Adds the vectors whose score may be within the limit of a query to its part of `found`: all whose least score is
    /// not above it. Lanes of a panel that are set in `skip` are left out; it has one mask a panel, or is empty.
    ///
    /// The bounds allow for rounding: by [`SCORE_ROUNDING`].
    fn look(
        &self,
        metric: Metric,
        panels: Panels<'_>,
        queries: &[Looking<'_>],
        skip: &[u16],
        found: &mut [Contenders],
    );

    /// What each code of each piece adds to the scores of the rows `v`, as [`tables()`] does.
    fn tables(
        &self,
        metric: Metric,
        v: &[f32],
        columns: &[f32],
        levels: &mut [u8],
        scales: &mut [LevelScale],
    ) {
        tables(metric, v, columns, levels, scales, &PlainScanner);
    }

    /// The same for vectors that are codes.
    fn look_up(&self, groups: Groups<'_>, queries: &[LookingUp<'_>], skip: &[u16], found: &mut [Contenders]) {
        for group in 0..groups.biases.len() / GROUP_VECTORS {
            for (query, found) in queries.iter().zip(&mut *found) {
                look_up_group(groups, group, query, skip, found);
            }
        }
    }

    /// `Σ (v_l − x_l)²` for L2, `Σ v_l·x_l` for products, of `v` and the rows `ids`: in `f64`, with eight fixed lanes,
    /// the same bits everywhere.
    fn measure(&self, metric: Metric, v: &[f32], rows: StoredRows<'_>, ids: &[u32], out: &mut [f64]);
}

/// [`Scanner`] in plain loops on one thread: the reference, and what there is where there is nothing better.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainScanner;

/// Lanes of [`Scanner::measure`].
const LANES: usize = 8;

impl Scanner for PlainScanner {
    fn name(&self) -> String {
        "plain loops".to_owned()
    }

    fn threads(&self) -> usize {
        1
    }

    fn for_each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(work);
    }

    fn quantise(&self, v: &[f32], q: &mut [i8]) -> Quantised {
        let most = v.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        // Below, its inverse were no number; then all of the vector is error.
        let scale = if most / 127.0 > f32::MIN_POSITIVE { most / 127.0 } else { 0.0 };
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let (mut sq_error, mut sq_norm, mut sum) = (0.0_f64, 0.0_f64, 0);
        q.fill(0);
        for (&x, q) in v.iter().zip(q) {
            let rounded = (x * inverse).round_ties_even();
            *q = rounded as i8;
            sum += i32::from(*q);
            sq_error += (f64::from(x) - f64::from(scale) * f64::from(rounded)).powi(2);
            sq_norm += f64::from(x) * f64::from(x);
        }
        let (error, norm) = (rounded_up(sq_error.sqrt()), rounded_up(sq_norm.sqrt()));
        Quantised { scale, error, norm, sq_norm, sum }
    }

    fn look(
        &self,
        metric: Metric,
        panels: Panels<'_>,
        queries: &[Looking<'_>],
        skip: &[u16],
        found: &mut [Contenders],
    ) {
        let factor = metric.score_factor();
        for panel in 0..panels.count() {
            let skipped = skip.get(panel).copied().unwrap_or(0);
            let [error, norm] = panels.bounds[panel];
            for (query, found) in queries.iter().zip(&mut *found) {
                let bytes = &panels.bytes[panel * query.bytes.len() * PANEL_VECTORS..];
                let Quantised { norm: own, error: own_error, .. } = query.quantised;
                let rounding = SCORE_ROUNDING * (own + norm) * (own + norm);
                let width = factor.abs() * (own * error + own_error * norm) + rounding;
                for lane in (0..PANEL_VECTORS).filter(|lane| skipped >> lane & 1 == 0) {
                    let place = panel * PANEL_VECTORS + lane;
                    let product: i32 = (0..query.bytes.len())
                        .map(|l| i32::from(query.bytes[l]) * (i32::from(bytes[at(l, lane)]) - 128))
                        .sum();
                    let scaled = product as f32 * query.quantised.scale;
                    let score = panels.biases[place] + factor * panels.scales[place] * scaled;
                    let least = score - width;
                    // What is no number rules nothing out.
                    let is_out = least > query.limit || score == f32::INFINITY;
                    if !is_out {
                        found.places.push(place as u32);
                        found.least.push(least);
                    }
                }
            }
        }
    }

    fn measure(&self, metric: Metric, v: &[f32], rows: StoredRows<'_>, ids: &[u32], out: &mut [f64]) {
        for (&id, out) in ids.iter().zip(out) {
            let mut lanes = [0.0_f64; LANES];
            for (l, &value) in v.iter().enumerate() {
                let (v, x) = (f64::from(value), f64::from(rows.value(id as usize, l, v.len())));
                lanes[l % LANES] += if metric.is_similarity() { v * x } else { (v - x) * (v - x) };
            }
            let [a, b, c, d, e, f, g, h] = lanes;
            *out = ((a + e) + (c + g)) + ((b + f) + (d + h));
        }
    }
}

/// Where in a panel the byte of a column of a vector is.
pub const fn at(column: usize, lane: usize) -> usize {
    (column / PANEL_QUAD * PANEL_VECTORS + lane) * PANEL_QUAD + column % PANEL_QUAD
}

/// The next `f32` that is certainly not less.
fn rounded_up(x: f64) -> f32 {
    ((x * (1.0 + 1e-6)) as f32).next_up()
}

/// A group of codes, looked up in plain loops.
fn look_up_group(
    groups: Groups<'_>,
    group: usize,
    query: &LookingUp<'_>,
    skip: &[u16],
    found: &mut Contenders,
) {
    let mut sums = [0_u32; GROUP_VECTORS];
    let codes = &groups.codes[group * groups.pieces * GROUP_VECTORS..][..groups.pieces * GROUP_VECTORS];
    let pieces = codes.as_chunks::<GROUP_VECTORS>().0.iter().zip(query.levels.as_chunks::<256>().0);
    for (codes, levels) in pieces {
        for (sum, &code) in sums.iter_mut().zip(codes) {
            *sum += u32::from(levels[usize::from(code)]);
        }
    }
    for (lane, sum) in sums.into_iter().enumerate() {
        let place = group * GROUP_VECTORS + lane;
        let skipped = skip.get(place / PANEL_VECTORS).copied().unwrap_or(0) >> (place % PANEL_VECTORS) & 1;
        let bias = groups.biases[place];
        let least = query.step * sum as f32 + query.least + bias;
        // What is no number rules nothing out.
        let is_out = least > query.limit || bias == f32::INFINITY;
        if !is_out && skipped == 0 {
            found.places.push(place as u32);
            found.least.push(least);
        }
    }
}
