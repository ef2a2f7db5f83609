//! Errors and the exit codes that scripts rely on.

use std::process::ExitCode;

use kmeans::data::ErrorKind;
use kmeans::{DataError, Error};

/// The command line itself is at fault.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

/// `--strict`, and the training gave warnings.
#[derive(Debug)]
pub(crate) struct Strict(pub(crate) usize);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for Strict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} warnings, and --strict is set (all outputs were written)", self.0)
    }
}

impl std::error::Error for Usage {}
impl std::error::Error for Strict {}

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const STRICT: u8 = 3;
const BAD_DATA: u8 = 65;
const MISSING: u8 = 66;
const CANNOT_WRITE: u8 = 73;

/// Says what went wrong on standard error.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    super::output::say(format_args!("error: {error:#}"));
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(code_of).unwrap_or(FAILED)
}

fn code_of(error: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if error.is::<Usage>() {
        return Some(USAGE);
    }
    if error.is::<Strict>() {
        return Some(STRICT);
    }
    if let Some(error) = error.downcast_ref::<DataError>() {
        return Some(code_of_data(error));
    }
    error.downcast_ref::<Error>().map(|error| match error {
        Error::Data(error) => code_of_data(error),
        Error::Parameter { .. } => USAGE,
        Error::TooFewPointsStrict { .. } => STRICT,
        Error::Engine { .. } | Error::Device { .. } => FAILED,
        _ => BAD_DATA,
    })
}

fn code_of_data(error: &DataError) -> u8 {
    match error.kind() {
        ErrorKind::Missing => MISSING,
        ErrorKind::BadData => BAD_DATA,
        ErrorKind::CannotWrite | ErrorKind::Exists => CANNOT_WRITE,
        ErrorKind::Unsupported | ErrorKind::Misuse => USAGE,
        _ => FAILED,
    }
}
