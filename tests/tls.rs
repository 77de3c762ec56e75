//! TLS in front of strangers: what a scan finds, who shakes hands slowly or in vain, files that change while calls run, and a
//! mix of all methods over plaintext and TLS.
//!
//! `POLICY_ECHO_SOAK_CALLS=100000` makes the mix long, `POLICY_ECHO_PROGRAM` names another program than the one built here.

#![cfg(unix)]
#![allow(dead_code, reason = "what is shared with other tests is not all used here")]

mod security_support;
mod service_support;
mod serving_support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use policy_echo::service::proto;
use policy_echo::service::proto::comparison_service_client::ComparisonServiceClient;
use policy_echo::service::proto::info_service_client::InfoServiceClient;
use policy_echo::service::proto::trace_service_client::TraceServiceClient;
use security_support::{Authority, Folder, INFO, Secured, Way, answer_to_hello, caller, handshake, hello};
use service_support::{document, is_within_20_s, request};
use serving_support::{Serving, http_get};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request};

const LEFT: &str = "省委常委会主持会议。\n坚定不移举全省之力强力推进粤港澳大湾区建设。\n";
const RIGHT: &str = "全会由市委常委会主持。\n坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。\n";

/// A fatal alert: the type of its record, then its level and description.
const ALERT: u8 = 0x15;

#[tokio::test]
async fn a_scan_finds_no_version_and_no_suite_that_is_broken() {
    let server = Secured::start("scan", Way::Tls, |_, _| {}).await;
    // ECDSA with AES-128-GCM, AES-256-GCM and ChaCha20: what is left of TLS 1.2, all with forward secrecy.
    for suite in [0xc02b, 0xc02c, 0xcca9] {
        assert_eq!(answer_to_hello(server.address(), 3, &[suite]).await[0], 0x16, "{suite:#06x} is spoken");
        for old in 0..3 {
            let answer = answer_to_hello(server.address(), old, &[suite]).await;
            assert_eq!((answer[0], &answer[5..]), (ALERT, &[2, 70][..]), "SSL 3.0 and TLS below 1.2: {old}");
        }
    }
    let broken: [(&str, &[u16]); 9] = [
        ("no encryption", &[0x0000, 0x0001, 0x0002, 0x003b, 0xc006, 0xc010]),
        ("export", &[0x0003, 0x0006, 0x0008, 0x0014, 0x0062, 0x0064]),
        ("nobody's key", &[0x0018, 0x001b, 0x0034, 0x003a, 0x006c, 0x00a6, 0xc018]),
        ("RC4", &[0x0004, 0x0005, 0xc007, 0xc011]),
        ("DES and 3DES", &[0x0009, 0x000a, 0x0016, 0xc008, 0xc012]),
        ("CBC", &[0x002f, 0x0035, 0x0033, 0x0039, 0x003c, 0x0067, 0xc009, 0xc00a, 0xc013, 0xc014, 0xc023, 0xc024]),
        ("no forward secrecy", &[0x009c, 0x009d, 0xc02d, 0xc02e, 0xc0a0]),
        ("finite-field groups", &[0x009e, 0x009f, 0xccaa, 0xc0a2]),
        ("CCM with a short tag, ARIA, Camellia", &[0xc0ae, 0xc0af, 0xc05c, 0xc072, 0xc086]),
    ];
    for (what, suites) in broken {
        for suite in suites {
            let answer = answer_to_hello(server.address(), 3, &[*suite]).await;
            // handshake_failure: nothing in common.
            assert_eq!((answer[0], &answer[5..]), (ALERT, &[2, 40][..]), "{what}: {suite:#06x}");
        }
    }
    // A hello that offers compression alone (CRIME): the method stands before the two bytes of the extensions' length.
    let mut compressed = hello(3, &[0xc02b]);
    let at = 5 + 4 + 2 + 32 + 1 + 2 + 2 + 1;
    assert_eq!(compressed[at], 0, "the method is where it is looked for");
    compressed[at] = 1;
    let mut socket = TcpStream::connect(server.address()).await.expect("connects");
    socket.write_all(&compressed).await.expect("sends");
    let mut answer = Vec::new();
    is_within_20_s(socket.read_to_end(&mut answer)).await.ok();
    assert_eq!((answer[0], answer[5]), (ALERT, 2), "compression is refused: {answer:?}");
    assert!(server.call(INFO, None).await.is_ok());
}

/// Until the server has closed a connection on which `parts` were sent, with `pause` between them.
async fn held(address: SocketAddr, parts: Vec<Vec<u8>>, pause: Duration) -> Duration {
    let begun = Instant::now();
    let (mut read, mut write) = TcpStream::connect(address).await.expect("connects").into_split();
    let send = async {
        for part in parts {
            if write.write_all(&part).await.is_err() {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    let mut ignored = [0; 1024];
    let closed = async { while matches!(read.read(&mut ignored).await, Ok(bytes) if bytes > 0) {} };
    tokio::select! {
        () = send => {}
        () = is_within_20_s(closed) => {}
    }
    begun.elapsed()
}

#[tokio::test]
async fn who_does_not_shake_hands_in_time_is_let_go() {
    let server = Secured::start("slow", Way::Tls, |config, _| config.transport.handshake_timeout_ms = 500).await;
    let whole = hello(3, &[0xc02b]);
    let silences = [
        ("nothing", Vec::new()),
        ("half a record's head", vec![whole[..3].to_vec()]),
        ("half a hello", vec![whole[..40].to_vec()]),
        ("a hello and nothing more", vec![whole.clone()]),
        ("a hello byte by byte", whole.iter().map(|byte| vec![*byte]).collect()),
    ];
    for (what, parts) in silences {
        let peers = (0..20).map(|_| held(server.address(), parts.clone(), Duration::from_millis(50)));
        let (times, served) = tokio::join!(futures_util::future::join_all(peers), server.call(INFO, None));
        assert!(served.is_ok(), "{what}: others are served");
        let longest = times.into_iter().max().unwrap_or_default();
        // A hello byte by byte takes over 5 s to send.
        assert!(longest < Duration::from_secs(4), "{what}: held for {longest:?}");
    }
}

/// How somebody leaves who has shaken hands in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    ByReset,
    AfterAnAnswer,
}

/// Connects, sends `bytes` and leaves.
async fn shake_in_vain(address: SocketAddr, bytes: &[u8], leave: Leave) {
    let mut socket = TcpStream::connect(address).await.expect("the server accepts");
    // The server may have closed already.
    socket.write_all(bytes).await.ok();
    match leave {
        Leave::ByReset => socket.set_zero_linger().expect("a reset"),
        Leave::AfterAnAnswer => drop(socket.read_u8().await),
    }
}

/// A value of the metrics.
fn metric(address: SocketAddr, name: &str) -> f64 {
    let metrics = http_get(address, "/metrics");
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {metrics}"))
}

/// The program with a certificate, its metrics and what else `arguments` say.
struct Program {
    serving: Serving,
    authority: Authority,
    folder: Folder,
}

impl Program {
    fn start(name: &str, callers: Option<&str>, arguments: &[&str]) -> Self {
        let (folder, authority) = (Folder::new(name), Authority::new());
        let pair = authority.issue(|_| {});
        let certificate = folder.write("server.pem", &pair.certificate);
        let key = folder.write("server.key", &pair.key);
        let mut all = vec!["--metrics-listen", "127.0.0.1:0", "--tls-cert", certificate.to_str().expect("UTF-8")];
        all.extend(["--tls-key", key.to_str().expect("UTF-8")]);
        let listed = callers.map(|text| folder.write("callers.toml", text));
        if let Some(listed) = &listed {
            all.extend(["--api-keys", listed.to_str().expect("UTF-8")]);
        }
        all.extend(arguments);
        Self { serving: Serving::start(&all), authority, folder }
    }

    async fn connect(&self) -> Channel {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.authority.certificate));
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", self.serving.address.port()));
        let endpoint = endpoint.expect("an address").tls_config(tls).expect("a configuration");
        endpoint.connect().await.expect("the server accepts")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_handshakes_in_vain_leave_nothing_behind() {
    let program = Program::start("garbage", None, &[]);
    let (address, metrics) = (program.serving.address, program.serving.bound("metrics"));
    let whole = hello(3, &[0xc02b]);
    let garbage: [(&[u8], Leave); 8] = [
        (b"", Leave::ByReset),
        (b"\x16\x03\x01", Leave::ByReset),
        (&whole[..whole.len() / 2], Leave::ByReset),
        (&whole, Leave::ByReset),
        (&whole, Leave::AfterAnAnswer),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Leave::AfterAnAnswer),
        (b"\x16\x03\x01\xff\xff\x01\x00\xff\xff", Leave::AfterAnAnswer),
        (b"\x15\x03\x01\x00\x02\x02\x28", Leave::AfterAnAnswer),
    ];
    let mut client = InfoServiceClient::new(program.connect().await);
    let mut base = None;
    // The first thousand fill what is kept and used again: buffers of the allocator, tables of the runtime.
    for begun in [1000, 10_000] {
        let peers = futures_util::stream::iter((0..begun).map(|index| {
            let (bytes, leave) = garbage[index % garbage.len()];
            shake_in_vain(address, bytes, leave)
        }));
        peers.buffer_unordered(32).collect::<Vec<()>>().await;
        client.get_info(proto::GetInfoRequest {}).await.expect("others are served");
        let quiet = async {
            while metric(metrics, "policy_echo_connections") > 1.0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        is_within_20_s(quiet).await;
        let now = (metric(metrics, "process_open_fds"), metric(metrics, "process_resident_memory_bytes"));
        let Some((descriptors, memory)) = base.replace(now) else { continue };
        assert!(now.0 <= descriptors, "{} descriptors after {descriptors}", now.0);
        assert!(now.1 < memory + (8 << 20) as f64, "{} bytes after {memory}", now.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_keys_are_read_again_at_a_hangup_while_calls_run() {
    let mut program = Program::start("hangup", Some(&caller("first", "")), &[]);
    let address = program.serving.address;
    let before = handshake(address, &program.authority, &[b"h2"]).await.0;
    let channel = program.connect().await;
    let with_key = |key: &str| format!("Bearer {key}").parse().expect("ascii");
    let pair = || proto::CompareStreamRequest { pair_id: "pair".into(), request: Some(request(LEFT, RIGHT)) };
    let (pairs, sent) = tokio::sync::mpsc::channel(1);
    let mut call = Request::new(tokio_stream::wrappers::ReceiverStream::new(sent));
    call.metadata_mut().insert("authorization", with_key("first"));
    pairs.send(pair()).await.expect("sends");
    let mut client = ComparisonServiceClient::new(channel.clone());
    let mut answers = client.compare_stream(call).await.expect("a stream").into_inner();
    assert!(answers.message().await.expect("answers").is_some());

    let next = program.authority.issue(|_| {});
    program.folder.write("callers.toml", &caller("second", ""));
    program.folder.write("server.key", &next.key);
    program.folder.write("server.pem", &next.certificate);
    program.serving.signal("HUP");
    let is_ours = |event: &serde_json::Value| event["what"] == "certificates and keys";
    program.serving.event(|event| is_ours(event) && event["message"] == "reloaded");
    let after = handshake(address, &program.authority, &[b"h2"]).await.0;
    assert_eq!((after == before, after), (false, next.fingerprint()));

    let code = async |key: &str| {
        let mut call = Request::new(proto::GetInfoRequest {});
        call.metadata_mut().insert("authorization", with_key(key));
        InfoServiceClient::new(channel.clone()).get_info(call).await.map_or_else(|status| status.code(), |_| Code::Ok)
    };
    assert_eq!((code("first").await, code("second").await), (Code::Unauthenticated, Code::Ok), "the old connection");
    pairs.send(pair()).await.expect("sends");
    assert!(answers.message().await.expect("the call that ran goes on").is_some());

    program.folder.write("callers.toml", "[[caller]]\nname = 7\n");
    program.serving.signal("HUP");
    let kept = program.serving.event(|event| is_ours(event) && event["level"] == "ERROR");
    assert!(kept["cause"].as_str().is_some_and(|cause| cause.contains("callers.toml, line 2")), "{kept}");
    assert_eq!(code("second").await, Code::Ok, "what is wrong changes nothing");
    drop((pairs, answers));
    program.serving.signal("TERM");
    assert_eq!(tokio::task::block_in_place(|| program.serving.ended()), Some(0));
}

/// Bytes of the message that gRPC's own soak tests send.
const LARGE_MESSAGE_BYTES: usize = 271_828;
/// What a call may take, as in gRPC's own soak tests; a short run may share its machine with builds.
const LONGEST_CALL: Duration = Duration::from_secs(1);
const LONGEST_CALL_OF_A_SHORT_RUN: Duration = Duration::from_secs(10);
/// Calls from which on a run is long.
const LONG_RUN: usize = 10_000;

/// A pair in a message of [`LARGE_MESSAGE_BYTES`], most of them a field that nobody knows.
fn large_message() -> Vec<u8> {
    use prost::Message as _;
    let mut message = request(LEFT, RIGHT).encode_to_vec();
    prost::encoding::encode_key(1000, prost::encoding::WireType::LengthDelimited, &mut message);
    let rest = LARGE_MESSAGE_BYTES - message.len() - 3;
    prost::encoding::encode_varint(rest as u64, &mut message);
    message.resize(message.len() + rest, 7);
    message
}

/// The `turn`th call of a mix of all methods. Gives what was not as it should be.
async fn call_in_turn(channel: Channel, turn: usize) -> Result<(), String> {
    let mut comparisons = ComparisonServiceClient::new(channel.clone());
    let fine = |status: tonic::Status| format!("call {turn}: {status:?}");
    let pair = || request(LEFT, RIGHT);
    match turn % 9 {
        0 => InfoServiceClient::new(channel).get_info(proto::GetInfoRequest {}).await.map(drop).map_err(fine),
        1 => {
            let mut client = tonic::client::Grpc::new(channel);
            client.ready().await.map_err(|error| format!("{error:?}"))?;
            let path = security_support::COMPARE.parse().expect("a path");
            let codec = service_support::RawCodec;
            client.unary(Request::new(large_message()), path, codec).await.map(drop).map_err(fine)
        }
        2 => {
            let encoding = [CompressionEncoding::Gzip, CompressionEncoding::Zstd][turn / 9 % 2];
            comparisons = comparisons.send_compressed(encoding).accept_compressed(encoding);
            comparisons.compare(pair()).await.map(drop).map_err(fine)
        }
        3 => comparisons
            .diff_words(proto::DiffWordsRequest {
                left: Some(document("left", LEFT)),
                right: Some(document("right", RIGHT)),
                ..Default::default()
            })
            .await
            .map(drop)
            .map_err(fine),
        4 => {
            let pairs = (0..3).map(move |_| proto::CompareStreamRequest { pair_id: "p".into(), request: Some(pair()) });
            let answers = comparisons.compare_stream(tokio_stream::iter(pairs)).await.map_err(fine)?.into_inner();
            let answers: Vec<_> = answers.collect().await;
            match answers.iter().filter(|answer| answer.is_ok()).count() {
                3 if answers.len() == 3 => Ok(()),
                count => Err(format!("call {turn}: {count} answers of {}", answers.len())),
            }
        }
        5 => {
            use proto::trace_directive_request::Message;
            let start = proto::TraceStart { directive: Some(document("d", LEFT)), ..Default::default() };
            let sent = [Message::Start(start), Message::Resolution(document("r", RIGHT))];
            let sent = sent.map(|message| proto::TraceDirectiveRequest { message: Some(message) });
            let mut traces = TraceServiceClient::new(channel);
            let replies = traces.trace_directive(tokio_stream::iter(sent)).await.map_err(fine)?.into_inner();
            let replies: Vec<_> = replies.collect().await;
            match replies.last() {
                // Progress, a finding, progress, the summary.
                Some(Ok(_)) if replies.len() == 4 => Ok(()),
                other => Err(format!("call {turn}: {} replies, the last {other:?}", replies.len())),
            }
        }
        6 => {
            // Left at once: the call must not be answered, and must harm nobody.
            let left = tokio::time::timeout(Duration::ZERO, comparisons.compare(pair())).await;
            left.map_or(Ok(()), |answer| answer.map(drop).map_err(fine))
        }
        7 => {
            let mut call = Request::new(pair());
            call.metadata_mut().insert("grpc-timeout", "0n".parse().expect("ascii"));
            match comparisons.compare(call).await.map_err(|status| status.code()) {
                Err(Code::DeadlineExceeded | Code::Cancelled) => Ok(()),
                other => Err(format!("call {turn}: {:?} at a deadline of nothing", other.map(drop))),
            }
        }
        _ => match comparisons.compare(proto::CompareRequest::default()).await.map_err(|status| status.code()) {
            Err(Code::InvalidArgument) => Ok(()),
            other => Err(format!("call {turn}: {:?} to an empty request", other.map(drop))),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "the figures are what a long run is for")]
async fn a_mix_of_all_methods_has_no_failure_on_one_connection_and_on_many() {
    let calls = std::env::var("POLICY_ECHO_SOAK_CALLS").map_or(360, |calls| calls.parse().expect("a number"));
    let program = Program::start("mix", None, &[]);
    let plain = Serving::start(&[]);
    let over_plaintext = async || {
        let endpoint = Endpoint::from_shared(format!("http://{}", plain.address)).expect("an address");
        endpoint.connect().await.expect("the server accepts")
    };
    for (way, is_tls) in [("plaintext", false), ("TLS", true)] {
        let connect = async || if is_tls { program.connect().await } else { over_plaintext().await };
        let one = connect().await;
        let (mut failures, mut longest, begun) = (Vec::new(), Duration::ZERO, Instant::now());
        for turn in 0..calls {
            let started = Instant::now();
            // Every fourth round of the mix has connections of its own.
            let channel = if turn / 9 % 4 == 3 { connect().await } else { one.clone() };
            failures.extend(call_in_turn(channel, turn).await.err());
            longest = longest.max(started.elapsed());
        }
        println!("{way}: {calls} calls in {:?}, the longest {longest:?}, {} failures", begun.elapsed(), failures.len());
        assert!(failures.is_empty(), "{way}: {} failures: {:#?}", failures.len(), failures.first());
        let bound = if calls < LONG_RUN { LONGEST_CALL_OF_A_SHORT_RUN } else { LONGEST_CALL };
        assert!(longest < bound, "{way}: {longest:?}");
    }
}
