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
//! whoever asks again, and a sum for each shared one; the counts of bigrams are linear.

use std::cell::{Cell, RefCell};

use super::background::Background;
use super::bigram::{Bigrams, shared};
use super::formula::Formulas;
use super::matching::{self, Units};
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
    /// For each left unit, log2 of the ways in which the bigram that begins there can be matched.
    ways: Vec<f32>,
    scratch: RefCell<Scratch>,
}

/// What one document tells.
#[derive(Debug)]
pub struct SideRarity<'a> {
    background: &'a Background,
    analysis: &'a Analysis,
    /// For each character, what its bits are multiplied with.
    factors: Vec<f32>,
    /// For each character the bits of the window that begins there, a character's share of them; not a number until
    /// somebody asks. What is matched with several places is asked for several times.
    windows: Vec<Cell<f32>>,
    /// For each character the mean of the windows over it, if all of them lie inside what is shared; the same way.
    means: Vec<Cell<f32>>,
}

impl<'a> SideRarity<'a> {
    fn new(
        background: &'a Background,
        formulas: &Formulas,
        analysis: &'a Analysis,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let windows = vec![Cell::new(f32::NAN); analysis.text.characters().len()];
        let means = windows.clone();
        Ok(Self { background, analysis, factors: factors(analysis, formulas, cancel)?, windows, means })
    }

    /// Bits that a stretch tells by itself, stock phrases weighing next to nothing. `room` is room to work in.
    pub fn bits(&self, span: Span<Normalized>, room: &mut Vec<f32>) -> f32 {
        self.character_bits(span, room);
        room.iter().zip(&self.factors[span.range()]).map(|(bits, factor)| bits * factor).sum()
    }

    /// Bits of each character of a run, before factors.
    fn character_bits(&self, span: Span<Normalized>, out: &mut Vec<f32>) {
        let run = self.analysis.text.slice(span);
        out.clear();
        if run.len() < WINDOW {
            out.resize(run.len(), self.background.rarity_bits(run) / run.len() as f32);
            return;
        }
        let windows = &self.windows[span.range()][..run.len() + 1 - WINDOW];
        self.look_up(run, windows);
        let means = &self.means[span.range()];
        // The windows over a character, oldest first; a window that is not there is left out of their mean.
        let mean = |at: usize| {
            let (first, last) = (at.saturating_sub(WINDOW - 1), at.min(windows.len() - 1));
            windows[first..=last].iter().map(Cell::get).sum::<f32>() / (last + 1 - first) as f32
        };
        out.extend((0..run.len()).map(|at| {
            if at + 1 < WINDOW || at >= windows.len() {
                return mean(at);
            }
            let known = means[at].get();
            if !known.is_nan() {
                return known;
            }
            let mean = mean(at);
            means[at].set(mean);
            mean
        }));
    }

    /// Looks up the windows of a run that nobody has asked for yet: all of them from the first to the last that is not
    /// known, because lookups that do not wait for one another are as good as one.
    fn look_up(&self, run: &[char], windows: &[Cell<f32>]) {
        let is_unknown = |window: &Cell<f32>| window.get().is_nan();
        let Some(first) = windows.iter().position(is_unknown) else { return };
        let last = windows.iter().rposition(is_unknown).unwrap_or(first);
        let wanted = &run[first..last + WINDOW];
        self.background.each_rarity_bits(wanted, WINDOW, |at, bits| windows[first + at].set(bits / WINDOW as f32));
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
        bigrams: Pair<&Bigrams>,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let mut out = Self {
            background,
            units,
            sides: Pair::new(
                SideRarity::new(background, formulas, analyses.left, cancel)?,
                SideRarity::new(background, formulas, analyses.right, cancel)?,
            ),
            ways: ways(units.left, bigrams),
            scratch: RefCell::default(),
        };
        out.raise_slogans();
        cancel.check()?;
        Ok(out)
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
                    add(unit, (bits * left, *bits), (bits * right, *bits));
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
        let after = (unit + 1 < run.length as usize).then(|| self.ways[at]);
        let before = (unit > 0).then(|| self.ways[at - 1]);
        match (before, after) {
            (Some(before), Some(after)) => before.min(after),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0.0,
        }
    }

    /// Whether a unit of a run tells nothing: a place, and a level but inside a wording (举全省之力, not 省 before
    /// something).
    fn tells_nothing(&self, side: Side, first: u32, length: u32, unit: u32) -> bool {
        let number = self.units.get(side).numbers[unit as usize];
        let inside = unit > first && unit + 1 < first + length;
        matching::is_place(number) || matching::is_level(number) && !inside
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
            let to = units.ends[unit as usize];
            (from..to).fold((0.0, 0.0), |(bits, plain), at| {
                let character = characters[(at - start) as usize];
                (bits + character * side.factors[at as usize], plain + character)
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
fn factors(analysis: &Analysis, formulas: &Formulas, cancel: &Cancel) -> Result<Vec<f32>, Cancelled> {
    let characters = analysis.text.characters();
    let mut factors: Vec<f32> =
        formulas.marks(characters, cancel)?.into_iter().map(|marked| if marked { STOCK_FACTOR } else { 1.0 }).collect();
    let mut depth = 0usize;
    for (at, character) in characters.iter().enumerate() {
        match character {
            '《' => depth += 1,
            '》' => depth = depth.saturating_sub(1),
            '\n' => depth = 0,
            _ if depth > 0 => factors[at] = factors[at].min(CITED_FACTOR),
            _ => {}
        }
        if !is_han(*character) && !is_word_character(*character) {
            factors[at] = 0.0;
        }
    }
    Ok(factors)
}

/// For each left unit, log2 of the ways in which the bigram that begins there can be matched; 0 where it is not shared.
fn ways(left: &Units, bigrams: Pair<&Bigrams>) -> Vec<f32> {
    let mut out = vec![0.0; left.numbers.len()];
    for places in shared(bigrams) {
        let ways = ((places.left.len() * places.right.len()) as f32).log2();
        places.left.iter().for_each(|at| out[*at as usize] = ways);
    }
    out
}
