//! A passage while pairs join it: what it stretches over, what it tells, and what it would tell with one more pair.
//!
//! In: matched pairs, one at a time. Out: scores. A piece counts once, with its best answer. Cost: for a score, the pieces of
//! the passage behind the one that is asked about.

use crate::compare::matching::Units;
use crate::text::span::Pair;

use super::chain::{ChainOptions, Weight};
use super::matches::{Extent, PieceMatch};

/// The pieces of one side that a passage matches.
#[derive(Debug, Default)]
struct Matched {
    /// Each piece with its best bits and its most matched units, ascending.
    pieces: Vec<(u32, f32, u32)>,
    /// Sum of the bits of the pieces before each, added one after the other; one more at the end. Sums of `f32` depend on
    /// their order, and this one does not depend on the order in which pieces joined.
    bits_before: Vec<f32>,
    units: u32,
}

impl Matched {
    /// Forgets all pieces but one.
    fn restart(&mut self, piece: u32, bits: f32, units: u32) {
        self.pieces.clear();
        self.pieces.push((piece, bits, units));
        self.bits_before.clear();
        self.bits_before.extend([0.0, bits]);
        self.units = units;
    }

    fn bits(&self) -> f32 {
        self.bits_before[self.pieces.len()]
    }

    /// Place of a piece, what is known of it, and whether it is new.
    fn with(&self, piece: u32, bits: f32, units: u32) -> (usize, (u32, f32, u32), bool) {
        let at = self.pieces.partition_point(|known| known.0 < piece);
        match self.pieces.get(at) {
            Some(known) if known.0 == piece => (at, (piece, known.1.max(bits), known.2.max(units)), false),
            _ => (at, (piece, 0.0f32.max(bits), units), true),
        }
    }

    /// Bits and units with one more answer, and how many pieces were looked at.
    fn sums_with(&self, piece: u32, bits: f32, units: u32) -> (f32, u32, usize) {
        let (at, joined, is_new) = self.with(piece, bits, units);
        let rest = &self.pieces[at + usize::from(!is_new)..];
        let bits = rest.iter().fold(self.bits_before[at] + joined.1, |sum, known| sum + known.1);
        let before = if is_new { 0 } else { self.pieces[at].2 };
        (bits, self.units - before + joined.2, rest.len())
    }

    fn add(&mut self, piece: u32, bits: f32, units: u32) {
        let (at, joined, is_new) = self.with(piece, bits, units);
        if is_new {
            self.units += joined.2;
            self.pieces.insert(at, joined);
        } else {
            self.units += joined.2 - self.pieces[at].2;
            self.pieces[at] = joined;
        }
        self.bits_before.truncate(at + 1);
        for known in &self.pieces[at..] {
            self.bits_before.push(self.bits_before[self.bits_before.len() - 1] + known.1);
        }
    }

    /// Whether all pieces and one more lie in one paragraph.
    fn stays_in_paragraph(&self, units: &Units, piece: u32) -> bool {
        let paragraph = |piece: u32| units.pieces[piece as usize].paragraph;
        let first = self.pieces.first().map_or(piece, |first| first.0.min(piece));
        let last = self.pieces.last().map_or(piece, |last| last.0.max(piece));
        paragraph(first) == paragraph(last)
    }
}

/// A passage while it grows. One serves all passages, one after the other, because most stay as they begin and would
/// cost little but the room for their lists.
#[derive(Debug, Default)]
pub(super) struct Growing {
    /// Indexes of its pairs, in the order in which they joined.
    pub(super) members: Vec<u32>,
    /// What its pairs stretch over.
    pub(super) extent: Extent,
    left: Matched,
    right: Matched,
}

/// Bits told less bits that gaps cost: each piece counts once, with its best answer, on the side where that gives less.
fn score(bits: (f32, f32), matched: (u32, u32), extent: Extent, options: &ChainOptions) -> f32 {
    let left = (extent.left.1 - extent.left.0).saturating_sub(matched.0);
    let right = (extent.right.1 - extent.right.0).saturating_sub(matched.1);
    bits.0.min(bits.1)
        - options.small_gap_bits * left.min(right) as f32
        - options.large_gap_bits * left.max(right) as f32
}

/// The score of a passage that is one pair.
pub(super) fn score_of_pair(pair: &PieceMatch, weight: Weight, options: &ChainOptions) -> f32 {
    let (bits, matched) = (weight.of(pair), pair.matched());
    score((bits, bits), (matched, matched), pair.extent(), options)
}

impl Growing {
    /// Becomes the passage that one pair makes.
    pub(super) fn restart(&mut self, index: u32, pair: &PieceMatch, weight: Weight) {
        self.members.clear();
        self.members.push(index);
        self.extent = pair.extent();
        self.left.restart(pair.left, weight.of(pair), pair.matched());
        self.right.restart(pair.right, weight.of(pair), pair.matched());
    }

    /// Bits told less bits that gaps cost.
    pub(super) fn score(&self, options: &ChainOptions) -> f32 {
        score((self.left.bits(), self.right.bits()), (self.left.units, self.right.units), self.extent, options)
    }

    /// The score with one more pair, and the steps it took.
    pub(super) fn score_with(&self, pair: &PieceMatch, weight: Weight, options: &ChainOptions) -> (f32, u64) {
        let (bits, units) = (weight.of(pair), pair.matched());
        let left = self.left.sums_with(pair.left, bits, units);
        let right = self.right.sums_with(pair.right, bits, units);
        let extent = self.extent.cover(pair.extent());
        (score((left.0, right.0), (left.1, right.1), extent, options), (1 + left.2 + right.2) as u64)
    }

    /// Whether a pair stands before the passage on one side and behind it on the other.
    pub(super) fn is_crossed_by(&self, pair: &PieceMatch) -> bool {
        let other = pair.extent();
        let before = |this: (u32, u32), other: (u32, u32)| other.1 <= this.0;
        let behind = |this: (u32, u32), other: (u32, u32)| other.0 >= this.1;
        let (left, right) = (self.extent.left, self.extent.right);
        before(left, other.left) && behind(right, other.right) || behind(left, other.left) && before(right, other.right)
    }

    /// Whether the passage with one more pair lies in one paragraph on one side at least: what crosses paragraphs on
    /// both sides is two passages.
    pub(super) fn stays_in_paragraph(&self, units: Pair<&Units>, pair: &PieceMatch) -> bool {
        self.left.stays_in_paragraph(units.left, pair.left) || self.right.stays_in_paragraph(units.right, pair.right)
    }

    /// Takes in one more pair.
    pub(super) fn add(&mut self, index: u32, pair: &PieceMatch, weight: Weight) {
        self.members.push(index);
        self.extent = self.extent.cover(pair.extent());
        self.left.add(pair.left, weight.of(pair), pair.matched());
        self.right.add(pair.right, weight.of(pair), pair.matched());
    }
}
