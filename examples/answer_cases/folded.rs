//! The normalised characters of a text with the raw bytes at which each stands.

use policy_echo::text::normalize::normalize;
use policy_echo::text::span::{Raw, Span};

/// Normalised characters, blanks left out, with where each starts in the raw text (ascending).
pub(crate) struct Folded {
    characters: Vec<char>,
    raw_start: Vec<u32>,
}

impl Folded {
    pub(crate) fn new(text: &str) -> Self {
        let normalized = normalize(text);
        let visible = normalized.characters().iter().enumerate().filter(|(_, character)| !character.is_whitespace());
        let at = |index: usize| normalized.to_raw(Span::from_range(index..index + 1)).start();
        let (raw_start, characters) = visible.map(|(index, &character)| (at(index), character)).unzip();
        Self { characters, raw_start }
    }

    /// Indexes of the characters whose raw form starts in a span.
    pub(crate) fn range(&self, span: Span<Raw>) -> std::ops::Range<usize> {
        let at = |position| self.raw_start.partition_point(|&start| start < position);
        at(span.start())..at(span.end())
    }

    pub(crate) fn characters(&self, span: Span<Raw>) -> &[char] {
        &self.characters[self.range(span)]
    }
}
