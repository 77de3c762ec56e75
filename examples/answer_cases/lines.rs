//! Lines and code points of a text file, as the gold data counts them.

use std::ops::Range;

use policy_echo::text::span::{Raw, Span};

/// A text with its non-empty lines and the code point at which each byte's character starts.
pub(crate) struct Lines<'a> {
    text: &'a str,
    /// Byte ranges of the non-empty lines, blanks at both ends left out.
    lines: Vec<Range<usize>>,
    /// Code points before each byte.
    code_point: Vec<u32>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut code_point = vec![0; text.len() + 1];
        let mut count = 0;
        for (at, character) in text.char_indices() {
            code_point[at..at + character.len_utf8()].fill(count);
            count += 1;
        }
        code_point[text.len()] = count;
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let words = line.trim();
            if !words.is_empty() {
                let begin = start + (line.len() - line.trim_start().len());
                lines.push(begin..begin + words.len());
            }
            start += line.len();
        }
        Self { text, lines, code_point }
    }

    /// The text itself.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// A span in code points.
    pub(crate) fn code_points(&self, span: Span<Raw>) -> [u32; 2] {
        [self.code_point[span.start() as usize], self.code_point[span.end() as usize]]
    }

    /// Numbers of the non-empty lines that a span touches.
    pub(crate) fn touched(&self, span: Span<Raw>) -> impl Iterator<Item = usize> {
        let range = span.range();
        let first = self.lines.partition_point(|line| line.end <= range.start);
        (first..self.lines.len()).take_while(move |&line| self.lines[line].start < range.end)
    }
}
