//! Files that appear whole or not at all.

mod files;

use std::io::Write;

use files::Files;
use kmeans_data::{AtomicFile, DataError, ErrorKind, Output, Overwrite, check_output};

#[test]
fn a_file_appears_on_commit() {
    let files = Files::new();
    let path = files.path("out.bin");
    let mut file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
    file.put(b"one ").unwrap();
    write!(file, "two").unwrap();
    assert!(!path.exists());
    file.commit().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"one two");
    assert_eq!(files.names(), ["out.bin"]);
}

#[test]
fn a_file_dropped_leaves_nothing() {
    let files = Files::new();
    let mut file = AtomicFile::create(files.path("out.bin"), Overwrite::Replace).unwrap();
    file.put(&[7; 3_000_000]).unwrap();
    assert_eq!(files.names().len(), 1);
    drop(file);
    assert!(files.names().is_empty());
}

#[test]
fn an_existing_file_is_refused_up_front_and_kept() {
    let files = Files::new();
    let path = files.write("out.bin", "old");
    let error = AtomicFile::create(&path, Overwrite::Refuse).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert!(error.to_string().ends_with("out.bin: exists already and is kept"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
}

#[test]
fn a_file_that_came_in_the_meantime_is_kept() {
    let files = Files::new();
    let mut file = AtomicFile::create(files.path("out.bin"), Overwrite::Refuse).unwrap();
    file.put(b"new").unwrap();
    let path = files.write("out.bin", "other");
    assert!(matches!(file.commit(), Err(DataError::Exists { .. })));
    assert_eq!(std::fs::read(path).unwrap(), b"other");
    assert_eq!(files.names(), ["out.bin"]);
}

#[test]
fn replace_keeps_the_old_file_until_commit() {
    let files = Files::new();
    let path = files.write("out.bin", "old");
    let mut file = AtomicFile::create(&path, Overwrite::Replace).unwrap();
    file.put(b"new").unwrap();
    file.flush().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    file.commit().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_directory_that_is_not_there_is_refused_up_front() {
    let files = Files::new();
    for path in [files.path("none/out.bin"), files.write("file", "").join("out.bin")] {
        let error = AtomicFile::create(&path, Overwrite::Replace).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CannotWrite);
        assert!(error.to_string().starts_with(&format!("{}: cannot be written", path.display())), "{error}");
    }
}

#[test]
fn directories_and_devices_are_never_replaced() {
    let files = Files::new();
    std::fs::create_dir(files.path("dir")).unwrap();
    for overwrite in [Overwrite::Refuse, Overwrite::Replace] {
        let error = AtomicFile::create(files.path("dir"), overwrite).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CannotWrite, "{error}");
        if cfg!(unix) {
            let error = AtomicFile::create("/dev/null", overwrite).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CannotWrite, "{error}");
        }
    }
    assert!(AtomicFile::create("", Overwrite::Refuse).is_err());
    assert!(AtomicFile::create("..", Overwrite::Refuse).is_err());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let files = Files::new();
    let target = files.write("target", "old");
    std::os::unix::fs::symlink(&target, files.path("link")).unwrap();
    let mut file = AtomicFile::create(files.path("link"), Overwrite::Replace).unwrap();
    file.put(b"new").unwrap();
    file.commit().unwrap();
    assert!(files.path("link").is_symlink());
    assert_eq!(std::fs::read(target).unwrap(), b"new");
}

#[cfg(unix)]
#[test]
fn the_mode_is_that_of_ordinary_files() {
    use std::os::unix::fs::PermissionsExt;
    let files = Files::new();
    let ordinary = files.write("ordinary", "");
    let file = AtomicFile::create(files.path("out"), Overwrite::Refuse).unwrap();
    file.commit().unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(files.path("out")), mode(ordinary));
}

#[test]
fn outputs_are_checked_and_nothing_is_left() {
    let files = Files::new();
    for (output, good, bad) in [
        (Output::Rows, "x.bvecs", "x.ivecs"),
        (Output::Labels, "x.ivecs", "x.fvecs"),
        (Output::Distances, "x.fvecs", "x.bvecs"),
        (Output::Ids, "x.ivecs", "x.npz"),
    ] {
        check_output(files.path(good), output, Overwrite::Refuse).unwrap();
        check_output(files.path("x.npy"), output, Overwrite::Refuse).unwrap();
        let error = check_output(files.path(bad), output, Overwrite::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(check_output(files.path("none/x.csv"), output, Overwrite::Refuse).is_err());
    }
    check_output(files.path("x.anything"), Output::Other, Overwrite::Refuse).unwrap();
    assert!(files.names().is_empty());
}
