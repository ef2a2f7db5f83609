//! Ends before convergence.

use std::ops::ControlFlow;
use std::time::Duration;

use kmeans::{Init, Progress, RowSlice, Stop, Warning};

use super::data::{data, kmeans};
use crate::naive;

#[test]
fn a_time_limit_of_nothing_still_gives_a_usable_model() {
    let (x, d) = data("digits");
    for init in [
        Init::KMeansPlusPlus,
        Init::KMeansParallel,
        Init::AfkMc2,
        Init::GreedyKMeansPlusPlus { trials: None },
    ] {
        let fit = kmeans(20).init(init.clone()).time_limit(Duration::ZERO).nredo(5).train(&x, d).unwrap();
        assert_eq!((fit.report.stop, fit.report.niter_done), (Stop::TimeLimit, 0), "{init}");
        assert_eq!((fit.report.redos.len(), fit.labels.len()), (1, 1797), "{init}");
        assert!(fit.report.inertia.is_finite());
    }
}

#[test]
fn a_time_limit_ends_an_endless_training() {
    let x = naive::blobs(20_000, 4, 50, 2);
    let kmeans = kmeans(50).niter(usize::MAX).early_stop_threshold(None);
    let fit = kmeans.time_limit(Duration::from_millis(200)).train(&x, 4).unwrap();
    assert_eq!(fit.report.stop, Stop::TimeLimit);
    assert!(fit.report.niter_done > 0 && fit.report.obj.len() == fit.report.niter_done);
}

#[test]
fn a_wish_to_stop_during_initialisation_is_heeded_at_once() {
    let (x, d) = data("digits");
    let points = RowSlice::new(&x, d).unwrap();
    let stop_at = |drawn: usize| {
        let last = std::sync::atomic::AtomicUsize::new(0);
        let watch = |step: &Progress| match step {
            Progress::Init { done, .. } => {
                last.store(*done, std::sync::atomic::Ordering::Relaxed);
                if *done >= drawn { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            _ => ControlFlow::Continue(()),
        };
        let fit = kmeans(30).train_watched(&points, None, &watch).unwrap();
        assert_eq!((fit.report.stop, fit.report.niter_done, fit.model.k()), (Stop::Interrupted, 0, 30));
        last.into_inner()
    };
    assert_eq!(stop_at(5), 5);
}

#[test]
fn what_a_time_limit_left_out_is_a_warning() {
    let (x, d) = data("digits");
    let cut = kmeans(20).time_limit(Duration::ZERO).nredo(5).train(&x, d).unwrap().report.warnings;
    assert!(cut.contains(&Warning::NotConverged { niter: 0, changed: None }), "{cut:?}");
    assert!(cut.contains(&Warning::FewerRestarts { done: 1, asked: 5 }), "{cut:?}");
}

#[test]
fn a_wish_to_stop_is_heeded_within_the_cells_of_two_levels() {
    let x = naive::blobs(20_000, 8, 50, 2);
    let points = RowSlice::new(&x, 8).unwrap();
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let watch = |step: &Progress| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert!(!matches!(step, Progress::Iteration { .. }), "cells tell no iterations");
        if call >= 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let fit =
        kmeans(400).hierarchical(true).final_assign(false).train_watched(&points, None, &watch).unwrap();
    assert_eq!((fit.report.stop, fit.report.niter_done, fit.model.k()), (Stop::Interrupted, 0, 400));
}
