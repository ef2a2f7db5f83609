//! External measures: golden values of scikit-learn 1.9.1, hand examples and laws.

use approx::assert_relative_eq;
use kmeans_eval::{
    Contingency, adjusted_rand_index, completeness, fowlkes_mallows, homogeneity, mutual_information,
    normalized_mutual_information, purity, v_measure,
};
use proptest::prelude::*;

use crate::iris;

/// adjusted_rand_score, normalized_mutual_info_score, homogeneity_score, completeness_score,
/// v_measure_score, fowlkes_mallows_score, and contingency_matrix(..).max(axis=0).sum() / n.
type Golden = [f64; 7];

fn measures(truth: &[i32], labels: &[i32]) -> Golden {
    let table = &Contingency::new(truth, labels).unwrap();
    [
        adjusted_rand_index(table),
        normalized_mutual_information(table),
        homogeneity(table),
        completeness(table),
        v_measure(table),
        fowlkes_mallows(table),
        purity(table),
    ]
}

#[track_caller]
fn assert_golden(truth: &[i32], labels: &[i32], golden: Golden) {
    for (found, golden) in measures(truth, labels).into_iter().zip(golden) {
        assert_relative_eq!(found, golden, max_relative = 1e-12);
    }
}

#[test]
fn small_labelings_match_scikit_learn_1_9_1() {
    assert_golden(
        &[0, 0, 0, 1, 1, 1],
        &[0, 0, 1, 1, 2, 2],
        [
            0.24242424242424243,
            0.5158037429793889,
            0.6666666666666669,
            0.420619835714305,
            0.5158037429793889,
            0.4714045207910317,
            0.8333333333333334,
        ],
    );
    assert_golden(
        &[0, 0, 1, 1],
        &[0, 0, 1, 2],
        [
            0.5714285714285714,
            0.7999999999999999,
            0.9999999999999999,
            0.6666666666666666,
            0.7999999999999999,
            std::f64::consts::FRAC_1_SQRT_2,
            1.0,
        ],
    );
    assert_golden(
        &[-7, -7, 40, 40, 40, 3, 3, 3, 3, 3],
        &[5, 5, 5, 100, 100, 100, -1, -1, -1, 5],
        [
            0.1366906474820144,
            0.39915022881533163,
            0.4106339217821652,
            0.38829136267187014,
            0.39915022881533163,
            0.38575837490522974,
            0.7,
        ],
    );
}

#[test]
fn a_clustering_of_iris_matches_scikit_learn_1_9_1() {
    // KMeans(3, n_init=10, random_state=0).labels_ against the species.
    assert_golden(
        &iris::species(),
        &iris::labels(),
        [
            0.7302382722834697,
            0.7581756800057784,
            0.7514854021988338,
            0.7649861514489815,
            0.7581756800057784,
            0.8208080729114153,
            0.8933333333333333,
        ],
    );
}

#[test]
fn corner_cases_follow_scikit_learn_1_9_1() {
    let corners: [(&[i32], &[i32], Golden); 7] = [
        // One class, each row its own cluster; and the other way round.
        (&[0, 0, 0, 0], &[0, 1, 2, 3], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
        (&[0, 1, 2, 3], &[0, 0, 0, 0], [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.25]),
        // One class, two clusters: T = 2, P = 6, Q = 2.
        (&[0, 0, 0, 0], &[0, 0, 1, 1], [0.0, 0.0, 1.0, 0.0, 0.0, 0.5773502691896257, 1.0]),
        // Independent.
        (&[0, 0, 1, 1], &[0, 1, 0, 1], [-0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]),
        // One cluster on both sides; each row alone on both sides; one row.
        (&[4, 4, 4], &[9, 9, 9], [1.0; 7]),
        (&[1, 2, 3], &[3, 1, 2], [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0]),
        (&[1], &[5], [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0]),
    ];
    for (truth, labels, golden) in corners {
        assert_golden(truth, labels, golden);
    }
}

#[test]
fn crossed_labels_share_no_information() {
    // Every class meets every cluster equally often.
    let truth: Vec<i32> = (0..600).map(|i| i % 6).collect();
    let labels: Vec<i32> = (0..600).map(|i| i / 6 % 10).collect();
    let table = Contingency::new(&truth, &labels).unwrap();
    assert_eq!(mutual_information(&table), 0.0);
    assert_eq!(normalized_mutual_information(&table), 0.0);
}

#[test]
fn independent_labels_have_an_adjusted_rand_index_near_0() {
    // The high bits of a linear congruential generator.
    let mut state = 1_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i32 % 8
    };
    let (truth, labels): (Vec<i32>, Vec<i32>) = (0..100_000).map(|_| (draw(), draw())).unzip();
    let table = Contingency::new(&truth, &labels).unwrap();
    assert!(adjusted_rand_index(&table).abs() < 1e-3);
    // Unadjusted, eight even clusters share an eighth of the pairs by chance.
    assert!((fowlkes_mallows(&table) - 0.125).abs() < 1e-2);
}

/// Two labelings of the same rows.
fn labelings() -> impl Strategy<Value = (Vec<i32>, Vec<i32>)> {
    let wide = prop_oneof![-3..6_i32, Just(i32::MIN), Just(i32::MAX)];
    prop::collection::vec((-2..5_i32, wide), 1..200).prop_map(|rows| rows.into_iter().unzip())
}

/// Another name for each label.
fn renamed(labels: &[i32]) -> Vec<i32> {
    labels.iter().map(|label| label.wrapping_mul(-7).wrapping_add(11)).collect()
}

proptest! {
    #[test]
    fn symmetric_measures_do_not_see_which_side_is_the_truth((truth, labels) in labelings()) {
        let [ari, nmi, h, c, v, fm, _] = measures(&truth, &labels);
        let [ari_swapped, nmi_swapped, h_swapped, c_swapped, v_swapped, fm_swapped, _] = measures(&labels, &truth);
        prop_assert_eq!(ari, ari_swapped);
        let pairs = [(nmi, nmi_swapped), (h, c_swapped), (c, h_swapped), (v, v_swapped), (fm, fm_swapped)];
        for (one, other) in pairs {
            prop_assert!((one - other).abs() <= 1e-13, "{} {}", one, other);
        }
    }

    #[test]
    fn names_of_labels_do_not_matter((truth, labels) in labelings()) {
        let found = measures(&renamed(&truth), &renamed(&labels));
        for (one, other) in measures(&truth, &labels).into_iter().zip(found) {
            prop_assert!((one - other).abs() <= 1e-13, "{} {}", one, other);
        }
    }

    #[test]
    fn equal_partitions_score_1((truth, _) in labelings()) {
        let [ari, nmi, h, c, v, fm, purity] = measures(&truth, &renamed(&truth));
        prop_assert_eq!([ari, purity], [1.0, 1.0]);
        for one in [nmi, h, c, v] {
            prop_assert!((one - 1.0).abs() <= 1e-13, "{}", one);
        }
        let some_pair = Contingency::new(&truth, &truth).unwrap().class_sizes().iter().any(|&size| size > 1);
        prop_assert_eq!(fm, f64::from(u8::from(some_pair)));
    }

    #[test]
    fn values_lie_in_their_ranges((truth, labels) in labelings()) {
        let [ari, rest @ ..] = measures(&truth, &labels);
        prop_assert!((-0.5..=1.0).contains(&ari), "{}", ari);
        for one in rest {
            prop_assert!((0.0..=1.0 + 1e-15).contains(&one), "{}", one);
        }
    }

    #[test]
    fn v_measure_is_normalized_mutual_information((truth, labels) in labelings()) {
        let [_, nmi, _, _, v, ..] = measures(&truth, &labels);
        prop_assert!((nmi - v).abs() <= 1e-13, "{} {}", nmi, v);
    }

    #[test]
    fn the_adjusted_rand_index_counts_pairs_one_by_one((truth, labels) in labelings()) {
        prop_assert!((measures(&truth, &labels)[0] - naive_adjusted_rand_index(&truth, &labels)).abs() <= 1e-12);
    }
}

/// From the four kinds of pairs, counted pair by pair.
fn naive_adjusted_rand_index(truth: &[i32], labels: &[i32]) -> f64 {
    let mut pairs = [[0.0; 2]; 2];
    for i in 0..truth.len() {
        for j in 0..i {
            pairs[usize::from(truth[i] == truth[j])][usize::from(labels[i] == labels[j])] += 1.0;
        }
    }
    let [[neither, by_cluster], [by_class, both]] = pairs;
    if by_cluster == 0.0 && by_class == 0.0 {
        return 1.0;
    }
    2.0 * (both * neither - by_class * by_cluster)
        / ((both + by_class) * (by_class + neither) + (both + by_cluster) * (by_cluster + neither))
}
