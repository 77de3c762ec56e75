//! The server as a process of its own: started, read from outside, and stopped.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::Error;

/// A running server.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Where it tells its metrics, if it was told to.
    pub(crate) metrics: Option<SocketAddr>,
    log: Arc<Mutex<Vec<u8>>>,
}

/// What the process holds at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) resident_kib: u64,
    pub(crate) threads: u64,
    pub(crate) descriptors: u64,
}

impl Program {
    /// Starts `program` on a free port and waits until it listens.
    pub(crate) async fn start(program: &Path, arguments: &[&str]) -> Result<Self, Error> {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}; build it first", program.display()))?;
        let stderr = child.stderr.take().ok_or("no standard error")?;
        let log: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (found, addresses) = std::sync::mpsc::channel();
        let written = Arc::clone(&log);
        thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                if let Some(told) = told_address(&line) {
                    found.send(told).ok();
                }
                let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                written.extend(&line);
                written.push(b'\n');
            }
        });
        let wants_metrics = arguments.contains(&"--metrics-listen");
        let told = tokio::task::spawn_blocking(move || {
            let mut told = std::collections::BTreeMap::new();
            while told.len() < 1 + usize::from(wants_metrics) {
                told.extend([addresses.recv_timeout(Duration::from_secs(30))?]);
            }
            Ok::<_, std::sync::mpsc::RecvTimeoutError>(told)
        });
        let told = told.await?.map_err(|_| "the server did not say where it listens")?;
        let address = *told.get("listening").ok_or("the server did not say where it listens")?;
        Ok(Self { child, address, metrics: told.get("metrics").copied(), log })
    }

    /// Everything it has logged.
    pub(crate) fn log(&self) -> Vec<u8> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The metrics as they are told now.
    pub(crate) async fn metrics(&self) -> Result<String, Error> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let address = self.metrics.ok_or("the server was not told to listen for metrics")?;
        let mut socket = tokio::net::TcpStream::connect(address).await?;
        socket.write_all(b"GET /metrics HTTP/1.1\r\nhost: metrics\r\nconnection: close\r\n\r\n").await?;
        let mut reply = Vec::new();
        socket.read_to_end(&mut reply).await?;
        Ok(String::from_utf8_lossy(&reply).into_owned())
    }

    /// Time on a processor of all threads that there are.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(&self.child.id().to_string())
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }

    pub(crate) fn reading(&self) -> Reading {
        let status = self.proc("status");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Reading {
            resident_kib: field("VmRSS:").unwrap_or(0),
            threads: field("Threads:").unwrap_or(0),
            descriptors: fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, |list| list.count() as u64),
        }
    }

    /// Highest resident memory so far.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }

    /// The threads that compare.
    pub(crate) fn workers(&self) -> Vec<Worker> {
        let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", self.child.id())) else { return Vec::new() };
        let folders = tasks.flatten().map(|task| task.path());
        let comparing = folders
            .filter(|folder| fs::read_to_string(folder.join("comm")).is_ok_and(|name| name.starts_with("compare-")));
        comparing.map(|folder| Worker { schedule: folder.join("schedstat"), state: folder.join("stat") }).collect()
    }

    /// Asks it to stop and waits for its end. True when it ended well.
    pub(crate) fn stop(mut self) -> Result<(bool, Duration), Error> {
        let asked = Instant::now();
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let status = self.child.wait()?;
        Ok((status.success(), asked.elapsed()))
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What the server is about to do at an address, and the address, if a line of its log says so.
fn told_address(line: &[u8]) -> Option<(String, SocketAddr)> {
    let event: serde_json::Value = serde_json::from_slice(line).ok()?;
    let field = |name: &str| event[name].as_str().or_else(|| event["fields"][name].as_str());
    Some((field("message")?.to_owned(), field("address")?.parse().ok()?))
}

/// Time on a processor of the threads of a process that have not ended; `self` is the process at hand.
pub(crate) fn processor_time(process: &str) -> Duration {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return Duration::ZERO };
    tasks.flatten().map(|task| time_on_processor(&task.path().join("schedstat"))).sum()
}

fn time_on_processor(schedstat: &Path) -> Duration {
    let schedule = fs::read_to_string(schedstat).unwrap_or_default();
    let nanoseconds = schedule.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanoseconds)
}

/// A thread that compares, seen from outside.
#[derive(Debug)]
pub(crate) struct Worker {
    schedule: std::path::PathBuf,
    state: std::path::PathBuf,
}

impl Worker {
    /// Time on a processor so far.
    pub(crate) fn busy(&self) -> Duration {
        time_on_processor(&self.schedule)
    }

    /// Whether it waits for work.
    pub(crate) fn is_idle(&self) -> bool {
        let stat = fs::read_to_string(&self.state).unwrap_or_default();
        // The name, in parentheses, comes before the state.
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('S'))
    }
}

/// Time on a processor of all of them.
pub(crate) fn busy(workers: &[Worker]) -> Duration {
    workers.iter().map(Worker::busy).sum()
}
