//! Chaining: pairs of pieces that are near on both sides become one passage.
//!
//! In: matched pairs of pieces. Out: [`Draft`]s. From the heaviest pair outward, a pair joins when the gap to the
//! passage is small on one side and moderate on the other: whole clauses may be dropped on either side, not on both
//! at one place. Order does not matter. Each pair joins at most one passage.

use crate::compare::matching::Units;
use crate::text::span::{Normalized, Pair, Span};

use crate::compare::rarity::Told;
use crate::text::cancel::{Cancel, Cancelled};

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
    /// Share of the heavier passage's bits that a passage must tell that lies inside it on one side.
    pub shadow: f32,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self {
            min_bits: 4.0,
            small_gap_bits: 0.8,
            large_gap_bits: 0.12,
            reach_units: 90,
            neighbour_coverage: 0.6,
            edge_units: 8,
            edge_share: 0.5,
            max_overlap: 0.5,
            shadow: 0.8,
        }
    }
}

/// Which bits of a match a chain adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Those that tell: stock phrases count for next to nothing.
    Echo,
    /// All: stock phrases count like other wording.
    Plain,
}

impl Weight {
    fn of(self, pair: &PieceMatch) -> f32 {
        match self {
            Self::Echo => pair.weight,
            Self::Plain => pair.plain,
        }
    }
}

/// Builds passages from matched pairs, heaviest first; also says which pairs they took. Pairs of `taken` stay out.
pub fn chain(
    units: Pair<&Units>,
    matches: &[PieceMatch],
    weight: Weight,
    taken: &[bool],
    options: &ChainOptions,
    cancel: &Cancel,
) -> Result<(Vec<Draft>, Vec<bool>), Cancelled> {
    let mut heaviest: Vec<usize> = (0..matches.len()).collect();
    heaviest.sort_by(|&a, &b| {
        let place = |index: usize| (matches[index].left, matches[index].right);
        weight.of(&matches[b]).total_cmp(&weight.of(&matches[a])).then(place(a).cmp(&place(b)))
    });
    // Pairs by left piece, so that only the neighbourhood of a passage is looked at.
    let mut by_left: Vec<usize> = (0..matches.len()).collect();
    by_left.sort_by_key(|&index| (matches[index].left, matches[index].right));
    let mut chaining = Chaining { units, matches, weight, by_left, used: taken.to_vec(), options };
    let mut drafts = Vec::new();
    for seed in heaviest {
        if chaining.used[seed] || weight.of(&matches[seed]) < options.min_bits {
            continue;
        }
        cancel.check()?;
        let growing = chaining.grow(seed);
        if growing.score(options) >= options.min_bits {
            drafts.push(draft(units, matches, &growing, options));
        }
    }
    Ok((drop_shadowed(drafts, options), chaining.used))
}

/// What chaining works on.
struct Chaining<'a> {
    units: Pair<&'a Units>,
    matches: &'a [PieceMatch],
    weight: Weight,
    by_left: Vec<usize>,
    used: Vec<bool>,
    options: &'a ChainOptions,
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
    fn from_seed(index: usize, pair: &PieceMatch, weight: Weight) -> Self {
        Self {
            members: vec![index],
            extent: Extent::of(pair),
            left: std::iter::once((pair.left, (weight.of(pair), pair.matched()))).collect(),
            right: std::iter::once((pair.right, (weight.of(pair), pair.matched()))).collect(),
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

    /// The score with one more pair.
    fn score_with(&self, pair: &PieceMatch, weight: Weight, options: &ChainOptions) -> f32 {
        self.with(usize::MAX, pair, weight).score(options)
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

    fn with(&self, index: usize, pair: &PieceMatch, weight: Weight) -> Self {
        let mut out = self.clone();
        out.members.push(index);
        out.extent = out.extent.cover(Extent::of(pair));
        for (pieces, piece) in [(&mut out.left, pair.left), (&mut out.right, pair.right)] {
            let best = pieces.entry(piece).or_insert((0.0, 0));
            best.0 = best.0.max(weight.of(pair));
            best.1 = best.1.max(pair.matched());
        }
        out
    }
}

impl Chaining<'_> {
    /// Grows a passage from one pair: the pair that raises its score most joins next, as long as one does.
    fn grow(&mut self, seed: usize) -> Growing {
        self.used[seed] = true;
        let mut growing = Growing::from_seed(seed, &self.matches[seed], self.weight);
        let mut score = growing.score(self.options);
        while let Some((longer, index)) = self.best_addition(&growing, score) {
            self.used[index] = true;
            growing = growing.with(index, &self.matches[index], self.weight);
            score = longer;
        }
        growing
    }

    fn best_addition(&self, growing: &Growing, score: f32) -> Option<(f32, usize)> {
        let (extent, reach) = (growing.extent, self.options.reach_units);
        let first_unit = extent.left.0.saturating_sub(reach);
        let last_unit = extent.left.1 + reach;
        let piece = |index: usize| &self.units.left.pieces[self.matches[index].left as usize].units;
        let from = self.by_left.partition_point(|&index| piece(index).end <= first_unit);
        let mut best: Option<(f32, usize)> = None;
        for &index in &self.by_left[from..] {
            if piece(index).start >= last_unit {
                break;
            }
            let pair = &self.matches[index];
            let right = &self.units.right.pieces[pair.right as usize].units;
            let far = right.end + reach <= extent.right.0 || right.start >= extent.right.1 + reach;
            if self.used[index] || far || pair.runs.is_empty() || !growing.stays_in_paragraph(self.units, pair) {
                continue;
            }
            let longer = growing.score_with(pair, self.weight, self.options);
            if longer > score && best.is_none_or(|(other, i)| longer > other || longer == other && index < i) {
                best = Some((longer, index));
            }
        }
        best
    }
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
        weight: growing.members.iter().map(|member| matches[*member].weight).sum(),
        plain: growing.members.iter().map(|member| matches[*member].plain).sum(),
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
    let pair = super::piece_match::match_pieces(units, left as u32, right as u32, |_| Told::default());
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
            overlap > options.max_overlap && draft.weight < options.shadow * heavier.weight
        });
        if !shadowed {
            kept.push(draft);
        }
    }
    kept
}
