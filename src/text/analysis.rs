//! Everything that is read from one document before it is compared.
//!
//! In: a [`Document`]. Out: an [`Analysis`]: normalised text, paragraphs, sentences, clauses, items, citations, dates and
//! own places. It depends on this document alone, so one directive's analysis serves all its resolutions. Words are no part
//! of it: they are cut where a comparison needs them (`compare/words.rs`). Cost: linear, most of it normalising.

use super::cancel::{Cancel, Cancelled};
use super::citation::{self, Citation};
use super::date::{self, KnownDate};
use super::document::{Document, PartialDate};
use super::item::{self, Item};
use super::normalize::{NormalizedText, normalize_unless_cancelled};
use super::paragraph::{self, Paragraph, ParagraphRole};
use super::place;
use super::sentence::{self, Clause, Sentence};
use super::span::{Normalized, Span};

/// What is read from one document.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The normalised text.
    pub text: NormalizedText,
    /// Its paragraphs with their roles.
    pub paragraphs: Vec<Paragraph>,
    /// Its sentences.
    pub sentences: Vec<Sentence>,
    /// Its clauses.
    pub clauses: Vec<Clause>,
    /// Its enumerated items.
    pub items: Vec<Item>,
    /// What it names as its sources.
    pub citations: Vec<Citation>,
    /// Its dates.
    pub dates: Vec<KnownDate>,
    /// Names, without suffix, of the place it speaks for.
    pub own_places: Vec<Vec<char>>,
}

impl Analysis {
    /// The earliest known date of the document, of whatever role.
    pub fn date(&self) -> Option<PartialDate> {
        self.dates.iter().map(|known| known.date).min()
    }

    /// Indexes of the paragraphs that hold at least one character of a span.
    pub fn paragraphs_touched(&self, span: Span<Normalized>) -> std::ops::Range<u32> {
        if span.is_empty() {
            return 0..0;
        }
        let first = self.paragraphs.partition_point(|paragraph| paragraph.span.end() <= span.start());
        let last = self.paragraphs.partition_point(|paragraph| paragraph.span.start() < span.end());
        first as u32..last.max(first) as u32
    }
}

/// Reads one document.
pub fn analyze(document: &Document, cancel: &Cancel) -> Result<Analysis, Cancelled> {
    let text = normalize_unless_cancelled(document.text(), cancel)?;
    let paragraphs = paragraph::paragraphs(&text);
    cancel.check()?;
    let (sentences, clauses) = sentence::sentences(&text, &paragraphs, cancel)?;
    let items = item::items(&text, &paragraphs, &sentences, cancel)?;
    let citations = citation::citations(&text, cancel)?;
    cancel.check()?;
    let dates = date::dates(document.metadata(), &text, &paragraphs);
    cancel.check()?;
    let metadata = document.metadata();
    let headlines: Vec<&[char]> = paragraphs
        .iter()
        .filter(|paragraph| paragraph.role == ParagraphRole::Title)
        .map(|paragraph| text.slice(paragraph.span))
        .collect();
    let said = [metadata.region.as_str(), metadata.issuer.as_str(), metadata.title.as_str()];
    let own_places = place::own_places(&said, &headlines, text.characters(), cancel)?;
    Ok(Analysis { text, paragraphs, sentences, clauses, items, citations, dates, own_places })
}
