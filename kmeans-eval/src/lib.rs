//! Measures of clustering quality
