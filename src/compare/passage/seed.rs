//! Pairs of pieces that share rare bigrams.
//!
//! In: both documents as units, their bigrams, and the bits each bigram tells. Out: candidate pairs with the bits they
//! share, each piece's best candidates only. The bigrams of one left piece after the other vote for right pieces in one
//! array of sums, so that no table of pairs is kept, and memory is linear. A step is one vote.

use std::ops::Range;

use crate::compare::bigram::{Bigrams, shared};
use crate::compare::comparison::StageEnd;
use crate::compare::counting::sorted;
use crate::compare::matching::Units;
use crate::compare::rarity::Ways;
use crate::text::cancel::{self, Cancel, Cancelled, Polls, StepBudget};
use crate::text::span::Pair;

/// Pairs of pieces that one bigram may vote for. Above it the bigram stands everywhere and tells nothing.
const MAX_PAIRS_PER_BIGRAM: usize = 1500;
/// Bits a pair must share to be looked at.
const MIN_BITS: f32 = 3.0;
/// Share of what a bigram tells within the documents that always counts: between two laws of one title, wording that
/// is common elsewhere still finds its counterpart.
const LOCAL_SHARE: f32 = 0.5;
/// Pieces that a document is taken to have at least: of a sentence or two nothing is rare within it, so that it counts as
/// an excerpt and the background decides.
const MIN_PIECES: usize = 32;
/// Candidates kept for each piece of either side. Six and four find the same on the benchmarks, four in less time.
const CANDIDATES: usize = 4;

/// A candidate pair of pieces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seed {
    /// Index of the left piece.
    pub left: u32,
    /// Index of the right piece.
    pub right: u32,
    /// Bits of the bigrams both hold, each the fewer of what it tells in the background and within the documents.
    pub bits: f32,
}

/// Steps of the polls that a place of a shared bigram counts: its piece is looked up, and what it tells.
const PLACE_STEPS: u32 = 4;

/// A shared bigram that votes: the bits it tells and its right pieces, as a range of all of them.
struct Voter {
    told: f32,
    right: Range<u32>,
}

/// Finds candidate pairs, those that share most first. `bits` says what the bigram that begins at a left and at a right
/// unit tells; `ways` are told of all shared bigrams.
pub fn seeds(
    units: Pair<&Units>,
    bigrams: Pair<&Bigrams>,
    mut bits: impl FnMut(u32, u32) -> f32,
    ways: &mut Ways,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<(Vec<Seed>, StageEnd), Cancelled> {
    let pieces = units.map(|units| units.pieces.len().max(MIN_PIECES) as f32);
    let (mut voters, mut right_pieces) = (Vec::new(), Vec::new());
    // Left pieces with the voters that stand in them, in the order of voters.
    let mut left_votes: Vec<(u32, u32)> = Vec::new();
    let mut polls = Polls::new(cancel);
    let mut end = StageEnd::Complete;
    for places in shared(bigrams) {
        ways.add(places);
        polls.steps_each((places.left.len() + places.right.len()) as u64, PLACE_STEPS)?;
        if end == StageEnd::Budget {
            continue;
        }
        let (first_left, first_right) = (left_votes.len(), right_pieces.len());
        // The pieces of a bigram, each once; those of a bigram that stands everywhere need not be listed to the end.
        for &at in places.left {
            let vote = (units.left.piece_of(at), voters.len() as u32);
            if left_votes[first_left..].last() != Some(&vote) {
                left_votes.push(vote);
            }
        }
        for &at in places.right {
            let piece = units.right.piece_of(at);
            if right_pieces[first_right..].last() != Some(&piece) {
                right_pieces.push(piece);
            }
        }
        let (lefts, rights) = (left_votes.len() - first_left, right_pieces.len() - first_right);
        let mut told = 0.0;
        if lefts * rights <= MAX_PAIRS_PER_BIGRAM {
            if !budget.take((lefts * rights) as u64) {
                end = StageEnd::Budget;
                left_votes.truncate(first_left);
                continue;
            }
            let background = bits(places.left[0], places.right[0]);
            let within = |count: usize, pieces: f32| -(count as f32 / pieces).log2();
            let local = within(lefts, pieces.left).max(0.0).min(within(rights, pieces.right).max(0.0));
            told = background.min(local).max(LOCAL_SHARE * local);
        }
        if told > 0.0 {
            voters.push(Voter { told, right: first_right as u32..right_pieces.len() as u32 });
        } else {
            left_votes.truncate(first_left);
            right_pieces.truncate(first_right);
        }
    }
    // The voters of every left piece, one piece behind the other.
    let (left_voters, starts) = sorted(left_votes.iter().copied(), units.left.pieces.len());
    drop(left_votes);
    polls.steps(left_voters.len() as u32)?;
    let mut best = Best::new(units.map(|units| units.pieces.len()));
    let mut sums = vec![0.0f32; units.right.pieces.len()];
    let mut touched: Vec<u32> = Vec::new();
    for left in 0..units.left.pieces.len() {
        for &voter in &left_voters[starts[left] as usize..starts[left + 1] as usize] {
            let Voter { told, right } = &voters[voter as usize];
            for &piece in &right_pieces[right.start as usize..right.end as usize] {
                let sum = &mut sums[piece as usize];
                if *sum == 0.0 {
                    touched.push(piece);
                }
                *sum += told;
            }
            polls.steps(right.len() as u32)?;
        }
        for piece in touched.drain(..) {
            let bits = std::mem::take(&mut sums[piece as usize]);
            if bits >= MIN_BITS {
                best.add(Seed { left: left as u32, right: piece, bits });
            }
        }
        best.finish_left();
    }
    drop((left_voters, voters, right_pieces, sums));
    Ok((best.seeds(&mut polls)?, end))
}

/// The best candidates of every piece of either side.
struct Best {
    of_left: [Seed; CANDIDATES],
    taken_of_left: usize,
    /// Room for so many of every right piece, one piece behind the other, and how many are taken.
    of_right: Vec<Seed>,
    taken: Vec<u8>,
    /// The bits that a candidate of each left piece must have more of to be surely among its best; those were found first.
    least_of_left: Vec<f32>,
    found: Vec<Seed>,
}

/// Orders candidates: the one that shares more goes first; of equal ones the one that stands first. Bits are never
/// negative, so that they are in order as they are written.
fn order(seed: &Seed) -> (u64, u32) {
    (u64::from(!seed.bits.to_bits()) << 32 | u64::from(seed.left), seed.right)
}

impl Best {
    /// Of documents of so many pieces. Room that is not written to costs nothing.
    fn new(pieces: Pair<usize>) -> Self {
        let nothing = Seed { left: 0, right: 0, bits: 0.0 };
        Self {
            of_left: [nothing; CANDIDATES],
            taken_of_left: 0,
            of_right: vec![nothing; CANDIDATES * pieces.right],
            taken: vec![0; pieces.right],
            least_of_left: Vec::with_capacity(pieces.left),
            found: Vec::with_capacity(CANDIDATES * (pieces.left + pieces.right)),
        }
    }

    fn add(&mut self, seed: Seed) {
        keep_best(&mut self.of_left, &mut self.taken_of_left, seed);
        let right = seed.right as usize;
        let mut taken = self.taken[right] as usize;
        keep_best(&mut self.of_right[CANDIDATES * right..][..CANDIDATES], &mut taken, seed);
        self.taken[right] = taken as u8;
    }

    fn finish_left(&mut self) {
        let best = &self.of_left[..self.taken_of_left];
        self.found.extend_from_slice(best);
        // While there is room all are among the best.
        self.least_of_left.push(best.get(CANDIDATES - 1).map_or(0.0, |last| last.bits));
        self.taken_of_left = 0;
    }

    fn seeds(mut self, polls: &mut Polls<'_>) -> Result<Vec<Seed>, Cancelled> {
        for (best, taken) in self.of_right.chunks(CANDIDATES).zip(&self.taken) {
            let is_new = |seed: &&Seed| seed.bits <= self.least_of_left[seed.left as usize];
            self.found.extend(best[..*taken as usize].iter().filter(is_new));
        }
        cancel::sort_by_key(&mut self.found, &order, polls)?;
        self.found.dedup();
        Ok(self.found)
    }
}

/// Adds a candidate to a short sorted list, of which `taken` are there, if it is among the best.
fn keep_best(list: &mut [Seed], taken: &mut usize, seed: Seed) {
    let key = order(&seed);
    let mut at = *taken;
    if at < list.len() {
        *taken += 1;
    } else if key > order(&list[at - 1]) {
        return;
    } else {
        at -= 1;
    }
    while at > 0 && order(&list[at - 1]) > key {
        list[at] = list[at - 1];
        at -= 1;
    }
    list[at] = seed;
}
