//! Longest common subsequence in bit vectors, with the path, inside a band.
//!
//! In: two sequences of dense ids, rows (the longer one) and columns. Out: the matched pairs of one longest common
//! subsequence, and whether it is proved to be a longest one.
//!
//! One bit a row, 64 rows a word: bit `i` of the vector of column `j` is 0 where the common subsequence of the first
//! `i + 1` rows and `j` columns is longer than that of the first `i` rows. A column is one addition with carry over
//! the words (Crochemore et al. 2001; Hyyrö 2004). Four things make it cheap on text:
//! - *sparse columns*: an id that stands in few words touches only those and the words its carry runs through;
//! - *the band* (Ukkonen 1985): matches further than `slack` from the corner diagonals are left out. What comes out is
//!   exact over the matches that were left in, hence a bound on the edits, and this bound says which band is certain
//!   to hold a minimal script; [`longest`] grows the band by its own result until it is;
//! - *checkpoints*: the vector is kept every few hundred columns only. On the way back one block of columns at a time
//!   is computed again, and of it only a window of words around the path is kept;
//! - small inputs keep all columns and are computed once.
//!
//! A step is one word of one column. Time is at most `rows / 64 * columns` steps a pass, mostly far less; memory is
//! `O(rows + columns + rows * sqrt(columns) / 64)` words.

use super::Stop;
use crate::text::cancel::{Cancel, StepBudget};

/// Ids that stand in at least this share (one in so many) of the words of the rows get a whole row of masks.
const DENSE_SHARE: usize = 4;
/// Columns times words up to which all columns are kept and nothing is computed twice.
const WHOLE_WORDS: usize = 1 << 15;
/// Half-width in rows that the first band has beyond the two corner diagonals.
const FIRST_SLACK: usize = 128;
/// How many times wider the next band may be at most.
const SLACK_GROWTH: usize = 8;
/// Steps between two looks at the budget and the flag of the caller: well under a millisecond.
const POLL_STEPS: u64 = 1 << 17;

/// A longest common subsequence inside the band that was affordable.
pub(super) struct Longest {
    /// Matched pairs, row and column, both ascending.
    pub(super) pairs: Vec<(u32, u32)>,
    /// Whether no common subsequence is longer.
    pub(super) certain: bool,
}

/// How far to go for certainty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Accept the best of the widest band within the limit.
    Settle,
    /// Give up with no pairs when no band within the limit is certain.
    CertainOnly,
}

/// A longest common subsequence of `rows` and `columns`, whose ids are all below `ids`. `rows` is not the shorter.
/// No single pass is estimated to take more than `limit` steps. `None` for an uncertain result that was not wanted.
pub(super) fn longest(
    rows: &[u32],
    columns: &[u32],
    ids: usize,
    limit: u64,
    effort: Effort,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<Option<Longest>, Stop> {
    debug_assert!(rows.len() >= columns.len());
    let masks = Masks::new(rows, ids);
    let mut meter = Meter { pending: 0, budget, cancel };
    let extra = rows.len() - columns.len();
    let full = Band { above: columns.len(), below: rows.len() };
    let full_cost = masks.cost(columns, full);
    if masks.words * columns.len() <= WHOLE_WORDS && full_cost <= limit {
        let mut vector = vec![u64::MAX; masks.words];
        let pairs = trace(&masks, columns, full, &Checkpoints::none(columns.len()), &mut vector, &mut meter)?;
        meter.settle()?;
        return Ok(Some(Longest { pairs, certain: true }));
    }
    let mut slack = FIRST_SLACK;
    loop {
        let mut band = Band { above: slack, below: extra + slack };
        let cost = masks.cost(columns, band);
        if cost * 2 >= full_cost && full_cost <= limit {
            band = full;
        }
        let mut vector = vec![u64::MAX; masks.words];
        let checkpoints = forward(&masks, columns, band, &mut vector, &mut meter)?;
        let length = vector.iter().map(|word| word.count_zeros() as usize).sum::<usize>();
        let needed = columns.len() - length;
        let certain = needed <= band.above && extra + needed <= band.below;
        let wider = needed.min(slack * SLACK_GROWTH);
        let affordable = || masks.cost(columns, Band { above: wider, below: extra + wider }) <= limit;
        if certain || (effort == Effort::Settle && !affordable()) {
            let pairs = trace(&masks, columns, band, &checkpoints, &mut vector, &mut meter)?;
            meter.settle()?;
            return Ok(Some(Longest { pairs, certain }));
        }
        if effort == Effort::CertainOnly && !affordable() {
            meter.settle()?;
            return Ok(None);
        }
        slack = wider;
    }
}

/// Estimated steps of one pass over all words.
pub(super) fn full_cost(rows: &[u32], columns: &[u32], ids: usize) -> u64 {
    let words = rows.len().div_ceil(64) as u64;
    let mut counts = vec![0_u64; ids];
    for &id in rows {
        counts[id as usize] += 1;
    }
    columns.iter().map(|&id| counts[id as usize].min(words) + 1).sum()
}

/// Counts steps and passes them on in bulk.
struct Meter<'a> {
    pending: u64,
    budget: &'a mut StepBudget,
    cancel: &'a Cancel,
}

impl Meter<'_> {
    fn count(&mut self, steps: u64) -> Result<(), Stop> {
        self.pending += steps;
        if self.pending >= POLL_STEPS { self.settle() } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<(), Stop> {
        self.cancel.check()?;
        if self.budget.take(std::mem::take(&mut self.pending)) { Ok(()) } else { Err(Stop::Budget) }
    }
}

/// Which matches count: row minus column from `-above` to `below`.
#[derive(Clone, Copy)]
struct Band {
    above: usize,
    below: usize,
}

impl Band {
    /// First and last word that column `column` may touch.
    fn words(self, column: usize, last_word: usize) -> (usize, usize) {
        let first = column.saturating_sub(self.above) / 64;
        (first.min(last_word), ((column + self.below) / 64).min(last_word))
    }
}

/// Where each id stands among the rows, as words of 64 rows.
struct Masks {
    /// Words of the vector.
    words: usize,
    /// Per id, where its entries begin; one more at the end.
    starts: Vec<u32>,
    /// Word indexes, ascending within an id, and the rows of that word which hold the id.
    entries: Vec<(u32, u64)>,
    /// Per id, its row of `dense`, or `u32::MAX`.
    dense_row: Vec<u32>,
    /// Whole rows of masks of the frequent ids.
    dense: Vec<u64>,
}

impl Masks {
    fn new(rows: &[u32], ids: usize) -> Self {
        let words = rows.len().div_ceil(64);
        let mut last_word = vec![u32::MAX; ids];
        let mut starts = vec![0_u32; ids + 1];
        for (row, &id) in rows.iter().enumerate() {
            let word = (row / 64) as u32;
            if last_word[id as usize] != word {
                last_word[id as usize] = word;
                starts[id as usize + 1] += 1;
            }
        }
        for id in 0..ids {
            starts[id + 1] += starts[id];
        }
        // `next` is where the next entry of an id goes; the entry before it is the one still open.
        let mut next = starts[..ids].to_vec();
        let mut entries = vec![(u32::MAX, 0_u64); starts[ids] as usize];
        for (row, &id) in rows.iter().enumerate() {
            let (word, bit) = ((row / 64) as u32, 1_u64 << (row % 64));
            let at = &mut next[id as usize];
            if *at > starts[id as usize] && entries[*at as usize - 1].0 == word {
                entries[*at as usize - 1].1 |= bit;
            } else {
                entries[*at as usize] = (word, bit);
                *at += 1;
            }
        }
        let mut dense_row = vec![u32::MAX; ids];
        let mut dense = Vec::new();
        for id in 0..ids {
            let own = starts[id] as usize..starts[id + 1] as usize;
            if own.len() > 4 && own.len() * DENSE_SHARE >= words {
                dense_row[id] = (dense.len() / words) as u32;
                let base = dense.len();
                dense.resize(base + words, 0);
                for &(word, mask) in &entries[own] {
                    dense[base + word as usize] = mask;
                }
            }
        }
        Self { words, starts, entries, dense_row, dense }
    }

    /// Estimated steps of one pass in a band.
    fn cost(&self, columns: &[u32], band: Band) -> u64 {
        let words = self.words as u64;
        let band_words = ((band.above + band.below) as u64 / 64 + 1).min(words);
        let per_column = |id: u32| match self.dense_row[id as usize] {
            u32::MAX => {
                let own = u64::from(self.starts[id as usize + 1] - self.starts[id as usize]);
                own * band_words / words + 1
            }
            _ => band_words,
        };
        columns.iter().map(|&id| per_column(id)).sum()
    }
}

/// Carries a bit on from `word` to `last`, to the first word that has a zero. Words of ones let it pass unchanged.
fn ripple(vector: &mut [u64], first: usize, end: usize) -> (bool, u64) {
    for (passed, word) in vector[first..end.max(first)].iter_mut().enumerate() {
        if *word != u64::MAX {
            *word |= *word + 1;
            return (false, passed as u64 + 1);
        }
    }
    (true, end.saturating_sub(first) as u64)
}

/// Adds one column to the vector in the words `first..=last` and tells the steps. All words after `top` are ones.
fn add_column(masks: &Masks, id: usize, vector: &mut [u64], (first, last): (usize, usize), top: &mut usize) -> u64 {
    let dense_row = masks.dense_row[id];
    if dense_row != u32::MAX {
        let base = dense_row as usize * masks.words;
        let mut carry = false;
        for (word, &mask) in vector[first..=last].iter_mut().zip(&masks.dense[base + first..=base + last]) {
            let (sum, over) = word.overflowing_add(*word & mask);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            carry = over | over_again;
            *word = sum | (*word & !mask);
        }
        *top = (*top).max(last);
        return (last - first + 1) as u64;
    }
    let own = &masks.entries[masks.starts[id] as usize..masks.starts[id + 1] as usize];
    let skip = if first == 0 { 0 } else { own.partition_point(|entry| (entry.0 as usize) < first) };
    let mut steps = 1;
    let mut carry = false;
    let mut after = first;
    for &(word, mask) in &own[skip..] {
        let word = word as usize;
        if word > last {
            break;
        }
        if carry {
            let (still, passed) = ripple(vector, after, word.min(*top + 1));
            carry = still;
            steps += passed;
        }
        let value = vector[word];
        let (sum, over) = value.overflowing_add(value & mask);
        let (sum, over_again) = sum.overflowing_add(u64::from(carry));
        carry = over | over_again;
        vector[word] = sum | (value & !mask);
        *top = (*top).max(word);
        after = word + 1;
        steps += 1;
    }
    if carry {
        steps += ripple(vector, after, (last + 1).min(*top + 1)).1;
    }
    steps
}

/// The vector before every `spacing`-th column, only the words of the band.
struct Checkpoints {
    spacing: usize,
    stride: usize,
    kept: Vec<u64>,
}

impl Checkpoints {
    /// One block that holds all columns and starts from a vector of ones.
    fn none(columns: usize) -> Self {
        Self { spacing: columns.max(1), stride: 0, kept: Vec::new() }
    }
}

/// Runs over all columns; the vector ends as that of the last column.
fn forward(
    masks: &Masks,
    columns: &[u32],
    band: Band,
    vector: &mut [u64],
    meter: &mut Meter<'_>,
) -> Result<Checkpoints, Stop> {
    let last_word = masks.words - 1;
    let spacing = (columns.len().isqrt() * 2).max(64);
    let stride = ((band.above + band.below) / 64 + 2).min(masks.words);
    let mut kept = Vec::with_capacity(columns.len().div_ceil(spacing) * stride);
    let mut top = 0;
    for (column, &id) in columns.iter().enumerate() {
        let (first, last) = band.words(column, last_word);
        if column % spacing == 0 {
            let base = kept.len();
            kept.extend_from_slice(&vector[first..=last]);
            kept.resize(base + stride, u64::MAX);
        }
        let steps = add_column(masks, id as usize, vector, (first, last), &mut top);
        meter.count(steps)?;
    }
    Ok(Checkpoints { spacing, stride, kept })
}

/// Walks back from the last row and column. `vector` is that of the last column (all ones without checkpoints); below
/// the band it keeps in every block the words that were final before the block, so it can be used again.
fn trace(
    masks: &Masks,
    columns: &[u32],
    band: Band,
    checkpoints: &Checkpoints,
    vector: &mut [u64],
    meter: &mut Meter<'_>,
) -> Result<Vec<(u32, u32)>, Stop> {
    let last_word = masks.words - 1;
    let mut pairs = Vec::new();
    let mut window = Vec::new();
    let (mut row, mut column) = (masks.words * 64, columns.len());
    while row > 0 && column > 0 {
        let block = (column - 1) / checkpoints.spacing * checkpoints.spacing;
        let mut reach = if checkpoints.stride == 0 { masks.words } else { 32 };
        while row > 0 && column > block {
            // The words from `low` to `high` of the columns `block..=column`, a row of the window for each.
            let high = (row - 1) / 64;
            let low = (high + 1).saturating_sub(reach);
            if checkpoints.stride > 0 {
                let (first, last) = band.words(block, last_word);
                let base = block / checkpoints.spacing * checkpoints.stride;
                let kept = &checkpoints.kept[base..base + checkpoints.stride];
                vector[first..=last].copy_from_slice(&kept[..=last - first]);
                vector[last + 1..].fill(u64::MAX);
            }
            let width = high - low + 1;
            window.clear();
            window.extend_from_slice(&vector[low..=high]);
            let mut top = vector.iter().rposition(|&word| word != u64::MAX).unwrap_or(0);
            for (at, &id) in columns[..column].iter().enumerate().skip(block) {
                let (first, last) = band.words(at, last_word);
                // Words after `high` do not matter to the rest of the path.
                let steps = match first <= high {
                    true => add_column(masks, id as usize, vector, (first, last.min(high)), &mut top),
                    false => 1,
                };
                window.extend_from_slice(&vector[low..=high]);
                meter.count(steps + width as u64 / 8)?;
            }
            walk(&window, (low, high), block, &mut row, &mut column, &mut pairs);
            reach = reach.saturating_mul(SLACK_GROWTH);
        }
    }
    pairs.reverse();
    Ok(pairs)
}

/// Walks back inside one window until its first column or its lowest word is passed.
fn walk(
    window: &[u64],
    (low, high): (usize, usize),
    block: usize,
    row: &mut usize,
    column: &mut usize,
    pairs: &mut Vec<(u32, u32)>,
) {
    let width = high - low + 1;
    while *column > block && *row > low * 64 {
        let vector = &window[(*column - block) * width..][..width];
        // Rows whose bit is one add nothing in this column: go on at the highest zero below.
        let word = (*row - 1) / 64;
        let zeros = !vector[word - low] & (u64::MAX >> (63 - (*row - 1) % 64));
        if zeros == 0 {
            *row = word * 64;
            continue;
        }
        let bit = 63 - zeros.leading_zeros() as usize;
        *row = word * 64 + bit + 1;
        // Columns in which the bit was zero already add nothing in this row: go on where it became one.
        while *column > block && window[(*column - 1 - block) * width + word - low] >> bit & 1 == 0 {
            *column -= 1;
        }
        if *column > block {
            *column -= 1;
            *row -= 1;
            pairs.push((*row as u32, *column as u32));
        }
    }
}
