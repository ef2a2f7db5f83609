//! Work on what measures pairs of rows.

use kmeans_core::{Pairwise, Trainer};

use crate::error::Result;

/// Lends the pairwise part of a device to `work`.
pub(crate) fn with_pairwise<T>(
    device: &dyn Trainer,
    mut work: impl FnMut(&dyn Pairwise) -> Result<T>,
) -> Result<T> {
    let mut done = None;
    device.with_pairwise(&mut |engine| {
        done = Some(work(engine));
        Ok(())
    })?;
    done.expect("a device that lends its engine calls the work")
}
