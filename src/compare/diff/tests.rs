//! Laws of the word diff, with the textbook table as the oracle.

use proptest::collection::vec;
use proptest::prelude::*;

use super::cleanup::{Side, slide};
use super::{Op, OpKind, Script, edit_script, reference, region};
use crate::compare::comparison::StageEnd;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};

const PLENTY: u64 = 1 << 40;

fn script(left: &[u32], right: &[u32]) -> Script {
    edit_script(left, right, &mut StepBudget::new(PLENTY), &Cancel::new()).expect("nobody cancels")
}

/// Edits by the table of Wagner and Fischer.
fn table_edits(left: &[u32], right: &[u32]) -> u64 {
    let mut lengths = vec![0_u64; right.len() + 1];
    for left_id in left {
        let mut diagonal = 0;
        for (column, right_id) in right.iter().enumerate() {
            let above = lengths[column + 1];
            lengths[column + 1] = if left_id == right_id { diagonal + 1 } else { above.max(lengths[column]) };
            diagonal = above;
        }
    }
    (left.len() + right.len()) as u64 - 2 * lengths[right.len()]
}

/// Ops cover both sides in order, equal stretches are equal, and equal stretches and edits alternate.
fn assert_valid(ops: &[Op], left: &[u32], right: &[u32]) {
    let (mut left_at, mut right_at) = (0, 0);
    let mut before = None;
    for op in ops {
        assert_eq!((op.left.start, op.right.start), (left_at, right_at), "without gap or overlap");
        (left_at, right_at) = (op.left.end, op.right.end);
        let left_ids = &left[op.left.start as usize..op.left.end as usize];
        let right_ids = &right[op.right.start as usize..op.right.end as usize];
        match op.kind {
            OpKind::Equal => assert!(left_ids == right_ids && !left_ids.is_empty()),
            OpKind::Delete => assert!(!left_ids.is_empty() && right_ids.is_empty()),
            OpKind::Insert => assert!(left_ids.is_empty() && !right_ids.is_empty()),
            OpKind::Replace => assert!(!left_ids.is_empty() && !right_ids.is_empty()),
        }
        let equal = op.kind == OpKind::Equal;
        assert_ne!(before, Some(equal), "neighbours differ");
        before = Some(equal);
    }
    assert_eq!((left_at, right_at), (left.len() as u32, right.len() as u32), "to the ends");
}

fn mirrored(ops: &[Op]) -> Vec<Op> {
    let turned = |kind| match kind {
        OpKind::Delete => OpKind::Insert,
        OpKind::Insert => OpKind::Delete,
        both => both,
    };
    ops.iter().map(|op| Op { kind: turned(op.kind), left: op.right.clone(), right: op.left.clone() }).collect()
}

fn assert_minimal(left: &[u32], right: &[u32], minimal_edits: u64) {
    let found = script(left, right);
    assert_valid(&found.ops, left, right);
    assert_eq!(found.edits(), minimal_edits);
    assert_eq!((found.end, found.minimal), (StageEnd::Complete, true));
}

/// A small generator of numbers, so that shapes are the same everywhere (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// Ids with the frequencies of words: the `n`-th is about `1/n` as frequent as the first.
    fn words(&mut self, count: usize, vocabulary: u64) -> Vec<u32> {
        let wide = (vocabulary as f64).ln();
        (0..count).map(|_| (wide * self.next(1 << 20) as f64 / (1 << 20) as f64).exp() as u32).collect()
    }

    /// A revision: of so many words a thousand, each is deleted, replaced or followed by another one.
    fn revised(&mut self, ids: &[u32], per_thousand: u64, vocabulary: u64) -> Vec<u32> {
        let mut right = Vec::with_capacity(ids.len());
        for &id in ids {
            if self.next(1000) >= per_thousand {
                right.push(id);
                continue;
            }
            match self.next(3) {
                0 => {}
                1 => right.extend(self.words(1, vocabulary)),
                _ => {
                    right.push(id);
                    right.extend(self.words(1, vocabulary));
                }
            }
        }
        right
    }

    /// Blocks of the ids in another order.
    fn moved(&mut self, ids: &[u32], blocks: usize) -> Vec<u32> {
        let mut parts: Vec<&[u32]> = ids.chunks(ids.len().div_ceil(blocks)).collect();
        for at in (1..parts.len()).rev() {
            parts.swap(at, self.next(at as u64 + 1) as usize);
        }
        parts.concat()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn short_scripts_are_minimal(
        (left, right) in (1_u32..8).prop_flat_map(|ids| (vec(0..ids, 0..40), vec(0..ids, 0..40))),
    ) {
        assert_minimal(&left, &right, table_edits(&left, &right));
    }

    #[test]
    fn swapped_sides_give_the_mirrored_script(
        (left, right) in (1_u32..6).prop_flat_map(|ids| (vec(0..ids, 0..150), vec(0..ids, 0..150))),
    ) {
        prop_assert_eq!(mirrored(&script(&left, &right).ops), script(&right, &left).ops);
    }

    #[test]
    fn any_budget_gives_a_valid_script(
        left in vec(0_u32..5, 0..300), right in vec(0_u32..5, 0..300), steps in 0_u64..3000,
    ) {
        let found = edit_script(&left, &right, &mut StepBudget::new(steps), &Cancel::new()).expect("nobody cancels");
        assert_valid(&found.ops, &left, &right);
        prop_assert!(found.minimal || found.end == StageEnd::Budget);
        prop_assert!(found.edits() >= table_edits(&left, &right));
    }

    #[test]
    fn sliding_keeps_the_cost_and_never_adds_edits(
        left in vec(0_u32..3, 0..60), right in vec(0_u32..3, 0..60),
    ) {
        let found = script(&left, &right);
        let slid = slide(&found.ops, &left, &right, |side, index| {
            let ids = if side == Side::Left { &left } else { &right };
            u32::from(index == 0 || ids[index - 1] == 0)
        });
        assert_valid(&slid, &left, &right);
        prop_assert_eq!(slid.iter().map(Op::edits).sum::<u64>(), found.edits());
        prop_assert!(slid.len() <= found.ops.len() + 2, "an equal stretch may open at either end, no edit is added");
        let edits = |ops: &[Op]| ops.iter().filter(|op| op.kind != OpKind::Equal).count();
        prop_assert!(edits(&slid) <= edits(&found.ops));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    /// Long enough for bands, checkpoints and windows, which the short cases never reach.
    #[test]
    fn long_scripts_are_minimal(
        seed in any::<u64>(), words in 1500_usize..4000, vocabulary in 1_u64..3000, per_thousand in 0_u64..700,
        blocks in 1_usize..6,
    ) {
        let mut numbers = Numbers(seed);
        let left = numbers.words(words, vocabulary);
        let revised = numbers.revised(&left, per_thousand, vocabulary);
        let right = numbers.moved(&revised, blocks);
        assert_minimal(&left, &right, table_edits(&left, &right));
    }
}

/// A carry that passed words of ones was once dropped before it reached the next entry of a sparse column.
#[test]
fn a_carry_runs_on_through_words_of_ones() {
    let mut numbers = Numbers(4906184937216001147);
    let left = numbers.words(3675, 275);
    let revised = numbers.revised(&left, 108, 275);
    let right = numbers.moved(&revised, 2);
    assert_minimal(&left, &right, table_edits(&left, &right));
}

#[test]
fn the_plain_algorithm_of_the_reference_agrees() {
    let mut numbers = Numbers(3);
    for vocabulary in [2, 20, 800] {
        let left = numbers.words(900, vocabulary);
        let right = numbers.words(700, vocabulary);
        let edits = script(&left, &right).edits();
        assert_eq!(edits, reference::minimal_edits(&left, &right));
        assert!(edits <= reference::usual_edits(&left, &right));
    }
}

/// Steps taken on a hostile shape, which must come out minimal.
fn steps_of(left: &[u32], right: &[u32], minimal_edits: u64) -> u64 {
    let mut budget = StepBudget::new(PLENTY);
    let found = edit_script(left, right, &mut budget, &Cancel::new()).expect("nobody cancels");
    assert_valid(&found.ops, left, right);
    assert_eq!(found.edits(), minimal_edits);
    assert!(found.minimal);
    PLENTY - budget.left()
}

#[test]
fn hostile_shapes_stay_within_their_steps() {
    let count = 8192_u64;
    let full = count / 64 * count;
    let ascending: Vec<u32> = (0..count as u32).collect();
    let descending: Vec<u32> = ascending.iter().rev().copied().collect();
    let alternating: Vec<u32> = ascending.iter().map(|id| id % 2).collect();
    let turned: Vec<u32> = ascending.iter().map(|id| 1 - id % 2).collect();
    let elsewhere: Vec<u32> = ascending.iter().map(|id| id + count as u32).collect();
    assert_eq!(steps_of(&ascending, &ascending, 0), 0);
    assert_eq!(steps_of(&ascending, &elsewhere, 2 * count), 0);
    assert_eq!(steps_of(&vec![7; 8192], &vec![7; 4000], 4192), 0);
    assert!(steps_of(&alternating, &turned, 2) < full / 8);
    assert!(steps_of(&ascending, &descending, 2 * count - 2) < full / 8);
    let mut numbers = Numbers(1);
    let left: Vec<u32> = (0..count).map(|_| numbers.next(4) as u32).collect();
    let right: Vec<u32> = (0..count).map(|_| numbers.next(4) as u32).collect();
    assert!(steps_of(&left, &right, table_edits(&left, &right)) < full * 2);
}

/// Too long for an exact pass and too different for a band: what was changed bounds what may be reported.
#[test]
fn texts_beyond_the_exact_limit_are_split_at_anchors() {
    let mut numbers = Numbers(5);
    let vocabulary = 30_000;
    let left = numbers.words(250_000, vocabulary);
    let revised = numbers.revised(&left, 50, vocabulary);
    let moved = numbers.moved(&revised, 6);
    // One word in twenty is changed, at 4/3 edits each. Of six blocks in another order two at least keep theirs.
    for (right, most_edits) in [(&revised, 17_500), (&moved, 4 * 2 * 250_000 / 6 + 17_500)] {
        let mut budget = StepBudget::new(1_000_000_000);
        let found = edit_script(&left, right, &mut budget, &Cancel::new()).expect("nobody cancels");
        assert_valid(&found.ops, &left, right);
        assert_eq!(found.end, StageEnd::Complete);
        assert!(found.edits() < most_edits, "{} edits", found.edits());
        assert_eq!(mirrored(&script(right, &left).ops), found.ops);
    }
}

#[test]
fn anchors_keep_long_moved_blocks_and_leave_lone_detours() {
    // The middle block moved to the end and is worth its way; eight words that strayed to the other end are not.
    let block = |from: u32, words: u32| (from..from + words).collect::<Vec<u32>>();
    let rows = [block(0, 4000), block(10_000, 3000), block(20_000, 5000)].concat();
    let columns = [block(0, 4000), block(20_000, 5000), block(10_000, 3000)].concat();
    let chain =
        |rows: &[u32], columns: &[u32]| super::anchor::chain(rows, columns, 8, &Cancel::new()).expect("nobody cancels");
    let words = |runs: Vec<super::anchor::Run>| runs.iter().map(|run| run.words).collect::<Vec<u32>>();
    assert_eq!(words(chain(&rows, &columns)), [4000, 5000]);
    let rows = [block(50, 8), block(1_000_000, 5000)].concat();
    let columns = [block(2_000_000, 5000), block(50, 8)].concat();
    assert_eq!(words(chain(&rows, &columns)), [0; 0]);
}

#[test]
fn a_short_budget_narrows_the_band_first() {
    let mut numbers = Numbers(2);
    let left: Vec<u32> = (0..8192).map(|_| numbers.next(16) as u32).collect();
    let right: Vec<u32> = (0..8192).map(|_| numbers.next(16) as u32).collect();
    let minimal = table_edits(&left, &right);
    let found = edit_script(&left, &right, &mut StepBudget::new(400_000), &Cancel::new()).expect("nobody cancels");
    assert_valid(&found.ops, &left, &right);
    assert_eq!((found.end, found.minimal), (StageEnd::Budget, false));
    assert!(found.edits() < minimal * 11 / 10, "{} of {minimal}", found.edits());
}

#[test]
fn a_spent_budget_leaves_one_replacement() {
    let left: Vec<u32> = [9].into_iter().chain((0..5000).map(|id| id * 7 % 100)).chain([8]).collect();
    let right: Vec<u32> = [9].into_iter().chain((0..5000).map(|id| id * 11 % 100)).chain([8]).collect();
    let found = edit_script(&left, &right, &mut StepBudget::new(10), &Cancel::new()).expect("nobody cancels");
    assert_valid(&found.ops, &left, &right);
    assert_eq!((found.end, found.minimal), (StageEnd::Budget, false));
    let kinds: Vec<OpKind> = found.ops.iter().map(|op| op.kind).collect();
    assert_eq!(kinds, [OpKind::Equal, OpKind::Replace, OpKind::Equal]);
}

#[test]
fn a_cancelled_diff_stops() {
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(edit_script(&[1, 2], &[2, 1], &mut StepBudget::new(PLENTY), &cancel), Err(Cancelled));
}

/// Characters in, `[-…-]{+…+}` out.
fn marked(left: &str, right: &str) -> String {
    let ids = |text: &str| text.chars().map(u32::from).collect::<Vec<u32>>();
    let (left_ids, right_ids) = (ids(left), ids(right));
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let found = script(&left_ids, &right_ids);
    let ops = slide(&found.ops, &left_ids, &right_ids, |side, index| {
        let text = if side == Side::Left { &left } else { &right };
        u32::from(index == 0 || "，。；、".contains(text[index - 1])) + u32::from(index == 0 || index == text.len())
    });
    let mut marked = String::new();
    for op in ops {
        let left: String = left[op.left.start as usize..op.left.end as usize].iter().collect();
        let right: String = right[op.right.start as usize..op.right.end as usize].iter().collect();
        match op.kind {
            OpKind::Equal => marked.push_str(&left),
            _ => {
                if !left.is_empty() {
                    marked.push_str(&format!("[-{left}-]"));
                }
                if !right.is_empty() {
                    marked.push_str(&format!("{{+{right}+}}"));
                }
            }
        }
    }
    marked
}

#[test]
fn edits_stand_where_a_reader_expects_them() {
    let cases = [
        ("举全省之力推进", "举全市之力推动", "举全[-省-]{+市+}之力推[-进-]{+动+}"),
        ("抓重点、补短板。", "抓重点、强弱项、补短板。", "抓重点、{+强弱项、+}补短板。"),
        ("促增长，促改革，促发展", "促增长，促发展", "促增长，[-促改革，-]促发展"),
        ("必须坚持，必须坚持", "必须坚持", "[-必须坚持，-]必须坚持"),
        ("", "新", "{+新+}"),
        ("同", "同", "同"),
        ("", "", ""),
    ];
    for (left, right, expected) in cases {
        assert_eq!(marked(left, right), expected);
    }
}

proptest! {
    /// Short sides take another way than long ones, and it must not be seen in what is found.
    #[test]
    fn short_sides_are_matched_as_long_ones_are(
        left in vec(0_u32..12, 0..=64),
        right in vec(0_u32..12, 0..=64),
        offset in 0_u32..9,
    ) {
        // Some ids of either side are not on the other.
        let right: Vec<u32> = right.iter().map(|id| id + offset).collect();
        let (rows, columns) = if left.len() >= right.len() { (left, right) } else { (right, left) };
        type Matching = fn(&[u32], &[u32], &mut StepBudget, &Cancel) -> Result<region::Found, Cancelled>;
        let of = |matches: Matching| {
            matches(&rows, &columns, &mut StepBudget::new(PLENTY), &Cancel::new()).expect("nobody cancels").pairs
        };
        prop_assert_eq!(of(region::matches), of(region::in_regions));
    }
}
