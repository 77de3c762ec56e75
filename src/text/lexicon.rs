//! The lexicon: where words end in text that has no blanks.
//!
//! In: normalised characters. Out: word lengths that cover them. The one place that names jieba-rs: its general
//! dictionary and hidden Markov model, with `data/lexicon.txt` on top, whose words of political and administrative
//! Chinese the general dictionary cuts apart. Loaded once (about 0.1 s, 35 MB) and shared.
//! Always: cutting depends on nothing but the text, the lexicon and the custom words. Cost: linear; text is cut in
//! pieces of at most [`PIECE_CHARACTERS`], so that a long run without a break costs bounded memory.

use jieba_rs::Jieba;
use rustc_hash::FxHashMap;

use super::cancel::{Cancel, Cancelled};

const POLICY_WORDS: &str = include_str!("../../data/lexicon.txt");
/// Rises whenever the dictionary, the policy words or the cutting changes, because tokens depend on them.
const VERSION: &str = "jieba-0.11+policy-2";
/// Longest piece that is cut at once, in characters.
const PIECE_CHARACTERS: usize = 2048;
/// Frequency that keeps a policy word whole against any reading of its parts.
const POLICY_FREQUENCY: usize = 100_000;

/// A dictionary of words.
#[derive(Debug)]
pub struct Lexicon {
    jieba: Jieba,
}

impl Lexicon {
    /// Loads the general dictionary and the policy words.
    pub fn load() -> Self {
        let mut jieba = Jieba::new();
        for word in policy_words() {
            jieba.add_word(word, Some(POLICY_FREQUENCY), None);
        }
        Self { jieba }
    }

    /// Names the dictionary, the policy words and the rules of cutting.
    pub fn version(&self) -> &'static str {
        VERSION
    }

    /// Cuts characters into words: calls `word` with each word's length in characters, in order.
    ///
    /// Custom words, leftmost and longest first, are words of their own; what lies between them is cut by itself.
    pub fn cut(
        &self,
        characters: &[char],
        custom: &CustomWords,
        cancel: &Cancel,
        mut word: impl FnMut(usize),
    ) -> Result<(), Cancelled> {
        let mut start = 0;
        let mut at = 0;
        while !custom.is_empty() && at < characters.len() {
            match custom.longest_at(&characters[at..]) {
                Some(length) => {
                    self.cut_plain(&characters[start..at], cancel, &mut word)?;
                    word(length);
                    at += length;
                    start = at;
                }
                None => at += 1,
            }
        }
        self.cut_plain(&characters[start..], cancel, &mut word)
    }

    fn cut_plain(&self, characters: &[char], cancel: &Cancel, word: &mut impl FnMut(usize)) -> Result<(), Cancelled> {
        // Most characters take three bytes.
        let mut text = String::with_capacity(3 * characters.len().min(PIECE_CHARACTERS));
        let mut rest = characters;
        while !rest.is_empty() {
            cancel.check()?;
            let (piece, after) = rest.split_at(piece_length(rest));
            text.clear();
            text.extend(piece);
            self.jieba.cut(&text, true).into_iter().for_each(|token| word(token.end - token.start));
            rest = after;
        }
        Ok(())
    }
}

/// The policy words.
fn policy_words() -> impl Iterator<Item = &'static str> {
    POLICY_WORDS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Length of the next piece: up to the last punctuation within the bound, else the bound.
fn piece_length(characters: &[char]) -> usize {
    if characters.len() <= PIECE_CHARACTERS {
        return characters.len();
    }
    let border =
        characters[..PIECE_CHARACTERS].iter().rposition(|c| matches!(c, '。' | '，' | '；' | '、' | ' ' | '\n'));
    border.map_or(PIECE_CHARACTERS, |at| at + 1)
}

/// Words of one request that must stay whole, beyond the lexicon's own.
#[derive(Clone, Debug, Default)]
pub struct CustomWords {
    /// Words by first character, longest first.
    by_first: FxHashMap<char, Vec<Vec<char>>>,
}

impl CustomWords {
    /// From normalised words; those shorter than two characters change nothing.
    pub fn new(words: impl IntoIterator<Item = Vec<char>>) -> Self {
        let mut by_first: FxHashMap<char, Vec<Vec<char>>> = FxHashMap::default();
        for word in words.into_iter().filter(|word| word.len() >= 2) {
            by_first.entry(word[0]).or_default().push(word);
        }
        #[expect(clippy::iter_over_hash_type, reason = "each list is sorted by itself, in whatever order")]
        for list in by_first.values_mut() {
            list.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            list.dedup();
        }
        Self { by_first }
    }

    fn is_empty(&self) -> bool {
        self.by_first.is_empty()
    }

    /// Length of the longest custom word that `text` begins with.
    fn longest_at(&self, text: &[char]) -> Option<usize> {
        let words = self.by_first.get(text.first()?)?;
        words.iter().find(|word| text.starts_with(word)).map(Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, custom: &[&str]) -> String {
        let characters: Vec<char> = text.chars().collect();
        let custom = CustomWords::new(custom.iter().map(|word| word.chars().collect()));
        let mut words = Vec::new();
        let mut at = 0;
        Lexicon::load()
            .cut(&characters, &custom, &Cancel::new(), |length| {
                words.push(characters[at..at + length].iter().collect::<String>());
                at += length;
            })
            .expect("nobody cancels");
        assert_eq!(at, characters.len(), "words must cover the text");
        words.join("|")
    }

    #[test]
    fn policy_words_stay_whole() {
        assert_eq!(check("推进粤港澳大湾区建设，全省贯彻落实", &[]), "推进|粤港澳大湾区|建设|，|全省|贯彻落实");
    }

    #[test]
    fn custom_words_stay_whole_across_other_words() {
        assert_eq!(check("加快湾区通工程建设", &["湾区通", "区通工"]), "加快|湾区通|工程建设");
    }
}
