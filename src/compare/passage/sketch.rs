//! Passages as they were chained, before it is known which of them are kept.
//!
//! In: passages made of matched pairs. Out: a [`Sketch`] of each, and its runs. Always: most are one pair and nothing else, and
//! of these only the pair's index is held, because all else follows from it: texts in another order have half a million.
//! Cost: that of reading a pair and its runs, whenever one is asked for.

use crate::compare::matching::Units;
use crate::text::cancel::{self, Cancelled, Polls};
use crate::text::span::{Normalized, Pair, Span};

use super::Run;
use super::chain::{ChainOptions, Weight};
use super::growing::{Growing, score_of_pair};
use super::matches::{Extent, Matches};

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
}

/// How a passage is held: one number, because there may be half a million.
#[derive(Clone, Copy, Debug)]
struct Held(u32);

/// Which passage a number is.
enum Which {
    /// One pair with nothing beside it, by the pair's index.
    Pair(usize),
    /// Anything else, by its index among those.
    Grown(usize),
}

impl Held {
    /// Pairs and passages are fewer than this.
    const GROWN: u32 = 1 << 31;

    fn which(self) -> Which {
        match self.0 & Self::GROWN {
            0 => Which::Pair(self.0 as usize),
            _ => Which::Grown((self.0 & !Self::GROWN) as usize),
        }
    }
}

/// The passages that were chained, by the order in which they were made.
#[derive(Debug)]
pub(super) struct Sketches<'a> {
    units: Pair<&'a Units>,
    matches: &'a Matches,
    weight: Weight,
    options: &'a ChainOptions,
    all: Vec<Held>,
    /// Those that are more than one pair, with where their runs begin, and the place behind the last.
    grown: Vec<(Sketch, (u32, u32))>,
    runs: Vec<Run>,
}

impl<'a> Sketches<'a> {
    /// None yet. `weight` and `options` are those of the chain.
    pub(super) fn new(units: Pair<&'a Units>, matches: &'a Matches, weight: Weight, options: &'a ChainOptions) -> Self {
        let all = Vec::with_capacity(matches.len());
        Self { units, matches, weight, options, all, grown: Vec::new(), runs: Vec::new() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The units of an extent, with the rest of the clauses at its ends where that is little.
    pub(super) fn stretch(&self, extent: Extent) -> Pair<(u32, u32)> {
        Pair::new(snap(self.units.left, extent.left, self.options), snap(self.units.right, extent.right, self.options))
    }

    /// Adds a passage that is one pair and nothing else.
    pub(super) fn add_pair(&mut self, pair: u32) {
        self.all.push(Held(pair));
    }

    /// Adds a passage that has grown, with the extent that it has with its neighbours, and with all its runs.
    pub(super) fn add_grown(&mut self, growing: &Growing, extent: Extent, runs: &[Run]) {
        let members = growing.members.iter().map(|&member| &self.matches.all()[member as usize]);
        let sketch = Sketch {
            units: self.stretch(extent),
            weight: members.clone().map(|pair| pair.told.bits).sum(),
            plain: members.map(|pair| pair.told.plain).sum(),
            score: growing.score(self.options),
        };
        let first_run = self.runs.len() as u32;
        self.runs.extend_from_slice(runs);
        self.all.push(Held(Held::GROWN | self.grown.len() as u32));
        self.grown.push((sketch, (first_run, self.runs.len() as u32)));
    }

    /// A passage by its index.
    pub(super) fn get(&self, index: u32) -> Sketch {
        match self.all[index as usize].which() {
            Which::Grown(grown) => self.grown[grown].0,
            Which::Pair(pair) => {
                let pair = &self.matches.all()[pair];
                Sketch {
                    units: self.stretch(pair.extent()),
                    weight: pair.told.bits,
                    plain: pair.told.plain,
                    score: score_of_pair(pair, self.weight, self.options),
                }
            }
        }
    }

    /// Bits of what corresponds in a passage.
    pub(super) fn weight(&self, index: u32) -> f32 {
        match self.all[index as usize].which() {
            Which::Grown(grown) => self.grown[grown].0.weight,
            Which::Pair(pair) => self.matches.all()[pair].told.bits,
        }
    }

    /// The runs of a passage.
    pub(super) fn runs(&self, index: u32, out: &mut Vec<Run>) {
        out.clear();
        match self.all[index as usize].which() {
            Which::Grown(grown) => {
                let (first, end) = self.grown[grown].1;
                out.extend_from_slice(&self.runs[first as usize..end as usize]);
            }
            Which::Pair(pair) => out.extend(self.matches.runs(&self.matches.all()[pair])),
        }
    }

    /// The characters of both stretches of a passage.
    pub(super) fn spans(&self, sketch: &Sketch) -> Pair<Span<Normalized>> {
        let Pair { left, right } = sketch.units;
        Pair::new(self.units.left.span(left.0..left.1), self.units.right.span(right.0..right.1))
    }
}

/// An end that leaves little of its clause unmatched takes the whole clause.
fn snap(units: &Units, range: (u32, u32), options: &ChainOptions) -> (u32, u32) {
    let little = |rest: u32, piece: &std::ops::Range<u32>| {
        rest <= options.edge_units && rest as f32 <= options.edge_share * (piece.end - piece.start) as f32
    };
    let first = &units.piece_at(range.0).units;
    let last = &units.piece_at(range.1 - 1).units;
    let start = if little(range.0 - first.start, first) { first.start } else { range.0 };
    let end = if little(last.end - range.1, last) { last.end } else { range.1 };
    (start, end)
}

/// An index behind a weight, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weighed(u64);

impl Weighed {
    /// The index.
    pub(super) fn index(self) -> u32 {
        self.0 as u32
    }

    fn weighs_as(self, other: Self) -> bool {
        self.0 >> 32 == other.0 >> 32
    }
}

/// Indexes with their weights, heaviest first; `sort_equal` brings those of one weight into their order, which have ascended
/// until then.
///
/// What is compared lies side by side: half a million weights all over memory would be waited for one by one.
pub(super) fn heaviest_first(
    weights: impl Iterator<Item = (u32, f32)>,
    sort_equal: impl Fn(&mut [Weighed], &mut Polls<'_>) -> Result<(), Cancelled>,
    polls: &mut Polls<'_>,
) -> Result<Vec<Weighed>, Cancelled> {
    let weighed = |(index, weight)| Weighed(u64::from(descending(weight)) << 32 | u64::from(index));
    let mut all: Vec<Weighed> = weights.map(weighed).collect();
    cancel::sort_by_key(&mut all, &|weighed| *weighed, polls)?;
    for equal in all.chunk_by_mut(|one, other| one.weighs_as(*other)) {
        polls.step()?;
        if equal.len() > 1 {
            sort_equal(equal, polls)?;
        }
    }
    Ok(all)
}

/// A number that is smaller for a heavier weight, in the order of `f32::total_cmp`.
pub(in crate::compare) fn descending(weight: f32) -> u32 {
    let bits = weight.to_bits();
    // Of negative numbers the larger ones have the smaller bits.
    let ascending = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    !ascending
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::cancel::Cancel;

    proptest! {
        #[test]
        fn the_order_is_that_of_a_plain_sort(
            items in proptest::collection::vec((prop_oneof![Just(1.5_f32), Just(-0.0), any::<f32>()], 0_u64..3, 0_u64..3), 0..40),
        ) {
            let mut expected: Vec<u32> = (0..items.len() as u32).collect();
            expected.sort_by(|one, other| {
                let (one, other) = (items[*one as usize], items[*other as usize]);
                other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2)))
            });
            let weights = (0..).zip(&items).map(|(index, item)| (index, item.0));
            let place = |weighed: &Weighed| (items[weighed.index() as usize].1, items[weighed.index() as usize].2);
            let sort_equal = |equal: &mut [Weighed], polls: &mut Polls<'_>| cancel::sort_by_key(equal, &place, polls);
            let cancel = Cancel::new();
            let found = heaviest_first(weights, sort_equal, &mut Polls::new(&cancel)).expect("nobody cancels");
            prop_assert_eq!(found.into_iter().map(Weighed::index).collect::<Vec<u32>>(), expected);
        }
    }
}
