//! Pairs of pieces that share rare bigrams.
//!
//! In: both documents as units and the bits each bigram tells. Out: candidate pairs with the bits they share, each
//! piece's best candidates only. The index is two sorted lists of bigrams, merged; nothing is hashed but the pairs.

use rustc_hash::FxHashMap;

use crate::compare::comparison::StageEnd;
use crate::compare::matching::Units;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::span::Pair;

/// Pairs of pieces that one bigram may vote for. Above it the bigram stands everywhere and tells nothing.
const MAX_PAIRS_PER_BIGRAM: usize = 1500;
/// Bits a pair must share to be looked at.
const MIN_BITS: f32 = 3.0;
/// Share of what a bigram tells within the documents that always counts: between two laws of one title, wording that
/// is common elsewhere still finds its counterpart.
const LOCAL_SHARE: f32 = 0.5;
/// Candidates kept for each piece of either side.
const CANDIDATES: usize = 6;

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

/// Finds candidate pairs. `bits` says what the bigram that begins at a left and at a right unit tells.
pub fn seeds(
    units: Pair<&Units>,
    mut bits: impl FnMut(u32, u32) -> f32,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<(Vec<Seed>, StageEnd), Cancelled> {
    let index = units.map(bigrams);
    let pieces = units.map(|units| units.pieces.len().max(1) as f32);
    let mut votes: FxHashMap<(u32, u32), f32> = FxHashMap::default();
    let mut end = StageEnd::Complete;
    let (mut l, mut r) = (0, 0);
    while l < index.left.len() && r < index.right.len() {
        let (left_key, right_key) = (index.left[l].0, index.right[r].0);
        if left_key != right_key {
            if left_key < right_key {
                l += 1
            } else {
                r += 1
            }
            continue;
        }
        let left_end = l + index.left[l..].partition_point(|entry| entry.0 == left_key);
        let right_end = r + index.right[r..].partition_point(|entry| entry.0 == left_key);
        let pairs = (left_end - l) * (right_end - r);
        if pairs <= MAX_PAIRS_PER_BIGRAM {
            cancel.check()?;
            if !budget.take(pairs as u64) {
                end = StageEnd::Budget;
                break;
            }
            let background = bits(index.left[l].2, index.right[r].2);
            let within = |count: usize, pieces: f32| -(count as f32 / pieces).log2();
            let local = within(left_end - l, pieces.left).max(0.0).min(within(right_end - r, pieces.right).max(0.0));
            let told = background.min(local).max(LOCAL_SHARE * local);
            if told > 0.0 {
                for left in &index.left[l..left_end] {
                    for right in &index.right[r..right_end] {
                        *votes.entry((left.1, right.1)).or_default() += told;
                    }
                }
            }
        }
        (l, r) = (left_end, right_end);
    }
    let mut found: Vec<Seed> = votes
        .into_iter()
        .filter(|(_, bits)| *bits >= MIN_BITS)
        .map(|((left, right), bits)| Seed { left, right, bits })
        .collect();
    found.sort_unstable_by(|a, b| b.bits.total_cmp(&a.bits).then((a.left, a.right).cmp(&(b.left, b.right))));
    let mut kept = Pair::new(vec![0u8; units.left.pieces.len()], vec![0u8; units.right.pieces.len()]);
    found.retain(|seed| {
        let (left, right) = (&mut kept.left[seed.left as usize], &mut kept.right[seed.right as usize]);
        let keep = usize::from(*left) < CANDIDATES || usize::from(*right) < CANDIDATES;
        *left = left.saturating_add(1);
        *right = right.saturating_add(1);
        keep
    });
    Ok((found, end))
}

/// Every bigram inside a piece: its key, the piece, and its first unit; sorted, one entry a piece.
fn bigrams(units: &Units) -> Vec<(u64, u32, u32)> {
    let mut out = Vec::with_capacity(units.numbers.len());
    for (index, piece) in units.pieces.iter().enumerate() {
        for at in piece.units.start..piece.units.end.saturating_sub(1) {
            let key = u64::from(units.numbers[at as usize]) << 32 | u64::from(units.numbers[at as usize + 1]);
            out.push((key, index as u32, at));
        }
    }
    out.sort_unstable();
    out.dedup_by_key(|entry| (entry.0, entry.1));
    out
}
