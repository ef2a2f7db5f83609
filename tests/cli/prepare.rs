//! `kmeans prepare`, and steps of preparation in training, assignment, indexes and `info`.

use serde_json::Value;

use crate::room::{Room, npy_f32};

fn with_gaps() -> Room {
    let room = Room::with("iris");
    room.write("gaps.csv", b"a,b\n1,10\n,20\n3,NA\n4,40\n100,nan\n");
    room
}

fn steps(report: &Value) -> Vec<&str> {
    report["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect()
}

#[test]
fn rows_are_filled_scaled_and_projected_in_the_order_of_the_flags() {
    let room = Room::with("wine");
    let report = room.json("prepare wine.npy -o x.npy --standardize --pca 3 --whiten --min-max -q");
    assert_eq!(steps(&report), ["standardize", "pca", "min-max"]);
    for (key, value) in [("n", 178), ("kept", 178), ("d_in", 13), ("d_out", 3)] {
        assert_eq!(report[key], value, "{key}");
    }
    assert!(report["seconds"].is_number() && report["version"].is_string());
    let shares = report["steps"][1]["explained_variance_ratio"].as_array().unwrap();
    // scikit-learn 1.9.1, PCA of what StandardScaler gives.
    assert!((shares[0].as_f64().unwrap() - 0.36198848294709657).abs() < 1e-6);
    assert_eq!(room.shape("x.npy"), "(178, 3)");
    let x = room.floats("x.npy");
    assert_eq!(x.iter().copied().fold(0.0, f32::max), 1.0);
    assert_eq!(x.iter().copied().fold(1.0, f32::min), 0.0);

    let report = room.json("prepare wine.npy -o y.npy --min-max --pca 3 --standardize -q");
    assert_eq!(steps(&report), ["min-max", "pca", "standardize"]);
    assert_ne!(room.floats("y.npy"), x);
}

#[test]
fn one_step_after_the_other_is_both_at_once() {
    let room = Room::with("digits");
    room.ok("prepare digits.npy -o both.npy --standardize --pca 5 --pca-solver randomized -q");
    room.ok("prepare digits.npy -o one.npy --standardize -q");
    room.ok("prepare one.npy -o two.npy --pca 5 --pca-solver randomized -q");
    assert!(room.bytes("both.npy") == room.bytes("two.npy"));
}

#[test]
fn missing_values_of_text_are_filled() {
    let room = with_gaps();
    let report = room.json("prepare gaps.csv -o x.npy --impute median -q");
    assert_eq!((&report["steps"][0]["by"], &report["steps"][0]["missing"]), (&"median".into(), &3.into()));
    assert_eq!(room.floats("x.npy"), [1.0, 10.0, 3.5, 20.0, 3.0, 20.0, 4.0, 40.0, 100.0, 20.0]);
    room.ok("prepare gaps.csv -o y.csv --impute -1.5 -q");
    assert_eq!(room.bytes("y.csv"), b"1,10\n-1.5,20\n3,-1.5\n4,40\n100,-1.5\n");
    let text = room.bytes("gaps.csv");
    let ran = room.run_with("prepare - -o z.npy --impute median -q", &text, |_| ());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(room.bytes("z.npy") == room.bytes("x.npy"));
}

#[test]
fn missing_values_that_nothing_fills_are_named_with_what_would() {
    let room = with_gaps();
    for words in ["prepare gaps.csv -o x.npy --standardize", "train gaps.csv -k 2 -o m.safetensors"] {
        let error = room.fails(words, 65);
        assert!(error.contains("line 3, column 1") && error.contains("--impute"), "{error}");
    }
    room.write("nan.npy", &npy_f32(&[1.0, 2.0, f32::NAN, 4.0], 2));
    let error = room.fails("prepare nan.npy -o x.npy --min-max", 65);
    assert!(error.contains("row 1, column 0") && error.contains("--impute"), "{error}");
    room.write("empty.csv", b"1,\n2,\n");
    let error = room.fails("prepare empty.csv -o x.npy --impute mean", 65);
    assert!(error.contains("column 1") && error.contains("no values"), "{error}");
}

#[test]
fn outliers_are_dropped_and_the_rows_kept_are_told() {
    let room = Room::new();
    let mut values: Vec<f32> = (0..100).map(|i| (i % 10) as f32).collect();
    values[2 * 30] = 1e6;
    values[2 * 31 + 1] = -1e6;
    room.write("x.npy", &npy_f32(&values, 2));
    let report = room.json("prepare x.npy -o y.npy --drop-outliers zscore:3 --kept k.npy -q");
    assert_eq!(
        (&report["n"], &report["kept"], &report["steps"][0]["outliers"]),
        (&50.into(), &48.into(), &2.into())
    );
    assert_eq!(report["steps"][0]["rule"], serde_json::json!({"zscore": 3.0}));
    let kept: Vec<i64> = (0..50).filter(|row| ![30, 31].contains(row)).collect();
    assert_eq!(room.ids("k.npy"), kept);
    let expected: Vec<f32> = kept.iter().flat_map(|&row| values[2 * row as usize..][..2].to_vec()).collect();
    assert_eq!(room.floats("y.npy"), expected);
    // Of some rows, the numbers are those of the file.
    room.ok("prepare x.npy --rows 20:40 -o z.npy --drop-outliers iqr:10 --kept kz.csv -q");
    assert!(String::from_utf8(room.bytes("kz.csv")).unwrap().lines().nth(1).unwrap() == "20");
    let report =
        room.json("prepare x.npy -o w.npy --drop-outliers distance:2 --drop-outliers iqr:5 --standardize -q");
    assert_eq!(steps(&report), ["drop-outliers", "drop-outliers", "standardize"]);
    let error = room.fails("prepare x.npy -o v.npy --drop-outliers zscore:0.01", 65);
    assert!(error.contains("x.npy: all 50 rows are outliers by zscore:0.01"), "{error}");
}

#[test]
fn outliers_are_far_from_the_centroids_of_a_model() {
    let room = Room::trained("iris", 3);
    let report =
        room.json("prepare iris.npy -o x.npy --drop-outliers distance:2:m.safetensors --kept k.npy -q");
    let (labels, distances) = (room.labels("l.npy"), room.floats("d.npy"));
    let far = |row: usize| {
        let own: Vec<f64> = (0..150)
            .filter(|&other| labels[other] == labels[row])
            .map(|other| f64::from(distances[other]).sqrt())
            .collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        let sd = (own.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / own.len() as f64).sqrt();
        f64::from(distances[row]).sqrt() > mean + 2.0 * sd
    };
    let kept: Vec<i64> = (0..150).filter(|&row| !far(row)).map(|row| row as i64).collect();
    assert!((140..150).contains(&kept.len()));
    assert_eq!((room.ids("k.npy"), report["kept"].as_u64()), (kept.clone(), Some(kept.len() as u64)));
    room.write("two.csv", b"1,2\n3,4\n");
    let error = room.fails("prepare two.csv -o y.npy --drop-outliers distance:2:m.safetensors", 65);
    assert!(error.contains("4 columns") && error.contains('2'), "{error}");
}

#[test]
fn a_pipeline_is_applied_to_other_rows() {
    let room = Room::with("wine");
    room.ok(
        "prepare wine.npy -o x.npy --drop-outliers zscore:3 --standardize --pca 2 --save-pipeline p.json -q",
    );
    room.ok("prepare wine.npy -o y.npy --pipeline p.json -q");
    assert!(room.bytes("x.npy") == room.bytes("y.npy"));
    let report = room.json("prepare wine.npy --rows 0:9 -o z.npy --pipeline p.json --force -q");
    assert_eq!((&report["n"], &report["d_in"], &report["d_out"]), (&9.into(), &13.into(), &2.into()));
    let part = room.floats("z.npy");
    assert_eq!(part, room.floats("x.npy")[..part.len()]);
    let info = room.json("info p.json");
    assert_eq!(
        (&info["format"], &info["d_in"], &info["d_out"]),
        (&"kmeans preparation".into(), &13.into(), &2.into())
    );
    assert_eq!(steps(&info), ["drop-outliers", "standardize", "pca"]);
    assert!(room.ok("info p.json").stdout.contains("steps"));

    let iris = Room::with("iris");
    iris.write("p.json", &room.bytes("p.json"));
    let error = iris.fails("prepare iris.npy -o x.npy --pipeline p.json", 65);
    assert!(error.contains("iris.npy has 4 columns") && error.contains("13"), "{error}");
    iris.write("x.csv", &[vec![b'9'; 20], vec![b','], vec![b'9'; 20], b"\n".to_vec()].concat());
    let error = room.fails("prepare wine.npy -o x2.npy --pipeline none.json", 66);
    assert!(error.contains("none.json"), "{error}");
}

#[test]
fn a_damaged_pipeline_is_refused() {
    let room = Room::with("iris");
    room.ok("prepare iris.npy -o x.npy --standardize --save-pipeline p.json -q");
    let bytes = room.bytes("p.json");
    for keep in [0, 1, 50, bytes.len() / 2, bytes.len() - 3] {
        room.write("cut.json", &bytes[..keep]);
        for words in ["prepare iris.npy -o y.npy --pipeline cut.json", "info cut.json"] {
            let error = room.fails(words, 65);
            assert!(error.contains("cut.json: not a usable preparation"), "{keep}: {error}");
        }
    }
    let later = String::from_utf8(bytes).unwrap().replace(r#""version":1"#, r#""version":7"#);
    room.write("later.json", later.as_bytes());
    let error = room.fails("prepare iris.npy -o y.npy --pipeline later.json", 65);
    assert!(error.contains("version 7"), "{error}");
    let error = room.fails("prepare iris.npy -o y.npy --pipeline iris.npy", 65);
    assert!(error.contains("iris.npy"), "{error}");
}

#[test]
fn a_model_prepares_the_rows_that_it_is_given() {
    let room = Room::with("wine");
    let flags = "--standardize --pca 5 --whiten";
    let report = room
        .json(&format!("train wine.npy -k 3 -o m.safetensors --labels l.npy --distances d.npy {flags} -q"));
    assert_eq!((&report["d"], &report["preparation"]["d_in"]), (&5.into(), &13.into()));
    assert_eq!(steps(&report["preparation"]), ["standardize", "pca"]);
    room.ok("assign m.safetensors wine.npy --labels a.npy --distances ad.npy -q");
    assert!(room.bytes("a.npy") == room.bytes("l.npy") && room.bytes("ad.npy") == room.bytes("d.npy"));

    // By hand.
    room.ok(&format!("prepare wine.npy -o x.npy {flags} --save-pipeline p.json -q"));
    room.ok("train x.npy -k 3 -o bare.safetensors --labels bl.npy -q");
    assert!(room.bytes("bl.npy") == room.bytes("l.npy"));
    room.ok("train wine.npy -k 3 -o again.safetensors --labels pl.npy --pipeline p.json -q");
    assert!(room.bytes("pl.npy") == room.bytes("l.npy"));
    room.ok("prepare wine.npy -o y.npy --pipeline m.safetensors -q");
    assert!(room.bytes("y.npy") == room.bytes("x.npy"));

    let info = room.json("info m.safetensors");
    assert_eq!((&info["d"], &info["preparation"]["d_in"]), (&5.into(), &13.into()));
    assert_eq!(steps(&info["preparation"]), ["standardize", "pca"]);
    assert!(room.json("info bare.safetensors").get("preparation").is_none());
    let error = room.fails("assign m.safetensors x.npy --labels z.npy", 65);
    assert!(error.contains("x.npy has 5 columns") && error.contains("13"), "{error}");
    let error = room.fails("prepare wine.npy -o z.npy --pipeline bare.safetensors", 65);
    assert!(error.contains("bare.safetensors") && error.contains("no pipeline"), "{error}");
    let error = room.fails("prepare wine.npy -o z.npy --drop-outliers distance:2:m.safetensors", 65);
    assert!(error.contains("m.safetensors: its rows are prepared"), "{error}");
}

#[test]
fn a_training_fills_missing_values_and_leaves_outliers_out() {
    let room = with_gaps();
    let words =
        "train gaps.csv -k 2 -o m.safetensors --labels l.npy --impute median --drop-outliers distance:1.5";
    let report = room.json(&format!("{words} --min-points-per-centroid 1 -q"));
    let warning = &report["warnings"][0];
    assert_eq!(
        (&warning["kind"], &warning["outliers"], &warning["n"]),
        (&"outliers".into(), &1.into(), &5.into())
    );
    assert_eq!(room.labels("l.npy").len(), 5);
    room.ok("assign m.safetensors gaps.csv --labels a.npy -q");
    assert!(room.bytes("a.npy") == room.bytes("l.npy"));
    let error = room.fails(&format!("{} --force -k 5", words.replacen(" -k 2", "", 1)), 65);
    assert!(error.contains("4 rows cannot make 5 clusters"), "{error}");
}

#[test]
fn initial_centroids_are_in_the_units_of_prepared_rows() {
    let room = Room::with("wine");
    room.ok("prepare wine.npy -o x.npy --pca 2 -q");
    room.ok("train x.npy -k 3 -o a.safetensors --centroids c.npy -q");
    room.ok("train wine.npy -k 3 -o b.safetensors --pca 2 --init-centroids c.npy --labels l.npy -q");
    let error = room.fails("train wine.npy -k 3 -o d.safetensors --init-centroids c.npy", 65);
    assert!(error.contains("c.npy") && error.contains("13"), "{error}");
}

#[test]
fn weights_count_in_every_step_of_prepare_and_train() {
    let room = Room::new();
    room.write("x.csv", b"1,2\n4,1\n9,9\n2,7\n5,5\n100,100\n");
    room.write("w.csv", b"1\n2\n1\n3\n2\n0\n");
    room.write("repeated.csv", b"1,2\n4,1\n4,1\n9,9\n2,7\n2,7\n2,7\n5,5\n5,5\n");
    for flags in ["--min-max", "--standardize", "--pca 2 --whiten", "--drop-outliers iqr:1 --normalize"] {
        room.ok(&format!("prepare x.csv -o a.npy --weights w.csv {flags} --save-pipeline p.json --force -q"));
        room.ok(&format!("prepare repeated.csv -o b.npy {flags} --save-pipeline q.json --force -q"));
        for (pipeline, out) in [("p.json", "a.npy"), ("q.json", "b.npy")] {
            room.ok(&format!("prepare repeated.csv -o {out} --pipeline {pipeline} --force -q"));
        }
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
        assert!(room.floats("a.npy").iter().zip(&room.floats("b.npy")).all(close), "{flags}");
        let train = "-k 2 --min-points-per-centroid 1 --force -q";
        room.ok(&format!("train x.csv -o m.safetensors --weights w.csv {flags} {train}"));
        room.ok(&format!("prepare x.csv -o w.npy --weights w.csv {flags} --save-pipeline r.json --force -q"));
        assert_eq!(
            room.json("info m.safetensors")["preparation"]["steps"],
            room.json("info r.json")["steps"]
        );
        room.ok("prepare x.csv -o c.npy --pipeline m.safetensors --force -q");
        room.ok("prepare x.csv -o d.npy --pipeline r.json --force -q");
        assert!(room.bytes("c.npy") == room.bytes("d.npy"), "{flags}");
    }
    room.write("short.csv", b"1\n2\n");
    let error = room.fails("prepare x.csv -o y.npy --weights short.csv --standardize", 65);
    assert!(error.contains("2") && error.contains('6'), "{error}");
    room.write("none.csv", b"0\n0\n0\n0\n0\n0\n");
    room.fails("prepare x.csv -o y.npy --weights none.csv --standardize", 65);
    room.fails("prepare x.csv -o y.npy --weights missing.csv --standardize", 66);
}

#[test]
fn the_seed_of_randomized_components_is_1234_or_what_is_typed() {
    let room = Room::with("digits");
    for (solver, name) in [("randomized", "a"), ("randomized:1234", "b"), ("randomized:7", "c")] {
        let words = format!("prepare digits.npy -o {name}.npy --pca 20 --pca-solver {solver}");
        let report = room.json(&format!("{words} -q"));
        let seed = if name == "c" { 7 } else { 1234 };
        assert_eq!(report["steps"][0]["solver"], serde_json::json!({"randomized": {"seed": seed}}));
    }
    assert!(room.bytes("a.npy") == room.bytes("b.npy") && room.bytes("a.npy") != room.bytes("c.npy"));
}

#[test]
fn too_many_columns_for_exact_components_are_refused_with_what_takes_them() {
    let room = Room::new();
    let x: Vec<f32> = (0..2 * 16_400).map(|i| (i % 7) as f32).collect();
    room.write("wide.npy", &npy_f32(&x, 16_400));
    let error = room.fails("prepare wide.npy -o x.npy --pca 1", 2);
    assert!(error.contains("the number of columns is 16400"), "{error}");
    assert!(error.contains("--pca-solver randomized") && error.contains("PcaSolver::Randomized"), "{error}");
    room.ok("prepare wide.npy -o x.npy --pca 1 --pca-solver randomized -q");
}

#[test]
fn an_index_refuses_a_model_that_prepares_its_rows() {
    let room = Room::with("wine");
    room.ok("train wine.npy -k 3 -o m.safetensors --standardize -q");
    let error = room.fails("index wine.npy --model m.safetensors -o x.index", 65);
    assert!(error.contains("m.safetensors: it prepares its rows"), "{error}");
}

#[test]
fn wrong_arguments_are_usage_errors_that_name_the_flag() {
    let room = Room::with("iris");
    room.ok("prepare iris.npy -o x.npy --standardize --save-pipeline p.json -q");
    for (words, named) in [
        ("prepare iris.npy -o y.npy", "no steps"),
        ("prepare iris.npy -o y.npy --pipeline p.json --standardize", "--standardize"),
        ("prepare iris.npy -o y.npy --pipeline p.json --save-pipeline q.json", "--save-pipeline"),
        ("prepare iris.npy -o y.npy --whiten", "--pca"),
        ("prepare iris.npy -o y.npy --pca-solver exact", "--pca"),
        ("prepare iris.npy -o y.npy --pca 2 --pca-solver fast", "exact, randomized or randomized:SEED"),
        ("prepare iris.npy -o y.npy --pca 2 --pca-solver randomized:x", "randomized:SEED"),
        ("prepare iris.npy -o y.npy --pca 2 --pca-solver exact:3", "randomized:SEED"),
        ("prepare iris.npy -o y.npy --pipeline p.json --weights w.csv", "--weights"),
        ("prepare iris.npy -o w.csv --standardize --weights w.csv --force", "w.csv"),
        ("prepare iris.npy -o y.npy --pca 5", "components is 5"),
        ("prepare iris.npy -o y.npy --pca 0", "components is 0"),
        ("prepare iris.npy -o y.npy --impute mode", "mean, median or"),
        ("prepare iris.npy -o y.npy --impute inf", "mean, median or"),
        ("prepare iris.npy -o y.npy --standardize --impute mean", "--impute is step 2"),
        ("prepare iris.npy -o y.npy --drop-outliers zscore", "zscore:Z"),
        ("prepare iris.npy -o y.npy --drop-outliers zscore:x", "zscore:Z"),
        ("prepare iris.npy -o y.npy --drop-outliers iqr:1:m.safetensors", "zscore:Z"),
        ("prepare iris.npy -o y.npy --drop-outliers zscore:0", "--drop-outliers is 0"),
        ("prepare iris.npy -o y.npy --drop-outliers distance:-1", "--drop-outliers is -1"),
        ("prepare iris.npy -o y.npy --standardize --save-pipeline q.npy", "a pipeline is a .json file"),
        ("prepare iris.npy -o y.txt --standardize", "y.txt"),
        ("prepare iris.npy -o y.npy --standardize --kept k.txt", "k.txt"),
        ("prepare iris.npy -o iris.npy --standardize --force", "iris.npy"),
        ("prepare iris.npy -o y.npy --pipeline p.json --kept p.json --force", "p.json"),
        ("train iris.npy -k 3 -o m.safetensors --pca 9", "components is 9"),
    ] {
        let error = room.usage(words);
        assert!(error.contains(named), "`{words}`: {error}");
    }
    room.fails("prepare iris.npy -o x.npy --standardize", 73);
    room.fails("prepare none.npy -o y.npy --standardize", 66);
    room.fails("prepare iris.npy -o y.npy --drop-outliers distance:2:none.safetensors", 66);
}

#[test]
fn a_person_reads_what_each_step_found() {
    let room = Room::with("digits");
    let ran = room.ok("prepare digits.npy -o x.npy --standardize --pca 10 --whiten");
    assert_eq!(ran.stdout, "");
    for words in [
        "standardize: 3 columns do not vary",
        "pca 10, whitened: 58.87 %",
        "1797 of 1797 rows, 10 columns of 64",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert_eq!(room.ok("prepare digits.npy -o y.npy --normalize -q").stderr, "");
    let ran = room.ok("train digits.npy -k 10 -o m.safetensors --min-max");
    assert!(ran.stderr.starts_with("min-max: 3 columns do not vary\n"), "{}", ran.stderr);
}

#[test]
fn codes_and_sparse_rows_are_prepared_as_they_are_read() {
    let room = Room::with("digits");
    // Whole numbers to 16, which halves hold.
    room.ok("convert digits.npy codes.npy --codec f16 -q");
    for (data, name) in [("digits.npy", "a.npy"), ("codes.npy --codec f16", "b.npy")] {
        let flags = "--standardize --pca 8 --max-points-per-centroid 50";
        room.ok(&format!("train {data} -k 10 -o m.safetensors --labels {name} {flags} --force -q"));
    }
    assert!(room.bytes("a.npy") == room.bytes("b.npy"));
    room.ok("assign m.safetensors codes.npy --codec f16 --labels c.npy -q");
    assert!(room.bytes("a.npy") == room.bytes("c.npy"));

    room.write("x.svm", b"0 1:1 3:2\n0 2:4\n0 1:3 2:8 3:2\n");
    room.write("x.csv", b"1,0,2\n0,4,0\n3,8,2\n");
    room.ok("prepare x.svm -o s.npy --standardize -q");
    room.ok("prepare x.csv -o t.npy --standardize -q");
    assert!(room.bytes("s.npy") == room.bytes("t.npy"));
    room.ok("train x.svm -k 2 -o n.safetensors --min-max --min-points-per-centroid 1 -q");
}
