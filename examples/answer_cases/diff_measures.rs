//! How good the word diff of a comparison is, in counts that can be added over cases.
//!
//! Every bead with both sides is measured on its normalised characters, cut into words by plain jieba, which knows
//! nothing of the lexicon the diff was made with:
//! - *reversible*: the edits' left spans give the left text of the bead, their right spans the right text, each once
//!   and in order, and both sides of every EQUAL stretch are the same characters;
//! - *minimal*: words touched by a change, left and right together, against the fewest that any script can touch
//!   (both lengths less twice the longest common subsequence of words);
//! - *borders*: ends of changed stretches that fall between two words;
//! - *retokenized*: runs of changes whose left and right characters are the same, which are no change at all.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use jieba_rs::Jieba;
use policy_echo::compare::comparison::{Bead, Comparison, Edit, EditOp, OutlineParagraph};
use policy_echo::text::span::{Pair, Raw, Span};

use crate::folded::Folded;
use crate::lines::Lines;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Most pairs of words for which the longest common subsequence is computed; larger beads are left out.
const MAX_WORD_PAIRS: usize = 400_000_000;

/// Counts over the beads of one comparison.
#[derive(Debug, Default)]
pub(crate) struct DiffMeasures {
    beads: usize,
    reversible: usize,
    touched_words: usize,
    fewest_words: usize,
    beads_within_bound: usize,
    beads_bounded: usize,
    borders: usize,
    borders_on_words: usize,
    retokenized: usize,
}

impl DiffMeasures {
    pub(crate) fn json(&self) -> String {
        let Self { beads, reversible, touched_words, fewest_words, beads_within_bound, beads_bounded, .. } = self;
        let Self { borders, borders_on_words, retokenized, .. } = self;
        format!(
            "{{\"beads\":{beads},\"reversible\":{reversible},\"touched_words\":{touched_words},\
             \"fewest_words\":{fewest_words},\"beads_within_bound\":{beads_within_bound},\
             \"beads_bounded\":{beads_bounded},\"borders\":{borders},\"borders_on_words\":{borders_on_words},\
             \"retokenized\":{retokenized}}}"
        )
    }
}

/// One side of a bead: its normalised characters in order, and the ends of its words.
struct BeadSide<'a> {
    folded: &'a Folded,
    /// Ranges of the paragraphs, as indexes into the folded text, with where each begins in the bead.
    paragraphs: Vec<(Range<usize>, usize)>,
    characters: Vec<char>,
    /// Position after each word, ascending.
    word_ends: Vec<usize>,
}

impl<'a> BeadSide<'a> {
    fn new(folded: &'a Folded, outline: &[OutlineParagraph], paragraphs: &Range<u32>) -> Self {
        let mut side = Self { folded, paragraphs: Vec::new(), characters: Vec::new(), word_ends: Vec::new() };
        for paragraph in paragraphs.clone() {
            let span = outline[paragraph as usize].span;
            let characters = folded.characters(span);
            let text: String = characters.iter().collect();
            let begin = side.characters.len();
            let mut end = begin;
            for word in JIEBA.cut(&text, false) {
                end += word.word.chars().count();
                side.word_ends.push(end);
            }
            side.paragraphs.push((folded.range(span), begin));
            side.characters.extend_from_slice(characters);
        }
        side
    }

    /// A raw span as a range of the bead's characters; none if it leaves the bead.
    fn locate(&self, span: Span<Raw>) -> Option<Range<usize>> {
        let range = self.folded.range(span);
        let place = |position: usize, at_end: bool| {
            self.paragraphs.iter().find_map(|(paragraph, begin)| {
                let inside =
                    paragraph.start <= position && (position < paragraph.end || at_end && position == paragraph.end);
                inside.then(|| begin + position - paragraph.start)
            })
        };
        let end = place(range.end, true)?;
        if range.is_empty() { Some(end..end) } else { Some(place(range.start, false)?..end) }
    }

    fn words(&self) -> impl Iterator<Item = &[char]> {
        let starts = std::iter::once(0).chain(self.word_ends.iter().copied());
        starts.zip(&self.word_ends).map(|(start, &end)| &self.characters[start..end])
    }

    fn is_word_border(&self, position: usize) -> bool {
        position == 0 || self.word_ends.binary_search(&position).is_ok()
    }

    /// Words that hold a marked character.
    fn words_touched(&self, marked: &[bool]) -> usize {
        let mut start = 0;
        self.word_ends
            .iter()
            .filter(|&&end| {
                let touched = marked[start..end].contains(&true);
                start = end;
                touched
            })
            .count()
    }
}

/// An edit with its sides as ranges of the bead's characters.
struct PlacedEdit {
    op: EditOp,
    left: Range<usize>,
    right: Range<usize>,
}

impl PlacedEdit {
    fn new(edit: &Edit, sides: &Pair<BeadSide<'_>>) -> Option<Self> {
        Some(Self { op: edit.op(), left: sides.left.locate(edit.left)?, right: sides.right.locate(edit.right)? })
    }
}

/// Measures the diffs of all beads that have both sides.
pub(crate) fn measure(comparison: &Comparison, lines: &Pair<Lines<'_>>) -> DiffMeasures {
    let folded = Pair { left: Folded::new(lines.left.text()), right: Folded::new(lines.right.text()) };
    let mut measures = DiffMeasures::default();
    for bead in comparison.beads.iter().filter(|bead| !bead.left.is_empty() && !bead.right.is_empty()) {
        let sides = Pair {
            left: BeadSide::new(&folded.left, &comparison.outlines.left.paragraphs, &bead.left),
            right: BeadSide::new(&folded.right, &comparison.outlines.right.paragraphs, &bead.right),
        };
        measure_bead(bead, &sides, &mut measures);
    }
    measures
}

fn measure_bead(bead: &Bead, sides: &Pair<BeadSide<'_>>, measures: &mut DiffMeasures) {
    measures.beads += 1;
    let located = |edit| PlacedEdit::new(edit, sides);
    let edits: Option<Vec<PlacedEdit>> = bead.edits.iter().map(located).collect();
    let Some(edits) = edits else { return };
    measures.reversible += usize::from(is_reversible(&edits, sides));
    measures.retokenized += retokenized(&edits, sides);
    let mut marked =
        Pair { left: vec![false; sides.left.characters.len()], right: vec![false; sides.right.characters.len()] };
    for PlacedEdit { op, left, right } in &edits {
        if *op == EditOp::Equal {
            continue;
        }
        marked.left[left.clone()].fill(true);
        marked.right[right.clone()].fill(true);
        for (side, range) in [(&sides.left, left), (&sides.right, right)] {
            if !range.is_empty() {
                let ends = [range.start, range.end];
                measures.borders += ends.len();
                measures.borders_on_words += ends.iter().filter(|&&end| side.is_word_border(end)).count();
            }
        }
    }
    let (left, right) = word_numbers(sides);
    if left.len() * right.len() <= MAX_WORD_PAIRS {
        let fewest = left.len() + right.len() - 2 * longest_common_subsequence(&left, &right);
        let touched = sides.left.words_touched(&marked.left) + sides.right.words_touched(&marked.right);
        measures.touched_words += touched;
        measures.fewest_words += fewest;
        measures.beads_bounded += 1;
        measures.beads_within_bound += usize::from(touched as f64 <= 1.05 * fewest as f64);
    }
}

fn is_reversible(edits: &[PlacedEdit], sides: &Pair<BeadSide<'_>>) -> bool {
    let (mut left_end, mut right_end) = (0, 0);
    for PlacedEdit { op, left, right } in edits {
        // An empty side between two paragraphs may be placed on either; what counts is that nothing is said twice.
        if !left.is_empty() {
            if left.start != left_end {
                return false;
            }
            left_end = left.end;
        }
        if !right.is_empty() {
            if right.start != right_end {
                return false;
            }
            right_end = right.end;
        }
        if *op == EditOp::Equal && sides.left.characters[left.clone()] != sides.right.characters[right.clone()] {
            return false;
        }
    }
    left_end == sides.left.characters.len() && right_end == sides.right.characters.len()
}

/// Runs of changes between two EQUAL stretches whose characters are the same on both sides.
fn retokenized(edits: &[PlacedEdit], sides: &Pair<BeadSide<'_>>) -> usize {
    edits
        .split(|edit| edit.op == EditOp::Equal)
        .filter(|run| {
            let left = run.iter().flat_map(|edit| &sides.left.characters[edit.left.clone()]);
            let right = run.iter().flat_map(|edit| &sides.right.characters[edit.right.clone()]);
            !run.is_empty() && left.eq(right)
        })
        .count()
}

/// The words of both sides as numbers, equal words as equal numbers.
fn word_numbers(sides: &Pair<BeadSide<'_>>) -> (Vec<usize>, Vec<usize>) {
    let mut numbers = HashMap::new();
    let mut number = |word| {
        let next = numbers.len();
        *numbers.entry(word).or_insert(next)
    };
    let left = sides.left.words().map(&mut number).collect();
    let right = sides.right.words().map(&mut number).collect();
    (left, right)
}

/// Length of the longest common subsequence, 64 words at a time (Hyyrö 2004).
fn longest_common_subsequence(left: &[usize], right: &[usize]) -> usize {
    let blocks = left.len().div_ceil(64);
    let mut places: HashMap<usize, Vec<u64>> = HashMap::new();
    for (at, &word) in left.iter().enumerate() {
        places.entry(word).or_insert_with(|| vec![0; blocks])[at / 64] |= 1 << (at % 64);
    }
    let mut row = vec![u64::MAX; blocks];
    for word in right {
        let Some(matches) = places.get(word) else { continue };
        let mut carry = false;
        for (bits, matched) in row.iter_mut().zip(matches) {
            let hit = *bits & matched;
            let (sum, over) = bits.overflowing_add(hit);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            carry = over || over_again;
            *bits = sum | (*bits & !matched);
        }
    }
    // Bits past the last word match nothing, so they stay ones.
    row.iter().map(|bits| bits.count_zeros() as usize).sum()
}
