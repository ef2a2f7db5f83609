//! Each parameter of training reaches the library.

use serde_json::{Value, json};

use crate::room::{Room, npy_f32};

/// Three rows of iris as first centroids, in `c0.npy`.
fn iris_with_centroids() -> Room {
    let room = Room::with("iris");
    let x = room.floats("iris.npy");
    room.write("c0.npy", &npy_f32(&[&x[..4], &x[240..244], &x[480..484]].concat(), 4));
    room
}

/// The centroids that `train iris.npy -k 3` with these options gives.
fn centroids(room: &Room, options: &str) -> Vec<f32> {
    room.ok(&format!("train iris.npy -k 3 -o m.safetensors --centroids c.npy --force -q {options}"));
    room.floats("c.npy")
}

#[test]
fn a_model_keeps_the_parameters_that_were_typed() {
    let room = iris_with_centroids();
    room.write("column.csv", b"1\n2\n7\n8\n");
    for (data, flags, name, value) in [
        ("iris.npy", "--niter 3", "niter", json!(3)),
        ("iris.npy", "--nredo 2", "nredo", json!(2)),
        ("iris.npy", "--chunk-rows 50", "chunk_rows", json!(50)),
        ("iris.npy", "--pruning off", "pruning", json!("off")),
        ("iris.npy", "--pruning always", "pruning", json!("always")),
        ("iris.npy", "--pruning-memory 64K", "pruning_memory", json!(65536)),
        ("iris.npy", "--seed 99", "seed", json!(99)),
        ("iris.npy", "--seeding faiss --init random", "seeding", json!("faiss")),
        ("iris.npy", "--init-method random", "init", json!("random")),
        (
            "iris.npy",
            "--init greedy-kmeans++ --local-trials 3",
            "init",
            json!({"greedy-kmeans++": {"trials": 3}}),
        ),
        ("iris.npy", "--init afk-mc2 --afkmc2-chain-length 7", "afkmc2_chain_length", json!(7)),
        ("iris.npy", "--init-centroids c0.npy --frozen-centroids", "frozen_centroids", json!(true)),
        ("iris.npy", "--metric cosine", "metric", json!("cosine")),
        ("iris.npy", "--spherical", "spherical", json!(true)),
        ("iris.npy", "--int-centroids", "int_centroids", json!(true)),
        ("iris.npy", "--empty-clusters farthest", "empty_clusters", json!("farthest")),
        ("iris.npy", "--min-points-per-centroid 5", "min_points_per_centroid", json!(5)),
        ("iris.npy", "--max-points-per-centroid 40", "max_points_per_centroid", json!(40)),
        ("iris.npy", "--max-points-per-centroid none", "max_points_per_centroid", Value::Null),
        ("iris.npy", "--use-faster-subsampling", "use_faster_subsampling", json!(true)),
        ("iris.npy", "--no-check-input-data-for-nans", "check_input_data_for_nans", json!(false)),
        ("iris.npy", "--early-stop-threshold 0.5", "early_stop_threshold", json!(0.5)),
        ("iris.npy", "--early-stop-threshold none", "early_stop_threshold", Value::Null),
        ("iris.npy", "--time-limit 90", "time_limit", json!({"secs": 90, "nanos": 0})),
        ("iris.npy", "--time-limit 90s", "time_limit", json!({"secs": 90, "nanos": 0})),
        ("iris.npy", "--time-limit 1.5m", "time_limit", json!({"secs": 90, "nanos": 0})),
        ("iris.npy", "--time-limit 2h", "time_limit", json!({"secs": 7200, "nanos": 0})),
        ("iris.npy", "--progressive-dim-steps 2 --no-pca", "progressive_dim_steps", json!(2)),
        ("iris.npy", "--progressive-dim-steps 2 --no-pca", "apply_pca", json!(false)),
        ("column.csv", "--exact-1d", "exact_1d", json!(true)),
        ("iris.npy", "--hierarchical", "hierarchical", json!(true)),
        ("iris.npy", "--balanced", "balanced", json!(0.1)),
        ("iris.npy", "--balanced=0.25", "balanced", json!(0.25)),
        ("iris.npy", "--no-final-assign", "final_assign", json!(false)),
        ("iris.npy", "--distances d.npy", "return_distances", json!(true)),
        ("iris.npy", "--strict", "strict", json!(true)),
    ] {
        room.ok(&format!("train {data} -k 3 -o m.safetensors --force -q {flags}"));
        let params = &room.json("info m.safetensors")["params"];
        assert_eq!(params[name], value, "{flags}: {params}");
        assert_eq!(params["verbose"], false, "the library must not print: {flags}");
    }
}

#[test]
fn every_initialisation_is_reported_by_its_name() {
    let room = Room::with("iris");
    for init in ["kmeans++", "greedy-kmeans++", "random", "kmeans-parallel", "afk-mc2"] {
        let report = room.json(&format!("train iris.npy -k 3 -o m.safetensors --init {init} --force -q"));
        assert_eq!(report["init"], init);
    }
}

#[test]
fn trials_and_chain_lengths_change_what_is_drawn() {
    let room = Room::with("iris");
    for (init, few, many) in [
        ("greedy-kmeans++", "--local-trials 1", "--local-trials 40"),
        ("afk-mc2", "--afkmc2-chain-length 1", "--afkmc2-chain-length 50"),
    ] {
        let drawn = |options: &str| centroids(&room, &format!("--niter 0 --init {init} {options}"));
        assert_ne!(drawn(few), drawn(many), "{init}");
    }
    let drawn = |options: &str| centroids(&room, &format!("--niter 0 --init afk-mc2 {options}"));
    assert_eq!(drawn(""), drawn("--afkmc2-chain-length 50"));
}

#[test]
fn what_is_not_given_is_drawn_by_the_initialisation_named() {
    let room = Room::with("iris");
    let x = room.floats("iris.npy");
    room.write("one.npy", &npy_f32(&x[..4], 4));
    let drawn = |init: &str| centroids(&room, &format!("--init-centroids one.npy --niter 0 --init {init}"));
    let (spread, uniform) = (drawn("kmeans++"), drawn("random"));
    assert_eq!((&spread[..4], &uniform[..4]), (&x[..4], &x[..4]));
    assert_ne!(spread, uniform);
}

#[test]
fn frozen_centroids_keep_their_bytes_and_the_others_move() {
    let room = Room::with("iris");
    let given = [5.1f32, 3.3, 0.1, 7.7];
    room.write("one.npy", &npy_f32(&given, 4));
    let frozen = centroids(&room, "--init-centroids one.npy --frozen-centroids");
    assert_eq!(frozen[..4].iter().map(|v| v.to_bits()).collect::<Vec<_>>(), given.map(f32::to_bits));
    let first = centroids(&room, "--init-centroids one.npy --frozen-centroids --niter 0");
    assert_ne!(frozen[4..], first[4..]);
    assert_ne!(centroids(&room, "--init-centroids one.npy")[..4], given);
}

#[test]
fn int_centroids_are_integers() {
    let room = Room::with("iris");
    assert!(centroids(&room, "--int-centroids").iter().all(|v| v.fract() == 0.0));
    assert!(centroids(&room, "").iter().any(|v| v.fract() != 0.0));
}

#[test]
fn cosine_is_reported_and_its_distances_are_between_zero_and_two() {
    let room = Room::with("wine");
    let report = room.json("train wine.npy -k 3 -o m.safetensors --metric cosine --distances d.npy -q");
    assert_eq!(report["metric"], "cosine");
    let distances = room.floats("d.npy");
    assert!(distances.iter().all(|d| (0.0..=2.0).contains(d)));
    let sum: f64 = distances.iter().map(|&d| f64::from(d)).sum();
    let inertia = report["inertia"].as_f64().unwrap();
    assert!((sum / inertia - 1.0).abs() < 1e-3, "{sum} {inertia}");
}

#[test]
fn empty_clusters_are_split_moved_or_kept() {
    let room = Room::new();
    room.write("x.csv", b"0\n1\n2\n3\n10\n11\n12\n13\n");
    room.write("c0.csv", b"1\n11\n1000\n");
    let report = |how: &str| {
        room.json(&format!(
            "train x.csv -k 3 -o m.safetensors --init-centroids c0.csv --empty-clusters {how} --force -q"
        ))
    };
    let (split, farthest, keep) = (report("split"), report("farthest"), report("keep"));
    assert_eq!(
        (&split["distinct"], &farthest["distinct"], &keep["distinct"]),
        (&3.into(), &3.into(), &2.into())
    );
    assert!(split["nsplit"].as_u64() > Some(0) && keep["nsplit"] == 0);
}

#[test]
fn no_time_leaves_the_first_centroids() {
    let room = Room::with("digits");
    let report = room.json("train digits.npy -k 10 -o m.safetensors --labels l.npy --time-limit 0 -q");
    assert_eq!((&report["stop"], &report["niter_done"]), (&"time-limit".into(), &0.into()));
    assert_eq!(room.labels("l.npy").len(), 1797);
    let report = room.json("train digits.npy -k 10 -o n.safetensors --time-limit 1h -q");
    assert_eq!(report["stop"], "labels-unchanged");
}

#[test]
fn a_time_limit_ends_long_work() {
    let room = Room::with("digits");
    let long = "--niter 100000000 --early-stop-threshold none";
    let report = room.json(&format!("train digits.npy -k 10 -o m.safetensors {long} --time-limit 0.05 -q"));
    assert_eq!(report["stop"], "time-limit");
    assert!(report["niter_done"].as_u64() > Some(0));
}

#[test]
fn faster_subsampling_draws_another_sample() {
    let room = Room::with("digits");
    let sampled = |options: &str| {
        let words =
            "train digits.npy -k 4 -o m.safetensors --max-points-per-centroid 50 --centroids c.npy --force";
        let report = room.json(&format!("{words} -q {options}"));
        assert_eq!(report["n_trained"], 200);
        room.floats("c.npy")
    };
    assert_ne!(sampled(""), sampled("--use-faster-subsampling"));
}

#[test]
fn rows_that_nothing_reads_are_looked_at_unless_told_not_to() {
    let room = Room::new();
    let mut values = vec![1.0f32; 8000];
    values[2 * 3000 + 1] = f32::NAN;
    room.write("x.npy", &npy_f32(&values, 2));
    let words = "train x.npy -k 1 -o m.safetensors --max-points-per-centroid 1 --no-final-assign";
    let error = room.fails(words, 65);
    assert!(error.contains("row 3000, column 1"), "{error}");
    room.ok(&format!("{words} --no-check-input-data-for-nans -q"));
}

#[test]
fn balanced_clusters_stay_within_their_slack() {
    let room = Room::with("digits");
    for (flag, slack) in [("--balanced", 0.1), ("--balanced=0", 0.0), ("--balanced=0.5", 0.5)] {
        let report = room.json(&format!("train digits.npy -k 10 -o m.safetensors {flag} --force -q"));
        let most = report["cluster_sizes"].as_array().unwrap().iter().filter_map(Value::as_u64).max();
        assert!(most <= Some(((1.0 + slack) * 179.7f64).ceil() as u64), "{flag}: {most:?}");
    }
}

#[test]
fn hierarchical_training_ends_with_one_iteration_over_all() {
    let room = Room::with("digits");
    let report = room.json("train digits.npy -k 10 -o m.safetensors --hierarchical -q");
    assert_eq!(report["niter_done"], 1);
}

#[test]
fn verbose_says_each_iteration_once() {
    let room = Room::with("iris");
    let ran = room.ok("train iris.npy -k 3 -o m.safetensors -v --json");
    let said = ran.stderr.lines().filter(|line| line.contains("iteration 0")).count();
    assert_eq!(said, 1, "{}", ran.stderr);
}
