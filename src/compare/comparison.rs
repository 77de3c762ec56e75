//! The answer: what a comparison says, as inert values.
//!
//! Every span is in raw coordinates, UTF-8 bytes into the text as it was sent (or decoded). No string of a document
//! is copied here; who wants words cuts them from the text with a span. Indexes are positions in the lists of the
//! same [`Comparison`]. No value here knows the wire format; `service::to_proto` builds that by hand.

use std::fmt;
use std::ops::Range;

use crate::text::document::PartialDate;
use crate::text::span::{Pair, Raw, Span};

pub use crate::text::citation::{Citation, CitationKind};
pub use crate::text::date::{DateRole, KnownDate};
pub use crate::text::normalize::cleaning::{Cleaning, CleaningKind};
pub use crate::text::paragraph::ParagraphRole;

/// Everything one comparison found.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The documents as they were read: paragraphs, cleanings, citations, dates.
    pub outlines: Pair<Outline>,
    /// Which paragraph echoes which, many to many; sorted by left, then right index.
    pub links: Vec<ParagraphLink>,
    /// Every paragraph of both sides in exactly one group, in readable order.
    pub beads: Vec<Bead>,
    /// The distinct maximal shared runs of at least the asked length; heaviest first. All of them unless `completeness`
    /// says otherwise, and then the longest.
    pub phrases: Vec<SharedPhrase>,
    /// Stretches of both texts that correspond, sorted by left span, then right span.
    pub passages: Vec<Passage>,
    /// Every enumerated item of the left document, in document order.
    pub items: Vec<Item>,
    /// How much of the right document is echo, in parts.
    pub score: Score,
    /// Whether every stage ran to its end.
    pub completeness: Completeness,
}

/// A document as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Paragraphs in document order.
    pub paragraphs: Vec<OutlineParagraph>,
    /// All that was folded or ignored while reading, in document order.
    pub cleanings: Vec<Cleaning>,
    /// What the text itself names as its source, in document order.
    pub citations: Vec<Citation>,
    /// Dates, from the metadata or the text, with how each is known.
    pub dates: Vec<KnownDate>,
}

/// One paragraph of an outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlineParagraph {
    /// Where it stands in the raw text.
    pub span: Span<Raw>,
    /// What it is for.
    pub role: ParagraphRole,
}

/// One left and one right paragraph that echo each other. Never rests on formula alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ParagraphLink {
    /// Index of the left paragraph.
    pub left: u32,
    /// Index of the right paragraph.
    pub right: u32,
    /// Strength of the echo, 0 to 1.
    pub similarity: f64,
    /// Weighted share of the left paragraph that the right one holds, 0 to 1.
    pub left_coverage: f64,
    /// Weighted share of the right paragraph that the left one holds, 0 to 1.
    pub right_coverage: f64,
    /// Indexes of the passages that are its evidence.
    pub passages: Vec<u32>,
}

/// How many paragraphs of each side stand in a bead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeadKind {
    /// One left, one right paragraph.
    Match,
    /// One left paragraph, several right ones.
    Split,
    /// Several left paragraphs, one right one.
    Merge,
    /// Several of both.
    ManyToMany,
    /// Nothing on the right answers it.
    LeftOnly,
    /// Nothing on the left is behind it.
    RightOnly,
}

/// A group of paragraphs that belong together (Gale & Church 1993).
#[derive(Clone, Debug, PartialEq)]
pub struct Bead {
    /// Indexes of the left paragraphs, which stand one behind the other; empty if only the right side has any.
    pub left: Range<u32>,
    /// Indexes of the right paragraphs, so too.
    pub right: Range<u32>,
    /// Shape of the group.
    pub kind: BeadKind,
    /// Whether it stands outside the heaviest run of beads that keeps the order of both sides.
    pub moved: bool,
    /// Strength of the correspondence, 0 to 1; 1 for identical texts, 0 for a one-sided bead.
    pub similarity: f64,
    /// Edits that turn the left text of the bead into the right one; EQUAL stretches included, in order.
    pub edits: Vec<Edit>,
}

/// What an edit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditOp {
    /// Both sides say the same once normalised.
    Equal,
    /// Only the left side says it.
    Delete,
    /// Only the right side says it.
    Insert,
    /// The left words became the right ones.
    Replace,
}

/// Which way a word of obligation moved along the scale 必须 > 应当 > 加快 > 推动 > 鼓励.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Weaker on the right.
    Weaker,
    /// Stronger on the right.
    Stronger,
}

/// A quantity as it stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Its value: 二万 is 20000, 百分之六 is 6 with unit %.
    pub value: f64,
    /// Its unit, such as %, 元, 日; empty when none stands by it.
    pub unit: String,
}

/// What sort of change an edit is. EQUAL stretches have none.
#[derive(Clone, Debug, PartialEq)]
pub enum EditKind {
    /// The same words one level down or for another place: 全省→全市, 广东→广州.
    Localization,
    /// Another figure. The quantities are boxed, because few edits have any and there may be a million edits.
    Number(Box<Pair<Option<Quantity>>>),
    /// Another degree of obligation.
    Strength(Direction),
    /// Words of the same meaning.
    Synonym,
    /// Another person, body or place that is not localisation.
    Name,
    /// Another date or period.
    Date,
    /// Another slogan: “1+1+9”→“1+1+4”.
    Slogan,
    /// The same list in another order.
    Reordering,
    /// Only punctuation changed.
    Punctuation,
    /// Words that only the right side has.
    Addition,
    /// Words that only the left side has.
    Omission,
    /// None of the others.
    Other,
}

/// One step of an edit script. The sides' spans follow each other without gap or overlap within their paragraphs.
#[derive(Clone, PartialEq)]
pub struct Edit {
    /// The left words; empty for an insertion.
    pub left: Span<Raw>,
    /// The right words; empty for a deletion.
    pub right: Span<Raw>,
    /// What sort of change; `None` exactly for EQUAL stretches.
    pub kind: Option<EditKind>,
}

impl Edit {
    /// What it does. Not kept, because all else tells it and there may be a million edits.
    pub fn op(&self) -> EditOp {
        match (&self.kind, self.left.is_empty(), self.right.is_empty()) {
            (None, ..) => EditOp::Equal,
            (_, true, _) => EditOp::Insert,
            (_, _, true) => EditOp::Delete,
            _ => EditOp::Replace,
        }
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut edit = f.debug_struct("Edit");
        edit.field("op", &self.op()).field("left", &self.left).field("right", &self.right);
        edit.field("kind", &self.kind).finish()
    }
}

/// Where a wording comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OriginKind {
    /// Everybody says it: it is common in the background.
    Formula,
    /// One of the request's references says it.
    Reference,
    /// Of all that is known, only the left document says it.
    Left,
    /// The evidence does not decide.
    Undetermined,
}

/// Where a wording comes from, with the evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The verdict.
    pub kind: OriginKind,
    /// Index of the reference it stands in, for [`OriginKind::Reference`].
    pub reference: Option<u32>,
    /// How many background documents hold its most telling run of characters.
    pub background_documents: u32,
    /// Earliest date of a document known to hold it.
    pub earliest: Option<PartialDate>,
}

/// A maximal identical run of normalised characters that stands in both documents.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedPhrase {
    /// The run, normalised. The one place where words are kept: a phrase has no single raw form.
    pub text: String,
    /// Occurrences on the left, at most the cap of the options, in document order.
    pub left: Vec<Span<Raw>>,
    /// All occurrences on the left, beyond the cap too.
    pub left_total: u32,
    /// Occurrences on the right, at most the cap of the options, in document order.
    pub right: Vec<Span<Raw>>,
    /// All occurrences on the right, beyond the cap too.
    pub right_total: u32,
    /// Where the wording comes from.
    pub origin: Origin,
    /// How much the shared run tells, in bits: its rarity in the background.
    pub weight: f64,
}

/// How closely a passage keeps its wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PassageForm {
    /// Word for word.
    Verbatim,
    /// Word for word but for localisation.
    Localized,
    /// With other changes.
    Adapted,
}

/// A stretch of both texts that corresponds, with edits inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The left stretch.
    pub left: Span<Raw>,
    /// The right stretch.
    pub right: Span<Raw>,
    /// Share of both stretches that corresponds, 0 to 1.
    pub similarity: f64,
    /// How much it tells, in bits: the rarity of what corresponds.
    pub weight: f64,
    /// How closely the wording is kept.
    pub form: PassageForm,
    /// Where the wording comes from.
    pub origin: Origin,
    /// Edits that turn the left stretch into the right one; EQUAL stretches included.
    pub edits: Vec<Edit>,
}

impl Passage {
    /// Whether it counts as echo, or only as what everybody says.
    pub fn is_echo(&self) -> bool {
        self.origin.kind != OriginKind::Formula
    }
}

/// What became of an enumerated item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It came back whole, word for word or localised.
    Kept,
    /// It came back in other words.
    Adapted,
    /// It came back in one place together with other items.
    Merged,
    /// It came back in several places.
    Split,
    /// It came back whole outside the order of its neighbours.
    Moved,
    /// Only part of it came back.
    Partial,
    /// Nothing of it came back.
    Silent,
}

/// An enumerated point of the left document and its fate.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The item with its label and all that lies under it.
    pub left: Span<Raw>,
    /// The label that opens it, such as 一要 or （一）; empty where the item has none.
    pub label: Span<Raw>,
    /// Nesting depth; the outermost items are 0.
    pub depth: u32,
    /// Index of the left paragraph it stands in.
    pub paragraph: u32,
    /// What became of it.
    pub fate: Fate,
    /// Where it went, heaviest first.
    pub right: Vec<Span<Raw>>,
    /// Weighted share of it that came back, 0 to 1.
    pub coverage: f64,
}

/// How much echo there is, in parts and never as one figure. Each part is 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Share of the right text that repeats the left word for word.
    pub verbatim: f64,
    /// Share of the right text that repeats the left but for localisation.
    pub localized: f64,
    /// Share of the right text that repeats the left with other changes.
    pub adapted: f64,
    /// Share of the right text that both have but everybody says.
    pub formula: f64,
    /// Share of the left items that came back at least in part; `None` when the left document has no items.
    pub item_coverage: Option<f64>,
    /// Share of the echo that keeps the order of the left document; `None` when there is no echo.
    pub order: Option<f64>,
}

/// Whether a stage ran to its end or stopped at its step budget with a coarser, valid answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StageEnd {
    /// It ran to its end.
    #[default]
    Complete,
    /// It stopped at its budget; the answer is valid and coarser.
    Budget,
}

impl StageEnd {
    /// Budget if either is.
    pub fn and(self, other: Self) -> Self {
        if self == Self::Budget { self } else { other }
    }
}

/// Which stages ran to their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Shared phrases.
    pub phrases: StageEnd,
    /// Passages.
    pub passages: StageEnd,
    /// Links and beads.
    pub alignment: StageEnd,
    /// Word edits.
    pub edits: StageEnd,
}
