//! Passages: stretches of both texts that correspond, with edits inside.
//!
//! In: both documents as [`Units`], the background. Out: [`Draft`]s, best first, in normalised coordinates.
//! Seed, chain, extend, as sequence aligners do (minimap2), with clauses for the places of the chain:
//! 1. *seed* ([`seed`]): pairs of pieces that share rare bigrams, found through an index of bigrams;
//! 2. *match* ([`piece_match`]): for each such pair the common runs of units, order-free, longest first, weighed in bits;
//! 3. *chain* ([`chain`]): from the heaviest pair outward, pairs near on both sides join in any order, since sentences
//!    and clauses come back reordered, with others dropped between them;
//! 4. *extend*: an end that leaves little of its clause unmatched takes the whole clause.
//!
//! Cost: near-linear in the length; bigrams of both sides that stand in too many pieces to tell anything are skipped,
//! and every loop over pairs counts steps against the budget.

pub mod chain;
pub mod piece_match;
pub mod seed;

use crate::text::span::{Normalized, Pair, Span};

use super::matching::Units;

/// A passage in normalised coordinates, before it has edits and an origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The left stretch.
    pub left: Span<Normalized>,
    /// The right stretch.
    pub right: Span<Normalized>,
    /// Bits of what corresponds.
    pub weight: f32,
    /// Bits told less bits that gaps cost.
    pub score: f32,
    /// Units of each side inside the stretches that correspond, and all units there.
    pub matched: Pair<u32>,
    /// Units of each side inside the stretches.
    pub units: Pair<u32>,
    /// Common runs: first left unit, first right unit, length.
    pub runs: Vec<Run>,
}

/// A common run of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// First unit on the left.
    pub left: u32,
    /// First unit on the right.
    pub right: u32,
    /// Length in units.
    pub length: u32,
}

/// Two pieces with what they share.
#[derive(Clone, Debug, PartialEq)]
pub struct PieceMatch {
    /// Index of the left piece.
    pub left: u32,
    /// Index of the right piece.
    pub right: u32,
    /// Common runs, by left unit.
    pub runs: Vec<Run>,
    /// Bits of the runs.
    pub weight: f32,
    /// Share of each piece's units that the runs cover.
    pub coverage: Pair<f32>,
}

impl PieceMatch {
    /// Units in the runs.
    pub fn matched(&self) -> u32 {
        self.runs.iter().map(|run| run.length).sum()
    }
}

/// The piece that holds a unit.
pub(crate) fn piece_of(units: &Units, unit: u32) -> usize {
    units.pieces.partition_point(|piece| piece.units.end <= unit)
}
