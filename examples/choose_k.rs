//! How many clusters do rows have? Measures of each number, the votes of four methods with their reasons, and a figure.
//!
//! `cargo run --release --example choose_k`

use kmeans::eval::ChooseK;
use kmeans::eval::report::k_figure;
use kmeans::{Device, KMeans, Overwrite};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digits = kmeans::open("data/digits.f32.npy")?;
    let choice = ChooseK::new(2..=16).run(&Device::Auto, &digits)?;

    println!(" k    inertia  silhouette  calinski-harabasz  davies-bouldin");
    for m in &choice.k {
        print!("{:2} {:10.0}", m.k, m.inertia);
        for (value, width) in [(m.silhouette, 11), (m.calinski_harabasz, 18), (m.davies_bouldin, 15)] {
            print!(" {:width$.3}", value.ok_or("not measured")?);
        }
        println!();
    }
    for vote in &choice.recommended.votes {
        let k = vote.k.map_or("none".to_owned(), |k| k.to_string());
        println!("{} is for {k}: {}", vote.method, vote.reason);
    }
    for doubt in &choice.recommended.doubts {
        println!("doubt: {doubt}");
    }
    let k = choice.recommended.k;
    println!("k = {k} is recommended, sure to {:.0} %", 100.0 * choice.recommended.sureness);

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("k.svg");
    k_figure(&choice)?.save(&path, Overwrite::Refuse)?;
    println!("a figure of {} bytes", std::fs::metadata(&path)?.len());

    // The model of that k is there, to be used as it is.
    let found = KMeans::new(k).assign_points(&choice.model, &digits, Default::default())?;
    assert_eq!(found.cluster_sizes.len(), k);
    Ok(())
}
