//! Chaining: pairs of pieces that are near on both sides become one passage.
//!
//! In: matched pairs of pieces. Out: [`Draft`]s. From the heaviest pair outward, a pair joins when the gap to the
//! passage is small on one side and moderate on the other: whole clauses may be dropped on either side, not on both
//! at one place. Order does not matter. Each pair joins at most one passage.

use crate::compare::matching::Units;
use crate::text::span::{Normalized, Pair, Span};

use super::{Draft, PieceMatch, Run, piece_of};

/// What chaining weighs.
#[derive(Clone, Copy, Debug)]
pub struct ChainOptions {
    /// Bits that a passage must tell to be kept.
    pub min_bits: f32,
    /// Bits that an unmatched unit costs on the side that has fewer of them.
    pub small_gap_bits: f32,
    /// Bits that an unmatched unit costs on the side that has more of them: whole clauses may be left out on one side.
    pub large_gap_bits: f32,
    /// Units around a passage in which further pairs are looked for.
    pub reach_units: u32,
    /// Share of its piece that a neighbour must match to lengthen a passage although it tells nothing by itself.
    pub neighbour_coverage: f32,
    /// Units of an end's clause that may be unmatched for the whole clause to be taken.
    pub edge_units: u32,
    /// Share of an end's clause that may be unmatched for the whole clause to be taken.
    pub edge_share: f32,
    /// Share of a passage's side that a heavier passage may hold already.
    pub max_overlap: f32,
}

impl Default for ChainOptions {
    fn default() -> Self {
        let e = crate::compare::engine::env;
        Self {
            min_bits: 6.0,
            small_gap_bits: e("PE_SG", 0.8),
            large_gap_bits: e("PE_LG", 0.12),
            reach_units: e("PE_REACH", 90.0) as u32,
            neighbour_coverage: e("PE_NC", 0.6),
            edge_units: e("PE_EU", 8.0) as u32,
            edge_share: e("PE_ES", 0.5),
            max_overlap: 0.5,
        }
    }
}

/// Builds passages from matched pairs, heaviest first.
pub fn chain(units: Pair<&Units>, mut matches: Vec<PieceMatch>, options: &ChainOptions) -> Vec<Draft> {
    matches.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right))));
    // Pairs by left piece, so that only the neighbourhood of a passage is looked at.
    let mut by_left: Vec<usize> = (0..matches.len()).collect();
    by_left.sort_by_key(|&index| (matches[index].left, matches[index].right));
    let mut used = vec![false; matches.len()];
    let mut drafts = Vec::new();
    for seed in 0..matches.len() {
        if used[seed] || matches[seed].weight < options.min_bits {
            continue;
        }
        let growing = grow(units, &matches, &by_left, &mut used, seed, options);
        if growing.score(options) >= options.min_bits {
            drafts.push(draft(units, &matches, &growing, options));
        }
    }
    drop_shadowed(drafts, options)
}

/// Unit ranges on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    left: (u32, u32),
    right: (u32, u32),
}

impl Extent {
    fn of(pair: &PieceMatch) -> Self {
        let side = |start: fn(&Run) -> u32| {
            let first = pair.runs.iter().map(start).min().unwrap_or(0);
            let last = pair.runs.iter().map(|run| start(run) + run.length).max().unwrap_or(0);
            (first, last)
        };
        Self { left: side(|run| run.left), right: side(|run| run.right) }
    }

    fn cover(self, other: Self) -> Self {
        let join = |a: (u32, u32), b: (u32, u32)| (a.0.min(b.0), a.1.max(b.1));
        Self { left: join(self.left, other.left), right: join(self.right, other.right) }
    }
}

/// A passage while it grows.
#[derive(Clone, Debug)]
struct Growing {
    members: Vec<usize>,
    extent: Extent,
    /// For each piece of either side that is matched: its best bits and matched units.
    left: std::collections::BTreeMap<u32, (f32, u32)>,
    right: std::collections::BTreeMap<u32, (f32, u32)>,
}

impl Growing {
    fn from_seed(index: usize, pair: &PieceMatch) -> Self {
        Self {
            members: vec![index],
            extent: Extent::of(pair),
            left: std::iter::once((pair.left, (pair.weight, pair.matched()))).collect(),
            right: std::iter::once((pair.right, (pair.weight, pair.matched()))).collect(),
        }
    }

    /// Bits of what is matched; each piece counts once, with its best answer, on the side where that gives less.
    fn bits(&self) -> f32 {
        let side = |pieces: &std::collections::BTreeMap<u32, (f32, u32)>| pieces.values().map(|v| v.0).sum::<f32>();
        side(&self.left).min(side(&self.right))
    }

    fn unmatched(&self, extent: Extent) -> (u32, u32) {
        let side = |pieces: &std::collections::BTreeMap<u32, (f32, u32)>, range: (u32, u32)| {
            (range.1 - range.0).saturating_sub(pieces.values().map(|v| v.1).sum::<u32>())
        };
        (side(&self.left, extent.left), side(&self.right, extent.right))
    }

    /// Bits told less bits that gaps cost.
    fn score(&self, options: &ChainOptions) -> f32 {
        let (left, right) = self.unmatched(self.extent);
        self.bits() - options.small_gap_bits * left.min(right) as f32 - options.large_gap_bits * left.max(right) as f32
    }

    /// Whether the passage with one more pair lies in one paragraph on one side at least: what crosses paragraphs on
    /// both sides is two passages.
    fn stays_in_paragraph(&self, units: Pair<&Units>, pair: &PieceMatch) -> bool {
        let within = |units: &Units, pieces: &std::collections::BTreeMap<u32, (f32, u32)>, piece: u32| {
            let paragraph = |piece: u32| units.pieces[piece as usize].paragraph;
            let first = pieces.keys().next().map_or(piece, |first| (*first).min(piece));
            let last = pieces.keys().next_back().map_or(piece, |last| (*last).max(piece));
            paragraph(first) == paragraph(last)
        };
        within(units.left, &self.left, pair.left) || within(units.right, &self.right, pair.right)
    }

    fn with(&self, index: usize, pair: &PieceMatch) -> Self {
        let mut out = self.clone();
        out.members.push(index);
        out.extent = out.extent.cover(Extent::of(pair));
        for (pieces, piece) in [(&mut out.left, pair.left), (&mut out.right, pair.right)] {
            let best = pieces.entry(piece).or_insert((0.0, 0));
            best.0 = best.0.max(pair.weight);
            best.1 = best.1.max(pair.matched());
        }
        out
    }
}

fn grow(
    units: Pair<&Units>,
    matches: &[PieceMatch],
    by_left: &[usize],
    used: &mut [bool],
    seed: usize,
    options: &ChainOptions,
) -> Growing {
    used[seed] = true;
    let mut growing = Growing::from_seed(seed, &matches[seed]);
    let mut score = growing.score(options);
    loop {
        let extent = growing.extent;
        let first_unit = extent.left.0.saturating_sub(options.reach_units);
        let last_unit = extent.left.1 + options.reach_units;
        let from = by_left.partition_point(|&i| units.left.pieces[matches[i].left as usize].units.end <= first_unit);
        let mut best: Option<(f32, usize)> = None;
        for &index in &by_left[from..] {
            let pair = &matches[index];
            if units.left.pieces[pair.left as usize].units.start >= last_unit {
                break;
            }
            let right = units.right.pieces[pair.right as usize].units.clone();
            let far = right.end + options.reach_units <= extent.right.0 || right.start >= extent.right.1 + options.reach_units;
            if used[index] || far || pair.runs.is_empty() || !growing.stays_in_paragraph(units, pair) {
                continue;
            }
            let longer = growing.with(index, pair).score(options);
            if longer > score && best.is_none_or(|(other, i)| longer > other || longer == other && index < i) {
                best = Some((longer, index));
            }
        }
        let Some((longer, index)) = best else { break };
        used[index] = true;
        growing = growing.with(index, &matches[index]);
        score = longer;
    }
    growing
}

fn draft(units: Pair<&Units>, matches: &[PieceMatch], growing: &Growing, options: &ChainOptions) -> Draft {
    let mut runs: Vec<Run> = growing.members.iter().flat_map(|&member| matches[member].runs.iter().copied()).collect();
    runs.sort_unstable();
    let mut extent = growing.extent;
    lengthen(units, &mut extent, &mut runs, options);
    let left = snap(units.left, extent.left, options);
    let right = snap(units.right, extent.right, options);
    let covered = |side: fn(&Run) -> u32, range: (u32, u32)| {
        let mut mark = vec![false; (range.1 - range.0) as usize];
        for run in &runs {
            let start = (side(run) - range.0) as usize;
            mark[start..start + run.length as usize].fill(true);
        }
        mark.iter().filter(|m| **m).count() as u32
    };
    Draft {
        left: units.left.span(left.0..left.1),
        right: units.right.span(right.0..right.1),
        weight: growing.bits(),
        score: growing.score(options),
        matched: Pair::new(covered(|run| run.left, left), covered(|run| run.right, right)),
        units: Pair::new(left.1 - left.0, right.1 - right.0),
        runs,
    }
}

/// Takes in the pieces next to both ends as long as they say the same, whatever it tells.
fn lengthen(units: Pair<&Units>, extent: &mut Extent, runs: &mut Vec<Run>, options: &ChainOptions) {
    loop {
        let (last_left, last_right) = (piece_of(units.left, extent.left.1 - 1), piece_of(units.right, extent.right.1 - 1));
        let (left, right) = (last_left + 1, last_right + 1);
        if !same_paragraphs(units, (last_left, left), (last_right, right)) {
            break;
        }
        if !lengthen_with(units, extent, runs, left, right, options) {
            break;
        }
    }
    loop {
        let (first_left, first_right) = (piece_of(units.left, extent.left.0), piece_of(units.right, extent.right.0));
        let (left, right) = (first_left.wrapping_sub(1), first_right.wrapping_sub(1));
        if !same_paragraphs(units, (first_left, left), (first_right, right)) {
            break;
        }
        if !lengthen_with(units, extent, runs, left, right, options) {
            break;
        }
    }
}

fn same_paragraphs(units: Pair<&Units>, left: (usize, usize), right: (usize, usize)) -> bool {
    let paragraph = |units: &Units, piece: usize| units.pieces.get(piece).map(|piece| piece.paragraph);
    let same = |units: &Units, pieces: (usize, usize)| paragraph(units, pieces.0) == paragraph(units, pieces.1);
    same(units.left, left) && same(units.right, right)
}

fn lengthen_with(
    units: Pair<&Units>,
    extent: &mut Extent,
    runs: &mut Vec<Run>,
    left: usize,
    right: usize,
    options: &ChainOptions,
) -> bool {
    if left >= units.left.pieces.len() || right >= units.right.pieces.len() {
        return false;
    }
    let pair = super::piece_match::match_pieces(units, left as u32, right as u32, |_| 0.0);
    let same = pair.coverage.left.min(pair.coverage.right) >= options.neighbour_coverage;
    if same {
        *extent = extent.cover(Extent::of(&pair));
        runs.extend(pair.runs);
    }
    same
}

/// An end that leaves little of its clause unmatched takes the whole clause.
fn snap(units: &Units, range: (u32, u32), options: &ChainOptions) -> (u32, u32) {
    let little = |rest: u32, piece: &std::ops::Range<u32>| {
        rest <= options.edge_units && rest as f32 <= options.edge_share * (piece.end - piece.start) as f32
    };
    let first = &units.pieces[piece_of(units, range.0)].units;
    let last = &units.pieces[piece_of(units, range.1 - 1)].units;
    let start = if little(range.0 - first.start, first) { first.start } else { range.0 };
    let end = if little(last.end - range.1, last) { last.end } else { range.1 };
    (start, end)
}

/// Drops passages that lie, on one side, mostly inside heavier ones.
fn drop_shadowed(mut drafts: Vec<Draft>, options: &ChainOptions) -> Vec<Draft> {
    drafts.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.left.cmp(&b.left)).then(a.right.cmp(&b.right)));
    let share = |a: Span<Normalized>, b: Span<Normalized>| a.intersection(b).len() as f32 / a.len().max(1) as f32;
    let mut kept: Vec<Draft> = Vec::new();
    for draft in drafts {
        let shadowed = kept.iter().any(|heavier| {
            let overlap = share(draft.left, heavier.left).max(share(draft.right, heavier.right));
            overlap > options.max_overlap && draft.weight < 0.8 * heavier.weight
        });
        if !shadowed {
            kept.push(draft);
        }
    }
    kept
}
