//! The words of a list of spans as one sequence of numbers.
//!
//! In: a document's analysis and spans of it. Out: [`Sequence`]: words with shared numbers, in order, where each span
//! begins, and nothing else. A word that a span cuts counts by the part inside; digits, signs and Han numerals that the
//! lexicon cut apart (1|+|1|+|9, 四|十五日) are one word, so that a figure changes as a whole.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::quantity::is_numeral;
use crate::compare::words::Words;
use crate::text::cancel::{Cancel, Cancelled};
use crate::text::normalize::NormalizedText;
use crate::text::span::{Normalized, Pair, Side, Span};

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

impl<'s> Borders<'s> {
    /// The words of the stretch and beside it.
    pub(super) fn words(self) -> &'s [Span<Normalized>] {
        self.words
    }

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

/// Characters of a span whose words are counted before they are listed.
const COUNTED: u32 = 1 << 13;

/// The number of a word that has none yet.
const UNNUMBERED: u32 = u32::MAX;

/// The sequences of both sides. Fails only when cancelled.
pub(super) fn sequences(
    words: &Words<'_>,
    spans: Pair<&[Span<Normalized>]>,
    cancel: &Cancel,
) -> Result<Pair<Sequence>, Cancelled> {
    Ok(Pair::new(sequence(words, Side::Left, spans.left, cancel)?, sequence(words, Side::Right, spans.right, cancel)?))
}

fn sequence(words: &Words<'_>, side: Side, spans: &[Span<Normalized>], cancel: &Cancel) -> Result<Sequence, Cancelled> {
    let text = &words.analyses().get(side).text;
    let mut out = Sequence::default();
    for &span in spans {
        let mut end = None;
        let mut joinable = false;
        // Lists of a million words that grow by themselves would take half as much room again.
        let count = if span.len() >= COUNTED { words.count(side, span, cancel)? } else { span.len() as usize / 2 };
        out.words.reserve(count);
        out.numbers.reserve(count);
        words.inside(side, span, cancel, |word| {
            let part = word.span.intersection(span);
            if part.is_empty() {
                return;
            }
            let characters = text.slice(part);
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
                out.words.push(part);
                out.numbers.push(if part == word.span { word.number } else { UNNUMBERED });
            }
            joinable = joins && characters.iter().all(figures);
        })?;
    }
    // Joined and cut words are numbered when they are whole, so that a figure of a million digits is read once.
    for (word, number) in out.words.iter().zip(&mut out.numbers).filter(|(_, number)| **number == UNNUMBERED) {
        *number = words.number(text.slice(*word));
    }
    Ok(out)
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
