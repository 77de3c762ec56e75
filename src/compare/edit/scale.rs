//! The administrative scale: words that name a level of government or the place a document speaks for.
//!
//! In: characters. Out: the words of the scale they begin with ([`word_at`], [`phrase_at`]), whether they hold nothing
//! else ([`is_scale`]), and a form in which localised words are equal ([`canonical`]): 全省=全市=全区, 省委=市委,
//! 我省=我市, 广东省=广州市 where the two are the documents' own places. Cost: a few comparisons for each character.

use std::sync::LazyLock;

use super::hint::{self, Hints};
use crate::text::place::place_at;
use crate::text::word_map::{WordList, begins_with};

/// Names, without suffix, of the places that the two documents speak for.
pub(super) type OwnPlaces = Vec<Vec<char>>;

/// Levels as words, longest first.
static LEVELS: LazyLock<WordList> =
    LazyLock::new(|| WordList::of(&["自治区", "自治州", "自治县", "直辖市", "省", "市", "区", "县", "州", "盟", "旗"]));
/// What stands before a level and makes a word of it: 全省, 我市.
static BEFORE: LazyLock<WordList> = LazyLock::new(|| WordList::of(&["全", "我", "本", "各", "该"]));
/// What stands behind a level and makes a word of it: 省委, 市人民政府. Longest first.
static BEHIND: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "人民代表大会常务委员会",
        "人民代表大会",
        "人大常委会",
        "人民政府",
        "委常委会",
        "领导小组",
        "委书记",
        "政府",
        "人大",
        "政协",
        "纪委",
        "监委",
        "委",
        "级",
        "内",
        "直",
        "长",
        "外",
        "本级",
        "辖",
        "属",
        "管",
    ])
});
/// Words of several levels or of levels without a name, longest first.
static PHRASES: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "县级以上地方各级",
        "地级以上市",
        "不设区的市",
        "县（市、区）",
        "市（州）",
        "县（市）",
        "县级以上",
        "市级以上",
        "省级以上",
        "区级以上",
        "设区的市",
        "设区市",
        "省辖市",
        "地级市",
        "县级市",
        "市辖区",
        "市州",
        "市县",
        "县市",
        "县区",
        "区县",
        "市区",
        "地市",
        "各级",
        "各地区",
        "各地方",
        "各地",
        "本地区",
        "本地",
        "当地",
        "地方",
        "县以上",
        "省域内",
        "市域内",
        "县域内",
        "省域",
        "市域",
        "县域",
    ])
});
/// Words that stand between words of the scale without being of it.
static NEUTRAL: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&["人民政府", "政府", "、", "和", "及", "与", "（", "）", "以上", "各", "所属", "级"])
});

/// The characters that words of the scale, of the nation and what stands between them begin with, in no order.
pub(super) fn first_characters() -> impl Iterator<Item = char> {
    let lists = [&LEVELS, &BEFORE, &PHRASES, &NEUTRAL];
    lists.into_iter().flat_map(|list| list.first_characters()).chain("全我国中".chars())
}

/// The characters that levels begin with, in no order.
pub(super) fn first_characters_of_levels() -> impl Iterator<Item = char> {
    LEVELS.first_characters()
}

/// A word of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScaleWord {
    /// Its length in characters.
    pub(super) characters: usize,
    /// Whether it is a bare level such as 市, which may be part of another word (市场).
    pub(super) bare: bool,
}

fn longest(text: &[char], words: &WordList) -> Option<usize> {
    words.longest_at(text).map(|(length, ())| length)
}

/// Length of an own place name, with its suffix if one follows.
fn own_place_at(text: &[char], own: &OwnPlaces) -> Option<usize> {
    // Own places are of the gazetteer.
    if !hint::of(*text.first()?).may_be(Hints::PLACE) {
        return None;
    }
    let name = own.iter().filter(|name| begins_with(text, name)).map(Vec::len).max()?;
    // A longer name of the gazetteer is another place.
    match place_at(text) {
        Some(place) if place.name_characters > name => None,
        Some(place) if place.name_characters == name => Some(place.full_characters),
        _ => Some(name + longest(&text[name..], &LEVELS).unwrap_or(0)),
    }
}

/// The longest word of the scale that `text` begins with.
pub(super) fn word_at(text: &[char], own: &OwnPlaces) -> Option<ScaleWord> {
    let own_place = own_place_at(text, own);
    // Most places of a text begin no word of the scale, and their first character tells so.
    if own_place.is_none() && !hint::of(*text.first()?).may_be(Hints::SCALE) {
        return None;
    }
    let place = own_place.map(|place| place + longest(&text[place..], &BEHIND).unwrap_or(0));
    let phrase = longest(text, &PHRASES);
    let before = longest(text, &BEFORE).and_then(|before| Some(before + longest(&text[before..], &LEVELS)?));
    let level = longest(text, &LEVELS);
    let behind = level.and_then(|level| Some(level + longest(&text[level..], &BEHIND)?));
    match place.max(phrase).max(before).max(behind) {
        Some(characters) => Some(ScaleWord { characters, bare: false }),
        None => level.map(|characters| ScaleWord { characters, bare: true }),
    }
}

/// Length of the words of the scale that `text` begins with, with what stands between them: 市、区, 省委、省政府.
///
/// A bare level counts if `is_word` says that it ends a word there.
pub(super) fn phrase_at(text: &[char], own: &OwnPlaces, is_word: impl Fn(usize) -> bool) -> Option<usize> {
    let mut end = None;
    let mut at = 0;
    loop {
        match word_at(&text[at..], own) {
            Some(word) if !word.bare || is_word(at + word.characters) => {
                at += word.characters;
                end = Some(at);
            }
            _ => return end,
        }
        if word_at(&text[at..], own).is_none_or(|word| word.bare && !is_word(at + word.characters)) {
            match text.get(at) {
                Some('、' | '和' | '及' | '与') => at += 1,
                _ => return end,
            }
        }
    }
}

/// Whether characters hold words of the scale and nothing else.
pub(super) fn is_scale(text: &[char], own: &OwnPlaces) -> bool {
    let mut at = 0;
    let mut found = false;
    while at < text.len() {
        if let Some(word) = word_at(&text[at..], own) {
            at += word.characters;
            found = true;
        } else if let Some(length) = longest(&text[at..], &NEUTRAL) {
            at += length;
        } else {
            return false;
        }
    }
    found
}

/// Whether characters name the nation: 全国, 国家. They count as a level only beside a word of the scale.
pub(super) fn is_national(text: &[char]) -> bool {
    matches!(text, ['全' | '我', '国'] | ['国', '家'] | ['国', '家', '级'] | ['中', '央'])
}

/// The same characters with every level one mark and every own place another, so that localised words are equal;
/// `None` when they hold no word of the scale.
///
/// Bare levels keep their character, because 市 may be part of any word.
pub(super) fn canonical(text: &[char], own: &OwnPlaces) -> Option<Vec<char>> {
    const LEVEL: char = '\u{e000}';
    const PLACE: char = '\u{e001}';
    // Without a level or an own place there is no word of the scale, and most words have none.
    let begins = |at: usize| {
        let hint = hint::of(text[at]);
        hint.may_be(Hints::LEVEL) && longest(&text[at..], &LEVELS).is_some()
            || hint.may_be(Hints::PLACE) && own.iter().any(|name| begins_with(&text[at..], name))
    };
    if !(0..text.len()).any(begins) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut found = false;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = own_place_at(rest, own) {
            out.push(PLACE);
            found = true;
            at += length;
            continue;
        }
        if !hint::of(rest[0]).may_be(Hints::SCALE) {
            out.push(rest[0]);
            at += 1;
            continue;
        }
        let before = longest(rest, &BEFORE).unwrap_or(0);
        let level = longest(&rest[before..], &LEVELS);
        let word = word_at(rest, own).filter(|word| !word.bare);
        match (word, level) {
            (Some(word), Some(level)) if before + level <= word.characters && longest(rest, &PHRASES).is_none() => {
                out.extend(&rest[..before]);
                out.push(LEVEL);
                out.extend(&rest[before + level..word.characters]);
                found = true;
                at += word.characters;
            }
            _ => {
                out.push(rest[0]);
                at += 1;
            }
        }
    }
    found.then_some(out)
}

/// Whether characters are one place name, with or without its suffix, or one with the suffix of a county.
pub(super) fn is_any_place(text: &[char]) -> bool {
    match place_at(text) {
        Some(place) => place.full_characters == text.len() || place.name_characters == text.len(),
        None => (3..=5).contains(&text.len()) && matches!(text[text.len() - 1], '县' | '旗'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    fn own() -> OwnPlaces {
        vec![word("广东"), word("广州")]
    }

    fn check(left: &str, right: &str) -> bool {
        let canonical = |text: &str| canonical(&word(text), &own());
        canonical(left).is_some() && canonical(left) == canonical(right)
    }

    #[test]
    fn localised_words_have_one_form() {
        let pairs = [
            ("全省", "全市"),
            ("全市", "全区"),
            ("省委", "市委"),
            ("我省", "我市"),
            ("本省", "本市"),
            ("省直", "市直"),
            ("省内", "市内"),
            ("省级", "市级"),
            ("省长", "市长"),
            ("省人民政府", "市人民政府"),
            ("省政府办公厅", "市政府办公厅"),
            ("各市", "各区"),
            ("广东省", "广州市"),
            ("广东", "广州"),
            ("中共广东省委", "中共广州市委"),
            ("省委、省政府", "市委、市政府"),
        ];
        for (left, right) in pairs {
            assert!(check(left, right), "{left} {right}");
        }
        for (left, right) in [("市场", "县场"), ("省委", "市政府"), ("城市", "城区"), ("广东", "湖南")]
        {
            assert!(!check(left, right), "{left} {right}");
        }
    }

    #[test]
    fn the_nation_has_its_hint() {
        for text in ["全国", "我国", "国家", "国家级", "中央"] {
            let hint = hint::of(text.chars().next().expect("a character"));
            assert!(is_national(&word(text)) && hint.may_be(Hints::SCALE), "{text}");
        }
    }

    #[test]
    fn nothing_but_scale() {
        for text in
            ["县级以上", "市域内", "市、区", "设区的市", "区县", "省委、省政府", "市、区人民政府", "各地", "各区"]
        {
            assert!(is_scale(&word(text), &own()), "{text}");
        }
        for text in ["市场", "人民政府", "区域", "省有关部门", "、"] {
            assert!(!is_scale(&word(text), &own()), "{text}");
        }
    }
}
