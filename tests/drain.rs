//! SIGTERM under load, with peers that stay silent: health turns first, no call in flight is lost, the end comes in time.
//!
//! `POLICY_ECHO_DRAIN_ROUNDS=200` repeats it; `scripts/drain_soak.sh` does so with the released program and prints the table.

#![cfg(unix)]

mod serving_support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use policy_echo::service::proto;
use policy_echo::service::proto::comparison_service_client::ComparisonServiceClient;
use serving_support::Serving;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Callers at a time; more than there are workers, so that some calls wait.
const CALLERS: usize = 6;
const DRAIN_LAG: Duration = Duration::from_millis(100);
const DRAIN: Duration = Duration::from_secs(10);
/// What the end may take beyond the drain: closing connections, ending threads, the kernel. A short run may share its
/// machine with builds, and proves no more than that the end comes.
const SLACK: Duration = Duration::from_millis(500);
const SLACK_OF_A_SHORT_RUN: Duration = Duration::from_secs(5);
/// Rounds from which on a run is long.
const LONG_RUN: usize = 20;

/// What one round showed.
#[derive(Debug)]
struct Round {
    /// From the signal until the watches said NOT_SERVING; the later of both.
    not_serving: Duration,
    /// From the signal until a caller was first refused.
    first_refused: Option<Duration>,
    /// Calls that ended well before the signal, and that were begun before and ended well after.
    before: u64,
    in_flight: u64,
    /// Calls begun after the signal that ended well, and that were refused.
    late: u64,
    refused: u64,
    /// Calls that ended otherwise, as callers or the server tell.
    lost: Vec<String>,
    exit: Option<i32>,
    ended: Duration,
}

#[derive(Default)]
struct Counts {
    before: AtomicU64,
    in_flight: AtomicU64,
    late: AtomicU64,
    refused: AtomicU64,
}

async fn channel(address: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{address}")).expect("an address").connect().await.expect("connects")
}

fn document(name: &str) -> Option<proto::Document> {
    let path = format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("an example");
    Some(proto::Document { body: Some(proto::document::Body::Text(text)), ..Default::default() })
}

fn pair() -> proto::CompareRequest {
    proto::CompareRequest {
        left: document("guangdong-2019-07-26-plenum.txt"),
        right: document("guangzhou-2022-09-22-resolution.txt"),
        ..Default::default()
    }
}

/// Calls until it is refused. Gives when that was, and what was lost.
async fn call_until_refused(
    address: SocketAddr,
    counts: Arc<Counts>,
    signalled: watch::Receiver<Option<Instant>>,
) -> (Option<Instant>, Vec<String>) {
    let mut client = ComparisonServiceClient::new(channel(address).await);
    let mut lost = Vec::new();
    loop {
        let begun_before = signalled.borrow().is_none();
        let result = client.compare(pair()).await;
        let ended_before = signalled.borrow().is_none();
        match result {
            Ok(_) if ended_before => counts.before.fetch_add(1, Ordering::Relaxed),
            Ok(_) if begun_before => counts.in_flight.fetch_add(1, Ordering::Relaxed),
            Ok(_) => counts.late.fetch_add(1, Ordering::Relaxed),
            // The client calls it cancelled when the connection ended before it had sent the call; that the server had not
            // begun it either is seen in the server's log.
            Err(status) if !begun_before && (status.code() == Code::Unavailable || never_sent(&status)) => {
                counts.refused.fetch_add(1, Ordering::Relaxed);
                return (Some(Instant::now()), lost);
            }
            Err(status) => {
                lost.push(format!("begun before the signal: {begun_before}, {status:?}"));
                return (None, lost);
            }
        };
    }
}

fn never_sent(status: &tonic::Status) -> bool {
    std::error::Error::source(status).is_some_and(|source| source.is::<tonic::transport::Error>())
}

/// Codes other than OK of calls that the server has seen.
fn unanswered(serving: &Serving) -> Vec<String> {
    let events = serving.lines().into_iter().filter(|line| line.contains("ComparisonService"));
    events.filter(|line| !line.contains("\"code\":\"OK\"")).collect()
}

/// When a watch on `service` said NOT_SERVING.
async fn not_serving(address: SocketAddr, service: &str, ready: tokio::sync::oneshot::Sender<()>) -> Instant {
    let mut client = HealthClient::new(channel(address).await);
    let request = HealthCheckRequest { service: service.to_owned() };
    let mut watch = client.watch(request).await.expect("a watch").into_inner();
    let first = watch.message().await.expect("open").expect("a status").status();
    assert_eq!(first, ServingStatus::Serving);
    ready.send(()).expect("somebody waits");
    loop {
        let status = watch.message().await.expect("open until it says so").expect("a status").status();
        if status == ServingStatus::NotServing {
            let said = Instant::now();
            // The watch stays open to the end: one more peer that does not go by itself.
            while let Ok(Some(_)) = watch.message().await {}
            return said;
        }
    }
}

/// Peers that say nothing, or no more than the beginning. They hold their sockets until the server closes them.
async fn silent_peers(address: SocketAddr) -> Vec<tokio::task::JoinHandle<()>> {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut peers = Vec::new();
    for said in [&b""[..], &preface[..10], preface] {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(said).await.expect("says it");
        peers.push(tokio::spawn(async move {
            let mut ignored = [0; 1024];
            while matches!(stream.read(&mut ignored).await, Ok(read) if read > 0) {}
        }));
    }
    peers
}

async fn round() -> Round {
    let lag = DRAIN_LAG.as_millis().to_string();
    let drain = DRAIN.as_millis().to_string();
    let mut serving =
        Serving::start(&["--drain-lag-ms", &lag, "--drain-ms", &drain, "--workers", "2", "--queue", "64"]);
    let address = serving.address;
    let (signal, signalled) = watch::channel(None);
    let counts = Arc::new(Counts::default());
    let mut watches = Vec::new();
    for service in ["", "policyecho.v1.ComparisonService"] {
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        watches.push(tokio::spawn(not_serving(address, service, ready)));
        is_ready.await.expect("the watch is open");
    }
    let peers = silent_peers(address).await;
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(call_until_refused(address, Arc::clone(&counts), signalled.clone())))
        .collect();
    // The load is on once every caller has had an answer, on average.
    let enough = async {
        while counts.before.load(Ordering::Relaxed) < CALLERS as u64 {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(serving_support::PATIENCE, enough).await.expect("calls are answered");

    let asked = Instant::now();
    signal.send_replace(Some(asked));
    serving.signal("TERM");
    let exit = tokio::task::block_in_place(|| serving.ended());
    let ended = asked.elapsed();

    let mut lost = unanswered(&serving);
    let mut first_refused: Option<Duration> = None;
    for caller in callers {
        let (refused, lost_calls) = caller.await.expect("no panic");
        lost.extend(lost_calls);
        let refused = refused.map(|refused| refused.duration_since(asked));
        first_refused = [first_refused, refused].into_iter().flatten().min();
    }
    let mut said = Duration::ZERO;
    for watch in watches {
        said = said.max(watch.await.expect("NOT_SERVING was said").duration_since(asked));
    }
    for peer in peers {
        peer.await.expect("no panic");
    }
    Round {
        not_serving: said,
        first_refused,
        before: counts.before.load(Ordering::Relaxed),
        in_flight: counts.in_flight.load(Ordering::Relaxed),
        late: counts.late.load(Ordering::Relaxed),
        refused: counts.refused.load(Ordering::Relaxed),
        lost,
        exit,
        ended,
    }
}

impl Round {
    /// What was not as it should be.
    fn complaints(&self, slack: Duration) -> Vec<String> {
        let mut complaints = self.lost.clone();
        if self.exit != Some(0) {
            complaints.push(format!("exit {:?}", self.exit));
        }
        if self.ended > DRAIN_LAG + DRAIN + slack {
            complaints.push(format!("the end took {:?}", self.ended));
        }
        match self.first_refused {
            Some(refused) if self.not_serving <= refused => {}
            refused => complaints.push(format!(
                "health said NOT_SERVING after {:?}, a caller was refused after {refused:?}",
                self.not_serving
            )),
        }
        complaints
    }
}

fn millis(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    format!("{:>9.1} {:>9.1} {:>9.1}", at(0.5), at(0.99), at(1.0))
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "the table is what a long run is for")]
async fn no_call_is_lost_at_sigterm_and_silent_peers_hold_nothing_up() {
    let rounds = std::env::var("POLICY_ECHO_DRAIN_ROUNDS").map_or(2, |rounds| rounds.parse().expect("a number"));
    let slack = if rounds < LONG_RUN { SLACK_OF_A_SHORT_RUN } else { SLACK };
    let (mut shown, mut complaints) = (Vec::new(), Vec::new());
    for number in 1..=rounds {
        let round = round().await;
        complaints.extend(round.complaints(slack).into_iter().map(|complaint| format!("round {number}: {complaint}")));
        if number % 20 == 0 {
            println!("{number} rounds");
        }
        shown.push(round);
    }
    let total = |count: fn(&Round) -> u64| shown.iter().map(count).sum::<u64>();
    println!("rounds {rounds}, each with {CALLERS} callers, 3 silent peers and 2 open watches of health");
    println!("calls answered before the signal      {:>9}", total(|round| round.before));
    println!("calls in flight at the signal, answered {:>6}", total(|round| round.in_flight));
    println!("calls begun after it, answered        {:>9}", total(|round| round.late));
    println!("calls refused after it                {:>9}", total(|round| round.refused));
    println!("calls lost                            {:>9}", total(|round| round.lost.len() as u64));
    println!("exit codes other than 0               {:>9}", total(|round| u64::from(round.exit != Some(0))));
    println!("milliseconds after the signal            median       99%       max");
    println!("health says NOT_SERVING               {}", millis(shown.iter().map(|round| round.not_serving)));
    println!("first caller refused                  {}", millis(shown.iter().filter_map(|round| round.first_refused)));
    println!("process ended                         {}", millis(shown.iter().map(|round| round.ended)));
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
