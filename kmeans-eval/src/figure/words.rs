//! Texts that are given, made fit to be drawn.

/// A text as it is: the plotting crate would take what stands between two dollars for a formula.
pub(crate) fn literal(text: &str) -> String {
    allowed(text).replace('$', "\\$")
}

/// Without the control characters that XML has no place for.
pub(crate) fn allowed(text: &str) -> String {
    text.chars().filter(|&c| !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))).collect()
}

/// The width of a text of `size`, from above: characters are not measured, and are as wide as those of DejaVu Sans.
pub(crate) fn width(text: &str, size: u32) -> f64 {
    text.chars().map(|c| em(c) * f64::from(size)).sum()
}

/// The text if it fits in `room`, or else as much of its beginning as does, with an ellipsis.
pub(crate) fn fitted(text: &str, room: f64, size: u32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut left = room - width("…", size);
    let fits = |c: &char| {
        left -= em(*c) * f64::from(size);
        left >= 0.0
    };
    let start: String = text.chars().take_while(fits).collect();
    format!("{}…", start.trim_end())
}

/// The width of a character by its size: on average and a bit, and that of ideographs.
fn em(c: char) -> f64 {
    if c >= '\u{2e80}' { 1.0 } else { 0.62 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        assert_eq!(fitted("inertia", 100.0, 15), "inertia");
        assert_eq!(fitted("inertia of all rows", 100.0, 15), "inertia o…");
        assert_eq!(fitted("inertia of", 0.0, 15), "…");
    }

    #[test]
    fn formulas_and_control_characters_are_not_drawn() {
        assert_eq!(literal("a$b$\u{7}"), "a\\$b\\$");
    }
}
