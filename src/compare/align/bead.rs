//! Beads: every paragraph of both sides in exactly one group (Gale & Church 1993, without their fixed order).
//!
//! In: links and identical paragraphs. Out: groups of left and right paragraphs in readable order, with those marked
//! that moved. The strongest pairs are matched first, whatever their order; then a paragraph that is left over joins
//! the group of the paragraph that holds most of it, if it stands next to that group, which makes splits and merges.
//! Identical paragraphs stay alone with each other. Cost: n log n in paragraphs and links.

use std::ops::Range;

use super::Candidate;
use super::order::heaviest_chain;
use crate::compare::comparison::BeadKind;
use crate::text::span::Pair;

/// Share of a paragraph that a group must hold for it to join.
const MIN_JOIN_COVERAGE: f32 = 0.5;
/// Similarity from which a pair is taken for the same text, which nothing joins.
const SAME: f32 = 0.98;

/// A group of paragraphs, before it has edits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Indexes of the left paragraphs, which stand one behind the other.
    pub left: Range<u32>,
    /// Indexes of the right paragraphs, so too.
    pub right: Range<u32>,
    /// Strength of the correspondence, 0 to 1.
    pub similarity: f32,
    /// Whether it stands outside the heaviest chain that keeps the order.
    pub moved: bool,
}

impl Group {
    /// The shape of the group.
    pub fn kind(&self) -> BeadKind {
        match (self.left.len(), self.right.len()) {
            (_, 0) => BeadKind::LeftOnly,
            (0, _) => BeadKind::RightOnly,
            (1, 1) => BeadKind::Match,
            (1, _) => BeadKind::Split,
            (_, 1) => BeadKind::Merge,
            _ => BeadKind::ManyToMany,
        }
    }
}

/// Groups all paragraphs. `paragraphs` counts those of either side; `identical` pairs come first.
pub fn groups(paragraphs: Pair<u32>, links: &[Candidate], identical: &[(u32, u32)]) -> Vec<Group> {
    let mut group_of = Pair::new(vec![None; paragraphs.left as usize], vec![None; paragraphs.right as usize]);
    let mut groups: Vec<Group> = Vec::new();
    let mut begin = |left: u32, right: u32, similarity: f32, group_of: &mut Pair<Vec<Option<usize>>>| {
        if group_of.left[left as usize].is_none() && group_of.right[right as usize].is_none() {
            group_of.left[left as usize] = Some(groups.len());
            group_of.right[right as usize] = Some(groups.len());
            groups.push(Group { left: left..left + 1, right: right..right + 1, similarity, moved: false });
        }
    };
    for &(left, right) in identical {
        begin(left, right, 1.0, &mut group_of);
    }
    let mut strongest: Vec<&Candidate> = links.iter().collect();
    strongest.sort_by(|a, b| {
        // Of equally strong pairs the one nearer to the diagonal of both documents comes first; this mirrors.
        let off = |c: &Candidate| {
            (u64::from(c.left) * u64::from(paragraphs.right)).abs_diff(u64::from(c.right) * u64::from(paragraphs.left))
        };
        b.similarity.total_cmp(&a.similarity).then_with(|| (off(a), a.left, a.right).cmp(&(off(b), b.left, b.right)))
    });
    for link in &strongest {
        begin(link.left, link.right, link.similarity, &mut group_of);
    }
    for link in &strongest {
        join(link, &mut groups, &mut group_of);
    }
    mark_moved(&mut groups);
    with_leftovers(groups, paragraphs, &group_of)
}

/// Lets the paragraph of a link that has no group join the other's, if that holds most of it and stands beside it.
fn join(link: &Candidate, groups: &mut [Group], group_of: &mut Pair<Vec<Option<usize>>>) {
    let (left, right) = (link.left as usize, link.right as usize);
    let beside = |members: &Range<u32>, paragraph: u32| paragraph + 1 == members.start || paragraph == members.end;
    let with = |members: &Range<u32>, paragraph: u32| members.start.min(paragraph)..members.end.max(paragraph + 1);
    match (group_of.left[left], group_of.right[right]) {
        (Some(index), None) => {
            let group = &mut groups[index];
            if group.similarity < SAME
                && link.right_coverage >= MIN_JOIN_COVERAGE
                && group.left.len() == 1
                && beside(&group.right, link.right)
            {
                group.right = with(&group.right, link.right);
                group_of.right[right] = Some(index);
            }
        }
        (None, Some(index)) => {
            let group = &mut groups[index];
            if group.similarity < SAME
                && link.left_coverage >= MIN_JOIN_COVERAGE
                && group.right.len() == 1
                && beside(&group.left, link.left)
            {
                group.left = with(&group.left, link.left);
                group_of.left[left] = Some(index);
            }
        }
        _ => {}
    }
}

fn mark_moved(groups: &mut [Group]) {
    let pairs: Vec<(u32, u32, f64)> = groups
        .iter()
        .map(|group| (group.left.start, group.right.start, f64::from(group.similarity).max(0.01)))
        .collect();
    for (group, on_chain) in groups.iter_mut().zip(heaviest_chain(&pairs)) {
        group.moved = !on_chain;
    }
}

/// Adds a group for every paragraph that has none, and brings all into readable order: that of the left document, with
/// what only the right one has behind the group of the right paragraph before it.
fn with_leftovers(mut matched: Vec<Group>, paragraphs: Pair<u32>, group_of: &Pair<Vec<Option<usize>>>) -> Vec<Group> {
    let alone = |left: Range<u32>, right: Range<u32>| Group { left, right, similarity: 0.0, moved: false };
    // What only the right side has, by the group that the last right paragraph with an unmoved group belongs to.
    let mut behind: Vec<Vec<u32>> = vec![Vec::new(); matched.len()];
    let mut first: Vec<u32> = Vec::new();
    let mut last = None;
    for right in 0..paragraphs.right {
        match group_of.right[right as usize] {
            Some(index) => {
                if !matched[index].moved || last.is_none() {
                    last = Some(index);
                }
            }
            None => match last {
                Some(index) => behind[index].push(right),
                None => first.push(right),
            },
        }
    }
    let mut out = Vec::with_capacity((paragraphs.left + paragraphs.right) as usize);
    out.extend(first.into_iter().map(|right| alone(0..0, right..right + 1)));
    let mut told = vec![false; matched.len()];
    for left in 0..paragraphs.left {
        match group_of.left[left as usize] {
            None => out.push(alone(left..left + 1, 0..0)),
            Some(index) if !told[index] => {
                told[index] = true;
                out.push(std::mem::take(&mut matched[index]));
                out.extend(behind[index].iter().map(|right| alone(0..0, *right..*right + 1)));
            }
            Some(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: u32, right: u32, links: &[(u32, u32, f32, f32, f32)]) -> String {
        let links: Vec<Candidate> = links
            .iter()
            .map(|&(left, right, similarity, left_coverage, right_coverage)| Candidate {
                left,
                right,
                similarity,
                left_coverage,
                right_coverage,
            })
            .collect();
        let groups = groups(Pair::new(left, right), &links, &[]);
        let numbers = |members: &Range<u32>| members.clone().collect::<Vec<u32>>();
        let moved = |group: &Group| if group.moved { " moved" } else { "" };
        let show = |group: &Group| format!("{:?}-{:?}{}", numbers(&group.left), numbers(&group.right), moved(group));
        groups.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_paragraph_stands_in_one_group_in_readable_order() {
        assert_eq!(check(3, 3, &[(0, 1, 0.9, 0.9, 0.9)]), "[]-[0] [0]-[1] []-[2] [1]-[] [2]-[]");
    }

    #[test]
    fn a_paragraph_cut_in_two_is_a_split() {
        assert_eq!(check(1, 2, &[(0, 0, 0.9, 0.5, 1.0), (0, 1, 0.8, 0.5, 0.9)]), "[0]-[0, 1]");
    }

    #[test]
    fn what_crosses_the_rest_has_moved() {
        let links = [(0, 1, 0.9, 1.0, 1.0), (1, 2, 0.9, 1.0, 1.0), (2, 0, 0.5, 1.0, 1.0)];
        assert_eq!(check(3, 3, &links), "[0]-[1] [1]-[2] [2]-[0] moved");
    }
}
