//! Shared runs by an index of k-grams.
//!
//! In: two sequences of ids. Out: the distinct maximal shared runs and the steps they took; when these reach the
//! allowance, only the runs of the k-grams that were finished. Every run of at least `k` ids begins with a k-gram that
//! both sides have, so the k-grams that both sides may have are sorted by their hash (radix sort) and joined, and all
//! pairs of places of one k-gram are extended. Runs of different k-grams are different strings, so telling strings apart
//! and counting occurrences stays within one k-gram.
//!
//! Hashes only bring candidates together, ids decide: a collision costs time and changes nothing.

use super::{BORDER, Longest, Wanted};
use crate::text::cancel::{Cancel, Cancelled, Polls};

/// The places of one k-gram that both sides have, ascending.
#[derive(Clone, Copy)]
struct Shared<'a> {
    left: &'a [Place],
    right: &'a [Place],
}

/// What is wanted where the allowance does not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// Nothing: there is another way.
    Nothing,
    /// As many runs as the allowance suffices for.
    SomeRuns,
}

/// Steps of the polls that a step of this module counts: most of its ids lie anywhere in memory and are waited for.
const MEMORY_STEPS: u32 = 8;
/// Steps that a pair of places takes at least, with the ids that are compared, where many pairs are looked at.
const PAIR_STEPS: u64 = 3;

/// Collects the runs that are wanted; returns the steps taken. They are all if the steps are fewer than the allowance.
pub(super) fn runs(
    left: &[u32],
    right: &[u32],
    wanted: Wanted,
    (allowance, otherwise): (u64, Otherwise),
    cancel: &Cancel,
    longest: &mut Longest,
) -> Result<u64, Cancelled> {
    cancel.check()?;
    let mut polls = Polls::new(cancel);
    let (mut left_places, mut right_places) = candidates(left, right, wanted.min_len, &mut polls)?;
    // Chance may make the likely pairs a few more than there are.
    let most_pairs = allowance / PAIR_STEPS;
    let gives_up = otherwise == Otherwise::Nothing;
    if gives_up && likely_pairs(&left_places, &right_places, &mut polls)? > most_pairs + most_pairs / 4 {
        return Ok(allowance);
    }
    sort_by_hash(&mut left_places, &mut polls)?;
    sort_by_hash(&mut right_places, &mut polls)?;
    if gives_up {
        let pairs = |group: Shared<'_>| group.left.len() as u64 * group.right.len() as u64;
        let mut all_pairs = 0;
        for (looked_at, group) in groups(&left_places, &right_places) {
            polls.steps(looked_at)?;
            all_pairs += group.map_or(0, pairs);
            if all_pairs >= most_pairs {
                return Ok(allowance);
            }
        }
    }
    let mut work = Work { left, right, wanted, allowance, steps: 0, room: Room::default(), polls };
    for (looked_at, group) in groups(&left_places, &right_places) {
        work.polls.steps(looked_at)?;
        if let Some(group) = group
            && !work.extend(group, longest)?
        {
            return Ok(allowance);
        }
    }
    Ok(work.steps)
}

/// A k-gram's hash, and in the lower half where it begins.
type Place = u64;

fn hash_of(place: &Place) -> u32 {
    (place >> 32) as u32
}

fn start_of(place: Place) -> usize {
    place as u32 as usize
}

/// For every hash of the right side how many places were looked at, and its places if both sides have it.
fn groups<'a>(left: &'a [Place], right: &'a [Place]) -> impl Iterator<Item = (u32, Option<Shared<'a>>)> {
    let same = |one: &Place, next: &Place| hash_of(one) == hash_of(next);
    let mut left_groups = left.chunk_by(same).peekable();
    right.chunk_by(same).map(move |right| {
        let hash = hash_of(&right[0]);
        let mut looked_at = right.len();
        while let Some(before) = left_groups.next_if(|group| hash_of(&group[0]) < hash) {
            looked_at += before.len();
        }
        let left = left_groups.next_if(|group| hash_of(&group[0]) == hash);
        looked_at += left.map_or(0, <[Place]>::len);
        (looked_at as u32, left.map(|left| Shared { left, right }))
    })
}

/// About how many pairs of places have one hash, told without sorting: pairs of one bucket, less those that chance
/// brings together.
fn likely_pairs(left: &[Place], right: &[Place], polls: &mut Polls<'_>) -> Result<u64, Cancelled> {
    const BUCKET_BITS: u32 = 14;
    // Few places are sorted as soon as they are counted.
    if left.len().min(right.len()) < 1 << BUCKET_BITS {
        return Ok(0);
    }
    let mut buckets = vec![(0_u32, 0_u32); 1 << BUCKET_BITS];
    let bucket = |place: &Place| (place >> (64 - BUCKET_BITS)) as usize;
    for place in left {
        polls.step()?;
        buckets[bucket(place)].0 += 1;
    }
    for place in right {
        polls.step()?;
        buckets[bucket(place)].1 += 1;
    }
    let together: u64 = buckets.iter().map(|(left, right)| u64::from(*left) * u64::from(*right)).sum();
    Ok(together.saturating_sub((left.len() as u64 * right.len() as u64) >> BUCKET_BITS))
}

/// The k-grams that the other side may have too, of both sides, by place. Two rounds through bit filters leave little
/// to sort on ordinary text.
fn candidates(
    left: &[u32],
    right: &[u32],
    length: usize,
    polls: &mut Polls<'_>,
) -> Result<(Vec<Place>, Vec<Place>), Cancelled> {
    let (mut left_places, mut right_places) = (Vec::new(), Vec::new());
    if left.len() < length || right.len() < length {
        return Ok((left_places, right_places));
    }
    let place = |start: u32, hash: u64| hash >> 32 << 32 | u64::from(start);
    let mut on_left = Filter::new(left.len());
    // Few hashes are kept until it is known which the other side has, too; many are made twice.
    let are_few = left.len() <= FEW_HASHES;
    left_places.reserve(left.len());
    for_each_hash(left, length, polls, |start, hash| {
        on_left.insert(hash);
        if are_few {
            left_places.push(place(start, hash));
        }
    })?;
    let mut on_both = Filter::new(left.len());
    // Room that is not written to costs nothing, and lists of a million that grow would be there twice.
    right_places.reserve(right.len());
    for_each_hash(right, length, polls, |start, hash| {
        if on_left.may_hold(hash) {
            on_both.insert(hash);
            right_places.push(place(start, hash));
        }
    })?;
    drop(on_left);
    if are_few {
        // The filter looks at no other bits than those that a place has of its hash.
        left_places.retain(|place| on_both.may_hold(*place));
    } else if !right_places.is_empty() {
        for_each_hash(left, length, polls, |start, hash| {
            if on_both.may_hold(hash) {
                left_places.push(place(start, hash));
            }
        })?;
    }
    Ok((left_places, right_places))
}

/// Ids of the left side up to which all its hashes are kept: half a mebibyte.
const FEW_HASHES: usize = 1 << 16;
/// Places up to which comparing sorts faster than counting.
const FEW_PLACES: usize = 1 << 10;
/// Bits of a digit of the radix sort: its counts stay in the nearest cache.
const DIGIT_BITS: u32 = 11;

/// Sorts places by their hashes; those of one hash ascend before and stay so.
fn sort_by_hash(places: &mut Vec<Place>, polls: &mut Polls<'_>) -> Result<(), Cancelled> {
    if places.len() <= FEW_PLACES {
        places.sort_unstable();
        return Ok(());
    }
    let mut sorted = vec![0; places.len()];
    for shift in (32..64).step_by(DIGIT_BITS as usize) {
        let digit = |place: Place| (place >> shift) as usize & ((1 << DIGIT_BITS) - 1);
        let mut next = [0_u32; 1 << DIGIT_BITS];
        for &place in &*places {
            polls.step()?;
            next[digit(place)] += 1;
        }
        let mut first = 0;
        for count in &mut next {
            (*count, first) = (first, first + *count);
        }
        for &place in &*places {
            polls.step()?;
            let at = &mut next[digit(place)];
            sorted[*at as usize] = place;
            *at += 1;
        }
        std::mem::swap(places, &mut sorted);
    }
    Ok(())
}

/// A set of hashes that may hold more than was put in: one bit a hash (Bloom 1970, with one function).
struct Filter {
    words: Vec<u64>,
    shift: u32,
}

impl Filter {
    /// Room for so many hashes, of which it looks at the upper half at most.
    fn new(hashes: usize) -> Self {
        let bits = (16 * hashes).next_power_of_two().clamp(64, 1 << 32);
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
fn for_each_hash(
    ids: &[u32],
    length: usize,
    polls: &mut Polls<'_>,
    mut each: impl FnMut(u32, u64),
) -> Result<(), Cancelled> {
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
                polls.step()?;
                hash = hash.rotate_left(TURN) ^ value(entering) ^ value(leaving).rotate_left(leaving_turn);
                each(start + by, hash.wrapping_mul(SPREAD));
            }
        }
        start += piece.len() as u32 + 1;
    }
    Ok(())
}

/// The extending of pairs of places.
struct Work<'a> {
    left: &'a [u32],
    right: &'a [u32],
    wanted: Wanted,
    allowance: u64,
    steps: u64,
    room: Room,
    polls: Polls<'a>,
}

/// Room to work in, kept from one k-gram to the next.
#[derive(Default)]
struct Room {
    /// Lengths and left places of maximal pairs.
    found: Vec<(u32, u32)>,
    distinct: Vec<(u32, u32)>,
    left_starts: Vec<u32>,
    right_starts: Vec<u32>,
}

impl Work<'_> {
    fn afford(&mut self, steps: u64) -> Result<bool, Cancelled> {
        self.polls.steps_each(steps, MEMORY_STEPS)?;
        self.steps += steps;
        Ok(self.steps < self.allowance)
    }

    /// Adds the runs that begin with one k-gram; false, and none is added, when the allowance does not suffice.
    fn extend(&mut self, group: Shared<'_>, longest: &mut Longest) -> Result<bool, Cancelled> {
        let mut room = std::mem::take(&mut self.room);
        let affordable = self.pairs(group, &mut room.found)? && self.tell_apart(&mut room)?;
        let each = (group.left.len() + group.right.len()) as u64;
        let counting: u64 = room.distinct.iter().map(|(len, _)| each * (1 + u64::from(*len) / 8)).sum();
        let affordable = affordable && self.afford(counting)?;
        if affordable {
            for &(len, place) in &room.distinct {
                let string = &self.left[place as usize..][..len as usize];
                let left = occurrences(self.left, group.left, string, self.wanted.cap, &mut room.left_starts);
                let right = occurrences(self.right, group.right, string, self.wanted.cap, &mut room.right_starts);
                longest.push(len, (&room.left_starts, left), (&room.right_starts, right));
            }
        }
        self.room = room;
        Ok(affordable)
    }

    /// Finds the lengths of all maximal pairs, with their left places, ascending and each once.
    fn pairs(&mut self, group: Shared<'_>, found: &mut Vec<(u32, u32)>) -> Result<bool, Cancelled> {
        let (left, right) = (self.left, self.right);
        found.clear();
        for &left_place in group.left {
            for &right_place in group.right {
                if !self.afford(1)? {
                    return Ok(false);
                }
                let (left_at, right_at) = (start_of(left_place), start_of(right_place));
                if left_at > 0
                    && right_at > 0
                    && left[left_at - 1] == right[right_at - 1]
                    && left[left_at - 1] != BORDER
                {
                    continue;
                }
                let same = left[left_at..]
                    .iter()
                    .zip(&right[right_at..])
                    .take_while(|(left_id, right_id)| left_id == right_id && **left_id != BORDER)
                    .count();
                self.steps += same as u64;
                self.polls.steps(same as u32)?;
                if same >= self.wanted.min_len {
                    found.push((same as u32, left_at as u32));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(true)
    }

    /// Of the maximal pairs that were found, one for each string.
    fn tell_apart(&mut self, room: &mut Room) -> Result<bool, Cancelled> {
        room.distinct.clear();
        for &(len, place) in &room.found {
            let string = |place: u32| &self.left[place as usize..][..len as usize];
            let same_len = room.distinct.iter().rev().take_while(|known| known.0 == len);
            let mut looked_at = 0;
            let known = same_len.inspect(|_| looked_at += u64::from(len)).any(|known| string(known.1) == string(place));
            if !known {
                room.distinct.push((len, place));
            }
            if !self.afford(looked_at)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The first `cap` of the places where a string stands, and how many there are.
fn occurrences(ids: &[u32], places: &[Place], string: &[u32], cap: usize, starts: &mut Vec<u32>) -> u32 {
    starts.clear();
    let mut total = 0;
    for &place in places {
        if ids[start_of(place)..].starts_with(string) {
            total += 1;
            if starts.len() < cap {
                starts.push(start_of(place) as u32);
            }
        }
    }
    total
}
