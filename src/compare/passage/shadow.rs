//! Passages that heavier ones hold already.
//!
//! In: passages as they were chained, most of which are the same wording at another place. Out: those that are kept, as
//! [`Draft`]s, heaviest first. Always: each kept one has wording of its own on both sides, or tells much of what the
//! heavier one tells. Cost: for each passage, those around the middle of its wording; what is dropped allocates nothing.

use crate::compare::comparison::StageEnd;
use crate::compare::matching::Units;
use crate::text::cancel::{Cancelled, Polls};
use crate::text::span::{Pair, Side};

use super::Draft;
use super::bucket::Buckets;
use super::chain::ChainOptions;
use super::sketch::{Sketches, Weighed, heaviest_first};
use super::wording::Wording;

/// Most passages that are kept: half as many again as are told, because those that count as echo are told from the others later.
const MOST_KEPT: usize = 3 << 14;

/// Steps of the polls that a passage counts when those of one weight are sorted.
const SORT_STEPS: u32 = 16;
/// Steps of the polls that a passage counts when it becomes a draft.
const DRAFT_STEPS: u32 = 16;

/// A passage that is kept.
struct Kept {
    /// Its index among the sketches.
    sketch: u32,
    weight: f32,
    /// Units of either side that correspond.
    matched: Pair<u32>,
    /// Where the ranges of its wording lie among those of all that are kept.
    wording: Pair<(u32, u32)>,
}

/// The ranges of the wordings of all that are kept, one behind the other.
struct Wordings(Vec<(u32, u32)>);

impl Wordings {
    fn add(&mut self, wording: &Wording) -> (u32, u32) {
        let first = self.0.len() as u32;
        self.0.extend_from_slice(wording.ranges());
        (first, self.0.len() as u32)
    }

    fn get(&self, (first, end): (u32, u32)) -> &[(u32, u32)] {
        &self.0[first as usize..end as usize]
    }
}

/// Drops passages whose wording heavier ones hold already: on both sides, or on one side if they tell much less.
/// What lies in a gap of a heavier passage is none of its wording, as a sentence set into the middle of another.
///
/// `afford` counts steps and says whether they could be paid; once they could not, or [`MOST_KEPT`] are kept, the rest is
/// dropped, and the answer says so in the second case (in the first whoever counts the steps does).
pub(super) fn drop_shadowed(
    sketches: &Sketches<'_>,
    units: Pair<&Units>,
    options: &ChainOptions,
    polls: &mut Polls<'_>,
    mut afford: impl FnMut(u64) -> Result<bool, Cancelled>,
) -> Result<(Vec<Draft>, StageEnd), Cancelled> {
    // Where a sketch stands is read from its pair, so it is asked for once a sort. The sorts keep the order of what is equal, so
    // that the last one decides first; one number at a time takes the least room.
    let sort_equal = |equal: &mut [Weighed], polls: &mut Polls<'_>| {
        for side in [Side::Right, Side::Left] {
            let units = |weighed: &Weighed| *sketches.get(weighed.index()).units.get(side);
            polls.steps_each(equal.len() as u64, SORT_STEPS)?;
            equal.sort_by_cached_key(|weighed| units(weighed).1);
            polls.steps_each(equal.len() as u64, SORT_STEPS)?;
            equal.sort_by_cached_key(|weighed| units(weighed).0);
        }
        Ok(())
    };
    let weights = (0..sketches.len() as u32).map(|index| (index, sketches.weight(index)));
    let heaviest_first = heaviest_first(weights, sort_equal, polls)?;
    let last = |units: &Units| units.count().checked_sub(1).map_or(0, |last| units.end(last));
    // Whoever holds more than half of a wording stretches over the unit in its middle.
    debug_assert!(options.max_overlap >= 0.5);
    let mut held = units.map(|units| Buckets::new(last(units)));
    let (mut wording, mut runs) = (Pair::<Wording>::default(), Vec::new());
    // Room that is not written to costs nothing; what a list leaves behind as it grows is given back late.
    let most = sketches.len().min(MOST_KEPT);
    let (mut kept, mut wordings) = (Vec::<Kept>::with_capacity(most), Wordings(Vec::with_capacity(2 * most)));
    let mut end = StageEnd::Complete;
    for index in heaviest_first.iter().map(|weighed| weighed.index()) {
        let sketch = sketches.get(index);
        sketches.runs(index, &mut runs);
        wording.left.read(&runs, |run| run.left);
        wording.right.read(&runs, |run| run.right);
        let mut steps = 1;
        let mut shadowed = false;
        let lighter = |heavier: &Kept| sketch.weight < options.shadow * heavier.weight;
        for &heavier in held.left.at(units.left.starts[wording.left.middle() as usize]) {
            let heavier = &kept[heavier as usize];
            steps += 1;
            shadowed = wording.left.share_in(wordings.get(heavier.wording.left)) > options.max_overlap
                && (lighter(heavier)
                    || wording.right.share_in(wordings.get(heavier.wording.right)) > options.max_overlap);
            if shadowed {
                break;
            }
        }
        if !shadowed {
            for &heavier in held.right.at(units.right.starts[wording.right.middle() as usize]) {
                let heavier = &kept[heavier as usize];
                // Kept passages are told heaviest first.
                if !lighter(heavier) {
                    break;
                }
                steps += 1;
                shadowed = wording.right.share_in(wordings.get(heavier.wording.right)) > options.max_overlap;
                if shadowed {
                    break;
                }
            }
        }
        let spans = sketches.spans(&sketch);
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
            kept.push(Kept {
                sketch: index,
                weight: sketch.weight,
                matched: wording.as_ref().map(Wording::units),
                wording: wording.as_ref().map(|wording| wordings.add(wording)),
            });
        }
    }
    drop((held, wordings, heaviest_first));
    let draft = |kept: &Kept| {
        polls.steps(DRAFT_STEPS)?;
        let sketch = sketches.get(kept.sketch);
        let Pair { left, right } = sketches.spans(&sketch);
        sketches.runs(kept.sketch, &mut runs);
        Ok(Draft {
            left,
            right,
            weight: sketch.weight,
            plain: sketch.plain,
            score: sketch.score,
            matched: kept.matched,
            units: sketch.units.map(|(first, end)| end - first),
            runs: runs.clone(),
        })
    };
    Ok((kept.iter().map(draft).collect::<Result<_, Cancelled>>()?, end))
}
