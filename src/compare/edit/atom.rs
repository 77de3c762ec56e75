//! A changed stretch cut anew into words that a change can be about: figures, levels, degrees.
//!
//! In: characters and the borders of their words. Out: [`Atom`]s that cover them. The lexicon may glue 十五日内 or cut
//! 省|政府; here a figure, a phrase of the administrative scale and a word of the scale of strength stand alone, and
//! everything else stays as the lexicon cut it. Cost: linear.

use std::sync::LazyLock;

use super::hint::{self, Hints};
use super::kind::is_punctuation;
use super::quantity::{self, Figure};
use super::scale::{self, OwnPlaces};
use super::sequence::Borders;
use super::strength::{self, Degree};
use crate::text::span::{Normalized, Span};
use crate::text::word_map::CharacterSet;

/// Words that the lexicon glues to a level behind them, as in 报省 and 由市.
static PARTICLES: LazyLock<CharacterSet> =
    LazyLock::new(|| CharacterSet::new("报由向经或在对与和是及按为从到将受送请赴来给即但并跨".chars()));

/// Whether a level ends a word at `at`, behind a particle that begins it.
fn is_level_behind_particle(characters: &[char], at: u32, words: Borders<'_>) -> bool {
    at > 0
        && matches!(characters.get(at as usize), Some('省' | '市' | '区' | '县' | '州'))
        && PARTICLES.contains(characters[at as usize - 1])
        && words.is_border(at - 1)
        && words.is_border(at + 1)
}

/// What an atom is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Class {
    /// A figure.
    Figure(Figure),
    /// Words of the administrative scale, or an own place.
    Scale,
    /// A word of the scale of strength.
    Degree(Degree),
    /// One mark.
    Punctuation,
    /// Any other word.
    Word,
}

/// A word that a change can be about.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Atom {
    /// Its characters.
    pub(super) span: Span<Normalized>,
    /// What it is about.
    pub(super) class: Class,
}

/// Cuts `span` of a document's characters, and stops at the atom that is one more than `most`.
pub(super) fn atoms(
    characters: &[char],
    span: Span<Normalized>,
    words: Borders<'_>,
    own: &OwnPlaces,
    most: usize,
) -> Vec<Atom> {
    let mut out = Vec::with_capacity(most.saturating_add(1).min(span.len() as usize));
    let mut at = span.start();
    // The first word that does not end before the atom.
    let mut ahead = words.words();
    while at < span.end() && out.len() <= most {
        while ahead.first().is_some_and(|word| word.end() <= at) {
            ahead = &ahead[1..];
        }
        let whole = ahead.first().filter(|word| word.start() == at && word.end() <= span.end());
        let (length, class) = match whole.filter(|word| is_plain(&characters[word.range()])) {
            Some(word) => {
                debug_assert_eq!(next(characters, at, span.end(), words, own), (word.len(), Class::Word));
                (word.len(), Class::Word)
            }
            None => next(characters, at, span.end(), words, own),
        };
        out.push(Atom { span: Span::new(at, at + length), class });
        at += length;
    }
    out
}

/// Whether no rule of this module is about a word, by its characters: it stays as the lexicon cut it.
fn is_plain(word: &[char]) -> bool {
    let first = hint::of(word[0]);
    !first.may_be(Hints::SCALE.and(Hints::PLACE).and(Hints::DEGREE))
        && !hint::of_any(word).may_be(Hints::NUMERAL)
        && !PARTICLES.contains(word[0])
        && !is_punctuation(word[0])
}

fn next(characters: &[char], at: u32, end: u32, words: Borders<'_>, own: &OwnPlaces) -> (u32, Class) {
    let inside = &characters[at as usize..end as usize];
    let border = words.is_border(at);
    let first = hint::of(inside[0]);
    if first.may_be(Hints::NUMERAL) && (border || inside[0].is_ascii_digit()) {
        let figure = quantity::figure_at(&characters[..end as usize], at as usize);
        if let Some(found) = figure {
            return (found.characters as u32, Class::Figure(found.figure));
        }
    }
    if is_punctuation(inside[0]) {
        return (1, Class::Punctuation);
    }
    // Own places are of the gazetteer.
    let may_be_scale = first.may_be(Hints::SCALE.and(Hints::PLACE));
    if may_be_scale && (border || is_level_behind_particle(characters, at, words)) {
        let is_word = |length: usize| words.is_border(at + length as u32);
        if let Some(length) = scale::phrase_at(inside, own, is_word) {
            return (length as u32, Class::Scale);
        }
    }
    let word = words.border_behind(at).map_or(inside.len() as u32, |border| border.min(end) - at);
    if border && word > 1 && PARTICLES.contains(inside[0]) && is_level_behind_particle(characters, at + 1, words) {
        return (1, Class::Word);
    }
    // The lexicon glues 处二万元以上 and cuts 处二|万元以上: a figure with its unit stands alone inside words too, unless it
    // would end inside another word, as 一部 does in 统一|部署.
    let figure_inside = |from: u32| {
        let start = at + from;
        let found = quantity::figure_at(&characters[..end as usize], start as usize)?;
        let stop = start + found.characters as u32;
        let numeral_goes_on = characters.get((at + word) as usize).is_some_and(|next| quantity::is_numeral(*next));
        let whole = stop <= at + word || words.is_border(stop) || numeral_goes_on;
        matches!(&found.figure, Figure::Quantity(quantity) if whole && !quantity.unit.is_empty()).then_some(found)
    };
    let is_numeral = |from: &u32| hint::of(inside[*from as usize]).may_be(Hints::NUMERAL);
    for from in (0..word).filter(is_numeral) {
        match figure_inside(from) {
            Some(found) if from == 0 => return (found.characters as u32, Class::Figure(found.figure)),
            Some(_) => return (from, Class::Word),
            None => {}
        }
    }
    // A degree may be cut by the lexicon (可|以听|取), but is not looked for at the front of a longer word (推动力).
    if border
        && first.may_be(Hints::DEGREE)
        && let Some((length, degree)) = strength::degree_at(inside)
        && (length as u32 == word || length as u32 > word && length > 1)
    {
        return (length as u32, Class::Degree(degree));
    }
    (word, Class::Word)
}
