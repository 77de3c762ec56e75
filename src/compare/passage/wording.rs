//! The wording of one side of a passage: the units that correspond, without what stands between them.
//!
//! In: common runs. Out: disjoint ascending ranges, and how much of them another wording holds. Cost: a sort of the runs;
//! a share costs a search for each range.

use super::Run;

/// The units of one side that correspond.
#[derive(Clone, Debug)]
pub(super) struct Wording {
    /// Disjoint and ascending, none touching the next.
    ranges: Vec<(u32, u32)>,
    units: u32,
}

impl Wording {
    /// The units of some runs on the side where `start` says they begin.
    pub(super) fn of(runs: &[Run], start: fn(&Run) -> u32) -> Self {
        let mut all: Vec<(u32, u32)> = runs.iter().map(|run| (start(run), start(run) + run.length)).collect();
        all.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::with_capacity(all.len());
        for range in all {
            match ranges.last_mut() {
                Some(last) if range.0 <= last.1 => last.1 = last.1.max(range.1),
                _ => ranges.push(range),
            }
        }
        let units = ranges.iter().map(|range| range.1 - range.0).sum();
        Self { ranges, units }
    }

    /// The unit with as many units before it as behind it; 0 if there is none.
    pub(super) fn middle(&self) -> u32 {
        let mut before = self.units / 2;
        for range in &self.ranges {
            let length = range.1 - range.0;
            if before < length {
                return range.0 + before;
            }
            before -= length;
        }
        0
    }

    /// Share of these units that another wording holds, 0 to 1.
    pub(super) fn share_in(&self, other: &Self) -> f32 {
        let held = |range: &(u32, u32)| -> u32 {
            let first = other.ranges.partition_point(|other| other.1 <= range.0);
            let others = other.ranges[first..].iter().take_while(|other| other.0 < range.1);
            others.map(|other| other.1.min(range.1) - other.0.max(range.0)).sum()
        };
        self.ranges.iter().map(held).sum::<u32>() as f32 / self.units.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(ranges: &[(u32, u32)]) -> Wording {
        let runs: Vec<Run> =
            ranges.iter().map(|range| Run { left: range.0, right: 0, length: range.1 - range.0 }).collect();
        Wording::of(&runs, |run| run.left)
    }

    #[test]
    fn what_lies_in_a_gap_is_not_held() {
        let outer = wording(&[(0, 10), (30, 40)]);
        assert_eq!(wording(&[(12, 28)]).share_in(&outer), 0.0);
        assert_eq!(wording(&[(5, 15)]).share_in(&outer), 0.5);
        assert_eq!(wording(&[(2, 8), (32, 38)]).share_in(&outer), 1.0);
    }

    #[test]
    fn the_middle_counts_units_and_not_gaps() {
        assert_eq!(wording(&[(0, 10), (30, 41)]).middle(), 30);
        assert_eq!(wording(&[(4, 8), (6, 12)]).middle(), 8);
    }
}
