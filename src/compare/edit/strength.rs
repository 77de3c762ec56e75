//! The scale of obligation: 必须 > 应当 > 加快 > 推动 > 支持 > 鼓励.
//!
//! In: two words. Out: which way the degree of what is asked for moved. The ranks are ours; the idea of a measured
//! ladder from order to encouragement is that of the studies of control words in Chinese policy (Xiao & Zhu) and of the
//! five shades of ambiguity in Ang 2024. Words of one rank say the same degree: between them nothing moved.

use std::sync::LazyLock;

use crate::compare::comparison::Direction;
use crate::text::word_map::WordMap;

/// What part a word plays in its sentence. Words of one part replace one another; others seldom do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// 必须, 应当, 可以.
    Modal,
    /// 坚决, 大力.
    Adverb,
    /// 确保, 推动, 鼓励.
    Verb,
}

/// A word of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Degree {
    /// Higher asks for more.
    pub(super) rank: u8,
    /// Its part of speech.
    pub(super) part: Part,
}

/// Rank, part and words. Ranks are ordered, their distances mean nothing.
const SCALE: &[(u8, Part, &[&str])] = &[
    (7, Part::Modal, &["必须", "务必", "须", "必需", "严禁", "绝不", "决不"]),
    (6, Part::Modal, &["禁止", "不得", "不准", "不许"]),
    (7, Part::Adverb, &["坚决", "一律", "强制"]),
    (5, Part::Modal, &["应当", "应该", "应", "要", "需要", "需"]),
    (5, Part::Verb, &["确保", "要求", "保证", "责成", "责令"]),
    (4, Part::Adverb, &["大力", "着力", "全力", "强力", "奋力", "竭力", "全力以赴"]),
    (4, Part::Verb, &["加快", "加大", "加速", "加紧", "抓紧", "狠抓"]),
    (3, Part::Verb, &["推动", "促进", "推进", "带动", "助推", "助力", "推行"]),
    (2, Part::Verb, &["支持", "扶持", "帮助", "扶助", "资助"]),
    (1, Part::Verb, &["鼓励", "引导", "探索", "力争", "争取", "倡导", "提倡", "尝试", "探究", "摸索"]),
    (1, Part::Modal, &["可以", "可", "能够", "允许"]),
    (1, Part::Adverb, &["尽量", "尽可能", "酌情"]),
];

static DEGREES: LazyLock<WordMap<Degree>> = LazyLock::new(|| {
    let of_rank = |(rank, part, words): &(u8, Part, &'static [&'static str])| {
        let degree = Degree { rank: *rank, part: *part };
        words.iter().map(move |word| (*word, degree)).collect::<Vec<_>>()
    };
    WordMap::new(SCALE.iter().flat_map(of_rank))
});

/// The characters that words of the scale begin with, in no order.
pub(super) fn first_characters() -> impl Iterator<Item = char> {
    DEGREES.first_characters()
}

/// The degree that a word says, if it is of the scale.
pub(super) fn degree(word: &[char]) -> Option<Degree> {
    DEGREES.get(word).copied()
}

/// Length and degree of the longest word of the scale that `text` begins with.
pub(super) fn degree_at(text: &[char]) -> Option<(usize, Degree)> {
    DEGREES.longest_at(text).map(|(length, degree)| (length, *degree))
}

/// Which way the degree moved from one word to another; `None` if it did not.
pub(super) fn moved(left: Degree, right: Degree) -> Option<Direction> {
    match left.rank.cmp(&right.rank) {
        std::cmp::Ordering::Less => Some(Direction::Stronger),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Direction::Weaker),
    }
}

/// Which way the degree moved from one word to another; `None` if it did not, or if one is not of the scale.
#[cfg(test)]
pub(super) fn direction(left: &[char], right: &[char]) -> Option<Direction> {
    moved(degree(left)?, degree(right)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str) -> Option<Direction> {
        let word = |text: &str| text.chars().collect::<Vec<char>>();
        direction(&word(left), &word(right))
    }

    #[test]
    fn the_scale_has_a_direction() {
        let stronger = [
            ("鼓励", "要求"),
            ("推动", "确保"),
            ("应当", "必须"),
            ("可以", "应当"),
            ("引导", "支持"),
            ("不得", "严禁"),
        ];
        for (left, right) in stronger {
            assert_eq!(check(left, right), Some(Direction::Stronger), "{left} {right}");
            assert_eq!(check(right, left), Some(Direction::Weaker), "{right} {left}");
        }
        assert_eq!(check("推进", "推动"), None);
        assert_eq!(check("应当", "经济"), None);
    }
}
