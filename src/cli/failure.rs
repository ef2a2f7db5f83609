//! Errors and the exit codes that scripts rely on.

use std::process::ExitCode;

use kmeans::data::ErrorKind;
use kmeans::eval::Error as EvalError;
use kmeans::index::Error as IndexError;
use kmeans::{DataError, Error};

use super::interrupt::{self, Interrupted};

/// The command line itself is at fault.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

/// An input that is well formed, but not what is needed here.
#[derive(Debug)]
pub(crate) struct BadInput(pub(crate) String);

/// `--strict`, and the training gave warnings.
#[derive(Debug)]
pub(crate) struct Strict(pub(crate) Vec<String>);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for BadInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for Strict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "--strict, and outputs were written with a warning: {}", self.0.join("; "))
    }
}

impl std::error::Error for Usage {}
impl std::error::Error for BadInput {}
impl std::error::Error for Strict {}

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const STRICT: u8 = 3;
const BAD_DATA: u8 = 65;
const MISSING: u8 = 66;
const CANNOT_WRITE: u8 = 73;

/// Says what went wrong on standard error; a signal was answered when it came.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error.is::<Interrupted>() {
        return ExitCode::from(interrupt::EXIT_CODE);
    }
    super::text::say(format_args!("error: {}", message(error)));
    ExitCode::from(code(error))
}

/// The whole chain on one line, in the words of the command line.
fn message(error: &anyhow::Error) -> String {
    match error.chain().find_map(core_of) {
        Some(Error::Parameter { name, value, expected }) => {
            format!("{} is {value}, expected {}", flag(name), in_flags(expected))
        }
        Some(Error::Together { name, with }) => {
            format!("{} cannot be set together with {}", flag(with), flag(name))
        }
        _ if code(error) == CANNOT_WRITE && exists(error) => format!("{error:#} (--force replaces it)"),
        _ if is_missing(error) => {
            format!("{error:#} (--impute of kmeans prepare and kmeans train fills missing values)")
        }
        _ => format!("{error:#}"),
    }
}

/// How a parameter of the library is typed; words after its name stay, as in `seeding faiss`.
fn flag(name: &str) -> String {
    match name {
        "k" => "-k".to_owned(),
        "d" => "the number of columns".to_owned(),
        "trials" => "--local-trials".to_owned(),
        "p" => "--top".to_owned(),
        "an assigner" => "--assign approximate".to_owned(),
        "final_assign (switched off)" => "--no-final-assign".to_owned(),
        name => format!("--{}", name.replace('_', "-")),
    }
}

/// A text that names parameters, in which they are as they are typed.
fn in_flags(text: &str) -> String {
    let word = |word: &str| {
        let name = word.trim_matches(|c: char| !c.is_alphanumeric());
        if name.contains('_') { word.replacen(name, &flag(name), 1) } else { word.to_owned() }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a value is missing that a step could have filled.
fn is_missing(error: &anyhow::Error) -> bool {
    let is_text = |error| matches!(error, &DataError::MissingValue { .. });
    let is_nan = |error| matches!(error, &Error::NonFinite { value, .. } if value.is_nan());
    error.chain().filter_map(data_of).any(is_text) || error.chain().filter_map(core_of).any(is_nan)
}

fn exists(error: &anyhow::Error) -> bool {
    error.chain().filter_map(data_of).any(|error| error.kind() == ErrorKind::Exists)
}

/// The error of the core that this is, by itself or from within an index or a measure.
fn core_of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    match (error.downcast_ref::<IndexError>(), error.downcast_ref::<EvalError>()) {
        (Some(IndexError::Core(error)), _) | (_, Some(EvalError::Core(error))) => Some(error),
        (None, None) => error.downcast_ref(),
        _ => None,
    }
}

/// The error of a file that this is, by itself or from within the core, an index or a measure.
fn data_of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a DataError> {
    match (core_of(error), error.downcast_ref::<IndexError>(), error.downcast_ref::<EvalError>()) {
        (Some(Error::Data(error)), ..)
        | (_, Some(IndexError::Data(error)), _)
        | (_, _, Some(EvalError::Data(error))) => Some(error),
        _ => error.downcast_ref(),
    }
}

fn code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(code_of).unwrap_or(FAILED)
}

fn code_of(error: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if error.is::<Usage>() {
        return Some(USAGE);
    }
    if error.is::<BadInput>() {
        return Some(BAD_DATA);
    }
    if error.is::<Strict>() {
        return Some(STRICT);
    }
    data_of(error)
        .map(code_of_data)
        .or_else(|| core_of(error).map(code_of_core))
        .or_else(|| error.downcast_ref().map(code_of_index))
        .or_else(|| error.downcast_ref().map(code_of_eval))
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

fn code_of_core(error: &Error) -> u8 {
    match error {
        Error::Parameter { .. } | Error::Together { .. } => USAGE,
        Error::TooFewPointsStrict { .. } => STRICT,
        Error::InitFunction { .. }
        | Error::AssignerLabel { .. }
        | Error::Engine { .. }
        | Error::Device { .. } => FAILED,
        _ => BAD_DATA,
    }
}

fn code_of_index(error: &IndexError) -> u8 {
    match error {
        IndexError::NoNeighbours
        | IndexError::Nprobe { .. }
        | IndexError::Radius { .. }
        | IndexError::UnknownStorage { .. } => USAGE,
        IndexError::Model { .. } => FAILED,
        _ => BAD_DATA,
    }
}

fn code_of_eval(error: &EvalError) -> u8 {
    match error {
        EvalError::SampleSize { .. }
        | EvalError::KRange { .. }
        | EvalError::NoMethods
        | EvalError::Trainings { .. }
        | EvalError::NoTruth { .. }
        | EvalError::FigureFormat { .. } => USAGE,
        EvalError::NothingToDraw { .. } | EvalError::CannotDraw { .. } | EvalError::CannotPaint { .. } => {
            FAILED
        }
        _ => BAD_DATA,
    }
}
