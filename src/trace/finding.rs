//! What one resolution made of the directive, as inert values.
//!
//! As in a comparison, spans are raw UTF-8 byte offsets into the documents and indexes are positions in the lists of
//! the same finding. Left is the directive, right the resolution.

use super::chronology::Chronology;
use crate::compare::comparison::{Comparison, Fate};
use crate::text::span::{Raw, Span};

/// The trace of the directive in one resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The comparison. The origin of each passage is its best source, where `OriginKind::Left` is the directive. In a
    /// resolution older than the directive no wording has its origin in the directive: there it is never used.
    pub comparison: Comparison,
    /// How directive and resolution stand in time.
    pub chronology: Chronology,
    /// What became of each item of the directive; one for each of `comparison.items`.
    pub items: Vec<Coverage>,
    /// What became of each paragraph of the directive; one for each of `comparison.outlines.left.paragraphs`.
    pub paragraphs: Vec<Coverage>,
    /// What the resolution says and the directive does not, most telling first.
    pub additions: Vec<Addition>,
    /// Changes of obligation and of figures, by position in the directive.
    pub changes: Vec<Change>,
    /// Sources the resolution names, against those it echoes: the directive, the references, then others it names.
    pub sources: Vec<SourceCheck>,
    /// Who each passage may come from; one for each of `comparison.passages`.
    pub passage_sources: Vec<Attribution>,
    /// What the directive may have taken from this resolution; only where the resolution is older.
    pub reverse: Option<ReverseDirection>,
}

/// What an older resolution and the directive share and nobody above them holds: the directive may have it from there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReverseDirection {
    /// Number of passages.
    pub passages: u32,
    /// How much they tell, in bits.
    pub weight: f64,
}

/// What became of a part of the directive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// What became of it.
    pub fate: Fate,
    /// Share of its content characters that came back, 0 to 1.
    pub share: f64,
    /// The passage that tells most about it, as an index into `comparison.passages`; `None` when none touches it.
    pub strongest_passage: Option<u32>,
}

/// What the resolution says and the directive does not: neighbouring clauses of one sentence that no passage covers.
#[derive(Clone, Debug, PartialEq)]
pub struct Addition {
    /// Where it stands in the resolution.
    pub span: Span<Raw>,
    /// How much it tells, in bits: its rarity in the background.
    pub weight: f64,
    /// Bits for each content character, 0 to 2: how specific it is.
    pub specificity: f64,
    /// References it may come from, best first; none when it is the resolution's own as far as is known. Earlier
    /// resolutions are added by the summary.
    pub attribution: Attribution,
}

/// A document that a wording may come from, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A reference, by its index.
    Reference(u32),
    /// The directive.
    Directive,
    /// A resolution that is older, by its index in the order of sending.
    EarlierResolution(u32),
    /// Nobody: everybody says it.
    Formula,
    /// The evidence does not decide, or everything that holds it is younger.
    Undetermined,
}

/// A source with how much speaks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The source.
    pub source: Source,
    /// How much of the wording it explains, in bits.
    pub weight: f64,
    /// Share of the wording's bits that it explains, 0 to 1.
    pub share: f64,
}

/// Who a wording may come from, best first; the first is the source, the others are runners-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attribution {
    /// Possible sources, best first, none younger than the resolution; at most `MAX_CANDIDATES`.
    pub candidates: Vec<Candidate>,
}

impl Attribution {
    /// The best source, if there is any.
    pub fn source(&self) -> Option<Source> {
        self.candidates.first().map(|candidate| candidate.source)
    }
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeSubject {
    /// A word of obligation.
    Strength,
    /// A figure.
    Number,
}

/// Which way it changed on the way to the resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trend {
    /// A stronger word, a larger figure.
    Raised,
    /// A weaker word, a smaller figure.
    Lowered,
    /// The resolution leaves it out.
    Dropped,
    /// Only the resolution has it.
    Added,
    /// Another one that cannot be compared, since the units differ.
    Replaced,
}

/// A change of obligation or of a figure inside a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Index of the passage.
    pub passage: u32,
    /// Index of the edit among the passage's edits.
    pub edit: u32,
    /// What changed.
    pub subject: ChangeSubject,
    /// Which way.
    pub trend: Trend,
}

/// A source that is named or echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedSource {
    /// The directive.
    Directive,
    /// A reference, by its index.
    Reference(u32),
    /// A source that was not sent, by the index of the first of `comparison.outlines.right.citations` that names it.
    Citation(u32),
}

/// A source, as the resolution names it and as its wording shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceCheck {
    /// Which source.
    pub source: NamedSource,
    /// Index of the first citation that names it; `None` when the resolution does not name it.
    pub declared_by: Option<u32>,
    /// Whether the resolution echoes it; `None` for a source that was not sent.
    pub echoed: Option<bool>,
}
