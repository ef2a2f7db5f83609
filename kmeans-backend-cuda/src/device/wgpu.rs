//! GPUs of any maker by Vulkan, Metal or DirectX 12, and Mesa's software Vulkan.

use burn_wgpu::graphics::{AutoGraphicsApi, GraphicsApi};
use burn_wgpu::{WgpuDevice, WgpuRuntime};
use cubecl::prelude::Runtime;
use kmeans_core::{Error, Result};

use crate::engine::CubeEngine;
use crate::gpu::started;

/// k-means on a GPU of any maker.
pub type WgpuEngine = CubeEngine<WgpuRuntime, u32>;

/// The engine on device `index`, counted from 0: discrete GPUs first, then integrated ones, virtual ones,
/// and software.
///
/// # Errors
/// [`Error::Device`] if there is no such device, or it does not start.
pub fn open_wgpu(index: usize) -> Result<WgpuEngine> {
    let name = format!("wgpu:{index}");
    let all = started(&name, devices)?;
    let Some((device, kind)) = all.get(index) else {
        let reason = match all.len() {
            0 => "there is no GPU with a Vulkan, Metal or DirectX 12 driver; \
                  Mesa's software Vulkan (mesa-vulkan-drivers on Debian) would do"
                .to_owned(),
            count => format!("devices there: {count}, counted from 0"),
        };
        return Err(Error::Device { device: name, reason });
    };
    started(&name, || check_limits(device))?
        .map_err(|reason| Error::Device { device: name.clone(), reason })?;
    started(&name, || {
        let has_64_bits = WgpuEngine::has_64_bits(device);
        WgpuEngine::new(device.clone(), format!("wgpu:{index} ({kind})"), has_64_bits)
    })
}

/// What the kernels need of a device.
fn check_limits(device: &WgpuDevice) -> std::result::Result<(), String> {
    const UNITS: u32 = 256;
    const SHARED_BYTES: usize = 14 << 10;
    const BINDINGS: u32 = 12;
    let client = WgpuRuntime::client(device);
    let has = &client.properties().hardware;
    let (units, shared, bindings) = (has.max_units_per_cube, has.max_shared_memory_size, has.max_bindings);
    if units >= UNITS && shared >= SHARED_BYTES && bindings >= BINDINGS {
        return Ok(());
    }
    Err(format!(
        "it has {units} units in a workgroup, {shared} bytes of shared memory and {bindings} buffers for a shader; \
         {UNITS}, {SHARED_BYTES} and {BINDINGS} are needed"
    ))
}

/// All devices, and what they are.
fn devices() -> Vec<(WgpuDevice, &'static str)> {
    type Place = fn(usize) -> WgpuDevice;
    let kinds: [(Place, &str); 4] = [
        (WgpuDevice::DiscreteGpu, "discrete GPU"),
        (WgpuDevice::IntegratedGpu, "integrated GPU"),
        (WgpuDevice::VirtualGpu, "virtual GPU"),
        (|_| WgpuDevice::Cpu, "software"),
    ];
    let backend = AutoGraphicsApi::backend();
    let mut all = Vec::new();
    for (type_id, (place, kind)) in kinds.into_iter().enumerate() {
        let count = WgpuRuntime::enumerate_devices(type_id as u16, &backend).len();
        // CubeCL opens one software device only.
        let count = if kind == "software" { count.min(1) } else { count };
        all.extend((0..count).map(|number| (place(number), kind)));
    }
    all
}
