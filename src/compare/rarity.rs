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
//! Always: symmetric in the sides. Cost: at most one table lookup for each character of either document, kept for
//! whoever asks again, and a sum for each shared one. In how many ways bigrams can be matched is told by whoever walks them.

use std::cell::RefCell;
use std::ops::Range;

use super::background::Background;
use super::formula::Formulas;
use super::matching::{Shape, Units};
use super::passage::Run;
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled};
use crate::text::normalize::{is_han, is_word_character};
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
pub struct Rarity<'a, 'u> {
    background: &'a Background,
    units: Pair<&'u Units>,
    sides: Pair<SideRarity<'a>>,
    ways: Ways,
    scratch: RefCell<Scratch>,
}

/// What one document tells.
#[derive(Debug)]
pub struct SideRarity<'a> {
    background: &'a Background,
    analysis: &'a Analysis,
    /// For each character, what its bits are multiplied with.
    factors: Vec<Factor>,
    /// For each character the bits of the window that begins there, a character's share of them: what is matched with
    /// several places is asked for several times.
    windows: RefCell<Numbers>,
}

/// Numbers that become known one by one. Each is held as the complement of its bits, so that zero is "not known": memory
/// that comes zeroed from the system takes no room until it is written to, and of many texts little is ever asked for.
#[derive(Debug)]
struct Numbers(Vec<u32>);

impl Numbers {
    fn unknown(count: usize) -> Self {
        Self(vec![0; count])
    }

    fn is_known(&self, at: usize) -> bool {
        self.0[at] != 0
    }

    /// A number; not one until it is known.
    fn get(&self, at: usize) -> f32 {
        f32::from_bits(!self.0[at])
    }

    fn set(&mut self, at: usize, number: f32) {
        self.0[at] = !number.to_bits();
    }
}

/// What the bits of a character are multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Factor {
    /// A mark or a blank.
    Nothing,
    /// Part of a stock phrase.
    Stock,
    /// Part of the title of a cited document.
    Cited,
    /// Anything else.
    Whole,
    /// Part of a slogan that both documents use and the background does not know.
    Slogan,
}

impl Factor {
    fn times(self, bits: f32) -> f32 {
        const FACTORS: [f32; 5] = [0.0, STOCK_FACTOR, CITED_FACTOR, 1.0, SLOGAN_FACTOR];
        bits * FACTORS[self as usize]
    }
}

impl<'a> SideRarity<'a> {
    fn new(
        background: &'a Background,
        formulas: &Formulas,
        analysis: &'a Analysis,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let windows = RefCell::new(Numbers::unknown(analysis.text.characters().len()));
        Ok(Self { background, analysis, factors: factors(analysis, formulas, cancel)?, windows })
    }

    /// Bits that a stretch tells by itself, stock phrases weighing next to nothing. `room` is room to work in.
    pub fn bits(&self, span: Span<Normalized>, room: &mut Vec<f32>) -> f32 {
        self.character_bits(span, room);
        room.iter().zip(&self.factors[span.range()]).map(|(bits, factor)| factor.times(*bits)).sum()
    }

    /// Bits of each character of a run, before factors.
    fn character_bits(&self, span: Span<Normalized>, out: &mut Vec<f32>) {
        let run = self.analysis.text.slice(span);
        out.clear();
        if run.len() < WINDOW {
            out.resize(run.len(), self.background.rarity_bits(run) / run.len() as f32);
            return;
        }
        let windows = &mut *self.windows.borrow_mut();
        let first = span.start() as usize;
        // The first window behind those that lie inside the run.
        let end = first + run.len() + 1 - WINDOW;
        self.look_up(first..end, windows);
        // The windows over a character, oldest first; a window that is not there is left out of their mean.
        let mean = |at: usize| {
            let over = at.saturating_sub(WINDOW - 1).max(first)..at.min(end - 1) + 1;
            let count = over.len();
            over.map(|window| windows.get(window)).sum::<f32>() / count as f32
        };
        let inside = first + WINDOW - 1..end;
        if inside.is_empty() {
            out.extend((first..first + run.len()).map(mean));
            return;
        }
        out.extend((first..inside.start).map(mean));
        let all = &windows.0[first..end];
        let mean_of_all = |over: &[u32]| over.iter().map(|bits| f32::from_bits(!bits)).sum::<f32>() / WINDOW as f32;
        out.extend(all.windows(WINDOW).map(mean_of_all));
        out.extend((inside.end..first + run.len()).map(mean));
    }

    /// Looks up the windows of a stretch that nobody has asked for yet: all of them from the first to the last that is not
    /// known, because lookups that do not wait for one another are as good as one.
    fn look_up(&self, mut stretch: Range<usize>, windows: &mut Numbers) {
        let Some(first) = stretch.find(|window| !windows.is_known(*window)) else { return };
        let last = stretch.rfind(|window| !windows.is_known(*window)).unwrap_or(first);
        let wanted = &self.analysis.text.characters()[first..last + WINDOW];
        self.background.each_rarity_bits(wanted, WINDOW, |at, bits| windows.set(first + at, bits / WINDOW as f32));
    }
}

/// Room to work in, kept from one run to the next.
#[derive(Debug, Default)]
struct Scratch {
    left_characters: Vec<f32>,
    right_characters: Vec<f32>,
    left: Vec<(f32, f32)>,
    right: Vec<(f32, f32)>,
}

impl<'a, 'u> Rarity<'a, 'u> {
    /// Weighs what two documents share.
    pub fn new(
        background: &'a Background,
        formulas: &Formulas,
        analyses: Pair<&'a Analysis>,
        units: Pair<&'u Units>,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let mut out = Self {
            background,
            units,
            sides: Pair::new(
                SideRarity::new(background, formulas, analyses.left, cancel)?,
                SideRarity::new(background, formulas, analyses.right, cancel)?,
            ),
            ways: Ways::default(),
            scratch: RefCell::default(),
        };
        out.raise_slogans();
        cancel.check()?;
        Ok(out)
    }

    /// Takes in how the bigrams of both can be matched, without which nothing tells two places from others.
    pub fn set_ways(&mut self, ways: Ways) {
        self.ways = ways;
    }

    /// What a common run tells.
    pub fn told(&self, run: Run) -> Told {
        let mut scratch = self.scratch.borrow_mut();
        let Scratch { left_characters, right_characters, left, right } = &mut *scratch;
        let spans = Pair::new(
            self.units.left.span(run.left..run.left + run.length),
            self.units.right.span(run.right..run.right + run.length),
        );
        self.sides.left.character_bits(spans.left, left_characters);
        let text = |side: &SideRarity<'a>, span| side.analysis.text.slice(span);
        let is_same = text(&self.sides.left, spans.left) == text(&self.sides.right, spans.right);
        let mut told = Told::default();
        let mut add = |unit: u32, left: (f32, f32), right: (f32, f32)| {
            let bits = left.0.min(right.0);
            told.bits += bits;
            told.plain += left.1.min(right.1);
            told.distinctive += (bits - WAYS_BITS * self.ways_of(run, unit as usize) / WINDOW as f32).max(0.0);
        };
        // Most runs are the same characters on both sides, one a unit: they tell the same but for their factors.
        if is_same && spans.left.len() == run.length {
            let factors = self.sides.as_ref().map(|side| side.factors.as_slice());
            let factors = Pair::new(&factors.left[spans.left.range()], &factors.right[spans.right.range()]);
            let factors = factors.left.iter().zip(factors.right);
            for ((unit, bits), (left, right)) in (0..).zip(&*left_characters).zip(factors) {
                if self.tells_nothing(Side::Left, run.left, run.length, run.left + unit) {
                    add(unit, (0.0, 0.0), (0.0, 0.0));
                } else {
                    add(unit, (left.times(*bits), *bits), (right.times(*bits), *bits));
                }
            }
            return told;
        }
        let right_characters = if is_same {
            &*left_characters
        } else {
            self.sides.right.character_bits(spans.right, right_characters);
            &*right_characters
        };
        self.side_bits(Side::Left, run.left, run.length, left_characters, left);
        self.side_bits(Side::Right, run.right, run.length, right_characters, right);
        (0..).zip(left.iter().zip(right.iter())).for_each(|(unit, (left, right))| add(unit, *left, *right));
        told
    }

    /// The bits that a common bigram tells, by where it begins: those of [`told`](Self::told), in fewer steps.
    pub fn bigram_bits(&self, left: u32, right: u32) -> f32 {
        let run = Run { left, right, length: 2 };
        let spans = Pair::new(self.units.left.span(left..left + 2), self.units.right.span(right..right + 2));
        let is_plain = |units: &Units, first: u32| units.shapes[first as usize..][..2] == [Shape::CHARACTER; 2];
        let words = Pair::new(
            self.sides.left.analysis.text.slice(spans.left),
            self.sides.right.analysis.text.slice(spans.right),
        );
        // Nearly all are the same two characters on both sides, which tell the same but for their factors.
        let is_same = words.left.len() == 2 && words.left == words.right;
        if !is_same || !is_plain(self.units.left, left) || !is_plain(self.units.right, right) {
            return self.told(run).bits;
        }
        let bits = self.background.rarity_bits(words.left) / 2.0;
        let factors = self.sides.as_ref().map(|side| side.factors.as_slice());
        let factors = Pair::new(&factors.left[spans.left.range()], &factors.right[spans.right.range()]);
        let factors = factors.left.iter().zip(factors.right);
        let bits = factors.map(|(left, right)| left.times(bits).min(right.times(bits))).sum();
        debug_assert_eq!(bits, self.told(run).bits);
        bits
    }

    /// What the left document tells by itself; everything else is let go.
    pub fn into_left(self) -> SideRarity<'a> {
        self.sides.left
    }

    /// The background table behind the weights.
    pub fn background(&self) -> &Background {
        self.background
    }

    /// The fewer of the ways of the two bigrams over a unit of a run.
    fn ways_of(&self, run: Run, unit: usize) -> f32 {
        let at = run.left as usize + unit;
        let after = (unit + 1 < run.length as usize).then(|| self.ways.of(at));
        let before = (unit > 0).then(|| self.ways.of(at - 1));
        match (before, after) {
            (Some(before), Some(after)) => before.min(after),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0.0,
        }
    }

    /// Whether a unit of a run tells nothing: a place, and a level but inside a wording (举全省之力, not 省 before
    /// something).
    fn tells_nothing(&self, side: Side, first: u32, length: u32, unit: u32) -> bool {
        let shape = self.units.get(side).shapes[unit as usize];
        let inside = unit > first && unit + 1 < first + length;
        shape.is_place() || shape.is_level() && !inside
    }

    /// Bits of each unit of a run on one side, with and without factors, from those of its characters.
    fn side_bits(&self, of: Side, first: u32, length: u32, characters: &[f32], out: &mut Vec<(f32, f32)>) {
        let (units, side) = (self.units.get(of), self.sides.get(of));
        let start = units.span(first..first + length).start();
        out.clear();
        out.extend((first..first + length).map(|unit| {
            if self.tells_nothing(of, first, length, unit) {
                return (0.0, 0.0);
            }
            let from = units.starts[unit as usize];
            let to = units.end(unit as usize);
            (from..to).fold((0.0, 0.0), |(bits, plain), at| {
                let character = characters[(at - start) as usize];
                (bits + side.factors[at as usize].times(character), plain + character)
            })
        }));
    }

    /// Raises the factor of slogans in “ ” that both documents use and the background does not know.
    fn raise_slogans(&mut self) {
        let analyses = self.sides.as_ref().map(|side| side.analysis);
        let slogans = analyses.map(|analysis| slogans(analysis.text.characters()));
        let words = |analysis: &Analysis, span: &Span<Normalized>| analysis.text.slice(*span).to_vec();
        let mut left: Vec<Vec<char>> = slogans.left.iter().map(|span| words(analyses.left, span)).collect();
        let mut right: Vec<Vec<char>> = slogans.right.iter().map(|span| words(analyses.right, span)).collect();
        left.sort_unstable();
        right.sort_unstable();
        let known = |slogan: &[char]| self.background.documents(slogan) > 1;
        for (side, other) in [(Side::Left, &right), (Side::Right, &left)] {
            let text = &analyses.get(side).text;
            let shared = slogans.get(side).iter().filter(|span| {
                let slogan = text.slice(**span);
                other.binary_search_by(|o| o.as_slice().cmp(slogan)).is_ok() && !known(slogan)
            });
            let factors = &mut self.sides.get_mut(side).factors;
            shared.for_each(|span| factors[span.range()].fill(Factor::Slogan));
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
fn factors(analysis: &Analysis, formulas: &Formulas, cancel: &Cancel) -> Result<Vec<Factor>, Cancelled> {
    let characters = analysis.text.characters();
    let mut factors = vec![Factor::Whole; characters.len()];
    formulas.each_place(characters, cancel, |place| factors[place].fill(Factor::Stock))?;
    let mut depth = 0usize;
    // What a character counts that stands in no stock phrase.
    let mut free = Factor::Whole;
    for (factor, character) in factors.iter_mut().zip(characters) {
        // Most characters are Han.
        if !matches!(character, '\u{4e00}'..='\u{9fff}') {
            match character {
                '《' => depth += 1,
                '》' => depth = depth.saturating_sub(1),
                '\n' => depth = 0,
                _ => {}
            }
            free = if depth > 0 { Factor::Cited } else { Factor::Whole };
            if !is_word_character(*character) && !is_han(*character) {
                *factor = Factor::Nothing;
                continue;
            }
        }
        if *factor == Factor::Whole {
            *factor = free;
        }
    }
    Ok(factors)
}

/// For each left unit, log2 of the ways in which the bigram that begins there can be matched; 0 where it is not shared.
#[derive(Clone, Debug, Default)]
pub struct Ways(Vec<f32>);

impl Ways {
    /// No bigram is shared yet.
    pub fn none(left: &Units) -> Self {
        Self(vec![0.0; left.count()])
    }

    /// Of the bigram that begins at a unit; 0 as long as nothing is known.
    fn of(&self, unit: usize) -> f32 {
        self.0.get(unit).copied().unwrap_or(0.0)
    }

    /// Adds a bigram that both documents hold, by its places.
    pub fn add(&mut self, places: Pair<&[u32]>) {
        let ways = ((places.left.len() * places.right.len()) as f32).log2();
        places.left.iter().for_each(|at| self.0[*at as usize] = ways);
    }
}
