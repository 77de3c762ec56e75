//! Enumerators: the labels that open articles, paragraphs, points and clauses.
//!
//! In: normalised characters from a place where a label may stand. Out: its [`Enumerator`], with its length. No state.

/// What a label looks like. Labels of one style under one parent count on from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// 第一编, 第一章, 第一节.
    Chapter,
    /// 第一条.
    Article,
    /// 一、.
    HanComma,
    /// （一）.
    HanBracket,
    /// 1. or 1、 or 1）.
    Digit,
    /// （1）.
    DigitBracket,
    /// 一要, 二要.
    Must,
    /// 一是, 二是.
    Is,
    /// 第一，.
    Ordinal,
    /// 首先，其次，再次，最后.
    First,
}

/// A label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enumerator {
    /// What it looks like.
    pub style: Style,
    /// Its number; 十二 is 12.
    pub number: u32,
    /// Its length in characters.
    pub characters: u32,
}

/// The label that `text` begins with.
pub fn enumerator_at(text: &[char]) -> Option<Enumerator> {
    let found = |style, number, characters: usize| Some(Enumerator { style, number, characters: characters as u32 });
    match *text.first()? {
        '第' => {
            let (number, digits) = number_at(&text[1..])?;
            match text.get(1 + digits)? {
                '条' => {
                    // 第五条之一 is an article of its own.
                    let inserted = text.get(2 + digits) == Some(&'之')
                        && number_at(&text[(3 + digits).min(text.len())..]).is_some();
                    let characters = 2 + digits + if inserted { 1 + number_at(&text[3 + digits..])?.1 } else { 0 };
                    found(Style::Article, number, characters)
                }
                '编' | '章' | '节' => found(Style::Chapter, number, 2 + digits),
                '，' | '、' | '：' => found(Style::Ordinal, number, 2 + digits),
                _ => None,
            }
        }
        '（' => {
            let (number, digits) = number_at(&text[1..])?;
            let closes = text.get(1 + digits) == Some(&'）');
            let style = if text[1].is_ascii_digit() { Style::DigitBracket } else { Style::HanBracket };
            closes.then_some(Enumerator { style, number, characters: 2 + digits as u32 })
        }
        '首' if starts(text, "首先，") => found(Style::First, 1, 3),
        '其' if starts(text, "其次，") => found(Style::First, 2, 3),
        '再' if starts(text, "再次，") => found(Style::First, 3, 3),
        '最' if starts(text, "最后，") => found(Style::First, 9, 3),
        first if first.is_ascii_digit() => {
            let (number, digits) = number_at(text)?;
            match text.get(digits)? {
                '.' | '．' if !text.get(digits + 1).is_some_and(char::is_ascii_digit) => {
                    found(Style::Digit, number, digits + 1)
                }
                '、' | '）' if digits <= 2 => found(Style::Digit, number, digits + 1),
                _ => None,
            }
        }
        _ => {
            let (number, digits) = number_at(text)?;
            match text.get(digits)? {
                '要' => found(Style::Must, number, digits + 1),
                '是' => found(Style::Is, number, digits + 1),
                '、' if digits <= 3 => found(Style::HanComma, number, digits + 1),
                _ => None,
            }
        }
    }
}

fn starts(text: &[char], prefix: &str) -> bool {
    let length = prefix.chars().count();
    text.len() >= length && text[..length].iter().copied().eq(prefix.chars())
}

/// The number that `text` begins with, below 10 000, in digits or Han numerals, and its length in characters.
fn number_at(text: &[char]) -> Option<(u32, usize)> {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    if digits > 0 {
        let value =
            text[..digits].iter().try_fold(0u32, |sum, c| Some(sum * 10 + c.to_digit(10)?).filter(|v| *v < 10_000))?;
        return Some((value, digits));
    }
    let is_numeral = |character: &char| {
        matches!(
            character,
            '零' | '〇' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '千'
        )
    };
    let length = text.iter().take(8).take_while(|character| is_numeral(character)).count();
    if length == 0 {
        return None;
    }
    let (mut sum, mut digit) = (0, 0);
    for character in &text[..length] {
        let unit = match character {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            '零' | '〇' => continue,
            other => {
                digit = "一二三四五六七八九".chars().position(|c| c == *other)? as u32 + 1;
                continue;
            }
        };
        sum += digit.max(1) * unit;
        digit = 0;
    }
    Some((sum + digit, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        enumerator_at(&characters).map_or("none".into(), |e| format!("{:?} {} in {}", e.style, e.number, e.characters))
    }

    #[test]
    fn labels_of_every_style() {
        assert_eq!(check("第一百二十三条为了"), "Article 123 in 7");
        assert_eq!(check("第五条之一为了"), "Article 5 in 5");
        assert_eq!(check("第十章总则"), "Chapter 10 in 3");
        assert_eq!(check("（十二）违反"), "HanBracket 12 in 4");
        assert_eq!(check("二要深刻"), "Must 2 in 2");
        assert_eq!(check("一是高度"), "Is 1 in 2");
        assert_eq!(check("三、总体要求"), "HanComma 3 in 2");
        assert_eq!(check("3.加强"), "Digit 3 in 2");
        assert_eq!(check("（3）加强"), "DigitBracket 3 in 3");
        assert_eq!(check("3.5万"), "none");
        assert_eq!(check("第一，加强"), "Ordinal 1 in 3");
        assert_eq!(check("一般要求"), "none");
        assert_eq!(check("2020年"), "none");
    }
}
