//! The words of a list of spans as one sequence of numbers.
//!
//! In: a document's analysis and spans of it. Out: [`Sequence`]: words with shared numbers, in order, where each span
//! begins, and nothing else. A word that a span cuts counts by the part inside; digits, signs and Han numerals that the
//! lexicon cut apart (1|+|1|+|9, 四|十五日) are one word, so that a figure changes as a whole.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::quantity::is_numeral;
use crate::text::analysis::Analysis;
use crate::text::normalize::NormalizedText;
use crate::text::span::{Normalized, Pair, Span};
use crate::text::token::SharedVocabulary;

/// The words of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    /// Where each word stands; ascending.
    pub(super) words: Vec<Span<Normalized>>,
    /// Its shared number.
    pub(super) numbers: Vec<u32>,
    /// Indexes of the words that begin a span, or that stand behind a paragraph border; the first is 0.
    pub(super) breaks: Vec<u32>,
}

impl Sequence {
    /// Position of the border before word `index`: where the word before it ends, or where the first one begins.
    pub(super) fn border(&self, index: u32) -> u32 {
        match index.checked_sub(1) {
            Some(before) => self.words[before as usize].end(),
            None => self.words.first().map_or(0, |first| first.start()),
        }
    }

    /// Characters of a range of words that lies in one span; an empty range is a border.
    pub(super) fn span(&self, words: std::ops::Range<u32>) -> Span<Normalized> {
        if words.is_empty() {
            let at = self.border(words.start);
            return Span::new(at, at);
        }
        Span::new(self.words[words.start as usize].start(), self.words[words.end as usize - 1].end())
    }

    /// Whether a span begins inside a range of words.
    pub(super) fn is_cut(&self, words: &std::ops::Range<u32>) -> bool {
        let next = self.breaks.partition_point(|at| *at <= words.start);
        self.breaks.get(next).is_some_and(|at| *at < words.end)
    }

    /// The words of a range.
    pub(super) fn inside(&self, words: &std::ops::Range<u32>) -> &[Span<Normalized>] {
        &self.words[words.start as usize..words.end as usize]
    }

    /// Where words begin and end in a stretch and one character around it.
    pub(super) fn borders(&self, stretch: Span<Normalized>) -> Borders<'_> {
        let from = self.words.partition_point(|word| word.end() < stretch.start());
        let behind = self.words[from..].partition_point(|word| word.start() <= stretch.end() + 1);
        Borders { words: &self.words[from..from + behind] }
    }
}

/// Where words begin and end in a stretch of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Borders<'s> {
    words: &'s [Span<Normalized>],
}

impl Borders<'_> {
    /// Whether a word begins or ends at a position of the stretch or beside it.
    pub(super) fn is_border(&self, position: u32) -> bool {
        let index = self.words.partition_point(|word| word.end() <= position);
        self.words.get(index).is_none_or(|word| word.start() >= position)
    }

    /// The first border behind a position of the stretch; `None` if no word of the stretch begins or ends behind it.
    pub(super) fn border_behind(&self, position: u32) -> Option<u32> {
        let index = self.words.partition_point(|word| word.end() <= position);
        let word = self.words.get(index)?;
        Some(if word.start() > position { word.start() } else { word.end() })
    }
}

/// The number of a word that has none yet.
const UNNUMBERED: u32 = u32::MAX;

/// The sequences of both sides. Numbers below the vocabulary's size are its own; joined and cut words come behind.
pub(super) fn sequences(
    analyses: Pair<&Analysis>,
    vocabulary: &SharedVocabulary,
    spans: Pair<&[Span<Normalized>]>,
) -> Pair<Sequence> {
    let mut own: FxHashMap<&[char], u32> = FxHashMap::default();
    let size = vocabulary.size;
    let sides = Pair::new(
        (analyses.left, spans.left, &vocabulary.numbers.left),
        (analyses.right, spans.right, &vocabulary.numbers.right),
    );
    sides.map(|(analysis, spans, numbers)| {
        let mut out = Sequence::default();
        for &span in spans {
            let mut end = None;
            let mut joinable = false;
            let inside = analysis.tokens.inside(span);
            out.words.reserve(inside.len());
            out.numbers.reserve(inside.len());
            for token in &analysis.tokens.all()[inside.start as usize..inside.end as usize] {
                let part = token.span.intersection(span);
                let characters = analysis.text.slice(part);
                if part.is_empty() {
                    continue;
                }
                let figures = |c: &char| is_numeral(*c) || *c == '+';
                let joins = characters.first().is_some_and(figures);
                if end != Some(part.start()) {
                    out.breaks.push(out.words.len() as u32);
                    joinable = false;
                }
                end = Some(part.end());
                if let (true, true, Some(last)) = (joinable, joins, out.words.last_mut()) {
                    *last = last.cover(part);
                    if let Some(number) = out.numbers.last_mut() {
                        *number = UNNUMBERED;
                    }
                } else {
                    let whole = part == token.span;
                    out.words.push(part);
                    out.numbers.push(if whole { numbers[token.word as usize] } else { UNNUMBERED });
                }
                joinable = characters.iter().all(figures);
            }
        }
        // Joined and cut words are numbered when they are whole, so that a figure of a million digits is read once.
        for (word, number) in out.words.iter().zip(&mut out.numbers).filter(|(_, number)| **number == UNNUMBERED) {
            let next = size + own.len() as u32;
            *number = *own.entry(analysis.text.slice(*word)).or_insert(next);
        }
        out
    })
}

/// Numbers for the word diff that do not depend on which side is called left, so that the script mirrors with the sides.
///
/// The diff breaks ties between sequences of one length by their numbers, and shared numbers count from the left side.
pub(super) fn symmetric_numbers<'a>(
    words: Pair<&'a Sequence>,
    texts: Pair<&'a NormalizedText>,
) -> Pair<Cow<'a, [u32]>> {
    let shared = words.map(|side| Cow::Borrowed(side.numbers.as_slice()));
    if words.left.numbers.len() != words.right.numbers.len() {
        return shared;
    }
    let read = |side: &'a Sequence, text: &'a NormalizedText| side.words.iter().map(|word| text.slice(*word));
    let right_first = read(words.right, texts.right).lt(read(words.left, texts.left));
    let (first, second) = if right_first { (words.right, words.left) } else { (words.left, words.right) };
    let mut order: FxHashMap<u32, u32> = FxHashMap::default();
    let mut renumber = |side: &Sequence| -> Cow<'a, [u32]> {
        let next = side.numbers.iter().map(|number| {
            let next = order.len() as u32;
            *order.entry(*number).or_insert(next)
        });
        Cow::Owned(next.collect())
    };
    let (first, second) = (renumber(first), renumber(second));
    if right_first { Pair::new(second, first) } else { Pair::new(first, second) }
}
