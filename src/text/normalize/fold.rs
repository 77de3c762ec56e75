//! What each character becomes: one table for the whole Basic Multilingual Plane.
//!
//! In: a character. Out: its [`Fold`]. A generic NFKC pass costs as much as cutting words, so everything that can be
//! decided from one character is decided once, here, when the table is first used (a few milliseconds).
//!
//! Sources: compatibility forms from Unicode NFKC; traditional characters from OpenCC's `TSCharacters.txt`
//! (Apache-2.0, first candidate); variant characters that OpenCC leaves alone from [`EQUIVALENT`].
//! Superscripts, subscripts and fractions are left alone: 10² is not 102.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use super::cleaning::CleaningKind;

/// OpenCC's table: key, tab, candidates separated by blanks.
const TRADITIONAL: &str = include_str!("../../../data/opencc/TSCharacters.txt");

/// Variant forms that OpenCC's table leaves as they are, or whose traditional form it reads as another character: each
/// pair's first character is read as its second, so that a text and its traditional copy are read alike.
const EQUIVALENT: &str = "\
    馀余 衞卫 靑青 淸清 緖绪 姊姐 妳你 牠它 祂他 瞭了 祇只 砲炮 藉借 擡抬 彊强 衹只 暱昵 \
    緪縆 薴苎 㓰划 㳽弥 䌽彩 䙓摆 䦆镢 䩄腼 侭尽 渖沈 稆穞 缐线 讬托 谘咨 钜巨 锺钟 镟旋 \
    麹曲 麺面 𢧐战 𢭏捣 𧹒买 𧹔账 𩨂骢 𪠽当 𪨧仑 𪪏庐 𫍝谏 𫍿谫 𫔀炼 𫔭开 𫔮闲 𫖕鞲 𫖸愿 \
    𫗫糊 𫗭喂 𫗯糇 𫛲雕 𫜩啮 𫫇恶 𬞟苹";

/// What is done with one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// It stays.
    Keep,
    /// It becomes another character.
    Become(char, CleaningKind),
    /// It becomes several characters: an index for [`expansion`].
    Expand(u16),
    /// A blank.
    Blank,
    /// A line end.
    LineEnd,
    /// Nothing that can be seen.
    Invisible,
    /// Punctuation with two widths. It takes the ASCII form between ASCII letters or digits (1,000) and the wide form,
    /// given here, everywhere else, whatever its width was. Brackets are always wide, so that pairs stay pairs.
    Contextual(char),
    /// An opening bracket of either width, which becomes the wide one: pinyin may follow.
    OpenBracket,
    /// A question mark of ASCII width, else as [`Fold::Contextual`]: it may stand for a lost blank.
    QuestionMark,
    /// A straight quotation mark, which opens and closes by turns.
    StraightQuote,
    /// 著, which is 着 outside words such as 著名.
    Zhu,
}

struct FoldTable {
    /// One code a character of the Basic Multilingual Plane: the class in the upper half, the target in the lower.
    plane: Vec<u32>,
    expansions: Vec<Box<[char]>>,
    /// Traditional characters beyond the Basic Multilingual Plane.
    beyond: FxHashMap<char, char>,
}

static TABLE: LazyLock<FoldTable> = LazyLock::new(FoldTable::build);

const KEEP: u32 = 0;
const WIDTH: u32 = 1 << 16;
const SCRIPT: u32 = 2 << 16;
const QUOTE: u32 = 3 << 16;
const PUNCTUATION: u32 = 4 << 16;
const EXPAND: u32 = 5 << 16;
const BLANK: u32 = 6 << 16;
const LINE_END: u32 = 7 << 16;
const INVISIBLE: u32 = 8 << 16;
const OPEN_BRACKET: u32 = 9 << 16;
const QUESTION_MARK: u32 = 10 << 16;
const ZHU: u32 = 11 << 16;
const CONTEXTUAL: u32 = 12 << 16;
const STRAIGHT_QUOTE: u32 = 13 << 16;
const CLASS: u32 = 0xffff << 16;

/// Longest expansion that is made; ligatures of whole phrases (U+FDFA) stay as they are.
const MAX_EXPANSION_CHARACTERS: usize = 4;

/// What is done with a character.
#[inline]
pub(super) fn fold(character: char) -> Fold {
    let code = character as u32;
    let Some(&entry) = TABLE.plane.get(code as usize) else {
        return fold_beyond(character);
    };
    let target = || char::from_u32(entry & !CLASS).unwrap_or(character);
    match entry & CLASS {
        KEEP => Fold::Keep,
        WIDTH => Fold::Become(target(), CleaningKind::Width),
        SCRIPT => Fold::Become(target(), CleaningKind::Script),
        QUOTE => Fold::Become(target(), CleaningKind::Quote),
        PUNCTUATION => Fold::Become(target(), CleaningKind::Punctuation),
        EXPAND => Fold::Expand((entry & !CLASS) as u16),
        BLANK => Fold::Blank,
        LINE_END => Fold::LineEnd,
        INVISIBLE => Fold::Invisible,
        OPEN_BRACKET => Fold::OpenBracket,
        QUESTION_MARK => Fold::QuestionMark,
        ZHU => Fold::Zhu,
        CONTEXTUAL => Fold::Contextual(target()),
        STRAIGHT_QUOTE => Fold::StraightQuote,
        _ => Fold::Keep,
    }
}

/// What becomes of most characters: Han ones of the main block that stay or become others of that block, by a table that is
/// looked up without further ado.
#[derive(Clone, Copy)]
pub(super) struct HanTable(&'static [u32]);

/// A Han character of the main block, and what it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Han {
    /// It stays.
    Stays(char),
    /// It becomes its simplified form, which is given.
    Simplified(char),
}

impl HanTable {
    /// The table.
    pub(super) fn new() -> Self {
        Self(&TABLE.plane)
    }

    /// What becomes of the character that three bytes of a text stand for, which begin where a character does; `None` if it is
    /// not Han, or if its neighbours decide.
    #[inline]
    pub(super) fn read(self, bytes: &[u8]) -> Option<Han> {
        let [first @ 0xe4..=0xe9, second, third] = *bytes else { return None };
        let low = |byte: u8| u32::from(byte & 0x3f);
        let code = u32::from(first & 0x0f) << 12 | low(second) << 6 | low(third);
        // Before this one come characters of other blocks.
        if code < 0x4e00 {
            return None;
        }
        match *self.0.get(code as usize)? {
            KEEP => char::from_u32(code).map(Han::Stays),
            entry if entry & CLASS == SCRIPT => char::from_u32(entry & !CLASS).map(Han::Simplified),
            _ => None,
        }
    }
}

/// The characters of an expansion.
pub(super) fn expansion(index: u16) -> &'static [char] {
    &TABLE.expansions[usize::from(index)]
}

/// Builds the table now, so that the first document does not wait for it.
pub(crate) fn warm_up() {
    LazyLock::force(&TABLE);
}

fn fold_beyond(character: char) -> Fold {
    match character {
        '\u{e0000}'..='\u{e0fff}' => Fold::Invisible,
        '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}' => {
            let mut folded = std::iter::once(character).nfkc();
            match (folded.next(), folded.next()) {
                (Some(one), None) if one != character => Fold::Become(one, CleaningKind::Width),
                _ => Fold::Keep,
            }
        }
        _ => match TABLE.beyond.get(&character) {
            Some(&simplified) => Fold::Become(simplified, CleaningKind::Script),
            None => Fold::Keep,
        },
    }
}

impl FoldTable {
    fn build() -> Self {
        let mut table = Self { plane: vec![KEEP; 0x1_0000], expansions: Vec::new(), beyond: FxHashMap::default() };
        let simplified = simplified_forms();
        for code in 0..0x1_0000u32 {
            let Some(character) = char::from_u32(code) else { continue };
            table.plane[code as usize] = table.entry(character, &simplified);
        }
        table.beyond = simplified.into_iter().filter(|(traditional, _)| *traditional as u32 > 0xffff).collect();
        table
    }

    fn entry(&mut self, character: char, simplified: &FxHashMap<char, char>) -> u32 {
        if let Some(entry) = special(character) {
            return entry;
        }
        let code = character as u32;
        if let Some(number) = circled_number(code) {
            return self.expand(&format!("（{number}）").chars().collect::<Vec<char>>());
        }
        let compatible: Vec<char> = if code < 0x80 || is_exponent(code) {
            vec![character]
        } else {
            std::iter::once(character).nfkc().collect()
        };
        match compatible[..] {
            [one] => {
                if let Some(entry) = special(one) {
                    return entry;
                }
                let target = simplified.get(&one).copied().unwrap_or(one);
                let class = if one != character { WIDTH } else { SCRIPT };
                if target == character || target as u32 > 0xffff { KEEP } else { class | target as u32 }
            }
            ref several
                if several.len() <= MAX_EXPANSION_CHARACTERS
                    && !several.is_empty()
                    && several.iter().all(|c| !c.is_whitespace()) =>
            {
                let wide = |c: char| match special(c) {
                    Some(entry) if matches!(entry & CLASS, CONTEXTUAL | WIDTH) => {
                        char::from_u32(entry & !CLASS).unwrap_or(c)
                    }
                    Some(OPEN_BRACKET) => '（',
                    Some(QUESTION_MARK) => '？',
                    _ => simplified.get(&c).copied().unwrap_or(c),
                };
                self.expand(&several.iter().map(|c| wide(*c)).collect::<Vec<char>>())
            }
            _ => KEEP,
        }
    }

    fn expand(&mut self, characters: &[char]) -> u32 {
        self.expansions.push(characters.into());
        EXPAND | (self.expansions.len() as u32 - 1)
    }
}

/// ① to ⑳ are labels: （1） to （20）, since a bare digit would join the digits before it.
fn circled_number(code: u32) -> Option<u32> {
    (0x2460..=0x2473).contains(&code).then(|| code - 0x2460 + 1)
}

/// Superscripts, subscripts and fractions, which mean something else when they stand on the line.
fn is_exponent(code: u32) -> bool {
    matches!(code, 0xb2 | 0xb3 | 0xb9 | 0xbc..=0xbe | 0x2070..=0x209f | 0x2150..=0x215f | 0x2189)
}

/// Characters whose folding is not a matter of Unicode's tables.
fn special(character: char) -> Option<u32> {
    Some(match character {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => LINE_END,
        '(' | '（' => OPEN_BRACKET,
        '?' => QUESTION_MARK,
        ',' | '，' | '﹐' => CONTEXTUAL | '，' as u32,
        ':' | '：' | '﹕' | '︰' => CONTEXTUAL | '：' as u32,
        ';' | '；' | '﹔' => CONTEXTUAL | '；' as u32,
        '!' | '！' | '﹗' => CONTEXTUAL | '！' as u32,
        '？' | '﹖' => CONTEXTUAL | '？' as u32,
        ')' => WIDTH | '）' as u32,
        '）' => KEEP,
        '著' => ZHU,
        '"' | '＂' => STRAIGHT_QUOTE,
        '“' | '”' | '‘' | '’' | '—' | '·' => KEEP,
        '「' | '〝' | '„' | '«' | '﹁' => QUOTE | '“' as u32,
        '」' | '〞' | '〟' | '»' | '﹂' => QUOTE | '”' as u32,
        '『' | '‚' | '﹃' => QUOTE | '‘' as u32,
        '』' | '‛' | '﹄' => QUOTE | '’' as u32,
        '〈' => PUNCTUATION | '《' as u32,
        '〉' => PUNCTUATION | '》' as u32,
        '〔' | '【' => PUNCTUATION | u32::from(b'['),
        '〕' | '】' => PUNCTUATION | u32::from(b']'),
        '‐' | '‑' | '‒' | '–' | '―' | '−' | '─' | '﹘' => PUNCTUATION | '—' as u32,
        '〜' | '∼' => PUNCTUATION | u32::from(b'~'),
        '•' | '・' | '‧' | '∙' | '⋅' | '･' => PUNCTUATION | '·' as u32,
        '⋯' => PUNCTUATION | '…' as u32,
        '…' => KEEP,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => INVISIBLE,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}' => INVISIBLE,
        c if c.is_whitespace() => BLANK,
        c if c.is_control() => INVISIBLE,
        _ => return None,
    })
}

fn simplified_forms() -> FxHashMap<char, char> {
    let mut forms = FxHashMap::default();
    for line in TRADITIONAL.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        if let (Some(key), Some(candidates)) = (cells.next(), cells.next())
            && let (Some(traditional), Some(simplified)) = (single(key), candidates.split(' ').next().and_then(single))
        {
            forms.insert(traditional, simplified);
        }
    }
    forms.extend(EQUIVALENT.split_whitespace().filter_map(|pair| {
        let mut characters = pair.chars();
        Some((characters.next()?, characters.next()?))
    }));
    forms
}

fn single(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}
