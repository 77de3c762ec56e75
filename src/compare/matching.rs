//! What is matched: both documents as sequences of units in which localised words are equal.
//!
//! In: the analyses of both documents. Out: for each side [`Units`]: one number a content character, so that equal
//! numbers may be matched. Punctuation, labels and blanks are no units. 省 and 市 (and 区, 县, 州, 镇 where they stand for
//! a level: 全区, 各县) are one number; the documents' own place names are one number each, whatever their length.
//! Thus 全省 and 全市, 广东省委 and 广州市委 match without a rule of their own; `edit` tells them apart again.
//!
//! Units stand in *pieces*: clauses without their punctuation, long ones cut at 、 and at [`MAX_PIECE_UNITS`].
//! Cost: linear.

use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, Polls};
use crate::text::normalize::is_word_character;
use crate::text::paragraph::ParagraphRole;
use crate::text::span::{Normalized, Pair, Span};
use crate::text::word_map::{CharacterFilter, begins_with};

/// Longest piece, in units, so that a clause without an end costs bounded work.
pub const MAX_PIECE_UNITS: usize = 64;

/// Number of every character that stands for a level of administration.
const LEVEL: u32 = 0x11_0000;
/// Number of every own place name.
const PLACE: u32 = 0x11_0001;
/// Number of every slogan of figures: 1+1+9 at one level is 1+1+4 at the next.
const FIGURES: u32 = 0x11_0002;

/// A stretch of units that is compared as one: a clause, or part of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its units.
    pub units: std::ops::Range<u32>,
    /// The characters it stands for, punctuation at its end included.
    pub span: Span<Normalized>,
    /// Index of its sentence.
    pub sentence: u32,
    /// Index of its paragraph.
    pub paragraph: u32,
}

/// One document as it is matched.
#[derive(Clone, Debug, Default)]
pub struct Units {
    /// The number of each unit; none once they have been taken.
    pub numbers: Vec<u32>,
    /// First character of each unit.
    pub starts: Vec<u32>,
    /// What each unit is.
    pub shapes: Vec<Shape>,
    /// The pieces, in order; they hold every unit.
    pub pieces: Vec<Piece>,
    /// The piece of the first unit of every block of [`BLOCK_UNITS`].
    pub(super) block_pieces: Vec<u32>,
    /// For each unit how many pieces behind that of the first of its block its own is: fewer than there are units in a block,
    /// since no piece is empty.
    pub(super) pieces_behind: Vec<u8>,
}

/// What a unit is and how long, in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape(u8);

impl Shape {
    /// One character.
    pub const CHARACTER: Self = Self(1);
    const LEVEL: u8 = 1 << 6;
    const PLACE: u8 = 1 << 7;
    const LONGEST: usize = (1 << 6) - 1;

    /// Of a number and its characters; a name of more than 63 counts as so many.
    fn new(number: u32, length: usize) -> Self {
        let kind = match number {
            LEVEL => Self::LEVEL,
            PLACE => Self::PLACE,
            _ => 0,
        };
        Self(length.min(Self::LONGEST) as u8 | kind)
    }

    /// Its characters: one, or those of a place's name or of a slogan of figures.
    pub fn characters(self) -> u32 {
        u32::from(self.0 & Self::LONGEST as u8)
    }

    /// Whether it is an own place.
    pub fn is_place(self) -> bool {
        self.0 & Self::PLACE != 0
    }

    /// Whether it is a level of administration.
    pub fn is_level(self) -> bool {
        self.0 & Self::LEVEL != 0
    }
}

/// Units of a block, whose pieces are counted from that of the first one.
const BLOCK_UNITS: usize = 64;

impl Units {
    /// How many units there are.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The numbers, which are there no longer.
    pub fn take_numbers(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.numbers)
    }

    /// First character after a unit.
    pub fn end(&self, unit: usize) -> u32 {
        self.starts[unit] + self.shapes[unit].characters()
    }

    /// The characters from the first to the last of a range of units.
    pub fn span(&self, units: std::ops::Range<u32>) -> Span<Normalized> {
        if units.is_empty() {
            return Span::new(0, 0);
        }
        Span::new(self.starts[units.start as usize], self.end(units.end as usize - 1))
    }

    /// Index of the piece that holds a unit.
    pub fn piece_of(&self, unit: u32) -> u32 {
        self.block_pieces[unit as usize / BLOCK_UNITS] + u32::from(self.pieces_behind[unit as usize])
    }

    /// The piece that holds a unit.
    pub fn piece_at(&self, unit: u32) -> &Piece {
        &self.pieces[self.piece_of(unit) as usize]
    }

    /// The pieces that hold a unit of a range; the range may reach past the last unit.
    pub fn pieces_touched(&self, units: std::ops::Range<u32>) -> std::ops::Range<u32> {
        let last = units.end.min(self.count() as u32);
        if units.start >= last {
            return 0..0;
        }
        self.piece_of(units.start)..self.piece_of(last - 1) + 1
    }
}

/// What units see through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classes {
    /// Levels, own places and slogans of figures are equal among themselves.
    Localized,
    /// Every character is itself.
    Literal,
}

/// Reads both documents as units, localised words being equal.
pub fn units(analyses: Pair<&Analysis>, cancel: &Cancel) -> Result<Pair<Units>, Cancelled> {
    units_of(analyses, Classes::Localized, cancel)
}

/// Reads both documents as units.
pub fn units_of(analyses: Pair<&Analysis>, classes: Classes, cancel: &Cancel) -> Result<Pair<Units>, Cancelled> {
    let mut names: Vec<&[char]> = Vec::new();
    names.extend(analyses.left.own_places.iter().map(Vec::as_slice));
    names.extend(analyses.right.own_places.iter().map(Vec::as_slice));
    names.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    names.dedup();
    if classes == Classes::Literal {
        names.clear();
    }
    let mut polls = Polls::new(cancel);
    let plain = Plain::new(&names);
    Ok(Pair::new(
        document_units(analyses.left, &names, &plain, classes, &mut polls)?,
        document_units(analyses.right, &names, &plain, classes, &mut polls)?,
    ))
}

fn document_units(
    analysis: &Analysis,
    names: &[&[char]],
    plain: &Plain,
    classes: Classes,
    polls: &mut Polls<'_>,
) -> Result<Units, Cancelled> {
    let characters = analysis.text.characters();
    let mut out = Units::default();
    for list in [&mut out.numbers, &mut out.starts] {
        list.reserve(characters.len());
    }
    out.shapes.reserve(characters.len());
    out.pieces_behind.reserve(characters.len());
    for clause in &analysis.clauses {
        let sentence = analysis.sentences[clause.sentence as usize];
        let paragraph = &analysis.paragraphs[sentence.paragraph as usize];
        if matches!(paragraph.role, ParagraphRole::Furniture | ParagraphRole::Byline) {
            continue;
        }
        let label = if clause.span.start() == sentence.span.start() { sentence.label_characters } else { 0 };
        let mut at = (clause.span.start() + label) as usize;
        let end = clause.span.end() as usize;
        let mut first_unit = out.numbers.len();
        let mut first_character = clause.span.start();
        while at < end {
            // Most characters stand for themselves, and a stretch of them is read as one.
            let room = MAX_PIECE_UNITS - (out.numbers.len() - first_unit);
            let ahead = &characters[at..end.min(at + room)];
            let length = ahead.iter().take_while(|character| plain.holds(**character)).count();
            polls.steps(1 + length as u32)?;
            out.numbers.extend(ahead[..length].iter().map(|character| *character as u32));
            out.starts.extend(at as u32..(at + length) as u32);
            at += length;
            if at == end {
                break;
            }
            let piece_units = out.numbers.len() - first_unit;
            let character = characters[at];
            let at_list_mark = character == '、' && piece_units * 2 >= MAX_PIECE_UNITS;
            if at_list_mark || piece_units >= MAX_PIECE_UNITS {
                let span = Span::new(first_character, at as u32);
                push_piece(&mut out, first_unit, span, clause.sentence, sentence.paragraph);
                first_unit = out.numbers.len();
                first_character = at as u32;
            }
            // Marks are no units, and open neither a name nor a slogan of figures.
            if character_number(character).is_none() {
                at += 1;
                continue;
            }
            let name = names.iter().find(|name| begins_with(&characters[at..end], name));
            let (number, length) = match name {
                Some(name) => (Some(PLACE), name.len()),
                None if classes == Classes::Literal => (character_number(character), 1),
                None => match figures_length(&characters[at..end]) {
                    0 => (number_of(characters, at), 1),
                    length => (Some(FIGURES), length),
                },
            };
            if let Some(number) = number {
                // All before it that have no shape yet are single characters.
                out.shapes.resize(out.numbers.len(), Shape::CHARACTER);
                out.numbers.push(number);
                out.starts.push(at as u32);
                out.shapes.push(Shape::new(number, length));
            }
            at += length;
        }
        let span = Span::new(first_character, clause.span.end());
        push_piece(&mut out, first_unit, span, clause.sentence, sentence.paragraph);
    }
    out.shapes.resize(out.numbers.len(), Shape::CHARACTER);
    Ok(out)
}

fn push_piece(out: &mut Units, first_unit: usize, span: Span<Normalized>, sentence: u32, paragraph: u32) {
    let units = first_unit as u32..out.numbers.len() as u32;
    if !units.is_empty() {
        let piece = out.pieces.len() as u32;
        let mut at = first_unit;
        while at < out.numbers.len() {
            if at.is_multiple_of(BLOCK_UNITS) {
                out.block_pieces.push(piece);
            }
            let inside_block = (BLOCK_UNITS - at % BLOCK_UNITS).min(out.numbers.len() - at);
            let behind = (piece - out.block_pieces[at / BLOCK_UNITS]) as u8;
            out.pieces_behind.extend(std::iter::repeat_n(behind, inside_block));
            at += inside_block;
        }
        out.pieces.push(Piece { units, span, sentence, paragraph });
    }
}

/// Longest slogan of figures, in characters: a text of digits alone is none, and is not read again at each of them.
const LONGEST_FIGURES: usize = 32;

/// Length of a slogan of figures, such as 1+1+9: two or more `+` between digits.
fn figures_length(text: &[char]) -> usize {
    let figures = text.iter().take(LONGEST_FIGURES + 1);
    let length = figures.take_while(|c| c.is_ascii_digit() || **c == '+' || **c == 'N').count();
    if length > LONGEST_FIGURES {
        return 0;
    }
    let plus = text[..length].iter().filter(|c| **c == '+').count();
    if plus >= 2 && text[0] != '+' && text[length - 1] != '+' { length } else { 0 }
}

/// Han characters that stand for themselves wherever they are, which most do: neither levels nor the first ones of names.
struct Plain {
    others: CharacterFilter,
}

impl Plain {
    /// The others being those of levels, and those that `names` begin with.
    fn new(names: &[&[char]]) -> Self {
        let levels = ['省', '市', '区', '县', '州', '镇', '乡', '地'];
        let firsts = names.iter().filter_map(|name| name.first().copied());
        Self { others: CharacterFilter::new(firsts.chain(levels)) }
    }

    /// Whether a character is certainly one of them.
    fn holds(&self, character: char) -> bool {
        matches!(character, '\u{4e00}'..='\u{9fff}') && !self.others.may_hold(character)
    }
}

/// The number of one character; none for punctuation and blanks.
fn number_of(characters: &[char], at: usize) -> Option<u32> {
    let character = characters[at];
    let before = || at.checked_sub(1).map_or(' ', |before| characters[before]);
    match character {
        '省' | '市' => Some(LEVEL),
        '区' | '县' | '州' | '镇' | '乡' | '地' if "全我本各".contains(before()) => Some(LEVEL),
        '区' | '县' | '州' | '镇' | '乡' if matches!(characters.get(at + 1), Some('委' | '级' | '直')) => {
            Some(LEVEL)
        }
        _ => character_number(character),
    }
}

/// The number of a character that stands for itself; none for punctuation and blanks.
fn character_number(character: char) -> Option<u32> {
    (is_word_character(character) || matches!(character, '%' | '+')).then_some(character as u32)
}
