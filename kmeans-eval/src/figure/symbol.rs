//! Shapes of points.

use std::fmt::Write as _;

/// The shape of a point. Where colours are used up, shapes tell clusters apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    Circle,
    Square,
    Up,
    Diamond,
    Down,
}

const SYMBOLS: [Symbol; 5] = [Symbol::Circle, Symbol::Square, Symbol::Up, Symbol::Diamond, Symbol::Down];

impl Symbol {
    /// The shape of a number: shapes begin anew after the last.
    pub(crate) fn of(number: usize) -> Self {
        SYMBOLS[number % SYMBOLS.len()]
    }

    /// Appends a point to a path, with one decimal. Shapes are of about equal area.
    pub(crate) fn append(self, path: &mut String, (x, y): (f64, f64), r: f64) {
        let written = match self {
            Self::Circle => {
                let (d, x) = (2.0 * r, x - r);
                write!(path, "M{x:.1} {y:.1}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z")
            }
            Self::Square => {
                let (d, x, y) = (1.8 * r, x - 0.9 * r, y - 0.9 * r);
                write!(path, "M{x:.1} {y:.1}h{d:.1}v{d:.1}h-{d:.1}z")
            }
            Self::Up => {
                let (w, h) = (1.25 * r, 2.2 * r);
                write!(path, "M{x:.1} {:.1}l{w:.1} {h:.1}h-{:.1}z", y - 0.62 * h, 2.0 * w)
            }
            Self::Down => {
                let (w, h) = (1.25 * r, 2.2 * r);
                write!(path, "M{x:.1} {:.1}l{w:.1} -{h:.1}h-{:.1}z", y + 0.62 * h, 2.0 * w)
            }
            Self::Diamond => {
                let d = 1.3 * r;
                write!(path, "M{x:.1} {:.1}l{d:.1} {d:.1}l-{d:.1} {d:.1}l-{d:.1} -{d:.1}z", y - d)
            }
        };
        written.expect("a string takes all that is written");
    }
}
