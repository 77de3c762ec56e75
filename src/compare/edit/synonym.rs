//! Words of the same meaning: 推进 and 推动, 完善 and 健全.
//!
//! In: two words. Out: whether political and administrative Chinese uses one for the other. The list is
//! `data/synonyms.txt`, written by hand for this project. Cost: a lookup for each word, and one for the pair.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::text::word_numbers::WordNumbers;

const GROUPS: &str = include_str!("../../../data/synonyms.txt");

struct Synonyms {
    numbers: WordNumbers<Vec<char>>,
    /// Pairs of numbers, the smaller first.
    pairs: FxHashSet<(u32, u32)>,
    /// For each number the lines that its word stands in, as [`lines`] says.
    lines: Vec<u64>,
}

static SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| {
    let mut numbers = WordNumbers::default();
    let mut pairs = FxHashSet::default();
    let mut lines: Vec<u64> = Vec::new();
    for (index, line) in groups().enumerate() {
        let mut head = None;
        for word in line.split_whitespace() {
            let number = numbers.number(word.chars().collect());
            lines.resize(numbers.len(), 0);
            lines[number as usize] |= 1 << (index % u64::BITS as usize);
            let head = *head.get_or_insert(number);
            if number != head {
                pairs.insert((number.min(head), number.max(head)));
            }
        }
    }
    Synonyms { numbers, pairs, lines }
});

fn groups() -> impl Iterator<Item = &'static str> {
    GROUPS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The characters that words of the list begin with.
pub(super) fn first_characters() -> impl Iterator<Item = char> {
    groups().flat_map(str::split_whitespace).filter_map(|word| word.chars().next())
}

/// The number of a word of the list.
pub(super) fn number(word: &[char]) -> Option<u32> {
    SYNONYMS.numbers.get(word)
}

/// The lines of the list that the word of a number stands in, one bit for each value of the lower bits of their indexes: words
/// whose bits do not meet are no pair.
pub(super) fn lines(number: u32) -> u64 {
    SYNONYMS.lines[number as usize]
}

/// Whether the words of two numbers may stand for one another.
pub(super) fn are_pair(left: u32, right: u32) -> bool {
    SYNONYMS.pairs.contains(&(left.min(right), left.max(right)))
}

#[cfg(test)]
mod tests {
    use super::super::strength;
    use super::*;

    fn check(left: &str, right: &str) -> bool {
        let word = |text: &str| text.chars().collect::<Vec<char>>();
        number(&word(left)).zip(number(&word(right))).is_some_and(|(left, right)| are_pair(left, right))
    }

    #[test]
    fn either_way_but_not_across_groups() {
        assert!(check("推进", "推动") && check("推动", "推进"));
        assert!(check("完善", "健全"));
        assert!(!check("推进", "健全"));
        assert!(!check("应当", "可以"));
    }

    #[test]
    fn no_pair_differs_in_strength() {
        for line in groups() {
            let words: Vec<Vec<char>> = line.split_whitespace().map(|word| word.chars().collect()).collect();
            for word in &words[1..] {
                let direction = strength::direction(&words[0], word);
                assert_eq!(direction, None, "{line}: {}", word.iter().collect::<String>());
            }
        }
    }
}
