//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile};

use crate::DataError;

/// Large enough that a write of a block of rows is few system calls.
const BUFFER: usize = 1 << 20;

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It is kept, and writing is refused.
    Refuse,
    /// It is replaced, in one step, once the new file is whole.
    Replace,
}

/// A file that is written under a temporary name in the same directory and renamed by [`AtomicFile::commit`].
///
/// Dropped without a commit it leaves nothing. A process that exits without dropping it calls
/// [`remove_unfinished`] before; one that is killed leaves the temporary file: its name begins with a dot and the
/// name of the output.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    overwrite: Overwrite,
    file: BufWriter<NamedTempFile>,
    listed: Listed,
}

/// The temporary files of this process that are not finished.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// While this is held no file is begun, and none gets its name: whoever is about to waits.
#[derive(Debug)]
#[must_use = "files that are begun later are left behind unless it is held until the process ends"]
pub struct NoMoreFiles {
    _held: MutexGuard<'static, Vec<PathBuf>>,
}

/// Removes the temporary files of this process, for an exit that drops nothing. What writes to them goes on in vain;
/// what comes back is held until the exit, so that no others are begun before it.
pub fn remove_unfinished() -> NoMoreFiles {
    let mut held = unfinished();
    for path in held.drain(..) {
        // Nobody is told if it cannot be: the process is about to end.
        let _ = fs::remove_file(path);
    }
    NoMoreFiles { _held: held }
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the list of unfinished files.
#[derive(Debug)]
struct Listed(PathBuf);

impl Listed {
    /// A new file is listed before anybody can remove what is on the list.
    fn create_beside(path: &Path) -> io::Result<(NamedTempFile, Self)> {
        let mut list = unfinished();
        let file = create_beside(path)?;
        list.push(file.path().to_owned());
        let listed = Self(file.path().to_owned());
        Ok((file, listed))
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

impl AtomicFile {
    /// Begins a file. What can be known of the place is checked here, before long work: it exists and may be written
    /// to, and no file stands there that is to be kept.
    ///
    /// # Errors
    /// `Exists` under [`Overwrite::Refuse`] if the file is there; `CannotWrite` if its directory is not there or not
    /// writable, or if a directory or a device stands in its place.
    pub fn create(path: impl AsRef<Path>, overwrite: Overwrite) -> Result<Self, DataError> {
        let path = path.as_ref();
        check_place(path, overwrite)?;
        // A link is followed, so that the file it leads to is replaced and not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (file, listed) =
            Listed::create_beside(&path).map_err(|source| DataError::writing(&path, source))?;
        Ok(Self { path, overwrite, file: BufWriter::with_capacity(BUFFER, file), listed })
    }

    /// The name that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// `CannotWrite`.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.file.write_all(bytes).map_err(|source| DataError::writing(&self.path, source))
    }

    /// Writes the file through to the disk and gives it its name.
    ///
    /// # Errors
    /// `CannotWrite`; `Exists` under [`Overwrite::Refuse`] if a file has come there in the meantime, which is kept.
    pub fn commit(self) -> Result<(), DataError> {
        let Self { path, overwrite, file, listed: _until_the_end } = self;
        let cannot_write = |source| DataError::writing(&path, source);
        let file = file.into_inner().map_err(|error| cannot_write(error.into_error()))?;
        file.as_file().sync_all().map_err(cannot_write)?;
        let renamed = {
            let _nobody_removes = unfinished();
            match overwrite {
                Overwrite::Replace => file.persist(&path),
                Overwrite::Refuse => file.persist_noclobber(&path),
            }
        };
        match renamed {
            Ok(_) => sync_directory(&path).map_err(cannot_write),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(DataError::Exists { path })
            }
            Err(error) => Err(cannot_write(error.error)),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Archives go back to the heads of their members.
impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Checks what stands at `path`: nothing, or a regular file that may be replaced.
fn check_place(path: &Path, overwrite: Overwrite) -> Result<(), DataError> {
    let Ok(metadata) = fs::metadata(path) else {
        // A link that leads nowhere is something there too.
        return match (fs::symlink_metadata(path), overwrite) {
            (Ok(_), Overwrite::Refuse) => Err(DataError::Exists { path: path.to_owned() }),
            _ => Ok(()),
        };
    };
    if !metadata.is_file() {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        return Err(DataError::writing(path, source));
    }
    match overwrite {
        Overwrite::Refuse => Err(DataError::Exists { path: path.to_owned() }),
        Overwrite::Replace => Ok(()),
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn create_beside(path: &Path) -> io::Result<NamedTempFile> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"));
    };
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    // Temporary files are private by default; an output has the mode that the user's mask gives.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The error would name the temporary file, which the user did not.
    builder.tempfile_in(directory_of(path)).map_err(|error| error.kind().into())
}

/// Makes the new name survive a crash. Where directories cannot be opened as files there is nothing to do.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        match File::open(directory_of(path)).and_then(|directory| directory.sync_all()) {
            // A directory that may be written but not read, or a file system without this: the file itself is safe.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            other => other?,
        }
    }
    Ok(())
}
