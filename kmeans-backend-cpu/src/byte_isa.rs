//! Which instructions multiply bytes, as evidence.

use std::fmt;
use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use crate::isa::Avx2;
use crate::isa::Isa;

/// Instructions for sums of products of bytes that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteIsa {
    /// Tiles: 16 × 16 sums of 64 products by one instruction.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx(Amx),
    /// 16 sums of 4 products by one instruction.
    #[cfg(target_arch = "x86_64")]
    Vnni(Vnni),
    /// Eight sums of 4 products by three instructions.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Four sums of 4 products by one instruction.
    #[cfg(target_arch = "aarch64")]
    Dot(Dot),
    /// Plain loops: the reference of the others. Not faster than the dense kernels.
    Portable,
}

/// Proof that the processor has AVX-512 VNNI.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vnni {
    _detected: (),
}

/// Proof that the processor has AVX-512 VBMI: bytes from tables of 128.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vbmi {
    _detected: (),
}

#[cfg(target_arch = "x86_64")]
impl Vbmi {
    pub(crate) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi");
        has.then_some(Self { _detected: () })
    }
}

/// Proof that the processor has AMX for bytes, and that the system lets this process use it.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amx {
    _allowed: (),
}

/// Proof that the processor has NEON's products of bytes.
#[cfg(target_arch = "aarch64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dot {
    _detected: (),
}

impl ByteIsa {
    /// Every set of instructions that goes with `isa`, fastest first.
    pub(crate) fn available(isa: Isa) -> Vec<Self> {
        static ALL: OnceLock<Vec<ByteIsa>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let mut all = Vec::new();
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            all.extend(Amx::allowed().map(Self::Amx));
            #[cfg(target_arch = "x86_64")]
            {
                all.extend(Vnni::detect().map(Self::Vnni));
                all.extend(Avx2::detect().map(Self::Avx2));
            }
            #[cfg(target_arch = "aarch64")]
            all.extend(Dot::detect().map(Self::Dot));
            all.push(Self::Portable);
            all
        });
        all.iter().copied().filter(|bytes| bytes.goes_with(isa)).collect()
    }

    /// The fastest that looks through an index, whose bytes are the same everywhere; tiles want more rows at a time.
    pub(crate) fn for_scans(isa: Isa) -> Self {
        let is_for_scans = |bytes: &Self| match bytes {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx(_) => false,
            _ => true,
        };
        Self::available(isa).into_iter().find(is_for_scans).unwrap_or(Self::Portable)
    }

    /// The largest number that a value of a centroid becomes: with AVX2 two products have to fit 16 bits.
    pub(crate) fn levels(self) -> i8 {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => 63,
            _ => 127,
        }
    }

    /// What is added to the bytes of centroids: all but NEON multiply by bytes without a sign.
    pub(crate) fn offset(self) -> i32 {
        match self {
            #[cfg(target_arch = "aarch64")]
            Self::Dot(_) => 0,
            _ => i32::from(self.levels()) + 1,
        }
    }

    fn goes_with(self, isa: Isa) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => matches!(isa, Isa::Avx512(_) | Isa::Avx2(_)),
            #[cfg(target_arch = "aarch64")]
            Self::Dot(_) => matches!(isa, Isa::Neon(_)),
            #[cfg(target_arch = "x86_64")]
            _ => matches!(isa, Isa::Avx512(_)),
        }
    }
}

#[cfg(target_arch = "aarch64")]
impl Dot {
    fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("dotprod").then_some(Self { _detected: () })
    }
}

#[cfg(target_arch = "x86_64")]
impl Vnni {
    fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni");
        has.then_some(Self { _detected: () })
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
impl Amx {
    fn allowed() -> Option<Self> {
        /// Of `arch_prctl`: asks for a component of the processor's state.
        const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
        /// The component that holds the data of tiles.
        const XFEATURE_XTILEDATA: libc::c_long = 18;
        if !has_amx() || !is_x86_feature_detected!("avx512f") {
            return None;
        }
        // SAFETY: the call asks for a permission and touches no memory of ours.
        let refused = unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) };
        (refused == 0).then_some(Self { _allowed: () })
    }
}

/// Whether the processor has tiles and their products of bytes, and the system saves their state.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn has_amx() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
    const OSXSAVE: u32 = 1 << 27;
    const AMX_TILE_AND_INT8: u32 = (1 << 24) | (1 << 25);
    const TILE_STATE: u64 = (1 << 17) | (1 << 18);

    if !is_x86_feature_detected!("xsave") || __cpuid(0).eax < 7 || __cpuid(1).ecx & OSXSAVE == 0 {
        return false;
    }
    // SAFETY: the processor has XSAVE, and the system has turned it on.
    let state = unsafe { _xgetbv(0) };
    __cpuid_count(7, 0).edx & AMX_TILE_AND_INT8 == AMX_TILE_AND_INT8 && state & TILE_STATE == TILE_STATE
}

impl fmt::Display for ByteIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx(_) => "amx",
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(_) => "vnni",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Self::Dot(_) => "sdot",
            Self::Portable => "portable",
        })
    }
}
