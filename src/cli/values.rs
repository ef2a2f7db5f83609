//! Values of options that are not plain numbers.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::str::FromStr;

use kmeans::Device;

use super::failure::Usage;

/// A value, or the word `none`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrNone<T>(pub(crate) Option<T>);

impl<T: FromStr<Err: std::fmt::Display>> FromStr for OrNone<T> {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "none" => Ok(Self(None)),
            number => {
                number.parse().map(|n| Self(Some(n))).map_err(|e| format!("{e}; expected a number or none"))
            }
        }
    }
}

/// A range of rows `a:b`, `a:` or `:b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsArg {
    start: Option<usize>,
    end: Option<usize>,
}

impl RowsArg {
    pub(crate) fn of(self, n: usize) -> Range<usize> {
        self.start.unwrap_or(0)..self.end.unwrap_or(n)
    }
}

impl FromStr for RowsArg {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let expected = || "expected a:b, a: or :b, rows counted from 0, b excluded".to_owned();
        let (start, end) = s.split_once(':').ok_or_else(expected)?;
        let number =
            |s: &str| if s.is_empty() { Ok(None) } else { s.parse().map(Some).map_err(|_| expected()) };
        let rows = Self { start: number(start)?, end: number(end)? };
        match rows {
            Self { start: Some(a), end: Some(b) } if a >= b => {
                Err("no rows: a must be less than b".to_owned())
            }
            _ => Ok(rows),
        }
    }
}

/// The device of `--device` with the threads of `--threads`.
pub(crate) fn device(device: &Device, threads: Option<NonZeroUsize>) -> anyhow::Result<Device> {
    match (device, threads) {
        (device, None) => Ok(device.clone()),
        (Device::Auto | Device::Cpu { threads: None }, threads) => Ok(Device::Cpu { threads }),
        (Device::Cpu { threads: Some(a) }, Some(b)) if *a == b => Ok(device.clone()),
        (device, Some(_)) => {
            Err(Usage(format!("--threads goes with --device cpu, not with {device}")).into())
        }
    }
}
