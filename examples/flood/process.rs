//! The server under attack, as a process of its own, and somebody who calls it meanwhile.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use policy_echo::service::proto;
use policy_echo::service::proto::comparison_service_client::ComparisonServiceClient;
use policy_echo::service::proto::info_service_client::InfoServiceClient;
use tonic::transport::{Channel, Endpoint};

/// Time between two calls of a bystander.
const CALL_INTERVAL: Duration = Duration::from_millis(20);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it has logged since it listens.
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts `program` on a free port of loopback and waits until it serves.
    pub(crate) async fn start(program: &Path, arguments: &[&str]) -> Self {
        Self::start_by(Command::new(program), arguments).await
    }

    /// Starts the server by `command`, which may be a shell that sets limits first.
    pub(crate) async fn start_by(mut command: Command, arguments: &[&str]) -> Self {
        let listening = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut child = command
            .args(listening)
            .args(arguments)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("is piped")).lines();
        let address = loop {
            let line = lines.next().expect("the server listens before it ends").expect("a line");
            let Some((_, rest)) = line.split_once("\"address\":\"") else { continue };
            break rest.split('"').next().and_then(|text| text.parse().ok()).expect("an address");
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let keeper = Arc::clone(&log);
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| keeper.lock().expect("no panic").push(line));
        });
        let server = Self { child, address, log };
        let serves = async {
            loop {
                let Ok(channel) = server.endpoint().connect().await else { continue };
                let mut info = InfoServiceClient::new(channel);
                if info.get_info(proto::GetInfoRequest {}).await.is_ok() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), serves).await.expect("the server serves within a minute");
        server
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("an address")
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> Channel {
        self.endpoint().connect().await.expect("the server accepts")
    }

    /// How many log lines so far hold `words`.
    pub(crate) fn logged(&self, words: &str) -> usize {
        self.log.lock().expect("no panic").iter().filter(|line| line.contains(words)).count()
    }

    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells");
        line.trim_start_matches(':').split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
    }

    /// Memory that it holds, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.status("VmRSS")
    }

    /// The most memory that it has held since [`Server::forget_peak`], in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.status("VmHWM")
    }

    /// Begins to look for the peak anew.
    pub(crate) fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").ok();
    }

    /// Its descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    /// Processor time that it has used.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("the server runs");
        // The name of the program, in parentheses, may hold blanks; user and system time are 12 and 13 fields behind it.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().map(|index| fields[*index].parse::<u64>().expect("a number")).sum();
        Duration::from_millis(10 * ticks)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Somebody who calls the server again and again, on a connection of its own, and takes the time.
#[derive(Debug)]
pub(crate) struct Bystander {
    stop: Arc<AtomicBool>,
    calls: tokio::task::JoinHandle<Waited>,
}

/// How long calls took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waited {
    times: Vec<Duration>,
    /// Calls that failed.
    pub(crate) failures: usize,
}

impl Waited {
    /// The time within which `percent` of the calls were answered.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let index = (self.times.len() * percent).div_ceil(100);
        self.times.get(index.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Calls that were answered.
    pub(crate) fn calls(&self) -> usize {
        self.times.len()
    }
}

impl Bystander {
    /// Begins to call: small comparisons and GetInfo in turn.
    pub(crate) async fn begin(server: &Server) -> Self {
        let channel = server.connect().await;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let calls = tokio::spawn(async move {
            let mut waited = Waited::default();
            let mut info = InfoServiceClient::new(channel.clone());
            let mut comparisons = ComparisonServiceClient::new(channel);
            let mut turn = 0;
            while !stopped.load(Ordering::Relaxed) {
                let begun = Instant::now();
                turn += 1;
                let answered = if turn % 2 == 0 {
                    info.get_info(proto::GetInfoRequest {}).await.is_ok()
                } else {
                    comparisons.diff_words(small_pair()).await.is_ok()
                };
                if answered {
                    waited.times.push(begun.elapsed());
                } else {
                    waited.failures += 1;
                }
                tokio::time::sleep(CALL_INTERVAL).await;
            }
            waited.times.sort_unstable();
            waited
        });
        Self { stop, calls }
    }

    /// Ends calling and tells how it went.
    pub(crate) async fn end(self) -> Waited {
        self.stop.store(true, Ordering::Relaxed);
        self.calls.await.expect("no panic")
    }
}

fn small_pair() -> proto::DiffWordsRequest {
    let document = |text: &str| {
        Some(proto::Document { body: Some(proto::document::Body::Text(text.to_owned())), ..Default::default() })
    };
    proto::DiffWordsRequest {
        left: document("坚定不移举全省之力强力推进粤港澳大湾区建设。"),
        right: document("坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。"),
        ..Default::default()
    }
}
