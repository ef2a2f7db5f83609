//! `kmeans search`: what is found, how much of the truth that is, and what cannot be searched.

use serde_json::Value;

use crate::room::{Room, npy, npy_f32, npy_ids};

/// The lists of `ivf.index`.
const K: usize = 20;

/// With `flat.index` and `ivf.index` of all rows of digits, and what the flat one finds: `truth.npy`, `near.npy`.
fn room() -> Room {
    let room = Room::trained("digits", K);
    room.ok("index digits.npy --flat -o flat.index -q");
    room.ok("index digits.npy --model m.safetensors -o ivf.index -q");
    room.ok("search flat.index digits.npy -p 100 --ids truth.npy --distances near.npy -q");
    room
}

/// The smaller room of those tests that only need something to search in.
fn iris() -> Room {
    let room = Room::with("iris");
    room.ok("index iris.npy --flat -o i.index -q");
    room
}

fn recall(report: &Value, r: usize) -> f64 {
    report["recall"][format!("@{r}")].as_f64().unwrap_or_else(|| panic!("@{r}: {report}"))
}

/// The lines of a file of hits, without its header.
fn hits(room: &Room, name: &str) -> Vec<(usize, i64, f32)> {
    let text = String::from_utf8(room.bytes(name)).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("query,id,distance"));
    let hit = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[0].parse().unwrap(), fields[1].parse().unwrap(), fields[2].parse().unwrap())
    };
    lines.map(hit).collect()
}

#[test]
fn every_row_finds_itself_first_and_others_by_distance() {
    let room = room();
    assert_eq!(
        (room.shape("truth.npy"), room.shape("near.npy")),
        ("(1797, 100)".into(), "(1797, 100)".into())
    );
    let (ids, distances) = (room.ids("truth.npy"), room.floats("near.npy"));
    assert!(distances.chunks_exact(100).all(|row| row[0] == 0.0 && row.is_sorted()));
    assert!(ids.chunks_exact(100).enumerate().all(|(row, ids)| ids[0] == row as i64));
    // The first row by hand.
    let x = room.floats("digits.npy");
    let sq_dist = |row: &[f32]| row.iter().zip(&x[..64]).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let mut all: Vec<(f32, i64)> = x.chunks_exact(64).map(sq_dist).zip(0..).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let found: Vec<(f32, i64)> = distances[..100].iter().copied().zip(ids[..100].iter().copied()).collect();
    assert_eq!(found, all[..100]);
}

#[test]
fn all_lists_together_give_the_bytes_of_exact_search() {
    for metric in ["l2", "ip", "cosine"] {
        let room = Room::with("digits");
        room.ok(&format!("train digits.npy -k {K} --metric {metric} -o m.safetensors -q"));
        room.ok(&format!("index digits.npy --flat --metric {metric} -o a.index -q"));
        room.ok("index digits.npy --model m.safetensors -o b.index -q");
        room.ok("search a.index digits.npy --ids a.npy --distances ad.npy -q");
        room.ok(&format!("search b.index digits.npy --nprobe {K} --ids b.npy --distances bd.npy -q"));
        assert!(room.bytes("a.npy") == room.bytes("b.npy"), "{metric}");
        assert!(room.bytes("ad.npy") == room.bytes("bd.npy"), "{metric}");
    }
}

#[test]
fn recall_is_one_with_all_lists_and_less_with_one() {
    let room = room();
    let search = |options: &str| {
        room.json(&format!("search ivf.index digits.npy -p 100 --truth truth.npy -q {options}"))
    };
    let all = search(&format!("--nprobe {K}"));
    assert_eq!([1, 10, 100].map(|r| recall(&all, r)), [1.0; 3]);
    let (one, eight) = (search("--nprobe 1"), search(""));
    assert_eq!(eight["nprobe"], 8);
    assert!(recall(&one, 100) < recall(&eight, 100) && recall(&eight, 100) < 1.0, "{one} {eight}");
    assert!(recall(&one, 100) > 0.3, "{one}");
}

#[test]
fn recall_is_the_share_of_the_nearest_that_are_among_as_many_found() {
    let room = Room::new();
    room.write("x.csv", b"0\n1\n2\n3\n");
    room.write("q.csv", b"0\n3\n");
    room.ok("index x.csv --flat -o i.index -q");
    // Found are 0 1 2 and 3 2 1. Of the first three in the truth, 2 and 3 - 2 of 3 - and then all that there is.
    room.write("truth.csv", b"1,0,3\n3,-1,-1\n");
    let report = room.json("search i.index q.csv -p 3 --truth truth.csv -q");
    assert_eq!(report["recall"], serde_json::json!({ "@1": 0.5 }));
    let mut wide = "1,0,3,2,9,9,9,9,9,9\n".to_owned();
    wide += "3,-1,-1,-1,-1,-1,-1,-1,-1,-1\n";
    room.write("wide.csv", wide.as_bytes());
    let report = room.json("search i.index q.csv -p 10 --truth wide.csv -q");
    // 0 1 2 3 of {0 1 2 3 9}, and 3 of {3}.
    assert_eq!(report["recall"], serde_json::json!({ "@1": 0.5, "@10": 0.9 }));
}

#[test]
fn recall_is_told_up_to_what_was_asked_for_and_what_the_truth_holds() {
    let room = room();
    room.ok("search flat.index digits.npy -p 10 --ids ten.npy -q");
    for (p, truth, told) in [
        (100, "truth.npy", vec!["@1", "@10", "@100"]),
        (100, "ten.npy", vec!["@1", "@10"]),
        (9, "truth.npy", vec!["@1"]),
    ] {
        let report = room.json(&format!("search flat.index digits.npy -p {p} --truth {truth} -q"));
        let keys: Vec<&String> = report["recall"].as_object().unwrap().keys().collect();
        assert_eq!(keys, told, "{p} {truth}");
    }
    let ran = room.ok("search flat.index digits.npy -p 10 --truth ten.npy");
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("recall@1 1.0000, recall@10 1.0000"), "{}", ran.stderr);
}

#[test]
fn the_truth_is_read_from_ivecs_and_written_to_it() {
    let room = room();
    room.ok("search flat.index digits.npy -p 10 --ids t.ivecs --distances t.fvecs -q");
    let bytes = room.bytes("t.ivecs");
    assert_eq!(bytes.len(), 1797 * 44);
    let first: Vec<i32> =
        bytes[..44].chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().unwrap())).collect();
    let truth = room.ids("truth.npy");
    assert_eq!(first[0], 10);
    assert!(first[1..].iter().zip(&truth).all(|(&a, &b)| i64::from(a) == b), "{first:?}");
    let report = room.json("search ivf.index digits.npy --nprobe 20 --truth t.ivecs -q");
    assert_eq!([1, 10].map(|r| recall(&report, r)), [1.0; 2]);
}

#[test]
fn the_json_of_a_search_says_what_was_done() {
    let room = room();
    let report = room.json("search ivf.index digits.npy --rows 0:50 -p 3 --nprobe 2 -q");
    for (key, value) in [("queries", 50), ("p", 3), ("nprobe", 2), ("n", 1797), ("d", 64), ("k", K)] {
        assert_eq!(report[key], value, "{key}");
    }
    let (seconds, rate) =
        (report["seconds"].as_f64().unwrap(), report["queries_per_second"].as_f64().unwrap());
    assert!((rate * seconds / 50.0 - 1.0).abs() < 1e-9, "{report}");
    assert_eq!((&report["metric"], &report["storage"]), (&"l2".into(), &"f32".into()));
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert!(report["device"].is_string() && report["recall"].is_null());
    assert_eq!(room.json("search flat.index digits.npy --rows 0:1 -q")["nprobe"], 1);
    room.ok("search flat.index digits.npy --rows 0:1 --nprobe 1 --json -q");
}

#[test]
fn a_person_is_told_on_standard_error_and_not_when_quiet() {
    let room = iris();
    let ran = room.ok("search i.index iris.npy --ids n.npy");
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("150 queries of 150 vectors"), "{}", ran.stderr);
    let ran = room.ok("search i.index iris.npy --ids n.npy --force -q");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn the_answers_are_the_same_on_one_thread_and_on_three() {
    let room = room();
    for threads in [1, 3] {
        room.ok(&format!(
            "search ivf.index digits.npy --threads {threads} --ids {threads}.npy --distances {threads}d.npy -q"
        ));
    }
    assert!(room.bytes("1.npy") == room.bytes("3.npy") && room.bytes("1d.npy") == room.bytes("3d.npy"));
}

#[test]
fn queries_are_codes_ranges_and_standard_input() {
    let room = room();
    room.ok("convert digits.npy codes.npy --codec f16 -q");
    room.ok("search flat.index codes.npy --codec f16 -p 100 --ids a.npy -q");
    assert!(room.bytes("a.npy") == room.bytes("truth.npy"));
    room.ok("search flat.index digits.npy --rows 3:5 -p 100 --ids b.npy -q");
    assert_eq!(room.ids("b.npy"), room.ids("truth.npy")[300..500]);
    room.ok("convert digits.npy two.csv --rows 3:5 -q");
    let ran = room.run_with("search flat.index - -p 100 --ids c.npy -q", &room.bytes("two.csv"), |_| ());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(room.bytes("c.npy") == room.bytes("b.npy"));
}

#[test]
fn what_is_not_there_is_minus_one_and_infinitely_far() {
    let room = iris();
    room.write("only.csv", b"5\n20\n999\n");
    room.ok("search i.index iris.npy --only only.csv -p 3 --ids n.csv --distances d.csv -q");
    let text = String::from_utf8(room.bytes("n.csv")).unwrap();
    assert_eq!(text.lines().next(), Some("id_1,id_2,id_3"));
    assert!(text.lines().skip(1).all(|l| ["5,20,-1", "20,5,-1"].contains(&l)), "{text}");
    let text = String::from_utf8(room.bytes("d.csv")).unwrap();
    assert!(text.lines().skip(1).all(|line| line.ends_with(",inf")), "{text}");
    room.ok("search i.index iris.npy -p 151 --ids n.npy --distances d.npy -q");
    assert_eq!(room.shape("n.npy"), "(150, 151)");
    assert!(room.ids("n.npy").chunks_exact(151).all(|row| row[150] == -1 && row[149] >= 0));
    // Products: the larger, the nearer.
    room.ok("index iris.npy --flat --metric ip -o ip.index -q");
    room.ok("search ip.index iris.npy -p 151 --distances p.npy -q");
    assert!(
        room.floats("p.npy")
            .chunks_exact(151)
            .all(|row| row[150] == f32::NEG_INFINITY && row.is_sorted_by(|a, b| a >= b))
    );
}

#[test]
fn only_and_except_restrict_what_is_found() {
    let room = room();
    let (even, odd): (Vec<u64>, Vec<u64>) = (0..1797).partition(|id| id % 2 == 0);
    room.write("even.npy", &npy_ids(&even));
    room.write("odd.npy", &npy_ids(&odd));
    for index in ["flat.index", "ivf.index"] {
        let search = |options: &str| {
            room.ok(&format!("search {index} digits.npy {options} --ids n.npy --force -q"));
            room.ids("n.npy")
        };
        let found = search("--only even.npy");
        assert!(found.iter().all(|id| id % 2 == 0), "{index}");
        assert_eq!(found, search("--except odd.npy"), "{index}");
        let fewer: Vec<u64> = even.iter().copied().filter(|id| id % 3 == 0).collect();
        room.write("third.npy", &npy_ids(&fewer));
        let found = search("--only even.npy --except third.npy");
        assert!(found.iter().all(|id| id % 2 == 0 && id % 3 != 0), "{index}");
    }
}

#[test]
fn a_radius_finds_all_that_are_nearer() {
    let room = room();
    let report = room.json("search flat.index digits.npy --radius 250 --hits h.csv -q");
    let found = hits(&room, "h.csv");
    let (ids, near) = (room.ids("truth.npy"), room.floats("near.npy"));
    let want: Vec<(usize, i64, f32)> =
        (0..ids.len()).filter(|&at| near[at] < 250.0).map(|at| (at / 100, ids[at], near[at])).collect();
    assert_eq!(found, want);
    assert_eq!((&report["queries"], &report["hits"]), (&1797.into(), &want.len().into()));
    assert_eq!((&report["radius"], &report["p"]), (&250.0.into(), &Value::Null));
    let ran = room.ok("search ivf.index digits.npy --nprobe 20 --radius 250 --hits i.csv");
    assert!(ran.stderr.contains(&format!("{} hits within 250", want.len())), "{}", ran.stderr);
    assert!(room.bytes("i.csv") == room.bytes("h.csv"));
    room.ok("search flat.index digits.npy --radius 250 --hits h.tsv -q");
    assert_eq!(
        String::from_utf8(room.bytes("h.tsv")).unwrap().replace('\t', ",").into_bytes(),
        room.bytes("h.csv")
    );
}

#[test]
fn a_radius_of_products_may_be_negative() {
    let room = Room::new();
    room.write("x.csv", b"1,0\n-1,0\n0,1\n");
    room.write("q.csv", b"1,0\n");
    room.ok("index x.csv --flat --metric cosine -o i.index -q");
    room.ok("search i.index q.csv --radius -0.5 --hits h.csv -q");
    assert_eq!(hits(&room, "h.csv"), [(0, 0, 1.0), (0, 2, 0.0)]);
}

#[test]
fn ids_beyond_what_a_file_holds_are_refused() {
    let room = Room::with("iris");
    room.write("ids.npy", &npy_ids(&[1 << 63, 3_000_000_000]));
    room.ok("index iris.npy --rows 0:2 --flat --ids ids.npy -o i.index -q");
    let error = room.fails("search i.index iris.npy -p 2 --ids n.npy", 65);
    assert!(error.contains("n.npy") && error.contains("9223372036854775808"), "{error}");
    // Hits are text, which holds any.
    room.ok("search i.index iris.npy --rows 0:1 --radius 0.001 --hits h.csv -q");
    assert!(String::from_utf8(room.bytes("h.csv")).unwrap().contains("0,9223372036854775808,0\n"));
    room.write("high.npy", &npy_ids(&[1 << 63]));
    let error = room.fails("search i.index iris.npy -p 2 --except high.npy --ids n.ivecs", 65);
    assert!(error.contains("n.ivecs: row 0, column 0: 3000000000"), "{error}");
    room.ok("search i.index iris.npy -p 2 --except high.npy --ids n.npy -q");
}

#[test]
fn more_neighbours_than_memory_holds_are_an_error_and_no_crash() {
    let room = iris();
    for p in ["1000000000000", "18446744073709551615"] {
        let error = room.fails(&format!("search i.index iris.npy -p {p} --ids n.npy -q"), 1);
        assert!(error.contains(p) && error.contains("memory"), "{error}");
    }
}

#[test]
fn a_truth_of_other_queries_is_refused_with_both_numbers() {
    let room = iris();
    room.ok("search i.index iris.npy --rows 0:20 --ids t.npy -q");
    let error = room.fails("search i.index iris.npy --truth t.npy", 65);
    assert!(["t.npy", "20 rows", "150 queries"].iter().all(|name| error.contains(name)), "{error}");
    room.write("t.csv", b"1,2\n3\n");
    room.fails("search i.index iris.npy --truth t.csv", 65);
    room.fails("search i.index iris.npy --truth nope.ivecs", 66);
    // Vectors in the place of their neighbours.
    let error = room.fails("search i.index iris.npy --truth iris.npy", 65);
    assert!(error.contains("iris.npy") && error.contains("i64"), "{error}");
}

#[test]
fn queries_that_do_not_fit_are_refused_by_name_and_numbers() {
    let room = room();
    room.write("two.csv", b"1,2\n3,4\n");
    let mut x = room.floats("digits.npy")[..640].to_vec();
    x[3 * 64 + 7] = f32::NAN;
    room.write("nan.npy", &npy_f32(&x, 64));
    for index in ["flat.index", "ivf.index"] {
        let error = room.fails(&format!("search {index} two.csv --json"), 65);
        assert!(["two.csv", "2 columns", "64"].iter().all(|name| error.contains(name)), "{error}");
        for rows in ["", "--rows 2:"] {
            let error = room.fails(&format!("search {index} nan.npy {rows} --ids n.npy"), 65);
            assert!(error.contains("nan.npy: row 3, column 7"), "{error}");
        }
        room.fails(&format!("search {index} nope.npy --json"), 66);
        room.fails(&format!("search {index} digits.npy --only nope.npy --json"), 66);
        room.fails(&format!("search {index} digits.npy --except digits.npy --json"), 65);
    }
    room.write("negative.npy", &npy("<i8", false, "(1,)", &[255; 8]));
    let error = room.fails("search flat.index digits.npy --only negative.npy --json", 65);
    assert!(error.contains("negative.npy") && error.contains("-1"), "{error}");
}

#[test]
fn what_is_no_index_is_refused() {
    let room = room();
    for (name, code) in [("nope.index", 66), ("digits.npy", 65), ("m.safetensors", 65)] {
        let error = room.fails(&format!("search {name} digits.npy --json"), code);
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn an_index_cut_anywhere_is_refused() {
    let room = room();
    let bytes = room.bytes("ivf.index");
    for keep in [0, 1, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        room.write("cut.index", &bytes[..keep]);
        let error = room.fails("search cut.index digits.npy --json", 65);
        assert!(error.contains("cut.index"), "{keep}: {error}");
    }
}

#[test]
fn a_damaged_list_is_found_when_it_is_looked_into() {
    let room = room();
    let mut bytes = room.bytes("ivf.index");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    room.write("damaged.index", &bytes);
    let error = room.fails("search damaged.index digits.npy --nprobe 20 --ids n.npy", 65);
    assert!(error.contains("damaged.index") && error.contains("list"), "{error}");
}

#[test]
fn an_index_of_another_version_is_refused() {
    let room = iris();
    let bytes = room.bytes("i.index");
    let was = br#"\"version\":1"#;
    let at = bytes.windows(was.len()).position(|w| w == was).unwrap() + was.len() - 1;
    let mut newer = bytes.clone();
    newer[at] = b'7';
    room.write("newer.index", &newer);
    let error = room.fails("search newer.index iris.npy --json", 65);
    assert!(["newer.index", "version 7", "version 1"].iter().all(|name| error.contains(name)), "{error}");
}

#[test]
fn answers_that_exist_are_kept_and_checked_before_the_work() {
    let room = iris();
    room.write("keep.npy", b"precious");
    room.write("keep.csv", b"precious");
    for words in [
        "search nope.index iris.npy --ids keep.npy",
        "search i.index nope.npy --ids x.npy --distances keep.npy",
        "search i.index nope.npy --radius 1 --hits keep.csv",
    ] {
        let error = room.fails(words, 73);
        assert!(error.contains("keep.") && error.contains("--force"), "{error}");
    }
    room.fails("search i.index iris.npy --ids nodir/x.npy", 73);
    room.ok("search i.index iris.npy --ids keep.npy --force -q");
    assert_eq!(room.shape("keep.npy"), "(150, 10)");
    room.ok("search i.index iris.npy --radius 1 --hits keep.csv --force -q");
    assert!(!hits(&room, "keep.csv").is_empty());
}

#[test]
fn codes_are_refined_as_far_as_is_asked_for() {
    let room = Room::with("digits");
    room.ok("train digits.npy -k 10 -o m.safetensors -q");
    room.ok("index digits.npy --flat -o flat.index -q");
    room.ok("search flat.index digits.npy --rows 0:100 --ids truth.npy -q");
    room.ok("index digits.npy --model m.safetensors --storage pq:4+f16 -o pq.index -q");
    let recall = |more: &str| {
        let words = format!("search pq.index digits.npy --rows 0:100 --nprobe 10 --truth truth.npy {more}");
        room.json(&words)["recall"]["@10"].as_f64().unwrap()
    };
    assert!(recall("--k-factor 1") < recall("--k-factor 3"));
    assert!(recall("--k-factor 100") > 0.99);
    let error = room.usage("search flat.index digits.npy --json --k-factor 2");
    assert!(error.contains("--k-factor goes with pq:M+f16 and pq:M+f32, the index stores f32"), "{error}");
    let error = room.fails("index digits.npy --flat --storage pq:7 -o x.index", 65);
    assert!(error.contains("7 pieces of vectors of 64 columns"), "{error}");
    let error = room.usage("index digits.npy --flat --storage pq:x -o x.index");
    assert!(error.contains("expected f32, f16, sq8, pq:M"), "{error}");
}
