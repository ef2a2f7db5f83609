//! Files of hits: as many a query as there are.

use std::io::Write;
use std::path::Path;

use crate::{AtomicFile, DataError, Format, Overwrite};

/// The extensions that hits are written to.
pub(crate) const HIT_OUTPUTS: &str = ".csv, .tsv";

/// Writes one hit a line, a query, an id and a distance, under the header `query,id,distance`: `.csv` or `.tsv`.
///
/// # Errors
/// `UnknownExtension`; as [`AtomicFile::create`] and [`AtomicFile::commit`].
pub fn write_hits(
    path: impl AsRef<Path>,
    hits: impl IntoIterator<Item = (usize, u64, f32)>,
    overwrite: Overwrite,
) -> Result<(), DataError> {
    let path = path.as_ref();
    let tab = match Format::of(path) {
        Some(format @ (Format::Csv | Format::Tsv)) => char::from(format.delimiter()),
        _ => {
            return Err(DataError::UnknownExtension { name: path.display().to_string(), known: HIT_OUTPUTS });
        }
    };
    let mut file = AtomicFile::create(path, overwrite)?;
    file.put(format!("query{tab}id{tab}distance\n").as_bytes())?;
    for (query, id, distance) in hits {
        let written = writeln!(file, "{query}{tab}{id}{tab}{distance}");
        written.map_err(|source| DataError::writing(path, source))?;
    }
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_lines_under_a_header() {
        let dir = tempfile::tempdir().unwrap();
        let hits = [(0, u64::MAX, 0.1), (2, 7, f32::INFINITY)];
        for (name, text) in [
            ("h.csv", "query,id,distance\n0,18446744073709551615,0.1\n2,7,inf\n"),
            ("h.tsv", "query\tid\tdistance\n0\t18446744073709551615\t0.1\n2\t7\tinf\n"),
        ] {
            let path = dir.path().join(name);
            write_hits(&path, hits, Overwrite::Refuse).unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap(), text);
        }
        let error = write_hits(dir.path().join("h.npy"), hits, Overwrite::Refuse).unwrap_err();
        assert!(error.to_string().ends_with("h.npy: unknown extension, expected one of .csv, .tsv"));
    }
}
