//! From values to the wire: infallible.
//!
//! In: what the engine found, the two documents, and how the caller wants offsets counted. Out: response messages.
//! Always: every span lies on character borders and counts in the unit asked for. Cost: one pass over each text to count
//! its characters, then constant time a span.

pub mod encoded;
pub mod trace;

use super::from_proto::{AnswerForm, OffsetUnit};
use super::proto;
use crate::compare::comparison::{
    Bead, BeadKind, CitationKind, CleaningKind, Comparison, Completeness, DateRole, Direction, Edit, EditKind, EditOp,
    Fate, Item, KnownDate, Origin, OriginKind, Outline, ParagraphLink, ParagraphRole, Passage, PassageForm, Quantity,
    Score, SharedPhrase, StageEnd,
};
use crate::compare::engine::{Versions, WordDiff};
use crate::text::document::{Document, PartialDate, TextSource};
use crate::text::span::{Pair, Raw, Span};

/// Everything about an answer that is not what was found.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The documents.
    pub documents: Pair<&'a Document>,
    /// Charsets they were decoded from, where bytes were sent.
    pub charsets: Pair<Option<&'static str>>,
    /// How to answer.
    pub form: AnswerForm,
    /// What made the answer.
    pub versions: &'a Versions,
}

/// The answer of `Compare`.
pub fn compare_response(comparison: &Comparison, setting: Setting<'_>) -> proto::CompareResponse {
    let write = Writer::new(&setting);
    let outlines = write.outlines(&comparison.outlines, &setting);
    proto::CompareResponse {
        left: Some(outlines.left),
        right: Some(outlines.right),
        links: comparison.links.iter().map(link).collect(),
        beads: comparison.beads.iter().map(|bead| write.bead(bead)).collect(),
        phrases: comparison.phrases.iter().map(|phrase| write.phrase(phrase)).collect(),
        passages: comparison.passages.iter().map(|passage| write.passage(passage)).collect(),
        items: comparison.items.iter().map(|item| write.item(item)).collect(),
        score: Some(score(&comparison.score)),
        completeness: Some(completeness(comparison.completeness)),
        versions: Some(versions(setting.versions)),
        offset_unit: offset_unit(setting.form.unit).into(),
    }
}

/// The answer of `AlignParagraphs`.
pub fn align_paragraphs_response(comparison: &Comparison, setting: Setting<'_>) -> proto::AlignParagraphsResponse {
    let whole = compare_response(comparison, setting);
    proto::AlignParagraphsResponse {
        left: whole.left,
        right: whole.right,
        links: whole.links,
        beads: whole.beads,
        passages: whole.passages,
        completeness: whole.completeness,
        versions: whole.versions,
        offset_unit: whole.offset_unit,
    }
}

/// The answer of `FindSharedPhrases`.
pub fn find_shared_phrases_response(comparison: &Comparison, setting: Setting<'_>) -> proto::FindSharedPhrasesResponse {
    let whole = compare_response(comparison, setting);
    proto::FindSharedPhrasesResponse {
        left: whole.left,
        right: whole.right,
        phrases: whole.phrases,
        completeness: whole.completeness,
        versions: whole.versions,
        offset_unit: whole.offset_unit,
    }
}

/// The answer of `DiffWords`.
pub fn diff_words_response(diff: &WordDiff, setting: Setting<'_>) -> proto::DiffWordsResponse {
    let write = Writer::new(&setting);
    let outlines = write.outlines(&diff.outlines, &setting);
    proto::DiffWordsResponse {
        left: Some(outlines.left),
        right: Some(outlines.right),
        edits: write.edits(&diff.edits),
        completeness: Some(completeness(diff.completeness)),
        versions: Some(versions(setting.versions)),
        offset_unit: offset_unit(setting.form.unit).into(),
    }
}

/// What made an answer.
pub fn versions(versions: &Versions) -> proto::Versions {
    proto::Versions {
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        lexicon: versions.lexicon.clone(),
        background: versions.background.clone(),
    }
}

/// Turns byte offsets into a text to another unit.
#[derive(Debug)]
struct OffsetCounter<'a> {
    bytes: &'a [u8],
    unit: OffsetUnit,
    /// Units before each multiple of [`STRIDE_BYTES`]; empty for UTF-8 bytes.
    before: Vec<u32>,
}

/// Bytes between two counted places: a span costs at most this many steps, the table a sixteenth of the text.
const STRIDE_BYTES: usize = 64;

impl<'a> OffsetCounter<'a> {
    fn new(text: &'a str, unit: OffsetUnit) -> Self {
        let bytes = text.as_bytes();
        let mut before = Vec::new();
        if unit != OffsetUnit::Utf8Bytes {
            let mut units = 0;
            for stride in bytes.chunks(STRIDE_BYTES) {
                before.push(units);
                units += units_in(stride, unit);
            }
            before.push(units);
        }
        Self { bytes, unit, before }
    }

    fn count(&self, offset_bytes: u32) -> u32 {
        if self.unit == OffsetUnit::Utf8Bytes {
            return offset_bytes;
        }
        let offset = (offset_bytes as usize).min(self.bytes.len());
        let stride = offset / STRIDE_BYTES;
        self.before[stride] + units_in(&self.bytes[stride * STRIDE_BYTES..offset], self.unit)
    }

    fn span(&self, span: Span<Raw>) -> Option<proto::Span> {
        Some(proto::Span { start: Some(self.count(span.start())), end: Some(self.count(span.end())) })
    }
}

/// Units that begin in a stretch of UTF-8. Every character begins with one byte that is no continuation byte; those of
/// four bytes are two UTF-16 code units.
fn units_in(bytes: &[u8], unit: OffsetUnit) -> u32 {
    let characters = bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
    let wide = match unit {
        OffsetUnit::Utf16CodeUnits => bytes.iter().filter(|&&byte| byte >= 0xF0).count(),
        OffsetUnit::CodePoints | OffsetUnit::Utf8Bytes => 0,
    };
    (characters + wide) as u32
}

/// Writes spans of both documents.
#[derive(Debug)]
struct Writer<'a> {
    left: OffsetCounter<'a>,
    right: OffsetCounter<'a>,
    texts: Pair<&'a str>,
    include_text: bool,
}

impl<'a> Writer<'a> {
    fn new(setting: &Setting<'a>) -> Self {
        let texts = setting.documents.map(Document::text);
        Self {
            left: OffsetCounter::new(texts.left, setting.form.unit),
            right: OffsetCounter::new(texts.right, setting.form.unit),
            texts,
            include_text: setting.form.include_text,
        }
    }

    /// The words of a span where they are asked for, else none.
    fn quoted<'t>(&self, text: &'t str, span: Span<Raw>) -> &'t str {
        if self.include_text { text.get(span.range()).unwrap_or_default() } else { "" }
    }

    fn words(&self, text: &str, span: Span<Raw>) -> String {
        self.quoted(text, span).to_owned()
    }

    fn outlines(&self, outlines: &Pair<Outline>, setting: &Setting<'_>) -> Pair<proto::DocumentOutline> {
        Pair {
            left: self.outline(&outlines.left, &self.left, setting.documents.left, setting.charsets.left),
            right: self.outline(&outlines.right, &self.right, setting.documents.right, setting.charsets.right),
        }
    }

    fn outline(
        &self,
        outline: &Outline,
        count: &OffsetCounter<'_>,
        document: &Document,
        charset: Option<&'static str>,
    ) -> proto::DocumentOutline {
        let text = document.text();
        let paragraphs = outline.paragraphs.iter().map(|paragraph| proto::OutlineParagraph {
            span: count.span(paragraph.span),
            role: paragraph_role(paragraph.role).into(),
            text: self.words(text, paragraph.span),
        });
        let cleanings = outline.cleanings.iter().map(|cleaning| proto::Cleaning {
            span: count.span(cleaning.span),
            kind: cleaning_kind(cleaning.kind).into(),
        });
        let citations = outline.citations.iter().map(|citation| proto::Citation {
            span: count.span(citation.span),
            kind: citation_kind(citation.kind).into(),
            text: self.words(text, citation.span),
        });
        proto::DocumentOutline {
            id: document.metadata().id.clone(),
            text: if document.source() == TextSource::Decoded { text.to_owned() } else { String::new() },
            charset: charset.unwrap_or_default().to_owned(),
            paragraphs: paragraphs.collect(),
            cleanings: cleanings.collect(),
            citations: citations.collect(),
            dates: outline.dates.iter().map(|date| known_date(date, |span| count.span(span))).collect(),
        }
    }

    fn bead(&self, bead: &Bead) -> proto::Bead {
        proto::Bead {
            left: bead.left.clone().collect(),
            right: bead.right.clone().collect(),
            kind: bead_kind(bead.kind).into(),
            moved: bead.moved,
            similarity: Some(bead.similarity),
            edits: self.edits(&bead.edits),
        }
    }

    fn edits(&self, edits: &[Edit]) -> Vec<proto::Edit> {
        edits.iter().map(|edit| self.edit(edit)).collect()
    }

    fn edit(&self, edit: &Edit) -> proto::Edit {
        let mut message = proto::Edit {
            op: edit_op(edit.op()).into(),
            left: self.left.span(edit.left),
            right: self.right.span(edit.right),
            left_text: self.words(self.texts.left, edit.left),
            right_text: self.words(self.texts.right, edit.right),
            ..Default::default()
        };
        if let Some(kind) = &edit.kind {
            message.set_kind(edit_kind(kind));
            match kind {
                EditKind::Strength(Direction::Weaker) => {
                    message.set_strength_direction(proto::StrengthDirection::Weaker);
                }
                EditKind::Strength(Direction::Stronger) => {
                    message.set_strength_direction(proto::StrengthDirection::Stronger);
                }
                EditKind::Number(sides) => {
                    message.left_quantity = sides.left.as_ref().map(quantity);
                    message.right_quantity = sides.right.as_ref().map(quantity);
                }
                _ => {}
            }
        }
        message
    }

    fn phrase(&self, phrase: &SharedPhrase) -> proto::SharedPhrase {
        proto::SharedPhrase {
            text: phrase.text.clone(),
            left: phrase.left.iter().filter_map(|&span| self.left.span(span)).collect(),
            right: phrase.right.iter().filter_map(|&span| self.right.span(span)).collect(),
            left_total: Some(phrase.left_total),
            right_total: Some(phrase.right_total),
            origin: Some(origin(&phrase.origin)),
            weight: Some(phrase.weight),
        }
    }

    fn passage(&self, passage: &Passage) -> proto::Passage {
        proto::Passage {
            left: self.left.span(passage.left),
            right: self.right.span(passage.right),
            similarity: Some(passage.similarity),
            weight: Some(passage.weight),
            form: passage_form(passage.form).into(),
            origin: Some(origin(&passage.origin)),
            edits: self.edits(&passage.edits),
            left_text: self.words(self.texts.left, passage.left),
            right_text: self.words(self.texts.right, passage.right),
        }
    }

    fn item(&self, item: &Item) -> proto::Item {
        proto::Item {
            left_span: self.left.span(item.left),
            label: self.left.span(item.label),
            depth: Some(item.depth),
            paragraph: Some(item.paragraph),
            fate: fate(item.fate).into(),
            right_spans: item.right.iter().filter_map(|&span| self.right.span(span)).collect(),
            coverage: Some(item.coverage),
            text: self.words(self.texts.left, item.left),
        }
    }
}

fn link(link: &ParagraphLink) -> proto::ParagraphLink {
    proto::ParagraphLink {
        left: Some(link.left),
        right: Some(link.right),
        similarity: Some(link.similarity),
        left_coverage: Some(link.left_coverage),
        right_coverage: Some(link.right_coverage),
        passages: link.passages.clone(),
    }
}

fn origin(origin: &Origin) -> proto::Origin {
    proto::Origin {
        kind: origin_kind(origin.kind).into(),
        reference: origin.reference,
        background_documents: Some(origin.background_documents),
        earliest: origin.earliest.map(partial_date),
        resolution: None,
    }
}

fn partial_date(date: PartialDate) -> proto::PartialDate {
    proto::PartialDate {
        year: date.year().into(),
        month: date.month().unwrap_or(0).into(),
        day: date.day().unwrap_or(0).into(),
    }
}

fn known_date(date: &KnownDate, place: impl Fn(Span<Raw>) -> Option<proto::Span>) -> proto::KnownDate {
    let role = match date.role {
        DateRole::Adopted => proto::DateRole::Adopted,
        DateRole::InForce => proto::DateRole::InForce,
        DateRole::Amended => proto::DateRole::Amended,
    };
    proto::KnownDate {
        date: Some(partial_date(date.date)),
        role: role.into(),
        inferred_from: date.inferred_from.and_then(place),
    }
}

fn quantity(quantity: &Quantity) -> proto::Quantity {
    proto::Quantity { value: Some(quantity.value), unit: quantity.unit.clone() }
}

fn score(score: &Score) -> proto::Score {
    proto::Score {
        verbatim: Some(score.verbatim),
        localized: Some(score.localized),
        adapted: Some(score.adapted),
        formula: Some(score.formula),
        item_coverage: score.item_coverage,
        order: score.order,
    }
}

fn completeness(completeness: Completeness) -> proto::Completeness {
    let end = |end| {
        match end {
            StageEnd::Complete => proto::StageEnd::Complete,
            StageEnd::Budget => proto::StageEnd::Budget,
        }
        .into()
    };
    proto::Completeness {
        phrases: end(completeness.phrases),
        passages: end(completeness.passages),
        alignment: end(completeness.alignment),
        edits: end(completeness.edits),
    }
}

fn offset_unit(unit: OffsetUnit) -> proto::OffsetUnit {
    match unit {
        OffsetUnit::Utf8Bytes => proto::OffsetUnit::Utf8Bytes,
        OffsetUnit::Utf16CodeUnits => proto::OffsetUnit::Utf16CodeUnits,
        OffsetUnit::CodePoints => proto::OffsetUnit::CodePoints,
    }
}

/// Writes the mapping of an enum both ways, so that the wire and the core cannot drift apart.
macro_rules! same_names {
    ($to:ident, $from:ident, $kind:ident, [$($name:ident),+ $(,)?]) => {
        fn $to(value: $kind) -> proto::$kind {
            match value {
                $($kind::$name => proto::$kind::$name,)+
            }
        }

        /// The core value of a wire value; `None` for the unspecified one and for those the core does not have.
        pub(crate) fn $from(value: proto::$kind) -> Option<$kind> {
            match value {
                $(proto::$kind::$name => Some($kind::$name),)+
                #[allow(unreachable_patterns)]
                _ => None,
            }
        }
    };
}

same_names!(paragraph_role, to_paragraph_role, ParagraphRole, [Title, Heading, Body, Byline, Attendance, Furniture]);
same_names!(
    cleaning_kind,
    to_cleaning_kind,
    CleaningKind,
    [Width, Script, Pinyin, Invisible, Quote, LostBlank, Blank, LineWrap, Punctuation]
);
same_names!(citation_kind, to_citation_kind, CitationKind, [Title, Meeting, Speech]);
same_names!(bead_kind, to_bead_kind, BeadKind, [Match, Split, Merge, ManyToMany, LeftOnly, RightOnly]);
same_names!(edit_op, to_edit_op, EditOp, [Equal, Delete, Insert, Replace]);
same_names!(origin_kind, to_origin_kind, OriginKind, [Formula, Reference, Left, Undetermined]);
same_names!(passage_form, to_passage_form, PassageForm, [Verbatim, Localized, Adapted]);
same_names!(fate, to_fate, Fate, [Kept, Adapted, Merged, Split, Moved, Partial, Silent]);

fn edit_kind(kind: &EditKind) -> proto::EditKind {
    match kind {
        EditKind::Localization => proto::EditKind::Localization,
        EditKind::Number(_) => proto::EditKind::Number,
        EditKind::Strength(_) => proto::EditKind::Strength,
        EditKind::Synonym => proto::EditKind::Synonym,
        EditKind::Name => proto::EditKind::Name,
        EditKind::Date => proto::EditKind::Date,
        EditKind::Slogan => proto::EditKind::Slogan,
        EditKind::Reordering => proto::EditKind::Reordering,
        EditKind::Punctuation => proto::EditKind::Punctuation,
        EditKind::Addition => proto::EditKind::Addition,
        EditKind::Omission => proto::EditKind::Omission,
        EditKind::Other => proto::EditKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn offsets_count_what_they_say(text in "[a0全省é粵\u{1F600}\u{20BB7}\r\n　]{0,300}") {
            for unit in [OffsetUnit::Utf8Bytes, OffsetUnit::Utf16CodeUnits, OffsetUnit::CodePoints] {
                let counter = OffsetCounter::new(&text, unit);
                for offset in (0..=text.len()).filter(|&offset| text.is_char_boundary(offset)) {
                    let before = &text[..offset];
                    let expected = match unit {
                        OffsetUnit::Utf8Bytes => offset,
                        OffsetUnit::Utf16CodeUnits => before.encode_utf16().count(),
                        OffsetUnit::CodePoints => before.chars().count(),
                    };
                    prop_assert_eq!(counter.count(offset as u32) as usize, expected);
                }
            }
        }
    }
}
