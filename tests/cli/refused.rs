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
        ("iris.npy", "--update-index --assign index", ["--update-index", "not with index"]),
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
fn options_of_an_index_that_would_be_ignored_are_refused() {
    let room = room();
    room.ok("index iris.npy --flat -o i.index -q");
    room.write("ids.csv", b"1\n");
    for (words, named) in [
        ("index iris.npy -o x.index", "--flat"),
        ("index iris.npy --flat", "--output"),
        ("index iris.npy --flat --model m.safetensors -o x.index", "--model"),
        ("index iris.npy --flat --add i.index -o x.index", "--add"),
        ("index iris.npy --add i.index --model m.safetensors -o x.index", "--model"),
        ("index iris.npy --add i.index --storage f16 -o x.index", "--storage"),
        ("index iris.npy --add i.index --metric ip -o x.index", "--metric"),
        ("index iris.npy --model m.safetensors --metric ip -o x.index", "--metric"),
        ("index iris.npy --model m.safetensors --remove ids.csv -o x.index", "--remove"),
        ("index iris.npy --flat --remove ids.csv -o x.index", "--remove"),
        ("index --add i.index -o x.index", "no DATA is given"),
        ("index --flat -o x.index", "no DATA is given"),
        ("index --add i.index --remove ids.csv --rows 1: -o x.index", "<DATA>"),
        ("index --add i.index --remove ids.csv --ids ids.csv -o x.index", "<DATA>"),
        ("index iris.npy --flat --storage f8 -o x.index", "storage is f8, expected f32"),
        ("index iris.npy --flat --metric sine -o x.index", "sine"),
        ("index iris.npy --flat --metric l1 -o x.index", "--metric is l1, expected l2, ip or cosine"),
        ("index iris.npy --flat --threads 2 --device reference -o x.index", "--threads"),
        ("index - --flat --codec f16 -o x.index", "standard input"),
    ] {
        let error = room.usage(words);
        assert!(error.contains(named), "{words}: {error}");
    }
}

#[test]
fn options_of_a_search_that_would_be_ignored_are_refused() {
    let room = room();
    room.ok("index iris.npy --flat -o i.index -q");
    room.ok("index iris.npy --model m.safetensors -o ivf.index -q");
    for (words, named) in [
        ("search i.index iris.npy", "--ids"),
        ("search i.index --json", "QUERIES"),
        ("search i.index iris.npy --json -p 0", "-p"),
        ("search i.index iris.npy --json --nprobe 0", "--nprobe"),
        (
            "search i.index iris.npy --json --nprobe 2",
            "--nprobe is 2, expected 1, the number of lists in i.index",
        ),
        ("search ivf.index iris.npy --json --nprobe 4", "--nprobe is 4, expected 1 to 3"),
        ("search i.index iris.npy --radius 1 --json", "--hits"),
        ("search i.index iris.npy --hits h.csv", "--radius"),
        ("search i.index iris.npy --radius 1 --hits h.npy", "h.npy"),
        ("search i.index iris.npy --radius nan --hits h.csv", "NaN"),
        ("search i.index iris.npy --radius x --hits h.csv", "--radius"),
        ("search i.index iris.npy --radius 1 --hits h.csv -p 3", "-p"),
        ("search i.index iris.npy --radius 1 --hits h.csv --ids x.npy", "--ids"),
        ("search i.index iris.npy --radius 1 --hits h.csv --distances x.npy", "--distances"),
        ("search i.index iris.npy --radius 1 --hits h.csv --truth x.npy", "--truth"),
        ("search i.index iris.npy --ids x.fvecs", "x.fvecs"),
        ("search i.index iris.npy --ids -", "-: unknown extension"),
        ("search i.index iris.npy --distances x.ivecs", "x.ivecs"),
        ("search i.index iris.npy --ids x.npy --distances x.npy", "x.npy"),
        ("search i.index iris.npy --ids iris.npy --force", "iris.npy"),
        ("search i.index - --codec f16 --json", "standard input"),
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
