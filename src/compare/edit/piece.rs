//! A stretch of both sides on its way to becoming an edit.

use crate::compare::comparison::EditKind;
use crate::text::span::{Normalized, Pair, Span};

/// A stretch of both sides, in normalised characters. Pieces follow one another without gap within their spans.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Its characters on both sides.
    pub(super) spans: Pair<Span<Normalized>>,
    /// What is known about it.
    pub(super) state: State,
}

/// What is known about a piece.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Both sides say the same.
    Equal,
    /// They differ; of this kind.
    Changed(EditKind),
}

impl Piece {
    pub(super) fn equal(spans: Pair<Span<Normalized>>) -> Self {
        Self { spans, state: State::Equal }
    }

    /// A piece that differs: of `kind`, else an addition, omission or change of no known kind.
    pub(super) fn changed(spans: Pair<Span<Normalized>>, kind: Option<EditKind>) -> Self {
        let kind = kind.unwrap_or(match (spans.left.is_empty(), spans.right.is_empty()) {
            (true, _) => EditKind::Addition,
            (_, true) => EditKind::Omission,
            _ => EditKind::Other,
        });
        Self { spans, state: State::Changed(kind) }
    }

    /// Whether no rule knew what sort of change it is.
    pub(super) fn is_vague(&self) -> bool {
        matches!(self.state, State::Changed(EditKind::Other | EditKind::Addition | EditKind::Omission))
    }

    pub(super) fn is_equal(&self) -> bool {
        self.state == State::Equal
    }
}

/// Both pieces as one stretch. An empty side adds nothing: it may stand at the end of the paragraph before.
pub(super) fn cover(first: &Piece, last: &Piece) -> Pair<Span<Normalized>> {
    let join = |first: Span<Normalized>, last: Span<Normalized>| match (first.is_empty(), last.is_empty()) {
        (true, _) => last,
        (_, true) => first,
        _ => Span::new(first.start(), last.end()),
    };
    Pair::new(join(first.spans.left, last.spans.left), join(first.spans.right, last.spans.right))
}
