//! Memory-mapped files.

use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;

use memmap2::{Advice, Mmap, UncheckedAdvice};

use crate::DataError;

/// Pages are given back in whole multiples of this: 4 KiB is the page on x86; elsewhere pages go up to 64 KiB.
/// A page that is larger would only be given back with a part of its neighbours in it, which costs a page fault.
const PAGE: usize = if cfg!(any(target_arch = "x86_64", target_arch = "x86")) { 4 << 10 } else { 64 << 10 };

/// A file's bytes, mapped and read-only.
///
/// No advice on the order of reading is given but for scattered rows: passes over all rows are served by the usual read-ahead, and
/// `MADV_SEQUENTIAL` would have the pages evicted early that the next pass wants again.
pub struct MappedFile {
    map: Mmap,
}

impl MappedFile {
    /// Maps a regular file that is not empty.
    ///
    /// # Errors
    /// `Missing`, `NotAFile`, `Empty`, `Io`.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let name = || path.display().to_string();
        // Asked before opening: to open a pipe would wait for its writer.
        let metadata = fs::metadata(path).map_err(|source| DataError::opening(path, source))?;
        if !metadata.is_file() {
            return Err(DataError::NotAFile { name: name() });
        }
        let file = File::open(path).map_err(|source| DataError::opening(path, source))?;
        if metadata.len() == 0 {
            return Err(DataError::Empty { name: name(), expected: "a file with a header or rows" });
        }
        // SAFETY: the map is read-only, and the crate's docs ask that the file be not changed while it is open.
        let map = unsafe { Mmap::map(&file) }.map_err(|source| DataError::Io { name: name(), source })?;
        Ok(Self { map })
    }

    /// All bytes. They must not change while the map is there; see the crate's documentation.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Asks for the pages of each of `ranges` and for nothing around them, and reads with `read`.
    ///
    /// Read-ahead would fetch the whole file for a sample of it. The requests are made before the reading, so
    /// that the storage works on many at a time.
    pub(crate) fn read_scattered<T>(
        &self,
        ranges: impl Iterator<Item = Range<usize>>,
        read: impl FnOnce() -> T,
    ) -> T {
        // Advice, all of it: where it is not taken, reading is slower and nothing else changes.
        let _ = self.map.advise(Advice::Random);
        ranges.for_each(|range| self.prefetch(range));
        let value = read();
        let _ = self.map.advise(Advice::Normal);
        value
    }

    /// Starts to fetch the pages of `range`.
    pub(crate) fn prefetch(&self, range: Range<usize>) {
        let start = range.start / PAGE * PAGE;
        let end = range.end.min(self.map.len());
        if start < end {
            // Advice, as above.
            let _ = self.map.advise_range(Advice::WillNeed, start, end - start);
        }
    }

    /// Gives back the pages that lie wholly within `range`; neighbours that share a page keep it.
    pub(crate) fn release(&self, range: Range<usize>) {
        let Some(pages) = whole_pages(range, self.map.len()) else {
            return;
        };
        // SAFETY: the map is shared and read-only, so that a page dropped is read from the file again.
        let advised =
            unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, pages.start, pages.len()) };
        // It is advice: where it is not taken, memory stays in use and nothing else changes.
        let _ = advised;
    }
}

/// The pages within `range` of a map of `len` bytes, rounded inward; the last page of the file counts as whole.
fn whole_pages(range: Range<usize>, len: usize) -> Option<Range<usize>> {
    let start = range.start.next_multiple_of(PAGE);
    let end = if range.end >= len { len } else { range.end / PAGE * PAGE };
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_rounded_inward() {
        assert_eq!(whole_pages(1..PAGE * 3 - 1, PAGE * 10), Some(PAGE..PAGE * 2));
        assert_eq!(whole_pages(PAGE..PAGE * 3, PAGE * 10), Some(PAGE..PAGE * 3));
        assert_eq!(whole_pages(1..PAGE * 2 - 1, PAGE * 10), None);
        assert_eq!(whole_pages(PAGE + 5..PAGE + 9, PAGE * 10), None);
    }

    #[test]
    fn the_last_page_of_a_file_is_whole() {
        assert_eq!(whole_pages(5..PAGE * 2 + 7, PAGE * 2 + 7), Some(PAGE..PAGE * 2 + 7));
    }

    #[test]
    fn scattered_reading_reads_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bytes");
        let bytes: Vec<u8> = (0..PAGE * 3 + 11).map(|i| (i * 31 % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let mapped = MappedFile::open(&path).unwrap();
        let ranges = [5..9, PAGE * 3 + 1..PAGE * 3 + 11];
        let read = mapped
            .read_scattered(ranges.iter().cloned(), || ranges.clone().map(|r| mapped.bytes()[r].to_vec()));
        assert_eq!(read, ranges.map(|r| bytes[r].to_vec()));
    }

    #[test]
    fn released_pages_read_the_same_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bytes");
        let bytes: Vec<u8> = (0..PAGE * 3 + 11).map(|i| (i * 31 % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let mapped = MappedFile::open(&path).unwrap();
        assert_eq!(mapped.bytes(), bytes);
        mapped.release(0..bytes.len());
        assert_eq!(mapped.bytes(), bytes);
    }
}
