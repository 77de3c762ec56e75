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

/// Suffixes between two looks at the flag of the caller.
const POLL_SUFFIXES: usize = 1 << 14;

/// Symbols that stand before the occurrences of a string on one side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// No occurrence.
    Nothing,
    /// The same symbol before all of them.
    One(i32),
    /// Several symbols.
    Several,
}

impl Before {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, one) | (one, Self::Nothing) => one,
            (Self::One(first), Self::One(second)) if first == second => self,
            _ => Self::Several,
        }
    }

    /// Whether one symbol of the one and one of the other differ.
    fn can_differ(self, other: Self) -> bool {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => false,
            (Self::One(first), Self::One(second)) => first != second,
            _ => true,
        }
    }
}

/// A string and its occurrences: an LCP interval or a single suffix.
struct Interval {
    len: u32,
    left_before: Before,
    right_before: Before,
    left_total: u32,
    right_total: u32,
    /// Whether it has a maximal pair.
    maximal: bool,
    /// Where the blocks of its first occurrences begin.
    left_block: usize,
    right_block: usize,
}

/// First occurrences of the intervals on the stack, a block each.
struct Starts {
    left: Vec<u32>,
    right: Vec<u32>,
    cap: usize,
    merged: Vec<u32>,
}

/// Collects the runs that are wanted; false only if the library refuses its arguments, which it has no cause
/// to.
pub(super) fn runs(
    left: &[u32],
    right: &[u32],
    wanted: Wanted,
    cancel: &Cancel,
    longest: &mut Longest,
) -> Result<bool, Cancelled> {
    let (mut text, symbols) = joined(left, right);
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
    let mut starts = Starts { left: Vec::new(), right: Vec::new(), cap: wanted.cap, merged: Vec::new() };
    let mut stack: Vec<Interval> = Vec::new();
    for (rank, &suffix) in suffixes.iter().enumerate() {
        if rank.is_multiple_of(POLL_SUFFIXES) {
            cancel.check()?;
        }
        // Shorter prefixes than asked for are as good as none.
        let shared = suffixes.get(rank + 1).map_or(0, |&next| shared_prefix[next as usize] as u32);
        let shared = if (shared as usize) < wanted.min_len { 0 } else { shared };
        if shared == 0 && stack.is_empty() {
            continue;
        }
        let mut child = leaf(&text, left.len(), suffix, &mut starts);
        while let Some(mut top) = stack.pop_if(|top| top.len > shared) {
            top.add(child, &mut starts);
            if top.maximal {
                let (left, right) = (&starts.left[top.left_block..], &starts.right[top.right_block..]);
                longest.push(top.len, (left, top.left_total), (right, top.right_total));
            }
            child = top;
        }
        match stack.last_mut() {
            Some(top) if top.len == shared => top.add(child, &mut starts),
            _ if shared > 0 => {
                child.maximal = false;
                stack.push(Interval { len: shared, ..child });
            }
            _ => {
                starts.left.clear();
                starts.right.clear();
            }
        }
    }
    Ok(true)
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

/// A single suffix, its occurrence added behind the blocks.
fn leaf(text: &[i32], left_len: usize, suffix: i32, starts: &mut Starts) -> Interval {
    let at = suffix as usize;
    // Before the very first id stands a symbol that no other place has.
    let before = Before::One(if at == 0 { -1 } else { text[at - 1] });
    let (left_block, right_block) = (starts.left.len(), starts.right.len());
    let on_left = at <= left_len;
    if on_left {
        starts.left.push(at as u32);
    } else {
        starts.right.push((at - left_len - 1) as u32);
    }
    Interval {
        len: 0,
        left_before: if on_left { before } else { Before::Nothing },
        right_before: if on_left { Before::Nothing } else { before },
        left_total: u32::from(on_left),
        right_total: u32::from(!on_left),
        maximal: false,
        left_block,
        right_block,
    }
}

impl Interval {
    /// Adds a child whose blocks lie at the end of `starts`, directly behind the own ones.
    fn add(&mut self, child: Interval, starts: &mut Starts) {
        self.maximal |=
            self.left_before.can_differ(child.right_before) || child.left_before.can_differ(self.right_before);
        self.left_before = self.left_before.and(child.left_before);
        self.right_before = self.right_before.and(child.right_before);
        self.left_total += child.left_total;
        self.right_total += child.right_total;
        merge_last(&mut starts.left, self.left_block, child.left_block, starts.cap, &mut starts.merged);
        merge_last(&mut starts.right, self.right_block, child.right_block, starts.cap, &mut starts.merged);
    }
}

/// Merges the last two ascending blocks, which begin at `first` and `second`, into their `cap` smallest numbers.
fn merge_last(blocks: &mut Vec<u32>, first: usize, second: usize, cap: usize, merged: &mut Vec<u32>) {
    if second == blocks.len() {
        return;
    }
    if first < second && blocks[second - 1] > blocks[second] {
        merged.clear();
        let (mut one, mut other) = (first, second);
        while merged.len() < cap && (one < second || other < blocks.len()) {
            if other == blocks.len() || (one < second && blocks[one] < blocks[other]) {
                merged.push(blocks[one]);
                one += 1;
            } else {
                merged.push(blocks[other]);
                other += 1;
            }
        }
        blocks.truncate(first);
        blocks.extend_from_slice(merged);
    }
    blocks.truncate(first + cap);
}
