//! The built program, run as a person runs it, and a running server.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A directory of its own for one test, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("policy-echo-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("a file");
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy-echo"));
    for name in ["POLICY_ECHO_SERVER", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    program().args(arguments).stdin(Stdio::null()).output().expect("the program runs")
}

/// What the program prints when all is well.
pub(crate) fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

pub(crate) fn check_failure(arguments: &[&str], exit: i32, says: &str) {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{arguments:?} {stderr}");
    assert!(stderr.contains(says), "{arguments:?} says {stderr}");
    assert!(output.stdout.is_empty());
    if exit != 64 {
        assert_eq!(stderr.lines().count(), 1, "one line: {stderr}");
    }
}

/// A running `serve`, killed if the test fails.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: String,
    log: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Serving {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(more: &[&str]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log", "policy_echo=trace"])
            .args(more)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut address = String::new();
        let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
        for line in log.by_ref() {
            let event: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
            if event["message"] == "listening" {
                address = format!("http://{}", event["address"].as_str().expect("an address"));
            }
            if event["message"] == "serving" {
                break;
            }
        }
        // The pipe must be read to its end, or the server would stop at a full pipe.
        let log = std::thread::spawn(move || log.map(|line| line.expect("a line")).collect());
        Self { child, address, log: Some(log) }
    }

    /// Stops the server by a signal and gives its exit code and what it logged since it served.
    pub(crate) fn stop(&mut self, signal: &str) -> (Option<i32>, Vec<String>) {
        Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().expect("signals");
        let exit = self.child.wait().expect("ends").code();
        (exit, self.log.take().expect("stopped once").join().expect("logs"))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
