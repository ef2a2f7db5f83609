//! One suite stamped over every engine: what [`kmeans::core::Engine`] promises, against a naive
//! reference in `f64` and `i128`.

mod naive;

#[path = "conformance/chunks.rs"]
mod chunks;
#[path = "conformance/closer.rs"]
mod closer;
#[path = "conformance/engines.rs"]
mod engines;
#[path = "conformance/extent.rs"]
mod extent;
#[path = "conformance/inputs.rs"]
mod inputs;
#[path = "conformance/labels.rs"]
mod labels;
#[path = "conformance/nearest.rs"]
mod nearest;
#[path = "conformance/normalize.rs"]
mod normalize;
#[path = "conformance/pairs.rs"]
mod pairs;
#[path = "conformance/sparse.rs"]
mod sparse;
#[path = "conformance/sums.rs"]
mod sums;
#[path = "conformance/ties.rs"]
mod ties;

/// A module of tests for one engine; the engine is `None` where this processor lacks its instructions.
macro_rules! conforms {
    ($name:ident, $engine:expr, [$($check:ident :: $test:ident),* $(,)?]) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    if let Some(engine) = $engine {
                        crate::$check::$test(&engine);
                    }
                }
            )*
        }
    };
}

/// Stamps the same list of tests over several engines.
macro_rules! stamp {
    ([$($name:ident = $engine:expr),* $(,)?], $tests:tt) => {
        $(conforms!($name, $engine, $tests);)*
    };
    ($engines:tt) => {
        stamp!($engines, [
            labels::labels_and_distances_are_right_for_l2,
            labels::labels_and_distances_are_right_for_inner_product,
            labels::labels_and_distances_are_right_far_from_zero,
            labels::the_number_of_changed_labels_is_counted,
            labels::another_codebook_leaves_no_trace_of_the_first,
            ties::equal_centroids_give_the_lowest_index,
            ties::exact_ties_give_the_lowest_index,
            ties::equal_rows_get_equal_labels,
            sums::sums_are_those_of_the_naive_integers,
            sums::weighted_sums_are_those_of_the_naive_integers,
            sums::sums_of_wide_weights_are_those_of_the_naive_integers,
            sums::the_objective_is_the_naive_sum,
            sums::the_objective_of_labels_made_elsewhere_is_theirs,
            sums::step_is_assign_then_reduce,
            chunks::parts_add_up_to_the_whole,
            chunks::weighted_parts_add_up_to_the_whole,
            nearest::the_nearest_come_in_order,
            nearest::all_centroids_can_be_listed,
            nearest::equal_centroids_are_listed_by_number,
            nearest::the_nearest_is_the_label,
            nearest::the_nearest_is_the_label_in_near_ties,
            closer::no_pair_is_lost_or_made_up,
            closer::no_pair_is_lost_to_rounding,
            closer::no_pair_is_lost_among_tiny_values,
            closer::rows_of_a_tensor_are_found_like_those_of_a_slice,
            extent::extents_are_the_smallest_and_largest_values,
            extent::the_first_value_that_is_not_finite_is_named,
            extent::weights_are_counted,
            inputs::tensors_are_taken_like_slices,
            inputs::a_transposed_tensor_is_read_by_rows,
            inputs::rows_come_back_in_the_frame,
            inputs::packed_rows_give_what_plain_ones_give,
            inputs::unit_rows_may_be_tiny_and_huge,
            sparse::sparse_rows_give_what_dense_ones_give,
            sparse::sparse_rows_are_seen_in_any_frame,
            sparse::sparse_parts_lent_and_owned_are_the_same_rows,
            sparse::a_sparse_row_at_its_centroid_has_distance_zero,
            sparse::the_nearest_of_sparse_rows_are_those_of_dense_ones,
            sparse::extents_of_sparse_rows_count_their_zeros,
            sparse::a_sparse_value_that_is_not_finite_is_named,
            pairs::sums_of_pairs_are_the_naive_ones,
            pairs::sums_of_pairs_of_one_set_are_the_naive_ones,
            pairs::ranges_of_pairs_are_the_naive_ones,
            pairs::near_rows_far_from_zero_keep_their_distances,
            normalize::centroids_get_unit_length,
            normalize::a_zero_centroid_stays_zero,
        ]);
    };
}

stamp!([
    reference = Some(crate::engines::reference()),
    cpu = crate::engines::cpu(kmeans_backend_cpu::InstructionSet::Widest, None),
    cpu_avx2 = crate::engines::cpu(kmeans_backend_cpu::InstructionSet::Avx2, None),
    cpu_portable = crate::engines::cpu(kmeans_backend_cpu::InstructionSet::Portable, None),
    cpu_by_bytes = crate::engines::cpu_by_bytes(kmeans_backend_cpu::InstructionSet::Widest),
    cpu_by_bytes_portable = crate::engines::cpu_by_bytes(kmeans_backend_cpu::InstructionSet::Portable),
    cpu_1_thread = crate::engines::cpu(kmeans_backend_cpu::InstructionSet::Widest, Some(1)),
    cpu_3_threads = crate::engines::cpu(kmeans_backend_cpu::InstructionSet::Widest, Some(3)),
]);

#[cfg(feature = "wgpu")]
stamp!([
    wgpu = Some(crate::engines::wgpu()),
    wgpu_without_64_bits = Some(crate::engines::wgpu().without_64_bits()),
    wgpu_small_slabs_large_tiles_sorted = Some(
        crate::engines::wgpu()
            .slab_bytes(16 << 10)
            .tiles(kmeans_backend_cuda::Tiles::Large)
            .reduction(kmeans_backend_cuda::Reduction::Sorted)
    ),
    wgpu_screened = Some(crate::engines::wgpu().matrix_units(kmeans_backend_cuda::MatrixUnits::Emulated)),
]);

#[cfg(feature = "cuda")]
stamp!([
    cuda = Some(crate::engines::cuda()),
    cuda_without_64_bits = Some(crate::engines::cuda().without_64_bits()),
    cuda_small_slabs_large_tiles_sorted = Some(
        crate::engines::cuda()
            .slab_bytes(16 << 10)
            .tiles(kmeans_backend_cuda::Tiles::Large)
            .reduction(kmeans_backend_cuda::Reduction::Sorted)
    ),
    cuda_screened = Some(crate::engines::cuda().matrix_units(kmeans_backend_cuda::MatrixUnits::Emulated)),
    cuda_by_matrix_units =
        Some(crate::engines::cuda().matrix_units(kmeans_backend_cuda::MatrixUnits::Always)),
]);
