//! What a text itself names as its source: titles in 《…》, the spirit of a meeting, a speech.
//!
//! In: normalised text. Out: [`Citation`]s in document order, which do not overlap. Cost: linear.

use std::sync::LazyLock;

use super::cancel::{Cancel, Cancelled, Polls};
use super::normalize::NormalizedText;
use super::span::{Normalized, Raw, Span};
use super::word_map::WordList;

/// How a source is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CitationKind {
    /// A document by its title: 《粤港澳大湾区发展规划纲要》.
    Title,
    /// A meeting whose spirit is carried out: 省委十二届十一次全会精神.
    Meeting,
    /// A speech or instruction: 习近平总书记重要讲话、重要指示批示精神.
    Speech,
}

/// A source that the text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Citation {
    /// The words that name it, without the verb before them.
    pub span: Span<Raw>,
    /// How it is named.
    pub kind: CitationKind,
}

/// Longest title, in characters.
const MAX_TITLE_CHARACTERS: usize = 120;
/// Longest name of a meeting or speech, in characters.
const MAX_NAME_CHARACTERS: usize = 60;

/// Verbs and adverbs before the name of a source.
const BEFORE: &[&str] = &[
    "学习宣传贯彻",
    "学习贯彻",
    "贯彻落实",
    "传达学习",
    "认真学习",
    "深入学习",
    "学习",
    "贯彻",
    "落实",
    "传达",
    "按照",
    "根据",
    "全面",
    "深入",
    "认真",
    "对照",
    "坚决",
    "围绕",
    "结合",
    "体现",
    "领会",
];

/// Words that may open a clause before the name of a source, and stand inside names elsewhere.
const CLAUSE_OPENINGS: &[&str] = &["以及", "推动", "把握", "和", "及", "与", "对", "了"];

static BEFORE_AT: LazyLock<WordList> = LazyLock::new(|| WordList::of(BEFORE));
static CLAUSE_OPENING_AT: LazyLock<WordList> = LazyLock::new(|| WordList::of(CLAUSE_OPENINGS));

/// Words that a meeting's name ends with.
const MEETINGS: &[&str] = &["全会", "会议", "大会", "党代会", "座谈会", "现场会", "常委会", "工作会"];

/// Finds the sources a text names.
pub fn citations(text: &NormalizedText, cancel: &Cancel) -> Result<Vec<Citation>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let characters = text.characters();
    let mut found: Vec<(Span<Normalized>, CitationKind)> = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        // Most characters open nothing and end no name.
        at += polls.before(&characters[at..], |character| matches!(character, '《' | '精' | '次'))?;
        if at == characters.len() {
            break;
        }
        let end = match characters[at] {
            '《' => title_end(characters, at).inspect(|end| found.push((span(at, *end), CitationKind::Title))),
            '精' if characters.get(at + 1) == Some(&'神') => spirit(characters, at, &mut found),
            '次' => session(characters, at, &mut found),
            _ => None,
        };
        at = end.unwrap_or(at + 1).max(at + 1);
    }
    found.sort_by_key(|(span, kind)| (span.start(), std::cmp::Reverse(span.end()), *kind));
    let mut last_end = 0;
    found.retain(|(span, _)| {
        let keep = span.start() >= last_end;
        last_end = last_end.max(span.end());
        keep
    });
    Ok(found.into_iter().map(|(span, kind)| Citation { span: text.to_raw(span), kind }).collect())
}

fn span(start: usize, end: usize) -> Span<Normalized> {
    Span::from_range(start..end)
}

/// The end of the title that opens at `at`; titles may hold titles.
fn title_end(characters: &[char], at: usize) -> Option<usize> {
    let mut depth = 0;
    for (offset, character) in characters[at..].iter().take(MAX_TITLE_CHARACTERS).enumerate() {
        match character {
            '《' => depth += 1,
            '》' if depth == 1 => return Some(at + offset + 1),
            '》' => depth -= 1,
            '\n' => return None,
            _ => {}
        }
    }
    None
}

/// 精神 behind the name of a meeting or speech.
fn spirit(characters: &[char], at: usize, found: &mut Vec<(Span<Normalized>, CitationKind)>) -> Option<usize> {
    // A name does not reach back over the source named before it.
    let before = found.iter().rev().find(|(_, kind)| *kind != CitationKind::Title);
    let border = before.map_or(0, |(span, _)| span.end() as usize).min(at);
    let before = &characters[at.saturating_sub(MAX_NAME_CHARACTERS).max(border)..at];
    let kind = if MEETINGS.iter().any(|meeting| ends_with(before, meeting)) {
        CitationKind::Meeting
    } else if ["讲话", "指示", "批示", "论述"].iter().any(|speech| ends_with(before, speech)) {
        CitationKind::Speech
    } else {
        return None;
    };
    let start = at - name_length(before);
    (start < at).then(|| {
        found.push((span(start, at + 2), kind));
        at + 2
    })
}

/// 十二届十一次全会 without 精神 behind it.
fn session(characters: &[char], at: usize, found: &mut Vec<(Span<Normalized>, CitationKind)>) -> Option<usize> {
    let after = &characters[at + 1..];
    let length = ["全体会议", "全会"].iter().find(|word| starts_with(after, word)).map(|word| word.chars().count())?;
    if starts_with(&after[length..], "精神") {
        return None;
    }
    let numerals = |end: usize| characters[..end].iter().rev().take_while(|c| is_numeral(**c)).count();
    let ordinal = numerals(at);
    let term_end = at.checked_sub(ordinal)?;
    if ordinal == 0 || characters[..term_end].last() != Some(&'届') {
        return None;
    }
    let term = numerals(term_end - 1);
    let body =
        characters[..term_end - 1 - term].iter().rev().take_while(|c| "省市区县州委中共党纪".contains(**c)).count();
    let end = at + 1 + length;
    (term > 0 && body > 0).then(|| {
        found.push((span(term_end - 1 - term - body, end), CitationKind::Meeting));
        end
    })
}

fn is_numeral(character: char) -> bool {
    "一二三四五六七八九十百0123456789".contains(character)
}

/// Length of the name that ends a stretch: back to the verb before it, or to the border of the clause.
fn name_length(before: &[char]) -> usize {
    let clause =
        before.iter().rposition(|c| matches!(c, '，' | '。' | '；' | '：' | '\n' | '！')).map_or(0, |at| at + 1);
    let mut start = clause;
    for at in clause..before.len() {
        if let Some((length, ())) = BEFORE_AT.longest_at(&before[at..]) {
            start = start.max(at + length);
        }
    }
    while let Some((length, ())) = CLAUSE_OPENING_AT.all_at(&before[start..]).next() {
        start += length;
    }
    before.len().saturating_sub(start)
}

fn ends_with(text: &[char], end: &str) -> bool {
    let mut characters = text.iter().rev().copied();
    end.chars().rev().all(|expected| characters.next() == Some(expected))
}

fn starts_with(text: &[char], start: &str) -> bool {
    let mut characters = text.iter().copied();
    start.chars().all(|expected| characters.next() == Some(expected))
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::*;

    fn check(raw: &str) -> Vec<String> {
        let text = normalize(raw);
        citations(&text, &Cancel::new())
            .expect("nobody cancels")
            .iter()
            .map(|c| format!("{:?} {}", c.kind, &raw[c.span.range()]))
            .collect()
    }

    #[test]
    fn meetings_titles_and_speeches() {
        let raw = "深入贯彻落实党的十九大和十九届二中、三中全会精神，认真学习贯彻省委十二届十一次全会精神，审议通过《关于落实〈总体规划〉的意见》，传达学习省推进粤港澳大湾区建设领导小组第六次全体会议精神。根据市委十一届十二次全会要求。";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "Meeting 党的十九大和十九届二中、三中全会精神",
            "Meeting 省委十二届十一次全会精神",
            "Title 《关于落实〈总体规划〉的意见》",
            "Meeting 省推进粤港澳大湾区建设领导小组第六次全体会议精神",
            "Meeting 市委十一届十二次全会",
        ]
        "#);
    }
}
