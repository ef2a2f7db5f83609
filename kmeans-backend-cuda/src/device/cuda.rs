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

/// Where CubeCL looks for CUDA without `$CUDA_PATH`: what is there, and the folder that it then takes. The first counts,
/// whatever it holds.
const TOOLKITS: &[(&str, &str)] = if cfg!(windows) {
    &[(
        "C:/Program Files/NVIDIA GPU Computing Toolkit/CUDA",
        "C:/Program Files/NVIDIA GPU Computing Toolkit/CUDA",
    )]
} else {
    &[("/usr/local/cuda", "/usr/local/cuda"), ("/opt/cuda", "/opt/cuda"), ("/usr/bin/nvcc", "/usr")]
};
/// Headers of what kernels are made of.
const HEADERS: [&str; 3] = ["cuda_runtime.h", "cuda_fp16.h", "mma.h"];
/// So much is said of a kernel that cannot be made: CubeCL adds all of its source.
const MOST_SAID: usize = 400;

/// The engine on GPU `index`, counted from 0.
///
/// # Errors
/// [`Error::Device`] with what is missing: driver, compiler library, headers, or the GPU.
pub fn open_cuda(index: usize) -> Result<CudaEngine> {
    probe(index)?;
    let name = format!("cuda:{index}");
    // CubeCL does not say that it has `f64`, but has it.
    let engine = started(&name, || {
        let engine = CudaEngine::new(CudaDevice::new(index), name.clone(), true);
        let room = engine.most_bytes().saturating_mul(PAGES) / 100 * ROOM_PERCENT;
        engine.with_room(room)
    })?;
    engine.try_kernel().map_err(|error| {
        let said: String = error.to_string().chars().take(MOST_SAID).collect();
        let reason =
            format!("it runs no kernel; is NVRTC of a CUDA that knows this GPU and its driver? {said}");
        Error::Device { device: name, reason }
    })?;
    Ok(engine)
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
    let Some(toolkit) = toolkit() else {
        return fail("no CUDA: set CUDA_PATH, or install CUDA under /usr/local/cuda".to_owned());
    };
    let include = toolkit.join("include");
    if let Some(header) = HEADERS.iter().find(|header| !include.join(header).is_file()) {
        return fail(format!(
            "{} has no {header}: set CUDA_PATH to a CUDA with its headers",
            include.display()
        ));
    }
    match CudaContext::device_count() {
        Err(error) => fail(format!("the driver does not start: {error}")),
        Ok(0) => fail("the driver finds no GPU".to_owned()),
        Ok(count) if index >= count as usize => {
            fail(format!("GPUs that the driver finds: {count}, counted from 0"))
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

/// The folder whose headers CubeCL takes.
fn toolkit() -> Option<PathBuf> {
    std::env::var_os("CUDA_PATH").map(PathBuf::from).or_else(|| {
        let found = TOOLKITS.iter().find(|(mark, _)| Path::new(mark).exists());
        found.map(|(_, home)| PathBuf::from(home))
    })
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
