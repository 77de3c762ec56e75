//! One changed stretch split so that each change is an edit of its own.
//!
//! In: a replacement. Out: pieces that cover it: words that are equal though cut differently, changes whose kind is
//! known, and the rest. 县级以上人民政府应当 against 市、区人民政府可以 is a localisation, the same words, and a
//! weaker duty. Three steps: characters that stand alike between word borders of both sides are equal; the atoms of
//! what is left are paired by a global alignment (Needleman & Wunsch 1970) that rewards pairs of one class; borders
//! inside a word are given up unless they part two known changes. Cost: characters as [`edit_script`]; atoms left times
//! right, up to [`MOST_CELLS`] and the budget, beyond which the stretch stays whole.

use super::EditContext;
use super::atom::{Atom, Class, atoms};
use super::kind::{Facts, kind_between, kind_of};
use super::piece::{Piece, cover};
use super::quantity::Figure;
use super::sequence::{Borders, Sequence};
use super::strength;
use crate::compare::comparison::StageEnd;
use crate::compare::diff::{OpKind, edit_script};
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::span::{Normalized, Pair, Side, Span};

/// Cells up to which the characters of two sides are compared one by one before they are diffed.
const SHORT_CELLS: usize = 1024;
/// Most cells of one alignment of atoms.
const MOST_CELLS: u64 = 10_000;
/// Steps of the budget that a cell counts: it costs as much as so many machine words of the word diff.
const CELL_STEPS: u64 = 4;
/// Shortest equal stretch that is kept though it begins or ends inside a word, in characters.
const KEPT_INSIDE_WORDS: u32 = 4;

/// Splits the replacement `change` into pieces.
pub(super) fn split(
    context: &EditContext<'_>,
    words: Pair<&Sequence>,
    change: Pair<Span<Normalized>>,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<(Vec<Piece>, StageEnd), Cancelled> {
    let words = Pair::new(words.left.borders(change.left), words.right.borders(change.right));
    let mut out = Vec::new();
    let mut end = StageEnd::Complete;
    for piece in same_characters(context, words, change, budget, cancel, &mut end)? {
        match piece.is_equal() {
            true => out.push(piece),
            false => out.extend(split_words(context, words, piece.spans, budget, &mut end)),
        }
    }
    Ok((out, end))
}

/// Parts a change at runs of characters that both sides have between borders of words.
fn same_characters(
    context: &EditContext<'_>,
    words: Pair<Borders<'_>>,
    change: Pair<Span<Normalized>>,
    budget: &mut StepBudget,
    cancel: &Cancel,
    end: &mut StageEnd,
) -> Result<Vec<Piece>, Cancelled> {
    let whole = vec![Piece::changed(change, None)];
    if change.left.is_empty() || change.right.is_empty() {
        return Ok(whole);
    }
    let texts = context.texts();
    let sides = Pair::new(texts.left.slice(change.left), texts.right.slice(change.right));
    // Most short replacements have no character in common, and a diff would only say so.
    let is_short = sides.left.len() * sides.right.len() <= SHORT_CELLS;
    if is_short && !sides.left.iter().any(|character| sides.right.contains(character)) {
        return Ok(whole);
    }
    let numbers = |characters: &[char]| characters.iter().map(|c| u32::from(*c)).collect::<Vec<u32>>();
    let script = edit_script(&numbers(sides.left), &numbers(sides.right), budget, cancel)?;
    *end = end.and(script.end);
    let (mut out, mut done) = (Vec::new(), Pair::new(change.left.start(), change.right.start()));
    for op in script.ops.iter().filter(|op| op.kind == OpKind::Equal) {
        let (left, right) = (change.left.start() + op.left.start, change.right.start() + op.right.start);
        let borders: Vec<u32> = (0..=op.left.end - op.left.start)
            .filter(|by| words.left.is_border(left + by) && words.right.is_border(right + by))
            .collect();
        let (Some(&first), Some(&last)) = (borders.first(), borders.last()) else { continue };
        if first == last {
            continue;
        }
        let before = Pair::new(Span::new(done.left, left + first), Span::new(done.right, right + first));
        out.extend(nonempty(before));
        out.push(Piece::equal(Pair::new(Span::new(left + first, left + last), Span::new(right + first, right + last))));
        done = Pair::new(left + last, right + last);
    }
    out.extend(nonempty(Pair::new(Span::new(done.left, change.left.end()), Span::new(done.right, change.right.end()))));
    Ok(out)
}

fn nonempty(spans: Pair<Span<Normalized>>) -> Option<Piece> {
    (!spans.left.is_empty() || !spans.right.is_empty()).then(|| Piece::changed(spans, None))
}

fn split_words<'a>(
    context: &EditContext<'a>,
    words: Pair<Borders<'_>>,
    change: Pair<Span<Normalized>>,
    budget: &mut StepBudget,
    end: &mut StageEnd,
) -> Vec<Piece> {
    if let Some(kind) = kind_of(context, change) {
        return vec![Piece::changed(change, Some(kind))];
    }
    if change.left.is_empty() || change.right.is_empty() {
        return vec![Piece::changed(change, None)];
    }
    let texts = context.texts();
    let cut = Pair::new(
        atoms(texts.left.characters(), change.left, words.left, context.own_places()),
        atoms(texts.right.characters(), change.right, words.right, context.own_places()),
    );
    let cells = cut.left.len() as u64 * cut.right.len() as u64;
    if cells > MOST_CELLS || !budget.take(CELL_STEPS * cells) {
        *end = end.and(if cells > MOST_CELLS { StageEnd::Complete } else { StageEnd::Budget });
        return vec![Piece::changed(change, None)];
    }
    let facts_of = |side: Side, atoms: &[Atom]| -> Vec<Facts<'a>> {
        atoms.iter().map(|atom| Facts::of(context, side, atom.span)).collect()
    };
    let facts = Pair::new(facts_of(Side::Left, &cut.left), facts_of(Side::Right, &cut.right));
    let keys_of = |atoms: &[Atom], facts: &[Facts<'a>]| -> Vec<Key> {
        atoms.iter().zip(facts).map(|(atom, facts)| Key::of(context, &atom.class, facts)).collect()
    };
    let keys = Pair::new(keys_of(&cut.left, &facts.left), keys_of(&cut.right, &facts.right));
    let score = |i: usize, j: usize| match keys.left[i].is_plain_against(&keys.right[j]) {
        true => PLAIN_SCORE,
        false => score(context, (&cut.left[i].class, &facts.left[i]), (&cut.right[j].class, &facts.right[j])),
    };
    // One orientation for both orders of the sides makes the pieces mirror each other.
    let mirrored = (cut.left.len(), texts.left.slice(change.left)) < (cut.right.len(), texts.right.slice(change.right));
    let pairs = match mirrored {
        true => align(cut.right.len(), cut.left.len(), |i, j| score(j, i))
            .into_iter()
            .map(|(right, left)| (left, right))
            .collect(),
        false => align(cut.left.len(), cut.right.len(), score),
    };
    tidy(context, words, pieces(context, change, &cut, &facts, &pairs))
}

/// Pairs of indexes, ascending on both sides, with the highest sum of scores. Scores below 1 never pair.
fn align(rows: usize, columns: usize, score: impl Fn(usize, usize) -> u32) -> Vec<(usize, usize)> {
    let width = columns + 1;
    let mut best = vec![0_u32; (rows + 1) * width];
    let mut scores = vec![0_u32; rows * columns];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            let here = score(i, j);
            scores[i * columns + j] = here;
            let paired = if here > 0 { here + best[(i + 1) * width + j + 1] } else { 0 };
            best[i * width + j] = paired.max(best[(i + 1) * width + j]).max(best[i * width + j + 1]);
        }
    }
    let (mut out, mut i, mut j) = (Vec::new(), 0, 0);
    while i < rows && j < columns {
        let here = scores[i * columns + j];
        if here > 0 && best[i * width + j] == here + best[(i + 1) * width + j + 1] {
            out.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[i * width + j] == best[(i + 1) * width + j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

/// The score of two words that no rule knows and that have no character in common, as most pairs of atoms are.
const PLAIN_SCORE: u32 = 1;

/// What tells most pairs of atoms without a look at their words.
#[derive(Clone, Copy)]
struct Key {
    /// What rules may know of it.
    subjects: u16,
    /// Its characters, as [`Facts::signature`] says.
    signature: u64,
}

impl Key {
    fn of<'a>(context: &EditContext<'a>, class: &Class, facts: &Facts<'a>) -> Self {
        match class {
            Class::Word | Class::Degree(_) | Class::Scale => {
                Self { subjects: facts.subjects(context), signature: facts.signature() }
            }
            // What is no word is scored by its class, against whatever it stands.
            Class::Figure(_) | Class::Punctuation => Self { subjects: u16::MAX, signature: u64::MAX },
        }
    }

    /// Whether two atoms are words with nothing in common that a score could rest on. Equal words have their characters in
    /// common, synonyms that they are of the list.
    fn is_plain_against(&self, other: &Self) -> bool {
        self.subjects & other.subjects == 0 && self.signature & other.signature == 0
    }
}

/// How well two atoms answer each other. Equal words and known changes count far more than a likeness of characters.
fn score<'a>(context: &EditContext<'a>, left: (&Class, &Facts<'a>), right: (&Class, &Facts<'a>)) -> u32 {
    let facts = Pair::new(left.1, right.1);
    let words = facts.map(|side| side.words);
    // Most words differ in their first character, which tells it without a call.
    if words.left.first() == words.right.first() && words.left == words.right {
        return if *left.0 == Class::Punctuation { 10 } else { 40 };
    }
    if facts.left.are_synonyms(facts.right) {
        return 30;
    }
    match (left.0, right.0) {
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
            if facts.left.subjects(context) & facts.right.subjects(context) != 0
                && kind_between(context, facts.left, facts.right).is_some()
            {
                return 24;
            }
            let held = |of: &[char], by: &[char]| of.iter().filter(|c| by.contains(c)).count();
            let shared = held(words.left, words.right).min(held(words.right, words.left));
            let longer = words.left.len().max(words.right.len());
            PLAIN_SCORE + (6 * shared / longer) as u32
        }
        _ => 0,
    }
}

/// The pieces that pairs of atoms and what lies between them make.
fn pieces<'a>(
    context: &EditContext<'a>,
    change: Pair<Span<Normalized>>,
    cut: &Pair<Vec<Atom>>,
    facts: &Pair<Vec<Facts<'a>>>,
    pairs: &[(usize, usize)],
) -> Vec<Piece> {
    let texts = context.texts();
    let gap = |left: Span<Normalized>, right: Span<Normalized>| {
        nonempty(Pair::new(left, right)).map(|gap| Piece::changed(gap.spans, kind_of(context, gap.spans)))
    };
    let mut out = Vec::new();
    let mut done = Pair::new(change.left.start(), change.right.start());
    for &(left, right) in pairs {
        let spans = Pair::new(cut.left[left].span, cut.right[right].span);
        out.extend(gap(Span::new(done.left, spans.left.start()), Span::new(done.right, spans.right.start())));
        done = Pair::new(spans.left.end(), spans.right.end());
        out.push(match texts.left.slice(spans.left) == texts.right.slice(spans.right) {
            true => Piece::equal(spans),
            false => Piece::changed(spans, kind_between(context, &facts.left[left], &facts.right[right])),
        });
    }
    out.extend(gap(Span::new(done.left, change.left.end()), Span::new(done.right, change.right.end())));
    out
}

/// A piece on its way through [`tidy`].
struct Tidied {
    piece: Piece,
    /// Whether it covers more than its kind was found for.
    has_grown: bool,
}

impl Tidied {
    fn grow(&mut self, spans: Pair<Span<Normalized>>) {
        self.piece.spans = spans;
        self.has_grown = true;
    }

    /// The piece, with the kind of all that it covers where no rule knew it before: an addition that took an equal
    /// stretch in has words on both sides now.
    fn settled(self, context: &EditContext<'_>) -> Piece {
        match self.has_grown && self.piece.is_vague() {
            true => Piece::changed(self.piece.spans, kind_of(context, self.piece.spans)),
            false => self.piece,
        }
    }
}

/// Joins what no rule knows to one piece, and gives up equal stretches that begin or end inside a word.
fn tidy(context: &EditContext<'_>, words: Pair<Borders<'_>>, pieces: Vec<Piece>) -> Vec<Piece> {
    let clean = |left: u32, right: u32| words.left.is_border(left) && words.right.is_border(right);
    let mut equal_joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match equal_joined.last_mut() {
            Some(last) if last.is_equal() && piece.is_equal() => last.spans = cover(last, &piece),
            _ => equal_joined.push(piece),
        }
    }
    let kept = |piece: &Piece| {
        let Pair { left, right } = piece.spans;
        clean(left.start(), right.start()) && clean(left.end(), right.end()) || left.len() >= KEPT_INSIDE_WORDS
    };
    // An equal stretch that is given up joins the change before it; at the front, the one behind it.
    let mut out: Vec<Tidied> = Vec::with_capacity(equal_joined.len());
    let mut given_up: Option<Piece> = None;
    for piece in equal_joined {
        let mut tidied = Tidied { piece, has_grown: false };
        if let Some(front) = given_up.take() {
            tidied.grow(cover(&front, &tidied.piece));
        }
        if tidied.piece.is_equal() && !kept(&tidied.piece) {
            match out.last_mut() {
                Some(last) if !last.piece.is_equal() => last.grow(cover(&last.piece, &tidied.piece)),
                _ => given_up = Some(tidied.piece),
            }
            continue;
        }
        out.push(tidied);
    }
    if let Some(rest) = given_up {
        match out.last_mut() {
            Some(last) => last.grow(cover(&last.piece, &rest)),
            None => out.push(Tidied { piece: rest, has_grown: false }),
        }
    }
    let mut joined: Vec<Tidied> = Vec::with_capacity(out.len());
    for piece in out.into_iter().map(|tidied| tidied.settled(context)) {
        match joined.last_mut() {
            Some(last) if last.piece.is_vague() && piece.is_vague() => last.grow(cover(&last.piece, &piece)),
            Some(last) if last.piece.is_equal() && piece.is_equal() => last.piece.spans = cover(&last.piece, &piece),
            _ => joined.push(Tidied { piece, has_grown: false }),
        }
    }
    joined.into_iter().map(|tidied| tidied.settled(context)).collect()
}
