//! Lists in another order: 教育、医疗、养老 against 养老、教育、医疗.
//!
//! In: a word script. Out: the same script in which every reordered 、-list is one operation, with a mark. A list counts as
//! reordered when its members are the same on both sides, as words, and stand in another order. The scattered
//! deletions and insertions of a minimal script hide that. Cost: a bounded window around each change.

use super::sequence::Sequence;
use crate::compare::diff::{Op, OpKind};
use crate::text::span::Pair;

/// Most operations that one list is looked for in.
const MOST_OPS: usize = 24;
/// Most words of one list.
const MOST_WORDS: u32 = 512;
/// Most words of a list's first or last member that both sides have at the same place.
const MOST_SHARED: u32 = 8;

/// The word that parts the members of a list.
pub(super) const SEPARATOR: &[char] = &['、'];
/// The words that end a clause, and a list with it.
pub(super) const CLAUSE_ENDS: [&[char]; 3] = [&['，'], &['：'], &[',']];

/// Numbers of the words that part and bound lists.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    /// The word 、.
    pub(super) separator: u32,
    /// Words that end a clause, ascending.
    pub(super) clause_ends: Vec<u32>,
}

/// The script with reordered lists joined; the flag says which operations are such lists.
pub(super) fn join_reordered(ops: Vec<Op>, words: Pair<&Sequence>, marks: &Marks) -> Vec<(Op, bool)> {
    let mut out: Vec<(Op, bool)> = Vec::with_capacity(ops.len());
    let mut at = 0;
    // The first words of the next operation that a list has taken.
    let mut taken = 0;
    while at < ops.len() {
        let mut op = ops[at].clone();
        op.left.start += taken;
        op.right.start += taken;
        if op.kind == OpKind::Equal {
            if !op.left.is_empty() {
                out.push((op, false));
            }
            (at, taken) = (at + 1, 0);
            continue;
        }
        taken = 0;
        let Some(list) = reordered_from(&ops, at, words, marks) else {
            out.push((op, false));
            at += 1;
            continue;
        };
        if list.before > 0
            && let Some((last, false)) = out.last_mut()
            && last.kind == OpKind::Equal
        {
            last.left.end -= list.before;
            last.right.end -= list.before;
            if last.left.is_empty() {
                out.pop();
            }
        }
        out.push((Op { kind: OpKind::Replace, left: list.left, right: list.right }, true));
        (at, taken) = (list.last + 1, list.behind);
    }
    out
}

struct List {
    left: std::ops::Range<u32>,
    right: std::ops::Range<u32>,
    /// Index of the last operation it holds as a whole.
    last: usize,
    /// Words of the equal operation before that it takes.
    before: u32,
    /// Words of the equal operation behind that it takes.
    behind: u32,
}

/// The longest reordered list whose changes begin with operation `first`.
fn reordered_from(ops: &[Op], first: usize, words: Pair<&Sequence>, marks: &Marks) -> Option<List> {
    let ends_clause = |op: &Op| {
        words.left.numbers[op.left.start as usize..op.left.end as usize]
            .iter()
            .chain(&words.right.numbers[op.right.start as usize..op.right.end as usize])
            .any(|number| marks.clause_ends.binary_search(number).is_ok())
    };
    let last = (first..ops.len().min(first + MOST_OPS)).take_while(|&at| !ends_clause(&ops[at])).last()?;
    let shared = |op: Option<&Op>| match op {
        Some(op) if op.kind == OpKind::Equal => (op.left.end - op.left.start).min(MOST_SHARED),
        _ => 0,
    };
    // Both sides of a list in another order have the same words, and of what both have in common at either end as many.
    let sums = |range: std::ops::Range<u32>, side: &Sequence| {
        let numbers = side.numbers[range.start as usize..range.end as usize].iter();
        numbers.fold(0_u64, |sum, number| sum.wrapping_add(u64::from(*number)))
    };
    let may_be_list = |&last: &usize| {
        let left = ops[first].left.start..ops[last].left.end;
        let right = ops[first].right.start..ops[last].right.end;
        ops[last].kind != OpKind::Equal
            && left.len() == right.len()
            && left.len() as u32 <= MOST_WORDS
            && sums(left, words.left) == sums(right, words.right)
    };
    for last in (first + 1..=last).rev().filter(may_be_list) {
        let room = (first.checked_sub(1).map_or(0, |at| shared(ops.get(at))), shared(ops.get(last + 1)));
        for before in 0..=room.0 {
            for behind in 0..=room.1 {
                let left = ops[first].left.start - before..ops[last].left.end + behind;
                let right = ops[first].right.start - before..ops[last].right.end + behind;
                if words.left.is_cut(&left) || words.right.is_cut(&right) {
                    continue;
                }
                let members = |side: &Sequence, range: &std::ops::Range<u32>| -> Vec<Vec<u32>> {
                    let numbers = &side.numbers[range.start as usize..range.end as usize];
                    numbers.split(|number| *number == marks.separator).map(<[u32]>::to_vec).collect()
                };
                let (mut one, mut other) = (members(words.left, &left), members(words.right, &right));
                if one.len() < 2 || one.len() != other.len() || one == other || one.iter().any(Vec::is_empty) {
                    continue;
                }
                one.sort_unstable();
                other.sort_unstable();
                if one == other {
                    return Some(List { left, right, last, before, behind });
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::CLAUSE_ENDS;
    use crate::text::sentence::ends_clause;

    #[test]
    fn a_list_ends_where_a_clause_does() {
        let ends: Vec<char> = ('\0'..='\u{ffff}').filter(|character| ends_clause(*character)).collect();
        let mut listed = CLAUSE_ENDS.concat();
        listed.sort_unstable();
        assert_eq!(listed, ends);
    }
}
