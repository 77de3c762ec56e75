//! From the wire to values: fallible, and every field that is wrong is reported at once with its path.
//!
//! In: a request message. Out: a [`CompareCall`] that the engine can take without further checks, or all violations.
//! Cost: linear in the text; other charsets are decoded here.

pub mod trace;

use super::proto;
use super::status::{Failure, Violation};
use crate::compare::options::{CompareOptions, MIN_PHRASE_CHARACTERS, Report, Reports};
use crate::text::decode::{self, DecodeError};
use crate::text::document::{
    DateError, Document, DocumentError, DocumentLimits, Level, Metadata, PartialDate, TextSource,
};
use crate::text::span::Pair;

/// Most references of one request.
pub const MAX_REFERENCES: usize = 64;
/// Longest id, title, issuer or region, in UTF-8 bytes.
pub const MAX_NAME_BYTES: usize = 1024;
/// Longest shared phrase length and ignored phrase that a caller may ask for, in characters.
const MAX_PHRASE_CHARACTERS: u32 = 1000;
/// Most occurrences of a phrase that a caller may ask for on each side.
const MAX_OCCURRENCE_CAP: u32 = 10_000;
/// Most custom words and most ignored phrases of one request.
const MAX_WORDS: usize = 10_000;
/// Longest custom word, in characters.
const MAX_WORD_CHARACTERS: usize = 64;

/// What offsets of an answer count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetUnit {
    /// UTF-8 bytes.
    Utf8Bytes,
    /// UTF-16 code units.
    Utf16CodeUnits,
    /// Unicode code points.
    CodePoints,
}

/// A document of a request.
#[derive(Clone, Debug)]
pub struct ReceivedDocument {
    /// The document.
    pub document: Document,
    /// Charset it was decoded from, where the caller sent bytes.
    pub charset: Option<&'static str>,
}

/// How an answer is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerForm {
    /// What offsets count.
    pub unit: OffsetUnit,
    /// Whether words come with their spans.
    pub include_text: bool,
}

/// A request that is ready for the engine.
#[derive(Clone, Debug)]
pub struct CompareCall {
    /// The two documents.
    pub documents: Pair<Document>,
    /// Charsets they were decoded from.
    pub charsets: Pair<Option<&'static str>>,
    /// The references.
    pub references: Vec<Document>,
    /// The choices.
    pub options: CompareOptions,
    /// How to answer.
    pub form: AnswerForm,
}

/// Reads a request of `Compare`, or one pair of `CompareStream` with `prefix` `request.`.
pub fn compare_call(
    request: proto::CompareRequest,
    prefix: &str,
    limits: DocumentLimits,
) -> Result<CompareCall, Failure> {
    let mut violations = Violations::default();
    let reports = request.options.as_ref().map_or(&[][..], |options| &options.reports);
    let reports = violations.reports(&format!("{prefix}options.reports"), reports);
    violations.call(request, prefix, limits, reports)
}

/// Reads a request of a call that makes one report.
pub fn single_report_call(
    request: proto::CompareRequest,
    limits: DocumentLimits,
    reports: Reports,
) -> Result<CompareCall, Failure> {
    let mut violations = Violations::default();
    if request.options.as_ref().is_some_and(|options| !options.reports.is_empty()) {
        violations.add(
            "options.reports",
            "NOT_ALLOWED_HERE",
            "this call makes one report; leave the field empty, or call Compare",
        );
    }
    violations.call(request, "", limits, reports)
}

impl From<proto::AlignParagraphsRequest> for proto::CompareRequest {
    fn from(request: proto::AlignParagraphsRequest) -> Self {
        let proto::AlignParagraphsRequest { left, right, references, options, offset_unit } = request;
        Self { left, right, references, options, offset_unit }
    }
}

impl From<proto::DiffWordsRequest> for proto::CompareRequest {
    fn from(request: proto::DiffWordsRequest) -> Self {
        let proto::DiffWordsRequest { left, right, options, offset_unit } = request;
        Self { left, right, references: Vec::new(), options, offset_unit }
    }
}

impl From<proto::FindSharedPhrasesRequest> for proto::CompareRequest {
    fn from(request: proto::FindSharedPhrasesRequest) -> Self {
        let proto::FindSharedPhrasesRequest { left, right, references, options, offset_unit } = request;
        Self { left, right, references, options, offset_unit }
    }
}

/// Everything found wrong so far.
#[derive(Debug, Default)]
struct Violations(Vec<Violation>);

impl Violations {
    fn add(&mut self, field: impl Into<String>, reason: &'static str, description: impl Into<String>) {
        self.0.push(Violation { field: field.into(), reason, description: description.into() });
    }

    fn call(
        mut self,
        request: proto::CompareRequest,
        prefix: &str,
        limits: DocumentLimits,
        reports: Reports,
    ) -> Result<CompareCall, Failure> {
        let left = self.document(&format!("{prefix}left"), request.left, limits);
        let right = self.document(&format!("{prefix}right"), request.right, limits);
        let references = self.references(&format!("{prefix}references"), request.references, limits);
        let unit = self.offset_unit(&format!("{prefix}offset_unit"), request.offset_unit);
        let options = request.options.unwrap_or_default();
        let form = AnswerForm { unit, include_text: options.include_text };
        let options = self.options(&format!("{prefix}options"), options, reports);
        match (left, right) {
            (Some(left), Some(right)) if self.0.is_empty() => Ok(CompareCall {
                documents: Pair::new(left.document, right.document),
                charsets: Pair::new(left.charset, right.charset),
                references,
                options,
                form,
            }),
            _ => Err(Failure::Invalid(self.0)),
        }
    }

    fn references(&mut self, path: &str, documents: Vec<proto::Document>, limits: DocumentLimits) -> Vec<Document> {
        if documents.len() > MAX_REFERENCES {
            let count = documents.len();
            self.add(path, "TOO_MANY", format!("there are {count} and the most is {MAX_REFERENCES}; send fewer"));
            return Vec::new();
        }
        let read = documents.into_iter().enumerate();
        read.filter_map(|(index, document)| self.document(&format!("{path}[{index}]"), Some(document), limits))
            .map(|received| received.document)
            .collect()
    }

    /// The document, or `None` after at least one violation.
    fn document(
        &mut self,
        path: &str,
        document: Option<proto::Document>,
        limits: DocumentLimits,
    ) -> Option<ReceivedDocument> {
        let Some(document) = document else {
            self.add(path, "MISSING", "is missing; send a document");
            return None;
        };
        let proto::Document { id, title, issuer, level, region, adopted, in_force, amended, body } = document;
        for (name, value) in [("id", &id), ("title", &title), ("issuer", &issuer), ("region", &region)] {
            if value.len() > MAX_NAME_BYTES {
                let bytes = value.len();
                let description = format!("has {bytes} bytes and the most is {MAX_NAME_BYTES}; shorten it");
                self.add(format!("{path}.{name}"), "TOO_LONG", description);
            }
        }
        let metadata = Metadata {
            level: self.level(&format!("{path}.level"), level),
            adopted: self.date(&format!("{path}.adopted"), adopted),
            in_force: self.date(&format!("{path}.in_force"), in_force),
            amended: self.date(&format!("{path}.amended"), amended),
            id,
            title,
            issuer,
            region,
        };
        let (text, source, charset, field) = match body {
            None => {
                self.add(format!("{path}.text"), "MISSING", "is missing; send text or content");
                return None;
            }
            Some(proto::document::Body::Text(text)) => (text, TextSource::Sent, None, "text"),
            Some(proto::document::Body::Content(content)) => {
                let (text, charset) = self.content(&format!("{path}.content"), &content)?;
                (text, TextSource::Decoded, Some(charset), "content.bytes")
            }
        };
        match Document::with_source(text, source, metadata, limits) {
            Ok(document) => Some(ReceivedDocument { document, charset }),
            Err(error) => {
                let reason = match error {
                    DocumentError::Empty => "EMPTY_TEXT",
                    DocumentError::Blank => "BLANK_TEXT",
                    DocumentError::TooLong { .. } => "TEXT_TOO_LONG",
                };
                self.add(format!("{path}.{field}"), reason, error.to_string());
                None
            }
        }
    }

    fn content(&mut self, path: &str, content: &proto::Content) -> Option<(String, &'static str)> {
        match decode::decode(&content.bytes, &content.media_type, &content.charset) {
            Ok(decoded) => Some((decoded.text, decoded.charset)),
            Err(error) => {
                let (field, reason) = match error {
                    DecodeError::UnsupportedMediaType { .. } => ("media_type", "UNSUPPORTED_MEDIA_TYPE"),
                    DecodeError::UnknownCharset { .. } => ("charset", "UNKNOWN_CHARSET"),
                    DecodeError::Contradicted { .. } => ("charset", "CONTRADICTED_CHARSET"),
                    DecodeError::Undetected { .. } => ("charset", "UNDETECTED_CHARSET"),
                    DecodeError::Malformed { .. } => ("bytes", "MALFORMED_TEXT"),
                    DecodeError::Binary => ("bytes", "NOT_TEXT"),
                };
                self.add(format!("{path}.{field}"), reason, error.to_string());
                None
            }
        }
    }

    fn date(&mut self, path: &str, date: Option<proto::PartialDate>) -> Option<PartialDate> {
        let date = date?;
        match PartialDate::new(date.year, date.month, date.day) {
            Ok(date) => Some(date),
            Err(error) => {
                let part = match error {
                    DateError::Year(_) => "year",
                    DateError::Month(_) => "month",
                    DateError::Day(_) => "day",
                };
                self.add(format!("{path}.{part}"), "INVALID_DATE", error.to_string());
                None
            }
        }
    }

    fn unknown_number(&mut self, path: &str, number: i32, values: &str) {
        self.add(path, "UNKNOWN_ENUM_NUMBER", format!("{number} is not a number of this enum; send {values}"));
    }

    fn level(&mut self, path: &str, number: i32) -> Level {
        match proto::Level::try_from(number) {
            Ok(proto::Level::Unspecified) => Level::Unknown,
            Ok(proto::Level::Central) => Level::Central,
            Ok(proto::Level::Provincial) => Level::Provincial,
            Ok(proto::Level::Municipal) => Level::Municipal,
            Ok(proto::Level::County) => Level::County,
            Ok(proto::Level::Township) => Level::Township,
            Err(_) => {
                self.unknown_number(path, number, "0 to 5");
                Level::Unknown
            }
        }
    }

    fn offset_unit(&mut self, path: &str, number: i32) -> OffsetUnit {
        match proto::OffsetUnit::try_from(number) {
            Ok(proto::OffsetUnit::Unspecified | proto::OffsetUnit::Utf8Bytes) => OffsetUnit::Utf8Bytes,
            Ok(proto::OffsetUnit::Utf16CodeUnits) => OffsetUnit::Utf16CodeUnits,
            Ok(proto::OffsetUnit::CodePoints) => OffsetUnit::CodePoints,
            Err(_) => {
                self.unknown_number(path, number, "0 to 3");
                OffsetUnit::Utf8Bytes
            }
        }
    }

    fn reports(&mut self, path: &str, numbers: &[i32]) -> Reports {
        if numbers.is_empty() {
            return Reports::ALL;
        }
        let mut reports = Reports::NONE;
        let mut wrong = Vec::new();
        for (index, &number) in numbers.iter().enumerate() {
            reports = match proto::Report::try_from(number) {
                Ok(proto::Report::Alignment) => reports.with(Report::Alignment),
                Ok(proto::Report::Edits) => reports.with(Report::Alignment).with(Report::Edits),
                Ok(proto::Report::Phrases) => reports.with(Report::Phrases),
                Ok(proto::Report::Items) => reports.with(Report::Items),
                Ok(proto::Report::Unspecified) | Err(_) => {
                    wrong.push((index, number));
                    reports
                }
            };
        }
        // A request may hold millions of numbers; the first few say enough.
        for (index, number) in wrong.into_iter().take(16) {
            self.unknown_number(&format!("{path}[{index}]"), number, "1 to 4");
        }
        reports
    }

    fn number_within(&mut self, path: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> u32 {
        if !range.contains(&value) {
            let (least, most) = (range.start(), range.end());
            self.add(path, "OUT_OF_BOUNDS", format!("{value} is not between {least} and {most}"));
        }
        value
    }

    fn options(&mut self, path: &str, options: proto::CompareOptions, reports: Reports) -> CompareOptions {
        let defaults = CompareOptions::default();
        let min_phrase_characters = self.number_within(
            &format!("{path}.min_phrase_characters"),
            options.min_phrase_characters.unwrap_or(defaults.min_phrase_characters),
            MIN_PHRASE_CHARACTERS..=MAX_PHRASE_CHARACTERS,
        );
        let occurrence_cap = self.number_within(
            &format!("{path}.occurrence_cap"),
            options.occurrence_cap.unwrap_or(defaults.occurrence_cap as u32),
            1..=MAX_OCCURRENCE_CAP,
        );
        self.words(&format!("{path}.custom_words"), &options.custom_words, MAX_WORD_CHARACTERS);
        self.words(&format!("{path}.ignored_phrases"), &options.ignored_phrases, MAX_PHRASE_CHARACTERS as usize);
        CompareOptions {
            reports,
            min_phrase_characters,
            occurrence_cap: occurrence_cap as usize,
            custom_words: options.custom_words,
            ignored_phrases: options.ignored_phrases,
            budgets: defaults.budgets,
            without: defaults.without,
        }
    }

    fn words(&mut self, path: &str, words: &[String], max_characters: usize) {
        if words.len() > MAX_WORDS {
            let count = words.len();
            self.add(path, "TOO_MANY", format!("there are {count} and the most is {MAX_WORDS}; send fewer"));
            return;
        }
        for (index, word) in words.iter().enumerate() {
            let characters = word.chars().count();
            if word.trim().is_empty() {
                self.add(format!("{path}[{index}]"), "EMPTY_TEXT", "is blank; leave it out");
            } else if characters > max_characters {
                let description = format!("has {characters} characters and the most is {max_characters}; shorten it");
                self.add(format!("{path}[{index}]"), "TOO_LONG", description);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> proto::Document {
        proto::Document { body: Some(proto::document::Body::Text(text.into())), ..Default::default() }
    }

    fn request(left: &str, right: &str) -> proto::CompareRequest {
        proto::CompareRequest { left: Some(document(left)), right: Some(document(right)), ..Default::default() }
    }

    fn check(request: proto::CompareRequest) -> String {
        let limits = DocumentLimits { max_text_bytes: 32 };
        match compare_call(request, "", limits) {
            Ok(_) => "ok".into(),
            Err(Failure::Invalid(violations)) => violations
                .iter()
                .map(|violation| format!("{}: {} ({})", violation.field, violation.description, violation.reason))
                .collect::<Vec<_>>()
                .join("\n"),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn two_texts_are_enough() {
        insta::assert_snapshot!(check(request("全省", "全市")), @"ok");
    }

    #[test]
    fn everything_that_is_wrong_is_reported_at_once() {
        let mut wrong = request("", "  \n　");
        wrong.references = vec![document("好"), document("这个参考文件的文字超过了上限，应当被拒绝")];
        wrong.offset_unit = 9;
        wrong.left.as_mut().expect("set").adopted = Some(proto::PartialDate { year: 2021, month: 2, day: 30 });
        wrong.left.as_mut().expect("set").level = -1;
        wrong.options = Some(proto::CompareOptions {
            reports: vec![1, 0, 77],
            min_phrase_characters: Some(1),
            occurrence_cap: Some(0),
            custom_words: vec!["粤港澳".into(), " ".into()],
            ..Default::default()
        });
        insta::assert_snapshot!(check(wrong), @r"
        options.reports[1]: 0 is not a number of this enum; send 1 to 4 (UNKNOWN_ENUM_NUMBER)
        options.reports[2]: 77 is not a number of this enum; send 1 to 4 (UNKNOWN_ENUM_NUMBER)
        left.level: -1 is not a number of this enum; send 0 to 5 (UNKNOWN_ENUM_NUMBER)
        left.adopted.day: there is no day 30 in that month (INVALID_DATE)
        left.text: the text is empty; send the document's words (EMPTY_TEXT)
        right.text: the text holds only blanks; send the document's words (BLANK_TEXT)
        references[1].text: the text has 60 bytes and the most is 32; send less, or raise the limit (TEXT_TOO_LONG)
        offset_unit: 9 is not a number of this enum; send 0 to 3 (UNKNOWN_ENUM_NUMBER)
        options.min_phrase_characters: 1 is not between 2 and 1000 (OUT_OF_BOUNDS)
        options.occurrence_cap: 0 is not between 1 and 10000 (OUT_OF_BOUNDS)
        options.custom_words[1]: is blank; leave it out (EMPTY_TEXT)
        ");
    }

    #[test]
    fn more_references_than_may_be_are_one_violation() {
        let mut many = request("全省", "全市");
        many.references = vec![document("好"); MAX_REFERENCES];
        assert_eq!(check(many.clone()), "ok");
        many.references.push(document("好"));
        insta::assert_snapshot!(check(many), @"references: there are 65 and the most is 64; send fewer (TOO_MANY)");
    }

    #[test]
    fn content_is_decoded_and_its_charset_kept() {
        let (bytes, _, _) = encoding_rs::GB18030.encode("全省之力");
        let content = proto::Content { bytes: bytes.into_owned(), charset: "gb18030".into(), ..Default::default() };
        let mut call = request("x", "全市之力");
        call.left.as_mut().expect("set").body = Some(proto::document::Body::Content(content));
        let call = compare_call(call, "", DocumentLimits::default()).expect("a good request");
        assert_eq!(call.documents.left.text(), "全省之力");
        assert_eq!(call.charsets, Pair::new(Some("GB18030"), None));
    }

    #[test]
    fn edits_bring_the_alignment_with_them() {
        let mut call = request("甲", "乙");
        call.options = Some(proto::CompareOptions { reports: vec![proto::Report::Edits as i32], ..Default::default() });
        let call = compare_call(call, "", DocumentLimits::default()).expect("a good request");
        assert_eq!(call.options.reports, Reports::NONE.with(Report::Alignment).with(Report::Edits));
    }
}
