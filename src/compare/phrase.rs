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
//!   (the occurrence lists add a factor of their cap at worst), about 60 ns and 13 bytes an id, and runs when the
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
use crate::text::cancel::{Cancel, Cancelled, StepBudget};

/// The id that matches nothing.
pub const BORDER: u32 = u32::MAX;

/// Steps per id that the index may take before the suffix array is the better choice.
const INDEX_STEPS_PER_ID: u64 = 12;
/// Steps that the index may always take: below this a suffix array is never worth its fixed cost.
const INDEX_STEPS: u64 = 4096;
/// Steps per id that the suffix array counts for.
const SUFFIX_STEPS_PER_ID: u64 = 32;

/// Most runs that are returned.
pub const MOST_RUNS: usize = 1 << 16;

/// A distinct string that both sides share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRun {
    /// Its length in ids.
    pub len: u32,
    /// Where it begins on the left, ascending; the first ones up to the cap.
    pub left_starts: Vec<u32>,
    /// How often it occurs on the left.
    pub left_total: u32,
    /// Where it begins on the right, ascending; the first ones up to the cap.
    pub right_starts: Vec<u32>,
    /// How often it occurs on the right.
    pub right_total: u32,
}

/// The distinct maximal shared runs of two sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRuns {
    /// Longest first; of equal length, by where they first begin on the left.
    pub runs: Vec<SharedRun>,
    /// Whether these are all.
    pub end: StageEnd,
}

/// All distinct maximal shared runs of at least `min_len` ids (0 counts as 1), with the first `cap` occurrences on
/// either side (0 counts as 1).
///
/// Both sides together hold fewer than `i32::MAX` ids. Fails only when cancelled. Sorting, about 50 ns an id, and the
/// suffix array itself, about 25 ns an id, run without looking at `cancel`.
pub fn shared_runs(
    left: &[u32],
    right: &[u32],
    min_len: u32,
    cap: usize,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<SharedRuns, Cancelled> {
    let (min_len, cap) = (min_len.max(1) as usize, cap.max(1));
    let ids = (left.len() + right.len()) as u64;
    let allowance = (INDEX_STEPS + INDEX_STEPS_PER_ID * ids).min(budget.left());
    let mut longest = Longest::new(MOST_RUNS);
    let steps = index::runs(left, right, min_len, cap, allowance, cancel, &mut longest)?;
    let mut end = StageEnd::Complete;
    if !budget.take(steps) || steps >= allowance {
        end = StageEnd::Budget;
        let mut all = Longest::new(MOST_RUNS);
        if budget.take(SUFFIX_STEPS_PER_ID * ids) && suffix::runs(left, right, min_len, cap, cancel, &mut all)? {
            (longest, end) = (all, StageEnd::Complete);
        }
    }
    if longest.dropped {
        end = StageEnd::Budget;
    }
    Ok(SharedRuns { runs: longest.into_sorted(), end })
}

/// Keeps the longest of the runs that it is given, in room for twice as many.
struct Longest {
    runs: Vec<SharedRun>,
    most: usize,
    /// Whether any was let go.
    dropped: bool,
}

impl Longest {
    fn new(most: usize) -> Self {
        Self { runs: Vec::new(), most, dropped: false }
    }

    fn push(&mut self, run: SharedRun) {
        if self.runs.len() >= 2 * self.most {
            self.cut();
        }
        self.runs.push(run);
    }

    fn cut(&mut self) {
        if self.runs.len() > self.most {
            self.runs.select_nth_unstable_by(self.most, by_length);
            self.runs.truncate(self.most);
            self.dropped = true;
        }
    }

    /// Longest first; of equal length, by where they first begin on the left.
    fn into_sorted(mut self) -> Vec<SharedRun> {
        self.cut();
        self.runs.sort_unstable_by(by_length);
        self.runs
    }
}

/// No two runs are equal in both: of one length and one place there is one string.
fn by_length(one: &SharedRun, other: &SharedRun) -> std::cmp::Ordering {
    other.len.cmp(&one.len).then_with(|| one.left_starts.first().cmp(&other.left_starts.first()))
}
