//! Documents of SVG.

use kuva::backend::svg::SvgBackend;
use kuva::render::render::Scene;
use maud::html;

use super::theme::{Colors, Ink};
use super::words::allowed;

/// Fonts of text: the system's own. The layout leaves room for the widest, DejaVu Sans.
const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

/// The scene as a document that shrinks to what it is put in, with a title and a description for those who hear it.
pub(crate) fn document(scene: &Scene, title: &str, description: &str, colors: &Colors) -> String {
    let (width, height) = (scene.width.round(), scene.height.round());
    let drawing = SvgBackend::new().render_scene(scene);
    // The head of the plotting crate's document has a fixed size, and no role.
    let (_, drawing) = drawing.split_once('>').expect("a document begins with a tag");
    let text = colors.ink(Ink::Text);
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" style=\"max-width:100%;height:auto\" role=\"img\" font-family=\"{FONTS}\" fill=\"{text}\">"
    );
    // Escaped as text of HTML, which is text of XML too.
    let spoken = html! { title { (allowed(title)) } desc { (allowed(description)) } };
    format!("{head}{}{drawing}", spoken.into_string())
}
