//! A directory for one test, runs of the command in it, and files written by hand.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A directory with copies of the data that a test names.
pub(crate) struct Room {
    dir: TempDir,
}

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// With a writable copy of `data/NAME.f32.npy` as `NAME.npy`.
    pub(crate) fn with(name: &str) -> Self {
        let room = Self::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/{name}.f32.npy"));
        room.write(&format!("{name}.npy"), &std::fs::read(source).unwrap());
        room
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// All names in the directory, hidden ones too.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs `kmeans` with words separated by spaces.
    pub(crate) fn run(&self, words: &str) -> Ran {
        self.run_with(words, b"", |_| ())
    }

    pub(crate) fn run_with(&self, words: &str, stdin: &[u8], set: impl Fn(&mut Command)) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kmeans"));
        command.current_dir(self.dir.path()).args(words.split_whitespace()).write_stdin(stdin);
        set(&mut command);
        let output = command.output().unwrap();
        let code = output.status.code().unwrap_or_else(|| panic!("`{words}`: {:?}", output.status));
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "`{words}` panicked: {stderr}");
        assert!(!stdout.contains("panicked"), "`{words}` panicked: {stdout}");
        Ran { code, stdout, stderr }
    }

    /// Runs what must succeed.
    pub(crate) fn ok(&self, words: &str) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "`{words}`: {}", ran.stderr);
        ran
    }

    /// Runs what must succeed and print one JSON object.
    pub(crate) fn json(&self, words: &str) -> Value {
        self.ok(&format!("{words} --json")).json()
    }

    /// Runs what must fail with one clear line and leave the directory as it was.
    pub(crate) fn fails(&self, words: &str, code: i32) -> String {
        self.fails_on(words, b"", code)
    }

    pub(crate) fn fails_on(&self, words: &str, stdin: &[u8], code: i32) -> String {
        let before = self.contents();
        let ran = self.run_with(words, stdin, |_| ());
        assert_eq!(ran.code, code, "`{words}`: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "`{words}`");
        assert_eq!(ran.stderr.lines().count(), 1, "`{words}`: {}", ran.stderr);
        assert_clear(words, &ran.stderr);
        assert!(before == self.contents(), "`{words}` changed the directory: {:?}", self.names());
        ran.stderr
    }

    /// As [`Room::fails`], where the parser of arguments adds a usage line.
    pub(crate) fn usage(&self, words: &str) -> String {
        let before = self.contents();
        let ran = self.run(words);
        assert_eq!(ran.code, 2, "`{words}`: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "`{words}`");
        assert_clear(words, &ran.stderr);
        assert!(before == self.contents(), "`{words}` changed the directory: {:?}", self.names());
        ran.stderr
    }

    fn contents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        self.names().into_iter().map(|name| (name.clone(), std::fs::read(self.path(&name)).ok())).collect()
    }

    /// The model that most tests begin with.
    pub(crate) fn trained(name: &str, k: usize) -> Self {
        let room = Self::with(name);
        room.ok(&format!("train {name}.npy -k {k} -o m.safetensors --labels l.npy --distances d.npy -q"));
        room
    }

    pub(crate) fn labels(&self, name: &str) -> Vec<i32> {
        let (descr, _, data) = parse_npy(&self.bytes(name));
        assert_eq!(descr, "<i4", "{name}");
        data.chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().unwrap())).collect()
    }

    pub(crate) fn floats(&self, name: &str) -> Vec<f32> {
        let (descr, _, data) = parse_npy(&self.bytes(name));
        assert_eq!(descr, "<f4", "{name}");
        data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    }

    pub(crate) fn ids(&self, name: &str) -> Vec<i64> {
        let (descr, _, data) = parse_npy(&self.bytes(name));
        assert_eq!(descr, "<i8", "{name}");
        data.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect()
    }

    pub(crate) fn shape(&self, name: &str) -> String {
        parse_npy(&self.bytes(name)).1
    }
}

impl Ran {
    /// Standard output as the one object that it must be.
    pub(crate) fn json(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout));
        assert!(value.is_object(), "{}", self.stdout);
        value
    }
}

fn assert_clear(words: &str, stderr: &str) {
    let text = stderr.strip_prefix("error: ").unwrap_or_else(|| panic!("`{words}`: {stderr}"));
    assert!(!text.starts_with(|c: char| c.is_uppercase()), "`{words}`: {stderr}");
    let first = stderr.lines().next().unwrap();
    assert!(!first.ends_with('.'), "`{words}`: {stderr}");
}

/// An array file by hand: version 1.0.
pub(crate) fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    bytes
}

pub(crate) fn npy_f32(values: &[f32], d: usize) -> Vec<u8> {
    let shape = format!("({}, {d})", values.len() / d);
    npy("<f4", false, &shape, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
}

/// One id a row.
pub(crate) fn npy_ids(ids: &[u64]) -> Vec<u8> {
    let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
    npy("<u8", false, &format!("({},)", ids.len()), &bytes)
}

/// `descr`, the text of `shape`, and the values' bytes.
pub(crate) fn parse_npy(bytes: &[u8]) -> (String, String, Vec<u8>) {
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00"));
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = str::from_utf8(&bytes[10..end]).unwrap();
    let descr = text.split("'descr': '").nth(1).unwrap().split('\'').next().unwrap();
    let shape = text.split("'shape': ").nth(1).unwrap().split(')').next().unwrap();
    assert!(text.contains("'fortran_order': False"), "{text}");
    (descr.to_owned(), format!("{shape})"), bytes[end..].to_vec())
}
