//! The answer of `Compare` straight to the bytes of its message.
//!
//! In: as [`super::compare_response`]. Out: the bytes that its message has on the wire, exactly. Cost: one pass; lengths of
//! messages inside messages are filled in once these are written.
//!
//! Why: an answer is hundreds of small messages. As values they take several times the memory of their bytes, and to count
//! the length of each, for every message around it, costs more than to write them. Only this answer is worth a second
//! way; whoever wants values, and every other answer, goes the first one, and tests hold both together.

use super::{
    OffsetCounter, Setting, Writer, bead_kind, citation_kind, cleaning_kind, edit_kind, edit_op, fate, known_date,
    offset_unit, origin_kind, paragraph_role, partial_date, passage_form,
};
use crate::compare::comparison::{
    Bead, Comparison, Direction, Edit, EditKind, Item, Origin, Outline, ParagraphLink, Passage, Quantity, Score,
    SharedPhrase,
};
use crate::service::codec::Encoded;
use crate::service::proto;
use crate::text::document::{Document, TextSource};
use crate::text::span::{Raw, Span};

/// What most answers fit into, in bytes, so that few of them move while they grow.
const FIRST_ROOM_BYTES: usize = 32 << 10;

/// The answer of `Compare`, encoded.
pub fn compare_response(comparison: &Comparison, setting: Setting<'_>) -> Encoded<proto::CompareResponse> {
    let write = Writer::new(&setting);
    let mut answer = Fields { bytes: Vec::with_capacity(FIRST_ROOM_BYTES) };
    let (outlines, documents) = (&comparison.outlines, setting.documents);
    answer.message(1, |fields| {
        outline(fields, &write, &outlines.left, &write.left, documents.left, setting.charsets.left);
    });
    answer.message(2, |fields| {
        outline(fields, &write, &outlines.right, &write.right, documents.right, setting.charsets.right);
    });
    answer.messages(3, &comparison.links, link);
    answer.messages(4, &comparison.beads, |fields, bead| self::bead(fields, &write, bead));
    answer.messages(5, &comparison.phrases, |fields, phrase| self::phrase(fields, &write, phrase));
    answer.messages(6, &comparison.passages, |fields, passage| self::passage(fields, &write, passage));
    answer.messages(7, &comparison.items, |fields, item| self::item(fields, &write, item));
    answer.message(8, |fields| score(fields, &comparison.score));
    answer.value(9, &super::completeness(comparison.completeness));
    answer.value(10, &super::versions(setting.versions));
    answer.number(11, offset_unit(setting.form.unit) as u32);
    Encoded::from_bytes(answer.bytes)
}

/// The fields of a message, written one after the other. As in every message of proto3, a field without presence is left
/// out when it has its default value.
struct Fields {
    bytes: Vec<u8>,
}

/// How the value of a field is written (protobuf's encoding, "wire types").
#[derive(Clone, Copy)]
enum WireType {
    Varint = 0,
    EightBytes = 1,
    LengthDelimited = 2,
}

impl Fields {
    fn key(&mut self, number: u8, wire_type: WireType) {
        // Up to 15 a field's key is one byte, and no message here has more fields.
        debug_assert!((1..16).contains(&number));
        self.bytes.push(number << 3 | wire_type as u8);
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A number with presence, or an element.
    fn present_number(&mut self, number: u8, value: u32) {
        self.key(number, WireType::Varint);
        self.varint(value);
    }

    /// A number, truth value or enum without presence.
    fn number(&mut self, number: u8, value: u32) {
        if value != 0 {
            self.present_number(number, value);
        }
    }

    /// A fraction with presence.
    fn fraction(&mut self, number: u8, value: f64) {
        self.key(number, WireType::EightBytes);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, number: u8, text: &str) {
        if !text.is_empty() {
            self.key(number, WireType::LengthDelimited);
            self.varint(text.len() as u32);
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    fn numbers(&mut self, number: u8, values: impl ExactSizeIterator<Item = u32>) {
        if values.len() > 0 {
            self.message(number, |packed| values.for_each(|value| packed.varint(value)));
        }
    }

    /// A message that `write` writes.
    fn message(&mut self, number: u8, write: impl FnOnce(&mut Self)) {
        self.key(number, WireType::LengthDelimited);
        let begin = self.bytes.len();
        // Most are shorter than 128 bytes, and then one byte is the whole length.
        self.bytes.push(0);
        write(self);
        let length = self.bytes.len() - begin - 1;
        if length < 0x80 {
            self.bytes[begin] = length as u8;
        } else {
            let mut prefix = Self { bytes: Vec::new() };
            prefix.varint(length as u32);
            self.bytes.splice(begin..=begin, prefix.bytes);
        }
    }

    /// A message for each of `values`.
    fn messages<T>(&mut self, number: u8, values: &[T], write: impl Fn(&mut Self, &T)) {
        for value in values {
            self.message(number, |fields| write(fields, value));
        }
    }

    /// A message that is there as a value: those that an answer has few of.
    fn value(&mut self, number: u8, message: &impl prost::Message) {
        self.message(number, |fields| message.encode_raw(&mut fields.bytes));
    }

    fn span(&mut self, number: u8, count: &OffsetCounter<'_>, span: Span<Raw>) {
        self.message(number, |fields| {
            fields.present_number(1, count.count(span.start()));
            fields.present_number(2, count.count(span.end()));
        });
    }
}

fn outline(
    fields: &mut Fields,
    write: &Writer<'_>,
    outline: &Outline,
    count: &OffsetCounter<'_>,
    document: &Document,
    charset: Option<&'static str>,
) {
    let text = document.text();
    fields.text(1, &document.metadata().id);
    fields.text(2, if document.source() == TextSource::Decoded { text } else { "" });
    fields.text(3, charset.unwrap_or_default());
    fields.messages(4, &outline.paragraphs, |fields, paragraph| {
        fields.span(1, count, paragraph.span);
        fields.number(2, paragraph_role(paragraph.role) as u32);
        fields.text(3, write.quoted(text, paragraph.span));
    });
    fields.messages(5, &outline.cleanings, |fields, cleaning| {
        fields.span(1, count, cleaning.span);
        fields.number(2, cleaning_kind(cleaning.kind) as u32);
    });
    fields.messages(6, &outline.citations, |fields, citation| {
        fields.span(1, count, citation.span);
        fields.number(2, citation_kind(citation.kind) as u32);
        fields.text(3, write.quoted(text, citation.span));
    });
    for date in &outline.dates {
        fields.value(7, &known_date(date, |span| count.span(span)));
    }
}

fn link(fields: &mut Fields, link: &ParagraphLink) {
    fields.present_number(1, link.left);
    fields.present_number(2, link.right);
    fields.fraction(3, link.similarity);
    fields.fraction(4, link.left_coverage);
    fields.fraction(5, link.right_coverage);
    fields.numbers(6, link.passages.iter().copied());
}

fn bead(fields: &mut Fields, write: &Writer<'_>, bead: &Bead) {
    fields.numbers(1, bead.left.clone());
    fields.numbers(2, bead.right.clone());
    fields.number(3, bead_kind(bead.kind) as u32);
    fields.number(4, bead.moved.into());
    fields.fraction(5, bead.similarity);
    fields.messages(6, &bead.edits, |fields, edit| self::edit(fields, write, edit));
}

fn edit(fields: &mut Fields, write: &Writer<'_>, edit: &Edit) {
    fields.number(1, edit_op(edit.op()) as u32);
    fields.span(2, &write.left, edit.left);
    fields.span(3, &write.right, edit.right);
    if let Some(kind) = &edit.kind {
        fields.number(4, edit_kind(kind) as u32);
        match kind {
            EditKind::Strength(Direction::Weaker) => fields.number(5, proto::StrengthDirection::Weaker as u32),
            EditKind::Strength(Direction::Stronger) => fields.number(5, proto::StrengthDirection::Stronger as u32),
            EditKind::Number(sides) => {
                quantity(fields, 6, sides.left.as_ref());
                quantity(fields, 7, sides.right.as_ref());
            }
            _ => {}
        }
    }
    fields.text(8, write.quoted(write.texts.left, edit.left));
    fields.text(9, write.quoted(write.texts.right, edit.right));
}

fn quantity(fields: &mut Fields, number: u8, quantity: Option<&Quantity>) {
    if let Some(quantity) = quantity {
        fields.message(number, |fields| {
            fields.fraction(1, quantity.value);
            fields.text(2, &quantity.unit);
        });
    }
}

fn phrase(fields: &mut Fields, write: &Writer<'_>, phrase: &SharedPhrase) {
    fields.text(1, &phrase.text);
    phrase.left.iter().for_each(|&span| fields.span(2, &write.left, span));
    phrase.right.iter().for_each(|&span| fields.span(3, &write.right, span));
    fields.present_number(4, phrase.left_total);
    fields.present_number(5, phrase.right_total);
    fields.message(6, |fields| origin(fields, &phrase.origin));
    fields.fraction(7, phrase.weight);
}

fn origin(fields: &mut Fields, origin: &Origin) {
    fields.number(1, origin_kind(origin.kind) as u32);
    if let Some(reference) = origin.reference {
        fields.present_number(2, reference);
    }
    fields.present_number(3, origin.background_documents);
    if let Some(date) = origin.earliest {
        fields.value(4, &partial_date(date));
    }
}

fn passage(fields: &mut Fields, write: &Writer<'_>, passage: &Passage) {
    fields.span(1, &write.left, passage.left);
    fields.span(2, &write.right, passage.right);
    fields.fraction(3, passage.similarity);
    fields.fraction(4, passage.weight);
    fields.number(5, passage_form(passage.form) as u32);
    fields.message(6, |fields| origin(fields, &passage.origin));
    fields.messages(7, &passage.edits, |fields, edit| self::edit(fields, write, edit));
    fields.text(8, write.quoted(write.texts.left, passage.left));
    fields.text(9, write.quoted(write.texts.right, passage.right));
}

fn item(fields: &mut Fields, write: &Writer<'_>, item: &Item) {
    fields.span(1, &write.left, item.left);
    fields.span(2, &write.left, item.label);
    fields.present_number(3, item.depth);
    fields.present_number(4, item.paragraph);
    fields.number(5, fate(item.fate) as u32);
    item.right.iter().for_each(|&span| fields.span(6, &write.right, span));
    fields.fraction(7, item.coverage);
    fields.text(8, write.quoted(write.texts.left, item.left));
}

fn score(fields: &mut Fields, score: &Score) {
    fields.fraction(1, score.verbatim);
    fields.fraction(2, score.localized);
    fields.fraction(3, score.adapted);
    fields.fraction(4, score.formula);
    let sometimes = [(5, score.item_coverage), (6, score.order)];
    for (number, value) in sometimes {
        if let Some(value) = value {
            fields.fraction(number, value);
        }
    }
}
