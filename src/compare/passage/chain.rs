//! Chaining: pairs of pieces that are near on both sides become one passage.
//!
//! In: matched pairs of pieces. Out: [`Draft`]s. From the heaviest pair outward, a pair joins when the gap to the
//! passage is small on one side and moderate on the other: whole clauses may be dropped on either side, not on both
//! at one place. Order does not matter. Each pair joins at most one passage.
//! Cost: for every pair that joins, the pairs within reach of its passage on both sides.

use std::ops::Range;

use crate::compare::comparison::StageEnd;
use crate::compare::matching::Units;
use crate::compare::rarity::Told;
use crate::text::cancel::{Cancel, Cancelled, Polls, StepBudget};
use crate::text::span::Pair;

use super::bucket::Buckets;
use super::matches::{Extent, Matches, PieceMatch};
use super::piece_match::PieceMatcher;
use super::wording::Wording;
use super::{Draft, Run};

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
    /// Share of a passage's wording on a side that a heavier passage may hold already.
    pub max_overlap: f32,
    /// Share of the heavier passage's bits that a passage must tell whose wording it holds on one side.
    pub shadow: f32,
    /// Bits that a pair costs which stands before a passage on one side and behind it on the other: less than any word
    /// tells, so that it only decides between places that say the same.
    pub crossing_bits: f32,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self {
            min_bits: 4.0,
            small_gap_bits: 0.8,
            large_gap_bits: 0.12,
            reach_units: 90,
            neighbour_coverage: 0.5,
            edge_units: 8,
            edge_share: 0.5,
            max_overlap: 0.5,
            shadow: 0.8,
            crossing_bits: 0.5,
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
            Self::Echo => pair.told.bits,
            Self::Plain => pair.told.plain,
        }
    }
}

/// What chaining made.
#[derive(Debug)]
pub struct Chained {
    /// Passages, heaviest first.
    pub drafts: Vec<Draft>,
    /// Which pairs they took.
    pub used: Vec<bool>,
    /// Whether the step budget held. Past it passages stay as short as they are.
    pub end: StageEnd,
}

/// Builds passages from matched pairs, heaviest first. Pairs of `taken` stay out. A step is a pair that is looked at, or a
/// piece of a passage that is looked at with it.
pub fn chain<'a>(
    matcher: &'a mut PieceMatcher<'_>,
    matches: &'a Matches,
    weight: Weight,
    taken: &[bool],
    options: &'a ChainOptions,
    budget: &'a mut StepBudget,
    cancel: &'a Cancel,
) -> Result<Chained, Cancelled> {
    let pairs = matches.all();
    let mut heaviest: Vec<u32> = (0..pairs.len())
        .filter(|&at| !taken[at] && weight.of(&pairs[at]) >= options.min_bits)
        .map(|at| at as u32)
        .collect();
    heaviest.sort_unstable_by(|&a, &b| {
        let (a, b) = (&pairs[a as usize], &pairs[b as usize]);
        weight.of(b).total_cmp(&weight.of(a)).then((a.left, a.right).cmp(&(b.left, b.right)))
    });
    let mut chaining = Chaining {
        units: matcher.units(),
        matches,
        weight,
        used: taken.to_vec(),
        options,
        budget,
        matcher,
        window: Window::default(),
        polls: Polls::new(cancel),
        end: StageEnd::Complete,
    };
    let mut drafts = Vec::new();
    for seed in heaviest {
        if chaining.used[seed as usize] {
            continue;
        }
        cancel.check()?;
        let growing = chaining.grow(seed)?;
        if growing.score(options) >= options.min_bits {
            drafts.push(chaining.draft(&growing)?);
        }
    }
    let drafts = chaining.drop_shadowed(drafts)?;
    Ok(Chained { drafts, used: chaining.used, end: chaining.end })
}

/// What chaining works on.
struct Chaining<'a, 'm> {
    units: Pair<&'m Units>,
    matches: &'a Matches,
    weight: Weight,
    used: Vec<bool>,
    options: &'a ChainOptions,
    budget: &'a mut StepBudget,
    matcher: &'a mut PieceMatcher<'m>,
    window: Window,
    polls: Polls<'a>,
    end: StageEnd,
}

/// The pairs around a passage while it grows.
#[derive(Debug, Default)]
struct Window {
    /// The units of both sides between which all pairs are collected.
    units: Pair<Range<u32>>,
    /// Indexes of those pairs, and of some that stand near.
    pairs: Vec<u32>,
}

impl Window {
    fn holds(&self, units: &Pair<Range<u32>>) -> bool {
        let holds = |outer: &Range<u32>, inner: &Range<u32>| outer.start <= inner.start && inner.end <= outer.end;
        holds(&self.units.left, &units.left) && holds(&self.units.right, &units.right)
    }

    /// Collects the pairs anew and returns the steps that it took.
    fn collect(&mut self, units: Pair<Range<u32>>, matches: &Matches) -> u64 {
        self.pairs.clear();
        let looked_up = matches.near(&units.left, &units.right, &mut self.pairs);
        self.units = units;
        looked_up + self.pairs.len() as u64
    }

    /// Forgets the pairs, and keeps the room that they took.
    fn clear(&mut self) {
        self.units = Pair::default();
        self.pairs.clear();
    }
}

/// The pieces of one side that a passage matches.
#[derive(Clone, Debug, Default)]
struct Matched {
    /// Each piece with its best bits and its most matched units, ascending.
    pieces: Vec<(u32, f32, u32)>,
    /// Sum of the bits of the pieces before each, added one after the other; one more at the end. Sums of `f32` depend on
    /// their order, and this one does not depend on the order in which pieces joined.
    bits_before: Vec<f32>,
    units: u32,
}

impl Matched {
    fn of(piece: u32, bits: f32, units: u32) -> Self {
        Self { pieces: vec![(piece, bits, units)], bits_before: vec![0.0, bits], units }
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

/// A passage while it grows.
#[derive(Clone, Debug)]
struct Growing {
    members: Vec<u32>,
    extent: Extent,
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

impl Growing {
    fn from_seed(index: u32, pair: &PieceMatch, weight: Weight) -> Self {
        Self {
            members: vec![index],
            extent: pair.extent,
            left: Matched::of(pair.left, weight.of(pair), pair.matched),
            right: Matched::of(pair.right, weight.of(pair), pair.matched),
        }
    }

    fn score(&self, options: &ChainOptions) -> f32 {
        score((self.left.bits(), self.right.bits()), (self.left.units, self.right.units), self.extent, options)
    }

    /// The score with one more pair, and the steps it took.
    fn score_with(&self, pair: &PieceMatch, weight: Weight, options: &ChainOptions) -> (f32, u64) {
        let (bits, units) = (weight.of(pair), pair.matched);
        let left = self.left.sums_with(pair.left, bits, units);
        let right = self.right.sums_with(pair.right, bits, units);
        let extent = self.extent.cover(pair.extent);
        (score((left.0, right.0), (left.1, right.1), extent, options), (1 + left.2 + right.2) as u64)
    }

    /// Whether a pair stands before the passage on one side and behind it on the other.
    fn is_crossed_by(&self, pair: &PieceMatch) -> bool {
        let other = pair.extent;
        let before = |this: (u32, u32), other: (u32, u32)| other.1 <= this.0;
        let behind = |this: (u32, u32), other: (u32, u32)| other.0 >= this.1;
        let (left, right) = (self.extent.left, self.extent.right);
        before(left, other.left) && behind(right, other.right) || behind(left, other.left) && before(right, other.right)
    }

    /// Whether the passage with one more pair lies in one paragraph on one side at least: what crosses paragraphs on
    /// both sides is two passages.
    fn stays_in_paragraph(&self, units: Pair<&Units>, pair: &PieceMatch) -> bool {
        self.left.stays_in_paragraph(units.left, pair.left) || self.right.stays_in_paragraph(units.right, pair.right)
    }

    fn add(&mut self, index: u32, pair: &PieceMatch, weight: Weight) {
        self.members.push(index);
        self.extent = self.extent.cover(pair.extent);
        self.left.add(pair.left, weight.of(pair), pair.matched);
        self.right.add(pair.right, weight.of(pair), pair.matched);
    }
}

/// Most pairs that one passage is made of. Only a text without paragraphs reaches it.
const MOST_MEMBERS: usize = 256;
/// Most pieces that a passage is lengthened by at either end.
const MOST_LENGTHENED: usize = 64;

impl Chaining<'_, '_> {
    /// Counts steps; false, and the answer says so, when the budget is used up.
    fn afford(&mut self, steps: u64) -> Result<bool, Cancelled> {
        self.polls.steps(steps.min(u64::from(u32::MAX)) as u32)?;
        let affordable = self.budget.take(steps);
        if !affordable {
            self.end = StageEnd::Budget;
        }
        Ok(affordable)
    }

    /// Grows a passage from one pair: the pair that raises its score most joins next, as long as one does.
    fn grow(&mut self, seed: u32) -> Result<Growing, Cancelled> {
        let pairs = self.matches.all();
        self.used[seed as usize] = true;
        self.window.clear();
        let mut growing = Growing::from_seed(seed, &pairs[seed as usize], self.weight);
        let mut score = growing.score(self.options);
        while growing.members.len() < MOST_MEMBERS
            && let Some(index) = self.best_addition(&growing, score)?
        {
            self.used[index as usize] = true;
            growing.add(index, &pairs[index as usize], self.weight);
            score = growing.score(self.options);
        }
        Ok(growing)
    }

    fn best_addition(&mut self, growing: &Growing, score: f32) -> Result<Option<u32>, Cancelled> {
        let around = |by: u32| {
            let near = |extent: (u32, u32)| extent.0.saturating_sub(by)..extent.1.saturating_add(by);
            Pair::new(near(growing.extent.left), near(growing.extent.right))
        };
        let reach = self.options.reach_units;
        let within = around(reach);
        if !self.window.holds(&within) {
            // Some room more, so that a passage that grows piece by piece does not collect its neighbours each time.
            let steps = self.window.collect(around(2 * reach), self.matches);
            if !self.afford(steps)? {
                return Ok(None);
            }
        }
        let pieces =
            Pair::new(self.units.left.pieces_touched(within.left), self.units.right.pieces_touched(within.right));
        let pairs = self.matches.all();
        let mut best: Option<(f32, u32)> = None;
        let mut steps = self.window.pairs.len() as u64;
        for &index in &self.window.pairs {
            let pair = &pairs[index as usize];
            if self.used[index as usize] || !pieces.left.contains(&pair.left) || !pieces.right.contains(&pair.right) {
                continue;
            }
            if !growing.stays_in_paragraph(self.units, pair) {
                continue;
            }
            let (longer, looked_at) = growing.score_with(pair, self.weight, self.options);
            let crossing = if growing.is_crossed_by(pair) { self.options.crossing_bits } else { 0.0 };
            let longer = longer - crossing;
            steps += looked_at;
            if longer > score && best.is_none_or(|(other, i)| longer > other || longer == other && index < i) {
                best = Some((longer, index));
            }
        }
        if !self.afford(steps)? {
            return Ok(None);
        }
        Ok(best.map(|(_, index)| index))
    }

    fn draft(&mut self, growing: &Growing) -> Result<Draft, Cancelled> {
        let (units, matches, options) = (self.units, self.matches, self.options);
        let members = growing.members.iter().map(|&member| &matches.all()[member as usize]);
        let mut runs: Vec<Run> = members.clone().flat_map(|pair| matches.runs(pair)).collect();
        runs.sort_unstable();
        let mut extent = growing.extent;
        self.lengthen(&mut extent, &mut runs)?;
        let left = snap(units.left, extent.left, options);
        let right = snap(units.right, extent.right, options);
        self.afford(u64::from(left.1 - left.0) / 16 + u64::from(right.1 - right.0) / 16)?;
        let covered = |side: fn(&Run) -> u32, range: (u32, u32)| {
            let mut mark = vec![false; (range.1 - range.0) as usize];
            for run in &runs {
                let start = (side(run) - range.0) as usize;
                mark[start..start + run.length as usize].fill(true);
            }
            mark.iter().filter(|m| **m).count() as u32
        };
        Ok(Draft {
            left: units.left.span(left.0..left.1),
            right: units.right.span(right.0..right.1),
            weight: members.clone().map(|pair| pair.told.bits).sum(),
            plain: members.map(|pair| pair.told.plain).sum(),
            score: growing.score(options),
            matched: Pair::new(covered(|run| run.left, left), covered(|run| run.right, right)),
            units: Pair::new(left.1 - left.0, right.1 - right.0),
            runs,
        })
    }

    /// Takes in the pieces next to both ends as long as they say the same, whatever it tells.
    fn lengthen(&mut self, extent: &mut Extent, runs: &mut Vec<Run>) -> Result<(), Cancelled> {
        let units = self.units;
        for _ in 0..MOST_LENGTHENED {
            let last = (piece_of(units.left, extent.left.1 - 1), piece_of(units.right, extent.right.1 - 1));
            let next = (last.0 + 1, last.1 + 1);
            if !same_paragraphs(units, (last.0, next.0), (last.1, next.1)) || !self.lengthen_with(extent, runs, next)? {
                break;
            }
        }
        for _ in 0..MOST_LENGTHENED {
            let first = (piece_of(units.left, extent.left.0), piece_of(units.right, extent.right.0));
            let next = (first.0.wrapping_sub(1), first.1.wrapping_sub(1));
            if !same_paragraphs(units, (first.0, next.0), (first.1, next.1))
                || !self.lengthen_with(extent, runs, next)?
            {
                break;
            }
        }
        Ok(())
    }

    fn lengthen_with(
        &mut self,
        extent: &mut Extent,
        runs: &mut Vec<Run>,
        (left, right): (usize, usize),
    ) -> Result<bool, Cancelled> {
        let units = self.units;
        if left >= units.left.pieces.len() || right >= units.right.pieces.len() || !self.afford(64)? {
            return Ok(false);
        }
        // Next to a passage every unit speaks for the neighbour, whatever it tells.
        let told = |run: Run| Told { plain: run.length as f32, ..Told::default() };
        self.matcher.match_pieces(left as u32, right as u32, told);
        let shared = self.matcher.runs();
        let matched: u32 = shared.iter().map(|run| run.length).sum();
        let longer = units.left.pieces[left].units.len().max(units.right.pieces[right].units.len());
        let same = matched as f32 / longer as f32 >= self.options.neighbour_coverage;
        if same {
            *extent = extent.cover(Extent::of(shared));
            runs.extend(shared);
        }
        Ok(same)
    }

    /// Drops passages whose wording heavier ones hold already: on both sides, or on one side if they tell much less.
    /// What lies in a gap of a heavier passage is none of its wording, as a sentence set into the middle of another.
    fn drop_shadowed(&mut self, mut drafts: Vec<Draft>) -> Result<Vec<Draft>, Cancelled> {
        drafts.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.left.cmp(&b.left)).then(a.right.cmp(&b.right)));
        let length = |end: fn(&Draft) -> u32| drafts.iter().map(end).max().unwrap_or(0);
        // Whoever holds more than half of a wording stretches over the unit in its middle.
        debug_assert!(self.options.max_overlap >= 0.5);
        let mut held =
            Pair::new(Buckets::new(length(|draft| draft.left.end())), Buckets::new(length(|draft| draft.right.end())));
        let (units, options) = (self.units, self.options);
        let mut kept: Vec<(Draft, Pair<Wording>)> = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let wording =
                Pair::new(Wording::of(&draft.runs, |run| run.left), Wording::of(&draft.runs, |run| run.right));
            let mut steps = 1;
            let mut shadowed = false;
            let lighter = |heavier: &Draft| draft.weight < options.shadow * heavier.weight;
            for &heavier in held.left.at(units.left.starts[wording.left.middle() as usize]) {
                let (heavier, of_heavier) = &kept[heavier as usize];
                steps += 1;
                shadowed = wording.left.share_in(&of_heavier.left) > options.max_overlap
                    && (lighter(heavier) || wording.right.share_in(&of_heavier.right) > options.max_overlap);
                if shadowed {
                    break;
                }
            }
            if !shadowed {
                for &heavier in held.right.at(units.right.starts[wording.right.middle() as usize]) {
                    let (heavier, of_heavier) = &kept[heavier as usize];
                    // Kept passages are told heaviest first.
                    if !lighter(heavier) {
                        break;
                    }
                    steps += 1;
                    shadowed = wording.right.share_in(&of_heavier.right) > options.max_overlap;
                    if shadowed {
                        break;
                    }
                }
            }
            steps += held.left.count(draft.left) + held.right.count(draft.right);
            if !self.afford(steps)? {
                break;
            }
            if !shadowed {
                held.left.add(draft.left, kept.len() as u32);
                held.right.add(draft.right, kept.len() as u32);
                kept.push((draft, wording));
            }
        }
        Ok(kept.into_iter().map(|(draft, _)| draft).collect())
    }
}

/// The piece that holds a unit.
fn piece_of(units: &Units, unit: u32) -> usize {
    units.piece_of[unit as usize] as usize
}

fn same_paragraphs(units: Pair<&Units>, left: (usize, usize), right: (usize, usize)) -> bool {
    let paragraph = |units: &Units, piece: usize| units.pieces.get(piece).map(|piece| piece.paragraph);
    let same = |units: &Units, pieces: (usize, usize)| paragraph(units, pieces.0) == paragraph(units, pieces.1);
    same(units.left, left) && same(units.right, right)
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
