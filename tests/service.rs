//! The service as a client meets it: a real client, a real socket, every call, every documented code.

mod service_support;

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use policy_echo::service::proto::compare_stream_response::Result as PairResult;
use policy_echo::service::proto::comparison_service_client::ComparisonServiceClient;
use policy_echo::service::proto::info_service_client::InfoServiceClient;
use policy_echo::service::{proto, server};
use service_support::{
    RawCodec, Running, code_and_fields, document, heavy_text, is_within_20_s, request, shared_server,
};
use tokio_stream::StreamExt as _;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_types::StatusExt as _;
use tower::ServiceExt as _;

const LEFT: &str = "省委常委会主持会议。\n坚定不移举全省之力强力推进粤港澳大湾区建设。\n";
const RIGHT: &str = "全会由市委常委会主持。\n坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。\n";

async fn comparisons() -> ComparisonServiceClient<tonic::transport::Channel> {
    ComparisonServiceClient::new(shared_server().connect().await)
}

#[tokio::test]
async fn every_call_answers() {
    let mut client = comparisons().await;
    let whole = client.compare(request(LEFT, RIGHT)).await.expect("compares").into_inner();
    let outline = whole.left.as_ref().expect("a left outline");
    assert_eq!(outline.id, "left");
    assert!(!outline.paragraphs.is_empty() && !whole.beads.is_empty());
    assert_eq!(whole.versions.as_ref().expect("versions").engine, env!("CARGO_PKG_VERSION"));

    let proto::CompareRequest { left, right, .. } = request(LEFT, RIGHT);
    let aligned = proto::AlignParagraphsRequest { left, right, ..Default::default() };
    let aligned = client.align_paragraphs(aligned).await.expect("aligns").into_inner();
    assert_eq!(aligned.beads.len(), whole.beads.len());
    assert!(aligned.beads.iter().all(|bead| bead.edits.is_empty()));

    let proto::CompareRequest { left, right, .. } = request(LEFT, RIGHT);
    let options = Some(proto::CompareOptions { include_text: true, ..Default::default() });
    let words = proto::DiffWordsRequest { left, right, options, ..Default::default() };
    let words = client.diff_words(words).await.expect("diffs").into_inner();
    assert!(words.edits.iter().any(|edit| edit.right_text.contains('市')), "the right words stand in the edits");

    let proto::CompareRequest { left, right, .. } = request(LEFT, LEFT);
    let phrases = proto::FindSharedPhrasesRequest { left, right, ..Default::default() };
    let phrases = client.find_shared_phrases(phrases).await.expect("finds").into_inner();
    assert!(phrases.phrases.iter().any(|phrase| phrase.text.contains("粤港澳大湾区建设")));

    let mut info = InfoServiceClient::new(shared_server().connect().await);
    let limits = info.get_info(proto::GetInfoRequest {}).await.expect("informs").into_inner().limits;
    assert_eq!(limits.expect("limits").max_document_text_bytes, Some(8 << 20));
}

#[tokio::test]
async fn the_same_request_gives_the_same_bytes() {
    let mut client = comparisons().await;
    let first = client.compare(request(LEFT, RIGHT)).await.expect("compares").into_inner();
    let second = client.compare(request(LEFT, RIGHT)).await.expect("compares").into_inner();
    assert_eq!(prost::Message::encode_to_vec(&first), prost::Message::encode_to_vec(&second));
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let mut client = comparisons().await;
    let mut wrong = request("", RIGHT);
    wrong.right = None;
    wrong.offset_unit = 77;
    wrong.options = Some(proto::CompareOptions { min_phrase_characters: Some(1), ..Default::default() });
    let status = client.compare(wrong).await.expect_err("is refused");
    assert_eq!(
        code_and_fields(&status),
        "InvalidArgument left.text, right, offset_unit, options.min_phrase_characters"
    );
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    assert_eq!(reason.as_deref(), Some("EMPTY_TEXT"));
}

#[tokio::test]
async fn a_call_of_one_report_refuses_reports() {
    let mut client = comparisons().await;
    let proto::CompareRequest { left, right, .. } = request(LEFT, RIGHT);
    let options = Some(proto::CompareOptions { reports: vec![1], ..Default::default() });
    let wrong = proto::DiffWordsRequest { left, right, options, ..Default::default() };
    let status = client.diff_words(wrong).await.expect_err("is refused");
    assert_eq!(code_and_fields(&status), "InvalidArgument options.reports");
}

#[tokio::test]
async fn text_over_the_limit_is_an_invalid_field() {
    let mut client = comparisons().await;
    let status = client.compare(request(LEFT, &"市".repeat((8 << 20) / 3 + 1))).await.expect_err("is refused");
    assert_eq!(code_and_fields(&status), "InvalidArgument right.text");
    assert!(!status.message().contains('市'), "a status never quotes a document");
}

#[tokio::test]
async fn a_message_over_the_limit_is_resource_exhausted() {
    let mut client = comparisons().await;
    let status = client.compare(request(LEFT, &"a".repeat((20 << 20) + 1))).await.expect_err("is refused");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
}

#[tokio::test]
async fn invalid_utf8_is_an_invalid_argument_that_quotes_nothing() {
    // Field 1 (left) of 4 bytes: field 9 (text) of 2 bytes that are no UTF-8.
    let message = vec![0x0a, 4, 0x4a, 2, 0xff, 0xfe];
    let status = raw_call("/policyecho.v1.ComparisonService/Compare", message).await.expect_err("is refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(status.message().contains("UTF-8"), "{status:?}");
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented() {
    for path in ["/policyecho.v1.ComparisonService/Guess", "/policyecho.v1.TraceService/Guess", "/a.B/C"] {
        let status = raw_call(path, Vec::new()).await.expect_err("is refused");
        assert_eq!(status.code(), Code::Unimplemented, "{path} {status:?}");
    }
}

async fn raw_call(path: &'static str, message: Vec<u8>) -> Result<Vec<u8>, tonic::Status> {
    let mut client = tonic::client::Grpc::new(shared_server().connect().await);
    client.ready().await.expect("the server is there");
    let path = http::uri::PathAndQuery::from_static(path);
    client.unary(Request::new(message), path, RawCodec).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn what_is_not_grpc_is_refused_before_it_runs() {
    let cases = [
        (http::Method::GET, "application/grpc", 405),
        (http::Method::POST, "application/json", 415),
        (http::Method::POST, "", 415),
    ];
    for (method, content_type, expected) in cases {
        let request = http::Request::builder()
            .method(method)
            .uri("/policyecho.v1.InfoService/GetInfo")
            .header("content-type", content_type)
            .body(tonic::body::Body::empty())
            .expect("a request");
        let reply = shared_server().connect().await.oneshot(request).await.expect("a reply");
        assert_eq!(reply.status().as_u16(), expected);
    }
}

#[tokio::test]
async fn content_in_gb18030_comes_back_decoded() {
    let (bytes, _, _) = encoding_rs::GB18030.encode(LEFT);
    let content = proto::Content { bytes: bytes.into_owned(), charset: "GB18030".into(), ..Default::default() };
    let mut pair = request(LEFT, RIGHT);
    pair.left.as_mut().expect("set").body = Some(proto::document::Body::Content(content));
    let left = comparisons().await.compare(pair).await.expect("compares").into_inner().left.expect("an outline");
    assert_eq!((left.text.as_str(), left.charset.to_lowercase().as_str()), (LEFT, "gb18030"));

    let pdf = proto::Content { media_type: "application/pdf".into(), ..Default::default() };
    let mut pair = request(LEFT, RIGHT);
    pair.right.as_mut().expect("set").body = Some(proto::document::Body::Content(pdf));
    let status = comparisons().await.compare(pair).await.expect_err("is refused");
    assert_eq!(code_and_fields(&status), "InvalidArgument right.content.media_type");
}

#[tokio::test]
async fn spans_quote_what_they_say_in_every_unit() {
    let left = "😀一是坚定不移举全省之力推进建设𠮷é。\r\nThe plan “1+1+9”工作部署。\n";
    let right = "一是坚定不移举全市之力推进建设𠮷。\n认真落实😀“1+1+9”工作部署。\n";
    for unit in [0, 1, 2, 3] {
        let mut pair = request(left, right);
        pair.offset_unit = unit;
        pair.options = Some(proto::CompareOptions { include_text: true, ..Default::default() });
        let found = comparisons().await.compare(pair).await.expect("compares").into_inner();
        let cut = |text: &str, span: &Option<proto::Span>| {
            let span = span.as_ref().expect("a span");
            let (start, end) = (span.start.expect("start") as usize, span.end.expect("end") as usize);
            match unit {
                2 => {
                    String::from_utf16(&text.encode_utf16().collect::<Vec<_>>()[start..end]).expect("whole characters")
                }
                3 => text.chars().skip(start).take(end - start).collect(),
                _ => text[start..end].to_owned(),
            }
        };
        let mut quotes = 0;
        for (text, outline) in [(left, &found.left), (right, &found.right)] {
            for paragraph in &outline.as_ref().expect("an outline").paragraphs {
                assert_eq!(cut(text, &paragraph.span), paragraph.text);
                quotes += 1;
            }
        }
        let edits = found.beads.iter().flat_map(|bead| &bead.edits);
        for edit in edits.chain(found.passages.iter().flat_map(|passage| &passage.edits)) {
            assert_eq!(cut(left, &edit.left), edit.left_text);
            assert_eq!(cut(right, &edit.right), edit.right_text);
            quotes += 1;
        }
        for passage in &found.passages {
            assert_eq!(cut(left, &passage.left), passage.left_text);
            assert_eq!(cut(right, &passage.right), passage.right_text);
        }
        for item in &found.items {
            assert_eq!(cut(left, &item.left_span), item.text);
        }
        assert!(quotes > 4, "there is something to quote");
    }
}

#[tokio::test]
async fn a_stream_answers_500_pairs_two_of_them_with_errors() {
    let too_long = "市".repeat((8 << 20) / 3 + 1);
    let pairs = tokio_stream::iter(0..500).map(move |index| {
        let right = match index {
            123 => "",
            321 => too_long.as_str(),
            _ => RIGHT,
        };
        proto::CompareStreamRequest { pair_id: format!("pair {index}"), request: Some(request(LEFT, right)) }
    });
    let mut client = comparisons().await;
    let answers = client.compare_stream(pairs).await.expect("a stream").into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.expect("the stream is intact")).collect().await;
    assert_eq!(answers.len(), 500);
    for (index, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.pair_id, format!("pair {index}"));
        match answer.result.expect("a result") {
            PairResult::Response(response) => assert!(!response.beads.is_empty() && ![123, 321].contains(&index)),
            PairResult::Error(error) => {
                assert!([123, 321].contains(&index), "{index} {error:?}");
                assert_eq!(error.code, Code::InvalidArgument as u32);
                assert_eq!(error.violations[0].field, "request.right.text");
            }
        }
    }
}

#[tokio::test]
async fn a_message_over_the_limit_ends_a_stream_with_resource_exhausted() {
    let pairs = [RIGHT.to_owned(), "a".repeat((20 << 20) + 1)]
        .map(|right| proto::CompareStreamRequest { pair_id: String::new(), request: Some(request(LEFT, &right)) });
    let mut answers =
        comparisons().await.compare_stream(tokio_stream::iter(pairs)).await.expect("a stream").into_inner();
    let first = answers.message().await.expect("the first pair is answered").expect("an answer");
    assert!(matches!(first.result, Some(PairResult::Response(_))));
    let status = answers.message().await.expect_err("the second message is refused");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
}

async fn health(running: &Running, service: &str) -> ServingStatus {
    let mut client = HealthClient::new(running.connect().await);
    let check = HealthCheckRequest { service: service.to_owned() };
    client.check(check).await.expect("health is always answered").into_inner().status()
}

#[tokio::test]
async fn health_tells_the_truth_before_loading_and_while_draining() {
    let (mut running, load) =
        Running::start_unloaded(Running::config_with(|config| config.server.drain_ms = 500)).await;
    let names = ["", "policyecho.v1.ComparisonService", "policyecho.v1.TraceService", "policyecho.v1.InfoService"];
    for name in names {
        assert_eq!(health(&running, name).await, ServingStatus::NotServing, "{name} before loading");
    }
    let mut client = ComparisonServiceClient::new(running.connect().await);
    let status = client.compare(request(LEFT, RIGHT)).await.expect_err("there is no engine yet");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_error_details().retry_info().is_some());

    let mut watches = Vec::new();
    for name in names {
        let check = HealthCheckRequest { service: name.to_owned() };
        let mut client = HealthClient::new(running.connect().await);
        let mut watch = client.watch(check).await.expect("a watch").into_inner();
        assert_eq!(next_status(&mut watch).await, ServingStatus::NotServing);
        watches.push(watch);
    }
    load.send(()).expect("the loader waits");
    for watch in &mut watches {
        assert_eq!(next_status(watch).await, ServingStatus::Serving);
    }
    client.compare(request(LEFT, RIGHT)).await.expect("compares once loaded");

    running.ask_to_stop();
    for watch in &mut watches {
        assert_eq!(next_status(watch).await, ServingStatus::NotServing);
    }
    // The watches are still open: a silent peer, which must not hold the server beyond its time to drain.
    is_within_20_s(running.ended()).await.expect("the server ends well");
}

async fn next_status(watch: &mut tonic::Streaming<HealthCheckResponse>) -> ServingStatus {
    is_within_20_s(watch.message()).await.expect("the watch is open").expect("a status").status()
}

#[tokio::test]
async fn calls_in_flight_end_well_while_draining() {
    let mut running = Running::start(Running::config()).await;
    let (pairs, sent) = tokio::sync::mpsc::channel(1);
    let mut client = ComparisonServiceClient::new(running.connect().await);
    let sent = tokio_stream::wrappers::ReceiverStream::new(sent);
    let pair = || proto::CompareStreamRequest { pair_id: "p".into(), request: Some(request(LEFT, RIGHT)) };
    pairs.send(pair()).await.expect("sends");
    let mut answers = client.compare_stream(sent).await.expect("a stream").into_inner();
    assert!(answers.message().await.expect("answers").is_some());
    running.ask_to_stop();
    running.refuses_connections().await;
    pairs.send(pair()).await.expect("sends while draining");
    assert!(answers.message().await.expect("answers while draining").is_some());
    drop(pairs);
    assert!(answers.message().await.expect("ends well").is_none());
    is_within_20_s(running.ended()).await.expect("the server ends well");
}

#[tokio::test]
async fn work_stops_when_the_caller_leaves() {
    let running = Running::start(Running::config_with(|config| config.work.workers = 1)).await;
    let mut client = ComparisonServiceClient::new(running.connect().await);
    let heavy = request(&heavy_text(1), &heavy_text(2));
    let call = tokio::spawn(async move { client.compare(heavy).await });
    running.until(|tally| tally.running == 1).await;
    call.abort();
    let tally = running.until(|tally| tally.running == 0).await;
    assert_eq!((tally.stopped, tally.finished), (1, 0), "the work was stopped, not finished");
}

#[tokio::test]
async fn work_stops_at_the_deadline_of_the_server() {
    let running = Running::start(Running::config_with(|config| {
        config.work.workers = 1;
        config.work.max_call_ms = 100;
    }))
    .await;
    let mut client = ComparisonServiceClient::new(running.connect().await);
    let status = client.compare(request(&heavy_text(1), &heavy_text(2))).await.expect_err("takes too long");
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    let tally = running.until(|tally| tally.running == 0 && tally.waiting == 0).await;
    assert_eq!(tally.finished, 0);
}

/// A call as bytes, so that only the server looks at its `grpc-timeout`. Gives the code, from headers or trailers.
async fn bare_call(running: &Running, path: &str, timeout: &'static str, message: &impl prost::Message) -> i32 {
    use http_body_util::BodyExt as _;
    let socket = tokio::net::TcpStream::connect(running.address()).await.expect("connects");
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.expect("shakes hands");
    tokio::spawn(connection);
    let message = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    let request = http::Request::post(format!("http://{}{path}", running.address()))
        .header("content-type", "application/grpc")
        .header("grpc-timeout", timeout)
        .body(http_body_util::Full::new(bytes::Bytes::from(frame)))
        .expect("a request");
    let (head, body) = client.send_request(request).await.expect("a reply").into_parts();
    let trailers = body.collect().await.expect("a whole reply").trailers().cloned();
    let status = head.headers.get("grpc-status").cloned();
    let status = status.or_else(|| trailers?.get("grpc-status").cloned()).expect("a code");
    status.to_str().expect("ascii").parse().expect("a number")
}

#[tokio::test]
async fn work_stops_at_the_deadline_of_the_caller() {
    let running = Running::start(Running::config_with(|config| config.work.workers = 1)).await;
    let heavy = request(&heavy_text(1), &heavy_text(2));
    let path = "/policyecho.v1.ComparisonService/";
    let code = bare_call(&running, &format!("{path}Compare"), "200m", &heavy).await;
    assert_eq!(code, Code::DeadlineExceeded as i32);
    let pair = proto::CompareStreamRequest { pair_id: String::new(), request: Some(heavy) };
    let code = bare_call(&running, &format!("{path}CompareStream"), "200m", &pair).await;
    assert_eq!(code, Code::DeadlineExceeded as i32);
    let light = request(LEFT, RIGHT);
    assert_eq!(bare_call(&running, &format!("{path}Compare"), "0n", &light).await, Code::DeadlineExceeded as i32);
    assert_eq!(bare_call(&running, &format!("{path}Compare"), "99999999H", &light).await, Code::Ok as i32);
    let tally = running.until(|tally| tally.running == 0 && tally.waiting == 0).await;
    assert_eq!(tally.finished, 1, "only the light pair ran to its end");
}

#[tokio::test]
async fn a_message_that_grows_over_the_limit_is_resource_exhausted() {
    let mut client = comparisons().await.send_compressed(CompressionEncoding::Gzip);
    let status = client.compare(request(LEFT, &"a".repeat((20 << 20) + 1))).await.expect_err("is refused");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
}

#[tokio::test]
async fn a_timeout_that_cannot_be_read_is_said_so() {
    let mut client = comparisons().await;
    let mut call = Request::new(request(LEFT, RIGHT));
    call.metadata_mut().insert("grpc-timeout", "soon".parse().expect("ascii"));
    let status = client.compare(call).await.expect_err("is refused");
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("grpc-timeout"));
}

#[tokio::test]
async fn calls_over_the_queue_are_refused_with_a_delay() {
    let running = Running::start(Running::config_with(|config| {
        config.work.workers = 1;
        config.work.queue = 1;
    }))
    .await;
    let heavy = || request(&heavy_text(1), &heavy_text(2));
    let calls: Vec<_> = [heavy(), heavy()]
        .into_iter()
        .map(|heavy| {
            let connecting = running.connect();
            tokio::spawn(async move { ComparisonServiceClient::new(connecting.await).compare(heavy).await })
        })
        .collect();
    running.until(|tally| tally.running == 1 && tally.waiting == 1).await;
    let mut client = ComparisonServiceClient::new(running.connect().await);
    let status = client.compare(heavy()).await.expect_err("the queue is full");
    assert_eq!(status.code(), Code::ResourceExhausted);
    let delay = status.get_error_details().retry_info().and_then(|info| info.retry_delay).expect("a delay");
    assert!(delay > Duration::ZERO && status.metadata().contains_key("grpc-retry-pushback-ms"));
    assert_eq!(health(&running, "").await, ServingStatus::Serving, "health has its own way");
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    running.until(|tally| tally.running == 0 && tally.waiting == 0).await;
    client.compare(request(LEFT, RIGHT)).await.expect("there is room again");
}

#[tokio::test]
async fn both_reflections_list_exactly_what_is_served() {
    use tonic_reflection::pb::{v1, v1alpha};
    let channel = shared_server().connect().await;
    let served = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "policyecho.v1.ComparisonService",
        "policyecho.v1.InfoService",
        "policyecho.v1.TraceService",
    ];
    macro_rules! listed {
        ($version:ident) => {{
            use $version::server_reflection_request::MessageRequest;
            use $version::server_reflection_response::MessageResponse;
            let ask =
                |message| $version::ServerReflectionRequest { host: String::new(), message_request: Some(message) };
            let asks = tokio_stream::iter([
                ask(MessageRequest::ListServices(String::new())),
                ask(MessageRequest::FileContainingSymbol("google.rpc.BadRequest".into())),
            ]);
            let mut client = $version::server_reflection_client::ServerReflectionClient::new(channel.clone())
                .send_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd);
            let mut replies = client.server_reflection_info(asks).await.expect("reflects").into_inner();
            let list = replies.message().await.expect("a reply").expect("a list").message_response;
            let Some(MessageResponse::ListServicesResponse(list)) = list else { panic!("no list: {list:?}") };
            let details = replies.message().await.expect("a reply").expect("a file").message_response;
            assert!(matches!(details, Some(MessageResponse::FileDescriptorResponse(_))), "error details are described");
            let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
            names.sort();
            names
        }};
    }
    assert_eq!(listed!(v1), served);
    assert_eq!(listed!(v1alpha), served);
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    let running = Running::start(Running::config_with(|config| config.security.reflection = false)).await;
    for path in [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        let mut client = tonic::client::Grpc::new(running.connect().await);
        client.ready().await.expect("the server is there");
        let path = http::uri::PathAndQuery::from_static(path);
        let refused =
            client.unary(Request::new(Vec::new()), path, RawCodec).await.map(|_: tonic::Response<Vec<u8>>| ());
        assert_eq!(refused.expect_err("is refused").code(), Code::Unimplemented);
    }
}

#[tokio::test]
async fn every_service_takes_and_sends_both_compressions() {
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let channel = shared_server().connect().await;
        let mut client =
            ComparisonServiceClient::new(channel.clone()).send_compressed(encoding).accept_compressed(encoding);
        let reply = client.compare(request(LEFT, RIGHT)).await.expect("compares");
        assert_eq!(
            reply.metadata().get("grpc-encoding").map(|name| name.as_bytes().to_vec()),
            Some(encoding.to_string().into_bytes())
        );
        let mut info = InfoServiceClient::new(channel.clone()).send_compressed(encoding).accept_compressed(encoding);
        info.get_info(proto::GetInfoRequest {}).await.expect("informs");
        let mut health = HealthClient::new(channel).send_compressed(encoding).accept_compressed(encoding);
        health.check(HealthCheckRequest::default()).await.expect("is healthy");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let config = Running::config_with(|config| config.server.listen = taken.local_addr().expect("bound"));
    let error = server::serve(config, service_support::load, Vec::new()).await.expect_err("the address is taken");
    assert!(matches!(error, server::ServeError::Listen { .. }), "{error}");
}

#[tokio::test]
async fn a_reference_that_is_wrong_is_named_by_its_place() {
    let mut pair = request(LEFT, RIGHT);
    pair.references = vec![document("central", LEFT), document("blank", " \n")];
    let status = comparisons().await.compare(pair).await.expect_err("is refused");
    assert_eq!(code_and_fields(&status), "InvalidArgument references[1].text");
}
