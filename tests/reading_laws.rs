//! What always holds when a document is read, whatever it is made of.
//!
//! Generated texts mix Han, Latin, digits of either width, line ends of every form, blanks, pinyin in brackets, labels,
//! emoji with joiners, bidirectional controls, combining marks and arbitrary characters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use policy_echo::compare::words::{Word, Words};
use policy_echo::text::analysis::{Analysis, analyze};
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::lexicon::{CustomWords, Lexicon};
use policy_echo::text::normalize::cleaning::CleaningKind;
use policy_echo::text::normalize::{NormalizedText, is_blank_or_invisible, normalize};
use policy_echo::text::span::{Normalized, Pair, Side, Span};
use proptest::prelude::*;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::load);

/// Pieces that documents and pages are made of.
const PIECES: &[&str] = &[
    "推进",
    "粤港澳大湾区建设",
    "全省",
    "会议强调，",
    "全会",
    "一要",
    "二要",
    "三要",
    "一是",
    "第一条",
    "第二条　",
    "第一章",
    "（一）",
    "(二)",
    "1.",
    "①",
    "聚焦",
    "要",
    "坚定不移",
    "著名",
    "接著",
    "顯著",
    "會(huì)",
    "議（yì）",
    "們(men)",
    "国\u{200b}(guó)",
    "(huì)",
    "(",
    "）",
    "《",
    "》",
    "〈",
    "“",
    "”",
    "\"",
    "「",
    "，",
    ",",
    "。",
    "；",
    ";",
    "：",
    ":",
    "？",
    "?",
    "？2021年",
    "?2021-02-22",
    "2020年6月3日",
    "ＡＢ１２",
    "abc",
    "x y",
    "1,000",
    "1",
    "2",
    "㎡",
    "㈠",
    "ﬁ",
    "\u{fdfa}",
    "10²",
    "１＋１＋９",
    " ",
    "　　",
    "\t",
    "\u{a0}",
    "\n",
    "\n　　",
    "\r\n",
    "\r",
    "\u{2028}",
    "\u{85}",
    "\n\n",
    "👨\u{200d}👩\u{200d}👧",
    "🇨🇳",
    "e\u{301}",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "\u{ad}",
    "葛\u{e0100}",
    "𠀀",
    "𫖸",
    "\u{0}",
    "来源：",
    "通过",
    "返回顶部",
    "会议精神",
    "省委十二届十一次全会精神",
    "出席会议。",
    "、",
    "广州市",
    "在广州召开",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        2 => "[一-龥]{1,12}",
        1 => "[a-z0-9A-Z]{1,4}",
        1 => any::<char>().prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat()),
        // Hard-wrapped: lines of one length with indented paragraphs.
        1 => (proptest::collection::vec(piece(), 20..120), 16usize..24).prop_map(|(pieces, width)| {
            let flat: Vec<char> = pieces.concat().chars().filter(|c| *c != '\n').collect();
            flat.chunks(width).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
        }),
    ]
}

fn characters(text: &NormalizedText) -> impl Iterator<Item = Span<Normalized>> {
    (0..text.characters().len() as u32).map(|at| Span::new(at, at + 1))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_character_stands_for_raw_characters_in_order(raw in text()) {
        let text = normalize(&raw);
        let mut before = Span::new(0, 0);
        for at in characters(&text) {
            let span = text.to_raw(at);
            prop_assert!(!span.is_empty() && raw.get(span.range()).is_some(), "{:?} of {:?}", span, raw);
            prop_assert!(span == before || before.end() <= span.start(), "{:?} then {:?} in {:?}", before, span, raw);
            before = span;
        }
    }

    #[test]
    fn nothing_is_lost_but_what_the_ledger_names(raw in text()) {
        let text = normalize(&raw);
        let mut kept = vec![false; raw.len()];
        for at in characters(&text).filter(|at| text.slice(*at) != ['\n']) {
            kept[text.to_raw(at).range()].fill(true);
        }
        for cleaning in text.cleanings() {
            let ignores = [CleaningKind::Pinyin, CleaningKind::Invisible, CleaningKind::LostBlank];
            if ignores.contains(&cleaning.kind) {
                kept[cleaning.span.range()].fill(true);
            }
        }
        for (at, character) in raw.char_indices() {
            prop_assert!(kept[at] || is_blank_or_invisible(character), "{:?} at {} of {:?}", character, at, raw);
        }
    }

    #[test]
    fn nothing_is_changed_but_what_the_ledger_names(raw in text()) {
        let text = normalize(&raw);
        let mut named = vec![false; raw.len()];
        text.cleanings().iter().for_each(|cleaning| named[cleaning.span.range()].fill(true));
        // Blanks between words and the separators of paragraphs stand for blanks and line ends of any form.
        for at in characters(&text).filter(|at| !matches!(text.slice(*at), ['\n' | ' '])) {
            let span = text.to_raw(at);
            if raw[span.range()] != text.text(at) {
                prop_assert!(named[span.range()].iter().any(|named| *named), "{} at {:?} of {:?}", text.text(at), span, raw);
            }
        }
        let spans: Vec<_> = text.cleanings().iter().map(|cleaning| (cleaning.span, cleaning.kind)).collect();
        prop_assert!(spans.is_sorted());
        prop_assert!(spans.iter().all(|(span, _)| !span.is_empty() && raw.get(span.range()).is_some()));
    }

    #[test]
    fn no_text_grows_more_than_fourfold(raw in text(), grows in proptest::collection::vec(any::<char>(), 0..8)) {
        let raw = raw + &grows.into_iter().cycle().take(64).collect::<String>();
        let grown: usize = normalize(&raw).characters().iter().map(|character| character.len_utf8()).sum();
        prop_assert!(grown <= 4 * raw.len(), "{} bytes of {:?}", grown, raw);
    }

    #[test]
    fn paragraphs_are_the_text_between_single_line_ends(raw in text()) {
        let text = normalize(&raw);
        let joined: Vec<String> = text.paragraphs().iter().map(|span| text.text(*span)).collect();
        prop_assert!(joined.iter().all(|paragraph| !paragraph.is_empty() && !paragraph.contains('\n')));
        prop_assert_eq!(joined.join("\n"), text.characters().iter().collect::<String>());
        prop_assert_eq!(&text, &normalize(&raw));
    }

    #[test]
    fn normalizing_again_changes_nothing_inside_a_paragraph(raw in text()) {
        // One line at a time: wrapping, broken headlines and 著 at a line's edge depend on the lines around it.
        let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
        for line in raw.split(ends) {
            let once: String = normalize(line).characters().iter().collect();
            for paragraph in once.lines() {
                let twice: String = normalize(paragraph).characters().iter().collect();
                prop_assert_eq!(&twice, paragraph, "of {:?}", line);
            }
        }
    }
}

fn read(raw: &str) -> Option<Analysis> {
    let document = Document::new(raw.to_owned(), Metadata::default(), DocumentLimits::default()).ok()?;
    Some(analyze(&document, &Cancel::new()).expect("nobody cancels"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sentences_clauses_and_words_cover_every_paragraph(raw in text()) {
        let Some(read) = read(&raw) else { return Ok(()) };
        let custom_words = CustomWords::default();
        let words = Words::new(Pair::new(&read, &read), &LEXICON, &custom_words);
        // The later paragraphs are asked for first: the order of asking must not matter.
        let words_of = |span: Span<Normalized>| {
            let mut inside: Vec<Word> = Vec::new();
            words.inside(Side::Left, span, &Cancel::new(), |word| inside.push(word)).expect("nobody cancels");
            inside
        };
        for (index, paragraph) in read.paragraphs.iter().enumerate().rev() {
            let index = index as u32;
            let cover = |spans: Vec<Span<Normalized>>| {
                let meets = spans.windows(2).all(|pair| pair[0].end() == pair[1].start());
                let ends = spans.first().map(|s| s.start()).zip(spans.last().map(|s| s.end()));
                meets && ends == Some((paragraph.span.start(), paragraph.span.end()))
            };
            let of_paragraph = |sentence: u32| read.sentences[sentence as usize].paragraph == index;
            prop_assert!(cover(read.sentences.iter().filter(|s| s.paragraph == index).map(|s| s.span).collect()));
            prop_assert!(cover(read.clauses.iter().filter(|c| of_paragraph(c.sentence)).map(|c| c.span).collect()));
            prop_assert!(cover(words_of(paragraph.span).iter().map(|word| word.span).collect()));
        }
        for clause in &read.clauses {
            prop_assert!(read.sentences[clause.sentence as usize].span.contains(clause.span));
        }
        let mut by_number = BTreeMap::new();
        for paragraph in &read.paragraphs {
            for word in words_of(paragraph.span) {
                let characters = read.text.slice(word.span);
                prop_assert_eq!(*by_number.entry(word.number).or_insert(characters), characters);
            }
        }
        let distinct: BTreeSet<&[char]> = by_number.values().copied().collect();
        prop_assert_eq!(distinct.len(), by_number.len(), "one number a word");
    }

    #[test]
    fn items_nest(raw in text()) {
        let Some(read) = read(&raw) else { return Ok(()) };
        prop_assert!(read.items.iter().map(|item| (item.span.start(), item.depth)).is_sorted());
        for (index, item) in read.items.iter().enumerate() {
            prop_assert!(item.span.contains(item.label));
            prop_assert!(read.paragraphs[item.paragraph as usize].span.contains_position(item.span.start()));
            for later in &read.items[index + 1..] {
                let inside = item.span.contains(later.span) && later.depth > item.depth;
                prop_assert!(inside || !item.span.overlaps(later.span), "{:?} and {:?} in {:?}", item, later, raw);
            }
        }
    }

    #[test]
    fn sources_and_dates_are_quoted_from_the_text(raw in text()) {
        let Some(read) = read(&raw) else { return Ok(()) };
        let mut before = 0;
        for citation in &read.citations {
            prop_assert!(!citation.span.is_empty() && raw.get(citation.span.range()).is_some());
            prop_assert!(before <= citation.span.start());
            before = citation.span.end();
        }
        for span in read.dates.iter().filter_map(|known| known.inferred_from) {
            prop_assert!(raw.get(span.range()).is_some_and(|words| words.chars().any(char::is_numeric)));
        }
    }
}

/// What Unicode's own forms make many characters of: the longest ligature, a musical note, a letter with two marks, squared
/// words, and letters under thousands of marks.
#[test]
fn characters_that_grow_under_unicode_s_forms_do_not_grow_here() {
    let marks = format!("e{}", "\u{301}\u{316}".repeat(2000));
    for text in ["\u{fdfa}", "\u{1d160}", "\u{390}", "\u{fb03}", "\u{3300}", "\u{33ff}", "\u{1f240}", &marks] {
        let many = text.repeat(1000);
        let grown: usize = normalize(&many).characters().iter().map(|character| character.len_utf8()).sum();
        assert!(grown <= 4 * many.len(), "{grown} bytes of {} of {:?}", many.len(), text.chars().next());
    }
}
