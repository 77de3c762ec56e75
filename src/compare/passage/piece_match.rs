//! What two pieces share: common runs of units, in any order, longest first (greedy string tiling, Wise 1993).
//!
//! Pieces hold at most `MAX_PIECE_UNITS` units, so the table of run lengths is small and its cost bounded.

use crate::compare::matching::Units;
use crate::compare::rarity::Told;
use crate::text::span::Pair;

use super::{PieceMatch, Run};

/// Shortest run that counts by itself, in units.
const MIN_RUN_UNITS: usize = 2;

/// Matches two pieces; `told` weighs a run.
pub fn match_pieces(units: Pair<&Units>, left: u32, right: u32, mut told: impl FnMut(Run) -> Told) -> PieceMatch {
    let (left_piece, right_piece) = (&units.left.pieces[left as usize], &units.right.pieces[right as usize]);
    let a = &units.left.numbers[left_piece.units.start as usize..left_piece.units.end as usize];
    let b = &units.right.numbers[right_piece.units.start as usize..right_piece.units.end as usize];
    let mut candidates = maximal_runs(a, b);
    // The longest run first; of equal ones the one that stands at the most similar place.
    candidates.sort_unstable_by_key(|&(i, j, length)| (std::cmp::Reverse(length), i.abs_diff(j), i, j));
    let mut used = Pair::new(vec![false; a.len()], vec![false; b.len()]);
    let mut runs = Vec::new();
    for (i, j, length) in candidates {
        // What an earlier run took is cut off; the longest free part of the run remains.
        let mut best = (0, 0);
        let mut start = 0;
        for k in 0..=length {
            let free = k < length && !used.left[i + k] && !used.right[j + k];
            if !free {
                if k - start > best.1 - best.0 {
                    best = (start, k);
                }
                start = k + 1;
            }
        }
        if best.1 - best.0 >= MIN_RUN_UNITS {
            used.left[i + best.0..i + best.1].fill(true);
            used.right[j + best.0..j + best.1].fill(true);
            runs.push(Run {
                left: left_piece.units.start + (i + best.0) as u32,
                right: right_piece.units.start + (j + best.0) as u32,
                length: (best.1 - best.0) as u32,
            });
        }
    }
    runs.sort_unstable();
    let mut weights: Vec<Told> = runs.iter().map(|run| told(*run)).collect();
    trim_ends(&mut runs, &mut weights);
    let sum = |bits: fn(&Told) -> f32| weights.iter().map(bits).sum();
    let (weight, plain, distinctive) = (sum(|t| t.bits), sum(|t| t.plain), sum(|t| t.distinctive));
    let matched: u32 = runs.iter().map(|run| run.length).sum();
    let coverage = Pair::new(matched as f32 / a.len() as f32, matched as f32 / b.len() as f32);
    PieceMatch { left, right, runs, weight, plain, distinctive, coverage }
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
    while runs.len() > 1 && weights[runs.len() - 1].plain < GAP_BITS * gap(&runs[runs.len() - 2], &runs[runs.len() - 1]) {
        runs.pop();
        weights.pop();
    }
    while runs.len() > 1 && weights[0].plain < GAP_BITS * gap(&runs[0], &runs[1]) {
        runs.remove(0);
        weights.remove(0);
    }
}

/// All runs of two units or more that cannot be lengthened: start on either side, and length.
fn maximal_runs(a: &[u32], b: &[u32]) -> Vec<(usize, usize, usize)> {
    let mut out = Vec::new();
    let mut row = vec![0u16; b.len() + 1];
    for i in 0..a.len() {
        let mut diagonal = 0;
        for j in 0..b.len() {
            let before = row[j + 1];
            let length = if a[i] == b[j] { diagonal + 1 } else { 0 };
            row[j + 1] = length;
            diagonal = before;
            let goes_on = i + 1 < a.len() && j + 1 < b.len() && a[i + 1] == b[j + 1];
            if length as usize >= MIN_RUN_UNITS && !goes_on {
                let length = usize::from(length);
                out.push((i + 1 - length, j + 1 - length, length));
            }
        }
    }
    out
}
