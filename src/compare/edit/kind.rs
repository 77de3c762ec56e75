//! What sort of change one replacement is.
//!
//! In: the words of both sides and the text around them. Out: an [`EditKind`], `None` when no rule knows the change. The
//! first rule that fits decides, in this order, from the surest form to the least sure:
//! punctuation; localisation; plan periods and other dates; slogans; numbers; strength; synonyms; names.
//! Localisation goes first because 省级 holds no other change; dates go before slogans because “十四五” is quoted;
//! numbers need a figure on both sides; synonyms never differ in strength, which a test of the list keeps.

use std::cell::OnceCell;
use std::rc::Rc;

use super::EditContext;
use super::hint::{self, Hints, WordHints};
use super::name::{self, InContext};
use super::quantity::{self, Figure};
use super::strength::Degree;
use super::{scale, strength, synonym};
use crate::compare::comparison::EditKind;
use crate::text::normalize::is_word_character;
use crate::text::place::is_short_place;
use crate::text::span::{Normalized, Pair, Side, Span};

/// Longest quotation that counts as a slogan, in characters.
const LONGEST_SLOGAN: usize = 16;

/// Longest stretch of either side that is asked for its kind, in characters: no rule is about longer ones.
const LONGEST_CHANGE: u32 = 1024;

/// The kind of a replacement of words that differ; `None` when no rule knows it.
pub(super) fn kind_of(context: &EditContext<'_>, change: Pair<Span<Normalized>>) -> Option<EditKind> {
    match is_long(change) {
        // Not even its characters are looked at.
        true => None,
        false => kind_among(context, change, asked(context, change)),
    }
}

/// Whether no rule is about a change because of its length.
fn is_long(change: Pair<Span<Normalized>>) -> bool {
    change.left.len().max(change.right.len()) > LONGEST_CHANGE
}

/// The kind of a replacement of which rules may find no more than what is `asked`.
pub(super) fn kind_among(context: &EditContext<'_>, change: Pair<Span<Normalized>>, asked: Hints) -> Option<EditKind> {
    if is_long(change) {
        return None;
    }
    if change.left.is_empty() || change.right.is_empty() {
        // What came or went has no kind but that of marks.
        let texts = context.texts();
        let mut characters = texts.left.slice(change.left).iter().chain(texts.right.slice(change.right));
        return characters.all(|character| is_punctuation(*character)).then_some(EditKind::Punctuation);
    }
    let facts = |side: Side| Facts::of(context, side, *change.get(side), asked);
    kind_between(context, &facts(Side::Left), &facts(Side::Right))
}

/// What rules may find of both sides of a change, or of words inside it; all else need not be asked of any of them.
pub(super) fn asked(context: &EditContext<'_>, change: Pair<Span<Normalized>>) -> Hints {
    if change.left.is_empty() || change.right.is_empty() {
        return Hints::default();
    }
    let hints = |side: Side| {
        let range = change.get(side).range();
        // A figure may go on from the character before.
        let characters = &context.analyses.get(side).text.characters()[range.start.saturating_sub(1)..range.end];
        let quotes = context.opening_quotes.get(side);
        match quote_near(quotes, range.start) {
            true => hint::of_any(characters).and(Hints::SLOGAN),
            false => hint::of_any(characters),
        }
    };
    Hints::of_both(hints(Side::Left), hints(Side::Right))
}

/// What the rules ask about one side of a change, read when a rule first asks: most changes are settled by the first
/// questions, and a word is compared with many others.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// Never empty: what came or went is no matter of the rules.
    pub(super) words: &'a [char],
    /// What the words are wherever they stand.
    alone: WordFacts,
    /// What is asked of them; all else is answered with no.
    asked: Hints,
    side: Side,
    span: Span<Normalized>,
    /// What only words of the administrative scale and names of places are.
    local: OnceCell<Option<Rc<Local>>>,
    figure: OnceCell<Option<Figure>>,
    is_slogan: OnceCell<bool>,
    is_person: OnceCell<bool>,
}

/// What rules may be about, of words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Subjects(u16);

impl Subjects {
    /// Levels and places, which answer one another in several ways, and learned pairs are places.
    const LOCAL: Self = Self(1);
    const SHORT_PLACE: Self = Self(1 << 1);
    const DATE: Self = Self(1 << 2);
    const QUANTITY: Self = Self(1 << 3);
    const SLOGAN: Self = Self(1 << 4);
    const PERSON: Self = Self(1 << 5);
    const PUNCTUATION: Self = Self(1 << 6);
    const DEGREE: Self = Self(1 << 7);
    const BODY: Self = Self(1 << 8);
    /// What is scored whatever it is about.
    pub(super) const OTHERS: Self = Self(u16::MAX);

    /// These if something holds, else none.
    fn when(self, holds: bool) -> Self {
        if holds { self } else { Self::default() }
    }

    /// These and others.
    pub(super) fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether a rule may be about both.
    pub(super) fn meet(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// What words are wherever they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordFacts {
    /// Which other rules they may be a matter of.
    hints: WordHints,
    is_punctuation: bool,
    /// Whether the words may be of the administrative scale or name a place that a document speaks for.
    may_be_local: bool,
    degree: Option<Degree>,
    synonym: Option<u32>,
    is_any_place: bool,
    is_body: bool,
}

/// What words that hold a level or name a place are; kept in the context, because the same words change again and again.
#[derive(Debug)]
pub(super) struct Local {
    /// The form in which localised words are equal.
    canonical: Option<Vec<char>>,
    is_scale: bool,
    is_national: bool,
    is_own_place: bool,
}

impl Local {
    /// Reads words; `None` for most of those that may be of the scale by their characters.
    pub(super) fn of(context: &EditContext<'_>, words: &[char]) -> Option<Self> {
        let own = context.own_places();
        let local = Self {
            canonical: scale::canonical(words, own),
            is_scale: scale::is_scale(words, own),
            is_national: scale::is_national(words),
            is_own_place: context.is_own_place(words),
        };
        let is_any = local.canonical.is_some() || local.is_scale || local.is_national || local.is_own_place;
        is_any.then_some(local)
    }
}

impl WordFacts {
    /// Reads words: a rule is asked only where their characters leave it open.
    pub(super) fn of(context: &EditContext<'_>, words: &[char], asked: Hints) -> Self {
        let hints = WordHints::of(words, asked);
        let WordHints { first, last, .. } = hints;
        let may_be_place = first.may_be(Hints::PLACE) || last.may_be(Hints::LEVEL);
        Self {
            hints,
            is_punctuation: words.iter().all(|c| is_punctuation(*c)),
            may_be_local: context.may_be_local(words, hints),
            degree: if first.may_be(Hints::DEGREE) { strength::degree(words) } else { None },
            synonym: if first.may_be(Hints::SYNONYM) { synonym::number(words) } else { None },
            is_any_place: may_be_place && scale::is_any_place(words),
            is_body: last.may_be(Hints::BODY_END) && name::is_body(words),
        }
    }

    /// One bit for each value of the lower bits of its characters: words whose bits do not meet have no character in common.
    pub(super) fn signature(&self) -> u64 {
        self.hints.signature
    }

    /// What the words are about wherever they stand, and whether they may be about more where they do. `before` is the character
    /// before them.
    pub(super) fn subjects(&self, words: &[char], before: Option<char>, asked: Hints) -> (Subjects, bool) {
        let subjects = Subjects::PUNCTUATION
            .when(self.is_punctuation)
            .and(Subjects::LOCAL.when(self.is_any_place))
            .and(Subjects::DEGREE.when(self.degree.is_some()))
            .and(Subjects::BODY.when(self.is_body));
        let WordHints { first, last, .. } = self.hints;
        // A figure may go on from the character before.
        let may_be_figure = || hint::of(words[0]).and(before.map(hint::of).unwrap_or_default()).may_be(Hints::NUMERAL);
        let may_be_more = self.may_be_local
            || last.may_be(Hints::SHORT_PLACE)
            || asked.may_be(Hints::SLOGAN)
            || first.may_be(Hints::SURNAME) && name::PERSON_CHARACTERS.contains(&words.len())
            || asked.may_be(Hints::NUMERAL) && may_be_figure();
        (subjects, may_be_more)
    }

    /// The lines of synonyms that the words stand in, as [`synonym::lines`] says.
    pub(super) fn synonyms(&self) -> u64 {
        self.synonym.map_or(0, synonym::lines)
    }
}

impl<'a> Facts<'a> {
    /// One side of a change, of which no more is `asked`.
    pub(super) fn of(context: &EditContext<'a>, side: Side, span: Span<Normalized>, asked: Hints) -> Self {
        let alone = WordFacts::of(context, context.texts().get(side).slice(span), asked);
        Self::with(context, side, span, asked, alone)
    }

    /// The same of words of which it is known what they are wherever they stand.
    pub(super) fn with(
        context: &EditContext<'a>,
        side: Side,
        span: Span<Normalized>,
        asked: Hints,
        alone: WordFacts,
    ) -> Self {
        let words = context.texts().get(side).slice(span);
        debug_assert!(!words.is_empty(), "only words are asked for");
        Self {
            words,
            alone,
            asked,
            side,
            span,
            local: OnceCell::new(),
            figure: OnceCell::new(),
            is_slogan: OnceCell::new(),
            is_person: OnceCell::new(),
        }
    }

    /// Whether the words of two sides may stand for one another.
    pub(super) fn are_synonyms(&self, other: &Self) -> bool {
        self.alone.synonym.zip(other.alone.synonym).is_some_and(|(one, other)| synonym::are_pair(one, other))
    }

    /// Whether the words of two sides are the same but for levels and own places, or neither holds any.
    pub(super) fn same_form(&self, other: &Self, context: &EditContext<'a>) -> bool {
        self.canonical(context) == other.canonical(context)
    }

    fn local(&self, context: &EditContext<'a>) -> Option<&Local> {
        if !self.alone.may_be_local {
            return None;
        }
        self.local.get_or_init(|| context.local(self.words)).as_deref()
    }

    fn canonical(&self, context: &EditContext<'a>) -> Option<&[char]> {
        self.local(context)?.canonical.as_deref()
    }

    /// One bit for each thing that rules ask of both sides, besides synonyms: sides whose bits do not meet are known to no rule
    /// about anything else. `of_words` are the bits that the words have wherever they stand.
    pub(super) fn subjects(&self, context: &EditContext<'a>, of_words: Subjects) -> Subjects {
        of_words
            .and(Subjects::LOCAL.when(self.local(context).is_some()))
            .and(Subjects::SHORT_PLACE.when(self.is_short_place(context)))
            .and(Subjects::DATE.when(self.figure(context) == Some(&Figure::Date)))
            .and(Subjects::QUANTITY.when(matches!(self.figure(context), Some(Figure::Quantity(_)))))
            .and(Subjects::SLOGAN.when(self.is_slogan(context)))
            .and(Subjects::PERSON.when(self.is_person(context)))
    }

    /// The characters of its whole document.
    fn characters(&self, context: &EditContext<'a>) -> &'a [char] {
        let analyses = context.analyses;
        analyses.get(self.side).text.characters()
    }

    /// The short name of a place behind a word of motion or station: 驻粤.
    fn is_short_place(&self, context: &EditContext<'a>) -> bool {
        self.alone.hints.last.may_be(Hints::SHORT_PLACE) && is_stationed(self.characters(context), self.span)
    }

    fn figure(&self, context: &EditContext<'a>) -> Option<&Figure> {
        if !self.asked.may_be(Hints::NUMERAL) {
            return None;
        }
        self.figure.get_or_init(|| figure(self.characters(context), self.span)).as_ref()
    }

    fn is_slogan(&self, context: &EditContext<'a>) -> bool {
        if !self.asked.may_be(Hints::SLOGAN) {
            return false;
        }
        let read = || is_slogan(self.characters(context), context.opening_quotes.get(self.side), self.span);
        *self.is_slogan.get_or_init(read)
    }

    fn is_person(&self, context: &EditContext<'a>) -> bool {
        if !self.alone.hints.first.may_be(Hints::SURNAME) {
            return false;
        }
        *self.is_person.get_or_init(|| {
            let range = self.span.range();
            let characters = self.characters(context);
            let (before, behind) = (&characters[..range.start], &characters[range.end..]);
            name::is_person(InContext { before, words: self.words, behind })
        })
    }
}

/// The kind of a change from one side to the other.
pub(super) fn kind_between<'a>(context: &EditContext<'a>, left: &Facts<'a>, right: &Facts<'a>) -> Option<EditKind> {
    let both = |fact: fn(&Facts<'a>, &EditContext<'a>) -> bool| fact(left, context) && fact(right, context);
    if left.alone.is_punctuation && right.alone.is_punctuation {
        return Some(EditKind::Punctuation);
    }
    if is_localization(context, left, right) {
        return Some(EditKind::Localization);
    }
    if both(|side, context| side.figure(context) == Some(&Figure::Date)) {
        return Some(EditKind::Date);
    }
    if both(Facts::is_slogan) {
        return Some(EditKind::Slogan);
    }
    if let Some(Figure::Quantity(left)) = left.figure(context)
        && let Some(Figure::Quantity(right)) = right.figure(context)
    {
        return Some(match quantity::same_value(left, right) {
            true => EditKind::Synonym,
            false => EditKind::Number(Box::new(Pair::new(Some(left.clone()), Some(right.clone())))),
        });
    }
    if let (Some(left), Some(right)) = (left.alone.degree, right.alone.degree)
        && let Some(direction) = strength::moved(left, right)
    {
        return Some(EditKind::Strength(direction));
    }
    if left.are_synonyms(right) {
        return Some(EditKind::Synonym);
    }
    let are_places = left.alone.is_any_place && right.alone.is_any_place;
    let are_bodies = left.alone.is_body && right.alone.is_body;
    (are_places || are_bodies || both(Facts::is_person)).then_some(EditKind::Name)
}

/// Whether a character is neither letter nor digit.
pub(super) fn is_punctuation(character: char) -> bool {
    !is_word_character(character)
}

fn figure(characters: &[char], span: Span<Normalized>) -> Option<Figure> {
    let range = span.range();
    quantity::figure_around(characters, range.start, range.end).map(|(_, found)| found.figure)
}

fn is_localization<'a>(context: &EditContext<'a>, left: &Facts<'a>, right: &Facts<'a>) -> bool {
    let own = |side: &Facts<'a>| side.local(context).is_some_and(|local| local.is_own_place);
    let are_levels = || {
        let (Some(left), Some(right)) = (left.local(context), right.local(context)) else { return false };
        left.canonical.is_some() && left.canonical == right.canonical
            || left.is_scale && (right.is_scale || right.is_national)
            || right.is_scale && left.is_national
    };
    let are_places = left.alone.is_any_place && right.alone.is_any_place;
    // Words that are the same but for levels and places begin with the same character, or both with one of these.
    let begins_local = |side: &Facts<'a>| side.alone.hints.first.may_be(Hints::LOCAL);
    let begin_alike = left.words[0] == right.words[0] || begins_local(left) && begins_local(right);
    begin_alike && left.alone.may_be_local && right.alone.may_be_local && are_levels()
        || right.alone.is_any_place && own(left)
        || left.alone.is_any_place && own(right)
        || are_places && context.learned(left.words, right.words)
        || left.is_short_place(context) && right.is_short_place(context)
}

/// 驻粤 and 驻穗: the short name of a place behind a word of motion or station.
fn is_stationed(characters: &[char], span: Span<Normalized>) -> bool {
    let (word, before) = match &characters[span.range()] {
        [first, last] => (*last, Some(*first)),
        [one] => (*one, span.start().checked_sub(1).map(|before| characters[before as usize])),
        _ => return false,
    };
    is_short_place(word) && before.is_some_and(|before| "驻在来赴离返入".contains(before))
}

/// Whether a quotation that may be a slogan opens before a position: most words stand far behind the last “.
fn quote_near(opening_quotes: &[u32], position: usize) -> bool {
    let before = opening_quotes.partition_point(|at| (*at as usize) < position);
    opening_quotes[..before].last().is_some_and(|at| position - *at as usize <= LONGEST_SLOGAN)
}

/// Whether a change stands inside a short quotation, or in figures joined by plus signs. `opening_quotes` says where “ stands.
fn is_slogan(characters: &[char], opening_quotes: &[u32], span: Span<Normalized>) -> bool {
    let range = span.range();
    if characters[range.clone()].contains(&'+') {
        return true;
    }
    let quoted_inside =
        characters.get(range.start) == Some(&'“') && range.len() > 2 && characters[range.end - 1] == '”';
    if quoted_inside && range.len() <= LONGEST_SLOGAN + 2 {
        return true;
    }
    if !quote_near(opening_quotes, range.start) {
        return false;
    }
    let stops = |c: &&char| matches!(**c, '。' | '\n' | '，' | '；' | '“' | '”');
    let before = characters[..range.start].iter().rev().take(LONGEST_SLOGAN).find(stops);
    before == Some(&'“') && characters[range.end..].iter().take(LONGEST_SLOGAN).find(stops) == Some(&'”')
}
