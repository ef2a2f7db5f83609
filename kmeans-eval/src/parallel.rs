//! Work shared among threads, with results in their order.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// As many threads as the process may use.
pub(crate) fn all_threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// `work(0)`, `work(1)`, ... below `count`, on so many threads; what is returned does not depend on how many.
pub(crate) fn in_order<T: Send>(threads: usize, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = threads.min(count);
    if threads <= 1 {
        return (0..count).map(work).collect();
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let help = || {
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            own.push((at, work(at)));
        }
        done.lock().expect("no thread panics with the lock").extend(own);
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(help)));
        help();
    });
    let mut done = done.into_inner().expect("no thread panics with the lock");
    done.sort_unstable_by_key(|&(at, _)| at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_their_order() {
        for count in [0, 1, 2, 1000] {
            assert_eq!(in_order(3, count, |i| i * i), (0..count).map(|i| i * i).collect::<Vec<_>>());
        }
    }
}
