//! Where text goes, and checks of output files before long work.

use std::fmt::Arguments;
use std::io::Write;
use std::path::Path;

use kmeans::Overwrite;
use kmeans::data::{Output, check_output};

use super::failure::Usage;

/// Whether existing files may be replaced.
pub(crate) fn overwrite(force: bool) -> Overwrite {
    if force { Overwrite::Replace } else { Overwrite::Refuse }
}

/// A line for the person, on standard error. A closed pipe is no reason to fail.
pub(crate) fn say(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What was asked for, on standard output.
pub(crate) fn print(text: Arguments<'_>) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Checks that every output can be written, before any work, and that no two are the same file.
pub(crate) fn check(outputs: &[(Option<&Path>, Output)], force: bool) -> anyhow::Result<()> {
    let named: Vec<(&Path, Output)> =
        outputs.iter().filter_map(|&(path, kind)| Some((path?, kind))).collect();
    for (i, &(path, kind)) in named.iter().enumerate() {
        if named[..i].iter().any(|&(other, _)| other == path) {
            return Err(Usage(format!("{} is named for two outputs", path.display())).into());
        }
        check_output(path, kind, overwrite(force))?;
    }
    Ok(())
}
