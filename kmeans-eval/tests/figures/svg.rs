//! Documents of SVG, read by a parser of XML.

use std::collections::BTreeSet;

use kmeans_eval::figure::{Curve, Elbow, Figure, Objective, Scatter, Sizes, Theme};
use roxmltree::{Document, Node};

use crate::samples;

const THEMES: [Theme; 3] = [Theme::Light, Theme::Dark, Theme::Paper];

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts =
        document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    texts.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

fn has_text(figure: &Figure, text: &str) -> bool {
    texts(&figure.to_svg(Theme::Light)).iter().any(|found| found == text)
}

#[test]
fn documents_are_well_formed_and_say_what_they_are() {
    for figure in samples::all() {
        for theme in THEMES {
            let svg = figure.to_svg(theme);
            let document = Document::parse(&svg).unwrap();
            let root = document.root_element();
            assert_eq!(root.tag_name().name(), "svg");
            assert_eq!(root.attribute("role"), Some("img"));
            assert!(root.attribute("viewBox").unwrap().starts_with("0 0 560 "));
            let spoken = |tag: &str| {
                root.children()
                    .find(|node| node.has_tag_name(tag))
                    .and_then(|node: Node| node.text())
                    .map(str::to_owned)
            };
            assert_eq!(spoken("title").as_deref(), Some(figure.title()));
            assert_eq!(spoken("desc").as_deref(), Some(figure.description()));
        }
    }
}

#[test]
fn the_same_numbers_give_the_same_bytes() {
    let svgs = || samples::all().iter().map(|figure| figure.to_svg(Theme::Light)).collect::<Vec<_>>();
    assert_eq!(svgs(), svgs());
}

#[test]
fn axes_and_marks_are_labelled() {
    assert!(has_text(&samples::objective(), "iteration"));
    assert!(has_text(&samples::objective(), "chosen run, 2"));
    assert!(has_text(&samples::elbow(), "k = 3"));
    assert!(has_text(&samples::elbow(), "gap (higher is better)"));
    assert!(has_text(&samples::scatter(200, 12), "principal component 1 (37 % of variance)"));
    assert!(has_text(&samples::scatter(200, 12), "11"));
    assert!(has_text(&samples::recall_speed(), "recall@10"));
    assert!(has_text(&samples::recall_speed(), "IVF,PQ"));
    assert!(has_text(&Sizes::new(&[3, 0, 6]).figure().unwrap(), "even sizes, n/k = 3"));
}

#[test]
fn texts_are_taken_as_they_are() {
    let title = "<b> & \"$x$\" \u{7}end";
    let figure = Sizes::new(&[1, 2]).figure().unwrap().with_title(title);
    assert!(has_text(&figure, "<b> & \"$x$\" end"));
}

#[test]
fn text_is_legible_in_print() {
    // 12 cm are 340.2 points.
    for figure in samples::all() {
        let svg = figure.to_svg(Theme::Paper);
        let document = Document::parse(&svg).unwrap();
        let sizes = document.descendants().filter_map(|node| node.attribute("font-size"));
        let sizes: Vec<f64> = sizes.map(|size| size.parse().unwrap()).collect();
        assert!(!sizes.is_empty());
        assert!(sizes.iter().all(|size| size * 340.2 / 560.0 >= 9.0), "{sizes:?}");
    }
}

#[test]
fn clusters_are_told_apart_by_colour_and_shape() {
    let svg = samples::scatter(400, 12).to_svg(Theme::Light);
    let document = Document::parse(&svg).unwrap();
    let clusters = document
        .descendants()
        .filter(|node| node.attribute("fill-opacity").is_some_and(|opacity| opacity.starts_with("0.7")));
    let shape =
        |d: &str| d.split_once('z').unwrap().0.chars().filter(char::is_ascii_alphabetic).collect::<String>();
    let looks: Vec<_> =
        clusters.map(|node| (node.attribute("fill").unwrap(), shape(node.attribute("d").unwrap()))).collect();
    assert_eq!(looks.len(), 12);
    assert_eq!(looks.iter().collect::<BTreeSet<_>>().len(), 12);
}

#[test]
fn everything_lies_within_the_picture() {
    for figure in samples::all() {
        let svg = figure.to_svg(Theme::Light);
        let document = Document::parse(&svg).unwrap();
        for node in document.descendants() {
            for (name, value) in
                ["x", "x1", "x2", "cx"].iter().filter_map(|name| Some((name, node.attribute(*name)?)))
            {
                let value: f64 = value.parse().unwrap();
                assert!((0.0..=560.0).contains(&value), "{}: {name} = {value}", figure.title());
            }
        }
    }
}

#[test]
fn ticks_have_room_for_their_texts() {
    let inertia = Curve::new("inertia", [(2, 8.1e11), (8, 5.4e11), (1024, 1.2e11)]);
    let scores = Curve::new("score", [(1, 0.1), (2, 0.2)]);
    for figure in samples::all().into_iter().chain([Elbow::new([inertia, scores]).figure().unwrap()]) {
        let svg = figure.to_svg(Theme::Light);
        let document = Document::parse(&svg).unwrap();
        let on_the_left = document.descendants().filter(|node| node.attribute("text-anchor") == Some("end"));
        for node in on_the_left {
            let x: f64 = node.attribute("x").unwrap().parse().unwrap();
            let text = node.text().unwrap();
            // Digits are wider, and raised digits hardly narrower.
            let raised = text.chars().filter(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(*c)).count();
            let width = 15.0 * (0.6 * (text.chars().count() - raised) as f64 + 0.38 * raised as f64);
            assert!(x - width > 6.0, "{text} at {x}");
        }
    }
}

#[test]
fn many_points_make_no_large_file() {
    let size = |figure: &Figure| figure.to_svg(Theme::Light).len();
    assert!(size(&samples::scatter(5000, 10)) < 250_000);
    assert!(size(&samples::scatter(5000, 1000)) < 400_000);
    assert!(size(&samples::scatter(100_000, 40)) < 250_000);
    assert!(size(&samples::silhouette(50, 2000)) < 80_000);
    assert!(size(&samples::silhouette(2000, 100)) < 80_000);
    let runs = vec![vec![1.0; 1000]; 500];
    assert!(size(&Objective::new(&runs).figure().unwrap()) < 250_000);
}

#[test]
fn what_is_left_out_is_said() {
    assert!(has_text(&samples::scatter(60_000, 10), "5000 of 60000 rows in 10 clusters"));
    assert!(has_text(&samples::silhouette(400, 20), "300 of 400 clusters"));
    let runs = vec![vec![2.0, 1.0]; 100];
    assert!(has_text(&Objective::new(&runs).chosen(0).figure().unwrap(), "60 of 99 other runs"));
    let few = Scatter::new(&[(0.0, 0.0)], &[0]).figure().unwrap();
    assert!(!texts(&few.to_svg(Theme::Light)).iter().any(|text| text.contains(" of ")));
}

#[test]
fn texts_that_are_too_long_are_cut_and_spoken_in_full() {
    let title = "clusters of ".repeat(30);
    let figure = Sizes::new(&[1, 2]).figure().unwrap().with_title(&title);
    let svg = figure.to_svg(Theme::Light);
    let drawn = texts(&svg);
    assert!(drawn[0].starts_with("clusters of clusters") && drawn[0].ends_with('…'));
    assert!(drawn[0].chars().count() < 55);
    assert!(svg.contains(&format!("<title>{title}</title>")));
}
