//! Pages.

use kmeans_data::Overwrite;
use kmeans_eval::page::Page;

use crate::samples;

const EVIL: &str = "</style></code><script>alert(1)</script>\"'&";

/// A page with `text` wherever text can be given.
fn page(text: &str) -> Page {
    Page::new(text)
        .subtitle(text)
        .summary(&[(text, text, text)])
        .warning(text)
        .section(text)
        .paragraph(text)
        .key_values(&[(text, text)])
        .table(&[text], &[vec![text]])
        .figure(text, &samples::objective().with_title(text))
        .code(text)
}

#[test]
fn everything_given_is_escaped() {
    let html = page(EVIL).to_html();
    assert!(!html.contains("<script"));
    assert!(!html.contains("</style></code>"));
    assert_eq!(html.matches("&lt;script&gt;").count(), 17);
}

#[test]
fn pages_stand_alone() {
    let html = page("words").to_html();
    // Names of languages of XML are no addresses that are looked up.
    let html = html.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn a_page_is_one_document_of_balanced_tags() {
    let html = page("words").to_html();
    let html = html.strip_prefix("<!DOCTYPE html>").unwrap();
    // Tags that stand alone are closed, so that a parser of XML reads the rest as it is.
    let html = html.replace("charset=\"utf-8\">", "charset=\"utf-8\"/>");
    let html =
        html.replace("initial-scale=1\">", "initial-scale=1\"/>").replace("light dark\">", "light dark\"/>");
    let document = roxmltree::Document::parse(&html).unwrap();
    let tags = |tag: &str| document.descendants().filter(|node| node.tag_name().name() == tag).count();
    assert_eq!(["h1", "h2", "table", "figure", "svg", "pre"].map(tags), [1; 6]);
}

#[test]
fn columns_of_numbers_are_on_the_right() {
    let rows = [vec!["a", "1"], vec!["b", "−2.5"]];
    let html = Page::new("t").table(&["name", "number"], &rows).to_html();
    assert!(
        html.contains("<th class=\"number\" scope=\"col\">number</th>")
            || html.contains("<th scope=\"col\" class=\"number\">number</th>")
    );
    assert!(html.contains("<td>a</td><td class=\"number\">1</td>"));
}

#[test]
fn figures_take_the_colours_of_the_page() {
    let page = samples::all().iter().fold(Page::new("t"), |page, figure| page.figure("caption", figure));
    let html = page.to_html();
    let (style, svg) = html.split_once("</style>").unwrap();
    assert!(style.contains("prefers-color-scheme:dark"));
    let names = svg.split("var(").skip(1).map(|rest| rest.split_once(')').unwrap().0);
    let names: std::collections::BTreeSet<_> = names.collect();
    assert!(names.contains("--plot-0") && names.contains("--plot-faint"));
    for name in names {
        // In light, in dark and in print.
        assert_eq!(style.matches(&format!("{name}:")).count(), 3, "{name}");
    }
}

#[test]
fn pages_are_saved_whole_and_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    page("words").save(&path, Overwrite::Refuse).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), page("words").to_html());
    assert!(page("other").save(&path, Overwrite::Refuse).is_err());
}
