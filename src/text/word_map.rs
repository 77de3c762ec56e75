//! Lists of words that are looked for at a place of a text, found by their first character.
//!
//! In: words with a value each, in the order of the list. Out: which of them a text begins with. Most places of a text
//! begin no word of a list, and one lookup tells so. Cost: a lookup, and a comparison for each word of that character.

use rustc_hash::FxHashMap;

/// A word and what it means.
type Entry<T> = (Box<[char]>, T);

/// Bits of the filter: a power of two, some times the words of the longest list.
const FILTER_BITS: usize = 1024;

/// Words by their first character, those of one character in the order of the list.
#[derive(Clone, Debug)]
pub struct WordMap<T> {
    /// One bit for each value of the lower bits of a first character: most characters begin no word of a list.
    filter: [u64; FILTER_BITS / 64],
    by_first: FxHashMap<char, Vec<Entry<T>>>,
}

/// Words without a value.
pub type WordList = WordMap<()>;

impl<T> WordMap<T> {
    /// The words of a list; empty ones are left out.
    pub fn new<'w>(words: impl IntoIterator<Item = (&'w str, T)>) -> Self {
        let mut by_first: FxHashMap<char, Vec<Entry<T>>> = FxHashMap::default();
        let mut filter = [0; FILTER_BITS / 64];
        for (word, value) in words {
            let characters: Box<[char]> = word.chars().collect();
            if let Some(&first) = characters.first() {
                let bit = first as usize % FILTER_BITS;
                filter[bit / 64] |= 1 << (bit % 64);
                by_first.entry(first).or_default().push((characters, value));
            }
        }
        Self { filter, by_first }
    }

    /// The words that `text` begins with, in the order of the list: their lengths and values.
    pub fn all_at<'m>(&'m self, text: &[char]) -> impl Iterator<Item = (usize, &'m T)> {
        let may_begin = |first: &&char| {
            let bit = **first as usize % FILTER_BITS;
            self.filter[bit / 64] >> (bit % 64) & 1 == 1
        };
        let first = text.first().filter(may_begin);
        let of_first = first.and_then(|first| self.by_first.get(first)).map_or(&[][..], Vec::as_slice);
        of_first.iter().filter(|(word, _)| text.starts_with(word)).map(|(word, value)| (word.len(), value))
    }

    /// Length and value of the longest word that `text` begins with.
    pub fn longest_at(&self, text: &[char]) -> Option<(usize, &T)> {
        self.all_at(text).max_by_key(|(length, _)| *length)
    }

    /// The value of a word.
    pub fn get(&self, word: &[char]) -> Option<&T> {
        self.all_at(word).find(|(length, _)| *length == word.len()).map(|(_, value)| value)
    }
}

impl WordList {
    /// A list of bare words.
    pub fn of(words: &[&str]) -> Self {
        Self::new(words.iter().map(|word| (*word, ())))
    }
}

#[cfg(test)]
mod tests {
    use super::WordMap;

    #[test]
    fn the_longest_word_at_a_place_and_a_whole_word() {
        let words = WordMap::new([("市", 1), ("市委", 2), ("省", 3)]);
        let at =
            |text: &str| words.longest_at(&text.chars().collect::<Vec<_>>()).map(|(length, value)| (length, *value));
        assert_eq!(at("市委书记"), Some((2, 2)));
        assert_eq!(at("市场"), Some((1, 1)));
        assert_eq!(at("县"), None);
        assert_eq!(words.get(&['市']), Some(&1));
        assert_eq!(words.get(&['市', '场']), None);
    }
}
