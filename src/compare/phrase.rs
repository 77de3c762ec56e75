//! Shared runs: all distinct maximal runs of ids that stand on both sides.
//!
//! In: two sequences of interned ids, in which [`BORDER`] matches nothing, itself included (ends of sentences and
//! enumerators). Out: every distinct string that occurs as a maximal pair of at least the asked length, that is, at one
//! left and one right place where it can be extended neither to the left nor to the right (maximal exact match, MEM;
//! Gusfield 1997, §7). All its occurrences are counted, also those inside longer shared runs. Pairs can be quadratic
//! in number, distinct strings are at most as many as both sides have ids, so pairs are never listed.
//!
//! Two methods with the same answer:
//! - [`index`] joins the k-grams of both sides and extends the hits. It wins on what people
//!   send, a few microseconds for two pages, and loses on repetitive text, where hits are quadratic. It has an
//!   allowance of steps linear in the input.
//! - [`suffix`] walks the LCP intervals of the suffix array of both sides. It takes linear time whatever the text is
//!   (the occurrence lists add a factor of their cap at worst), 60 to 100 ns and 12 bytes an id, and runs when the
//!   allowance of the first is used up.
//!
//! A step is an id that is looked at. When the budget allows neither method, the runs that were found so far are
//! returned, each complete in itself, with [`StageEnd::Budget`]. So are the longest [`MOST_RUNS`] of more: a text of one
//! character has as many distinct runs as characters.

mod index;
mod suffix;
#[cfg(test)]
mod tests;

use crate::compare::comparison::StageEnd;
use crate::compare::counting;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::span::Pair;

/// The id that matches nothing.
pub const BORDER: u32 = u32::MAX;

/// Steps per id that the index may take before the suffix array is the better choice. Revisions of laws take 3 to 20.
const INDEX_STEPS_PER_ID: u64 = 24;
/// Steps that the index may always take: below this a suffix array is never worth its fixed cost.
const INDEX_STEPS: u64 = 4096;
/// Steps per id that the suffix array counts for.
const SUFFIX_STEPS_PER_ID: u64 = 32;

/// Most runs that are returned.
pub const MOST_RUNS: usize = 1 << 16;

/// A distinct string that both sides share. Where it stands is told by [`SharedRuns`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedRun {
    /// Its length in ids.
    pub len: u32,
    /// How often it occurs on the left.
    pub left_total: u32,
    /// How often it occurs on the right.
    pub right_total: u32,
    /// Where it first begins on the left.
    left_first: u32,
    /// Where its left starts stand among those of all runs; its right ones stand behind them. Runs that are told one
    /// behind the other and begin at the same places have them in common.
    starts: u32,
}

impl SharedRun {
    /// How many of its starts are listed on either side, of at most `cap`.
    fn listed(&self, cap: usize) -> (usize, usize) {
        ((self.left_total as usize).min(cap), (self.right_total as usize).min(cap))
    }

    /// A number by which the longest goes first and, of equal length, the one that first begins further left. No two runs
    /// are equal in both: of one length and one place there is one string.
    fn order(&self) -> u64 {
        u64::from(!self.len) << 32 | u64::from(self.left_first)
    }
}

/// The distinct maximal shared runs of two sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRuns {
    /// Longest first; of equal length, by where they first begin on the left.
    pub runs: Vec<SharedRun>,
    /// Where they begin, one list for all, because there may be tens of thousands of runs.
    starts: Vec<u32>,
    /// Most starts that are listed for a run on either side.
    cap: usize,
    /// Whether these are all.
    pub end: StageEnd,
}

impl SharedRuns {
    /// Where a run begins on the left, ascending; the first ones up to the cap.
    pub fn left_starts(&self, run: &SharedRun) -> &[u32] {
        &self.starts[run.starts as usize..][..run.listed(self.cap).0]
    }

    /// Where a run begins on the right, ascending; the first ones up to the cap.
    pub fn right_starts(&self, run: &SharedRun) -> &[u32] {
        let (left, right) = run.listed(self.cap);
        &self.starts[run.starts as usize + left..][..right]
    }
}

/// All distinct maximal shared runs of at least `min_len` ids (0 counts as 1), with the first `cap` occurrences on
/// either side (0 counts as 1).
///
/// Both sides together hold fewer than `i32::MAX` ids; they are let go as soon as they are not needed. Fails only when
/// cancelled. The suffix array itself, about 25 ns an id, is made without looking at `cancel`.
pub fn shared_runs(
    sides: Pair<Vec<u32>>,
    min_len: u32,
    cap: usize,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<SharedRuns, Cancelled> {
    let (min_len, cap) = (min_len.max(1) as usize, cap.max(1));
    let ids = (sides.left.len() + sides.right.len()) as u64;
    let allowance = (INDEX_STEPS + INDEX_STEPS_PER_ID * ids).min(budget.left());
    let suffix_steps = SUFFIX_STEPS_PER_ID * ids;
    // Who can afford the suffix array need not know what the index finds before it gives up.
    let otherwise = match budget.left() >= allowance + suffix_steps {
        true => index::Otherwise::Nothing,
        false => index::Otherwise::SomeRuns,
    };
    let mut longest = Longest::new(MOST_RUNS, cap);
    let steps =
        index::runs(&sides.left, &sides.right, Wanted { min_len, cap }, (allowance, otherwise), cancel, &mut longest)?;
    let mut end = StageEnd::Complete;
    if !budget.take(steps) || steps >= allowance {
        end = StageEnd::Budget;
        let mut all = Longest::new(MOST_RUNS, cap);
        // There is a run for an id at most, and in a text that repeats itself nearly so.
        all.reserve(ids as usize);
        if budget.take(suffix_steps) && suffix::runs(sides, Wanted { min_len, cap }, cancel, &mut all)? {
            (longest, end) = (all, StageEnd::Complete);
        }
    }
    Ok(longest.into_sorted(end))
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    /// Least ids of a run, 1 or more.
    min_len: usize,
    /// Most starts that are listed for either side, 1 or more.
    cap: usize,
}

/// Keeps the longest of the runs that it is given, in room for half as many more.
struct Longest {
    runs: Vec<SharedRun>,
    starts: Vec<u32>,
    cap: usize,
    most: usize,
    /// The order of the last run that is kept, once some were let go: what comes behind it is let go at once.
    last: u64,
}

impl Longest {
    fn new(most: usize, cap: usize) -> Self {
        Self { runs: Vec::new(), starts: Vec::new(), cap, most, last: u64::MAX }
    }

    /// Makes room for so many runs, as far as they are kept; what is not used costs nothing.
    fn reserve(&mut self, runs: usize) {
        let runs = runs.min(self.most + self.most / 2 + 1);
        self.runs.reserve(runs);
        self.starts.reserve(runs * 8);
    }

    /// Adds a run with its first left and right starts, one at least and as many as the cap allows.
    fn push(&mut self, len: u32, left: (&[u32], u32), right: (&[u32], u32)) {
        let mut run = SharedRun {
            len,
            left_total: left.1,
            right_total: right.1,
            left_first: left.0[0],
            starts: self.starts.len() as u32,
        };
        debug_assert_eq!(run.listed(self.cap), (left.0.len(), right.0.len()));
        if run.order() > self.last {
            return;
        }
        match self.runs.last() {
            // In a text that repeats itself a run stands where the longer one before it does, as far as that is listed.
            Some(before) if self.begins_at(before, left.0, right.0) => run.starts = before.starts,
            _ => {
                self.starts.extend_from_slice(left.0);
                self.starts.extend_from_slice(right.0);
            }
        }
        self.runs.push(run);
        if self.runs.len() > self.most + self.most / 2 {
            self.cut();
        }
    }

    /// Whether a run has just these starts.
    fn begins_at(&self, run: &SharedRun, left: &[u32], right: &[u32]) -> bool {
        let starts = &self.starts[run.starts as usize..];
        run.listed(self.cap) == (left.len(), right.len())
            && starts[..left.len()] == *left
            && starts[left.len()..][..right.len()] == *right
    }

    /// Lets go of the runs behind the longest ones, and of their starts. There are more than are kept.
    fn cut(&mut self) {
        let mut orders: Vec<u64> = self.runs.iter().map(SharedRun::order).collect();
        let (_, first_let_go, _) = orders.select_nth_unstable(self.most);
        self.last = *first_let_go - 1;
        // Runs stand in the order of their starts, which move to the front with them, once for all that share them.
        let (starts, last, cap) = (&mut self.starts, self.last, self.cap);
        let mut kept = 0;
        let mut moved = None;
        self.runs.retain_mut(|run| {
            let is_kept = run.order() <= last;
            if is_kept {
                let from = run.starts;
                run.starts = match moved {
                    Some((before, to)) if before == from => to,
                    _ => {
                        let (left, right) = run.listed(cap);
                        starts.copy_within(from as usize..from as usize + left + right, kept);
                        kept += left + right;
                        (kept - left - right) as u32
                    }
                };
                moved = Some((from, run.starts));
            }
            is_kept
        });
        self.starts.truncate(kept);
    }

    /// Longest first; of equal length, by where they first begin on the left. `end` says whether all were looked for.
    fn into_sorted(self, end: StageEnd) -> SharedRuns {
        let let_some_go = self.last < u64::MAX || self.runs.len() > self.most;
        let mut runs = sorted(self.runs);
        runs.truncate(self.most);
        let end = if let_some_go { StageEnd::Budget } else { end };
        SharedRuns { runs, starts: self.starts, cap: self.cap, end }
    }
}

/// Runs up to which comparing sorts faster than counting.
const FEW_RUNS: usize = 1 << 12;

/// Runs by their order.
fn sorted(mut runs: Vec<SharedRun>) -> Vec<SharedRun> {
    if runs.len() <= FEW_RUNS {
        runs.sort_unstable_by_key(SharedRun::order);
        return runs;
    }
    let most = |part: fn(&SharedRun) -> u32| runs.iter().map(part).max().unwrap_or(0);
    let (longest, last_place) = (most(|run| run.len), most(|run| run.left_first));
    let places = (0_u32..).zip(&runs).map(|(index, run)| (run.left_first, index));
    let by_place = counting::sorted(places, last_place as usize + 1).0;
    let lengths = by_place.iter().map(|&index| (longest - runs[index as usize].len, index));
    let by_length = counting::sorted(lengths, longest as usize + 1).0;
    arrange(&mut runs, by_length);
    runs
}

/// Puts items in an order that says of each place whose index stands there, each once, by following where one drives out
/// another: a second list of a million would have to be touched anew.
fn arrange<T>(items: &mut [T], mut order: Vec<u32>) {
    for first in 0..items.len() {
        let mut at = first;
        loop {
            let from = std::mem::replace(&mut order[at], at as u32) as usize;
            if from == first {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}
