//! Which atoms of both sides answer one another.
//!
//! In: the atoms of both sides of a change, with what rules may know of them. Out: pairs of indexes, ascending on both sides,
//! whose scores sum to the most: a global alignment (Needleman & Wunsch 1970) that rewards pairs of one class. Always: the
//! pairs mirror with the sides. Cost: a few steps for each pair of atoms; most have nothing in common, which three
//! numbers tell.

use std::cell::OnceCell;

use super::EditContext;
use super::atom::{Atom, Class};
use super::hint::Hints;
use super::kind::{Facts, Subjects, WordFacts, kind_between};
use super::pairing::Sharing;
use super::quantity::Figure;
use super::strength;
use crate::text::span::{Normalized, Pair, Side, Span};

/// The score of two words that no rule knows and that have no character in common, as most pairs of atoms are.
const PLAIN_SCORE: u32 = 1;

/// An atom with what rules may know of it.
pub(super) struct KnownAtom<'a> {
    /// Its characters.
    pub(super) span: Span<Normalized>,
    side: Side,
    class: Class,
    key: Key,
    asked: Hints,
    alone: WordFacts,
    /// What rules ask about it; read when a rule first asks, because most atoms are told by their keys.
    facts: OnceCell<Facts<'a>>,
}

impl<'a> KnownAtom<'a> {
    /// Reads an atom of one side, of which no more is `asked`.
    pub(super) fn of(
        context: &EditContext<'a>,
        side: Side,
        Atom { span, class }: Atom,
        asked: Hints,
        sharing: Sharing,
    ) -> Self {
        let words = context.texts().get(side).slice(span);
        let alone = WordFacts::of(context, words, asked);
        let mut out = Self { span, side, class, key: Key::OF_OTHERS, asked, alone, facts: OnceCell::new() };
        if matches!(out.class, Class::Word | Class::Degree(_) | Class::Scale) {
            let before = span.start().checked_sub(1);
            let before = before.map(|before| context.texts().get(side).characters()[before as usize]);
            let (of_words, may_be_more) = alone.subjects(words, before, asked);
            out.key = Key {
                subjects: if may_be_more { out.facts(context).subjects(context, of_words) } else { of_words },
                synonyms: alone.synonyms(),
                signature: if sharing == Sharing::Nothing { 0 } else { alone.signature() },
            };
        }
        out
    }

    /// What rules ask about it.
    pub(super) fn facts(&self, context: &EditContext<'a>) -> &Facts<'a> {
        self.facts.get_or_init(|| Facts::with(context, self.side, self.span, self.asked, self.alone))
    }

    /// Whether both are words that no rule knows and that have no character in common.
    pub(super) fn is_plain_against(&self, other: &Self) -> bool {
        self.key.is_plain_against(other.key)
    }
}

/// What tells most pairs of atoms without a look at their words.
#[derive(Clone, Copy)]
struct Key {
    /// What rules may know of it, besides synonyms.
    subjects: Subjects,
    /// One bit for each of the lines of synonyms that it stands in, as [`lines`](super::synonym::lines) says.
    synonyms: u64,
    /// Its characters, as [`signature_bit`](crate::text::word_map::signature_bit) says; none if the other side has none of them.
    signature: u64,
}

impl Key {
    /// What is no word is scored by its class, against whatever it stands.
    const OF_OTHERS: Self = Self { subjects: Subjects::OTHERS, synonyms: u64::MAX, signature: u64::MAX };

    /// Whether two atoms are words with nothing in common that a score could rest on. Equal words have their characters in
    /// common.
    fn is_plain_against(self, other: Self) -> bool {
        !self.subjects.meet(other.subjects)
            && self.synonyms & other.synonyms == 0
            && self.signature & other.signature == 0
            && !self.is_of_others()
            && !other.is_of_others()
    }

    fn is_of_others(self) -> bool {
        self.subjects == Subjects::OTHERS
    }

    /// All that either is about.
    fn or(self, other: Self) -> Self {
        Self {
            subjects: self.subjects.and(other.subjects),
            synonyms: self.synonyms | other.synonyms,
            signature: self.signature | other.signature,
        }
    }
}

/// Whether the atoms of both sides are words of which none has anything in common with one of the other side: whatever pairs,
/// nothing is known of it.
pub(super) fn are_all_plain(atoms: Pair<&[KnownAtom<'_>]>) -> bool {
    let nothing = Key { subjects: Subjects::default(), synonyms: 0, signature: 0 };
    let all = |atoms: &[KnownAtom<'_>]| atoms.iter().fold(nothing, |all, atom| all.or(atom.key));
    all(atoms.left).is_plain_against(all(atoms.right))
}

/// The pairs of atoms that answer one another, as indexes of the left and of the right ones. The atoms cover `change`.
pub(super) fn pairs<'a>(
    context: &EditContext<'a>,
    atoms: Pair<&[KnownAtom<'a>]>,
    change: Pair<Span<Normalized>>,
) -> Vec<(usize, usize)> {
    let texts = context.texts();
    // One orientation for both orders of the sides makes the pairs mirror each other.
    let mirrored =
        (atoms.left.len(), texts.left.slice(change.left)) < (atoms.right.len(), texts.right.slice(change.right));
    let (rows, columns) = if mirrored { (atoms.right, atoms.left) } else { (atoms.left, atoms.right) };
    let mut scores = Vec::with_capacity(rows.len() * columns.len());
    for row in rows {
        scores.extend(columns.iter().map(|column| {
            if row.is_plain_against(column) {
                return PLAIN_SCORE;
            }
            let (left, right) = if mirrored { (column, row) } else { (row, column) };
            score(context, left, right)
        }));
    }
    let mut pairs = heaviest(&scores, columns.len());
    if mirrored {
        pairs.iter_mut().for_each(|(row, column)| std::mem::swap(row, column));
    }
    pairs
}

/// Pairs of a row and a column, ascending in both, with the highest sum of scores, which are given row by row. Scores
/// below 1 never pair.
fn heaviest(scores: &[u32], columns: usize) -> Vec<(usize, usize)> {
    let (rows, width) = (scores.len() / columns, columns + 1);
    // The highest sum from every row and column on; none behind the last ones.
    let mut best = vec![0_u32; (rows + 1) * width];
    for (row, scores) in scores.chunks_exact(columns).enumerate().rev() {
        let (here, below) = best[row * width..][..2 * width].split_at_mut(width);
        let mut behind = 0;
        let cells = here[..columns].iter_mut().zip(below.windows(2)).zip(scores);
        for ((sum, below), &score) in cells.rev() {
            let paired = if score > 0 { score + below[1] } else { 0 };
            behind = paired.max(below[0]).max(behind);
            *sum = behind;
        }
    }
    let (mut out, mut row, mut column) = (Vec::with_capacity(rows.min(columns)), 0, 0);
    while row < rows && column < columns {
        let (here, score) = (best[row * width + column], scores[row * columns + column]);
        if score > 0 && here == score + best[(row + 1) * width + column + 1] {
            out.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if here == best[(row + 1) * width + column] {
            row += 1;
        } else {
            column += 1;
        }
    }
    out
}

/// How well two atoms answer each other. Equal words and known changes count far more than a likeness of characters.
fn score<'a>(context: &EditContext<'a>, left: &KnownAtom<'a>, right: &KnownAtom<'a>) -> u32 {
    let facts = Pair::new(left.facts(context), right.facts(context));
    let words = facts.map(|side| side.words);
    // Most words differ in their first character, which tells it without a call.
    if words.left.first() == words.right.first() && words.left == words.right {
        return if left.class == Class::Punctuation { 10 } else { 40 };
    }
    if facts.left.are_synonyms(facts.right) {
        return 30;
    }
    match (&left.class, &right.class) {
        (Class::Scale, Class::Scale) => {
            if facts.left.same_form(facts.right, context) {
                32
            } else {
                26
            }
        }
        (Class::Figure(Figure::Quantity(one)), Class::Figure(Figure::Quantity(other))) => {
            if one.unit == other.unit {
                32
            } else {
                22
            }
        }
        (Class::Figure(Figure::Date), Class::Figure(Figure::Date)) => 30,
        (Class::Degree(one), Class::Degree(other)) => {
            let moved = strength::moved(*one, *other).is_some();
            if one.part == other.part { 26 + u32::from(moved) * 2 } else { 12 }
        }
        (Class::Punctuation, Class::Punctuation) => 4,
        (Class::Word | Class::Degree(_) | Class::Scale, Class::Word | Class::Degree(_) | Class::Scale) => {
            if left.key.subjects.meet(right.key.subjects) && kind_between(context, facts.left, facts.right).is_some() {
                return 24;
            }
            if left.key.signature & right.key.signature == 0 {
                return PLAIN_SCORE;
            }
            let held = |of: &[char], by: &[char]| of.iter().filter(|c| by.contains(c)).count();
            let shared = held(words.left, words.right).min(held(words.right, words.left));
            let longer = words.left.len().max(words.right.len());
            PLAIN_SCORE + (6 * shared / longer) as u32
        }
        _ => 0,
    }
}
