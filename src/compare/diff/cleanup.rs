//! Cleaning up a script without changing what it costs.
//!
//! A deletion or insertion of `A B` before another `A` is as well one of `B A` after it: it can slide as long as the
//! words it passes equal the words it leaves. [`slide`] uses this freedom, first to join edits that can touch, then to
//! put the borders of an edit where a reader expects them. The idea is that of git's `indentHeuristic`
//! (M. Haggerty), with the caller's borders in the place of indentation. Time is linear in what edits can slide over.

use std::ops::Range;

use super::{Op, OpKind};

/// The side of a comparison that an index belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The left text.
    Left,
    /// The right text.
    Right,
}

/// What is deleted and inserted at one place; equal stretches are what lies between.
#[derive(Clone, Debug)]
struct Hunk {
    left: Range<u32>,
    right: Range<u32>,
}

/// Moves edits to better borders. `preference` says how good it is that an edit begins or ends before token `index` of
/// a side (0 to the side's length, higher is better); the two ends of an edit add up, and of equal sums the last place
/// wins. Ops and result cover both sides as the ops of a script do; edits and cost stay the same or merge.
pub fn slide(ops: &[Op], left: &[u32], right: &[u32], preference: impl Fn(Side, usize) -> u32) -> Vec<Op> {
    let mut done: Vec<Hunk> = Vec::new();
    let hunks = ops.iter().filter(|op| op.kind != OpKind::Equal);
    for op in hunks {
        let mut hunk = Hunk { left: op.left.clone(), right: op.right.clone() };
        while let Some(before) = done.pop() {
            let between = hunk.left.start - before.left.end;
            let up = upward(&hunk, left, right, between);
            let down = downward(&before, left, right, between - up);
            if up + down < between {
                done.push(before);
                break;
            }
            hunk = join(&shifted(&before, i64::from(down)), &shifted(&hunk, -i64::from(up)));
        }
        done.push(hunk);
    }
    settle(&mut done, left, right, preference);
    rebuild(&done, left.len() as u32, right.len() as u32)
}

/// Puts every hunk that can slide where its borders are preferred, without touching its neighbours.
fn settle(hunks: &mut [Hunk], left: &[u32], right: &[u32], preference: impl Fn(Side, usize) -> u32) {
    let mut free_from = 0;
    for index in 0..hunks.len() {
        let room_after = hunks.get(index + 1).map_or(left.len() as u32, |next| next.left.start) - hunks[index].left.end;
        let hunk = &mut hunks[index];
        // Neighbours that could touch have been joined, so an equal token stays between any two.
        let room_before = hunk.left.start - free_from;
        let up = upward(hunk, left, right, room_before);
        let down = downward(hunk, left, right, room_after);
        if up + down > 0 {
            let (side, range) = match hunk.left.is_empty() {
                true => (Side::Right, hunk.right.clone()),
                false => (Side::Left, hunk.left.clone()),
            };
            let score = |by: i64| {
                let place = |index: u32| preference(side, (i64::from(index) + by) as usize);
                place(range.start) + place(range.end)
            };
            let best = (-i64::from(up)..=i64::from(down)).max_by_key(|&by| (score(by), by)).unwrap_or(0);
            *hunk = shifted(hunk, best);
        }
        free_from = hunk.left.end;
    }
}

/// How far a hunk can slide towards the start, at most `room`.
fn upward(hunk: &Hunk, left: &[u32], right: &[u32], room: u32) -> u32 {
    let Some((ids, range)) = one_side(hunk, left, right) else { return 0 };
    let (start, end) = (range.start as usize, range.end as usize);
    (0..room as usize).take_while(|by| ids[start - 1 - by] == ids[end - 1 - by]).count() as u32
}

/// How far a hunk can slide towards the end, at most `room`.
fn downward(hunk: &Hunk, left: &[u32], right: &[u32], room: u32) -> u32 {
    let Some((ids, range)) = one_side(hunk, left, right) else { return 0 };
    let (start, end) = (range.start as usize, range.end as usize);
    (0..room as usize).take_while(|by| ids[start + by] == ids[end + by]).count() as u32
}

/// The side that a pure deletion or insertion is on; a replacement has no freedom.
fn one_side<'a>(hunk: &Hunk, left: &'a [u32], right: &'a [u32]) -> Option<(&'a [u32], Range<u32>)> {
    match (hunk.left.is_empty(), hunk.right.is_empty()) {
        (false, true) => Some((left, hunk.left.clone())),
        (true, false) => Some((right, hunk.right.clone())),
        _ => None,
    }
}

fn shifted(hunk: &Hunk, by: i64) -> Hunk {
    let moved = |range: &Range<u32>| (i64::from(range.start) + by) as u32..(i64::from(range.end) + by) as u32;
    Hunk { left: moved(&hunk.left), right: moved(&hunk.right) }
}

/// Two hunks that touch, as one.
fn join(before: &Hunk, after: &Hunk) -> Hunk {
    Hunk { left: before.left.start..after.left.end, right: before.right.start..after.right.end }
}

/// The ops of a list of hunks.
fn rebuild(hunks: &[Hunk], left_len: u32, right_len: u32) -> Vec<Op> {
    let mut ops = Vec::with_capacity(hunks.len() * 2 + 1);
    let (mut left, mut right) = (0, 0);
    for hunk in hunks {
        if hunk.left.start > left {
            ops.push(Op { kind: OpKind::Equal, left: left..hunk.left.start, right: right..hunk.right.start });
        }
        ops.extend(Op::edit(hunk.left.clone(), hunk.right.clone()));
        (left, right) = (hunk.left.end, hunk.right.end);
    }
    if left < left_len {
        ops.push(Op { kind: OpKind::Equal, left: left..left_len, right: right..right_len });
    }
    ops
}
