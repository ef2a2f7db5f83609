//! Devices by name; each finds its engine at run time.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::Arc;

use kmeans_core::{
    AssignOptions, Assigner, Assignment, Error, Fit, Job, KMeansModel, Metric, OnProgress, Pairwise, Result,
    Scanner, Sink, Trainer,
};
use kmeans_data::Points;
use kmeans_index::{Exact, Hardware};

/// k-means on a device chosen at run time; see [`kmeans_core::KMeans`] for the methods.
pub type KMeans = kmeans_core::KMeans<Device>;

/// Where to compute.
///
/// Written `auto`, `cpu`, `cpu:4` (four threads), `cuda`, `cuda:1` (the second GPU), `wgpu`, `wgpu:1` and
/// `reference`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The CPU; a GPU is only used when asked for, so that results do not depend on the machine.
    #[default]
    Auto,
    /// The cores of this machine.
    Cpu {
        /// Threads; `None`: as many as the process may use. Results do not depend on it.
        threads: Option<NonZeroUsize>,
    },
    /// An NVIDIA GPU.
    Cuda {
        /// Which one, from 0.
        index: usize,
    },
    /// A GPU of any maker by Vulkan, Metal or DirectX 12.
    Wgpu {
        /// Which one, from 0: discrete GPUs first, then integrated ones, virtual ones, and software.
        index: usize,
    },
    /// The reference in plain tensor operations, on the CPU: slow, for comparison.
    Reference,
}

impl Device {
    fn hardware(&self) -> Result<Box<dyn Hardware>> {
        match self {
            Self::Auto => Self::Cpu { threads: None }.hardware(),
            Self::Cpu { threads } => self.cpu(*threads),
            Self::Cuda { index } => self.cuda(*index),
            Self::Wgpu { index } => self.wgpu(*index),
            Self::Reference => self.reference(),
        }
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, threads: Option<NonZeroUsize>) -> Result<Box<dyn Hardware>> {
        Ok(Box::new(kmeans_backend_cpu::CpuEngine::new(threads)?))
    }

    #[cfg(not(feature = "cpu"))]
    fn cpu(&self, _threads: Option<NonZeroUsize>) -> Result<Box<dyn Hardware>> {
        Err(self.not_compiled_in("cpu"))
    }

    #[cfg(feature = "cpu")]
    fn reference(&self) -> Result<Box<dyn Hardware>> {
        Ok(Box::new(kmeans_core::TensorEngine::<burn_ndarray::NdArray>::default()))
    }

    #[cfg(not(feature = "cpu"))]
    fn reference(&self) -> Result<Box<dyn Hardware>> {
        Err(self.not_compiled_in("cpu"))
    }

    #[cfg(feature = "cuda")]
    fn cuda(&self, index: usize) -> Result<Box<dyn Hardware>> {
        Ok(Box::new(kmeans_backend_cuda::open_cuda(index)?))
    }

    #[cfg(not(feature = "cuda"))]
    fn cuda(&self, _index: usize) -> Result<Box<dyn Hardware>> {
        Err(self.not_compiled_in("cuda"))
    }

    #[cfg(feature = "wgpu")]
    fn wgpu(&self, index: usize) -> Result<Box<dyn Hardware>> {
        Ok(Box::new(kmeans_backend_cuda::open_wgpu(index)?))
    }

    #[cfg(not(feature = "wgpu"))]
    fn wgpu(&self, _index: usize) -> Result<Box<dyn Hardware>> {
        Err(self.not_compiled_in("wgpu"))
    }

    #[cfg(not(all(feature = "cpu", feature = "cuda", feature = "wgpu")))]
    fn not_compiled_in(&self, feature: &str) -> Error {
        let reason = format!("this build has no {feature} engine; build with --features {feature}");
        Error::Device { device: self.to_string(), reason }
    }
}

impl Trainer for Device {
    fn train(&self, job: Job<'_>) -> Result<Fit> {
        self.hardware()?.train(job)
    }

    fn assign(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment> {
        self.hardware()?.assign(points, model, options, progress)
    }

    fn assign_by(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        assigner: &mut dyn Assigner,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment> {
        self.hardware()?.assign_by(points, model, assigner, options, progress)
    }

    fn transform(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        sink: &mut Sink<'_>,
        progress: &OnProgress<'_>,
    ) -> Result<()> {
        self.hardware()?.transform(points, model, sink, progress)
    }

    fn with_pairwise(&self, work: &mut dyn FnMut(&dyn Pairwise) -> Result<()>) -> Result<()> {
        self.hardware()?.with_pairwise(work)
    }

    fn with_ready(&self, work: &mut dyn FnMut(&dyn Trainer) -> Result<()>) -> Result<()> {
        self.hardware()?.with_ready(work)
    }
}

impl Hardware for Device {
    fn ready(&self) -> Result<Option<Arc<dyn Hardware>>> {
        Ok(Some(self.hardware()?.into()))
    }

    /// Lists are looked through on the CPU, whatever the device.
    fn list_scanner(&self) -> Result<Arc<dyn Scanner>> {
        #[cfg(feature = "cpu")]
        if let Self::Cuda { .. } | Self::Wgpu { .. } = self {
            return Self::Cpu { threads: None }.hardware()?.list_scanner();
        }
        self.hardware()?.list_scanner()
    }

    fn exact(&self, vectors: &[f32], d: usize, metric: Metric) -> Result<Option<Box<dyn Exact>>> {
        self.hardware()?.exact(vectors, d, metric)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu { threads: None } => f.write_str("cpu"),
            Self::Cpu { threads: Some(threads) } => write!(f, "cpu:{threads}"),
            Self::Cuda { index } => write!(f, "cuda:{index}"),
            Self::Wgpu { index } => write!(f, "wgpu:{index}"),
            Self::Reference => f.write_str("reference"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let (kind, number) = s.split_once(':').map_or((s, None), |(kind, number)| (kind, Some(number)));
        let unknown = || Error::Parameter {
            name: "device",
            value: s.to_owned(),
            expected: "auto, cpu, cpu:THREADS, cuda, cuda:INDEX, wgpu, wgpu:INDEX or reference",
        };
        match (kind, number) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu", None) => Ok(Self::Cpu { threads: None }),
            ("cpu", Some(n)) => Ok(Self::Cpu { threads: Some(n.parse().map_err(|_| unknown())?) }),
            ("cuda", None) => Ok(Self::Cuda { index: 0 }),
            ("cuda", Some(n)) => Ok(Self::Cuda { index: n.parse().map_err(|_| unknown())? }),
            ("wgpu", None) => Ok(Self::Wgpu { index: 0 }),
            ("wgpu", Some(n)) => Ok(Self::Wgpu { index: n.parse().map_err(|_| unknown())? }),
            ("reference", None) => Ok(Self::Reference),
            _ => Err(unknown()),
        }
    }
}
