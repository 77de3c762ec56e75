//! Enumerated items, as a tree over the document.
//!
//! In: paragraphs and sentences. Out: [`Item`]s in document order, each with its depth: articles and the points （一）
//! under them, points 一要…二要… inside a paragraph, and clauses that open with the same words (聚焦…聚焦…, bare 要…；要…).
//! Always: an item's span lies inside its parent's; items of one depth do not overlap. Cost: linear.
//! Lists are believed only when they count on (一 then 二) or repeat their opening at least [`MIN_REPEATS`] times.

use super::cancel::{Cancel, Cancelled, Polls};
use super::enumerator::{Style, enumerator_at};
use super::normalize::{NormalizedText, is_han};
use super::paragraph::{Paragraph, ParagraphRole};
use super::sentence::Sentence;
use super::span::{Normalized, Span};

/// An enumerated point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The point with its label and all that lies under it.
    pub span: Span<Normalized>,
    /// The words that open it; empty where nothing marks it.
    pub label: Span<Normalized>,
    /// Nesting depth from 0.
    pub depth: u32,
    /// Index of the paragraph it begins in.
    pub paragraph: u32,
}

/// Repetitions that make equal openings a list.
const MIN_REPEATS: usize = 3;
/// Openings that are the subject of a report's sentences, not the label of a point.
const SUBJECTS: &[&str] = &["全会", "会议", "大会", "本条", "前款", "县级", "市人", "省人", "违反", "任何", "国家"];
/// Longest opening that is compared, in characters.
const MAX_OPENING_CHARACTERS: usize = 4;

/// Finds the items of a document.
pub fn items(
    text: &NormalizedText,
    paragraphs: &[Paragraph],
    sentences: &[Sentence],
    cancel: &Cancel,
) -> Result<Vec<Item>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let labelled = labelled_paragraphs(paragraphs);
    let mut items = labelled.clone();
    // Labelled paragraphs whose item the sweep is inside of; they nest, so a stack holds them.
    let mut open: Vec<&Item> = Vec::new();
    let mut next = 0;
    let mut first = 0;
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let last = first + sentences[first..].iter().take_while(|s| s.paragraph as usize <= index).count();
        while let Some(item) = labelled.get(next).filter(|item| item.span.start() <= paragraph.span.start()) {
            open.push(item);
            next += 1;
        }
        open.retain(|item| item.span.contains(paragraph.span));
        if paragraph.role == ParagraphRole::Body {
            let depth = open.iter().map(|item| item.depth + 1).max().unwrap_or(0);
            inside_paragraph(text, index as u32, depth, &sentences[first..last], &mut items, &mut polls)?;
        }
        first = last;
    }
    items.sort_by_key(|item| (item.span.start(), item.depth));
    Ok(items)
}

/// Articles and points that are paragraphs of their own: each runs to the next label of its style or of a wider one.
fn labelled_paragraphs(paragraphs: &[Paragraph]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut open: Vec<(Style, usize)> = Vec::new();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        match paragraph.role {
            ParagraphRole::Body => {}
            // A heading closes the articles and points above it.
            ParagraphRole::Heading | ParagraphRole::Title => {
                open.clear();
                continue;
            }
            _ => continue,
        }
        let label = paragraph.enumerator.filter(|enumerator| enumerator.style != Style::Chapter);
        match label {
            Some(enumerator) => {
                if let Some(at) = open.iter().position(|(style, _)| *style == enumerator.style) {
                    open.truncate(at);
                }
                if enumerator.style == Style::Article {
                    open.clear();
                }
                let label = Span::new(paragraph.span.start(), paragraph.span.start() + enumerator.characters);
                open.push((enumerator.style, items.len()));
                items.push(Item { span: paragraph.span, label, depth: open.len() as u32 - 1, paragraph: index as u32 });
            }
            // A paragraph without a label goes on with the article; points end where running text comes back.
            None => open.truncate(open.iter().position(|(style, _)| *style != Style::Article).unwrap_or(open.len())),
        }
        for (_, item) in &open {
            let item = &mut items[*item];
            item.span = item.span.cover(paragraph.span);
        }
    }
    items
}

/// Lists inside one paragraph: points that count on, and inside each (or in the whole) repeated openings.
fn inside_paragraph(
    text: &NormalizedText,
    index: u32,
    depth: u32,
    sentences: &[Sentence],
    items: &mut Vec<Item>,
    polls: &mut Polls<'_>,
) -> Result<(), Cancelled> {
    let points = counted_points(text, sentences, polls)?;
    for (position, &start) in points.iter().enumerate() {
        if position == 0 {
            repeated_openings(text, &sentences[..start], index, depth, Parent::Paragraph, items, polls)?;
        }
        let end = points.get(position + 1).copied().unwrap_or(sentences.len());
        let span = sentences[start].span.cover(sentences[end - 1].span);
        let label = Span::new(span.start(), span.start() + sentences[start].label_characters);
        items.push(Item { span, label, depth, paragraph: index });
        repeated_openings(text, &sentences[start + 1..end], index, depth + 1, Parent::Point, items, polls)?;
    }
    if points.is_empty() {
        repeated_openings(text, sentences, index, depth, Parent::Paragraph, items, polls)?;
    }
    Ok(())
}

/// Indexes of the sentences that open counted points: 一要, 二要, 三要, each number one above the last.
///
/// Of one style the list that begins first is the longest, because a later one could be taken up by it; so one list a
/// style is followed, and the longest of them counts.
fn counted_points(
    text: &NormalizedText,
    sentences: &[Sentence],
    polls: &mut Polls<'_>,
) -> Result<Vec<usize>, Cancelled> {
    let mut lists: Vec<(Style, Vec<usize>)> = Vec::new();
    for (index, sentence) in sentences.iter().enumerate() {
        polls.steps(8)?;
        let Some(enumerator) = labelled(text, *sentence) else { continue };
        match lists.iter_mut().find(|(style, _)| *style == enumerator.style) {
            Some((_, points)) if enumerator.number as usize == points.len() + 1 => points.push(index),
            None if enumerator.number == 1 => lists.push((enumerator.style, vec![index])),
            _ => {}
        }
    }
    let longest = lists.into_iter().map(|(_, points)| points).rev().max_by_key(Vec::len);
    Ok(longest.filter(|points| points.len() >= 2).unwrap_or_default())
}

fn labelled(text: &NormalizedText, sentence: Sentence) -> Option<super::enumerator::Enumerator> {
    (sentence.label_characters > 0).then(|| enumerator_at(text.slice(sentence.span))).flatten()
}

/// What sentences with equal openings lie under.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    /// Running text, where two sentences may begin alike by chance.
    Paragraph,
    /// A counted point, inside which two long equal openings (坚定不移…坚定不移…) are a list already.
    Point,
}

/// Runs of neighbouring sentences that open with the same words.
fn repeated_openings(
    text: &NormalizedText,
    sentences: &[Sentence],
    paragraph: u32,
    depth: u32,
    parent: Parent,
    items: &mut Vec<Item>,
    polls: &mut Polls<'_>,
) -> Result<(), Cancelled> {
    let mut start = 0;
    while start < sentences.len() {
        let mut end = start + 1;
        let mut shared = opening(text, sentences[start]);
        while end < sentences.len() {
            polls.steps(8)?;
            let next = opening(text, sentences[end]);
            let common = shared.iter().zip(next).take_while(|(a, b)| a == b).count();
            if common == 0 || common == 1 && shared[0] != '要' {
                break;
            }
            shared = &shared[..common];
            end += 1;
        }
        let is_long = parent == Parent::Point && shared.len() == MAX_OPENING_CHARACTERS;
        let repeats = if is_long { MIN_REPEATS - 1 } else { MIN_REPEATS };
        let is_subject = SUBJECTS.iter().any(|subject| subject.chars().eq(shared.iter().copied().take(2)));
        if end - start < repeats {
            start += 1;
            continue;
        }
        // Openings that begin later in the run begin with the same subject.
        if !is_subject {
            for sentence in &sentences[start..end] {
                let label = Span::new(sentence.span.start(), sentence.span.start() + shared.len() as u32);
                items.push(Item { span: sentence.span, label, depth, paragraph });
            }
        }
        start = end;
    }
    Ok(())
}

/// The first Han characters of a sentence, at most [`MAX_OPENING_CHARACTERS`].
fn opening(text: &NormalizedText, sentence: Sentence) -> &[char] {
    let characters = text.slice(sentence.span);
    let length = characters.iter().take(MAX_OPENING_CHARACTERS).take_while(|c| is_han(**c)).count();
    &characters[..length]
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::super::paragraph::paragraphs;
    use super::super::sentence::sentences;
    use super::*;

    fn check(raw: &str) -> Vec<String> {
        let text = normalize(raw);
        let paragraphs = paragraphs(&text);
        let (sentences, _) = sentences(&text, &paragraphs, &Cancel::new()).expect("nobody cancels");
        items(&text, &paragraphs, &sentences, &Cancel::new())
            .expect("nobody cancels")
            .iter()
            .map(|item| {
                format!(
                    "{}[{}] {}",
                    "  ".repeat(item.depth as usize),
                    text.text(item.label),
                    text.text(item.span).replace('\n', "⏎")
                )
            })
            .collect()
    }

    #[test]
    fn counted_points_hold_repeated_openings() {
        let raw = "全会强调，要坚持引领。一要以文化为引领，推动发展。坚定不移建设强市。坚定不移建设幸福城市。坚定不移促进富裕。二要以产业为引领。";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "[一要] 一要以文化为引领，推动发展。坚定不移建设强市。坚定不移建设幸福城市。坚定不移促进富裕。",
            "  [坚定不移] 坚定不移建设强市。",
            "  [坚定不移] 坚定不移建设幸福城市。",
            "  [坚定不移] 坚定不移促进富裕。",
            "[二要] 二要以产业为引领。",
        ]
        "#);
    }

    #[test]
    fn articles_hold_their_points() {
        let raw = "第一章　总则\n第一条　应当做到：\n（一）守法；\n（二）诚信。\n前款规定适用于单位。\n第二条　禁止下列行为。\n第二章　附则\n第三条　本条例自公布之日起施行。";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "[第一条] 第一条应当做到：⏎（一）守法；⏎（二）诚信。⏎前款规定适用于单位。",
            "  [（一）] （一）守法；",
            "  [（二）] （二）诚信。",
            "[第二条] 第二条禁止下列行为。",
            "[第三条] 第三条本条例自公布之日起施行。",
        ]
        "#);
    }

    #[test]
    fn bare_openings_make_a_list_when_they_repeat() {
        let raw = "全会强调，要落实方案。要坚持规划引领，突出重点。要强化支撑；要完善体系。";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "[要] 要坚持规划引领，突出重点。",
            "[要] 要强化支撑；",
            "[要] 要完善体系。",
        ]
        "#);
    }
}
