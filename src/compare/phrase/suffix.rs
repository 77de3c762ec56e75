//! Shared runs by the suffix array of both sides.
//!
//! In: two sequences of ids. Out: the distinct maximal shared runs. A string with occurrences that go on differently is
//! an LCP interval of the suffix array of `left · separator · right` (Abouelhoda, Kurtz & Ohlebusch 2004). Every border
//! is a symbol of its own there, so it ends whatever runs into it. The intervals are visited bottom up. An interval
//! knows of either side whether its occurrences have no, one or several symbols before them. That is enough to tell,
//! when a child is added, whether it makes a maximal pair with the children before: one left and one right occurrence
//! in different children with different symbols before them. So no pair is ever listed.
//!
//! The first occurrences of the intervals on the stack lie one behind the other in one vector a side; a child lies
//! directly behind its parent, so adding it merges two neighbouring blocks.

use libsais_rs::{libsais_int, libsais_plcp_int};
use rustc_hash::FxHashMap;

use super::{BORDER, Longest, Wanted};
use crate::text::cancel::{Cancel, Cancelled};
use crate::text::span::{Pair, Side};

/// Suffixes that are read together, and between two looks at the flag of the caller. What stands at their places lies all
/// over memory: reads that do not depend on one another are waited for together.
const CHUNK_SUFFIXES: usize = 1 << 10;

/// Symbols that stand before the occurrences of a string on one side: none, the same one, or several. One number, because
/// two are looked at for every suffix.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Before(i32);

impl Before {
    /// No occurrence.
    const NOTHING: Self = Self(-2);
    /// Several symbols.
    const SEVERAL: Self = Self(-3);
    /// What stands before the very first id: a symbol that no other place has.
    const BEGINNING: Self = Self(-1);

    fn and(self, other: Self) -> Self {
        if self == Self::NOTHING || self == other {
            other
        } else if other == Self::NOTHING {
            self
        } else {
            Self::SEVERAL
        }
    }

    /// Whether one symbol of the one and one of the other differ.
    fn can_differ(self, other: Self) -> bool {
        self != Self::NOTHING && other != Self::NOTHING && (self != other || self == Self::SEVERAL)
    }
}

/// The occurrences of a string on one side.
#[derive(Clone, Copy)]
struct Occurrences {
    before: Before,
    total: u32,
    /// Where the block of the first ones begins.
    block: u32,
}

/// A string and its occurrences: an LCP interval.
#[derive(Clone, Copy)]
struct Interval {
    len: u32,
    left: Occurrences,
    right: Occurrences,
    /// Whether it has a maximal pair.
    maximal: bool,
}

/// First occurrences on one side of the intervals on the stack, a block each.
struct Starts {
    blocks: Vec<u32>,
    cap: usize,
    merged: Vec<u32>,
}

/// One suffix.
#[derive(Clone, Copy)]
struct Suffix {
    side: Side,
    /// Where it begins on its side.
    start: u32,
    before: Before,
}

/// Collects the runs that are wanted; false only if the library refuses its arguments, which it has no cause
/// to.
pub(super) fn runs(
    sides: Pair<Vec<u32>>,
    wanted: Wanted,
    cancel: &Cancel,
    longest: &mut Longest,
) -> Result<bool, Cancelled> {
    let left_len = sides.left.len();
    let (mut text, symbols) = joined(&sides.left, &sides.right);
    drop(sides);
    let mut suffixes = vec![0_i32; text.len()];
    cancel.check()?;
    if libsais_int(&mut text, &mut suffixes, symbols, 0) != 0 {
        return Ok(false);
    }
    cancel.check()?;
    // By text position: the prefix that a suffix shares with the one before it in the suffix array.
    let mut shared_prefix = vec![0_i32; text.len()];
    if libsais_plcp_int(&text, &suffixes, &mut shared_prefix) != 0 {
        return Ok(false);
    }
    let mut starts = Pair::new(Starts::new(wanted.cap), Starts::new(wanted.cap));
    // The intervals that the last suffix lies in, each inside the one before, without those that are too short.
    let mut stack: Vec<Interval> = Vec::new();
    let mut chunk: Vec<(Suffix, u32)> = Vec::with_capacity(CHUNK_SUFFIXES);
    for (first, places) in (0..).step_by(CHUNK_SUFFIXES).zip(suffixes.chunks(CHUNK_SUFFIXES)) {
        cancel.check()?;
        let suffixes_of_chunk = places.iter().map(|&place| suffix_at(&text, left_len, place));
        let shared_with_next = suffixes[first + 1..].iter().map(|&next| shared_prefix[next as usize] as u32);
        chunk.clear();
        chunk.extend(suffixes_of_chunk.zip(shared_with_next.chain([0])));
        for &(suffix, shared) in &chunk {
            // Shorter prefixes than asked for are as good as none.
            let shared = if (shared as usize) < wanted.min_len { 0 } else { shared };
            match stack.last_mut() {
                Some(innermost) if innermost.len >= shared => innermost.add_suffix(suffix, &mut starts),
                _ if shared > 0 => {
                    let mut interval = Interval::new(shared, &starts);
                    interval.add_suffix(suffix, &mut starts);
                    stack.push(interval);
                }
                _ => {}
            }
            close(&mut stack, shared, &mut starts, longest);
        }
    }
    Ok(true)
}

/// Ends the intervals that the next suffix does not lie in: those longer than what it shares with the last one.
fn close(stack: &mut Vec<Interval>, shared: u32, starts: &mut Pair<Starts>, longest: &mut Longest) {
    while let Some(done) = stack.pop_if(|innermost| innermost.len > shared) {
        if done.maximal {
            let (lefts, rights) = (starts.left.of(done.left), starts.right.of(done.right));
            longest.push(done.len, (lefts, done.left.total), (rights, done.right.total));
        }
        match stack.last_mut() {
            Some(around) if around.len >= shared => around.add(&done, starts),
            _ if shared > 0 => stack.push(Interval { len: shared, maximal: false, ..done }),
            _ => {
                starts.left.blocks.clear();
                starts.right.blocks.clear();
            }
        }
    }
}

/// Both sides with a separator, in dense symbols, and how many symbols there are. Borders and the separator occur once.
fn joined(left: &[u32], right: &[u32]) -> (Vec<i32>, i32) {
    let largest = left.iter().chain(right).filter(|&&id| id != BORDER).max().map_or(0, |&id| id as usize);
    let mut text = Vec::with_capacity(left.len() + right.len() + 1);
    let separated = left.iter().chain([&BORDER]).chain(right);
    let mut symbols = 0_i32;
    let mut fresh = || {
        symbols += 1;
        symbols - 1
    };
    if largest < 4 * (left.len() + right.len()) + 1024 {
        let mut table = vec![-1_i32; largest + 1];
        text.extend(separated.map(|&id| {
            if id == BORDER {
                return fresh();
            }
            let known = &mut table[id as usize];
            if *known < 0 {
                *known = fresh();
            }
            *known
        }));
    } else {
        let mut table = FxHashMap::default();
        text.extend(
            separated.map(|&id| if id == BORDER { fresh() } else { *table.entry(id).or_insert_with(&mut fresh) }),
        );
    }
    (text, symbols)
}

/// The suffix that begins at a place of the joined text.
fn suffix_at(text: &[i32], left_len: usize, suffix: i32) -> Suffix {
    let at = suffix as usize;
    let before = if at == 0 { Before::BEGINNING } else { Before(text[at - 1]) };
    let (side, start) = if at <= left_len { (Side::Left, at) } else { (Side::Right, at - left_len - 1) };
    Suffix { side, start: start as u32, before }
}

impl Interval {
    /// An interval without occurrences.
    fn new(len: u32, starts: &Pair<Starts>) -> Self {
        let none =
            |starts: &Starts| Occurrences { before: Before::NOTHING, total: 0, block: starts.blocks.len() as u32 };
        Self { len, left: none(&starts.left), right: none(&starts.right), maximal: false }
    }

    /// Adds one suffix as a child. The own blocks lie at the end of `starts`.
    fn add_suffix(&mut self, suffix: Suffix, starts: &mut Pair<Starts>) {
        let (own, other, starts) = match suffix.side {
            Side::Left => (&mut self.left, &self.right, &mut starts.left),
            Side::Right => (&mut self.right, &self.left, &mut starts.right),
        };
        self.maximal |= suffix.before.can_differ(other.before);
        own.before = own.before.and(suffix.before);
        own.total += 1;
        starts.insert(own.block as usize, suffix.start);
    }

    /// Adds a child whose blocks lie at the end of `starts`, directly behind the own ones.
    fn add(&mut self, child: &Self, starts: &mut Pair<Starts>) {
        self.maximal |=
            self.left.before.can_differ(child.right.before) || child.left.before.can_differ(self.right.before);
        self.left.add(child.left, &mut starts.left);
        self.right.add(child.right, &mut starts.right);
    }
}

impl Occurrences {
    fn add(&mut self, child: Self, starts: &mut Starts) {
        self.before = self.before.and(child.before);
        self.total += child.total;
        starts.merge_last(self.block as usize, child.block as usize);
    }
}

impl Starts {
    fn new(cap: usize) -> Self {
        Self { blocks: Vec::new(), cap, merged: Vec::new() }
    }

    /// The block of an interval whose blocks are the last ones.
    fn of(&self, occurrences: Occurrences) -> &[u32] {
        &self.blocks[occurrences.block as usize..]
    }

    /// Puts a place into the last block, which begins at `first`, if it is among the `cap` smallest.
    fn insert(&mut self, first: usize, start: u32) {
        let blocks = &mut self.blocks;
        let is_full = blocks.len() - first == self.cap;
        if blocks.len() == first || blocks[blocks.len() - 1] < start {
            if !is_full {
                blocks.push(start);
            }
            return;
        }
        if is_full {
            blocks.pop();
        }
        // Counting does not guess, and where it belongs cannot be guessed.
        let smaller = blocks[first..].iter().filter(|other| **other < start).count();
        blocks.insert(first + smaller, start);
    }

    /// Merges the last two ascending blocks, which begin at `first` and `second`, into their `cap` smallest places.
    fn merge_last(&mut self, first: usize, second: usize) {
        let Self { blocks, cap, merged } = self;
        let end = blocks.len();
        if first < second && second < end && blocks[second - 1] > blocks[second] {
            merged.clear();
            let (mut one, mut other) = (first, second);
            while merged.len() < *cap && one < second && other < end {
                let (left, right) = (blocks[one], blocks[other]);
                merged.push(left.min(right));
                one += usize::from(left < right);
                other += usize::from(left >= right);
            }
            // What is left of the one moves behind what is merged; what is left of the other stands there already.
            blocks.copy_within(one..second, first + merged.len());
            blocks[first..first + merged.len()].copy_from_slice(merged);
        }
        blocks.truncate(first + *cap);
    }
}
