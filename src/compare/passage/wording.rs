//! The wording of one side of a passage: the units that correspond, without what stands between them.
//!
//! In: common runs. Out: disjoint ascending ranges, and how much of them another wording holds. Cost: a sort of the runs;
//! a share costs a search for each range.

use super::Run;

/// The units of one side that correspond.
#[derive(Clone, Debug, Default)]
pub(super) struct Wording {
    /// Disjoint and ascending, none touching the next.
    ranges: Vec<(u32, u32)>,
    units: u32,
}

impl Wording {
    /// Becomes the units of some runs on the side where `start` says they begin.
    pub(super) fn read(&mut self, runs: &[Run], start: fn(&Run) -> u32) {
        let ranges = &mut self.ranges;
        ranges.clear();
        ranges.extend(runs.iter().map(|run| (start(run), start(run) + run.length)));
        if !ranges.is_sorted() {
            ranges.sort_unstable();
        }
        ranges.dedup_by(|next, last| {
            let joins = next.0 <= last.1;
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
        self.units = ranges.iter().map(|range| range.1 - range.0).sum();
    }

    /// Its ranges of units: disjoint and ascending, none touching the next.
    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// How many units it has.
    pub(super) fn units(&self) -> u32 {
        self.units
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

    /// Share of these units that another wording holds, 0 to 1, by its ranges.
    pub(super) fn share_in(&self, others: &[(u32, u32)]) -> f32 {
        let held = |range: &(u32, u32)| -> u32 {
            let first = others.partition_point(|other| other.1 <= range.0);
            let others = others[first..].iter().take_while(|other| other.0 < range.1);
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
        let mut wording = Wording::default();
        wording.read(&runs, |run| run.left);
        wording
    }

    #[test]
    fn what_lies_in_a_gap_is_not_held() {
        let outer = wording(&[(0, 10), (30, 40)]);
        assert_eq!(wording(&[(12, 28)]).share_in(outer.ranges()), 0.0);
        assert_eq!(wording(&[(5, 15)]).share_in(outer.ranges()), 0.5);
        assert_eq!(wording(&[(2, 8), (32, 38)]).share_in(outer.ranges()), 1.0);
    }

    #[test]
    fn the_middle_counts_units_and_not_gaps() {
        assert_eq!(wording(&[(0, 10), (30, 41)]).middle(), 30);
        assert_eq!(wording(&[(4, 8), (6, 12)]).middle(), 8);
    }
}
