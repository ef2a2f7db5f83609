//! All vectors of an index, by lists, and where each id is.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use half::f16;
use kmeans_core::{PlainScanner, Scanner};
use kmeans_data::Points;

use crate::blocks::sq_norm;
use crate::error::{Error, Result};
use crate::file::{FORMAT, Heading, Kind, VERSION};
use crate::hardware::Hardware;
use crate::members::{Members, members};
use crate::open::{Opened, Proof};
use crate::part::{Arrival, Coder, Desk, Part};
use crate::pq::Pq;
use crate::space::Space;
use crate::storage::{Refine, Storage};

/// Where a vector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) list: u32,
    pub(crate) part: u32,
    pub(crate) place: u32,
}

/// A list: at most one part from a file, then one in memory.
pub(crate) type List = Vec<Part>;

/// Vectors by lists.
pub(crate) struct Store {
    pub(crate) space: Space,
    pub(crate) storage: Storage,
    pub(crate) lists: Vec<List>,
    /// Vectors.
    pub(crate) len: usize,
    /// The next position to number a vector by.
    pub(crate) next_id: u64,
    /// What values of halves are multiplied by, so that they are far from where halves begin and end.
    half_scale: f32,
    /// Of a storage that has one, once it is trained.
    pub(crate) pq: Option<Pq>,
    /// What codes of each list are differences from, k×d in the frame; empty without a product quantizer.
    centroids: Vec<f32>,
    /// Their lengths, rounded up.
    centroid_norms: Vec<f32>,
    /// What the lists of a file are compared with.
    pub(crate) proof: Option<Proof>,
    /// Made when it is asked for first.
    directory: OnceLock<HashMap<u64, Place>>,
}

/// Vectors on their way into a store, as they are to be stored.
pub(crate) struct Arriving<'a> {
    pub(crate) x: &'a [f32],
    /// The list of each.
    pub(crate) lists: &'a [u32],
    pub(crate) ids: &'a [u64],
    /// The codes of each for a product quantizer; empty without one.
    pub(crate) codes: &'a [u8],
}

impl Store {
    /// `k` empty lists.
    pub(crate) fn new(space: Space, storage: Storage, k: usize) -> Self {
        let lists = (0..k).map(|_| List::new()).collect();
        Self {
            space,
            storage,
            lists,
            len: 0,
            next_id: 0,
            half_scale: 1.0,
            pq: None,
            centroids: Vec::new(),
            centroid_norms: Vec::new(),
            proof: None,
            directory: OnceLock::new(),
        }
    }

    /// The lists of a file.
    pub(crate) fn of_file(space: Space, opened: Opened) -> Self {
        let Opened { heading, storage, parts, proof, .. } = opened;
        Self {
            len: parts.iter().map(Part::len).sum(),
            lists: parts.into_iter().map(|part| vec![part]).collect(),
            next_id: heading.next_id,
            half_scale: heading.half_scale,
            proof: Some(proof),
            ..Self::new(space, storage, 0)
        }
    }

    /// With a product quantizer of differences from `centroids`, k×d in the frame.
    pub(crate) fn set_pq(&mut self, pq: Pq, centroids: Vec<f32>) {
        let norm = |centroid: &[f32]| (sq_norm(centroid).sqrt() as f32).next_up();
        self.centroid_norms = centroids.chunks_exact(self.dim()).map(norm).collect();
        (self.pq, self.centroids) = (Some(pq), centroids);
    }

    /// What codes of a list stand for is not longer.
    pub(crate) fn longest_code(&self, list: usize) -> f32 {
        self.centroid_norms[list] + self.pq.as_ref().map_or(0.0, Pq::reach)
    }

    /// What codes of a list are made and understood by.
    pub(crate) fn coder<'a>(&'a self, scanner: &'a dyn Scanner, list: usize) -> Coder<'a> {
        let d = if self.centroids.is_empty() { 0 } else { self.dim() };
        let centroid = &self.centroids[list * d..][..d];
        Coder { scanner, space: &self.space, pq: self.pq.as_ref(), centroid, half_scale: self.half_scale }
    }

    /// The codes of rows as they are to be stored, where there is a product quantizer.
    pub(crate) fn codes(&self, hardware: &dyn Hardware, x: &[f32], lists: &[u32]) -> Result<Vec<u8>> {
        match &self.pq {
            Some(pq) => pq.encode(hardware, &self.residuals(x, lists)),
            None if self.storage.pieces().is_some() => Err(Error::Untrained { storage: self.storage }),
            None => Ok(Vec::new()),
        }
    }

    /// What rows as they are to be stored differ by from the centroids of their lists, in the frame.
    fn residuals(&self, x: &[f32], lists: &[u32]) -> Vec<f32> {
        residuals(&self.space, &self.centroids, x, lists)
    }

    /// Compares a list with its checksum, if it is from a file and was not compared yet.
    ///
    /// # Errors
    /// If it is damaged.
    pub(crate) fn check(&self, list: usize) -> Result<()> {
        match (&self.proof, self.lists[list].first()) {
            (Some(proof), Some(part)) if !part.is_held() => proof.check(list, part),
            _ => Ok(()),
        }
    }

    fn check_all(&self) -> Result<()> {
        (0..self.lists.len()).try_for_each(|list| self.check(list))
    }

    /// Vectors of all lists.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        (0..self.lists.len()).map(|list| self.list_len(list)).collect()
    }

    /// The vectors of a list in one part without holes.
    pub(crate) fn whole(&self, scanner: &dyn Scanner, list: usize) -> Result<Part> {
        self.check(list)?;
        if let [part] = &*self.lists[list]
            && part.removed_count == 0
        {
            return Ok(part.clone());
        }
        let (mut whole, mut desk) = (Part::new(self.storage), Desk::default());
        let coder = self.coder(scanner, list);
        for part in &self.lists[list] {
            for place in (0..part.places()).filter(|&place| part.id(place).is_some()) {
                whole.push_from(coder, part, place, &mut desk);
            }
        }
        Ok(whole)
    }

    pub(crate) fn dim(&self) -> usize {
        self.space.dim()
    }

    /// Vectors in a list.
    pub(crate) fn list_len(&self, list: usize) -> usize {
        self.lists[list].iter().map(Part::len).sum()
    }

    /// The ids of `count` vectors that are numbered on.
    pub(crate) fn positions(&self, count: usize) -> Result<Vec<u64>> {
        let end = self.next_id.checked_add(count as u64).ok_or(Error::IdsExhausted { next: self.next_id })?;
        Ok((self.next_id..end).collect())
    }

    /// Whether none of `ids` is there, nor twice among them.
    pub(crate) fn check_new(&self, ids: &[u64]) -> Result<()> {
        self.check_all()?;
        let directory = self.directory();
        let mut seen = std::collections::HashSet::with_capacity(ids.len());
        match ids.iter().find(|&&id| directory.contains_key(&id) || !seen.insert(id)) {
            Some(&id) => Err(Error::DuplicateId { id }),
            None => Ok(()),
        }
    }

    /// Whether all values can be stored; rows count from `first`.
    pub(crate) fn check_values(&self, x: &[f32], points: &dyn Points, first: usize) -> Result<()> {
        if self.storage.rows() != Some(Refine::F16) {
            return Ok(());
        }
        let (d, mut v) = (self.dim(), Vec::new());
        for (row, x) in x.chunks_exact(d).enumerate() {
            v.clear();
            v.extend_from_slice(x);
            self.space.stored_to_frame(&mut v);
            let misfit = v.iter().position(|v| (v * self.half_scale).abs() > f16::MAX.to_f32());
            if let Some(column) = misfit {
                let (data, row) = (points.name().to_owned(), points.source_row(first + row));
                let (value, storage) = (x[column], self.storage);
                return Err(Error::DoesNotFit { data, row, column, value, storage });
            }
        }
        Ok(())
    }

    /// Whether each list has places for those of `arriving` vectors that are to be in it.
    pub(crate) fn check_room(&self, arriving: &[usize]) -> Result<()> {
        for (list, (parts, &arriving)) in self.lists.iter().zip(arriving).enumerate() {
            let len = parts.iter().map(|part| part.places()).sum::<usize>() + arriving;
            if u32::try_from(len).is_err() {
                return Err(Error::ListFull { list, len, most: u32::MAX });
            }
        }
        Ok(())
    }

    /// Adds vectors whose ids are new.
    pub(crate) fn add(&mut self, scanner: &dyn Scanner, arriving: &Arriving<'_>) {
        let (d, members) = (self.dim(), members(arriving.lists, self.lists.len()));
        let Self { space, storage, lists, pq, centroids, half_scale, .. } = &mut *self;
        let half_scale = *half_scale;
        let (space, pq, centroids) = (&*space, pq.as_ref(), &*centroids);
        let (storage, each) = (*storage, if centroids.is_empty() { 0 } else { d });
        let coder = |list: usize| Coder {
            scanner,
            space,
            pq,
            centroid: &centroids[list * each..][..each],
            half_scale,
        };
        let pieces = pq.map_or(0, Pq::m);
        let work: Vec<(usize, Mutex<&mut List>)> = lists
            .iter_mut()
            .enumerate()
            .filter(|(list, _)| !members.of(*list).is_empty())
            .map(|(list, parts)| (list, Mutex::new(parts)))
            .collect();
        scanner.for_each(work.len(), &|item| {
            let (list, slot) = &work[item];
            let mut parts = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if !parts.last().is_some_and(Part::is_held) {
                parts.push(Part::new(storage));
            }
            let (part, rows) = (parts.last_mut().expect("it was pushed"), members.of(*list));
            if part.places() == 0 {
                part.reserve(d, rows.len());
            }
            let mut desk = Desk::default();
            for &row in rows {
                let row = row as usize;
                let (x, code) = (&arriving.x[row * d..][..d], &arriving.codes[row * pieces..][..pieces]);
                part.push(coder(*list), Arrival { x, id: arriving.ids[row], code }, &mut desk);
            }
        });
        drop(work);
        self.len += arriving.ids.len();
        self.number_on(arriving.ids);
        self.note(&members);
    }

    /// Halves are to hold values of about this size in the frame, and 32 times as large.
    pub(crate) fn set_half_scale(&mut self, largest: f32) {
        const MIDDLE: i32 = 10;
        let exponent = |x: f32| (x.to_bits() >> 23) as i32 - 127;
        if largest.is_normal() {
            let power = (MIDDLE - exponent(largest)).clamp(-126, 127);
            self.half_scale = f32::from_bits(((power + 127) as u32) << 23);
        }
    }

    /// Positions go on after these ids.
    pub(crate) fn number_on(&mut self, ids: &[u64]) {
        if let Some(&last) = ids.iter().max() {
            self.next_id = self.next_id.max(last.saturating_add(1));
        }
    }

    /// What a file says of this store.
    pub(crate) fn heading(&self, kind: Kind) -> Heading {
        Heading {
            format: FORMAT.to_owned(),
            version: VERSION,
            kind,
            metric: self.space.metric(),
            storage: self.storage.to_string(),
            d: self.dim(),
            next_id: self.next_id,
            half_scale: self.half_scale,
            scale: self.space.frame().scale(),
        }
    }

    /// Enters what was added last to each list into the directory, if there is one.
    fn note(&mut self, added: &Members) {
        let Some(directory) = self.directory.get_mut() else { return };
        for (number, list) in self.lists.iter().enumerate() {
            let count = added.of(number).len();
            if let Some(part) = list.last().filter(|_| count > 0) {
                let first = part.places() - count;
                enter(directory, [number, list.len() - 1], part, first);
            }
        }
    }

    /// Where each id is. Cost O(n) and about 32 bytes a vector when it is asked for first.
    fn directory(&self) -> &HashMap<u64, Place> {
        self.directory.get_or_init(|| {
            let mut directory = HashMap::with_capacity(self.len);
            for (number, list) in self.lists.iter().enumerate() {
                for (at, part) in list.iter().enumerate() {
                    enter(&mut directory, [number, at], part, 0);
                }
            }
            directory
        })
    }

    /// Where an id is.
    pub(crate) fn find(&self, id: u64) -> Option<Place> {
        self.directory().get(&id).copied()
    }

    /// How far each list goes.
    pub(crate) fn mark(&self) -> Mark {
        let ends = self.lists.iter().map(|list| (list.len(), list.last().map_or(0, Part::places))).collect();
        Mark { ends, len: self.len, next_id: self.next_id }
    }

    /// Takes back what was added since: parts that grew are written anew.
    pub(crate) fn take_back(&mut self, scanner: &dyn Scanner, mark: Mark) {
        let Mark { ends, len, next_id } = mark;
        for (list, (parts, places)) in ends.into_iter().enumerate() {
            self.lists[list].truncate(parts);
            let Some(grown) = self.lists[list].pop_if(|part| part.places() > places) else { continue };
            let (mut before, mut desk, coder) =
                (Part::new(self.storage), Desk::default(), self.coder(scanner, list));
            (0..places).for_each(|place| before.push_from(coder, &grown, place, &mut desk));
            (0..places).filter(|&place| grown.id(place).is_none()).for_each(|place| before.remove(place));
            self.lists[list].push(before);
        }
        (self.len, self.next_id) = (len, next_id);
        self.directory = OnceLock::new();
    }

    /// Removes the vectors of `ids`; returns how many there were.
    pub(crate) fn remove(&mut self, ids: &[u64]) -> Result<usize> {
        self.check_all()?;
        let before = self.len;
        self.directory();
        for id in ids {
            let known = self.directory.get_mut().and_then(|directory| directory.remove(id));
            if let Some(Place { list, part, place }) = known {
                self.lists[list as usize][part as usize].remove(place as usize);
                self.len -= 1;
            }
        }
        Ok(before - self.len)
    }

    /// The vector of an id, as it is stored.
    pub(crate) fn reconstruct(&self, id: u64) -> Result<Vec<f32>> {
        self.check_all()?;
        let Place { list, part, place } = self.find(id).ok_or(Error::UnknownId { id })?;
        let mut out = vec![0.0; self.dim()];
        let coder = self.coder(&PlainScanner, list as usize);
        self.lists[list as usize][part as usize].reconstruct(coder, place as usize, &mut out);
        Ok(out)
    }

    /// Bytes in memory of its own.
    pub(crate) fn held_bytes(&self) -> usize {
        self.lists.iter().flatten().map(Part::held_bytes).sum()
    }
}

/// What rows as they are to be stored differ by from the centroids of their lists, in the frame.
pub(crate) fn residuals(space: &Space, centroids: &[f32], x: &[f32], lists: &[u32]) -> Vec<f32> {
    let (d, mut v) = (space.dim(), x.to_vec());
    space.stored_to_frame(&mut v);
    for (v, &list) in v.chunks_exact_mut(d).zip(lists) {
        v.iter_mut().zip(&centroids[list as usize * d..]).for_each(|(v, c)| *v -= c);
    }
    v
}

fn enter(directory: &mut HashMap<u64, Place>, [list, at]: [usize; 2], part: &Part, first: usize) {
    for place in first..part.places() {
        if let Some(id) = part.id(place) {
            let place = Place { list: list as u32, part: at as u32, place: place as u32 };
            directory.insert(id, place);
        }
    }
}

/// How far the lists of a store went.
pub(crate) struct Mark {
    /// The parts of each, and the places of the last one.
    ends: Vec<(usize, usize)>,
    len: usize,
    next_id: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmeans_core::Metric;

    #[test]
    fn a_list_has_places_for_so_many_vectors_as_have_numbers() {
        let store = Store::new(Space::within(1, Metric::L2).unwrap(), Storage::Sq8, 2);
        let most = u32::MAX as usize;
        assert!(store.check_room(&[most, 3]).is_ok());
        let refused = store.check_room(&[3, most + 1]).unwrap_err();
        assert!(matches!(refused, Error::ListFull { list: 1, .. }), "{refused}");
    }
}
