//! Lists of words that are looked for at a place of a text, found by their first character, and sets of characters.
//!
//! In: words with a value each, in the order of the list. Out: which of them a text begins with. Most places of a text
//! begin no word of a list, and one lookup tells so. Cost: a lookup, and a comparison for each word of that character.

use rustc_hash::{FxHashMap, FxHashSet};

/// A word and what it means.
type Entry<T> = (Box<[char]>, T);

/// Bits of a filter: a power of two, some times the words of the longest list.
const FILTER_BITS: usize = 4096;

/// The bit of a character in a signature of some characters: one for each value of its lower bits. Signatures that have no bit
/// in common are of characters of which none is the same.
pub fn signature_bit(character: char) -> u64 {
    1 << (u32::from(character) % u64::BITS)
}

/// One bit for each value of the lower bits of a character: most characters are in no list.
#[derive(Clone, Debug)]
pub struct CharacterFilter([u64; FILTER_BITS / 64]);

impl CharacterFilter {
    /// A filter of some characters.
    pub fn new(characters: impl IntoIterator<Item = char>) -> Self {
        let mut filter = Self([0; FILTER_BITS / 64]);
        characters.into_iter().for_each(|character| filter.add(character));
        filter
    }

    /// Adds a character.
    pub fn add(&mut self, character: char) {
        let bit = character as usize % FILTER_BITS;
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    /// Whether a character may be one of them; where it says no, it is none.
    #[inline]
    pub fn may_hold(&self, character: char) -> bool {
        let bit = character as usize % FILTER_BITS;
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }
}

/// A set of characters of which few are asked for that it holds.
#[derive(Clone, Debug)]
pub struct CharacterSet {
    filter: CharacterFilter,
    characters: FxHashSet<char>,
}

impl CharacterSet {
    /// The set of some characters.
    pub fn new(characters: impl IntoIterator<Item = char>) -> Self {
        let characters: FxHashSet<char> = characters.into_iter().collect();
        Self { filter: CharacterFilter::new(characters.iter().copied()), characters }
    }

    /// The characters, in no order.
    pub fn characters(&self) -> impl Iterator<Item = char> {
        self.characters.iter().copied()
    }

    /// Whether a character is in it.
    pub fn contains(&self, character: char) -> bool {
        self.filter.may_hold(character) && self.characters.contains(&character)
    }
}

/// Whether a text begins with a word. Words are short, so that a loop is done before a comparison of memory is called.
pub fn begins_with(text: &[char], word: &[char]) -> bool {
    text.len() >= word.len() && word.iter().zip(text).all(|(one, other)| one == other)
}

/// Words by their first character, those of one character in the order of the list.
#[derive(Clone, Debug)]
pub struct WordMap<T> {
    /// What words begin with.
    filter: CharacterFilter,
    by_first: FxHashMap<char, OfFirst<T>>,
}

/// The words of one first character.
#[derive(Clone, Debug)]
struct OfFirst<T> {
    /// One bit for each value of the lower bits of their second characters; all bits if a word has none. Most places that
    /// begin as a word does go on otherwise.
    seconds: u64,
    words: Vec<Entry<T>>,
}

impl<T> OfFirst<T> {
    /// No words.
    fn new() -> Self {
        Self { seconds: 0, words: Vec::new() }
    }

    /// Bits of a second character, or of none.
    fn bit(second: Option<&char>) -> u64 {
        second.map_or(u64::MAX, |second| signature_bit(*second))
    }
}

/// Words without a value.
pub type WordList = WordMap<()>;

impl<T> WordMap<T> {
    /// The words of a list; empty ones are left out.
    pub fn new<'w>(words: impl IntoIterator<Item = (&'w str, T)>) -> Self {
        let mut by_first: FxHashMap<char, OfFirst<T>> = FxHashMap::default();
        let mut filter = CharacterFilter::new([]);
        for (word, value) in words {
            let characters: Box<[char]> = word.chars().collect();
            if let Some(&first) = characters.first() {
                filter.add(first);
                let of_first = by_first.entry(first).or_insert_with(OfFirst::new);
                of_first.seconds |= OfFirst::<T>::bit(characters.get(1));
                of_first.words.push((characters, value));
            }
        }
        Self { filter, by_first }
    }

    /// The characters that words begin with, in no order.
    pub fn first_characters(&self) -> impl Iterator<Item = char> {
        self.by_first.keys().copied()
    }

    /// The words that `text` begins with, in the order of the list: their lengths and values.
    pub fn all_at<'m>(&'m self, text: &[char]) -> impl Iterator<Item = (usize, &'m T)> {
        let first = text.first().filter(|first| self.filter.may_hold(**first));
        let of_first = first.and_then(|first| self.by_first.get(first));
        // Where the text ends only a word of one character fits.
        let goes_on = |of_first: &&OfFirst<T>| of_first.seconds & OfFirst::<T>::bit(text.get(1)) != 0;
        let words = of_first.filter(goes_on).map_or(&[][..], |of_first| &of_first.words);
        words.iter().filter(|(word, _)| begins_with(text, word)).map(|(word, value)| (word.len(), value))
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
    use super::{CharacterSet, WordMap};

    /// A character with the lower bits of 市 passes the filter.
    #[test]
    fn a_set_holds_its_characters_and_no_others() {
        let set = CharacterSet::new("市省".chars());
        let twin = char::from_u32('市' as u32 + super::FILTER_BITS as u32).expect("a character");
        assert_eq!(['市', '省', twin, 'a'].map(|character| set.contains(character)), [true, true, false, false]);
    }

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
