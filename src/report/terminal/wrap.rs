//! Styled text in lines of bounded width, and a document's words made safe for a terminal.
//!
//! Han characters take two columns and may stand at a line's end anywhere; runs of Latin letters and digits stay whole
//! while they fit; closing punctuation does not begin a line.

use anstyle::Style;
use unicode_width::UnicodeWidthChar as _;

use crate::report::glyph::is_control;

/// A stretch of text in one style.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    text: String,
    style: Style,
}

impl Piece {
    /// Our own words, which hold no control characters.
    pub(super) fn label(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }

    /// Words of a document or a file's name: whatever could move the cursor or turn the text around is taken out.
    pub(super) fn quoted(text: &str, style: Style) -> Self {
        Self { text: without_controls(text), style }
    }
}

/// The text without control characters, escape sequences' introducers, invisible and bidirectional controls. Line ends
/// and runs of blanks become one blank.
pub fn without_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !is_control(character) {
            out.push(character);
        }
    }
    out
}

/// At most `columns` of a text, with … where it was cut.
pub(super) fn shortened(text: &str, columns: usize) -> String {
    let text = without_controls(text);
    let text = text.trim();
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|&character| {
        used += character.width().unwrap_or(0);
        used <= columns
    });
    kept.collect::<String>() + "…"
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// Writes pieces as lines of at most `columns`, later lines indented by `indent`, and ends the last one.
pub(super) fn write(out: &mut String, pieces: &[Piece], indent: usize, columns: usize) {
    let mut line = Line { out, column: 0, indent, columns: columns.max(indent + 8) };
    for piece in pieces {
        line.open(piece.style);
        let mut rest = piece.text.as_str();
        while let Some(first) = rest.chars().next() {
            let run = rest.find(|character: char| !in_run(character)).unwrap_or(rest.len()).max(first.len_utf8());
            let (word, after) = rest.split_at(run);
            line.word(word, piece.style);
            rest = after;
        }
        line.close(piece.style);
    }
    out.push('\n');
}

fn in_run(character: char) -> bool {
    character.is_ascii_graphic()
}

fn may_not_begin_a_line(word: &str) -> bool {
    matches!(word.chars().next(), Some('，' | '。' | '、' | '；' | '：' | '！' | '？' | '”' | '’' | '》' | '）' | '…'))
}

struct Line<'a> {
    out: &'a mut String,
    column: usize,
    indent: usize,
    columns: usize,
}

impl Line<'_> {
    fn open(&mut self, style: Style) {
        self.out.push_str(&style.render().to_string());
    }

    fn close(&mut self, style: Style) {
        self.out.push_str(&style.render_reset().to_string());
    }

    fn break_line(&mut self, style: Style) {
        let written = self.out.trim_end_matches(' ').len();
        self.out.truncate(written);
        self.close(style);
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.open(style);
        self.column = self.indent;
    }

    fn word(&mut self, word: &str, style: Style) {
        let wide = width(word);
        // Two columns are kept free for punctuation that may not begin the next line.
        let room = if may_not_begin_a_line(word) { self.columns } else { self.columns - 2 };
        if self.column + wide > room && self.column > self.indent && wide <= self.columns - self.indent {
            self.break_line(style);
            if word == " " {
                return;
            }
        }
        for character in word.chars() {
            let wide = character.width().unwrap_or(0);
            if self.column + wide > self.columns {
                self.break_line(style);
            }
            self.out.push(character);
            self.column += wide;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(text: &str, columns: usize) -> String {
        let mut out = String::new();
        write(&mut out, &[Piece::quoted(text, Style::new())], 2, columns);
        out
    }

    #[test]
    fn han_breaks_anywhere_and_punctuation_hangs() {
        insta::assert_snapshot!(wrapped("举全省之力推进粤港澳大湾区，建设 policy-echo 2026。", 20), @r"
        举全省之力推进粤港
          澳大湾区，建设
          policy-echo 2026。
        ");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_and_nothing_can_steer_the_terminal(text in "\\PC{0,80}|[\\x00-\\x20\u{1b}\u{202e}\u{200b}\\[m1a全，]{0,80}", columns in 20usize..60) {
            let out = wrapped(&text, columns);
            for line in out.lines() {
                prop_assert!(width(line) <= columns, "{line:?}");
            }
            prop_assert!(out.chars().all(|character| character == '\n' || !is_control(character)));
            let glyphs = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
            prop_assert_eq!(glyphs(&out), glyphs(&without_controls(&text)));
        }
    }
}
