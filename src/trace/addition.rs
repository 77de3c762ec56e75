//! Local additions: what the resolution says and the directive does not.
//!
//! In: the resolution's analysis and units, its passages, the hashes of the directive's runs. Out: stretches of
//! neighbouring clauses of one sentence that no passage covers, most telling first: bits of rarity in the background, of
//! units that the directive does not hold. Headings and what was not said by the author are left out. Cost: linear.

use rustc_hash::FxHashSet;

use super::finding::{Addition, Attribution};
use super::fingerprint::{Reading, SHINGLE_UNITS};
use crate::compare::comparison::{ParagraphRole, Passage};
use crate::text::analysis::Analysis;
use crate::text::span::{Normalized, Span};

/// Bits below which an addition is not listed: a few common words.
const MIN_BITS: f64 = 12.0;
/// Share of a clause that passages must cover for it to be no addition.
const COVERED_SHARE: f64 = 0.5;

/// Finds the additions; their attribution is still empty.
pub fn additions(
    analysis: &Analysis,
    reading: &Reading,
    passages: &[Passage],
    directive: &FxHashSet<u32>,
) -> Vec<Addition> {
    let mut covered = vec![false; reading.spans.len()];
    for passage in passages {
        covered[reading.inside(passage.right)].fill(true);
    }
    // What the directive says somewhere adds nothing, but stands inside of what is added.
    let mut known = covered.clone();
    for (at, hash) in reading.shingles() {
        if directive.contains(&hash) {
            known[at..at + SHINGLE_UNITS].fill(true);
        }
    }
    let mut found: Vec<Addition> = Vec::new();
    let mut open: Option<(u32, Span<Normalized>)> = None;
    let mut close = |open: Option<(u32, Span<Normalized>)>| {
        let Some((_, span)) = open else { return };
        let span = analysis.text.to_raw(span);
        let inside = reading.inside(span);
        let bits = |unit: &usize| !known[*unit];
        let weight: f64 = inside.clone().filter(bits).map(|unit| f64::from(reading.bits[unit])).sum();
        if weight >= MIN_BITS {
            let specificity = weight / inside.len().max(1) as f64;
            found.push(Addition { span, weight, specificity, attribution: Attribution::default() });
        }
    };
    for clause in &analysis.clauses {
        let sentence = analysis.sentences[clause.sentence as usize];
        let body = analysis.paragraphs[sentence.paragraph as usize].role == ParagraphRole::Body;
        let inside = units_of(reading, clause.span);
        let known = covered[inside.clone()].iter().filter(|unit| **unit).count() as f64;
        let adds = body && known < COVERED_SHARE * inside.len() as f64;
        open = match open.take() {
            Some((of, span)) if adds && of == clause.sentence => Some((of, span.cover(clause.span))),
            before => {
                close(before);
                adds.then_some((clause.sentence, clause.span))
            }
        };
    }
    close(open);
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.span.cmp(&b.span)));
    found
}

fn units_of(reading: &Reading, span: Span<Normalized>) -> std::ops::Range<usize> {
    let first = reading.units.starts.partition_point(|start| *start < span.start());
    let last = reading.units.starts.partition_point(|start| *start < span.end());
    first..last
}
