//! Lines to paragraphs: hard-wrapped lines and broken headlines are joined.
//!
//! In: folded lines. Out: the normalised text with its paragraphs. Cost: linear.
//! A text is taken for hard-wrapped when many of its lines are equally long and break off inside a sentence; then a
//! full line goes on in the next one unless that one is indented as paragraphs are. Above the body, a headline that
//! cannot end where its line ends goes on in the next line.

use crate::text::span::Span;

use super::cleaning::CleaningKind;
use super::line::{FoldedText, Line, is_ascii_word, punctuation_form, record};
use super::offset_map::OffsetMap;
use super::{NormalizedText, is_han};

/// Lines a wrapped text keeps free at the right margin at most, so that no line begins with punctuation.
const MARGIN_CHARACTERS: u32 = 2;
/// Line lengths, in characters, that a wrapped text has.
const WRAP_CHARACTERS: std::ops::RangeInclusive<u32> = 16..=64;
/// Fewest full lines that make a text a wrapped one.
const MIN_FULL_LINES: usize = 3;
/// Longest headline line, in characters.
const MAX_HEADLINE_CHARACTERS: u32 = 36;

/// Joins lines to paragraphs and builds the normalised text.
pub(super) fn arrange(folded: FoldedText) -> NormalizedText {
    let groups = join_headlines(&folded, join_wrapped(&folded));
    let mut builder = Builder {
        out: NormalizedText {
            characters: Vec::with_capacity(folded.characters.len() + groups.len()),
            map: OffsetMap::default(),
            paragraphs: Vec::with_capacity(groups.len()),
            cleanings: Vec::new(),
        },
        wraps: Vec::new(),
    };
    for group in &groups {
        builder.paragraph(&folded, group);
    }
    let Builder { mut out, wraps } = builder;
    out.cleanings = folded.cleanings;
    for (start, end) in wraps {
        record(&mut out.cleanings, start, end, CleaningKind::LineWrap);
    }
    out.cleanings.sort_by_key(|cleaning| (cleaning.span, cleaning.kind));
    out
}

/// Lines that make one paragraph.
type Group = Vec<Line>;

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
    let mut before: Option<Line> = None;
    for line in &folded.lines {
        if line.characters.is_empty() {
            before = None;
            continue;
        }
        let goes_on = match (wrap, before) {
            (Some(wrap), Some(before)) => wrap.is_full(&before) && !wrap.begins_paragraph(line),
            _ => false,
        };
        match groups.last_mut() {
            Some(group) if goes_on => group.push(*line),
            _ => groups.push(vec![*line]),
        }
        before = Some(*line);
    }
    groups
}

fn detect_wrap(folded: &FoldedText) -> Option<Wrap> {
    let lines: Vec<&Line> = folded.lines.iter().filter(|line| !line.characters.is_empty()).collect();
    let indent_columns = usual_indent(&lines);
    let longest = lines.iter().map(|line| Wrap::length(indent_columns, line)).max()?;
    if !WRAP_CHARACTERS.contains(&longest) {
        return None;
    }
    let wrap = Wrap { full_characters: longest.saturating_sub(MARGIN_CHARACTERS), indent_columns };
    let full: Vec<&&Line> = lines.iter().filter(|line| wrap.is_full(line)).collect();
    let inside_sentence = full
        .iter()
        .filter(|line| {
            let last = folded.characters[line.characters.end() as usize - 1];
            !matches!(last, '。' | '！' | '？' | '；' | '：' | '.')
        })
        .count();
    let enough =
        full.len() >= MIN_FULL_LINES && full.len() * 4 >= lines.len() && inside_sentence * 10 >= full.len() * 6;
    enough.then_some(wrap)
}

/// The indentation of two columns or more that most indented lines have.
fn usual_indent(lines: &[&Line]) -> Option<u32> {
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
            before.extend(group);
            continue;
        }
        above_body &= is_headline;
        joined.push(group);
    }
    joined
}

fn group_characters(folded: &FoldedText, group: &Group) -> Vec<char> {
    group.iter().flat_map(|line| &folded.characters[line.characters.range()]).copied().collect()
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
    if first.len() as u32 > MAX_HEADLINE_CHARACTERS || !is_han(next) && next != '“' && next != '《' {
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
    out: NormalizedText,
    /// Raw ranges of the line ends inside paragraphs.
    wraps: Vec<(u32, u32)>,
}

impl Builder {
    fn paragraph(&mut self, folded: &FoldedText, group: &Group) {
        let start = self.out.characters.len() as u32;
        if let (Some(last), Some(first)) = (self.out.paragraphs.last(), group.first()) {
            // The separator stands for whatever line ends and blanks lie between two paragraphs.
            let raw_start = self.out.map.to_raw(*last).end();
            self.out.characters.push('\n');
            self.out.map.push(raw_start, first.raw_start.saturating_sub(raw_start).max(1));
        }
        let start = if self.out.paragraphs.is_empty() { start } else { start + 1 };
        for (index, line) in group.iter().enumerate() {
            if let Some(before) = index.checked_sub(1).map(|before| &group[before]) {
                self.join(folded, before, line, start);
            }
            self.out.characters.extend_from_slice(&folded.characters[line.characters.range()]);
            self.out.map.append(&folded.map, line.characters);
        }
        self.settle_joins(group, start);
        self.out.paragraphs.push(Span::new(start, self.out.characters.len() as u32));
    }

    fn join(&mut self, folded: &FoldedText, before: &Line, line: &Line, paragraph_start: u32) {
        let last = self.out.characters.last().copied().filter(|_| self.out.characters.len() as u32 > paragraph_start);
        let next = folded.characters[line.characters.start() as usize];
        let had_blank = before.ends_blank || line.indent_characters > 0;
        if had_blank && last.is_some_and(is_ascii_word) && is_ascii_word(next) {
            self.out.characters.push(' ');
            self.out.map.push(before.raw_end, line.raw_start - before.raw_end);
        }
        self.wraps.push((before.raw_end, line.raw_start));
    }

    /// Punctuation at the border of two joined lines takes the width that it has inside a line.
    fn settle_joins(&mut self, group: &Group, start: u32) {
        if group.len() < 2 {
            return;
        }
        let characters = &mut self.out.characters;
        for index in start as usize..characters.len() {
            let wide = match characters[index] {
                '，' | '：' | '；' | '！' | '？' | '（' | '）' => characters[index],
                _ => continue,
            };
            let before = (index > start as usize).then(|| characters[index - 1]);
            characters[index] = punctuation_form(before, wide, characters.get(index + 1).copied());
        }
    }
}

/// The paragraphs of a text that has none of its own lines joined are its lines.
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
