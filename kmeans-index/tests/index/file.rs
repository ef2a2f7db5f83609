//! Index files: what is written is read, and what is damaged is refused.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use crate::naive::{Case, cpu, rows, trained};
use burn_ndarray::NdArray;
use kmeans_backend_cpu::CpuEngine;
use kmeans_core::{Metric, TensorEngine};
use kmeans_data::Overwrite;
use kmeans_index::{Error, FlatIndex, Index, IvfIndex, Refine, SearchOptions, Storage};

const STORAGES: [Storage; 6] = [
    Storage::F32,
    Storage::F16,
    Storage::Sq8,
    Storage::Pq { m: 3, refine: None },
    Storage::Pq { m: 3, refine: Some(Refine::F16) },
    Storage::Pq { m: 3, refine: Some(Refine::F32) },
];

fn case() -> Case {
    Case::new(1500, 30, 9, Metric::L2, 0.2)
}

fn built(case: &Case, storage: Storage) -> IvfIndex {
    let model = trained(&case.vectors, case.d, 12, case.metric);
    let mut index = IvfIndex::new(cpu(), model, storage).unwrap();
    index.train(&rows(&case.vectors, case.d)).unwrap();
    index.add(&rows(&case.vectors, case.d)).unwrap();
    index
}

fn saved(path: &Path) -> Case {
    let case = case();
    built(&case, Storage::F32).save(path, Overwrite::Refuse).unwrap();
    case
}

#[test]
fn an_index_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let case = case();
    let queries = rows(&case.queries, case.d);
    for storage in STORAGES {
        let path = dir.path().join(storage.to_string());
        let index = built(&case, storage);
        index.save(&path, Overwrite::Refuse).unwrap();
        let opened = IvfIndex::open(cpu(), &path).unwrap();
        assert_eq!((opened.len(), opened.k(), opened.dim()), (1500, 12, 9));
        assert_eq!((opened.metric(), opened.storage()), (Metric::L2, storage));
        assert_eq!(opened.model(), index.model());
        assert_eq!(opened.memory(), 0);
        for nprobe in [1, 5] {
            assert_eq!(
                opened.search(&queries, 10, nprobe).unwrap(),
                index.search(&queries, 10, nprobe).unwrap()
            );
        }
        assert_eq!(opened.reconstruct(1234).unwrap(), index.reconstruct(1234).unwrap());

        let flat = FlatIndex::build(cpu(), &rows(&case.vectors, case.d), case.metric, storage).unwrap();
        let path = dir.path().join(format!("flat-{storage}"));
        flat.save(&path, Overwrite::Refuse).unwrap();
        let opened = FlatIndex::open(cpu(), &path).unwrap();
        assert_eq!(opened.search(&queries, 10).unwrap(), flat.search(&queries, 10).unwrap());
    }
}

#[test]
fn every_metric_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    for metric in [Metric::InnerProduct, Metric::Cosine] {
        let case = Case { metric, ..case() };
        let (path, queries) = (dir.path().join(metric.to_string()), rows(&case.queries, case.d));
        let index = built(&case, Storage::F32);
        index.save(&path, Overwrite::Refuse).unwrap();
        let opened = Index::open(cpu(), &path).unwrap();
        let options = SearchOptions::default().nprobe(4);
        assert_eq!(
            opened.search_with(&queries, 10, options).unwrap(),
            index.search_with(&queries, 10, options).unwrap()
        );
        assert_eq!(opened.metric(), metric);
    }
}

#[test]
fn a_file_built_by_blocks_is_that_of_an_index_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let case = case();
    let (points, model) = (rows(&case.vectors, case.d), trained(&case.vectors, case.d, 12, case.metric));
    let ids: Vec<u64> = (0..1500).map(|i| i * 7 % 1500 + (1 << 40)).collect();
    for storage in STORAGES {
        let path = |name: &str| dir.path().join(format!("{name}-{storage}"));
        let mut index = IvfIndex::new(cpu(), model.clone(), storage).unwrap();
        index.train(&points).unwrap();
        index.add_with_ids(&points, &ids).unwrap();
        index.save(path("memory"), Overwrite::Refuse).unwrap();
        for threads in [1, 3] {
            let engine = CpuEngine::new(NonZeroUsize::new(threads)).unwrap();
            let to = (path("blocks"), Overwrite::Replace);
            let built =
                IvfIndex::build_file(engine, model.clone(), storage, &points, Some(&ids), to).unwrap();
            assert_eq!(built.len(), 1500);
            assert!(fs::read(path("memory")).unwrap() == fs::read(path("blocks")).unwrap(), "{storage}");
        }

        let flat = FlatIndex::build(cpu(), &points, case.metric, storage).unwrap();
        flat.save(path("flat"), Overwrite::Refuse).unwrap();
        let to = (path("flat-blocks"), Overwrite::Refuse);
        FlatIndex::build_file(cpu(), &points, case.metric, storage, None, to).unwrap();
        assert!(fs::read(path("flat")).unwrap() == fs::read(path("flat-blocks")).unwrap(), "flat {storage}");
    }
    // Nothing else is left there.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4 * STORAGES.len());
}

#[test]
fn an_opened_index_grows_shrinks_and_is_written_over_itself() {
    let dir = tempfile::tempdir().unwrap();
    let case = case();
    let queries = rows(&case.queries, case.d);
    let (early, late) = case.vectors.split_at(1000 * case.d);
    for storage in STORAGES {
        let path = dir.path().join(storage.to_string());
        let model = trained(&case.vectors, case.d, 12, case.metric);
        let mut index = IvfIndex::new(cpu(), model, storage).unwrap();
        index.train(&rows(&case.vectors, case.d)).unwrap();
        index.add(&rows(early, case.d)).unwrap();
        index.save(&path, Overwrite::Refuse).unwrap();

        let mut opened = IvfIndex::open(cpu(), &path).unwrap();
        opened.add(&rows(late, case.d)).unwrap();
        opened.remove(&[3, 5, 1400]).unwrap();
        index.add(&rows(late, case.d)).unwrap();
        index.remove(&[3, 5, 1400]).unwrap();
        let expected = index.search(&queries, 10, 6).unwrap();
        assert_eq!(opened.search(&queries, 10, 6).unwrap(), expected);

        opened.save(&path, Overwrite::Replace).unwrap();
        // What was mapped stays what it was.
        assert_eq!(opened.search(&queries, 10, 6).unwrap(), expected);
        let again = IvfIndex::open(cpu(), &path).unwrap();
        assert_eq!(again.len(), 1497);
        assert_eq!(again.search(&queries, 10, 6).unwrap(), expected);
        assert!(matches!(again.reconstruct(5), Err(Error::UnknownId { id: 5 })));

        // A file depends on its vectors, not on how they came there.
        index.save(dir.path().join("other"), Overwrite::Replace).unwrap();
        assert!(fs::read(&path).unwrap() == fs::read(dir.path().join("other")).unwrap(), "{storage}");
    }
}

#[test]
fn a_file_that_is_there_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    saved(&path);
    let before = fs::read(&path).unwrap();
    let error = built(&case(), Storage::Sq8).save(&path, Overwrite::Refuse).unwrap_err();
    assert!(error.to_string().contains("index"), "{error}");
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn any_damaged_byte_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let case = Case::new(120, 5, 3, Metric::L2, 0.0);
    let model = trained(&case.vectors, 3, 4, Metric::L2);
    let mut index = IvfIndex::new(cpu(), model, Storage::F32).unwrap();
    index.add(&rows(&case.vectors, 3)).unwrap();
    index.save(&path, Overwrite::Refuse).unwrap();
    let sound = fs::read(&path).unwrap();
    let queries = rows(&case.queries, 3);
    let expected = index.search(&queries, 5, 4).unwrap();
    for at in (0..sound.len()).step_by(7) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        let found = IvfIndex::open(cpu(), &path).and_then(|index| index.search(&queries, 5, 4));
        match found {
            Err(Error::File { reason, .. }) => assert!(!reason.is_empty()),
            Err(Error::Version { .. } | Error::Core(_)) => {}
            Err(error) => panic!("byte {at}: {error}"),
            // Between tensors, or blanks of the header that mean nothing: not one of those.
            Ok(found) => {
                panic!("byte {at} of {} was changed, and {} hits found", sound.len(), found.ids.len())
            }
        }
    }
    fs::write(&path, &sound).unwrap();
    assert_eq!(IvfIndex::open(cpu(), &path).unwrap().search(&queries, 5, 4).unwrap(), expected);
}

#[test]
fn a_list_that_nobody_looks_into_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let case = saved(&path);
    let mut bytes = fs::read(&path).unwrap();
    // In the vectors of some list.
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let index = IvfIndex::open(cpu(), &path).unwrap();
    let queries = rows(&case.queries, case.d);
    let outcomes: Vec<bool> = case
        .queries
        .chunks_exact(case.d)
        .map(|query| index.search(&rows(query, case.d), 3, 1).is_ok())
        .collect();
    assert!(outcomes.contains(&true), "no list is sound");
    let error = index.search(&queries, 3, 12).unwrap_err().to_string();
    assert!(error.contains("is damaged: it is not what its checksum says"), "{error}");
}

#[test]
fn a_damaged_list_is_found_on_a_device_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let case = case();
    let flat = FlatIndex::build(cpu(), &rows(&case.vectors, case.d), case.metric, Storage::F32).unwrap();
    flat.save(&path, Overwrite::Refuse).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() - 4000;
    bytes[at] ^= 0x40;
    fs::write(&path, &bytes).unwrap();
    let index = FlatIndex::open(TensorEngine::<NdArray>::default(), &path).unwrap();
    let error = index.search(&rows(&case.queries, case.d), 3).unwrap_err().to_string();
    assert!(error.contains("is damaged"), "{error}");
}

#[test]
fn a_file_cut_short_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    saved(&path);
    let sound = fs::read(&path).unwrap();
    for length in [1, 8, 100, sound.len() / 2, sound.len() - 1] {
        fs::write(&path, &sound[..length]).unwrap();
        let error = IvfIndex::open(cpu(), &path).unwrap_err().to_string();
        assert!(error.contains("cut short"), "{length}: {error}");
    }
    let mut longer = sound.clone();
    longer.push(0);
    fs::write(&path, longer).unwrap();
    assert!(IvfIndex::open(cpu(), &path).is_err());
}

#[test]
fn what_is_no_index_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let message = |path: &Path| Index::open(cpu(), path).unwrap_err().to_string();
    assert!(message(&dir.path().join("missing")).contains("missing"));
    let text = dir.path().join("text");
    fs::write(&text, "not an index at all").unwrap();
    assert!(message(&text).contains("it is no index"), "{}", message(&text));
    let case = case();
    let model = dir.path().join("model.safetensors");
    trained(&case.vectors, case.d, 3, case.metric).save(&model, Overwrite::Refuse).unwrap();
    assert!(message(&model).contains("names no index"), "{}", message(&model));

    let path = dir.path().join("index");
    saved(&path);
    let error = FlatIndex::open(cpu(), &path).unwrap_err().to_string();
    assert!(error.contains("it is an index with lists, expected a flat one"), "{error}");
}

#[test]
fn a_newer_version_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    saved(&path);
    let bytes = fs::read(&path).unwrap();
    let text = br#"\"version\":1"#;
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
    let mut newer = bytes;
    newer[at + text.len() - 1] = b'7';
    fs::write(&path, newer).unwrap();
    let error = IvfIndex::open(cpu(), &path).unwrap_err();
    assert!(matches!(error, Error::Version { found: 7, supported: 1, .. }), "{error}");
    assert!(error.to_string().contains("an index of version 7, this program reads version 1"), "{error}");
}
