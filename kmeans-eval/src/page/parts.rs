//! Parts of a page that are more than a tag.

use maud::{Markup, html};

/// Large numbers side by side.
pub(super) fn summary(tiles: &[(&str, &str, &str)]) -> Markup {
    html! {
        dl.tiles {
            @for (name, value, hint) in tiles {
                div {
                    dt { (name) }
                    dd.value { (value) }
                    @if !hint.is_empty() { dd.hint { (hint) } }
                }
            }
        }
    }
}

/// Names and values in two columns.
pub(super) fn key_values(pairs: &[(&str, &str)]) -> Markup {
    html! {
        dl.pairs {
            @for (name, value) in pairs {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}

/// A table that scrolls sideways; columns of numbers on the right.
pub(super) fn table<T: AsRef<str>>(headers: &[&str], rows: &[Vec<T>]) -> Markup {
    let numeric: Vec<_> = (0..headers.len()).map(|column| is_numeric(rows, column)).collect();
    let class = |column: usize| numeric.get(column).copied().unwrap_or(false).then_some("number");
    html! {
        div.scroll tabindex="0" {
            table {
                thead {
                    tr {
                        @for (i, header) in headers.iter().enumerate() {
                            th scope="col" class=[class(i)] { (header) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr { @for (i, cell) in row.iter().enumerate() { td class=[class(i)] { (cell.as_ref()) } } }
                    }
                }
            }
        }
    }
}

/// Whether a column holds numbers: all that is not empty or a dash begins as one.
fn is_numeric<T: AsRef<str>>(rows: &[Vec<T>], column: usize) -> bool {
    let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.as_ref().trim());
    let mut cells = cells.filter(|cell| !matches!(*cell, "" | "-" | "–" | "—")).peekable();
    cells.peek().is_some() && cells.all(begins_as_number)
}

fn begins_as_number(cell: &str) -> bool {
    let cell = cell.trim_start_matches(['-', '+', '\u{2212}', '±', '<', '>', '≈', '~', ' ']);
    let digits = cell.strip_prefix('.').unwrap_or(cell);
    digits.starts_with(|c: char| c.is_ascii_digit()) || matches!(cell, "NaN" | "inf" | "∞")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_numbers_are_known_by_their_cells() {
        let rows = [vec!["a", "1.5", "—"], vec!["2", "−3 ms", "10 %"], vec!["b", "", "∞"]];
        assert_eq!([0, 1, 2, 3].map(|column| is_numeric(&rows, column)), [false, true, true, false]);
    }
}
