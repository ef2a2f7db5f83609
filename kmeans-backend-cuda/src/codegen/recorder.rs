//! A runtime that computes nothing: it translates each kernel that is launched to CUDA C++, for an NVIDIA GPU of
//! compute capability 9.0, and remembers the source. What is read from it is zero.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use burn::tensor::backend::DeviceOps;
use cubecl::bytes::Bytes;
use cubecl::client::ComputeClient;
use cubecl::cuda::CudaCompiler;
use cubecl::device::{Device, DeviceId, DeviceService};
use cubecl::future::DynFut;
use cubecl::ir::features::{Features, MmaConfig, Plane};
use cubecl::ir::{
    DeviceProperties, ElemType, FloatKind, HardwareProperties, MemoryDeviceProperties, StorageType,
    TargetProperties, VectorSize,
};
use cubecl::prelude::*;
use cubecl::profile::{ProfileDuration, TimingMethod};
use cubecl::server::{
    Binding, ComputeServer, CopyDescriptor, ExecutionMode, IoError, KernelArguments, ProfileError,
    ProfilingToken, ServerCommunication, ServerError, ServerUtilities,
};
use cubecl::stream_id::StreamId;
use cubecl::zspace::{Shape, Strides};
use cubecl::{CubeTask, MemoryUsage};
use cubecl_cpp::shared::{CompilationOptions, CppSupportedFeatures};
use cubecl_runtime::allocator::ContiguousMemoryLayoutPolicy;
use cubecl_runtime::id::KernelId;
use cubecl_runtime::logging::ServerLogger;
use cubecl_runtime::memory_management::{ManagedMemoryHandle, MemoryAllocationMode};
use cubecl_runtime::storage::{ComputeStorage, ManagedResource, StorageHandle, StorageId};

/// Kernels seen, and the sources of their variants by name.
static SEEN: Mutex<(Vec<KernelId>, Sources)> = Mutex::new((Vec::new(), Sources::new()));

/// Sources of the variants of a kernel, by its name.
type Sources = BTreeMap<String, Vec<String>>;

/// All sources so far.
pub(super) fn sources() -> Sources {
    SEEN.lock().unwrap().1.clone()
}

/// The runtime.
#[derive(Clone, Debug)]
pub(super) struct Recording;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Paper;

impl Device for Paper {
    fn from_id(_: DeviceId) -> Self {
        Self
    }

    fn to_id(&self) -> DeviceId {
        DeviceId { type_id: 0, index_id: 0 }
    }
}

impl DeviceOps for Paper {}

/// What takes launches.
#[derive(Debug)]
pub(super) struct Recorder {
    utilities: Arc<ServerUtilities<Self>>,
}

impl Runtime for Recording {
    type Compiler = CudaCompiler;
    type Server = Recorder;
    type Device = Paper;

    fn client(device: &Paper) -> ComputeClient<Self> {
        ComputeClient::load(device)
    }

    fn name(_: &ComputeClient<Self>) -> &'static str {
        "recording"
    }

    fn max_cube_count() -> (u32, u32, u32) {
        (i32::MAX as u32, 65_535, 65_535)
    }

    fn can_read_tensor(_: &Shape, _: &Strides) -> bool {
        true
    }

    fn target_properties() -> TargetProperties {
        cubecl::cuda::CudaRuntime::target_properties()
    }

    fn enumerate_devices(_: u16, _: &()) -> Vec<DeviceId> {
        vec![Paper.to_id()]
    }
}

impl DeviceService for Recorder {
    fn init(_: DeviceId) -> Self {
        let hardware = HardwareProperties {
            load_width: 128,
            plane_size_min: 32,
            plane_size_max: 32,
            max_bindings: 1024,
            max_shared_memory_size: 227 << 10,
            max_cube_count: Recording::max_cube_count(),
            max_units_per_cube: 1024,
            max_cube_dim: (1024, 1024, 64),
            num_streaming_multiprocessors: Some(132),
            num_tensor_cores: Some(4),
            min_tensor_cores_dim: Some(8),
            num_cpu_cores: None,
            max_vector_size: VectorSize::MAX,
        };
        let memory = MemoryDeviceProperties { max_page_size: 20 << 30, alignment: 512 };
        let mut features = Features::default();
        features.plane.insert(Plane::Sync);
        let mut properties = DeviceProperties::new(features, memory, hardware, TimingMethod::System);
        cubecl_cpp::register_supported_types(&mut properties);
        let of = |kind| StorageType::Scalar(ElemType::Float(kind));
        properties.features.matmul.cmma.insert(MmaConfig {
            a_type: of(FloatKind::F16),
            b_type: of(FloatKind::F16),
            cd_type: of(FloatKind::F32),
            m: 16,
            n: 16,
            k: 16,
        });
        let logger = Arc::new(ServerLogger::default());
        let policy = ContiguousMemoryLayoutPolicy::new(512);
        Self { utilities: Arc::new(ServerUtilities::new(properties, logger, (), policy)) }
    }

    fn utilities(&self) -> Arc<dyn Any + Send + Sync> {
        self.utilities.clone()
    }
}

/// Memory that is not there.
pub(super) struct Nowhere;

impl ComputeStorage for Nowhere {
    type Resource = ();

    fn alignment(&self) -> usize {
        512
    }

    fn get(&mut self, _: &StorageHandle) {}

    fn alloc(&mut self, _: u64) -> Result<StorageHandle, IoError> {
        unreachable!("nothing is allocated")
    }

    fn dealloc(&mut self, _: StorageId) {}

    fn flush(&mut self) {}
}

impl ServerCommunication for Recorder {
    const SERVER_COMM_ENABLED: bool = false;
}

impl ComputeServer for Recorder {
    type Kernel = Box<dyn CubeTask<CudaCompiler>>;
    type Info = ();
    type MemoryLayoutPolicy = ContiguousMemoryLayoutPolicy;
    type Storage = Nowhere;

    fn initialize_memory(&mut self, _: ManagedMemoryHandle, _: u64, _: StreamId) {}

    fn logger(&self) -> Arc<ServerLogger> {
        self.utilities.logger.clone()
    }

    fn utilities(&self) -> Arc<ServerUtilities<Self>> {
        self.utilities.clone()
    }

    fn read(&mut self, wanted: Vec<CopyDescriptor>, _: StreamId) -> DynFut<Result<Vec<Bytes>, ServerError>> {
        let zeros = |wanted: &CopyDescriptor| {
            Bytes::from_bytes_vec(vec![0; wanted.shape.iter().product::<usize>() * wanted.elem_size])
        };
        let read = wanted.iter().map(zeros).collect();
        Box::pin(async move { Ok(read) })
    }

    fn write(&mut self, _: Vec<(CopyDescriptor, Bytes)>, _: StreamId) {}

    fn sync(&mut self, _: StreamId) -> DynFut<Result<(), ServerError>> {
        Box::pin(async { Ok(()) })
    }

    fn get_resource(&mut self, binding: Binding, _: StreamId) -> Result<ManagedResource<()>, ServerError> {
        Ok(ManagedResource::new(binding.memory, ()))
    }

    unsafe fn launch(
        &mut self,
        kernel: Self::Kernel,
        _: CubeCount,
        _: KernelArguments,
        mode: ExecutionMode,
        _: StreamId,
    ) {
        let (seen, sources) = &mut *SEEN.lock().unwrap();
        if seen.contains(&kernel.id()) {
            return;
        }
        seen.push(kernel.id());
        // As the CUDA runtime has them on Hopper.
        let supports_features = CppSupportedFeatures {
            fast_math: true,
            grid_constants: true,
            clusters: true,
            elect_sync: true,
            fast_tanh: true,
        };
        let options = CompilationOptions { warp_size: 32, supports_features };
        let compiled = kernel
            .compile(&mut CudaCompiler::default(), &options, mode, kernel.address_type())
            .unwrap_or_else(|error| panic!("{}: {error:?}", kernel.name()));
        let shared = compiled.repr.as_ref().map_or(0, |kernel| kernel.shared_memory_size());
        let source = format!("// shared memory: {shared} bytes\n{}", compiled.source);
        sources.entry(compiled.entrypoint_name).or_default().push(source);
    }

    fn flush(&mut self, _: StreamId) -> Result<(), ServerError> {
        Ok(())
    }

    fn memory_usage(&mut self, _: StreamId) -> Result<MemoryUsage, ServerError> {
        unreachable!("there is no memory")
    }

    fn memory_cleanup(&mut self, _: StreamId) {}

    fn start_profile(&mut self, _: StreamId) -> Result<ProfilingToken, ServerError> {
        unreachable!("nothing is timed")
    }

    fn end_profile(&mut self, _: StreamId, _: ProfilingToken) -> Result<ProfileDuration, ProfileError> {
        unreachable!("nothing is timed")
    }

    fn allocation_mode(&mut self, _: MemoryAllocationMode, _: StreamId) {}
}
