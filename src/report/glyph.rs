//! A document's characters made safe to show.
//!
//! Documents are scraped and may be hostile: control characters can steer a terminal, bidirectional controls can turn
//! text around so that it reads otherwise than it is, and markup can become part of a page. Nothing here drops a
//! character in silence where the text is shown whole: each control is replaced by a name that can be seen.

use std::fmt::Write as _;

use crate::compare::comparison::{Cleaning, CleaningKind};
use crate::text::span::{Raw, Span};

/// Whether a character steers rather than shows: control characters, escape introducers, invisible characters and
/// bidirectional controls.
pub(super) fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a cleaning took the raw characters out, rather than reading them as others.
pub(super) fn is_ignored(kind: CleaningKind) -> bool {
    matches!(kind, CleaningKind::Pinyin | CleaningKind::Invisible | CleaningKind::LostBlank)
}

/// Whether a page leaves a cleaning's raw characters out until they are asked for. Invisible characters are shown, by
/// their code points: they may turn round what a reader sees.
pub(super) fn is_hidden(kind: CleaningKind) -> bool {
    is_ignored(kind) && kind != CleaningKind::Invisible
}

/// The cleanings that touch a span. `cleanings` are those of a whole document, in its order.
pub(super) fn cleanings_in(cleanings: &[Cleaning], span: Span<Raw>) -> &[Cleaning] {
    let first = cleanings.partition_point(|cleaning| cleaning.span.end() <= span.start());
    let last = cleanings.partition_point(|cleaning| cleaning.span.start() < span.end());
    &cleanings[first..last.max(first)]
}

/// The words of a span without what was ignored when they were read: glued pinyin hides what a text says.
pub(super) fn words(text: &str, cleanings: &[Cleaning], span: Span<Raw>) -> String {
    words_without(is_ignored, text, cleanings, span)
}

/// The words of a span as a page lists them: as [`words`], but with invisible characters, which are to be shown.
pub(super) fn page_words(text: &str, cleanings: &[Cleaning], span: Span<Raw>) -> String {
    words_without(is_hidden, text, cleanings, span)
}

fn words_without(left_out: fn(CleaningKind) -> bool, text: &str, cleanings: &[Cleaning], span: Span<Raw>) -> String {
    let slice = |from: u32, to: u32| text.get(from as usize..to.max(from) as usize).unwrap_or_default();
    let mut words = String::with_capacity(span.len() as usize);
    let mut from = span.start();
    for cleaning in cleanings_in(cleanings, span) {
        if left_out(cleaning.kind) || cleaning.kind == CleaningKind::LineWrap {
            words.push_str(slice(from, cleaning.span.start()));
            from = cleaning.span.end().clamp(from, span.end());
        }
    }
    words.push_str(slice(from, span.end()));
    words
}

/// The text with every control shown by its code point, such as ⟦U+202E⟧. Line ends and tabs become blanks.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        push_visible(&mut out, character);
    }
    out
}

/// Appends the text as HTML text or attribute value, with every control shown by its code point.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => push_visible(out, character),
        }
    }
}

fn push_visible(out: &mut String, character: char) {
    if matches!(character, '\n' | '\r' | '\t' | '\u{85}') {
        out.push(' ');
    } else if is_control(character) {
        // Writing to a string cannot fail.
        write!(out, "⟦U+{:04X}⟧", character as u32).ok();
    } else {
        out.push(character);
    }
}

/// At most `characters` of a text on one line, with … where it was cut.
pub(super) fn shortened(text: &str, characters: usize) -> String {
    let text = text.trim();
    let mut short: String = text.chars().take(characters).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    visible(&short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_shown_by_their_code_point_and_markup_is_text() {
        let mut out = String::new();
        push_escaped(&mut out, "<b a='\"'>&\u{202e}\u{1b}[2J\n全省");
        assert_eq!(out, "&lt;b a=&#39;&quot;&#39;&gt;&amp;⟦U+202E⟧⟦U+001B⟧[2J 全省");
        assert_eq!(visible("a\u{2028}b\u{0}"), "a⟦U+2028⟧b⟦U+0000⟧");
        assert_eq!(shortened("  举全省之力 ", 3), "举全省…");
        assert_eq!(shortened("举全省", 3), "举全省");
    }
}
