//! The page of a trace: what each resolution made of the directive.
//!
//! In: a trace with the documents it was made from. Out: one page that answers from
//! afar to near: each resolution in a line of time, the matrix of the directive's parts × resolutions, then for each part
//! the directive's words with what every resolution made of them, what nobody took up, what each resolution adds and
//! changes, and who shares wording beyond the directive. Always: every cell of the matrix leads to its evidence on the
//! same page; every passage is shown once, with its edits, in both texts; resolutions stand in order of time, those older
//! than the directive first and marked as such. Cost: linear in passages and cells, passages times rows of the directive.

mod cities;
mod kinship;
mod matrix;
mod synopsis;
mod timeline;
mod words;

use maud::{Markup, html};

use self::words::Place;
use super::marked::MarkedText;
use super::{PageOptions, comparison, evidence, page};
use crate::compare::comparison::{Edit, Fate, Outline, Passage};
use crate::report::glyph::{page_words, shortened, visible};
use crate::report::label::Language;
use crate::text::document::{Document, PartialDate};
use crate::text::span::{Pair, Raw, Side, Span};
use crate::trace::chronology::Order;
use crate::trace::finding::{Attribution, Finding};
use crate::trace::outcome::Trace;
use crate::trace::summary::{MatrixRow, RowKind, Stretch, TracedResolution};

/// Characters of a resolution's name in narrow places.
const NAME_CHARACTERS: usize = 12;

/// Renders a trace.
pub fn trace_page(trace: &Trace, options: PageOptions) -> String {
    let view = View::new(trace, options);
    let language = view.language;
    let title = match language {
        Language::Chinese => format!("{}：去向追踪", view.directive_title),
        Language::English => format!("{}: traced", view.directive_title),
    };
    let sections = [
        ("timeline", language.say("一览", "Overview")),
        ("matrix", language.say("条目去向", "Matrix")),
        ("silence", language.say("无人回应", "Silence")),
        ("kinship", language.say("彼此相近", "Kinship")),
        ("cities", language.say("各文", "Resolutions")),
        ("synopsis", language.say("逐条对读", "Part by part")),
    ];
    let content = html! {
        (head(&view))
        (timeline::timeline(&view))
        (matrix::matrix(&view))
        (matrix::silence(&view))
        (kinship::kinship(&view))
        (cities::cities(&view))
        (synopsis::synopsis(&view))
    };
    page(language, &title, &sections, content)
}

/// The trace as the sections read it.
struct View<'a> {
    trace: &'a Trace,
    language: Language,
    directive_title: String,
    /// How the directive was read; none where nothing was compared with it.
    outline: Option<&'a Outline>,
    /// The resolutions that were traced, in order of time: older ones, younger ones, those of unknown order.
    columns: Vec<Column<'a>>,
}

/// One resolution.
struct Column<'a> {
    /// Its place in the order of sending, from 1; it makes its ids.
    number: u32,
    /// Its place in `Summary::resolutions` and so among the cells of a row.
    at: usize,
    name: String,
    title: String,
    document: &'a Document,
    finding: &'a Finding,
    traced: &'a TracedResolution,
    texts: Pair<MarkedText<'a>>,
    /// Where each passage is shown: the index of a row of the matrix.
    rows_of_passages: Vec<Option<usize>>,
}

impl<'a> View<'a> {
    fn new(trace: &'a Trace, options: PageOptions) -> Self {
        let language = options.language;
        let outline = trace.directive_outline();
        let mut columns: Vec<Column<'a>> = trace
            .summary
            .resolutions
            .iter()
            .zip(&trace.findings)
            .enumerate()
            .filter_map(|(at, (traced, finding))| {
                let document = trace.resolutions.get(traced.resolution as usize)?;
                Some(Column::new(at, traced, finding, document, trace, language))
            })
            .collect();
        columns.sort_by_key(|column| (column.rank(), column.date().map(day), column.number));
        Self {
            trace,
            language,
            directive_title: evidence::title_or(
                &trace.directive,
                outline,
                language.say("（无题指令）", "(untitled directive)"),
            ),
            outline,
            columns,
        }
    }

    fn rows(&self) -> &'a [MatrixRow] {
        &self.trace.summary.rows
    }

    /// The directive's words without what was ignored while reading, controls shown.
    fn directive_words(&self, span: Span<Raw>) -> String {
        let cleanings = self.outline.map(|outline| outline.cleanings.as_slice()).unwrap_or_default();
        visible(page_words(self.trace.directive.text(), cleanings, span).trim())
    }

    /// The words that open a row, after its label.
    fn row_opening(&self, row: &MatrixRow, characters: usize) -> (String, String) {
        let cleanings = self.outline.map(|outline| outline.cleanings.as_slice()).unwrap_or_default();
        let text = self.trace.directive.text();
        let rest = Span::new(row.label.end().clamp(row.span.start(), row.span.end()), row.span.end());
        let all = page_words(text, cleanings, rest);
        let first = all.trim_start().lines().next().unwrap_or_default();
        (visible(page_words(text, cleanings, row.label).trim()), shortened(first, characters))
    }

    /// The column of a resolution by its index in the order of sending.
    fn column_of(&self, resolution: u32) -> Option<&Column<'a>> {
        self.columns.iter().find(|column| column.number == resolution + 1)
    }

    /// How many resolutions that may echo took a row up, and of how many.
    fn taken_up(&self, row: &MatrixRow) -> (usize, usize) {
        let able = self.columns.iter().filter(|column| !column.precedes());
        let fates = able.filter_map(|column| row.cells.get(column.at)).map(|cell| cell.fate);
        fates.fold((0, 0), |(taken, all), fate| (taken + usize::from(fate != Fate::Silent), all + 1))
    }
}

impl<'a> Column<'a> {
    fn new(
        at: usize,
        traced: &'a TracedResolution,
        finding: &'a Finding,
        document: &'a Document,
        trace: &'a Trace,
        language: Language,
    ) -> Self {
        let comparison = &finding.comparison;
        let number = traced.resolution + 1;
        let unnamed = format!("{} {number}", language.say("文", "Resolution"));
        let title = evidence::title_or(document, Some(&comparison.outlines.right), &unnamed);
        let region = document.metadata().region.trim();
        // Two documents of one region are told apart by their titles.
        let alike = trace.resolutions.iter().filter(|other| other.metadata().region.trim() == region).count();
        let name = if region.is_empty() || alike > 1 { shortened(&title, NAME_CHARACTERS) } else { visible(region) };
        Self {
            number,
            at,
            name,
            title,
            document,
            finding,
            traced,
            texts: Pair::new(
                MarkedText::new(comparison, Side::Left, trace.directive.text(), language),
                MarkedText::new(comparison, Side::Right, document.text(), language),
            ),
            rows_of_passages: comparison.passages.iter().map(|p| row_of(&trace.summary.rows, p)).collect(),
        }
    }

    fn precedes(&self) -> bool {
        self.traced.chronology.order == Order::Preceding
    }

    fn rank(&self) -> u8 {
        match self.traced.chronology.order {
            Order::Preceding => 0,
            Order::Following => 1,
            Order::Unknown => 2,
        }
    }

    fn date(&self) -> Option<PartialDate> {
        self.traced.chronology.resolution.date.map(|known| known.date)
    }

    /// Who a passage comes from now that all resolutions are known.
    fn sources(&self, passage: usize) -> Option<&'a Attribution> {
        let now = self.traced.changed.iter().find(|changed| changed.stretch == Stretch::Passage(passage as u32));
        now.map(|changed| &changed.attribution).or_else(|| self.finding.passage_sources.get(passage))
    }

    /// Who an addition comes from now that all resolutions are known.
    fn addition_sources(&self, addition: usize) -> Option<&'a Attribution> {
        let now = self.traced.changed.iter().find(|changed| changed.stretch == Stretch::Addition(addition as u32));
        let then = || self.finding.additions.get(addition).map(|addition| &addition.attribution);
        now.map(|changed| &changed.attribution).or_else(then)
    }

    /// Where the evidence of a cell stands.
    fn evidence_of(&self, row_index: usize, row: &MatrixRow) -> Place {
        if self.rows_of_passages.contains(&Some(row_index)) {
            return Place::Cell { row: row_index + 1, resolution: self.number };
        }
        match row.cells.get(self.at).and_then(|cell| cell.strongest_passage) {
            Some(passage) => Place::Passage { resolution: self.number, passage: passage + 1 },
            None if !self.counterparts(row).is_empty() => Place::Cell { row: row_index + 1, resolution: self.number },
            None => Place::Row(row_index + 1),
        }
    }

    /// Where a row came back that no passage touches: its paragraph as a whole has a counterpart.
    fn counterparts(&self, row: &MatrixRow) -> Vec<Span<Raw>> {
        let comparison = &self.finding.comparison;
        match row.cells.get(self.at) {
            Some(cell) if cell.fate != Fate::Silent && cell.strongest_passage.is_none() => {}
            _ => return Vec::new(),
        }
        if let RowKind::Item(index) = row.kind
            && let Some(item) = comparison.items.get(index as usize)
            && !item.right.is_empty()
        {
            return item.right.clone();
        }
        let Some(paragraph) = self.paragraph_of(row) else { return Vec::new() };
        let links = comparison.links.iter().filter(|link| link.left == paragraph);
        let paragraphs = &comparison.outlines.right.paragraphs;
        links.filter_map(|link| paragraphs.get(link.right as usize)).map(|paragraph| paragraph.span).collect()
    }

    /// The paragraph of the directive in which a row begins.
    fn paragraph_of(&self, row: &MatrixRow) -> Option<u32> {
        match row.kind {
            RowKind::Item(index) => Some(self.finding.comparison.items.get(index as usize)?.paragraph),
            RowKind::Paragraph(index) => Some(index),
        }
    }

    /// The directive's words that one group of paragraphs sets beside a stretch of the resolution, with its edits.
    fn beside(&self, row: &MatrixRow, right: Span<Raw>) -> Option<(Span<Raw>, &'a [Edit])> {
        let comparison = &self.finding.comparison;
        let paragraph = self.paragraph_of(row)?;
        let answer = self.texts.right.paragraph_at(right.start()) as u32;
        let group =
            comparison.beads.iter().find(|bead| bead.left.contains(&paragraph) && bead.right.contains(&answer))?;
        let words = comparison.outlines.left.paragraphs.get(paragraph as usize)?.span.intersection(row.span);
        (!words.is_empty()).then_some((words, group.edits.as_slice()))
    }
}

/// The row under which a passage is shown: the one that holds most of it, the deepest of these.
fn row_of(rows: &[MatrixRow], passage: &Passage) -> Option<usize> {
    let held = rows.iter().enumerate().filter(|(_, row)| row.span.overlaps(passage.left));
    held.max_by_key(|(index, row)| (row.span.intersection(passage.left).len(), row.depth, std::cmp::Reverse(*index)))
        .map(|(index, _)| index)
}

/// A day on one line of time; a missing month or day stands in the middle of what is known.
fn day(date: PartialDate) -> i32 {
    let month = date.month().map_or(6.5, |month| f64::from(month) - 1.0);
    let day = if date.month().is_none() { 0.0 } else { date.day().map_or(15.0, f64::from) };
    (f64::from(date.year()) * 365.2425 + month * 30.436_9 + day).round() as i32
}

/// Rows that the head names.
const LEDE_ROWS: usize = 12;

/// A row by its label, or by its first words.
fn row_link(index: usize, row: &MatrixRow, view: &View<'_>) -> Markup {
    let (label, opening) = view.row_opening(row, 10);
    html! {
        a href={ "#" (Place::Row(index + 1)) } lang="zh" { bdi { @if label.is_empty() { (opening) } @else { (label) } } }
    }
}

/// Which of the later resolutions took up most, and which least.
fn lede(view: &View<'_>, parts: usize) -> Markup {
    let language = view.language;
    let count = |column: &Column<'_>| {
        let outermost = view.rows().iter().filter(|row| row.depth == 0);
        outermost.filter_map(|row| row.cells.get(column.at)).filter(|cell| cell.fate != Fate::Silent).count()
    };
    let mut able: Vec<(&Column<'_>, usize)> =
        view.columns.iter().filter(|column| !column.precedes()).map(|column| (column, count(column))).collect();
    able.sort_by_key(|(column, count)| (std::cmp::Reverse(*count), column.number));
    let name = |(column, count): &(&Column<'_>, usize)| {
        html! {
            a href={ "#" (Place::Resolution(column.number)) } { bdi lang="zh" { (column.name) } }
            (language.say("（", " (")) (count) "/" (parts) (language.say("）", ")"))
        }
    };
    html! {
        @if let ([most, .., least], true) = (able.as_slice(), parts > 0) {
            p.lede {
                (language.say("不早于指令的文本中，回应条段最多的是", "Of those that are not older, the most parts were taken up by "))
                (name(most))
                (language.say("，最少的是", ", the fewest by "))
                (name(least)) (language.say("。", "."))
            }
        }
    }
}

fn head(view: &View<'_>) -> Markup {
    let language = view.language;
    let rows = view.rows();
    let outermost: Vec<&MatrixRow> = rows.iter().filter(|row| row.depth == 0).collect();
    let able = view.columns.iter().filter(|column| !column.precedes()).count();
    let older = view.columns.len() - able;
    let taken_by = |count: usize| -> Vec<(usize, &MatrixRow)> {
        let all = rows.iter().enumerate().filter(|(_, row)| row.depth == 0);
        all.filter(|(_, row)| able > 0 && view.taken_up(row).0 == count).collect()
    };
    let (by_all, by_none) = (taken_by(able), taken_by(0));
    let figure = |value: usize, name: &str| html! { div { dt { (name) } dd { (value) } } };
    html! {
        header {
            p.kicker { (language.say("去向追踪", "Trace")) }
            h1 lang="zh" { bdi { (view.directive_title) } }
            p.facts {
                (comparison::document_facts(&view.trace.directive, view.outline, language))
            }
            @if !view.trace.references.is_empty() {
                p.note {
                    (language.say("参考文件：", "References: "))
                    @for (index, reference) in view.trace.references.iter().enumerate() {
                        @if index > 0 { (language.say("；", "; ")) }
                        bdi lang="zh" { (evidence::title(reference)) }
                    }
                }
            }
            dl.figures {
                (figure(outermost.len(), language.say("指令的条段", "parts of the directive")))
                (figure(view.columns.len(), language.say("追踪的文本", "resolutions traced")))
                (figure(older, language.say("早于指令", "older than the directive")))
                (figure(by_all.len(), language.say("条段得到后来各文回应", "parts taken up by all later ones")))
                (figure(by_none.len(), language.say("条段无一后文回应", "parts taken up by none of them")))
            }
            (lede(view, outermost.len()))
            @for (rows, name) in [
                (&by_all, language.say("后来各文都回应：", "Taken up by all later ones: ")),
                (&by_none, language.say("后来无一文回应：", "Taken up by none of them: ")),
            ] {
                @if !rows.is_empty() {
                    p.lede {
                        (name)
                        @for (place, (index, row)) in rows.iter().take(LEDE_ROWS).enumerate() {
                            @if place > 0 { (language.say("、", ", ")) }
                            (row_link(*index, row, view))
                        }
                        @if rows.len() > LEDE_ROWS { " …" }
                    }
                }
            }
            @let left_out = view.trace.resolutions.len().saturating_sub(view.columns.len());
            @if left_out > 0 {
                p.warning role="note" { (language.say("未能追踪的文本：", "Resolutions that could not be traced: ")) (left_out) }
            }
        }
    }
}
