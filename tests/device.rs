//! Names of devices, and what is said of those that are not there.
#![allow(missing_docs, reason = "tests")]

use kmeans::Device;

#[test]
fn a_device_reads_back_as_it_is_written() {
    for text in ["auto", "cpu", "cpu:4", "cuda:1", "wgpu:0", "reference"] {
        assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
    }
    for text in ["", "gpu", "cpu:0", "cpu:x", "cuda:-1", "wgpu:", "reference:1"] {
        assert!(text.parse::<Device>().is_err(), "{text}");
    }
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_was_not_compiled_in_names_the_feature() {
    let kmeans = kmeans::KMeans::new(1).device(Device::Cuda { index: 0 });
    let error = kmeans.train(&[1.0], 1).unwrap_err();
    assert!(error.to_string().contains("--features cuda"), "{error}");
}
