//! What became of the left document's items, and how much echo there is in all.
//!
//! In: items, passages, links. Out: each item's [`Fate`] with where it went, and the [`Score`] in its parts.
//! An item is covered where a passage or a linked paragraph answers it; formula answers an item too, since the question
//! here is whether the point came back and not whose wording it is.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::align::Candidate;
use super::align::bead::Group;
use super::align::order::heaviest_chain;
use super::comparison::{Fate, Item, PassageForm, Score};
use super::matching::{MAX_PIECE_UNITS, Units};
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, Polls};
use crate::text::item;
use crate::text::span::{Normalized, Pair, Span};

/// A passage as items and scores see it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The left stretch.
    pub left: Span<Normalized>,
    /// The right stretch.
    pub right: Span<Normalized>,
    /// How closely the wording is kept.
    pub form: PassageForm,
    /// Whether it counts as echo.
    pub is_echo: bool,
    /// Bits it tells.
    pub weight: f32,
    /// Left units that correspond: first and length, ascending.
    pub runs: Vec<(u32, u32)>,
}

/// Share of an item below which nothing of it came back.
const MIN_COVERAGE: f64 = 0.2;
/// Share of an item from which it came back whole.
const WHOLE_COVERAGE: f64 = 0.6;
/// Share of an item that must be found in another place for the item to be split.
const SPLIT_SHARE: f64 = 0.25;
/// Places listed for an item.
const MAX_PLACES: usize = 8;

/// Gives every item of the left document its fate.
pub fn fates(
    analyses: Pair<&Analysis>,
    units: Pair<&Units>,
    answers: &[Answer],
    links: &[Candidate],
    cancel: &Cancel,
) -> Result<Vec<Item>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let items = &analyses.left.items;
    // Answers are sorted by where they begin; none before the first that reaches so far can touch an item.
    let reached: Vec<u32> = answers
        .iter()
        .scan(0, |end, answer| {
            *end = answer.left.end().max(*end);
            Some(*end)
        })
        .collect();
    let touching = |span: Span<Normalized>| {
        let first = reached.partition_point(|end| *end <= span.start());
        let last = answers.partition_point(|answer| answer.left.start() < span.end());
        &answers[first.min(last)..last]
    };
    let mut places = Vec::with_capacity(items.len());
    for item in items {
        places.push(Places::of(item, analyses, units, touching(item.span), links, &mut polls)?);
    }
    let main: Vec<(u32, u32, f64)> = places
        .iter()
        .enumerate()
        .filter_map(|(index, place)| Some((index as u32, place.found.first()?.right.start(), place.coverage)))
        .collect();
    // Order is judged among items of one depth, since an item and its parent stand at one place.
    let mut moved = vec![false; items.len()];
    let mut levels: BTreeMap<u32, Vec<(u32, u32, f64)>> = BTreeMap::new();
    for place in main {
        levels.entry(items[place.0 as usize].depth).or_default().push(place);
    }
    for level in levels.values() {
        for ((index, ..), on_chain) in level.iter().zip(heaviest_chain(level)) {
            moved[*index as usize] = !on_chain;
        }
    }
    let sentence_of = |span: Span<Normalized>| {
        analyses.right.sentences.partition_point(|sentence| sentence.span.end() <= span.start())
    };
    let homes: Vec<Option<usize>> =
        places.iter().map(|place| place.found.first().map(|f| sentence_of(f.right))).collect();
    let mut at_home: FxHashMap<(u32, usize), u32> = FxHashMap::default();
    for (item, home) in items.iter().zip(&homes) {
        home.iter().for_each(|home| *at_home.entry((item.depth, *home)).or_default() += 1);
    }
    let fates = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let shares_home = homes[index].is_some_and(|home| at_home[&(item.depth, home)] > 1);
            let place = std::mem::take(&mut places[index]);
            Item {
                left: analyses.left.text.to_raw(item.span),
                label: analyses.left.text.to_raw(item.label),
                depth: item.depth,
                paragraph: item.paragraph,
                fate: place.fate(moved[index], shares_home),
                right: place.found.iter().take(MAX_PLACES).map(|f| analyses.right.text.to_raw(f.right)).collect(),
                coverage: place.coverage,
            }
        })
        .collect();
    Ok(fates)
}

/// Stretches as disjoint ones, ascending.
fn merged(mut spans: Vec<Span<Normalized>>) -> Vec<Span<Normalized>> {
    spans.sort_unstable();
    spans.dedup_by(|span, last| {
        let joins = span.start() <= last.end();
        if joins {
            *last = last.cover(*span);
        }
        joins
    });
    spans
}

/// A place where part of an item came back.
#[derive(Clone, Debug)]
struct Found {
    right: Span<Normalized>,
    /// Share of the item.
    share: f64,
    form: PassageForm,
}

/// Where an item went, largest share first.
#[derive(Clone, Debug, Default)]
struct Places {
    found: Vec<Found>,
    coverage: f64,
}

impl Places {
    fn of(
        item: &item::Item,
        analyses: Pair<&Analysis>,
        units: Pair<&Units>,
        answers: &[Answer],
        links: &[Candidate],
        polls: &mut Polls<'_>,
    ) -> Result<Self, Cancelled> {
        let first = units.left.starts.partition_point(|start| *start < item.span.start());
        let last = units.left.starts.partition_point(|start| *start < item.span.end());
        let total = (last - first).max(1) as f64;
        let mut covered = vec![false; last - first];
        let mut found: Vec<Found> = Vec::new();
        for answer in answers {
            polls.step()?;
            if !answer.left.overlaps(item.span) {
                continue;
            }
            let mut matched = 0;
            // A run is no longer than a piece, so those that reach the item begin at most so far before it.
            let near = answer.runs.partition_point(|run| (run.0 as usize) < first.saturating_sub(MAX_PIECE_UNITS));
            for &(start, length) in answer.runs[near..].iter().take_while(|run| (run.0 as usize) < last) {
                let from = (start as usize).clamp(first, last);
                let to = (start as usize + length as usize).clamp(first, last);
                polls.steps(length)?;
                matched += to - from;
                covered[from - first..to - first].fill(true);
            }
            if matched > 0 {
                found.push(Found { right: answer.right, share: matched as f64 / total, form: answer.form });
            }
        }
        let mut coverage = covered.iter().filter(|c| **c).count() as f64 / total;
        // A linked paragraph that no passage lies in is a place of its own, in other words.
        let first = analyses.left.paragraphs.partition_point(|p| p.span.start() < item.span.start());
        let inside = analyses.left.paragraphs[first..].iter().take_while(|p| p.span.end() <= item.span.end());
        let answered = merged(found.iter().map(|place| place.right).collect());
        let is_answered = |right: Span<Normalized>| {
            let first = answered.partition_point(|place| place.end() <= right.start());
            answered.get(first).is_some_and(|place| place.overlaps(right))
        };
        // Paragraphs do not overlap, so of those that links add only the same one does.
        let mut added: FxHashSet<u32> = FxHashSet::default();
        for (index, paragraph) in (first as u32..).zip(inside) {
            polls.step()?;
            let share = f64::from(paragraph.span.len()) / f64::from(item.span.len().max(1));
            let first = links.partition_point(|link| link.left < index);
            for link in links[first..].iter().take_while(|link| link.left == index) {
                let right = analyses.right.paragraphs[link.right as usize].span;
                polls.step()?;
                if !is_answered(right) && added.insert(link.right) {
                    let share = share * f64::from(link.left_coverage);
                    found.push(Found { right, share, form: PassageForm::Adapted });
                    coverage = coverage.max(share);
                }
            }
        }
        found.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.right.cmp(&b.right)));
        Ok(Self { found, coverage: coverage.min(1.0) })
    }

    fn fate(&self, moved: bool, shares_home: bool) -> Fate {
        let Some(best) = self.found.first() else { return Fate::Silent };
        if self.coverage < MIN_COVERAGE {
            return Fate::Silent;
        }
        if self.coverage < WHOLE_COVERAGE {
            return Fate::Partial;
        }
        let elsewhere = self.found.iter().skip(1).any(|f| f.share >= SPLIT_SHARE && !f.right.overlaps(best.right));
        if elsewhere {
            Fate::Split
        } else if shares_home {
            Fate::Merged
        } else if moved {
            Fate::Moved
        } else if best.form == PassageForm::Adapted || best.share < 0.9 {
            Fate::Adapted
        } else {
            Fate::Kept
        }
    }
}

/// Scores the echo in the right document.
pub fn score(
    right: &Units,
    answers: &[Answer],
    groups: &[Group],
    items: &[Item],
    cancel: &Cancel,
) -> Result<Score, Cancelled> {
    let mut polls = Polls::new(cancel);
    // 0 nothing, 1 formula, 2 adapted, 3 localised, 4 verbatim: of several answers the closest counts.
    let mut marks = vec![0u8; right.count()];
    let mut mark = |span: Span<Normalized>, kind: u8| {
        let from = right.starts.partition_point(|start| *start < span.start());
        let to = right.starts.partition_point(|start| *start < span.end());
        marks[from..to.max(from)].iter_mut().for_each(|m| *m = (*m).max(kind));
        // Marks are set many at a time.
        polls.steps(64 + (to.saturating_sub(from) / 16) as u32)
    };
    for answer in answers {
        let kind = match (answer.is_echo, answer.form) {
            (false, _) => 1,
            (true, PassageForm::Adapted) => 2,
            (true, PassageForm::Localized) => 3,
            (true, PassageForm::Verbatim) => 4,
        };
        mark(answer.right, kind)?;
    }
    // Texts are equal once normalised.
    let same = groups.iter().filter(|group| group.similarity >= 1.0).flat_map(|group| group.right.clone());
    let same: FxHashSet<u32> = same.collect();
    for piece in right.pieces.iter().filter(|piece| same.contains(&piece.paragraph)) {
        mark(piece.span, 4)?;
    }
    cancel.check()?;
    let total = marks.len().max(1) as f64;
    let share = |kind: u8| marks.iter().filter(|m| **m == kind).count() as f64 / total;
    let echoes: Vec<(u32, u32, f64)> = answers
        .iter()
        .filter(|answer| answer.is_echo)
        .map(|answer| (answer.left.start(), answer.right.start(), f64::from(answer.weight)))
        .collect();
    let weight: f64 = echoes.iter().map(|echo| echo.2).sum();
    cancel.check()?;
    let ordered: f64 = heaviest_chain(&echoes).iter().zip(&echoes).filter(|(on, _)| **on).map(|(_, echo)| echo.2).sum();
    let answered = items.iter().filter(|item| item.fate != Fate::Silent).count();
    Ok(Score {
        verbatim: share(4),
        localized: share(3),
        adapted: share(2),
        formula: share(1),
        item_coverage: (!items.is_empty()).then(|| answered as f64 / items.len() as f64),
        order: (weight > 0.0).then(|| ordered / weight),
    })
}
