//! What became of the directive's items and paragraphs, with the strongest passage as evidence.
//!
//! In: a comparison, the directive's units. Out: a [`Coverage`] an item and a paragraph. A unit came back where an edit
//! script of a passage holds it as equal or localised; formula counts, since the question is whether the point came back
//! and not whose wording it is. Cost: linear in the passages' lengths, and passages times paragraphs.

use super::finding::Coverage;
use super::fingerprint::Reading;
use crate::compare::comparison::{BeadKind, Comparison, EditKind, EditOp, Fate, Passage, PassageForm};
use crate::text::span::{Raw, Span};

/// Share below which nothing came back. The bounds are those of `compare::fate`.
const MIN_SHARE: f64 = 0.2;
/// Share from which it came back whole.
const WHOLE_SHARE: f64 = 0.6;
/// Share that must be found in a second paragraph for a paragraph to be split.
const SPLIT_SHARE: f64 = 0.25;
/// Share from which it came back without losses.
const KEPT_SHARE: f64 = 0.9;

/// Items: the comparison says their fate; the strongest passage is added.
pub fn items(comparison: &Comparison, directive: &Reading) -> Vec<Coverage> {
    comparison
        .items
        .iter()
        .map(|item| Coverage {
            fate: item.fate,
            share: item.coverage,
            strongest_passage: strongest(&comparison.passages, item.left, directive),
        })
        .collect()
}

/// Paragraphs.
pub fn paragraphs(comparison: &Comparison, directive: &Reading) -> Vec<Coverage> {
    let passages = &comparison.passages;
    let back: Vec<Vec<Span<Raw>>> = passages.iter().map(stretches_back).collect();
    let mut came_back = vec![false; directive.spans.len()];
    for span in back.iter().flatten() {
        came_back[directive.inside(*span)].fill(true);
    }
    let outline = comparison.outlines.left.paragraphs.iter().enumerate();
    outline
        .map(|(index, paragraph)| {
            let inside = directive.inside(paragraph.span);
            let total = inside.len().max(1) as f64;
            let mut share = came_back[inside].iter().filter(|unit| **unit).count() as f64 / total;
            let linked = comparison.links.iter().filter(|link| link.left as usize == index);
            share = linked.map(|link| link.left_coverage).fold(share, f64::max).min(1.0);
            Coverage {
                fate: paragraph_fate(comparison, index as u32, share, &back, directive),
                share,
                strongest_passage: strongest(passages, paragraph.span, directive),
            }
        })
        .collect()
}

fn paragraph_fate(
    comparison: &Comparison,
    index: u32,
    share: f64,
    back: &[Vec<Span<Raw>>],
    directive: &Reading,
) -> Fate {
    if share < MIN_SHARE {
        return Fate::Silent;
    }
    if share < WHOLE_SHARE {
        return Fate::Partial;
    }
    let paragraph = comparison.outlines.left.paragraphs[index as usize].span;
    let total = directive.inside(paragraph).len().max(1) as f64;
    // Share of the paragraph that each right paragraph holds.
    let mut places: std::collections::BTreeMap<usize, f64> = std::collections::BTreeMap::new();
    let mut adapted = false;
    for (passage, spans) in comparison.passages.iter().zip(back) {
        if !passage.left.overlaps(paragraph) {
            continue;
        }
        adapted |= passage.form == PassageForm::Adapted;
        let units: usize = spans.iter().map(|span| directive.inside(span.intersection(paragraph)).len()).sum();
        let right = &comparison.outlines.right.paragraphs;
        let place = right.partition_point(|place| place.span.end() <= passage.right.start());
        *places.entry(place).or_default() += units as f64 / total;
    }
    let bead = comparison.beads.iter().find(|bead| bead.left.contains(&index));
    let kind = bead.map(|bead| bead.kind);
    if kind == Some(BeadKind::Split) || places.values().filter(|share| **share >= SPLIT_SHARE).count() > 1 {
        Fate::Split
    } else if matches!(kind, Some(BeadKind::Merge | BeadKind::ManyToMany)) {
        Fate::Merged
    } else if bead.is_some_and(|bead| bead.moved) {
        Fate::Moved
    } else if adapted || share < KEPT_SHARE {
        Fate::Adapted
    } else {
        Fate::Kept
    }
}

/// The left stretches of a passage that came back, word for word or localised.
fn stretches_back(passage: &Passage) -> Vec<Span<Raw>> {
    if passage.edits.is_empty() {
        return vec![passage.left];
    }
    let back = passage.edits.iter().filter(|edit| {
        edit.op() == EditOp::Equal || matches!(edit.kind, Some(EditKind::Localization | EditKind::Reordering))
    });
    back.map(|edit| edit.left).collect()
}

/// The passage that tells most about a part of the directive; echo goes before formula.
fn strongest(passages: &[Passage], part: Span<Raw>, directive: &Reading) -> Option<u32> {
    let told = |passage: &Passage| {
        let all: f32 = directive.bits[directive.inside(passage.left)].iter().sum();
        let here: f32 = directive.bits[directive.inside(passage.left.intersection(part))].iter().sum();
        passage.weight * f64::from(if all > 0.0 { here / all } else { 0.0 })
    };
    let candidates = passages.iter().enumerate().filter(|(_, passage)| passage.left.overlaps(part));
    let best = candidates.max_by(|(i, a), (j, b)| {
        let by_sort = a.is_echo().cmp(&b.is_echo());
        by_sort.then_with(|| told(a).total_cmp(&told(b))).then_with(|| j.cmp(i))
    });
    best.map(|(index, _)| index as u32)
}
