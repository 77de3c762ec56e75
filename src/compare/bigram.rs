//! Bigrams of units: where each one stands in either document, and which ones both documents hold.
//!
//! In: both documents as [`Units`]. Out: two [`Bigrams`] with one numbering, made once a comparison for everything that
//! counts or looks up bigrams. A bigram lies inside one piece. Always: bigrams ascend by the numbers of their units, and
//! the places of one bigram ascend. Cost: linear; two counting sorts by the rank of either unit.

use rustc_hash::FxHashMap;

use super::matching::{Piece, Units};
use crate::text::cancel::{Cancel, Cancelled, Polls};
use crate::text::span::Pair;

/// The bigrams of one document.
#[derive(Clone, Debug, Default)]
pub struct Bigrams {
    /// For each bigram the index of its first place; which bigram it is, its units tell.
    groups: Vec<u32>,
    /// First unit of every bigram, by bigram.
    places: Vec<u32>,
    /// For every unit the rank of its number among all that occur in either document.
    ranks: Vec<u32>,
    /// How many numbers occur.
    distinct: usize,
}

impl Bigrams {
    /// For every unit the rank of its number among the numbers of both documents, below [`Self::distinct`].
    pub fn ranks(&self) -> &[u32] {
        &self.ranks
    }

    /// How many numbers occur in either document.
    pub fn distinct(&self) -> usize {
        self.distinct
    }

    /// The places of every bigram's first unit, bigram by bigram, in the order of keys.
    pub fn places(&self) -> impl Iterator<Item = &[u32]> {
        let ends = self.groups.iter().skip(1).copied().chain([self.places.len() as u32]);
        self.groups.iter().zip(ends).map(|(first, end)| &self.places[*first as usize..end as usize])
    }

    /// Lets the ranks go: whoever asks for nothing but places needs a third less room.
    pub fn forget_ranks(&mut self) {
        self.ranks = Vec::new();
    }

    /// Every bigram as a key with the places of its first unit, in the order of keys.
    fn iter(&self) -> impl Iterator<Item = (u64, &[u32])> {
        self.places().map(|places| (places.first().map_or(0, |place| key(&self.ranks, *place)), places))
    }
}

/// The bigram that begins at a unit, by the ranks of its units.
fn key(ranks: &[u32], at: u32) -> u64 {
    u64::from(ranks[at as usize]) << 32 | u64::from(ranks[at as usize + 1])
}

/// The bigrams that both documents hold, with their places in either, in the order of keys.
pub fn shared(bigrams: Pair<&Bigrams>) -> impl Iterator<Item = Pair<&[u32]>> {
    let (mut lefts, mut rights) = (bigrams.left.iter(), bigrams.right.iter());
    let (mut left, mut right) = (lefts.next(), rights.next());
    std::iter::from_fn(move || {
        loop {
            let ((left_key, left_places), (right_key, right_places)) = (left?, right?);
            if left_key <= right_key {
                left = lefts.next();
            }
            if right_key <= left_key {
                right = rights.next();
            }
            if left_key == right_key {
                return Some(Pair::new(left_places, right_places));
            }
        }
    })
}

/// Indexes the bigrams of both documents. `numbers` are those of their units; their ranks are written over them.
pub fn bigrams(units: Pair<&Units>, numbers: Pair<Vec<u32>>, cancel: &Cancel) -> Result<Pair<Bigrams>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let (ranks, distinct) = ranks(numbers, &mut polls)?;
    Ok(Pair::new(
        index(units.left, ranks.left, distinct, &mut polls)?,
        index(units.right, ranks.right, distinct, &mut polls)?,
    ))
}

/// Numbers of the Basic Multilingual Plane, which nearly all units have.
const PLANE: usize = 0x1_0000;
/// Units that are looked at between two polls.
const CHUNK: usize = 1024;

/// Which numbers occur, with their ranks: a bit for each number of the plane, a map for the few behind it.
struct Occurring {
    /// Bits of the numbers of the plane, by words of 64.
    plane: Vec<u64>,
    /// How many numbers occur before those of each word.
    before: Vec<u32>,
    /// Ranks of the numbers behind the plane.
    beyond: FxHashMap<u32, u32>,
}

impl Occurring {
    fn rank(&self, number: u32) -> u32 {
        let (word, bit) = (number as usize / 64, number % 64);
        match self.plane.get(word) {
            Some(bits) => self.before[word] + (bits & ((1 << bit) - 1)).count_ones(),
            None => self.beyond.get(&number).copied().unwrap_or(0),
        }
    }
}

/// For each number of either document its rank among all that occur, and how many occur.
fn ranks(mut numbers: Pair<Vec<u32>>, polls: &mut Polls<'_>) -> Result<(Pair<Vec<u32>>, usize), Cancelled> {
    let mut occurring = Occurring { plane: vec![0; PLANE / 64], before: Vec::new(), beyond: FxHashMap::default() };
    for chunk in numbers.left.chunks(CHUNK).chain(numbers.right.chunks(CHUNK)) {
        polls.steps(CHUNK as u32)?;
        for &number in chunk {
            match occurring.plane.get_mut(number as usize / 64) {
                Some(bits) => *bits |= 1 << (number % 64),
                None => _ = occurring.beyond.insert(number, 0),
            }
        }
    }
    let mut distinct = 0;
    for bits in &occurring.plane {
        occurring.before.push(distinct);
        distinct += bits.count_ones();
    }
    let mut beyond: Vec<u32> = occurring.beyond.keys().copied().collect();
    beyond.sort_unstable();
    for number in beyond {
        occurring.beyond.insert(number, distinct);
        distinct += 1;
    }
    for chunk in numbers.left.chunks_mut(CHUNK).chain(numbers.right.chunks_mut(CHUNK)) {
        polls.steps(CHUNK as u32)?;
        chunk.iter_mut().for_each(|number| *number = occurring.rank(*number));
    }
    Ok((numbers, distinct as usize))
}

/// Sorts the bigrams of one document by their second, then by their first unit.
fn index(units: &Units, ranks: Vec<u32>, distinct: usize, polls: &mut Polls<'_>) -> Result<Bigrams, Cancelled> {
    let range = |piece: &Piece| piece.units.start as usize..piece.units.end as usize;
    let (mut next_by_first, mut next_by_second) = (vec![0_u32; distinct + 1], vec![0_u32; distinct + 1]);
    let mut total = 0;
    for piece in &units.pieces {
        polls.steps(piece.units.len() as u32)?;
        for pair in ranks[range(piece)].windows(2) {
            next_by_first[pair[0] as usize + 1] += 1;
            next_by_second[pair[1] as usize + 1] += 1;
            total += 1;
        }
    }
    for next in [&mut next_by_first, &mut next_by_second] {
        for rank in 0..distinct {
            next[rank + 1] += next[rank];
        }
    }
    let mut by_second = vec![0_u32; total];
    for piece in &units.pieces {
        polls.steps(piece.units.len() as u32)?;
        for (at, pair) in (piece.units.start..).zip(ranks[range(piece)].windows(2)) {
            let place = &mut next_by_second[pair[1] as usize];
            by_second[*place as usize] = at;
            *place += 1;
        }
    }
    drop(next_by_second);
    let mut places = vec![0_u32; total];
    for chunk in by_second.chunks(CHUNK) {
        polls.steps(CHUNK as u32)?;
        for &at in chunk {
            let place = &mut next_by_first[ranks[at as usize] as usize];
            places[*place as usize] = at;
            *place += 1;
        }
    }
    drop(by_second);
    let (mut groups, mut last) = (Vec::new(), None);
    for (index, at) in (0..).zip(&places) {
        polls.step()?;
        let key = key(&ranks, *at);
        if last != Some(key) {
            last = Some(key);
            groups.push(index);
        }
    }
    Ok(Bigrams { groups, places, ranks, distinct })
}
