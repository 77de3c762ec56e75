//! Regions: what is stripped and dropped before a method runs, and which method runs.
//!
//! In: two sequences of ids. Out: matched pairs of positions in order. A region is a range of both sides of which no
//! pair is known yet; the whole is the first one, the gaps between anchors are further ones.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::bits::{self, Effort};
use super::{EXACT_STEPS, Stop, anchor, short};
use crate::compare::comparison::StageEnd;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};

/// Steps a pass may take on a region that is too large to be exact at any rate, to see whether its edits are few.
const ATTEMPT_STEPS: u64 = EXACT_STEPS / 8;
/// Words of an anchor, longest first: what stays too large between long anchors is split at shorter ones.
const ANCHOR_WORDS: [usize; 2] = [12, 6];

/// What a whole run found.
pub(super) struct Found {
    /// Matched positions, both ascending.
    pub(super) pairs: Vec<(u32, u32)>,
    /// Whether the budget held.
    pub(super) end: StageEnd,
    /// Whether there cannot be more pairs.
    pub(super) minimal: bool,
}

/// Matches the longer side (rows) with the other (columns).
pub(super) fn matches(
    rows: &[u32],
    columns: &[u32],
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<Found, Cancelled> {
    cancel.check()?;
    if let Some(found) = short_middle(rows, columns, budget) {
        return Ok(found);
    }
    in_regions(rows, columns, budget, cancel)
}

/// Matches the longer side (rows) with the other (columns), of whatever length.
pub(super) fn in_regions(
    rows: &[u32],
    columns: &[u32],
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<Found, Cancelled> {
    let largest = rows.iter().chain(columns).max().copied().unwrap_or(0) as usize;
    if largest < 4 * (rows.len() + columns.len()) + 1024 {
        return run(rows, columns, largest + 1, budget, cancel);
    }
    let mut dense = FxHashMap::default();
    let mut number = |id: &u32| {
        let next = dense.len() as u32;
        *dense.entry(*id).or_insert(next)
    };
    let rows: Vec<u32> = rows.iter().map(&mut number).collect();
    let columns: Vec<u32> = columns.iter().map(&mut number).collect();
    let ids = dense.len();
    run(&rows, &columns, ids, budget, cancel)
}

/// What is found where little or nothing of both sides is left between what they begin and end with: most changes are so.
fn short_middle(rows: &[u32], columns: &[u32], budget: &mut StepBudget) -> Option<Found> {
    let start = rows.iter().zip(columns).take_while(|(row, column)| row == column).count();
    let (rows_left, columns_left) = (&rows[start..], &columns[start..]);
    let ends = rows_left.iter().rev().zip(columns_left.iter().rev());
    let end = ends.take_while(|(row, column)| row == column).count();
    let (rows_left, columns_left) = (&rows_left[..rows_left.len() - end], &columns_left[..columns_left.len() - end]);
    let is_used_up = rows_left.is_empty() || columns_left.is_empty();
    if !is_used_up && rows_left.len().max(columns_left.len()) > short::MOST_IDS {
        return None;
    }
    let mut found = Found { pairs: Vec::with_capacity(columns.len()), end: StageEnd::Complete, minimal: true };
    found.pairs.extend((0..start as u32).map(|at| (at, at)));
    if !is_used_up {
        if budget.take(columns_left.len() as u64) {
            let behind = |(row, column): (u32, u32)| (row + start as u32, column + start as u32);
            found.pairs.extend(short::pairs(rows_left, columns_left).into_iter().map(behind));
        } else {
            (found.end, found.minimal) = (StageEnd::Budget, false);
        }
    }
    let behind = |by: usize| ((rows.len() - end + by) as u32, (columns.len() - end + by) as u32);
    found.pairs.extend((0..end).map(behind));
    Some(found)
}

fn run(
    rows: &[u32],
    columns: &[u32],
    ids: usize,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<Found, Cancelled> {
    let found = Found { pairs: Vec::new(), end: StageEnd::Complete, minimal: true };
    let mut work = Work { rows, columns, table: vec![Known::default(); ids], epoch: 0, budget, cancel, found };
    solve(&mut work, 0..rows.len(), 0..columns.len(), &ANCHOR_WORDS)?;
    Ok(work.found)
}

/// What is known of an id in the region of some epoch.
#[derive(Clone, Copy, Default)]
struct Known {
    in_rows: u32,
    in_columns: u32,
    numbered: u32,
    number: u32,
}

/// The state that all regions share.
struct Work<'a> {
    rows: &'a [u32],
    columns: &'a [u32],
    table: Vec<Known>,
    epoch: u32,
    budget: &'a mut StepBudget,
    cancel: &'a Cancel,
    found: Found,
}

/// What is left of one side of a region: the ids that both sides have, renumbered, and where they stand.
#[derive(Default)]
struct Shared {
    ids: Vec<u32>,
    positions: Vec<u32>,
}

/// Finds the pairs of one region and appends them in order.
fn solve(
    work: &mut Work<'_>,
    mut rows: Range<usize>,
    mut columns: Range<usize>,
    anchor_words: &[usize],
) -> Result<(), Cancelled> {
    work.cancel.check()?;
    let (all_rows, all_columns) = (work.rows, work.columns);
    let same_start = all_rows[rows.clone()]
        .iter()
        .zip(&all_columns[columns.clone()])
        .take_while(|(row, column)| row == column)
        .count();
    work.found.pairs.extend((0..same_start).map(|at| ((rows.start + at) as u32, (columns.start + at) as u32)));
    rows.start += same_start;
    columns.start += same_start;
    let same_end = all_rows[rows.clone()]
        .iter()
        .rev()
        .zip(all_columns[columns.clone()].iter().rev())
        .take_while(|(row, column)| row == column)
        .count();
    rows.end -= same_end;
    columns.end -= same_end;
    between(work, rows.clone(), columns.clone(), anchor_words)?;
    work.found.pairs.extend((0..same_end).map(|at| ((rows.end + at) as u32, (columns.end + at) as u32)));
    Ok(())
}

/// Finds the pairs of a region whose ends differ.
fn between(
    work: &mut Work<'_>,
    rows: Range<usize>,
    columns: Range<usize>,
    anchor_words: &[usize],
) -> Result<(), Cancelled> {
    if rows.is_empty() || columns.is_empty() {
        return Ok(());
    }
    let (row_side, column_side, ids) = shared(work, rows.clone(), columns.clone());
    if ids == 0 {
        return Ok(());
    }
    let turned = row_side.ids.len() < column_side.ids.len();
    let (long, short) = if turned { (&column_side, &row_side) } else { (&row_side, &column_side) };
    let small = bits::full_cost(&long.ids, &short.ids, ids) <= EXACT_STEPS;
    let (limit, effort) = if small { (EXACT_STEPS, Effort::Settle) } else { (ATTEMPT_STEPS, Effort::CertainOnly) };
    // A pass, the narrower ones before it and the way back must fit into what is left.
    let within_budget = work.budget.left() / 3;
    let limit = limit.min(within_budget);
    let mut attempt =
        |limit, effort| bits::longest(&long.ids, &short.ids, ids, limit, effort, work.budget, work.cancel);
    let mut result = attempt(limit, effort);
    if result.as_ref().is_ok_and(Option::is_none) {
        for (level, &words) in anchor_words.iter().enumerate() {
            let runs = anchor::chain(&row_side.ids, &column_side.ids, words, work.cancel)?;
            if !runs.is_empty() {
                work.found.minimal = false;
                return split(work, (rows, columns), (&row_side, &column_side), &runs, &anchor_words[level + 1..]);
            }
        }
        result = attempt(EXACT_STEPS.min(within_budget), Effort::Settle);
    }
    match result {
        Ok(longest) => {
            let Some(longest) = longest else { return Ok(()) };
            work.found.minimal &= longest.certain;
            if !longest.certain && within_budget < EXACT_STEPS {
                work.found.end = StageEnd::Budget;
            }
            work.found.pairs.extend(longest.pairs.iter().map(|&(row, column)| {
                let (row, column) = if turned { (column, row) } else { (row, column) };
                (row_side.positions[row as usize], column_side.positions[column as usize])
            }));
            Ok(())
        }
        Err(Stop::Budget) => {
            work.found.minimal = false;
            work.found.end = StageEnd::Budget;
            Ok(())
        }
        Err(Stop::Cancelled) => Err(Cancelled),
    }
}

/// Appends the pairs of the anchors and of the regions between them.
fn split(
    work: &mut Work<'_>,
    (rows, columns): (Range<usize>, Range<usize>),
    (row_side, column_side): (&Shared, &Shared),
    runs: &[anchor::Run],
    anchor_words: &[usize],
) -> Result<(), Cancelled> {
    let (mut row, mut column) = (rows.start, columns.start);
    for run in runs {
        let pair =
            |at: u32| (row_side.positions[(run.row + at) as usize], column_side.positions[(run.column + at) as usize]);
        let (first, last) = (pair(0), pair(run.words - 1));
        solve(work, row..first.0 as usize, column..first.1 as usize, anchor_words)?;
        work.found.pairs.extend((0..run.words).map(pair));
        (row, column) = (last.0 as usize + 1, last.1 as usize + 1);
    }
    solve(work, row..rows.end, column..columns.end, anchor_words)
}

/// Drops the ids that only one side of the region has and numbers the others from 0.
fn shared(work: &mut Work<'_>, rows: Range<usize>, columns: Range<usize>) -> (Shared, Shared, usize) {
    work.epoch += 1;
    let (epoch, table) = (work.epoch, &mut work.table);
    for &id in &work.rows[rows.clone()] {
        table[id as usize].in_rows = epoch;
    }
    let mut column_side = Shared::default();
    for at in columns {
        let known = &mut table[work.columns[at] as usize];
        known.in_columns = epoch;
        if known.in_rows == epoch {
            column_side.ids.push(work.columns[at]);
            column_side.positions.push(at as u32);
        }
    }
    let mut row_side = Shared::default();
    let mut ids = 0;
    for at in rows {
        let known = &mut table[work.rows[at] as usize];
        if known.in_columns != epoch {
            continue;
        }
        if known.numbered != epoch {
            known.numbered = epoch;
            known.number = ids;
            ids += 1;
        }
        row_side.ids.push(known.number);
        row_side.positions.push(at as u32);
    }
    for id in &mut column_side.ids {
        *id = table[*id as usize].number;
    }
    (row_side, column_side, ids as usize)
}
