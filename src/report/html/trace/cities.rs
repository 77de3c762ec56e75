//! One resolution after the other: its figures, the sources it names and echoes, what it changed in obligation and
//! figures, and what it adds.

use maud::{Markup, html};

use super::super::{comparison, heading};
use super::words::{Place, attribution, relation, subject, trend};
use super::{Column, View, timeline};
use crate::compare::comparison::Edit;
use crate::report::glyph::shortened;
use crate::report::label::{self, percent};
use crate::text::span::{Raw, Side, Span};
use crate::trace::finding::{Addition, Change, NamedSource, Source, SourceCheck};
use crate::trace::summary::Stretch;

/// Additions that are shown at once; the others are folded.
const OPEN_ADDITIONS: usize = 5;
/// Additions that are shown at all.
const MAX_ADDITIONS: usize = 60;
/// Characters of an addition that are shown.
const ADDITION_CHARACTERS: usize = 160;
/// Characters around a change that are shown on each side.
const CONTEXT_CHARACTERS: usize = 14;
/// Wordings had from an earlier resolution that are shown.
const MAX_BORROWED: usize = 8;

/// The section.
pub(super) fn cities(view: &View<'_>) -> Markup {
    let language = view.language;
    html! {
        section aria-labelledby="cities" {
            (heading("cities", language.say("各文", "Resolution by resolution"), "cities", view.columns.len()))
            p.note { (language.say(
                "每文所称引的来源与文字实际所出的来源、力度与数字的改动、指令所无的新增内容。",
                "Of each: the sources it names against those its wording shows, changes of obligation and of figures, and what it adds to the directive."
            )) }
            @for column in &view.columns { (city(column, view)) }
        }
    }
}

fn city(column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let finding = column.finding;
    html! {
        article.city.older[column.precedes()] id=(Place::Resolution(column.number)) data-c=(column.number) {
            h3 { bdi lang="zh" { (column.title) } }
            p.facts {
                (comparison::document_facts(column.document, Some(&finding.comparison.outlines.right), language)) " · "
                (if column.precedes() { "◇ " } else { "" }) (relation(&column.traced.chronology, language))
            }
            @if column.precedes() {
                p.warning role="note" {
                    (language.say(
                        "此文早于指令：两者相同之处不是回应，指令或许取自此文或同一来源。",
                        "Older than the directive: what both share is no echo; the directive may have it from here or from the same source."))
                    @if let Some(reverse) = column.traced.reverse {
                        @if reverse.passages > 0 {
                            " " (language.say("两者共有而参考文件所无的文句：", "Passages that both share and no reference holds: "))
                            (reverse.passages) (language.say(" 处，", ", ")) (format!("{:.0}", reverse.weight)) (language.say(" 比特。", " bits."))
                        }
                    }
                    @if column.traced.chronology.amended_after {
                        " " (language.say("此文在指令之后修正过，修正的部分可能出自指令。", "It was amended after the directive; what was amended may come from it."))
                    }
                }
            }
            (timeline::fates(column, view))
            @let score = label::score_parts(&column.traced.score, language);
            p.facts {
                @for (index, (name, share)) in score.into_iter().enumerate() {
                    @if index > 0 { " · " }
                    (name) " " @match share { Some(share) => (percent(share)), None => "—" }
                }
            }
            div.columns {
                div { (sources(column, view)) (borrowed(column, view)) }
                div { (changes(column, view)) }
            }
            (additions(column, view))
        }
    }
}

fn sources(column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let (sent, cited): (Vec<&SourceCheck>, Vec<&SourceCheck>) =
        column.finding.sources.iter().partition(|check| !matches!(check.source, NamedSource::Citation(_)));
    html! {
        h4 { (language.say("称引的来源与文字的来源", "Sources named and sources echoed")) }
        table.compact {
            thead { tr {
                th scope="col" { (language.say("来源", "Source")) }
                th scope="col" { (language.say("文中称引", "Named")) }
                th scope="col" { (language.say("文字可见", "Echoed")) }
            } }
            tbody {
                @for check in sent {
                    tr {
                        th scope="row" {
                            @match check.source {
                                NamedSource::Directive => { (super::words::source(Some(Source::Directive), view)) }
                                NamedSource::Reference(index) => { (super::words::source(Some(Source::Reference(index)), view)) }
                                NamedSource::Citation(_) => {}
                            }
                        }
                        td { (if check.declared_by.is_some() { language.say("✓ 称引", "✓ named") } else { language.say("✗ 未称引", "✗ not named") }) }
                        td { @match check.echoed.filter(|_| !(column.precedes() && check.source == NamedSource::Directive)) {
                            Some(true) => { (language.say("✓ 可见", "✓ echoed")) }
                            Some(false) => { (language.say("✗ 不见", "✗ not echoed")) }
                            None if column.precedes() => { (language.say("早于指令，不论", "older, not asked")) }
                            None => { "—" }
                        } }
                    }
                }
            }
        }
        @if !cited.is_empty() {
            p.facts {
                (language.say("另称引：", "It also names: "))
                @for (place, check) in cited.iter().enumerate() {
                    @if let NamedSource::Citation(index) = check.source {
                        @if let Some(citation) = column.finding.comparison.outlines.right.citations.get(index as usize) {
                            @if place > 0 { (language.say("；", "; ")) }
                            bdi lang="zh" { (shortened(&column.texts.right.words(citation.span), 40)) }
                        }
                    }
                }
            }
        }
    }
}

/// Wordings whose best source is an earlier resolution.
fn borrowed(column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let earlier = column.traced.changed.iter().filter_map(|changed| match changed.attribution.source() {
        Some(Source::EarlierResolution(of)) => Some((changed, of)),
        _ => None,
    });
    let mut found: Vec<_> = earlier.collect();
    found.sort_by(|(one, _), (other, _)| {
        let weight = |changed: &crate::trace::summary::ChangedAttribution| {
            changed.attribution.candidates.first().map_or(0.0, |candidate| candidate.weight)
        };
        weight(other).total_cmp(&weight(one)).then(one.span.cmp(&other.span))
    });
    html! {
        @if !found.is_empty() {
            h4 { (language.say("措辞更像取自更早的文本", "Wording that an earlier resolution has rather")) " " span.count { (found.len()) } }
            ul.plain {
                @for (changed, of) in found.iter().take(MAX_BORROWED) {
                    li {
                        (super::words::source(Some(Source::EarlierResolution(*of)), view)) " "
                        span lang="zh" { bdi { (shortened(&column.texts.right.words(changed.span), 70)) } }
                        @if let Stretch::Passage(passage) = changed.stretch {
                            " " a href={ "#" (Place::Passage { resolution: column.number, passage: passage + 1 }) } { (language.say("证据", "evidence")) }
                        }
                    }
                }
            }
        }
    }
}

fn changes(column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let changes = &column.finding.changes;
    html! {
        h4 { (language.say("力度与数字的改动", "Changes of obligation and figures")) " " span.count { (changes.len()) } }
        @if changes.is_empty() { p.none { (language.say("没有。", "None.")) } }
        @else {
            div.scroll.low tabindex="0" role="group" aria-label={ (language.say("力度与数字的改动：", "Changes of obligation and figures: ")) (column.name) } {
                table.compact {
                    thead { tr {
                        th scope="col" { (language.say("改动", "Change")) }
                        th scope="col" { (language.say("指令", "Directive")) }
                        th scope="col" { (language.say("此文", "Resolution")) }
                    } }
                    tbody { @for change in changes { (change_row(change, column, view)) } }
                }
            }
        }
    }
}

fn change_row(change: &Change, column: &Column<'_>, view: &View<'_>) -> Markup {
    let passage = column.finding.comparison.passages.get(change.passage as usize);
    let edit = passage.and_then(|passage| passage.edits.get(change.edit as usize));
    let documents = [view.trace.directive.text(), column.document.text()];
    html! {
        @if let (Some(passage), Some(edit)) = (passage, edit) {
            tr {
                th scope="row" {
                    a href={ "#" (Place::Passage { resolution: column.number, passage: change.passage + 1 }) } {
                        (subject(change.subject, view.language)) " " (trend(change.trend, view.language))
                    }
                }
                @for side in Side::BOTH {
                    @let (text, within, at) = match side {
                        Side::Left => (documents[0], passage.left, edit.left),
                        Side::Right => (documents[1], passage.right, edit.right),
                    };
                    td lang="zh" { (in_context(column, side, text, within, at, edit)) }
                }
            }
        }
    }
}

/// The changed words with what stands around them.
fn in_context(column: &Column<'_>, side: Side, text: &str, within: Span<Raw>, at: Span<Raw>, edit: &Edit) -> Markup {
    let slice = |from: u32, to: u32| text.get(from as usize..to.max(from) as usize).unwrap_or_default();
    let before = slice(within.start(), at.start());
    let after = slice(at.end(), within.end());
    let from = before.char_indices().rev().nth(CONTEXT_CHARACTERS).map_or(0, |(index, c)| index + c.len_utf8());
    let to = after.char_indices().nth(CONTEXT_CHARACTERS).map_or(after.len(), |(index, _)| index);
    let span = Span::new(within.start() + from as u32, at.end().max(at.start()) + to as u32);
    html! {
        @if from > 0 { "…" }
        (column.texts.get(side).edited(span, std::slice::from_ref(edit)))
        @if to < after.len() { "…" }
    }
}

fn additions(column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let additions = &column.finding.additions;
    let shown = additions.len().min(MAX_ADDITIONS);
    html! {
        h4 { (language.say("指令所无的新增内容", "What it adds to the directive")) " " span.count data-count="additions" { (additions.len()) } }
        @if additions.is_empty() { p.none { (language.say("没有。", "None.")) } }
        @else {
            ol.plain { @for (at, addition) in additions.iter().enumerate().take(OPEN_ADDITIONS) { (added(at, addition, column, view)) } }
            @if shown > OPEN_ADDITIONS {
                details {
                    summary { (language.say("其余新增内容", "The other additions")) " (" (shown - OPEN_ADDITIONS) ")" }
                    ol.plain start=(OPEN_ADDITIONS + 1) {
                        @for (at, addition) in additions.iter().enumerate().take(shown).skip(OPEN_ADDITIONS) { (added(at, addition, column, view)) }
                    }
                    @if additions.len() > shown {
                        p.note { (language.say("另有较轻的未列：", "Lighter ones not listed: ")) (additions.len() - shown) }
                    }
                }
            }
        }
    }
}

fn added(at: usize, addition: &Addition, column: &Column<'_>, view: &View<'_>) -> Markup {
    let language = view.language;
    let text = &column.texts.right;
    let sources = column.addition_sources(at).filter(|sources| sources.source().is_some());
    html! {
        li {
            span lang="zh" { bdi { (shortened(&text.words(addition.span), ADDITION_CHARACTERS)) } }
            " " span.facts {
                "R" (text.paragraph_at(addition.span.start()) + 1) " · "
                (format!("{:.0}", addition.weight)) " " (language.say("比特", "bits"))
                @if let Some(sources) = sources { " · " (language.say("来源：", "source: ")) (attribution(sources, view)) }
            }
        }
    }
}
