//! Pinyin that a scraper glued behind a character: 會(huì).

/// A reading in brackets, behind its opening bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glued {
    /// Bytes up to and with the closing bracket.
    pub(super) bytes: usize,
    /// Characters up to and with the closing bracket.
    pub(super) characters: u32,
    /// Whether it carries a tone mark; only the neutral tone has none.
    pub(super) toned: bool,
}

/// Longest reading in letters: zhuāng has six, and a combining mark may count by itself.
const MAX_LETTERS: usize = 8;

/// Readings in the neutral tone. Without a tone mark nothing but these is believed to be pinyin.
const NEUTRAL: &[&str] = &["de", "le", "zi", "men", "me", "ne", "ma", "ba", "zhe", "shang", "tou", "li"];

/// The reading that `rest` begins with, just behind an opening bracket of either width.
pub(super) fn glued(rest: &str, allow_untoned: bool) -> Option<Glued> {
    let mut toned = false;
    let mut letters = 0;
    for (at, character) in rest.char_indices() {
        match character {
            ')' | '）' => {
                let neutral = || allow_untoned && NEUTRAL.contains(&&rest[..at]);
                return (letters > 0 && (toned || neutral())).then_some(Glued {
                    bytes: at + character.len_utf8(),
                    characters: letters as u32 + 1,
                    toned,
                });
            }
            'a'..='z' | 'ɡ' | 'ɑ' | 'ü' | 'ê' => {}
            'ā' | 'á' | 'ǎ' | 'à' | 'ē' | 'é' | 'ě' | 'è' | 'ī' | 'í' | 'ǐ' | 'ì' | 'ō' | 'ó' | 'ǒ' | 'ò' | 'ū'
            | 'ú' | 'ǔ' | 'ù' | 'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' | 'ń' | 'ň' | 'ǹ' | 'ḿ' => toned = true,
            // Combining macron, acute, caron and grave accent.
            '\u{304}' | '\u{301}' | '\u{30c}' | '\u{300}' if letters > 0 => toned = true,
            _ => return None,
        }
        letters += 1;
        if letters > MAX_LETTERS {
            return None;
        }
    }
    None
}
