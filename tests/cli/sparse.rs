//! Sparse rows, as SciPy and svmlight write them.

use crate::room::Room;

/// Digits as `d.svm` with indices from 1, and as `d.npz`.
fn digits() -> Room {
    let room = Room::with("digits");
    let entry = |(j, v): (usize, &f32)| (*v != 0.0).then(|| format!(" {}:{v}", j + 1));
    let line = |row: &[f32]| row.iter().enumerate().filter_map(entry).collect::<String>();
    let text: String =
        room.floats("digits.npy").chunks_exact(64).map(|row| format!("1{}\n", line(row))).collect();
    room.write("d.svm", text.as_bytes());
    room.ok("convert d.svm d.npz -q");
    room
}

fn nnz(room: &Room) -> usize {
    room.floats("digits.npy").iter().filter(|v| **v != 0.0).count()
}

#[test]
fn info_counts_the_entries_of_sparse_files_only() {
    let room = digits();
    for file in ["d.svm", "d.npz"] {
        let info = room.json(&format!("info {file}"));
        assert_eq!((&info["rows"], &info["dim"]), (&1797.into(), &64.into()), "{file}");
        assert_eq!(info["nnz"], nnz(&room), "{file}");
    }
    assert!(room.ok("info d.npz").stdout.contains("nnz"));
    assert!(!room.ok("info digits.npy").stdout.contains("nnz"));
}

#[test]
fn sparse_rows_with_their_zeros_are_the_dense_rows() {
    let room = digits();
    for file in ["d.svm", "d.npz"] {
        room.ok(&format!("convert {file} back.npy --force -q"));
        assert_eq!(room.floats("back.npy"), room.floats("digits.npy"), "{file}");
    }
}

#[test]
fn sparse_rows_train_like_dense_ones() {
    let room = digits();
    // Their origins differ, and with them the draws of kmeans++: both begin at the same rows.
    room.ok("convert digits.npy c0.npy --rows 0:10 -q");
    let train = |file: &str, options: &str| {
        room.json(&format!("train {file} -k 10 --init-centroids c0.npy --force -q {options}"))
    };
    let dense = train("digits.npy", "-o m.safetensors")["inertia"].as_f64().unwrap();
    for file in ["d.svm", "d.npz"] {
        let report = train(file, "-o s.safetensors --labels s.npy");
        assert_eq!(report["n"], 1797);
        let sparse = report["inertia"].as_f64().unwrap();
        assert!((sparse - dense).abs() < 1e-3 * dense, "{file}: {sparse} {dense}");
        room.ok(&format!("assign s.safetensors {file} --labels a.npy --force -q"));
        assert_eq!(room.labels("a.npy"), room.labels("s.npy"), "{file}");
    }
}

#[test]
fn a_range_of_sparse_rows_stays_sparse() {
    let room = digits();
    room.ok("convert d.npz part.npz --rows 100:200 -q");
    assert_eq!(room.json("info part.npz")["rows"], 100);
    room.ok("convert part.npz part.npy -q");
    assert_eq!(room.floats("part.npy"), room.floats("digits.npy")[100 * 64..200 * 64]);
}

#[test]
fn damaged_sparse_files_are_refused() {
    let room = digits();
    let whole = room.bytes("d.npz");
    room.write("cut.npz", &whole[..whole.len() / 2]);
    room.write("order.svm", b"1 2:1 1:1\n");
    room.write("word.svm", b"1 2:x\n");
    for (file, word) in [("cut.npz", "cut.npz"), ("order.svm", "line 1"), ("word.svm", "line 1")] {
        let error = room.fails(&format!("train {file} -k 1 -o m.safetensors"), 65);
        assert!(error.contains(file) && error.contains(word), "{error}");
    }
}

#[test]
fn force_never_replaces_the_archive_that_is_read() {
    let room = digits();
    room.fails("convert d.npz d.npz --force", 2);
    room.fails("convert d.npz:data d.npz --force", 2);
}
