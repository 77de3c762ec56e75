use std::time::Instant;

use super::*;
use crate::compare::comparison::*;
use crate::report::export::{correspondence_csv, correspondence_markdown};
use crate::text::document::{Document, DocumentLimits, Metadata};
use crate::text::span::{Pair, Raw, Span};

fn document(id: &str, text: &str) -> Document {
    let metadata = Metadata { id: id.into(), issuer: id.into(), region: id.into(), ..Default::default() };
    Document::new(text.into(), metadata, DocumentLimits::default()).expect("a document")
}

fn origin(kind: OriginKind) -> Origin {
    Origin { kind, reference: Some(0), background_documents: 3, earliest: None }
}

/// Spans of the lines of a text.
fn lines(text: &str) -> Vec<Span<Raw>> {
    let start = |line: &str| line.as_ptr() as usize - text.as_ptr() as usize;
    text.lines().map(|line| Span::from_range(start(line)..start(line) + line.len())).collect()
}

/// One row, one echo, one formula, one item, one phrase and one citation for each line; every `step` bytes an edit.
fn line_by_line(left: &str, right: &str, step: u32) -> Comparison {
    let spans = Pair::new(lines(left), lines(right));
    let outline = |spans: &[Span<Raw>]| Outline {
        paragraphs: spans.iter().map(|&span| OutlineParagraph { span, role: ParagraphRole::Body }).collect(),
        citations: spans.iter().map(|&span| Citation { span, kind: CitationKind::Title }).collect(),
        cleanings: spans
            .iter()
            .map(|span| Cleaning { span: Span::new(span.start(), span.start() + step), kind: CleaningKind::Pinyin })
            .collect(),
        ..Default::default()
    };
    let mut comparison = Comparison {
        outlines: spans.as_ref().map(|spans| outline(spans)),
        links: vec![],
        beads: vec![],
        phrases: vec![],
        passages: vec![],
        items: vec![],
        score: Score { verbatim: 0.25, ..Default::default() },
        completeness: Completeness { edits: StageEnd::Budget, ..Default::default() },
    };
    for (index, (&l, &r)) in spans.left.iter().zip(&spans.right).enumerate() {
        let index = index as u32;
        let length = l.len().min(r.len());
        let edits: Vec<Edit> = (0..length / step)
            .map(|at| Edit {
                left: Span::new(l.start() + at * step, l.start() + (at + 1) * step),
                right: Span::new(r.start() + at * step, r.start() + (at + 1) * step),
                kind: (at % 2 == 0).then_some(EditKind::Localization),
            })
            .collect();
        let kind = BeadKind::Match;
        comparison.beads.push(Bead {
            left: index..index + 1,
            right: index..index + 1,
            kind,
            moved: true,
            similarity: 0.5,
            edits: edits.clone(),
        });
        for kind in [OriginKind::Left, OriginKind::Formula] {
            let (form, edits) = (PassageForm::Localized, edits.clone());
            comparison.passages.push(Passage {
                left: l,
                right: r,
                similarity: 0.5,
                weight: 9.0,
                form,
                origin: origin(kind),
                edits,
            });
        }
        let passages = vec![2 * index];
        comparison.links.push(ParagraphLink {
            left: index,
            right: index,
            similarity: 0.5,
            left_coverage: 0.5,
            right_coverage: 0.5,
            passages,
        });
        let (label, fate) = (Span::new(l.start(), l.start()), Fate::Adapted);
        comparison.items.push(Item { left: l, label, depth: 0, paragraph: index, fate, right: vec![r], coverage: 0.5 });
        comparison.phrases.push(SharedPhrase {
            text: left[l.range()].to_owned(),
            left: vec![l],
            left_total: 1,
            right: vec![r],
            right_total: 1,
            origin: origin(OriginKind::Reference),
            weight: 9.0,
        });
    }
    comparison
}

/// The tags of a page with their attributes, style and script left out, without what is between the tags.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|piece| piece.split('>').next().expect("split gives one")).collect()
}

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}abc\u{1b}[2J\u{0}]]>--></style><a href=\"javascript:x\">&#60;b&#62;\n</p></main>\u{2066}' onmouseover='x\" style=\"y <svg/onload=z>{{}}=cmd|x";

/// Text of the same bytes without anything that could be markup.
fn harmless(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { 'x' }).collect()
}

#[test]
fn a_hostile_document_adds_no_tag_attribute_or_address() {
    let plain = harmless(HOSTILE);
    let spoken = [HOSTILE, plain.as_str()].map(|text| {
        // Edits end between characters: one edit a line.
        let comparison = line_by_line(text, text, 1_000);
        let documents = Pair::new(document(text, text), document(text, text));
        comparison_page(&comparison, &documents, &[document(text, text)], PageOptions::default())
    });
    assert_eq!(tags(&spoken[0]), tags(&spoken[1]));
    assert!(!spoken[0].contains(['\u{202e}', '\u{2066}', '\u{1b}', '\u{0}']));
    assert!(spoken[0].contains("⟦U+202E⟧abc⟦U+001B⟧[2J⟦U+0000⟧"), "controls are shown");
    assert!(spoken[0].contains("&lt;script&gt;alert(1)"), "the words are still there");
    let addresses = spoken[0].split("href=\"").skip(1).filter(|address| !address.starts_with('#')).count();
    assert_eq!(addresses, 0, "every link stays on the page");
}

#[test]
fn counts_and_words_are_those_of_the_values() {
    let text = "举全省之力\n推进大湾区";
    let comparison = line_by_line(text, text, 3);
    let documents = Pair::new(document("省", text), document("市", text));
    let page = comparison_page(&comparison, &documents, &[], PageOptions::default());
    for (name, count) in [
        ("beads", 2),
        ("links", 2),
        ("echoes", 2),
        ("formulas", 2),
        ("items", 2),
        ("phrases", 2),
        ("citations", 4),
        ("cleanings", 4),
    ] {
        assert!(page.contains(&format!("data-count=\"{name}\">{count}<")), "{name}");
    }
    assert_eq!(page.matches("<article class=\"bead\"").count(), 2);
    assert_eq!(page.matches("id=\"l1\"").count(), 1, "an anchor stands once");
    assert!(page.contains("到达步数上限"));
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "no id stands twice");
    let dangling: Vec<&str> = page
        .split("href=\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|target| !distinct.contains(target))
        .collect();
    assert_eq!(dangling, Vec::<&str>::new(), "every link leads somewhere");
}

#[test]
fn tables_have_one_row_a_bead() {
    let text = "举全省之力\n推进大湾区";
    let comparison = line_by_line(text, text, 3);
    let documents = Pair::new(document("省", text), document("市", text));
    let csv = correspondence_csv(&comparison, &documents, Language::English);
    assert_eq!(csv.matches("\r\n").count(), 3);
    assert!(csv.contains("1,match,yes,0.50,1,举全省之力,1,举全省之力,[-举-]{+举+} (localization); [-省-]"), "{csv}");
    let markdown = correspondence_markdown(&comparison, &documents, Language::Chinese);
    assert_eq!(markdown.lines().count(), 4);
    assert!(markdown.lines().all(|line| line.matches(" | ").count() == 8), "{markdown}");
}

#[test]
fn two_documents_of_ten_thousand_characters_make_a_page_under_a_megabyte_in_fifty_milliseconds() {
    let line: String = "举全省之力推进粤港澳大湾区建设，".chars().cycle().take(100).collect();
    let text = vec![line; 100].join("\n");
    let comparison = line_by_line(&text, &text, 12);
    let documents = Pair::new(document("省", &text), document("市", &text));
    let mut fastest_ms = u128::MAX;
    let mut bytes = 0;
    for _ in 0..7 {
        let start = Instant::now();
        bytes = comparison_page(&comparison, &documents, &[], PageOptions::default()).len();
        fastest_ms = fastest_ms.min(start.elapsed().as_millis());
    }
    assert!(bytes < 1_000_000, "{bytes} bytes");
    assert!(fastest_ms < 50, "{fastest_ms} ms");
}
