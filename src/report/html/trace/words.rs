//! Small words of the trace page: places, sources, time, changes.

use std::fmt;

use maud::{Markup, html};

use super::super::evidence;
use super::View;
use crate::compare::comparison::Fate;
use crate::report::label::{self, Language, percent};
use crate::trace::chronology::{Chronology, Order};
use crate::trace::finding::{Attribution, ChangeSubject, Source, Trend};

/// Where something stands on the page. Numbers count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A part of the directive with all that was made of it.
    Row(usize),
    /// What one resolution made of one part.
    Cell { row: usize, resolution: u32 },
    /// One passage of one resolution.
    Passage { resolution: u32, passage: u32 },
    /// All about one resolution.
    Resolution(u32),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row) => write!(out, "e{row}"),
            Self::Cell { row, resolution } => write!(out, "e{row}-{resolution}"),
            Self::Passage { resolution, passage } => write!(out, "p{resolution}-{passage}"),
            Self::Resolution(resolution) => write!(out, "c{resolution}"),
        }
    }
}

/// The sign of a fate in a cell.
pub(super) fn fate_sign(fate: Fate, language: Language) -> &'static str {
    match fate {
        Fate::Kept => language.say("留", "K"),
        Fate::Adapted => language.say("改", "A"),
        Fate::Merged => language.say("并", "M"),
        Fate::Split => language.say("拆", "S"),
        Fate::Moved => language.say("移", "V"),
        Fate::Partial => language.say("部", "P"),
        Fate::Silent => "—",
    }
}

/// The class of a fate.
pub(super) fn fate_class(fate: Fate) -> &'static str {
    match fate {
        Fate::Kept => "kept",
        Fate::Adapted => "adapted",
        Fate::Merged => "merged",
        Fate::Split => "split",
        Fate::Moved => "moved",
        Fate::Partial => "partial",
        Fate::Silent => "silent",
    }
}

/// The name of a fate with its share, framed.
pub(super) fn fate_badge(fate: Fate, share: f64, language: Language) -> Markup {
    html! {
        span.fate.(fate_class(fate)) { (label::fate(fate, language)) }
        " " span.facts { (percent(share)) }
    }
}

/// How a resolution stands in time to the directive, in a few words.
pub(super) fn relation(chronology: &Chronology, language: Language) -> String {
    let days = chronology.lag_days.map(i32::unsigned_abs);
    match (chronology.order, days, language) {
        (Order::Following, Some(days), Language::Chinese) => format!("晚 {days} 天"),
        (Order::Following, Some(days), Language::English) => format!("{days} days later"),
        (Order::Following, None, _) => language.say("晚于指令", "later").to_owned(),
        (Order::Preceding, Some(days), Language::Chinese) => format!("早 {days} 天"),
        (Order::Preceding, Some(days), Language::English) => format!("{days} days earlier"),
        (Order::Preceding, None, _) => language.say("早于指令", "earlier").to_owned(),
        (Order::Unknown, _, _) => language.say("先后不明", "order unknown").to_owned(),
    }
}

/// The name of a source, with a link to it where it is a resolution.
pub(super) fn source(source: Option<Source>, view: &View<'_>) -> Markup {
    let language = view.language;
    html! {
        @match source {
            None => { (language.say("自有措辞", "own wording")) }
            Some(Source::Directive) => { (language.say("指令", "directive")) }
            Some(Source::Formula) => { (language.say("套话", "formula")) }
            Some(Source::Undetermined) => { (language.say("未定", "undetermined")) }
            Some(Source::Reference(index)) => {
                (language.say("参考文件", "reference")) " "
                @if let Some(document) = view.trace.references.get(index as usize) {
                    bdi lang="zh" { (evidence::title(document)) }
                }
            }
            Some(Source::EarlierResolution(index)) => {
                @if let Some(column) = view.column_of(index) {
                    a href={ "#" (Place::Resolution(column.number)) } { bdi lang="zh" { (column.name) } }
                    (language.say("（更早）", " (earlier)"))
                }
            }
        }
    }
}

/// The best source and the runners-up.
pub(super) fn attribution(attribution: &Attribution, view: &View<'_>) -> Markup {
    let language = view.language;
    html! {
        (source(attribution.source(), view))
        @for (place, candidate) in attribution.candidates.iter().enumerate() {
            @if place > 0 {
                (if place == 1 { language.say("；也见 ", "; also in ") } else { language.say("、", ", ") })
                @match candidate.source {
                    Source::EarlierResolution(index) => {
                        @if let Some(column) = view.column_of(index) { bdi lang="zh" { (column.name) } }
                    }
                    other => { (source(Some(other), view)) }
                }
            }
            " " (percent(candidate.share))
        }
    }
}

/// Which way something changed: a sign and a word.
pub(super) fn trend(trend: Trend, language: Language) -> &'static str {
    match trend {
        Trend::Raised => language.say("↑ 提高", "↑ raised"),
        Trend::Lowered => language.say("↓ 降低", "↓ lowered"),
        Trend::Dropped => language.say("－ 略去", "− dropped"),
        Trend::Added => language.say("＋ 新设", "+ added"),
        Trend::Replaced => language.say("⇄ 替换", "⇄ replaced"),
    }
}

/// What changed.
pub(super) fn subject(subject: ChangeSubject, language: Language) -> &'static str {
    match subject {
        ChangeSubject::Strength => language.say("力度", "strength"),
        ChangeSubject::Number => language.say("数字", "number"),
    }
}
