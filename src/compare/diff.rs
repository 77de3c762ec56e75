//! Word diff: which words of the left text became which of the right one.
//!
//! In: two sequences of interned token ids. Out: a [`Script`] of equal, deleted, inserted and replaced stretches in
//! order, which together cover both sides without gap or overlap. What the ids stand for is the caller's business;
//! only their equality counts. Swapping the sides gives the mirrored script.
//!
//! Which method runs when, and why:
//! 1. [`region`] strips what both sides begin and end with and drops ids that only one side has; neither can change
//!    the length of a longest common subsequence, and on real pairs they remove most of the work.
//! 2. [`bits`] finds a *minimal* script wherever a pass is estimated at no more than [`EXACT_STEPS`] (two times 100 000
//!    words of anything; natural text well beyond that), and on longer text wherever the edits are few. Greedy
//!    methods in the line of Myers are either quadratic on unrelated text or cut short by heuristics: on a real
//!    revision of 54 000 words the usual one reports twice the minimal edits.
//! 3. [`anchor`] splits what is longer at k-grams that stand once on either side (patience diff), keeping the chain of
//!    runs that is worth its detours, and each gap is a region of its own. Exact between anchors, not over all.
//! 4. Where nothing anchors, [`bits`] settles for the best script inside a band around the diagonal. On unrelated text
//!    a longest common subsequence keeps close to the diagonal, so little is lost.
//! 5. What is left of two sides after the first step is mostly a few words; [`short`] finds the same script for these in
//!    one word of bits.
//! 6. Past the step budget, what is left of a region becomes one replacement and the script says so
//!    ([`StageEnd::Budget`]). A step is one 64-bit word of one column.
//!
//! [`cleanup::slide`] is a stage of its own: it moves edits to borders that a reader expects and joins edits that can be
//! moved together, without changing what a script costs.
//!
//! Memory is linear plus the checkpoints of [`bits`]: measured 6 MB at 100 000 words a side.
//! The crate `similar` is the reference in the tests below; its default algorithm is what a careful user would take.

mod anchor;
mod bits;
pub mod cleanup;
mod region;
mod short;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::compare::comparison::StageEnd;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};

/// Steps that one exact pass may take by estimate. Larger regions are anchored unless their edits are few.
pub const EXACT_STEPS: u64 = 170_000_000;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpKind {
    /// The same ids on both sides.
    Equal,
    /// Ids that only the left side has here.
    Delete,
    /// Ids that only the right side has here.
    Insert,
    /// A deletion and an insertion at the same place.
    Replace,
}

/// One operation, with what it covers on both sides as token indexes. One range is empty for a deletion or insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// What it does.
    pub kind: OpKind,
    /// Tokens of the left side.
    pub left: Range<u32>,
    /// Tokens of the right side.
    pub right: Range<u32>,
}

impl Op {
    /// The operation over two ranges that do not both stay empty; `None` if they do.
    fn edit(left: Range<u32>, right: Range<u32>) -> Option<Self> {
        let kind = match (left.is_empty(), right.is_empty()) {
            (true, true) => return None,
            (false, true) => OpKind::Delete,
            (true, false) => OpKind::Insert,
            (false, false) => OpKind::Replace,
        };
        Some(Self { kind, left, right })
    }

    /// Tokens deleted and inserted.
    pub fn edits(&self) -> u64 {
        match self.kind {
            OpKind::Equal => 0,
            _ => self.left.len() as u64 + self.right.len() as u64,
        }
    }
}

/// Operations that turn the left side into the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// In order; they cover both sides without gap or overlap, and two neighbours are never both equal or both edits.
    pub ops: Vec<Op>,
    /// Whether the step budget held.
    pub end: StageEnd,
    /// Whether no script has fewer edits: always so up to [`EXACT_STEPS`] and within the budget.
    pub minimal: bool,
}

impl Script {
    /// Tokens deleted and inserted.
    pub fn edits(&self) -> u64 {
        self.ops.iter().map(Op::edits).sum()
    }
}

/// Why a method stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The caller stopped it.
    Cancelled,
    /// Its steps are used up.
    Budget,
}

impl From<Cancelled> for Stop {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// A script that turns `left` into `right`; minimal where that is affordable, see the module's guide.
///
/// Sides hold fewer than `u32::MAX` ids. Fails only when cancelled.
pub fn edit_script(left: &[u32], right: &[u32], budget: &mut StepBudget, cancel: &Cancel) -> Result<Script, Cancelled> {
    // One orientation for both orders of the sides makes the scripts mirror each other.
    let mirrored = (left.len(), left) < (right.len(), right);
    let (rows, columns) = if mirrored { (right, left) } else { (left, right) };
    let found = region::matches(rows, columns, budget, cancel)?;
    let mut ops: Vec<Op> = Vec::with_capacity(4);
    let mut done = (0, 0);
    let end = (rows.len() as u32, columns.len() as u32);
    for &(row, column) in found.pairs.iter().chain([&end]) {
        ops.extend(Op::edit(done.0..row, done.1..column));
        if (row, column) == end {
            break;
        }
        match ops.last_mut() {
            Some(last) if last.kind == OpKind::Equal => {
                last.left.end += 1;
                last.right.end += 1;
            }
            _ => ops.push(Op { kind: OpKind::Equal, left: row..row + 1, right: column..column + 1 }),
        }
        done = (row + 1, column + 1);
    }
    if mirrored {
        for op in &mut ops {
            std::mem::swap(&mut op.left, &mut op.right);
            op.kind = match op.kind {
                OpKind::Delete => OpKind::Insert,
                OpKind::Insert => OpKind::Delete,
                both => both,
            };
        }
    }
    Ok(Script { ops, end: found.end, minimal: found.minimal })
}

#[cfg(test)]
mod reference {
    //! The crate that a careful user would take, as a bound from above and, in its exact form, as an oracle.

    use similar::{Algorithm, DiffOp, capture_diff_slices};

    /// Edits of a script by the crate's plain Myers algorithm, which is minimal.
    pub(super) fn minimal_edits(left: &[u32], right: &[u32]) -> u64 {
        edits(Algorithm::RawMyers, left, right)
    }

    /// Edits of a script by the crate's default algorithm.
    pub(super) fn usual_edits(left: &[u32], right: &[u32]) -> u64 {
        edits(Algorithm::Myers, left, right)
    }

    fn edits(algorithm: Algorithm, left: &[u32], right: &[u32]) -> u64 {
        capture_diff_slices(algorithm, left, right)
            .iter()
            .map(|op| match *op {
                DiffOp::Equal { .. } => 0,
                DiffOp::Delete { old_len, .. } => old_len as u64,
                DiffOp::Insert { new_len, .. } => new_len as u64,
                DiffOp::Replace { old_len, new_len, .. } => (old_len + new_len) as u64,
            })
            .sum()
    }
}
