//! Numbers as text.

/// A number on an axis that spans `span`: as many digits as tell neighbours apart.
pub(crate) fn tick(value: f64, span: f64) -> String {
    if value == 0.0 || value.abs() < span * 1e-9 {
        return "0".to_owned();
    }
    let ahead = (value.abs() / span).log10().ceil().clamp(0.0, 12.0) as usize;
    significant(value, 3 + ahead)
}

/// A number in a text: four digits that matter.
pub(crate) fn short(value: f64) -> String {
    significant(value, 4)
}

/// A share as text: `37 %`, and a decimal below 10 %.
pub(crate) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent.abs() < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// `value` with at most `digits` digits that matter, in powers of ten where it is large or small.
fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = text.split_once('e').expect("a number in powers of ten has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a whole number");
    if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
        return trimmed(&format!("{value:.decimals$}")).replace('-', "\u{2212}");
    }
    let power: String = exponent.to_string().chars().map(raised).collect();
    match trimmed(mantissa) {
        "1" => format!("10{power}"),
        mantissa => format!("{}×10{power}", mantissa.replace('-', "\u{2212}")),
    }
}

/// Without zeros at the end of decimals.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

fn raised(digit: char) -> char {
    match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).expect("a digit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need_be() {
        assert_eq!(short(78.85144), "78.85");
        assert_eq!(short(123_456.0), "123456");
        assert_eq!(short(1.25e7), "1.25×10⁷");
        assert_eq!(short(1e-12), "10⁻¹²");
        assert_eq!(short(-0.5), "−0.5");
        assert_eq!(short(0.0), "0");
        assert_eq!(percent(0.3712), "37 %");
        assert_eq!(percent(0.0512), "5.1 %");
    }

    #[test]
    fn ticks_far_from_zero_keep_the_digits_that_differ() {
        assert_eq!(tick(1_000_000.25, 1.0), "1.00000025×10⁶");
        assert_eq!(tick(1000.25, 1.0), "1000.25");
        assert_eq!(tick(1e-17, 1.0), "0");
    }
}
