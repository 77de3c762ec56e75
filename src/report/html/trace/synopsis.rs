//! Part by part: the directive's words, and below them what each resolution made of them, both wordings side by side
//! with their edits, as philologists print the witnesses of one text.

use maud::{Markup, html};

use super::super::heading;
use super::super::marked::form_class;
use super::words::{Place, attribution, fate_badge, relation};
use super::{Column, View};
use crate::compare::comparison::{Fate, Passage};
use crate::report::label::{self, Language, percent};
use crate::text::span::{Raw, Span};
use crate::trace::finding::Source;
use crate::trace::summary::MatrixRow;

/// The section.
pub(super) fn synopsis(view: &View<'_>) -> Markup {
    let language = view.language;
    let passages: usize = view.columns.iter().map(|column| column.finding.comparison.passages.len()).sum();
    let elsewhere = view.columns.iter().any(|column| column.rows_of_passages.contains(&None));
    html! {
        section aria-labelledby="synopsis" {
            (heading("synopsis", language.say("逐条对读", "Part by part"), "passages", passages))
            p.note { (language.say(
                "每条先列指令原文，其下逐一列出各文的对应文句：左为指令，右为该文，改动按类标出。",
                "Each part of the directive, then what each resolution made of it: the directive on the left, the resolution on the right, edits marked by kind."
            )) }
            (super::comparison::legend(language))
            @for (index, row) in view.rows().iter().enumerate() { (part(index, row, view)) }
            @if elsewhere {
                article.part-of id={ (Place::Row(0)) } {
                    h3 { (language.say("条段之外（标题、署名等）", "Outside the parts (titles, bylines)")) }
                    @for column in &view.columns { (takes(column, None, view)) }
                }
            }
        }
    }
}

fn part(index: usize, row: &MatrixRow, view: &View<'_>) -> Markup {
    let language = view.language;
    let (name, opening) = view.row_opening(row, 24);
    let name = if name.is_empty() { opening } else { name };
    let (taken, able) = view.taken_up(row);
    let title = html! {
        a href={ "#m" (index + 1) } title=(language.say("回到矩阵", "back to the matrix")) { bdi lang="zh" { (name) } }
        " " span.facts { (language.say("回应 ", "taken up by ")) (taken) "/" (able) }
    };
    html! {
        article.part-of.sub[row.depth > 0] id=(Place::Row(index + 1)) {
            @if row.depth == 0 { h3 { (title) } } @else { h4 { (title) } }
            p.t.source lang="zh" { @for piece in own_words(index, row, view.rows()) { (view.directive_words(piece)) " " } }
            @for column in &view.columns {
                @if column.rows_of_passages.contains(&Some(index)) { (takes(column, Some((index, row)), view)) }
                @else { (counterparts(index, row, column, view)) }
            }
            (others(index, row, view))
        }
    }
}

/// What of a row is not in the rows under it.
fn own_words(index: usize, row: &MatrixRow, rows: &[MatrixRow]) -> Vec<Span<Raw>> {
    let mut pieces = Vec::new();
    let mut from = row.span.start();
    for under in rows[index + 1..].iter().take_while(|under| row.span.contains(under.span)) {
        if under.span.start() > from {
            pieces.push(Span::new(from, under.span.start()));
        }
        from = from.max(under.span.end());
    }
    if from < row.span.end() {
        pieces.push(Span::new(from, row.span.end()));
    }
    pieces
}

/// The passages of one resolution that are shown under a row.
fn takes(column: &Column<'_>, row: Option<(usize, &MatrixRow)>, view: &View<'_>) -> Markup {
    let index = row.map(|(index, _)| index);
    let shown = column.rows_of_passages.iter().enumerate().filter(|(_, of)| **of == index).map(|(passage, _)| passage);
    let mut passages: Vec<(usize, &Passage)> =
        shown.filter_map(|at| column.finding.comparison.passages.get(at).map(|passage| (at, passage))).collect();
    // The passage that tells most of the row comes first, the others in the order of the directive.
    let strongest = row.and_then(|(_, row)| row.cells.get(column.at)).and_then(|cell| cell.strongest_passage);
    passages.sort_by_key(|(at, _)| strongest != Some(*at as u32));
    let id = Place::Cell { row: index.map_or(0, |index| index + 1), resolution: column.number };
    html! {
        @if !passages.is_empty() {
            div.take.older[column.precedes()] id=(id) {
                (who(column, row.map(|(_, row)| row), view))
                @for (at, passage) in passages { (quotation(at, passage, column, view)) }
            }
        }
    }
}

/// The paragraphs that answer a row as a whole, where no passage is its evidence.
fn counterparts(index: usize, row: &MatrixRow, column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let spans = column.counterparts(row);
    let beside = spans.first().and_then(|right| column.beside(row, *right));
    let edits = beside.map_or(&[][..], |(_, edits)| edits);
    html! {
        @if !spans.is_empty() {
            div.take.older[column.precedes()] id=(Place::Cell { row: index + 1, resolution: column.number }) {
                (who(column, Some(row), view))
                div.q {
                    div.pair {
                        @if let Some((left, edits)) = beside {
                            p.t lang="zh" { (column.texts.left.edited(left, edits)) }
                        } @else {
                            p.t.away { (language.say("指令文字见上；两段整体相应。", "The directive's words stand above; the paragraphs correspond as a whole.")) }
                        }
                        div { @for span in spans { p.t lang="zh" { (column.texts.right.edited(span, edits)) } } }
                    }
                }
            }
        }
    }
}

/// Whose words follow, and what became of the row there.
fn who(column: &Column<'_>, row: Option<&MatrixRow>, view: &View<'_>) -> Markup {
    let language = view.language;
    html! {
        p.who {
            a href={ "#" (Place::Resolution(column.number)) } { bdi lang="zh" { (column.name) } }
            @if let Some(cell) = row.and_then(|row| row.cells.get(column.at)) { " " (fate_badge(cell.fate, cell.share, language)) }
            @if column.precedes() { " " span.facts { "◇ " (relation(&column.traced.chronology, language)) } }
        }
    }
}

fn quotation(at: usize, passage: &Passage, column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let formula = !passage.is_echo();
    // Of an echo of the directive nothing need be said; any other source must be.
    let sources = column.sources(at).filter(|sources| {
        sources.candidates.len() > 1 || !matches!(sources.source(), Some(Source::Directive | Source::Formula) | None)
    });
    html! {
        div.q.formula[formula] id=(Place::Passage { resolution: column.number, passage: at as u32 + 1 }) {
            div.pair {
                p.t lang="zh" { (column.texts.left.edited(passage.left, &passage.edits)) }
                p.t lang="zh" { (column.texts.right.edited(passage.right, &passage.edits)) }
            }
            p.how {
                @if formula { span.f { (language.say("套话，不计为回应", "formula, not counted as echo")) } }
                @else { span.n.(form_class(passage)) { (label::form(passage.form, language)) } }
                " " (percent(passage.similarity))
                " · R" (column.texts.right.paragraph_at(passage.right.start()) + 1)
                @if let Some(sources) = sources {
                    " · " (language.say("来源：", "source: ")) (attribution(sources, view))
                }
            }
        }
    }
}

/// Resolutions whose evidence stands elsewhere, and those that left the row out.
fn others(index: usize, row: &MatrixRow, view: &View<'_>) -> Markup {
    let language = view.language;
    let without = view
        .columns
        .iter()
        .filter(|column| !column.rows_of_passages.contains(&Some(index)) && column.counterparts(row).is_empty());
    let (silent, elsewhere): (Vec<&Column<'_>>, Vec<&Column<'_>>) =
        without.partition(|column| row.cells.get(column.at).is_none_or(|cell| cell.fate == Fate::Silent));
    html! {
        @if !elsewhere.is_empty() {
            p.others {
                (language.say("证据见于别处：", "Evidence elsewhere: "))
                @for (place, column) in elsewhere.iter().enumerate() {
                    @if place > 0 { (separator(language)) }
                    @let to = column.evidence_of(index, row);
                    @if to == Place::Row(index + 1) { bdi lang="zh" { (column.name) } }
                    @else { a href={ "#" (to) } { bdi lang="zh" { (column.name) } } }
                    @if let Some(cell) = row.cells.get(column.at) {
                        " " span.facts { (label::fate(cell.fate, language)) " " (percent(cell.share)) }
                    }
                }
            }
        }
        @if !silent.is_empty() {
            p.others {
                (language.say("未见回应：", "Not taken up by: "))
                @for (place, column) in silent.iter().enumerate() {
                    @if place > 0 { (separator(language)) }
                    bdi lang="zh" { (column.name) }
                    @if column.precedes() { "◇" }
                }
            }
        }
    }
}

fn separator(language: Language) -> &'static str {
    language.say("、", ", ")
}
