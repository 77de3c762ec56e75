//! The page of a comparison: what it found in numbers and in a drawing, then both documents side by side, then the
//! passages, items, phrases and sources one by one.

use std::ops::Range;

use maud::{Markup, html};

use super::marked::{MarkedText, edit_class, side_letter};
use super::{PageOptions, evidence, heading, overview, page, tables};
use crate::compare::comparison::{
    Bead, BeadKind, Comparison, Direction, Edit, EditKind, KnownDate, Outline, ParagraphLink, ParagraphRole,
};
use crate::report::glyph::visible;
use crate::report::label::{self, Language, percent};
use crate::text::document::{Document, Level};
use crate::text::span::{Pair, Side};

/// Similarity below which a row marks, outside of its passages, no words that are merely others: almost all are.
const FAR_SIMILARITY: f64 = 0.4;

/// Renders a comparison. `documents` and `references` are those it was made from.
pub fn comparison_page(
    comparison: &Comparison,
    documents: &Pair<Document>,
    references: &[Document],
    options: PageOptions,
) -> String {
    let language = options.language;
    let texts = Pair::new(
        MarkedText::new(comparison, Side::Left, documents.left.text(), language),
        MarkedText::new(comparison, Side::Right, documents.right.text(), language),
    );
    let title = |side: Side| {
        evidence::title_or(documents.get(side), Some(comparison.outlines.get(side)), side_name(side, language))
    };
    let titles = Pair::new(title(Side::Left), title(Side::Right));
    let name = match language {
        Language::Chinese => format!("{} ⇄ {}：文本对照", titles.left, titles.right),
        Language::English => format!("{} ⇄ {}: comparison", titles.left, titles.right),
    };
    let sections = [
        ("summary", language.say("概览", "Summary")),
        ("texts", language.say("对照", "Texts")),
        ("links", language.say("段落对应", "Links")),
        ("echoes", language.say("回应文句", "Echoes")),
        ("items", language.say("条目", "Items")),
        ("phrases", language.say("短语", "Phrases")),
        ("formulas", language.say("套话", "Formula")),
        ("sources", language.say("来源", "Sources")),
        ("cleanings", language.say("整理", "Cleanings")),
    ];
    let content = html! {
        header {
            h1 { (language.say("文本对照", "Text comparison")) }
            div.pair.documents {
                (document_card(&documents.left, comparison, Side::Left, language))
                (document_card(&documents.right, comparison, Side::Right, language))
            }
            @if !references.is_empty() {
                p.note {
                    (language.say("参考文件：", "References: "))
                    @for (index, reference) in references.iter().enumerate() {
                        @if index > 0 { (language.say("；", "; ")) }
                        bdi lang="zh" { (evidence::title(reference)) }
                    }
                }
            }
        }
        section aria-labelledby="summary" {
            h2 id="summary" { (language.say("概览", "Summary")) }
            (overview::overview(comparison, documents, &options))
            (tables::score(comparison, language))
        }
        (aligned(comparison, &texts, language))
        (tables::links(comparison, language))
        (evidence::passages(comparison, &texts, references, language))
        (tables::items(comparison, &texts, language))
        (tables::phrases(comparison, &texts, references, &options))
        (tables::sources(comparison, &texts, language))
        (tables::cleanings(comparison, language))
    };
    page(language, &name, &sections, content)
}

fn document_card(document: &Document, comparison: &Comparison, side: Side, language: Language) -> Markup {
    let outline = comparison.outlines.get(side);
    let title = evidence::title_or(document, Some(outline), side_name(side, language));
    html! {
        div.document {
            p.side { (side_name(side, language)) }
            p.title lang="zh" { bdi { (title) } }
            p.facts { (document_facts(document, Some(outline), language)) }
        }
    }
}

/// Issuer, level, length and dates of a document in a line.
pub(super) fn document_facts(document: &Document, outline: Option<&Outline>, language: Language) -> Markup {
    let metadata = document.metadata();
    let characters = document.text().chars().filter(|character| !character.is_whitespace()).count();
    html! {
        @if !metadata.issuer.is_empty() { bdi lang="zh" { (visible(&metadata.issuer)) } " · " }
        @else if !metadata.region.is_empty() { bdi lang="zh" { (visible(&metadata.region)) } " · " }
        @if let Some(level) = level(metadata.level, language) { (level) " · " }
        @if let Some(outline) = outline {
            (outline.paragraphs.len()) " " (language.say("段", "paragraphs")) " · "
        }
        (characters) " " (language.say("字", "characters"))
        @if let Some(outline) = outline { " · " (dates(&outline.dates, language)) }
    }
}

fn side_name(side: Side, language: Language) -> &'static str {
    match side {
        Side::Left => language.say("左文", "Left"),
        Side::Right => language.say("右文", "Right"),
    }
}

fn level(level: Level, language: Language) -> Option<&'static str> {
    match level {
        Level::Unknown => None,
        Level::Central => Some(language.say("中央", "central")),
        Level::Provincial => Some(language.say("省级", "provincial")),
        Level::Municipal => Some(language.say("市级", "municipal")),
        Level::County => Some(language.say("县级", "county")),
        Level::Township => Some(language.say("乡级", "township")),
    }
}

fn dates(dates: &[KnownDate], language: Language) -> Markup {
    html! {
        @if dates.is_empty() { (language.say("日期不明", "date unknown")) }
        @for (index, known) in dates.iter().enumerate() {
            @if index > 0 { " · " }
            (label::date_role(known.role, language)) " " (known.date)
            @if known.inferred_from.is_some() { (language.say("（据正文推定）", " (inferred from the text)")) }
        }
    }
}

fn aligned(comparison: &Comparison, texts: &Pair<MarkedText<'_>>, language: Language) -> Markup {
    html! {
        section aria-labelledby="texts" {
            (heading("texts", language.say("两文对照", "Side by side"), "beads", comparison.beads.len()))
            p.note { (language.say(
                "每行是一组相互对应的段落。段首编号 L 为左文、R 为右文；⇄ 指出它所回应的段落，↗ 表示那一段排在别的行。正文中的小方号是回应文句的编号，两边同号，点按可至另一边。相似不到 40% 的行，文句之外一般的增、省、改不再标出。",
                "Each row is a group of paragraphs that belong together. L and R number the paragraphs; ⇄ names the paragraph it echoes, ↗ one that stands in another row. Small boxed numbers mark echoing passages: the same number on both sides, each leading to the other. Rows of less than 40% similarity leave plain additions, omissions and rewordings outside of the passages unmarked."
            )) }
            (legend(language))
            p.controls {
                label { input type="checkbox" id="show-cleanings"; " " (language.say("显示读入时略去的字符（拼音等）", "Show what was left out while reading (pinyin and the like)")) }
                label { input type="checkbox" id="only-answered"; " " (language.say("只看有对应的段落", "Only rows with both sides")) }
            }
            @for (index, bead) in comparison.beads.iter().enumerate() { (row(index, bead, comparison, texts, language)) }
        }
    }
}

/// Every mark with its name: colour, line and sign.
pub(super) fn legend(language: Language) -> Markup {
    let kinds = [
        EditKind::Localization,
        EditKind::Number(Box::default()),
        EditKind::Strength(Direction::Stronger),
        EditKind::Strength(Direction::Weaker),
        EditKind::Synonym,
        EditKind::Name,
        EditKind::Date,
        EditKind::Slogan,
        EditKind::Reordering,
        EditKind::Punctuation,
        EditKind::Addition,
        EditKind::Omission,
        EditKind::Other,
    ];
    html! {
        details.legend open {
            summary { (language.say("图例", "Legend")) }
            ul {
                @for kind in kinds {
                    li { span.mark.z.(edit_class(&kind)) { (label::edit_kind(&kind, language)) } }
                }
                li { span.e.v { span.n.v { "1" } (language.say("逐字回应", "verbatim echo")) } }
                li { span.e.l { span.n.l { "2" } (language.say("地方化回应", "localized echo")) } }
                li { span.e.a { span.n.a { "3" } (language.say("改写回应", "adapted echo")) } }
                li { span.f { (language.say("套话", "formula")) } }
                li { span.w { (language.say("读作别字（繁体、全角等）", "read as another form")) } " "
                    span.facts { (language.say("（显示略去字符时）", "(while cleanings are shown)")) } }
            }
        }
    }
}

fn row(index: usize, bead: &Bead, comparison: &Comparison, texts: &Pair<MarkedText<'_>>, language: Language) -> Markup {
    let both = !bead.left.is_empty() && !bead.right.is_empty();
    let number = index + 1;
    html! {
        article.bead.one[!both].far[both && bead.similarity < FAR_SIMILARITY] id={ "b" (number) } {
            h3 {
                a href={ "#b" (number) } { (number) } " "
                (label::bead_kind(bead.kind, language))
                @if !matches!(bead.kind, BeadKind::Match | BeadKind::LeftOnly | BeadKind::RightOnly) {
                    " " (bead.left.len()) ":" (bead.right.len())
                }
                @if both { span.facts { span.separator { " · " } (language.say("相似 ", "similarity ")) (percent(bead.similarity)) } }
                @if bead.moved { " " span.moved { "⇅ " (language.say("移位", "moved")) } }
            }
            div.pair {
                (column(Side::Left, bead, both, comparison, texts, language))
                (column(Side::Right, bead, both, comparison, texts, language))
            }
        }
    }
}

fn column(
    side: Side,
    bead: &Bead,
    both: bool,
    comparison: &Comparison,
    texts: &Pair<MarkedText<'_>>,
    language: Language,
) -> Markup {
    let (own, other) = match side {
        Side::Left => (&bead.left, &bead.right),
        Side::Right => (&bead.right, &bead.left),
    };
    // Where the other side is silent, the whole paragraph would be one omission or addition: the row says that.
    let edits: &[Edit] = if both { &bead.edits } else { &[] };
    let outline = comparison.outlines.get(side);
    html! {
        div.column {
            @for index in own.clone() {
                @if let Some(paragraph) = outline.paragraphs.get(index as usize) {
                    div.paragraph id={ (side_letter(side)) (index + 1) } {
                        (margin(side, index, paragraph.role, other, comparison, language))
                        p.t.(role_class(paragraph.role)) lang="zh" {
                            (texts.get(side).paragraph(index as usize, paragraph.span, edits))
                        }
                    }
                }
            }
            @if own.is_empty() {
                (without_counterpart(side, other, comparison, texts, language))
            }
        }
    }
}

/// What stands where a row has no paragraph on one side: that the wording is elsewhere, or that there is none.
fn without_counterpart(
    side: Side,
    other: &Range<u32>,
    comparison: &Comparison,
    texts: &Pair<MarkedText<'_>>,
    language: Language,
) -> Markup {
    let there = match side {
        Side::Left => Side::Right,
        Side::Right => Side::Left,
    };
    let mut linked: Vec<u32> =
        other.clone().flat_map(|index| links_of(comparison, there, index)).map(|(target, _)| target).collect();
    linked.sort_unstable();
    linked.dedup();
    let mut echoing: Vec<u32> =
        other.clone().flat_map(|index| texts.get(there).passages_of(index as usize)).copied().collect();
    echoing.retain(|index| comparison.passages.get(*index as usize).is_some_and(|passage| passage.is_echo()));
    echoing.sort_unstable();
    echoing.dedup();
    let (letter, anchor) = match side {
        Side::Left => ('L', 'l'),
        Side::Right => ('R', 'r'),
    };
    html! {
        p.blank {
            @if !linked.is_empty() {
                (language.say("对应的段落排在别的行：", "Its counterpart stands in another row: "))
                @for target in &linked { a href={ "#" (letter) (target + 1) } { "↗" (letter) (target + 1) } " " }
            } @else if !echoing.is_empty() {
                (language.say("没有整段对应，文句见于别处：", "No paragraph answers it, passages elsewhere do: "))
                @for index in &echoing { a href={ "#" (anchor) (index + 1) } { (index + 1) } " " }
            } @else {
                (match side {
                    Side::Left => language.say("左文无此", "Not on the left"),
                    Side::Right => language.say("右文未见回应", "No answer on the right"),
                })
            }
        }
    }
}

/// A paragraph's number, its role and the paragraphs it echoes.
fn margin(
    side: Side,
    index: u32,
    role: ParagraphRole,
    beside: &Range<u32>,
    comparison: &Comparison,
    language: Language,
) -> Markup {
    let letter = side_letter(side);
    let there = match side {
        Side::Left => 'R',
        Side::Right => 'L',
    };
    let number = index + 1;
    let links = links_of(comparison, side, index);
    html! {
        p.margin {
            a.pn href={ "#" (letter) (number) } { (letter) (number) }
            @if let Some(role) = role_name(role, language) { " " span.facts { (role) } }
            @for (target, link) in links {
                " "
                a.link.away[!beside.contains(&target)] href={ "#" (there) (target + 1) }
                    title={ (language.say("相似 ", "similarity ")) (format!("{:.2}", link.similarity)) } {
                    (if beside.contains(&target) { "⇄" } else { "↗" }) (there) (target + 1)
                }
            }
        }
    }
}

/// The links of a paragraph with the paragraph at their other end, strongest first.
fn links_of(comparison: &Comparison, side: Side, index: u32) -> Vec<(u32, &ParagraphLink)> {
    let links = &comparison.links;
    let mut found: Vec<(u32, &ParagraphLink)> = match side {
        Side::Left => {
            let first = links.partition_point(|link| link.left < index);
            links[first..].iter().take_while(|link| link.left == index).map(|link| (link.right, link)).collect()
        }
        Side::Right => links.iter().filter(|link| link.right == index).map(|link| (link.left, link)).collect(),
    };
    found.sort_by(|(one_target, one), (other_target, other)| {
        other.similarity.total_cmp(&one.similarity).then(one_target.cmp(other_target))
    });
    found
}

fn role_class(role: ParagraphRole) -> &'static str {
    match role {
        ParagraphRole::Title => "title",
        ParagraphRole::Heading => "heading",
        ParagraphRole::Body => "body",
        ParagraphRole::Byline | ParagraphRole::Attendance => "byline",
        ParagraphRole::Furniture => "furniture",
    }
}

fn role_name(role: ParagraphRole, language: Language) -> Option<&'static str> {
    match role {
        ParagraphRole::Body => None,
        ParagraphRole::Title => Some(language.say("标题", "title")),
        ParagraphRole::Heading => Some(language.say("小标题", "heading")),
        ParagraphRole::Byline => Some(language.say("题注", "byline")),
        ParagraphRole::Attendance => Some(language.say("出席", "attendance")),
        ParagraphRole::Furniture => Some(language.say("网页用语，不比较", "web page's own words, not compared")),
    }
}
