//! How two documents stand in time: nothing can be the source of what is older.
//!
//! In: analyses. Out: a document's [`Dating`], and the [`Chronology`] of a directive and a resolution. Cost: linear.
//! Always: an order is stated only when it is certain; missing parts of dates never decide. A date of coming into force
//! or of amendment bounds the date of adoption from above only. Where a text bears no date, the party congress or
//! plenum whose spirit it carries out bounds its date from below (a terminus post quem, as historians of documents say).

use crate::text::analysis::Analysis;
use crate::text::date::{DateRole, KnownDate};
use crate::text::document::PartialDate;
use crate::text::span::{Normalized, Raw, Span};

/// Which of two documents is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// The resolution is younger: what both share may be echo.
    Following,
    /// The resolution is older: what both share is no echo, and the directive may have taken it up.
    Preceding,
    /// The dates do not decide.
    Unknown,
}

/// A day before which a document cannot have been written, with the words that prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBefore {
    /// The month of the event.
    pub date: PartialDate,
    /// The words that name the event.
    pub inferred_from: Span<Raw>,
}

/// What is known of a document's age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dating {
    /// Its date: that of adoption, else of coming into force, else of amendment.
    pub date: Option<KnownDate>,
    /// Its last amendment.
    pub amended: Option<KnownDate>,
    /// What its text proves where it bears no date.
    pub not_before: Option<NotBefore>,
}

/// How directive and resolution stand in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chronology {
    /// The order.
    pub order: Order,
    /// Days from the directive to the resolution, negative when the resolution is older; only where both dates are known
    /// to the day and are dates of the same sort.
    pub lag_days: Option<i32>,
    /// The age of the directive.
    pub directive: Dating,
    /// The age of the resolution.
    pub resolution: Dating,
    /// Whether an older resolution was amended after the directive: what the two share may then come from either.
    pub amended_after: bool,
}

impl Chronology {
    /// How a directive and a resolution of known age stand in time.
    pub fn new(directive: Dating, resolution: Dating) -> Self {
        let order = if directive.is_before(&resolution) {
            Order::Following
        } else if resolution.is_before(&directive) {
            Order::Preceding
        } else {
            Order::Unknown
        };
        let lag_days = directive.date.zip(resolution.date).and_then(|(left, right)| {
            let same = left.role == right.role;
            same.then(|| Some(right.date.day_number()? - left.date.day_number()?))?
        });
        let amended_after = order == Order::Preceding
            && directive.date.zip(resolution.amended).is_some_and(|(left, right)| left.date.is_before(right.date));
        Self { order, lag_days, directive, resolution, amended_after }
    }

    /// Whether the directive may be a source of the resolution.
    pub fn allows_echo(&self) -> bool {
        self.order != Order::Preceding
    }
}

impl Dating {
    /// The age of a document.
    pub fn of(analysis: &Analysis) -> Self {
        let with = |role: DateRole| analysis.dates.iter().copied().find(|known| known.role == role);
        let date = with(DateRole::Adopted).or_else(|| with(DateRole::InForce)).or_else(|| with(DateRole::Amended));
        let not_before = if date.is_none() { not_before(analysis) } else { None };
        Self { date, amended: with(DateRole::Amended), not_before }
    }

    /// Whether this document is certainly older than `other`.
    pub fn is_before(&self, other: &Self) -> bool {
        let Some(date) = self.date else { return false };
        match (other.date, other.not_before) {
            (Some(later), _) => {
                let comparable = later.role == DateRole::Adopted || later.role == date.role;
                comparable && date.date.is_before(later.date)
            }
            (None, Some(bound)) => date.date.is_before(bound.date),
            (None, None) => false,
        }
    }
}

/// A year and a month.
type Month = (u32, u32);

/// Party congresses: their number and the year and month in which they ended, and year and month of the plenums of the
/// committees they elected, the first plenum first. Public knowledge.
const CONGRESSES: &[(u32, Month, &[Month])] = &[
    (16, (2002, 11), &[(2002, 11), (2003, 2), (2003, 10), (2004, 9), (2005, 10), (2006, 10), (2007, 10)]),
    (17, (2007, 10), &[(2007, 10), (2008, 2), (2008, 10), (2009, 9), (2010, 10), (2011, 10), (2012, 11)]),
    (18, (2012, 11), &[(2012, 11), (2013, 2), (2013, 11), (2014, 10), (2015, 10), (2016, 10), (2017, 10)]),
    (19, (2017, 10), &[(2017, 10), (2018, 1), (2018, 2), (2019, 10), (2020, 10), (2021, 11), (2022, 10)]),
    (20, (2022, 10), &[(2022, 10), (2023, 2), (2024, 7), (2025, 10)]),
];

/// The youngest congress or plenum whose spirit a text carries out. An event that is only looked forward to (喜迎党的
/// 二十大) has no spirit (精神) yet and does not count.
fn not_before(analysis: &Analysis) -> Option<NotBefore> {
    let characters = analysis.text.characters();
    let mut best: Option<(Month, usize, usize)> = None;
    for at in 0..characters.len() {
        let (event, start) = match characters[at] {
            '大' if starts_with(&characters[at + 1..], "精神") => {
                let Some((congress, start)) = numeral_before(characters, at) else { continue };
                let event = CONGRESSES.iter().find(|entry| entry.0 == congress).map(|entry| (entry.1, at + 3));
                (event, start)
            }
            '届' => {
                let Some((congress, start)) = numeral_before(characters, at) else { continue };
                (plenum(characters, at + 1, congress), start)
            }
            _ => continue,
        };
        let Some((month, end)) = event else { continue };
        if best.is_none_or(|(known, ..)| known < month) {
            best = Some((month, start, end));
        }
    }
    let ((year, month), start, end) = best?;
    let inferred_from = analysis.text.to_raw(Span::<Normalized>::from_range(start..end));
    Some(NotBefore { date: PartialDate::new(year, month, 0).ok()?, inferred_from })
}

/// The month of the last of the plenums named at `at`, as in 二中、三中全会精神, and where the words end. Plenums without
/// their spirit may be to come; then the congress that elected the committee counts.
fn plenum(characters: &[char], mut at: usize, congress: u32) -> Option<(Month, usize)> {
    let (_, elected, plenums) = CONGRESSES.iter().find(|entry| entry.0 == congress)?;
    let mut last = 0;
    loop {
        let digits = characters[at..].iter().take_while(|c| digit(**c).is_some()).count();
        let ordinal = number(&characters[at..at + digits])?;
        if characters.get(at + digits) != Some(&'中') {
            return None;
        }
        last = last.max(ordinal);
        at += digits + 1;
        match characters.get(at) {
            Some('、' | '和') => at += 1,
            _ => break,
        }
    }
    if !starts_with(&characters[at..], "全会") {
        return None;
    }
    if starts_with(&characters[at + 2..], "精神") {
        let month = plenums.get(last.checked_sub(1)? as usize)?;
        Some((*month, at + 4))
    } else {
        Some((*elected, at + 2))
    }
}

/// The number whose numerals end before `end`, and where it begins.
fn numeral_before(characters: &[char], end: usize) -> Option<(u32, usize)> {
    let length = characters[..end].iter().rev().take(4).take_while(|c| digit(**c).is_some()).count();
    Some((number(&characters[end - length..end])?, end - length))
}

/// Numbers below a hundred: 二, 十, 十九, 二十, 20.
pub(super) fn number(numerals: &[char]) -> Option<u32> {
    let digits: Vec<u32> = numerals.iter().map(|c| digit(*c)).collect::<Option<_>>()?;
    match digits[..] {
        [one] => Some(one),
        [10, ones] if ones < 10 => Some(10 + ones),
        [tens, 10] if tens < 10 => Some(tens * 10),
        [tens, 10, ones] if tens < 10 && ones < 10 => Some(tens * 10 + ones),
        [tens, ones] if numerals[0].is_ascii_digit() => Some(tens * 10 + ones),
        _ => None,
    }
}

fn digit(character: char) -> Option<u32> {
    match character {
        '十' => Some(10),
        _ => character.to_digit(10).or_else(|| {
            let at = "一二三四五六七八九".chars().position(|numeral| numeral == character)?;
            Some(at as u32 + 1)
        }),
    }
}

fn starts_with(text: &[char], start: &str) -> bool {
    text.iter().copied().take(start.chars().count()).eq(start.chars())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn known(date: &str, role: DateRole) -> Dating {
        let date = KnownDate { date: PartialDate::parse(date).unwrap(), role, inferred_from: None };
        Dating { date: Some(date), amended: None, not_before: None }
    }

    /// `A` adopted, `F` in force, then the date; the order and the lag.
    fn check(directive: &str, resolution: &str) -> String {
        let read = |text: &str| match text.split_at(1) {
            ("A", date) => known(date, DateRole::Adopted),
            ("F", date) => known(date, DateRole::InForce),
            ("S", date) => Dating {
                not_before: Some(NotBefore { date: PartialDate::parse(date).unwrap(), inferred_from: Span::new(0, 1) }),
                ..Dating::default()
            },
            _ => Dating::default(),
        };
        let chronology = Chronology::new(read(directive), read(resolution));
        format!("{:?} {:?}", chronology.order, chronology.lag_days)
    }

    #[test]
    fn an_order_is_stated_only_when_it_is_certain() {
        assert_eq!(check("A2020-07-31", "A2020-10-16"), "Following Some(77)");
        assert_eq!(check("A2020-07-31", "A2017-12-21"), "Preceding Some(-953)");
        assert_eq!(check("A2020", "A2020-12-01"), "Unknown None");
        assert_eq!(check("A2019", "A2020-12"), "Following None");
        assert_eq!(check("A2020-07-31", "A2020-07-31"), "Unknown Some(0)");
        assert_eq!(check("-", "A2020-07-31"), "Unknown None");
    }

    #[test]
    fn coming_into_force_bounds_adoption_from_above_only() {
        // Adopted somewhere before it came into force, perhaps before the directive was.
        assert_eq!(check("A2020-07-31", "F2021-01-01"), "Unknown None");
        assert_eq!(check("A2020-07-31", "F2020-01-01"), "Preceding None");
        assert_eq!(check("F2021-01-01", "A2020-10-16"), "Unknown None");
        assert_eq!(check("F2021-01-01", "F2022-01-01"), "Following Some(365)");
    }

    #[test]
    fn a_session_named_bounds_an_undated_text_from_below() {
        assert_eq!(check("S2023-02", "A2022-09-22"), "Preceding None");
        assert_eq!(check("S2023-02", "A2024-06-01"), "Unknown None");
        assert_eq!(check("A2019-07-26", "S2020-10"), "Following None");
    }

    #[test]
    fn numerals_of_sessions() {
        let read = |text: &str| number(&text.chars().collect::<Vec<_>>());
        assert_eq!(
            ["二", "十", "十九", "二十", "二十一", "20", "十十"].map(read),
            [Some(2), Some(10), Some(19), Some(20), Some(21), Some(20), None]
        );
    }
}
