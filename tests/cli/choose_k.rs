//! `kmeans choose-k`.

use serde_json::Value;

use crate::room::{Room, npy_f32};

const METHODS: [&str; 8] =
    ["elbow", "silhouette", "calinski-harabasz", "davies-bouldin", "gap", "bic", "x-means", "stability"];

/// Without what no two runs share.
fn timeless(mut report: Value) -> Value {
    report.as_object_mut().unwrap().remove("seconds");
    for measures in report["measures"].as_array_mut().unwrap() {
        measures.as_object_mut().unwrap().remove("seconds");
    }
    report
}

#[test]
fn flowers_have_two_or_three_clusters_whatever_the_number_of_threads() {
    let room = Room::with("iris");
    let report = room.json("choose-k iris.npy --k 2:10 --threads 1");
    assert!([2, 3].map(Value::from).contains(&report["recommended"]), "{}", report["recommended"]);
    let again = room.json("choose-k iris.npy --k 2:10 --threads 2 -q");
    assert_eq!(timeless(report), timeless(again));
}

#[test]
fn digits_have_about_ten_clusters_whatever_the_number_of_threads() {
    let room = Room::with("digits");
    let report = room.json("choose-k digits.npy --k 2:16 --methods elbow,silhouette,bic --threads 1 -q");
    let k = report["recommended"].as_u64().unwrap();
    assert!((8..=12).contains(&k), "{k}");
    assert!(report["doubts"].to_string().contains("clusters overlap"), "{}", report["doubts"]);
    let again = room.json("choose-k digits.npy --k 2:16 --methods elbow,silhouette,bic --threads 2 -q");
    assert_eq!(timeless(report), timeless(again));
}

#[test]
fn clusters_that_lie_apart_are_counted_by_every_method() {
    let room = Room::new();
    room.ok("generate -n 600 -d 4 -k 5 -o x.npy --std 0.02 -q");
    let report = room.json(&format!("choose-k x.npy --k 2:9 --methods {} -q", METHODS.join(",")));
    for (vote, method) in report["reasons"].as_array().unwrap().iter().zip(METHODS) {
        assert_eq!(vote["method"], method);
        // A curve may bend where the first of two near clusters is found, and fewer clusters can be as stable.
        let is_told = match method {
            "elbow" => vote["k"] == 5 || vote["k"] == 4,
            "stability" => vote["k"].as_u64().unwrap() <= 5,
            _ => vote["k"] == 5,
        };
        assert!(is_told && vote["reason"].as_str().unwrap().contains(&vote["k"].to_string()), "{vote}");
    }
    assert_eq!(report["recommended"], 5);
    assert!(report["sureness"].as_f64().unwrap() >= 0.75);
    assert_eq!(report["doubts"], Value::Array(Vec::new()));
}

#[test]
fn the_keys_that_scripts_rely_on_are_there() {
    let room = Room::with("iris");
    let report = room.json("choose-k iris.npy --k 2:8:3 -q");
    for key in ["n", "d", "k", "measures", "recommended", "sureness", "reasons", "doubts", "seconds", "seed"]
    {
        assert!(report.get(key).is_some(), "{key}");
    }
    assert_eq!(report["k"], serde_json::json!([2, 5, 8]));
    for (measures, k) in report["measures"].as_array().unwrap().iter().zip([2, 5, 8]) {
        assert_eq!(measures["k"], k);
        for key in ["inertia", "silhouette", "calinski-harabasz", "davies-bouldin", "silhouette_error"] {
            assert!(measures[key].is_number(), "{key}");
        }
        assert_eq!(measures["cluster_sizes"].as_array().unwrap().len(), k);
    }
    let sureness = report["sureness"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&sureness));
    assert_eq!(report["reasons"].as_array().unwrap().len(), 4);
}

#[test]
fn each_method_can_vote_alone() {
    let room = Room::with("iris");
    for method in METHODS {
        let report = room.json(&format!("choose-k iris.npy --k 2:5 --methods {method} -q"));
        let votes = report["reasons"].as_array().unwrap();
        assert_eq!((votes.len(), &votes[0]["method"]), (1, &method.into()));
        assert!(report["recommended"].is_u64(), "{method}");
    }
}

#[test]
fn one_cluster_is_not_stable_for_being_one() {
    let room = Room::with("iris");
    let report = room.json("choose-k iris.npy --k 1:6 --methods stability -q");
    assert_eq!(report["recommended"], 2);
    assert!(report["measures"][0].get("stability").is_none());
}

#[test]
fn the_summary_tells_votes_and_the_recommendation() {
    let room = Room::with("iris");
    let ran = room.ok("choose-k iris.npy --k 2:5");
    assert_eq!(ran.stdout, "");
    for word in ["silhouette", "davies-bouldin: ", " <\n", "recommended k = ", "sure to "] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    let quiet = room.ok("choose-k iris.npy --k 2:5 -q");
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
}

#[test]
fn ranges_that_cannot_be_tried_are_refused_at_once() {
    let room = Room::with("iris");
    for range in ["5:2", "0:3", "abc", "2", "2:5:0", "2:5:1:1", "2:", ":5", "-1:3", ""] {
        let error = room.usage(&format!("choose-k iris.npy --k={range}"));
        assert!(error.contains("--k") && error.contains("FROM:TO"), "{range}: {error}");
    }
    for range in ["2:1000", "2:151", "1:18446744073709551615"] {
        let error = room.fails(&format!("choose-k iris.npy --k {range}"), 2);
        assert!(error.contains("150"), "{range}: {error}");
    }
    // Silhouettes compare clusters.
    let error = room.fails("choose-k iris.npy --k 1:5 --methods silhouette", 2);
    assert!(error.contains("k from 1 to 5, expected 2 to 149"), "{error}");
    room.ok("choose-k iris.npy --k 1:5 --methods silhouette,elbow -q");
}

#[test]
fn wrong_words_are_named() {
    let room = Room::with("iris");
    for (words, named) in [
        ("--methods knee", "expected one of elbow, silhouette"),
        ("--methods elbow,knee", "knee"),
        ("--methods=", "--methods"),
        ("--plot k.pdf", "k.pdf: a figure is a .svg or .png file"),
        ("--plot k", "k: a figure"),
        ("-o m.npy", "m.npy: a model is a .safetensors file"),
        ("--gap-references 0", "--gap-references"),
        ("--silhouette-sample 0", "--silhouette-sample"),
        ("--silhouette-sample 1", "sample of 1 rows"),
        ("--methods stability --stability-trainings 1", "1 trainings"),
        ("--metric sine", "sine"),
    ] {
        let error = room.usage(&format!("choose-k iris.npy --k 2:4 {words}"));
        assert!(error.contains(named), "{words}: {error}");
    }
}

#[test]
fn bad_data_is_refused_with_its_place() {
    let room = Room::new();
    room.write("nan.npy", &npy_f32(&[1.0, 2.0, 3.0, f32::NAN, 5.0, 6.0, 7.0, 8.0], 2));
    let error = room.fails("choose-k nan.npy --k 2:3", 65);
    assert!(error.contains("nan.npy: row 1, column 1"), "{error}");
    room.fails("choose-k none.npy --k 2:3", 66);
}

#[test]
fn rows_without_spread_have_one_cluster_or_none_to_tell() {
    let room = Room::new();
    room.write("same.npy", &npy_f32(&[3.0; 60], 2));
    let report = room.json(&format!("choose-k same.npy --k 1:4 --methods {} -q", METHODS.join(",")));
    assert_eq!(report["recommended"], 1);
}

#[test]
fn figures_are_written_in_both_formats() {
    let room = Room::with("iris");
    let methods = METHODS.join(",");
    room.ok(&format!("choose-k iris.npy --k 2:6 --methods {methods} --plot k.svg -q"));
    let svg = String::from_utf8(room.bytes("k.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("is recommended"));
    room.ok("choose-k iris.npy --k 2:6 --plot k.PNG -q");
    assert!(room.bytes("k.PNG").starts_with(b"\x89PNG\r\n\x1a\n"));
    // One number, and none that is voted for by what is drawn.
    room.ok("choose-k iris.npy --k 3:3 --plot one.svg -q");
    room.ok("choose-k iris.npy --k 2:4 --methods x-means --plot splits.svg -q");

    let error = room.fails("choose-k iris.npy --k 2:6 --plot k.svg", 73);
    assert!(error.contains("k.svg") && error.contains("--force"), "{error}");
    room.ok("choose-k iris.npy --k 2:6 --plot k.svg --force -q");
}

#[test]
fn the_model_of_the_recommended_k_is_kept() {
    let room = Room::with("iris");
    let report = room.json("choose-k iris.npy --k 2:8 -o m.safetensors -q");
    let k = &report["recommended"];
    let info = room.json("info m.safetensors");
    assert_eq!(&info["k"], k);
    let assigned = room.json("assign m.safetensors iris.npy --labels l.npy -q");
    let at = k.as_u64().unwrap() as usize - 2;
    let (told, found) = (&report["measures"][at]["inertia"], &assigned["inertia"]);
    assert!((told.as_f64().unwrap() - found.as_f64().unwrap()).abs() < 1e-3, "{told} {found}");
    assert_eq!(assigned["cluster_sizes"], report["measures"][at]["cluster_sizes"]);

    let error = room.fails("choose-k iris.npy --k 2:8 -o m.safetensors", 73);
    assert!(error.contains("--force"), "{error}");
    let error =
        room.fails("choose-k iris.npy --k 2:8 -o m.safetensors --plot iris.npy.svg/x.svg --force", 73);
    assert!(error.contains("x.svg"), "{error}");
}

#[test]
fn rows_are_prepared_first_and_the_model_keeps_the_steps() {
    let room = Room::with("wine");
    let raw = room.json("choose-k wine.npy --k 2:8");
    let report = room.json("choose-k wine.npy --k 2:8 --standardize -o m.safetensors");
    assert_eq!(report["recommended"], 3);
    assert_ne!(raw["measures"][0]["inertia"], report["measures"][0]["inertia"]);
    let found = room.json("eval wine.npy --model m.safetensors -q");
    let measured = &report["measures"][1];
    let is_near = |a: &Value, b: &Value| (a.as_f64().unwrap() / b.as_f64().unwrap() - 1.0).abs() < 1e-9;
    assert!(is_near(&found["inertia"], &measured["inertia"]));
    assert!(is_near(&found["silhouette"], &measured["silhouette"]));
    let error = room.usage("choose-k wine.npy --k 2:8 --drop-outliers zscore:3");
    assert!(error.contains("kmeans prepare --drop-outliers"), "{error}");
}
