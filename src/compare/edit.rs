//! Typed word edits: what became of the left words on the right, and what sort of change each is.
//!
//! In: two analysed documents ([`EditContext`]) and spans of both that correspond. Out: [`Edit`]s in order that cover the
//! spans of both sides without gap or overlap, equal stretches included, so that either side can be told from them.
//! Swapping the sides swaps operations, kinds and directions. The stages:
//! 1. Words are cut ([`words`](super::words)) unless both sides are the same or one is empty, and [`sequence`] lines them
//!    up; [`diff`](crate::compare::diff) finds a minimal script over them and slides its gaps to clause and word borders.
//!    Words are compared as they stand, so that the script is minimal for the reader;
//!    that 全省 and 全市 are the same word one level down counts when what changed is paired.
//! 2. [`list`] joins what belongs to a 、-list in another order.
//! 3. [`pairing`] finds the same characters cut differently, and splits every replacement so that each change stands
//!    alone; [`atom`] says what a change can be about.
//! 4. [`kind`] names each change; its guide says which rule goes first.
//! 5. Equal marks and particles between large changes that no rule knows are absorbed ([`absorb_islands`]): one in
//!    twenty of the minimal edits at most.
//! 6. [`output`] turns positions into raw ones.
//!
//! Cost: the word diff, and for each replacement at most 10 000 cells of a second alignment.

mod atom;
mod atom_pairs;
mod hint;
mod kind;
mod learned;
mod list;
mod name;
mod output;
mod pairing;
mod piece;
mod quantity;
mod reach;
mod scale;
mod sequence;
mod strength;
mod synonym;
#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use self::hint::{Hints, WordHints};
use self::kind::Local;
use self::learned::Learned;
use self::list::Marks;
use self::piece::{Piece, cover};
pub use self::reach::reach;
use self::sequence::Sequence;
use super::comparison::{Edit, EditKind, StageEnd};
use super::diff::cleanup::{self, slide};
use super::diff::{Op, OpKind, edit_script};
use super::words::Words;
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::normalize::NormalizedText;
use crate::text::place::is_place;
use crate::text::span::{Normalized, Pair, Span};
use crate::text::word_map::begins_with;

/// Least characters on both sides of a change beside an absorbed island.
const LARGE_CHANGE: u32 = 4;

/// What the edits of two documents have in common; made once a pair.
#[derive(Debug)]
pub struct EditContext<'a> {
    analyses: Pair<&'a Analysis>,
    words: Words<'a>,
    cancel: &'a Cancel,
    own_places: scale::OwnPlaces,
    /// Pairs of places that answer one another, found when a rule first asks.
    learned: OnceCell<Learned<'a>>,
    marks: Marks,
    /// Where “ stands in either text.
    opening_quotes: Pair<Vec<u32>>,
    /// What short words that changed before are of the scale, where they may be of it.
    local: RefCell<FxHashMap<&'a [char], Option<Rc<Local>>>>,
}

/// Longest words whose place in the scale is kept, in characters.
const LONGEST_KEPT: usize = 12;
/// Most words whose place in the scale is kept.
const MOST_KEPT: usize = 1 << 14;

impl<'a> EditContext<'a> {
    /// What two documents have in common. The caller's flag is kept for the places that are found when a rule first asks.
    pub fn new(words: Words<'a>, cancel: &'a Cancel) -> Self {
        let analyses = words.analyses();
        let own_places = analyses.left.own_places.iter().chain(&analyses.right.own_places).cloned().collect();
        let mut clause_ends: Vec<u32> = list::CLAUSE_ENDS.iter().map(|mark| words.number(mark)).collect();
        clause_ends.sort_unstable();
        let marks = Marks { separator: words.number(list::SEPARATOR), clause_ends };
        let opening_quotes = analyses.map(|analysis| {
            let characters = (0_u32..).zip(analysis.text.characters());
            characters.filter(|(_, character)| **character == '“').map(|(at, _)| at).collect()
        });
        let local = RefCell::default();
        Self { analyses, words, cancel, own_places, learned: OnceCell::new(), marks, opening_quotes, local }
    }

    fn texts(&self) -> Pair<&'a NormalizedText> {
        self.analyses.map(|analysis| &analysis.text)
    }

    /// Whether words may be of the scale or name an own place, by their characters.
    fn may_be_local(&self, words: &[char], hints: WordHints) -> bool {
        let begins_own_place = |name: &Vec<char>| name.first().is_some_and(|first| words.contains(first));
        hints.first.may_be(Hints::SCALE)
            || hints.any.may_be(Hints::LEVEL)
            // Own places are of the gazetteer.
            || hints.any.may_be(Hints::PLACE) && self.own_places.iter().any(begins_own_place)
    }

    /// What words are of the scale.
    fn local(&self, words: &'a [char]) -> Option<Rc<Local>> {
        let read = || Local::of(self, words).map(Rc::new);
        if words.len() > LONGEST_KEPT {
            return read();
        }
        if let Some(known) = self.local.borrow().get(words) {
            return known.clone();
        }
        let found = read();
        let mut kept = self.local.borrow_mut();
        if kept.len() < MOST_KEPT {
            kept.insert(words, found.clone());
        }
        found
    }

    fn own_places(&self) -> &scale::OwnPlaces {
        &self.own_places
    }

    /// Whether characters are the name of a place that one of the documents speaks for, with or without its suffix.
    fn is_own_place(&self, words: &[char]) -> bool {
        self.own_places.iter().any(|name| begins_with(words, name)) && is_place(words)
    }

    /// Whether the documents themselves show that one place answers the other.
    fn learned(&self, left: &[char], right: &[char]) -> bool {
        // When the caller has cancelled, what is found is not the answer to anything.
        self.learned
            .get_or_init(|| learned::places(&self.words, self.cancel).unwrap_or_default())
            .contains(&(left, right))
    }
}

/// Edits that turn the left spans into the right ones.
///
/// `left` and `right` are disjoint and ascending; a paragraph border inside a span is left out. Fails only when
/// cancelled; past the budget the edits are coarser and say so.
pub fn edits(
    context: &EditContext<'_>,
    left: &[Span<Normalized>],
    right: &[Span<Normalized>],
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<(Vec<Edit>, StageEnd), Cancelled> {
    if let Some(pieces) = without_words(context, left, right) {
        let first = Pair::new(left.first().copied(), right.first().copied());
        return Ok((output::edits(context, first, pieces), StageEnd::Complete));
    }
    let words = sequence::sequences(&context.words, Pair::new(left, right), cancel)?;
    let (pieces, end) = pieces(context, words.as_ref(), |_| true, budget, cancel)?;
    let first_words = words.map(|side| side.words.first().copied());
    Ok((output::edits(context, first_words, pieces), end))
}

/// The pieces of spans that are the same on both sides one by one, or stand on one side alone: for these no words are cut.
fn without_words(
    context: &EditContext<'_>,
    left: &[Span<Normalized>],
    right: &[Span<Normalized>],
) -> Option<Vec<Piece>> {
    let texts = context.texts();
    // A span that holds a paragraph border is more than one piece.
    let is_whole =
        |text: &NormalizedText, span: &Span<Normalized>| !span.is_empty() && !text.slice(*span).contains(&'\n');
    let nowhere = Span::new(0, 0);
    let alone = |left, right| {
        let spans = Pair::new(left, right);
        Piece::changed(spans, kind::kind_of(context, spans))
    };
    if !left.iter().all(|span| is_whole(texts.left, span)) || !right.iter().all(|span| is_whole(texts.right, span)) {
        return None;
    }
    match (left.is_empty(), right.is_empty()) {
        (true, _) => Some(right.iter().map(|span| alone(nowhere, *span)).collect()),
        (_, true) => Some(left.iter().map(|span| alone(*span, nowhere)).collect()),
        _ => {
            let pairs = || left.iter().zip(right);
            let are_same = left.len() == right.len()
                && pairs().all(|(left, right)| texts.left.slice(*left) == texts.right.slice(*right));
            are_same.then(|| pairs().map(|(left, right)| Piece::equal(Pair::new(*left, *right))).collect())
        }
    }
}

/// The pieces that cover the words of both sides. Changes that are not `wanted` are left whole and without a kind.
fn pieces(
    context: &EditContext<'_>,
    words: Pair<&Sequence>,
    wanted: impl Fn(Pair<Span<Normalized>>) -> bool,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<(Vec<Piece>, StageEnd), Cancelled> {
    let numbers = sequence::symmetric_numbers(words, context.texts());
    let script = edit_script(&numbers.left, &numbers.right, budget, cancel)?;
    let islands = script.edits() / 40;
    let mut end = script.end;
    drop(numbers);
    let ops = slide(&script.ops, &words.left.numbers, &words.right.numbers, |side, index| {
        let sequence = match side {
            cleanup::Side::Left => words.left,
            cleanup::Side::Right => words.right,
        };
        border_preference(context, sequence, index)
    });
    // There may be hundreds of thousands of operations, so no list of them stays longer than it is needed.
    drop(script);
    let ops = list::join_reordered(ops, words, &context.marks);
    // Some operations become several pieces; a list of a million that grows by itself would take twice the room.
    let mut pieces = Vec::with_capacity(ops.len() + ops.len() / 8 + 4);
    for (op, reordered) in ops {
        if reordered {
            let spans = Pair::new(words.left.span(op.left), words.right.span(op.right));
            pieces.push(Piece::changed(spans, Some(EditKind::Reordering)));
            continue;
        }
        if let Some(equal) = cut_by_breaks(&op, words, context.texts()) {
            pieces.extend(equal);
            continue;
        }
        let is_cut = words.left.is_cut(&op.left) || words.right.is_cut(&op.right);
        let cut = is_cut.then(|| parts(&op, words));
        for part in cut.as_deref().unwrap_or(std::slice::from_ref(&op)) {
            let spans = Pair::new(words.left.span(part.left.clone()), words.right.span(part.right.clone()));
            if part.kind == OpKind::Equal {
                pieces.push(Piece::equal(spans));
            } else if !wanted(spans) {
                pieces.push(Piece::changed(spans, None));
            } else {
                end = end.and(pairing::split(context, words, spans, &mut pieces, budget, cancel)?);
            }
        }
    }
    Ok((absorb_islands(join_equal(pieces, words), context, islands), end))
}

/// How good a border before word `index` is for a reader: at a paragraph, behind a clause, behind 、.
fn border_preference(context: &EditContext<'_>, words: &Sequence, index: usize) -> u32 {
    let before = index.checked_sub(1).map(|before| words.numbers[before]);
    match before {
        None => 3,
        Some(_) if words.breaks.binary_search(&(index as u32)).is_ok() || index == words.words.len() => 3,
        Some(number) if context.marks.clause_ends.binary_search(&number).is_ok() => 2,
        Some(number) if number == context.marks.separator => 1,
        Some(_) => 0,
    }
}

/// An operation cut where a span of either side begins. Of a replacement the parts answer each other in order.
fn parts(op: &Op, words: Pair<&Sequence>) -> Vec<Op> {
    let inside = |breaks: &[u32], range: &std::ops::Range<u32>| -> Vec<u32> {
        let from = breaks.partition_point(|at| *at <= range.start);
        breaks[from..].iter().copied().take_while(|at| *at < range.end).collect()
    };
    let (mut left, mut right) = (inside(&words.left.breaks, &op.left), inside(&words.right.breaks, &op.right));
    if op.kind == OpKind::Equal {
        // What one side is cut at, the other is cut at too.
        let also_right: Vec<u32> = left.iter().map(|at| at - op.left.start + op.right.start).collect();
        left.extend(right.iter().map(|at| at - op.right.start + op.left.start));
        right.extend(also_right);
        for side in [&mut left, &mut right] {
            side.sort_unstable();
            side.dedup();
        }
    }
    left.push(op.left.end);
    right.push(op.right.end);
    let mut out = Vec::new();
    let (mut from_left, mut from_right) = (op.left.start, op.right.start);
    for index in 0..left.len().max(right.len()) {
        let to_left = left.get(index).copied().unwrap_or(op.left.end);
        let to_right = right.get(index).copied().unwrap_or(op.right.end);
        if from_left < to_left || from_right < to_right {
            out.push(Op { kind: op.kind, left: from_left..to_left, right: from_right..to_right });
        }
        (from_left, from_right) = (to_left, to_right);
    }
    out
}

/// A replacement whose sides hold the same characters, as equal pieces: a line broken inside a word cuts it in two words
/// that are not the word, and nothing but the break differs. `None` for every other operation.
fn cut_by_breaks(op: &Op, words: Pair<&Sequence>, texts: Pair<&NormalizedText>) -> Option<Vec<Piece>> {
    if op.kind == OpKind::Equal {
        return None;
    }
    let cut = Pair::new(words.left.inside(&op.left), words.right.inside(&op.right));
    let length = |words: &[Span<Normalized>]| words.iter().map(|word| word.len()).sum::<u32>();
    if cut.left.is_empty() || length(cut.left) != length(cut.right) {
        return None;
    }
    let left = cut.left.iter().flat_map(|word| texts.left.slice(*word));
    let right = cut.right.iter().flat_map(|word| texts.right.slice(*word));
    if left.ne(right) {
        return None;
    }
    let mut out = Vec::new();
    let (mut left, mut right) = (cut.left.iter().copied().peekable(), cut.right.iter().copied().peekable());
    while let (Some(one), Some(other)) = (left.peek_mut(), right.peek_mut()) {
        let shared = one.len().min(other.len());
        let (to_left, to_right) = (one.start() + shared, other.start() + shared);
        out.push(Piece::equal(Pair::new(Span::new(one.start(), to_left), Span::new(other.start(), to_right))));
        let rest = Pair::new(Span::new(to_left, one.end()), Span::new(to_right, other.end()));
        (*one, *other) = (rest.left, rest.right);
        if rest.left.is_empty() {
            left.next();
        }
        if rest.right.is_empty() {
            right.next();
        }
    }
    Some(out)
}

/// Joins neighbouring equal pieces within their spans.
fn join_equal(mut pieces: Vec<Piece>, words: Pair<&Sequence>) -> Vec<Piece> {
    let breaks = words.map(|side| {
        let starts = side.breaks.iter().map(|at| side.words[*at as usize].start());
        starts.collect::<Vec<u32>>()
    });
    pieces.dedup_by(|piece, last| {
        let joins = last.is_equal()
            && piece.is_equal()
            && breaks.left.binary_search(&piece.spans.left.start()).is_err()
            && breaks.right.binary_search(&piece.spans.right.start()).is_err();
        if joins {
            last.spans = cover(last, piece);
        }
        joins
    });
    pieces
}

/// Joins two large changes that no rule knows with the one mark or particle that stands equal between them, at most
/// `most` times.
fn absorb_islands(mut pieces: Vec<Piece>, context: &EditContext<'_>, most: u64) -> Vec<Piece> {
    let text = context.texts().left;
    let large = |piece: &Piece| {
        piece.is_vague() && piece.spans.left.len() >= LARGE_CHANGE && piece.spans.right.len() >= LARGE_CHANGE
    };
    let island = |piece: &Piece| {
        piece.is_equal()
            && matches!(text.slice(piece.spans.left), ['的' | '，' | '、' | '和' | '与' | '及' | '等' | '在' | '了'])
    };
    let touches = |last: &Piece, piece: &Piece| {
        last.spans.left.end() == piece.spans.left.start() && last.spans.right.end() == piece.spans.right.start()
    };
    let mut absorbed = Vec::new();
    for at in 2..pieces.len() {
        let [before, between, piece] = &pieces[at - 2..=at] else { continue };
        if absorbed.len() as u64 / 2 < most
            && large(before)
            && island(between)
            && large(piece)
            && touches(before, between)
            && touches(between, piece)
        {
            pieces[at] = Piece::changed(cover(before, piece), Some(EditKind::Other));
            absorbed.extend([at - 2, at - 1]);
        }
    }
    let (mut at, mut absorbed) = (0, absorbed.into_iter().peekable());
    pieces.retain(|_| {
        at += 1;
        absorbed.next_if_eq(&(at - 1)).is_none()
    });
    pieces
}
