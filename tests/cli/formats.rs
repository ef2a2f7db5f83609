//! The same rows in any format give the same clusters.

use crate::room::{Room, npy};

fn digits() -> (Room, Vec<f32>) {
    let room = Room::with("digits");
    room.ok("train digits.npy -k 10 -o want.safetensors --centroids want.npy --labels want_l.npy -q");
    let values = room.floats("digits.npy");
    (room, values)
}

fn same(room: &Room, data: &str, stdin: &[u8]) {
    let words =
        format!("train {data} -k 10 -o got.safetensors --centroids got.npy --labels got_l.npy -q --force");
    let ran = room.run_with(&words, stdin, |_| ());
    assert_eq!(ran.code, 0, "{data}: {}", ran.stderr);
    assert!(room.bytes("want.npy") == room.bytes("got.npy"), "{data}: centroids");
    assert!(room.bytes("want_l.npy") == room.bytes("got_l.npy"), "{data}: labels");
}

fn text(values: &[f32], between: &str) -> String {
    let line = |row: &[f32]| row.iter().map(f32::to_string).collect::<Vec<_>>().join(between);
    values.chunks_exact(64).map(|row| line(row) + "\n").collect()
}

/// Integers from 0 to 2048 as half precision.
fn half(value: f32) -> u16 {
    if value == 0.0 {
        return 0;
    }
    let bits = value.to_bits();
    let exponent = ((bits >> 23) & 0xff) - 127 + 15;
    ((exponent << 10) | ((bits >> 13) & 0x3ff)) as u16
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    })
}

/// Blocks of deflate that hold their bytes as they are.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let blocks = bytes.chunks(65535);
    let last = blocks.len() - 1;
    for (i, block) in blocks.enumerate() {
        out.push(u8::from(i == last));
        out.extend((block.len() as u16).to_le_bytes());
        out.extend((!(block.len() as u16)).to_le_bytes());
        out.extend(block);
    }
    out
}

/// An archive of one member.
fn npz(key: &str, member: &[u8], deflated: bool) -> Vec<u8> {
    let name = format!("{key}.npy");
    let data = if deflated { deflate(member) } else { member.to_vec() };
    let mut shared = Vec::new();
    shared.extend(20u16.to_le_bytes());
    shared.extend(0u16.to_le_bytes());
    shared.extend((if deflated { 8u16 } else { 0 }).to_le_bytes());
    shared.extend([0, 0, 0x21, 0]);
    shared.extend(crc(member).to_le_bytes());
    shared.extend((data.len() as u32).to_le_bytes());
    shared.extend((member.len() as u32).to_le_bytes());
    shared.extend((name.len() as u16).to_le_bytes());
    shared.extend(0u16.to_le_bytes());
    let mut out = b"PK\x03\x04".to_vec();
    out.extend(&shared);
    out.extend(name.as_bytes());
    out.extend(&data);
    let (start, mut directory) = (out.len() as u32, b"PK\x01\x02\x14\x00".to_vec());
    directory.extend(&shared);
    directory.extend([0; 14]);
    directory.extend(name.as_bytes());
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[test]
fn arrays_of_every_type_and_order_give_the_same_clusters() {
    let (room, x) = digits();
    let shape = "(1797, 64)";
    let f64s: Vec<u8> = x.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect();
    let big: Vec<u8> = x.iter().flat_map(|v| v.to_be_bytes()).collect();
    let f16s: Vec<u8> = x.iter().flat_map(|&v| half(v).to_le_bytes()).collect();
    let bytes: Vec<u8> = x.iter().map(|&v| v as u8).collect();
    let columns: Vec<u8> =
        (0..64).flat_map(|j| x.chunks_exact(64).flat_map(move |row| row[j].to_le_bytes())).collect();
    room.write("f64.npy", &npy("<f8", false, shape, &f64s));
    room.write("big.npy", &npy(">f4", false, shape, &big));
    room.write("f16.npy", &npy("<f2", false, shape, &f16s));
    room.write("u8.npy", &npy("|u1", false, shape, &bytes));
    room.write("i8.npy", &npy("|i1", false, shape, &bytes));
    room.write("fortran.npy", &npy("<f4", true, shape, &columns));
    for name in ["f64", "big", "f16", "u8", "i8", "fortran"] {
        same(&room, &format!("{name}.npy"), b"");
    }
}

#[test]
fn vectors_files_give_the_same_clusters() {
    let (room, x) = digits();
    let (mut fvecs, mut bvecs) = (Vec::new(), Vec::new());
    for row in x.chunks_exact(64) {
        fvecs.extend(64i32.to_le_bytes());
        fvecs.extend(row.iter().flat_map(|v| v.to_le_bytes()));
        bvecs.extend(64i32.to_le_bytes());
        bvecs.extend(row.iter().map(|&v| v as u8));
    }
    room.write("x.fvecs", &fvecs);
    room.write("x.bvecs", &bvecs);
    same(&room, "x.fvecs", b"");
    same(&room, "x.bvecs", b"");
}

#[test]
fn text_files_and_standard_input_give_the_same_clusters() {
    let (room, x) = digits();
    let header = (0..64).map(|j| format!("pixel_{j}")).collect::<Vec<_>>().join(",") + "\n";
    let csv = text(&x, ",");
    room.write("x.csv", csv.as_bytes());
    room.write("x.tsv", text(&x, "\t").as_bytes());
    room.write("header.csv", (header + &csv).as_bytes());
    room.write("windows.csv", csv.replace('\n', "\r\n").as_bytes());
    for name in ["x.csv", "x.tsv", "header.csv", "windows.csv"] {
        same(&room, name, b"");
    }
    same(&room, "-", csv.as_bytes());
}

#[test]
fn archives_stored_or_deflated_give_the_same_clusters() {
    let (room, _) = digits();
    let member = room.bytes("digits.npy");
    room.write("stored.npz", &npz("x", &member, false));
    room.write("deflated.npz", &npz("x", &member, true));
    for data in ["stored.npz:x", "stored.npz", "deflated.npz:x", "deflated.npz"] {
        same(&room, data, b"");
    }
    let error = room.fails("train stored.npz:y -k 2 -o z.safetensors", 65);
    assert!(error.contains("\"y\"") && error.contains("\"x\""), "{error}");
}

#[test]
fn a_range_of_rows_equals_a_file_of_those_rows() {
    let (room, x) = digits();
    for (range, rows) in [("200:900", 200..900), ("900:", 900..1797), (":700", 0..700)] {
        room.write("slice.npy", &crate::room::npy_f32(&x[rows.start * 64..rows.end * 64], 64));
        let train = |data: &str, out: &str| {
            room.ok(&format!(
                "train {data} -k 5 -o {out}.safetensors --centroids {out}.npy --labels {out}_l.npy -q --force"
            ));
        };
        train("slice.npy", "s");
        train(&format!("digits.npy --rows {range}"), "r");
        assert!(room.bytes("s.npy") == room.bytes("r.npy"), "{range}");
        assert!(room.bytes("s_l.npy") == room.bytes("r_l.npy"), "{range}");
    }
}
