//! What goes wrong around the server, and that everything it lent comes back: places, bytes in flight, descriptors.

mod service_support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use policy_echo::service::proto;
use policy_echo::service::proto::comparison_service_client::ComparisonServiceClient;
use prost::Message as _;
use service_support::{Running, heavy_text, is_within_20_s, request};
use tokio::net::TcpStream;
use tonic::Code;

const COMPARE: &str = "/policyecho.v1.ComparisonService/Compare";
const LEFT: &str = "省委常委会主持会议。\n坚定不移举全省之力强力推进粤港澳大湾区建设。\n";
const RIGHT: &str = "全会由市委常委会主持。\n坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。\n";

type Frame = Result<http_body::Frame<Bytes>, std::convert::Infallible>;
type Frames = StreamBody<tokio_stream::wrappers::ReceiverStream<Frame>>;

/// One worker and a queue of two: three places in each lane.
async fn small_server() -> Running {
    Running::start(Running::config_with(|config| (config.work.workers, config.work.queue) = (1, 2))).await
}

/// A bare HTTP/2 client with a window of so many bytes on each stream.
async fn bare_client(running: &Running, window: u32) -> SendRequest<Frames> {
    let socket = TcpStream::connect(running.address()).await.expect("connects");
    let (sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(window)
        .handshake(TokioIo::new(socket))
        .await
        .expect("shakes hands");
    tokio::spawn(connection);
    sender
}

/// A request whose body is what is sent into the channel.
fn bare_request(running: &Running) -> (tokio::sync::mpsc::Sender<Frame>, http::Request<Frames>) {
    let (frames, received) = tokio::sync::mpsc::channel(1);
    let body = StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(received));
    let request = http::Request::post(format!("http://{}{COMPARE}", running.address()))
        .header("content-type", "application/grpc")
        .body(body)
        .expect("a request");
    (frames, request)
}

fn frame(message: &proto::CompareRequest) -> Bytes {
    let message = message.encode_to_vec();
    [&[0][..], &(message.len() as u32).to_be_bytes(), &message].concat().into()
}

/// Waits until nothing runs or waits, and checks that every byte and every place came back.
async fn nothing_is_lost(running: &Running) {
    running.until(|tally| tally.waiting + tally.running == 0).await;
    let bytes = running.bytes();
    is_within_20_s(async {
        while bytes.taken_bytes() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let heavy = || request(&heavy_text(1), &heavy_text(2));
    let channel = running.connect().await;
    let held: Vec<_> = (0..3)
        .map(|_| {
            let mut client = ComparisonServiceClient::new(channel.clone());
            tokio::spawn(async move { client.compare(heavy()).await })
        })
        .collect();
    running.until(|tally| tally.running == 1 && tally.waiting == 2).await;
    let mut fourth = ComparisonServiceClient::new(channel.clone());
    let status = fourth.compare(heavy()).await.expect_err("three places, no fourth");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    held.iter().for_each(tokio::task::JoinHandle::abort);
    running.until(|tally| tally.waiting + tally.running == 0).await;
}

#[tokio::test]
async fn callers_who_leave_at_any_moment_take_nothing_with_them() {
    let running = small_server().await;
    let channel = running.connect().await;
    let heavy = request(&heavy_text(1), &heavy_text(2));
    // From before the message is sent to deep in the work, with others in the queue.
    let calls = (0..40u64).map(|index| {
        let mut client = ComparisonServiceClient::new(channel.clone());
        let heavy = heavy.clone();
        async move {
            let leaves = Duration::from_micros(index * index * 400);
            tokio::time::timeout(leaves, client.compare(heavy)).await.ok()
        }
    });
    let answers = futures_util::future::join_all(calls).await;
    assert!(
        answers
            .iter()
            .flatten()
            .all(|answer| { answer.as_ref().is_err_and(|status| status.code() == Code::ResourceExhausted) })
    );
    nothing_is_lost(&running).await;
}

#[tokio::test]
async fn a_message_that_never_ends_holds_what_it_sent_and_no_place() {
    let running = small_server().await;
    let mut client = bare_client(&running, 1 << 20).await;
    let whole = frame(&request(&heavy_text(1), LEFT));
    let mut unfinished = Vec::new();
    for _ in 0..4 {
        let (frames, request) = bare_request(&running);
        let answer = tokio::spawn(client.send_request(request));
        frames.send(Ok(http_body::Frame::data(whole.slice(..100_000)))).await.expect("is read");
        unfinished.push((frames, answer));
    }
    let bytes = running.bytes();
    is_within_20_s(async {
        while bytes.taken_bytes() < 4 * 98 * 1024 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(bytes.taken_bytes() < 4 * 100 * 1024, "four MiB were announced, a hundred thousand bytes sent: {bytes:?}");
    let mut others = ComparisonServiceClient::new(running.connect().await);
    others.compare(request(LEFT, RIGHT)).await.expect("others are served");
    for (frames, answer) in unfinished {
        answer.abort();
        drop(frames);
    }
    drop(client);
    nothing_is_lost(&running).await;
}

#[tokio::test]
async fn a_call_without_room_is_refused_at_its_prefix() {
    let running = small_server().await;
    let channel = running.connect().await;
    let held: Vec<_> = (0..3)
        .map(|_| {
            let mut client = ComparisonServiceClient::new(channel.clone());
            tokio::spawn(async move { client.compare(request(&heavy_text(1), &heavy_text(2))).await })
        })
        .collect();
    running.until(|tally| tally.running == 1 && tally.waiting == 2).await;
    let mut client = bare_client(&running, 1 << 20).await;
    let (frames, request) = bare_request(&running);
    let answer = tokio::spawn(client.send_request(request));
    // The five bytes before a message of a MiB, and not one more.
    frames.send(Ok(http_body::Frame::data(Bytes::from_static(&[0, 0, 0x10, 0, 0])))).await.expect("is read");
    let reply = is_within_20_s(answer).await.expect("joins").expect("a reply");
    assert_eq!(reply.headers()["grpc-status"], "8", "{reply:?}");
    assert!(reply.headers().contains_key("grpc-retry-pushback-ms"), "{reply:?}");
    held.iter().for_each(tokio::task::JoinHandle::abort);
    drop((frames, client));
    nothing_is_lost(&running).await;
}

#[tokio::test]
async fn a_reader_who_does_not_read_holds_no_place() {
    let running = small_server().await;
    let mut slow = bare_client(&running, 16).await;
    let long = "坚定不移举全省之力强力推进粤港澳大湾区建设。\n".repeat(500);
    let mut replies = Vec::new();
    for _ in 0..3 {
        let (frames, request) = bare_request(&running);
        let mut long = service_support::request(&long, &long);
        long.options = Some(proto::CompareOptions { include_text: true, ..Default::default() });
        let answer = slow.send_request(request);
        frames.send(Ok(http_body::Frame::data(frame(&long)))).await.expect("is read");
        drop(frames);
        // The head has come; the body stands still behind a window of 16 bytes.
        replies.push(is_within_20_s(answer).await.expect("a reply"));
    }
    nothing_is_lost(&running).await;
    for reply in replies {
        let whole = is_within_20_s(reply.into_body().collect()).await.expect("the slow reader gets all of it");
        let code = whole.trailers().and_then(|trailers| trailers.get("grpc-status")).cloned().expect("a code");
        assert_eq!(code, "0");
    }
}

#[tokio::test]
async fn replies_that_nobody_takes_are_bounded() {
    const ROOM: usize = 256 << 10;
    let running = Running::start(Running::config_with(|config| {
        (config.work.workers, config.work.queue) = (1, 2);
        (config.limits.max_reply_bytes, config.limits.reply_bytes_waiting) = (ROOM, ROOM);
    }))
    .await;
    // Its answer is over a hundred thousand bytes, and under the room there is.
    let long = "坚定不移举全省之力强力推进粤港澳大湾区建设。\n".repeat(300);
    let mut long = service_support::request(&long, &long);
    long.options = Some(proto::CompareOptions { include_text: true, ..Default::default() });
    let mut slow = bare_client(&running, 16).await;
    let (mut unread, mut refused) = (Vec::new(), 0);
    for _ in 0..8 {
        let (frames, request) = bare_request(&running);
        let answer = slow.send_request(request);
        // A call that is refused at its prefix takes no message.
        frames.send(Ok(http_body::Frame::data(frame(&long)))).await.ok();
        drop(frames);
        let reply = is_within_20_s(answer).await.expect("a reply");
        match reply.headers().get("grpc-status").and_then(|code| code.to_str().ok()) {
            None => unread.push(reply),
            Some("8") => refused += 1,
            Some(other) => panic!("code {other}"),
        }
        assert!(running.replies().taken_bytes() <= ROOM as u64);
    }
    assert!(!unread.is_empty() && refused > 0, "{} wait, {refused} are refused", unread.len());
    assert!(running.replies().taken_bytes() > 100 << 10, "{:?}", running.replies());
    // Once nothing is left, nothing is begun any more.
    let taken = running.replies().taken_bytes();
    let rest = running.replies().take(ROOM as u64 - taken).expect("as much is left");
    assert!(!running.replies().has_room());
    let finished = running.until(|_| true).await.finished;
    let mut others = ComparisonServiceClient::new(running.connect().await);
    let status = others.compare(request_of_two_lines()).await.expect_err("there is no room for its answer");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.metadata().contains_key("grpc-retry-pushback-ms"), "{status:?}");
    assert_eq!(running.until(|_| true).await.finished, finished, "it was refused before any work");
    drop((unread, rest));
    let replies = running.replies();
    is_within_20_s(async {
        while replies.taken_bytes() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    others.compare(request_of_two_lines()).await.expect("there is room again");
}

fn request_of_two_lines() -> proto::CompareRequest {
    request(LEFT, RIGHT)
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_refused_by_that_name() {
    let running = Running::start(Running::config_with(|config| config.limits.max_reply_bytes = 1024)).await;
    let mut client = ComparisonServiceClient::new(running.connect().await);
    let long = LEFT.repeat(50);
    let status = client.compare(request(&long, &long)).await.expect_err("is refused");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("ask for fewer reports"), "{status:?}");
    assert_eq!(status.metadata().get("grpc-retry-pushback-ms").map(|value| value.as_bytes()), Some(&b"-1"[..]));
    let pair = |id: &str, text: &str| proto::CompareStreamRequest {
        pair_id: id.to_owned(),
        request: Some(request(text, text)),
    };
    let pairs = tokio_stream::iter([pair("long", &long), pair("short", "是。")]);
    let mut answers = client.compare_stream(pairs).await.expect("a stream").into_inner();
    let mut codes = Vec::new();
    while let Some(answer) = answers.message().await.expect("the stream goes on") {
        codes.push(match answer.result {
            Some(proto::compare_stream_response::Result::Error(error)) => (answer.pair_id, error.code),
            _ => (answer.pair_id, 0),
        });
    }
    assert_eq!(codes, [("long".to_owned(), 8), ("short".to_owned(), 0)]);
}

#[tokio::test]
async fn too_many_bytes_in_flight_are_refused_and_given_back() {
    let running = Running::start(Running::config_with(|config| {
        (config.work.workers, config.work.queue) = (1, 40);
        config.limits.max_message_bytes = 9 << 20;
        config.limits.bytes_in_flight = 10 << 20;
    }))
    .await;
    let channel = running.connect().await;
    let heavy = || request(&heavy_text(1), &heavy_text(2)[..1 << 20]);
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let mut client = ComparisonServiceClient::new(channel.clone());
            tokio::spawn(async move { client.compare(heavy()).await })
        })
        .collect();
    // Two messages of five MiB and a bit do not fit, one does: the others are refused though the queue is long.
    let mut refused = 0;
    let tally = running.until(|tally| tally.running == 1 && tally.refused >= 3).await;
    assert_eq!(tally.waiting, 0);
    assert!(running.bytes().taken_bytes() <= 10 << 20);
    calls.iter().for_each(|call| refused += u32::from(call.is_finished()));
    assert!(refused <= 3);
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    running.until(|tally| tally.running == 0).await;
    ComparisonServiceClient::new(channel).compare(request(LEFT, RIGHT)).await.expect("there are bytes again");
}

#[tokio::test]
async fn expired_work_in_the_queue_never_begins() {
    let running = small_server().await;
    let channel = running.connect().await;
    // Two before it, so that its deadline passes in the queue however fast the machine is.
    let before: Vec<_> = (0..2)
        .map(|_| {
            let mut client = ComparisonServiceClient::new(channel.clone());
            tokio::spawn(async move { client.compare(request(&heavy_text(1), &heavy_text(2))).await })
        })
        .collect();
    running.until(|tally| (tally.running, tally.waiting) == (1, 1)).await;
    let mut last = ComparisonServiceClient::new(channel.clone());
    // Too long for the lane of small messages, short enough to arrive well before its deadline.
    let text: String = heavy_text(3).chars().take(20_000).collect();
    let mut call = tonic::Request::new(request(&text, &text));
    call.set_timeout(Duration::from_secs(1));
    let last = tokio::spawn(async move { last.compare(call).await });
    running.until(|tally| tally.waiting == 2).await;
    let status = last.await.expect("joins").expect_err("there is no thread for it in time");
    // tonic's own client says CANCELLED when its timer is first.
    assert!([Code::DeadlineExceeded, Code::Cancelled].contains(&status.code()), "{status:?}");
    let tally = running.until(|tally| tally.stopped == 1).await;
    assert_eq!(tally.running, 1, "its place is free while those before it still run");
    before.iter().for_each(tokio::task::JoinHandle::abort);
    let tally = running.until(|tally| tally.running + tally.waiting == 0).await;
    assert_eq!(tally.stopped + tally.finished, 3);
    assert!(tally.finished <= 1, "only those before it run, and at least one of them was stopped");
}

#[tokio::test]
async fn a_small_pair_does_not_wait_for_a_big_one() {
    let running = small_server().await;
    let channel = running.connect().await;
    let mut big = ComparisonServiceClient::new(channel.clone());
    let big = tokio::spawn(async move { big.compare(request(&heavy_text(1), &heavy_text(2))).await });
    running.until(|tally| tally.running == 1).await;
    let mut small = ComparisonServiceClient::new(channel);
    for _ in 0..20 {
        small.compare(request(LEFT, RIGHT)).await.expect("compares beside it");
    }
    assert!(!big.is_finished(), "while the big one is still in work");
    big.abort();
}

#[tokio::test]
async fn many_empty_elements_are_refused_before_they_take_memory() {
    let running = small_server().await;
    let mut flood = request(LEFT, RIGHT);
    flood.references = vec![proto::Document::default(); 200_000];
    let mut client = ComparisonServiceClient::new(running.connect().await);
    let status = client.compare(flood).await.expect_err("is refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("fields and elements"), "{status:?}");
}

/// A sixteenth of the stack that a worker has: what is nested in a text must not be nested in calls.
#[test]
fn a_small_stack_is_enough_for_texts_that_nest() {
    use policy_echo::compare::options::CompareOptions;
    use policy_echo::report::html::{PageOptions, comparison_page};
    use policy_echo::text::cancel::Cancel;
    use policy_echo::text::document::{Document, DocumentLimits, Metadata};
    use policy_echo::text::span::Pair;

    let nested = |open: &str, close: &str| format!("{}推进大湾区建设{}。\n", open.repeat(5_000), close.repeat(5_000));
    let labels = ["一、", "（一）", "1.", "（1）", "①", "第一条", "第一款", "一是", "一要"];
    let items: String = (0..1500).map(|index| format!("{}推进第{index}类工作。\n", labels[index % 9])).collect();
    let texts = [
        nested("（", "）"),
        nested("“", "”"),
        nested("《", "》"),
        nested("<b>", "</b>"),
        nested("会(huì)", ""),
        items.clone(),
        items.lines().rev().map(|line| format!("{line}\n")).collect(),
        "一".repeat(20_000),
        "举全省之力，".repeat(2_000),
        service_support::heavy_text(5).chars().take(20_000).collect(),
    ];
    let engine = service_support::load().expect("the embedded tables are sound");
    let compare = move || {
        let document = |text: &str| Document::new(text.to_owned(), Metadata::default(), DocumentLimits::default());
        for (index, left) in texts.iter().enumerate() {
            let right = &texts[(index + 1) % texts.len()];
            for right in [right, left] {
                let pair = Pair::new(document(left).expect("a text"), document(right).expect("a text"));
                let found = engine.compare(&pair, &[], &CompareOptions::default(), &Cancel::new()).expect("ends");
                assert!(comparison_page(&found, &pair, &[], PageOptions::default()).len() > left.len() / 2);
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(compare).expect("a thread");
    thread.join().expect("nothing overflows");
}

/// The program itself, with a limit of 64 descriptors.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_without_descriptors_waits_for_them_and_serves_on() {
    use std::io::{BufRead as _, BufReader};
    let mut child = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64; exec \"$0\" serve --listen 127.0.0.1:0 --log-format json"])
        .arg(env!("CARGO_BIN_EXE_policy-echo"))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stderr.take().expect("standard error")).lines().map_while(Result::ok);
    let address: std::net::SocketAddr = lines
        .find_map(|line| line.split_once("\"address\":\"")?.1.split_once('"')?.0.parse().ok())
        .expect("says where it listens");
    let log = std::thread::spawn(move || lines.filter(|line| line.contains("cannot accept")).count());
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let channel = endpoint.connect().await.expect("the server accepts");
    let mut client = ComparisonServiceClient::new(channel);
    is_within_20_s(async { while client.compare(request(LEFT, RIGHT)).await.is_err() {} }).await;

    let mut sockets = Vec::new();
    for _ in 0..200 {
        // The system accepts for the server until its backlog is full.
        match tokio::time::timeout(Duration::from_millis(50), TcpStream::connect(address)).await {
            Ok(Ok(socket)) => sockets.push(socket),
            _ => break,
        }
    }
    assert!(sockets.len() > 64, "more connections than descriptors: {}", sockets.len());
    let cpu = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("runs");
        let fields: Vec<u64> =
            stat.rsplit_once(')').expect("a name").1.split(' ').filter_map(|f| f.parse().ok()).collect();
        // After the name: state, then numbers; user and system time are the 11th and 12th of those, in hundredths.
        fields[10] + fields[11]
    };
    let (used, begun) = (cpu(), Instant::now());
    while begun.elapsed() < Duration::from_secs(2) {
        client.compare(request(LEFT, RIGHT)).await.expect("a connection that is open is served");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(cpu() - used < 100, "it does not spin: {} hundredths of a second in two seconds", cpu() - used);
    drop(sockets);
    is_within_20_s(async { while endpoint.connect().await.is_err() {} }).await;
    let mut again = ComparisonServiceClient::new(endpoint.connect().await.expect("accepts again"));
    again.compare(request(LEFT, RIGHT)).await.expect("serves again");
    child.kill().expect("ends");
    child.wait().expect("ended");
    let warnings = log.join().expect("no panic");
    assert!(warnings > 0, "it ran out of descriptors");
}
