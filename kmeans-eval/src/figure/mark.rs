//! What is drawn between the axes.

use kuva::render::color::Color;
use kuva::render::layout::ComputedLayout;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::panel::TEXT;
use super::symbol::Symbol;
use super::theme::{Colors, Ink};
use super::words::literal;

/// Dashes of lines that are no data.
pub(crate) const DASHES: &str = "6 4";

/// A thing drawn between the axes, in the units of the data.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    /// A line through points.
    Line { points: Vec<(f64, f64)>, ink: Ink, width: f64 },
    /// A filled polygon.
    Area { outline: Vec<(f64, f64)>, ink: Ink, opacity: f64 },
    /// Points of one colour and shape.
    Points { points: Vec<(f64, f64)>, symbol: Symbol, ink: Ink, radius: f64, opacity: f64 },
    /// A filled disc with an outline and a text in it.
    Badge { at: (f64, f64), text: String, ink: Ink },
    /// A vertical line from `low` to `high` with ends, for a range of values.
    Whisker { x: f64, low: f64, high: f64, ink: Ink },
    /// A dashed line from left to right.
    Horizontal { y: f64 },
    /// A dashed line from bottom to top, with a text above it.
    Vertical { x: f64, label: String },
    /// A text on the left of the axis at the height of a value.
    Row { y: f64, label: String },
}

impl Mark {
    pub(crate) fn draw(&self, scene: &mut Scene, axes: &ComputedLayout, colors: &Colors) {
        match self {
            Self::Line { points, ink, width } => {
                scene.add(line(points.iter().map(|&p| place(axes, p)).collect(), colors.ink(*ink), *width));
            }
            Self::Area { outline, ink, opacity } => {
                scene.add(area(axes, outline, colors.ink(*ink), *opacity));
            }
            Self::Points { points, symbol, ink, radius, opacity } => {
                let mut path = String::new();
                points.iter().for_each(|&p| symbol.append(&mut path, place(axes, p), *radius));
                let fill = Color::from(colors.ink(*ink));
                scene.add(filled(path, fill, Color::from(colors.ink(Ink::Background)), 0.5, *opacity));
            }
            Self::Badge { at, text, ink } => badge(scene, place(axes, *at), text, *ink, colors),
            Self::Whisker { x, low, high, ink } => {
                let ((x, low), (_, high)) = (place(axes, (*x, *low)), place(axes, (*x, *high)));
                for ends in [
                    [(x, low), (x, high)],
                    [(x - 4.0, low), (x + 4.0, low)],
                    [(x - 4.0, high), (x + 4.0, high)],
                ] {
                    scene.add(line(ends.to_vec(), colors.ink(*ink), 1.5));
                }
            }
            Self::Horizontal { y } => {
                let y = axes.map_y(*y);
                scene.add(dashed((axes.margin_left, y), (axes.width - axes.margin_right, y), colors));
            }
            Self::Vertical { x, label } => vertical(scene, axes, axes.map_x(*x), label, colors),
            Self::Row { y, label } => {
                let y = axes.map_y(*y) + 5.0;
                scene.add(text((axes.margin_left - 6.0, y), label, TextAnchor::End, None));
            }
        }
    }
}

fn place(axes: &ComputedLayout, (x, y): (f64, f64)) -> (f64, f64) {
    (axes.map_x(x), axes.map_y(y))
}

pub(crate) fn line(points: Vec<(f64, f64)>, color: &str, width: f64) -> Primitive {
    Primitive::PolyLine { points, stroke: Color::from(color), stroke_width: width, stroke_dasharray: None }
}

pub(crate) fn dashed((x1, y1): (f64, f64), (x2, y2): (f64, f64), colors: &Colors) -> Primitive {
    let stroke_dasharray = Some(DASHES.to_owned());
    Primitive::Line {
        x1,
        y1,
        x2,
        y2,
        stroke: Color::from(colors.ink(Ink::Text)),
        stroke_width: 1.5,
        stroke_dasharray,
    }
}

pub(crate) fn text((x, y): (f64, f64), content: &str, anchor: TextAnchor, color: Option<&str>) -> Primitive {
    let color = color.map(Color::from);
    Primitive::Text { x, y, content: literal(content), size: TEXT, anchor, rotate: None, bold: false, color }
}

pub(crate) fn filled(d: String, fill: Color, stroke: Color, stroke_width: f64, opacity: f64) -> Primitive {
    let opacity = (opacity < 1.0).then_some(opacity);
    Primitive::Path(Box::new(PathData {
        d,
        fill: Some(fill),
        stroke,
        stroke_width,
        opacity,
        stroke_dasharray: None,
    }))
}

fn area(axes: &ComputedLayout, outline: &[(f64, f64)], color: &str, opacity: f64) -> Primitive {
    let mut path = String::new();
    for (i, &point) in outline.iter().enumerate() {
        let (x, y) = place(axes, point);
        path.push(if i == 0 { 'M' } else { 'L' });
        path.push_str(&format!("{x:.1} {y:.1}"));
    }
    path.push('z');
    filled(path, Color::from(color), Color::None, 0.0, opacity)
}

fn badge(scene: &mut Scene, (cx, cy): (f64, f64), label: &str, ink: Ink, colors: &Colors) {
    let r = 8.0 + 3.0 * label.chars().count() as f64;
    let circle = |r, fill, stroke: Option<&str>| Primitive::Circle {
        cx,
        cy,
        r,
        fill: Color::from(fill),
        fill_opacity: None,
        stroke: stroke.map(Color::from),
        stroke_width: stroke.map(|_| 2.5),
    };
    // A rim of background, that a badge is told from points of its colour.
    scene.add(circle(r + 3.0, colors.ink(Ink::Background), None));
    scene.add(circle(r, colors.ink(Ink::Background), Some(colors.ink(ink))));
    scene.add(text((cx, cy + 5.5), label, TextAnchor::Middle, None));
}

fn vertical(scene: &mut Scene, axes: &ComputedLayout, x: f64, label: &str, colors: &Colors) {
    let (left, right) = (axes.margin_left, axes.width - axes.margin_right);
    scene.add(dashed((x, axes.margin_top - 3.0), (x, axes.height - axes.margin_bottom), colors));
    let anchor = match (x - left) / (right - left) {
        at if at < 0.25 => TextAnchor::Start,
        at if at > 0.75 => TextAnchor::End,
        _ => TextAnchor::Middle,
    };
    scene.add(text((x, axes.margin_top - 8.0), label, anchor, None));
}
