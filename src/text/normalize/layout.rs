//! Lines to paragraphs: hard-wrapped lines and broken headlines are joined.
//!
//! In: folded lines. Out: the normalised text with its paragraphs. Cost: linear.
//! A text is taken for hard-wrapped when many of its lines are equally long and break off inside a sentence, or when its
//! paragraphs are indented and every other line stands behind a full one; then a full line goes on in the next one
//! unless that one is indented as paragraphs are. Above the body, a headline that
//! cannot end where its line ends goes on in the next line.

use std::borrow::Cow;
use std::ops::Range;

use crate::text::cancel::{Cancelled, Polls};
use crate::text::span::{Normalized, Span};

use super::cleaning::{Cleaning, CleaningKind};
use super::line::{FoldedText, Line, Punctuation, is_ascii_word, punctuation_form, record};
use super::offset_map::OffsetMap;
use super::{NormalizedText, is_han};

/// Lines a wrapped text keeps free at the right margin at most, so that no line begins with punctuation.
const MARGIN_CHARACTERS: u32 = 2;
/// Line lengths, in characters, that a wrapped text has.
const WRAP_CHARACTERS: std::ops::RangeInclusive<u32> = 16..=64;
/// Fewest full lines that make a text a wrapped one.
const MIN_FULL_LINES: usize = 3;
/// Fewest lines without indentation that show a wrapped text by themselves, if every one stands behind a full line.
const MIN_FLUSH_LINES: usize = 2;
/// Longest headline line, in characters.
const MAX_HEADLINE_CHARACTERS: u32 = 36;

/// Room for so many characters may be left over behind those of a text.
const SPARE_CHARACTERS: usize = 1 << 12;

/// Most headlines above the body.
const MAX_HEADLINES: usize = 24;

/// Joins lines to paragraphs and builds the normalised text.
pub(super) fn arrange(folded: FoldedText, polls: &mut Polls<'_>) -> Result<NormalizedText, Cancelled> {
    let groups = join_headlines(&folded, join_wrapped(&folded));
    if groups.len() == folded.lines.len() {
        // Nothing is joined, as in most texts.
        return Ok(as_it_stands(folded));
    }
    let mut builder = Builder {
        characters: Vec::with_capacity(folded.characters.len() + groups.len()),
        map: OffsetMap::default(),
        paragraphs: Vec::with_capacity(groups.len()),
        cleanings: Vec::new(),
        next_edge: 0,
        raw_end: 0,
    };
    for group in groups {
        let lines = &folded.lines[group.clone()];
        polls.steps(lines.iter().map(|line| line.characters.len()).sum())?;
        builder.paragraph(&folded, &folded.lines[group]);
    }
    let Builder { characters, map, paragraphs, cleanings: joined, .. } = builder;
    Ok(NormalizedText { characters, map, paragraphs, cleanings: merged(folded.cleanings, joined) })
}

/// The text of which every line is a paragraph.
fn as_it_stands(folded: FoldedText) -> NormalizedText {
    let paragraphs: Vec<Span<Normalized>> = folded.lines.iter().map(|line| line.characters).collect();
    let FoldedText { mut characters, mut map, mut cleanings, edges, has_straight_quotes, .. } = folded;
    let mut settled = Vec::new();
    let mut paragraph = 0;
    for edge in edges {
        while paragraphs[paragraph].end() <= edge.index {
            paragraph += 1;
        }
        let start = paragraphs[paragraph].start() as usize;
        settle(&mut characters, &mut settled, edge, edge.index as usize, start);
    }
    if has_straight_quotes {
        paragraphs.iter().for_each(|span| turn_quotes(&mut characters[span.range()]));
    }
    // Of a long text the room that was left for more is worth giving back.
    if characters.capacity() > characters.len() + SPARE_CHARACTERS {
        characters.shrink_to_fit();
        map.shrink_to_fit();
        cleanings.shrink_to_fit();
    }
    NormalizedText { characters, map, paragraphs, cleanings: merged(cleanings, settled) }
}

/// Punctuation at the edge of a line takes the width that its neighbours in the paragraph give it.
fn settle(
    characters: &mut [char],
    cleanings: &mut Vec<Cleaning>,
    edge: Punctuation,
    place: usize,
    paragraph_start: usize,
) {
    let before = (place > paragraph_start).then(|| characters[place - 1]);
    let form = punctuation_form(before, edge.wide, characters.get(place + 1).copied());
    characters[place] = form;
    if form != edge.raw {
        record(cleanings, edge.raw_start, edge.raw_start + edge.raw.len_utf8() as u32, CleaningKind::Width);
    }
}

/// Straight quotation marks of a paragraph, which open and close by turns.
fn turn_quotes(paragraph: &mut [char]) {
    let mut open = false;
    for character in paragraph.iter_mut().filter(|character| **character == '"') {
        open = !open;
        *character = if open { '“' } else { '”' };
    }
}

/// One ledger from two, in document order.
fn merged(mut cleanings: Vec<Cleaning>, more: Vec<Cleaning>) -> Vec<Cleaning> {
    let place = |cleaning: &Cleaning| (cleaning.span, cleaning.kind);
    if more.is_empty() && cleanings.is_sorted_by_key(place) {
        // Neighbours of one kind are one entry already.
        return cleanings;
    }
    cleanings.extend(more);
    // The sort finds what is ordered already, so it costs little more than reading it.
    cleanings.sort_by_key(place);
    let mut out: Vec<Cleaning> = Vec::with_capacity(cleanings.len());
    for cleaning in cleanings {
        record(&mut out, cleaning.span.start(), cleaning.span.end(), cleaning.kind);
    }
    out
}

/// Lines that make one paragraph, as indexes.
type Group = Range<usize>;

/// How a text is hard-wrapped.
#[derive(Clone, Copy, Debug)]
struct Wrap {
    /// Shortest full line, in characters.
    full_characters: u32,
    /// Indentation of a paragraph's first line, in columns, if the text indents.
    indent_columns: Option<u32>,
}

impl Wrap {
    fn length(indent: Option<u32>, line: &Line) -> u32 {
        if indent == Some(line.indent_columns) {
            line.raw_characters
        } else {
            line.raw_characters + line.indent_characters
        }
    }

    fn is_full(self, line: &Line) -> bool {
        Self::length(self.indent_columns, line) >= self.full_characters
    }

    fn begins_paragraph(self, line: &Line) -> bool {
        self.indent_columns == Some(line.indent_columns)
    }
}

fn join_wrapped(folded: &FoldedText) -> Vec<Group> {
    let wrap = detect_wrap(folded);
    let mut groups: Vec<Group> = Vec::new();
    for (index, line) in folded.lines.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &folded.lines[before]);
        let goes_on = match (wrap, before) {
            (Some(wrap), Some(before)) => {
                !line.after_blank_line && wrap.is_full(before) && !wrap.begins_paragraph(line)
            }
            _ => false,
        };
        match groups.last_mut() {
            Some(group) if goes_on => group.end = index + 1,
            _ => groups.push(index..index + 1),
        }
    }
    groups
}

fn detect_wrap(folded: &FoldedText) -> Option<Wrap> {
    let lines = &folded.lines;
    let indent_columns = usual_indent(lines);
    let longest = lines.iter().map(|line| Wrap::length(indent_columns, line)).max()?;
    if !WRAP_CHARACTERS.contains(&longest) {
        return None;
    }
    let wrap = Wrap { full_characters: longest.saturating_sub(MARGIN_CHARACTERS), indent_columns };
    (has_many_full_lines(folded, wrap) || only_full_lines_go_on(folded, wrap)).then_some(wrap)
}

/// Whether a quarter of all lines are full and most of those break off inside a sentence.
fn has_many_full_lines(folded: &FoldedText, wrap: Wrap) -> bool {
    let (mut full, mut inside_sentence) = (0, 0);
    for line in folded.lines.iter().filter(|line| wrap.is_full(line)) {
        full += 1;
        inside_sentence += usize::from(breaks_off(folded, line));
    }
    full >= MIN_FULL_LINES && full * 4 >= folded.lines.len() && inside_sentence * 10 >= full * 6
}

/// Whether paragraphs are indented and whatever is not indented goes on from a full line, which in a text of short
/// points may be few.
fn only_full_lines_go_on(folded: &FoldedText, wrap: Wrap) -> bool {
    let (mut flush, mut behind_full, mut inside_sentence) = (0, 0, 0);
    for pair in folded.lines.windows(2).filter(|pair| !wrap.begins_paragraph(&pair[1])) {
        flush += 1;
        behind_full += usize::from(!pair[1].after_blank_line && wrap.is_full(&pair[0]));
        inside_sentence += usize::from(breaks_off(folded, &pair[0]));
    }
    let certain = flush >= MIN_FLUSH_LINES || inside_sentence > 0;
    wrap.indent_columns.is_some() && certain && flush == behind_full
}

/// Whether a line ends inside a sentence.
fn breaks_off(folded: &FoldedText, line: &Line) -> bool {
    let last = folded.characters[line.characters.end() as usize - 1];
    !matches!(last, '。' | '！' | '？' | '；' | '：' | '.')
}

/// The indentation of two columns or more that most indented lines have.
fn usual_indent(lines: &[Line]) -> Option<u32> {
    let mut counts = std::collections::BTreeMap::<u32, usize>::new();
    for line in lines.iter().filter(|line| line.indent_columns >= 2) {
        *counts.entry(line.indent_columns).or_default() += 1;
    }
    counts.into_iter().max_by_key(|&(columns, count)| (count, std::cmp::Reverse(columns))).map(|(columns, _)| columns)
}

/// Joins the lines of headlines above the body.
fn join_headlines(folded: &FoldedText, groups: Vec<Group>) -> Vec<Group> {
    let mut joined: Vec<Group> = Vec::with_capacity(groups.len());
    let mut above_body = true;
    for group in groups {
        let text = group_characters(folded, &group);
        let is_headline = text.len() as u32 <= MAX_HEADLINE_CHARACTERS && !text.ends_with(&['。']);
        if above_body
            && is_headline
            && let Some(before) = joined.last_mut()
            && headline_goes_on(&group_characters(folded, before), &text)
        {
            before.end = group.end;
            continue;
        }
        above_body &= is_headline && joined.len() < MAX_HEADLINES;
        joined.push(group);
    }
    joined
}

/// The folded characters of a group, without what stands between its lines.
fn group_characters<'f>(folded: &'f FoldedText, group: &Group) -> Cow<'f, [char]> {
    let line = |line: &Line| &folded.characters[line.characters.range()];
    match &folded.lines[group.clone()] {
        [one] => Cow::Borrowed(line(one)),
        several => several.iter().flat_map(line).copied().collect(),
    }
}

/// Words after which a headline cannot end: verbs and prepositions that want an object, and particles.
const OPEN_ENDS: &[&str] = &[
    "推进", "推动", "加快", "促进", "实现", "打造", "构建", "落实", "贯彻", "深化", "加强", "强化", "提升", "坚持",
    "围绕", "聚焦", "开创", "谱写", "奋力", "努力", "全力", "全面", "深入", "关于", "以", "为", "在", "向", "与", "和",
    "及", "的", "把", "将", "对", "从", "、", "，", "《", "“", "（",
];

/// Names of the genre that are long enough to be broken over two lines of a headline.
const LONG_NAMES: &[&str] = &[
    "习近平新时代中国特色社会主义思想",
    "中国特色社会主义",
    "社会主义核心价值观",
    "粤港澳大湾区",
    "人类命运共同体",
    "社会主义现代化",
    "高质量发展",
    "改革开放",
    "人民代表大会常务委员会",
    "生态文明建设",
    "全面从严治党",
    "中国式现代化",
    "国民经济和社会发展",
    "人民政府办公厅",
];

/// Whether a headline that ends in `first` must go on in `second`.
fn headline_goes_on(first: &[char], second: &[char]) -> bool {
    let (Some(&last), Some(&next)) = (first.last(), second.first()) else { return false };
    if first.len() as u32 > MAX_HEADLINE_CHARACTERS || !is_han(next) && !matches!(next, '“' | '"' | '《') {
        return false;
    }
    let ends_open = OPEN_ENDS.iter().any(|end| ends_with(first, end)) && (is_han(last) || "、，《“（".contains(last));
    ends_open || LONG_NAMES.iter().any(|name| breaks_inside(first, second, name))
}

fn ends_with(text: &[char], end: &str) -> bool {
    let length = end.chars().count();
    text.len() > length && text[text.len() - length..].iter().copied().eq(end.chars())
}

/// Whether the border between two lines falls inside a name, two characters or more on either side.
fn breaks_inside(first: &[char], second: &[char], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    (2..name.len().saturating_sub(1)).any(|cut| first.ends_with(&name[..cut]) && second.starts_with(&name[cut..]))
}

struct Builder {
    characters: Vec<char>,
    map: OffsetMap,
    paragraphs: Vec<Span<Normalized>>,
    /// What was cleaned at the border of two lines.
    cleanings: Vec<Cleaning>,
    /// First edge punctuation that has not been placed yet.
    next_edge: usize,
    /// Raw position after the last paragraph.
    raw_end: u32,
}

impl Builder {
    fn paragraph(&mut self, folded: &FoldedText, lines: &[Line]) {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
        if !self.paragraphs.is_empty() {
            // The separator stands for whatever line ends and blanks lie between two paragraphs.
            self.characters.push('\n');
            self.map.push(self.raw_end, first.raw_start - self.raw_end);
        }
        let start = self.characters.len();
        let first_edge = self.next_edge;
        // How far each edge moves from its place among the folded characters.
        let mut edge_places: Vec<u32> = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.join(folded, &lines[index - 1], line);
            }
            let place = self.characters.len() as u32;
            self.characters.extend_from_slice(&folded.characters[line.characters.range()]);
            self.map.append(&folded.map, line.characters);
            while let Some(edge) = folded.edges.get(self.next_edge)
                && edge.index < line.characters.end()
            {
                edge_places.push(place + edge.index - line.characters.start());
                self.next_edge += 1;
            }
        }
        for (edge, place) in folded.edges[first_edge..self.next_edge].iter().zip(edge_places) {
            settle(&mut self.characters, &mut self.cleanings, *edge, place as usize, start);
        }
        if folded.has_straight_quotes {
            turn_quotes(&mut self.characters[start..]);
        }
        self.raw_end = last.raw_end;
        self.paragraphs.push(Span::from_range(start..self.characters.len()));
    }

    fn join(&mut self, folded: &FoldedText, before: &Line, line: &Line) {
        let last = folded.characters[before.characters.end() as usize - 1];
        let next = folded.characters[line.characters.start() as usize];
        let had_blank = before.ends_blank || line.indent_characters > 0;
        if had_blank && is_ascii_word(last) && is_ascii_word(next) {
            self.characters.push(' ');
            self.map.push(before.raw_end, line.raw_start - before.raw_end);
        }
        record(&mut self.cleanings, before.raw_end, line.raw_start, CleaningKind::LineWrap);
    }
}

#[cfg(test)]
mod tests {
    use super::super::normalize;

    fn check(raw: &str) -> Vec<String> {
        let text = normalize(raw);
        text.paragraphs().iter().map(|span| text.text(*span)).collect()
    }

    #[test]
    fn wrapped_and_indented_lines_are_joined() {
        let raw = "某市条例\n　　第一条　为了规范管理，保障公民合法\n权益，维护公共利益，根据法律法规，\n结合本市实际，制定本条例。\n　　第二条　本市行政区域内的活动，适\n用本条例。法律、法规另有规定的，从\n其规定。\n";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "某市条例",
            "第一条为了规范管理，保障公民合法权益，维护公共利益，根据法律法规，结合本市实际，制定本条例。",
            "第二条本市行政区域内的活动，适用本条例。法律、法规另有规定的，从其规定。",
        ]
        "#);
    }

    #[test]
    fn broken_headlines_are_joined_and_whole_ones_are_not() {
        let raw = "中共广东省委十二届七次全会在广州召开\n坚持以习近平新时代中国特色\n社会主义思想为指导\n坚定不移举全省之力强力推进\n粤港澳大湾区建设\n南方网 （2019年07月26日讯）\n会议在广州召开。";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "中共广东省委十二届七次全会在广州召开",
            "坚持以习近平新时代中国特色社会主义思想为指导",
            "坚定不移举全省之力强力推进粤港澳大湾区建设",
            "南方网（2019年07月26日讯）",
            "会议在广州召开。",
        ]
        "#);
    }
}
