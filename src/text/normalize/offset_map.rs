//! From normalised positions back to the text as it was sent.
//!
//! In: each normalised character with the raw bytes it stands for, in order. Out: a map from [`Span<Normalized>`] to
//! [`Span<Raw>`]. Kept as runs: neighbouring characters of one width in bytes share a run of 16 bytes.
//! Always: spans are mapped, never points, and snap outward to whole raw characters; pinyin glued behind a character
//! belongs to that character. A lookup goes on from the run that holds the start of its [`BLOCK`], which is kept.
//!
//! ```text
//! raw         會(huì)議ＡＢ          會(huì) is 10 bytes, 議 Ａ Ｂ are 3 bytes each
//! normalised  会     议AB           runs: [会 → 10 bytes] [议 A B → 3 bytes each]
//! ```

use crate::text::span::{Normalized, Raw, Span};

/// How the characters of a run stand for its raw bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Each character stands for `raw_width` bytes of its own.
    Each,
    /// All characters of the run stand together for the same `raw_width` bytes, as the m and 2 of ㎡ do.
    Together,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    normalized_start: u32,
    raw_start: u32,
    raw_width: u32,
    shape: Shape,
}

impl Run {
    /// First raw byte of one of its characters.
    fn start_of(&self, position: u32) -> u32 {
        match self.shape {
            Shape::Each => self.raw_start + (position - self.normalized_start) * self.raw_width,
            Shape::Together => self.raw_start,
        }
    }

    /// The raw byte behind one of its characters.
    fn end_of(&self, position: u32) -> u32 {
        match self.shape {
            Shape::Each => self.raw_start + (position - self.normalized_start + 1) * self.raw_width,
            Shape::Together => self.raw_start + self.raw_width,
        }
    }
}

/// Normalised characters of a block.
const BLOCK: u32 = 64;

/// A map from normalised to raw spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetMap {
    runs: Vec<Run>,
    /// For each block a run that holds its first character or stands before that one.
    blocks: Vec<u32>,
    normalized_len: u32,
}

impl OffsetMap {
    /// Number of normalised characters that are mapped.
    pub fn normalized_len(&self) -> u32 {
        self.normalized_len
    }

    /// Adds one character that stands for `raw_width` bytes from `raw_start`.
    pub(super) fn push(&mut self, raw_start: u32, raw_width: u32) {
        let extends = self.runs.last().is_some_and(|run| {
            run.shape == Shape::Each
                && run.raw_width == raw_width
                && run.raw_start + (self.normalized_len - run.normalized_start) * raw_width == raw_start
        });
        if !extends {
            self.runs.push(Run { normalized_start: self.normalized_len, raw_start, raw_width, shape: Shape::Each });
        }
        self.lengthen(1);
    }

    /// Counts characters of the last run.
    fn lengthen(&mut self, characters: u32) {
        self.normalized_len += characters;
        let blocks = self.normalized_len.div_ceil(BLOCK) as usize;
        self.blocks.resize(blocks, (self.runs.len() - 1) as u32);
    }

    /// Adds `characters` characters, at least one, that stand for `raw_width` bytes each.
    pub(super) fn push_run(&mut self, characters: u32, raw_start: u32, raw_width: u32) {
        self.push(raw_start, raw_width);
        // The first character may extend the run before it; the rest then follow it.
        self.lengthen(characters - 1);
    }

    /// Adds `characters` characters that stand together for `raw_width` bytes.
    pub(super) fn push_together(&mut self, characters: u32, raw_start: u32, raw_width: u32) {
        self.runs.push(Run { normalized_start: self.normalized_len, raw_start, raw_width, shape: Shape::Together });
        self.lengthen(characters);
    }

    /// Makes the last character stand for `raw_width` more bytes, as pinyin behind it does.
    pub(super) fn extend_last(&mut self, raw_width: u32) {
        let Some(last) = self.normalized_len.checked_sub(1) else { return };
        let Some(run) = self.runs.last_mut() else { return };
        if run.normalized_start == last || run.shape == Shape::Together {
            run.raw_width += raw_width;
        } else {
            let raw_start = run.raw_start + (last - run.normalized_start) * run.raw_width;
            let raw_width = run.raw_width + raw_width;
            self.runs.push(Run { normalized_start: last, raw_start, raw_width, shape: Shape::Each });
        }
    }

    /// Adds the characters of `span` of another map, as they are there.
    pub(super) fn append(&mut self, other: &OffsetMap, span: Span<Normalized>) {
        let mut position = span.start();
        let mut run = other.run_of(position);
        while position < span.end() {
            let end =
                other.runs.get(run + 1).map_or(other.normalized_len, |next| next.normalized_start).min(span.end());
            let Run { normalized_start, raw_start, raw_width, shape } = other.runs[run];
            match shape {
                Shape::Each => {
                    let raw_start = raw_start + (position - normalized_start) * raw_width;
                    self.push_run(end - position, raw_start, raw_width);
                }
                Shape::Together => self.push_together(end - position, raw_start, raw_width),
            }
            position = end;
            run += 1;
        }
    }

    /// The raw bytes that the characters of a span stand for. An empty span maps to an empty one.
    pub fn to_raw(&self, span: Span<Normalized>) -> Span<Raw> {
        if self.runs.is_empty() {
            return Span::new(0, 0);
        }
        if span.is_empty() {
            let at = self.raw_start(span.start());
            return Span::new(at, at);
        }
        let (first, last) = (span.start(), span.end() - 1);
        Span::new(self.raw_start(first), self.raw_end(last))
    }

    /// First raw byte of a character; of the end of the text, the byte after its last character.
    fn raw_start(&self, position: u32) -> u32 {
        if position >= self.normalized_len {
            return self.normalized_len.checked_sub(1).map_or(0, |last| self.raw_end(last));
        }
        self.runs[self.run_of(position)].start_of(position)
    }

    fn raw_end(&self, position: u32) -> u32 {
        self.runs[self.run_of(position)].end_of(position)
    }

    fn run_of(&self, position: u32) -> usize {
        let block = (position / BLOCK) as usize;
        let mut run = self.blocks.get(block).or(self.blocks.last()).map_or(0, |run| *run as usize);
        while self.runs.get(run + 1).is_some_and(|next| next.normalized_start <= position) {
            run += 1;
        }
        run
    }
}
