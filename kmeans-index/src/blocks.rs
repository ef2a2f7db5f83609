//! Rows of a source, block by block.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use kmeans_core::Scanner;
use kmeans_data::{Points, Rows};

use crate::best::Hit;
use crate::error::{Error, Result};
use crate::hardware::Hardware;
use crate::members::sizes_of;
use crate::search_result::SearchResult;
use crate::store::{Arriving, Store};

/// Values of a block: 32 MiB.
const BLOCK_VALUES: usize = 1 << 23;
/// Rows in a block: enough to share among the threads of a large machine.
const BLOCK_ROWS: usize = 1 << 16;
/// Rows that a thread brings into the frame at a time.
const ROWS_TOGETHER: usize = 256;

/// Blocks of `points` where something of `kept` values is made of each row, too.
fn blocks(points: &dyn Points, kept: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let n = points.rows();
    let step = (BLOCK_VALUES / points.dim().max(kept)).clamp(1, BLOCK_ROWS);
    (0..n).step_by(step).map(move |start| start..n.min(start + step))
}

/// A block of rows, lent or read.
struct Block<'a> {
    points: &'a dyn Points,
    rows: Range<usize>,
    x: &'a [f32],
}

impl<'a> Block<'a> {
    fn read(points: &'a dyn Points, rows: Range<usize>, buffer: &'a mut Vec<f32>) -> Result<Self> {
        if let Some(x) = points.lend(rows.clone()) {
            return Ok(Self { points, rows, x });
        }
        buffer.resize(rows.len() * points.dim(), 0.0);
        points.read(rows.clone(), buffer)?;
        Ok(Self { points, rows, x: buffer })
    }

    /// The rows changed by `bring`, where there is any. All values must be numbers, and squared distances between such
    /// rows fit `f32`, once `to_frame` has been done to them, too.
    fn brought<'b>(
        &'b self,
        scanner: &dyn Scanner,
        [bring, to_frame]: [Option<Change<'_>>; 2],
        room: &'b mut Vec<f32>,
    ) -> Result<&'b [f32]> {
        let d = self.points.dim();
        room.resize(if bring.is_some() { self.x.len() } else { 0 }, 0.0);
        let count = self.x.len().div_ceil(ROWS_TOGETHER * d);
        let mut slots: Vec<_> = room.chunks_mut(ROWS_TOGETHER * d).map(Mutex::new).collect();
        slots.resize_with(count, Mutex::default);
        let all_fit = AtomicBool::new(true);
        scanner.for_each(count, &|item| {
            let start = item * ROWS_TOGETHER * d;
            let mut x = &self.x[start..self.x.len().min(start + ROWS_TOGETHER * d)];
            let mut slot = slots[item].lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(bring) = bring {
                slot.copy_from_slice(x);
                bring(&mut slot);
                x = &slot;
            }
            let mut v = vec![0.0; d];
            let fits = x.chunks_exact(d).all(|x| match to_frame {
                None => fits(x),
                Some(to_frame) => {
                    v.copy_from_slice(x);
                    to_frame(&mut v);
                    fits(&v)
                }
            });
            all_fit.fetch_and(fits, Ordering::Relaxed);
        });
        drop(slots);
        if !all_fit.into_inner() {
            return Err(self.misfit());
        }
        Ok(if bring.is_some() { room } else { self.x })
    }

    /// What is wrong with a block that does not fit.
    fn misfit(&self) -> Error {
        let (data, d) = (self.points.name().to_owned(), self.points.dim());
        if let Some(at) = self.x.iter().position(|x| !x.is_finite()) {
            let row = self.points.source_row(self.rows.start + at / d);
            return kmeans_core::Error::NonFinite { data, row, column: at % d, value: self.x[at] }.into();
        }
        let magnitude = self.x.iter().fold(0.0_f64, |most, &x| most.max(f64::from(x.abs())));
        let Range { start, end } = self.rows;
        let (first, last) = (self.points.source_row(start), self.points.source_row(end - 1) + 1);
        kmeans_core::Error::OutOfRange { data, first, last, magnitude }.into()
    }
}

/// What is done to rows, one after the other.
type Change<'a> = &'a (dyn Fn(&mut [f32]) + Sync);

/// Two vectors are no farther apart than twice the longer one; a sum with NaN in it does not fit.
fn fits(v: &[f32]) -> bool {
    sq_norm(v) < f64::from(f32::MAX) / 16.0
}

/// `‖v‖²`; NaN where a value is.
pub(crate) fn sq_norm(v: &[f32]) -> f64 {
    product(v, v)
}

/// `⟨a, b⟩` with lanes, as the compiler adds none by itself.
pub(crate) fn product(a: &[f32], b: &[f32]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0_f64; 8];
    for (a, b) in a.iter().zip(b) {
        for l in 0..8 {
            lanes[l] += f64::from(a[l]) * f64::from(b[l]);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    lanes.iter().sum::<f64>() + rest
}

pub(crate) fn check_columns(points: &dyn Points, d: usize) -> Result<()> {
    if points.dim() == d {
        return Ok(());
    }
    Err(Error::DimensionMismatch { data: points.name().to_owned(), found: points.dim(), expected: d })
}

/// At most `most` of the rows, evenly spread.
///
/// # Errors
/// Columns that do not fit, no rows at all, and a row of them that is no number.
pub(crate) fn some_rows(points: &dyn Points, d: usize, most: usize) -> Result<Rows> {
    check_columns(points, d)?;
    let n = points.rows();
    if n == 0 {
        return Err(Error::NoVectors);
    }
    let m = n.min(most);
    let rows: Vec<usize> = (0..m).map(|i| i * n / m).collect();
    let mut x = vec![0.0; m * d];
    points.gather(&rows, &mut x)?;
    match x.iter().position(|x| !x.is_finite()) {
        Some(at) => {
            let (data, row) = (points.name().to_owned(), points.source_row(rows[at / d]));
            Err(kmeans_core::Error::NonFinite { data, row, column: at % d, value: x[at] }.into())
        }
        None => Ok(Rows::new(x, d)?),
    }
}

/// Reads all rows.
pub(crate) fn for_each_row(points: &dyn Points, mut see: impl FnMut(&[f32])) -> Result<()> {
    let mut buffer = Vec::new();
    for rows in blocks(points, 0) {
        let block = Block::read(points, rows.clone(), &mut buffer)?;
        block.x.chunks_exact(points.dim()).for_each(&mut see);
        points.release(rows);
    }
    Ok(())
}

/// Searches for all queries: `find` has those of a block, in the frame. As many as `p` hits may be of each.
pub(crate) fn search(
    store: &Store,
    scanner: &dyn Scanner,
    queries: &dyn Points,
    p: usize,
    mut find: impl FnMut(&[f32]) -> Result<Vec<Vec<Hit>>>,
) -> Result<SearchResult> {
    let space = &store.space;
    check_columns(queries, space.dim())?;
    let mut found = SearchResult::of_none();
    let (mut buffer, mut room) = (Vec::new(), Vec::new());
    for rows in blocks(queries, p) {
        let block = Block::read(queries, rows.clone(), &mut buffer)?;
        let v = block.brought(scanner, [Some(&|x| space.bring_in(x)), None], &mut room)?;
        for hits in find(v)? {
            found.push(hits.into_iter().map(|hit| (hit.id, space.distance(hit.cost))));
        }
        queries.release(rows);
    }
    Ok(found)
}

/// Hands over all rows of `points`, as they are to be stored, block by block.
///
/// # Errors
/// Columns or values that do not fit, and whatever reading and `take` return.
pub(crate) fn to_store(
    store: &mut Store,
    scanner: &dyn Scanner,
    points: &dyn Points,
    mut take: impl FnMut(&mut Store, Range<usize>, &[f32]) -> Result<()>,
) -> Result<()> {
    check_columns(points, store.dim())?;
    let (mut buffer, mut room) = (Vec::new(), Vec::new());
    for rows in blocks(points, 0) {
        let block = Block::read(points, rows.clone(), &mut buffer)?;
        let space = &store.space;
        let (to_store, to_frame) =
            (|x: &mut [f32]| space.to_store(x), |x: &mut [f32]| space.stored_to_frame(x));
        // Rows of length 1 are in the frame already; others are stored as they are.
        let changes: [Option<Change<'_>>; 2] =
            if space.metric().has_unit_rows() { [Some(&to_store), None] } else { [None, Some(&to_frame)] };
        let x = block.brought(scanner, changes, &mut room)?;
        store.check_values(x, points, rows.start)?;
        take(store, rows.clone(), x)?;
        points.release(rows);
    }
    Ok(())
}

/// The ids that the rows of `points` are to have: those given, or positions.
pub(crate) fn ids<'a>(
    store: &Store,
    points: &dyn Points,
    given: Option<&'a [u64]>,
) -> Result<Cow<'a, [u64]>> {
    match given {
        Some(ids) if ids.len() != points.rows() => {
            Err(Error::IdCount { ids: ids.len(), vectors: points.rows() })
        }
        Some(ids) => {
            store.check_new(ids)?;
            Ok(Cow::Borrowed(ids))
        }
        None => Ok(Cow::Owned(store.positions(points.rows())?)),
    }
}

/// Adds all rows of `points` to the lists that `lists_of` says for those of a block. Nothing is added if one cannot be.
///
/// # Errors
/// As [`to_store`]; ids that do not fit; and whatever `lists_of` returns.
pub(crate) fn add(
    store: &mut Store,
    (hardware, scanner): (&dyn Hardware, &dyn Scanner),
    points: &dyn Points,
    given: Option<&[u64]>,
    mut lists_of: impl FnMut(Range<usize>, &[f32]) -> Result<Vec<u32>>,
) -> Result<()> {
    check_columns(points, store.dim())?;
    let ids = ids(store, points, given)?;
    let mark = store.mark();
    let done = to_store(store, scanner, points, |store, rows, x| {
        let lists = lists_of(rows.clone(), x)?;
        store.check_room(&sizes_of(&lists, store.lists.len()))?;
        let codes = store.codes(hardware, x, &lists)?;
        store.add(scanner, &Arriving { x, lists: &lists, ids: &ids[rows.clone()], codes: &codes });
        Ok(())
    });
    if done.is_err() {
        store.take_back(scanner, mark);
    }
    done
}
