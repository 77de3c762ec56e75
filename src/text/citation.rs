//! What a text itself names as its source: titles in 《…》, the spirit of a meeting, numbered sessions.

use crate::text::span::{Raw, Span};

/// How a source is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CitationKind {
    /// A document by its title: 《粤港澳大湾区发展规划纲要》.
    Title,
    /// A meeting whose spirit is carried out: 省委十二届十一次全会精神.
    Meeting,
    /// A speech or instruction: 习近平总书记重要讲话、重要指示批示精神.
    Speech,
}

/// A source that the text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Citation {
    /// The words that name it, without the verb before them.
    pub span: Span<Raw>,
    /// How it is named.
    pub kind: CitationKind,
}
