//! `TraceDirective` over a real socket: the order of replies, what is wrong with messages, limits, memory.
#![allow(clippy::unwrap_used)]

mod service_support;

use std::time::Duration;

use policy_echo::service::proto;
use policy_echo::service::proto::trace_directive_request::Message as Sent;
use policy_echo::service::proto::trace_directive_response::Message as Reply;
use policy_echo::service::proto::trace_finding::Result as Found;
use policy_echo::service::proto::trace_service_client::TraceServiceClient;
use service_support::{Running, code_and_fields, document, heavy_text, is_within_20_s, shared_server};
use tonic::{Code, Status};

const DIRECTIVE: &str = "第一条 举全省之力推进粤港澳大湾区建设，建设宜居宜业宜游的优质生活圈。\n第二条 县级以上人民政府应当在公共场所配备母婴室和急救设备，处五十元以上二百元以下罚款。\n";
const RESOLUTIONS: [&str; 3] = [
    "第一条 举全市之力推进粤港澳大湾区建设，建设宜居宜业宜游的优质生活圈。\n第二条 窗口单位应当公开服务承诺，建立投诉处理机制，树立文明形象。\n",
    "第一条 市、县人民政府可以在公共场所配备母婴室和急救设备，处五十元以上一百元以下罚款。\n",
    "第一条 窗口单位应当公开服务承诺，建立投诉处理机制，树立文明形象。\n第二条 驾驶机动车不得急转急停。\n",
];

fn start(directive: &str) -> proto::TraceDirectiveRequest {
    let directive = Some(proto::Document {
        adopted: Some(proto::PartialDate { year: 2020, month: 7, day: 31 }),
        ..document("province", directive)
    });
    message(Sent::Start(proto::TraceStart { directive, expected_resolutions: Some(3), ..Default::default() }))
}

fn resolution(index: usize, text: &str) -> proto::TraceDirectiveRequest {
    let adopted = Some(proto::PartialDate { year: 2021, month: 1 + index as u32 % 12, day: 1 });
    message(Sent::Resolution(proto::Document { adopted, ..document(&format!("city {index}"), text) }))
}

fn message(message: Sent) -> proto::TraceDirectiveRequest {
    proto::TraceDirectiveRequest { message: Some(message) }
}

fn three() -> Vec<proto::TraceDirectiveRequest> {
    let resolutions = RESOLUTIONS.iter().enumerate().map(|(index, text)| resolution(index, text));
    std::iter::once(start(DIRECTIVE)).chain(resolutions).collect()
}

/// All replies, and how the trace ended.
async fn trace(running: &Running, sent: Vec<proto::TraceDirectiveRequest>) -> (Vec<Reply>, Result<(), Status>) {
    let mut client = TraceServiceClient::new(running.connect().await).max_decoding_message_size(64 << 20);
    let mut replies = match client.trace_directive(tokio_stream::iter(sent)).await {
        Ok(replies) => replies.into_inner(),
        Err(status) => return (Vec::new(), Err(status)),
    };
    let mut all = Vec::new();
    loop {
        match is_within_20_s(replies.message()).await {
            Ok(Some(reply)) => all.push(reply.message.unwrap()),
            Ok(None) => return (all, Ok(())),
            Err(status) => return (all, Err(status)),
        }
    }
}

/// One word a reply, to read.
fn shape(replies: &[Reply]) -> String {
    let words = replies.iter().map(|reply| match reply {
        Reply::Progress(progress) => {
            format!("{}/{}", progress.done(), progress.total.map_or("?".to_owned(), |total| total.to_string()))
        }
        Reply::Finding(finding) => {
            let sort = match &finding.result {
                Some(Found::Trace(_)) => "finding",
                Some(Found::Error(_)) => "error",
                None => "nothing",
            };
            format!("{sort}({} {})", finding.resolution(), finding.resolution_id)
        }
        Reply::Summary(summary) => format!("summary({})", summary.resolutions.len()),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn summary(replies: &[Reply]) -> &proto::TraceSummary {
    match replies.last() {
        Some(Reply::Summary(summary)) => summary,
        _ => panic!("no summary: {}", shape(replies)),
    }
}

fn finding(replies: &[Reply], index: u32) -> &proto::ResolutionTrace {
    let found = replies.iter().find_map(|reply| match reply {
        Reply::Finding(finding) if finding.resolution() == index => match &finding.result {
            Some(Found::Trace(trace)) => Some(trace),
            _ => None,
        },
        _ => None,
    });
    found.unwrap()
}

#[tokio::test]
async fn each_resolution_is_answered_in_order_and_the_summary_is_last() {
    let (replies, end) = trace(shared_server(), three()).await;
    end.unwrap();
    insta::assert_snapshot!(
        shape(&replies),
        @"0/3 finding(0 city 0) 1/3 finding(1 city 1) 2/3 finding(2 city 2) 3/3 summary(3)"
    );
    let first = finding(&replies, 0);
    let comparison = first.comparison.as_ref().unwrap();
    let kinds: Vec<_> = comparison.passages.iter().map(|passage| passage.origin.as_ref().unwrap().kind()).collect();
    assert!(kinds.contains(&proto::OriginKind::Directive) && !kinds.contains(&proto::OriginKind::Left), "{kinds:?}");
    assert_eq!(first.chronology.as_ref().unwrap().order(), proto::ChronologicalOrder::Following);
    assert_eq!(first.chronology.as_ref().unwrap().lag_days, Some(154));
    assert_eq!(first.passage_sources.len(), comparison.passages.len());
    assert_eq!(first.paragraphs.len(), comparison.left.as_ref().unwrap().paragraphs.len());
    assert!(!first.local_additions.is_empty(), "the service promise is no word of the directive");
    let changes: Vec<_> =
        finding(&replies, 1).changes.iter().map(|change| (change.subject(), change.trend())).collect();
    assert!(changes.contains(&(proto::ChangeSubject::Strength, proto::Trend::Lowered)), "{changes:?}");
    assert!(changes.contains(&(proto::ChangeSubject::Number, proto::Trend::Lowered)), "{changes:?}");
    let summary = summary(&replies);
    assert!(summary.rows.iter().all(|row| row.cells.len() == 3));
    let copied = &summary.shared_beyond[0];
    assert_eq!((copied.earlier, copied.later, copied.order_known), (Some(0), Some(2), true));
    assert_eq!(summary.versions, comparison.versions);
}

#[tokio::test]
async fn a_wrong_resolution_is_answered_in_its_place() {
    let mut sent = three();
    sent[2] = resolution(1, " \n");
    let (replies, end) = trace(shared_server(), sent).await;
    end.unwrap();
    insta::assert_snapshot!(
        shape(&replies),
        @"0/3 finding(0 city 0) 1/3 error(1 city 1) 2/3 finding(2 city 2) 3/3 summary(2)"
    );
    let Some(Reply::Finding(proto::TraceFinding { result: Some(Found::Error(error)), .. })) = replies.get(3) else {
        panic!("no error: {}", shape(&replies));
    };
    assert_eq!((error.code, error.violations[0].field.as_str()), (3, "resolution.text"));
    let traced: Vec<_> =
        summary(&replies).resolutions.iter().map(|traced| (traced.resolution(), &*traced.id)).collect();
    assert_eq!(traced, [(0, "city 0"), (2, "city 2")]);
}

#[tokio::test]
async fn what_breaks_the_order_of_messages_ends_the_trace_with_a_code_and_a_field() {
    let check = async |sent| {
        let (replies, end) = trace(shared_server(), sent).await;
        format!("{} | {}", shape(&replies), code_and_fields(&end.expect_err("the trace is refused")))
    };
    let [first, second, ..] = &three()[..] else { unreachable!() };
    assert_eq!(check(vec![second.clone()]).await, " | InvalidArgument resolution");
    assert_eq!(check(Vec::new()).await, " | InvalidArgument start");
    assert_eq!(check(vec![proto::TraceDirectiveRequest::default()]).await, " | InvalidArgument start");
    assert_eq!(
        check(vec![first.clone(), second.clone(), first.clone(), second.clone()]).await,
        "0/3 finding(0 city 0) 1/3 | InvalidArgument start"
    );
    assert_eq!(
        check(vec![first.clone(), proto::TraceDirectiveRequest::default()]).await,
        "0/3 | InvalidArgument resolution"
    );
    let wrong = proto::TraceStart { references: vec![document("", " ")], offset_unit: 9, ..Default::default() };
    assert_eq!(
        check(vec![message(Sent::Start(wrong)), second.clone()]).await,
        " | InvalidArgument start.directive, start.references[0].text, start.offset_unit"
    );
}

#[tokio::test]
async fn a_trace_without_resolutions_has_an_empty_summary() {
    let (replies, end) = trace(shared_server(), vec![start(DIRECTIVE)]).await;
    end.unwrap();
    assert_eq!(shape(&replies), "0/3 summary(0)");
    assert!(!summary(&replies).rows.is_empty() && summary(&replies).silence.is_empty(), "nobody was asked");
}

#[tokio::test]
async fn resolutions_over_the_limit_end_the_trace() {
    let running = Running::start(Running::config_with(|config| config.limits.max_trace_resolutions = 2)).await;
    let (replies, end) = trace(&running, three()).await;
    assert_eq!(shape(&replies), "0/3 finding(0 city 0) 1/3 finding(1 city 1) 2/3");
    let status = end.expect_err("one too many");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("at most 2 resolutions"), "{status:?}");
}

#[tokio::test]
async fn the_number_of_threads_changes_no_reply() {
    let sent = || {
        let many = (0..12).map(|index| resolution(index, RESOLUTIONS[index % 3]));
        std::iter::once(start(DIRECTIVE)).chain(many).collect::<Vec<_>>()
    };
    let with = |workers, pairs| {
        Running::start(Running::config_with(|config| {
            config.work.workers = workers;
            config.work.stream_pairs = pairs;
        }))
    };
    let (one, four) = (with(1, 1).await, with(4, 8).await);
    let (alone, together) = (trace(&one, sent()).await, trace(&four, sent()).await);
    alone.1.unwrap();
    together.1.unwrap();
    assert_eq!(alone.0, together.0);
}

#[tokio::test]
async fn a_caller_who_leaves_stops_the_work() {
    let running = Running::start(Running::config()).await;
    let mut client = TraceServiceClient::new(running.connect().await);
    let sent = vec![start(DIRECTIVE), resolution(0, &heavy_text(1)), resolution(1, &heavy_text(2))];
    let replies = client.trace_directive(tokio_stream::iter(sent)).await.unwrap().into_inner();
    running.until(|tally| tally.running == 2).await;
    drop((replies, client));
    let tally = running.until(|tally| tally.running == 0 && tally.waiting == 0).await;
    assert_eq!(tally.stopped, 2);
}

#[tokio::test]
async fn the_deadline_of_the_trace_stops_the_work() {
    let running = Running::start(Running::config()).await;
    let mut client = TraceServiceClient::new(running.connect().await);
    // Several times the work that a fast machine does until the deadline.
    let heavy = (0..4_u64).map(|seed| resolution(seed as usize, &heavy_text(3 + seed)));
    let mut request = tonic::Request::new(tokio_stream::iter([start(DIRECTIVE)].into_iter().chain(heavy)));
    request.set_timeout(Duration::from_millis(400));
    let status = match client.trace_directive(request).await {
        Err(status) => status,
        Ok(replies) => {
            let mut replies = replies.into_inner();
            loop {
                match is_within_20_s(replies.message()).await {
                    Ok(reply) => assert!(reply.is_some(), "ended without a code"),
                    Err(status) => break status,
                }
            }
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    running.until(|tally| tally.running == 0 && tally.waiting == 0).await;
}

/// The text between two places that count in `unit`.
fn slice(text: &str, span: &proto::Span, unit: proto::OffsetUnit) -> String {
    let (start, end) = (span.start() as usize, span.end() as usize);
    match unit {
        proto::OffsetUnit::Utf16CodeUnits => {
            String::from_utf16(&text.encode_utf16().collect::<Vec<_>>()[start..end]).unwrap()
        }
        proto::OffsetUnit::CodePoints => text.chars().skip(start).take(end - start).collect(),
        _ => text[start..end].to_owned(),
    }
}

#[tokio::test]
async fn places_count_in_the_unit_asked_for_in_the_summary_too() {
    // A character of two UTF-16 units and an ignored one stand in front, so that no two units agree.
    let texts: Vec<String> = RESOLUTIONS.iter().map(|text| format!("\u{20BB7}\u{200B}野家。\n{text}")).collect();
    let directive = format!("\u{20BB7}本。\n{DIRECTIVE}");
    let mut said: Vec<Vec<String>> = Vec::new();
    for unit in [proto::OffsetUnit::Utf8Bytes, proto::OffsetUnit::Utf16CodeUnits, proto::OffsetUnit::CodePoints] {
        let mut sent: Vec<_> = std::iter::once(start(&directive))
            .chain(texts.iter().enumerate().map(|(index, text)| resolution(index, text)))
            .collect();
        let Some(Sent::Start(first)) = &mut sent[0].message else { unreachable!() };
        first.set_offset_unit(unit);
        first.options = Some(proto::CompareOptions { include_text: true, ..Default::default() });
        let (replies, end) = trace(shared_server(), sent).await;
        end.unwrap();
        let summary = summary(&replies);
        assert_eq!(summary.offset_unit(), unit);
        let mut words = Vec::new();
        for row in &summary.rows {
            words.push(slice(&directive, row.span.as_ref().unwrap(), unit));
            assert_eq!(Some(&row.text), words.last());
        }
        for shared in &summary.shared_beyond {
            for run in &shared.examples {
                words.push(slice(&texts[shared.earlier() as usize], run.earlier.as_ref().unwrap(), unit));
                words.push(slice(&texts[shared.later() as usize], run.later.as_ref().unwrap(), unit));
            }
        }
        for traced in &summary.resolutions {
            for changed in &traced.changed {
                let text = &texts[traced.resolution() as usize];
                words.push(slice(text, changed.span.as_ref().unwrap(), unit));
            }
        }
        for index in 0..3 {
            for addition in &finding(&replies, index).local_additions {
                words.push(slice(&texts[index as usize], addition.span.as_ref().unwrap(), unit));
                assert_eq!(Some(&addition.text), words.last());
            }
        }
        said.push(words);
    }
    assert!(said[0].iter().any(|words| words.contains("服务承诺")), "{:?}", said[0]);
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], said[2]);
}

#[tokio::test]
async fn reports_choose_which_lists_of_a_comparison_are_sent() {
    let mut sent = three();
    let Some(Sent::Start(first)) = &mut sent[0].message else { unreachable!() };
    let reports = vec![proto::Report::Items as i32];
    first.options = Some(proto::CompareOptions { reports, ..Default::default() });
    let (replies, end) = trace(shared_server(), sent).await;
    end.unwrap();
    let comparison = finding(&replies, 0).comparison.as_ref().unwrap();
    assert!(comparison.beads.is_empty() && comparison.links.is_empty() && comparison.phrases.is_empty());
    assert!(!comparison.passages.is_empty(), "evidence stays");
}

/// Bytes of memory that a process holds.
#[cfg(target_os = "linux")]
fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// A server in a process of its own, ended with the test.
#[cfg(target_os = "linux")]
struct Child(std::process::Child, String);

#[cfg(target_os = "linux")]
impl Child {
    fn start() -> Self {
        use std::io::BufRead as _;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_policy-echo"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--workers", "2"])
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
        let mut address = String::new();
        for line in log.by_ref() {
            let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            if event["message"] == "listening" {
                address = format!("http://{}", event["address"].as_str().unwrap());
            }
            if event["message"] == "serving" {
                break;
            }
        }
        // The pipe must be read to its end, or the server would stop at a full pipe.
        std::thread::spawn(move || log.for_each(drop));
        Self(child, address)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Child {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A city's regulation with articles of its own, of some four thousand characters.
#[cfg(target_os = "linux")]
fn city(number: usize, articles: &[&str]) -> String {
    let mut text = String::new();
    for at in 0..40 {
        let article = articles[(number * 7 + at * 3) % articles.len()];
        text += &format!("第{}条 {article}本市第{number}号第{at}项另有细则。\n", at + 1);
    }
    text
}

/// Of each resolution only fingerprints, fates and offsets are kept: hundreds of them cost kilobytes each. The bound is
/// below what their texts and comparisons would take.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_grows_by_kilobytes_a_resolution() {
    const WARM: u32 = 50;
    const ALL: u32 = 200;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/henan-civility");
    let province = std::fs::read_to_string(root.join("河南省文明行为促进条例(2020-08-03).txt")).unwrap();
    let other = std::fs::read_to_string(root.join("郑州市文明行为促进条例(2022-01-01).txt")).unwrap();
    let articles: Vec<&str> =
        province.lines().chain(other.lines()).map(str::trim).filter(|line| line.chars().count() > 40).collect();
    let texts: Vec<String> = (0..ALL as usize).map(|number| city(number, &articles)).collect();
    let server = Child::start();
    let channel = tonic::transport::Endpoint::from_shared(server.1.clone()).unwrap().connect().await.unwrap();
    let mut client = TraceServiceClient::new(channel).max_decoding_message_size(64 << 20);
    let sent: Vec<_> = std::iter::once(start(&province))
        .chain(texts.iter().enumerate().map(|(index, text)| resolution(index, text)))
        .collect();
    let mut replies = client.trace_directive(tokio_stream::iter(sent)).await.unwrap().into_inner();
    let (mut warm, mut full) = (0, 0);
    let mut summary = None;
    while let Some(reply) = replies.message().await.unwrap() {
        match reply.message.unwrap() {
            Reply::Progress(progress) if progress.done() == WARM => warm = resident_bytes(server.0.id()),
            Reply::Progress(progress) if progress.done() == ALL => full = resident_bytes(server.0.id()),
            Reply::Progress(_) => {}
            Reply::Finding(finding) => assert!(matches!(finding.result, Some(Found::Trace(_)))),
            Reply::Summary(found) => summary = Some(found),
        }
    }
    assert_eq!(summary.unwrap().resolutions.len(), ALL as usize);
    let grown = full.saturating_sub(warm) / u64::from(ALL - WARM);
    assert!(grown < 64 << 10, "{grown} bytes a resolution: from {warm} to {full}");
}
