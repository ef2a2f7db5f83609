//! Faiss's random choices. Expected numbers come from faiss-cpu 1.15.1.

use kmeans::{EmptyClusters, Error, Init, Seeding};

use super::data::{data, kmeans};

fn like_faiss(k: usize) -> kmeans::core::KMeans<kmeans_backend_cpu::CpuEngine> {
    kmeans(k).seeding(Seeding::Faiss).init(Init::Random).early_stop_threshold(None)
}

#[test]
fn what_cannot_be_drawn_like_faiss_is_refused() {
    let (x, d) = data("iris");
    for kmeans in
        [like_faiss(3).init(Init::KMeansPlusPlus), like_faiss(3).empty_clusters(EmptyClusters::Farthest)]
    {
        assert!(matches!(kmeans.train(&x, d), Err(Error::Parameter { name: "seeding", .. })));
    }
}
