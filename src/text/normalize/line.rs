//! Folding: every raw character to its normalised form, physical line by physical line.
//!
//! In: raw text. Out: folded characters with their offset map, the lines they stand in, and the ledger.
//! One pass, no look-back further than two characters, no look-ahead further than one pair of brackets.

use crate::text::cancel::{Cancelled, Polls};
use crate::text::span::{Normalized, Span};

use super::cleaning::{Cleaning, CleaningKind};
use super::fold::{self, Fold, Han, HanTable};
use super::offset_map::OffsetMap;
use super::{is_han, pinyin};

/// Toned readings that must have been seen before an untoned one, such as 們(men), is read as pinyin too.
const TONED_BEFORE_UNTONED: u32 = 3;

/// Most characters of a run that is read without a look at the caller's flag.
const LONGEST_RUN: usize = 1 << 12;

/// A physical line of the raw text, folded. Blank lines are not kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Its folded characters, without blanks at either end; a line feed stands between them and those of the next line. Never
    /// empty.
    pub(super) characters: Span<Normalized>,
    /// Its length in raw characters, without the line end and the blanks it begins with.
    pub(super) raw_characters: u32,
    /// Raw characters of the blanks it begins with.
    pub(super) indent_characters: u32,
    /// Columns of the blanks it begins with: a wide blank takes two.
    pub(super) indent_columns: u32,
    /// Whether it ends in a blank.
    pub(super) ends_blank: bool,
    /// Whether a blank line stands before it.
    pub(super) after_blank_line: bool,
    /// Raw position of its first folded character.
    pub(super) raw_start: u32,
    /// Raw position after its last folded character.
    pub(super) raw_end: u32,
}

/// A text after folding, still in physical lines.
pub(super) struct FoldedText {
    /// Its characters, with a line feed between two lines.
    pub(super) characters: Vec<char>,
    pub(super) map: OffsetMap,
    pub(super) lines: Vec<Line>,
    pub(super) cleanings: Vec<Cleaning>,
    /// Contextual punctuation at the edge of a line, in order: its width depends on whether the lines are joined.
    pub(super) edges: Vec<Punctuation>,
    /// Whether straight quotation marks stand in the text; which of them open is known once lines are joined.
    pub(super) has_straight_quotes: bool,
}

/// Punctuation whose width depends on its neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Punctuation {
    /// Its place among the folded characters.
    pub(super) index: u32,
    /// Its wide form, in which it stands there for now.
    pub(super) wide: char,
    /// The raw character.
    pub(super) raw: char,
    /// Where that stands, in bytes.
    pub(super) raw_start: u32,
}

/// Folds every character and cuts the text into its physical lines.
pub(super) fn fold_lines(raw: &str, polls: &mut Polls<'_>) -> Result<FoldedText, Cancelled> {
    let mut folder = Folder::new(raw.len());
    let han = HanTable::new();
    let mut at = 0;
    while at < raw.len() {
        polls.step()?;
        if folder.is_inside_words() {
            // Most of a document: runs of Han characters.
            let after = folder.emit_run(raw, at, han);
            if after > at {
                polls.steps((after - at) as u32)?;
                at = after;
                continue;
            }
        }
        let Some(character) = raw[at..].chars().next() else { break };
        let after = at + character.len_utf8();
        at = match fold::fold(character) {
            Fold::LineEnd => {
                folder.end_line();
                let joined = character == '\r' && raw.as_bytes().get(after) == Some(&b'\n');
                if joined { after + 1 } else { after }
            }
            Fold::OpenBracket => {
                let allow_untoned = folder.toned_pinyin >= TONED_BEFORE_UNTONED && folder.blank_start.is_none();
                match folder.after_han().then(|| pinyin::glued(&raw[after..], allow_untoned)).flatten() {
                    Some(glued) => {
                        folder.glue_pinyin(at, after + glued.bytes, glued);
                        after + glued.bytes
                    }
                    None => {
                        folder.emit('（', at, after);
                        if character != '（' {
                            folder.record(at, after, CleaningKind::Width);
                        }
                        after
                    }
                }
            }
            folded => {
                folder.fold_one(folded, character, at, after, &raw[after..]);
                after
            }
        };
    }
    folder.end_line();
    Ok(folder.text)
}

/// The state of folding one text.
struct Folder {
    text: FoldedText,
    /// First folded character of the current line.
    line_start: u32,
    /// Raw characters of the current line after its indentation.
    raw_characters: u32,
    indent_characters: u32,
    indent_columns: u32,
    /// Raw position at which a run of blanks began that no character has followed yet.
    blank_start: Option<usize>,
    /// The last character, if it is contextual punctuation whose width is still open.
    open_punctuation: Option<Punctuation>,
    after_blank_line: bool,
    toned_pinyin: u32,
    raw_start: usize,
    raw_end: usize,
}

impl Folder {
    fn new(raw_bytes: usize) -> Self {
        Self {
            text: FoldedText {
                characters: Vec::with_capacity(raw_bytes / 3 + 16),
                map: OffsetMap::with_room_for(raw_bytes),
                lines: Vec::new(),
                cleanings: Vec::with_capacity(raw_bytes / 256),
                edges: Vec::new(),
                has_straight_quotes: false,
            },
            line_start: 0,
            raw_characters: 0,
            indent_characters: 0,
            indent_columns: 0,
            blank_start: None,
            open_punctuation: None,
            after_blank_line: false,
            toned_pinyin: 0,
            raw_start: 0,
            raw_end: 0,
        }
    }

    fn fold_one(&mut self, folded: Fold, character: char, at: usize, after: usize, rest: &str) {
        match folded {
            Fold::Keep => self.emit(character, at, after),
            Fold::Become(target, kind) => {
                self.emit(target, at, after);
                self.record(at, after, kind);
            }
            Fold::Expand(index) => self.emit_together(fold::expansion(index), at, after),
            Fold::Blank => self.blank(character, at),
            Fold::Invisible => {
                self.raw_characters += 1;
                self.record(at, after, CleaningKind::Invisible);
            }
            Fold::Contextual(wide) => self.contextual(wide, character, at, after),
            Fold::QuestionMark if self.is_lost_blank(rest) => {
                self.raw_characters += 1;
                self.record(at, after, CleaningKind::LostBlank);
            }
            Fold::QuestionMark => self.contextual('？', character, at, after),
            Fold::StraightQuote => {
                self.text.has_straight_quotes = true;
                self.emit('"', at, after);
                self.record(at, after, CleaningKind::Quote);
            }
            Fold::Zhu if is_zhu(self.text.characters.last().copied(), first_visible(rest)) => {
                self.emit(character, at, after)
            }
            Fold::Zhu => {
                self.emit('着', at, after);
                self.record(at, after, CleaningKind::Script);
            }
            // Line ends and brackets are met by the caller, which sees the text behind them.
            Fold::LineEnd | Fold::OpenBracket => {}
        }
    }

    /// Last folded character of the current line.
    fn last(&self) -> Option<char> {
        (self.text.characters.len() as u32 > self.line_start).then(|| self.text.characters.last().copied()).flatten()
    }

    /// Whether the last character of the line is a Han character; blanks may follow it.
    fn after_han(&self) -> bool {
        self.last().is_some_and(is_han)
    }

    fn record(&mut self, at: usize, after: usize, kind: CleaningKind) {
        record(&mut self.text.cleanings, at as u32, after as u32, kind);
    }

    /// Settles what stands before a new character: blanks, and the width of punctuation.
    fn before(&mut self, next: char, at: usize) {
        let last = self.last();
        if let Some(start) = self.blank_start.take() {
            let between_words = last.is_some_and(is_ascii_word) && is_ascii_word(next);
            if between_words {
                self.text.characters.push(' ');
                self.text.map.push(start as u32, (at - start) as u32);
                if at - start > 1 {
                    self.record(start, at, CleaningKind::Blank);
                }
            } else if last.is_some() {
                self.record(start, at, CleaningKind::Blank);
            }
        }
        self.settle_punctuation(Some(next));
        if last.is_none() {
            self.raw_start = at;
            if let Some(before) = self.text.lines.last() {
                // Stands for whatever line ends and blanks lie between two lines.
                self.text.characters.push('\n');
                self.text.map.push(before.raw_end, at as u32 - before.raw_end);
                self.line_start += 1;
            }
        }
    }

    fn settle_punctuation(&mut self, next: Option<char>) {
        let Some(open) = self.open_punctuation.take() else { return };
        if open.index == self.line_start || next.is_none() {
            self.text.edges.push(open);
            return;
        }
        let index = open.index as usize;
        let form = punctuation_form(Some(self.text.characters[index - 1]), open.wide, next);
        self.text.characters[index] = form;
        if form != open.raw {
            self.record(open.raw_start as usize, open.raw_start as usize + open.raw.len_utf8(), CleaningKind::Width);
        }
    }

    /// Whether the last character of the line is settled and the next one follows it at once.
    #[inline]
    fn is_inside_words(&self) -> bool {
        self.blank_start.is_none()
            && self.open_punctuation.is_none()
            && self.text.characters.len() as u32 > self.line_start
    }

    /// Emits the Han characters from `at` on that stay or become simplified ones, as many as are read between two looks at the
    /// caller's flag at most, and returns where they end.
    fn emit_run(&mut self, raw: &str, at: usize, han: HanTable) -> usize {
        let mut after = at;
        // Characters of the main Han block take three bytes each.
        for bytes in raw.as_bytes()[at..].chunks_exact(3).take(LONGEST_RUN) {
            match han.read(bytes) {
                Some(Han::Stays(character)) => self.text.characters.push(character),
                Some(Han::Simplified(character)) => {
                    self.text.characters.push(character);
                    self.record(after, after + 3, CleaningKind::Script);
                }
                None => break,
            }
            after += 3;
        }
        let count = ((after - at) / 3) as u32;
        if count > 0 {
            self.text.map.push_run(count, at as u32, 3);
            self.raw_characters += count;
            self.raw_end = after;
        }
        after
    }

    #[inline]
    fn emit(&mut self, character: char, at: usize, after: usize) {
        if !self.is_inside_words() {
            self.before(character, at);
        }
        self.text.characters.push(character);
        self.text.map.push(at as u32, (after - at) as u32);
        self.raw_characters += 1;
        self.raw_end = after;
    }

    fn emit_together(&mut self, characters: &[char], at: usize, after: usize) {
        let Some(&first) = characters.first() else { return };
        self.before(first, at);
        self.text.characters.extend_from_slice(characters);
        self.text.map.push_together(characters.len() as u32, at as u32, (after - at) as u32);
        self.raw_characters += 1;
        self.raw_end = after;
        self.record(at, after, CleaningKind::Width);
    }

    fn contextual(&mut self, wide: char, raw: char, at: usize, after: usize) {
        self.emit(wide, at, after);
        let index = self.text.characters.len() as u32 - 1;
        self.open_punctuation = Some(Punctuation { index, wide, raw, raw_start: at as u32 });
    }

    fn glue_pinyin(&mut self, at: usize, after: usize, glued: pinyin::Glued) {
        self.toned_pinyin += u32::from(glued.toned);
        self.raw_characters += glued.characters + 1;
        // Blanks and what cannot be seen may stand between the character and its reading.
        self.blank_start = None;
        self.text.map.extend_last((after - self.raw_end) as u32);
        self.raw_end = after;
        self.record(at, after, CleaningKind::Pinyin);
    }

    fn blank(&mut self, character: char, at: usize) {
        if self.last().is_none() {
            self.indent_characters += 1;
            self.indent_columns += if character == '\u{3000}' { 2 } else { 1 };
        } else {
            self.raw_characters += 1;
        }
        self.blank_start.get_or_insert(at);
    }

    /// A `?` of ASCII width stands for a lost blank at the start of a line, and before a date behind a wide character.
    fn is_lost_blank(&self, rest: &str) -> bool {
        let year_ends = ['-', '/', '.', '年'];
        let date = rest.as_bytes().get(..4).is_some_and(|year| year.iter().all(u8::is_ascii_digit))
            && rest[4..].starts_with(year_ends);
        let last = self.last();
        last.is_none() || date && !last.is_some_and(is_ascii_word)
    }

    fn end_line(&mut self) {
        self.settle_punctuation(None);
        let end = self.text.characters.len() as u32;
        if end > self.line_start {
            self.text.lines.push(Line {
                characters: Span::new(self.line_start, end),
                raw_characters: self.raw_characters,
                indent_characters: self.indent_characters,
                indent_columns: self.indent_columns,
                ends_blank: self.blank_start.is_some(),
                after_blank_line: self.after_blank_line,
                raw_start: self.raw_start as u32,
                raw_end: self.raw_end as u32,
            });
        }
        self.after_blank_line = end == self.line_start;
        self.line_start = end;
        self.raw_characters = 0;
        self.indent_characters = 0;
        self.indent_columns = 0;
        self.blank_start = None;
    }
}

/// Adds an entry to a ledger, or lengthens its last one.
pub(super) fn record(cleanings: &mut Vec<Cleaning>, start: u32, end: u32, kind: CleaningKind) {
    match cleanings.last_mut() {
        Some(last) if last.kind == kind && last.span.end() == start => last.span = Span::new(last.span.start(), end),
        _ => cleanings.push(Cleaning { span: Span::new(start, end), kind }),
    }
}

/// Punctuation with two widths takes the ASCII form between ASCII letters or digits and the wide form elsewhere.
pub(super) fn punctuation_form(before: Option<char>, wide: char, next: Option<char>) -> char {
    if before.is_some_and(is_ascii_word) && next.is_some_and(is_ascii_word) {
        char::from_u32(wide as u32 - 0xfee0).unwrap_or(wide)
    } else {
        wide
    }
}

/// Whether a character is an ASCII letter or digit.
pub(super) fn is_ascii_word(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

/// The next character that can be seen, on this line or a later one.
fn first_visible(rest: &str) -> Option<char> {
    rest.chars().find(|c| !matches!(fold::fold(*c), Fold::Blank | Fold::LineEnd | Fold::Invisible))
}

/// 著 stays in words such as 显著, 著名 and 著作; elsewhere it is the traditional form of 着.
fn is_zhu(before: Option<char>, next: Option<char>) -> bool {
    const BEFORE: &str = "显顯卓昭名论論专專巨原编編译譯合拙遗遺土";
    const AFTER: &str = "名作述称稱者书書录錄";
    before.is_some_and(|c| BEFORE.contains(c)) || next.is_some_and(|c| AFTER.contains(c))
}
