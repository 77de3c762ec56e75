//! Shared runs by an index of k-grams.
//!
//! In: two sequences of ids. Out: the distinct maximal shared runs and the steps they took; when these reach the
//! allowance, only the runs of the k-grams that were finished. Every run of at least `k` ids begins with a k-gram that
//! both sides have, so the k-grams of the left are hashed, those of the right are looked up, and all pairs of places
//! of one k-gram are extended. Runs of different k-grams are different strings, so telling strings apart and counting
//! occurrences stays within one k-gram.
//!
//! Hashes only bring candidates together, ids decide: a collision costs time and changes nothing.

use super::{BORDER, SharedRun};
use crate::text::cancel::{Cancel, Cancelled};

const NONE: u32 = u32::MAX;
/// Steps between two looks at the flag of the caller.
const POLL_STEPS: u64 = 1 << 18;

/// The places of one k-gram of the left that the right has too.
struct Shared {
    left: Vec<u32>,
    right: Vec<u32>,
}

/// The runs of at least `min_len` ids and the steps taken; they are all if the steps are fewer than `allowance`.
pub(super) fn runs(
    left: &[u32],
    right: &[u32],
    min_len: usize,
    cap: usize,
    allowance: u64,
    cancel: &Cancel,
) -> Result<(Vec<SharedRun>, u64), Cancelled> {
    cancel.check()?;
    let mut runs = Vec::new();
    let (mut steps, mut next_poll) = (0, POLL_STEPS);
    for group in groups(left, right, min_len) {
        let before = runs.len();
        if !extend_group(left, right, &group, min_len, cap, allowance, &mut steps, &mut runs) {
            runs.truncate(before);
            return Ok((runs, allowance));
        }
        if steps >= next_poll {
            cancel.check()?;
            next_poll = steps + POLL_STEPS;
        }
    }
    Ok((runs, steps))
}

/// The k-grams that both sides have, with their places.
fn groups(left: &[u32], right: &[u32], length: usize) -> Vec<Shared> {
    if left.len() < length || right.len() < length {
        return Vec::new();
    }
    let capacity = (2 * left.len()).next_power_of_two().max(2);
    let shift = 64 - capacity.trailing_zeros();
    // Per slot the first left place of a k-gram; places of the same hash are chained behind their last one.
    let mut slots = vec![NONE; capacity];
    let mut next_place = vec![NONE; left.len()];
    let mut last_place = vec![NONE; left.len()];
    let mut hash_at = vec![0_u64; left.len()];
    let find = |slots: &[u32], hash_at: &[u64], hash: u64| {
        let mut slot = (hash >> shift) as usize;
        while slots[slot] != NONE && hash_at[slots[slot] as usize] != hash {
            slot = (slot + 1) & (capacity - 1);
        }
        slot
    };
    for_each_hash(left, length, |place, hash| {
        let slot = find(&slots, &hash_at, hash);
        hash_at[place as usize] = hash;
        if slots[slot] == NONE {
            slots[slot] = place;
        } else {
            next_place[last_place[slots[slot] as usize] as usize] = place;
        }
        last_place[slots[slot] as usize] = place;
    });
    let mut group_at = vec![NONE; left.len()];
    let mut groups: Vec<Shared> = Vec::new();
    for_each_hash(right, length, |place, hash| {
        let first = slots[find(&slots, &hash_at, hash)];
        if first == NONE {
            return;
        }
        if group_at[first as usize] == NONE {
            group_at[first as usize] = groups.len() as u32;
            let left_places = std::iter::successors(Some(first), |&place| {
                Some(next_place[place as usize]).filter(|&place| place != NONE)
            });
            groups.push(Shared { left: left_places.collect(), right: Vec::new() });
        }
        groups[group_at[first as usize] as usize].right.push(place);
    });
    groups
}

/// Calls for every k-gram without a border, with where it begins and its hash: a polynomial modulo 2^64, spread.
fn for_each_hash(ids: &[u32], length: usize, mut each: impl FnMut(u32, u64)) {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    let leaving = (0..length).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let (mut hash, mut held) = (0_u64, 0);
    for (at, &id) in ids.iter().enumerate() {
        if id == BORDER {
            (hash, held) = (0, 0);
            continue;
        }
        hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(id) + 1);
        if held == length {
            hash = hash.wrapping_sub(leaving.wrapping_mul(u64::from(ids[at - length]) + 1));
        } else {
            held += 1;
        }
        if held == length {
            each((at + 1 - length) as u32, (hash ^ (hash >> 32)).wrapping_mul(BASE));
        }
    }
}

/// Appends the runs that begin with one k-gram; false when the allowance does not suffice.
#[expect(clippy::too_many_arguments, reason = "the inner loop of one function, kept apart to be read")]
fn extend_group(
    left: &[u32],
    right: &[u32],
    group: &Shared,
    min_len: usize,
    cap: usize,
    allowance: u64,
    steps: &mut u64,
    runs: &mut Vec<SharedRun>,
) -> bool {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for &left_place in &group.left {
        for &right_place in &group.right {
            *steps += 1;
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
            if *steps >= allowance {
                return false;
            }
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
        let (left_starts, left_total) = occurrences(left, &group.left, string, cap);
        let (right_starts, right_total) = occurrences(right, &group.right, string, cap);
        runs.push(SharedRun { len, left_starts, left_total, right_starts, right_total });
    }
    true
}

/// The first `cap` of the places where a string stands, and how many there are.
fn occurrences(ids: &[u32], places: &[u32], string: &[u32], cap: usize) -> (Vec<u32>, u32) {
    let mut starts = Vec::new();
    let mut total = 0;
    for &place in places {
        if ids[place as usize..].starts_with(string) {
            total += 1;
            if starts.len() < cap {
                starts.push(place);
            }
        }
    }
    (starts, total)
}
