//! The matrix of a trace, and its correspondence table (对照表).
//!
//! In: a [`Trace`]. Out: one row for each part of the directive, and for each resolution one column, in order of time: in
//! the matrix what became of the part, in the correspondence table also the words that show it. Cost: linear in the cells.

use super::{csv_table, markdown_table, slice};
use crate::report::label::{self, Language, percent};
use crate::text::document::Document;
use crate::trace::chronology::Order;
use crate::trace::outcome::Trace;
use crate::trace::summary::{Cell, TracedResolution};

/// What the cells of a table hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceTable {
    /// What became of the part.
    Matrix,
    /// What became of the part, and the resolution's words that show it.
    Correspondence,
}

/// A table of a trace as CSV.
pub fn trace_csv(trace: &Trace, table: TraceTable, language: Language) -> String {
    csv_table(rows(trace, table, language))
}

/// A table of a trace as Markdown.
pub fn trace_markdown(trace: &Trace, table: TraceTable, language: Language) -> String {
    let columns = trace.summary.resolutions.len();
    let alignment = format!("| ---: | ---: | --- |{}", " --- |".repeat(columns));
    markdown_table(rows(trace, table, language), &alignment)
}

fn rows(trace: &Trace, table: TraceTable, language: Language) -> impl Iterator<Item = Vec<String>> {
    let columns = trace.summary.by_time();
    let fixed = [
        language.say("序号", "number").to_owned(),
        language.say("层级", "depth").to_owned(),
        language.say("上级文件", "directive").to_owned(),
    ];
    let resolutions = columns.iter().map(|at| title(trace, &trace.summary.resolutions[*at], language));
    let head: Vec<String> = fixed.into_iter().chain(resolutions).collect();
    let rows = trace.summary.rows.iter().enumerate().map(move |(index, row)| {
        let fixed = [(index + 1).to_string(), (row.depth + 1).to_string(), slice(trace.directive.text(), row.span)];
        let cells = columns.iter().map(|at| match row.cells.get(*at) {
            Some(cell) => self::cell(trace, *at, cell, table, language),
            None => String::new(),
        });
        fixed.into_iter().chain(cells).collect()
    });
    std::iter::once(head).chain(rows)
}

/// What heads the column of a resolution: its name, its date, and whether it is older than the directive.
fn title(trace: &Trace, traced: &TracedResolution, language: Language) -> String {
    let name = trace.resolutions.get(traced.resolution as usize).map_or("", Document::name);
    let date = match traced.chronology.resolution.date {
        Some(known) if known.inferred_from.is_some() => format!("~{}", known.date),
        Some(known) => known.date.to_string(),
        None => language.say("日期不详", "no date").to_owned(),
    };
    let order = match traced.chronology.order {
        Order::Preceding => language.say("，早于上级文件", ", older than the directive"),
        Order::Following => "",
        Order::Unknown => language.say("，先后不能判定", ", order not known"),
    };
    let name = crate::report::glyph::visible(name);
    format!("{} {name}{}{date}{order}{}", traced.resolution + 1, language.say("（", " ("), language.say("）", ")"))
}

fn cell(trace: &Trace, at: usize, cell: &Cell, table: TraceTable, language: Language) -> String {
    let fate = format!("{} {}", label::fate(cell.fate, language), percent(cell.share));
    let resolution = &trace.summary.resolutions[at];
    let evidence = (table == TraceTable::Correspondence).then_some(cell.strongest_passage).flatten();
    let passage = evidence.and_then(|index| trace.findings.get(at)?.comparison.passages.get(index as usize));
    let text = trace.resolutions.get(resolution.resolution as usize).map(Document::text);
    match passage.zip(text) {
        Some((passage, text)) => format!("{fate}{}{}", language.say("：", ": "), slice(text, passage.right)),
        None => fate,
    }
}
