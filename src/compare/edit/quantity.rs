//! Figures: quantities with their units, and dates, which are something else.
//!
//! In: characters. Out: the quantity or date that they begin with or that stands around a position. Numerals are ASCII
//! (1,234.5) or Han (二万三千, 百分之六, 十五), with 万 and 亿 behind either. Years, days of a month, sessions (十二届七次
//! 全会) and plan periods (十四五) are dates; ordinals (第三条) and slogans (1+1+9, 四个意识) are neither.

use std::sync::LazyLock;

use super::hint::{self, Hints};
use crate::compare::comparison::Quantity;
use crate::text::word_map::WordMap;

/// A figure in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Figure {
    /// A value with its unit.
    Quantity(Quantity),
    /// A year, a day, a session or a plan period.
    Date,
}

/// A figure with its length, unit included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// What it says.
    pub(super) figure: Figure,
    /// Its characters.
    pub(super) characters: usize,
}

/// Units, longest first where one begins another.
const UNITS: &[&str] = &[
    "个百分点",
    "个工作日",
    "平方公里",
    "平方千米",
    "平方米",
    "立方米",
    "百分点",
    "工作日",
    "个月",
    "个小时",
    "小时",
    "分钟",
    "公里",
    "千米",
    "公顷",
    "公斤",
    "千克",
    "美元",
    "千瓦时",
    "千瓦",
    "兆瓦",
    "年",
    "月",
    "日",
    "天",
    "周",
    "秒",
    "元",
    "倍",
    "成",
    "个",
    "家",
    "项",
    "人",
    "名",
    "户",
    "件",
    "条",
    "次",
    "处",
    "所",
    "座",
    "台",
    "辆",
    "艘",
    "吨",
    "克",
    "米",
    "亩",
    "度",
    "级",
    "岁",
    "册",
    "份",
    "批",
    "套",
    "只",
    "头",
    "株",
    "篇",
    "期",
    "位",
    "场",
    "种",
    "类",
    "层",
    "栋",
    "间",
    "张",
    "门",
    "部",
    "支",
    "颗",
    "%",
    "‰",
];

static UNIT_AT: LazyLock<WordMap<&'static str>> =
    LazyLock::new(|| WordMap::new(UNITS.iter().map(|unit| (*unit, *unit))));

/// Longest numeral that is read as one, in characters.
const LONGEST_NUMERAL: usize = 48;

/// Most characters of a figure before the position it is looked for around.
const LONGEST_BEFORE: usize = 16;

fn han_digit(character: char) -> Option<u64> {
    Some(match character {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

fn han_power(character: char) -> Option<u64> {
    match character {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1000),
        '万' => Some(10_000),
        '亿' => Some(100_000_000),
        _ => None,
    }
}

/// Whether a character may stand in a numeral.
pub(super) fn is_numeral(character: char) -> bool {
    hint::of(character).may_be(Hints::NUMERAL)
        && (character.is_ascii_digit() || han_digit(character).is_some() || han_power(character).is_some())
}

/// A numeral at the start of `text`: its value and its length.
fn numeral(text: &[char]) -> Option<(f64, usize)> {
    let text = &text[..text.len().min(LONGEST_NUMERAL)];
    match text.first()? {
        first if first.is_ascii_digit() => ascii_numeral(text),
        _ => han_numeral(text),
    }
}

fn ascii_numeral(text: &[char]) -> Option<(f64, usize)> {
    let mut length = 0;
    let mut digits = String::new();
    while let Some(&character) = text.get(length) {
        let next_is_digit = text.get(length + 1).is_some_and(char::is_ascii_digit);
        match character {
            digit if digit.is_ascii_digit() => digits.push(digit),
            '.' if next_is_digit && !digits.contains('.') => digits.push('.'),
            ',' | '，' if is_group_of_three(&text[length + 1..]) && !digits.contains('.') => {}
            _ => break,
        }
        length += 1;
    }
    let mut value: f64 = digits.parse().ok()?;
    while let Some(power) = text.get(length).copied().and_then(han_power).filter(|power| *power >= 100) {
        value *= power as f64;
        length += 1;
    }
    Some((value, length))
}

fn is_group_of_three(text: &[char]) -> bool {
    text.len() >= 3 && text[..3].iter().all(char::is_ascii_digit) && !text.get(3).is_some_and(char::is_ascii_digit)
}

/// Reads 二万三千, 十五, 三点五, and digits in a row: 二〇二〇.
fn han_numeral(text: &[char]) -> Option<(f64, usize)> {
    let length = text.iter().take_while(|c| han_digit(**c).is_some() || han_power(**c).is_some()).count();
    let word = &text[..length];
    let (&first, mut at) = (word.first()?, 0);
    if word.len() > 1 && word.iter().all(|c| han_digit(*c).is_some()) {
        let value = word.iter().fold(0.0, |sum, c| sum * 10.0 + han_digit(*c).unwrap_or(0) as f64);
        return Some((value, length));
    }
    // 百姓 and 万众 are words: only 十 may stand without a digit before it.
    if han_digit(first).is_none() && first != '十' {
        return None;
    }
    let (mut whole, mut part, mut digit) = (0_u64, 0_u64, None);
    while at < length {
        let character = word[at];
        if let Some(value) = han_digit(character) {
            digit = Some(value);
        } else if let Some(power) = han_power(character) {
            if power >= 10_000 {
                whole = (whole.saturating_add(part).saturating_add(digit.unwrap_or(0))).saturating_mul(power);
                part = 0;
            } else {
                part = part.saturating_add(digit.unwrap_or(1).saturating_mul(power));
            }
            digit = None;
        }
        at += 1;
    }
    let mut value = whole.saturating_add(part).saturating_add(digit.unwrap_or(0)) as f64;
    if text.get(at) == Some(&'点') {
        let decimals: Vec<u64> = text[at + 1..].iter().map_while(|c| han_digit(*c)).collect();
        if !decimals.is_empty() {
            let scale = 10_f64.powi(decimals.len() as i32);
            value += decimals.iter().fold(0.0, |sum, digit| sum * 10.0 + *digit as f64) / scale;
            at += 1 + decimals.len();
        }
    }
    Some((value, at))
}

/// The unit that `text` begins with.
fn unit(text: &[char]) -> Option<&'static str> {
    UNIT_AT.all_at(text).next().map(|(_, unit)| *unit)
}

fn begins(text: &[char], word: &str) -> bool {
    let mut characters = text.iter();
    word.chars().all(|character| characters.next() == Some(&character))
}

/// The figure that stands at `at`; `text` is read before it too, because 第 and 月 say what a numeral is.
pub(super) fn figure_at(text: &[char], at: usize) -> Option<Found> {
    let rest = text.get(at..)?;
    // Most places of a text begin no figure, and their first character tells so.
    if !rest.first().is_some_and(|&first| first == '第' || is_numeral(first)) {
        return None;
    }
    let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
    if before.is_some_and(|before| is_numeral(before) || matches!(before, '+' | '.')) {
        return None;
    }
    if begins(rest, "百分之") || begins(rest, "千分之") {
        let (value, length) = numeral(&rest[3..])?;
        let unit = if rest[0] == '百' { "%" } else { "‰" };
        return Some(found(value, unit, 3 + length));
    }
    if rest.first() == Some(&'第') {
        let (_, length) = numeral(&rest[1..])?;
        return session(&rest[1 + length..]).map(|more| date(1 + length + more));
    }
    let (value, length) = numeral(rest)?;
    let behind = &rest[length..];
    if before == Some('第') {
        return session(behind).map(|more| date(length + more));
    }
    if behind.first() == Some(&'+') {
        return None;
    }
    if let Some(more) = session(behind) {
        return Some(date(length + more));
    }
    let digits = rest[..length].iter().all(|c| c.is_ascii_digit() || han_digit(*c).is_some());
    match behind.first() {
        Some('年') if length == 4 && digits => return Some(date(length + 1)),
        Some('月') if value <= 12.0 => return Some(date(length + 1)),
        Some('日' | '号') if before == Some('月') => return Some(date(length + 1)),
        _ => {}
    }
    // 十三五, 十四五: a plan period, between quotation marks or before 规划 and 时期.
    let plan = length == 3 && rest[0] == '十' && rest[2] == '五' || length == 2 && rest[..2] == ['十', '五'];
    if plan && (behind.first() == Some(&'”') || begins(behind, "规划") || begins(behind, "时期")) {
        return Some(date(length));
    }
    match unit(behind) {
        Some(unit) => Some(found(value, unit, length + unit.chars().count())),
        // A lone Han digit without a unit is as well part of a word: 一些, 三农.
        None if length == 1 && !rest[0].is_ascii_digit() => None,
        None => Some(found(value, "", length)),
    }
}

fn date(characters: usize) -> Found {
    Found { figure: Figure::Date, characters }
}

fn found(value: f64, unit: &str, characters: usize) -> Found {
    Found { figure: Figure::Quantity(Quantity { value, unit: unit.to_owned() }), characters }
}

/// Length of what makes a numeral a session: 届, 届七次全会, 次全体会议.
fn session(behind: &[char]) -> Option<usize> {
    if behind.first() == Some(&'届') {
        return Some(1);
    }
    let meeting = ["次全会", "次全体会议", "次会议", "次代表大会", "中全会"];
    meeting.iter().any(|words| begins(behind, words)).then_some(1)
}

/// The figure that holds all of `start..end`, as 三十日 holds 三: where it stands and what it says.
pub(super) fn figure_around(text: &[char], start: usize, end: usize) -> Option<(usize, Found)> {
    // What is no figure by its first character may still be inside one, or behind the numeral of one.
    let begins_one = text.get(start).is_some_and(|first| *first == '第' || is_numeral(*first));
    if !begins_one && !start.checked_sub(1).is_some_and(|before| is_numeral(text[before]) || text[before] == '.') {
        return None;
    }
    let mut from = start;
    while from > 0 && start - from < LONGEST_BEFORE && (is_numeral(text[from - 1]) || text[from - 1] == '.') {
        from -= 1;
    }
    if from >= 3 && (begins(&text[from - 3..], "百分之") || begins(&text[from - 3..], "千分之")) {
        from -= 3;
    } else if from >= 1 && text[from - 1] == '第' {
        from -= 1;
    }
    let found = figure_at(text, from)?;
    (from + found.characters >= end).then_some((from, found))
}

/// Whether two quantities say the same in different writing: 百分之六 and 6%.
pub(super) fn same_value(left: &Quantity, right: &Quantity) -> bool {
    left.unit == right.unit && (left.value - right.value).abs() <= 1e-9 * left.value.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        match figure_at(&characters, 0) {
            Some(Found { figure: Figure::Quantity(quantity), characters: length }) => {
                format!("{} {} ({length})", quantity.value, quantity.unit)
            }
            Some(Found { figure: Figure::Date, characters: length }) => format!("date ({length})"),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn every_numeral_has_its_hint() {
        for character in '\0'..='\u{ffff}' {
            let reads = character.is_ascii_digit() || han_digit(character).is_some() || han_power(character).is_some();
            assert_eq!(is_numeral(character), reads, "{character}");
        }
    }

    #[test]
    fn quantities_with_units() {
        let cases = [
            ("二万家", "20000 家 (3)"),
            ("五万元以上", "50000 元 (3)"),
            ("百分之六", "6 % (4)"),
            ("6%", "6 % (2)"),
            ("1.5倍", "1.5 倍 (4)"),
            ("三十日内", "30 日 (3)"),
            ("十五个工作日", "15 个工作日 (6)"),
            ("一千二百三十四人", "1234 人 (8)"),
            ("3000亿元", "300000000000 元 (6)"),
            ("1,234.5公里", "1234.5 公里 (9)"),
            ("二十", "20  (2)"),
            ("三点五个百分点", "3.5 个百分点 (7)"),
            ("5年", "5 年 (2)"),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_no_quantities() {
        for (text, expected) in [
            ("2020年", "date (5)"),
            ("二〇二〇年", "date (5)"),
            ("7月", "date (2)"),
            ("十二届", "date (3)"),
            ("第七次全体会议", "date (3)"),
            ("十四五”时期", "date (3)"),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
    }

    #[test]
    fn neither_ordinals_nor_slogans_nor_words() {
        for text in ["第三条", "1+1+9", "百姓", "三农", "万众一心", "千方百计"] {
            assert_eq!(check(text), "none", "{text}");
        }
    }

    #[test]
    fn a_figure_is_read_around_a_position() {
        let text: Vec<char> = "增长百分之六左右".chars().collect();
        let (from, found) = figure_around(&text, 5, 6).expect("there is one");
        assert_eq!((from, found.characters), (2, 4));
        assert_eq!(found.figure, Figure::Quantity(Quantity { value: 6.0, unit: "%".to_owned() }));
    }
}
