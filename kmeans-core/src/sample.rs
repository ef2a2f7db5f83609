//! The rows chosen for training.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData, backend::Backend};
use kmeans_data::{CsrRows, CsrView, DataError, PackedView, Packing, Points};

use crate::engine::{Engine, Rows};
use crate::error::Result;
use crate::faiss_seed;
use crate::options::Seeding;
use crate::params::Params;
use crate::progress::Progress;
use crate::rng::{Draws, Stream};
use crate::source::Source;
use crate::sparse_rows::SparseRows;
use crate::watch::Watch;

/// The rows chosen for training: in host memory, as a tensor, or left where they are.
pub(crate) struct Sample<'a, E: Engine> {
    rows: Held<'a, E::Backend>,
    weights: Option<Cow<'a, [f32]>>,
    /// Their numbers in the source, ascending; `None`: all rows.
    ids: Option<Vec<usize>>,
    /// Where in Faiss's order of the sample each row stands, where that counts.
    places: Option<Vec<usize>>,
    source: Option<&'a Source<'a, E::Backend>>,
    n: usize,
    d: usize,
}

enum Held<'a, B: Backend> {
    Rows(Rows<'a, B>),
    /// Read again in each pass: encoded rows stay encoded.
    InSource,
}

impl<'a, E: Engine> Sample<'a, E> {
    /// All rows, or a uniform sample of at most `params.max_points()`; rows without weight are not
    /// sampled.
    ///
    /// Only the rows of the sample are read, in ascending order; encoded rows are not read yet.
    pub(crate) fn draw(
        source: &'a Source<'a, E::Backend>,
        weights: Option<&'a [f32]>,
        params: &Params,
        watch: &Watch<'_>,
    ) -> Result<Self> {
        let d = source.d();
        if source.n() <= params.max_points() {
            let rows = if source.is_encoded() { Held::InSource } else { Held::Rows(source.all()?) };
            let (weights, n) = (weights.map(Cow::Borrowed), source.n());
            return Ok(Self { rows, weights, ids: None, places: None, source: Some(source), n, d });
        }
        let (ids, places) = match params.seeding {
            Seeding::Native => (sample_ids(source.n(), weights, params), None),
            Seeding::Faiss => faiss_ids(source.n(), params),
        };
        let read = |done| watch.tell(&Progress::Read { done, n: ids.len() });
        let weights = weights.map(|w| ids.iter().map(|&i| w[i]).collect());
        let rows = if source.is_encoded() { Held::InSource } else { Held::Rows(source.gather(&ids, read)?) };
        let n = ids.len();
        Ok(Self { rows, weights, ids: Some(ids), places, source: Some(source), n, d })
    }

    /// Rows that are in memory already.
    pub(crate) fn of_rows(x: Vec<f32>, d: usize, weights: Option<Vec<f32>>) -> Self {
        let n = x.len() / d;
        let rows = Held::Rows(Rows::Host { x: Cow::Owned(x), d });
        Self { rows, weights: weights.map(Cow::Owned), ids: None, places: None, source: None, n, d }
    }

    /// Some of these rows, copied unless they stay in their source.
    pub(crate) fn subset(&self, rows: &[usize]) -> Result<Self> {
        let ids: Vec<usize> = rows.iter().map(|&row| self.ids.as_ref().map_or(row, |ids| ids[row])).collect();
        let weights = self.weights().map(|w| rows.iter().map(|&row| w[row]).collect());
        let held = match &self.rows {
            Held::InSource => Held::InSource,
            Held::Rows(Rows::Host { x, d }) => {
                let x = rows.iter().flat_map(|&row| &x[row * d..][..*d]).copied().collect();
                Held::Rows(Rows::Host { x: Cow::Owned(x), d: *d })
            }
            Held::Rows(Rows::Packed { bytes, packing, d }) => {
                let bytes = packed(bytes, *packing, *d).select(rows).into();
                Held::Rows(Rows::Packed { bytes, packing: *packing, d: *d })
            }
            Held::Rows(Rows::Tensor(t)) => Held::Rows(select(t, rows)),
            Held::Rows(Rows::Csr(csr)) => Held::Rows(Rows::Csr(SparseRows::Owned(csr.select(rows)))),
        };
        let (n, d, source) = (rows.len(), self.d, self.source);
        Ok(Self { rows: held, weights, ids: Some(ids), places: None, source, n, d })
    }

    pub(crate) fn n(&self) -> usize {
        self.n
    }

    pub(crate) fn d(&self) -> usize {
        self.d
    }

    pub(crate) fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    /// Whether these are all rows of the source.
    pub(crate) fn is_all(&self) -> bool {
        self.ids.is_none()
    }

    /// Whether rows have to be read again in each pass.
    pub(crate) fn is_streamed(&self) -> bool {
        matches!(self.rows, Held::InSource)
    }

    /// Bytes of the values of a row as an engine gets them to hold.
    pub(crate) fn row_bytes(&self) -> u64 {
        match &self.rows {
            // Tensors stay where they are.
            Held::Rows(Rows::Tensor(_)) => 0,
            Held::Rows(Rows::Csr(rows)) => {
                let entries = rows.view().nnz().div_ceil(rows.view().rows().max(1));
                (entries * size_of::<(u32, f32)>() + size_of::<u32>()) as u64
            }
            Held::Rows(Rows::Packed { packing, d, .. }) => (packing.size() * d) as u64,
            Held::Rows(Rows::Host { .. }) | Held::InSource => (size_of::<f32>() * self.d) as u64,
        }
    }

    /// Whether rows come as sparse ones.
    pub(crate) fn is_sparse(&self) -> bool {
        matches!(self.rows, Held::Rows(Rows::Csr(_)))
    }

    /// A range of rows.
    pub(crate) fn part(&self, range: Range<usize>) -> Result<Rows<'_, E::Backend>> {
        match (&self.rows, self.source, &self.ids) {
            (Held::Rows(rows), ..) => Ok(slice(rows, range)),
            (Held::InSource, Some(source), Some(ids)) => source.gather(&ids[range], |_| ()),
            (Held::InSource, Some(source), None) => source.copy(range),
            (Held::InSource, None, _) => unreachable!("rows without a source are in memory"),
        }
    }

    /// All rows, out of this sample; `None` where they stay in their source.
    pub(crate) fn take_rows(&mut self) -> Option<Rows<'a, E::Backend>> {
        match std::mem::replace(&mut self.rows, Held::InSource) {
            Held::Rows(rows) => Some(rows),
            Held::InSource => None,
        }
    }

    /// Whether rows can be read without a device.
    pub(crate) fn is_on_host(&self) -> bool {
        !matches!(self.rows, Held::Rows(Rows::Tensor(_)))
    }

    /// Reads rows by number, in that order, into `out`.
    pub(crate) fn read_rows(&self, rows: &[usize], out: &mut [f32]) -> Result<()> {
        if !self.is_streamed() {
            return Ok(SamplePoints(self).gather(rows, out)?);
        }
        let Some(Source::Points(points)) = self.source else {
            unreachable!("only rows of a `Points` stay in their source");
        };
        match &self.ids {
            None => points.gather(rows, out)?,
            Some(ids) => points.gather(&rows.iter().map(|&row| ids[row]).collect::<Vec<_>>(), out)?,
        }
        Ok(())
    }

    /// The number by which messages call a row.
    pub(crate) fn source_row(&self, row: usize) -> usize {
        let row = self.ids.as_ref().map_or(row, |ids| ids[row]);
        self.source.map_or(row, |source| source.source_row(row))
    }

    pub(crate) fn name(&self) -> &str {
        self.source.map_or("memory", Source::name)
    }

    /// The row that stands at a place in Faiss's order of the sample.
    pub(crate) fn row_at_place(&self, place: usize) -> usize {
        self.places.as_ref().map_or(place, |places| places[place])
    }
}

fn slice<'r, B: Backend>(rows: &'r Rows<'_, B>, range: Range<usize>) -> Rows<'r, B> {
    match rows {
        Rows::Host { x, d } => Rows::Host { x: Cow::Borrowed(&x[range.start * d..range.end * d]), d: *d },
        Rows::Packed { bytes, packing, d } => Rows::packed(packed(bytes, *packing, *d).slice(range)),
        Rows::Tensor(t) => Rows::Tensor(t.clone().slice([range, 0..t.dims()[1]])),
        Rows::Csr(rows) => Rows::Csr(rows.slice(range)),
    }
}

fn packed(bytes: &[u8], packing: Packing, d: usize) -> PackedView<'_> {
    PackedView::new(bytes, packing, d).expect("packed rows are whole")
}

fn select<B: Backend>(t: &Tensor<B, 2>, rows: &[usize]) -> Rows<'static, B> {
    let ids: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    let ids = Tensor::<B, 1, Int>::from_data(TensorData::new(ids, [rows.len()]), &t.device());
    Rows::Tensor(t.clone().select(0, ids))
}

/// The numbers of the rows sampled, ascending.
fn sample_ids(n: usize, weights: Option<&[f32]>, params: &Params) -> Vec<usize> {
    let mut draws = Draws::new(params.seed, 0, Stream::Subsample);
    let mut draw = |m: usize, n: usize| -> Vec<usize> {
        if params.use_faster_subsampling {
            (0..m).map(|_| draws.index(n)).collect()
        } else {
            draws.distinct(m.min(n), n)
        }
    };
    let mut ids = match weights {
        None => draw(params.max_points(), n),
        Some(weights) => {
            let heavy: Vec<usize> = (0..n).filter(|&row| weights[row] > 0.0).collect();
            if heavy.len() <= params.max_points() {
                return heavy;
            }
            draw(params.max_points(), heavy.len()).into_iter().map(|place| heavy[place]).collect()
        }
    };
    ids.sort_unstable();
    ids
}

/// The numbers of the rows that Faiss samples, ascending, and where each of its places went.
fn faiss_ids(n: usize, params: &Params) -> (Vec<usize>, Option<Vec<usize>>) {
    let m = params.max_points();
    let drawn = if params.use_faster_subsampling {
        faiss_seed::faster_subsample(m, n, params.seed)
    } else {
        faiss_seed::rand_perm(m, n, params.seed)
    };
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by_key(|&place| drawn[place]);
    let ids = order.iter().map(|&place| drawn[place]).collect();
    let mut places = vec![0; m];
    order.iter().enumerate().for_each(|(row, &place)| places[place] = row);
    (ids, Some(places))
}

/// The sample as a source of rows in host memory, for what works on [`Points`].
pub(crate) struct SamplePoints<'s, 'a, E: Engine>(pub(crate) &'s Sample<'a, E>);

impl<E: Engine> Points for SamplePoints<'_, '_, E> {
    fn rows(&self) -> usize {
        self.0.n()
    }

    fn dim(&self) -> usize {
        self.0.d()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        kmeans_data::check_read(self, &rows, out.len())?;
        match self.0.part(rows) {
            Ok(Rows::Host { x, .. }) => out.copy_from_slice(&x),
            Ok(Rows::Packed { bytes, packing, d }) => {
                out.copy_from_slice(&packed(&bytes, packing, d).unpack());
            }
            Ok(Rows::Tensor(t)) => out.copy_from_slice(&host(t)),
            Ok(Rows::Csr(rows)) => rows.view().densify(out),
            Err(crate::Error::Data(e)) => return Err(e),
            Err(crate::Error::NonFinite { data: name, row, column, value }) => {
                return Err(DataError::NonFinite { name, row, column, value });
            }
            Err(e) => unreachable!("reading rows fails with an error of the data only: {e}"),
        }
        Ok(())
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        let d = self.0.d();
        match &self.0.rows {
            Held::Rows(Rows::Host { x, .. }) => x.get(rows.start * d..rows.end * d),
            _ => None,
        }
    }

    fn lend_csr(&self, rows: Range<usize>) -> Option<CsrView<'_>> {
        match &self.0.rows {
            Held::Rows(Rows::Csr(csr)) => csr.view().slice(rows),
            _ => None,
        }
    }

    fn gather_csr(&self, ids: &[usize]) -> Option<CsrRows> {
        match &self.0.rows {
            Held::Rows(Rows::Csr(csr)) if ids.iter().all(|&id| id < self.0.n()) => Some(csr.select(ids)),
            _ => None,
        }
    }

    fn is_encoded(&self) -> bool {
        self.0.is_streamed()
    }

    fn source_row(&self, row: usize) -> usize {
        self.0.source_row(row)
    }

    fn name(&self) -> &str {
        self.0.name()
    }
}

fn host<B: Backend>(t: Tensor<B, 2>) -> Vec<f32> {
    t.into_data().convert::<f32>().to_vec().expect("the data were converted to f32")
}
