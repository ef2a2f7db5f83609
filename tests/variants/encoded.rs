//! Rows that stay encoded: decoded by blocks, in every pass.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kmeans::data::{
    Bf16Codec, CodeBits, Codec, EncodedRows, F16Codec, ProductQuantizer, Rows, ScalarQuantizer, U8Codec,
};
use kmeans::{DataError, Init, Metric, Points};

use super::data::{check_same, data, kmeans};
use crate::naive;

fn codecs(x: &[f32], d: usize) -> Vec<Arc<dyn Codec>> {
    let rows = Rows::new(x.to_vec(), d).unwrap();
    let codebooks = x[..16 * d].to_vec();
    // Sixteen rows, cut into m pieces: some codebooks, if not good ones.
    let m = 4;
    let pieces: Vec<f32> = (0..m)
        .flat_map(|piece| {
            codebooks
                .chunks_exact(d)
                .flat_map(move |row| row[piece * d / m..][..d / m].to_vec())
                .collect::<Vec<f32>>()
        })
        .collect();
    vec![
        Arc::new(F16Codec::new(d).unwrap()),
        Arc::new(Bf16Codec::new(d).unwrap()),
        Arc::new(U8Codec::new(d).unwrap()),
        Arc::new(ScalarQuantizer::train(&rows, CodeBits::Eight).unwrap()),
        Arc::new(ScalarQuantizer::train(&rows, CodeBits::Four).unwrap()),
        Arc::new(ProductQuantizer::new(pieces, m, CodeBits::Four, d / m).unwrap()),
    ]
}

fn encoded(x: &[f32], codec: Arc<dyn Codec>) -> EncodedRows<'static> {
    let n = x.len() / codec.dim();
    let mut codes = vec![0; n * codec.code_size()];
    codec.encode(x, &mut codes).unwrap();
    EncodedRows::new(codes, codec).unwrap()
}

#[test]
fn training_on_codes_is_training_on_what_they_decode_to() {
    let (x, d) = data("digits");
    for codec in codecs(&x, d) {
        let name = codec.name().to_owned();
        let codes = encoded(&x, codec);
        let decoded = Rows::copy_of(&codes).unwrap();
        for (init, sample) in
            [(Init::KMeansPlusPlus, None), (Init::KMeansParallel, None), (Init::Random, Some(60))]
        {
            let kmeans = kmeans(12)
                .init(init)
                .max_points_per_centroid(sample)
                .decode_block_size(100)
                .return_distances(true)
                .niter(4);
            let (a, b) =
                (kmeans.train_points(&codes, None).unwrap(), kmeans.train_points(&decoded, None).unwrap());
            check_same(&a, &b, &name);
            assert_eq!(a.distances, b.distances, "{name}");
        }
    }
}

#[test]
fn other_metrics_train_on_codes_as_on_what_they_decode_to() {
    let (x, d) = data("digits");
    for codec in codecs(&x, d) {
        let name = codec.name().to_owned();
        let codes = encoded(&x, codec);
        let decoded = Rows::copy_of(&codes).unwrap();
        for metric in [Metric::L1, Metric::LInf, Metric::KullbackLeibler] {
            for sample in [None, Some(60)] {
                let kmeans = kmeans(8)
                    .metric(metric)
                    .init(Init::Random)
                    .max_points_per_centroid(sample)
                    .decode_block_size(300)
                    .return_distances(true)
                    .niter(3);
                let (a, b) = (
                    kmeans.train_points(&codes, None).unwrap(),
                    kmeans.train_points(&decoded, None).unwrap(),
                );
                check_same(&a, &b, &format!("{name} {metric}"));
                assert_eq!(a.distances, b.distances, "{name} {metric}");
            }
        }
    }
}

/// Counts how many rows are decoded at a time.
struct Watched<'a> {
    rows: EncodedRows<'a>,
    most: AtomicUsize,
}

impl Points for Watched<'_> {
    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        self.most.fetch_max(rows.len(), Ordering::Relaxed);
        self.rows.read(rows, out)
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        self.most.fetch_max(ids.len(), Ordering::Relaxed);
        self.rows.gather(ids, out)
    }

    fn is_encoded(&self) -> bool {
        true
    }

    fn name(&self) -> &str {
        self.rows.name()
    }
}

#[test]
fn no_more_than_a_block_is_decoded_at_a_time() {
    let x = naive::blobs(5000, 4, 6, 2);
    let codec = F16Codec::new(4).unwrap();
    let greedy = Init::GreedyKMeansPlusPlus { trials: None };
    for init in [Init::KMeansPlusPlus, greedy, Init::KMeansParallel, Init::AfkMc2, Init::Random] {
        for sample in [None, Some(100)] {
            let rows = encoded(&x, Arc::new(codec));
            let watched = Watched { rows, most: AtomicUsize::new(0) };
            let kmeans = kmeans(20).init(init.clone()).decode_block_size(128).max_points_per_centroid(sample);
            kmeans.final_assign(false).check_input_data_for_nans(false).train_points(&watched, None).unwrap();
            assert!(watched.most.into_inner() <= 128, "{init} {sample:?}");
        }
    }
}

#[test]
fn a_code_that_decodes_to_no_number_is_named_by_row_and_column() {
    let mut x = naive::blobs(300, 4, 6, 2);
    x[4 * 211 + 3] = f32::INFINITY;
    let codec = F16Codec::new(4).unwrap();
    let mut codes = vec![0; 300 * codec.code_size()];
    codec.encode(&x, &mut codes).unwrap();
    let rows = EncodedRows::new(codes, Arc::new(codec)).unwrap();
    let error = kmeans(3).decode_block_size(64).train_points(&rows, None).unwrap_err();
    assert!(matches!(error, kmeans::Error::NonFinite { row: 211, column: 3, .. }), "{error}");
}
