//! `kmeans index`: files of vectors that can be searched, and what cannot be made into one.

use crate::room::{Room, npy, npy_f32, npy_ids};

/// With `flat.index` and `ivf.index` of all rows of iris, the latter in 3 lists.
fn room() -> Room {
    let room = Room::trained("iris", 3);
    room.ok("index iris.npy --flat -o flat.index -q");
    room.ok("index iris.npy --model m.safetensors -o ivf.index -q");
    room
}

/// The nearest of all rows of iris, as an index has them.
fn nearest(room: &Room, index: &str) -> Vec<i64> {
    room.ok(&format!("search {index} iris.npy -p 5 --ids nearest.npy --force -q"));
    room.ids("nearest.npy")
}

/// An index that another version wrote, and one with a list that was changed.
fn write_unusable(room: &Room) {
    let bytes = room.bytes("ivf.index");
    let was = br#"\"version\":1"#;
    let at = bytes.windows(was.len()).position(|w| w == was).unwrap() + was.len() - 1;
    let mut newer = bytes.clone();
    newer[at] = b'2';
    room.write("newer.index", &newer);
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    room.write("damaged.index", &damaged);
}

#[test]
fn the_json_of_an_index_says_what_is_in_it() {
    let room = Room::trained("iris", 3);
    for (how, k) in [("--flat", 1), ("--model m.safetensors", 3)] {
        let report = room.json(&format!("index iris.npy {how} -o i.index --force -q"));
        for (key, value) in [("n", 150), ("added", 150), ("removed", 0), ("d", 4), ("k", k)] {
            assert_eq!(report[key], value, "{how}: {key}");
        }
        assert_eq!((&report["metric"], &report["storage"]), (&"l2".into(), &"f32".into()));
        let bytes = room.bytes("i.index").len();
        assert_eq!(report["bytes"], bytes);
        assert_eq!(report["bytes_per_vector"], bytes as f64 / 150.0);
        assert!(report["seconds"].is_number() && report["device"].is_string());
        assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn a_person_is_told_on_standard_error_and_not_when_quiet() {
    let room = Room::with("iris");
    let ran = room.ok("index iris.npy --flat -o i.index");
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("150 rows added") && ran.stderr.contains("i.index"), "{}", ran.stderr);
    let ran = room.ok("index iris.npy --flat -o j.index -q");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn info_tells_of_an_index_by_any_name() {
    let room = room();
    room.write("flat.safetensors", &room.bytes("flat.index"));
    let info = room.json("info flat.safetensors");
    assert_eq!((&info["format"], &info["kind"]), (&"kmeans index".into(), &"flat".into()));
    let info = room.json("info ivf.index");
    for (key, value) in [("n", 150), ("d", 4), ("k", 3)] {
        assert_eq!(info[key], value, "{key}");
    }
    assert_eq!(
        (&info["kind"], &info["metric"], &info["storage"]),
        (&"ivf".into(), &"l2".into(), &"f32".into())
    );
    assert_eq!(info["bytes"], room.bytes("ivf.index").len());
    assert_eq!(info["list_sizes"], room.json("info m.safetensors")["cluster_sizes"]);
    let shown = room.ok("info ivf.index").stdout;
    assert!(shown.contains("kind  ivf") && shown.contains("n  150"), "{shown}");
}

#[test]
fn the_file_is_the_same_on_one_thread_and_on_three() {
    let room = Room::trained("digits", 10);
    for how in ["--flat", "--model m.safetensors"] {
        for threads in [1, 3] {
            room.ok(&format!("index digits.npy {how} -o {threads}.index --threads {threads} --force -q"));
        }
        assert!(room.bytes("1.index") == room.bytes("3.index"), "{how}");
    }
}

#[test]
fn smaller_storage_makes_smaller_files() {
    let room = Room::trained("digits", 10);
    for how in ["--flat", "--model m.safetensors"] {
        let bytes = ["f32", "f16", "sq8"].map(|storage| {
            let report =
                room.json(&format!("index digits.npy {how} --storage {storage} -o i.index --force -q"));
            assert_eq!(report["storage"], storage);
            report["bytes_per_vector"].as_f64().unwrap()
        });
        assert!(bytes[0] > bytes[1] + 100.0 && bytes[1] > bytes[2] + 100.0, "{bytes:?}");
    }
}

#[test]
fn the_metric_is_that_of_the_model_or_the_one_given() {
    let room = Room::with("wine");
    for metric in ["l2", "ip", "cosine"] {
        room.ok(&format!("train wine.npy -k 3 --metric {metric} -o m.safetensors --force -q"));
        for how in ["--model m.safetensors".to_owned(), format!("--flat --metric {metric}")] {
            let report = room.json(&format!("index wine.npy {how} -o i.index --force -q"));
            assert_eq!(report["metric"], metric, "{how}");
        }
    }
}

#[test]
fn rows_and_codes_of_every_kind_are_indexed() {
    let room = Room::with("digits");
    room.ok("convert digits.npy codes.npy --codec f16 -q");
    room.ok("convert digits.npy x.fvecs -q");
    let whole = room.json("index digits.npy --flat -o a.index -q");
    for data in ["x.fvecs", "codes.npy --codec f16"] {
        let report = room.json(&format!("index {data} --flat -o b.index --force -q"));
        assert_eq!((&report["n"], &report["d"]), (&whole["n"], &whole["d"]), "{data}");
        assert!(room.bytes("a.index") == room.bytes("b.index"), "{data}");
    }
    let ran = room.run_with("index - --flat -o c.index --json -q", b"1,2\n3,4\n", |_| ());
    assert_eq!(ran.json()["n"], 2, "{}", ran.stderr);
    assert_eq!(room.json("index digits.npy --rows 5:25 --flat -o d.index -q")["n"], 20);
}

#[test]
fn rows_that_are_added_are_found_as_if_they_had_been_there() {
    let room = Room::trained("digits", 10);
    for how in ["--flat", "--model m.safetensors"] {
        room.ok(&format!("index digits.npy {how} -o whole.index --force -q"));
        room.ok(&format!("index digits.npy --rows :1000 {how} -o part.index --force -q"));
        let report = room.json("index digits.npy --rows 1000: --add part.index -o all.index --force -q");
        assert_eq!(
            (&report["n"], &report["added"], &report["removed"]),
            (&1797.into(), &797.into(), &0.into())
        );
        for index in ["whole", "all"] {
            room.ok(&format!("search {index}.index digits.npy --ids {index}.npy --force -q"));
        }
        assert!(room.bytes("whole.npy") == room.bytes("all.npy"), "{how}");
        assert_eq!(room.json("info part.index")["n"], 1000);
    }
}

#[test]
fn an_index_can_be_added_to_in_its_place() {
    let room = Room::with("iris");
    room.ok("index iris.npy --rows :100 --flat -o i.index -q");
    let error = room.fails("index iris.npy --rows 100: --add i.index -o i.index", 73);
    assert!(error.contains("i.index") && error.contains("--force"), "{error}");
    room.ok("index iris.npy --rows 100: --add i.index -o i.index --force -q");
    assert_eq!(room.json("info i.index")["n"], 150);
}

#[test]
fn an_index_may_lose_all_its_vectors_and_get_others() {
    let room = room();
    let all: String = std::iter::once("id".to_owned()).chain((0..150).map(|id| format!("\n{id}"))).collect();
    room.write("all.csv", all.as_bytes());
    for index in ["flat.index", "ivf.index"] {
        let report =
            room.ok(&format!("index --add {index} --remove all.csv -o none.index --force --json")).json();
        assert_eq!((&report["n"], &report["removed"]), (&0.into(), &150.into()));
        let report = room.json("info none.index");
        assert_eq!((&report["n"], report.get("bytes_per_vector")), (&0.into(), None));
        let error = room.fails("search none.index iris.npy --json", 65);
        assert!(error.contains("no vectors"), "{error}");
        room.ok("index iris.npy --rows :3 --add none.index -o some.index --force -q");
        assert_eq!(nearest(&room, "some.index")[0], 150, "numbers go on");
    }
}

#[test]
fn vectors_are_removed_before_rows_are_added() {
    let room = room();
    room.write("gone.csv", b"id\n3\n7\n999\n");
    room.write("new.csv", b"3\n7\n");
    for index in ["flat.index", "ivf.index"] {
        let words = format!("index iris.npy --rows 0:2 --add {index} --remove gone.csv -o x.index --force");
        let ran = room.ok(&format!("{words} --json"));
        assert!(ran.stderr.contains("2 rows added, 2 removed"), "{}", ran.stderr);
        let report = ran.json();
        assert_eq!((&report["n"], &report["added"], &report["removed"]), (&150.into(), &2.into(), &2.into()));
        let found = nearest(&room, "x.index");
        assert!(!found.contains(&3) && !found.contains(&7), "{index}");
        assert_eq!(&found[..2], [0, 150], "the first row is there twice");
        let ran = room.ok(&format!("index --add {index} --remove gone.csv -o less.index --force --json"));
        assert!(ran.stderr.contains("0 rows added, 2 removed"), "{}", ran.stderr);
        assert_eq!(ran.json()["n"], 148);
        assert_eq!(nearest(&room, "less.index")[0], 0);
        // The ids that came free can be given again.
        room.ok(&format!("{words} --ids new.csv -q"));
        assert_eq!(&nearest(&room, "x.index")[..2], [0, 3]);
    }
}

#[test]
fn ids_are_those_that_were_given() {
    let room = Room::trained("iris", 3);
    let ids: Vec<u64> = (0..150).map(|row| 1000 + 7 * row).collect();
    room.write("ids.npy", &npy_ids(&ids));
    room.ok("index iris.npy --flat -o plain.index -q");
    for how in ["--flat", "--model m.safetensors"] {
        room.ok(&format!("index iris.npy {how} --ids ids.npy -o i.index --force -q"));
        let want: Vec<i64> = nearest(&room, "plain.index").iter().map(|id| 1000 + 7 * id).collect();
        assert_eq!(nearest(&room, "i.index"), want, "{how}");
        // New rows are numbered on from the largest.
        room.ok("index iris.npy --rows 0:1 --add i.index -o j.index --force -q");
        assert_eq!(nearest(&room, "j.index")[..2], [1000, 1000 + 7 * 149 + 1]);
    }
}

#[test]
fn ids_that_do_not_fit_are_refused() {
    let room = room();
    let ids = |ids: &[u64]| npy_ids(ids);
    room.write("few.npy", &ids(&[1, 2, 3]));
    let mut twice: Vec<u64> = (0..150).collect();
    twice[140] = 20;
    room.write("twice.npy", &ids(&twice));
    room.write("negative.npy", &npy("<i8", false, "(150,)", &vec![255; 8 * 150]));
    for (words, named) in [
        ("--ids few.npy", ["few.npy", "3 ids", "150 vectors"]),
        ("--ids twice.npy", ["twice.npy", "id 20", "already"]),
        ("--ids negative.npy", ["negative.npy", "row 0", "-1"]),
    ] {
        for how in ["--flat", "--model m.safetensors"] {
            let error = room.fails(&format!("index iris.npy {how} {words} -o x.index"), 65);
            assert!(named.iter().all(|name| error.contains(name)), "{error}");
        }
    }
    let error = room.fails("index iris.npy --rows 0:3 --add flat.index --ids few.npy -o x.index", 65);
    assert!(error.contains("few.npy") && error.contains("id 1 "), "{error}");
    room.fails("index iris.npy --flat --ids nope.npy -o x.index", 66);
    room.fails("index iris.npy --add flat.index --remove nope.npy -o x.index", 66);
    room.fails("index iris.npy --flat --ids iris.npy -o x.index", 65);
}

#[test]
fn no_more_ids_after_the_last_is_said() {
    let room = Room::with("iris");
    room.write("last.npy", &npy_ids(&[u64::MAX]));
    room.ok("index iris.npy --rows 0:1 --flat --ids last.npy -o i.index -q");
    let error = room.fails("index iris.npy --add i.index -o x.index", 65);
    assert!(error.contains("18446744073709551615") && error.contains("give ids"), "{error}");
}

#[test]
fn rows_that_do_not_fit_are_refused_by_name_and_numbers() {
    let room = room();
    room.write("two.csv", b"1,2\n3,4\n");
    room.write("nan.csv", b"1,2,3,4\n1,2,3,nan\n");
    room.write("large.npy", &npy_f32(&[1.0, 2.0, 3.0, 1e6], 4));
    for how in ["--add flat.index", "--add ivf.index", "--model m.safetensors"] {
        let error = room.fails(&format!("index two.csv {how} -o x.index"), 65);
        assert!(["two.csv", "2 columns", "4"].iter().all(|name| error.contains(name)), "{error}");
    }
    for how in ["--add flat.index", "--add ivf.index", "--model m.safetensors", "--flat"] {
        let error = room.fails(&format!("index nan.csv {how} -o x.index"), 65);
        assert!(error.contains("nan.csv: row 1, column 3"), "{error}");
        room.fails(&format!("index nope.npy {how} -o x.index"), 66);
    }
    let error = room.fails("index large.npy --model m.safetensors --storage f16 -o x.index", 65);
    let named = ["large.npy: row 0, column 3", "1000000", "f16"];
    assert!(named.iter().all(|name| error.contains(name)), "{error}");
}

#[test]
fn what_is_no_model_and_no_index_is_refused() {
    let room = room();
    write_unusable(&room);
    room.ok("train iris.npy -k 3 --metric l1 -o l1.safetensors -q");
    for (how, code, named) in [
        ("--model nope.safetensors", 66, ["nope.safetensors", "no such file"]),
        ("--model iris.npy", 65, ["iris.npy", "model"]),
        ("--model flat.index", 65, ["flat.index", "model"]),
        ("--model l1.safetensors", 65, ["l1.safetensors", "l1"]),
        ("--add nope.index", 66, ["nope.index", "no such file"]),
        ("--add iris.npy", 65, ["iris.npy", "no index"]),
        ("--add m.safetensors", 65, ["m.safetensors", "no index"]),
        ("--add newer.index", 65, ["newer.index", "version 2"]),
        ("--add damaged.index", 65, ["damaged.index", "damaged"]),
    ] {
        let error = room.fails(&format!("index iris.npy {how} -o x.index"), code);
        assert!(named.iter().all(|name| error.contains(name)), "{how}: {error}");
    }
}

#[test]
fn info_of_an_unusable_index_says_what_is_wrong() {
    let room = room();
    write_unusable(&room);
    let error = room.fails("info newer.index", 65);
    assert!(error.contains("newer.index") && error.contains("version 2"), "{error}");
    let bytes = room.bytes("flat.index");
    for keep in [100, bytes.len() / 2, bytes.len() - 1] {
        for name in ["cut.index", "cut.safetensors"] {
            room.write(name, &bytes[..keep]);
            let error = room.fails(&format!("info {name}"), 65);
            assert!(error.contains(name), "{keep}: {error}");
        }
    }
}

#[test]
fn an_index_that_exists_is_kept_and_checked_before_the_work() {
    let room = Room::trained("iris", 3);
    room.write("keep.index", b"precious");
    room.write("bad.csv", b"1,nan,3,4\n");
    for how in ["--flat", "--model m.safetensors", "--add nope.index"] {
        let error = room.fails(&format!("index bad.csv {how} -o keep.index"), 73);
        assert!(error.contains("keep.index") && error.contains("--force"), "{error}");
    }
    room.fails("index bad.csv --flat -o keep.index --force", 65);
    room.fails("index iris.npy --flat -o nodir/x.index", 73);
    room.ok("index iris.npy --flat -o keep.index --force -q");
    assert_eq!(room.json("info keep.index")["n"], 150);
}

#[test]
fn an_index_is_not_written_to_standard_output_nor_over_what_it_is_made_of() {
    let room = Room::trained("iris", 3);
    room.write("ids.index", b"1\n");
    for (words, named) in [
        ("--flat -o -", "standard output"),
        ("--flat -o x.npy", "x.npy"),
        ("--flat -o iris.npy --force", "iris.npy"),
        ("--model m.safetensors -o m.safetensors --force", "m.safetensors"),
        ("--flat --ids ids.index -o ./ids.index --force", "ids.index"),
    ] {
        let error = room.fails(&format!("index iris.npy {words}"), 2);
        assert!(error.contains(named), "{words}: {error}");
    }
}
