//! Pinyin that a scraper glued behind a character: 會(huì).

use super::fold::{Fold, expansion, fold};
use super::line::is_ascii_word;

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

/// The reading that `rest` begins with, just behind an opening bracket of either width. It is read as folding reads it:
/// whatever the width of its letters, and without what cannot be seen and blanks that fall away.
pub(super) fn glued(rest: &str, allow_untoned: bool) -> Option<Glued> {
    let mut toned = false;
    let mut word = ['\0'; MAX_LETTERS];
    let mut letters = 0;
    // Blanks stand between ASCII letters and fall away elsewhere.
    let mut blank_after: Option<char> = None;
    for (at, raw) in rest.char_indices() {
        let one = [raw];
        let (single, expanded);
        let folded: &[char] = match fold(raw) {
            Fold::Keep => &one,
            Fold::Become(character, _) => {
                single = [character];
                &single
            }
            Fold::Expand(index) => {
                expanded = expansion(index);
                expanded
            }
            Fold::Invisible => continue,
            Fold::Blank => {
                blank_after = word[..letters].last().copied();
                continue;
            }
            _ => return None,
        };
        for character in folded {
            if blank_after.take().is_some_and(|before| is_ascii_word(before) && is_ascii_word(*character)) {
                return None;
            }
            match character {
                '）' => {
                    let is_word = |neutral: &&str| neutral.chars().eq(word[..letters].iter().copied());
                    let neutral = || allow_untoned && NEUTRAL.iter().any(is_word);
                    return (letters > 0 && (toned || neutral())).then_some(Glued {
                        bytes: at + raw.len_utf8(),
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
            *word.get_mut(letters)? = *character;
            letters += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::text::normalize::normalize;

    fn check(raw: &str) -> String {
        normalize(raw).characters().iter().collect()
    }

    #[test]
    fn a_reading_is_read_through_what_cannot_be_seen_and_in_any_width() {
        assert_eq!(check("會(huì)議"), "会议");
        assert_eq!(check("會(h\u{200b}u\u{6}ì)議"), "会议");
        assert_eq!(check("會（ｈｕì）議"), "会议");
        assert_eq!(check("領(lǐ ng)導( dǎ o )"), "领导");
        assert_eq!(check("会(AI)议"), "会（AI）议");
        assert_eq!(check("会(fā hu i)议"), "会（fāhu i）议");
    }
}
