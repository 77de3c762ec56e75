//! Bigrams of units: where each one stands in either document, and which ones both documents hold.
//!
//! In: both documents as [`Units`]. Out: two [`Bigrams`] with one numbering, made once a comparison for everything that
//! counts or looks up bigrams. A bigram lies inside one piece. Always: bigrams ascend by the numbers of their units, and
//! the places of one bigram ascend. Cost: linear; two counting sorts by the rank of either unit.

use rustc_hash::FxHashMap;

use super::matching::Units;
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

    /// Every bigram as a key with the places of its first unit, in the order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u32])> {
        let ends = self.groups.iter().skip(1).copied().chain([self.places.len() as u32]);
        self.groups.iter().zip(ends).map(|(first, end)| {
            let places = &self.places[*first as usize..end as usize];
            (places.first().map_or(0, |place| key(&self.ranks, *place)), places)
        })
    }
}

/// The bigram that begins at a unit, by the ranks of its units.
fn key(ranks: &[u32], at: u32) -> u64 {
    u64::from(ranks[at as usize]) << 32 | u64::from(ranks[at as usize + 1])
}

/// The bigrams that both documents hold, with their places in either, in the order of keys.
pub fn shared(bigrams: Pair<&Bigrams>) -> impl Iterator<Item = Pair<&[u32]>> {
    let mut right = bigrams.right.iter().peekable();
    bigrams.left.iter().filter_map(move |(key, left)| {
        while right.next_if(|(other, _)| *other < key).is_some() {}
        let (_, right) = right.next_if(|(other, _)| *other == key)?;
        Some(Pair::new(left, right))
    })
}

/// Indexes the bigrams of both documents.
pub fn bigrams(units: Pair<&Units>, cancel: &Cancel) -> Result<Pair<Bigrams>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let (ranks, distinct) = ranks(units, &mut polls)?;
    Ok(Pair::new(
        index(units.left, ranks.left, distinct, &mut polls)?,
        index(units.right, ranks.right, distinct, &mut polls)?,
    ))
}

/// Numbers of the Basic Multilingual Plane and the few behind the last character, which stand for classes.
const TABLE: usize = 0x1_0000 + 16;

/// For every unit of either document the rank of its number among all that occur, and how many occur.
fn ranks(units: Pair<&Units>, polls: &mut Polls<'_>) -> Result<(Pair<Vec<u32>>, usize), Cancelled> {
    const ABSENT: u32 = u32::MAX;
    let slot = |number: u32| match number {
        0..=0xffff => Some(number as usize),
        0x11_0000..=0x11_000f => Some((number - 0x10_0000) as usize),
        _ => None,
    };
    let mut table = vec![ABSENT; TABLE];
    let mut beyond: FxHashMap<u32, u32> = FxHashMap::default();
    let mut numbers: Vec<u32> = Vec::new();
    let mut provisional = units.map(|units| Vec::with_capacity(units.numbers.len()));
    for (units, out) in [(units.left, &mut provisional.left), (units.right, &mut provisional.right)] {
        for &number in &units.numbers {
            polls.step()?;
            let known = match slot(number) {
                Some(slot) => &mut table[slot],
                None => beyond.entry(number).or_insert(ABSENT),
            };
            if *known == ABSENT {
                *known = numbers.len() as u32;
                numbers.push(number);
            }
            out.push(*known);
        }
    }
    let mut order: Vec<u32> = (0..numbers.len() as u32).collect();
    order.sort_unstable_by_key(|at| numbers[*at as usize]);
    let mut rank = vec![0; numbers.len()];
    for (place, at) in (0..).zip(&order) {
        rank[*at as usize] = place;
    }
    for number in provisional.left.iter_mut().chain(&mut provisional.right) {
        polls.step()?;
        *number = rank[*number as usize];
    }
    Ok((provisional, numbers.len()))
}

/// Sorts the bigrams of one document by their second, then by their first unit.
fn index(units: &Units, ranks: Vec<u32>, distinct: usize, polls: &mut Polls<'_>) -> Result<Bigrams, Cancelled> {
    let starts = || units.pieces.iter().flat_map(|piece| piece.units.start..piece.units.end.saturating_sub(1));
    let sorted = |order: &mut dyn Iterator<Item = u32>, by: usize, polls: &mut Polls<'_>, total: usize| {
        let mut next = vec![0_u32; distinct + 1];
        for at in starts() {
            polls.step()?;
            next[ranks[at as usize + by] as usize + 1] += 1;
        }
        for rank in 0..distinct {
            next[rank + 1] += next[rank];
        }
        let mut out = vec![0_u32; total];
        for at in order {
            polls.step()?;
            let place = &mut next[ranks[at as usize + by] as usize];
            out[*place as usize] = at;
            *place += 1;
        }
        Ok(out)
    };
    let total = units.pieces.iter().map(|piece| piece.units.len().saturating_sub(1)).sum();
    let by_second = sorted(&mut starts(), 1, polls, total)?;
    let places = sorted(&mut by_second.into_iter(), 0, polls, total)?;
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
