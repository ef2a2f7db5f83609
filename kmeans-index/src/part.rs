//! Some vectors of a list, one after the other: as codes that are looked at, and as they are measured.

use half::f16;
use half::slice::HalfFloatSliceExt;
use kmeans_core::{
    GROUP_VECTORS, Groups, Metric, PANEL_OFFSET, PANEL_QUAD, PANEL_VECTORS, Panels, Quantised, Scanner,
    StoredRows, panel_bytes, place_in_panel,
};

use crate::blocks::sq_norm;
use crate::column::Column;
use crate::pq::Pq;
use crate::space::Space;
use crate::storage::{Refine, Storage};

/// Panels of a group.
pub(crate) const GROUP_PANELS: usize = GROUP_VECTORS / PANEL_VECTORS;

/// Vectors that follow each other.
#[derive(Clone)]
pub(crate) struct Part {
    storage: Storage,
    pub(crate) ids: Column<u64>,
    /// Of panels, or of groups of codes.
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

/// Vectors themselves.
#[derive(Clone)]
pub(crate) enum Rows {
    /// As they came, of length 1 for cosine.
    F32(Column<f32>),
    /// In the frame, and times a factor: far from zero halves would hold little of them.
    F16(Column<f16>),
    None,
}

/// What vectors are turned into codes by, and codes into vectors.
#[derive(Clone, Copy)]
pub(crate) struct Coder<'a> {
    pub(crate) scanner: &'a dyn Scanner,
    pub(crate) space: &'a Space,
    pub(crate) pq: Option<&'a Pq>,
    /// What codes of a product quantizer are differences from; empty for none.
    pub(crate) centroid: &'a [f32],
    /// What values of halves are multiplied by.
    pub(crate) half_scale: f32,
}

/// A vector on its way into a part: as it is to be stored, its id, and its code for a product quantizer.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) id: u64,
    pub(crate) code: &'a [u8],
}

/// Room for one vector on its way into a part, or out of it.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    v: Vec<f32>,
    q: Vec<i8>,
}

/// Room for vectors on their way out of codes.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    v: Vec<f32>,
    /// 0, 1, 2, ...: all of `v` is measured.
    numbers: Vec<u32>,
}

impl Decoded {
    /// Room for so many vectors.
    fn make_room(&mut self, count: usize, d: usize) -> std::slice::ChunksExactMut<'_, f32> {
        self.numbers.extend(self.numbers.len() as u32..count as u32);
        self.v.resize(count * d, 0.0);
        self.v.chunks_exact_mut(d)
    }
}

impl Part {
    /// Without vectors.
    pub(crate) fn new(storage: Storage) -> Self {
        let rows = match storage.rows() {
            Some(Refine::F32) => Rows::F32(Column::EMPTY),
            Some(Refine::F16) => Rows::F16(Column::EMPTY),
            None => Rows::None,
        };
        Self::of(storage, Column::EMPTY, Column::EMPTY, Column::EMPTY, Column::EMPTY, Column::EMPTY, rows)
    }

    /// Of columns that were written before.
    pub(crate) fn of(
        storage: Storage,
        ids: Column<u64>,
        bytes: Column<u8>,
        scales: Column<f32>,
        biases: Column<f32>,
        bounds: Column<[f32; 2]>,
        rows: Rows,
    ) -> Self {
        Self { storage, ids, bytes, scales, biases, bounds, rows, removed: Vec::new(), removed_count: 0 }
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

    /// Groups of vectors: four panels, the last one fewer.
    pub(crate) fn groups(&self) -> usize {
        self.places().div_ceil(GROUP_VECTORS)
    }

    /// Panels of some groups.
    pub(crate) fn panels(&self, groups: std::ops::Range<usize>, d: usize) -> Panels<'_> {
        let all = Panels {
            bytes: self.bytes.as_slice(),
            scales: self.scales.as_slice(),
            biases: self.biases.as_slice(),
            bounds: self.bounds.as_slice(),
        };
        all.some(groups.start * GROUP_PANELS..(groups.end * GROUP_PANELS).min(all.count()), d)
    }

    /// Codes of some groups.
    pub(crate) fn codes(&self, groups: std::ops::Range<usize>, pieces: usize) -> Groups<'_> {
        Groups {
            codes: &self.bytes.as_slice()
                [groups.start * pieces * GROUP_VECTORS..groups.end * pieces * GROUP_VECTORS],
            biases: &self.biases.as_slice()[groups.start * GROUP_VECTORS..groups.end * GROUP_VECTORS],
            pieces,
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
        self.removed.resize(self.places().div_ceil(PANEL_VECTORS), 0);
        self.removed[place / PANEL_VECTORS] |= 1 << (place % PANEL_VECTORS);
        self.removed_count += 1;
    }

    /// Adds a vector.
    pub(crate) fn push(&mut self, coder: Coder<'_>, arrival: Arrival<'_>, desk: &mut Desk) {
        let Arrival { x, id, code } = arrival;
        let (d, place, v) = (x.len(), self.places(), &mut desk.v);
        v.clear();
        v.extend_from_slice(x);
        coder.space.stored_to_frame(v);
        match &mut self.rows {
            Rows::F32(rows) => rows.held().extend_from_slice(x),
            Rows::F16(rows) => {
                let rows = rows.held();
                rows.extend(v.iter().map(|v| f16::from_f32(v * coder.half_scale)));
                read_halves(&rows[place * d..], coder.half_scale, v);
            }
            Rows::None => {}
        }
        self.push_ready(coder, code, id, desk);
    }

    /// Adds a vector of the frame to all columns but that of vectors themselves.
    fn push_ready(&mut self, coder: Coder<'_>, code: &[u8], id: u64, desk: &mut Desk) {
        let Desk { v, q } = desk;
        if let Some(pq) = coder.pq {
            self.push_code(coder, pq, code, id, v);
            return;
        }
        q.resize(v.len().next_multiple_of(PANEL_QUAD), 0);
        let mut quantised = coder.scanner.quantise(v, q);
        if self.storage == Storage::Sq8 {
            quantised = of_bytes(quantised.scale, q);
        }
        self.push_bytes(coder.space, q, quantised, id);
    }

    /// Adds the vector at a place of another part, as it is.
    pub(crate) fn push_from(&mut self, coder: Coder<'_>, other: &Self, place: usize, desk: &mut Desk) {
        let (d, id) = (coder.space.dim(), other.ids.as_slice()[place]);
        if self.storage == Storage::Sq8 {
            desk.q.clear();
            desk.q.resize(d.next_multiple_of(PANEL_QUAD), 0);
            for (column, q) in desk.q[..d].iter_mut().enumerate() {
                *q = other.byte(d, column, place);
            }
            let quantised = of_bytes(other.scales.as_slice()[place], &desk.q);
            self.push_bytes(coder.space, &desk.q, quantised, id);
            return;
        }
        let pieces = coder.pq.map_or(0, Pq::m);
        let code: Vec<u8> = (0..pieces).map(|piece| other.code(pieces, piece, place)).collect();
        desk.v.clear();
        desk.v.resize(d, 0.0);
        match (&mut self.rows, &other.rows) {
            (Rows::F32(rows), Rows::F32(others)) => {
                let x = &others.as_slice()[place * d..][..d];
                rows.held().extend_from_slice(x);
                desk.v.copy_from_slice(x);
                coder.space.stored_to_frame(&mut desk.v);
            }
            (Rows::F16(rows), Rows::F16(others)) => {
                let halves = &others.as_slice()[place * d..][..d];
                rows.held().extend_from_slice(halves);
                read_halves(halves, coder.half_scale, &mut desk.v);
            }
            // Codes alone.
            _ => {}
        }
        self.push_ready(coder, &code, id, desk);
    }

    /// Enters the bytes of a vector into the next lane of the panels.
    fn push_bytes(&mut self, space: &Space, q: &[i8], quantised: Quantised, id: u64) {
        let (d, place, lane) = (space.dim(), self.places(), self.places() % PANEL_VECTORS);
        if lane == 0 {
            self.fill_up(PANEL_VECTORS, panel_bytes(d), PANEL_OFFSET);
            let scales = self.scales.held();
            scales.resize(scales.len() + PANEL_VECTORS, 0.0);
            self.bounds.held().push([0.0; 2]);
        }
        let panel = &mut self.bytes.held()[place / PANEL_VECTORS * panel_bytes(d)..];
        let lines = panel.as_chunks_mut::<{ PANEL_QUAD * PANEL_VECTORS }>().0;
        for (line, quad) in lines.iter_mut().zip(q.as_chunks::<PANEL_QUAD>().0) {
            line.as_chunks_mut::<PANEL_QUAD>().0[lane] = quad.map(|q| (q as u8).wrapping_add(PANEL_OFFSET));
        }
        self.scales.held()[place] = quantised.scale;
        self.biases.held()[place] = bias(space, quantised.sq_norm);
        let [error, norm] = &mut self.bounds.held()[place / PANEL_VECTORS];
        *error = error.max(quantised.error);
        *norm = norm.max((quantised.norm + quantised.error).next_up());
        self.ids.held().push(id);
    }

    /// Enters the code of a vector into the next lane of the groups; `v` is room for what it stands for.
    fn push_code(&mut self, coder: Coder<'_>, pq: &Pq, code: &[u8], id: u64, v: &mut [f32]) {
        let (place, lane) = (self.places(), self.places() % GROUP_VECTORS);
        if lane == 0 {
            self.fill_up(GROUP_VECTORS, pq.m() * GROUP_VECTORS, 0);
        }
        let group = &mut self.bytes.held()[place / GROUP_VECTORS * pq.m() * GROUP_VECTORS..];
        for (codes, &code) in group.as_chunks_mut::<GROUP_VECTORS>().0.iter_mut().zip(code) {
            codes[lane] = code;
        }
        v.copy_from_slice(coder.centroid);
        pq.decode(|piece| code[piece], v);
        self.biases.held()[place] = bias(coder.space, sq_norm(v));
        self.ids.held().push(id);
    }

    /// Places for so many vectors more, in so many bytes.
    fn fill_up(&mut self, vectors: usize, bytes: usize, byte: u8) {
        let (all, biases) = (self.bytes.held(), self.biases.held());
        all.resize(all.len() + bytes, byte);
        biases.resize(biases.len() + vectors, f32::INFINITY);
        if !self.removed.is_empty() {
            self.removed.resize(biases.len() / PANEL_VECTORS, 0);
        }
    }

    /// Makes room for so many vectors more.
    pub(crate) fn reserve(&mut self, d: usize, count: usize) {
        self.ids.held().reserve(count);
        match self.storage.pieces() {
            Some(m) => {
                let groups = count.div_ceil(GROUP_VECTORS);
                self.bytes.held().reserve(groups * m * GROUP_VECTORS);
                self.biases.held().reserve(groups * GROUP_VECTORS);
            }
            None => {
                let panels = count.div_ceil(PANEL_VECTORS);
                self.bytes.held().reserve(panels * panel_bytes(d));
                self.scales.held().reserve(panels * PANEL_VECTORS);
                self.biases.held().reserve(panels * PANEL_VECTORS);
                self.bounds.held().reserve(panels);
            }
        }
        match &mut self.rows {
            Rows::F32(rows) => rows.held().reserve(count * d),
            Rows::F16(rows) => rows.held().reserve(count * d),
            Rows::None => {}
        }
    }

    /// Measures `v` to the vectors at `places`, as their codes stand for them where those are not exact.
    pub(crate) fn measure(
        &self,
        coder: Coder<'_>,
        v: &[f32],
        places: &[u32],
        decoded: &mut Decoded,
        out: &mut [f64],
    ) {
        if coder.pq.is_none() {
            self.measure_rows(coder, v, places, out);
            return;
        }
        for (&place, out) in places.iter().zip(decoded.make_room(places.len(), v.len())) {
            self.decode(coder, place as usize, out);
        }
        let rows = coder.space.in_frame(&decoded.v);
        let numbers = &decoded.numbers[..places.len()];
        coder.scanner.measure(coder.space.score_metric(), v, rows, numbers, out);
    }

    /// Measures `v` to the vectors themselves, or to bytes that are all there is of them.
    pub(crate) fn measure_rows(&self, coder: Coder<'_>, v: &[f32], places: &[u32], out: &mut [f64]) {
        let rows = match &self.rows {
            Rows::F32(rows) => coder.space.stored(rows.as_slice()),
            // A power of two: its inverse is exact.
            Rows::F16(rows) => StoredRows::Halves { x: rows.as_slice(), scale: 1.0 / coder.half_scale },
            Rows::None => StoredRows::Bytes { panels: self.bytes.as_slice(), scales: self.scales.as_slice() },
        };
        coder.scanner.measure(coder.space.score_metric(), v, rows, places, out);
    }

    /// What the code of a vector stands for, in the frame.
    fn decode(&self, coder: Coder<'_>, place: usize, out: &mut [f32]) {
        if let Some(pq) = coder.pq {
            out.copy_from_slice(coder.centroid);
            pq.decode(|piece| self.code(pq.m(), piece, place), out);
            return;
        }
        let (panel, scale) = (panel_bytes(out.len()), self.scales.as_slice()[place]);
        let (lines, lane) =
            (&self.bytes.as_slice()[place / PANEL_VECTORS * panel..][..panel], place % PANEL_VECTORS);
        let lines = lines.as_chunks::<{ PANEL_QUAD * PANEL_VECTORS }>().0;
        for (out, line) in out.chunks_mut(PANEL_QUAD).zip(lines) {
            let quad = line.as_chunks::<PANEL_QUAD>().0[lane];
            for (v, byte) in out.iter_mut().zip(quad) {
                *v = scale * f32::from(byte.wrapping_sub(PANEL_OFFSET) as i8);
            }
        }
    }

    #[inline]
    fn byte(&self, d: usize, column: usize, place: usize) -> i8 {
        let panel = &self.bytes.as_slice()[place / PANEL_VECTORS * panel_bytes(d)..];
        panel[place_in_panel(column, place % PANEL_VECTORS)].wrapping_sub(PANEL_OFFSET) as i8
    }

    #[inline]
    fn code(&self, pieces: usize, piece: usize, place: usize) -> u8 {
        let group = place / GROUP_VECTORS * pieces + piece;
        self.bytes.as_slice()[group * GROUP_VECTORS + place % GROUP_VECTORS]
    }

    /// The vector at a place, in the frame.
    pub(crate) fn in_frame(&self, coder: Coder<'_>, place: usize, out: &mut [f32]) {
        let d = out.len();
        match &self.rows {
            Rows::F32(rows) => {
                out.copy_from_slice(&rows.as_slice()[place * d..][..d]);
                coder.space.stored_to_frame(out);
            }
            Rows::F16(rows) => read_halves(&rows.as_slice()[place * d..][..d], coder.half_scale, out),
            Rows::None => self.decode(coder, place, out),
        }
    }

    /// The vector at a place, as it came but for rounding.
    pub(crate) fn reconstruct(&self, coder: Coder<'_>, place: usize, out: &mut [f32]) {
        if let Rows::F32(rows) = &self.rows {
            let d = out.len();
            out.copy_from_slice(&rows.as_slice()[place * d..][..d]);
            return;
        }
        self.in_frame(coder, place, out);
        coder.space.frame_to_stored(out);
    }

    /// Bytes in memory of its own.
    pub(crate) fn held_bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::F32(rows) => rows.held_bytes(),
            Rows::F16(rows) => rows.held_bytes(),
            Rows::None => 0,
        };
        self.ids.held_bytes()
            + self.bytes.held_bytes()
            + self.scales.held_bytes()
            + self.biases.held_bytes()
            + self.bounds.held_bytes()
            + rows
    }
}

/// The constant part of a score.
fn bias(space: &Space, sq_norm: f64) -> f32 {
    match space.score_metric() {
        Metric::L2 => sq_norm as f32,
        _ => 0.0,
    }
}

/// A vector that is what its bytes stand for.
fn of_bytes(scale: f32, q: &[i8]) -> Quantised {
    let sum_of_squares: i64 = q.iter().map(|&q| i64::from(q) * i64::from(q)).sum();
    let sq_norm = f64::from(scale) * f64::from(scale) * sum_of_squares as f64;
    let norm = ((sq_norm.sqrt() * (1.0 + 1e-6)) as f32).next_up();
    Quantised { scale, error: 0.0, norm, sq_norm, sum: q.iter().map(|&q| i32::from(q)).sum() }
}

/// Halves in the units of the frame.
fn read_halves(halves: &[f16], half_scale: f32, out: &mut [f32]) {
    halves.convert_to_f32_slice(out);
    // A power of two: exact.
    out.iter_mut().for_each(|v| *v /= half_scale);
}
