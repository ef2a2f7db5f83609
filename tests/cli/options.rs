//! The options of training do what they say.

use serde_json::Value;

use crate::room::{Room, npy_f32};

fn kinds(report: &Value) -> Vec<&str> {
    report["warnings"].as_array().unwrap().iter().map(|w| w["kind"].as_str().unwrap()).collect()
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + a.abs()))
}

#[test]
fn weight_two_equals_a_doubled_row() {
    let room = Room::with("iris");
    let x = room.floats("iris.npy");
    let mut doubled = x.clone();
    doubled.extend(&x[..40 * 4]);
    room.write("doubled.npy", &npy_f32(&doubled, 4));
    let weights: Vec<f32> = (0..150).map(|i| if i < 40 { 2.0 } else { 1.0 }).collect();
    room.write("w.npy", &npy_f32(&weights, 1));
    room.write("w.csv", weights.iter().map(|w| format!("{w}\n")).collect::<String>().as_bytes());
    room.write("c0.npy", &npy_f32(&[&x[..4], &x[240..244], &x[480..484]].concat(), 4));
    let common = "-k 3 --init-centroids c0.npy -q";
    room.ok(&format!("train doubled.npy {common} -o a.safetensors --centroids a.npy"));
    room.ok(&format!("train iris.npy {common} -o b.safetensors --centroids b.npy --weights w.npy"));
    room.ok(&format!("train iris.npy {common} -o c.safetensors --centroids c.npy --weights w.csv"));
    room.ok(&format!("train iris.npy {common} -o n.safetensors --centroids n.npy"));
    assert!(close(&room.floats("a.npy"), &room.floats("b.npy")));
    assert!(room.bytes("b.npy") == room.bytes("c.npy"));
    assert!(room.bytes("b.npy") != room.bytes("n.npy"), "the weights had no effect");
}

#[test]
fn initial_centroids_without_iterations_are_the_centroids() {
    let room = Room::with("iris");
    let x = room.floats("iris.npy");
    room.write("c0.npy", &npy_f32(&[&x[..4], &x[240..244], &x[480..484]].concat(), 4));
    let report = room
        .json("train iris.npy -k 3 -o m.safetensors --init-centroids c0.npy --niter 0 --centroids c.npy -q");
    assert_eq!(report["niter_done"], 0);
    assert_eq!(report["obj"], Value::Array(vec![]));
    assert!(close(&room.floats("c0.npy"), &room.floats("c.npy")));
}

#[test]
fn some_initial_centroids_are_kept_and_the_rest_is_drawn() {
    let room = Room::with("iris");
    let x = room.floats("iris.npy");
    room.write("one.npy", &npy_f32(&x[..4], 4));
    room.ok("train iris.npy -k 3 -o m.safetensors --init-centroids one.npy --niter 0 --centroids c.npy -q");
    let c = room.floats("c.npy");
    assert_eq!(c.len(), 12);
    assert!(close(&c[..4], &x[..4]));
}

#[test]
fn initial_centroids_that_do_not_fit_are_refused() {
    let room = Room::with("iris");
    room.write("wide.csv", b"1,2,3,4,5\n");
    room.write("many.csv", b"1,2,3,4\n5,6,7,8\n1,1,1,1\n2,2,2,2\n");
    room.write("nan.csv", b"1,2,nan,4\n");
    let train =
        |file: &str| room.fails(&format!("train iris.npy -k 3 -o m.safetensors --init-centroids {file}"), 65);
    let error = train("wide.csv");
    assert!(error.contains("wide.csv") && error.contains('5') && error.contains('4'), "{error}");
    let error = train("many.csv");
    assert!(error.contains("4 initial centroids") && error.contains('3'), "{error}");
    let error = train("nan.csv");
    assert!(error.contains("initial centroids") && error.contains("column 2"), "{error}");
}

#[test]
fn spherical_centroids_have_length_one() {
    let room = Room::with("digits");
    let report = room.json("train digits.npy -k 10 -o m.safetensors --spherical --centroids c.npy -q");
    assert_eq!(report["metric"], "ip");
    for centroid in room.floats("c.npy").chunks_exact(64) {
        let length = centroid.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn inner_product_labels_have_the_largest_product() {
    let room = Room::with("wine");
    let report =
        room.json("train wine.npy -k 3 -o m.safetensors --metric ip --centroids c.npy --labels l.npy -q");
    assert_eq!(report["metric"], "ip");
    let (x, c, labels) = (room.floats("wine.npy"), room.floats("c.npy"), room.labels("l.npy"));
    for (row, x) in x.chunks_exact(13).enumerate() {
        let ip = |c: &[f32]| -> f64 { x.iter().zip(c).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
        let all: Vec<f64> = c.chunks_exact(13).map(ip).collect();
        assert!(all.iter().all(|&p| p <= all[labels[row] as usize] * (1.0 + 1e-5)), "row {row}");
    }
}

#[test]
fn a_sample_is_trained_on_and_said_so() {
    let room = Room::with("digits");
    let report =
        room.json("train digits.npy -k 10 -o a.safetensors --max-points-per-centroid 50 --labels l.npy -q");
    assert_eq!(report["n_trained"], 500);
    assert_eq!(report["inertia_over"], "all");
    assert!(kinds(&report).contains(&"subsampled"));
    assert_eq!(room.labels("l.npy").len(), 1797);
    let report = room.json("train digits.npy -k 4 -o b.safetensors --max-points-per-centroid none -q");
    assert_eq!(report["n_trained"], 1797);
    assert!(!kinds(&report).contains(&"subsampled"));
    assert!(kinds(&room.json("train digits.npy -k 4 -o c.safetensors -q")).contains(&"subsampled"));
}

#[test]
fn without_the_final_assignment_inertia_is_of_the_sample() {
    let room = Room::with("digits");
    let report = room
        .json("train digits.npy -k 10 -o m.safetensors --max-points-per-centroid 50 --no-final-assign -q");
    assert_eq!(report["inertia_over"], "sample");
    let sizes = report["cluster_sizes"].as_array().unwrap();
    assert_eq!(sizes.iter().map(|s| s.as_u64().unwrap()).sum::<u64>(), 500);
    assert!(kinds(&report).contains(&"inertia-of-sample"));
    for output in ["--labels l.npy", "--distances d.npy"] {
        let error =
            room.fails(&format!("train digits.npy -k 10 -o x.safetensors --no-final-assign {output}"), 2);
        assert!(error.contains("--labels"), "{error}");
    }
}

#[test]
fn threshold_none_runs_all_iterations() {
    let room = Room::with("iris");
    let report = room.json("train iris.npy -k 3 -o a.safetensors --niter 40 --early-stop-threshold none -q");
    assert_eq!(report["niter_done"], 40);
    assert_eq!(report["obj"].as_array().unwrap().len(), 40);
    let report = room.json("train iris.npy -k 3 -o b.safetensors --niter 40 --early-stop-threshold 0.9 -q");
    assert_eq!(report["stop"], "objective-unchanged");
    assert!(report["niter_done"].as_u64().unwrap() < 5);
}

#[test]
fn more_restarts_are_never_worse() {
    let room = Room::with("digits");
    let one = room.json("train digits.npy -k 10 -o a.safetensors -q");
    let ten = room.json("train digits.npy -k 10 -o b.safetensors --nredo 10 -q");
    assert!(ten["inertia"].as_f64() <= one["inertia"].as_f64());
    assert_eq!(ten["redos"].as_array().unwrap().len(), 10);
}

#[test]
fn strict_exits_with_three_after_writing_everything() {
    let room = Room::with("digits");
    let words = "train digits.npy -k 10 -o m.safetensors --labels l.npy --niter 1 --strict --json";
    let ran = room.run(words);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(kinds(&ran.json()).contains(&"not-converged"));
    assert!(ran.stderr.contains("not converged"), "{}", ran.stderr);
    assert_eq!(room.labels("l.npy").len(), 1797);
    room.ok("info m.safetensors");
    room.ok("train digits.npy -k 10 -o n.safetensors --strict -q");
}

#[test]
fn strict_and_too_few_points_exits_with_three() {
    let room = Room::with("iris");
    let error = room.fails("train iris.npy -k 100 -o m.safetensors --strict", 3);
    assert!(error.contains("150 rows") && error.contains("3900"), "{error}");
    let report = room.json("train iris.npy -k 100 -o m.safetensors -q");
    assert!(kinds(&report).contains(&"too-few-points"));
}

#[test]
fn assignment_by_a_flat_index_gives_the_labels_of_the_engine() {
    let room = Room::with("digits");
    let plain = room.json("train digits.npy -k 10 -o a.safetensors --labels a.npy -q");
    let flat = room.json("train digits.npy -k 10 -o b.safetensors --labels b.npy --assign index -q");
    assert!(room.bytes("a.npy") == room.bytes("b.npy"));
    assert_eq!(flat["obj"], plain["obj"]);
    assert_eq!((&flat["assigner"], &plain["assigner"]), (&"a flat index".into(), &Value::Null));
    assert!(!kinds(&flat).contains(&"approximate-assigner"));
}

#[test]
fn assignment_by_cells_comes_close_and_warns() {
    let room = Room::with("digits");
    let plain = room.json("train digits.npy -k 60 -o a.safetensors --max-points-per-centroid none -q");
    for assign in ["approximate", "approximate:3"] {
        let words = format!(
            "train digits.npy -k 60 -o b.safetensors --max-points-per-centroid none --force -q --assign {assign}"
        );
        let cells = room.json(&words);
        let more = cells["inertia"].as_f64().unwrap() / plain["inertia"].as_f64().unwrap();
        assert!((0.9..1.1).contains(&more), "{assign}: {more}");
        assert!(
            cells["assigner"].as_str().unwrap().starts_with("an index of cells"),
            "{}",
            cells["assigner"]
        );
        assert!(kinds(&cells).contains(&"approximate-assigner"));
    }
}

#[test]
fn duplicate_rows_give_a_warning_and_no_crash() {
    let room = Room::new();
    room.write("same.csv", "1,2\n".repeat(50).as_bytes());
    let report = room.json("train same.csv -k 5 -o m.safetensors -q");
    assert!(kinds(&report).contains(&"fewer-distinct"), "{report}");
    assert_eq!(report["inertia"], 0.0);
}
