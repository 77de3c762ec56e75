//! Numbers of words: equal words, equal numbers.
//!
//! In: words, once each or many times. Out: a number for each distinct word, counting up in the order of adding. Most words of
//! Chinese have one to three characters, which fit into one machine word: these are told apart without a look at where they
//! stand. Cost: a lookup.

use std::borrow::Borrow;
use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Longest word that is packed, in characters.
const LONGEST_PACKED: usize = 3;
/// Bits of a packed character.
const CHARACTER_BITS: u32 = 21;

/// A short word as one number, none equal to that of another word.
fn pack(word: &[char]) -> Option<u64> {
    let add = |packed: u64, character: &char| packed << CHARACTER_BITS | (u64::from(*character) + 1);
    (word.len() <= LONGEST_PACKED).then(|| word.iter().fold(0, add))
}

/// Words with their numbers; `W` holds a word.
#[derive(Clone, Debug)]
pub struct WordNumbers<W> {
    packed: FxHashMap<u64, u32>,
    longer: FxHashMap<W, u32>,
}

impl<W> Default for WordNumbers<W> {
    fn default() -> Self {
        Self { packed: FxHashMap::default(), longer: FxHashMap::default() }
    }
}

impl<W: Borrow<[char]> + Eq + Hash> WordNumbers<W> {
    /// No words, with room for so many.
    pub fn with_room_for(words: usize) -> Self {
        let mut out = Self::default();
        out.packed.reserve(words);
        out
    }

    /// How many words have a number.
    pub fn len(&self) -> usize {
        self.packed.len() + self.longer.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a word, which gets one if it has none.
    pub fn number(&mut self, word: W) -> u32 {
        let next = self.len() as u32;
        match pack(word.borrow()) {
            Some(packed) => *self.packed.entry(packed).or_insert(next),
            None => *self.longer.entry(word).or_insert(next),
        }
    }

    /// The number of a word, if it has one.
    pub fn get(&self, word: &[char]) -> Option<u32> {
        match pack(word) {
            Some(packed) => self.packed.get(&packed).copied(),
            None => self.longer.get(word).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_a_plain_map(
            words in proptest::collection::vec(proptest::collection::vec("[\0a市\u{10ffff}]".prop_map(|text: String| text.chars().next().expect("one")), 0..6), 0..60),
        ) {
            let (mut numbers, mut plain) = (WordNumbers::default(), HashMap::new());
            for word in &words {
                prop_assert_eq!(numbers.get(word), plain.get(word).copied());
                let next = plain.len() as u32;
                prop_assert_eq!(numbers.number(word.as_slice()), *plain.entry(word.clone()).or_insert(next));
                prop_assert_eq!(numbers.len(), plain.len());
            }
        }
    }
}
