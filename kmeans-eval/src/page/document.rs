//! The page as a whole.

use std::path::Path;

use kmeans_data::{AtomicFile, Overwrite};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::parts;
use super::style::style;
use crate::error::Result;
use crate::figure::Figure;

/// A page of HTML, put together part by part.
#[derive(Debug, Clone)]
pub struct Page {
    title: String,
    subtitle: Option<String>,
    parts: Vec<Markup>,
}

impl Page {
    /// An empty page.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: None, parts: Vec::new() }
    }

    /// A line below the title.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// Large numbers side by side: a name, a value and a hint, which may be empty.
    #[must_use]
    pub fn summary(self, tiles: &[(&str, &str, &str)]) -> Self {
        self.with(parts::summary(tiles))
    }

    /// A note that must not be missed.
    #[must_use]
    pub fn warning(self, text: &str) -> Self {
        self.with(html! { p.warning role="note" { strong { "Note: " } (text) } })
    }

    /// A heading.
    #[must_use]
    pub fn section(self, heading: &str) -> Self {
        self.with(html! { h2 { (heading) } })
    }

    /// Some sentences.
    #[must_use]
    pub fn paragraph(self, text: &str) -> Self {
        self.with(html! { p { (text) } })
    }

    /// A table. Columns of numbers are aligned on the right. It scrolls sideways where it is too wide. Rows may be
    /// shorter than the headers.
    #[must_use]
    pub fn table<T: AsRef<str>>(self, headers: &[&str], rows: &[Vec<T>]) -> Self {
        self.with(parts::table(headers, rows))
    }

    /// Names and their values, one below the other.
    #[must_use]
    pub fn key_values(self, pairs: &[(&str, &str)]) -> Self {
        self.with(parts::key_values(pairs))
    }

    /// A figure with a caption, in the colours of the page.
    #[must_use]
    pub fn figure(self, caption: &str, figure: &Figure) -> Self {
        self.with(html! {
            figure {
                (PreEscaped(figure.to_svg_in_page()))
                figcaption { (caption) }
            }
        })
    }

    /// Lines of a program or commands, as they are.
    #[must_use]
    pub fn code(self, text: &str) -> Self {
        self.with(html! { pre tabindex="0" { code { (text) } } })
    }

    fn with(mut self, part: Markup) -> Self {
        self.parts.push(part);
        self
    }

    /// The page as HTML.
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    style { (PreEscaped(style())) }
                }
                body {
                    main {
                        header {
                            h1 { (self.title) }
                            @if let Some(subtitle) = &self.subtitle { p.subtitle { (subtitle) } }
                        }
                        @for part in &self.parts { (part) }
                    }
                }
            }
        };
        page.into_string()
    }

    /// Writes the page.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) if the file cannot be written, or is there and is to be kept.
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        let mut file = AtomicFile::create(path, overwrite)?;
        file.put(self.to_html().as_bytes())?;
        Ok(file.commit()?)
    }
}
