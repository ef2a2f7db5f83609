//! Large arrays in huge pages, where the system has them and wants to be asked.
//!
//! A page of 2 MiB instead of 512 of 4 KiB: the first touch of an array then costs one fault where it cost 512, and
//! rows that are read here and there miss the processor's table of pages far less often.

/// Arrays below this stay in small pages.
#[cfg(target_os = "linux")]
const LARGE: usize = 8 << 20;

/// `len` zeros.
pub fn zeros<T: bytemuck::Zeroable + Copy>(len: usize) -> Vec<T> {
    let values = vec![T::zeroed(); len];
    #[cfg(target_os = "linux")]
    if size_of_val(&values[..]) >= LARGE {
        ask_for_huge_pages(&values);
    }
    values
}

/// Asks for it and no more: where there are none, or not enough, everything is as it was.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages<T>(values: &[T]) {
    const PAGE: usize = 4096;
    let start = values.as_ptr() as usize;
    let (first, end) = (start.next_multiple_of(PAGE), (start + size_of_val(values)) / PAGE * PAGE);
    // SAFETY: the pages from `first` to `end` are all within `values`; the advice changes neither what they hold
    // nor who may touch them.
    unsafe { libc::madvise(first as *mut libc::c_void, end - first, libc::MADV_HUGEPAGE) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_arrays_and_small_ones_are_zeros() {
        for len in [0, 1, 1000, (16 << 20) + 3] {
            let mut values: Vec<u8> = zeros(len);
            assert!(values.len() == len && values.iter().all(|&v| v == 0));
            values.iter_mut().for_each(|v| *v = 7);
            assert!(values.iter().all(|&v| v == 7));
        }
        assert!(zeros::<f32>(5 << 20).iter().all(|&v| v == 0.0));
    }
}
