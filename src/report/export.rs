//! The correspondence table (对照表) for a spreadsheet or a manuscript.
//!
//! In: a comparison and its documents. Out: one row a bead, in readable order, as CSV (RFC 4180, with the byte order
//! mark without which spreadsheets read Chinese wrongly) or as a Markdown table. Always: the words are the raw ones,
//! controls shown by their code point; a cell that a spreadsheet would run as a formula is led by an apostrophe; a
//! Markdown cell holds no markup of the document's making. Cost: linear in the texts.

mod trace;

use std::fmt::Write as _;
use std::ops::Range;

pub use self::trace::{TraceTable, trace_csv, trace_markdown};
use super::glyph::visible;
use super::label::{self, Language};
use crate::compare::comparison::{Bead, Comparison, Edit, EditOp, Outline};
use crate::text::document::Document;
use crate::text::span::{Pair, Raw, Span};

/// The correspondence table as CSV.
pub fn correspondence_csv(comparison: &Comparison, documents: &Pair<Document>, language: Language) -> String {
    csv_table(rows(comparison, documents, language))
}

fn csv_table(rows: impl Iterator<Item = impl AsRef<[String]>>) -> String {
    let mut out = String::from("\u{feff}");
    for row in rows {
        let cells: Vec<String> = row.as_ref().iter().map(|cell| csv_cell(cell)).collect();
        out += &cells.join(",");
        out += "\r\n";
    }
    out
}

/// The correspondence table as a Markdown table.
pub fn correspondence_markdown(comparison: &Comparison, documents: &Pair<Document>, language: Language) -> String {
    let alignment = "| ---: | --- | --- | ---: | --- | --- | --- | --- | --- |";
    markdown_table(rows(comparison, documents, language), alignment)
}

/// The rows as a table whose first row is the head. `alignment` is the line below it.
fn markdown_table(rows: impl Iterator<Item = impl AsRef<[String]>>, alignment: &str) -> String {
    let mut out = String::new();
    for (index, row) in rows.enumerate() {
        let cells: Vec<String> = row.as_ref().iter().map(|cell| markdown_cell(cell)).collect();
        // Writing to a string cannot fail.
        writeln!(out, "| {} |", cells.join(" | ")).ok();
        if index == 0 {
            writeln!(out, "{alignment}").ok();
        }
    }
    out
}

type Row = [String; 9];

fn rows(comparison: &Comparison, documents: &Pair<Document>, language: Language) -> impl Iterator<Item = Row> {
    let head = [
        language.say("序号", "number"),
        language.say("关系", "kind"),
        language.say("移位", "moved"),
        language.say("相似", "similarity"),
        language.say("左段", "left paragraphs"),
        language.say("左文", "left text"),
        language.say("右段", "right paragraphs"),
        language.say("右文", "right text"),
        language.say("改动", "edits"),
    ]
    .map(str::to_owned);
    let beads = comparison.beads.iter().enumerate();
    std::iter::once(head).chain(beads.map(move |(index, bead)| row(index, bead, comparison, documents, language)))
}

fn row(index: usize, bead: &Bead, comparison: &Comparison, documents: &Pair<Document>, language: Language) -> Row {
    let numbers = |list: &Range<u32>| list.clone().map(|index| (index + 1).to_string()).collect::<Vec<_>>().join(" ");
    [
        (index + 1).to_string(),
        label::bead_kind(bead.kind, language).to_owned(),
        if bead.moved { language.say("是", "yes").to_owned() } else { String::new() },
        format!("{:.2}", bead.similarity),
        numbers(&bead.left),
        words(&bead.left, &comparison.outlines.left, documents.left.text()),
        numbers(&bead.right),
        words(&bead.right, &comparison.outlines.right, documents.right.text()),
        edits(bead, documents, language),
    ]
}

/// The paragraphs' words, one paragraph a line.
fn words(paragraphs: &Range<u32>, outline: &Outline, text: &str) -> String {
    let spans = paragraphs.clone().filter_map(|index| outline.paragraphs.get(index as usize));
    spans.map(|paragraph| slice(text, paragraph.span)).collect::<Vec<_>>().join("\n")
}

fn slice(text: &str, span: Span<Raw>) -> String {
    visible(text.get(span.range()).unwrap_or_default())
}

/// The edits of a bead with both sides; where one is missing, the row says so already.
fn edits(bead: &Bead, documents: &Pair<Document>, language: Language) -> String {
    if bead.left.is_empty() || bead.right.is_empty() {
        return String::new();
    }
    let changed = bead.edits.iter().filter(|edit| edit.op() != EditOp::Equal);
    changed.map(|edit| edit_words(edit, documents, language)).collect::<Vec<_>>().join(language.say("；", "; "))
}

fn edit_words(edit: &Edit, documents: &Pair<Document>, language: Language) -> String {
    let mut out = String::new();
    if !edit.left.is_empty() {
        out += &format!("[-{}-]", slice(documents.left.text(), edit.left));
    }
    if !edit.right.is_empty() {
        out += &format!("{{+{}+}}", slice(documents.right.text(), edit.right));
    }
    if let Some(kind) = &edit.kind {
        out += language.say("（", " (");
        out += label::edit_kind(kind, language);
        out += language.say("）", ")");
    }
    out
}

fn csv_cell(cell: &str) -> String {
    let runs = cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']);
    let guarded = if runs { format!("'{cell}") } else { cell.to_owned() };
    if guarded.contains(['"', ',', '\n', '\r', '\'']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

fn markdown_cell(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for character in cell.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push_str("<br>"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' | '$' => {
                out.push('\\');
                out.push(character);
            }
            // A bare address would become a link.
            ':' => out.push_str("&#58;"),
            '@' => out.push_str("&#64;"),
            _ => out.push(character),
        }
    }
    out.replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_csv_is_quoted_and_never_run() {
        assert_eq!(csv_cell("举全省之力"), "举全省之力");
        assert_eq!(csv_cell("一,\"二\"\n三"), "\"一,\"\"二\"\"\n三\"");
        assert_eq!(csv_cell("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(csv_cell("@SUM"), "\"'@SUM\"");
    }

    #[test]
    fn a_cell_of_markdown_holds_no_markup_of_the_document() {
        let cell = markdown_cell("<img src=x>|[a](http://b)\n`*_");
        assert_eq!(cell, "&lt;img src=x&gt;\\|\\[a\\](http&#58;//b)<br>\\`\\*\\_");
    }
}
