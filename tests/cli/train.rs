//! `kmeans train`: what is written, what is said, and that it is the same every time.

use serde_json::Value;

use crate::room::Room;

const KEYS: [&str; 20] = [
    "n",
    "d",
    "k",
    "n_trained",
    "niter_done",
    "stop",
    "obj",
    "inertia",
    "imbalance_factor",
    "cluster_sizes",
    "nsplit",
    "seed",
    "init",
    "metric",
    "device",
    "threads",
    "seconds",
    "iteration_stats",
    "warnings",
    "version",
];
const ALL: &str =
    "train digits.npy -k 10 -o m.safetensors --labels l.npy --distances d.npy --centroids c.npy";

fn sizes(report: &Value) -> Vec<u64> {
    report["cluster_sizes"].as_array().unwrap().iter().map(|s| s.as_u64().unwrap()).collect()
}

#[test]
fn training_writes_the_files_asked_for_and_nothing_else() {
    let room = Room::with("digits");
    let ran = room.ok(ALL);
    assert_eq!(ran.stdout, "");
    assert_eq!(room.names(), ["c.npy", "d.npy", "digits.npy", "l.npy", "m.safetensors"]);
    assert_eq!(room.shape("l.npy"), "(1797,)");
    assert_eq!(room.shape("d.npy"), "(1797,)");
    assert_eq!(room.shape("c.npy"), "(10, 64)");
    for word in
        ["1797 rows", "64 columns", "10 clusters", "inertia", "iteration", "cluster sizes", "m.safetensors"]
    {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
}

#[test]
fn the_json_report_has_every_key_of_the_contract() {
    let room = Room::with("digits");
    let report = room.json(ALL);
    for key in KEYS {
        assert!(report.get(key).is_some_and(|v| !v.is_null()), "{key}");
    }
    for key in ["load", "prepare", "init", "iterate", "final_assign", "total"] {
        assert!(report["seconds"][key].as_f64().unwrap() >= 0.0, "{key}");
    }
    let stats = report["iteration_stats"].as_array().unwrap();
    assert_eq!(stats.len() as u64, report["niter_done"].as_u64().unwrap());
    let mut before = 0.0;
    for (i, stat) in stats.iter().enumerate() {
        assert_eq!(stat["obj"], report["obj"][i]);
        assert!(stat["time"].as_f64().unwrap() >= before, "time is cumulative");
        before = stat["time"].as_f64().unwrap();
        for key in ["time_search", "imbalance_factor", "nsplit"] {
            assert!(stat[key].is_number(), "{key}");
        }
    }
    assert_eq!((&report["n"], &report["d"], &report["k"]), (&1797.into(), &64.into(), &10.into()));
    assert_eq!(report["seed"], 1234);
    assert_eq!(report["init"], "kmeans++");
    assert_eq!(report["metric"], "l2");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn labels_and_distances_add_up_to_the_report() {
    let room = Room::with("digits");
    let report = room.json(ALL);
    let mut counts = vec![0u64; 10];
    room.labels("l.npy").iter().for_each(|&l| counts[l as usize] += 1);
    assert_eq!(counts, sizes(&report));
    let sum: f64 = room.floats("d.npy").iter().map(|&d| f64::from(d)).sum();
    let inertia = report["inertia"].as_f64().unwrap();
    assert!((sum / inertia - 1.0).abs() < 1e-6, "{sum} {inertia}");
}

#[test]
fn distances_and_inertia_are_those_of_the_centroids_written() {
    let room = Room::with("digits");
    let report = room.json(ALL);
    let (x, c) = (room.floats("digits.npy"), room.floats("c.npy"));
    let (labels, distances) = (room.labels("l.npy"), room.floats("d.npy"));
    let sq = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
    };
    let mut inertia = 0.0;
    for (row, x) in x.chunks_exact(64).enumerate() {
        let all: Vec<f64> = c.chunks_exact(64).map(|c| sq(x, c)).collect();
        let own = all[labels[row] as usize];
        assert!(all.iter().all(|&other| own <= other * (1.0 + 1e-5)), "row {row}");
        assert!((f64::from(distances[row]) - own).abs() <= 1e-5 * own, "row {row}");
        inertia += own;
    }
    assert!((inertia / report["inertia"].as_f64().unwrap() - 1.0).abs() < 1e-6);
}

#[test]
fn quiet_is_silent_and_verbose_has_a_line_for_each_iteration() {
    let room = Room::with("digits");
    let ran = room.ok("train digits.npy -k 10 -o q.safetensors -q");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let ran = room.ok("train digits.npy -k 10 -o v.safetensors -v --json");
    let lines = ran.stderr.lines().filter(|line| line.starts_with("redo 0, iteration ")).count() as u64;
    assert_eq!(Some(lines), ran.json()["niter_done"].as_u64());
}

#[test]
fn same_seed_same_bytes_for_any_number_of_threads() {
    let room = Room::with("digits");
    for threads in 1..=3 {
        let t = threads;
        let report = room.json(&format!(
            "train digits.npy -k 10 -o m{t}.safetensors --labels l{t}.npy --centroids c{t}.npy --threads {t} -q"
        ));
        assert_eq!(report["threads"], threads);
    }
    for t in [2, 3] {
        assert!(room.bytes("c1.npy") == room.bytes(&format!("c{t}.npy")), "{t} threads");
        assert!(room.bytes("l1.npy") == room.bytes(&format!("l{t}.npy")), "{t} threads");
    }
}

#[test]
fn another_seed_gives_other_centroids() {
    let room = Room::with("digits");
    room.ok("train digits.npy -k 10 -o a.safetensors --centroids a.npy -q");
    room.ok("train digits.npy -k 10 -o b.safetensors --centroids b.npy --seed 7 -q");
    assert!(room.bytes("a.npy") != room.bytes("b.npy"));
}

#[test]
fn the_reference_device_agrees_with_the_cpu() {
    let room = Room::with("digits");
    let cpu = room.json("train digits.npy -k 10 -o a.safetensors --device cpu -q");
    let reference = room.json("train digits.npy -k 10 -o b.safetensors --device reference -q");
    let (a, b) = (cpu["inertia"].as_f64().unwrap(), reference["inertia"].as_f64().unwrap());
    assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
}

#[test]
fn the_best_of_twenty_starts_is_the_known_best() {
    for (name, k, best) in
        [("iris", 3, 78.851440), ("wine", 3, 2370689.686793), ("digits", 10, 1165127.462479)]
    {
        let room = Room::with(name);
        let report = room.json(&format!("train {name}.npy -k {k} -o m.safetensors --nredo 20 -q"));
        let inertia = report["inertia"].as_f64().unwrap();
        assert!((inertia / best - 1.0).abs() < 1e-3, "{name}: {inertia}");
    }
}
