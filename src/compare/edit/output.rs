//! Pieces as edits in raw coordinates.
//!
//! In: pieces in order. Out: [`Edit`]s whose raw spans follow one another without gap or overlap inside each span.
//! Ignored blanks between two pieces go to the equal one of them; a border that would cut a raw character (㎡ is m2
//! once normalised) is given up.

use super::EditContext;
use super::piece::{Piece, cover};
use crate::compare::comparison::Edit;
use crate::compare::comparison::EditKind;
use crate::text::normalize::NormalizedText;
use crate::text::span::{Normalized, Pair, Raw, Side, Span};

/// The edits of pieces; the first words of both sides say where an edit without words stands before all others.
pub(super) fn edits(
    context: &EditContext<'_>,
    first_words: Pair<Option<Span<Normalized>>>,
    pieces: Vec<Piece>,
) -> Vec<Edit> {
    let texts = context.texts();
    let pieces = keep_characters_whole(texts, pieces);
    let raw = Pair::new(
        raw_spans(texts.left, first_words.left, &pieces, |piece| piece.spans.left),
        raw_spans(texts.right, first_words.right, &pieces, |piece| piece.spans.right),
    );
    // Edits and pieces are of one size, so that they are written over them, and only what is left over is let go.
    let mut edits: Vec<Edit> = pieces
        .into_iter()
        .zip(raw.left.into_iter().zip(raw.right))
        .map(|(piece, (left, right))| Edit {
            left,
            right,
            kind: match piece.state {
                super::piece::State::Equal => None,
                super::piece::State::Changed(kind) => Some(kind),
            },
        })
        .collect();
    edits.shrink_to_fit();
    edits
}

/// Joins pieces whose border would cut a raw character. Where a paragraph ends between them on the other side, they stay
/// two, and the character goes to the first.
fn keep_characters_whole(texts: Pair<&NormalizedText>, pieces: Vec<Piece>) -> Vec<Piece> {
    let cuts = |last: &Piece, piece: &Piece| {
        let cut = |side: Side| cut_characters(texts.get(side), *last.spans.get(side), *piece.spans.get(side));
        Pair::new(cut(Side::Left), cut(Side::Right))
    };
    // Hardly any text holds a character that is several once it is normalised.
    let may_cut = texts.left.may_share_raw_characters() || texts.right.may_share_raw_characters();
    if !may_cut || pieces.windows(2).all(|two| cuts(&two[0], &two[1]) == Pair::new(0, 0)) {
        return pieces;
    }
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for mut piece in pieces {
        let Some(last) = out.last_mut() else {
            out.push(piece);
            continue;
        };
        let cuts = cuts(last, &piece);
        // Such a stretch has given its front away already.
        let gave = |side: Side| *cuts.get(side) > 0 && last.spans.get(side).is_empty();
        let parted = is_gap(last.spans.left, piece.spans.left) || is_gap(last.spans.right, piece.spans.right);
        if cuts == Pair::new(0, 0) {
            out.push(piece);
        } else if parted || Side::BOTH.into_iter().any(gave) {
            let was_equal = piece.is_equal();
            for side in Side::BOTH {
                give_front(texts, &mut out, &mut piece, side, *cuts.get(side));
            }
            let is_empty = piece.spans.left.is_empty() && piece.spans.right.is_empty();
            let piece = if was_equal || piece.spans.left.is_empty() || piece.spans.right.is_empty() {
                of_whole_characters(texts, piece.spans)
            } else {
                piece
            };
            out.extend((!is_empty).then_some(piece));
        } else {
            let spans = cover(last, &piece);
            *last = of_whole_characters(texts, spans);
        }
    }
    out
}

/// A piece whose borders were moved to those of raw characters.
fn of_whole_characters(texts: Pair<&NormalizedText>, spans: Pair<Span<Normalized>>) -> Piece {
    let whole = Pair::new(whole_characters(texts.left, spans.left), whole_characters(texts.right, spans.right));
    if texts.left.slice(whole.left) == texts.right.slice(whole.right) {
        return Piece::equal(spans);
    }
    let is_replacement = !spans.left.is_empty() && !spans.right.is_empty();
    Piece::changed(spans, is_replacement.then_some(EditKind::Other))
}

/// A stretch with the rest of the raw characters that it cuts at either end, as it is quoted.
fn whole_characters(text: &NormalizedText, span: Span<Normalized>) -> Span<Normalized> {
    if span.is_empty() {
        return span;
    }
    let end = span.end() + cut_characters(text, span, Span::new(span.end(), span.end()));
    let raw_start = text.to_raw(Span::new(span.start(), span.start() + 1)).start();
    let cut = |at: &u32| text.to_raw(Span::new(*at, at + 1)).end() > raw_start;
    let start = (0..span.start()).rev().take_while(cut).last().unwrap_or(span.start());
    Span::new(start, end)
}

/// Characters at the front of a stretch that stand for the same raw character as the end of the stretch before it.
fn cut_characters(text: &NormalizedText, before: Span<Normalized>, behind: Span<Normalized>) -> u32 {
    let at = behind.start();
    if at == 0 || before.end() != at || at as usize >= text.characters().len() {
        return 0;
    }
    let raw_end = text.to_raw(Span::new(at - 1, at)).end();
    let shared =
        (at..text.characters().len() as u32).take_while(|at| text.to_raw(Span::new(*at, at + 1)).start() < raw_end);
    shared.count() as u32
}

/// Whether something stands between two stretches that are not empty.
fn is_gap(before: Span<Normalized>, behind: Span<Normalized>) -> bool {
    !before.is_empty() && !behind.is_empty() && before.end() < behind.start()
}

/// Gives characters at the front of a piece on one side to the last piece before it that is not empty there.
fn give_front(texts: Pair<&NormalizedText>, out: &mut [Piece], piece: &mut Piece, side: Side, characters: u32) {
    let span = *piece.spans.get(side);
    let characters = characters.min(span.len());
    if characters == 0 {
        return;
    }
    let start = span.start() + characters;
    *piece.spans.get_mut(side) = Span::new(start, span.end());
    for before in out.iter_mut().rev() {
        let span = *before.spans.get(side);
        if span.is_empty() {
            *before.spans.get_mut(side) = Span::new(start, start);
            continue;
        }
        *before.spans.get_mut(side) = Span::new(span.start(), start);
        *before = of_whole_characters(texts, before.spans);
        return;
    }
}

/// Raw spans of one side of the pieces.
fn raw_spans(
    text: &NormalizedText,
    first_word: Option<Span<Normalized>>,
    pieces: &[Piece],
    side: impl Fn(&Piece) -> Span<Normalized>,
) -> Vec<Span<Raw>> {
    let mut out: Vec<Span<Raw>> = Vec::with_capacity(pieces.len());
    // The last piece that is not empty on this side, and where this side has got to.
    let mut before: Option<usize> = None;
    let mut reached = first_word.map_or(0, |first| text.to_raw(first).start());
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
