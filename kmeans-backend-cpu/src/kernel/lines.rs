//! A growable buffer of f32 that starts on a cache line.

/// Sixteen f32: one cache line, one AVX-512 register.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [f32; 16]);

/// A buffer of whole cache lines, seen as f32.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    /// At least `len` zeros, rounded up to whole lines.
    pub(crate) fn zeros(len: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); len.div_ceil(16)] }
    }

    /// Makes room for `len` values; what the buffer held is unspecified afterwards.
    pub(crate) fn make_room(&mut self, len: usize) {
        let lines = len.div_ceil(16);
        if self.lines.len() < lines {
            *self = Self::zeros(len);
        }
    }

    pub(crate) fn as_lines(&self) -> &[Line] {
        &self.lines
    }

    pub(crate) fn as_lines_mut(&mut self) -> &mut [Line] {
        &mut self.lines
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        // SAFETY: `Line` is `repr(C)` and holds exactly 16 f32 without padding (64 bytes).
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * 16) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as in `as_slice`, and the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * 16) }
    }
}

/// Rows between the one that is worked and the one that is fetched: the processor does not guess which come next
/// where some are left out.
pub(crate) const AHEAD: usize = 8;

/// Asks for `values` to be brought into the second-level cache; changes nothing else.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for value in values.iter().step_by(size_of::<Line>() / size_of::<T>()) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: SSE is part of x86-64, and a prefetch of any address is harmless.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}
