//! Values of options that are not plain numbers.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use kmeans::Device;

use super::failure::Usage;

/// A value, or the word `none`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrNone<T>(pub(crate) Option<T>);

impl<T: FromStr<Err: fmt::Display>> FromStr for OrNone<T> {
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

impl<T: fmt::Display> fmt::Display for OrNone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("none"),
            Some(value) => value.fmt(f),
        }
    }
}

/// A time in seconds, or with a unit: `90`, `90s`, `1.5m`, `2h`.
pub(crate) fn time_span(s: &str) -> Result<Duration, String> {
    let (number, unit) = match s.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &s[number.len()..]),
        None => (s, "s"),
    };
    let scale = match unit {
        "h" => 3600.0,
        "m" => 60.0,
        _ => 1.0,
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * scale);
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or_else(|| {
        "expected seconds, not negative, or a number with s, m or h, such as 90s or 1.5h".to_owned()
    })
}

/// A number of bytes, or with a unit of 1024: `4096`, `64K`, `512M`, `2G`.
pub(crate) fn byte_size(s: &str) -> Result<u64, String> {
    let (number, unit) = match s.strip_suffix(['K', 'M', 'G']) {
        Some(number) => (number, &s[number.len()..]),
        None => (s, ""),
    };
    let scale = match unit {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => 1,
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale));
    bytes.ok_or_else(|| "expected a whole number of bytes, or one with K, M or G, such as 512M".to_owned())
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
