//! Laws of the shared runs, with the definition as the oracle.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::index::Otherwise;
use super::{BORDER, Longest, MOST_RUNS, SharedRuns, Wanted, index, shared_runs, suffix};
use crate::compare::comparison::StageEnd;
use crate::compare::options::CompareOptions;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::span::Pair;

const PLENTY: u64 = 1 << 40;
const CAP: usize = 3;

/// A run with all that is told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    len: u32,
    left_starts: Vec<u32>,
    left_total: u32,
    right_starts: Vec<u32>,
    right_total: u32,
}

fn told(found: &SharedRuns) -> Vec<Told> {
    let run = |run: &super::SharedRun| Told {
        len: run.len,
        left_starts: found.left_starts(run).to_vec(),
        left_total: run.left_total,
        right_starts: found.right_starts(run).to_vec(),
        right_total: run.right_total,
    };
    found.runs.iter().map(run).collect()
}

fn sides(left: &[u32], right: &[u32]) -> Pair<Vec<u32>> {
    Pair::new(left.to_vec(), right.to_vec())
}

fn found(left: &[u32], right: &[u32], min_len: u32) -> SharedRuns {
    shared_runs(sides(left, right), min_len, CAP, &mut StepBudget::new(PLENTY), &Cancel::new()).expect("nobody cancels")
}

/// The runs by the index alone, the longest `most` of them.
fn by_index(left: &[u32], right: &[u32], min_len: usize, most: usize) -> Vec<Told> {
    let mut longest = Longest::new(most, CAP);
    let wanted = Wanted { min_len, cap: CAP };
    let otherwise = (PLENTY, Otherwise::SomeRuns);
    index::runs(left, right, wanted, otherwise, &Cancel::new(), &mut longest).expect("nobody cancels");
    told(&longest.into_sorted(StageEnd::Complete))
}

/// The runs by the suffix array alone, the longest `most` of them.
fn by_suffixes(left: &[u32], right: &[u32], min_len: usize, most: usize) -> Vec<Told> {
    let mut longest = Longest::new(most, CAP);
    let wanted = Wanted { min_len, cap: CAP };
    let taken = suffix::runs(sides(left, right), wanted, &Cancel::new(), &mut longest).expect("nobody cancels");
    assert!(taken, "the library takes its arguments");
    told(&longest.into_sorted(StageEnd::Complete))
}

/// Ids are equal and none is a border.
fn same(left: &[u32], left_at: usize, right: &[u32], right_at: usize) -> bool {
    match (left.get(left_at), right.get(right_at)) {
        (Some(left_id), Some(right_id)) => left_id == right_id && *left_id != BORDER,
        _ => false,
    }
}

/// The strings of all maximal pairs, and all places of each, to the letter of the definition.
fn by_definition(left: &[u32], right: &[u32], min_len: usize) -> Vec<Told> {
    let mut strings = BTreeMap::new();
    for left_at in 0..left.len() {
        for right_at in 0..right.len() {
            let len = (0..).take_while(|by| same(left, left_at + by, right, right_at + by)).count();
            let extends = left_at > 0 && right_at > 0 && same(left, left_at - 1, right, right_at - 1);
            if len >= min_len.max(1) && !extends {
                strings.insert(left[left_at..left_at + len].to_vec(), ());
            }
        }
    }
    let places = |ids: &[u32], string: &[u32]| -> Vec<u32> {
        (0..ids.len()).filter(|&at| ids[at..].starts_with(string)).map(|at| at as u32).collect()
    };
    let mut runs: Vec<Told> = strings
        .into_keys()
        .map(|string| {
            let (mut left_starts, mut right_starts) = (places(left, &string), places(right, &string));
            let (left_total, right_total) = (left_starts.len() as u32, right_starts.len() as u32);
            left_starts.truncate(CAP);
            right_starts.truncate(CAP);
            Told { len: string.len() as u32, left_starts, left_total, right_starts, right_total }
        })
        .collect();
    runs.sort_by_key(|run| (std::cmp::Reverse(run.len), run.left_starts[0]));
    runs
}

/// Ids of few symbols, some of them borders.
fn side(symbols: u32) -> impl Strategy<Value = Vec<u32>> {
    let id = (0..symbols * 8).prop_map(move |id| if id >= symbols * 8 - 2 { BORDER } else { id % symbols });
    (vec(id, 0..30), 1_usize..4).prop_map(|(ids, times)| ids.repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn runs_are_those_of_the_definition(
        (left, right) in (1_u32..6).prop_flat_map(|symbols| (side(symbols), side(symbols))), min_len in 0_u32..5,
    ) {
        let expected = by_definition(&left, &right, min_len as usize);
        prop_assert_eq!(&told(&found(&left, &right, min_len)), &expected);
        let length = min_len.max(1) as usize;
        prop_assert_eq!(&by_index(&left, &right, length, MOST_RUNS), &expected, "by the index alone");
        prop_assert_eq!(&by_suffixes(&left, &right, length, MOST_RUNS), &expected, "by suffixes alone");
        for most in [0, 1, 3, 7] {
            let few = &expected[..most.min(expected.len())];
            prop_assert_eq!(&by_index(&left, &right, length, most), few, "the longest, by the index");
            prop_assert_eq!(&by_suffixes(&left, &right, length, most), few, "the longest, by suffixes");
        }
    }

    #[test]
    fn swapped_sides_give_the_mirrored_runs(
        (left, right) in (1_u32..6).prop_flat_map(|symbols| (side(symbols), side(symbols))),
    ) {
        let mirrored = told(&found(&right, &left, 2)).into_iter().map(|run| Told {
            len: run.len,
            left_starts: run.right_starts,
            left_total: run.right_total,
            right_starts: run.left_starts,
            right_total: run.left_total,
        });
        let mut mirrored: Vec<Told> = mirrored.collect();
        mirrored.sort_by_key(|run| (std::cmp::Reverse(run.len), run.left_starts[0]));
        prop_assert_eq!(mirrored, told(&found(&left, &right, 2)));
    }

    #[test]
    fn what_a_small_budget_finds_is_right(
        (left, right) in (1_u32..4).prop_flat_map(|symbols| (side(symbols), side(symbols))), steps in 0_u64..400,
    ) {
        let all = by_definition(&left, &right, 2);
        let part = shared_runs(sides(&left, &right), 2, CAP, &mut StepBudget::new(steps), &Cancel::new()).expect("no cancel");
        let is_complete = part.end == StageEnd::Complete;
        let part = told(&part);
        prop_assert!(part.iter().all(|run| all.contains(run)));
        prop_assert!(!is_complete || part == all);
    }
}

#[test]
fn large_ids_are_as_good_as_small_ones() {
    let left = [4_000_000_000, 4_000_000_001, 7, 4_000_000_000, 4_000_000_001];
    let right = [5, 4_000_000_000, 4_000_000_001, 6];
    let expected = by_definition(&left, &right, 2);
    assert_eq!(expected.len(), 1);
    assert_eq!(told(&found(&left, &right, 2)), expected);
    assert_eq!(by_suffixes(&left, &right, 2, MOST_RUNS), expected);
}

#[test]
fn an_answer_that_leaves_runs_out_says_so() {
    let count = MOST_RUNS + 10;
    let one = vec![1; count];
    let some = found(&one, &one, 1);
    assert_eq!((some.runs.len(), some.end), (MOST_RUNS, StageEnd::Budget));
    assert_eq!((some.runs[0].len, some.runs[MOST_RUNS - 1].len), (count as u32, 11));
    let all = found(&one[10..], &one[10..], 1);
    assert_eq!((all.runs.len(), all.end), (MOST_RUNS, StageEnd::Complete));
}

/// Steps taken and strings found on a hostile shape.
fn measured(left: &[u32], right: &[u32]) -> (u64, usize) {
    let mut budget = StepBudget::new(PLENTY);
    let found = shared_runs(sides(left, right), 6, 16, &mut budget, &Cancel::new()).expect("nobody cancels");
    assert_eq!(found.end, StageEnd::Complete);
    (PLENTY - budget.left(), found.runs.len())
}

#[test]
fn hostile_shapes_take_linear_steps_and_give_linear_answers() {
    let count = 20_000_u32;
    let most = CompareOptions::default().budgets.phrase_steps_per_character * 2 * u64::from(count);
    let one = vec![1; count as usize];
    let alternating: Vec<u32> = (0..count).map(|id| id % 2).collect();
    let turned: Vec<u32> = (0..count).map(|id| 1 - id % 2).collect();
    let (steps, runs) = measured(&one, &one);
    assert!(steps < most, "{steps}");
    assert_eq!(runs, count as usize - 5, "every length from 6 on");
    let (steps, runs) = measured(&alternating, &turned);
    assert!(steps < most, "{steps}");
    assert!(runs < 2 * count as usize);
    let ascending: Vec<u32> = (0..count).collect();
    let descending: Vec<u32> = (0..count).rev().collect();
    assert_eq!(measured(&ascending, &descending), (0, 0));
    assert_eq!(measured(&ascending, &ascending).1, 1);
}

#[test]
fn a_cancelled_search_stops() {
    let cancel = Cancel::new();
    cancel.cancel();
    let result = shared_runs(sides(&[1, 2], &[1, 2]), 1, CAP, &mut StepBudget::new(PLENTY), &cancel);
    assert_eq!(result, Err(Cancelled));
    let wanted = Wanted { min_len: 1, cap: CAP };
    assert_eq!(suffix::runs(sides(&[1, 2], &[1, 2]), wanted, &cancel, &mut Longest::new(1, CAP)), Err(Cancelled));
}

/// Characters in, one string a line out, with its totals; `|` is a border.
fn listed(left: &str, right: &str, min_len: u32) -> Vec<String> {
    let ids = |text: &str| -> Vec<u32> { text.chars().map(|c| if c == '|' { BORDER } else { c.into() }).collect() };
    let left_chars: Vec<char> = left.chars().collect();
    let text =
        |run: &Told| -> String { left_chars[run.left_starts[0] as usize..][..run.len as usize].iter().collect() };
    let runs = told(&found(&ids(left), &ids(right), min_len));
    runs.iter().map(|run| format!("{} {}×{}", text(run), run.left_total, run.right_total)).collect()
}

#[test]
fn runs_stop_at_borders_and_count_occurrences_inside_longer_ones() {
    let cases: [(&str, &str, &[&str]); 4] = [
        ("推进粤港澳大湾区建设", "推动粤港澳大湾区发展", &["粤港澳大湾区 1×1"]),
        ("坚持改革|坚持开放", "坚持改革|坚持稳定|坚持开放", &["坚持改革 1×1", "坚持开放 1×1", "坚持 2×3"]),
        ("一要坚持党的领导", "二要坚持党的领导和党的建设", &["要坚持党的领导 1×1", "党的 1×2"]),
        ("|||", "|||", &[]),
    ];
    for (left, right, expected) in cases {
        assert_eq!(listed(left, right, 2), expected);
    }
}

/// Many are counted, few compared.
#[test]
fn many_runs_are_sorted_as_few_are() {
    let run = |at: u32| super::SharedRun { len: at % 97, left_first: at * 7919 % 10_007, ..Default::default() };
    let runs: Vec<_> = (0..10_007).map(run).collect();
    let mut expected = runs.clone();
    expected.sort_by_key(super::SharedRun::order);
    assert_eq!(super::sorted(runs), expected);
}
