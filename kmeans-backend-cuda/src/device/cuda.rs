//! NVIDIA GPUs. Whether one can be used is asked before anything that would panic if not.

use std::path::{Path, PathBuf};

use burn_cuda::CudaDevice;
use cubecl::cuda::CudaRuntime;
use cudarc::driver::CudaContext;
use kmeans_core::{Error, Result};

use crate::engine::CubeEngine;
use crate::gpu::started;

/// CubeCL's largest array is this part of the memory.
const PAGES: u64 = 4;
/// How much of it rows may take; the rest is for centroids, sums and what others on the machine hold.
const ROOM_PERCENT: u64 = 70;

/// k-means on an NVIDIA GPU.
pub type CudaEngine = CubeEngine<CudaRuntime, u8>;

/// Places where the CUDA headers are looked for, besides `$CUDA_PATH`.
const TOOLKITS: [&str; 2] = ["/usr/local/cuda", "/opt/cuda"];

/// The engine on GPU `index`, counted from 0.
///
/// # Errors
/// [`Error::Device`] with what is missing: driver, compiler library, headers, or the GPU.
pub fn open_cuda(index: usize) -> Result<CudaEngine> {
    probe(index)?;
    let name = format!("cuda:{index}");
    // CubeCL does not say that it has `f64`, but has it.
    started(&name, || {
        let engine = CudaEngine::new(CudaDevice::new(index), name.clone(), true);
        let room = engine.most_bytes().saturating_mul(PAGES) / 100 * ROOM_PERCENT;
        engine.with_room(room)
    })
}

/// Checks that GPU `index` can be used.
///
/// # Errors
/// [`Error::Device`] with the first thing that is missing, and what would help.
fn probe(index: usize) -> Result<()> {
    let fail = |reason: String| Err(Error::Device { device: format!("cuda:{index}"), reason });
    if !has_driver() {
        return fail("the NVIDIA driver's libcuda cannot be loaded: is a driver installed?".to_owned());
    }
    if !has_compiler() {
        return fail(
            "NVRTC (libnvrtc) cannot be loaded: install CUDA 12 or 13, or put it on the loader's path"
                .to_owned(),
        );
    }
    if toolkit().is_none() {
        return fail(format!(
            "no CUDA headers: set CUDA_PATH, or install CUDA under {}",
            TOOLKITS.join(" or ")
        ));
    }
    match CudaContext::device_count() {
        Err(error) => fail(format!("the driver does not start: {error}")),
        Ok(0) => fail("the driver finds no GPU".to_owned()),
        Ok(count) if index >= count as usize => {
            fail(format!("the driver finds {count} GPUs, counted from 0"))
        }
        Ok(_) => Ok(()),
    }
}

#[allow(unsafe_code, reason = "loading a library runs its initialisers")]
fn has_driver() -> bool {
    // SAFETY: the library found by these names is the system's NVIDIA driver, made to be loaded so.
    unsafe { cudarc::driver::sys::is_culib_present() }
}

#[allow(unsafe_code, reason = "loading a library runs its initialisers")]
fn has_compiler() -> bool {
    // SAFETY: the library found by these names is NVIDIA's NVRTC, made to be loaded so.
    unsafe { cudarc::nvrtc::sys::is_culib_present() }
}

/// Where CubeCL takes the headers from: `$CUDA_PATH` if it is set, else one of the usual places.
fn toolkit() -> Option<PathBuf> {
    match std::env::var_os("CUDA_PATH") {
        Some(named) => Some(PathBuf::from(named)).filter(|path| has_headers(path)),
        None => TOOLKITS.iter().map(PathBuf::from).find(|path| has_headers(path)),
    }
}

fn has_headers(toolkit: &Path) -> bool {
    toolkit.join("include/cuda_runtime.h").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmeans_core::KMeans;

    #[test]
    fn a_machine_without_a_gpu_gets_an_error_that_names_what_is_missing() {
        match open_cuda(0) {
            Ok(engine) => {
                let fit = KMeans::on(engine, 2).train(&[0.0, 0.1, 9.0, 9.1], 1).unwrap();
                assert_eq!(fit.labels[0], fit.labels[1]);
                assert_ne!(fit.labels[0], fit.labels[2]);
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.starts_with("device cuda:0 cannot be used: "), "{text}");
            }
        }
    }
}
