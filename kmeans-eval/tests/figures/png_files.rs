//! Pictures, read back.

use std::collections::BTreeSet;

use kmeans_data::{DataError, Overwrite};
use kmeans_eval::Error;
use kmeans_eval::figure::{Figure, Sizes, Theme};

use crate::samples;

struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 4]>,
}

fn decode(png: &[u8]) -> Picture {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgba, png::BitDepth::Eight));
    let pixels = bytes[..info.buffer_size()].chunks_exact(4).map(|pixel| pixel.try_into().unwrap()).collect();
    Picture { width: info.width, height: info.height, pixels }
}

fn paint(figure: &Figure, theme: Theme) -> Picture {
    decode(&figure.to_png(theme, 1.0).unwrap())
}

#[test]
fn pictures_are_not_blank() {
    for figure in samples::all() {
        for (theme, background) in [(Theme::Light, [255; 4]), (Theme::Dark, [0x16, 0x18, 0x1c, 255])] {
            let Picture { width, height, pixels } = paint(&figure, theme);
            assert_eq!(width, 560);
            assert_eq!(pixels.len(), (width * height) as usize);
            assert_eq!(pixels[0], background);
            let painted = pixels.iter().filter(|&&pixel| pixel != background).count();
            assert!(painted > 3000, "{}: {painted} pixels", figure.title());
            assert!(pixels.iter().collect::<BTreeSet<_>>().len() > 20, "{}", figure.title());
        }
    }
}

#[test]
fn texts_are_painted_without_the_fonts_of_a_system() {
    // The two differ by their titles alone: in those rows, and there by many pixels.
    let figure = Sizes::new(&[1, 2]).figure().unwrap();
    let (long, none) = (
        paint(&figure.clone().with_title("clusters"), Theme::Light),
        paint(&figure.with_title(""), Theme::Light),
    );
    let differing: Vec<_> = (0..long.pixels.len()).filter(|&i| long.pixels[i] != none.pixels[i]).collect();
    assert!(differing.len() > 200);
    assert!(differing.iter().all(|i| i / 560 < 30));
}

#[test]
fn the_same_numbers_give_the_same_pictures() {
    let paint = |figure: &Figure| figure.to_png(Theme::Paper, 1.3).unwrap();
    for (first, second) in samples::all().iter().zip(samples::all()) {
        assert_eq!(paint(first), paint(&second));
    }
}

#[test]
fn the_scale_is_pixels_per_unit() {
    let figure = samples::objective();
    assert_eq!(decode(&figure.to_png(Theme::Light, 2.0).unwrap()).width, 1120);
    for scale in [0.0, -1.0, 17.0, f32::NAN, f32::INFINITY] {
        assert!(matches!(figure.to_png(Theme::Light, scale), Err(Error::FigureScale { .. })));
    }
}

#[test]
fn files_are_what_their_extension_says() {
    let folder = tempfile::tempdir().unwrap();
    let figure = samples::elbow();
    let path = |name: &str| folder.path().join(name);
    figure.save(path("a.svg"), Overwrite::Refuse).unwrap();
    figure.save(path("a.PNG"), Overwrite::Refuse).unwrap();
    assert_eq!(std::fs::read_to_string(path("a.svg")).unwrap(), figure.to_svg(Theme::Light));
    assert_eq!(decode(&std::fs::read(path("a.PNG")).unwrap()).width, 1400);
    let refused = figure.save(path("a.svg"), Overwrite::Refuse).unwrap_err();
    assert!(matches!(refused, Error::Data(DataError::Exists { .. })));
    for name in ["a.pdf", "a"] {
        let refused = figure.save(path(name), Overwrite::Replace).unwrap_err();
        assert!(refused.to_string().ends_with("figures are written as .svg or .png"));
    }
}
