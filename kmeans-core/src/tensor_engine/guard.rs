//! Panics below the door become errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};

/// Runs tensor operations; a panic of the backend becomes [`Error::Engine`].
pub fn guard<T>(engine: &str, operations: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(operations)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Error::Engine {
            engine: engine.to_owned(),
            message: text.unwrap_or_else(|| "a panic without a message".to_owned()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_names_the_engine() {
        let error = guard("reference", || -> u8 { panic!("shapes {} differ", 3) }).unwrap_err();
        assert_eq!(error.to_string(), "reference engine failed: shapes 3 differ");
    }
}
