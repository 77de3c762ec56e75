//! The built program as a server of its own process: started, listened to, signalled, waited for.

// Each test program uses its own part of it.
#![allow(dead_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running `serve` that logs JSON, killed if the test fails.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Serving {
    /// Starts it on a free port with more `arguments` and waits until it serves.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        // A long run may want the released program.
        let program = std::env::var_os("POLICY_ECHO_PROGRAM");
        let mut child = Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_policy-echo").into()))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let log = Arc::new(Log::default());
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        // Read to the end, or the server would stop at a full pipe.
        std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in lines {
                    log.lines.lock().expect("no panic").push(line.expect("a line of UTF-8"));
                    log.changed.notify_all();
                }
            }
        });
        let mut serving = Self { child, address: SocketAddr::from(([0, 0, 0, 0], 0)), log };
        serving.address = serving.bound("listening");
        serving.event(|event| event["message"] == "serving");
        serving
    }

    /// The address that an event says was bound.
    pub(crate) fn bound(&self, message: &str) -> SocketAddr {
        let event = self.event(|event| event["message"] == message);
        event["address"].as_str().expect("an address").parse().expect("an address")
    }

    /// The first logged event that is `wanted`, as soon as it is there.
    pub(crate) fn event(&self, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.log.lines.lock().expect("no panic");
        loop {
            let events = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
            if let Some(event) = events.into_iter().find(|event| wanted(event)) {
                return event;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no such event in {} lines: {:?}", lines.len(), lines.last());
            lines = self.log.changed.wait_timeout(lines, left).expect("no panic").0;
        }
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.log.lines.lock().expect("no panic").clone()
    }

    /// Sends a signal, by its name without SIG.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// The exit code, as soon as the process has ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What `GET path` answers over HTTP/1.1, head and body.
pub(crate) fn http_get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("asks");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("answers");
    reply
}

/// A file of its own for one test, removed at the end.
pub(crate) struct TestFile(pub(crate) PathBuf);

impl TestFile {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("policy-echo-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a file");
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}
