//! Shared runs by an index of k-grams.
//!
//! In: two sequences of ids. Out: the distinct maximal shared runs and the steps they took; when these reach the
//! allowance, only the runs of the k-grams that were finished. Every run of at least `k` ids begins with a k-gram that
//! both sides have, so the k-grams that both sides may have are sorted by their hash and joined, and all pairs of places of one
//! k-gram are extended. Runs of different k-grams are different strings, so telling strings apart and counting
//! occurrences stays within one k-gram.
//!
//! Hashes only bring candidates together, ids decide: a collision costs time and changes nothing.

use super::{BORDER, Longest, SharedRun};
use crate::text::cancel::{Cancel, Cancelled};

/// Steps between two looks at the flag of the caller.
const POLL_STEPS: u64 = 1 << 18;

/// The places of one k-gram that both sides have, ascending.
#[derive(Clone, Copy)]
struct Shared<'a> {
    left: &'a [Place],
    right: &'a [Place],
}

/// Collects the runs of at least `min_len` ids; returns the steps taken. They are all if the steps are fewer than
/// `allowance`.
pub(super) fn runs(
    left: &[u32],
    right: &[u32],
    min_len: usize,
    cap: usize,
    allowance: u64,
    cancel: &Cancel,
    longest: &mut Longest,
) -> Result<u64, Cancelled> {
    cancel.check()?;
    let mut of_group = Vec::new();
    let (mut steps, mut next_poll) = (0, POLL_STEPS);
    let (left_places, right_places) = candidates(left, right, min_len, cancel)?;
    let mut left_groups = left_places.chunk_by(|one, next| one.0 == next.0).peekable();
    for right_group in right_places.chunk_by(|one, next| one.0 == next.0) {
        let hash = right_group[0].0;
        while left_groups.next_if(|group| group[0].0 < hash).is_some() {}
        let Some(left_group) = left_groups.next_if(|group| group[0].0 == hash) else { continue };
        let group = Shared { left: left_group, right: right_group };
        of_group.clear();
        if !extend_group(left, right, group, min_len, cap, allowance, &mut steps, &mut of_group) {
            return Ok(allowance);
        }
        of_group.drain(..).for_each(|run| longest.push(run));
        if steps >= next_poll {
            cancel.check()?;
            next_poll = steps + POLL_STEPS;
        }
    }
    Ok(steps)
}

/// A k-gram's hash and where it begins.
type Place = (u64, u32);

/// The k-grams that the other side may have too, of both sides, by hash and place. Two rounds through bit filters
/// leave little to sort on ordinary text.
fn candidates(
    left: &[u32],
    right: &[u32],
    length: usize,
    cancel: &Cancel,
) -> Result<(Vec<Place>, Vec<Place>), Cancelled> {
    let (mut left_places, mut right_places) = (Vec::new(), Vec::new());
    if left.len() < length || right.len() < length {
        return Ok((left_places, right_places));
    }
    let mut on_left = Filter::new(left.len());
    for_each_hash(left, length, |_, hash| on_left.insert(hash));
    cancel.check()?;
    let mut on_both = Filter::new(left.len());
    for_each_hash(right, length, |place, hash| {
        if on_left.may_hold(hash) {
            on_both.insert(hash);
            right_places.push((hash, place));
        }
    });
    if !right_places.is_empty() {
        for_each_hash(left, length, |place, hash| {
            if on_both.may_hold(hash) {
                left_places.push((hash, place));
            }
        });
    }
    cancel.check()?;
    left_places.sort_unstable();
    cancel.check()?;
    right_places.sort_unstable();
    cancel.check()?;
    Ok((left_places, right_places))
}

/// A set of hashes that may hold more than was put in: one bit a hash (Bloom 1970, with one function).
struct Filter {
    words: Vec<u64>,
    shift: u32,
}

impl Filter {
    fn new(hashes: usize) -> Self {
        let bits = (16 * hashes).next_power_of_two().max(64);
        Self { words: vec![0; bits / 64], shift: 64 - bits.trailing_zeros() }
    }

    fn insert(&mut self, hash: u64) {
        let bit = (hash >> self.shift) as usize;
        self.words[bit / 64] |= 1 << (bit % 64);
    }

    fn may_hold(&self, hash: u64) -> bool {
        let bit = (hash >> self.shift) as usize;
        self.words[bit / 64] >> (bit % 64) & 1 == 1
    }
}

/// Calls for every k-gram without a border, with where it begins and its hash: a cyclic polynomial (Cohen 1997), spread.
fn for_each_hash(ids: &[u32], length: usize, mut each: impl FnMut(u32, u64)) {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    const TURN: u32 = 23;
    let value = |id: u32| (u64::from(id) + 1).wrapping_mul(SPREAD);
    let leaving_turn = (length as u64 * u64::from(TURN) % 64) as u32;
    let mut start = 0;
    for piece in ids.split(|&id| id == BORDER) {
        if piece.len() >= length {
            let mut hash = piece[..length].iter().fold(0_u64, |hash, &id| hash.rotate_left(TURN) ^ value(id));
            each(start, hash.wrapping_mul(SPREAD));
            for (by, (&entering, &leaving)) in (1..).zip(piece[length..].iter().zip(piece)) {
                hash = hash.rotate_left(TURN) ^ value(entering) ^ value(leaving).rotate_left(leaving_turn);
                each(start + by, hash.wrapping_mul(SPREAD));
            }
        }
        start += piece.len() as u32 + 1;
    }
}

/// Appends the runs that begin with one k-gram; false when the allowance does not suffice.
#[expect(clippy::too_many_arguments, reason = "the inner loop of one function, kept apart to be read")]
fn extend_group(
    left: &[u32],
    right: &[u32],
    group: Shared<'_>,
    min_len: usize,
    cap: usize,
    allowance: u64,
    steps: &mut u64,
    runs: &mut Vec<SharedRun>,
) -> bool {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for &(_, left_place) in group.left {
        for &(_, right_place) in group.right {
            *steps += 1;
            if *steps >= allowance {
                return false;
            }
            let (left_at, right_at) = (left_place as usize, right_place as usize);
            if left_at > 0 && right_at > 0 && left[left_at - 1] == right[right_at - 1] && left[left_at - 1] != BORDER {
                continue;
            }
            let same = left[left_at..]
                .iter()
                .zip(&right[right_at..])
                .take_while(|(left_id, right_id)| left_id == right_id && **left_id != BORDER)
                .count();
            *steps += same as u64;
            if same >= min_len {
                found.push((same as u32, left_place));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    let mut distinct: Vec<(u32, u32)> = Vec::new();
    for (len, place) in found {
        let string = &left[place as usize..][..len as usize];
        let same_len = distinct.iter().rev().take_while(|known| known.0 == len);
        let mut known = same_len.inspect(|_| *steps += u64::from(len));
        if !known.any(|known| &left[known.1 as usize..][..len as usize] == string) {
            distinct.push((len, place));
        }
        if *steps >= allowance {
            return false;
        }
    }
    for (len, place) in distinct {
        let string = &left[place as usize..][..len as usize];
        *steps += (group.left.len() + group.right.len()) as u64 * (1 + u64::from(len) / 8);
        if *steps >= allowance {
            return false;
        }
        let (left_starts, left_total) = occurrences(left, group.left, string, cap);
        let (right_starts, right_total) = occurrences(right, group.right, string, cap);
        runs.push(SharedRun { len, left_starts, left_total, right_starts, right_total });
    }
    true
}

/// The first `cap` of the places where a string stands, and how many there are.
fn occurrences(ids: &[u32], places: &[Place], string: &[u32], cap: usize) -> (Vec<u32>, u32) {
    let mut starts = Vec::new();
    let mut total = 0;
    for &(_, place) in places {
        if ids[place as usize..].starts_with(string) {
            total += 1;
            if starts.len() < cap {
                starts.push(place);
            }
        }
    }
    (starts, total)
}
