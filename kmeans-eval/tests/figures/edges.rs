//! Little, much and wrong: a sensible picture, or an error that says what is wrong.

use kmeans_eval::figure::{Curve, Elbow, Figure, Objective, RecallSpeed, Scatter, Silhouette, Sizes, Theme};
use kmeans_eval::{Error, Result};
use roxmltree::Document;

/// Draws the figure both ways; all numbers of its SVG are numbers.
fn draw(figure: Result<Figure>) {
    let figure = figure.unwrap();
    let svg = figure.to_svg(Theme::Light);
    Document::parse(&svg).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf "), "{svg}");
    figure.to_png(Theme::Dark, 0.5).unwrap();
}

fn message(figure: Result<Figure>) -> String {
    figure.unwrap_err().to_string()
}

#[test]
fn a_single_value_is_drawn() {
    draw(Objective::new(&[vec![0.0]]).chosen(0).figure());
    draw(Elbow::new([Curve::new("inertia", [(3, 5.0)]).recommended(3)]).figure());
    draw(Silhouette::new(&[vec![0.5]]).figure());
    draw(Sizes::new(&[1]).figure());
    draw(Scatter::new(&[(1e9, -1e-9)], &[0]).centroids(&[(1e9, -1e-9)]).figure());
    draw(RecallSpeed::new(1).series("exact", [(1.0, 12.5)]).figure());
}

#[test]
fn constant_values_are_drawn() {
    draw(Objective::new(&[vec![123_456_789.25; 5], vec![123_456_789.25; 2]]).figure());
    draw(Elbow::new([Curve::new("gap", [(2, -1.0), (3, -1.0)]).errors([0.0, 0.0])]).figure());
    draw(Silhouette::new(&vec![vec![1.0; 10]; 60]).figure());
    draw(Silhouette::new(&[vec![-1.0; 10]]).figure());
    draw(Sizes::new(&[7; 100]).figure());
    draw(Sizes::new(&[0, 0, 0]).figure());
    draw(Scatter::new(&[(0.0, 0.0); 9], &[0; 9]).figure());
}

#[test]
fn very_large_and_very_small_values_are_drawn() {
    draw(Objective::new(&[vec![1e300, 1e-300]]).figure());
    draw(Objective::new(&[vec![f64::MAX, f64::MIN]]).figure());
    draw(Objective::new(&[vec![5e-324, 0.0]]).figure());
    draw(Elbow::new([Curve::new("inertia", [(1, f64::MAX), (usize::MAX, f64::MIN)])]).figure());
    draw(Sizes::new(&[u64::MAX, 0]).figure());
    draw(Sizes::new(&[u64::MAX; 61]).figure());
    let mut sizes = vec![0; 100];
    sizes[7] = u64::MAX;
    draw(Sizes::new(&sizes).figure());
    draw(Scatter::new(&[(f64::MAX, f64::MIN), (f64::MIN, f64::MAX)], &[0, 1]).figure());
    draw(RecallSpeed::new(1).series("all", [(0.0, 1e-9), (1.0, 1e300)]).figure());
}

#[test]
fn clusters_without_rows_are_left_out() {
    draw(Silhouette::new(&[vec![], vec![0.1, 0.2], vec![]]).sizes(&[0, 2, 0]).figure());
    let mut many = vec![vec![]; 80];
    many[3] = vec![0.5];
    draw(Silhouette::new(&many).figure());
    draw(Scatter::new(&[(0.0, 1.0)], &[2]).centroids(&[(0.0, 0.0), (1.0, 1.0), (0.0, 1.0)]).figure());
}

#[test]
fn nothing_is_an_error() {
    let figures = [
        Objective::new(&[]).figure(),
        Objective::new(&[vec![1.0], vec![]]).figure(),
        Elbow::new([]).figure(),
        Elbow::new([Curve::new("gap", [])]).figure(),
        Silhouette::new(&[]).figure(),
        Silhouette::new(&[vec![], vec![]]).figure(),
        Sizes::new(&[]).figure(),
        Scatter::new(&[], &[]).figure(),
        RecallSpeed::new(10).figure(),
        RecallSpeed::new(10).series("none", []).figure(),
    ];
    for figure in figures {
        assert!(matches!(figure, Err(Error::NothingToDraw { .. })));
    }
}

#[test]
fn values_that_cannot_be_drawn_are_named() {
    assert_eq!(
        message(Objective::new(&[vec![1.0], vec![2.0, f64::NAN]]).figure()),
        "figure of objectives: value 1 (counted from 0) of run 1 is NaN, expected a finite number"
    );
    assert_eq!(
        message(Silhouette::new(&[vec![0.5, 1.5]]).figure()),
        "figure of silhouettes: value 1 (counted from 0) of cluster 0 is 1.5, expected a silhouette from -1 to 1"
    );
    for curve in [
        Curve::new("gap", [(1, f64::INFINITY)]),
        Curve::new("gap", [(0, 1.0)]),
        Curve::new("gap", [(1, 1.0)]).errors([-1.0]),
    ] {
        assert!(matches!(Elbow::new([curve]).figure(), Err(Error::CannotDraw { index: 0, .. })));
    }
    let speeds = |point| RecallSpeed::new(10).series("a", [(0.5, 1.0), point]).figure();
    for point in [(1.1, 1.0), (0.9, 0.0), (f64::NAN, 1.0), (0.9, f64::INFINITY)] {
        assert!(matches!(speeds(point), Err(Error::CannotDraw { index: 1, .. })));
    }
    let points = [(0.0, 0.0), (0.0, f64::NAN)];
    assert!(matches!(Scatter::new(&points, &[0, 0]).figure(), Err(Error::CannotDraw { index: 3, .. })));
}

#[test]
fn numbers_that_do_not_match_are_an_error() {
    assert!(matches!(
        Objective::new(&[vec![1.0]]).chosen(1).figure(),
        Err(Error::NotInFigure { number: 1, .. })
    ));
    let curve = Curve::new("gap", [(2, 1.0)]);
    assert!(matches!(
        Elbow::new([curve.clone().recommended(3)]).figure(),
        Err(Error::NotInFigure { number: 3, .. })
    ));
    assert_eq!(
        message(Elbow::new([curve.errors([])]).figure()),
        "figure of measures by k: 0 errors, expected 1"
    );
    assert!(matches!(Silhouette::new(&[vec![0.5]]).sizes(&[]).figure(), Err(Error::FigureCount { .. })));
    assert!(matches!(Scatter::new(&[(0.0, 0.0)], &[]).figure(), Err(Error::FigureCount { .. })));
    let scatter = |label| Scatter::new(&[(0.0, 0.0)], &[label]).centroids(&[(0.0, 0.0)]).figure().map(drop);
    assert!(scatter(0).is_ok());
    assert!(matches!(scatter(1), Err(Error::LabelOutOfRange { .. })));
    assert!(matches!(scatter(-1), Err(Error::LabelOutOfRange { .. })));
}
