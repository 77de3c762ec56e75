//! A server's answer as the values it was made from, so that it reads the same as one made here.
//!
//! In: a `CompareResponse` with offsets in UTF-8 bytes. Out: a [`Comparison`], or what in it cannot be understood, which
//! happens only when the server is of a version that knows more.

pub(super) mod trace;

use std::ops::Range;

use crate::compare::comparison::{
    Bead, Citation, Cleaning, Comparison, Completeness, DateRole, Direction, Edit, EditKind, Item, KnownDate, Origin,
    Outline, OutlineParagraph, ParagraphLink, Passage, Quantity, Score, SharedPhrase, StageEnd,
};
use crate::service::{proto, to_proto};
use crate::text::document::PartialDate;
use crate::text::span::{Pair, Raw, Span};

type Understood<T> = Result<T, String>;

/// The comparison that a response was made from.
pub(super) fn comparison(response: &proto::CompareResponse) -> Understood<Comparison> {
    Ok(Comparison {
        outlines: Pair::new(outline(response.left.as_ref())?, outline(response.right.as_ref())?),
        links: response.links.iter().map(link).collect(),
        beads: all(&response.beads, bead)?,
        phrases: all(&response.phrases, phrase)?,
        passages: all(&response.passages, passage)?,
        items: all(&response.items, item)?,
        score: score(response.score.unwrap_or_default()),
        completeness: completeness(response.completeness.unwrap_or_default()),
    })
}

fn all<M, V>(messages: &[M], value: impl Fn(&M) -> Understood<V>) -> Understood<Vec<V>> {
    messages.iter().map(value).collect()
}

fn known<T>(value: Option<T>, what: &str) -> Understood<T> {
    value.ok_or_else(|| format!("the server's answer has an unknown {what}; it is of another version"))
}

fn span(span: Option<proto::Span>) -> Span<Raw> {
    let span = span.unwrap_or_default();
    Span::new(span.start.unwrap_or(0), span.end.unwrap_or(0))
}

fn outline(outline: Option<&proto::DocumentOutline>) -> Understood<Outline> {
    let outline = known(outline, "document")?;
    Ok(Outline {
        paragraphs: all(&outline.paragraphs, |paragraph| {
            let role = known(to_proto::to_paragraph_role(paragraph.role()), "paragraph role")?;
            Ok(OutlineParagraph { span: span(paragraph.span), role })
        })?,
        cleanings: all(&outline.cleanings, |cleaning| {
            let kind = known(to_proto::to_cleaning_kind(cleaning.kind()), "cleaning")?;
            Ok(Cleaning { span: span(cleaning.span), kind })
        })?,
        citations: all(&outline.citations, |citation| {
            let kind = known(to_proto::to_citation_kind(citation.kind()), "citation")?;
            Ok(Citation { span: span(citation.span), kind })
        })?,
        dates: all(&outline.dates, known_date)?,
    })
}

fn known_date(date: &proto::KnownDate) -> Understood<KnownDate> {
    let role = match date.role() {
        proto::DateRole::Adopted => DateRole::Adopted,
        proto::DateRole::InForce => DateRole::InForce,
        proto::DateRole::Amended => DateRole::Amended,
        proto::DateRole::Unspecified => return known(None, "date"),
    };
    let inferred_from = date.inferred_from.map(|place| span(Some(place)));
    Ok(KnownDate { date: known(partial_date(date.date), "date")?, role, inferred_from })
}

fn partial_date(date: Option<proto::PartialDate>) -> Option<PartialDate> {
    date.and_then(|date| PartialDate::new(date.year, date.month, date.day).ok())
}

fn link(link: &proto::ParagraphLink) -> ParagraphLink {
    ParagraphLink {
        left: link.left(),
        right: link.right(),
        similarity: link.similarity(),
        left_coverage: link.left_coverage(),
        right_coverage: link.right_coverage(),
        passages: link.passages.clone(),
    }
}

/// The paragraphs of a bead stand one behind the other.
fn in_a_row(paragraphs: &[u32]) -> Understood<Range<u32>> {
    let Some((first, rest)) = paragraphs.split_first() else { return Ok(0..0) };
    let rows = rest.iter().try_fold(*first, |last, next| (last.checked_add(1) == Some(*next)).then_some(*next));
    known(rows.and_then(|last| last.checked_add(1)).map(|end| *first..end), "order of paragraphs")
}

fn bead(bead: &proto::Bead) -> Understood<Bead> {
    Ok(Bead {
        left: in_a_row(&bead.left)?,
        right: in_a_row(&bead.right)?,
        kind: known(to_proto::to_bead_kind(bead.kind()), "bead")?,
        moved: bead.moved,
        similarity: bead.similarity(),
        edits: all(&bead.edits, edit)?,
    })
}

fn edit(edit: &proto::Edit) -> Understood<Edit> {
    let quantity = |quantity: &proto::Quantity| Quantity { value: quantity.value(), unit: quantity.unit.clone() };
    let kind = match edit.kind() {
        proto::EditKind::Unspecified => None,
        proto::EditKind::Localization => Some(EditKind::Localization),
        proto::EditKind::Number => Some(EditKind::Number(Box::new(Pair::new(
            edit.left_quantity.as_ref().map(quantity),
            edit.right_quantity.as_ref().map(quantity),
        )))),
        proto::EditKind::Strength => Some(EditKind::Strength(match edit.strength_direction() {
            proto::StrengthDirection::Weaker => Direction::Weaker,
            proto::StrengthDirection::Stronger => Direction::Stronger,
            proto::StrengthDirection::Unspecified => return known(None, "direction"),
        })),
        proto::EditKind::Synonym => Some(EditKind::Synonym),
        proto::EditKind::Name => Some(EditKind::Name),
        proto::EditKind::Date => Some(EditKind::Date),
        proto::EditKind::Slogan => Some(EditKind::Slogan),
        proto::EditKind::Reordering => Some(EditKind::Reordering),
        proto::EditKind::Punctuation => Some(EditKind::Punctuation),
        proto::EditKind::Addition => Some(EditKind::Addition),
        proto::EditKind::Omission => Some(EditKind::Omission),
        proto::EditKind::Other => Some(EditKind::Other),
    };
    let understood = Edit { left: span(edit.left), right: span(edit.right), kind };
    let op = known(to_proto::to_edit_op(edit.op()), "edit")?;
    known((op == understood.op()).then_some(understood), "edit")
}

fn origin(origin: Option<&proto::Origin>) -> Understood<Origin> {
    let origin = known(origin, "origin")?;
    Ok(Origin {
        kind: known(to_proto::to_origin_kind(origin.kind()), "origin")?,
        reference: origin.reference,
        background_documents: origin.background_documents(),
        earliest: partial_date(origin.earliest),
    })
}

fn phrase(phrase: &proto::SharedPhrase) -> Understood<SharedPhrase> {
    let spans = |spans: &[proto::Span]| spans.iter().map(|&place| span(Some(place))).collect();
    Ok(SharedPhrase {
        text: phrase.text.clone(),
        left: spans(&phrase.left),
        left_total: phrase.left_total(),
        right: spans(&phrase.right),
        right_total: phrase.right_total(),
        origin: origin(phrase.origin.as_ref())?,
        weight: phrase.weight(),
    })
}

fn passage(passage: &proto::Passage) -> Understood<Passage> {
    Ok(Passage {
        left: span(passage.left),
        right: span(passage.right),
        similarity: passage.similarity(),
        weight: passage.weight(),
        form: known(to_proto::to_passage_form(passage.form()), "form of a passage")?,
        origin: origin(passage.origin.as_ref())?,
        edits: all(&passage.edits, edit)?,
    })
}

fn item(item: &proto::Item) -> Understood<Item> {
    Ok(Item {
        left: span(item.left_span),
        label: span(item.label),
        depth: item.depth(),
        paragraph: item.paragraph(),
        fate: known(to_proto::to_fate(item.fate()), "fate")?,
        right: item.right_spans.iter().map(|&place| span(Some(place))).collect(),
        coverage: item.coverage(),
    })
}

fn score(score: proto::Score) -> Score {
    Score {
        verbatim: score.verbatim(),
        localized: score.localized(),
        adapted: score.adapted(),
        formula: score.formula(),
        item_coverage: score.item_coverage,
        order: score.order,
    }
}

fn completeness(completeness: proto::Completeness) -> Completeness {
    let end = |end| if end == proto::StageEnd::Budget { StageEnd::Budget } else { StageEnd::Complete };
    Completeness {
        phrases: end(completeness.phrases()),
        passages: end(completeness.passages()),
        alignment: end(completeness.alignment()),
        edits: end(completeness.edits()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::comparison::{
        BeadKind, CitationKind, CleaningKind, Fate, OriginKind, ParagraphRole, PassageForm,
    };
    use crate::compare::engine::Versions;
    use crate::service::from_proto::{AnswerForm, OffsetUnit};
    use crate::service::to_proto::Setting;
    use crate::text::document::{Document, DocumentLimits, Metadata};

    /// A comparison in which every field differs from its default and every optional one is set.
    pub(super) fn full() -> Comparison {
        let quantity = |value| Some(Quantity { value, unit: "%".into() });
        let kinds = [
            None,
            Some(EditKind::Localization),
            Some(EditKind::Number(Box::new(Pair::new(quantity(5.0), None)))),
            Some(EditKind::Strength(Direction::Weaker)),
            Some(EditKind::Strength(Direction::Stronger)),
            Some(EditKind::Synonym),
            Some(EditKind::Name),
            Some(EditKind::Date),
            Some(EditKind::Slogan),
            Some(EditKind::Reordering),
            Some(EditKind::Punctuation),
            Some(EditKind::Addition),
            Some(EditKind::Omission),
            Some(EditKind::Other),
        ];
        let edits = || -> Vec<Edit> {
            let edit = |kind: &Option<EditKind>| {
                let (left, right) = match kind {
                    Some(EditKind::Addition) => (Span::new(0, 0), Span::new(3, 6)),
                    Some(EditKind::Omission) => (Span::new(0, 3), Span::new(3, 3)),
                    _ => (Span::new(0, 3), Span::new(3, 6)),
                };
                Edit { left, right, kind: kind.clone() }
            };
            kinds.iter().map(edit).collect()
        };
        let date = PartialDate::new(2021, 2, 0).expect("a date");
        let origin = |kind| Origin { kind, reference: Some(2), background_documents: 7, earliest: Some(date) };
        let outline = |start| Outline {
            paragraphs: vec![OutlineParagraph { span: Span::new(start, 6), role: ParagraphRole::Attendance }],
            cleanings: vec![Cleaning { span: Span::new(0, 3), kind: CleaningKind::Script }],
            citations: vec![Citation { span: Span::new(3, 6), kind: CitationKind::Meeting }],
            dates: vec![KnownDate { date, role: DateRole::InForce, inferred_from: Some(Span::new(0, 6)) }],
        };
        Comparison {
            outlines: Pair::new(outline(0), outline(3)),
            links: vec![ParagraphLink {
                left: 0,
                right: 1,
                similarity: 0.5,
                left_coverage: 0.25,
                right_coverage: 0.75,
                passages: vec![0, 1],
            }],
            beads: vec![Bead {
                left: 0..2,
                right: 2..3,
                kind: BeadKind::Merge,
                moved: true,
                similarity: 0.125,
                edits: edits(),
            }],
            phrases: vec![SharedPhrase {
                text: "全省".into(),
                left: vec![Span::new(0, 6)],
                left_total: 3,
                right: vec![Span::new(0, 3), Span::new(3, 6)],
                right_total: 4,
                origin: origin(OriginKind::Reference),
                weight: 12.5,
            }],
            passages: vec![Passage {
                left: Span::new(0, 6),
                right: Span::new(3, 6),
                similarity: 0.5,
                weight: 33.0,
                form: PassageForm::Localized,
                origin: origin(OriginKind::Undetermined),
                edits: edits(),
            }],
            items: vec![Item {
                left: Span::new(0, 6),
                label: Span::new(0, 3),
                depth: 1,
                paragraph: 2,
                fate: Fate::Moved,
                right: vec![Span::new(3, 6)],
                coverage: 0.875,
            }],
            score: Score {
                verbatim: 0.1,
                localized: 0.2,
                adapted: 0.3,
                formula: 0.4,
                item_coverage: Some(0.5),
                order: Some(0.6),
            },
            completeness: Completeness { passages: StageEnd::Budget, edits: StageEnd::Budget, ..Default::default() },
        }
    }

    #[test]
    fn what_was_written_to_the_wire_is_read_back_whole() {
        let document = || Document::new("全省".into(), Metadata::default(), DocumentLimits::default()).expect("text");
        let (left, right) = (document(), document());
        let setting = Setting {
            documents: Pair::new(&left, &right),
            charsets: Pair::new(None, None),
            form: AnswerForm { unit: OffsetUnit::Utf8Bytes, include_text: true },
            versions: &Versions { lexicon: "1".into(), background: "2".into() },
        };
        let response = to_proto::compare_response(&full(), setting);
        assert_eq!(comparison(&response), Ok(full()));
        let encoded = to_proto::encoded::compare_response(&full(), setting);
        assert_eq!(encoded.as_bytes(), prost::Message::encode_to_vec(&response), "the short way is the same");
        let json = serde_json::to_string(&response).expect("JSON");
        let read: proto::CompareResponse = serde_json::from_str(&json).expect("reads back");
        assert_eq!(read, response);
    }
}
