//! Passages as cards: both wordings one beside the other with their edits, what kind of echo it is and where the
//! wording comes from.

use maud::{Markup, html};

use super::heading;
use super::marked::{MarkedText, form_class, side_letter};
use crate::compare::comparison::{Comparison, Edit, Origin, OriginKind, Outline, ParagraphRole, Passage};
use crate::report::glyph::{page_words, shortened, visible};
use crate::report::label::{self, Language, percent};
use crate::text::document::Document;
use crate::text::span::{Pair, Side};

/// Characters of a headline that serve as title.
const TITLE_CHARACTERS: usize = 40;

/// A document's title as the page names it: its title, else its id without folders.
pub(super) fn title(document: &Document) -> String {
    let metadata = document.metadata();
    if !metadata.title.trim().is_empty() {
        return visible(metadata.title.trim());
    }
    let name = metadata.id.rsplit(['/', '\\']).next().unwrap_or_default();
    visible(name.strip_suffix(".txt").unwrap_or(name))
}

/// A document's title: that of its metadata, else its own headline, else its id, else `otherwise`.
pub(super) fn title_or(document: &Document, outline: Option<&Outline>, otherwise: &str) -> String {
    let paragraphs = outline.map(|outline| outline.paragraphs.as_slice()).unwrap_or_default();
    let headline = paragraphs.iter().find(|paragraph| paragraph.role == ParagraphRole::Title);
    if let (true, Some(outline), Some(headline)) = (document.metadata().title.trim().is_empty(), outline, headline) {
        let said = page_words(document.text(), &outline.cleanings, headline.span);
        let said = shortened(&said.split_whitespace().collect::<String>(), TITLE_CHARACTERS);
        if !said.is_empty() {
            return said;
        }
    }
    let title = title(document);
    if title.is_empty() { otherwise.to_owned() } else { title }
}

/// Both sections of passages: echoes, heaviest first, and formula, folded away.
pub(super) fn passages(
    comparison: &Comparison,
    texts: &Pair<MarkedText<'_>>,
    references: &[Document],
    language: Language,
) -> Markup {
    let mut order: Vec<(usize, &Passage)> = comparison.passages.iter().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| other.weight.total_cmp(&one.weight).then(one.left.cmp(&other.left)));
    let (echoes, formulas): (Vec<_>, Vec<_>) = order.into_iter().partition(|(_, passage)| passage.is_echo());
    html! {
        section aria-labelledby="echoes" {
            (heading("echoes", language.say("回应文句", "Echoing passages"), "echoes", echoes.len()))
            p.note { (language.say(
                "按分量排列：比特数越大，共同的措辞在背景语料里越少见。编号与正文中的编号相同。",
                "Heaviest first: the more bits, the rarer the shared wording is in the background. Numbers are those in the text."
            )) }
            @if echoes.is_empty() { p.none { (language.say("没有找到回应文句。", "No echoing passage was found.")) } }
            @for (index, passage) in &echoes { (card(*index, passage, texts, references, language)) }
        }
        section aria-labelledby="formulas" {
            (heading("formulas", language.say("套话（不计为回应）", "Formula (not counted as echo)"), "formulas", formulas.len()))
            @if formulas.is_empty() {
                p.none { (language.say("没有找到套话。", "No formula was found.")) }
            } @else {
                details {
                    summary { (language.say("展开两文共有而人人皆说的文句", "Show what both say and everybody says")) }
                    ul.formulas {
                        @for (index, passage) in &formulas {
                            li id={ "f" (index + 1) } {
                                (place(passage, texts)) " "
                                span.f data-p=(index + 1) { (texts.right.edited(passage.right, &[])) }
                                span.facts {
                                    " " (background(&passage.origin, language))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn place(passage: &Passage, texts: &Pair<MarkedText<'_>>) -> Markup {
    let left = texts.left.paragraph_at(passage.left.start()) + 1;
    let right = texts.right.paragraph_at(passage.right.start()) + 1;
    html! {
        a href={ "#L" (left) } { "L" (left) } "→" a href={ "#R" (right) } { "R" (right) }
    }
}

fn card(
    index: usize,
    passage: &Passage,
    texts: &Pair<MarkedText<'_>>,
    references: &[Document],
    language: Language,
) -> Markup {
    let number = index + 1;
    html! {
        article.card id={ "p" (number) } data-p=(number) {
            h3 {
                span.n.(form_class(passage)) { (number) } " "
                (label::form(passage.form, language)) " "
                span.facts {
                    (place(passage, texts)) " · "
                    (format!("{:.0}", passage.weight)) " " (language.say("比特", "bits")) " · "
                    (language.say("相似 ", "similarity ")) (percent(passage.similarity)) " · "
                    (language.say("出处：", "origin: ")) (origin(&passage.origin, references, language))
                    (edit_counts(&passage.edits, language))
                }
            }
            div.pair {
                (wording(Side::Left, number, texts.left.edited(passage.left, &passage.edits), language))
                (wording(Side::Right, number, texts.right.edited(passage.right, &passage.edits), language))
            }
        }
    }
}

fn wording(side: Side, number: usize, words: Markup, language: Language) -> Markup {
    let (name, anchor) = match side {
        Side::Left => (language.say("左文", "Left"), 'l'),
        Side::Right => (language.say("右文", "Right"), 'r'),
    };
    html! {
        p.t lang="zh" {
            a.pn href={ "#" (anchor) (number) } { (name) " " (side_letter(side)) } " "
            (words)
        }
    }
}

/// Where a wording comes from, in words.
pub(super) fn origin(origin: &Origin, references: &[Document], language: Language) -> Markup {
    let named = (origin.kind == OriginKind::Reference)
        .then(|| origin.reference.and_then(|index| references.get(index as usize)))
        .flatten();
    html! {
        (label::origin(origin.kind, language))
        @if let Some(document) = named { " " bdi { (title(document)) } }
        @if origin.background_documents > 0 { " " (background(origin, language)) }
        @if let Some(date) = origin.earliest { (language.say("，最早见于 ", ", earliest ")) (date) }
    }
}

fn background(origin: &Origin, language: Language) -> Markup {
    html! {
        (language.say("（背景语料 ", "(in ")) (origin.background_documents)
        (language.say(" 篇）", " background documents)"))
    }
}

fn edit_counts(edits: &[Edit], language: Language) -> Markup {
    let counts = label::edit_counts(edits, language);
    html! {
        @if !counts.is_empty() {
            " · " (language.say("改动：", "edits: "))
            @for (place, (name, count)) in counts.iter().enumerate() {
                @if place > 0 { (language.say("、", ", ")) }
                (name) " " (count)
            }
        }
    }
}
