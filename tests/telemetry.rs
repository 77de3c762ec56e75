//! What is told of the work, by the built program: log, metrics, traces, statuses. No word of a document in any of them.

#![cfg(unix)]

#[path = "../examples/soak/collector.rs"]
mod collector;
mod serving_support;

use std::net::SocketAddr;

use collector::Collector;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use policy_echo::service::proto;
use policy_echo::service::proto::comparison_service_client::ComparisonServiceClient;
use policy_echo::service::proto::trace_directive_request::Message as Sent;
use policy_echo::service::proto::trace_service_client::TraceServiceClient;
use serving_support::{Serving, TestFile, http_get};
use tokio_stream::StreamExt as _;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Found in no document of ours and in no word of the program.
const CANARY: &str = "鹦鹉螺";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT_ID: &str = "00f067aa0ba902b7";

async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    endpoint.connect().await.expect("connects")
}

async fn connect(address: SocketAddr) -> ComparisonServiceClient<Channel> {
    ComparisonServiceClient::new(channel(address).await)
}

fn document(text: &str) -> Option<proto::Document> {
    let body = Some(proto::document::Body::Text(text.to_owned()));
    Some(proto::Document { id: CANARY.into(), title: format!("{CANARY}标题"), body, ..Default::default() })
}

fn request(left: &str, right: &str) -> proto::CompareRequest {
    let left = format!("{CANARY}：坚定不移举全省之力{left}。\n一要推动“1+1+9”工作部署落实。\n");
    let right = format!("{CANARY}：坚定不移举全市之力{right}。\n推动“1+1+9”工作部署。\n");
    proto::CompareRequest { left: document(&left), right: document(&right), ..Default::default() }
}

/// A trace of two resolutions, with what `change` makes of its messages. Gives the replies, or why it ended.
async fn trace_with(
    client: &mut TraceServiceClient<Channel>,
    change: impl FnOnce(&mut Vec<Sent>),
) -> Result<Vec<proto::TraceDirectiveResponse>, Status> {
    let proto::CompareRequest { left, right, .. } = request("推进", "推进");
    let (left, right) = (left.expect("set"), right.expect("set"));
    let start = proto::TraceStart {
        directive: Some(left.clone()),
        references: vec![left],
        options: Some(proto::CompareOptions { include_text: true, ..Default::default() }),
        ..Default::default()
    };
    let mut sent = vec![Sent::Start(start), Sent::Resolution(right.clone()), Sent::Resolution(right)];
    change(&mut sent);
    let sent = sent.into_iter().map(|message| proto::TraceDirectiveRequest { message: Some(message) });
    let replies = client.trace_directive(tokio_stream::iter(sent.collect::<Vec<_>>())).await?.into_inner();
    replies.collect::<Vec<_>>().await.into_iter().collect()
}

async fn trace(client: &mut TraceServiceClient<Channel>) -> Result<Vec<proto::TraceDirectiveResponse>, Status> {
    trace_with(client, |_| {}).await
}

fn text_of<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    let found = attributes.iter().find(|attribute| attribute.key == key).and_then(|found| found.value.as_ref());
    match found.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text,
        other => panic!("{key} is {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of a metric, by its line's beginning.
fn metric(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {metrics}")).parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_told_of_in_the_log_the_metrics_and_the_trace() {
    let collector = Collector::default();
    let endpoint = format!("http://{}", collector.start().await.expect("a free port"));
    let arguments = ["--metrics-listen", "127.0.0.1:0", "--otlp-endpoint", &endpoint, "--workers", "1"];
    let mut serving = Serving::start(&arguments);
    let mut client = connect(serving.address).await;

    let mut call = Request::new(request("推进", "推进"));
    call.metadata_mut().insert("traceparent", format!("00-{TRACE_ID}-{PARENT_ID}-01").parse().expect("ascii"));
    call.metadata_mut().insert("x-request-id", "request-7".parse().expect("ascii"));
    let reply = client.compare(call).await.expect("compares");
    assert_eq!(reply.metadata().get("x-request-id").expect("is told back"), "request-7");
    let status = client.compare(proto::CompareRequest::default()).await.expect_err("is refused");
    assert_eq!(status.code(), Code::InvalidArgument);

    let event = serving.event(|event| event["request_id"] == "request-7");
    assert_eq!(event["method"], "/policyecho.v1.ComparisonService/Compare");
    assert_eq!((event["code"].as_str(), event["trace_id"].as_str()), (Some("OK"), Some(TRACE_ID)));
    for number in ["elapsed_us", "work_us", "request_bytes", "reply_bytes", "text_bytes"] {
        assert!(event[number].as_u64().is_some_and(|number| number > 0), "{number} in {event}");
    }
    assert_eq!((event["documents"].as_u64(), event["comparisons"].as_u64()), (Some(2), Some(1)));
    trace(&mut TraceServiceClient::new(channel(serving.address).await)).await.expect("traces");
    let event = serving.event(|event| event["method"] == "/policyecho.v1.TraceService/TraceDirective");
    // The directive, a reference and two resolutions.
    let counted = ["documents", "comparisons", "pieces"].map(|name| event[name].as_u64());
    assert_eq!(counted, [Some(4), Some(2), Some(4)], "{event}");
    let counted = ["text_bytes", "passages"].map(|name| event[name].as_u64().is_some_and(|number| number > 0));
    assert_eq!(counted, [true, true], "{event}");
    let refused = serving.event(|event| event["code"] == "INVALID_ARGUMENT");
    assert!(refused["reason"].is_string() && refused["request_id"] != "request-7", "{refused}");

    let address = serving.bound("metrics");
    let reply = http_get(address, "/metrics");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("application/openmetrics-text"), "{reply}");
    assert!(reply.ends_with("# EOF\n"));
    let labels = |code| {
        format!(
            "{{rpc_system_name=\"grpc\",rpc_method=\"policyecho.v1.ComparisonService/Compare\",\
             rpc_response_status_code=\"{code}\"}}"
        )
    };
    assert_eq!(metric(&reply, &format!("rpc_server_call_duration_seconds_count{}", labels("OK"))), 1.0);
    assert_eq!(metric(&reply, &format!("rpc_server_call_duration_seconds_count{}", labels("INVALID_ARGUMENT"))), 1.0);
    assert_eq!(metric(&reply, "policy_echo_comparisons_total{completeness=\"whole\"}"), 3.0);
    assert_eq!(metric(&reply, "policy_echo_queue_wait_seconds_count"), 6.0);
    for zero in ["policy_echo_calls_in_flight", "policy_echo_queue_depth", "policy_echo_panics_total"] {
        assert_eq!(metric(&reply, zero), 0.0, "{zero}");
    }
    for some in [
        "policy_echo_received_bytes_total",
        "policy_echo_sent_bytes_total",
        "policy_echo_connections",
        "policy_echo_serving",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(metric(&reply, some) > 0.0, "{some}");
    }
    assert!(reply.contains("policy_echo_rejections_total{cause=\""));
    assert!(http_get(address, "/").starts_with("HTTP/1.1 404"));

    serving.signal("TERM");
    assert_eq!(serving.ended(), Some(0));
    let spans = collector.spans();
    let call = spans.iter().find(|span| hex(&span.trace_id) == TRACE_ID && hex(&span.parent_span_id) == PARENT_ID);
    let call = call.unwrap_or_else(|| panic!("no span of the caller's trace in {spans:?}"));
    assert_eq!(call.name, "policyecho.v1.ComparisonService/Compare");
    assert_eq!(text_of(&call.attributes, "rpc.system.name"), "grpc");
    assert_eq!(text_of(&call.attributes, "rpc.response.status_code"), "OK");
    let mut children: Vec<_> =
        spans.iter().filter(|span| span.parent_span_id == call.span_id).map(|span| span.name.as_str()).collect();
    children.sort_unstable();
    assert_eq!(children, ["queue", "work"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_document_is_told_anywhere() {
    let collector = Collector::default();
    let endpoint = format!("http://{}", collector.start().await.expect("a free port"));
    let mut serving = Serving::start(&[
        "--metrics-listen",
        "127.0.0.1:0",
        "--otlp-endpoint",
        &endpoint,
        "--log",
        "trace",
        "--max-text-bytes",
        "4096",
        "--max-message-bytes",
        "65536",
        "--workers",
        "1",
    ]);
    let mut client = connect(serving.address).await;
    let mut told: Vec<String> = Vec::new();
    let mut tell = |result: Result<(), Status>| told.push(format!("{result:?}"));

    let mut whole = request("推进", "推进");
    whole.references = vec![document(CANARY).expect("set")];
    whole.options = Some(proto::CompareOptions { include_text: true, ..Default::default() });
    client.compare(whole.clone()).await.expect("compares");
    // Every way to be refused that we know: fields, sizes, deadlines, bytes that are no message.
    let mut wrong = whole.clone();
    wrong.offset_unit = 99;
    wrong.options = Some(proto::CompareOptions {
        custom_words: vec![CANARY.repeat(100)],
        ignored_phrases: vec![CANARY.repeat(100)],
        min_phrase_characters: Some(1),
        ..Default::default()
    });
    // Too long for a title, and short enough that a status would have room for it.
    wrong.left.as_mut().expect("set").title = CANARY.repeat(200);
    tell(client.compare(wrong).await.map(drop));
    let content = proto::Content {
        bytes: CANARY.as_bytes()[..4].to_vec(),
        media_type: format!("text/{CANARY}"),
        charset: CANARY.into(),
    };
    let mut wrong = whole.clone();
    wrong.left.as_mut().expect("set").body = Some(proto::document::Body::Content(content));
    tell(client.compare(wrong).await.map(drop));
    tell(client.compare(request(&CANARY.repeat(1000), "")).await.map(drop));
    tell(client.compare(request(&CANARY.repeat(20_000), "")).await.map(drop));
    let mut hurried = Request::new(whole.clone());
    hurried.set_timeout(std::time::Duration::from_nanos(1));
    tell(client.compare(hurried).await.map(drop));
    let mut named = Request::new(whole.clone());
    let bytes = tonic::metadata::MetadataValue::try_from(CANARY.as_bytes().to_vec()).expect("opaque bytes");
    for key in ["x-request-id", "traceparent", "tracestate", "user-agent", "grpc-timeout"] {
        named.metadata_mut().insert(key, bytes.clone());
    }
    tell(client.compare(named).await.map(drop));
    let pairs = tokio_stream::iter([Some(whole.clone()), None])
        .map(|request| proto::CompareStreamRequest { pair_id: CANARY.into(), request });
    let answers = client.compare_stream(pairs).await.expect("a stream").into_inner();
    assert_eq!(answers.collect::<Vec<_>>().await.len(), 2);
    tell_traces(serving.address, &mut told).await;
    told.push(raw_call(serving.address, "/policyecho.v1.ComparisonService/Compare", &CANARY.as_bytes()[..8]).await);
    told.push(raw_call(serving.address, "/%E9%B9%A6%E9%B9%89%E8%9E%BA%0d%0a%1b%5b2J/Call", b"").await);
    drop(client);

    let metrics = http_get(serving.bound("metrics"), "/metrics");
    serving.signal("TERM");
    assert_eq!(serving.ended(), Some(0));
    let log = serving.lines();
    assert!(log.len() > 100 && metrics.lines().count() > 50 && collector.spans().len() > 8, "something was told");
    assert!(told.iter().filter(|status| status.contains("code")).count() >= 11, "{told:#?}");
    let spans: Vec<_> = collector.spans().iter().map(|span| format!("{span:?}")).collect();
    // As text, as the escapes of JSON and Debug, and percent-encoded.
    let escaped: String = CANARY.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let debug: String = CANARY.chars().map(|character| format!("\\u{{{:x}}}", u32::from(character))).collect();
    let bytes: String = CANARY.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
    for line in log.iter().chain(&told).chain(&spans).chain([&metrics]) {
        let lower = line.to_lowercase();
        for form in [CANARY, "鹦鹉", &escaped, &debug, &bytes, "%e9%b9%a6"] {
            assert!(!lower.contains(form), "{form} in {line}");
        }
    }
    for line in &log {
        assert!(!line.contains(['\u{1b}', '\r']), "{line:?}");
    }
}

/// Traces in every way that we know to be refused, in their place and as a whole; what was told of them goes to `told`.
async fn tell_traces(address: SocketAddr, told: &mut Vec<String>) {
    let mut client = TraceServiceClient::new(channel(address).await);
    trace(&mut client).await.expect("traces");
    let wrong_resolution = |sent: &mut Vec<Sent>| {
        let Some(Sent::Resolution(document)) = sent.get_mut(1) else { return };
        document.title = CANARY.repeat(200);
        let bytes = CANARY.as_bytes()[..4].to_vec();
        let content = proto::Content { bytes, media_type: format!("text/{CANARY}"), charset: CANARY.into() };
        document.body = Some(proto::document::Body::Content(content));
    };
    let replies = trace_with(&mut client, wrong_resolution).await.expect("one wrong resolution ends no trace");
    let errors = replies.into_iter().filter_map(|reply| match reply.message? {
        proto::trace_directive_response::Message::Finding(finding) => match finding.result? {
            proto::trace_finding::Result::Error(error) => Some(format!("code {error:?}")),
            proto::trace_finding::Result::Trace(_) => None,
        },
        _ => None,
    });
    let before = told.len();
    told.extend(errors);
    assert_eq!(told.len(), before + 1, "it is told in its place");
    let wrong_start = |sent: &mut Vec<Sent>| {
        let Some(Sent::Start(start)) = sent.get_mut(0) else { return };
        start.offset_unit = 99;
        start.options = Some(proto::CompareOptions { custom_words: vec![CANARY.repeat(100)], ..Default::default() });
        start.directive.as_mut().expect("set").title = CANARY.repeat(200);
    };
    let too_long = |sent: &mut Vec<Sent>| {
        let text = request(&CANARY.repeat(20_000), "").left.expect("set");
        sent.push(Sent::Resolution(text));
    };
    let out_of_turn = |sent: &mut Vec<Sent>| sent.rotate_left(1);
    for status in [
        trace_with(&mut client, wrong_start).await,
        trace_with(&mut client, too_long).await,
        trace_with(&mut client, out_of_turn).await,
    ] {
        told.push(format!("code {:?}", status.expect_err("is refused")));
    }
    told.push(raw_call(address, "/policyecho.v1.TraceService/TraceDirective", &CANARY.as_bytes()[..8]).await);
}

/// What a call of bytes answers: the status and its message.
async fn raw_call(address: SocketAddr, path: &str, message: &[u8]) -> String {
    use http_body_util::BodyExt as _;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let socket = tokio::net::TcpStream::connect(address).await.expect("connects");
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.expect("shakes hands");
    tokio::spawn(connection);
    let mut frame = vec![0];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    let request = http::Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .body(http_body_util::Full::new(bytes::Bytes::from(frame)))
        .expect("a request");
    let (head, body) = client.send_request(request).await.expect("a reply").into_parts();
    let trailers = body.collect().await.expect("a whole reply").trailers().cloned();
    format!("code {:?} {trailers:?}", head.headers)
}

#[test]
fn a_hangup_changes_the_filter_of_the_log_and_a_wrong_file_changes_nothing() {
    let file = TestFile::new(
        "hangup.toml",
        "[telemetry]\nlog = \"warn,policy_echo::service::reload=info,policy_echo::service::server=info\"\n",
    );
    let mut serving = Serving::start(&["--config", file.path()]);
    std::fs::write(&file.0, "[telemetry]\nlog = \"inof\"\n").expect("writes");
    serving.signal("HUP");
    let kept = serving.event(|event| event["what"] == "settings");
    assert_eq!(kept["message"], "cannot be reloaded and stays as it was");
    assert!(kept["cause"].as_str().is_some_and(|cause| cause.contains("telemetry.log")), "{kept}");
    std::fs::write(&file.0, "[telemetry]\nlog = \"info\"\n[work]\nworkers = 7\n").expect("writes");
    serving.signal("HUP");
    let reloaded = serving.event(|event| event["what"] == "settings" && event["message"] == "reloaded");
    assert_eq!(reloaded["note"], "a restart brings work.workers=7");
    let healthy = std::process::Command::new(env!("CARGO_BIN_EXE_policy-echo"))
        .args(["compare", "--server", &format!("http://{}", serving.address)])
        .args(["examples/guangdong-2019-07-26-plenum.txt", "examples/guangzhou-2022-09-22-resolution.txt"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("runs");
    assert!(healthy.status.success());
    // Calls are told at info, which was off before.
    serving.event(|event| event["message"] == "call");
    serving.signal("TERM");
    assert_eq!(serving.ended(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_dies_leaves_no_dump() {
    let serving = Serving::start(&[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serving.id())).expect("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
}

#[test]
fn a_collector_that_is_not_there_costs_no_call() {
    let mut serving = Serving::start(&["--otlp-endpoint", "http://127.0.0.1:1"]);
    let healthy = std::process::Command::new(env!("CARGO_BIN_EXE_policy-echo"))
        .args(["healthcheck", "--server", &format!("http://{}", serving.address)])
        .output()
        .expect("runs");
    assert!(healthy.status.success());
    serving.signal("TERM");
    assert_eq!(serving.ended(), Some(0));
}
