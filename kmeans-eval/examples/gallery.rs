//! All figures, and a page that holds them: `cargo run -p kmeans-eval --features plots --example gallery [folder]`.

use std::path::PathBuf;

use kmeans_data::{Overwrite, Points, open, read_labels};
use kmeans_eval::cluster_sizes;
use kmeans_eval::figure::{
    Better, Curve, Elbow, Figure, Objective, RecallSpeed, Scatter, Silhouette, Sizes, Theme,
};
use kmeans_eval::page::Page;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let mut page = Page::new("A gallery of figures").subtitle("Irises, and numbers made up");
    for (name, figure) in figures()? {
        for theme in [Theme::Light, Theme::Dark] {
            let path = folder.join(format!("{name}-{theme:?}.png").to_lowercase());
            std::fs::write(path, figure.to_png(theme, 1.5)?)?;
        }
        figure.save(folder.join(name).with_extension("svg"), Overwrite::Replace)?;
        page = page.figure(figure.description(), &figure);
    }
    page.save(folder.join("gallery.html"), Overwrite::Replace)?;
    println!("{}", folder.join("gallery.html").display());
    Ok(())
}

/// The figures and their names.
fn figures() -> Result<Vec<(&'static str, Figure)>> {
    let data = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../data"));
    let irises = open(data.join("iris.f32.npy"))?;
    let species = read_labels(data.join("iris_target.u8.npy"))?;
    let digits = cluster_sizes(&read_labels(data.join("digits_target.u8.npy"))?, 10)?;
    let mut values = vec![0.0; irises.rows() * irises.dim()];
    irises.read(0..irises.rows(), &mut values)?;
    let petals: Vec<_> = values.chunks(4).map(|row| (f64::from(row[2]), f64::from(row[3]))).collect();
    let runs: Vec<Vec<f64>> =
        (0..8).map(|run| (1..6 + run).map(|i| falling(run as f64, i as f64)).collect()).collect();
    let inertia = [(1, 681.4), (2, 152.3), (3, 78.9), (4, 57.2), (5, 46.4), (6, 39.0), (7, 34.3), (8, 30.0)];
    let scores = [(2, 0.681), (3, 0.553), (4, 0.498), (5, 0.489), (6, 0.365), (7, 0.357), (8, 0.362)];
    let silhouettes: Vec<Vec<f64>> =
        [50, 62, 38].iter().map(|&n| (0..n).map(|i| (f64::from(i) / 70.0).sqrt() - 0.1).collect()).collect();
    let curves = [
        Curve::new("inertia, cm²", inertia).recommended(3).better(Better::Lower),
        Curve::new("mean silhouette", scores).recommended(2).better(Better::Higher).errors([0.02; 7]),
    ];
    let centroids = [(1.46, 0.25), (4.26, 1.33), (5.55, 2.03)];
    let speed = |recall: f64, cost: f64| (recall, 40_000.0 / cost / (1.02 - recall).powf(-1.2));
    Ok(vec![
        ("objective", Objective::new(&runs).chosen(3).figure()?),
        ("elbow", Elbow::new(curves).figure()?),
        ("silhouette", Silhouette::new(&silhouettes).figure()?),
        ("sizes", Sizes::new(&digits).figure()?.with_title("Digits of each kind")),
        (
            "scatter",
            Scatter::new(&petals, &species)
                .centroids(&centroids)
                .axes("petal length, cm", "petal width, cm")
                .figure()?,
        ),
        (
            "recall",
            RecallSpeed::new(10)
                .series("IVF1024,Flat", [0.6, 0.8, 0.9, 0.97, 0.99].map(|r| speed(r, 1.0)))
                .series("IVF1024,PQ16", [0.4, 0.5, 0.58, 0.62].map(|r| speed(r, 0.3)))
                .figure()?,
        ),
    ])
}

fn falling(run: f64, iteration: f64) -> f64 {
    78.9 + 0.8 * run + (90.0 + 7.0 * run) * (-0.9 * iteration).exp()
}
