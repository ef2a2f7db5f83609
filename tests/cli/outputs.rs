//! Nothing is lost: outputs that exist are kept, places are checked before the work, failures leave nothing.

use crate::room::Room;

/// Data that would fail if it were looked at: only a check before the work gives 73.
fn room_with_bad_data() -> Room {
    let room = Room::trained("iris", 3);
    room.write("bad.csv", b"1,nan,3,4\n");
    room
}

#[test]
fn an_output_that_exists_is_kept_and_checked_before_the_work() {
    let room = room_with_bad_data();
    room.write("keep.npy", b"precious");
    room.write("keep.npy.safetensors", b"precious");
    for words in [
        "train bad.csv -k 1 -o keep.npy.safetensors",
        "train bad.csv -k 1 -o x.safetensors --labels keep.npy",
        "train bad.csv -k 1 -o x.safetensors --distances keep.npy",
        "train bad.csv -k 1 -o x.safetensors --centroids keep.npy",
        "train missing.npy -k 1 -o keep.npy.safetensors",
        "assign m.safetensors bad.csv --labels keep.npy",
        "assign m.safetensors bad.csv --labels x.npy --distances keep.npy",
        "convert missing.npy keep.npy",
        "generate -n 5 -d 2 -k 1 -o keep.npy",
        "generate -n 5 -d 2 -k 1 -o x.npy --labels keep.npy",
    ] {
        let error = room.fails(words, 73);
        assert!(error.contains("keep.npy"), "{error}");
    }
}

#[test]
fn the_message_for_an_existing_output_mentions_force() {
    let room = Room::trained("iris", 3);
    let error = room.fails("train iris.npy -k 3 -o m.safetensors", 73);
    assert!(error.contains("--force"), "{error}");
}

#[test]
fn force_replaces_every_output() {
    let room = Room::with("iris");
    for name in ["m.safetensors", "l.npy", "d.npy", "c.npy"] {
        room.write(name, b"old");
    }
    room.ok(
        "train iris.npy -k 3 -o m.safetensors --labels l.npy --distances d.npy --centroids c.npy --force -q",
    );
    room.ok("info m.safetensors");
    assert_eq!(room.labels("l.npy").len(), 150);
    assert_eq!((room.floats("d.npy").len(), room.floats("c.npy").len()), (150, 12));
    assert_eq!(room.names(), ["c.npy", "d.npy", "iris.npy", "l.npy", "m.safetensors"]);
}

#[test]
fn a_failure_with_force_keeps_the_old_files() {
    let room = room_with_bad_data();
    room.fails("train bad.csv -k 1 -o m.safetensors --labels l.npy --force", 65);
    room.fails("convert iris.npy m.safetensors --force", 2);
    room.fails("convert iris.npy x.bvecs --force", 65);
}

#[test]
fn force_never_replaces_the_data() {
    assert_input_survives("train iris.npy -k 3 -o iris.npy --force", "iris.npy");
}

#[test]
fn force_never_replaces_the_data_with_labels() {
    assert_input_survives("train iris.npy -k 3 -o x.safetensors --labels iris.npy --force", "iris.npy");
}

#[test]
fn force_never_replaces_the_weights() {
    assert_input_survives(
        "train iris.npy -k 3 -o x.safetensors --weights w.csv --labels w.csv --force",
        "w.csv",
    );
}

#[test]
fn force_never_replaces_the_rows_to_assign() {
    assert_input_survives("assign m.safetensors iris.npy --labels iris.npy --force", "iris.npy");
}

/// Another spelling of the path makes no difference.
fn assert_input_survives(words: &str, input: &str) {
    for spelling in ["", "./"] {
        let room = Room::trained("iris", 3);
        room.write("w.csv", "1\n".repeat(150).as_bytes());
        let before = room.bytes(input);
        let words = words.replace(&format!(" {input} --force"), &format!(" {spelling}{input} --force"));
        let ran = room.run(&words);
        assert!(before == room.bytes(input), "`{words}` destroyed its input, exit {}", ran.code);
        assert_eq!(ran.code, 2, "`{words}`: {}", ran.stderr);
    }
}

#[test]
fn two_outputs_of_one_name_are_refused() {
    let room = Room::with("iris");
    for words in [
        "train iris.npy -k 3 -o m.safetensors --labels x.npy --distances x.npy",
        "train iris.npy -k 3 -o x.npy --centroids x.npy",
        "generate -n 5 -d 2 -k 1 -o x.npy --labels x.npy",
    ] {
        let error = room.fails(words, 2);
        assert!(error.contains("x.npy"), "{error}");
    }
}

#[test]
fn two_spellings_of_one_output_are_refused() {
    let room = Room::with("iris");
    room.fails("train iris.npy -k 3 -o m.safetensors --labels x.npy --distances ./x.npy", 2);
}

#[test]
fn places_that_cannot_be_written_are_refused_before_the_work() {
    let room = room_with_bad_data();
    std::fs::create_dir(room.path("dir.npy")).unwrap();
    for place in ["nodir/x.npy", "dir.npy", "iris.npy/x.npy"] {
        let error = room.fails(&format!("train bad.csv -k 1 -o x.safetensors --labels {place}"), 73);
        assert!(error.contains(place), "{error}");
        room.fails(&format!("assign m.safetensors bad.csv --labels {place}"), 73);
        room.fails(&format!("convert missing.npy {place}"), 73);
        room.fails(&format!("generate -n 5 -d 2 -k 1 -o {place} --force"), 73);
    }
}

#[test]
fn the_message_for_a_missing_directory_hides_the_temporary_name() {
    let room = Room::with("iris");
    let error = room.fails("train iris.npy -k 3 -o nodir/x.safetensors", 73);
    assert!(!error.contains(".tmp"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_device_is_no_place_for_an_output() {
    let room = Room::with("iris");
    // Outside the room, whose files are read before and after: a device has no end.
    let elsewhere = tempfile::tempdir().unwrap();
    let full = elsewhere.path().join("full.npy");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    room.fails(&format!("train iris.npy -k 3 -o m.safetensors --labels {} --force", full.display()), 73);
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::with("iris");
    let dir = room.path("ro");
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write anywhere; then there is nothing to see.
    if std::fs::write(dir.join("probe"), b"").is_err() {
        room.fails("train iris.npy -k 3 -o ro/m.safetensors", 73);
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays_a_link() {
    let room = Room::with("iris");
    room.write("real.safetensors", b"old");
    std::os::unix::fs::symlink("real.safetensors", room.path("link.safetensors")).unwrap();
    room.fails("train iris.npy -k 3 -o link.safetensors", 73);
    room.ok("train iris.npy -k 3 -o link.safetensors --force -q");
    assert!(room.path("link.safetensors").is_symlink());
    room.ok("info real.safetensors");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error_and_a_closed_one_is_none() {
    use std::process::{Command, Stdio};
    let room = Room::trained("iris", 3);
    let run = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kmeans"));
        command.args(["info", "m.safetensors", "--json"]).current_dir(room.path("."));
        command.stdout(stdout).stderr(Stdio::piped()).output().unwrap()
    };
    let full = run(std::fs::File::options().write(true).open("/dev/full").unwrap().into());
    assert_eq!(full.status.code(), Some(1));
    assert!(full.stderr.starts_with(b"error: "));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let closed = run(writer.into());
    assert_eq!(closed.status.code(), Some(0), "{:?}", closed.status);
    assert_eq!(String::from_utf8(closed.stderr).unwrap(), "");
}
