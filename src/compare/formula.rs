//! Stock phrases: where a text says what every text of its kind says.
//!
//! In: normalised characters of a whole document. Out: which of them stand in a stock phrase. The background table
//! counts reports and regulations; this list holds what those do not show: who chaired which session, offices,
//! exhortations, the joints of regulations. Patterns are matched on the document and not on a shared run, because a
//! run may begin in the middle of 习近平总书记关于…重要论述.
//! Always: the list comes from `data/formulas.txt` (its head says how patterns are written) and from the caller's own
//! phrases; a gap in a pattern stays inside one clause. Cost: linear, one walk down a trie for each character; a walk
//! takes at most some hundred steps, most take one.

use std::ops::Range;

use crate::text::cancel::{Cancel, Cancelled, Polls};
use crate::text::word_map::{CharacterFilter, signature_bit};

static LIST: &str = include_str!("../../data/formulas.txt");

/// Most characters that `*` stands for.
const LONGEST_GAP: usize = 20;

/// Longest phrase of a caller that is matched, in characters. It bounds what one place of hostile text can cost.
pub const MAX_PHRASE_CHARACTERS: usize = 128;

/// Most readings that the brackets of one line may multiply to; a line with more is a mistake in the list.
const MOST_READINGS: usize = 512;

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Character(char),
    /// One or more numerals.
    Numeral,
    /// Up to [`LONGEST_GAP`] characters of one clause.
    Gap,
}

/// A node of the trie of patterns.
#[derive(Clone, Debug, Default)]
struct Node {
    /// Where characters lead, in their order: most nodes have one or two.
    next: Vec<(char, u32)>,
    /// One bit for each value of the lower bits of those characters: most that are asked for lead nowhere, and this tells so
    /// without a look at memory elsewhere.
    signature: u64,
    /// Where a number leads.
    numeral: Option<u32>,
    /// Where a gap leads.
    gap: Option<u32>,
    /// Whether a pattern ends here.
    ends: bool,
}

impl Node {
    fn child(&self, character: char) -> Option<u32> {
        if self.signature & signature_bit(character) == 0 {
            return None;
        }
        self.next.binary_search_by_key(&character, |child| child.0).ok().map(|at| self.next[at].1)
    }

    /// Whether a text may go on here with a character, or end.
    fn may_go_on_with(&self, character: Option<&char>) -> bool {
        self.ends
            || self.numeral.is_some()
            || self.gap.is_some()
            || character.is_some_and(|character| self.child(*character).is_some())
    }

    /// Where a character leads, `fresh` if it has led nowhere yet.
    fn child_or(&mut self, character: char, fresh: u32) -> u32 {
        self.signature |= signature_bit(character);
        match self.next.binary_search_by_key(&character, |child| child.0) {
            Ok(at) => self.next[at].1,
            Err(at) => {
                self.next.insert(at, (character, fresh));
                fresh
            }
        }
    }
}

/// A list of stock phrases, ready to be matched: a trie of all readings of all patterns. The root is node 0.
#[derive(Clone, Debug)]
pub struct Formulas {
    nodes: Vec<Node>,
    openings: Openings,
}

/// How patterns open, as filters: at most places of a text none does, and two bits tell so.
#[derive(Clone, Debug)]
struct Openings {
    /// First two characters of patterns that open with two.
    pairs: Filter,
    /// First characters of all others, numerals among them.
    singles: CharacterFilter,
    /// First three characters of patterns that open with three.
    three: Filter,
    /// First two characters of patterns that open with two and go on with something else than a third, or end.
    two: Filter,
    /// Whether a pattern opens with a gap.
    gap: bool,
}

/// A set of openings that may hold more than was put in: one bit each.
#[derive(Clone, Debug)]
struct Filter(Box<[u64; OPENING_BITS / 64]>);

/// Bits of each filter: some hundred times the openings of the list.
const OPENING_BITS: usize = 1 << 16;

impl Filter {
    fn new() -> Self {
        Self(Box::new([0; OPENING_BITS / 64]))
    }

    /// Word and bit of an opening.
    fn place(opening: &[char]) -> (usize, u64) {
        let mix = |mixed: u32, character: &char| mixed.wrapping_mul(0x9e37_79b1) ^ *character as u32;
        let bit = opening.iter().fold(0, mix) as usize % OPENING_BITS;
        (bit / 64, 1 << (bit % 64))
    }

    fn add(&mut self, opening: &[char]) {
        let (word, bit) = Self::place(opening);
        self.0[word] |= bit;
    }

    fn may_hold(&self, opening: &[char]) -> bool {
        let (word, bit) = Self::place(opening);
        self.0[word] & bit != 0
    }
}

impl Openings {
    fn new() -> Self {
        let singles = CharacterFilter::new([]);
        let [pairs, three, two] = std::array::from_fn(|_| Filter::new());
        Self { pairs, singles, three, two, gap: false }
    }

    fn add(&mut self, steps: [Option<Step>; 3]) {
        use Step::Character;
        match steps {
            [Some(Character(first)), Some(Character(second)), third] => {
                self.pairs.add(&[first, second]);
                match third {
                    Some(Character(third)) => self.three.add(&[first, second, third]),
                    _ => self.two.add(&[first, second]),
                }
            }
            [Some(Character(first)), ..] => self.singles.add(first),
            [Some(Step::Numeral), ..] => NUMERALS.chars().for_each(|numeral| self.singles.add(numeral)),
            [Some(Step::Gap), ..] => self.gap = true,
            [None, ..] => {}
        }
    }

    /// Whether a pattern may open at the start of `text`. The filters of two and of three characters are asked at once, because
    /// each by itself says yes too often to be guessed.
    #[inline]
    fn may_open(&self, text: &[char]) -> bool {
        let Some(&first) = text.first() else { return self.gap };
        let begins = |filter: &Filter, length: usize| text.get(..length).is_some_and(|text| filter.may_hold(text));
        self.gap | self.singles.may_hold(first)
            || begins(&self.pairs, 2) && begins(&self.two, 2) | begins(&self.three, 3)
    }
}

impl Formulas {
    /// No phrases.
    pub fn none() -> Self {
        Self { nodes: vec![Node::default()], openings: Openings::new() }
    }

    /// The list in this binary. Building its trie takes about a millisecond.
    pub fn embedded() -> Self {
        let mut formulas = Self::none();
        for line in LIST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            for reading in readings(line) {
                formulas.add(reading.chars().map(step));
            }
        }
        formulas
    }

    /// The same list and further phrases, which are taken literally. An empty phrase and one above
    /// [`MAX_PHRASE_CHARACTERS`] match nothing; whoever takes phrases from a caller refuses them with a message.
    #[must_use]
    pub fn with_phrases(mut self, phrases: impl IntoIterator<Item = Vec<char>>) -> Self {
        for phrase in phrases.into_iter().filter(|phrase| (1..=MAX_PHRASE_CHARACTERS).contains(&phrase.len())) {
            self.add(phrase.into_iter().map(Step::Character));
        }
        self
    }

    fn add(&mut self, steps: impl Iterator<Item = Step> + Clone) {
        let mut first = steps.clone();
        self.openings.add(std::array::from_fn(|_| first.next()));
        let mut node = 0;
        for step in steps {
            let fresh = self.nodes.len() as u32;
            let known = &mut self.nodes[node as usize];
            node = match step {
                Step::Character(character) => known.child_or(character, fresh),
                Step::Numeral => *known.numeral.get_or_insert(fresh),
                Step::Gap => *known.gap.get_or_insert(fresh),
            };
            if node == fresh {
                self.nodes.push(Node::default());
            }
        }
        self.nodes[node as usize].ends = true;
    }

    /// For every character of a text, whether it stands in a stock phrase.
    pub fn marks(&self, text: &[char], cancel: &Cancel) -> Result<Vec<bool>, Cancelled> {
        let mut marks = vec![false; text.len()];
        self.each_place(text, cancel, |place| marks[place].fill(true))?;
        Ok(marks)
    }

    /// Calls `each` with where stock phrases of a text stand, by where they begin; they may overlap.
    pub fn each_place(
        &self,
        text: &[char],
        cancel: &Cancel,
        mut each: impl FnMut(Range<usize>),
    ) -> Result<(), Cancelled> {
        let mut polls = Polls::new(cancel);
        for start in 0..text.len() {
            polls.steps(4)?;
            if self.openings.may_open(&text[start..])
                && let Some(end) = self.longest_from(0, text, start)
            {
                each(start..end);
            }
        }
        Ok(())
    }

    /// The stock phrases of a text: stretches of marked characters, in order, none touching the next.
    pub fn spans(&self, text: &[char]) -> Vec<Range<usize>> {
        // The flag is never set, so the only error cannot come.
        let marks = self.marks(text, &Cancel::new()).unwrap_or_default();
        let mut at = 0;
        let runs = marks.chunk_by(|left, right| left == right).map(|run| {
            at += run.len();
            (run[0], at - run.len()..at)
        });
        runs.filter(|(marked, _)| *marked).map(|(_, range)| range).collect()
    }

    /// Where the longest continuation from a node ends. Gaps are as short as they can be; a number is read from its
    /// first numeral. Recursion is as deep as a pattern has numbers and gaps, since characters are followed in a loop.
    fn longest_from(&self, mut node: u32, text: &[char], mut at: usize) -> Option<usize> {
        let mut longest = None;
        loop {
            let here = &self.nodes[node as usize];
            if here.ends {
                longest = longest.max(Some(at));
            }
            if let Some(node) = here.numeral
                && (at == 0 || !is_numeral(text[at - 1]))
            {
                let numerals = text[at..].iter().take(LONGEST_NUMBER).take_while(|&&c| is_numeral(c)).count();
                if numerals > 0 {
                    longest = longest.max(self.longest_from(node, text, at + numerals));
                }
            }
            if let Some(node) = here.gap {
                let clause = text[at..].iter().take(LONGEST_GAP).take_while(|&&c| !ends_clause(c)).count();
                let goes_on = |gap: &usize| self.nodes[node as usize].may_go_on_with(text.get(at + gap));
                let behind = (0..=clause).filter(goes_on).find_map(|gap| self.longest_from(node, text, at + gap));
                longest = longest.max(behind);
            }
            let Some(child) = text.get(at).and_then(|&character| here.child(character)) else {
                return longest;
            };
            node = child;
            at += 1;
        }
    }
}

/// Longest number that is read as one, in characters.
const LONGEST_NUMBER: usize = 12;

const NUMERALS: &str = "一二三四五六七八九十百零〇两0123456789";

fn is_numeral(character: char) -> bool {
    matches!(
        character,
        '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '零' | '〇' | '两' | '0'..='9'
    )
}

/// Whether a character ends the clause that a gap may reach to.
fn ends_clause(character: char) -> bool {
    matches!(character, '，' | '。' | '；' | '：' | '！' | '？' | '\n' | ',' | ';' | ':')
}

/// The readings of a line: every choice of its brackets.
fn readings(line: &str) -> Vec<String> {
    let mut readings = vec![String::new()];
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('(') {
        let (choices, behind) = after.split_once(')').unwrap_or((after, ""));
        readings = readings
            .iter()
            .flat_map(|reading| choices.split('|').map(move |choice| format!("{reading}{before}{choice}")))
            .take(MOST_READINGS)
            .collect();
        rest = behind;
    }
    readings.iter_mut().for_each(|reading| reading.push_str(rest));
    readings
}

fn step(character: char) -> Step {
    match character {
        'N' => Step::Numeral,
        '*' => Step::Gap,
        literal => Step::Character(literal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with its stock phrases in 【】.
    fn check(text: &str) -> String {
        show(&Formulas::embedded(), text)
    }

    fn show(formulas: &Formulas, text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let mut out = String::new();
        let mut at = 0;
        for span in formulas.spans(&characters) {
            out.extend(&characters[at..span.start]);
            out.push('【');
            out.extend(&characters[span.clone()]);
            out.push('】');
            at = span.end;
        }
        out.extend(&characters[at..]);
        out
    }

    #[test]
    fn sessions_are_stock() {
        assert_eq!(
            check("中国共产党云南省第十一届委员会第六次全体会议在昆明召开"),
            "【中国共产党云南省第十一届委员会第六次全体会议在昆明召开】"
        );
        assert_eq!(check("贯彻十九届五中全会部署"), "贯彻【十九届五中全会】部署");
    }

    #[test]
    fn a_leader_s_words_are_stock_but_not_what_they_are_about_elsewhere() {
        assert_eq!(check("习近平总书记关于乡村振兴的重要论述"), "【习近平总书记关于乡村振兴的重要论述】");
        assert_eq!(check("关于乡村振兴的实施方案"), "关于乡村振兴的实施方案");
    }

    #[test]
    fn the_joints_of_a_regulation_are_stock_and_its_rules_are_not() {
        assert_eq!(
            check("违反本条例规定，携犬出户不使用牵引带的，由公安机关处二百元罚款"),
            "【违反本条例规定】，携犬出户不使用牵引带的，由公安机关处二百元罚款"
        );
    }

    #[test]
    fn a_gap_stays_inside_its_clause() {
        assert_eq!(check("压实安全生产责任"), "【压实安全生产责任】");
        assert_eq!(check("压实任务，明确分工责任"), "压实任务，明确分工责任");
    }

    #[test]
    fn a_caller_s_phrase_is_taken_literally() {
        let formulas = Formulas::embedded().with_phrases(["*三来一补*".chars().collect()]);
        assert_eq!(show(&formulas, "发展*三来一补*企业"), "发展【*三来一补*】企业");
        assert_eq!(show(&formulas, "发展三来一补企业"), "发展三来一补企业");
    }

    #[test]
    fn the_numerals_are_those_of_the_list() {
        assert!(('\0'..=char::MAX).all(|character| is_numeral(character) == NUMERALS.contains(character)));
    }

    #[test]
    fn a_number_is_read_whole() {
        assert_eq!(check("三十九届二中全会"), "【三十九届二中全会】");
        let formulas = Formulas::embedded().with_phrases(["一核".chars().collect()]);
        assert_eq!(show(&formulas, "十一核"), "十【一核】");
    }

    #[test]
    fn a_long_phrase_of_a_caller_is_matched_whole() {
        let phrase = vec!['甲'; MAX_PHRASE_CHARACTERS];
        let formulas = Formulas::embedded().with_phrases([phrase.clone(), vec!['乙'; MAX_PHRASE_CHARACTERS + 1]]);
        assert!(formulas.marks(&phrase, &Cancel::new()).expect("nobody cancels").into_iter().all(|marked| marked));
        assert!(formulas.spans(&['乙'; MAX_PHRASE_CHARACTERS + 1]).is_empty());
    }

    #[test]
    fn no_line_of_the_list_has_more_readings_than_are_kept() {
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            assert!(readings(line).len() < MOST_READINGS, "{line}");
            assert_eq!(line.matches('(').count(), line.matches(')').count(), "{line}");
        }
    }
}
