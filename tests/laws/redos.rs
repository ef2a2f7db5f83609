//! Restarts, early stopping and interruption.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use kmeans::{Init, Progress, RowSlice, Stop, Warning};

use crate::naive;
use crate::training::{check_fit, data, kmeans};

#[test]
fn the_best_of_the_restarts_is_kept() {
    let x = naive::blobs(600, 4, 30, 1);
    for seed in 0..5 {
        let fit = kmeans(25).init(Init::Random).seed(seed).nredo(6).niter(10).train(&x, 4).unwrap();
        assert_eq!(fit.report.redos.len(), 6);
        let last = |r: usize| fit.report.redos[r].iteration_stats.last().unwrap().obj;
        for redo in 0..6 {
            // The last objective is of the centroids before the last update.
            assert!(fit.report.redos[redo].iteration_stats.len() <= 10);
            assert!(fit.report.inertia <= last(redo) * (1.0 + 1e-9), "seed {seed} redo {redo}");
        }
        let chosen = &fit.report.redos[fit.report.chosen_redo];
        assert_eq!(chosen.iteration_stats, fit.report.iteration_stats);
        let one = kmeans(25).init(Init::Random).seed(seed).niter(10).train(&x, 4).unwrap();
        let objs =
            |stats: &[kmeans::IterationStats]| stats.iter().map(|s| s.obj.to_bits()).collect::<Vec<_>>();
        assert_eq!(objs(&one.report.iteration_stats), objs(&fit.report.redos[0].iteration_stats));
        assert!(fit.report.inertia <= one.report.inertia);
        let first: Vec<u64> = fit.report.redos.iter().map(|r| r.iteration_stats[0].obj.to_bits()).collect();
        assert!(first.windows(2).all(|w| w[0] != w[1]), "restarts begin elsewhere");
    }
}

#[test]
fn restarts_choose_the_largest_inner_product() {
    let x = naive::blobs(300, 4, 30, 2);
    let fit = kmeans(10).spherical(true).init(Init::Random).nredo(5).niter(5).train(&x, 4).unwrap();
    for redo in &fit.report.redos {
        assert!(fit.report.inertia >= redo.iteration_stats.last().unwrap().obj * (1.0 - 1e-6));
    }
}

#[test]
fn without_a_threshold_all_iterations_run() {
    let x = naive::blobs(100, 2, 3, 3);
    let fit = kmeans(3).early_stop_threshold(None).niter(40).train(&x, 2).unwrap();
    assert_eq!((fit.report.niter_done, fit.report.obj.len(), fit.report.stop), (40, 40, Stop::Niter));
    assert!(!fit.report.warnings.iter().any(|w| matches!(w, Warning::NotConverged { .. })));
    let stopped = kmeans(3).niter(40).train(&x, 2).unwrap();
    assert_eq!(stopped.report.stop, Stop::LabelsUnchanged);
    assert_eq!(stopped.model.offsets(), fit.model.offsets());
    assert_eq!(stopped.report.inertia.to_bits(), fit.report.inertia.to_bits());
}

#[test]
fn a_threshold_stops_earlier() {
    let (x, d) = data("digits");
    let exact = kmeans(10).niter(300).train(&x, d).unwrap();
    let early = kmeans(10).niter(300).early_stop_threshold(1e-2).train(&x, d).unwrap();
    assert_eq!(early.report.stop, Stop::ObjectiveUnchanged);
    assert!(early.report.niter_done < exact.report.niter_done);
    let [.., before, last] = early.report.obj[..] else { panic!("{:?}", early.report.obj) };
    assert!(before - last <= 1e-2 * before);
}

#[test]
fn too_few_iterations_are_warned_of() {
    let (x, d) = data("digits");
    let fit = kmeans(10).niter(2).train(&x, d).unwrap();
    assert_eq!(fit.report.stop, Stop::Niter);
    let warned = |w: &Warning| matches!(w, Warning::NotConverged { niter: 2, changed: Some(1..) });
    assert!(fit.report.warnings.iter().any(warned), "{:?}", fit.report.warnings);
}

#[test]
fn an_interrupted_training_returns_what_it_has() {
    let (x, d) = data("digits");
    let points = RowSlice::new(&x, d).unwrap();
    let seen = AtomicUsize::new(0);
    let watch = |progress: &Progress| match progress {
        Progress::Iteration { iteration: 2, redo: 1, .. } => ControlFlow::Break(()),
        Progress::Iteration { .. } => {
            seen.fetch_add(1, Ordering::Relaxed);
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    };
    let kmeans = kmeans(10).nredo(5).niter(6);
    let fit = kmeans.train_watched(&points, None, &watch).unwrap();
    assert_eq!(fit.report.redos.len(), 2);
    assert_eq!(fit.report.redos[1].stop, Stop::Interrupted);
    assert_eq!(fit.report.redos[1].iteration_stats.len(), 3);
    assert_eq!(seen.load(Ordering::Relaxed), fit.report.redos[0].iteration_stats.len() + 2);
    check_fit(&fit, &x, None, "interrupted");
    let at_once = |_: &Progress| ControlFlow::Break(());
    let fit = kmeans.train_watched(&points, None, &at_once).unwrap();
    assert_eq!((fit.report.stop, fit.report.niter_done), (Stop::Interrupted, 0));
    check_fit(&fit, &x, None, "interrupted at once");
}
