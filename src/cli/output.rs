//! Checks of output files before long work.

use std::path::{Path, PathBuf};

use kmeans::Overwrite;
use kmeans::data::{Output, check_output};

use super::failure::Usage;

/// Whether existing files may be replaced.
pub(crate) fn overwrite(force: bool) -> Overwrite {
    if force { Overwrite::Replace } else { Overwrite::Refuse }
}

/// Checks that every output can be written, before any work, and that none is another output or an
/// input: `--force` replaces results, never what they are made of.
pub(crate) fn check(
    outputs: &[(Option<&Path>, Output)],
    inputs: &[&Path],
    force: bool,
) -> anyhow::Result<()> {
    let mut taken: Vec<(PathBuf, &str)> = inputs.iter().map(|path| (place(path), "input")).collect();
    for (path, kind) in outputs.iter().filter_map(|&(path, kind)| Some((path?, kind))) {
        let here = place(path);
        if let Some((_, what)) = taken.iter().find(|(other, _)| *other == here) {
            return Err(
                Usage(format!("{} is named for two files: an output and an {what}", path.display())).into()
            );
        }
        check_output(path, kind, overwrite(force))?;
        taken.push((here, "output"));
    }
    Ok(())
}

/// A model by another extension is a slip: two arguments changed places.
pub(crate) fn model_name(path: &Path) -> Result<&Path, Usage> {
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("safetensors") => Ok(path),
        _ => Err(Usage(format!("-o {}: a model is a .safetensors file", path.display()))),
    }
}

/// The file that a path leads to, however it is spelled; of a file that is not there yet, by its folder.
fn place(path: &Path) -> PathBuf {
    let folder = |path: &Path| {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(parent.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(|| folder(path)).unwrap_or_else(|| path.to_owned())
}
