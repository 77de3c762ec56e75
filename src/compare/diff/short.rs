//! Short sides: a longest common subsequence of at most 64 ids a side, without memory of its own.
//!
//! In: two sequences that differ in their first and in their last id. Out: the matched pairs that [`region`](super::region)
//! would find with its tables and [`bits`](super::bits) with its masks, one for one: what they drop and renumber changes
//! neither the length nor the path. Most changes are a few words long, and for these lists and tables cost more than
//! the subsequence. Cost: rows times columns comparisons, and three words a column on the stack.

use super::bits::walk;

/// Most ids of either side: the bits of a word.
pub(super) const MOST_IDS: usize = u64::BITS as usize;

/// For each column, which rows hold its id.
fn masks(rows: &[u32], columns: &[u32]) -> [u64; MOST_IDS] {
    let mut masks = [0; MOST_IDS];
    for (mask, id) in masks.iter_mut().zip(columns) {
        *mask = (0..).zip(rows).fold(0, |mask, (row, other)| mask | u64::from(id == other) << row);
    }
    masks
}

/// The matched pairs of both sides, row and column, both ascending. Sides hold at most [`MOST_IDS`] ids.
pub(super) fn pairs(rows: &[u32], columns: &[u32]) -> Vec<(u32, u32)> {
    debug_assert!(rows.len().max(columns.len()) <= MOST_IDS);
    let by_column = masks(rows, columns);
    let shared_rows = by_column.iter().fold(0, |all, mask| all | mask).count_ones();
    let shared_columns = by_column.iter().filter(|mask| **mask != 0).count() as u32;
    if shared_columns == 0 {
        return Vec::new();
    }
    // The side with more ids that both have is the one that lies in the bits.
    if shared_rows >= shared_columns {
        return longest(&by_column[..columns.len()]);
    }
    let mut pairs = longest(&masks(columns, rows)[..rows.len()]);
    pairs.iter_mut().for_each(|(row, column)| std::mem::swap(row, column));
    pairs
}

/// The pairs of one longest common subsequence by the rows that each column may be matched with.
fn longest(masks: &[u64]) -> Vec<(u32, u32)> {
    // The vector before the first column and behind every column.
    let mut vectors = [u64::MAX; MOST_IDS + 1];
    for (at, mask) in masks.iter().enumerate() {
        let value = vectors[at];
        vectors[at + 1] = value.wrapping_add(value & mask) | (value & !mask);
    }
    let mut pairs = Vec::with_capacity(vectors[masks.len()].count_zeros() as usize);
    walk(&vectors[..=masks.len()], (0, 0), 0, &mut { MOST_IDS }, &mut masks.len(), &mut pairs);
    pairs.reverse();
    pairs
}
