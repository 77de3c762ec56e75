//! Tracing real documents, and made-up ones whose sources are known.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use policy_echo::compare::comparison::OriginKind;
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata, PartialDate};
use policy_echo::trace::chronology::Order;
use policy_echo::trace::digest::Digest;
use policy_echo::trace::finding::{Finding, NamedSource, Source};
use policy_echo::trace::summary::{Stretch, Summary};
use policy_echo::trace::tracer::Tracer;

static ENGINE: LazyLock<Arc<Engine>> = LazyLock::new(|| Arc::new(Engine::load(EngineSettings::default()).unwrap()));

fn document(text: String, title: &str, adopted: Option<&str>) -> Document {
    let adopted = adopted.map(|date| PartialDate::parse(date).unwrap());
    let metadata = Metadata { title: title.to_owned(), adopted, ..Metadata::default() };
    Document::new(text, metadata, DocumentLimits::default()).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn seed(name: &str) -> Document {
    document(std::fs::read_to_string(root().join("examples").join(name)).unwrap(), "", None)
}

/// The province first, then the twelve cities, as the manifest has them.
fn family() -> Vec<Document> {
    let folder = root().join("examples/henan-civility");
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

fn trace(directive: &Document, references: &[Document], resolutions: &[Document]) -> (Vec<(Finding, Digest)>, Summary) {
    let cancel = Cancel::new();
    let tracer = Tracer::new(Arc::clone(&ENGINE), directive, references, CompareOptions::default(), &cancel).unwrap();
    let findings: Vec<(Finding, Digest)> = (0u32..)
        .zip(resolutions)
        .map(|(index, resolution)| tracer.finding(index, resolution, &cancel).unwrap())
        .collect();
    let digests: Vec<_> = findings.iter().map(|(_, digest)| digest.clone()).collect();
    let summary = tracer.summary(&digests, &cancel).unwrap();
    let reversed: Vec<_> = digests.into_iter().rev().collect();
    assert_eq!(
        tracer.summary(&reversed, &cancel).unwrap(),
        summary,
        "the order in which findings arrive changes nothing"
    );
    (findings, summary)
}

#[test]
fn four_cities_legislated_before_the_province() {
    let family = family();
    let (findings, summary) = trace(&family[0], &[], &family[1..]);
    let preceding: Vec<&str> = family[1..]
        .iter()
        .zip(&findings)
        .filter(|(_, (finding, _))| finding.chronology.order == Order::Preceding)
        .map(|(document, _)| document.metadata().region.as_str())
        .collect();
    let mut preceding = preceding;
    preceding.sort_unstable();
    assert_eq!(preceding, ["商丘市", "漯河市", "郑州市", "鹤壁市"]);
    for (finding, digest) in &findings {
        assert!(!finding.comparison.passages.is_empty());
        assert_eq!(finding.items.len(), finding.comparison.items.len());
        assert_eq!(finding.paragraphs.len(), finding.comparison.outlines.left.paragraphs.len());
        assert!(digest.bytes() < 200_000, "{} bytes", digest.bytes());
        if finding.chronology.order == Order::Preceding {
            assert!(finding.passage_sources.iter().all(|sources| sources.source() != Some(Source::Directive)));
            assert!(finding.comparison.passages.iter().all(|passage| passage.origin.kind != OriginKind::Left));
        }
    }
    assert!(summary.rows.iter().all(|row| row.cells.len() == 12));
    assert!(summary.rows.len() > 40, "{} rows", summary.rows.len());
    let mut order = summary.kinship_order.clone();
    order.sort_unstable();
    assert_eq!(order, (0..12).collect::<Vec<u32>>());
}

#[test]
fn a_later_directive_is_no_source_of_an_earlier_text() {
    let directive = seed("guangdong-2024-05-regional-development.txt");
    let earlier = [
        seed("guangzhou-2020-12-01-plenum.txt"),
        seed("guangzhou-2021-02-leading-group.txt"),
        seed("guangzhou-2022-09-22-resolution.txt"),
    ];
    let (findings, summary) = trace(&directive, &[], &earlier);
    for ((finding, _), resolution) in findings.iter().zip(&summary.resolutions) {
        assert_eq!(finding.chronology.directive.date, None, "its text names no year");
        assert!(finding.chronology.directive.not_before.is_some_and(|bound| bound.date.year() == 2023));
        let sources = finding.passage_sources.iter().filter_map(|sources| sources.source());
        let dated = finding.chronology.resolution.date.is_some();
        if dated {
            assert_eq!(finding.chronology.order, Order::Preceding);
            assert!(!sources.into_iter().any(|source| source == Source::Directive));
            assert!(resolution.sources.iter().all(|count| count.source != Some(Source::Directive)));
        }
    }
    assert!(findings.iter().all(|(finding, _)| finding.chronology.order != Order::Following));
}

#[test]
fn declared_sources_are_found() {
    let directive = seed("guangdong-2019-07-26-plenum.txt");
    let resolutions = [seed("guangzhou-2020-12-01-plenum.txt"), seed("guangzhou-2021-02-leading-group.txt")];
    let (findings, _) = trace(&directive, &[], &resolutions);
    let declared = |finding: &Finding, document: &Document| -> Vec<String> {
        let citations = &finding.comparison.outlines.right.citations;
        let others = finding.sources.iter().filter_map(|check| match check.source {
            NamedSource::Citation(at) => Some(citations[at as usize].span),
            _ => None,
        });
        others
            .map(|span| {
                let text = policy_echo::text::normalize::normalize(&document.text()[span.range()]);
                text.characters().iter().collect()
            })
            .collect()
    };
    let plenum = declared(&findings[0].0, &resolutions[0]);
    assert!(plenum.iter().any(|name| name.contains("省委十二届十一次全会")), "{plenum:?}");
    let meeting = declared(&findings[1].0, &resolutions[1]);
    assert!(meeting.iter().any(|name| name.contains("领导小组第六次全体会议")), "{meeting:?}");
    // The directive is another session, the seventh, and neither text names it.
    for (finding, _) in &findings {
        assert_eq!(finding.sources[0].source, NamedSource::Directive);
        assert_eq!(finding.sources[0].declared_by, None);
    }
}

/// Articles of a regulation of the evaluation: long lines of running text.
fn articles(folder: &str) -> Vec<Vec<String>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("evaluation/documents").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let lines = |path: &PathBuf| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        let long = text.lines().map(str::trim).filter(|line| line.starts_with('第') && line.chars().count() >= 50);
        long.filter_map(|line| line.split_once(['\u{3000}', ' ']).map(|(_, words)| words.trim().to_owned())).collect()
    };
    files.iter().map(lines).filter(|lines| lines.len() >= 12).collect()
}

#[test]
fn a_city_that_copied_its_neighbour_is_shown() {
    let sources = articles("directives");
    let directive = document(sources[0].join("\n"), "", Some("2020-01-01"));
    let own = |from: usize, at: usize| sources[from][at..at + 3].join("\n");
    let neighbour = format!("{}\n{}", sources[0][2..5].join("\n"), own(1, 2));
    let copy = format!("{}\n{}\n{}", sources[0][6..9].join("\n"), own(1, 2), own(2, 4));
    let stranger = format!("{}\n{}", sources[0][2..5].join("\n"), own(3, 5));
    let cities = [
        document(neighbour, "", Some("2020-03-01")),
        document(copy, "", Some("2020-06-01")),
        document(stranger, "", Some("2020-09-01")),
    ];
    let (_, summary) = trace(&directive, &[], &cities);
    let best = &summary.shared_beyond[0];
    assert_eq!((best.earlier, best.later, best.order_known), (0, 1, true));
    assert!(best.share > 0.3, "share {} of {} runs", best.share, best.runs);
    assert!(!best.examples.is_empty());
    let example = &cities[1].text()[best.examples[0].later.range()];
    assert!(cities[0].text().contains(example), "an example stands in both");
    let copied = summary.resolutions[1].changed.iter().filter(|changed| {
        matches!(changed.stretch, Stretch::Addition(_))
            && changed.attribution.source() == Some(Source::EarlierResolution(0))
    });
    assert!(copied.count() >= 2);
    assert!(summary.resolutions[2].changed.iter().all(|changed| {
        changed.attribution.source() != Some(Source::EarlierResolution(1)) || changed.span.is_empty()
    }));
    assert_eq!(summary.kinship_order.iter().position(|at| *at == 2).map(|at| at == 1), Some(false));
}

/// 20 directives and 10 references; of each directive's ten resolutions every article is taken from a known source.
#[test]
fn the_right_source_comes_first() {
    let texts = articles("directives");
    assert!(texts.len() >= 30, "{} documents", texts.len());
    let references: Vec<Document> = texts[20..30]
        .iter()
        .enumerate()
        .map(|(at, lines)| {
            // The last two are younger than every resolution and the source of none.
            let date = if at < 8 { "2010-01-01" } else { "2025-01-01" };
            document(lines.join("\n"), "", Some(date))
        })
        .collect();
    let (mut right, mut all) = (0u32, 0u32);
    let mut wrong: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
    for (number, lines) in texts[..20].iter().enumerate() {
        let directive = document(lines.join("\n"), "", Some("2015-06-01"));
        let mut truths: Vec<Vec<(std::ops::Range<usize>, Source)>> = Vec::new();
        let mut resolutions = Vec::new();
        for city in 0..10usize {
            let mut text = String::new();
            let mut truth = Vec::new();
            for part in 0..6usize {
                let choice = number * 31 + city * 7 + part * 5;
                let (source, line) = if part % 2 == 0 {
                    (Source::Directive, &lines[choice % lines.len()])
                } else {
                    let reference = choice % 8;
                    let from = &texts[20 + reference];
                    (Source::Reference(reference as u32), &from[choice % from.len()])
                };
                let start = text.len();
                text.push_str(line);
                truth.push((start..text.len(), source));
                text.push('\n');
            }
            resolutions.push(document(text, "", Some(&format!("2016-{:02}-01", city + 1))));
            truths.push(truth);
        }
        let (findings, summary) = trace(&directive, &references, &resolutions);
        for (((_, digest), resolution), truth) in findings.iter().zip(&summary.resolutions).zip(&truths) {
            for stretch in &digest.stretches {
                let changed = resolution.changed.iter().find(|changed| changed.stretch == stretch.stretch);
                let attribution = changed.map_or(&stretch.attribution, |changed| &changed.attribution);
                let known = truth.iter().find(|(range, _)| range.contains(&(stretch.span.start() as usize)));
                for candidate in &attribution.candidates {
                    match candidate.source {
                        Source::Reference(at) => assert!(at < 8, "a younger reference is a source"),
                        Source::EarlierResolution(at) => assert!(at < digest.resolution),
                        _ => {}
                    }
                }
                // Formula is nobody's.
                if let (Some((_, source)), true) = (known, attribution.source() != Some(Source::Formula)) {
                    all += 1;
                    right += u32::from(attribution.source() == Some(*source));
                    if attribution.source() != Some(*source) {
                        let sort = matches!(stretch.stretch, Stretch::Passage(_));
                        *wrong
                            .entry(format!("passage {sort}: {source:?} as {:?}", attribution.source()))
                            .or_default() += 1;
                    }
                }
            }
        }
    }
    assert!(all > 1000, "{all} stretches");
    let share = f64::from(right) / f64::from(all);
    assert!(share >= 0.95, "right source first in {right} of {all}: {share:.3}; {wrong:?}");
}
