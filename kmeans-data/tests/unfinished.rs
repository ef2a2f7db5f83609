//! Temporary files of a process that exits; alone in its process, because it removes those of all.

mod files;

use files::Files;
use kmeans_data::{AtomicFile, Overwrite, remove_unfinished};

#[test]
fn unfinished_files_are_removed_finished_ones_stay_and_none_is_begun_then() {
    let files = Files::new();
    let mut done = AtomicFile::create(files.path("done.bin"), Overwrite::Refuse).unwrap();
    done.put(b"whole").unwrap();
    done.commit().unwrap();
    let mut open = AtomicFile::create(files.path("open.bin"), Overwrite::Refuse).unwrap();
    open.put(&[7; 3_000_000]).unwrap();
    assert_eq!(files.names().len(), 2);
    let held = remove_unfinished();
    assert_eq!(files.names(), ["done.bin"]);
    std::thread::scope(|scope| {
        let late = scope.spawn(|| AtomicFile::create(files.path("late.bin"), Overwrite::Refuse).map(drop));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!late.is_finished());
        assert_eq!(files.names(), ["done.bin"]);
        drop(held);
        late.join().unwrap().unwrap();
    });
    assert!(open.commit().is_err());
    assert_eq!(files.names(), ["done.bin"]);
}
