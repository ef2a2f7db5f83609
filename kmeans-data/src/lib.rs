//! Row sources and array files for k-means: mapped .npy, .fvecs, .bvecs and .csv, read by blocks as f32
