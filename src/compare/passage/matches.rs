//! The matched pairs of pieces of two documents, held so that many of them take little room.
//!
//! In: pairs of pieces with the common runs of each. Out: the pairs by index, in the order in which they were added, and
//! by place: those near a pair of places, found through a grid of square cells, of which only those that hold pairs are
//! kept, in rows.
//! Always: every pair has a run. Pairs are many times as many as pieces, so the runs of all lie in one list, three bytes
//! each: a piece holds at most [`MAX_PIECE_UNITS`] units. Cost: linear, the pairs being sorted by cell in two counting
//! sorts; a question costs a search for each row it touches, and a look at each pair of the cells it touches.

use std::ops::Range;

use crate::compare::counting::sorted;
use crate::compare::matching::MAX_PIECE_UNITS;
use crate::compare::rarity::Told;

use super::Run;

/// Unit ranges on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// First unit on the left, and the one behind the last.
    pub left: (u32, u32),
    /// The same on the right.
    pub right: (u32, u32),
}

impl Extent {
    /// What some runs stretch over; nothing of none.
    pub fn of(runs: &[Run]) -> Self {
        let side = |start: fn(&Run) -> u32| {
            let first = runs.iter().map(start).min().unwrap_or(0);
            let last = runs.iter().map(|run| start(run) + run.length).max().unwrap_or(0);
            (first, last)
        };
        Self { left: side(|run| run.left), right: side(|run| run.right) }
    }

    /// The smallest extent that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        let join = |a: (u32, u32), b: (u32, u32)| (a.0.min(b.0), a.1.max(b.1));
        Self { left: join(self.left, other.left), right: join(self.right, other.right) }
    }
}

/// Two pieces with what they share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PieceMatch {
    /// Index of the left piece.
    pub left: u32,
    /// Index of the right piece.
    pub right: u32,
    /// Bits of the runs, as they were told.
    pub told: Told,
    /// The first unit of the runs on the left, and on the right.
    first: (u32, u32),
    first_run: u32,
    /// How far the runs reach from the first unit on the left, and on the right.
    reach: (u8, u8),
    matched: u8,
    runs: u8,
}

impl PieceMatch {
    /// What the runs stretch over.
    pub fn extent(&self) -> Extent {
        let side = |first: u32, reach: u8| (first, first + u32::from(reach));
        Extent { left: side(self.first.0, self.reach.0), right: side(self.first.1, self.reach.1) }
    }

    /// Units in the runs.
    pub fn matched(&self) -> u32 {
        u32::from(self.matched)
    }
}

/// A run of one pair, relative to the extent of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PackedRun {
    left: u8,
    right: u8,
    length: u8,
}

/// Side of a cell of the grid, in units: the longest piece, so that a pair reaches into few cells.
const CELL_UNITS: u32 = MAX_PIECE_UNITS as u32;

/// All matched pairs.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    pairs: Vec<PieceMatch>,
    runs: Vec<PackedRun>,
    /// Right cell and index of every pair, by the cell in which its extent begins: by left cell, then right cell.
    by_cell: Vec<(u32, u32)>,
    /// For each left cell where its pairs begin in `by_cell`; one more at the end.
    rows: Vec<u32>,
}

impl Matches {
    /// No pair yet, and room for so many: there may be half a million, and a list that grows by itself is there twice.
    pub fn with_room_for(pairs: usize) -> Self {
        Self { pairs: Vec::with_capacity(pairs), ..Self::default() }
    }

    /// All pairs, in the order in which they were added.
    pub fn all(&self) -> &[PieceMatch] {
        &self.pairs
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The common runs of a pair, by left unit.
    pub fn runs(&self, pair: &PieceMatch) -> impl Iterator<Item = Run> {
        let (left, right) = pair.first;
        self.runs[pair.first_run as usize..][..pair.runs as usize].iter().map(move |run| Run {
            left: left + u32::from(run.left),
            right: right + u32::from(run.right),
            length: u32::from(run.length),
        })
    }

    /// Appends the indexes of all pairs of pieces that reach into two ranges of units, and of some that stand near, and
    /// returns the rows of the grid that were looked at.
    pub fn near(&self, left: &Range<u32>, right: &Range<u32>, out: &mut Vec<u32>) -> u64 {
        // The extent of a pair begins inside its pieces.
        let most = MAX_PIECE_UNITS as u32;
        let cells = |range: &Range<u32>| {
            range.start.saturating_sub(most) / CELL_UNITS..range.end.saturating_add(most) / CELL_UNITS + 1
        };
        let (lefts, rights) = (cells(left), cells(right));
        let rows = lefts.start..lefts.end.min(self.rows.len().saturating_sub(1) as u32);
        for row in rows.clone() {
            let row = &self.by_cell[self.rows[row as usize] as usize..self.rows[row as usize + 1] as usize];
            let from = row.partition_point(|(cell, _)| *cell < rights.start);
            let touched = row[from..].iter().take_while(|(cell, _)| *cell < rights.end);
            out.extend(touched.map(|(_, index)| *index));
        }
        rows.len() as u64
    }

    /// Adds a pair with its runs, by left unit; one without runs is left out.
    pub fn add(&mut self, left: u32, right: u32, told: Told, runs: &[Run]) {
        if runs.is_empty() {
            return;
        }
        let extent = Extent::of(runs);
        let packed = runs.iter().map(|run| PackedRun {
            left: (run.left - extent.left.0) as u8,
            right: (run.right - extent.right.0) as u8,
            length: run.length as u8,
        });
        let first_run = self.runs.len() as u32;
        self.runs.extend(packed);
        // Runs of a pair lie inside two pieces and have no unit in common, so that all of this fits into a byte.
        self.pairs.push(PieceMatch {
            left,
            right,
            told,
            first: (extent.left.0, extent.right.0),
            first_run,
            reach: ((extent.left.1 - extent.left.0) as u8, (extent.right.1 - extent.right.0) as u8),
            matched: runs.iter().map(|run| run.length).sum::<u32>() as u8,
            runs: runs.len() as u8,
        });
    }

    /// Puts the pairs from `first` on in the order of `keys`, one key a pair and no two equal. It costs as much as the largest
    /// key.
    pub fn order_from(&mut self, first: usize, keys: &[u32]) {
        let count = keys.iter().max().map_or(0, |last| *last as usize + 1);
        let (order, _) = sorted(keys.iter().copied().zip(0_u32..), count);
        let pairs = self.pairs.split_off(first);
        self.pairs.extend(order.into_iter().map(|index| pairs[index as usize]));
    }

    /// Makes the grid, once all pairs are added.
    pub fn index(&mut self) {
        let cells = |side: fn(&PieceMatch) -> u32| -> Vec<u32> {
            self.pairs.iter().map(|pair| side(pair) / CELL_UNITS).collect()
        };
        let (lefts, rights) = (cells(|pair| pair.first.0), cells(|pair| pair.first.1));
        let count = |cells: &[u32]| cells.iter().max().map_or(0, |last| *last as usize + 1);
        let (by_right, _) = sorted((0..).zip(&rights).map(|(index, cell)| (*cell, (*cell, index))), count(&rights));
        let by_left = by_right.iter().map(|pair| (lefts[pair.1 as usize], *pair));
        (self.by_cell, self.rows) = sorted(by_left, count(&lefts));
    }

    /// Lets the grid go: [`Self::near`] finds nothing any more.
    pub fn forget_places(&mut self) {
        (self.by_cell, self.rows) = (Vec::new(), Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(left: u32, right: u32, length: u32) -> Run {
        Run { left, right, length }
    }

    #[test]
    fn pairs_by_index_and_by_place() {
        let mut matches = Matches::default();
        let runs = [
            (1, 5, vec![run(100, 963, 64)]),
            (0, 7, vec![]),
            (1, 2, vec![run(70, 130, 2), run(133, 67, 1)]),
            (0, 2, vec![run(0, 67, 3)]),
        ];
        for (left, right, runs) in &runs {
            matches.add(*left, *right, Told::default(), runs);
        }
        matches.order_from(0, &[2, 0, 1]);
        matches.index();
        let all: Vec<_> = matches.all().iter().map(|pair| (pair.left, pair.right, pair.matched())).collect();
        assert_eq!(all, [(1, 2, 3), (0, 2, 3), (1, 5, 64)]);
        assert_eq!(matches.runs(&matches.all()[0]).collect::<Vec<_>>(), runs[2].2);
        assert_eq!(matches.runs(&matches.all()[2]).collect::<Vec<_>>(), runs[0].2);
        let near = |left, right| {
            let mut out = Vec::new();
            matches.near(&left, &right, &mut out);
            out
        };
        assert_eq!(near(0..200, 0..200), [1, 0], "by cells: the second begins further left");
        assert_eq!(near(140..150, 1000..1010), [2], "it reaches there from the cell before");
        assert_eq!(near(9000..9010, 0..10), [0; 0], "behind the last row");
        assert_eq!(near(0..10, 400..500), [0; 0]);
    }
}
