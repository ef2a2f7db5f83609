//! Arrays in .npz archives, addressed as `file.npz:key`.

use std::io::{Cursor, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::DataError;
use crate::bytes::FileBytes;
use crate::mapped::MappedFile;
use crate::npy::NpyArray;

/// Memory that is taken on the word of the archive; beyond it, a member's memory grows with what is unpacked.
const TRUSTED: u64 = 1 << 26;

/// The archive and the key of `file.npz:key`; no key in `file.npz`; `None` for other paths.
pub(crate) fn split_key(path: &Path) -> Option<(PathBuf, Option<&str>)> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz")) {
        return Some((path.to_owned(), None));
    }
    let text = path.to_str()?;
    let at = text.to_ascii_lowercase().rfind(".npz:")? + ".npz".len();
    Some((PathBuf::from(&text[..at]), Some(&text[at + 1..])))
}

/// Opens one array of an archive; the only one where no key is given.
///
/// Members stored without compression are mapped, without a look at their checksum; others are unpacked and checked.
pub(crate) fn open_array(path: &Path) -> Result<NpyArray, DataError> {
    let (path, key) = split_key(path).unwrap_or_else(|| (path.to_owned(), None));
    let name = path.display().to_string();
    let file = MappedFile::open(&path)?;
    let (key, member) = find_member(file.bytes(), key, &name)?;
    let member_name = format!("{name}:{key}");
    match member {
        Member::Stored(range) => NpyArray::within(FileBytes::Mapped(file), range, member_name),
        Member::Unpacked(bytes) => {
            let whole = 0..bytes.len();
            NpyArray::within(FileBytes::Held(bytes), whole, member_name)
        }
    }
}

enum Member {
    /// Where the member lies in the archive.
    Stored(Range<usize>),
    Unpacked(Vec<u8>),
}

fn find_member(bytes: &[u8], key: Option<&str>, name: &str) -> Result<(String, Member), DataError> {
    let mut archive = NpzArchive::new(bytes, name)?;
    let keys = archive.keys();
    let key = match (key, keys.as_slice()) {
        (Some(key), _) => key.to_owned(),
        (None, [only]) => only.clone(),
        (None, _) => {
            return Err(DataError::KeyNeeded { name: name.to_owned(), found: keys });
        }
    };
    let member = archive.member(&key)?;
    let size = member.size();
    if member.compression() == CompressionMethod::Stored {
        let range = member.data_start().and_then(|start| stored_range(start, size, bytes.len()));
        let range = range.ok_or_else(|| DataError::WrongSize {
            name: format!("{name}:{key}"),
            expected: size,
            found: bytes.len() as u64,
        })?;
        return Ok((key, Member::Stored(range)));
    }
    drop(member);
    let unpacked = archive.unpack(&key)?;
    Ok((key, Member::Unpacked(unpacked)))
}

/// An archive of arrays, by their keys.
pub(crate) struct NpzArchive<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    name: &'a str,
}

impl<'a> NpzArchive<'a> {
    pub(crate) fn new(bytes: &'a [u8], name: &'a str) -> Result<Self, DataError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|source| malformed(name, source))?;
        Ok(Self { archive, name })
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.archive.file_names().filter_map(|file| file.strip_suffix(".npy")).map(str::to_owned).collect()
    }

    /// An array by its name in messages: `file.npz:key`.
    pub(crate) fn name_of(&self, key: &str) -> String {
        format!("{}:{key}", self.name)
    }

    /// The array file of a key: unpacked, and compared with its checksum.
    pub(crate) fn unpack(&mut self, key: &str) -> Result<Vec<u8>, DataError> {
        let name = self.name_of(key);
        let member = self.member(key)?;
        let size = member.size();
        let mut unpacked = Vec::with_capacity(size.min(TRUSTED) as usize);
        match member.take(size.saturating_add(1)).read_to_end(&mut unpacked) {
            Ok(_) => Ok(unpacked),
            Err(source) => Err(DataError::Malformed { name, format: ".npz", source }),
        }
    }

    fn member(&mut self, key: &str) -> Result<ZipFile<'_, Cursor<&'a [u8]>>, DataError> {
        let file = format!("{key}.npy");
        if self.archive.index_for_name(&file).is_none() {
            let (name, key) = (self.name.to_owned(), key.to_owned());
            return Err(DataError::NoSuchKey { name, key, found: self.keys() });
        }
        self.archive.by_name(&file).map_err(|source| malformed(self.name, source))
    }
}

fn malformed(name: &str, source: ZipError) -> DataError {
    DataError::Malformed { name: name.to_owned(), format: ".npz", source: source.into() }
}

fn stored_range(start: u64, size: u64, len: usize) -> Option<Range<usize>> {
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(start.checked_add(size)?).ok()?);
    (end <= len).then_some(start..end)
}
