//! Some vectors of a list, one after the other: as bytes in panels, and as they are measured.

use half::f16;
use half::slice::HalfFloatSliceExt;
use kmeans_core::{
    Metric, PANEL_OFFSET, PANEL_QUAD, PANEL_VECTORS, Panels, Quantised, Scanner, StoredRows, panel_bytes,
    place_in_panel,
};

use crate::column::Column;
use crate::space::Space;
use crate::storage::Storage;

/// Vectors that follow each other.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) ids: Column<u64>,
    pub(crate) bytes: Column<u8>,
    pub(crate) scales: Column<f32>,
    pub(crate) biases: Column<f32>,
    pub(crate) bounds: Column<[f32; 2]>,
    pub(crate) rows: Rows,
    /// Lanes of the panels whose vectors were removed; empty for none.
    pub(crate) removed: Vec<u16>,
    /// How many those are.
    pub(crate) removed_count: usize,
}

/// What vectors are measured by.
#[derive(Clone)]
pub(crate) enum Rows {
    F32(Column<f32>),
    F16(Column<f16>),
    /// The bytes of the panels.
    Bytes,
}

/// Room for one vector on its way into a part, or out of it.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) v: Vec<f32>,
    q: Vec<i8>,
}

impl Part {
    /// Without vectors.
    pub(crate) fn new(storage: Storage) -> Self {
        Self {
            ids: Column::EMPTY,
            bytes: Column::EMPTY,
            scales: Column::EMPTY,
            biases: Column::EMPTY,
            bounds: Column::EMPTY,
            rows: match storage {
                Storage::F32 => Rows::F32(Column::EMPTY),
                Storage::F16 => Rows::F16(Column::EMPTY),
                Storage::Sq8 => Rows::Bytes,
            },
            removed: Vec::new(),
            removed_count: 0,
        }
    }

    /// Places of vectors, those that were removed included.
    pub(crate) fn places(&self) -> usize {
        self.ids.as_slice().len()
    }

    /// Vectors.
    pub(crate) fn len(&self) -> usize {
        self.places() - self.removed_count
    }

    /// Whether it is in memory, where it can grow.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.ids, Column::Held(_))
    }

    pub(crate) fn panels(&self) -> Panels<'_> {
        Panels {
            bytes: self.bytes.as_slice(),
            scales: self.scales.as_slice(),
            biases: self.biases.as_slice(),
            bounds: self.bounds.as_slice(),
        }
    }

    /// The id at a place, unless its vector was removed.
    pub(crate) fn id(&self, place: usize) -> Option<u64> {
        (!self.is_removed(place)).then(|| self.ids.as_slice()[place])
    }

    fn is_removed(&self, place: usize) -> bool {
        self.removed.get(place / PANEL_VECTORS).is_some_and(|mask| mask >> (place % PANEL_VECTORS) & 1 == 1)
    }

    /// Takes a vector out. Its place stays empty until the part is written anew.
    pub(crate) fn remove(&mut self, place: usize) {
        self.removed.resize(self.bounds.as_slice().len(), 0);
        self.removed[place / PANEL_VECTORS] |= 1 << (place % PANEL_VECTORS);
        self.removed_count += 1;
    }

    /// Adds a vector as it is to be stored.
    pub(crate) fn push(&mut self, scanner: &dyn Scanner, space: &Space, x: &[f32], id: u64, desk: &mut Desk) {
        let (d, place) = (space.dim(), self.places());
        let Desk { v, q } = desk;
        v.clear();
        v.extend_from_slice(x);
        match &mut self.rows {
            Rows::F32(rows) => rows.held().extend_from_slice(x),
            Rows::F16(rows) => {
                let rows = rows.held();
                rows.extend(x.iter().map(|&x| f16::from_f32(x)));
                rows[place * d..].convert_to_f32_slice(v);
            }
            Rows::Bytes => {}
        }
        space.stored_to_frame(v);
        q.resize(d.next_multiple_of(PANEL_QUAD), 0);
        let mut quantised = scanner.quantise(v, q);
        if let Rows::Bytes = self.rows {
            quantised = of_bytes(quantised.scale, q);
        }
        self.push_code(space, q, quantised, id);
    }

    /// Adds the vector at a place of another part, as it is.
    pub(crate) fn push_from(
        &mut self,
        scanner: &dyn Scanner,
        space: &Space,
        other: &Self,
        place: usize,
        desk: &mut Desk,
    ) {
        let (d, id) = (space.dim(), other.ids.as_slice()[place]);
        if let Rows::Bytes = other.rows {
            desk.q.resize(d.next_multiple_of(PANEL_QUAD), 0);
            for (column, q) in desk.q[..d].iter_mut().enumerate() {
                *q = other.byte(d, column, place);
            }
            let quantised = of_bytes(other.scales.as_slice()[place], &desk.q);
            self.push_code(space, &desk.q, quantised, id);
            return;
        }
        let mut x = vec![0.0; d];
        other.reconstruct(space, place, &mut x);
        self.push(scanner, space, &x, id, desk);
    }

    /// Enters a vector into the next lane of the panels.
    fn push_code(&mut self, space: &Space, q: &[i8], quantised: Quantised, id: u64) {
        let (d, place, lane) = (space.dim(), self.places(), self.places() % PANEL_VECTORS);
        if lane == 0 {
            self.push_panel(d);
        }
        let panel = &mut self.bytes.held()[place / PANEL_VECTORS * panel_bytes(d)..];
        let lines = panel.as_chunks_mut::<{ PANEL_QUAD * PANEL_VECTORS }>().0;
        for (line, quad) in lines.iter_mut().zip(q.as_chunks::<PANEL_QUAD>().0) {
            line.as_chunks_mut::<PANEL_QUAD>().0[lane] = quad.map(|q| (q as u8).wrapping_add(PANEL_OFFSET));
        }
        self.scales.held()[place] = quantised.scale;
        self.biases.held()[place] = match space.score_metric() {
            Metric::L2 => quantised.sq_norm as f32,
            _ => 0.0,
        };
        let [error, norm] = &mut self.bounds.held()[place / PANEL_VECTORS];
        *error = error.max(quantised.error);
        *norm = norm.max((quantised.norm + quantised.error).next_up());
        self.ids.held().push(id);
    }

    /// A panel that is only filled up.
    fn push_panel(&mut self, d: usize) {
        let (bytes, scales, biases) = (self.bytes.held(), self.scales.held(), self.biases.held());
        bytes.resize(bytes.len() + panel_bytes(d), PANEL_OFFSET);
        scales.resize(scales.len() + PANEL_VECTORS, 0.0);
        biases.resize(biases.len() + PANEL_VECTORS, f32::INFINITY);
        self.bounds.held().push([0.0; 2]);
        if !self.removed.is_empty() {
            self.removed.push(0);
        }
    }

    /// Makes room for so many vectors more.
    pub(crate) fn reserve(&mut self, d: usize, count: usize) {
        let panels = count.div_ceil(PANEL_VECTORS);
        self.ids.held().reserve(count);
        self.bytes.held().reserve(panels * panel_bytes(d));
        self.scales.held().reserve(panels * PANEL_VECTORS);
        self.biases.held().reserve(panels * PANEL_VECTORS);
        self.bounds.held().reserve(panels);
        match &mut self.rows {
            Rows::F32(rows) => rows.held().reserve(count * d),
            Rows::F16(rows) => rows.held().reserve(count * d),
            Rows::Bytes => {}
        }
    }

    /// Measures `v` to the vectors at `places`.
    pub(crate) fn measure(
        &self,
        scanner: &dyn Scanner,
        space: &Space,
        v: &[f32],
        places: &[u32],
        decoded: &mut Vec<f32>,
        out: &mut [f64],
    ) {
        let metric = space.score_metric();
        let d = v.len();
        let mut decode_all = |decode: &dyn Fn(usize, &mut [f32])| {
            decoded.resize(places.len() * d, 0.0);
            for (&place, out) in places.iter().zip(decoded.chunks_exact_mut(d)) {
                decode(place as usize, out);
            }
        };
        let rows: StoredRows<'_> = match &self.rows {
            Rows::F32(rows) => {
                scanner.measure(metric, v, space.stored(rows.as_slice()), places, out);
                return;
            }
            Rows::F16(rows) => {
                let rows = rows.as_slice();
                decode_all(&|place, out| rows[place * d..][..d].convert_to_f32_slice(out));
                space.stored(decoded)
            }
            Rows::Bytes => {
                decode_all(&|place, out| self.decode_bytes(place, out));
                space.in_frame(decoded)
            }
        };
        let numbers: Vec<u32> = (0..places.len() as u32).collect();
        scanner.measure(metric, v, rows, &numbers, out);
    }

    /// What the bytes of a vector stand for, in the frame.
    fn decode_bytes(&self, place: usize, out: &mut [f32]) {
        let (d, scale) = (out.len(), self.scales.as_slice()[place]);
        for (column, v) in out.iter_mut().enumerate() {
            *v = scale * f32::from(self.byte(d, column, place));
        }
    }

    #[inline]
    fn byte(&self, d: usize, column: usize, place: usize) -> i8 {
        let panel = &self.bytes.as_slice()[place / PANEL_VECTORS * panel_bytes(d)..];
        panel[place_in_panel(column, place % PANEL_VECTORS)].wrapping_sub(PANEL_OFFSET) as i8
    }

    /// The vector at a place, as it is stored.
    pub(crate) fn reconstruct(&self, space: &Space, place: usize, out: &mut [f32]) {
        let d = out.len();
        match &self.rows {
            Rows::F32(rows) => out.copy_from_slice(&rows.as_slice()[place * d..][..d]),
            Rows::F16(rows) => rows.as_slice()[place * d..][..d].convert_to_f32_slice(out),
            Rows::Bytes => {
                self.decode_bytes(place, out);
                space.frame_to_stored(out);
            }
        }
    }

    /// Bytes in memory of its own.
    pub(crate) fn held_bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::F32(rows) => rows.held_bytes(),
            Rows::F16(rows) => rows.held_bytes(),
            Rows::Bytes => 0,
        };
        self.ids.held_bytes()
            + self.bytes.held_bytes()
            + self.scales.held_bytes()
            + self.biases.held_bytes()
            + self.bounds.held_bytes()
            + rows
    }
}

/// A vector that is what its bytes stand for.
fn of_bytes(scale: f32, q: &[i8]) -> Quantised {
    let sum_of_squares: i64 = q.iter().map(|&q| i64::from(q) * i64::from(q)).sum();
    let sq_norm = f64::from(scale) * f64::from(scale) * sum_of_squares as f64;
    let norm = ((sq_norm.sqrt() * (1.0 + 1e-6)) as f32).next_up();
    Quantised { scale, error: 0.0, norm, sq_norm, sum: q.iter().map(|&q| i32::from(q)).sum() }
}
