//! What sort of change one replacement is.
//!
//! In: the words of both sides and the text around them. Out: an [`EditKind`], `None` when no rule knows the change. The
//! first rule that fits decides, in this order, from the surest form to the least sure:
//! punctuation; localisation; plan periods and other dates; slogans; numbers; strength; synonyms; names.
//! Localisation goes first because 省级 holds no other change; dates go before slogans because “十四五” is quoted;
//! numbers need a figure on both sides; synonyms never differ in strength, which a test of the list keeps.

use super::EditContext;
use super::name::{self, InContext};
use super::quantity::{self, Figure};
use super::{scale, strength, synonym};
use crate::compare::comparison::EditKind;
use crate::text::normalize::is_word_character;
use crate::text::place::is_short_place;
use crate::text::span::{Normalized, Pair, Span};

/// Longest quotation that counts as a slogan, in characters.
const LONGEST_SLOGAN: usize = 16;

/// Longest stretch of either side that is asked for its kind, in characters: no rule is about longer ones.
const LONGEST_CHANGE: u32 = 1024;

/// The kind of a replacement of words that differ; `None` when no rule knows it.
pub(super) fn kind_of(context: &EditContext<'_>, change: Pair<Span<Normalized>>) -> Option<EditKind> {
    if change.left.len().max(change.right.len()) > LONGEST_CHANGE {
        return None;
    }
    let texts = context.texts();
    let words = Pair::new(texts.left.slice(change.left), texts.right.slice(change.right));
    if words.left.iter().chain(words.right).all(|c| is_punctuation(*c)) {
        return Some(EditKind::Punctuation);
    }
    if words.left.is_empty() || words.right.is_empty() {
        return None;
    }
    if is_localization(context, change, words) {
        return Some(EditKind::Localization);
    }
    let figures =
        Pair::new(figure(texts.left.characters(), change.left), figure(texts.right.characters(), change.right));
    if figures.left == Some(Figure::Date) && figures.right == Some(Figure::Date) {
        return Some(EditKind::Date);
    }
    let quoted = |characters: &[char], span| is_slogan(characters, span);
    if quoted(texts.left.characters(), change.left) && quoted(texts.right.characters(), change.right) {
        return Some(EditKind::Slogan);
    }
    if let (Some(Figure::Quantity(left)), Some(Figure::Quantity(right))) = (figures.left, figures.right) {
        return Some(match quantity::same_value(&left, &right) {
            true => EditKind::Synonym,
            false => EditKind::Number { left: Some(left), right: Some(right) },
        });
    }
    if let Some(direction) = strength::direction(words.left, words.right) {
        return Some(EditKind::Strength(direction));
    }
    if synonym::are_synonyms(words.left, words.right) {
        return Some(EditKind::Synonym);
    }
    let named = |characters: &'_ [char], span: Span<Normalized>| {
        let range = span.range();
        (range.start, range.end, characters.len())
    };
    let (left, right) = (named(texts.left.characters(), change.left), named(texts.right.characters(), change.right));
    let side = |characters, (start, end, _): (usize, usize, usize)| in_context(characters, start, end);
    name::are_names(side(texts.left.characters(), left), side(texts.right.characters(), right))
        .then_some(EditKind::Name)
}

fn in_context(characters: &[char], start: usize, end: usize) -> InContext<'_> {
    InContext { before: &characters[..start], words: &characters[start..end], behind: &characters[end..] }
}

/// Whether a character is neither letter nor digit.
pub(super) fn is_punctuation(character: char) -> bool {
    !is_word_character(character)
}

fn figure(characters: &[char], span: Span<Normalized>) -> Option<Figure> {
    let range = span.range();
    quantity::figure_around(characters, range.start, range.end).map(|(_, found)| found.figure)
}

fn is_localization(context: &EditContext<'_>, change: Pair<Span<Normalized>>, words: Pair<&[char]>) -> bool {
    let own = context.own_places();
    let Pair { left, right } = words;
    let forms = Pair::new(scale::canonical(left, own), scale::canonical(right, own));
    if forms.left.is_some() && forms.left == forms.right {
        return true;
    }
    let scales = Pair::new(scale::is_scale(left, own), scale::is_scale(right, own));
    if scales.left && scales.right {
        return true;
    }
    if scales.left && scale::is_national(right) || scales.right && scale::is_national(left) {
        return true;
    }
    let is_place = |words: &[char]| scale::is_any_place(words) || scales.left && scales.right;
    if context.is_own_place(left) && is_place(right) || context.is_own_place(right) && is_place(left) {
        return true;
    }
    if context.learned(left, right) {
        return true;
    }
    // 驻粤 and 驻穗: the short name of a place behind a word of motion or station.
    let short = |characters: &[char], span: Span<Normalized>, words: &[char]| {
        let (word, before) = match words {
            [first, last] => (*last, Some(*first)),
            [one] => (*one, span.start().checked_sub(1).map(|before| characters[before as usize])),
            _ => return false,
        };
        is_short_place(word) && before.is_some_and(|before| "驻在来赴离返入".contains(before))
    };
    let texts = context.texts();
    short(texts.left.characters(), change.left, left) && short(texts.right.characters(), change.right, right)
}

/// Whether a change stands inside a short quotation, or in figures joined by plus signs.
fn is_slogan(characters: &[char], span: Span<Normalized>) -> bool {
    let range = span.range();
    if characters[range.clone()].contains(&'+') {
        return true;
    }
    let stops = |c: &char| matches!(c, '。' | '\n' | '，' | '；');
    let before =
        characters[..range.start].iter().rev().take(LONGEST_SLOGAN).find(|c| stops(c) || matches!(c, '“' | '”'));
    let behind = characters[range.end..].iter().take(LONGEST_SLOGAN).find(|c| stops(c) || matches!(c, '“' | '”'));
    let quoted_inside =
        characters.get(range.start) == Some(&'“') && range.len() > 2 && characters[range.end - 1] == '”';
    quoted_inside && range.len() <= LONGEST_SLOGAN + 2 || before == Some(&'“') && behind == Some(&'”')
}
