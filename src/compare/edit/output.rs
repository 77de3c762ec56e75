//! Pieces as edits in raw coordinates.
//!
//! In: pieces in order. Out: [`Edit`]s whose raw spans follow one another without gap or overlap inside each span.
//! Ignored blanks between two pieces go to the equal one of them; a border that would cut a raw character (㎡ is m2
//! once normalised) is given up.

use super::EditContext;
use super::piece::{Piece, cover};
use super::sequence::Sequence;
use crate::compare::comparison::Edit;
use crate::compare::comparison::EditKind;
use crate::text::normalize::NormalizedText;
use crate::text::span::{Normalized, Pair, Raw, Span};

/// The edits of pieces.
pub(super) fn edits(context: &EditContext<'_>, words: Pair<&Sequence>, pieces: Vec<Piece>) -> Vec<Edit> {
    let texts = context.texts();
    let pieces = keep_characters_whole(texts, pieces);
    let raw = Pair::new(
        raw_spans(texts.left, words.left, &pieces, |piece| piece.spans.left),
        raw_spans(texts.right, words.right, &pieces, |piece| piece.spans.right),
    );
    pieces
        .into_iter()
        .zip(raw.left.into_iter().zip(raw.right))
        .map(|(piece, (left, right))| Edit {
            op: piece.op(),
            left,
            right,
            kind: match piece.state {
                super::piece::State::Equal => None,
                super::piece::State::Changed(kind) => Some(kind),
            },
        })
        .collect()
}

/// Joins pieces whose border would cut a raw character.
fn keep_characters_whole(texts: Pair<&NormalizedText>, mut pieces: Vec<Piece>) -> Vec<Piece> {
    let cuts = |text: &NormalizedText, before: Span<Normalized>, behind: Span<Normalized>| {
        let at = behind.start();
        at > 0
            && before.end() == at
            && (at as usize) < text.characters().len()
            && text.to_raw(Span::new(at - 1, at)).end() > text.to_raw(Span::new(at, at + 1)).start()
    };
    pieces.dedup_by(|piece, last| {
        let cut = cuts(texts.left, last.spans.left, piece.spans.left)
            || cuts(texts.right, last.spans.right, piece.spans.right);
        if cut {
            let both_equal = last.is_equal() && piece.is_equal();
            let spans = cover(last, piece);
            *last = if both_equal { Piece::equal(spans) } else { Piece::changed(spans, Some(EditKind::Other)) };
        }
        cut
    });
    pieces
}

/// Raw spans of one side of the pieces.
fn raw_spans(
    text: &NormalizedText,
    words: &Sequence,
    pieces: &[Piece],
    side: impl Fn(&Piece) -> Span<Normalized>,
) -> Vec<Span<Raw>> {
    let mut out: Vec<Span<Raw>> = Vec::with_capacity(pieces.len());
    // The last piece that is not empty on this side, and where this side has got to.
    let mut before: Option<usize> = None;
    let mut reached = words.words.first().map_or(0, |first| text.to_raw(*first).start());
    for (index, piece) in pieces.iter().enumerate() {
        let span = side(piece);
        if span.is_empty() {
            out.push(Span::new(reached, reached));
            continue;
        }
        let mut raw = text.to_raw(span);
        if let Some(last) = before
            && side(&pieces[last]).end() == span.start()
            && raw.start() > reached
        {
            if pieces[last].is_equal() && !piece.is_equal() {
                out[last] = Span::new(out[last].start(), raw.start());
                for empty in &mut out[last + 1..] {
                    *empty = Span::new(raw.start(), raw.start());
                }
            } else {
                raw = Span::new(reached, raw.end());
            }
        }
        reached = raw.end();
        before = Some(index);
        out.push(raw);
    }
    out
}
