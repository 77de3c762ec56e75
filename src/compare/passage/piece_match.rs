//! What two pieces share: common runs of units, in any order, longest first (greedy string tiling, Wise 1993).
//!
//! Pieces hold at most [`MAX_PIECE_UNITS`] units, so what of one piece equals a unit of the other fits into one word of
//! bits, and runs are found along the diagonals of these words. One right piece after the other is held in a table of all
//! numbers, so pairs are best matched in the order of their right pieces. Cost: a few steps a unit, and some for each run.

use crate::compare::bigram::Bigrams;
use crate::compare::matching::{MAX_PIECE_UNITS, Units};
use crate::compare::rarity::Told;
use crate::text::span::Pair;

use super::Run;

/// Shortest run that counts by itself, in units.
const MIN_RUN_UNITS: u32 = 2;

/// Matches pieces of two documents. What it holds is only room to work in, kept from one pair to the next.
pub struct PieceMatcher<'a> {
    units: Pair<&'a Units>,
    /// For every unit of either side the rank of its number.
    ranks: Pair<&'a [u32]>,
    /// For each rank, which units of the right piece have it.
    places: Vec<u64>,
    /// The right piece that `places` holds.
    held: Option<u32>,
    /// For each unit of the left piece, which units of the right one equal it.
    equal: Vec<u64>,
    candidates: Vec<u32>,
    runs: Vec<Run>,
    weights: Vec<Told>,
    steps: u64,
}

/// A run as one number that sorts the longest first; of equal ones the one that stands at the most similar place.
fn packed(i: u32, j: u32, length: u32) -> u32 {
    (MAX_PIECE_UNITS as u32 - length) << 24 | i.abs_diff(j) << 16 | i << 8 | j
}

fn unpacked(run: u32) -> (u32, u32, u32) {
    (run >> 8 & 0xff, run & 0xff, MAX_PIECE_UNITS as u32 - (run >> 24))
}

/// The lowest `length` bits.
fn ones(length: u32) -> u64 {
    if length >= 64 { u64::MAX } else { (1 << length) - 1 }
}

impl<'a> PieceMatcher<'a> {
    /// A matcher for two documents.
    pub fn new(units: Pair<&'a Units>, bigrams: Pair<&'a Bigrams>) -> Self {
        Self {
            units,
            ranks: bigrams.map(Bigrams::ranks),
            places: vec![0; bigrams.left.distinct()],
            held: None,
            equal: Vec::new(),
            candidates: Vec::new(),
            runs: Vec::new(),
            weights: Vec::new(),
            steps: 0,
        }
    }

    /// The units of both documents.
    pub fn units(&self) -> Pair<&'a Units> {
        self.units
    }

    /// Steps that the last match took.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The common runs of the last match, by left unit.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Matches two pieces; `told` weighs a run. Returns what all runs tell.
    pub fn match_pieces(&mut self, left: u32, right: u32, mut told: impl FnMut(Run) -> Told) -> Told {
        let units = self.units;
        let (left_piece, right_piece) = (&units.left.pieces[left as usize], &units.right.pieces[right as usize]);
        let range = |units: &std::ops::Range<u32>| units.start as usize..units.end as usize;
        let a = &self.ranks.left[range(&left_piece.units)];
        let b = &self.ranks.right[range(&right_piece.units)];
        self.hold(right);
        self.equal.clear();
        self.equal.extend(a.iter().map(|&rank| self.places[rank as usize]));
        self.find_runs();
        self.candidates.sort_unstable();
        let mut used = Pair::new(0_u64, 0_u64);
        let runs = &mut self.runs;
        runs.clear();
        for &candidate in &self.candidates {
            let (i, j, length) = unpacked(candidate);
            // What an earlier run took is cut off; the longest free part of the run remains.
            let (start, free) = longest_ones(!(used.left >> i) & !(used.right >> j) & ones(length));
            if free >= MIN_RUN_UNITS {
                used.left |= ones(free) << (i + start);
                used.right |= ones(free) << (j + start);
                runs.push(Run {
                    left: left_piece.units.start + i + start,
                    right: right_piece.units.start + j + start,
                    length: free,
                });
            }
        }
        self.steps = (a.len() + b.len() + 4 * self.candidates.len() + 16 * runs.len()) as u64;
        runs.sort_unstable();
        self.weights.clear();
        self.weights.extend(runs.iter().map(|run| told(*run)));
        trim_ends(runs, &mut self.weights);
        let sum = |bits: fn(&Told) -> f32| self.weights.iter().map(bits).sum();
        Told { bits: sum(|told| told.bits), plain: sum(|told| told.plain), distinctive: sum(|told| told.distinctive) }
    }

    /// Puts the units of a right piece in their places.
    fn hold(&mut self, right: u32) {
        if self.held == Some(right) {
            return;
        }
        let ranks = |piece: u32| {
            let units = &self.units.right.pieces[piece as usize].units;
            &self.ranks.right[units.start as usize..units.end as usize]
        };
        if let Some(before) = self.held {
            ranks(before).iter().for_each(|&rank| self.places[rank as usize] = 0);
        }
        debug_assert!(ranks(right).len() <= MAX_PIECE_UNITS);
        for (j, &rank) in ranks(right).iter().enumerate() {
            self.places[rank as usize] |= 1 << j;
        }
        self.held = Some(right);
    }

    /// All runs of two units or more that cannot be lengthened.
    fn find_runs(&mut self) {
        self.candidates.clear();
        let mut before = 0;
        for (i, rows) in self.equal.windows(2).enumerate() {
            // The columns in which a run begins here; in most rows none does.
            let begins = rows[0] & !(before << 1) & (rows[1] >> 1);
            before = rows[0];
            if begins != 0 {
                runs_from(i, begins, &self.equal, &mut self.candidates);
            }
        }
    }
}

/// The runs that begin in a row in some columns, of which all have two units at least.
fn runs_from(row: usize, begins: u64, equal: &[u64], candidates: &mut Vec<u32>) {
    let (mut going_on, mut length) = (begins, 2);
    while going_on != 0 {
        let goes_on = equal.get(row + length).map_or(0, |columns| going_on & (columns >> length));
        let mut ended = going_on & !goes_on;
        while ended != 0 {
            candidates.push(packed(row as u32, ended.trailing_zeros(), length as u32));
            ended &= ended - 1;
        }
        (going_on, length) = (goes_on, length + 1);
    }
}

/// Where the first of the longest stretches of ones begins, and its length.
fn longest_ones(mut bits: u64) -> (u32, u32) {
    let (mut best, mut at) = ((0, 0), 0);
    while bits != 0 {
        let zeros = bits.trailing_zeros();
        bits >>= zeros;
        let length = bits.trailing_ones();
        at += zeros;
        if length > best.1 {
            best = (at, length);
        }
        at += length;
        bits = if length == 64 { 0 } else { bits >> length };
    }
    best
}

/// Bits that a unit of gap costs a run at the end of a match.
const GAP_BITS: f32 = 0.4;

/// Drops runs at either end that tell less than the gap before them costs: a word that happens to stand in both.
fn trim_ends(runs: &mut Vec<Run>, weights: &mut Vec<Told>) {
    let gap = |a: &Run, b: &Run| {
        let left = b.left.saturating_sub(a.left + a.length);
        let right = b.right.max(a.right).saturating_sub(a.right.min(b.right)).saturating_sub(a.length);
        left.max(right) as f32
    };
    while runs.len() > 1 && weights[runs.len() - 1].plain < GAP_BITS * gap(&runs[runs.len() - 2], &runs[runs.len() - 1])
    {
        runs.pop();
        weights.pop();
    }
    while runs.len() > 1 && weights[0].plain < GAP_BITS * gap(&runs[0], &runs[1]) {
        runs.remove(0);
        weights.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::bigram;
    use crate::compare::matching::{Piece, Shape};
    use crate::text::cancel::Cancel;
    use crate::text::span::Span;

    fn units(numbers: Vec<u32>) -> Units {
        let count = numbers.len() as u32;
        let piece = Piece { units: 0..count, span: Span::new(0, count), sentence: 0, paragraph: 0 };
        Units {
            starts: (0..count).collect(),
            shapes: vec![Shape::CHARACTER; count as usize],
            numbers,
            pieces: vec![piece],
            ..Units::default()
        }
    }

    /// The runs by the definition: all maximal runs, longest first, each cut to its longest part that is still free.
    fn by_definition(a: &[u32], b: &[u32]) -> Vec<Run> {
        let same = |i: usize, j: usize| i < a.len() && j < b.len() && a[i] == b[j];
        let mut candidates = Vec::new();
        for (i, j) in (0..a.len()).flat_map(|i| (0..b.len()).map(move |j| (i, j))) {
            let length = (0..).take_while(|by| same(i + by, j + by)).count();
            if length >= 2 && !(i > 0 && j > 0 && a[i - 1] == b[j - 1]) {
                candidates.push((i, j, length));
            }
        }
        candidates.sort_by_key(|&(i, j, length)| (std::cmp::Reverse(length), i.abs_diff(j), i, j));
        let (mut left, mut right) = (vec![false; a.len()], vec![false; b.len()]);
        let mut runs = Vec::new();
        for (i, j, length) in candidates {
            let free = |at: usize| !left[i + at] && !right[j + at];
            let parts = (0..length).flat_map(|from| (from + 1..=length).map(move |to| (from, to)));
            let free_parts = parts.filter(|&(from, to)| (from..to).all(free));
            let Some((from, to)) = free_parts.max_by_key(|&(from, to)| (to - from, std::cmp::Reverse(from))) else {
                continue;
            };
            if to - from >= 2 {
                left[i + from..i + to].fill(true);
                right[j + from..j + to].fill(true);
                runs.push(Run { left: (i + from) as u32, right: (j + from) as u32, length: (to - from) as u32 });
            }
        }
        runs.sort_unstable();
        runs
    }

    #[test]
    fn runs_are_those_of_the_definition() {
        let mut state = 7_u64;
        let mut random = |below: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) as u32) % below
        };
        for symbols in [2, 3, 5, 20, 300] {
            for _ in 0..60 {
                let (rows, columns) = (1 + random(64), 1 + random(64));
                let left = units((0..rows).map(|_| random(symbols)).collect());
                let right = units((0..columns).map(|_| random(symbols)).collect());
                let plenty = Told { plain: 1000.0, ..Told::default() };
                let sides = Pair::new(&left, &right);
                let bigrams = bigram::bigrams(sides, sides.map(|units| units.numbers.clone()), &Cancel::new())
                    .expect("nobody cancels");
                let mut matcher = PieceMatcher::new(sides, bigrams.as_ref());
                matcher.match_pieces(0, 0, |_| plenty);
                assert_eq!(matcher.runs(), by_definition(&left.numbers, &right.numbers));
            }
        }
    }
}
