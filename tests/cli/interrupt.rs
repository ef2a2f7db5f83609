//! Ctrl-C and SIGTERM: a training finishes with what there is, and a second one ends it at once.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use crate::room::Room;

const LONG: &str =
    "train digits.npy -k 50 -o m.safetensors --labels l.npy --niter 1000000 --early-stop-threshold none";

/// A run that is still going on.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    fn start(room: &Room, words: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kmeans"));
        command.current_dir(room.path(".")).args(words.split_whitespace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Reads what it says until a line contains `word`.
    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "no line with {word:?}");
        }
    }

    /// What it still says, and how it ended.
    fn end(mut self) -> (ExitStatus, String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stderr.read_to_string(&mut stderr).unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        (self.child.wait().unwrap(), stdout, stderr)
    }
}

#[test]
fn a_signal_finishes_training_with_what_there_is() {
    for signal in ["INT", "TERM"] {
        let room = Room::with("digits");
        let mut run = Running::start(&room, &format!("{LONG} -v --json"));
        run.wait_for("iteration 3:");
        run.signal(signal);
        run.wait_for("interrupted: finishing with what there is; once more ends at once");
        let (status, stdout, stderr) = run.end();
        assert_eq!(status.code(), Some(130), "{stderr}");
        assert!(!stderr.contains("error"), "{stderr}");
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(report["stop"], "interrupted");
        assert!(report["niter_done"].as_u64() >= Some(4));
        assert_eq!(room.json("info m.safetensors")["stop"], "interrupted");
        assert_eq!(room.labels("l.npy").len(), 1797);
        assert_eq!(room.names(), ["digits.npy", "l.npy", "m.safetensors"]);
    }
}

#[test]
fn an_interrupted_training_is_not_strict_about_it() {
    let room = Room::with("digits");
    let mut run = Running::start(&room, &format!("{LONG} -v --strict --min-points-per-centroid 1"));
    run.wait_for("iteration 3:");
    run.signal("INT");
    assert_eq!(run.end().0.code(), Some(130));
}

#[test]
fn a_second_signal_ends_at_once_and_leaves_nothing() {
    let room = Room::new();
    // It waits for rows that never come.
    let mut run = Running::start(&room, "train - -k 2 -o m.safetensors");
    while !is_catching(&run.child) {
        std::thread::yield_now();
    }
    run.signal("INT");
    run.wait_for("interrupted");
    run.signal("INT");
    let (status, stdout, stderr) = run.end();
    assert_eq!((status.code(), stdout.as_str(), stderr.as_str()), (Some(130), "", ""));
    assert!(room.names().is_empty(), "{:?}", room.names());
}

#[test]
fn a_signal_leaves_no_half_of_a_file() {
    let room = Room::new();
    let run = Running::start(&room, "generate -n 4000000 -d 64 -k 10 -o x.npy -q");
    // The check of the output, before signals are caught, leaves a file for a moment.
    while room.names().is_empty() || !is_catching(&run.child) {
        std::thread::yield_now();
    }
    run.signal("INT");
    let (status, _, stderr) = run.end();
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert_eq!(stderr, "interrupted: no file is written\n");
    assert!(room.names().is_empty(), "{:?}", room.names());
}

#[test]
fn a_signal_ends_the_building_of_an_index_and_leaves_no_half_of_it() {
    let room = Room::new();
    room.ok("generate -n 400000 -d 64 -k 10 -o x.npy -q");
    let run = Running::start(&room, "index x.npy --flat -o x.index");
    while room.names().len() == 1 {
        std::thread::yield_now();
    }
    run.signal("INT");
    let (status, stdout, stderr) = run.end();
    assert_eq!((status.code(), stdout.as_str()), (Some(130), ""), "{stderr}");
    assert_eq!(stderr, "interrupted: no index is written\n");
    assert_eq!(room.names(), ["x.npy"]);
}

#[test]
fn a_signal_ends_a_search() {
    let room = Room::with("iris");
    room.ok("index iris.npy --flat -o i.index -q");
    // It waits for queries that never come.
    let mut run = Running::start(&room, "search i.index - --ids n.npy");
    while !is_catching(&run.child) {
        std::thread::yield_now();
    }
    run.signal("TERM");
    run.wait_for("interrupted: nothing is written");
    assert_eq!(run.end().0.code(), Some(130));
    assert_eq!(room.names(), ["i.index", "iris.npy"]);
}

/// Whether the process has a thread that waits for signals.
fn is_catching(child: &Child) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", child.id())) else {
        std::thread::sleep(std::time::Duration::from_millis(500));
        return true;
    };
    threads.count() > 1
}
