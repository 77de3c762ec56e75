//! Raw text to normalised text: one reading of a document, whatever script, width or web page it came through.
//!
//! In: a document's text. Out: a [`NormalizedText`]: characters, a map of every one back to its raw bytes, the ledger
//! of what was folded or ignored, and the paragraphs' spans. The rules, in their order:
//! 1. line ends of every form ([`fold`]);
//! 2. width and compatibility forms, traditional characters, variant forms, brackets and dashes, by one table;
//! 3. quotation marks to “ ” and ‘ ’; punctuation to its wide form, or to ASCII between ASCII letters and digits;
//! 4. pinyin glued behind a character, in brackets of either width, ignored ([`pinyin`]);
//! 5. invisible characters and bidirectional controls ignored; `?` for a lost blank ignored;
//! 6. blanks ignored, but for one between ASCII letters or digits;
//! 7. hard-wrapped lines and broken headlines joined ([`layout`]).
//!
//! Always: every normalised character stands for at least one raw byte; paragraphs are separated by one `\n` and hold
//! none; folding is a function of the text alone. Cost: linear, one pass over the bytes and one over the lines.

pub mod cleaning;
mod fold;
mod layout;
mod line;
pub mod offset_map;
mod pinyin;

use cleaning::Cleaning;
use fold::Fold;
use offset_map::OffsetMap;

use super::cancel::{Cancel, Cancelled, Polls};
use super::span::{Normalized, Raw, Span};

/// Whether a character is a blank, a line end or cannot be seen.
pub fn is_blank_or_invisible(character: char) -> bool {
    matches!(fold::fold(character), Fold::Blank | Fold::LineEnd | Fold::Invisible)
}

/// Builds the folding table now, so that the first document does not wait for it.
pub fn warm_up() {
    fold::warm_up();
}

/// Whether a character is a Han ideograph.
pub fn is_han(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// Whether a character is a letter or digit of any script. Of most texts most characters are told by their range.
#[inline]
pub fn is_word_character(character: char) -> bool {
    match character {
        '\u{4e00}'..='\u{9fff}' => true,
        // The marks of Chinese and of general punctuation.
        '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' => false,
        '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' => false,
        _ => character.is_alphanumeric(),
    }
}

/// A text as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NormalizedText {
    characters: Vec<char>,
    map: OffsetMap,
    paragraphs: Vec<Span<Normalized>>,
    cleanings: Vec<Cleaning>,
}

impl NormalizedText {
    /// All characters, paragraphs separated by `\n`.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The characters of a span.
    pub fn slice(&self, span: Span<Normalized>) -> &[char] {
        &self.characters[span.range()]
    }

    /// The characters of a span as a string.
    pub fn text(&self, span: Span<Normalized>) -> String {
        self.slice(span).iter().collect()
    }

    /// The paragraphs, in order, none empty.
    pub fn paragraphs(&self) -> &[Span<Normalized>] {
        &self.paragraphs
    }

    /// What was folded or ignored, in document order.
    pub fn cleanings(&self) -> &[Cleaning] {
        &self.cleanings
    }

    /// Whether there may be a raw character that several characters stand for, as m and 2 do for ㎡.
    pub fn may_share_raw_characters(&self) -> bool {
        self.map.may_share_raw_characters()
    }

    /// The raw bytes that a span stands for.
    pub fn to_raw(&self, span: Span<Normalized>) -> Span<Raw> {
        self.map.to_raw(span)
    }
}

/// Normalises a text. A text of blanks alone gives no paragraph.
pub fn normalize(raw: &str) -> NormalizedText {
    // The flag is never set, so the only error cannot come.
    normalize_unless_cancelled(raw, &Cancel::new()).unwrap_or_default()
}

/// Normalises a text unless its caller cancels. A text of blanks alone gives no paragraph.
pub fn normalize_unless_cancelled(raw: &str, cancel: &Cancel) -> Result<NormalizedText, Cancelled> {
    let mut polls = Polls::new(cancel);
    let folded = line::fold_lines(raw, &mut polls)?;
    layout::arrange(folded, &mut polls)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ranges that are told without a table are told as the table tells them.
    #[test]
    fn word_characters_are_the_letters_and_digits_of_unicode() {
        let told = |character: &char| is_word_character(*character) != character.is_alphanumeric();
        assert_eq!(('\0'..=char::MAX).find(told), None);
    }
}
