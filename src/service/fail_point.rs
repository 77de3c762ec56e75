//! Places where tests make the server fail, and what must hold when it does. Not in any program that is shipped.
//!
//! A document whose id is a fail point's name makes the call panic there, with the document's text in the panic, which is
//! what a slice inside a character does. Everything else is the real server behind a real socket.

#[path = "../../examples/soak/collector.rs"]
mod collector;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use self::collector::Collector;
use super::admission::Tally;
use super::config::Config;
use super::proto;
use super::proto::comparison_service_client::ComparisonServiceClient;
use super::proto::trace_directive_request::Message as Sent;
use super::proto::trace_directive_response::Message as Reply;
use super::proto::trace_service_client::TraceServiceClient;
use super::server::{ServeError, Server, Watch};
use crate::compare::engine::{Engine, EngineSettings};

/// Panics on a thread of the pool.
const POOL: &str = "fail point: pool";
/// Panics in the handler, on an async thread.
const HANDLER: &str = "fail point: handler";
/// Panics while a reply is streamed, on an async thread.
const STREAM: &str = "fail point: stream";

/// Words that must be found nowhere but in requests.
const CANARY: &str = "内部文件canary-93b1";

fn trip(name: &str, message: &impl prost::Message) {
    let bytes = message.encode_to_vec();
    if bytes.windows(name.len()).any(|window| window == name.as_bytes()) {
        panic!("byte index 1 is not a char boundary; it is inside '内' of `{}`", String::from_utf8_lossy(&bytes));
    }
}

/// Called where work begins on a thread of the pool.
pub(super) fn in_pool(id: &str) {
    trip(POOL, &id.to_owned());
}

/// Called where a handler has its message.
pub(super) fn in_handler(message: &impl prost::Message) {
    trip(HANDLER, message);
}

/// Called where a message of a stream is taken up.
pub(super) fn in_stream(message: &impl prost::Message) {
    trip(STREAM, message);
}

/// Everything logged by the tests of this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("nobody else logs in these tests");
        super::telemetry::redact_panics();
        log
    })
}

/// A server that is asked to stop, and waited for, by [`Running::end`].
struct Running {
    watch: Watch,
    channel: Channel,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<Result<(), ServeError>>,
}

impl Running {
    async fn end(self) {
        drop((self.channel, self.stop));
        self.ended.await.expect("no panic").expect("an orderly end");
    }
}

async fn serve(collector: &Collector) -> Running {
    let mut config = Config::default();
    (config.work.workers, config.work.queue) = (1, 2);
    let endpoint = collector.start().await.expect("a free port");
    config.telemetry.otlp_endpoint = Some(format!("http://{endpoint}"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let server = Server::new(config).await.expect("a server");
    let watch = server.watch();
    let (stop, stopped) = oneshot::channel::<()>();
    let load = || Engine::load(EngineSettings::default());
    let ended = tokio::spawn(server.run(listener, load, async { drop(stopped.await) }));
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let channel = endpoint.connect().await.expect("the server accepts");
    let mut client = ComparisonServiceClient::new(channel.clone());
    let ready = async {
        while client.compare(request("")).await.is_err_and(|status| status.code() == Code::Unavailable) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ready).await.expect("loads within 30 s");
    Running { watch, channel, stop, ended }
}

fn request(id: &str) -> proto::CompareRequest {
    let document = |text: &str| {
        let body = Some(proto::document::Body::Text(format!("{CANARY}{text}。\n")));
        Some(proto::Document { id: id.into(), body, ..Default::default() })
    };
    proto::CompareRequest {
        left: document("举全省之力"), right: document("举全市之力"), ..Default::default()
    }
}

async fn settled(watch: &Watch) -> Tally {
    let mut tally = watch.tally.clone();
    let idle = tally.wait_for(|tally| tally.waiting + tally.running == 0);
    *tokio::time::timeout(Duration::from_secs(20), idle).await.expect("within 20 s").expect("the pool lives")
}

fn is_incident(status: &tonic::Status) {
    assert_eq!(status.code(), Code::Internal, "{status:?}");
    let info = status.get_error_details().error_info().cloned().expect("says why");
    assert!(info.metadata.get("incident").is_some_and(|incident| status.message().contains(incident)));
    assert!(!format!("{status:?}").contains("canary"), "a status quotes no document");
}

/// A trace of one resolution for each id. Gives the codes of the findings, and how the trace ended.
async fn trace(channel: &Channel, ids: &[&str]) -> (Vec<u32>, Result<(), Status>) {
    let document = |id: &str| request(id).left.expect("set");
    let start = Sent::Start(proto::TraceStart { directive: Some(document("directive")), ..Default::default() });
    let messages = std::iter::once(start).chain(ids.iter().map(|id| Sent::Resolution(document(id))));
    let messages: Vec<_> = messages.map(|message| proto::TraceDirectiveRequest { message: Some(message) }).collect();
    let mut client = TraceServiceClient::new(channel.clone());
    let mut replies = client.trace_directive(tokio_stream::iter(messages)).await.expect("a head").into_inner();
    let mut codes = Vec::new();
    loop {
        match replies.message().await {
            Ok(None) => return (codes, Ok(())),
            Err(status) => return (codes, Err(status)),
            Ok(Some(reply)) => {
                let Some(Reply::Finding(finding)) = reply.message else { continue };
                codes.push(match finding.result.expect("a result") {
                    proto::trace_finding::Result::Trace(_) => 0,
                    proto::trace_finding::Result::Error(error) => {
                        assert!(!format!("{error:?}").contains("canary"), "an error quotes no document");
                        error.code
                    }
                });
            }
        }
    }
}

#[tokio::test]
async fn a_panic_anywhere_is_one_internal_answer_and_harms_nobody_else() {
    let log = log();
    let collector = Collector::default();
    let running = serve(&collector).await;
    let (watch, channel) = (running.watch.clone(), running.channel.clone());
    let mut client = ComparisonServiceClient::new(channel.clone());
    let before = settled(&watch).await;
    for round in 1..=5 {
        for name in [POOL, HANDLER] {
            // On the same connection, at the same time: a panic must not end the connection.
            let mut other = ComparisonServiceClient::new(channel.clone());
            let (failed, well) = tokio::join!(client.compare(request(name)), other.compare(request("well")));
            is_incident(&failed.expect_err("panics"));
            well.expect("is not harmed");
        }
        assert_eq!(settled(&watch).await.panicked, before.panicked + round);
    }
    let pair = |id: &str| proto::CompareStreamRequest { pair_id: "pair".into(), request: Some(request(id)) };
    let pairs = tokio_stream::iter([pair("well"), pair(POOL), pair("well")]);
    let mut answers = client.compare_stream(pairs).await.expect("a stream").into_inner();
    let mut codes = Vec::new();
    while let Some(answer) = answers.message().await.expect("one bad pair does not end the stream") {
        codes.push(match answer.result.expect("a result") {
            proto::compare_stream_response::Result::Response(_) => 0,
            proto::compare_stream_response::Result::Error(error) => error.code,
        });
    }
    assert_eq!(codes, [0, Code::Internal as u32, 0]);

    let pairs = tokio_stream::iter([pair(STREAM)]);
    let mut answers = client.compare_stream(pairs).await.expect("a stream").into_inner();
    is_incident(&answers.message().await.expect_err("the panic ends the stream"));

    let (codes, end) = trace(&channel, &["well", POOL, "well"]).await;
    assert_eq!(codes, [0, Code::Internal as u32, 0], "{end:?}");
    end.expect("one panic does not end the trace");
    let (_, end) = trace(&channel, &["well", STREAM]).await;
    is_incident(&end.expect_err("the panic ends the trace"));
    client.compare(request("well")).await.expect("and the connection goes on");

    settled(&watch).await;
    assert_eq!(watch.bytes.taken_bytes(), 0, "no byte in flight is lost");
    let held: Vec<_> = (0..3)
        .map(|_| {
            tokio::spawn({
                let mut client = ComparisonServiceClient::new(channel.clone());
                async move { client.compare(request("well")).await.map(drop) }
            })
        })
        .collect();
    for call in held {
        call.await.expect("joins").expect("every place came back");
    }

    let metrics = watch.metrics.render();
    drop((client, channel));
    running.end().await;
    let spans: Vec<String> = collector.spans().iter().map(|span| format!("{span:?}")).collect();
    assert!(metrics.contains("policy_echo_panics_total 7\n"), "those of the pool are counted: {metrics}");
    assert!(spans.iter().any(|span| span.contains("INTERNAL")) && spans.len() > 20, "{spans:#?}");
    for told in spans.iter().chain([&metrics]) {
        assert!(!told.contains("canary") && !told.contains("内部"), "{told}");
    }

    let logged = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let logged = String::from_utf8_lossy(&logged);
    let places = logged.lines().filter(|line| line.contains("fail_point.rs")).count();
    assert!(places >= 14, "panics are logged by their place: {places}");
    assert!(!logged.contains("canary") && !logged.contains("内部"), "and not by what they say");
}
