//! Word edits between two stretches of two documents.

use super::comparison::{Edit, EditKind, EditOp, StageEnd};
use super::diff::{OpKind, edit_script};
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::span::{Normalized, Pair, Span};
use crate::text::token::SharedVocabulary;

/// What the edits of one pair of documents share.
#[derive(Debug)]
pub struct EditContext<'a> {
    analyses: Pair<&'a Analysis>,
    vocabulary: SharedVocabulary,
}

impl<'a> EditContext<'a> {
    /// Numbers the words of both documents alike.
    pub fn new(analyses: Pair<&'a Analysis>) -> Self {
        let texts = Pair::new(&analyses.left.text, &analyses.right.text);
        let tokens = Pair::new(&analyses.left.tokens, &analyses.right.tokens);
        Self { analyses, vocabulary: SharedVocabulary::new(texts, tokens) }
    }
}

/// The edits from the left to the right stretches.
pub fn edits(
    context: &EditContext<'_>,
    left: &[Span<Normalized>],
    right: &[Span<Normalized>],
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<(Vec<Edit>, StageEnd), Cancelled> {
    let words = |analysis: &Analysis, numbers: &[u32], spans: &[Span<Normalized>]| {
        let mut ids = Vec::new();
        let mut at = Vec::new();
        for span in spans {
            for token in &analysis.tokens.all()[std::ops::Range {
                start: analysis.tokens.inside(*span).start as usize,
                end: analysis.tokens.inside(*span).end as usize,
            }] {
                ids.push(numbers[token.word as usize]);
                at.push(token.span.intersection(*span));
            }
        }
        (ids, at)
    };
    let (left_ids, left_at) = words(context.analyses.left, &context.vocabulary.numbers.left, left);
    let (right_ids, right_at) = words(context.analyses.right, &context.vocabulary.numbers.right, right);
    let script = edit_script(&left_ids, &right_ids, budget, cancel)?;
    let raw = |analysis: &Analysis, at: &[Span<Normalized>], range: std::ops::Range<u32>, start: u32| {
        match (at.get(range.start as usize), range.is_empty()) {
            (Some(first), false) => analysis.text.to_raw(first.cover(at[range.end as usize - 1])),
            (Some(first), true) => analysis.text.to_raw(Span::new(first.start(), first.start())),
            (None, _) => {
                let end = at.last().map_or(start, |last| last.end());
                analysis.text.to_raw(Span::new(end, end))
            }
        }
    };
    let edits = script.ops.iter().map(|op| {
        let (kind, edit_op) = match op.kind {
            OpKind::Equal => (None, EditOp::Equal),
            OpKind::Delete => (Some(EditKind::Omission), EditOp::Delete),
            OpKind::Insert => (Some(EditKind::Addition), EditOp::Insert),
            OpKind::Replace => (Some(EditKind::Other), EditOp::Replace),
        };
        Edit {
            op: edit_op,
            left: raw(context.analyses.left, &left_at, op.left.clone(), left.first().map_or(0, |s| s.start())),
            right: raw(context.analyses.right, &right_at, op.right.clone(), right.first().map_or(0, |s| s.start())),
            kind,
        }
    });
    Ok((edits.collect(), script.end))
}
