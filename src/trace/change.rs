//! Changes of obligation and of figures: raised, lowered, dropped.
//!
//! In: passages with typed edits. Out: [`Change`]s by position in the directive. Cost: linear in the edits.

use super::finding::{Change, ChangeSubject, Trend};
use crate::compare::comparison::{Direction, EditKind, Passage, Quantity};

/// Reads the changes from the passages that are echo.
pub fn changes(passages: &[Passage]) -> Vec<Change> {
    let mut found = Vec::new();
    for (index, passage) in passages.iter().enumerate().filter(|(_, passage)| passage.is_echo()) {
        for (at, edit) in passage.edits.iter().enumerate() {
            let Some((subject, trend)) = edit.kind.as_ref().and_then(change_of) else { continue };
            found.push((edit.left, Change { passage: index as u32, edit: at as u32, subject, trend }));
        }
    }
    found.sort_by_key(|(left, change)| (*left, change.passage, change.edit));
    found.into_iter().map(|(_, change)| change).collect()
}

fn change_of(kind: &EditKind) -> Option<(ChangeSubject, Trend)> {
    match kind {
        EditKind::Strength(Direction::Stronger) => Some((ChangeSubject::Strength, Trend::Raised)),
        EditKind::Strength(Direction::Weaker) => Some((ChangeSubject::Strength, Trend::Lowered)),
        EditKind::Number(sides) => Some((ChangeSubject::Number, trend(sides.left.as_ref(), sides.right.as_ref())?)),
        _ => None,
    }
}

/// Which way a figure went.
fn trend(left: Option<&Quantity>, right: Option<&Quantity>) -> Option<Trend> {
    Some(match (left, right) {
        (Some(left), Some(right)) if left.unit != right.unit => Trend::Replaced,
        (Some(left), Some(right)) if left.value < right.value => Trend::Raised,
        (Some(left), Some(right)) if left.value > right.value => Trend::Lowered,
        (Some(_), Some(_)) => Trend::Replaced,
        (Some(_), None) => Trend::Dropped,
        (None, Some(_)) => Trend::Added,
        (None, None) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: Option<(f64, &str)>, right: Option<(f64, &str)>) -> Option<Trend> {
        let quantity = |(value, unit): (f64, &str)| Quantity { value, unit: unit.to_owned() };
        trend(left.map(quantity).as_ref(), right.map(quantity).as_ref())
    }

    #[test]
    fn figures_are_compared_only_in_one_unit() {
        assert_eq!(check(Some((6.0, "%")), Some((6.5, "%"))), Some(Trend::Raised));
        assert_eq!(check(Some((30.0, "日")), Some((15.0, "日"))), Some(Trend::Lowered));
        assert_eq!(check(Some((30.0, "日")), Some((1.0, "月"))), Some(Trend::Replaced));
        assert_eq!(check(Some((30.0, "日")), None), Some(Trend::Dropped));
        assert_eq!(check(None, Some((30.0, "日"))), Some(Trend::Added));
    }
}
