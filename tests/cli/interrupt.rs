//! Ctrl-C and SIGTERM: a training finishes with what there is, and a second one ends it at once.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::room::Room;

const LONG: &str =
    "train digits.npy -k 50 -o m.safetensors --labels l.npy --niter 1000000 --early-stop-threshold none";

/// How long a run may take before it is killed, and its test fails.
const LIMIT: Duration = Duration::from_secs(120);

/// A run that is still going on.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    deadline: Instant,
    /// Dropped at the end of the run: then nobody kills it any more.
    alive: Option<Sender<()>>,
    killer: Option<JoinHandle<bool>>,
}

impl Running {
    fn start(room: &Room, words: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kmeans"));
        command.current_dir(room.path(".")).args(words.split_whitespace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (alive, is_over) = mpsc::channel();
        let id = child.id();
        let killer = std::thread::spawn(move || {
            let is_late = is_over.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout);
            is_late && kill("KILL", id)
        });
        let deadline = Instant::now() + LIMIT;
        Self { child, stderr, deadline, alive: Some(alive), killer: Some(killer) }
    }

    fn signal(&self, name: &str) {
        assert!(kill(name, self.child.id()));
    }

    /// Looks again and again, until the time is up.
    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        while !is_so() {
            assert!(Instant::now() < self.deadline, "in {LIMIT:?} it never came to this: {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until signals are caught, as the system says; elsewhere, for a while.
    fn wait_until_signals_are_caught(&self) {
        let status = format!("/proc/{}/status", self.child.id());
        if !Path::new(&status).exists() {
            return std::thread::sleep(Duration::from_secs(2));
        }
        // SIGHUP, SIGINT and SIGTERM are 1, 2 and 15.
        let wanted = 1 | 1 << 1 | 1 << 14;
        self.wait_until("signals are caught", || {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
            u64::from_str_radix(caught.trim(), 16).unwrap() & wanted == wanted
        });
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
        assert!(!self.is_killed(), "it ran for {LIMIT:?} and was killed, having said {stderr:?}");
        (self.child.wait().unwrap(), stdout, stderr)
    }

    fn is_killed(&mut self) -> bool {
        self.alive = None;
        self.killer.take().is_some_and(|killer| killer.join().unwrap())
    }
}

/// A test that fails leaves no process.
impl Drop for Running {
    fn drop(&mut self) {
        self.is_killed();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kill(signal: &str, id: u32) -> bool {
    Command::new("kill").arg(format!("-{signal}")).arg(id.to_string()).status().unwrap().success()
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
    run.wait_until_signals_are_caught();
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
    // Signals are caught before there is any file.
    run.wait_until("a file is begun", || !room.names().is_empty());
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
    run.wait_until("a file is begun", || room.names().len() > 1);
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
    run.wait_until_signals_are_caught();
    run.signal("TERM");
    run.wait_for("interrupted: nothing is written");
    assert_eq!(run.end().0.code(), Some(130));
    assert_eq!(room.names(), ["i.index", "iris.npy"]);
}

#[test]
fn signals_end_a_run_that_waits_for_its_reader() {
    let room = Room::with("digits");
    let mut run = Running::start(&room, &format!("{LONG} -v"));
    // Nobody reads what it says, and so the pipe is full after a while.
    let stat = format!("/proc/{}/stat", run.child.id());
    let ticks = || {
        let text = std::fs::read_to_string(&stat).unwrap_or_default();
        text.split(' ').skip(13).take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    run.wait_for("iteration 3:");
    run.wait_until("it is idle", || {
        let before = ticks();
        std::thread::sleep(Duration::from_millis(300));
        before == ticks()
    });
    while run.child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < run.deadline, "two signals did not end it");
        kill("INT", run.child.id());
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(run.child.wait().unwrap().code(), Some(130));
    assert!(!room.names().iter().any(|name| name.starts_with('.')), "{:?}", room.names());
}

#[test]
fn a_signal_after_the_command_line_is_read_leaves_no_file() {
    for words in [
        "convert - c.npy",
        "prepare - -o p.npy --standardize",
        "index - --flat -o i.index",
        "assign m.safetensors - --labels a.npy --transform t.npy",
    ] {
        let room = Room::trained("iris", 3);
        let before = room.names();
        // It waits for rows that never come.
        let run = Running::start(&room, words);
        run.wait_until_signals_are_caught();
        run.signal("TERM");
        let (status, stdout, stderr) = run.end();
        assert_eq!((status.code(), stdout.as_str()), (Some(130), ""), "`{words}`: {stderr}");
        assert!(stderr.starts_with("interrupted: ") && stderr.lines().count() == 1, "`{words}`: {stderr}");
        assert_eq!(room.names(), before, "`{words}`");
    }
}
