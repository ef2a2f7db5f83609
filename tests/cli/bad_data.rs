//! Bad data is refused with its place: exit 65; missing data: exit 66.

use crate::room::{Room, npy, npy_f32};

fn refused(name: &str, bytes: &[u8], words: &[&str]) {
    let room = Room::new();
    room.write(name, bytes);
    for command in ["train X -k 1 -o m.safetensors --labels l.npy", "convert X out.csv"] {
        // Text and NaN are legal rows for `convert`, which copies what it can read.
        if command.starts_with("convert") && words.contains(&"NaN") {
            continue;
        }
        let error = room.fails(&command.replace('X', name), 65);
        assert!(error.contains(name), "{error}");
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
    }
}

#[test]
fn not_a_number_is_named_by_row_and_column() {
    refused("x.csv", b"1,2\n3,nan\n5,6\n", &["row 1", "column 1", "NaN"]);
    let mut values = vec![1.0f32; 600];
    values[3 * 199 + 2] = f32::NAN;
    refused("x.npy", &npy_f32(&values, 3), &["row 199", "column 2", "NaN"]);
}

#[test]
fn infinity_is_refused_too() {
    let room = Room::new();
    room.write("x.npy", &npy_f32(&[1.0, 2.0, f32::NEG_INFINITY, 4.0], 2));
    let error = room.fails("train x.npy -k 1 -o m.safetensors", 65);
    assert!(error.contains("x.npy: row 1, column 0") && error.contains("-inf"), "{error}");
}

#[test]
fn a_row_in_a_range_is_named_as_the_file_counts_it() {
    let room = Room::new();
    room.write("x.csv", b"1,2\n3,nan\n5,6\n");
    let error = room.fails("train x.csv --rows 1:3 -k 1 -o m.safetensors", 65);
    assert!(error.contains("row 1, column 1"), "{error}");
}

#[test]
fn not_a_number_outside_the_range_does_no_harm() {
    let room = Room::new();
    room.write("x.csv", b"1,2\n3,nan\n5,6\n7,8\n");
    room.ok("train x.csv --rows 2: -k 1 -o m.safetensors -q");
}

#[test]
fn not_a_number_outside_the_sample_is_found_by_the_final_assignment() {
    let room = Room::new();
    let mut values = vec![1.0f32; 8000];
    values[2 * 3000 + 1] = f32::NAN;
    room.write("x.npy", &npy_f32(&values, 2));
    let error = room.fails("train x.npy -k 1 -o m.safetensors --max-points-per-centroid 1", 65);
    assert!(error.contains("row 3000, column 1"), "{error}");
}

#[test]
fn ragged_text_is_named_by_line() {
    refused("x.csv", b"1,2\n3,4\n5\n", &["line 3", "1 fields", "expected 2"]);
    refused("x.tsv", b"1\t2\n3\t4\t5\n", &["line 2", "3 fields", "expected 2"]);
}

#[test]
fn words_in_text_are_named_by_line_and_column() {
    refused("x.csv", b"a,b\n1,2\n3,x\n", &["line 3", "column 2", "\"x\""]);
    refused("x.csv", b"1,2\n\n,4\n", &["line 3", "column 1"]);
    refused("x.csv", b"1,1e99\n", &["line 1", "column 2", "f32"]);
}

#[test]
fn bad_text_on_standard_input_is_named() {
    let room = Room::new();
    let error = room.fails_on("train - -k 1 -o m.safetensors", b"1,2\n3\n", 65);
    assert!(error.contains("standard input: line 2"), "{error}");
    room.fails_on("train - -k 1 -o m.safetensors", b"", 65);
}

#[test]
fn empty_files_are_refused() {
    for name in ["x.npy", "x.npz", "x.fvecs", "x.bvecs", "x.csv", "x.tsv"] {
        refused(name, b"", &[]);
    }
    refused("x.csv", b"a,b\n", &["header"]);
    refused("x.npy", &npy("<f4", false, "(0, 4)", b""), &[]);
    refused("x.npy", &npy("<f4", false, "(4, 0)", b""), &[]);
}

#[test]
fn truncated_and_trailing_bytes_are_refused() {
    let whole = npy_f32(&[1.0; 40], 4);
    refused("x.npy", &whole[..whole.len() - 1], &["truncated"]);
    refused("x.npy", &whole[..9], &["truncated"]);
    refused("x.npy", &[&whole[..], b"x"].concat(), &["trailing"]);
    refused("x.fvecs", &[&2i32.to_le_bytes()[..], &[0; 5]].concat(), &["dimension 2"]);
}

#[test]
fn lying_headers_are_refused() {
    for shape in
        ["(1000000000000, 4)", "(18446744073709551615, 18446744073709551615)", "(2, 4)", "(-1, 4)", "(4,"]
    {
        refused("x.npy", &npy("<f4", false, shape, &[0; 64]), &[]);
    }
    refused("x.npy", b"not an array at all", &["NUMPY"]);
    refused("x.npy", &npy("<f4", false, "(2, 2, 2)", &[0; 32]), &["[2, 2, 2]"]);
    for dim in [0i32, -1, i32::MAX] {
        refused("x.fvecs", &[&dim.to_le_bytes()[..], &[0; 8]].concat(), &[]);
    }
    let rows = [2i32.to_le_bytes(), [0; 4], [0; 4], 3i32.to_le_bytes(), [0; 4], [0; 4]].concat();
    refused("x.fvecs", &rows, &["row 1", "dimension 3", "expected 2"]);
}

#[test]
fn types_that_are_no_rows_are_refused_by_name() {
    for (descr, size) in [("<c8", 8), ("<i4", 4), ("<i8", 8), ("|b1", 1), ("|O", 8), ("<U4", 16)] {
        refused("x.npy", &npy(descr, false, "(2, 2)", &vec![0; 4 * size]), &["dtype", "expected f32"]);
    }
}

#[test]
fn fewer_rows_than_clusters_are_refused() {
    let room = Room::with("iris");
    let error = room.fails("train iris.npy -k 151 -o m.safetensors", 65);
    assert!(error.contains("150 rows") && error.contains("151 clusters"), "{error}");
    room.ok("train iris.npy -k 150 -o m.safetensors -q");
}

#[test]
fn weights_that_are_wrong_are_refused() {
    let room = Room::new();
    room.write("x.csv", b"1\n2\n3\n");
    for (weights, words) in [
        ("1\n1\n", ["2 weights", "3 rows"]),
        ("1\n-1\n1\n", ["weight 1", "-1"]),
        ("1\n1\nnan\n", ["weight 2", "NaN"]),
        ("1\ninf\n1\n", ["weight 1", "inf"]),
        ("0\n0\n1\n", ["1 rows", "2 clusters"]),
        ("1,1\n1,1\n1,1\n", ["w.csv", "one column"]),
    ] {
        room.write("w.csv", weights.as_bytes());
        let error = room.fails("train x.csv -k 2 -o m.safetensors --weights w.csv", 65);
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
    }
}

#[test]
fn missing_inputs_exit_with_sixty_six() {
    let room = Room::trained("iris", 3);
    for words in [
        "train nope.npy -k 3 -o x.safetensors",
        "train nope.csv -k 3 -o x.safetensors",
        "train iris.npy -k 3 -o x.safetensors --weights nope.npy",
        "train iris.npy -k 3 -o x.safetensors --init-centroids nope.npy",
        "assign nope.safetensors iris.npy --labels a.npy",
        "assign m.safetensors nope.npy --labels a.npy",
        "info nope.npy",
        "info nope.safetensors",
        "convert nope.npy x.csv",
        "convert nope.safetensors x.csv",
    ] {
        let error = room.fails(words, 66);
        assert!(error.contains("nope."), "{error}");
    }
}

#[test]
fn a_directory_is_no_data_and_no_model() {
    let room = Room::with("iris");
    std::fs::create_dir(room.path("dir.npy")).unwrap();
    std::fs::create_dir(room.path("dir.safetensors")).unwrap();
    room.fails("train dir.npy -k 1 -o m.safetensors", 65);
    room.fails("assign dir.safetensors iris.npy --labels a.npy", 65);
}
