//! Tokens: words with their place, interned so that equal words are equal numbers.
//!
//! In: normalised text, its paragraphs, the lexicon. Out: [`Tokens`] that cover every paragraph without gap.
//! A word is hashed once a document; two documents are brought to one numbering by [`SharedVocabulary`], which hashes
//! each distinct word once more.

use rustc_hash::FxHashMap;

use super::cancel::{Cancel, Cancelled};
use super::lexicon::{CustomWords, Lexicon};
use super::normalize::NormalizedText;
use super::paragraph::Paragraph;
use super::span::{Normalized, Pair, Span};

/// A word where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its characters.
    pub span: Span<Normalized>,
    /// Its number within the document: equal words, equal numbers.
    pub word: u32,
}

/// The words of one document.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    tokens: Vec<Token>,
    /// Tokens of each paragraph.
    paragraphs: Vec<std::ops::Range<u32>>,
    /// Where each distinct word stands first.
    words: Vec<Span<Normalized>>,
}

impl Tokens {
    /// Cuts every paragraph into words.
    pub fn cut(
        text: &NormalizedText,
        paragraphs: &[Paragraph],
        lexicon: &Lexicon,
        custom: &CustomWords,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let mut out = Self::default();
        let mut numbers: FxHashMap<&[char], u32> = FxHashMap::default();
        for paragraph in paragraphs {
            let first = out.tokens.len() as u32;
            let mut at = paragraph.span.start();
            lexicon.cut(text.slice(paragraph.span), custom, cancel, |length| {
                let span = Span::new(at, at + length as u32);
                at = span.end();
                let word = *numbers.entry(text.slice(span)).or_insert_with(|| {
                    out.words.push(span);
                    out.words.len() as u32 - 1
                });
                out.tokens.push(Token { span, word });
            })?;
            out.paragraphs.push(first..out.tokens.len() as u32);
        }
        Ok(out)
    }

    /// All tokens in document order.
    pub fn all(&self) -> &[Token] {
        &self.tokens
    }

    /// Indexes of the tokens of a paragraph.
    pub fn of_paragraph(&self, paragraph: u32) -> std::ops::Range<u32> {
        self.paragraphs[paragraph as usize].clone()
    }

    /// Indexes of the tokens that lie at least partly inside a span.
    pub fn inside(&self, span: Span<Normalized>) -> std::ops::Range<u32> {
        let start = self.tokens.partition_point(|token| token.span.end() <= span.start());
        let end = self.tokens.partition_point(|token| token.span.start() < span.end());
        start as u32..end.max(start) as u32
    }

    /// Number of distinct words.
    pub fn distinct(&self) -> usize {
        self.words.len()
    }

    /// Where a distinct word stands first.
    pub fn word(&self, word: u32) -> Span<Normalized> {
        self.words[word as usize]
    }
}

/// One numbering for the words of two documents.
#[derive(Clone, Debug)]
pub struct SharedVocabulary {
    /// For each side, the shared number of each of its words.
    pub numbers: Pair<Vec<u32>>,
    /// How many shared numbers there are.
    pub size: u32,
}

impl SharedVocabulary {
    /// Numbers the distinct words of both documents: equal words get equal numbers.
    pub fn new(texts: Pair<&NormalizedText>, tokens: Pair<&Tokens>) -> Self {
        let mut numbers: FxHashMap<&[char], u32> = FxHashMap::default();
        let shared = Pair::new((texts.left, tokens.left), (texts.right, tokens.right)).map(|(text, tokens)| {
            tokens
                .words
                .iter()
                .map(|span| {
                    let next = numbers.len() as u32;
                    *numbers.entry(text.slice(*span)).or_insert(next)
                })
                .collect()
        });
        Self { size: numbers.len() as u32, numbers: shared }
    }
}
