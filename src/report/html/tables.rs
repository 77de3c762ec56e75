//! The tables of a comparison's page: score, links, items, phrases, sources, cleanings.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::marked::{MarkedText, side_letter};
use super::{PageOptions, bar, heading};
use crate::compare::comparison::{CleaningKind, Comparison, Fate, Item, OriginKind, SharedPhrase, StageEnd};
use crate::report::glyph::{shortened, visible};
use crate::report::label::{self, FATES, Language, percent};
use crate::text::document::Document;
use crate::text::span::{Pair, Raw, Side, Span};

/// Characters of an item that its row shows.
const ITEM_CHARACTERS: usize = 60;
/// Places of a phrase that its row links to, on each side.
const PHRASE_PLACES: usize = 4;

/// The score in its parts, with what each means.
pub(super) fn score(comparison: &Comparison, language: Language) -> Markup {
    let meanings = [
        language.say(
            "右文中与左文一字不差的部分所占篇幅。",
            "Share of the right text that repeats the left word for word.",
        ),
        language.say(
            "右文中只换了地名、层级（如全省→全市）的部分所占篇幅。",
            "Share that repeats the left but for place and level (全省→全市).",
        ),
        language.say("右文中另有改动的回应所占篇幅。", "Share that repeats the left with other changes."),
        language.say(
            "两文都有但人人皆说的文句所占篇幅，不计为回应。",
            "Share that both have but everybody says; not counted as echo.",
        ),
        language.say("左文条目中至少部分得到回应的比例。", "Share of the left items that came back at least in part."),
        language.say("回应中保持左文先后次序的比例。", "Share of the echo that keeps the order of the left text."),
    ];
    let parts = label::score_parts(&comparison.score, language).into_iter().zip(meanings);
    html! {
        table.score {
            caption { (language.say("回应的构成（右文为准，不合为一个总分）", "What the echo is made of (of the right text; never one figure)")) }
            thead { tr {
                th scope="col" { (language.say("部分", "Part")) }
                th scope="col" { (language.say("份额", "Share")) }
                th scope="col" { (language.say("含义", "Meaning")) }
            } }
            tbody {
                @for ((name, share), meaning) in parts {
                    tr {
                        th scope="row" { (name) }
                        td.share {
                            @match share {
                                Some(share) => { span.number { (percent(share)) } (bar(share)) }
                                None => { span.number { "—" } }
                            }
                        }
                        td { (meaning) @if share.is_none() { " " (language.say("此处无可计算。", "Nothing to count here.")) } }
                    }
                }
            }
        }
        @let ends = comparison.completeness;
        @if [ends.phrases, ends.passages, ends.alignment, ends.edits].contains(&StageEnd::Budget) {
            p.warning role="note" {
                (language.say(
                    "有的环节到达步数上限，结果有效但较粗：",
                    "A stage stopped at its step budget; the answer is valid and coarser: "))
                @for (name, end) in [
                    (language.say("短语", "phrases"), ends.phrases),
                    (language.say("文句", "passages"), ends.passages),
                    (language.say("对齐", "alignment"), ends.alignment),
                    (language.say("改动", "edits"), ends.edits),
                ] {
                    @if end == StageEnd::Budget { (name) " " }
                }
            }
        }
    }
}

/// Paragraph links, many to many.
pub(super) fn links(comparison: &Comparison, language: Language) -> Markup {
    html! {
        section aria-labelledby="links" {
            (heading("links", language.say("段落对应", "Paragraph links"), "links", comparison.links.len()))
            @if comparison.links.is_empty() {
                p.none { (language.say("没有段落相互回应。", "No paragraph echoes another.")) }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="links" {
                    table.sortable {
                        thead { tr {
                            th scope="col" { (language.say("左段", "Left")) }
                            th scope="col" { (language.say("右段", "Right")) }
                            th scope="col" { (language.say("相似", "Similarity")) }
                            th scope="col" { (language.say("覆盖左段", "Left covered")) }
                            th scope="col" { (language.say("覆盖右段", "Right covered")) }
                            th scope="col" { (language.say("证据文句", "Evidence")) }
                        } }
                        tbody {
                            @for link in &comparison.links {
                                tr {
                                    th scope="row" data-v=(link.left) { a href={ "#L" (link.left + 1) } { "L" (link.left + 1) } }
                                    td data-v=(link.right) { a href={ "#R" (link.right + 1) } { "R" (link.right + 1) } }
                                    td.number data-v=(link.similarity) { (format!("{:.2}", link.similarity)) }
                                    td.number data-v=(link.left_coverage) { (percent(link.left_coverage)) }
                                    td.number data-v=(link.right_coverage) { (percent(link.right_coverage)) }
                                    td data-v=(link.passages.len()) {
                                        @for passage in &link.passages {
                                            a href={ "#" (passage_id(comparison, *passage)) } { (passage + 1) } " "
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn passage_id(comparison: &Comparison, index: u32) -> String {
    let echo = comparison.passages.get(index as usize).is_none_or(|passage| passage.is_echo());
    format!("{}{}", if echo { 'p' } else { 'f' }, index + 1)
}

/// A fate as a badge: its name, framed and coloured.
fn fate_badge(fate: Fate, language: Language) -> Markup {
    let class = match fate {
        Fate::Kept => "kept",
        Fate::Adapted => "adapted",
        Fate::Merged => "merged",
        Fate::Split => "split",
        Fate::Moved => "moved",
        Fate::Partial => "partial",
        Fate::Silent => "silent",
    };
    html! { span.fate.(class) { (label::fate(fate, language)) } }
}

/// The left document's items and what became of each.
pub(super) fn items(comparison: &Comparison, texts: &Pair<MarkedText<'_>>, language: Language) -> Markup {
    let items = &comparison.items;
    html! {
        section aria-labelledby="items" {
            (heading("items", language.say("左文条目的去向", "What became of the left items"), "items", items.len()))
            @if items.is_empty() {
                p.none { (language.say("左文没有列举的条目。", "The left text enumerates no items.")) }
            } @else {
                p.tally {
                    @for fate in FATES {
                        @let count = items.iter().filter(|item| item.fate == fate).count();
                        @if count > 0 { (fate_badge(fate, language)) " " (count) " " }
                    }
                }
                div.scroll tabindex="0" role="group" aria-labelledby="items" {
                    table.sortable.items {
                        thead { tr {
                            th scope="col" { (language.say("条目", "Item")) }
                            th scope="col" { (language.say("去向", "Fate")) }
                            th scope="col" { (language.say("回应份额", "Came back")) }
                            th scope="col" { (language.say("右文何处", "Where on the right")) }
                        } }
                        tbody {
                            @for (index, item) in items.iter().enumerate() { (item_row(index, item, texts, language)) }
                        }
                    }
                }
            }
        }
    }
}

fn item_row(index: usize, item: &Item, texts: &Pair<MarkedText<'_>>, language: Language) -> Markup {
    let depth = item.depth.min(4);
    let rank = FATES.iter().position(|fate| *fate == item.fate).unwrap_or_default();
    html! {
        tr id={ "i" (index + 1) } {
            th.{ "d" (depth) } scope="row" data-v=(index) lang="zh" {
                a.pn href={ "#L" (item.paragraph + 1) } { "L" (item.paragraph + 1) } " "
                bdi { (shortened(&texts.left.words(item.left), ITEM_CHARACTERS)) }
            }
            td data-v=(rank) { (fate_badge(item.fate, language)) }
            td.share data-v=(item.coverage) { span.number { (percent(item.coverage)) } (bar(item.coverage)) }
            td data-v=(item.right.len()) { (places(Side::Right, &item.right, texts)) }
        }
    }
}

/// Links to the paragraphs that hold spans, each once, in the order of the spans.
fn places(side: Side, spans: &[Span<Raw>], texts: &Pair<MarkedText<'_>>) -> Markup {
    let mut numbers: Vec<usize> = Vec::new();
    for span in spans {
        let number = texts.get(side).paragraph_at(span.start()) + 1;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    let letter = side_letter(side);
    html! { @for number in numbers { a href={ "#" (letter) (number) } { (letter) (number) } " " } }
}

/// The phrase report.
pub(super) fn phrases(
    comparison: &Comparison,
    texts: &Pair<MarkedText<'_>>,
    references: &[Document],
    options: &PageOptions,
) -> Markup {
    let language = options.language;
    let phrases = &comparison.phrases;
    let left_out = phrases.len().saturating_sub(options.max_phrases);
    html! {
        section aria-labelledby="phrases" {
            (heading("phrases", language.say("共有短语", "Shared phrases"), "phrases", phrases.len()))
            @if phrases.is_empty() {
                p.none { (language.say("没有足够长的共有短语。", "No shared phrase is long enough.")) }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="phrases" {
                    table.sortable.phrases {
                        thead { tr {
                            th scope="col" { (language.say("短语（规范化后）", "Phrase (normalised)")) }
                            th scope="col" { (language.say("字数", "Characters")) }
                            th scope="col" { (language.say("左文", "Left")) }
                            th scope="col" { (language.say("右文", "Right")) }
                            th scope="col" { (language.say("比特", "Bits")) }
                            th scope="col" { (language.say("出处", "Origin")) }
                        } }
                        tbody {
                            @for phrase in phrases.iter().take(options.max_phrases) {
                                (phrase_row(phrase, texts, references, language))
                            }
                        }
                    }
                }
                @if left_out > 0 {
                    p.note { (language.say("另有较轻的短语未列：", "Lighter phrases not listed: ")) (left_out) }
                }
            }
        }
    }
}

fn phrase_row(
    phrase: &SharedPhrase,
    texts: &Pair<MarkedText<'_>>,
    references: &[Document],
    language: Language,
) -> Markup {
    let sides = [(Side::Left, &phrase.left, phrase.left_total), (Side::Right, &phrase.right, phrase.right_total)];
    let formula = phrase.origin.kind == OriginKind::Formula;
    html! {
        tr.formula[formula] {
            th scope="row" lang="zh" { bdi { (visible(&phrase.text)) } }
            td.number { (phrase.text.chars().count()) }
            @for (side, spans, total) in sides {
                td data-v=(total) {
                    "×" (total) " "
                    (places(side, &spans[..spans.len().min(PHRASE_PLACES)], texts))
                }
            }
            td.number data-v=(phrase.weight) { (format!("{:.0}", phrase.weight)) }
            td { (super::evidence::origin(&phrase.origin, references, language)) }
        }
    }
}

/// What each text itself names as its source.
pub(super) fn sources(comparison: &Comparison, texts: &Pair<MarkedText<'_>>, language: Language) -> Markup {
    let count = comparison.outlines.left.citations.len() + comparison.outlines.right.citations.len();
    html! {
        section aria-labelledby="sources" {
            (heading("sources", language.say("文中自称的来源", "Sources the texts name"), "citations", count))
            div.pair {
                @for side in [Side::Right, Side::Left] {
                    div {
                        h3 { (language.say(
                            if side == Side::Left { "左文" } else { "右文" },
                            if side == Side::Left { "Left" } else { "Right" })) }
                        (sources_of(comparison, texts, side, language))
                    }
                }
            }
        }
    }
}

fn sources_of(comparison: &Comparison, texts: &Pair<MarkedText<'_>>, side: Side, language: Language) -> Markup {
    let mut named: Vec<(String, &'static str, Vec<Span<Raw>>)> = Vec::new();
    for citation in &comparison.outlines.get(side).citations {
        let words = shortened(&texts.get(side).words(citation.span), ITEM_CHARACTERS);
        match named.iter_mut().find(|(known, _, _)| *known == words) {
            Some((_, _, spans)) => spans.push(citation.span),
            None => named.push((words, label::citation(citation.kind, language), vec![citation.span])),
        }
    }
    html! {
        @if named.is_empty() { p.none { (language.say("没有称引。", "None.")) } }
        @else {
            ul {
                @for (words, kind, spans) in named {
                    li {
                        span.facts { (kind) } " " bdi lang="zh" { (words) }
                        @if spans.len() > 1 { span.facts { " ×" (spans.len()) } }
                        " " (places(side, &spans, texts))
                    }
                }
            }
        }
    }
}

/// What was folded or ignored while the texts were read.
pub(super) fn cleanings(comparison: &Comparison, language: Language) -> Markup {
    let mut counts: BTreeMap<CleaningKind, Pair<usize>> = BTreeMap::new();
    for side in Side::BOTH {
        for cleaning in &comparison.outlines.get(side).cleanings {
            *counts.entry(cleaning.kind).or_default().get_mut(side) += 1;
        }
    }
    let total = counts.values().map(|count| count.left + count.right).sum();
    html! {
        section aria-labelledby="cleanings" {
            (heading("cleanings", language.say("读入时的整理", "Cleaned while reading"), "cleanings", total))
            @if counts.is_empty() {
                p.none { (language.say("两文都无需整理。", "Neither text needed any.")) }
            } @else {
                details {
                    summary { (language.say("各类整理的处数", "How many of each kind")) }
                    table {
                        thead { tr {
                            th scope="col" { (language.say("种类", "Kind")) }
                            th scope="col" { (language.say("左文", "Left")) }
                            th scope="col" { (language.say("右文", "Right")) }
                        } }
                        tbody {
                            @for (kind, count) in counts {
                                tr {
                                    th scope="row" { (label::cleaning(kind, language)) }
                                    td.number { (count.left) }
                                    td.number { (count.right) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
