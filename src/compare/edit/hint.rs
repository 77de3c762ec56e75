//! Hints: which rules a character may be a matter of, by one look in place of one into every list.
//!
//! In: words. Out: [`Hints`], one bit for each question of a rule that the words may answer with yes. A bit that is not
//! set is certain, one that is set is a hint: a table of 16 kB tells characters by their lower bits alone.
//! Most words of a text begin no word of any list. Cost: a look for each character.

use std::sync::LazyLock;

use super::{name, scale, strength, synonym};
use crate::text::place;
use crate::text::word_map::signature_bit;

/// What words may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints(u16);

impl Hints {
    /// A word of the scale, or what may stand between two of them, begins with the character.
    pub(super) const SCALE: Self = Self(1);
    /// A level begins with it.
    pub(super) const LEVEL: Self = Self(1 << 1);
    /// A place begins with it.
    pub(super) const PLACE: Self = Self(1 << 2);
    /// A word of the scale of strength begins with it.
    pub(super) const DEGREE: Self = Self(1 << 3);
    /// A word that has synonyms begins with it.
    pub(super) const SYNONYM: Self = Self(1 << 4);
    /// The name of a body ends with it.
    pub(super) const BODY_END: Self = Self(1 << 5);
    /// It stands in a numeral, or before one and makes it an ordinal.
    pub(super) const NUMERAL: Self = Self(1 << 6);
    /// It is the short name of a place.
    pub(super) const SHORT_PLACE: Self = Self(1 << 7);
    /// It is a surname.
    pub(super) const SURNAME: Self = Self(1 << 8);
    /// A slogan in quotation marks begins with it, or it joins the figures of one.
    pub(super) const SLOGAN: Self = Self(1 << 9);

    /// What rules about levels and places ask: of one side one of these, of the other side maybe another one.
    pub(super) const LOCAL: Self = Self::SCALE.and(Self::LEVEL).and(Self::PLACE);

    /// Whether any of `questions` may be answered with yes.
    pub(super) fn may_be(self, questions: Self) -> bool {
        self.0 & questions.0 != 0
    }

    /// These and others.
    pub(super) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are also in `others`.
    fn only(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// What rules may find of both sides of a change, which all of them ask for, by the hints of all characters there.
    pub(super) fn of_both(left: Self, right: Self) -> Self {
        let local = if left.may_be(Self::LOCAL) && right.may_be(Self::LOCAL) { Self::LOCAL } else { Self(0) };
        Self(left.0 & right.0 & !Self::LOCAL.0).and(local)
    }
}

/// Entries of the table: a power of two, some times the characters of all lists.
const ENTRIES: usize = 1 << 13;

static TABLE: LazyLock<[Hints; ENTRIES]> = LazyLock::new(|| {
    let mut table = [Hints::default(); ENTRIES];
    let mut add = |hint: Hints, characters: &mut dyn Iterator<Item = char>| {
        characters.for_each(|character| {
            let entry = &mut table[character as usize % ENTRIES];
            *entry = entry.and(hint);
        });
    };
    add(Hints::SCALE, &mut scale::first_characters());
    add(Hints::LEVEL, &mut scale::first_characters_of_levels());
    add(Hints::PLACE, &mut place::first_characters());
    add(Hints::DEGREE, &mut strength::first_characters());
    add(Hints::SYNONYM, &mut synonym::first_characters());
    add(Hints::BODY_END, &mut name::last_characters_of_bodies());
    add(Hints::SHORT_PLACE, &mut place::short_names());
    add(Hints::SURNAME, &mut name::surnames());
    // Behind a point stands the rest of a numeral.
    add(Hints::NUMERAL, &mut "第.0123456789零〇一二两三四五六七八九十百千万亿".chars());
    add(Hints::SLOGAN, &mut "“+".chars());
    table
});

/// The hints of one character.
pub(super) fn of(character: char) -> Hints {
    TABLE[character as usize % ENTRIES]
}

/// The hints of all of some characters.
pub(super) fn of_any(characters: &[char]) -> Hints {
    let table = &*TABLE;
    characters.iter().fold(Hints::default(), |hints, character| hints.and(table[*character as usize % ENTRIES]))
}

/// The hints of words: of their first character, of their last, and of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordHints {
    /// Of the first character.
    pub(super) first: Hints,
    /// Of the last character.
    pub(super) last: Hints,
    /// Of any character.
    pub(super) any: Hints,
    /// One bit for each value of the lower bits of a character: words whose bits do not meet share no character.
    pub(super) signature: u64,
}

impl WordHints {
    /// The hints of words, as far as they are `asked` for; none for none.
    pub(super) fn of(words: &[char], asked: Hints) -> Self {
        let table = &*TABLE;
        let hints = |character: &char| table[*character as usize % ENTRIES];
        let end = |character: Option<&char>| character.map(hints).unwrap_or_default().only(asked);
        let (mut any, mut signature) = (Hints::default(), 0);
        for character in words {
            any = any.and(hints(character));
            signature |= signature_bit(*character);
        }
        Self { first: end(words.first()), last: end(words.last()), any: any.only(asked), signature }
    }
}
