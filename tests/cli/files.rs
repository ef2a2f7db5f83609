//! `info`, `convert` and `generate`.

use crate::room::{Room, parse_npy};

#[test]
fn info_tells_of_a_model() {
    let room = Room::trained("iris", 3);
    let info = room.json("info m.safetensors");
    assert_eq!((&info["k"], &info["d"], &info["n"]), (&3.into(), &4.into(), &150.into()));
    assert_eq!(info["metric"], "l2");
    assert_eq!(info["params"]["seed"], 1234);
    let ran = room.ok("info m.safetensors");
    for word in ["k  3", "metric  l2", "inertia  78.8"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    assert_eq!(ran.stderr, "");
}

#[test]
fn info_tells_of_every_format() {
    let room = Room::with("wine");
    for (name, dtype) in [("w.fvecs", "f32"), ("w.csv", "text"), ("w.tsv", "text")] {
        room.ok(&format!("convert wine.npy {name} -q"));
        let info = room.json(&format!("info {name}"));
        assert_eq!((&info["rows"], &info["dim"]), (&178.into(), &13.into()), "{name}");
        assert_eq!(info["dtype"], dtype, "{name}");
    }
    let info = room.json("info wine.npy");
    assert_eq!((&info["rows"], &info["dim"], &info["dtype"]), (&178.into(), &13.into(), &"f32".into()));
    assert!(room.ok("info wine.npy").stdout.contains("rows  178"));
    room.write("l.ivecs", &[1i32.to_le_bytes(), 5i32.to_le_bytes()].concat());
    assert_eq!(room.json("info l.ivecs")["rows"], 1);
    let digits = Room::with("digits");
    digits.ok("convert digits.npy x.bvecs -q");
    assert_eq!(digits.json("info x.bvecs")["dtype"], "u8");
}

#[test]
fn converting_there_and_back_gives_the_same_bytes() {
    let room = Room::with("wine");
    for through in ["w.fvecs", "w.csv", "w.tsv", "w64.npy --dtype f64"] {
        room.ok(&format!("convert wine.npy {through} -q"));
        let name = through.split(' ').next().unwrap();
        room.ok(&format!("convert {name} back.npy --force -q"));
        assert!(room.floats("wine.npy") == room.floats("back.npy"), "{through}");
    }
    let digits = Room::with("digits");
    for through in ["d.bvecs", "d16.npy --dtype f16", "d8.npy --dtype u8", "di.npy --dtype i8"] {
        digits.ok(&format!("convert digits.npy {through} -q"));
        let name = through.split(' ').next().unwrap();
        digits.ok(&format!("convert {name} back.npy --force -q"));
        assert!(digits.floats("digits.npy") == digits.floats("back.npy"), "{through}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_and_nothing_is_left() {
    let room = Room::with("iris");
    for out in ["x.bvecs", "x.npy --dtype u8", "x.npy --dtype i8"] {
        let error = room.fails(&format!("convert iris.npy {out}"), 65);
        assert!(error.contains("row 0, column 0") && error.contains("5.09"), "{error}");
    }
}

#[test]
fn converting_a_model_gives_its_centroids() {
    let room = Room::with("iris");
    room.ok("train iris.npy -k 3 -o m.safetensors --centroids c.npy -q");
    room.ok("convert m.safetensors c2.npy -q");
    assert!(room.bytes("c.npy") == room.bytes("c2.npy"));
}

#[test]
fn a_range_of_rows_of_a_model_is_obeyed_or_refused() {
    let room = Room::trained("iris", 3);
    let ran = room.run("convert m.safetensors two.csv --rows 0:2 -q");
    let rows = std::fs::read_to_string(room.path("two.csv")).map_or(0, |text| text.lines().count());
    assert!((ran.code == 2 && rows == 0) || (ran.code == 0 && rows == 2), "exit {}, {rows} rows", ran.code);
}

#[test]
fn convert_reads_standard_input_and_ranges() {
    let room = Room::new();
    let ran = room.run_with("convert - s.npy --rows 1: -q", b"1,2\n3,4\n5,6\n", |_| ());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(room.floats("s.npy"), [3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn generating_is_deterministic_and_follows_the_seed() {
    let room = Room::new();
    room.ok("generate -n 500 -d 3 -k 4 -o a.npy --labels la.npy -q");
    room.ok("generate -n 500 -d 3 -k 4 -o b.npy --labels lb.npy -q");
    room.ok("generate -n 500 -d 3 -k 4 -o c.npy --seed 5 -q");
    assert!(room.bytes("a.npy") == room.bytes("b.npy"));
    assert!(room.bytes("la.npy") == room.bytes("lb.npy"));
    assert!(room.bytes("a.npy") != room.bytes("c.npy"));
    assert_eq!(room.shape("a.npy"), "(500, 3)");
    assert_eq!(room.shape("la.npy"), "(500,)");
    assert!(room.labels("la.npy").iter().all(|l| (0..4).contains(l)));
}

#[test]
fn generating_obeys_the_dtype_and_the_extension() {
    let room = Room::new();
    for (dtype, descr) in [("f32", "<f4"), ("f64", "<f8"), ("f16", "<f2")] {
        room.ok(&format!("generate -n 20 -d 3 -k 4 -o {dtype}.npy --dtype {dtype} -q"));
        assert_eq!(parse_npy(&room.bytes(&format!("{dtype}.npy"))).0, descr);
    }
    room.ok("generate -n 20 -d 3 -k 4 -o x.csv -q");
    assert_eq!(String::from_utf8(room.bytes("x.csv")).unwrap().lines().count(), 20);
    room.fails("generate -n 20 -d 3 -k 4 -o y.csv --dtype f64", 2);
}

#[test]
fn training_recovers_generated_clusters() {
    let room = Room::new();
    room.ok("generate -n 2000 -d 16 -k 6 -o x.npy --labels truth.npy --std 0.1 -q");
    room.ok("train x.npy -k 6 -o m.safetensors --labels l.npy --nredo 10 -q");
    let (truth, found) = (room.labels("truth.npy"), room.labels("l.npy"));
    let mut pairs: Vec<(i32, i32)> = truth.into_iter().zip(found).collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), 6, "{pairs:?}");
}

#[test]
fn generating_nothing_or_nonsense_is_refused() {
    let room = Room::new();
    for words in ["-n 0 -d 3 -k 4", "-n 5 -d 0 -k 4", "-n 5 -d 3 -k 0", "-n 5 -d 3 -k 4 --std nan"] {
        room.fails(&format!("generate {words} -o g.npy"), 2);
    }
}

#[test]
fn generating_more_columns_than_memory_holds_is_refused() {
    let room = Room::new();
    let ran = room.run("generate -n 1 -d 9223372036854775807 -k 1 -o g.npy");
    assert!(ran.code != 0 && ran.stderr.starts_with("error: "), "{}", ran.stderr);
    assert!(room.names().is_empty(), "{:?}", room.names());
}
