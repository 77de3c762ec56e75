//! The heat matrix: parts of the directive × resolutions, and the parts that nobody took up.

use maud::{Markup, html};

use super::super::heading;
use super::words::{Place, fate_class, fate_sign, relation};
use super::{Column, View};
use crate::compare::comparison::{Fate, ParagraphRole};
use crate::report::glyph::shortened;
use crate::report::label::{self, FATES, Language};
use crate::trace::summary::MatrixRow;

/// Characters of a row's words that its head shows.
const ROW_CHARACTERS: usize = 32;
/// Characters of a silent part that its line shows.
const SILENT_CHARACTERS: usize = 90;

/// The matrix.
pub(super) fn matrix(view: &View<'_>) -> Markup {
    let language = view.language;
    let rows = view.rows();
    let parts = rows.iter().filter(|row| row.depth > 0).count();
    let older = view.columns.iter().filter(|column| column.precedes()).count();
    html! {
        section aria-labelledby="matrix" {
            (heading("matrix", language.say("条目去向", "What became of each part"), "rows", rows.len()))
            p.note { (language.say(
                "一行为指令一条或一段，一列为一个文本，按日期排列。格中一字说明去向，数字为回应份额（百分比），底色随份额加深；点按任一格可见两文的证据。粗线以左早于指令，斜纹格不算回应。",
                "A row is a part of the directive, a column a resolution, in order of date. The letter in a cell is what became of the part, the number the share that came back in percent, and the ground deepens with it; each cell leads to its evidence in both texts. Left of the heavy line resolutions are older than the directive: hatched cells are no echo."
            )) }
            (legend(language))
            @if rows.is_empty() || view.columns.is_empty() {
                p.none { (language.say("没有可列的条目。", "There is nothing to list.")) }
            } @else {
                @if parts > 0 {
                    p.controls {
                        label { input type="checkbox" id="show-parts"; " "
                            (language.say("展开各条之下的项", "Show the points under each part")) " (" (parts) ")" }
                    }
                }
                div.scroll.wide tabindex="0" role="group" aria-labelledby="matrix" {
                    table.matrix {
                        thead { tr {
                            th scope="col" { (language.say("指令", "Directive")) }
                            @for (index, column) in view.columns.iter().enumerate() { (column_head(index, older, column, language)) }
                            th.took scope="col" title=(language.say("晚于指令或先后不明的文本中，有几个回应", "How many of those that are not older took it up")) {
                                (language.say("回应", "Took up"))
                            }
                        } }
                        @for (chapter, from, to) in chapters(view) {
                            tbody {
                                @if let Some(name) = chapter {
                                    tr.chapter { th scope="rowgroup" colspan=(view.columns.len() + 2) lang="zh" { span { bdi { (name) } } } }
                                }
                                @for (index, row) in rows.iter().enumerate().take(to).skip(from) {
                                    (line(index, row, older, view))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn legend(language: Language) -> Markup {
    let meaning = |fate: Fate| match fate {
        Fate::Kept => language.say("整条照录，至多换了地名层级", "came back whole, word for word or localized"),
        Fate::Adapted => language.say("整条见于他词", "came back in other words"),
        Fate::Merged => language.say("与别条并为一处", "came back in one place with others"),
        Fate::Split => language.say("分见数处", "came back in several places"),
        Fate::Moved => language.say("整条见于别的次序", "came back whole, in another order"),
        Fate::Partial => language.say("只见一部分", "only part of it came back"),
        Fate::Silent => language.say("未见回应", "nothing came back"),
    };
    html! {
        dl.keys {
            @for fate in FATES {
                div { dt.(fate_class(fate)).s8 { (fate_sign(fate, language)) }
                    dd { b { (label::fate(fate, language)) } " " span.facts { (meaning(fate)) } } }
            }
            div { dt.kept.s8.older { (fate_sign(Fate::Kept, language)) }
                dd { b { (language.say("斜纹", "hatched")) } " " span.facts { (language.say("文本早于指令", "older than the directive")) } } }
        }
    }
}

/// Rows from one heading of the directive to the next; the first may have none.
fn chapters(view: &View<'_>) -> Vec<(Option<String>, usize, usize)> {
    let rows = view.rows();
    let paragraphs = view.outline.map(|outline| outline.paragraphs.as_slice()).unwrap_or_default();
    let headings = paragraphs.iter().filter(|paragraph| paragraph.role == ParagraphRole::Heading);
    let mut found = vec![(None, 0, rows.len())];
    for heading in headings {
        let from = rows.partition_point(|row| row.span.start() < heading.span.start());
        if let Some(last) = found.last_mut() {
            last.2 = from;
        }
        found.push((Some(view.directive_words(heading.span)), from, rows.len()));
    }
    found.retain(|(_, from, to)| from < to);
    found
}

fn column_head(index: usize, older: usize, column: &Column<'_>, language: Language) -> Markup {
    html! {
        th.older[column.precedes()].edge[index == older && older > 0] scope="col" {
            a href={ "#" (Place::Resolution(column.number)) } title=(column.title) { bdi lang="zh" { (column.name) } }
            span.facts { (relation(&column.traced.chronology, language)) }
        }
    }
}

fn line(index: usize, row: &MatrixRow, older: usize, view: &View<'_>) -> Markup {
    let (name, opening) = view.row_opening(row, ROW_CHARACTERS);
    let (taken, able) = view.taken_up(row);
    html! {
        tr.part[row.depth > 0] id={ "m" (index + 1) } {
            th.{ "d" (row.depth.min(4)) } scope="row" lang="zh" {
                a href={ "#" (Place::Row(index + 1)) } { @if name.is_empty() { bdi { (opening) } } @else { bdi { (name) } } }
                @if !name.is_empty() { " " span.opening { bdi { (opening) } } }
            }
            @for (at, column) in view.columns.iter().enumerate() {
                @if let Some(cell) = row.cells.get(column.at) {
                    td.(fate_class(cell.fate)).{ "s" (heat(cell.share)) }.older[column.precedes()].edge[at == older && older > 0] {
                        a href={ "#" (column.evidence_of(index, row)) } {
                            (fate_sign(cell.fate, view.language))
                            @if cell.fate != Fate::Silent { small { (whole_percent(cell.share)) } }
                        }
                    }
                }
            }
            td.took.number { (taken) "/" (able) }
        }
    }
}

/// A share in tenths, for the depth of a colour.
pub(super) fn heat(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 10.0).round() as u8
}

/// A share in whole percents.
pub(super) fn whole_percent(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}

/// What nobody took up.
pub(super) fn silence(view: &View<'_>) -> Markup {
    let language = view.language;
    let silence = &view.trace.summary.silence;
    html! {
        section aria-labelledby="silence" {
            (heading("silence", language.say("无人回应", "What nobody took up"), "silence", silence.len()))
            p.note { (language.say(
                "不早于指令的文本都没有回应的条段，越有特指内容的越靠前。",
                "Parts that none of the resolutions took up, those older than the directive left aside; the most specific first."
            )) }
            @if silence.is_empty() {
                p.none { (language.say("每一条都有文本回应。", "Somebody took up each part.")) }
            } @else {
                ol.silence {
                    @for index in silence {
                        @if let Some(row) = view.rows().get(*index as usize) {
                            li { (silent(*index as usize, row, view)) }
                        }
                    }
                }
            }
        }
    }
}

fn silent(index: usize, row: &MatrixRow, view: &View<'_>) -> Markup {
    let (name, _) = view.row_opening(row, 0);
    let language = view.language;
    let rest = crate::text::span::Span::new(row.label.end().clamp(row.span.start(), row.span.end()), row.span.end());
    let earlier: Vec<&Column<'_>> = view
        .columns
        .iter()
        .filter(|column| column.precedes())
        .filter(|column| row.cells.get(column.at).is_some_and(|cell| cell.fate != Fate::Silent))
        .collect();
    html! {
        a href={ "#" (Place::Row(index + 1)) } lang="zh" {
            bdi { @if name.is_empty() { "¶" (index + 1) } @else { (name) } }
        } " "
        span lang="zh" { bdi { (shortened(&view.directive_words(rest), SILENT_CHARACTERS)) } }
        " " span.facts { (format!("{:.0}", row.weight)) " " (language.say("比特", "bits")) }
        @if !earlier.is_empty() {
            " " span.facts {
                (language.say("更早的文本有：", "said before by: "))
                @for (place, column) in earlier.iter().enumerate() {
                    @if place > 0 { (language.say("、", ", ")) }
                    a href={ "#" (column.evidence_of(index, row)) } { bdi lang="zh" { (column.name) } }
                }
            }
        }
    }
}
