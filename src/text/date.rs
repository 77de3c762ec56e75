//! When a document is from: its metadata's word, else what its own text says.
//!
//! In: metadata, normalised text, paragraphs. Out: [`KnownDate`]s, at most one a role, each saying how it is known.
//! A date is inferred only with its year: a text that names no year leaves its date unknown rather than guessed.
//! Only places that speak about the document itself are read: title, byline, the sentence that says the meeting was
//! held, and the sentence that puts this very document in force; a date of another document named in the body is not.

use super::document::{Metadata, PartialDate};
use super::normalize::NormalizedText;
use super::paragraph::{Paragraph, ParagraphRole};
use super::span::{Normalized, Raw, Span};

/// What a date is the date of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateRole {
    /// Adopted or held: 通过, 召开, or the dateline of a report (讯).
    Adopted,
    /// In force: 施行.
    InForce,
    /// Amended: 修正, 修订.
    Amended,
}

/// A date, with how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDate {
    /// The date.
    pub date: PartialDate,
    /// What it is the date of.
    pub role: DateRole,
    /// The words it was read from; `None` when the metadata says it.
    pub inferred_from: Option<Span<Raw>>,
}

/// Body paragraphs at the top in which a meeting is said to have been held.
const OPENING_PARAGRAPHS: usize = 2;
/// Characters around a date in which a word says what it is the date of.
const NEAR_CHARACTERS: usize = 60;

/// The dates of a document, at most one a role; metadata goes before the text.
pub fn dates(metadata: &Metadata, text: &NormalizedText, paragraphs: &[Paragraph]) -> Vec<KnownDate> {
    let mut known: Vec<KnownDate> = [
        (metadata.adopted, DateRole::Adopted),
        (metadata.in_force, DateRole::InForce),
        (metadata.amended, DateRole::Amended),
    ]
    .into_iter()
    .filter_map(|(date, role)| Some(KnownDate { date: date?, role, inferred_from: None }))
    .collect();
    let mut opening = 0;
    for paragraph in paragraphs {
        let place = match paragraph.role {
            ParagraphRole::Title | ParagraphRole::Byline => Place::Head,
            ParagraphRole::Body if opening < OPENING_PARAGRAPHS => {
                opening += 1;
                Place::Opening
            }
            ParagraphRole::Body => Place::Body,
            _ => continue,
        };
        for (span, date) in dates_in(text, paragraph.span) {
            let Some(role) = role_of(text, paragraph.span, span, place) else { continue };
            // The last amendment counts, and of everything else the first word.
            match known.iter_mut().find(|k| k.role == role) {
                Some(k) if k.inferred_from.is_some() && role == DateRole::Amended && k.date < date => {
                    (k.date, k.inferred_from) = (date, Some(text.to_raw(span)));
                }
                Some(_) => {}
                None => known.push(KnownDate { date, role, inferred_from: Some(text.to_raw(span)) }),
            }
        }
    }
    known.sort_by_key(|k| k.role);
    known
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    Opening,
    Body,
}

/// What a date is the date of, by the words around it.
fn role_of(
    text: &NormalizedText,
    paragraph: Span<Normalized>,
    date: Span<Normalized>,
    place: Place,
) -> Option<DateRole> {
    let before = Span::new(date.start().saturating_sub(NEAR_CHARACTERS as u32).max(paragraph.start()), date.start());
    let after = Span::new(date.end(), (date.end() + NEAR_CHARACTERS as u32).min(paragraph.end()));
    let (before, after) = (text.text(before), text.text(after));
    // What is said of a date ends where the next one begins.
    let after = after.find('年').map_or(after.as_str(), |next| &after[..next]);
    let in_force = after.starts_with("起施行") || after.starts_with("起实施") || after.starts_with("起执行");
    if in_force {
        let own = ["本条例", "本办法", "本规定", "本法", "本决定", "本细则", "本意见", "本方案"];
        return own.iter().any(|word| before.contains(word)).then_some(DateRole::InForce);
    }
    match place {
        Place::Head if after.contains("修正") || after.contains("修订") || after.contains("修改") => {
            Some(DateRole::Amended)
        }
        Place::Head if after.contains("批准") && !after.contains("通过") => None,
        Place::Head => Some(DateRole::Adopted),
        Place::Opening if after.contains("召开") || after.contains("通过") => Some(DateRole::Adopted),
        _ => None,
    }
}

/// Complete dates inside a span, each with the words it is made of. Of a range within one sentence the end counts.
fn dates_in(text: &NormalizedText, within: Span<Normalized>) -> Vec<(Span<Normalized>, PartialDate)> {
    let characters = text.slice(within);
    let mut found = Vec::new();
    // Behind the year of a date, which is four numerals, stands one of four characters, which few characters are.
    let ends_year = |character: &char| matches!(character, '年' | '-'..='/');
    let (mut at, mut looked) = (0, 0);
    while let Some(next) = characters[looked..].iter().position(ends_year) {
        let behind_year = looked + next;
        looked = behind_year + 1;
        let Some(start) = behind_year.checked_sub(4).filter(|start| *start >= at) else { continue };
        let preceded = start > 0 && numeral(characters[start - 1]).is_some();
        if let Some((date, length)) = date_at(&characters[start..]).filter(|_| !preceded) {
            let (date, length) = range_end(&characters[start..], date, length);
            let from = within.start() + start as u32;
            found.push((Span::new(from, from + length as u32), date));
            at = start + length;
            looked = looked.max(at);
        }
    }
    found
}

/// 2020年11月30日至12月1日 ends on the later day.
fn range_end(characters: &[char], date: PartialDate, length: usize) -> (PartialDate, usize) {
    let unchanged = (date, length);
    if characters.get(length) != Some(&'至') {
        return unchanged;
    }
    let rest = &characters[length + 1..];
    let Some((first, first_length)) = number(rest) else { return unchanged };
    let (month, day, used) = match rest.get(first_length) {
        Some('日') => (u32::from(date.month().unwrap_or(0)), first, first_length + 1),
        Some('月') => match number(&rest[first_length + 1..]) {
            Some((day, digits)) if rest.get(first_length + 1 + digits) == Some(&'日') => {
                (first, day, first_length + digits + 2)
            }
            _ => return unchanged,
        },
        _ => return unchanged,
    };
    PartialDate::new(u32::from(date.year()), month, day).map_or(unchanged, |end| (end, length + 1 + used))
}

/// The date that `text` begins with: 2020年6月3日, 2020年6月, 二〇二〇年六月三日, 2020-06-03.
fn date_at(text: &[char]) -> Option<(PartialDate, usize)> {
    let year_length = text.iter().take(5).take_while(|c| numeral(**c).is_some()).count();
    if year_length != 4 {
        return None;
    }
    let year = text[..4].iter().try_fold(0, |sum, c| Some(sum * 10 + numeral(*c)?))?;
    if !(1900..=2199).contains(&year) {
        return None;
    }
    let han = match text.get(4)? {
        '年' => true,
        '-' | '.' | '/' => false,
        _ => return None,
    };
    let (month, month_length) = number(&text[5..])?;
    let after_month = 5 + month_length;
    match (text.get(after_month), han) {
        (Some('月'), true) | (Some('-' | '.' | '/'), false) => {}
        _ => return None,
    }
    match number(&text[after_month + 1..]) {
        Some((day, digits)) if !han || text.get(after_month + 1 + digits) == Some(&'日') => {
            let length = after_month + 1 + digits + usize::from(han);
            Some((PartialDate::new(year, month, day).ok()?, length))
        }
        _ if han => Some((PartialDate::new(year, month, 0).ok()?, after_month + 1)),
        _ => None,
    }
}

/// The value of one digit, ASCII or Han.
fn numeral(character: char) -> Option<u32> {
    Some(match character {
        '0'..='9' => character as u32 - '0' as u32,
        '〇' => 0,
        '一' => 1,
        '二' => 2,
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

/// A number of at most 31: 7, 07, 十一.
fn number(text: &[char]) -> Option<(u32, usize)> {
    let digits = text.iter().take(3).take_while(|c| c.is_ascii_digit()).count();
    if (1..=2).contains(&digits) {
        return Some((text[..digits].iter().fold(0, |sum, c| sum * 10 + c.to_digit(10).unwrap_or(0)), digits));
    }
    let length =
        text.iter().take(3).take_while(|c| **c == '十' || numeral(**c).is_some() && !c.is_ascii_digit()).count();
    let value = match text.get(..length)? {
        ['十'] => 10,
        ['十', ones] => 10 + numeral(*ones)?,
        [tens, '十'] => numeral(*tens)? * 10,
        [tens, '十', ones] => numeral(*tens)? * 10 + numeral(*ones)?,
        [ones] => numeral(*ones)?,
        _ => return None,
    };
    Some((value, length))
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::super::paragraph::paragraphs;
    use super::*;

    fn check(raw: &str) -> String {
        let text = normalize(raw);
        let known = dates(&Metadata::default(), &text, &paragraphs(&text));
        known.iter().map(|k| format!("{:?} {}", k.role, k.date)).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn dates_of_the_document_itself() {
        assert_eq!(
            check(
                "某省条例\n（2020年6月3日某省人大常委会第十八次会议通过）\n第一条 根据2018年1月1日公布的办法，制定本条例。\n第二条 本条例自2020年10月1日起施行。"
            ),
            "Adopted 2020-06-03, InForce 2020-10-01"
        );
        assert_eq!(check("大会决议\n全会于2020年11月30日至12月1日召开。全会由常委会主持。"), "Adopted 2020-12-01");
        assert_eq!(check("领导小组会议\n來源:网络?2021-02-22\n日前，会议召开。"), "Adopted 2021-02-22");
        assert_eq!(check("全会召开\n（二〇一九年七月二十六日通过）\n会议强调。"), "Adopted 2019-07-26");
    }

    #[test]
    fn a_year_that_is_not_said_is_not_guessed() {
        assert_eq!(check("5月14日至16日,座谈会在韶关召开。党的二十届二中全会精神。"), "");
    }
}
