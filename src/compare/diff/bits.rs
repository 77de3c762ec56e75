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
/// Words that are added in one go. The vector, the band and the windows are made of whole blocks.
const BLOCK: usize = 4;
/// Columns that share their band and, where they are dense enough, are added in one go.
const GROUP: usize = 4;
/// Columns times words up to which all columns are kept and nothing is computed twice.
const WHOLE_WORDS: usize = 1 << 15;
/// Half-width in rows that the first band has beyond the two corner diagonals.
const FIRST_SLACK: usize = 128;
/// How many times wider the next band may be at most.
const SLACK_GROWTH: usize = 8;
/// Words of checkpoints above which half of them are left out.
const LARGE_CHECKPOINTS: usize = 1 << 20;
/// Words of the window in which the way back is looked for first, and how many more there are for each column of a block.
const FIRST_REACH: usize = 32;
const COLUMNS_A_WORD_OF_REACH: usize = 32;
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
    /// Give up with no pairs as soon as no band within the limit looks certain.
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
    let (mut slack, mut sure) = (FIRST_SLACK, false);
    loop {
        let mut band = Band { above: slack, below: extra + slack };
        let cost = masks.cost(columns, band);
        // A band that may fail must be much cheaper than all, one that is sure to do only somewhat.
        if cost * 10 >= full_cost * if sure { 9 } else { 5 } && full_cost <= limit {
            band = full;
        } else if cost > limit && effort == Effort::CertainOnly {
            meter.settle()?;
            return Ok(None);
        }
        let mut vector = vec![u64::MAX; masks.words];
        let checkpoints = forward(&masks, columns, band, &mut vector, &mut meter)?;
        let length = vector.iter().map(|word| word.count_zeros() as usize).sum::<usize>();
        let needed = columns.len() - length;
        let certain = needed <= band.above && extra + needed <= band.below;
        let wider = needed.min(slack * SLACK_GROWTH);
        let affordable = |slack| masks.cost(columns, Band { above: slack, below: extra + slack }) <= limit;
        if certain || (effort == Effort::Settle && !affordable(wider)) {
            let pairs = trace(&masks, columns, band, &checkpoints, &mut vector, &mut meter)?;
            meter.settle()?;
            return Ok(Some(Longest { pairs, certain }));
        }
        if effort == Effort::CertainOnly && !affordable(needed) {
            meter.settle()?;
            return Ok(None);
        }
        (slack, sure) = (wider, wider == needed);
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
    /// First and last word that the columns of the group from `column` on may touch.
    fn words(self, column: usize, last_word: usize) -> (usize, usize) {
        let first = column.saturating_sub(self.above) / 64 / BLOCK * BLOCK;
        let last = (column + GROUP - 1 + self.below) / 64 / BLOCK * BLOCK + BLOCK - 1;
        (first.min(last_word + 1 - BLOCK), last.min(last_word))
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
    /// Per id, what [`as_group`] saves on it, in tenths of nanoseconds for a band of all words.
    saved: Vec<usize>,
}

impl Masks {
    fn new(rows: &[u32], ids: usize) -> Self {
        let words = rows.len().div_ceil(64).next_multiple_of(BLOCK);
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
        let saved = (0..ids).map(|id| match dense_row[id] {
            u32::MAX => 25 * (starts[id + 1] - starts[id]) as usize,
            _ => 14 * words,
        });
        Self { saved: saved.collect(), words, starts, entries, dense_row, dense }
    }

    fn entries(&self, id: u32) -> &[(u32, u64)] {
        &self.entries[self.starts[id as usize] as usize..self.starts[id as usize + 1] as usize]
    }

    /// The entries of an id from word `first` on. The cursors keep where that was, for bands move on little by little.
    fn entries_from(&self, id: u32, first: usize, cursors: &mut [u32]) -> &[(u32, u64)] {
        let own = self.entries(id);
        if first == 0 {
            return own;
        }
        let cursor = &mut cursors[id as usize];
        let mut at = *cursor as usize;
        while at > 0 && own[at - 1].0 as usize >= first {
            at -= 1;
        }
        while at < own.len() && (own[at].0 as usize) < first {
            at += 1;
        }
        *cursor = at as u32;
        &own[at..]
    }

    fn dense(&self, id: u32) -> Option<&[u64]> {
        match self.dense_row[id as usize] {
            u32::MAX => None,
            row => Some(&self.dense[row as usize * self.words..][..self.words]),
        }
    }

    /// Estimated steps of one pass in a band.
    fn cost(&self, columns: &[u32], band: Band) -> u64 {
        const SAMPLE: usize = 256;
        let words = self.words as u64;
        let sampled = (0..columns.len()).step_by(SAMPLE).map(|column| band.words(column, self.words - 1));
        let sum: u64 = sampled.map(|(first, last)| (last + 1 - first) as u64).sum();
        let band_words = sum / columns.len().div_ceil(SAMPLE) as u64;
        let per_column = |id: u32| match self.dense_row[id as usize] {
            u32::MAX => self.entries(id).len() as u64 * band_words / words + 1,
            _ => band_words,
        };
        columns.iter().map(|&id| per_column(id)).sum()
    }
}

/// The blocks of some words.
fn blocks(words: &[u64]) -> &[[u64; BLOCK]] {
    words.as_chunks().0
}

/// The blocks of some words.
fn blocks_mut(words: &mut [u64]) -> &mut [[u64; BLOCK]] {
    words.as_chunks_mut().0
}

/// Adds a carry to the words from `first` to before `end`, as far as it runs. Tells whether it runs on behind them and
/// how many more words than one it ran through. Words of ones let it pass unchanged. Without a carry nothing changes:
/// most carries end in the first word, and whether there is one cannot be foretold, so that is not branched upon.
fn add_carry(vector: &mut [u64], first: usize, end: usize, carry: bool) -> (bool, u64) {
    let Some(word) = vector.get_mut(first) else { return (carry, 0) };
    let runs_on = carry && *word == u64::MAX;
    *word |= word.wrapping_add(u64::from(carry));
    if !runs_on {
        return (false, 0);
    }
    for (passed, word) in vector[first + 1..end.max(first + 1)].iter_mut().enumerate() {
        if *word != u64::MAX {
            *word |= *word + 1;
            return (false, passed as u64 + 1);
        }
    }
    (true, end.saturating_sub(first) as u64)
}

/// Adds one column in one word.
fn add_word(value: u64, mask: u64, carry: bool) -> (u64, bool) {
    let (sum, over) = value.overflowing_add(value & mask);
    let (sum, over_again) = sum.overflowing_add(u64::from(carry));
    (sum | (value & !mask), over | over_again)
}

/// Adds one column in a block of words. In a block the compiler keeps the carry in the processor's flag.
#[inline(always)]
fn add_block(values: &mut [u64; BLOCK], masks: &[u64; BLOCK], carry: &mut bool) {
    for (value, mask) in values.iter_mut().zip(masks) {
        (*value, *carry) = add_word(*value, *mask, *carry);
    }
}

/// What a run over columns keeps at hand.
struct Scratch {
    /// Whole rows of masks for the columns of a group that have none of their own; zeros between groups.
    spread: Vec<u64>,
    /// Per id, its first entry in the band.
    cursors: Vec<u32>,
    /// Last word that may hold a zero.
    top: usize,
}

impl Scratch {
    fn new(masks: &Masks) -> Self {
        Self { spread: vec![0; masks.words * GROUP], cursors: vec![0; masks.dense_row.len()], top: 0 }
    }
}

/// Adds one column to the vector in the words `first..=last` and tells the steps.
fn add_column(masks: &Masks, id: u32, vector: &mut [u64], (first, last): (usize, usize), scratch: &mut Scratch) -> u64 {
    let mut carry = false;
    if let Some(dense) = masks.dense(id) {
        for (values, masks) in blocks_mut(&mut vector[first..=last]).iter_mut().zip(blocks(&dense[first..=last])) {
            add_block(values, masks, &mut carry);
        }
        scratch.top = scratch.top.max(last);
        return (last - first + 1) as u64;
    }
    let mut steps = 1;
    let mut after = first;
    // All words from here on are ones, but for those of this column's own entries.
    let ones_from = scratch.top + 1;
    for &(word, mask) in masks.entries_from(id, first, &mut scratch.cursors) {
        let word = word as usize;
        if word > last {
            break;
        }
        if after < word {
            let (runs_on, passed) = add_carry(vector, after, word.min(ones_from), carry);
            carry = runs_on;
            steps += passed;
        }
        (vector[word], carry) = add_word(vector[word], mask, carry);
        after = word + 1;
        steps += 1;
    }
    scratch.top = scratch.top.max(after.saturating_sub(1));
    if after <= last {
        steps += add_carry(vector, after, (last + 1).min(ones_from), carry).1;
    }
    steps
}

/// Whether four columns are added in one go sooner than one by one. A lone dense column is bound by the latency of its
/// carry, at some 1.4 ns a word; four in one go take some 0.6 ns a word and column. A sparse entry takes some 5 ns
/// alone, and half of that to be spread.
fn as_group(masks: &Masks, ids: &[u32]) -> bool {
    ids.len() == GROUP && ids.iter().map(|&id| masks.saved[id as usize]).sum::<usize>() > 24 * masks.words
}

/// Adds four columns in the words `first..=last`, word by word, so that the four carries run side by side. `keep` gets
/// the vector of every column block by block: the column's place in the group, the first word and its words. Counts as
/// two columns, which is about what it takes.
fn add_group(
    masks: &Masks,
    ids: &[u32],
    vector: &mut [u64],
    (first, last): (usize, usize),
    scratch: &mut Scratch,
    mut keep: impl FnMut(usize, usize, &[u64; BLOCK]),
) -> u64 {
    let words = masks.words;
    for (place, &id) in ids.iter().enumerate() {
        if masks.dense(id).is_none() {
            for &(word, mask) in masks.entries_from(id, first, &mut scratch.cursors) {
                scratch.spread[place * words + word as usize] = mask;
            }
        }
    }
    let row = |place: usize| masks.dense(ids[place]).unwrap_or(&scratch.spread[place * words..][..words]);
    let rows = [row(0), row(1), row(2), row(3)];
    let mut carries = [false; GROUP];
    let rows = rows.map(|row| blocks(&row[first..=last]));
    let sides = rows[0].iter().zip(rows[1]).zip(rows[2]).zip(rows[3]);
    for ((word, values), (((masks0, masks1), masks2), masks3)) in
        (first..).step_by(BLOCK).zip(blocks_mut(&mut vector[first..=last])).zip(sides)
    {
        let mut block = *values;
        for (place, masks) in [masks0, masks1, masks2, masks3].into_iter().enumerate() {
            add_block(&mut block, masks, &mut carries[place]);
            keep(place, word, &block);
        }
        *values = block;
    }
    for (place, &id) in ids.iter().enumerate() {
        if masks.dense(id).is_none() {
            for &(word, _) in masks.entries_from(id, first, &mut scratch.cursors) {
                scratch.spread[place * words + word as usize] = 0;
            }
        }
    }
    scratch.top = scratch.top.max(last);
    2 * (last - first + 1) as u64
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
    let stride = ((band.above + band.below + GROUP) / 64 + 2 * BLOCK).min(masks.words);
    let spacing = (columns.len().isqrt() * 2).max(64).next_multiple_of(GROUP);
    // Of sides of hundreds of thousands of words half as many are kept, and twice as wide a window on the way back.
    let is_long = columns.len().div_ceil(spacing) * stride > LARGE_CHECKPOINTS;
    let spacing = if is_long { 2 * spacing } else { spacing };
    let mut kept = Vec::with_capacity(columns.len().div_ceil(spacing) * stride);
    let mut scratch = Scratch::new(masks);
    for (column, ids) in columns.chunks(GROUP).enumerate().map(|(group, ids)| (group * GROUP, ids)) {
        let (first, last) = band.words(column, last_word);
        if column.is_multiple_of(spacing) {
            let base = kept.len();
            kept.extend_from_slice(&vector[first..=last]);
            kept.resize(base + stride, u64::MAX);
        }
        let steps = if as_group(masks, ids) {
            add_group(masks, ids, vector, (first, last), &mut scratch, |_, _, _| {})
        } else {
            ids.iter().map(|&id| add_column(masks, id, vector, (first, last), &mut scratch)).sum()
        };
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
    let mut scratch = Scratch::new(masks);
    let (mut row, mut column) = (masks.words * 64, columns.len());
    while row > 0 && column > 0 {
        let block = (column - 1) / checkpoints.spacing * checkpoints.spacing;
        let first_reach = FIRST_REACH.max((checkpoints.spacing / COLUMNS_A_WORD_OF_REACH).next_multiple_of(BLOCK));
        let mut reach = if checkpoints.stride == 0 { masks.words } else { first_reach };
        while row > 0 && column > block {
            // The words from `low` to `high` of the columns `block..=column`, a row of the window for each.
            let high = (row - 1) / 64 / BLOCK * BLOCK + BLOCK - 1;
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
            scratch.top = vector.iter().rposition(|&word| word != u64::MAX).unwrap_or(0);
            for (at, ids) in columns[block..column].chunks(GROUP).enumerate().map(|(group, ids)| (group * GROUP, ids)) {
                let (first, last) = band.words(block + at, last_word);
                // Words after `high` do not matter to the rest of the path.
                let last = last.min(high);
                let mut steps = (ids.len() * width / 8 + 1) as u64;
                if first <= high && as_group(masks, ids) {
                    let base = window.len();
                    for _ in ids {
                        window.extend_from_slice(&vector[low..=high]);
                    }
                    steps += add_group(masks, ids, vector, (first, last), &mut scratch, |place, word, values| {
                        if word >= low {
                            window[base + place * width + word - low..][..BLOCK].copy_from_slice(values);
                        }
                    });
                } else {
                    for &id in ids {
                        if first <= high {
                            steps += add_column(masks, id, vector, (first, last), &mut scratch);
                        }
                        window.extend_from_slice(&vector[low..=high]);
                    }
                }
                meter.count(steps)?;
            }
            walk(&window, (low, high), block, &mut row, &mut column, &mut pairs);
            reach = reach.saturating_mul(SLACK_GROWTH);
        }
    }
    pairs.reverse();
    Ok(pairs)
}

/// Walks back inside one window until its first column or its lowest word is passed.
pub(super) fn walk(
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
