//! What colours, shapes and lines mean.

use kuva::render::color::Color;
use kuva::render::render::{Scene, TextAnchor};

use super::mark::{dashed, filled, line, text};
use super::panel::{LINE, TEXT};
use super::symbol::Symbol;
use super::theme::{Colors, Ink};
use super::words::{fitted, width};

/// Width of what stands before the text of a key.
const SWATCH: f64 = 26.0;

/// Room between keys.
const GAP: f64 = 18.0;

/// What is shown before the text of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Swatch {
    Line { ink: Ink, width: f64 },
    LineAndPoint { ink: Ink, symbol: Symbol },
    Point { ink: Ink, symbol: Symbol, radius: f64 },
    Area { ink: Ink, opacity: f64 },
    Dashes,
    Nothing,
}

/// A line of a legend.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) swatch: Swatch,
    pub(crate) label: String,
}

impl Key {
    pub(crate) fn new(swatch: Swatch, label: impl Into<String>) -> Self {
        Self { swatch, label: label.into() }
    }

    fn width(&self) -> f64 {
        let swatch = if matches!(self.swatch, Swatch::Nothing) { 0.0 } else { SWATCH + 6.0 };
        swatch + width(&self.label, TEXT)
    }
}

/// Keys in rows of at most `width`, at their places from the upper left corner; and the height of the rows.
fn rows(keys: &[Key], width: f64) -> (Vec<(f64, f64)>, f64) {
    let (mut x, mut y) = (0.0, 0.0);
    let mut places = Vec::with_capacity(keys.len());
    for key in keys {
        if x > 0.0 && x + key.width() > width {
            (x, y) = (0.0, y + LINE);
        }
        places.push((x, y));
        x += key.width() + GAP;
    }
    (places, if keys.is_empty() { 0.0 } else { y + LINE })
}

/// The height of a legend.
pub(crate) fn height(keys: &[Key], width: f64) -> f64 {
    rows(keys, width).1
}

/// Draws the legend with its upper left corner at `(left, top)`.
pub(crate) fn draw(scene: &mut Scene, keys: &[Key], (left, top): (f64, f64), width: f64, colors: &Colors) {
    for (key, (x, y)) in keys.iter().zip(rows(keys, width).0) {
        let (x, middle) = (left + x, top + y + LINE / 2.0);
        draw_swatch(scene, key.swatch, (x, middle), colors);
        let x = if matches!(key.swatch, Swatch::Nothing) { x } else { x + SWATCH + 6.0 };
        let label = fitted(&key.label, left + width - x, TEXT);
        scene.add(text((x, middle + 5.0), &label, TextAnchor::Start, Some(colors.ink(Ink::Muted))));
    }
}

fn draw_swatch(scene: &mut Scene, swatch: Swatch, (x, middle): (f64, f64), colors: &Colors) {
    let (start, end) = ((x, middle), (x + SWATCH, middle));
    let point = |ink, symbol: Symbol, radius| {
        let mut path = String::new();
        symbol.append(&mut path, (x + SWATCH / 2.0, middle), radius);
        filled(path, Color::from(colors.ink(ink)), Color::None, 0.0, 1.0)
    };
    match swatch {
        Swatch::Line { ink, width } => scene.add(line(vec![start, end], colors.ink(ink), width)),
        Swatch::LineAndPoint { ink, symbol } => {
            scene.add(line(vec![start, end], colors.ink(ink), 2.0));
            scene.add(point(ink, symbol, 5.0));
        }
        Swatch::Point { ink, symbol, radius } => scene.add(point(ink, symbol, radius)),
        Swatch::Area { ink, opacity } => {
            let path = format!("M{x:.1} {:.1}h{SWATCH}v12h-{SWATCH}z", middle - 6.0);
            scene.add(filled(path, Color::from(colors.ink(ink)), Color::None, 0.0, opacity));
        }
        Swatch::Dashes => scene.add(dashed(start, end, colors)),
        Swatch::Nothing => {}
    }
}
