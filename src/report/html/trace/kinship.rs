//! Who shares wording that neither the directive nor the references hold: a city that copied a city. Then the phrases of
//! the directive that came back most often, and how much has which source.

use maud::{Markup, html};

use super::super::heading;
use super::View;
use super::matrix::{heat, whole_percent};
use super::words::{Place, source};
use crate::compare::comparison::{OriginKind, StageEnd};
use crate::report::glyph::shortened;
use crate::report::label::{self, percent};
use crate::trace::summary::{SharedBeyond, SourceCount};

/// Pairs that are shown with their wording at once; the others are folded.
const OPEN_PAIRS: usize = 8;
/// Pairs that are shown at all.
const MAX_PAIRS: usize = 200;
/// Runs that are shown of a pair.
const MAX_RUNS: usize = 3;
/// Phrases that are listed.
const MAX_PHRASES: usize = 60;

/// The section.
pub(super) fn kinship(view: &View<'_>) -> Markup {
    let language = view.language;
    let pairs = &view.trace.summary.shared_beyond;
    html! {
        section aria-labelledby="kinship" {
            (heading("kinship", language.say("彼此相近", "Kinship of the resolutions"), "pairs", pairs.len()))
            p.note { (language.say(
                "只看指令与参考文件都没有的措辞：两文共有而别处少见，说明一文可能照抄了另一文，或两文另有同一来源。",
                "Only wording that neither the directive nor the references hold: what two resolutions share of it one may have from the other, or both from a third."
            )) }
            @if pairs.is_empty() {
                p.none { (language.say("没有两文在指令之外共有措辞。", "No two share wording beyond the directive.")) }
            } @else {
                (grid(view))
                h3 { (language.say("最相近的各对", "The closest pairs")) }
                @for pair in pairs.iter().take(OPEN_PAIRS) { (pair_card(pair, view)) }
                @if pairs.len() > OPEN_PAIRS {
                    details {
                        summary { (language.say("其余各对", "The other pairs")) " (" (pairs.len() - OPEN_PAIRS) ")" }
                        @for pair in pairs.iter().take(MAX_PAIRS).skip(OPEN_PAIRS) { (pair_card(pair, view)) }
                        @if pairs.len() > MAX_PAIRS {
                            p.note { (language.say("较轻的各对未列：", "Lighter pairs not listed: ")) (pairs.len() - MAX_PAIRS) }
                        }
                    }
                }
            }
            @if view.trace.summary.completeness == StageEnd::Budget {
                p.warning role="note" { (language.say(
                    "文本太多，只细看了最可能相近的各对。",
                    "There are too many resolutions: only the pairs that can share most were looked at closely.")) }
            }
            (phrases(view))
            (origins(view))
        }
    }
}

/// Later resolutions × earlier ones, in the order in which those that share most stand together.
fn grid(view: &View<'_>) -> Markup {
    let language = view.language;
    let order: Vec<u32> = view.trace.summary.kinship_order.clone();
    let shared = |later: u32, earlier: u32| {
        let mut pairs = view.trace.summary.shared_beyond.iter().enumerate();
        pairs.find(|(_, pair)| pair.later == later && pair.earlier == earlier)
    };
    let most = view.trace.summary.shared_beyond.iter().map(|pair| pair.share).fold(0.01, f64::max);
    let name = |resolution: u32| view.column_of(resolution).map(|column| column.name.as_str()).unwrap_or_default();
    html! {
        div.scroll.wide tabindex="0" role="group" aria-label=(language.say("彼此相近的程度", "How close they are")) {
            table.matrix.kin {
                caption { (language.say(
                    "横行为较晚之文，纵列为较早之文；数字为较晚之文自有措辞中见于较早之文的百分比。",
                    "Rows are the later, columns the earlier resolution; the number is the share in percent of the later one's own wording that the earlier one holds.")) }
                thead { tr {
                    td {}
                    @for earlier in &order { th scope="col" { bdi lang="zh" { (name(*earlier)) } } }
                } }
                tbody {
                    @for later in &order {
                        tr {
                            th scope="row" lang="zh" { bdi { (name(*later)) } }
                            @for earlier in &order {
                                @if earlier == later { td.self { "╲" } }
                                @else {
                                    @match shared(*later, *earlier) {
                                        Some((place, pair)) => td.moved.{ "s" (heat(pair.share / most)) } {
                                            @if place < MAX_PAIRS {
                                                a href={ "#k" (pair.later + 1) "-" (pair.earlier + 1) } { (whole_percent(pair.share)) }
                                            } @else { (whole_percent(pair.share)) }
                                        },
                                        None => td {},
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

fn pair_card(pair: &SharedBeyond, view: &View<'_>) -> Markup {
    let language = view.language;
    let (Some(earlier), Some(later)) = (view.column_of(pair.earlier), view.column_of(pair.later)) else {
        return html! {};
    };
    html! {
        div.card id={ "k" (later.number) "-" (earlier.number) } {
            p.who {
                a href={ "#" (Place::Resolution(later.number)) } { bdi lang="zh" { (later.name) } }
                (if pair.order_known { language.say(" ← ", " ← ") } else { " ⇄ " })
                a href={ "#" (Place::Resolution(earlier.number)) } { bdi lang="zh" { (earlier.name) } }
                " " span.facts {
                    (format!("{:.0}", pair.weight)) " " (language.say("比特", "bits")) " · "
                    (language.say("占较晚之文自有措辞 ", "of the later one's own wording ")) (percent(pair.share)) " · "
                    (pair.runs) " " (language.say("处", "runs"))
                    @if !pair.order_known { " · " (language.say("先后不明", "order unknown")) }
                }
            }
            ul.plain {
                @for run in pair.examples.iter().take(MAX_RUNS) {
                    li {
                        span lang="zh" { bdi { "…" (shortened(&later.texts.right.words(run.later), 90)) "…" } }
                        " " span.facts { (format!("{:.0}", run.weight)) " " (language.say("比特", "bits")) }
                    }
                }
            }
        }
    }
}

fn phrases(view: &View<'_>) -> Markup {
    let language = view.language;
    let phrases = &view.trace.summary.phrases;
    html! {
        h3 id="phrases" { (language.say("指令中最常见于各文的短语", "Phrases of the directive that came back most often")) " "
            span.count data-count="phrases" { (phrases.len()) } }
        @if phrases.is_empty() { p.none { (language.say("没有。", "None.")) } }
        @else {
            div.scroll.low tabindex="0" role="group" aria-labelledby="phrases" {
                table.sortable.phrases {
                    thead { tr {
                        th scope="col" { (language.say("短语", "Phrase")) }
                        th scope="col" { (language.say("见于几文", "Resolutions")) }
                        th scope="col" { (language.say("比特", "Bits")) }
                        th scope="col" { (language.say("出处", "Origin")) }
                    } }
                    tbody {
                        @for phrase in phrases.iter().take(MAX_PHRASES) {
                            tr {
                                th scope="row" lang="zh" { bdi { (view.directive_words(phrase.left)) } }
                                td.number data-v=(phrase.resolutions.len()) { (phrase.resolutions.len()) }
                                td.number data-v=(phrase.weight) { (format!("{:.0}", phrase.weight)) }
                                td { (match phrase.origin {
                                    OriginKind::Left => language.say("指令", "directive"),
                                    other => label::origin(other, language),
                                }) }
                            }
                        }
                    }
                }
            }
            @if phrases.len() > MAX_PHRASES {
                p.note { (language.say("其余未列：", "Not listed: ")) (phrases.len() - MAX_PHRASES) }
            }
        }
    }
}

fn origins(view: &View<'_>) -> Markup {
    let language = view.language;
    let counts: &[SourceCount] = &view.trace.summary.sources;
    html! {
        @if !counts.is_empty() {
            h3 id="origins" { (language.say("全部文句与新增内容的来源", "Where all passages and additions come from")) }
            table.sortable.compact {
                thead { tr {
                    th scope="col" { (language.say("来源", "Source")) }
                    th scope="col" { (language.say("处数", "Stretches")) }
                    th scope="col" { (language.say("比特", "Bits")) }
                } }
                tbody {
                    @for count in counts {
                        tr {
                            th scope="row" { (source(count.source, view)) }
                            td.number data-v=(count.stretches) { (count.stretches) }
                            td.number data-v=(count.weight) { (format!("{:.0}", count.weight)) }
                        }
                    }
                }
            }
        }
    }
}
