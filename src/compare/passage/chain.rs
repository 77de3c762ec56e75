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
use crate::text::cancel::{self, Cancel, Cancelled, Polls, StepBudget};
use crate::text::span::Pair;

use super::growing::Growing;
use super::matches::{Extent, Matches, PieceMatch};
use super::piece_match::PieceMatcher;
use super::shadow::drop_shadowed;
use super::sketch::{Sketches, Weighed, heaviest_first};
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
    /// The bits of a pair.
    pub(super) fn of(self, pair: &PieceMatch) -> f32 {
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
    taken: Vec<bool>,
    options: &'a ChainOptions,
    budget: &'a mut StepBudget,
    cancel: &'a Cancel,
) -> Result<Chained, Cancelled> {
    let pairs = matches.all();
    let mut polls = Polls::new(cancel);
    let free = (0..).zip(pairs).filter(|(at, _)| !taken[*at as usize]);
    let weights = free.map(|(at, pair)| (at, weight.of(pair))).filter(|(_, weight)| *weight >= options.min_bits);
    let place = |weighed: &Weighed| {
        let pair = &pairs[weighed.index() as usize];
        (pair.left, pair.right)
    };
    let heaviest = heaviest_first(weights, |equal, polls| cancel::sort_by_key(equal, &place, polls), &mut polls)?;
    let mut chaining = Chaining {
        units: matcher.units(),
        matches,
        weight,
        used: taken,
        options,
        budget,
        matcher,
        window: Window::default(),
        runs: Vec::new(),
        polls,
        end: StageEnd::Complete,
    };
    let mut sketches = Sketches::new(chaining.units, matches, weight, options);
    let mut growing = Growing::default();
    for seed in heaviest.into_iter().map(Weighed::index) {
        if chaining.used[seed as usize] {
            continue;
        }
        cancel.check()?;
        chaining.grow(&mut growing, seed)?;
        if growing.score(options) >= options.min_bits {
            chaining.sketch(&growing, &mut sketches)?;
        }
    }
    let units = chaining.units;
    let (drafts, kept) =
        drop_shadowed(&sketches, units, options, &mut Polls::new(cancel), |steps| chaining.afford(steps))?;
    Ok(Chained { drafts, used: chaining.used, end: chaining.end.and(kept) })
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
    /// Room for the runs of one passage.
    runs: Vec<Run>,
    polls: Polls<'a>,
    end: StageEnd,
}

/// The pairs around a passage while it grows.
#[derive(Debug, Default)]
struct Window {
    /// The units of both sides between which all pairs are collected.
    units: Pair<Range<u32>>,
    /// Those pairs that no passage had taken, with their indexes: copies that lie side by side, since they are looked
    /// at for each pair that joins.
    pairs: Vec<(u32, PieceMatch)>,
    /// Room to work in.
    near: Vec<u32>,
}

impl Window {
    fn holds(&self, units: &Pair<Range<u32>>) -> bool {
        let holds = |outer: &Range<u32>, inner: &Range<u32>| outer.start <= inner.start && inner.end <= outer.end;
        holds(&self.units.left, &units.left) && holds(&self.units.right, &units.right)
    }

    /// Collects the pairs anew that are not `used`, and returns the steps that it took. `pieces` are those that hold a
    /// unit of the range.
    fn collect(&mut self, range: Pair<Range<u32>>, pieces: Pair<Range<u32>>, matches: &Matches, used: &[bool]) -> u64 {
        self.near.clear();
        let looked_up = matches.near(&range.left, &range.right, &mut self.near);
        self.units = range;
        self.pairs.clear();
        let all = matches.all();
        let free = self.near.iter().filter(|index| !used[**index as usize]);
        let pairs = free.map(|index| (*index, all[*index as usize]));
        self.pairs
            .extend(pairs.filter(|(_, pair)| pieces.left.contains(&pair.left) && pieces.right.contains(&pair.right)));
        looked_up + self.near.len() as u64
    }

    /// Forgets the pairs, and keeps the room that they took.
    fn clear(&mut self) {
        self.units = Pair::default();
        self.pairs.clear();
    }
}

/// Most pairs that one passage is made of. Only a text without paragraphs reaches it.
const MOST_MEMBERS: usize = 256;
/// Steps of the polls that a step of chaining counts: each reads what lies anywhere in memory.
const POLLED_STEPS: u32 = 8;
/// Most pieces that a passage is lengthened by at either end.
const MOST_LENGTHENED: usize = 64;

impl Chaining<'_, '_> {
    /// Counts steps; false, and the answer says so, when the budget is used up.
    fn afford(&mut self, steps: u64) -> Result<bool, Cancelled> {
        self.polls.steps_each(steps, POLLED_STEPS)?;
        let affordable = self.budget.take(steps);
        if !affordable {
            self.end = StageEnd::Budget;
        }
        Ok(affordable)
    }

    /// Grows a passage from one pair: the pair that raises its score most joins next, as long as one does.
    fn grow(&mut self, growing: &mut Growing, seed: u32) -> Result<(), Cancelled> {
        let pairs = self.matches.all();
        self.used[seed as usize] = true;
        self.window.clear();
        growing.restart(seed, &pairs[seed as usize], self.weight);
        let mut score = growing.score(self.options);
        while growing.members.len() < MOST_MEMBERS
            && let Some(index) = self.best_addition(growing, score)?
        {
            self.used[index as usize] = true;
            growing.add(index, &pairs[index as usize], self.weight);
            score = growing.score(self.options);
        }
        Ok(())
    }

    fn pieces_touched(&self, range: &Pair<Range<u32>>) -> Pair<Range<u32>> {
        let touched = |units: &Units, range: &Range<u32>| units.pieces_touched(range.clone());
        Pair::new(touched(self.units.left, &range.left), touched(self.units.right, &range.right))
    }

    fn best_addition(&mut self, growing: &Growing, score: f32) -> Result<Option<u32>, Cancelled> {
        let around = |by: u32| {
            let near = |extent: (u32, u32)| extent.0.saturating_sub(by)..extent.1.saturating_add(by);
            Pair::new(near(growing.extent.left), near(growing.extent.right))
        };
        let reach = self.options.reach_units;
        let within = around(reach);
        if !self.window.holds(&within) {
            // Some room more for a passage that grows piece by piece, so that it does not collect its neighbours each
            // time; most stay as they begin.
            let range = if growing.members.len() > 1 { around(2 * reach) } else { within.clone() };
            let pieces = self.pieces_touched(&range);
            let steps = self.window.collect(range, pieces, self.matches, &self.used);
            if !self.afford(steps)? {
                return Ok(None);
            }
        }
        let pieces = self.pieces_touched(&within);
        let mut best: Option<(f32, u32)> = None;
        let mut steps = self.window.pairs.len() as u64;
        for (index, pair) in &self.window.pairs {
            let index = *index;
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

    /// Adds the passage that has grown, with its neighbours that say the same.
    fn sketch(&mut self, growing: &Growing, sketches: &mut Sketches<'_>) -> Result<(), Cancelled> {
        let mut runs = std::mem::take(&mut self.runs);
        runs.clear();
        for &member in &growing.members {
            runs.extend(self.matches.runs(&self.matches.all()[member as usize]));
        }
        runs.sort_unstable();
        let own_runs = runs.len();
        let mut extent = growing.extent;
        self.lengthen(&mut extent, &mut runs)?;
        let Pair { left, right } = sketches.stretch(extent);
        self.afford(u64::from(left.1 - left.0) / 16 + u64::from(right.1 - right.0) / 16)?;
        match growing.members[..] {
            [pair] if runs.len() == own_runs => sketches.add_pair(pair),
            _ => sketches.add_grown(growing, extent, &runs),
        }
        self.runs = runs;
        Ok(())
    }

    /// Takes in the pieces next to both ends as long as they say the same, whatever it tells.
    fn lengthen(&mut self, extent: &mut Extent, runs: &mut Vec<Run>) -> Result<(), Cancelled> {
        let units = self.units;
        for _ in 0..MOST_LENGTHENED {
            let last =
                (units.left.piece_of(extent.left.1 - 1) as usize, units.right.piece_of(extent.right.1 - 1) as usize);
            let next = (last.0 + 1, last.1 + 1);
            if !same_paragraphs(units, (last.0, next.0), (last.1, next.1)) || !self.lengthen_with(extent, runs, next)? {
                break;
            }
        }
        for _ in 0..MOST_LENGTHENED {
            let first = (units.left.piece_of(extent.left.0) as usize, units.right.piece_of(extent.right.0) as usize);
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
}

fn same_paragraphs(units: Pair<&Units>, left: (usize, usize), right: (usize, usize)) -> bool {
    let paragraph = |units: &Units, piece: usize| units.pieces.get(piece).map(|piece| piece.paragraph);
    let same = |units: &Units, pieces: (usize, usize)| paragraph(units, pieces.0) == paragraph(units, pieces.1);
    same(units.left, left) && same(units.right, right)
}
