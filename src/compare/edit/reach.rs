//! How far two stretches that correspond reach to the front: over changed words that answer one another.
//!
//! In: two stretches, as passages find them by the words they share. Out: the same stretches, longer at the front when
//! what stands before both is the same or a change of a known kind: 县级以上人民政府应当 before 在年度计划中安排, against
//! 市、区人民政府必须. A sentence of a regulation opens with its subject and its modal word, which is just where it is
//! adapted, so that shared words alone let the passage begin too late. Never shorter, never past the sentence on either
//! side; swapping the sides swaps the answer. Cost: two diffs of at most
//! [`MOST_CHARACTERS`] and [`HEAD_CHARACTERS`] a side.

use super::EditContext;
use super::piece::{Piece, State};
use super::sequence::sequences;
use crate::compare::comparison::EditKind;
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::span::{Normalized, Pair, Span};

/// Characters in front of a stretch that are looked at first: most often they say that there is nothing.
const NEAREST_CHARACTERS: u32 = 12;
/// Most characters that a stretch is lengthened by.
const MOST_CHARACTERS: u32 = 32;
/// Characters of each stretch that are looked at with what stands before it.
const HEAD_CHARACTERS: u32 = 24;
/// Most characters of an inserted or dropped word between words that answer one another, as 进一步.
const MOST_LOOSE: u32 = 4;

/// Lengthens two stretches to the front; fails only when cancelled.
pub fn reach(
    context: &EditContext<'_>,
    stretches: Pair<Span<Normalized>>,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<Pair<Span<Normalized>>, Cancelled> {
    let fronts =
        Pair::new(Front::of(context.analyses.left, stretches.left), Front::of(context.analyses.right, stretches.right));
    let texts = context.texts();
    let same_label = texts.left.slice(fronts.left.label) == texts.right.slice(fronts.right.label);
    let before = |most: u32| fronts.as_ref().map(|front| front.before(same_label, most));
    let (nearest, all) = (before(NEAREST_CHARACTERS), before(MOST_CHARACTERS));
    if all.left.is_empty() && all.right.is_empty() {
        return Ok(stretches);
    }
    let reached = reach_within(context, stretches, nearest, budget, cancel)?;
    if !reached.is_at_edge || nearest == all {
        return Ok(reached.stretches);
    }
    Ok(reach_within(context, stretches, all, budget, cancel)?.stretches)
}

/// Stretches that were lengthened.
struct Reached {
    stretches: Pair<Span<Normalized>>,
    /// Whether what stands further in front may answer, too.
    is_at_edge: bool,
}

/// Lengthens two stretches within what stands before them.
fn reach_within(
    context: &EditContext<'_>,
    stretches: Pair<Span<Normalized>>,
    before: Pair<Span<Normalized>>,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<Reached, Cancelled> {
    // What one side leaves out in front may stand inside the other stretch already.
    let window = |before: Span<Normalized>, stretch: Span<Normalized>| {
        Span::new(before.start(), (stretch.start() + HEAD_CHARACTERS).min(stretch.end()))
    };
    let window = Pair::new(window(before.left, stretches.left), window(before.right, stretches.right));
    let words = sequences(&context.words, Pair::new(&[window.left], &[window.right]), cancel)?;
    // What lies inside both stretches corresponds already, whatever it is.
    let inside = |spans: Pair<Span<Normalized>>| {
        spans.left.start() >= stretches.left.start() && spans.right.start() >= stretches.right.start()
    };
    let (pieces, _) = super::pieces(context, words.as_ref(), |spans| !inside(spans), budget, cancel)?;
    let mut start = Pair::new(stretches.left.start(), stretches.right.start());
    let mut loose = 0;
    for piece in pieces.iter().rev() {
        let Pair { left, right } = piece.spans;
        if inside(piece.spans) || answers(piece) {
            start = Pair::new(start.left.min(left.start()), start.right.min(right.start()));
            loose = 0;
        } else {
            loose += left.len().max(right.len());
        }
        if loose > MOST_LOOSE {
            break;
        }
    }
    let stretches =
        Pair::new(Span::new(start.left, stretches.left.end()), Span::new(start.right, stretches.right.end()));
    Ok(Reached { stretches, is_at_edge: loose <= MOST_LOOSE })
}

/// Whether both sides of a piece correspond: equal words (a mark or a single character shows nothing), or a known change.
fn answers(piece: &Piece) -> bool {
    match &piece.state {
        State::Equal => piece.spans.left.len() > 1,
        State::Changed(kind) => {
            matches!(kind, EditKind::Localization | EditKind::Strength(_) | EditKind::Synonym | EditKind::Number(_))
        }
    }
}

/// What stands before a stretch in its sentence.
struct Front {
    label: Span<Normalized>,
    start: u32,
}

impl Front {
    fn of(analysis: &Analysis, stretch: Span<Normalized>) -> Self {
        let start = stretch.start();
        let index = analysis.sentences.partition_point(|sentence| sentence.span.end() <= start);
        let label = match analysis.sentences.get(index) {
            Some(sentence) if sentence.span.start() <= start => {
                let from = sentence.span.start();
                Span::new(from, (from + sentence.label_characters).min(start))
            }
            _ => Span::new(start, start),
        };
        Self { label, start }
    }

    /// The characters before the stretch, at most so many; its label belongs to them only if both sides have the same one.
    fn before(&self, with_label: bool, most: u32) -> Span<Normalized> {
        let from = if with_label { self.label.start() } else { self.label.end() };
        Span::new(from.max(self.start.saturating_sub(most)), self.start)
    }
}
