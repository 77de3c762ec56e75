//! The resolutions in order of time, each with what it took up in a line.

use maud::{Markup, html};

use super::super::heading;
use super::words::{Place, fate_class, relation};
use super::{Column, View, day};
use crate::compare::comparison::{DateRole, Fate};
use crate::report::label::{self, FATES, Language, percent};
use crate::trace::chronology::Dating;
use crate::trace::finding::{ChangeSubject, NamedSource, Trend};

/// The section.
pub(super) fn timeline(view: &View<'_>) -> Markup {
    let language = view.language;
    let scale = Scale::of(view);
    let older = view.columns.iter().filter(|column| column.precedes()).count();
    html! {
        section aria-labelledby="timeline" {
            (heading("timeline", language.say("时间与一览", "In order of time"), "resolutions", view.columns.len()))
            p.note { (language.say(
                "按日期先后排列，粗线为指令。◇ 早于指令的文本：与指令相同之处不算回应，反而可能是指令的来源；◆ 晚于指令；○ 先后不明。回应一栏的色条按条段去向分段。",
                "In order of date; the heavy line is the directive. ◇ is older than the directive: what both share is no echo, and may be where the directive had it from; ◆ is younger; ○ of unknown order. The bar divides the directive's parts by their fate."
            )) }
            div.scroll tabindex="0" role="group" aria-labelledby="timeline" {
                table.timeline {
                    thead { tr {
                        th scope="col" { (language.say("文本", "Resolution")) }
                        th scope="col" { (language.say("日期", "Date")) }
                        th scope="col" { (language.say("先后", "Time")) }
                        th scope="col" { (language.say("条段去向", "Fates of the parts")) }
                        th scope="col" { (language.say("回应所占篇幅", "Share that is echo")) }
                        th scope="col" { (language.say("新增", "Additions")) }
                        th scope="col" { (language.say("力度", "Strength")) }
                        th scope="col" { (language.say("数字", "Numbers")) }
                        th scope="col" { (language.say("称引指令", "Names it")) }
                    } }
                    tbody {
                        @for (index, column) in view.columns.iter().enumerate() {
                            @if index == older { (directive(view, &scale)) }
                            (line(column, view, &scale))
                        }
                        @if older == view.columns.len() { (directive(view, &scale)) }
                    }
                }
            }
        }
    }
}

/// Days on a line from the oldest to the youngest document.
struct Scale {
    first: i32,
    days: f64,
    directive: Option<f64>,
}

impl Scale {
    fn of(view: &View<'_>) -> Self {
        let directive = directive_dating(view).and_then(|dating| dating.date).map(|known| day(known.date));
        let days: Vec<i32> = view.columns.iter().filter_map(Column::date).map(day).chain(directive).collect();
        let first = days.iter().copied().min().unwrap_or_default();
        let last = days.iter().copied().max().unwrap_or_default();
        let mut scale = Self { first, days: f64::from((last - first).max(1)), directive: None };
        scale.directive = directive.map(|directive| scale.percent(directive));
        scale
    }

    /// Where a day lies, in percent of the width, with a margin for the mark.
    fn percent(&self, day: i32) -> f64 {
        4.0 + 92.0 * f64::from(day - self.first) / self.days
    }
}

fn directive_dating(view: &View<'_>) -> Option<Dating> {
    view.columns.first().map(|column| column.traced.chronology.directive)
}

fn directive(view: &View<'_>, scale: &Scale) -> Markup {
    let language = view.language;
    html! {
        tr.directive {
            th scope="row" lang="zh" { bdi { (view.directive_title) } }
            td { @if let Some(dating) = directive_dating(view) { (date(&dating, language)) } }
            td.track { (track(None, scale, language)) }
            td colspan="6" { (language.say("指令", "the directive")) }
        }
    }
}

fn line(column: &Column<'_>, view: &View<'_>, scale: &Scale) -> Markup {
    let language = view.language;
    let score = &column.traced.score;
    let changes = &column.finding.changes;
    let count = |subject: ChangeSubject, trend: Trend| {
        changes.iter().filter(|change| change.subject == subject && change.trend == trend).count()
    };
    let numbers = changes.iter().filter(|change| change.subject == ChangeSubject::Number).count();
    let named = column.finding.sources.iter().find(|check| check.source == NamedSource::Directive);
    let named = named.is_some_and(|check| check.declared_by.is_some());
    let (up, down) = (count(ChangeSubject::Strength, Trend::Raised), count(ChangeSubject::Strength, Trend::Lowered));
    html! {
        tr.older[column.precedes()] {
            th scope="row" lang="zh" { a href={ "#" (Place::Resolution(column.number)) } { bdi { (column.name) } } }
            td { (date(&column.traced.chronology.resolution, language)) }
            td.track { (track(Some(column), scale, language)) }
            td { (fates(column, view)) }
            td.share {
                span.number { (percent(score.verbatim + score.localized + score.adapted)) }
                @if column.precedes() { " " span.facts { (language.say("（相同）", "(shared)")) } }
                (parts([score.verbatim, score.localized, score.adapted]))
            }
            td.number { (column.finding.additions.len()) }
            td.number { @if up + down == 0 { "—" } @if up > 0 { "↑" (up) " " } @if down > 0 { "↓" (down) } }
            td.number { @if numbers == 0 { "—" } @else { (numbers) } }
            td { (if named { language.say("✓ 称引", "✓ named") } else { language.say("未称引", "not named") }) }
        }
    }
}

/// A document's date, with how it is known.
pub(super) fn date(dating: &Dating, language: Language) -> Markup {
    html! {
        @match dating.date {
            Some(known) => {
                span.number { (known.date) }
                @if known.role != DateRole::Adopted { " " span.facts { (label::date_role(known.role, language)) } }
                @if known.inferred_from.is_some() { " " span.facts { (language.say("据正文推定", "inferred")) } }
            }
            None => {
                span.facts { (language.say("日期不明", "date unknown")) }
                @if let Some(bound) = dating.not_before {
                    " " span.facts { (language.say("不早于 ", "not before ")) (bound.date) }
                }
            }
        }
        @if let Some(amended) = dating.amended {
            @if dating.date.is_none_or(|known| known.role != DateRole::Amended) {
                br; span.facts { (label::date_role(DateRole::Amended, language)) " " (amended.date) }
            }
        }
    }
}

/// The mark of a document on the line of time, and its relation in words.
fn track(column: Option<&Column<'_>>, scale: &Scale, language: Language) -> Markup {
    let at = match column {
        Some(column) => column.date().map(|date| scale.percent(day(date))),
        None => scale.directive,
    };
    html! {
        svg.time aria-hidden="true" focusable="false" {
            line.axis x1="0" x2="100%" y1="50%" y2="50%" {}
            @if let Some(x) = scale.directive { line.now x1={ (format!("{x:.1}")) "%" } x2={ (format!("{x:.1}")) "%" } y1="0" y2="100%" {} }
            @if let (Some(x), Some(from)) = (at, scale.directive) {
                line.lag x1={ (format!("{from:.1}")) "%" } x2={ (format!("{x:.1}")) "%" } y1="50%" y2="50%" {}
            }
            @if let Some(x) = at {
                @match column {
                    Some(column) if column.rank() == 2 => circle.unknown cx={ (format!("{x:.1}")) "%" } cy="50%" r="5" {},
                    Some(column) => svg x={ (format!("{x:.1}")) "%" } y="50%" overflow="visible" {
                        path.before[column.precedes()].after[!column.precedes()] d="M0-6L6 0L0 6L-6 0Z" {}
                    },
                    None => circle.now cx={ (format!("{x:.1}")) "%" } cy="50%" r="5" {},
                }
            }
        }
        @if let Some(column) = column {
            span.when {
                (if column.precedes() { "◇ " } else if column.rank() == 1 { "◆ " } else { "○ " })
                (relation(&column.traced.chronology, language))
            }
        }
    }
}

/// How many outermost rows have which fate, as a bar and in words.
pub(super) fn fates(column: &Column<'_>, view: &View<'_>) -> Markup {
    let rows = view.rows().iter().filter(|row| row.depth == 0).filter_map(|row| row.cells.get(column.at));
    let mut counts = [0usize; FATES.len()];
    for cell in rows {
        counts[FATES.iter().position(|fate| *fate == cell.fate).unwrap_or(FATES.len() - 1)] += 1;
    }
    let total = counts.iter().sum::<usize>().max(1) as f64;
    let mut from = 0.0;
    let shares: Vec<(Fate, f64, f64)> = FATES
        .iter()
        .zip(counts)
        .map(|(fate, count)| {
            let width = count as f64 / total * 100.0;
            let start = from;
            from += width;
            (*fate, start, width)
        })
        .collect();
    html! {
        svg.fates viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (fate, start, width) in shares {
                @if width > 0.0 {
                    rect.(fate_class(fate)) x=(format!("{start:.2}")) width=(format!("{width:.2}")) height="10" {}
                }
            }
        }
        span.counts {
            @for (fate, count) in FATES.iter().zip(counts) {
                @if count > 0 { span { (label::fate(*fate, view.language)) " " b { (count) } } " " }
            }
        }
    }
}

/// The parts of an echo, one behind the other.
fn parts(shares: [f64; 3]) -> Markup {
    let [verbatim, localized, adapted] = shares.map(|share| share.clamp(0.0, 1.0) * 100.0);
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.track width="100" height="8" {}
            rect.v width=(format!("{verbatim:.1}")) height="8" {}
            rect.l x=(format!("{verbatim:.1}")) width=(format!("{localized:.1}")) height="8" {}
            rect.a x=(format!("{:.1}", verbatim + localized)) width=(format!("{adapted:.1}")) height="8" {}
        }
    }
}
