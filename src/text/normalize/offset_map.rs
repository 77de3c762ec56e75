//! From normalised positions back to the text as it was sent.
//!
//! In: each normalised character with the raw bytes it stands for, in order. Out: a map from [`Span<Normalized>`] to
//! [`Span<Raw>`]. Kept as runs: neighbouring characters of one width in bytes share a run of 6 bytes. No run crosses the
//! border of a [`BLOCK`], so that its first character is told by a number within the block.
//! Always: spans are mapped, never points, and snap outward to whole raw characters; pinyin glued behind a character
//! belongs to that character. A lookup is a search among the runs of one block.
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

/// First character of a run within its block, in six bits; whether its characters stand together, in one; its width in
/// bytes, in nine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed(u16);

impl Packed {
    /// The width that says that the true one is in the list of wide ones.
    const WIDE: u16 = (1 << 9) - 1;

    fn new(position: u32, shape: Shape, raw_width: u32) -> Self {
        let width = u16::try_from(raw_width).map_or(Self::WIDE, |width| width.min(Self::WIDE));
        Self((position % BLOCK) as u16 | u16::from(shape == Shape::Together) << 6 | width << 7)
    }

    fn position(self) -> u32 {
        u32::from(self.0) % BLOCK
    }

    fn shape(self) -> Shape {
        if self.0 >> 6 & 1 == 1 { Shape::Together } else { Shape::Each }
    }

    /// The width, unless it is in the list of wide ones.
    fn raw_width(self) -> Option<u32> {
        let width = self.0 >> 7;
        (width != Self::WIDE).then_some(u32::from(width))
    }
}

/// A map from normalised to raw spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetMap {
    /// For each run its first raw byte.
    raw_starts: Vec<u32>,
    /// For each run the rest of it.
    packed: Vec<Packed>,
    /// Indexes and widths of the runs of wide characters, as those with a long stretch of what was left out behind them.
    wide: Vec<(u32, u32)>,
    /// For each block its first run.
    blocks: Vec<u32>,
    normalized_len: u32,
    /// Whether characters were added that stand together.
    has_shapes_together: bool,
    /// Where the last run goes on, if the next character may join it; kept because to find it costs more than all else that is
    /// done for a character.
    tail: Option<Tail>,
}

/// The end of a run that characters may join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tail {
    /// The raw byte behind its last character.
    raw_end: u32,
    /// The width of its characters.
    raw_width: u32,
}

impl OffsetMap {
    /// Whether there may be a raw character that several characters stand for; most texts hold none.
    pub fn may_share_raw_characters(&self) -> bool {
        self.has_shapes_together
    }

    /// Number of normalised characters that are mapped.
    pub fn normalized_len(&self) -> u32 {
        self.normalized_len
    }

    /// An empty map of a text of so many bytes.
    pub(super) fn with_room_for(raw_bytes: usize) -> Self {
        let runs = raw_bytes / 128;
        Self {
            raw_starts: Vec::with_capacity(runs),
            packed: Vec::with_capacity(runs),
            blocks: Vec::with_capacity(runs),
            ..Self::default()
        }
    }

    /// Gives back the room that was left for more.
    pub(super) fn shrink_to_fit(&mut self) {
        self.raw_starts.shrink_to_fit();
        self.packed.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    /// Adds one character that stands for `raw_width` bytes from `raw_start`.
    pub(super) fn push(&mut self, raw_start: u32, raw_width: u32) {
        self.push_inside_block(1, raw_start, raw_width, Shape::Each);
    }

    /// Adds `characters` characters that stand for `raw_width` bytes each.
    pub(super) fn push_run(&mut self, characters: u32, raw_start: u32, raw_width: u32) {
        let mut done = 0;
        while done < characters {
            let part = (characters - done).min(BLOCK - self.normalized_len % BLOCK);
            self.push_inside_block(part, raw_start + done * raw_width, raw_width, Shape::Each);
            done += part;
        }
    }

    /// Adds `characters` characters that stand together for `raw_width` bytes.
    pub(super) fn push_together(&mut self, characters: u32, raw_start: u32, raw_width: u32) {
        let mut done = 0;
        while done < characters {
            let part = (characters - done).min(BLOCK - self.normalized_len % BLOCK);
            self.push_inside_block(part, raw_start, raw_width, Shape::Together);
            done += part;
        }
    }

    /// Adds characters that do not cross the border of a block.
    fn push_inside_block(&mut self, characters: u32, raw_start: u32, raw_width: u32, shape: Shape) {
        let position = self.normalized_len;
        let begins_block = position.is_multiple_of(BLOCK);
        if begins_block {
            self.blocks.push(self.raw_starts.len() as u32);
        }
        let each = shape == Shape::Each;
        if begins_block || !each || self.tail != Some(Tail { raw_end: raw_start, raw_width }) {
            self.add_run(Run { normalized_start: position, raw_start, raw_width, shape });
        }
        self.tail = each.then(|| Tail { raw_end: raw_start + characters * raw_width, raw_width });
        self.normalized_len += characters;
    }

    fn add_run(&mut self, run: Run) {
        self.has_shapes_together |= run.shape == Shape::Together;
        let packed = Packed::new(run.normalized_start, run.shape, run.raw_width);
        if packed.raw_width().is_none() {
            self.wide.push((self.raw_starts.len() as u32, run.raw_width));
        }
        self.raw_starts.push(run.raw_start);
        self.packed.push(packed);
    }

    /// The last run, which lies in the last block.
    fn last_run(&self) -> Option<Run> {
        let last = self.raw_starts.len().checked_sub(1)?;
        Some(self.run(last, self.blocks.len() as u32 - 1))
    }

    /// A run of a block.
    fn run(&self, index: usize, block: u32) -> Run {
        let packed = self.packed[index];
        let wide = || {
            let found = self.wide.binary_search_by_key(&(index as u32), |(run, _)| *run);
            found.map_or(0, |at| self.wide[at].1)
        };
        Run {
            normalized_start: block * BLOCK + packed.position(),
            raw_start: self.raw_starts[index],
            raw_width: packed.raw_width().unwrap_or_else(wide),
            shape: packed.shape(),
        }
    }

    /// Makes the last character stand for `raw_width` more bytes, as pinyin behind it does.
    pub(super) fn extend_last(&mut self, raw_width: u32) {
        let (Some(last), Some(run)) = (self.normalized_len.checked_sub(1), self.last_run()) else { return };
        self.tail = None;
        let longer = |run: Run| Run { raw_width: run.raw_width + raw_width, ..run };
        match run.shape {
            Shape::Each if run.normalized_start < last => {
                let own = Run { normalized_start: last, raw_start: run.start_of(last), ..run };
                self.add_run(longer(own));
            }
            Shape::Each => {
                let block = self.remove_last_run();
                self.add_run_to(block, longer(run));
            }
            Shape::Together => {
                // Characters that stand together across the border of a block are two runs of the same bytes.
                let mut parts = Vec::new();
                while let Some(part) = self.last_run().filter(|part| part.raw_start == run.raw_start) {
                    parts.push((self.remove_last_run(), part));
                }
                parts.into_iter().rev().for_each(|(block, part)| self.add_run_to(block, longer(part)));
            }
        }
    }

    /// Adds a run to a block, which it may begin.
    fn add_run_to(&mut self, block: u32, run: Run) {
        if self.blocks.len() as u32 == block {
            self.blocks.push(self.raw_starts.len() as u32);
        }
        self.add_run(run);
    }

    /// Removes the last run, and its block if it is the only one in it. Returns the block.
    fn remove_last_run(&mut self) -> u32 {
        let block = self.blocks.len() as u32 - 1;
        self.raw_starts.pop();
        self.packed.pop();
        let last = self.raw_starts.len() as u32;
        if self.wide.last().is_some_and(|(run, _)| *run == last) {
            self.wide.pop();
        }
        if self.blocks.last() == Some(&last) {
            self.blocks.pop();
        }
        block
    }

    /// Adds the characters of `span` of another map, as they are there.
    pub(super) fn append(&mut self, other: &OffsetMap, span: Span<Normalized>) {
        let mut position = span.start();
        let mut index = other.run_of(position);
        while position < span.end() {
            let block = position / BLOCK;
            let run = other.run(index, block);
            let next = (index as u32 + 1 < other.block_end(block)).then(|| other.packed[index + 1].position());
            let end = (block * BLOCK + next.unwrap_or(BLOCK)).min(span.end());
            match run.shape {
                Shape::Each => self.push_run(end - position, run.start_of(position), run.raw_width),
                Shape::Together => self.push_together(end - position, run.raw_start, run.raw_width),
            }
            position = end;
            index += 1;
        }
    }

    /// The raw bytes that the characters of a span stand for. An empty span maps to an empty one.
    pub fn to_raw(&self, span: Span<Normalized>) -> Span<Raw> {
        if self.raw_starts.is_empty() {
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
        self.run(self.run_of(position), position / BLOCK).start_of(position)
    }

    fn raw_end(&self, position: u32) -> u32 {
        self.run(self.run_of(position), position / BLOCK).end_of(position)
    }

    /// Index of the run that holds a character.
    fn run_of(&self, position: u32) -> usize {
        let block = position / BLOCK;
        let Some(&first) = self.blocks.get(block as usize) else { return self.raw_starts.len().saturating_sub(1) };
        let runs = &self.packed[first as usize..self.block_end(block) as usize];
        let behind = runs.partition_point(|run| run.position() <= position % BLOCK);
        first as usize + behind.saturating_sub(1)
    }

    /// The run behind the last one of a block.
    fn block_end(&self, block: u32) -> u32 {
        self.blocks.get(block as usize + 1).copied().unwrap_or(self.raw_starts.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is added to a map.
    #[derive(Clone, Debug)]
    enum Step {
        Run { characters: u32, raw_width: u32 },
        Together { characters: u32, raw_width: u32 },
        LeftOut(u32),
        Extend(u32),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let width = prop_oneof![4 => 1_u32..5, 1 => 500_u32..520, 1 => 60_000_u32..80_000];
        let step = prop_oneof![
            4 => (1_u32..150, 1_u32..5).prop_map(|(characters, raw_width)| Step::Run { characters, raw_width }),
            2 => (1_u32..3, width.clone()).prop_map(|(characters, raw_width)| Step::Run { characters, raw_width }),
            2 => (2_u32..5, 1_u32..5).prop_map(|(characters, raw_width)| Step::Together { characters, raw_width }),
            1 => width.clone().prop_map(Step::LeftOut),
            2 => width.prop_map(Step::Extend),
        ];
        proptest::collection::vec(step, 0..40)
    }

    /// The raw span of every character, by the definition.
    fn by_definition(steps: &[Step]) -> (OffsetMap, Vec<(u32, u32)>) {
        let (mut map, mut spans, mut raw) = (OffsetMap::default(), Vec::<(u32, u32)>::new(), 0);
        for step in steps {
            match *step {
                Step::Run { characters, raw_width } => {
                    map.push_run(characters, raw, raw_width);
                    spans.extend((0..characters).map(|at| (raw + at * raw_width, raw + (at + 1) * raw_width)));
                    raw += characters * raw_width;
                }
                Step::Together { characters, raw_width } => {
                    map.push_together(characters, raw, raw_width);
                    spans.extend((0..characters).map(|_| (raw, raw + raw_width)));
                    raw += raw_width;
                }
                Step::LeftOut(bytes) => raw += bytes,
                Step::Extend(bytes) => {
                    let Some(&(first, end)) = spans.last() else { continue };
                    // Only what follows at once belongs to the character.
                    if end == raw {
                        map.extend_last(bytes);
                        raw += bytes;
                        spans.iter_mut().rev().take_while(|span| span.0 == first).for_each(|span| span.1 = raw);
                    }
                }
            }
        }
        (map, spans)
    }

    proptest! {
        #[test]
        fn every_character_has_the_bytes_that_it_was_given(steps in steps(), from in 0_usize..400, to in 0_usize..400) {
            let (map, spans) = by_definition(&steps);
            prop_assert_eq!(map.normalized_len() as usize, spans.len());
            let raw = |map: &OffsetMap, at: usize| {
                let raw = map.to_raw(Span::new(at as u32, at as u32 + 1));
                (raw.start(), raw.end())
            };
            for (at, span) in spans.iter().enumerate() {
                prop_assert_eq!(raw(&map, at), *span, "character {}", at);
            }
            // A part of it, added to another map behind something else.
            let (from, to) = (from.min(to).min(spans.len()), from.max(to).min(spans.len()));
            let mut part = OffsetMap::default();
            part.push_run(33, 0, 1);
            part.append(&map, Span::new(from as u32, to as u32));
            for (at, span) in spans[from..to].iter().enumerate() {
                prop_assert_eq!(raw(&part, 33 + at), *span);
            }
        }
    }
}
