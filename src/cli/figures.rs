//! Files of figures.

use std::path::Path;

use anyhow::Result;
use kmeans::Overwrite;
use kmeans::eval::Error;
use kmeans::eval::figure::Figure;

use super::failure::Usage;

/// Figures are SVG or PNG.
pub(crate) fn check(path: Option<&Path>) -> Result<(), Usage> {
    let is_figure = |path: &Path| {
        path.extension().is_some_and(|e| e.eq_ignore_ascii_case("svg") || e.eq_ignore_ascii_case("png"))
    };
    match path.filter(|path| !is_figure(path)) {
        None => Ok(()),
        Some(path) => Err(Usage(format!("{}: a figure is a .svg or .png file", path.display()))),
    }
}

/// Writes a figure where one is asked for.
pub(crate) fn write(
    path: Option<&Path>,
    overwrite: Overwrite,
    figure: impl FnOnce() -> Result<Figure, Error>,
) -> Result<()> {
    match path {
        None => Ok(()),
        Some(path) => Ok(figure()?.save(path, overwrite)?),
    }
}
