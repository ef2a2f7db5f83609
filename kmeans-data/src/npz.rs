//! Arrays in .npz archives, addressed as `file.npz:key`.

use std::io::{Cursor, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

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
    let malformed = |source: ZipError| DataError::Malformed {
        name: name.to_owned(),
        format: ".npz",
        source: source.into(),
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(malformed)?;
    let keys: Vec<String> =
        archive.file_names().filter_map(|file| file.strip_suffix(".npy")).map(str::to_owned).collect();
    let key = match (key, keys.as_slice()) {
        (Some(key), _) if keys.iter().any(|there| there == key) => key.to_owned(),
        (Some(key), _) => {
            return Err(DataError::NoSuchKey { name: name.to_owned(), key: key.to_owned(), found: keys });
        }
        (None, [only]) => only.clone(),
        (None, _) => {
            return Err(DataError::KeyNeeded { name: name.to_owned(), found: keys });
        }
    };
    let member = archive.by_name(&format!("{key}.npy")).map_err(malformed)?;
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
    let mut unpacked = Vec::with_capacity(size.min(TRUSTED) as usize);
    let read = member.take(size.saturating_add(1)).read_to_end(&mut unpacked);
    read.map_err(|source| DataError::Malformed { name: format!("{name}:{key}"), format: ".npz", source })?;
    Ok((key, Member::Unpacked(unpacked)))
}

fn stored_range(start: u64, size: u64, len: usize) -> Option<Range<usize>> {
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(start.checked_add(size)?).ok()?);
    (end <= len).then_some(start..end)
}
