//! Paragraphs that say the same, label apart: they belong together before anything else is weighed.
//!
//! In: both analyses. Out: pairs of paragraphs, each in at most one pair. First those on a longest common subsequence
//! of paragraphs, so that repeated ones are paired in order; then what was moved and stands once among what is left.
//! Always: swapping the documents swaps the pairs. Cost: that of a diff over paragraphs.

use rustc_hash::FxHashMap;

use crate::compare::diff::{OpKind, edit_script};
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, Polls, StepBudget};
use crate::text::paragraph::ParagraphRole;
use crate::text::span::Pair;

/// Pairs the identical paragraphs of two documents, sorted by left index.
pub fn identical_paragraphs(
    analyses: Pair<&Analysis>,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<Vec<(u32, u32)>, Cancelled> {
    // Of equally long subsequences the diff takes one by the order of its sides, so the texts say which side is first.
    let turned = analyses.left.paragraphs.len() == analyses.right.paragraphs.len()
        && bodies(analyses.right).lt(bodies(analyses.left));
    if !turned {
        return in_order(analyses, budget, cancel);
    }
    let mut pairs = in_order(analyses.swap(), budget, cancel)?;
    pairs.iter_mut().for_each(|pair| *pair = (pair.1, pair.0));
    pairs.sort_unstable();
    Ok(pairs)
}

/// The paragraphs of a document without their labels.
fn bodies(analysis: &Analysis) -> impl Iterator<Item = &[char]> {
    analysis.paragraphs.iter().map(|paragraph| analysis.text.slice(paragraph.body()))
}

/// Pairs the identical paragraphs, where of several answers the left document's order decides.
fn in_order(analyses: Pair<&Analysis>, budget: &mut StepBudget, cancel: &Cancel) -> Result<Vec<(u32, u32)>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let mut numbers: FxHashMap<&[char], u32> = FxHashMap::default();
    let ids = analyses.map(|analysis| {
        let body = analysis.paragraphs.iter().map(|paragraph| {
            polls.steps(paragraph.span.len())?;
            if paragraph.role == ParagraphRole::Furniture {
                return Ok(u32::MAX);
            }
            let fresh = numbers.len() as u32;
            Ok(*numbers.entry(analysis.text.slice(paragraph.body())).or_insert(fresh))
        });
        body.collect::<Result<Vec<u32>, Cancelled>>()
    });
    let ids = Pair::new(ids.left?, ids.right?);
    drop(numbers);
    // Furniture never matches: on the right it is another number than on the left.
    let left = ids.left;
    let right: Vec<u32> = ids.right.into_iter().map(|id| if id == u32::MAX { u32::MAX - 1 } else { id }).collect();
    let script = edit_script(&left, &right, budget, cancel)?;
    let mut pairs = Vec::new();
    let mut paired = Pair::new(vec![false; left.len()], vec![false; right.len()]);
    for op in script.ops.iter().filter(|op| op.kind == OpKind::Equal) {
        for (l, r) in op.left.clone().zip(op.right.clone()) {
            pairs.push((l, r));
            paired.left[l as usize] = true;
            paired.right[r as usize] = true;
        }
    }
    drop(script);
    let mut once: FxHashMap<u32, (u32, u32, u32, u32)> = FxHashMap::default();
    for (at, id) in left.iter().enumerate().filter(|(at, _)| !paired.left[*at]) {
        let entry = once.entry(*id).or_default();
        (entry.0, entry.1) = (entry.0 + 1, at as u32);
    }
    for (at, id) in right.iter().enumerate().filter(|(at, _)| !paired.right[*at]) {
        let entry = once.entry(*id).or_default();
        (entry.2, entry.3) = (entry.2 + 1, at as u32);
    }
    pairs.extend(once.into_values().filter(|e| e.0 == 1 && e.2 == 1).map(|e| (e.1, e.3)));
    pairs.sort_unstable();
    Ok(pairs)
}
