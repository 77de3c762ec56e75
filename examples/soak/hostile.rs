//! Every hostile case of `evaluation/adversarial.py` against the running server, each with its documented outcome.
//!
//! In: the cases as files with their manifest, and the table of outcomes. A case holds when the code is the documented one
//! and nothing of the request is found in the status, in the log, in the metrics or in the traces. A case without a documented outcome is missed, and so
//! is an outcome without a case.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use policy_echo::service::proto;
use prost::Message as _;

use crate::client::{Call, Client, HUNG, LOST};
use crate::collector::Collector;
use crate::program::Program;
use crate::requests::{self, CANARY, COMPARE, frame};
use crate::table::{Table, milliseconds};
use crate::{Arguments, Error};

/// One case: its name, and the calls it makes.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) calls: Vec<Call>,
}

pub(crate) async fn measure(arguments: &Arguments) -> Result<Table, Error> {
    let cases = read(&arguments.cases)?;
    let outcomes = outcomes(&arguments.outcomes)?;
    let title = format!("Hostile: {} cases against their documented outcomes", cases.len());
    let mut table = Table::new(title, arguments.noisy);
    let collector = Collector::default();
    let endpoint = format!("http://{}", collector.start().await?);
    let telling = ["--metrics-listen", "127.0.0.1:0", "--otlp-endpoint", &endpoint, "--log", "policy_echo=trace"];
    let mut program = Program::start(&arguments.program, &telling).await?;
    let client = Client::new(program.address, 1);
    requests::until_ready(&client).await?;
    let (mut wrong, mut leaks, mut slowest) = (Vec::new(), Vec::new(), (Duration::ZERO, String::new()));
    for case in &cases {
        let begun = Instant::now();
        let mut codes = Vec::new();
        for call in &case.calls {
            let answer = client.call(call, Instant::now()).await;
            if quotes_text(answer.message.as_bytes()) {
                leaks.push(case.name.clone());
            }
            if !codes.contains(&answer.code) {
                codes.push(answer.code);
            }
        }
        codes.sort_unstable();
        let found = codes.iter().map(|code| code_name(*code)).collect::<Vec<_>>().join("+");
        let took = begun.elapsed();
        println!("{:<12} {:<28} {:>12}  {found}", case.class, case.name, milliseconds(took));
        if outcomes.get(&case.name) != Some(&found) {
            let documented = outcomes.get(&case.name).map_or("nothing", String::as_str);
            wrong.push(format!("{}: {found}, documented {documented}", case.name));
        }
        if took > slowest.0 {
            slowest = (took, case.name.clone());
        }
        if !program.runs() {
            return Err(format!("the server ended at {}", case.name).into());
        }
    }
    let gone = outcomes.keys().filter(|name| !cases.iter().any(|case| case.name == **name));
    wrong.extend(gone.map(|name| format!("{name}: documented, and no such case")));
    table.check("cases with another outcome", wrong.len().to_string(), "0", wrong.is_empty());
    for wrong in wrong {
        table.note(wrong, "");
    }
    table.check("statuses that quote a request", leaks.len().to_string(), "0", leaks.is_empty());
    table.note(format!("slowest: {}", slowest.1), milliseconds(slowest.0));
    table.note("highest memory", format!("{} KiB", program.peak_kib()));
    requests::until_ready(&client).await?;
    let log = program.log();
    table.check("log lines that quote a request", quoting_lines(&log).to_string(), "0", quoting_lines(&log) == 0);
    let metrics = program.metrics().await?;
    // Other words than a canary cannot be told from metrics that are wrong; bytes that are not ASCII can.
    let quoting = metrics.lines().filter(|line| quotes_text(line.as_bytes())).count();
    table.check(
        format!("of {} lines of metrics, those that quote a request", metrics.lines().count()),
        quoting.to_string(),
        "0",
        quoting == 0 && metrics.contains("rpc_server_call_duration"),
    );
    // What is left to export goes out while the server stops.
    let (well, _) = program.stop()?;
    // Printed, ids become numbers and words stay words, so what is left to find is text.
    let spans: Vec<String> = collector.spans().iter().map(|span| format!("{span:?}")).collect();
    let quoting = spans.iter().filter(|span| quotes_text(span.as_bytes())).count();
    table.check(
        format!("of {} spans, those that quote a request", spans.len()),
        quoting.to_string(),
        "0",
        quoting == 0 && spans.len() >= cases.len(),
    );
    table.check("ends when asked", well.to_string(), "true", well);
    Ok(table)
}

/// Whether there is anything in `bytes` that only a request can have brought: the canary, or a byte that is not ASCII.
pub(crate) fn quotes_text(bytes: &[u8]) -> bool {
    let has_canary = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    // gRPC writes other characters of a message in percent-encoding.
    let encoded = bytes.windows(3).any(|three| matches!(three, [b'%', b'8'..=b'9' | b'A'..=b'F', _]));
    has_canary || encoded || !bytes.is_ascii()
}

pub(crate) fn quoting_lines(log: &[u8]) -> usize {
    log.split(|byte| *byte == b'\n').filter(|line| quotes_text(line)).count()
}

/// The table of outcomes: case, codes joined by `+`, and a note.
fn outcomes(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let pairs = rows.map(|row| {
        let mut cells = row.split('\t');
        let pair = (cells.next()?.to_owned(), cells.next()?.to_owned());
        Some(pair)
    });
    pairs.collect::<Option<_>>().ok_or_else(|| format!("{}: a row without two cells", path.display()).into())
}

/// All cases under `folder`.
pub(crate) fn read(folder: &Path) -> Result<Vec<Case>, Error> {
    let manifest = folder.join("manifest.jsonl");
    let text = fs::read_to_string(&manifest).map_err(|error| {
        format!(
            "{}: {error}; write the cases with: python3 evaluation/adversarial.py {}",
            manifest.display(),
            folder.display()
        )
    })?;
    text.lines().map(|line| read_case(folder, line)).collect()
}

fn read_case(folder: &Path, line: &str) -> Result<Case, Error> {
    let entry: serde_json::Value = serde_json::from_str(line)?;
    let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let (name, class) = (field("name"), field("class"));
    let files = entry["files"].as_array().ok_or("a case without files")?;
    let mut contents = Vec::new();
    for file in files {
        contents.push(fs::read(folder.join(file["path"].as_str().unwrap_or_default()))?);
    }
    let raw = |body: Vec<u8>| Call { path: COMPARE, body: Bytes::from(body), ..Call::default() };
    let calls = match (class.as_str(), contents.as_slice()) {
        ("frame", [bytes]) => {
            let gzip = name.contains("gzip") || name.contains("deflate");
            let held = name.contains("prefix_only");
            vec![Call {
                encoding: gzip.then_some("gzip"),
                unfinished: held,
                // Long enough for the server to see that nothing comes, and short enough to wait for.
                timeout: held.then_some("2S"),
                ..raw(bytes.clone())
            }]
        }
        ("protobuf", [bytes]) => vec![raw(frame(bytes))],
        ("rawbytes", [bytes]) => {
            // left (1) { text (9) }
            let text = [&[0x4a, bytes.len() as u8][..], bytes].concat();
            vec![raw(frame(&[&[0x0a, text.len() as u8][..], &text].concat()))]
        }
        ("inject", [left, right]) if name == "doc_ids" => {
            let ids = String::from_utf8(left.clone())? + "\n" + &String::from_utf8(right.clone())?;
            let with_id = |id: &str| {
                let mut pair = requests::small_pair();
                for document in [&mut pair.left, &mut pair.right].into_iter().flatten() {
                    document.id = format!("{CANARY}{id}");
                    document.title = id.to_owned();
                }
                requests::call(COMPARE, &pair)
            };
            ids.lines().map(with_id).collect()
        }
        (_, [left, right]) => {
            let (left, right) = (String::from_utf8(left.clone())?, String::from_utf8(right.clone())?);
            let words = proto::DiffWordsRequest {
                left: requests::pair(&left, "").left,
                right: requests::pair(&right, "").left,
                ..Default::default()
            };
            vec![
                requests::call(COMPARE, &requests::pair(&left, &right)),
                Call { path: requests::DIFF_WORDS, ..raw(frame(&words.encode_to_vec())) },
            ]
        }
        _ => return Err(format!("{name}: a case of a kind that is not known").into()),
    };
    Ok(Case { name, class, calls })
}

pub(crate) fn code_name(code: i32) -> &'static str {
    match code {
        HUNG => "HUNG",
        LOST => "LOST",
        0 => "OK",
        1 => "CANCELLED",
        2 => "UNKNOWN",
        3 => "INVALID_ARGUMENT",
        4 => "DEADLINE_EXCEEDED",
        8 => "RESOURCE_EXHAUSTED",
        12 => "UNIMPLEMENTED",
        13 => "INTERNAL",
        14 => "UNAVAILABLE",
        _ => "OTHER",
    }
}
