//! Wrong arguments: exit 2, and nothing is touched.

use crate::room::Room;

#[test]
fn wrong_arguments_exit_with_two_and_name_the_argument() {
    let room = Room::with("iris");
    room.write("m.parquet", b"PAR1");
    for (words, named) in [
        ("frob", "frob"),
        ("train iris.npy -k 3 -o m.safetensors --frob", "--frob"),
        ("train iris.npy -o m.safetensors", "-k"),
        ("train iris.npy -k 3", "--output"),
        ("train iris.npy -k x -o m.safetensors", "-k"),
        ("train iris.npy -k 0 -o m.safetensors", "k is 0"),
        ("train iris.npy -k 99999999999 -o m.safetensors", "k is 99999999999"),
        ("train iris.npy -k 3 -o m.safetensors --nredo 0", "nredo"),
        ("train iris.npy -k 3 -o m.safetensors --threads 0", "--threads"),
        ("train iris.npy -k 3 -o m.safetensors --threads 2 --device reference", "--threads"),
        ("train iris.npy -k 3 -o m.safetensors --device gpu", "gpu"),
        ("train iris.npy -k 3 -o m.safetensors --metric sine", "sine"),
        ("train iris.npy -k 3 -o m.safetensors --init foo", "foo"),
        ("train iris.npy -k 3 -o m.safetensors --seeding mine", "mine"),
        ("train iris.npy -k 3 -o m.safetensors --empty-clusters drop", "drop"),
        ("train iris.npy -k 3 -o m.safetensors --assign guess", "guess"),
        ("train iris.npy -k 3 -o m.safetensors --assign approximate:0", "approximate:0"),
        ("train iris.npy -k 3 -o m.safetensors --assign index:3", "index:3"),
        ("train iris.npy -k 3 -o m.safetensors --time-limit soon", "soon"),
        ("train iris.npy -k 3 -o m.safetensors --time-limit -1", "seconds"),
        ("train iris.npy -k 3 -o m.safetensors --time-limit nan", "seconds"),
        ("train iris.npy -k 3 -o m.safetensors --time-limit 1d", "1.5h"),
        ("train iris.npy -k 3 -o m.safetensors --balanced=x", "--balanced"),
        ("train iris.npy -k 3 -o m.safetensors --decode-block-size 0", "--decode-block-size"),
        ("train iris.npy -k 3 -o m.safetensors --progressive-dim-steps 0", "--progressive-dim-steps"),
        ("train iris.npy -k 3 -o m.safetensors -q -v", "--quiet"),
        ("train iris.npy -k 3 -o m.safetensors --rows 5:2", "5:2"),
        ("train iris.npy -k 3 -o m.safetensors --rows 5", "--rows"),
        ("train iris.npy -k 3 -o m.safetensors --rows 100:200", "100..200"),
        ("train m.parquet -k 3 -o m.safetensors", "m.parquet"),
        ("train iris.npy -k 3 -o iris.txt", "iris.txt"),
        ("train iris.npy -k 3 -o m.safetensors --labels a.txt", "a.txt"),
        ("train iris.npy -k 3 -o m.safetensors --labels a.fvecs", "a.fvecs"),
        ("train iris.npy -k 3 -o m.safetensors --distances a.ivecs", "a.ivecs"),
        ("convert iris.npy x.npy --dtype f8", "f8"),
    ] {
        let error = room.usage(words);
        assert!(error.contains(named), "`{words}`: {error}");
    }
}

#[test]
fn a_bad_threshold_is_a_usage_error() {
    let room = Room::with("iris");
    for threshold in ["abc", "nan", "inf", "-1"] {
        let error =
            room.usage(&format!("train iris.npy -k 3 -o m.safetensors --early-stop-threshold={threshold}"));
        assert!(error.contains("threshold"), "{error}");
    }
}

#[test]
fn a_word_for_a_number_or_none_is_told_of_none() {
    let room = Room::with("iris");
    let error = room.usage("train iris.npy -k 3 -o m.safetensors --early-stop-threshold off");
    assert!(error.lines().next().unwrap().ends_with("none") || error.contains("or none"), "{error}");
}

#[test]
fn a_negative_threshold_is_read_as_a_value() {
    let room = Room::with("iris");
    let error = room.usage("train iris.npy -k 3 -o m.safetensors --early-stop-threshold -1");
    assert!(error.contains("expected a number"), "{error}");
}

#[test]
fn parameters_are_named_as_they_are_typed() {
    let room = Room::with("iris");
    let error = room.usage("train iris.npy -k 3 -o m.safetensors --max-points-per-centroid 0");
    assert!(error.contains("max-points-per-centroid"), "{error}");
}

#[test]
fn the_device_that_was_not_built_names_the_feature() {
    if cfg!(feature = "cuda") {
        return;
    }
    let room = Room::with("iris");
    let error = room.fails("train iris.npy -k 3 -o m.safetensors --device cuda", 1);
    assert!(error.contains("--features cuda"), "{error}");
}
