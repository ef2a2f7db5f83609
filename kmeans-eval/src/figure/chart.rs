//! A figure that is ready to be drawn.

use std::path::Path;

use kmeans_data::{AtomicFile, Overwrite};
use kuva::RasterBackend;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use super::legend;
use super::panel::Panel;
use super::svg::document;
use super::theme::{Colors, Ink, Theme};
use super::words::{fitted, literal};
use crate::error::{Error, Result};

/// Width of every figure, in units of about a pixel on screen.
const WIDTH: f64 = 560.0;

/// Room at the left of titles and legends.
const INSET: f64 = 4.0;

/// Height of the title.
const TITLE: f64 = 30.0;

/// Pixels per unit of a picture that is saved: 300 to the inch where it is printed 12 cm wide.
const SAVED_SCALE: f32 = 2.5;

/// A figure, made by [`Objective`](super::Objective) and the like: it is whole and only has to be painted.
#[derive(Debug, Clone)]
pub struct Figure {
    title: String,
    description: String,
    panels: Vec<Panel>,
}

impl Figure {
    pub(crate) fn new(title: &str, description: String, panels: Vec<Panel>) -> Self {
        Self { title: title.to_owned(), description, panels }
    }

    /// The title, which is also drawn.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What the figure shows, in a sentence or two, for those who do not see it. Numbers in it are rounded.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The same figure under another title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The figure as a document of SVG, which shrinks to what it is put in. Texts are texts, in the viewer's font.
    pub fn to_svg(&self, theme: Theme) -> String {
        let colors = Colors::of(theme);
        document(&self.scene(&colors), &self.title, &self.description, &colors)
    }

    /// The figure as SVG for a page that sets the variables of a theme.
    pub(crate) fn to_svg_in_page(&self) -> String {
        let colors = Colors::variables();
        document(&self.scene(&colors), &self.title, &self.description, &colors)
    }

    /// The figure as a picture in PNG of `scale` pixels per unit; it is 560 units wide. Texts are in DejaVu Sans, which
    /// is built in: no fonts need be installed.
    ///
    /// # Errors
    /// [`Error::FigureScale`] outside 0.1 to 16; [`Error::CannotPaint`] if the plotting crate fails.
    pub fn to_png(&self, theme: Theme, scale: f32) -> Result<Vec<u8>> {
        if !(0.1..=16.0).contains(&scale) {
            return Err(Error::FigureScale { scale });
        }
        let painter = RasterBackend::new().with_scale(scale);
        painter.render_scene(&self.scene(&Colors::of(theme))).map_err(|reason| Error::CannotPaint { reason })
    }

    /// Writes the figure as its extension says, `.svg` or `.png`: in the colours of [`Theme::Light`], a picture fit to
    /// be printed 12 cm wide.
    ///
    /// # Errors
    /// [`Error::FigureFormat`] for another extension; [`Error::CannotPaint`]; [`Error::Data`] if the file cannot be
    /// written, or is there and is to be kept.
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        let path = path.as_ref();
        let extension =
            path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        let bytes = match extension.as_deref() {
            Some("svg") => self.to_svg(Theme::Light).into_bytes(),
            Some("png") => self.to_png(Theme::Light, SAVED_SCALE)?,
            _ => return Err(Error::FigureFormat { path: path.to_owned() }),
        };
        let mut file = AtomicFile::create(path, overwrite)?;
        file.put(&bytes)?;
        Ok(file.commit()?)
    }

    fn scene(&self, colors: &Colors) -> Scene {
        let mut top = TITLE;
        let mut placed: Vec<_> = Vec::with_capacity(self.panels.len());
        for panel in &self.panels {
            let legend = legend::height(&panel.keys, WIDTH - 2.0 * INSET);
            let axes = panel.layout(WIDTH, legend, colors);
            let height = axes.1.height;
            placed.push((panel, axes, top));
            top += height;
        }
        let left = placed.iter().map(|(_, axes, _)| axes.1.margin_left).fold(0.0, f64::max);
        let mut scene = Scene::new(WIDTH, top);
        scene.background_color = Some(colors.ink(Ink::Background).to_owned());
        scene.text_color = Some(colors.ink(Ink::Text).to_owned());
        scene.add(title(&self.title));
        for (panel, mut axes, top) in placed {
            // The axes of all panels stand below each other.
            axes.1.margin_left = left;
            axes.1.recompute_transforms();
            let transform = Some(format!("translate(0,{top})"));
            scene.add(Primitive::GroupStart { transform, title: None, extra_attrs: None });
            legend::draw(&mut scene, &panel.keys, (INSET, 0.0), WIDTH - 2.0 * INSET, colors);
            panel.draw(&mut scene, &axes, colors);
            scene.add(Primitive::GroupEnd);
        }
        scene
    }
}

/// The title, which is bold and so about as wide as larger text.
fn title(title: &str) -> Primitive {
    Primitive::Text {
        x: INSET,
        y: 20.0,
        content: literal(&fitted(title, WIDTH - 2.0 * INSET, 19)),
        size: 17,
        anchor: TextAnchor::Start,
        rotate: None,
        bold: true,
        color: None,
    }
}
