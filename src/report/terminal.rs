//! A comparison as text for a terminal.
//!
//! In: a [`Comparison`], its documents and a [`View`]. Out: text with ANSI colours, for `anstream` to print or strip.
//! Always: what the reader sees of a document holds no control character, no bidirectional control and no escape, so
//! that no document can steer the terminal; every line fits the columns. On top a summary, then what echoes what in the
//! order of the left document, items and their fate, phrases, and formula last and dimmed. Cost: linear in what is shown.

mod labels;
mod trace;
mod wrap;

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use self::labels::Labels;
pub use self::trace::render_trace;
pub use self::wrap::without_controls;
use self::wrap::{Piece, shortened, write};
use crate::compare::comparison::{
    Comparison, Edit, EditKind, EditOp, Fate, Item, OriginKind, Outline, ParagraphLink, Passage, StageEnd,
};
use crate::report::glyph::words;
use crate::report::label::{self, Language, percent};
use crate::text::document::Document;
use crate::text::span::{Pair, Raw, Side, Span};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const PLAIN: Style = Style::new();
const LEFT_WORDS: Style = AnsiColor::Red.on_default();
const RIGHT_WORDS: Style = AnsiColor::Green.on_default();
const LOCALIZED: Style = AnsiColor::Cyan.on_default();
const STRENGTH: Style = AnsiColor::Yellow.on_default();

/// Passages shown under one link; the rest is counted.
const PASSAGES_A_LINK: usize = 6;
/// Phrases shown.
const PHRASES: usize = 15;
/// Formula passages shown.
const FORMULAS: usize = 8;
/// Words that both sides share are shown whole up to so many characters, longer ones by their ends.
const WHOLE_EQUAL_CHARACTERS: usize = 60;
/// Characters shown of each end.
const END_CHARACTERS: usize = 24;

/// How a comparison is shown.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Columns of the terminal.
    pub columns: usize,
    /// Language of labels.
    pub language: Language,
}

/// Renders a comparison. `documents` are those it was made from.
pub fn render(comparison: &Comparison, documents: &Pair<Document>, view: &View) -> String {
    let texts = documents.as_ref().map(Document::text);
    let mut page = Page {
        comparison,
        texts,
        labels: Labels::of(view.language),
        language: view.language,
        columns: view.columns,
        out: String::new(),
    };
    page.summary(documents);
    page.links();
    page.unlinked();
    page.items();
    page.phrases();
    page.sources();
    page.formula();
    page.line(&[Piece::label(format!("\n{}", page.labels.legend), DIM)], 0);
    page.out
}

struct Page<'a> {
    comparison: &'a Comparison,
    texts: Pair<&'a str>,
    labels: &'static Labels,
    language: Language,
    columns: usize,
    out: String,
}

impl Page<'_> {
    fn line(&mut self, pieces: &[Piece], indent: usize) {
        write(&mut self.out, pieces, indent, self.columns);
    }

    fn heading(&mut self, title: &str, count: usize) {
        self.out.push('\n');
        self.line(&[Piece::label(title, BOLD), Piece::label(format!("  {count}"), DIM)], 0);
    }

    fn more(&mut self, count: usize, indent: usize) {
        if count > 0 {
            let text = format!("{}{} {count}", " ".repeat(indent), self.labels.more);
            self.line(&[Piece::label(text, DIM)], indent);
        }
    }

    fn words(&self, side: Side, span: Span<Raw>) -> String {
        words(self.texts.get(side), &self.outline(side).cleanings, span)
    }

    fn outline(&self, side: Side) -> &Outline {
        self.comparison.outlines.get(side)
    }

    /// Number of the paragraph that holds a position, from 1.
    fn paragraph_number(&self, side: Side, position: u32) -> usize {
        self.outline(side).paragraphs.partition_point(|paragraph| paragraph.span.start() <= position).max(1)
    }

    fn summary(&mut self, documents: &Pair<Document>) {
        let labels = self.labels;
        for (side, name) in [(Side::Left, labels.left), (Side::Right, labels.right)] {
            let document = documents.get(side);
            let metadata = document.metadata();
            let title = if metadata.title.is_empty() { &metadata.id } else { &metadata.title };
            let paragraphs = self.outline(side).paragraphs.len();
            let characters = document.text().chars().filter(|character| !character.is_whitespace()).count();
            let counts =
                format!("  {paragraphs} {}{}{characters} {}", labels.paragraphs, labels.comma, labels.characters);
            let name = format!("{name:<5} ");
            self.line(&[Piece::label(name, BOLD), Piece::quoted(title, PLAIN), Piece::label(counts, DIM)], 6);
        }
        self.out.push('\n');
        let score = &self.comparison.score;
        let mut parts = vec![Piece::label(format!("{}{}", labels.share, labels.colon), BOLD)];
        let styles = [PLAIN, LOCALIZED, PLAIN, DIM, PLAIN, PLAIN];
        for ((name, share), style) in label::score_parts(score, self.language).into_iter().zip(styles) {
            if let Some(share) = share {
                parts.push(Piece::label(format!("  {name} {}", percent(share)), style));
            }
        }
        self.line(&parts, 2);
        let found = self.comparison;
        let echoes = found.passages.iter().filter(|passage| passage.is_echo()).count();
        let counts = [
            (found.links.len(), labels.links),
            (echoes, labels.echoes),
            (found.passages.len() - echoes, labels.formula_passages),
            (found.phrases.len(), labels.phrases),
            (found.items.len(), labels.items),
        ];
        let counts = counts.map(|(count, name)| format!("  {count} {name}"));
        self.line(
            &[Piece::label(format!("{}{}", labels.found, labels.colon), BOLD), Piece::label(counts.concat(), PLAIN)],
            2,
        );
        self.cleanings();
        let ends = found.completeness;
        if [ends.phrases, ends.passages, ends.alignment, ends.edits].contains(&StageEnd::Budget) {
            self.line(&[Piece::label(labels.coarse, STRENGTH)], 2);
        }
    }

    fn cleanings(&mut self) {
        let mut counts = BTreeMap::new();
        for side in Side::BOTH {
            for cleaning in &self.outline(side).cleanings {
                *counts.entry(cleaning.kind).or_insert(0usize) += 1;
            }
        }
        if !counts.is_empty() {
            let list =
                counts.iter().map(|(&kind, count)| format!("  {} {count}", label::cleaning(kind, self.language)));
            let text = format!("{}{}{}", self.labels.cleaned, self.labels.colon, list.collect::<String>());
            self.line(&[Piece::label(text, DIM)], 2);
        }
    }

    fn links(&mut self) {
        let comparison = self.comparison;
        let mut links: Vec<&ParagraphLink> = comparison.links.iter().collect();
        links.sort_by(|one, other| {
            one.left
                .cmp(&other.left)
                .then(other.similarity.total_cmp(&one.similarity))
                .then(one.right.cmp(&other.right))
        });
        self.heading(self.labels.what_echoes_what, links.len());
        if links.is_empty() {
            self.line(&[Piece::label(format!("  {}", self.labels.nothing), DIM)], 2);
        }
        for link in links {
            self.link(link);
        }
    }

    fn link(&mut self, link: &ParagraphLink) {
        let labels = self.labels;
        let head = format!("{} {} ⇄ {} {}", labels.left, link.left + 1, labels.right, link.right + 1);
        let facts = format!(
            "  {} {:.2}  {} {} {} / {} {}",
            labels.similarity,
            link.similarity,
            labels.covers,
            labels.left,
            percent(link.left_coverage),
            labels.right,
            percent(link.right_coverage),
        );
        self.line(&[Piece::label(head, BOLD), Piece::label(facts, DIM)], 2);
        let comparison = self.comparison;
        let mut passages: Vec<&Passage> =
            link.passages.iter().filter_map(|&index| comparison.passages.get(index as usize)).collect();
        passages.sort_by(|one, other| other.weight.total_cmp(&one.weight).then(one.left.cmp(&other.left)));
        if passages.is_empty() {
            self.paragraph_opening(Side::Left, link.left);
            self.paragraph_opening(Side::Right, link.right);
        }
        for passage in passages.iter().take(PASSAGES_A_LINK) {
            self.passage(passage);
        }
        self.more(passages.len().saturating_sub(PASSAGES_A_LINK), 4);
    }

    fn paragraph_opening(&mut self, side: Side, index: u32) {
        let Some(paragraph) = self.outline(side).paragraphs.get(index as usize) else { return };
        let name = if side == Side::Left { self.labels.left } else { self.labels.right };
        let opening = shortened(&self.words(side, paragraph.span), self.columns - 12);
        self.line(&[Piece::label(format!("    {name} "), DIM), Piece::quoted(&opening, PLAIN)], 4);
    }

    fn passage(&mut self, passage: &Passage) {
        let labels = self.labels;
        if !passage.is_echo() {
            return self.formula_passage(passage);
        }
        let mut pieces = vec![Piece::label("  ● ", BOLD)];
        pieces.extend(self.edited(&passage.edits));
        let mut facts = format!(
            "{}{}{}{:.0} {}",
            labels.brackets[0],
            label::form(passage.form, self.language),
            labels.comma,
            passage.weight,
            labels.bits
        );
        if passage.origin.kind == OriginKind::Reference {
            let number = passage.origin.reference.map_or(String::new(), |reference| format!(" {}", reference + 1));
            facts += &format!("{}{}{number}", labels.comma, labels.from_reference);
        }
        facts += &self.edit_counts(&passage.edits);
        pieces.push(Piece::label(facts + labels.brackets[1], DIM));
        self.line(&pieces, 4);
    }

    fn formula_passage(&mut self, passage: &Passage) {
        let label = format!("  ○ {}{} ", self.labels.formula, self.labels.colon);
        let room = self.columns.saturating_sub(wrap::width(&label) + 4);
        let words = shortened(&self.words(Side::Right, passage.right), room);
        self.line(&[Piece::label(label, DIM), Piece::quoted(&words, DIM)], 4);
    }

    fn edit_counts(&self, edits: &[Edit]) -> String {
        let counts = label::edit_counts(edits, self.language);
        if counts.is_empty() {
            return String::new();
        }
        let list: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let list = list.join(" ");
        format!("{}{}{}{list}", self.labels.comma, self.labels.edits, self.labels.equals)
    }

    /// The left text with the changes to the right one inside.
    fn edited(&self, edits: &[Edit]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for edit in edits {
            if edit.op() == EditOp::Equal {
                pieces.push(Piece::quoted(&shortened_middle(&self.words(Side::Left, edit.left)), PLAIN));
                continue;
            }
            let style = |words| match edit.kind {
                Some(EditKind::Localization) => LOCALIZED,
                Some(EditKind::Strength(_) | EditKind::Number(_)) => STRENGTH,
                _ => words,
            };
            if !edit.left.is_empty() {
                let words = shortened_middle(&self.words(Side::Left, edit.left));
                pieces.push(Piece::quoted(&format!("[-{words}-]"), style(LEFT_WORDS.strikethrough())));
            }
            if !edit.right.is_empty() {
                let words = shortened_middle(&self.words(Side::Right, edit.right));
                pieces.push(Piece::quoted(&format!("{{+{words}+}}"), style(RIGHT_WORDS)));
            }
        }
        pieces
    }

    fn unlinked(&mut self) {
        let comparison = self.comparison;
        let mut linked = vec![false; comparison.passages.len()];
        for &index in comparison.links.iter().flat_map(|link| &link.passages) {
            if let Some(seen) = linked.get_mut(index as usize) {
                *seen = true;
            }
        }
        let rest: Vec<&Passage> = comparison
            .passages
            .iter()
            .zip(linked)
            .filter(|(passage, linked)| passage.is_echo() && !linked)
            .map(|(passage, _)| passage)
            .collect();
        if rest.is_empty() {
            return;
        }
        self.heading(self.labels.unlinked, rest.len());
        for passage in rest {
            let left = self.paragraph_number(Side::Left, passage.left.start());
            let right = self.paragraph_number(Side::Right, passage.right.start());
            let head = format!("{} {left} → {} {right}", self.labels.left, self.labels.right);
            self.line(&[Piece::label(head, BOLD)], 2);
            self.passage(passage);
        }
    }

    fn items(&mut self) {
        let comparison = self.comparison;
        if comparison.items.is_empty() {
            return;
        }
        self.heading(self.labels.items_and_fates, comparison.items.len());
        let names = label::FATES.map(|fate| (fate, label::fate(fate, self.language)));
        let counts = names.map(|(fate, name)| {
            let count = comparison.items.iter().filter(|item| item.fate == fate).count();
            if count > 0 { format!("  {name} {count}") } else { String::new() }
        });
        self.line(&[Piece::label(counts.concat(), DIM)], 2);
        for item in &comparison.items {
            let name = names.iter().find(|(fate, _)| *fate == item.fate).map_or("", |(_, name)| name);
            self.item(item, name);
        }
    }

    fn item(&mut self, item: &Item, fate: &str) {
        let mut places: Vec<usize> =
            item.right.iter().map(|span| self.paragraph_number(Side::Right, span.start())).collect();
        places.sort_unstable();
        places.dedup();
        let style = if item.fate == Fate::Silent { DIM } else { PLAIN };
        let facts = if item.fate == Fate::Silent {
            format!("  {fate}")
        } else {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            format!("  {fate} {} → {} {}", percent(item.coverage), self.labels.right, places.join(", "))
        };
        let indent = 2 + 2 * (item.depth as usize).min(8);
        let room = self.columns.saturating_sub(indent + wrap::width(&facts) + 2).max(16);
        let words = shortened(&self.words(Side::Left, item.left), room);
        let lead = Piece::label(" ".repeat(indent), PLAIN);
        self.line(&[lead, Piece::quoted(&words, style), Piece::label(facts, BOLD)], indent + 2);
    }

    fn phrases(&mut self) {
        let comparison = self.comparison;
        let telling: Vec<_> =
            comparison.phrases.iter().filter(|phrase| phrase.origin.kind != OriginKind::Formula).collect();
        if telling.is_empty() {
            return;
        }
        self.heading(self.labels.shared_phrases, telling.len());
        for phrase in telling.iter().take(PHRASES) {
            let facts = format!(
                "  {:.0} {}{}{} ×{}, {} ×{}",
                phrase.weight,
                self.labels.bits,
                self.labels.comma,
                self.labels.left,
                phrase.left_total,
                self.labels.right,
                phrase.right_total
            );
            let words = shortened_middle(&phrase.text);
            self.line(&[Piece::label("  ", PLAIN), Piece::quoted(&words, PLAIN), Piece::label(facts, DIM)], 4);
        }
        self.more(telling.len().saturating_sub(PHRASES), 2);
    }

    fn sources(&mut self) {
        let citations = &self.outline(Side::Right).citations;
        let mut counts: Vec<(String, usize)> = Vec::new();
        for citation in citations {
            let words = shortened(&self.words(Side::Right, citation.span), self.columns - 8);
            match counts.iter_mut().find(|(known, _)| *known == words) {
                Some((_, count)) => *count += 1,
                None => counts.push((words, 1)),
            }
        }
        if counts.is_empty() {
            return;
        }
        self.heading(self.labels.sources, counts.len());
        for (words, count) in counts {
            let times = if count > 1 { format!("  ×{count}") } else { String::new() };
            self.line(&[Piece::label("  ", PLAIN), Piece::quoted(&words, PLAIN), Piece::label(times, DIM)], 4);
        }
    }

    fn formula(&mut self) {
        let comparison = self.comparison;
        let mut formulas: Vec<&Passage> = comparison.passages.iter().filter(|passage| !passage.is_echo()).collect();
        if formulas.is_empty() {
            return;
        }
        formulas.sort_by(|one, other| other.weight.total_cmp(&one.weight).then(one.left.cmp(&other.left)));
        self.heading(self.labels.formula_title, formulas.len());
        for passage in formulas.iter().take(FORMULAS) {
            self.formula_passage(passage);
        }
        self.more(formulas.len().saturating_sub(FORMULAS), 2);
    }
}

/// The text, or both its ends where it is long.
fn shortened_middle(text: &str) -> String {
    let text = without_controls(text);
    let count = text.chars().count();
    if count <= WHOLE_EQUAL_CHARACTERS {
        return text;
    }
    let head: String = text.chars().take(END_CHARACTERS).collect();
    let tail: String = text.chars().skip(count - END_CHARACTERS).collect();
    format!("{head}……{tail}")
}

#[cfg(test)]
mod tests;
