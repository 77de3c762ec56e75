//! The transport under peers that do not play fair: raw frames over real sockets, floods, silence, half of things.
//!
//! The same floods, larger, are `examples/flood`.
#![allow(dead_code, reason = "what is shared with other tests and with examples/flood is not all used here")]

#[path = "../examples/flood/attack.rs"]
mod attack;
#[path = "../examples/flood/flood.rs"]
mod flood;
#[path = "../examples/flood/process.rs"]
mod process;
mod service_support;
#[path = "../examples/flood/wire.rs"]
mod wire;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use attack::{COMPARE, INFO, PROVOCATIONS, SILENCES, open_call, prefix};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use policy_echo::service::config::Config;
use policy_echo::service::proto;
use process::{Bystander, Server};
use prost::Message as _;
use service_support::{Running, document, is_within_20_s, request, shared_server};
use tonic::Code;
use wire::{
    DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, PING, Wire, call, frame,
    stream,
};

const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;
const LEFT: &str = "坚定不移举全省之力强力推进粤港澳大湾区建设。";
const RIGHT: &str = "坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_policy-echo"))
}

/// One attack at a time: they measure.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What came back of a call.
#[derive(Debug)]
struct Reply {
    http: u16,
    /// Headers and trailers.
    headers: HashMap<String, String>,
}

impl Reply {
    fn code(&self) -> Code {
        Code::from(self.headers.get("grpc-status").map_or(-1, |code| code.parse().expect("a number")))
    }
}

/// A call as bytes, so that no client library looks at it first.
async fn bare_call<B>(server: SocketAddr, request: http::request::Builder, body: B) -> Result<Reply, hyper::Error>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    let socket = tokio::net::TcpStream::connect(server).await.expect("connects");
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (mut client, connection) = handshake.await?;
    tokio::spawn(connection);
    let (head, body) = client.send_request(request.body(body).expect("a request")).await?.into_parts();
    let trailers = body.collect().await?.trailers().cloned().unwrap_or_default();
    let headers = head.headers.iter().chain(&trailers);
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Ok(Reply { http: head.status.as_u16(), headers: headers.collect() })
}

fn grpc(path: &str) -> http::request::Builder {
    http::Request::post(format!("http://server{path}")).header("content-type", "application/grpc")
}

async fn call_with(server: SocketAddr, encoding: &str, message: Vec<u8>) -> Reply {
    let request = grpc(COMPARE).header("grpc-encoding", encoding);
    bare_call(server, request, Full::new(Bytes::from(message))).await.expect("a reply")
}

fn whole(message: &impl prost::Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    [prefix(0, message.len() as u32), message].concat()
}

async fn server_with(change: impl FnOnce(&mut Config)) -> Running {
    let mut config = Running::config();
    change(&mut config);
    Running::start(config).await
}

#[tokio::test]
async fn floods_harm_nobody_else() {
    let _alone = ALONE.lock().await;
    // Debug builds and busy machines are slow; what is held against a bound here is memory, and that others are served.
    let mut server = Server::start(program(), &[]).await;
    let at_rest = server.resident_kib();
    for flood::Flood { name, run } in flood::floods(50) {
        let bystander = Bystander::begin(&server).await;
        server.forget_peak();
        let outcome = run(server.address).await;
        let waited = bystander.end().await;
        assert!(server.runs(), "{name}: the server ended");
        assert!(!outcome.starts_with("NOT"), "{name}: {outcome}");
        assert_eq!(waited.failures, 0, "{name}");
        assert!(waited.percentile(90) < Duration::from_millis(500), "{name}: {:?}", waited.percentile(90));
        let more = server.peak_kib().saturating_sub(at_rest);
        assert!(more < 64 << 10, "{name}: {more} KiB more, {outcome}");
    }
}

#[tokio::test]
async fn a_connection_has_a_hundred_calls_at_a_time() {
    let _alone = ALONE.lock().await;
    let seen = attack::streams(shared_server().address(), 2000).await;
    assert_eq!(seen.settings.get(&MAX_CONCURRENT_STREAMS), Some(&100));
    assert!(seen.goaway.is_some() || seen.reset_count() >= 1900, "{}", seen.summary());
}

#[tokio::test]
async fn who_resets_calls_at_once_is_sent_away() {
    let _alone = ALONE.lock().await;
    let seen = attack::rapid_reset(shared_server().address(), 20_000).await;
    assert_eq!(seen.goaway.as_ref().map(|(error, _)| *error), Some("ENHANCE_YOUR_CALM"), "{}", seen.summary());
}

#[tokio::test]
async fn who_provokes_resets_is_sent_away() {
    let _alone = ALONE.lock().await;
    for provocation in PROVOCATIONS {
        let seen = attack::made_you_reset(shared_server().address(), provocation, 5000).await;
        assert!(seen.goaway.is_some(), "{provocation:?}: {}", seen.summary());
        assert!(seen.reset_count() <= 1200, "{provocation:?}: {}", seen.summary());
    }
}

#[tokio::test]
async fn floods_of_frames_are_ended() {
    let _alone = ALONE.lock().await;
    let server = shared_server().address();
    let seen = attack::continuations(server, 10_000).await;
    assert!(seen.goaway.is_some(), "CONTINUATION: {}", seen.summary());
    let seen = attack::small_data(server, b"", 20_000).await;
    assert!(seen.goaway.is_some(), "empty DATA: {}", seen.summary());
}

#[tokio::test]
async fn silent_peers_are_let_go() {
    let _alone = ALONE.lock().await;
    let running = server_with(|config| {
        config.transport.handshake_timeout_ms = 500;
        config.transport.frame_timeout_ms = 500;
    })
    .await;
    for silence in SILENCES {
        let longest = attack::silent_peers(running.address(), silence, 20).await;
        let longest = longest.unwrap_or_else(|| panic!("{silence:?}: not let go"));
        assert!(longest < Duration::from_secs(10), "{silence:?}: {longest:?}");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_answer_is_dead() {
    let running = server_with(|config| {
        config.transport.keepalive_interval_ms = 100;
        config.transport.keepalive_timeout_ms = 200;
    })
    .await;
    let mut wire = Wire::open(running.address(), LOOPBACK, &[]).await.expect("connects");
    assert!(wire.is_closed(Duration::from_secs(20)).await, "a peer that answers no ping");
}

#[tokio::test]
async fn an_old_connection_is_asked_to_end_and_its_calls_may() {
    let running = server_with(|config| {
        config.transport.max_connection_age_ms = 300;
        config.transport.max_connection_age_grace_ms = 1500;
    })
    .await;
    let mut wire = Wire::open(running.address(), LOOPBACK, &[]).await.expect("connects");
    wire.send(&open_call(0, COMPARE, &[]), Duration::from_secs(1)).await;
    assert!(wire.read_until(Duration::from_secs(20), |seen| seen.goaway.is_some()).await, "asked to end");
    assert_eq!(wire.seen.goaway.as_ref().map(|(error, _)| *error), Some("NO_ERROR"));
    let message = whole(&request(LEFT, RIGHT));
    assert!(wire.send_data(1, END_STREAM, &message, Duration::from_secs(20)).await);
    assert!(wire.read_until(Duration::from_secs(20), |seen| seen.ended == 1).await, "{}", wire.seen.summary());

    let mut wire = Wire::open(running.address(), LOOPBACK, &[]).await.expect("connects");
    wire.send(&open_call(0, COMPARE, &[]), Duration::from_secs(1)).await;
    assert!(wire.is_closed(Duration::from_secs(20)).await, "calls may not outlive the grace");
}

#[tokio::test]
async fn a_message_that_does_not_come_ends_its_call() {
    let running = server_with(|config| config.transport.message_timeout_ms = 300).await;
    let slow = futures_util::stream::unfold(0u32, |count| async move {
        let data = if count == 0 {
            prefix(0, 100)
        } else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            vec![7]
        };
        Some((Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from(data))), count + 1))
    });
    let reply = bare_call(running.address(), grpc(COMPARE), StreamBody::new(Box::pin(slow))).await.expect("a reply");
    assert_eq!(reply.code(), Code::DeadlineExceeded, "{reply:?}");
    let silent = StreamBody::new(futures_util::stream::pending::<Result<_, std::io::Error>>());
    let reply = bare_call(running.address(), grpc(COMPARE), silent).await.expect("a reply");
    assert_eq!(reply.code(), Code::DeadlineExceeded, "{reply:?}");
}

#[tokio::test]
async fn a_reply_that_is_not_read_is_dropped() {
    let running = server_with(|config| config.transport.reply_timeout_ms = 500).await;
    let own = [(INITIAL_WINDOW_SIZE, 0)];
    let mut wire = Wire::open(running.address(), LOOPBACK, &own).await.expect("connects");
    wire.send(&open_call(0, COMPARE, &[]), Duration::from_secs(1)).await;
    assert!(wire.send_data(1, END_STREAM, &whole(&request(LEFT, RIGHT)), Duration::from_secs(5)).await);
    assert!(wire.read_until(Duration::from_secs(20), |seen| seen.reset_count() == 1).await, "{}", wire.seen.summary());
    // The connection goes on.
    wire.send(&frame(PING, 0, 0, &[7; 8]), Duration::from_secs(1)).await;
    assert!(!wire.is_closed(Duration::from_millis(300)).await);
}

#[tokio::test]
async fn a_peer_has_so_many_connections_and_others_have_theirs() {
    let running = server_with(|config| config.transport.max_connections_per_peer = 5).await;
    let mut kept = Vec::new();
    for _ in 0..8 {
        let mut wire = Wire::open(running.address(), Ipv4Addr::new(127, 0, 0, 9), &[]).await.expect("connects");
        if wire.read_until(Duration::from_secs(20), |seen| !seen.settings.is_empty()).await {
            kept.push(wire);
        }
    }
    assert_eq!(kept.len(), 5);
    let mut other = Wire::open(running.address(), Ipv4Addr::new(127, 0, 0, 10), &[]).await.expect("connects");
    assert!(other.read_until(Duration::from_secs(20), |seen| !seen.settings.is_empty()).await, "others are let in");
    kept.clear();
    let again = async {
        loop {
            let mut wire = Wire::open(running.address(), Ipv4Addr::new(127, 0, 0, 9), &[]).await.expect("connects");
            if wire.read_until(Duration::from_secs(20), |seen| !seen.settings.is_empty()).await {
                break;
            }
        }
    };
    is_within_20_s(again).await;
}

#[tokio::test]
async fn without_descriptors_the_server_waits_and_recovers() {
    let _alone = ALONE.lock().await;
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(program());
    let server = Server::start_by(limited, &[]).await;
    let used = server.processor_time();
    let mut wires = Vec::new();
    for index in 0..200 {
        wires.push(Wire::bare(server.address, attack::peer(index)).await.expect("the kernel accepts"));
    }
    // All of them are silent, so after 5 s they are let go; until then nobody can be.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let burnt = server.processor_time() - used;
    assert!(burnt < Duration::from_millis(500), "{burnt:?} of processor time while waiting");
    let complaints = server.logged("cannot accept");
    assert!((1..=5).contains(&complaints), "{complaints} complaints in 3 s");
    let mut told = 0;
    for wire in &mut wires {
        told += u32::from(wire.is_closed(Duration::from_millis(5)).await);
    }
    assert!(told >= 20, "{told} of those for whom there is no descriptor were told so, by the one in reserve");
    wires.clear();
    let begun = Instant::now();
    let mut wire = Wire::open(server.address, LOOPBACK, &[]).await.expect("connects");
    assert!(wire.read_until(Duration::from_secs(20), |seen| !seen.settings.is_empty()).await, "serves again");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_length_over_the_limit_is_refused_on_its_prefix() {
    for length in [u32::MAX, 64 << 20, (20 << 20) + 1] {
        let begun = Instant::now();
        let reply = call_with(shared_server().address(), "identity", prefix(0, length)).await;
        assert_eq!(reply.code(), Code::ResourceExhausted, "{reply:?}");
        assert_eq!(reply.headers["grpc-retry-pushback-ms"], "-1");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn bombs_and_broken_frames_have_their_codes() {
    let server = shared_server().address();
    for encoding in ["gzip", "zstd"] {
        let reply = call_with(server, encoding, attack::bomb(encoding, 64 << 20)).await;
        assert_eq!(reply.code(), Code::ResourceExhausted, "{encoding}: {reply:?}");
        assert_eq!(reply.headers["grpc-retry-pushback-ms"], "-1");
    }
    let pair = request(LEFT, RIGHT).encode_to_vec();
    let packed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, &pair).expect("memory");
        encoder.finish().expect("memory")
    };
    let framed = |flag, bytes: &[u8]| [prefix(flag, bytes.len() as u32), bytes.to_vec()].concat();
    assert_eq!(call_with(server, "gzip", framed(1, &packed)).await.code(), Code::Ok);
    let cut = &packed[..packed.len() / 2];
    let mut wrong_sum = packed.clone();
    let sum = wrong_sum.len() - 8;
    wrong_sum[sum] ^= 0xff;
    for (what, encoding, message) in [
        ("flag 2", "identity", framed(2, &pair)),
        ("flag 255", "identity", framed(255, &pair)),
        ("packed without an encoding", "identity", framed(1, &packed)),
        ("not gzip", "gzip", framed(1, &pair)),
        ("half of gzip", "gzip", framed(1, cut)),
        ("wrong sum", "gzip", framed(1, &wrong_sum)),
        ("not zstd", "zstd", framed(1, &pair)),
        ("less than its prefix says", "identity", framed(0, &pair)[..40].to_vec()),
        ("half a prefix", "identity", vec![0, 0]),
    ] {
        let reply = call_with(server, encoding, message).await;
        assert_eq!(reply.code(), Code::Internal, "{what}: {reply:?}");
    }
    let reply = call_with(server, "br", framed(1, &pair)).await;
    assert_eq!(reply.code(), Code::Unimplemented);
    assert!(reply.headers["grpc-accept-encoding"].contains("gzip"), "{reply:?}");
}

#[tokio::test]
async fn many_small_elements_are_refused_before_they_are_decoded() {
    // References (3), custom words (4 in 4), reports (1 in 4): two bytes or one each.
    let wrapped = |inside: Vec<u8>| {
        let mut bytes = vec![0x22];
        prost::encoding::encode_varint(inside.len() as u64, &mut bytes);
        [bytes, inside].concat()
    };
    for inside in [[0x1a, 0].repeat(1 << 20), wrapped([0x22, 0].repeat(1 << 20)), wrapped([8, 1].repeat(1 << 20))] {
        let message = [prefix(0, inside.len() as u32), inside].concat();
        let reply = call_with(shared_server().address(), "identity", message).await;
        assert_eq!(reply.code(), Code::InvalidArgument, "{reply:?}");
    }
}

#[tokio::test]
async fn a_reply_over_the_limit_is_resource_exhausted() {
    let running = server_with(|config| config.limits.max_reply_bytes = 64).await;
    let reply = call_with(running.address(), "identity", whole(&request(LEFT, RIGHT))).await;
    assert_eq!(reply.code(), Code::ResourceExhausted, "{reply:?}");
    assert_eq!(reply.headers["grpc-retry-pushback-ms"], "-1");
}

#[tokio::test]
async fn paths_are_exact_and_other_protocols_are_refused() {
    let server = shared_server().address();
    let code = async |path: &str| {
        let message = whole(&proto::GetInfoRequest {});
        bare_call(server, grpc(path), Full::new(Bytes::from(message))).await.expect("a reply").code()
    };
    assert_eq!(code(INFO).await, Code::Ok);
    assert_eq!(code(&format!("{INFO}?x=1")).await, Code::Ok, "a query is no part of the path");
    for path in ["/", &format!("/{INFO}"), &format!("{INFO}/"), "/policyecho.v1.InfoService/GetInf%6F", "/*", "/a/b/c"]
    {
        assert_eq!(code(path).await, Code::Unimplemented, "{path}");
    }
    for (method, content_type, expected) in
        [("GET", "application/grpc", 405), ("PUT", "application/grpc", 405), ("POST", "text/plain", 415)]
    {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://server{INFO}"))
            .header("content-type", content_type);
        let reply = bare_call(server, request, Full::new(Bytes::new())).await.expect("a reply");
        assert_eq!(reply.http, expected, "{method} {content_type}");
    }
}

#[tokio::test]
async fn headers_over_the_limit_are_refused() {
    let server = shared_server().address();
    for (what, more) in [
        ("20 KiB in one", vec![("x".to_owned(), "y".repeat(20 << 10))]),
        ("a thousand", (0..1000).map(|index| (format!("x-{index}"), "y".to_owned())).collect()),
    ] {
        let more: Vec<_> = more.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let block = call(INFO, &more);
        let mut bytes = Vec::new();
        let pieces: Vec<_> = block.chunks(16_000).collect();
        for (number, piece) in pieces.iter().enumerate() {
            let kind = if number == 0 { HEADERS } else { wire::CONTINUATION };
            let end = if number + 1 == pieces.len() { END_HEADERS } else { 0 };
            bytes.extend(frame(kind, end, 1, piece));
        }
        bytes.extend(frame(DATA, END_STREAM, stream(0), &prefix(0, 0)));
        let mut wire = Wire::open(server, LOOPBACK, &[]).await.expect("connects");
        wire.send(&bytes, Duration::from_secs(5)).await;
        let refused =
            wire.read_until(Duration::from_secs(20), |seen| seen.ended + seen.reset_count() > 0 || seen.closed);
        assert!(refused.await, "{what}: {}", wire.seen.summary());
        assert_eq!(wire.seen.data_bytes, 0, "{what} was answered: {}", wire.seen.summary());
    }
}

#[tokio::test]
async fn a_peer_of_http1_is_told_what_is_spoken_here() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(shared_server().address()).await.expect("connects");
    socket.write_all(b"GET / HTTP/1.1\r\nhost: server\r\n\r\n").await.expect("sends");
    let mut told = Vec::new();
    // What was sent and not read makes the kernel reset the connection after the reply.
    socket.read_to_end(&mut told).await.ok();
    let told = String::from_utf8_lossy(&told);
    assert!(told.starts_with("HTTP/1.1 505 "), "{told:?}");
    let (head, body) = told.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{told:?}");
}

/// A call of gRPC-Web over HTTP/1.1. Gives status, headers and body.
async fn web_call(server: SocketAddr, request: http::request::Builder, body: Vec<u8>) -> http::Response<Bytes> {
    let socket = tokio::net::TcpStream::connect(server).await.expect("connects");
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(socket));
    let (mut client, connection) = handshake.await.expect("shakes hands");
    tokio::spawn(connection);
    let request = request.header("host", "server").body(Full::new(Bytes::from(body))).expect("a request");
    let (head, body) = client.send_request(request).await.expect("a reply").into_parts();
    http::Response::from_parts(head, body.collect().await.expect("a body").to_bytes())
}

#[tokio::test]
async fn pages_may_call_where_they_are_listed() {
    let running = server_with(|config| {
        config.transport.grpc_web = true;
        config.transport.grpc_web_origins = vec!["https://page.example".to_owned()];
    })
    .await;
    let web = || http::Request::post(COMPARE).header("content-type", "application/grpc-web+proto");
    let message = whole(&request(LEFT, RIGHT));
    let reply = web_call(running.address(), web().header("origin", "https://page.example"), message.clone()).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["access-control-allow-origin"], "https://page.example");
    let trailers = String::from_utf8_lossy(&reply.body()[reply.body().len() - 40..]).into_owned();
    assert!(trailers.contains("grpc-status:0"), "{trailers:?}");
    let reply = web_call(running.address(), web().header("origin", "https://other.example"), message.clone()).await;
    assert!(!reply.headers().contains_key("access-control-allow-origin"));

    let ask = |origin: &str| {
        http::Request::options(COMPARE)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,authorization,x-grpc-web")
    };
    let reply = web_call(running.address(), ask("https://page.example"), Vec::new()).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["access-control-allow-headers"], "content-type,authorization,x-grpc-web");
    let reply = web_call(running.address(), ask("https://other.example"), Vec::new()).await;
    assert!(!reply.headers().contains_key("access-control-allow-origin"));

    // Plain gRPC goes on beside it, and nothing else begins.
    let reply = call_with(running.address(), "identity", message).await;
    assert_eq!(reply.code(), Code::Ok);
    let reply = web_call(running.address(), http::Request::get("/"), Vec::new()).await;
    assert!(reply.status().is_client_error(), "{}", reply.status());
}

#[tokio::test]
async fn small_pieces_of_an_honest_message_are_no_flood() {
    let message = whole(&proto::CompareRequest {
        left: Some(document("left", &LEFT.repeat(20))),
        right: Some(document("right", RIGHT)),
        ..Default::default()
    });
    let pieces: Vec<_> = message
        .chunks(7)
        .map(|piece| Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    let body = StreamBody::new(futures_util::stream::iter(pieces));
    let reply = bare_call(shared_server().address(), grpc(COMPARE), body).await.expect("a reply");
    assert_eq!(reply.code(), Code::Ok, "{reply:?}");
}
