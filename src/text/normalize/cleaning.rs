//! The ledger: what was folded or ignored while a text was normalised, so that nothing is changed in silence.

use crate::text::span::{Raw, Span};

/// What was done to a stretch of raw text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CleaningKind {
    /// Full-width, half-width or compatibility form folded (NFKC).
    Width,
    /// Traditional character read as its simplified form.
    Script,
    /// Pinyin glued behind a character ignored.
    Pinyin,
    /// Invisible character or bidirectional control ignored.
    Invisible,
    /// Quotation mark folded to its Chinese form.
    Quote,
    /// A `?` that stands for a lost blank ignored.
    LostBlank,
    /// Blanks ignored or folded to one.
    Blank,
    /// Line end inside a paragraph or headline ignored.
    LineWrap,
    /// Other punctuation or dash folded to its common form.
    Punctuation,
}

/// One entry of the ledger. Neighbouring entries of one kind are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleaning {
    /// The raw text it is about.
    pub span: Span<Raw>,
    /// What was done.
    pub kind: CleaningKind,
}
