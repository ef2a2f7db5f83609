//! The next of some items is made while one is worked on.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, Scope};

use crate::error::Result;
use crate::tensor_engine::guard::guard;

/// Items that a thread makes in their order: the next one while one is worked on, so that there are two at a time.
///
/// Whoever works on them makes those himself that no thread makes.
pub(crate) struct ReadAhead<T>(Receiver<Result<T>>);

impl<T: Send> ReadAhead<T> {
    /// Begins with the first of `jobs`; a panic becomes an error of `engine`. Where no thread can be had, or there
    /// are no jobs, it offers nothing.
    pub(crate) fn start<'scope, J: Send + 'scope>(
        scope: &'scope Scope<'scope, '_>,
        engine: String,
        jobs: Vec<J>,
        make: &'scope (impl Fn(&J) -> Result<T> + Sync),
    ) -> Self
    where
        T: 'scope,
    {
        // Without room in between: an item is handed over, or the thread waits with it.
        let (sender, receiver) = sync_channel(0);
        if !jobs.is_empty() {
            let work = move || {
                for item in jobs.iter().map(|job| guard(&engine, || make(job)).and_then(|made| made)) {
                    let is_last = item.is_err();
                    if sender.send(item).is_err() || is_last {
                        break;
                    }
                }
            };
            let _ = Builder::new().spawn_scoped(scope, work);
        }
        Self(receiver)
    }

    /// The item whose turn it is; `None` where no thread makes it.
    pub(crate) fn take(&self) -> Option<Result<T>> {
        self.0.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::scope;

    use super::*;
    use crate::error::Error;

    fn failure(message: &str) -> Error {
        Error::Engine { engine: "it".to_owned(), message: message.to_owned() }
    }

    #[test]
    fn items_come_in_order_and_at_most_two_are_there() {
        let made = AtomicUsize::new(0);
        let make = |job: &usize| {
            made.fetch_add(1, Ordering::SeqCst);
            Ok(*job)
        };
        scope(|scope| {
            let ahead = ReadAhead::start(scope, "it".to_owned(), (0..50).collect(), &make);
            for job in 0..50 {
                assert_eq!(ahead.take().unwrap().unwrap(), job);
                assert!(made.load(Ordering::SeqCst) <= job + 2);
            }
            assert!(ahead.take().is_none());
        });
    }

    #[test]
    fn errors_and_panics_come_in_their_turn() {
        let make = |job: &usize| match job {
            0 => Ok(0),
            1 => Err(failure("first")),
            _ => panic!("never made"),
        };
        scope(|scope| {
            let ahead = ReadAhead::start(scope, "it".to_owned(), vec![0, 1, 2], &make);
            assert!(ahead.take().unwrap().is_ok());
            assert_eq!(ahead.take().unwrap().unwrap_err().to_string(), failure("first").to_string());
            assert!(ahead.take().is_none());
            let ahead = ReadAhead::start(scope, "it".to_owned(), vec![2], &make);
            assert_eq!(ahead.take().unwrap().unwrap_err().to_string(), failure("never made").to_string());
        });
    }

    #[test]
    fn who_ends_early_waits_for_no_more_than_one() {
        let make = |job: &usize| Ok(*job);
        scope(|scope| {
            let ahead = ReadAhead::start(scope, "it".to_owned(), (0..50).collect(), &make);
            assert_eq!(ahead.take().unwrap().unwrap(), 0);
        });
    }
}
