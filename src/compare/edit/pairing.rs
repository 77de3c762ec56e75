//! One changed stretch split so that each change is an edit of its own.
//!
//! In: a replacement. Out: pieces that cover it: words that are equal though cut differently, changes whose kind is
//! known, and the rest. 县级以上人民政府应当 against 市、区人民政府可以 is a localisation, the same words, and a
//! weaker duty. Three steps: characters that stand alike between word borders of both sides are equal; the atoms of
//! what is left are paired by a global alignment (Needleman & Wunsch 1970) that rewards pairs of one class; borders
//! inside a word are given up unless they part two known changes. Cost: characters as [`edit_script`]; atoms left times
//! right, up to [`MOST_CELLS`] and the budget, beyond which the stretch stays whole.

use super::EditContext;
use super::atom::{Atom, atoms};
use super::atom_pairs::{self, KnownAtom};
use super::kind::{self, kind_among, kind_between, kind_of};
use super::piece::{Piece, cover};
use super::sequence::{Borders, Sequence};
use crate::compare::comparison::StageEnd;
use crate::compare::diff::{OpKind, edit_script};
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::span::{Normalized, Pair, Side, Span};

/// Cells up to which the characters of two sides are compared one by one before they are diffed.
const SHORT_CELLS: usize = 1024;
/// Most cells of one alignment of atoms.
const MOST_CELLS: usize = 10_000;
/// Steps of the budget that a cell counts: it costs as much as so many machine words of the word diff.
const CELL_STEPS: u64 = 4;
/// Shortest equal stretch that is kept though it begins or ends inside a word, in characters.
const KEPT_INSIDE_WORDS: u32 = 4;

/// Splits the replacement `change` into pieces, which are added to `out`.
pub(super) fn split(
    context: &EditContext<'_>,
    words: Pair<&Sequence>,
    change: Pair<Span<Normalized>>,
    out: &mut Vec<Piece>,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<StageEnd, Cancelled> {
    let words = Pair::new(words.left.borders(change.left), words.right.borders(change.right));
    let mut end = StageEnd::Complete;
    match same_characters(context, words, change, budget, cancel, &mut end)? {
        Same::Nothing => split_words(context, words, change, Sharing::Nothing, out, budget, &mut end),
        Same::InsideWords => split_words(context, words, change, Sharing::Characters, out, budget, &mut end),
        Same::Words(pieces) => {
            // Some pieces become several; a list of a million that grows by itself would take twice the room.
            out.reserve(pieces.len() + pieces.len() / 8);
            for piece in pieces {
                match piece.is_equal() {
                    true => out.push(piece),
                    false => split_words(context, words, piece.spans, Sharing::Characters, out, budget, &mut end),
                }
            }
        }
    }
    Ok(end)
}

/// Characters that both sides of a change have.
enum Same {
    /// None at all.
    Nothing,
    /// Maybe some, but no run between borders of words.
    InsideWords,
    /// Runs between borders of words: the change parted at them.
    Words(Vec<Piece>),
}

/// Whether both sides of a change have characters in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// None.
    Nothing,
    /// Maybe.
    Characters,
}

/// The characters that both sides of a change have.
fn same_characters(
    context: &EditContext<'_>,
    words: Pair<Borders<'_>>,
    change: Pair<Span<Normalized>>,
    budget: &mut StepBudget,
    cancel: &Cancel,
    end: &mut StageEnd,
) -> Result<Same, Cancelled> {
    if change.left.is_empty() || change.right.is_empty() {
        return Ok(Same::Nothing);
    }
    let texts = context.texts();
    let sides = Pair::new(texts.left.slice(change.left), texts.right.slice(change.right));
    // Most short replacements have no character in common, and a diff would only say so.
    let is_short = sides.left.len() * sides.right.len() <= SHORT_CELLS;
    if is_short && !sides.left.iter().any(|character| sides.right.contains(character)) {
        return Ok(Same::Nothing);
    }
    let numbers = |characters: &[char]| characters.iter().map(|c| u32::from(*c)).collect::<Vec<u32>>();
    let script = edit_script(&numbers(sides.left), &numbers(sides.right), budget, cancel)?;
    *end = end.and(script.end);
    let mut out = Vec::with_capacity(script.ops.len() + 1);
    let mut done = Pair::new(change.left.start(), change.right.start());
    for op in script.ops.iter().filter(|op| op.kind == OpKind::Equal) {
        let (left, right) = (change.left.start() + op.left.start, change.right.start() + op.right.start);
        let is_border = |by: &u32| words.left.is_border(left + by) && words.right.is_border(right + by);
        let mut within = 0..=op.left.end - op.left.start;
        let Some(first) = within.find(is_border) else { continue };
        let last = within.rfind(is_border).unwrap_or(first);
        if first == last {
            continue;
        }
        let before = Pair::new(Span::new(done.left, left + first), Span::new(done.right, right + first));
        out.extend(nonempty(before));
        out.push(Piece::equal(Pair::new(Span::new(left + first, left + last), Span::new(right + first, right + last))));
        done = Pair::new(left + last, right + last);
    }
    if out.is_empty() {
        return Ok(Same::InsideWords);
    }
    out.extend(nonempty(Pair::new(Span::new(done.left, change.left.end()), Span::new(done.right, change.right.end()))));
    Ok(Same::Words(out))
}

fn nonempty(spans: Pair<Span<Normalized>>) -> Option<Piece> {
    (!spans.left.is_empty() || !spans.right.is_empty()).then(|| Piece::changed(spans, None))
}

fn split_words<'a>(
    context: &EditContext<'a>,
    words: Pair<Borders<'_>>,
    change: Pair<Span<Normalized>>,
    sharing: Sharing,
    out: &mut Vec<Piece>,
    budget: &mut StepBudget,
    end: &mut StageEnd,
) {
    let asked = kind::asked(context, change);
    let kind = kind_among(context, change, asked);
    if kind.is_some() || change.left.is_empty() || change.right.is_empty() {
        out.push(Piece::changed(change, kind));
        return;
    }
    let texts = context.texts();
    // Of a change of a million atoms no more are cut than show that it has too many.
    let own = context.own_places();
    let left = atoms(texts.left.characters(), change.left, words.left, own, MOST_CELLS);
    let right = atoms(texts.right.characters(), change.right, words.right, own, MOST_CELLS / left.len());
    let cut = Pair::new(left, right);
    let cells = cut.left.len() * cut.right.len();
    if cells > MOST_CELLS || !budget.take(CELL_STEPS * cells as u64) {
        *end = end.and(if cells > MOST_CELLS { StageEnd::Complete } else { StageEnd::Budget });
        out.push(Piece::changed(change, None));
        return;
    }
    let known = |side: Side, atoms: Vec<Atom>| -> Vec<KnownAtom<'a>> {
        atoms.into_iter().map(|atom| KnownAtom::of(context, side, atom, asked, sharing)).collect()
    };
    let known = Pair::new(known(Side::Left, cut.left), known(Side::Right, cut.right));
    let known = known.as_ref().map(Vec::as_slice);
    if atom_pairs::are_all_plain(known) {
        out.push(Piece::changed(change, None));
        return;
    }
    let pairs = atom_pairs::pairs(context, known, change);
    tidy(context, words, change, pieces(context, change, known, &pairs), out);
}

/// The pieces that pairs of atoms and what lies between them make.
fn pieces<'a>(
    context: &EditContext<'a>,
    change: Pair<Span<Normalized>>,
    atoms: Pair<&[KnownAtom<'a>]>,
    pairs: &[(usize, usize)],
) -> Vec<Piece> {
    let texts = context.texts();
    let gap = |left: Span<Normalized>, right: Span<Normalized>| {
        nonempty(Pair::new(left, right)).map(|gap| Piece::changed(gap.spans, kind_of(context, gap.spans)))
    };
    let mut out = Vec::with_capacity(2 * pairs.len() + 1);
    let mut done = Pair::new(change.left.start(), change.right.start());
    for &(left, right) in pairs {
        let (left, right) = (&atoms.left[left], &atoms.right[right]);
        let spans = Pair::new(left.span, right.span);
        out.extend(gap(Span::new(done.left, spans.left.start()), Span::new(done.right, spans.right.start())));
        done = Pair::new(spans.left.end(), spans.right.end());
        out.push(if left.is_plain_against(right) {
            Piece::changed(spans, None)
        } else if texts.left.slice(spans.left) == texts.right.slice(spans.right) {
            Piece::equal(spans)
        } else {
            Piece::changed(spans, kind_between(context, left.facts(context), right.facts(context)))
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
    /// stretch in has words on both sides now. `change` is the whole change.
    fn settled(self, context: &EditContext<'_>, change: Pair<Span<Normalized>>) -> Piece {
        match self.has_grown && self.piece.is_vague() {
            // No rule knew the whole change.
            true if self.piece.spans == change => Piece::changed(change, None),
            true => Piece::changed(self.piece.spans, kind_of(context, self.piece.spans)),
            false => self.piece,
        }
    }
}

/// Joins what no rule knows to one piece, and gives up equal stretches that begin or end inside a word. Adds to `settled`.
fn tidy(
    context: &EditContext<'_>,
    words: Pair<Borders<'_>>,
    change: Pair<Span<Normalized>>,
    mut pieces: Vec<Piece>,
    settled: &mut Vec<Piece>,
) {
    let clean = |left: u32, right: u32| words.left.is_border(left) && words.right.is_border(right);
    pieces.dedup_by(|piece, last| {
        let joins = last.is_equal() && piece.is_equal();
        if joins {
            last.spans = cover(last, piece);
        }
        joins
    });
    let kept = |piece: &Piece| {
        let Pair { left, right } = piece.spans;
        clean(left.start(), right.start()) && clean(left.end(), right.end()) || left.len() >= KEPT_INSIDE_WORDS
    };
    // An equal stretch that is given up joins the change before it; at the front, the one behind it.
    let mut out: Vec<Tidied> = Vec::with_capacity(pieces.len());
    let mut given_up: Option<Piece> = None;
    for piece in pieces {
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
    // The last piece may still grow.
    let mut last: Option<Tidied> = None;
    for piece in out.into_iter().map(|tidied| tidied.settled(context, change)) {
        match &mut last {
            Some(last) if last.piece.is_vague() && piece.is_vague() => last.grow(cover(&last.piece, &piece)),
            Some(last) if last.piece.is_equal() && piece.is_equal() => last.piece.spans = cover(&last.piece, &piece),
            _ => {
                let before = last.replace(Tidied { piece, has_grown: false });
                settled.extend(before.map(|before| before.settled(context, change)));
            }
        }
    }
    settled.extend(last.map(|last| last.settled(context, change)));
}
