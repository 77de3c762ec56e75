//! The raw words of one document with what was found in them: passages, edits, cleanings.
//!
//! In: one side of a comparison. Out: HTML of any of its paragraphs, glyph by glyph as it was sent. Always: the text
//! content of a paragraph's HTML, marks aside, is the paragraph. Marks are flat runs inside at most one passage, so
//! that passages which overlap cannot break the nesting: the heaviest echo that holds a run wins, then formula.
//! Cost: linear in runs; a run inside k passages costs k when the passages change.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped};

use crate::compare::comparison::{
    Cleaning, CleaningKind, Comparison, Direction, Edit, EditKind, EditOp, Passage, PassageForm, Quantity,
};
use crate::report::glyph::{cleanings_in, is_hidden, page_words, push_escaped};
use crate::report::label::{self, Language};
use crate::text::span::{Raw, Side, Span};

/// One document, ready to be marked.
pub(super) struct MarkedText<'a> {
    side: Side,
    language: Language,
    text: &'a str,
    cleanings: &'a [Cleaning],
    passages: &'a [Passage],
    /// Starts of the paragraphs, to find the one that holds a position.
    starts: Vec<u32>,
    /// Indexes of the passages that touch each paragraph.
    passages_of: Vec<Vec<u32>>,
}

/// Whether a passage begins where its number is put, or in a paragraph before.
#[derive(Clone, Copy)]
enum Beginning {
    Here,
    Before,
}

/// The class of a kind of edit; the style sheet gives each its line and its sign.
pub(super) fn edit_class(kind: &EditKind) -> &'static str {
    match kind {
        EditKind::Localization => "lo",
        EditKind::Number(_) => "nu",
        EditKind::Strength(Direction::Weaker) => "sw",
        EditKind::Strength(Direction::Stronger) => "ss",
        EditKind::Synonym => "sy",
        EditKind::Name => "na",
        EditKind::Date => "da",
        EditKind::Slogan => "sl",
        EditKind::Reordering => "re",
        EditKind::Punctuation => "pu",
        EditKind::Addition => "ad",
        EditKind::Omission => "om",
        EditKind::Other => "ot",
    }
}

/// The class of a passage's form.
pub(super) fn form_class(passage: &Passage) -> &'static str {
    match (passage.is_echo(), passage.form) {
        (false, _) => "f",
        (true, PassageForm::Verbatim) => "v",
        (true, PassageForm::Localized) => "l",
        (true, PassageForm::Adapted) => "a",
    }
}

/// The letter that stands for a side in ids.
pub(super) fn side_letter(side: Side) -> char {
    match side {
        Side::Left => 'L',
        Side::Right => 'R',
    }
}

pub(super) fn span_on<'a>(side: Side) -> impl Fn(&'a Passage) -> Span<Raw> {
    move |passage| match side {
        Side::Left => passage.left,
        Side::Right => passage.right,
    }
}

fn edit_span(side: Side, edit: &Edit) -> Span<Raw> {
    match side {
        Side::Left => edit.left,
        Side::Right => edit.right,
    }
}

impl<'a> MarkedText<'a> {
    /// Prepares one side of a comparison.
    pub(super) fn new(comparison: &'a Comparison, side: Side, text: &'a str, language: Language) -> Self {
        let outline = comparison.outlines.get(side);
        let paragraphs = &outline.paragraphs;
        let mut passages_of = vec![Vec::new(); paragraphs.len()];
        for (index, passage) in comparison.passages.iter().enumerate() {
            let span = span_on(side)(passage);
            let first = paragraphs.partition_point(|paragraph| paragraph.span.end() <= span.start());
            for (paragraph, list) in paragraphs[first..].iter().zip(&mut passages_of[first..]) {
                if paragraph.span.start() >= span.end() {
                    break;
                }
                list.push(index as u32);
            }
        }
        let starts = paragraphs.iter().map(|paragraph| paragraph.span.start()).collect();
        Self {
            side,
            language,
            text,
            cleanings: &outline.cleanings,
            passages: &comparison.passages,
            starts,
            passages_of,
        }
    }

    /// Index of the paragraph that holds a position, or of the one before it.
    pub(super) fn paragraph_at(&self, position: u32) -> usize {
        self.starts.partition_point(|&start| start <= position).saturating_sub(1)
    }

    /// Indexes of the passages that touch a paragraph.
    pub(super) fn passages_of(&self, index: usize) -> &[u32] {
        self.passages_of.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// The words of a span without what was ignored when they were read, for lists and labels.
    pub(super) fn words(&self, span: Span<Raw>) -> String {
        page_words(self.text, self.cleanings, span)
    }

    fn slice(&self, from: u32, to: u32) -> &'a str {
        self.text.get(from as usize..to.max(from) as usize).unwrap_or_default()
    }

    /// The words of a paragraph with its passages and the edits that concern it.
    pub(super) fn paragraph(&self, index: usize, span: Span<Raw>, edits: &[Edit]) -> Markup {
        self.mark(span, edits, self.passages_of(index))
    }

    /// The words of a span with edits alone.
    pub(super) fn edited(&self, span: Span<Raw>, edits: &[Edit]) -> Markup {
        self.mark(span, edits, &[])
    }

    fn mark(&self, span: Span<Raw>, edits: &[Edit], passages: &[u32]) -> Markup {
        let passage_span = span_on(self.side);
        let held: Vec<(u32, &Passage, Span<Raw>)> = passages
            .iter()
            .filter_map(|&index| {
                self.passages.get(index as usize).map(|passage| (index, passage, passage_span(passage)))
            })
            .collect();
        let mut changes: Vec<(&Edit, Span<Raw>)> = edits
            .iter()
            .filter(|edit| edit.op() != EditOp::Equal)
            .map(|edit| (edit, edit_span(self.side, edit)))
            .filter(|(_, words)| words.overlaps(span))
            .collect();
        changes.sort_by_key(|(_, words)| *words);
        let cleanings = cleanings_in(self.cleanings, span);
        let mut passage_borders: Vec<u32> = held.iter().flat_map(|(_, _, s)| [s.start(), s.end()]).collect();
        passage_borders.sort_unstable();
        passage_borders.dedup();
        let mut borders = vec![span.start(), span.end()];
        borders.extend(passage_borders.iter().copied());
        borders.extend(changes.iter().flat_map(|(_, s)| [s.start(), s.end()]));
        borders.extend(cleanings.iter().flat_map(|c| [c.span.start(), c.span.end()]));
        borders.retain(|&border| span.start() <= border && border <= span.end());
        borders.sort_unstable();
        borders.dedup();

        let mut out = String::with_capacity(span.len() as usize * 2);
        let mut open: Option<u32> = None;
        let (mut next_change, mut next_cleaning, mut next_border) = (0, 0, 0);
        for pair in borders.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let crosses = passage_borders[next_border..].iter().take_while(|&&border| border <= start).count();
            next_border += crosses;
            if crosses > 0 || start == span.start() {
                let holder = holder(&held, start);
                if holder.map(|(index, _)| index) != open {
                    out.push_str(if open.is_some() { "</span>" } else { "" });
                    open = holder.map(|(index, _)| index);
                    if let Some((index, passage)) = holder {
                        // Writing to a string cannot fail.
                        let tag = if passage.is_echo() { "e " } else { "" };
                        write!(out, "<span class=\"{tag}{}\" data-p=\"{}\">", form_class(passage), index + 1).ok();
                    }
                }
                for &(index, passage, held_span) in &held {
                    if held_span.start() == start && passage.is_echo() {
                        self.push_number(&mut out, index, passage, Beginning::Here);
                    } else if start == span.start() && held_span.contains_position(start) && passage.is_echo() {
                        self.push_number(&mut out, index, passage, Beginning::Before);
                    }
                }
            }
            while changes.get(next_change).is_some_and(|(_, words)| words.end() <= start) {
                next_change += 1;
            }
            while cleanings.get(next_cleaning).is_some_and(|cleaning| cleaning.span.end() <= start) {
                next_cleaning += 1;
            }
            let change = changes.get(next_change).filter(|(_, words)| words.start() <= start);
            let cleaning = cleanings.get(next_cleaning).filter(|cleaning| cleaning.span.start() <= start);
            let last_of_change = change.is_some_and(|(_, words)| words.end() <= end || end == span.end());
            self.push_run(&mut out, self.slice(start, end), change.map(|(edit, _)| *edit), last_of_change, cleaning);
        }
        out.push_str(if open.is_some() { "</span>" } else { "" });
        // Every word of the document went through `push_escaped`; tags and attributes are ours.
        PreEscaped(out)
    }

    /// The number that leads from one end of an echo to the other.
    fn push_number(&self, out: &mut String, index: u32, passage: &Passage, beginning: Beginning) {
        let (here, there) = match self.side {
            Side::Left => ('l', 'r'),
            Side::Right => ('r', 'l'),
        };
        let number = index + 1;
        let name = label::form(passage.form, self.language);
        let class = form_class(passage);
        let (id, sign) = match beginning {
            Beginning::Here => (format!(" id=\"{here}{number}\""), ""),
            Beginning::Before => (String::new(), "…"),
        };
        write!(out, "<a class=\"n {class}\"{id} href=\"#{there}{number}\" title=\"{name}\">{sign}{number}</a>").ok();
    }

    fn push_run(&self, out: &mut String, words: &str, edit: Option<&Edit>, last: bool, cleaning: Option<&Cleaning>) {
        let tag = match self.side {
            Side::Left => "del",
            Side::Right => "ins",
        };
        let kind = edit.and_then(|edit| edit.kind.as_ref());
        if let Some(kind) = kind {
            // The sign stands once, behind the last run of the edit.
            let sign = if last { " z" } else { "" };
            write!(out, "<{tag} class=\"{}{sign}\"", edit_class(kind)).ok();
            if let EditKind::Number(sides) = kind {
                out.push_str(" title=\"");
                push_escaped(out, &format!("{} → {}", quantity(sides.left.as_ref()), quantity(sides.right.as_ref())));
                out.push('"');
            }
            out.push('>');
        }
        match cleaning {
            Some(cleaning) if cleaning.kind == CleaningKind::Invisible => {
                out.push_str("<span class=\"i\">");
                push_escaped(out, words);
                out.push_str("</span>");
            }
            Some(cleaning) if is_hidden(cleaning.kind) => {
                out.push_str("<span class=\"c\">");
                push_escaped(out, words);
                out.push_str("</span>");
            }
            Some(cleaning) if !matches!(cleaning.kind, CleaningKind::Blank | CleaningKind::LineWrap) => {
                out.push_str("<span class=\"w\">");
                push_escaped(out, words);
                out.push_str("</span>");
            }
            Some(cleaning) if cleaning.kind == CleaningKind::LineWrap => out.push_str("<wbr>"),
            _ => push_escaped(out, words),
        }
        if kind.is_some() {
            write!(out, "</{tag}>").ok();
        }
    }
}

/// The passage whose mark a run at `position` carries: the heaviest echo, else the heaviest formula.
fn holder<'a>(held: &[(u32, &'a Passage, Span<Raw>)], position: u32) -> Option<(u32, &'a Passage)> {
    held.iter()
        .filter(|(_, _, span)| span.contains_position(position))
        .max_by(|(one_index, one, _), (other_index, other, _)| {
            let weights = one.is_echo().cmp(&other.is_echo()).then(one.weight.total_cmp(&other.weight));
            weights.then(other_index.cmp(one_index))
        })
        .map(|(index, passage, _)| (*index, *passage))
}

fn quantity(quantity: Option<&Quantity>) -> String {
    quantity
        .map_or_else(|| "∅".to_owned(), |quantity| format!("{} {}", quantity.value, quantity.unit).trim().to_owned())
}
