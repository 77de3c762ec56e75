//! How much shared wording tells: rare wording a lot, what everybody says nothing.
//!
//! In: both documents, the background's document counts, the stock phrases. Out: bits for any common run of units.
//! Four things decide what a character tells:
//! - *background*: a run of four characters that a share p of the background's documents holds tells −log2 p (inverse
//!   document frequency, Spärck Jones 1972), taken in the genre where it is commonest; a character has the mean of
//!   the runs over it inside what is shared;
//! - *these documents*: wording that stands in many places of both could be matched in many ways and tells less which
//!   belong together: half the log of the number of ways is taken off;
//! - *stock phrases, names of places and levels, and titles of cited documents* tell next to nothing;
//! - *slogans* in “ ” that both use and the background does not know tell more: they are somebody's.
//!
//! Always: symmetric in the sides. Cost: two table lookups a shared character; the counts of bigrams are linear.

use super::background::Background;
use super::formula::Formulas;
use super::matching::{self, Units};
use super::passage::Run;
use crate::text::analysis::Analysis;
use crate::text::normalize::is_han;
use crate::text::span::{Normalized, Pair, Side, Span};

/// Characters of a window.
const WINDOW: usize = 4;

/// What the bits of stock phrases are multiplied with.
const STOCK_FACTOR: f32 = 0.1;
/// What the bits of titles of cited documents are multiplied with.
const CITED_FACTOR: f32 = 0.2;
/// What the bits of slogans are multiplied with that both documents use and the background does not know.
const SLOGAN_FACTOR: f32 = 2.0;
/// Bits a window that a bigram in it takes off, for each doubling of the ways in which it can be matched, where the
/// question is which places belong together.
const WAYS_BITS: f32 = 1.5;

/// Bits that a common run tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    /// Bits, stock phrases and names weighing next to nothing.
    pub bits: f32,
    /// Bits if no stock phrase or name were known.
    pub plain: f32,
    /// Bits that tell these two places from others of the two documents.
    pub distinctive: f32,
}

/// Bits of what two documents share.
#[derive(Debug)]
pub struct Rarity<'a> {
    background: &'a Background,
    analyses: Pair<&'a Analysis>,
    units: Pair<&'a Units>,
    /// For each character of a side, what its bits are multiplied with.
    factors: Pair<Vec<f32>>,
    /// For each left unit, log2 of the ways in which the bigram that begins there can be matched.
    ways: Vec<f32>,
}

impl<'a> Rarity<'a> {
    /// Weighs what two documents share.
    pub fn new(
        background: &'a Background,
        formulas: &Formulas,
        analyses: Pair<&'a Analysis>,
        units: Pair<&'a Units>,
    ) -> Self {
        let factors = analyses.map(|analysis| factors(analysis, formulas));
        let mut out = Self { background, analyses, units, factors, ways: ways(units) };
        out.raise_slogans();
        out
    }

    /// What a common run tells.
    pub fn told(&self, run: Run) -> Told {
        let left = self.side_bits(self.analyses.left, self.units.left, &self.factors.left, run.left, run.length);
        let right = self.side_bits(self.analyses.right, self.units.right, &self.factors.right, run.right, run.length);
        let mut told = Told::default();
        for (unit, (left, right)) in left.into_iter().zip(right).enumerate() {
            let bits = left.0.min(right.0);
            told.bits += bits;
            told.plain += left.1.min(right.1);
            told.distinctive += (bits - WAYS_BITS * self.ways_of(run, unit) / WINDOW as f32).max(0.0);
        }
        told
    }

    /// Bits that a stretch of the left document tells by itself, stock phrases weighing next to nothing.
    pub fn left_bits(&self, span: Span<Normalized>) -> f32 {
        let characters = self.character_bits(self.analyses.left.text.slice(span));
        let factors = &self.factors.left[span.range()];
        characters.iter().zip(factors).map(|(bits, factor)| bits * factor).sum()
    }

    /// The background table behind the weights.
    pub fn background(&self) -> &Background {
        self.background
    }

    /// The fewer of the ways of the two bigrams over a unit of a run.
    fn ways_of(&self, run: Run, unit: usize) -> f32 {
        let at = run.left as usize + unit;
        let after = (unit + 1 < run.length as usize).then(|| self.ways[at]);
        let before = (unit > 0).then(|| self.ways[at - 1]);
        match (before, after) {
            (Some(before), Some(after)) => before.min(after),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0.0,
        }
    }

    /// Bits of each unit of a run on one side, with and without factors.
    fn side_bits(
        &self,
        analysis: &Analysis,
        units: &Units,
        factors: &[f32],
        first: u32,
        length: u32,
    ) -> Vec<(f32, f32)> {
        let span = units.span(first..first + length);
        let run = analysis.text.slice(span);
        let characters = self.character_bits(run);
        let start = span.start();
        (first..first + length)
            .map(|unit| {
                // A place tells nothing, and a level only inside a wording: 举全省之力, but not 省 before something.
                let inside = unit > first && unit + 1 < first + length;
                let number = units.numbers[unit as usize];
                if matching::is_place(number) || matching::is_level(number) && !inside {
                    return (0.0, 0.0);
                }
                let from = units.starts[unit as usize];
                let to = units.ends[unit as usize];
                (from..to).fold((0.0, 0.0), |(bits, plain), at| {
                    let character = characters[(at - start) as usize];
                    (bits + character * factors[at as usize], plain + character)
                })
            })
            .collect()
    }

    /// Bits of each character of a run, before factors.
    fn character_bits(&self, run: &[char]) -> Vec<f32> {
        if run.len() <= WINDOW {
            return vec![self.gram_bits(run) / run.len() as f32; run.len()];
        }
        let windows: Vec<f32> = run.windows(WINDOW).map(|window| self.gram_bits(window) / WINDOW as f32).collect();
        let mean = |at: usize| {
            let over = &windows[at.saturating_sub(WINDOW - 1)..=at.min(windows.len() - 1)];
            over.iter().sum::<f32>() / over.len() as f32
        };
        (0..run.len()).map(mean).collect()
    }

    fn gram_bits(&self, gram: &[char]) -> f32 {
        let found = self.background.frequency(gram);
        let totals = self.background.titles();
        let bits = |count: u32, total: u32| {
            // Half a document is added, so that what the background does not hold is rare and not impossible.
            -(((count as f32) + 0.5) / (total as f32 + 1.0)).log2()
        };
        bits(found.reports, totals.reports).min(bits(found.regulations, totals.regulations)).max(0.0)
    }

    /// Raises the factor of slogans in “ ” that both documents use and the background does not know.
    fn raise_slogans(&mut self) {
        let slogans = self.analyses.map(|analysis| slogans(analysis.text.characters()));
        let words = |analysis: &Analysis, span: &Span<Normalized>| analysis.text.slice(*span).to_vec();
        let mut left: Vec<Vec<char>> = slogans.left.iter().map(|span| words(self.analyses.left, span)).collect();
        let mut right: Vec<Vec<char>> = slogans.right.iter().map(|span| words(self.analyses.right, span)).collect();
        left.sort_unstable();
        right.sort_unstable();
        let known = |slogan: &[char]| self.background.documents(slogan) > 1;
        for (side, other) in [(Side::Left, &right), (Side::Right, &left)] {
            let text = &self.analyses.get(side).text;
            let shared = slogans.get(side).iter().filter(|span| {
                let slogan = text.slice(**span);
                other.binary_search_by(|o| o.as_slice().cmp(slogan)).is_ok() && !known(slogan)
            });
            let factors = self.factors.get_mut(side);
            shared.for_each(|span| factors[span.range()].fill(SLOGAN_FACTOR));
        }
    }
}

/// Longest slogan, in characters.
const MAX_SLOGAN_CHARACTERS: usize = 16;

/// What stands in “ ”.
fn slogans(characters: &[char]) -> Vec<Span<Normalized>> {
    let mut found = Vec::new();
    for (at, character) in characters.iter().enumerate() {
        if *character == '“'
            && let Some(length) = characters[at + 1..].iter().take(MAX_SLOGAN_CHARACTERS).position(|c| *c == '”')
            && length >= 2
        {
            found.push(Span::from_range(at + 1..at + 1 + length));
        }
    }
    found
}

/// What the bits of each character are multiplied with.
fn factors(analysis: &Analysis, formulas: &Formulas) -> Vec<f32> {
    let characters = analysis.text.characters();
    let mut factors: Vec<f32> =
        formulas.marks(characters).into_iter().map(|marked| if marked { STOCK_FACTOR } else { 1.0 }).collect();
    let mut depth = 0usize;
    for (at, character) in characters.iter().enumerate() {
        match character {
            '《' => depth += 1,
            '》' => depth = depth.saturating_sub(1),
            '\n' => depth = 0,
            _ if depth > 0 => factors[at] = factors[at].min(CITED_FACTOR),
            _ => {}
        }
        if !is_han(*character) && !character.is_alphanumeric() {
            factors[at] = 0.0;
        }
    }
    factors
}

/// For each left unit, log2 of the ways in which the bigram that begins there can be matched; 0 where it is not shared.
fn ways(units: Pair<&Units>) -> Vec<f32> {
    let left = matching::bigrams(units.left);
    let right = matching::bigrams(units.right);
    let mut out = vec![0.0; units.left.numbers.len()];
    let (mut l, mut r) = (0, 0);
    while l < left.len() && r < right.len() {
        match left[l].0.cmp(&right[r].0) {
            std::cmp::Ordering::Less => l += 1,
            std::cmp::Ordering::Greater => r += 1,
            std::cmp::Ordering::Equal => {
                let key = left[l].0;
                let left_end = l + left[l..].partition_point(|entry| entry.0 == key);
                let right_end = r + right[r..].partition_point(|entry| entry.0 == key);
                let ways = (((left_end - l) * (right_end - r)) as f32).log2();
                for entry in &left[l..left_end] {
                    out[entry.1 as usize] = ways;
                }
                (l, r) = (left_end, right_end);
            }
        }
    }
    out
}
