//! Words of the same meaning: 推进 and 推动, 完善 and 健全.
//!
//! In: two words. Out: whether political and administrative Chinese uses one for the other. The list is
//! `data/synonyms.txt`, written by hand for this project; a lookup hashes both words once.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

const GROUPS: &str = include_str!("../../../data/synonyms.txt");

struct Synonyms {
    numbers: FxHashMap<Vec<char>, u32>,
    /// Characters of the longest word.
    longest: usize,
    /// Pairs of numbers, the smaller first.
    pairs: FxHashSet<(u32, u32)>,
}

static SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| {
    let mut numbers: FxHashMap<Vec<char>, u32> = FxHashMap::default();
    let mut pairs = FxHashSet::default();
    for line in groups() {
        let mut head = None;
        for word in line.split_whitespace() {
            let next = numbers.len() as u32;
            let number = *numbers.entry(word.chars().collect()).or_insert(next);
            let head = *head.get_or_insert(number);
            if number != head {
                pairs.insert((number.min(head), number.max(head)));
            }
        }
    }
    let longest = numbers.keys().map(Vec::len).max().unwrap_or(0);
    Synonyms { numbers, longest, pairs }
});

fn groups() -> impl Iterator<Item = &'static str> {
    GROUPS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The characters that words of the list begin with, in no order.
pub(super) fn first_characters() -> impl Iterator<Item = char> {
    SYNONYMS.numbers.keys().filter_map(|word| word.first().copied())
}

/// The number of a word of the list.
pub(super) fn number(word: &[char]) -> Option<u32> {
    let synonyms = &*SYNONYMS;
    if word.len() > synonyms.longest { None } else { synonyms.numbers.get(word).copied() }
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
