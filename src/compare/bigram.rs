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
    /// For each rank where the bigrams that begin with it stand among all places; one more at the end.
    starts: Vec<u32>,
    /// First unit of every bigram, by the rank of its first unit, then of its second one.
    places: Vec<u32>,
    /// For every unit the rank of its number among all that occur in either document.
    ranks: Vec<u32>,
}

impl Bigrams {
    /// For every unit the rank of its number among the numbers of both documents, below [`Self::distinct`].
    pub fn ranks(&self) -> &[u32] {
        &self.ranks
    }

    /// How many numbers occur in either document.
    pub fn distinct(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The places alone: whoever does not ask which bigram it is needs half the room.
    pub fn into_places(self, polls: &mut Polls<'_>) -> Result<GroupedPlaces, Cancelled> {
        let Self { starts, mut places, ranks } = self;
        let second = |place: u32| ranks[place as usize + 1];
        for ends in starts.windows(2) {
            polls.steps(1 + ends[1] - ends[0])?;
            let mut last = None;
            for place in &mut places[ends[0] as usize..ends[1] as usize] {
                let second = second(*place);
                if last != Some(second) {
                    *place |= GroupedPlaces::FIRST;
                    last = Some(second);
                }
            }
        }
        Ok(GroupedPlaces(places))
    }

    /// The rank of the unit behind the first one of a bigram.
    fn second(&self, place: u32) -> u32 {
        self.ranks[place as usize + 1]
    }

    /// The places of the bigrams that begin with a rank.
    fn of_rank(&self, rank: usize) -> &[u32] {
        &self.places[self.starts[rank] as usize..self.starts[rank + 1] as usize]
    }
}

/// The first units of all bigrams of one document, bigram by bigram; the first place of each bigram is marked.
#[derive(Clone, Debug)]
pub struct GroupedPlaces(Vec<u32>);

impl GroupedPlaces {
    /// Marks a place. No document has so many units.
    const FIRST: u32 = 1 << 31;

    /// Calls `each` with every place and with what `of_count` says of so many places as its bigram has, bigram by bigram.
    pub fn each<T: Copy>(
        &self,
        of_count: impl Fn(usize) -> T,
        polls: &mut Polls<'_>,
        mut each: impl FnMut(u32, T),
    ) -> Result<(), Cancelled> {
        let mut rest = self.0.as_slice();
        while let [first, behind @ ..] = rest {
            let others = behind.iter().take_while(|place| *place & Self::FIRST == 0).count();
            polls.steps(1 + others as u32)?;
            let said = of_count(1 + others);
            each(first & !Self::FIRST, said);
            let (others, behind) = behind.split_at(others);
            others.iter().for_each(|place| each(*place, said));
            rest = behind;
        }
        Ok(())
    }
}

/// The bigrams that both documents hold, with their places in either, in their order.
pub fn shared(bigrams: Pair<&Bigrams>) -> impl Iterator<Item = Pair<&[u32]>> {
    let Pair { left, right } = bigrams;
    // What is left of the bigrams that begin with one rank.
    let (mut rank, mut lefts, mut rights): (usize, &[u32], &[u32]) = (0, &[], &[]);
    std::iter::from_fn(move || {
        loop {
            let (Some(&first_left), Some(&first_right)) = (lefts.first(), rights.first()) else {
                if rank == left.distinct() {
                    return None;
                }
                (lefts, rights) = (left.of_rank(rank), right.of_rank(rank));
                rank += 1;
                continue;
            };
            let (left_second, right_second) = (left.second(first_left), right.second(first_right));
            if left_second < right_second {
                lefts = &lefts[1..];
            } else if right_second < left_second {
                rights = &rights[1..];
            } else {
                let count = |bigrams: &Bigrams, places: &[u32]| {
                    places.iter().take_while(|place| bigrams.second(**place) == left_second).count()
                };
                let (of_left, of_right);
                (of_left, lefts) = lefts.split_at(count(left, lefts));
                (of_right, rights) = rights.split_at(count(right, rights));
                return Some(Pair::new(of_left, of_right));
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

/// For each number of either document its rank among all that occur, and how many occur.
fn ranks(mut numbers: Pair<Vec<u32>>, polls: &mut Polls<'_>) -> Result<(Pair<Vec<u32>>, usize), Cancelled> {
    // Which numbers of the plane occur, in words of 64 bits, and the ranks of those behind it.
    let mut occurring = vec![0_u64; PLANE / 64];
    let mut beyond: FxHashMap<u32, u32> = FxHashMap::default();
    for chunk in numbers.left.chunks(CHUNK).chain(numbers.right.chunks(CHUNK)) {
        polls.steps(CHUNK as u32)?;
        for &number in chunk {
            match occurring.get_mut(number as usize / 64) {
                Some(bits) => *bits |= 1 << (number % 64),
                None => _ = beyond.insert(number, 0),
            }
        }
    }
    // A rank is at most its number. Counting the bits before a number instead would take longer wherever the processor is
    // not known to do it at once.
    let mut of_plane = vec![0_u16; PLANE];
    let mut distinct = 0_u32;
    for (first, &bits) in (0..PLANE).step_by(64).zip(&occurring) {
        let mut bits = bits;
        while bits != 0 {
            of_plane[first + bits.trailing_zeros() as usize] = distinct as u16;
            distinct += 1;
            bits &= bits - 1;
        }
    }
    let mut of_beyond: Vec<u32> = beyond.keys().copied().collect();
    of_beyond.sort_unstable();
    for number in of_beyond {
        beyond.insert(number, distinct);
        distinct += 1;
    }
    let rank = |number: u32| match of_plane.get(number as usize) {
        Some(&rank) => u32::from(rank),
        None => beyond.get(&number).copied().unwrap_or(0),
    };
    for chunk in numbers.left.chunks_mut(CHUNK).chain(numbers.right.chunks_mut(CHUNK)) {
        polls.steps(CHUNK as u32)?;
        chunk.iter_mut().for_each(|number| *number = rank(*number));
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
    // Each rank has its next place where those of the following one begin.
    next_by_first.rotate_right(1);
    next_by_first[0] = 0;
    Ok(Bigrams { starts: next_by_first, places, ranks })
}
