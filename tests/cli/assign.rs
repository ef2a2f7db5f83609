//! `kmeans assign`, and model files that are not what they should be.

use crate::room::Room;

#[test]
fn assignment_gives_the_labels_of_the_training() {
    let room = Room::trained("digits", 10);
    let ran = room.ok("assign m.safetensors digits.npy --labels a.npy --distances ad.npy");
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("1797 rows"), "{}", ran.stderr);
    assert!(room.bytes("l.npy") == room.bytes("a.npy"));
    assert!(room.bytes("d.npy") == room.bytes("ad.npy"));
}

#[test]
fn top_three_are_in_order_and_begin_with_the_label() {
    let room = Room::trained("digits", 10);
    room.ok("assign m.safetensors digits.npy --labels a.npy --distances ad.npy --top 3 -q");
    assert_eq!(room.shape("a.npy"), "(1797, 3)");
    assert_eq!(room.shape("ad.npy"), "(1797, 3)");
    let (top, labels) = (room.labels("a.npy"), room.labels("l.npy"));
    for (row, best) in top.chunks_exact(3).enumerate() {
        assert_eq!(best[0], labels[row], "row {row}");
        assert!(best[0] != best[1] && best[1] != best[2] && best[0] != best[2], "row {row}: {best:?}");
    }
    assert!(room.floats("ad.npy").chunks_exact(3).all(|d| d[0] <= d[1] && d[1] <= d[2]));
}

#[test]
fn the_json_of_an_assignment_agrees_with_the_training() {
    let room = Room::with("digits");
    let train = room.json("train digits.npy -k 10 -o m.safetensors -q");
    let report = room.json("assign m.safetensors digits.npy --labels a.npy -q");
    for key in ["n", "d", "k", "cluster_sizes", "metric", "version"] {
        assert_eq!(report[key], train[key], "{key}");
    }
    assert_eq!(report["top"], 1);
    let (a, b) = (report["inertia"].as_f64().unwrap(), train["inertia"].as_f64().unwrap());
    assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
    assert!(report["seconds"].is_number() && report["device"].is_string());
}

#[test]
fn labels_go_to_text_and_ivecs_too() {
    let room = Room::trained("iris", 3);
    room.ok("assign m.safetensors iris.npy --labels a.csv -q");
    room.ok("assign m.safetensors iris.npy --labels a.ivecs -q");
    let want = room.labels("l.npy");
    let text = String::from_utf8(room.bytes("a.csv")).unwrap();
    assert_eq!(text.lines().next(), Some("label"));
    assert_eq!(text.lines().skip(1).map(|l| l.parse().unwrap()).collect::<Vec<i32>>(), want);
    let ivecs: Vec<u8> = want.iter().flat_map(|l| [1i32.to_le_bytes(), l.to_le_bytes()].concat()).collect();
    assert!(room.bytes("a.ivecs") == ivecs);
}

#[test]
fn rows_of_another_dimension_are_refused() {
    let room = Room::trained("iris", 3);
    room.write("two.csv", b"1,2\n3,4\n");
    let error = room.fails("assign m.safetensors two.csv --labels a.npy", 65);
    assert!(error.contains("two.csv") && error.contains("2 columns") && error.contains('4'), "{error}");
}

#[test]
fn top_outside_one_to_k_is_a_usage_error_that_names_the_flag() {
    let room = Room::trained("iris", 3);
    for p in [0, 4] {
        let error = room.usage(&format!("assign m.safetensors iris.npy --labels a.npy --top {p}"));
        assert!(error.contains("top"), "{error}");
    }
}

#[test]
fn a_model_of_another_version_is_refused() {
    let room = Room::trained("iris", 3);
    let bytes = room.bytes("m.safetensors");
    let was = br#""version":"1""#;
    let at = bytes.windows(was.len()).position(|w| w == was).unwrap();
    let mut patched = bytes.clone();
    patched[at + was.len() - 2] = b'9';
    room.write("v9.safetensors", &patched);
    for words in ["assign v9.safetensors iris.npy --labels a.npy", "info v9.safetensors"] {
        let error = room.fails(words, 65);
        assert!(error.contains("v9.safetensors") && error.contains("version 9"), "{error}");
    }
}

#[test]
fn a_model_cut_anywhere_is_refused() {
    let room = Room::trained("iris", 3);
    let bytes = room.bytes("m.safetensors");
    for keep in [0, 1, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        room.write("cut.safetensors", &bytes[..keep]);
        let error = room.fails("assign cut.safetensors iris.npy --labels a.npy", 65);
        assert!(error.contains("cut.safetensors"), "{keep}: {error}");
    }
}

#[test]
fn an_array_is_no_model() {
    let room = Room::with("iris");
    let error = room.fails("assign iris.npy iris.npy --labels a.npy", 65);
    assert!(error.contains("iris.npy") && error.contains("model"), "{error}");
}

#[test]
fn not_a_number_in_rows_to_assign_is_named() {
    let room = Room::trained("iris", 3);
    room.write("nan.csv", b"1,2,3,4\n1,2,3,nan\n");
    let error = room.fails("assign m.safetensors nan.csv --labels a.npy", 65);
    assert!(error.contains("nan.csv: row 1, column 3"), "{error}");
}

#[test]
fn an_index_finds_the_nearest_centroids_too() {
    let room = Room::trained("digits", 100);
    room.ok("assign m.safetensors digits.npy --labels index.npy --assign index -q");
    assert!(room.bytes("index.npy") == room.bytes("l.npy"));
    let report = room.json("assign m.safetensors digits.npy --labels cells.npy --assign approximate:2 -q");
    assert_eq!(report["device"], "an index of cells (nprobe 2)");
    let error = room.usage("assign m.safetensors digits.npy --labels x.npy --assign index --top 2");
    assert!(error.contains("--top 2 goes with --assign exact"), "{error}");
    room.usage("assign m.safetensors digits.npy --transform t.npy --assign index");
    let error = room.usage("assign m.safetensors digits.npy --labels x.npy --assign nearest");
    assert!(error.contains("expected exact, approximate"), "{error}");
}
