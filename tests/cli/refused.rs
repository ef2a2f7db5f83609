//! Options that do not go together are refused by name, and none is ignored.

use crate::room::{Room, npy_f32};

fn room() -> Room {
    let room = Room::trained("iris", 3);
    room.write("column.csv", b"1\n2\n7\n8\n");
    room.write("c0.npy", &npy_f32(&[1.0, 2.0, 3.0, 4.0], 4));
    room
}

#[test]
fn options_of_training_that_exclude_each_other_are_named() {
    let room = room();
    for (data, words, named) in [
        ("iris.npy", "--local-trials 3", ["--local-trials", "--init greedy-kmeans++"]),
        ("iris.npy", "--local-trials 3 --init random", ["--local-trials", "random"]),
        ("iris.npy", "--afkmc2-chain-length 9", ["--afkmc2-chain-length", "--init afk-mc2"]),
        ("iris.npy", "--frozen-centroids", ["--init-centroids", "required"]),
        ("iris.npy", "--no-pca", ["--progressive-dim-steps", "required"]),
        ("iris.npy", "--update-index", ["--update-index", "--assign approximate"]),
        ("iris.npy", "--seeding faiss", ["--seeding", "init random"]),
        (
            "iris.npy",
            "--seeding faiss --init random --empty-clusters keep",
            ["--seeding", "--empty-clusters"],
        ),
        ("column.csv", "--exact-1d --int-centroids", ["--exact-1d", "--int-centroids"]),
        ("column.csv", "--exact-1d --init random", ["--exact-1d", "--init"]),
        ("column.csv", "--exact-1d --nredo 3", ["--exact-1d", "--nredo"]),
        ("column.csv", "--exact-1d --metric cosine", ["--exact-1d", "--metric"]),
        ("column.csv", "--exact-1d --time-limit 5", ["--exact-1d", "--time-limit"]),
        ("column.csv", "--exact-1d --empty-clusters keep", ["--exact-1d", "--empty-clusters"]),
        ("column.csv", "--exact-1d --hierarchical", ["--exact-1d", "--hierarchical"]),
        ("column.csv", "--exact-1d --balanced", ["--exact-1d", "--balanced"]),
        ("column.csv", "--exact-1d --spherical", ["--exact-1d cannot be set together with --", ""]),
        ("iris.npy", "--exact-1d", ["--exact-1d", "one column"]),
        ("iris.npy", "--balanced --no-final-assign", ["--balanced", "--no-final-assign"]),
        ("iris.npy", "--balanced --max-points-per-centroid 10", ["--balanced", "--max-points-per-centroid"]),
        ("iris.npy", "--balanced=-1", ["--balanced", "-1"]),
        ("iris.npy", "--hierarchical --init-centroids c0.npy", ["--hierarchical", "--init-centroids"]),
        ("iris.npy", "--hierarchical --balanced", ["--hierarchical", "--balanced"]),
        (
            "iris.npy",
            "--hierarchical --progressive-dim-steps 2",
            ["--hierarchical", "--progressive-dim-steps"],
        ),
        (
            "iris.npy",
            "--progressive-dim-steps 2 --init-centroids c0.npy --frozen-centroids",
            ["--progressive-dim-steps", "--frozen-centroids"],
        ),
        ("iris.npy", "--init greedy-kmeans++ --local-trials 0", ["--local-trials", "1 to 1024"]),
        ("iris.npy", "--init afk-mc2 --afkmc2-chain-length 0", ["--afkmc2-chain-length", "at least 1"]),
        ("-", "--codec f16", ["standard input", ""]),
    ] {
        let error = room.usage(&format!("train {data} -k 2 -o x.safetensors {words}"));
        assert!(named.iter().all(|name| error.contains(name)), "{words}: {error}");
    }
}

#[test]
fn the_message_is_in_the_words_of_the_command_line() {
    let room = room();
    let error = room.fails("train column.csv -k 2 -o x.safetensors --exact-1d --int-centroids", 2);
    assert_eq!(error, "error: --exact-1d cannot be set together with --int-centroids\n");
    let error = room.fails("train iris.npy -k 2 -o x.safetensors --balanced --no-final-assign", 2);
    assert_eq!(error, "error: --balanced cannot be set together with --no-final-assign\n");
}

#[test]
fn options_of_assignment_that_would_be_ignored_are_refused() {
    let room = room();
    for (words, named) in [
        ("assign m.safetensors iris.npy", "--labels"),
        ("assign m.safetensors iris.npy --transform t.npy --top 2", "--top"),
        ("assign m.safetensors iris.npy --transform t.ivecs", "t.ivecs"),
        ("assign m.safetensors iris.npy --transform t.npy --labels t.npy", "t.npy"),
        ("assign m.safetensors - --codec f16 --labels t.npy", "standard input"),
    ] {
        let error = room.usage(words);
        assert!(error.contains(named), "{words}: {error}");
    }
}

#[test]
fn options_of_conversion_that_would_be_ignored_are_refused() {
    let room = room();
    for (words, named) in [
        ("convert iris.npy x.npy --codec sq8", "--codec-params"),
        ("convert iris.npy x.npy --codec sq4", "--codec-params"),
        ("convert iris.npy x.npy --codec-params r.npy", "--codec"),
        ("convert iris.npy x.npy --codec f16 --codec-params r.npy", "--codec-params"),
        ("convert iris.npy x.npy --codec sq8 --codec-params r.csv", "r.csv"),
        ("convert iris.npy x.npy --codec sq8 --codec-params x.npy", "x.npy"),
        ("convert iris.npy x.npy --codec f16 --dtype f32", "--dtype"),
        ("convert iris.npy x.csv --codec f16", "x.csv"),
        ("convert iris.npy x.npy --codec f8", "f8"),
        ("convert iris.npy x.npy --decode f8", "f8"),
        ("convert iris.npy x.npz", "x.npz"),
        ("convert iris.npy x.npz --dtype f32", "--dtype"),
        ("convert m.safetensors x.npy --decode f16", "--decode"),
    ] {
        let error = room.usage(words);
        assert!(error.contains(named), "{words}: {error}");
    }
}
