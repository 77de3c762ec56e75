//! Anchors: runs of words that surely correspond, to split a region that is too large to be matched as a whole.
//!
//! In: two sequences of ids. Out: a chain of runs, ascending and disjoint on both sides. Candidates are the k-grams that
//! stand exactly once on either side (patience diff, B. Cohen), joined along their diagonal. The chain is the
//! heaviest increasing one (a Fenwick tree over the columns); then runs that are not worth their detour are let go: a
//! run off the diagonal of its neighbours leaves lopsided gaps, in which fewer words can be matched.
//!
//! Time is `O(n log n)`, memory `O(n)`.

/// A run of equal ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) words: u32,
}

impl Run {
    fn diagonal(&self) -> i64 {
        i64::from(self.row) - i64::from(self.column)
    }
}

/// A run must hold one word for so many diagonals of its detour. Of two unrelated Chinese texts about every sixth word
/// can be matched, so that is what a lopsided gap loses.
const DETOUR_WORDS: i64 = 6;

/// The chain of unique runs of at least `words` ids that is worth its detours.
pub(super) fn chain(rows: &[u32], columns: &[u32], words: usize) -> Vec<Run> {
    let mut runs = heaviest_increasing(&unique_runs(rows, columns, words), columns.len());
    trim_overlaps(&mut runs);
    drop_detours(runs, rows.len() as i64 - columns.len() as i64)
}

/// Where the k-gram of some hash stands.
#[derive(Clone, Copy)]
struct Slot {
    hash: u64,
    row: u32,
    column: u32,
}

const NOWHERE: u32 = u32::MAX;
const TWICE: u32 = u32::MAX - 1;

/// Maximal runs over k-grams that stand once on either side, by row.
fn unique_runs(rows: &[u32], columns: &[u32], words: usize) -> Vec<Run> {
    if rows.len() < words || columns.len() < words {
        return Vec::new();
    }
    let capacity = (2 * (rows.len() + 1)).next_power_of_two();
    let mut slots = vec![Slot { hash: 0, row: NOWHERE, column: NOWHERE }; capacity];
    let home = |hash: u64| (hash >> (64 - capacity.trailing_zeros())) as usize;
    for (row, hash) in hashes(rows, words) {
        let mut at = home(hash);
        while slots[at].row != NOWHERE && slots[at].hash != hash {
            at = (at + 1) & (capacity - 1);
        }
        slots[at].row = if slots[at].row == NOWHERE { row } else { TWICE };
        slots[at].hash = hash;
    }
    for (column, hash) in hashes(columns, words) {
        let mut at = home(hash);
        while slots[at].row != NOWHERE && slots[at].hash != hash {
            at = (at + 1) & (capacity - 1);
        }
        if slots[at].row != NOWHERE {
            slots[at].column = if slots[at].column == NOWHERE { column } else { TWICE };
        }
    }
    let mut pairs: Vec<(u32, u32)> = slots
        .iter()
        .filter(|slot| slot.row < TWICE && slot.column < TWICE)
        .map(|slot| (slot.row, slot.column))
        .filter(|&(row, column)| rows[row as usize..][..words] == columns[column as usize..][..words])
        .collect();
    pairs.sort_unstable();
    let mut runs: Vec<Run> = Vec::new();
    for (row, column) in pairs {
        match runs.last_mut() {
            Some(run) if run.row + run.words >= row && run.diagonal() == i64::from(row) - i64::from(column) => {
                run.words = row + words as u32 - run.row;
            }
            _ => runs.push(Run { row, column, words: words as u32 }),
        }
    }
    runs
}

/// Hashes of all k-grams with where they begin: polynomials modulo 2^64, spread by a last multiplication.
fn hashes(ids: &[u32], words: usize) -> impl Iterator<Item = (u32, u64)> {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    let leaving = (0..words).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut hash = 0_u64;
    ids.iter().enumerate().filter_map(move |(at, &id)| {
        hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(id) + 1);
        if at >= words {
            hash = hash.wrapping_sub(leaving.wrapping_mul(u64::from(ids[at - words]) + 1));
        }
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(BASE);
        (at + 1 >= words).then(|| ((at + 1 - words) as u32, mixed))
    })
}

/// The chain of runs with ascending rows and columns that has the most words; of equal ones, the first found.
fn heaviest_increasing(runs: &[Run], columns: usize) -> Vec<Run> {
    // Per node of the tree the best weight of a chain that ends in its columns, and the run that ends it.
    let mut tree = vec![(0_u64, NOWHERE); columns + 1];
    let mut before = vec![NOWHERE; runs.len()];
    let mut best = (0_u64, NOWHERE);
    for (index, run) in runs.iter().enumerate() {
        let mut reached = (0_u64, NOWHERE);
        let mut node = run.column as usize;
        while node > 0 {
            if tree[node].0 > reached.0 {
                reached = tree[node];
            }
            node &= node - 1;
        }
        before[index] = reached.1;
        let ends = (reached.0 + u64::from(run.words), index as u32);
        if ends.0 > best.0 {
            best = ends;
        }
        let mut node = run.column as usize + 1;
        while node <= columns {
            if ends.0 > tree[node].0 {
                tree[node] = ends;
            }
            node += node & node.wrapping_neg();
        }
    }
    let mut chain = Vec::new();
    let mut at = best.1;
    while at != NOWHERE {
        chain.push(runs[at as usize]);
        at = before[at as usize];
    }
    chain.reverse();
    chain
}

/// Makes the runs of a chain disjoint by cutting their fronts.
fn trim_overlaps(runs: &mut Vec<Run>) {
    let (mut row, mut column) = (0_u32, 0_u32);
    runs.retain_mut(|run| {
        let cut = row.saturating_sub(run.row).max(column.saturating_sub(run.column));
        if cut >= run.words {
            return false;
        }
        *run = Run { row: run.row + cut, column: run.column + cut, words: run.words - cut };
        (row, column) = (run.row + run.words, run.column + run.words);
        true
    });
}

/// A stretch of the chain whose runs keep to about one diagonal.
struct Stretch {
    runs: std::ops::Range<usize>,
    first_diagonal: i64,
    last_diagonal: i64,
    words: i64,
}

/// Lets runs go that lie further off the diagonals of their neighbours than their words are worth. The region starts on
/// diagonal 0 and ends on `end_diagonal`.
fn drop_detours(runs: Vec<Run>, end_diagonal: i64) -> Vec<Run> {
    let mut stretches: Vec<Stretch> = runs
        .iter()
        .enumerate()
        .map(|(index, run)| Stretch {
            runs: index..index + 1,
            first_diagonal: run.diagonal(),
            last_diagonal: run.diagonal(),
            words: i64::from(run.words),
        })
        .collect();
    // Joining neighbours that belong together before judging them keeps a long moved block whole. The allowed step
    // between neighbours grows, so that close ones join first; after each round what is left is judged.
    let longest_step = runs.iter().map(|run| run.diagonal().abs()).max().unwrap_or(0).max(end_diagonal.abs()) * 2 + 1;
    let mut step = 16;
    while step < longest_step * 2 {
        let mut joined: Vec<Stretch> = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            match joined.last_mut() {
                Some(last)
                    if last.runs.end == stretch.runs.start
                        && (stretch.first_diagonal - last.last_diagonal).abs() <= step
                        && (stretch.first_diagonal - last.last_diagonal).abs()
                            <= DETOUR_WORDS * last.words.min(stretch.words) =>
                {
                    last.runs.end = stretch.runs.end;
                    last.last_diagonal = stretch.last_diagonal;
                    last.words += stretch.words;
                }
                _ => joined.push(stretch),
            }
        }
        let diagonals: Vec<(i64, i64)> = joined.iter().map(|one| (one.first_diagonal, one.last_diagonal)).collect();
        let mut index = 0;
        joined.retain(|stretch| {
            let before = if index == 0 { 0 } else { diagonals[index - 1].1 };
            let after = diagonals.get(index + 1).map_or(end_diagonal, |next| next.0);
            index += 1;
            let into = (stretch.first_diagonal - before).abs();
            let out = (after - stretch.last_diagonal).abs();
            // Only detours that a step of this size explains are judged now; larger ones wait for their neighbours.
            let detour = into + out - (after - before).abs();
            detour.min(step) <= DETOUR_WORDS * stretch.words
        });
        stretches = joined;
        step *= 8;
    }
    stretches.iter().flat_map(|stretch| runs[stretch.runs.clone()].iter().copied()).collect()
}
