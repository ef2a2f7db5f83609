//! `kmeans assign --transform`: all distances.

use crate::room::Room;

#[test]
fn a_transform_holds_every_distance_and_the_least_is_that_of_the_label() {
    let room = Room::trained("digits", 10);
    let ran = room.ok("assign m.safetensors digits.npy --transform t.npy --labels a.npy --distances ad.npy");
    assert!(ran.stdout.is_empty() && ran.stderr.contains("1797 rows"), "{}", ran.stderr);
    assert_eq!(room.shape("t.npy"), "(1797, 10)");
    let (all, labels, least) = (room.floats("t.npy"), room.labels("a.npy"), room.floats("ad.npy"));
    for (row, distances) in all.chunks_exact(10).enumerate() {
        let own = distances[labels[row] as usize];
        assert!((own - least[row]).abs() <= 1e-5 * least[row], "row {row}: {own} {}", least[row]);
        assert!(distances.iter().all(|&d| d >= own * (1.0 - 1e-5)), "row {row}");
    }
}

#[test]
fn a_transform_holds_squared_distances_to_the_centroids_written() {
    let room = Room::with("wine");
    room.ok("train wine.npy -k 3 -o m.safetensors --centroids c.npy -q");
    room.ok("assign m.safetensors wine.npy --transform t.npy -q");
    assert!(!room.names().contains(&"l.npy".to_owned()));
    let (x, c, t) = (room.floats("wine.npy"), room.floats("c.npy"), room.floats("t.npy"));
    for (row, x) in x.chunks_exact(13).enumerate() {
        for (cluster, c) in c.chunks_exact(13).enumerate() {
            let want: f64 = x.iter().zip(c).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
            let got = f64::from(t[row * 3 + cluster]);
            assert!((got - want).abs() <= 1e-4 * want + 1e-3, "row {row}, cluster {cluster}: {got} {want}");
        }
    }
}

#[test]
fn a_transform_goes_to_text_and_fvecs_too() {
    let room = Room::trained("iris", 3);
    for out in ["t.npy", "t.csv", "t.fvecs"] {
        room.ok(&format!("assign m.safetensors iris.npy --transform {out} -q"));
    }
    for out in ["t.csv", "t.fvecs"] {
        room.ok(&format!("convert {out} back.npy --force -q"));
        assert_eq!(room.floats("back.npy"), room.floats("t.npy"), "{out}");
    }
}

#[test]
fn a_transform_alone_has_no_inertia_to_report() {
    let room = Room::trained("iris", 3);
    let report = room.json("assign m.safetensors iris.npy --transform t.npy -q");
    assert_eq!((&report["n"], &report["d"], &report["k"]), (&150.into(), &4.into(), &3.into()));
    assert!(report.get("inertia").is_none() && report["seconds"].is_number());
    let report = room.json("assign m.safetensors iris.npy --distances ad.npy -q");
    assert!(report["inertia"].is_number());
    assert!(room.bytes("d.npy") == room.bytes("ad.npy"));
}

#[test]
fn a_transform_is_of_the_metric_of_the_model() {
    let room = Room::with("iris");
    type Distance = fn(f64, f64) -> f64;
    let kl: Distance = |x, c| if x == 0.0 { c } else { x * (x / c).ln() - x + c };
    let city: Distance = |x, c| (x - c).abs();
    for (metric, term) in [("l1", city), ("linf", city), ("kl", kl)] {
        room.ok(&format!("train iris.npy -k 3 --metric {metric} -o m.safetensors --centroids c.npy --labels l.npy --distances d.npy --force -q"));
        room.ok(
            "assign m.safetensors iris.npy --transform t.npy --labels a.npy --distances ad.npy --force -q",
        );
        assert_eq!(room.shape("t.npy"), "(150, 3)");
        assert!(room.bytes("l.npy") == room.bytes("a.npy") && room.bytes("d.npy") == room.bytes("ad.npy"));
        let (x, c, t) = (room.floats("iris.npy"), room.floats("c.npy"), room.floats("t.npy"));
        let (labels, least) = (room.labels("a.npy"), room.floats("ad.npy"));
        for (row, (x, distances)) in x.chunks_exact(4).zip(t.chunks_exact(3)).enumerate() {
            for (c, &got) in c.chunks_exact(4).zip(distances) {
                let terms = x.iter().zip(c).map(|(&x, &c)| term(x.into(), c.into()));
                let want = if metric == "linf" { terms.fold(0.0, f64::max) } else { terms.sum() };
                assert!(
                    (f64::from(got) - want).abs() <= 1e-6 * (1.0 + want),
                    "{metric}, row {row}: {got} {want}"
                );
            }
            assert_eq!(distances[labels[row] as usize], least[row], "{metric}, row {row}");
        }
    }
}

#[test]
fn a_transform_by_kl_of_negative_rows_names_them_and_leaves_nothing() {
    let room = Room::with("iris");
    room.ok("train iris.npy -k 3 --metric kl -o m.safetensors -q");
    room.write("negative.csv", b"1,2,3,4\n1,2,-3,4\n");
    let error = room.fails("assign m.safetensors negative.csv --transform t.npy", 65);
    assert!(error.contains("row 1, column 2") && error.contains("kl"), "{error}");
}

#[test]
fn bad_rows_leave_no_transform() {
    let room = Room::trained("iris", 3);
    room.write("nan.csv", b"1,2,3,4\n1,2,3,nan\n");
    room.fails("assign m.safetensors nan.csv --transform t.npy", 65);
}
