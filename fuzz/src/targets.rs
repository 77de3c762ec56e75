//! What is fuzzed: each target takes any bytes, and checks what must hold for all of them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use policy_echo::compare::comparison::StageEnd;
use policy_echo::compare::diff::{OpKind, edit_script};
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::compare::phrase::{BORDER, shared_runs};
use policy_echo::report::html::{PageOptions, comparison_page};
use policy_echo::service::from_proto;
use policy_echo::service::proto;
use policy_echo::service::to_proto::{Setting, compare_response};
use policy_echo::service::wire::{self, Look};
use policy_echo::text::cancel::{Cancel, StepBudget};
use policy_echo::text::decode;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::normalize::normalize;
use policy_echo::text::span::{Pair, Span};
use prost::Message as _;

/// Every target with its name.
pub const ALL: &[(&str, fn(&[u8]))] = &[
    ("decode", decode),
    ("normalise", normalise),
    ("diff", diff),
    ("phrases", phrases),
    ("from_proto", from_proto),
    ("compare", compare),
    ("html", html),
];

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(EngineSettings::default()).expect("the embedded tables are sound"));

/// Bytes of any charset: text or an error, and the same text from its own UTF-8.
fn decode(data: &[u8]) {
    const CHARSETS: [&str; 8] = ["", "utf-8", "gb18030", "gbk", "big5", "utf-16", "utf-16le", "no such charset"];
    let Some((&first, bytes)) = data.split_first() else { return };
    let charset = CHARSETS[usize::from(first) % CHARSETS.len()];
    let Ok(decoded) = decode::decode(bytes, "", charset) else { return };
    assert!(decoded.text.len() <= 3 * bytes.len() + 3, "no more than three bytes for one");
    if let Ok(again) = decode::decode(decoded.text.as_bytes(), "text/plain", "utf-8") {
        // A byte order mark behind the first one is text, until it is the first one.
        let text = decoded.text.strip_prefix('\u{feff}').unwrap_or(&decoded.text);
        assert_eq!(again.text, text);
    }
}

/// Any text: spans cut no character, paragraphs are in order, and normalising a paragraph again changes nothing.
fn normalise(data: &[u8]) {
    let raw = String::from_utf8_lossy(data);
    let once = normalize(&raw);
    let mut end = 0;
    for paragraph in once.paragraphs() {
        assert!(!paragraph.is_empty() && paragraph.start() >= end);
        end = paragraph.end();
        assert!(raw.get(once.to_raw(*paragraph).range()).is_some());
    }
    for position in 0..once.characters().len() as u32 {
        let span = once.to_raw(Span::new(position, position + 1));
        assert!(raw.get(span.range()).is_some_and(|text| !text.is_empty()), "a character stands for raw bytes");
    }
    for cleaning in once.cleanings() {
        assert!(raw.get(cleaning.span.range()).is_some());
    }
    // One line at a time: wrapping, broken headlines and 著 at a line's edge depend on the lines around it.
    for line in raw.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        let once: String = normalize(line).characters().iter().collect();
        for paragraph in once.lines() {
            let twice: String = normalize(paragraph).characters().iter().collect();
            assert_eq!(twice, paragraph, "normalising twice changes nothing");
        }
    }
}

/// The bytes as two sequences over a small alphabet, cut at the first zero.
fn two_sequences(data: &[u8]) -> (Vec<u32>, Vec<u32>) {
    let cut = data.iter().position(|byte| *byte == 0).unwrap_or(data.len() / 2);
    let ids = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(byte % 24)).collect();
    (ids(&data[..cut]), ids(&data[cut..]))
}

/// A script covers both sides, and applied to the left one it gives the right one, whatever the budget.
fn diff(data: &[u8]) {
    let Some((&steps, data)) = data.split_first() else { return };
    let (left, right) = two_sequences(data);
    let steps = if steps < 64 { u64::from(steps) } else { 1 << 30 };
    let script = edit_script(&left, &right, &mut StepBudget::new(steps), &Cancel::new()).expect("not cancelled");
    let (mut left_at, mut right_at, mut rebuilt) = (0, 0, Vec::<u32>::new());
    for op in &script.ops {
        assert_eq!((op.left.start, op.right.start), (left_at, right_at), "no gap and no overlap");
        (left_at, right_at) = (op.left.end, op.right.end);
        let (from_left, from_right) = (
            &left[op.left.start as usize..op.left.end as usize],
            &right[op.right.start as usize..op.right.end as usize],
        );
        match op.kind {
            OpKind::Equal => {
                assert_eq!(from_left, from_right);
                rebuilt.extend(from_left);
            }
            OpKind::Delete => assert!(from_right.is_empty() && !from_left.is_empty()),
            OpKind::Insert => assert!(from_left.is_empty() && !from_right.is_empty()),
            OpKind::Replace => assert!(!from_left.is_empty() && !from_right.is_empty()),
        }
        if op.kind != OpKind::Equal {
            rebuilt.extend(from_right);
        }
    }
    assert_eq!((left_at as usize, right_at as usize), (left.len(), right.len()));
    assert_eq!(rebuilt, right, "the script applied to the left side is the right one");
}

/// Every run is where it says, maximal, and listed once; on short input, exactly those that trying all pairs finds.
fn phrases(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else { return };
    let (mut left, mut right) = two_sequences(data);
    for id in left.iter_mut().chain(&mut right) {
        *id = if *id == 7 { BORDER } else { *id };
    }
    let min_len = u32::from(first % 4) + 1;
    let steps = if first < 128 { 1 << 30 } else { u64::from(first) };
    let mut budget = StepBudget::new(steps);
    let sides = Pair::new(left.clone(), right.clone());
    let found = shared_runs(sides, min_len, 1000, &mut budget, &Cancel::new()).expect("not cancelled");
    let mut listed = BTreeSet::new();
    for run in &found.runs {
        let (left_starts, right_starts) = (found.left_starts(run), found.right_starts(run));
        let words = &left[left_starts[0] as usize..][..run.len as usize];
        assert!(run.len >= min_len && !words.contains(&BORDER));
        for (side, starts, total) in [(&left, left_starts, run.left_total), (&right, right_starts, run.right_total)] {
            assert!(starts.iter().all(|start| &side[*start as usize..][..run.len as usize] == words));
            let count = side.windows(run.len as usize).filter(|window| *window == words).count();
            assert_eq!((total as usize, starts.len()), (count, count.min(1000)));
        }
        assert!(listed.insert(words.to_vec()), "listed once");
    }
    if found.end == StageEnd::Complete && left.len().max(right.len()) <= 64 {
        assert_eq!(listed, all_maximal_runs(&left, &right, min_len as usize));
    }
}

fn all_maximal_runs(left: &[u32], right: &[u32], min_len: usize) -> BTreeSet<Vec<u32>> {
    let same = |l: usize, r: usize| left.get(l).is_some_and(|id| *id != BORDER && Some(id) == right.get(r));
    let mut runs = BTreeSet::new();
    for l in 0..left.len() {
        for r in 0..right.len() {
            if l > 0 && r > 0 && same(l - 1, r - 1) {
                continue;
            }
            let len = (0..).take_while(|offset| same(l + offset, r + offset)).count();
            if len >= min_len {
                runs.insert(left[l..l + len].to_vec());
            }
        }
    }
    runs
}

/// Any bytes as a request: the look before decoding agrees with decoding, and reading it never fails otherwise.
fn from_proto(data: &[u8]) {
    let name = "policyecho.v1.CompareRequest";
    let looked = wire::inspect(data, name, Look::Texts);
    match proto::CompareRequest::decode(data) {
        Ok(request) => {
            let printed = format!("{request:?}");
            assert!(printed.len() < 1000 + 200 * data.len(), "printing is bounded");
            let too_many = looked.as_ref().is_err_and(|failure| format!("{failure:?}").contains("TOO_MANY"));
            assert!(looked.is_ok() || too_many, "what can be decoded passes the look: {looked:?}");
            let limits = DocumentLimits { max_text_bytes: 1000 };
            if let Err(failure) = from_proto::compare_call(request, "", limits) {
                assert!(policy_echo_status(failure) < 20_000, "a status fits in a header");
            }
        }
        Err(_) => drop(looked),
    }
}

/// Bytes of the details and message of a failure as one message of a stream.
fn policy_echo_status(failure: policy_echo::service::status::Failure) -> usize {
    failure.into_call_error().message.len()
}

/// The bytes as two documents, cut at the first zero; `None` where one is blank.
fn two_documents(data: &[u8]) -> Option<Pair<Document>> {
    let cut = data.iter().position(|byte| *byte == 0)?;
    let document = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let metadata = Metadata { id: "<b id=x>".into(), title: text.chars().take(9).collect(), ..Metadata::default() };
        Document::new(text, metadata, DocumentLimits::default()).ok()
    };
    Some(Pair::new(document(&data[..cut])?, document(&data[cut + 1..])?))
}

/// The whole engine: every span of the answer lies in its text and cuts no character.
fn compare(data: &[u8]) {
    let Some(documents) = two_documents(data) else { return };
    let options = CompareOptions::default();
    let found = ENGINE.compare(&documents, &[], &options, &Cancel::new()).expect("not cancelled");
    let left = |span: Span<_>| assert!(documents.left.text().get(span.range()).is_some(), "{span:?}");
    let right = |span: Span<_>| assert!(documents.right.text().get(span.range()).is_some(), "{span:?}");
    for edit in found.beads.iter().flat_map(|bead| &bead.edits).chain(found.passages.iter().flat_map(|p| &p.edits)) {
        left(edit.left);
        right(edit.right);
    }
    for passage in &found.passages {
        left(passage.left);
        right(passage.right);
    }
    for phrase in &found.phrases {
        phrase.left.iter().copied().for_each(left);
        phrase.right.iter().copied().for_each(right);
    }
    let mut grouped: Vec<u32> = found.beads.iter().flat_map(|bead| bead.left.clone()).collect();
    grouped.sort_unstable();
    assert!(grouped.windows(2).all(|two| two[0] < two[1]), "a paragraph is in one bead");
    let form = from_proto::AnswerForm { unit: from_proto::OffsetUnit::Utf16CodeUnits, include_text: true };
    let versions = ENGINE.versions();
    let charsets = Pair::new(None, None);
    compare_response(&found, Setting { documents: documents.as_ref(), charsets, form, versions: &versions });
}

/// The page of any two texts has no element and no attribute that the page of two plain texts does not have.
fn html(data: &[u8]) {
    let Some(documents) = two_documents(data) else { return };
    let found = ENGINE.compare(&documents, &[], &CompareOptions::default(), &Cancel::new()).expect("not cancelled");
    let page = comparison_page(&found, &documents, &[], PageOptions::default());
    assert_eq!(page.matches("<script").count(), 1, "the page's own script and no other");
    assert!(!page.contains("<b id=x"), "an id is text");
    let mut rest = page.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        // Nothing of the page's own content holds a `<` outside a tag, but for its script and style.
        for raw in ["script", "style"] {
            if tag.starts_with(raw) {
                rest = tag.split_once(&format!("</{raw}>")).expect("is closed").1;
            }
        }
        if tag.starts_with("script") || tag.starts_with("style") {
            continue;
        }
        let name: String =
            tag.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '!' | '-')).collect();
        assert!(ELEMENTS.contains(&name.trim_start_matches('/')), "an element of the page's own: {name:?}");
        rest = tag;
    }
    for handler in [" onload=", " onerror=", " onmouseover=", "javascript:"] {
        let in_tag = page.split('<').filter_map(|part| part.split_once('>')).any(|(tag, _)| {
            // Quoted values are text.
            tag.split('"').step_by(2).any(|outside| outside.contains(handler))
        });
        assert!(!in_tag, "{handler}");
    }
}

/// Elements that pages are made of.
const ELEMENTS: &[&str] = &[
    "!DOCTYPE",
    "a",
    "article",
    "aside",
    "b",
    "bdi",
    "body",
    "br",
    "button",
    "caption",
    "circle",
    "code",
    "col",
    "colgroup",
    "dd",
    "defs",
    "del",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "html",
    "i",
    "input",
    "ins",
    "label",
    "legend",
    "li",
    "line",
    "link",
    "main",
    "mark",
    "meta",
    "meter",
    "nav",
    "ol",
    "option",
    "output",
    "p",
    "path",
    "polygon",
    "polyline",
    "pre",
    "rect",
    "ruby",
    "s",
    "section",
    "select",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "text",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "u",
    "ul",
    "use",
    "wbr",
];
