//! `kmeans eval`.

use serde_json::Value;

use crate::room::{Room, npy_f32};

/// The names in golden.json beside those of the command.
const GOLDEN: [(&str, &str); 14] = [
    ("inertia", "sum_of_squares"),
    ("mean-distance", "mean_distance"),
    ("silhouette", "silhouette"),
    ("simplified-silhouette", "simplified_silhouette"),
    ("davies-bouldin", "davies_bouldin"),
    ("calinski-harabasz", "calinski_harabasz"),
    ("adjusted-rand", "adjusted_rand"),
    ("adjusted-mutual-info", "adjusted_mutual_information"),
    ("normalized-mutual-info", "normalized_mutual_information"),
    ("homogeneity", "homogeneity"),
    ("completeness", "completeness"),
    ("v-measure", "v_measure"),
    ("fowlkes-mallows", "fowlkes_mallows"),
    ("purity", "purity"),
];

fn golden() -> Value {
    let golden: Value = serde_json::from_str(include_str!("../../kmeans-eval/tests/golden.json")).unwrap();
    golden["sets"]["iris"].clone()
}

/// Flowers with their classes, and the labels of golden.json: the nearest of three rows.
fn labeled() -> Room {
    let room = Room::with("iris");
    let classes = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/iris_target.u8.npy");
    room.write("classes.npy", &std::fs::read(classes).unwrap());
    let x = room.floats("iris.npy");
    let row = |i: usize| x[4 * i..][..4].iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let rows: Vec<usize> =
        golden()["rows"].as_array().unwrap().iter().map(|row| row.as_u64().unwrap() as usize).collect();
    let sq_dist = |i: usize, j: usize| row(i).iter().zip(row(j)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let nearest = |i: usize| {
        (0..rows.len()).min_by(|&a, &b| sq_dist(i, rows[a]).total_cmp(&sq_dist(i, rows[b]))).unwrap() as i32
    };
    write_labels(&room, "labels.csv", (0..150).map(nearest));
    room
}

fn write_labels(room: &Room, name: &str, labels: impl IntoIterator<Item = i32>) {
    let lines: String = labels.into_iter().map(|label| format!("{label}\n")).collect();
    room.write(name, lines.as_bytes());
}

fn read_labels(room: &Room) -> Vec<i32> {
    String::from_utf8(room.bytes("labels.csv")).unwrap().lines().map(|line| line.parse().unwrap()).collect()
}

fn assert_near(report: &Value, key: &str, expected: f64) {
    let found = report[key].as_f64().unwrap_or_else(|| panic!("{key}: {}", report[key]));
    assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{key}: {found}, expected {expected}");
}

#[test]
fn every_measure_has_the_value_that_scikit_learn_gives() {
    let room = labeled();
    let (report, golden) = (room.json("eval iris.npy --labels labels.csv --truth classes.npy -q"), golden());
    for (name, golden_name) in GOLDEN {
        assert_near(&report, name, golden[golden_name].as_f64().unwrap());
    }
    assert_near(
        &report,
        "dunn",
        golden["separation"].as_f64().unwrap() / golden["diameter"].as_f64().unwrap(),
    );
    let sizes: Vec<f64> =
        report["cluster_sizes"].as_array().unwrap().iter().map(|size| size.as_f64().unwrap()).collect();
    let even: f64 = sizes.iter().map(|size| 3.0 * (size / 150.0).powi(2)).sum();
    assert_near(&report, "imbalance-factor", even);
    assert_near(&report["clusters"][0], "radius", golden["radius_of_cluster_0"].as_f64().unwrap());
    assert_eq!((&report["n"], &report["d"], &report["k"]), (&150.into(), &4.into(), &3.into()));
    assert_eq!((&report["distance"], &report["left_out"]), (&"euclidean".into(), &Value::Array(Vec::new())));
    let report = room.json("eval iris.npy --labels labels.csv --distance cosine --metrics silhouette -q");
    assert_near(&report, "silhouette", golden["silhouette_cosine"].as_f64().unwrap());
}

#[test]
fn only_the_measures_asked_for_are_taken() {
    let room = labeled();
    let report =
        room.json("eval iris.npy --labels labels.csv --truth classes.npy --metrics purity,inertia -q");
    assert!(report["purity"].is_number() && report["inertia"].is_number());
    assert!(report.get("silhouette").is_none() && report.get("adjusted-rand").is_none());
    let without_truth = room.json("eval iris.npy --labels labels.csv -q");
    assert!(without_truth["dunn"].is_number() && without_truth.get("purity").is_none());
    let all = room.json("eval iris.npy --labels labels.csv --metrics all -q");
    assert!(all["dunn"].is_number() && all.get("purity").is_none());
    for (name, _) in GOLDEN {
        let words = format!("eval iris.npy --labels labels.csv --truth classes.npy --metrics {name} -q");
        assert!(room.json(&words)[name].is_number(), "{name}");
    }
}

#[test]
fn one_object_goes_to_standard_output_and_the_rest_elsewhere() {
    let room = labeled();
    let ran = room.ok("eval iris.npy --labels labels.csv --json");
    assert!(ran.json()["silhouette"].is_number() && ran.stdout.lines().count() == 1);
    for word in ["150 rows of 4 columns in 3 clusters", "silhouette  0.492152", "cluster sizes"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    let quiet = room.ok("eval iris.npy --labels labels.csv -q");
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
}

#[test]
fn labels_are_names_that_may_be_negative_and_skip_numbers() {
    let room = labeled();
    let names = [i32::MIN, -7, i32::MAX];
    write_labels(&room, "names.csv", read_labels(&room).into_iter().map(|label| names[label as usize]));
    let mut by_number = room.json("eval iris.npy --labels labels.csv --truth classes.npy -q");
    let mut by_name = room.json("eval iris.npy --labels names.csv --truth classes.npy -q");
    for (cluster, name) in by_name["clusters"].as_array().unwrap().iter().zip(names) {
        assert_eq!(cluster["label"], name);
    }
    room.ok("eval iris.npy --labels names.csv --report r.html --plot-scatter s.svg --plot-sizes z.svg -q");
    for report in [&mut by_number, &mut by_name] {
        report.as_object_mut().unwrap().remove("seconds");
        report.as_object_mut().unwrap().remove("clusters");
    }
    assert_eq!(by_number, by_name);
}

#[test]
fn another_number_of_labels_or_classes_than_rows_is_refused_by_file() {
    let room = labeled();
    write_labels(&room, "short.csv", [0; 149]);
    for words in ["--labels short.csv", "--labels labels.csv --truth short.csv"] {
        let error = room.fails(&format!("eval iris.npy {words} --report r.html"), 65);
        assert!(error.contains("short.csv: 149 labels for 150 rows of iris.npy"), "{error}");
    }
    let error = room.fails("eval iris.npy --rows 0:20 --labels short.csv", 65);
    assert!(error.contains("149 labels for 20 rows"), "{error}");
    room.write("half.csv", "0.5\n".repeat(150).as_bytes());
    let error = room.fails("eval iris.npy --labels half.csv", 65);
    assert!(error.contains("half.csv") && error.contains("integer"), "{error}");
    room.fails("eval iris.npy --labels none.csv", 66);
    room.fails("eval none.npy --labels labels.csv", 66);
    room.fails("eval iris.npy --model none.safetensors", 66);
}

#[test]
fn not_a_number_is_named_by_row_and_column() {
    let room = Room::trained("iris", 3);
    let mut x = room.floats("iris.npy");
    x[4 * 70 + 2] = f32::NAN;
    room.write("nan.npy", &npy_f32(&x, 4));
    for source in ["--labels l.npy", "--model m.safetensors"] {
        let error = room.fails(&format!("eval nan.npy {source}"), 65);
        assert!(error.contains("nan.npy: row 70, column 2"), "{error}");
    }
    write_labels(&room, "part.csv", [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let error = room.fails("eval nan.npy --rows 65:75 --labels part.csv", 65);
    assert!(error.contains("row 70, column 2"), "{error}");
}

#[test]
fn one_cluster_has_no_measures_that_compare_and_the_reason_is_given() {
    let room = labeled();
    write_labels(&room, "one.csv", [4; 150]);
    let report = room.json("eval iris.npy --labels one.csv --truth classes.npy -q");
    let compare = ["silhouette", "simplified-silhouette", "davies-bouldin", "calinski-harabasz", "dunn"];
    for (name, left_out) in compare.iter().zip(report["left_out"].as_array().unwrap()) {
        assert_eq!((&report[name], &left_out["measure"]), (&Value::Null, &(*name).into()));
        let reason = left_out["reason"].as_str().unwrap();
        assert!(reason.starts_with("1 clusters of 150 rows; clusters are compared where"), "{reason}");
    }
    assert!(report["inertia"].is_number() && report["adjusted-rand"] == 0.0);
    let ran = room.ok("eval iris.npy --labels one.csv --report r.html");
    assert!(ran.stderr.contains("silhouette is left out: 1 clusters of 150 rows"), "{}", ran.stderr);
    let error = room.fails("eval iris.npy --labels one.csv --metrics silhouette", 65);
    assert!(error.contains("1 clusters of 150 rows; clusters are compared where"), "{error}");
    let report = room.json("eval iris.npy --labels one.csv --metrics all -q");
    assert!(report["silhouette"].is_null() && report["inertia"].is_number());
}

#[test]
fn as_many_clusters_as_rows_are_left_out_and_singletons_are_not() {
    let room = labeled();
    write_labels(&room, "apart.csv", 0..150);
    let report = room.json("eval iris.npy --labels apart.csv -q");
    assert_eq!((&report["silhouette"], &report["inertia"]), (&Value::Null, &0.0.into()));
    room.fails("eval iris.npy --labels apart.csv --metrics davies-bouldin", 65);
    write_labels(&room, "alone.csv", (0..150).map(|row| i32::from(row == 3)));
    let report = room.json("eval iris.npy --labels alone.csv --report r.html -q");
    assert_eq!(report["cluster_sizes"], serde_json::json!([149, 1]));
    assert_eq!(report["clusters"][1]["radius"], 0.0);
    assert!(report["silhouette"].is_number() && report["dunn"].is_number());
    assert!(String::from_utf8(room.bytes("r.html")).unwrap().contains("1 clusters have a single row"));
}

#[test]
fn rows_that_are_all_alike_do_no_harm() {
    let room = Room::new();
    room.write("same.npy", &npy_f32(&[3.0; 20], 2));
    write_labels(&room, "two.csv", (0..10).map(|row| row % 2));
    let report = room.json("eval same.npy --labels two.csv --report r.html --plot-scatter s.svg -q");
    assert_eq!((&report["inertia"], &report["silhouette"]), (&0.0.into(), &0.0.into()));
}

#[test]
fn wrong_words_are_named() {
    let room = Room::trained("iris", 3);
    for (words, named) in [
        ("--metrics adjusted-rand", "adjusted-rand compares with true classes: give --truth"),
        ("--metrics inertia,purity", "--metrics purity"),
        ("--metrics sharpness", "expected one of inertia"),
        ("--metrics sharpness", "or all"),
        ("--metrics=", "--metrics"),
        ("--distance l1", "expected euclidean or cosine"),
        ("--silhouette-sample 0", "--silhouette-sample"),
        ("--silhouette-sample 1", "sample of 1 rows"),
        ("--report r.pdf", "--report r.pdf: a report is a .html file"),
        ("--report r", "a report is a .html file"),
        ("--plot-silhouette s.pdf", "s.pdf: a figure is a .svg or .png file"),
        ("--plot-sizes s", "s: a figure"),
        ("--plot-scatter s.html", "s.html: a figure"),
        ("--plot-objective s.svg", "--model"),
        ("--stability 3", "--model"),
        ("--model m.safetensors", "--model"),
        ("--report x.html --plot-sizes ./x.html", "x.html"),
        ("--plot-scatter x.svg --plot-sizes ./x.svg", "x.svg is named for two files"),
    ] {
        let error = room.usage(&format!("eval iris.npy --labels l.npy {words}"));
        assert!(error.contains(named), "{words}: {error}");
    }
    let error = room.usage("eval iris.npy");
    assert!(error.contains("--model") && error.contains("--labels"), "{error}");
    let error = room.usage("eval iris.npy --model m.safetensors --stability 1");
    assert!(error.contains("--stability compares trainings: give 2 or more"), "{error}");
    let error = room.usage("eval iris.npy --labels l.npy --metrics inertia --plot-silhouette s.svg");
    assert!(error.contains("--plot-silhouette needs silhouette"), "{error}");
}

#[test]
fn outputs_that_exist_are_kept_without_force() {
    let room = Room::trained("iris", 3);
    let flags = ["--report", "--plot-silhouette", "--plot-sizes", "--plot-scatter", "--plot-objective"];
    for flag in flags {
        let name = if flag == "--report" { "keep.html" } else { "keep.svg" };
        room.write(name, b"precious");
        let error = room.fails(&format!("eval none.npy --model m.safetensors {flag} {name}"), 73);
        assert!(error.contains(name) && error.contains("--force"), "{error}");
        let error = room.fails(&format!("eval none.npy --model m.safetensors {flag} no/{name}"), 73);
        assert!(error.contains(&format!("no/{name}")), "{error}");
        room.ok(&format!("eval iris.npy --model m.safetensors {flag} {name} --force -q"));
        assert!(room.bytes(name) != b"precious", "{flag}");
    }
}

#[test]
fn every_figure_is_written_in_both_formats() {
    let room = Room::trained("iris", 3);
    let words = "--plot-silhouette s.E --plot-sizes z.E --plot-scatter c.E --plot-objective o.E";
    for extension in ["svg", "png"] {
        let words = words.replace('E', extension);
        room.ok(&format!("eval iris.npy --model m.safetensors {words} -q"));
        for name in ["s", "z", "c", "o"] {
            let bytes = room.bytes(&format!("{name}.{extension}"));
            let magic: &[u8] = if extension == "svg" { b"<svg" } else { b"\x89PNG\r\n\x1a\n" };
            assert!(bytes.starts_with(magic), "{name}.{extension}");
            assert!(extension == "png" || String::from_utf8(bytes).unwrap().trim_end().ends_with("</svg>"));
        }
    }
}

#[test]
fn the_report_stands_alone_and_tells_how_it_was_made() {
    let room = labeled();
    room.ok("train iris.npy -k 3 -o m.safetensors -q");
    room.ok("eval iris.npy --model m.safetensors --truth classes.npy --report r.html -q");
    let page = String::from_utf8(room.bytes("r.html")).unwrap();
    for word in ["<!DOCTYPE html>", "<svg", "Silhouette", "adjusted Rand", "Classes and clusters", "kmeans++"]
    {
        assert!(page.to_lowercase().contains(&word.to_lowercase()), "{word}");
    }
    assert!(page.contains("kmeans eval iris.npy --model m.safetensors --truth classes.npy --report r.html"));
    // Nothing is fetched, and nothing runs.
    for word in
        ["src=\"http", "href=\"http", "<script", "@import", "url(http", "<link", "<iframe", " onload="]
    {
        assert!(!page.contains(word), "{word}");
    }
    room.ok("eval iris.npy --model m.safetensors --truth classes.npy --report again.html -q");
    let again = String::from_utf8(room.bytes("again.html")).unwrap();
    assert!(page == again.replace("again.html", "r.html"), "the same numbers give the same page");
}

#[test]
fn names_of_files_are_no_markup() {
    let room = Room::with("iris");
    room.write("<b>&.npy", &room.bytes("iris.npy"));
    write_labels(&room, "labels.csv", (0..150).map(|row| row / 50));
    room.ok("eval <b>&.npy --labels labels.csv --report r.html -q");
    let page = String::from_utf8(room.bytes("r.html")).unwrap();
    assert!(page.contains("&lt;b&gt;&amp;.npy") && !page.contains("<b>&"));
}

#[test]
fn a_model_is_measured_by_its_own_inertia_and_labels() {
    let room = Room::trained("iris", 3);
    let trained = room.json("info m.safetensors");
    let by_model = room.json("eval iris.npy --model m.safetensors -q");
    assert_near(&by_model, "inertia", trained["inertia"].as_f64().unwrap());
    assert_eq!(by_model["metric"], "l2");
    let by_labels = room.json("eval iris.npy --labels l.npy -q");
    for key in ["silhouette", "davies-bouldin", "dunn", "cluster_sizes"] {
        assert_eq!(by_model[key], by_labels[key], "{key}");
    }
    let one = room.json("eval iris.npy --model m.safetensors --threads 1 -q");
    let two = room.json("eval iris.npy --model m.safetensors --threads 2 -q");
    for key in ["inertia", "silhouette", "simplified-silhouette", "davies-bouldin", "dunn", "clusters"] {
        assert_eq!(one[key], two[key], "{key}");
    }
    room.write("two.csv", b"1,2\n3,4\n");
    room.fails("eval two.csv --model m.safetensors", 65);
}

#[test]
fn rows_are_prepared_as_the_model_has_it() {
    let room = Room::with("wine");
    let trained = room.json("train wine.npy -k 3 -o m.safetensors --standardize --labels l.npy -q");
    let report = room.json("eval wine.npy --model m.safetensors --report r.html -q");
    assert_eq!(report["inertia"], trained["inertia"]);
    assert_eq!(report["cluster_sizes"], trained["cluster_sizes"]);
    room.ok("prepare wine.npy -o x.npy --standardize -q");
    let prepared = room.json("eval x.npy --labels l.npy -q");
    assert_near(&report, "silhouette", prepared["silhouette"].as_f64().unwrap());
    room.ok("train wine.npy -k 3 -o p.safetensors --pca 2 -q");
    let report = room.json("eval wine.npy --model p.safetensors --plot-scatter s.svg -q");
    assert_eq!(report["d"], 2);
}

#[test]
fn a_model_fills_the_values_that_are_missing() {
    let room = Room::new();
    let rows: String =
        (0..40).map(|i| if i == 7 { ",3\n".to_owned() } else { format!("{i},{}\n", i % 5) }).collect();
    room.write("gaps.csv", rows.as_bytes());
    let trained = room.json("train gaps.csv -k 2 -o m.safetensors --impute mean -q");
    let report = room.json("eval gaps.csv --model m.safetensors -q");
    assert_eq!(report["inertia"], trained["inertia"]);
    assert!(report["silhouette"].is_number());
}

#[test]
fn models_of_the_cosine_are_measured_by_it() {
    let room = Room::with("iris");
    room.ok("train iris.npy -k 3 --metric cosine -o m.safetensors --labels l.npy -q");
    let by_model = room.json("eval iris.npy --model m.safetensors -q");
    assert_eq!((&by_model["distance"], &by_model["metric"]), (&"cosine".into(), &"cosine".into()));
    let by_labels = room.json("eval iris.npy --labels l.npy --distance cosine -q");
    assert_eq!(by_model["silhouette"], by_labels["silhouette"]);
    let other = room.json("eval iris.npy --model m.safetensors --distance euclidean -q");
    assert_eq!(other["distance"], "euclidean");
    assert_ne!(by_model["silhouette"], other["silhouette"]);
    room.write("zero.csv", b"1,2\n0,0\n2,1\n3,3\n");
    write_labels(&room, "z.csv", [0, 0, 1, 1]);
    let error = room.fails("eval zero.csv --labels z.csv --distance cosine", 65);
    assert!(error.contains("zero.csv: row 1"), "{error}");
}

#[test]
fn a_sample_of_silhouettes_says_how_sure_it_is() {
    let room = Room::trained("iris", 3);
    let whole = room.json("eval iris.npy --labels l.npy -q");
    assert_eq!((&whole["silhouette_rows"], &whole["silhouette_half_width"]), (&150.into(), &Value::Null));
    let words = "eval iris.npy --labels l.npy --silhouette-sample 60";
    let report = room.json(&format!("{words} -q"));
    assert_eq!(report["silhouette_rows"], 60);
    let error = report["silhouette"].as_f64().unwrap() - whole["silhouette"].as_f64().unwrap();
    assert!(error.abs() < 2.0 * report["silhouette_half_width"].as_f64().unwrap(), "{error}");
    assert!(room.ok(words).stderr.contains("(95 %, of 60 rows)"));
    assert_ne!(room.json(&format!("{words} --seed 7 -q"))["silhouette"], report["silhouette"]);
    assert_eq!(room.json(&format!("{words} -q"))["silhouette"], report["silhouette"]);
}

#[test]
fn trainings_that_agree_are_stable() {
    let room = Room::new();
    room.ok("generate -n 300 -d 4 -k 3 -o x.npy --std 0.02 -q");
    room.ok("train x.npy -k 3 -o m.safetensors --nredo 5 -q");
    let report = room.json("eval x.npy --model m.safetensors --stability 3 -q");
    assert_eq!(report["stability"], serde_json::json!({ "seeds": 1.0, "subsamples": 1.0 }));
}
