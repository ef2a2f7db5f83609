//! Arrays in .npz archives.

mod files;

use std::io::{Cursor, Write};

use files::{Files, le, message, npy, read_all};
use kmeans_data::{DataError, ErrorKind, Format, describe, open, read_labels};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn arrays() -> [Vec<u8>; 2] {
    let rows = npy("<f4", false, "(2, 2)", &le(&[1.0, 2.0, 3.0, 4.0], f32::to_le_bytes));
    [rows, npy("<i8", false, "(2,)", &le(&[5, 6], i64::to_le_bytes))]
}

#[test]
fn stored_members_are_mapped_and_others_unpacked() {
    let files = Files::new();
    let [x, y] = &arrays();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        files.write("a.npz", archive(&[("x.npy", x), ("sub.y.npy", y)], method));
        let points = open(files.path("a.npz:x")).unwrap();
        assert!(points.name().ends_with("a.npz:x"));
        assert_eq!(read_all(&*points).unwrap(), [1.0, 2.0, 3.0, 4.0]);
        points.release(0..2);
        assert_eq!(read_labels(files.path("a.npz:sub.y")).unwrap(), [5, 6]);
        let info = describe(files.path("a.npz:x")).unwrap();
        assert_eq!((info.format, info.mapped), (Format::Npz, method == CompressionMethod::Stored));
    }
}

#[test]
fn the_only_array_needs_no_key() {
    let files = Files::new();
    let [x, y] = &arrays();
    let path = files.write("a.NPZ", archive(&[("x.npy", x)], CompressionMethod::Deflated));
    assert_eq!(read_all(&*open(path).unwrap()).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    let path = files.write("b.npz", archive(&[("x.npy", x), ("y.npy", y)], CompressionMethod::Deflated));
    let error = open(path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::BadData);
    assert!(error.to_string().contains("a key is needed, as in file.npz:key"), "{error}");
    let error = open(files.path("b.npz:z")).err().unwrap();
    assert!(error.to_string().contains("b.npz: no array \"z\", expected one of"), "{error}");
}

#[test]
fn broken_archives_are_refused() {
    let files = Files::new();
    let [x, _] = &arrays();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let whole = archive(&[("x.npy", x)], method);
        for length in 0..whole.len() {
            let error = open(files.write("a.npz", &whole[..length])).err().expect("truncated");
            assert_eq!(error.kind(), ErrorKind::BadData, "{length}: {error}");
        }
        for at in 0..whole.len() {
            // Whatever a flipped byte does, it must not end the process.
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            if let Ok(points) = open(files.write("a.npz", &bytes)) {
                let _ = read_all(&*points);
            }
        }
    }
    assert!(message(open(files.write("a.npz", "nothing of the kind"))).contains("malformed .npz file: "));
    assert!(matches!(open(files.path("none.npz:x")), Err(DataError::Missing { .. })));
}
