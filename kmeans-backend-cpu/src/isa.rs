//! Which instruction set the kernels run on, as evidence.
//!
//! An [`Isa`] is made by asking the processor and by nothing else: the variants carry tokens whose
//! fields are private to this file. A kernel that holds an `Avx512` therefore knows that AVX-512 is
//! there, and needs no check of its own. Detect once for each call of the engine, then pass it down.

use std::fmt;

use crate::kernel::{Kernel, Lanes, Portable};

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    /// 512-bit vectors: one register is one panel of 16 centroids.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// 256-bit vectors with fused multiply-add: two registers are one panel.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 128-bit vectors: four registers are one panel.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    /// What the compiler was told it may use.
    Portable,
}

/// Proof that the processor has AVX-512 F, BW, DQ and VL, besides AVX2, FMA and F16C.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx512 {
    _detected: (),
}

/// Proof that the processor has AVX2, FMA and F16C, as all of AVX2 do.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx2 {
    _detected: (),
}

/// Proof that the processor has NEON, as nearly all of this architecture do.
#[cfg(target_arch = "aarch64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neon {
    _detected: (),
}

#[cfg(target_arch = "aarch64")]
impl Neon {
    fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self { _detected: () })
    }
}

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    fn detect() -> Option<Self> {
        let detected = Avx2::detect().is_some()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        detected.then_some(Self { _detected: () })
    }
}

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        detected.then_some(Self { _detected: () })
    }
}

impl Isa {
    /// The widest instruction set of this processor.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(cpu) = Avx512::detect() {
                return Self::Avx512(cpu);
            }
            if let Some(cpu) = Avx2::detect() {
                return Self::Avx2(cpu);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(cpu) = Neon::detect() {
            return Self::Neon(cpu);
        }
        Self::Portable
    }

    /// Every instruction set that this processor has, widest first.
    pub(crate) fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(Avx512::detect().map(Self::Avx512));
            all.extend(Avx2::detect().map(Self::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        all.extend(Neon::detect().map(Self::Neon));
        all.push(Self::Portable);
        all
    }

    /// Runs `kernel` compiled for this instruction set.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(cpu) => cpu.vectorize(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(cpu) => cpu.vectorize(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(cpu) => cpu.vectorize(kernel),
            Self::Portable => Portable.vectorize(kernel),
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
            Self::Portable => "portable",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detected_set_is_the_first_available_one() {
        assert_eq!(Isa::available()[0], Isa::detect());
        assert_eq!(Isa::available().last(), Some(&Isa::Portable));
    }
}
