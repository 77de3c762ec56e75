//! The page of a trace of real documents: it says what the values say, every cell leads to its evidence, and it is small.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::report::html::{PageOptions, trace_page};
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata, PartialDate};
use policy_echo::trace::chronology::Order;
use policy_echo::trace::outcome::Trace;
use policy_echo::trace::tracer::Tracer;

static ENGINE: LazyLock<Arc<Engine>> = LazyLock::new(|| Arc::new(Engine::load(EngineSettings::default()).unwrap()));

/// The province first, then the twelve cities, as the manifest has them.
fn family() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/henan-civility");
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let entries = manifest["documents"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            let date = |field: &str| entry[field].as_str().and_then(PartialDate::parse);
            let word = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
            let metadata = Metadata {
                title: word("title"),
                region: word("region"),
                adopted: date("adopted"),
                in_force: date("in_force"),
                amended: date("amended"),
                ..Metadata::default()
            };
            let text = std::fs::read_to_string(folder.join(entry["file"].as_str().unwrap())).unwrap();
            Document::new(text, metadata, DocumentLimits::default()).unwrap()
        })
        .collect()
}

fn trace(directive: &Document, resolutions: &[Document]) -> Trace {
    let cancel = Cancel::new();
    let tracer = Tracer::new(Arc::clone(&ENGINE), directive, &[], CompareOptions::default(), &cancel).unwrap();
    let found =
        (0u32..).zip(resolutions).map(|(index, resolution)| tracer.finding(index, resolution, &cancel).unwrap());
    let (findings, digests): (Vec<_>, Vec<_>) = found.unzip();
    let summary = tracer.summary(&digests, &cancel).unwrap();
    Trace { directive: directive.clone(), references: vec![], resolutions: resolutions.to_vec(), findings, summary }
}

/// The values of an attribute in the order of the page.
fn attributes<'a>(page: &'a str, start: &str) -> Vec<&'a str> {
    page.split(start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn twelve_cities_on_one_page() {
    let family = family();
    let trace = trace(&family[0], &family[1..]);
    let page = trace_page(&trace, PageOptions::default());
    let (findings, summary) = (&trace.findings, &trace.summary);
    // For whoever wants to look at it.
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("trace.html"), &page).unwrap();

    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let ids = attributes(&page, " id=\"");
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "no id stands twice");
    let links = attributes(&page, "href=\"");
    let lost: Vec<&&str> =
        links.iter().filter(|to| !to.strip_prefix('#').is_some_and(|id| distinct.contains(id))).collect();
    assert!(lost.is_empty(), "links that lead nowhere: {lost:?}");

    let count = |name: &str, count: usize| {
        assert!(page.contains(&format!("data-count=\"{name}\">{count}<")), "{count} {name}");
    };
    count("rows", summary.rows.len());
    count("resolutions", 12);
    count("silence", summary.silence.len());
    count("pairs", summary.shared_beyond.len());
    let passages: usize = findings.iter().map(|finding| finding.comparison.passages.len()).sum();
    count("passages", passages);
    assert_eq!(page.matches("\" id=\"p").count(), passages, "every passage is shown once");

    let preceding = summary.resolutions.iter().filter(|r| r.chronology.order == Order::Preceding).count();
    assert_eq!(preceding, 4);
    assert_eq!(page.matches("<article class=\"city older\"").count(), preceding);
    for (index, row) in summary.rows.iter().enumerate() {
        let line = page.split(&format!("id=\"m{}\">", index + 1)).nth(1).unwrap().split("</tr>").next().unwrap();
        assert_eq!(line.matches("<td class=\"").count(), row.cells.len() + 1);
        assert_eq!(line.matches("older").count(), preceding);
    }
}

#[test]
fn a_trace_of_nothing_is_a_page_too() {
    let family = family();
    let page = trace_page(&trace(&family[0], &[]), PageOptions::default());
    assert!(page.contains("data-count=\"resolutions\">0<"));
}
