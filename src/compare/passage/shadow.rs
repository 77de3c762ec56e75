//! Passages that heavier ones hold already.
//!
//! In: passages as they were chained, most of which are the same wording at another place. Out: those that are kept, as
//! [`Draft`]s, heaviest first. Always: each kept one has wording of its own on both sides, or tells much of what the
//! heavier one tells. Cost: for each passage, those around the middle of its wording; what is dropped allocates nothing.

use crate::compare::comparison::StageEnd;
use crate::compare::matching::Units;
use crate::text::cancel::Cancelled;
use crate::text::span::{Normalized, Pair, Span};

use super::bucket::Buckets;
use super::chain::ChainOptions;
use super::wording::Wording;
use super::{Draft, Run};

/// Most passages that are kept, each some 300 bytes and its lists. Those that count as echo are told from the
/// others later, so they are more than are told.
const MOST_KEPT: usize = 65_536;

/// A passage before it is known whether a heavier one holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sketch {
    /// Units of the left and of the right stretch: the first, and the one behind the last.
    pub(super) units: Pair<(u32, u32)>,
    /// Bits of what corresponds.
    pub(super) weight: f32,
    /// Bits of what corresponds if no stock phrase were known.
    pub(super) plain: f32,
    /// Bits told less bits that gaps cost.
    pub(super) score: f32,
    /// Where its runs begin among those of all sketches, and the place behind the last.
    pub(super) runs: (u32, u32),
}

/// The passages that were chained, with the runs of all in one list.
#[derive(Debug, Default)]
pub(super) struct Sketches {
    /// The passages, in the order in which they were made.
    pub(super) all: Vec<Sketch>,
    /// Their runs.
    pub(super) runs: Vec<Run>,
}

impl Sketches {
    fn runs_of(&self, sketch: &Sketch) -> &[Run] {
        &self.runs[sketch.runs.0 as usize..sketch.runs.1 as usize]
    }

    fn draft(&self, sketch: &Sketch, units: Pair<&Units>, wording: &Pair<Wording>) -> Draft {
        let Pair { left, right } = sketch.units;
        Draft {
            left: units.left.span(left.0..left.1),
            right: units.right.span(right.0..right.1),
            weight: sketch.weight,
            plain: sketch.plain,
            score: sketch.score,
            matched: Pair::new(wording.left.units(), wording.right.units()),
            units: Pair::new(left.1 - left.0, right.1 - right.0),
            runs: self.runs_of(sketch).to_vec(),
        }
    }
}

/// Drops passages whose wording heavier ones hold already: on both sides, or on one side if they tell much less.
/// What lies in a gap of a heavier passage is none of its wording, as a sentence set into the middle of another.
///
/// `afford` counts steps and says whether they could be paid; once they could not, or [`MOST_KEPT`] are kept, the rest is
/// dropped, and the answer says so in the second case (in the first whoever counts the steps does).
pub(super) fn drop_shadowed(
    sketches: &Sketches,
    units: Pair<&Units>,
    options: &ChainOptions,
    mut afford: impl FnMut(u64) -> Result<bool, Cancelled>,
) -> Result<(Vec<Draft>, StageEnd), Cancelled> {
    let spans = |sketch: &Sketch| -> Pair<Span<Normalized>> {
        let Pair { left, right } = sketch.units;
        Pair::new(units.left.span(left.0..left.1), units.right.span(right.0..right.1))
    };
    let mut heaviest_first: Vec<u32> = (0..sketches.all.len() as u32).collect();
    heaviest_first.sort_unstable_by(|&one, &other| {
        let place = |index: u32, sketch: &Sketch| (sketch.units.left, sketch.units.right, index);
        let (first, second) = (&sketches.all[one as usize], &sketches.all[other as usize]);
        second.weight.total_cmp(&first.weight).then_with(|| place(one, first).cmp(&place(other, second)))
    });
    let last = |side: fn(&Sketch) -> u32| sketches.all.iter().map(side).max().unwrap_or(0);
    let (last_left, last_right) = (last(|sketch| sketch.units.left.1), last(|sketch| sketch.units.right.1));
    // Whoever holds more than half of a wording stretches over the unit in its middle.
    debug_assert!(options.max_overlap >= 0.5);
    let mut held = Pair::new(
        Buckets::new(units.left.span(0..last_left).end()),
        Buckets::new(units.right.span(0..last_right).end()),
    );
    let mut wording = Pair::<Wording>::default();
    let mut kept: Vec<(Draft, Pair<Wording>)> = Vec::new();
    let mut end = StageEnd::Complete;
    for &index in &heaviest_first {
        let sketch = &sketches.all[index as usize];
        wording.left.read(sketches.runs_of(sketch), |run| run.left);
        wording.right.read(sketches.runs_of(sketch), |run| run.right);
        let mut steps = 1;
        let mut shadowed = false;
        let lighter = |heavier: &Draft| sketch.weight < options.shadow * heavier.weight;
        for &heavier in held.left.at(units.left.starts[wording.left.middle() as usize]) {
            let (heavier, of_heavier) = &kept[heavier as usize];
            steps += 1;
            shadowed = wording.left.share_in(&of_heavier.left) > options.max_overlap
                && (lighter(heavier) || wording.right.share_in(&of_heavier.right) > options.max_overlap);
            if shadowed {
                break;
            }
        }
        if !shadowed {
            for &heavier in held.right.at(units.right.starts[wording.right.middle() as usize]) {
                let (heavier, of_heavier) = &kept[heavier as usize];
                // Kept passages are told heaviest first.
                if !lighter(heavier) {
                    break;
                }
                steps += 1;
                shadowed = wording.right.share_in(&of_heavier.right) > options.max_overlap;
                if shadowed {
                    break;
                }
            }
        }
        let spans = spans(sketch);
        steps += held.left.count(spans.left) + held.right.count(spans.right);
        if !afford(steps)? {
            break;
        }
        if !shadowed {
            if kept.len() == MOST_KEPT {
                end = StageEnd::Budget;
                break;
            }
            held.left.add(spans.left, kept.len() as u32);
            held.right.add(spans.right, kept.len() as u32);
            kept.push((sketches.draft(sketch, units, &wording), wording.clone()));
        }
    }
    Ok((kept.into_iter().map(|(draft, _)| draft).collect(), end))
}
