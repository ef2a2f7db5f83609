//! Codes: written, read back, trained on and assigned.

use crate::room::{Room, npy, npy_f32};

/// Digits, whose values are the integers from 0 to 16: exact in all codecs without ranges.
fn digits_encoded(codec: &str) -> Room {
    let room = Room::with("digits");
    room.ok(&format!("convert digits.npy codes.npy --codec {codec} -q"));
    room
}

/// Digits as codes of `codec` with ranges in `r.npy`, and as what these stand for in `back.npy`.
fn digits_quantized(codec: &str) -> Room {
    let room = Room::with("digits");
    room.ok(&format!("convert digits.npy codes.npy --codec {codec} --codec-params r.npy -q"));
    room.ok(&format!("convert codes.npy back.npy --decode {codec}:r.npy -q"));
    room
}

fn train(room: &Room, data: &str, options: &str) -> [Vec<u8>; 2] {
    room.ok(&format!(
        "train {data} -k 10 -o m.safetensors --centroids c.npy --labels l.npy --force -q {options}"
    ));
    [room.bytes("c.npy"), room.bytes("l.npy")]
}

#[test]
fn codes_have_the_width_of_their_codec() {
    for (codec, shape) in [("f16", "(1797, 128)"), ("bf16", "(1797, 128)"), ("u8", "(1797, 64)")] {
        assert_eq!(digits_encoded(codec).shape("codes.npy"), shape, "{codec}");
    }
    for (codec, shape) in [("sq8", "(1797, 64)"), ("sq4", "(1797, 32)")] {
        let room = digits_quantized(codec);
        assert_eq!((room.shape("codes.npy").as_str(), room.shape("r.npy").as_str()), (shape, "(2, 64)"));
    }
}

#[test]
fn training_on_codes_equals_training_on_what_they_stand_for() {
    for codec in ["f16", "bf16", "u8"] {
        let room = digits_encoded(codec);
        let options = format!("--codec {codec}");
        assert!(train(&room, "digits.npy", "") == train(&room, "codes.npy", &options), "{codec}");
    }
    for codec in ["sq8", "sq4"] {
        let room = digits_quantized(codec);
        let options = format!("--codec {codec}:r.npy");
        assert!(train(&room, "back.npy", "") == train(&room, "codes.npy", &options), "{codec}");
    }
}

#[test]
fn the_block_that_is_decoded_at_a_time_changes_nothing() {
    let room = digits_encoded("f16");
    let whole = train(&room, "codes.npy", "--codec f16");
    assert!(whole == train(&room, "codes.npy", "--codec f16 --decode-block-size 100"));
}

#[test]
fn other_metrics_train_on_codes_as_on_what_they_stand_for() {
    let room = digits_encoded("u8");
    for metric in ["l1", "linf", "kl"] {
        let options = format!("--metric {metric} --niter 5");
        let codes = format!("{options} --codec u8 --decode-block-size 100");
        assert!(train(&room, "digits.npy", &options) == train(&room, "codes.npy", &codes), "{metric}");
        room.ok("assign m.safetensors codes.npy --codec u8 --transform t.npy --force -q");
        room.ok("assign m.safetensors digits.npy --transform t2.npy --force -q");
        assert!(room.bytes("t.npy") == room.bytes("t2.npy"), "{metric}");
    }
}

#[test]
fn codes_read_back_are_near_the_rows() {
    let room = digits_encoded("f16");
    room.ok("convert codes.npy back.npy --decode f16 -q");
    assert_eq!(room.floats("back.npy"), room.floats("digits.npy"));
    for (codec, step) in [("sq8", 16.0 / 255.0), ("sq4", 16.0 / 15.0)] {
        let room = digits_quantized(codec);
        let (x, back) = (room.floats("digits.npy"), room.floats("back.npy"));
        assert!(x.iter().zip(&back).all(|(x, y)| (x - y).abs() <= 1.001 * step), "{codec}");
    }
}

#[test]
fn ranges_learned_once_encode_again() {
    let room = digits_quantized("sq8");
    room.ok("convert digits.npy again.npy --codec sq8:r.npy -q");
    assert!(room.bytes("codes.npy") == room.bytes("again.npy"));
    room.ok("convert codes.npy half.npy --decode sq8:r.npy --codec f16 -q");
    assert_eq!(room.shape("half.npy"), "(1797, 128)");
}

#[test]
fn codebooks_of_a_product_quantizer_encode_and_decode() {
    let room = Room::with("digits");
    let x = room.floats("digits.npy");
    let books: Vec<u8> = (0..16 * 16 * 4).flat_map(|i| x[i * 7].to_le_bytes()).collect();
    room.write("books.npy", &npy("<f4", false, "(16, 16, 4)", &books));
    room.ok("convert digits.npy codes.npy --codec pq:books.npy -q");
    assert_eq!(room.shape("codes.npy"), "(1797, 8)");
    room.ok("convert codes.npy back.npy --decode pq:books.npy -q");
    assert!(train(&room, "back.npy", "") == train(&room, "codes.npy", "--codec pq:books.npy"));
}

#[test]
fn codes_are_assigned_and_measured_like_rows() {
    let room = digits_encoded("u8");
    room.ok("train digits.npy -k 10 -o m.safetensors --labels l.npy -q");
    room.ok("assign m.safetensors codes.npy --codec u8 --labels a.npy --transform t.npy -q");
    room.ok("assign m.safetensors digits.npy --transform t2.npy -q");
    assert!(room.bytes("l.npy") == room.bytes("a.npy"));
    assert!(room.bytes("t.npy") == room.bytes("t2.npy"));
}

#[test]
fn a_range_of_encoded_rows_is_a_range() {
    let room = digits_encoded("f16");
    let encoded = train(&room, "codes.npy --rows 100:900", "--codec f16");
    assert!(encoded == train(&room, "digits.npy --rows 100:900", ""));
}

#[test]
fn bad_codecs_and_files_of_them_are_refused() {
    let room = digits_quantized("sq8");
    room.write("garbage.npy", b"not an array at all");
    room.write("narrow.npy", &npy_f32(&[0.0, 0.0, 1.0, 1.0], 2));
    room.write("negative.npy", &npy_f32(&[&[0.0f32; 64][..], &[-1.0; 64]].concat(), 64));
    for (data, codec, code, word) in [
        ("codes.npy", "sq8:garbage.npy", 65, "garbage.npy"),
        ("codes.npy", "sq8:narrow.npy", 65, "expected 2"),
        ("codes.npy", "sq8:negative.npy", 65, "negative.npy: column 0"),
        ("codes.npy", "pq:r.npy", 65, "r.npy"),
        ("codes.npy", "sq8:missing.npy", 66, "missing.npy"),
        ("codes.npy", "sq4:r.npy", 65, "32"),
        ("codes.npy", "f8", 2, "f8"),
        ("codes.npy", "sq8", 2, "sq8"),
        ("digits.npy", "u8", 65, "expected u8"),
        ("missing.npy", "u8", 66, "missing.npy"),
    ] {
        for words in ["train D -k 2 -o x.safetensors --codec", "convert D x.npy --decode"] {
            let error = room.fails(&format!("{} {codec}", words.replace('D', data)), code);
            assert!(error.contains(word), "{words} {codec}: {error}");
        }
    }
}

#[test]
fn a_value_without_a_code_is_named_and_nothing_is_left() {
    let room = Room::with("iris");
    let error = room.fails("convert iris.npy codes.npy --codec u8", 65);
    assert!(error.contains("iris.npy: row 0, column 0") && error.contains("5.09"), "{error}");
    room.write("nan.csv", b"1,2\n3,nan\n");
    let error = room.fails("convert nan.csv codes.npy --codec sq8 --codec-params r.npy", 65);
    assert!(error.contains("row 1, column 1"), "{error}");
}

#[test]
fn force_never_replaces_the_ranges_that_are_read() {
    let room = digits_quantized("sq8");
    room.fails("train codes.npy -k 2 -o x.safetensors --codec sq8:r.npy --labels r.npy --force", 2);
    room.fails("convert codes.npy r.npy --decode sq8:r.npy --force", 2);
    room.fails("convert digits.npy r.npy --codec sq8:r.npy --force", 2);
    room.fails("assign x.safetensors codes.npy --codec sq8:r.npy --labels r.npy --force", 2);
}
