//! What always holds when two documents are compared, whatever they are made of.
//!
//! The left document is generated from clauses of the genre, Latin, figures, width variants, emoji and odd characters.
//! The right one is the left one with paragraphs dropped, moved, repeated, merged, split, localised and rewritten, among
//! new ones. Either is then dressed: half-width punctuation, CRLF, indents, pinyin, traditional characters.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use policy_echo::compare::comparison::{BeadKind, Comparison, Edit, EditOp, Outline};
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::service::from_proto::{AnswerForm, OffsetUnit};
use policy_echo::service::proto;
use policy_echo::service::to_proto::{Setting, compare_response, encoded};
use policy_echo::text::analysis::Analysis;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::paragraph::ParagraphRole;
use policy_echo::text::span::{Pair, Raw, Side, Span};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(EngineSettings::default()).expect("the embedded tables are sound"));

const CLAUSES: &[&str] = &[
    "坚定不移举全省之力强力推进粤港澳大湾区建设",
    "推动“1+1+9”工作部署落实",
    "共同打造具有强大国际竞争力的现代产业体系",
    "为推进粤港澳大湾区建设提供坚强政治保证和组织保证",
    "省委常委会主持会议",
    "会议强调",
    "以习近平新时代中国特色社会主义思想为指导",
    "要统筹教育、医疗、养老等公共服务",
    "一要把握初心",
    "二要加快集聚世界一流创新人才",
    "（一）遵守公共秩序",
    "第一条为了促进文明行为",
    "第二章总则",
    "应当在三十日内公布",
    "到2025年增长6.5%以上",
    "投资二万亿元",
    "鼓励志愿服务",
    "必须严格执行",
    "广东省人民政府负责本省的工作",
    "深圳市、珠海市和汕头市先行",
    "县级以上人民政府应当建立机制",
    "2020年6月3日",
    "来源：新华社",
    "返回顶部",
    "保护生态环境",
    "保护生态",
    "的",
];

const ODDITIES: &[&str] = &[
    "ＡＢ１２",
    "Guangdong plan",
    "GDP 3.0",
    "1+1+4",
    "㎡",
    "10㎡以上",
    "ﬁ",
    "👨\u{200d}👩\u{200d}👧",
    "😀",
    "𠮷",
    "e\u{301}",
    "\u{202e}",
    "\u{feff}",
    "會(huì)議",
    "灣區(qū)建設(shè)",
    "《规划纲要》",
    "“双区”",
    "？",
    "、",
    "——",
    " ",
    "　",
    "\t",
    "\n",
    "(",
    "）",
    "①",
];

/// Left words that become the right ones when a paragraph is localised or rewritten.
const REWRITINGS: &[(&str, &str)] = &[
    ("全省", "全市"),
    ("省委", "市委"),
    ("广东", "广州"),
    ("强力推进", "推动"),
    ("1+1+9", "1+1+4"),
    ("应当", "必须"),
    ("必须", "鼓励"),
    ("教育、医疗、养老", "养老、教育、医疗"),
    ("2025", "2030"),
    ("6.5%", "百分之七"),
    ("二万", "3万"),
    ("，", "；"),
    ("。", ""),
    ("的", ""),
    ("建设", "建设向纵深发展"),
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => select(CLAUSES).prop_map(str::to_owned),
        2 => select(ODDITIES).prop_map(str::to_owned),
        1 => "[一-龥]{1,8}",
        1 => "[a-zA-Z0-9]{1,5}",
    ]
}

fn paragraph() -> impl Strategy<Value = String> {
    let mark = prop_oneof![4 => Just("，"), 2 => Just("。"), 1 => Just("；"), 1 => Just("")];
    vec((piece(), mark), 1..7).prop_map(|parts| {
        let said: String = parts.into_iter().map(|(piece, mark)| piece + mark).collect();
        if said.ends_with('，') { format!("{}。", said.trim_end_matches('，')) } else { said }
    })
}

#[derive(Clone, Debug)]
enum Change {
    Drop(Index),
    Move(Index, Index),
    Repeat(Index, Index),
    Merge(Index),
    Split(Index, Index),
    Insert(Index, String),
    Rewrite(Index, (&'static str, &'static str)),
    RewriteAll((&'static str, &'static str)),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        1 => at().prop_map(Change::Drop),
        2 => (at(), at()).prop_map(|(from, to)| Change::Move(from, to)),
        1 => (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
        1 => at().prop_map(Change::Merge),
        1 => (at(), at()).prop_map(|(paragraph, border)| Change::Split(paragraph, border)),
        2 => (at(), paragraph()).prop_map(|(to, text)| Change::Insert(to, text)),
        4 => (at(), select(REWRITINGS)).prop_map(|(paragraph, words)| Change::Rewrite(paragraph, words)),
        2 => select(REWRITINGS).prop_map(Change::RewriteAll),
    ]
}

fn apply(change: &Change, text: &mut Vec<String>) {
    let len = text.len();
    match change {
        Change::Drop(at) if len > 1 => drop(text.remove(at.index(len))),
        Change::Move(from, to) => {
            let moved = text.remove(from.index(len));
            text.insert(to.index(len), moved);
        }
        Change::Repeat(from, to) => text.insert(to.index(len + 1), text[from.index(len)].clone()),
        Change::Merge(at) if len > 1 => {
            let at = at.index(len - 1);
            let second = text.remove(at + 1);
            text[at] += &second;
        }
        Change::Split(at, border) => {
            let at = at.index(len);
            let borders: Vec<usize> = text[at].char_indices().map(|(border, _)| border).skip(1).collect();
            if !borders.is_empty() {
                let second = text[at].split_off(borders[border.index(borders.len())]);
                text.insert(at + 1, second);
            }
        }
        Change::Insert(to, new) => text.insert(to.index(len + 1), new.clone()),
        Change::Rewrite(at, (from, to)) => {
            let at = at.index(len);
            text[at] = text[at].replace(from, to);
        }
        Change::RewriteAll((from, to)) => text.iter_mut().for_each(|said| *said = said.replace(from, to)),
        Change::Drop(_) | Change::Merge(_) => {}
    }
}

#[derive(Clone, Copy, Debug)]
enum Dress {
    Plain,
    Windows,
    HalfWidth,
    Indented,
    Annotated,
}

fn dress() -> impl Strategy<Value = Dress> {
    prop_oneof![
        3 => Just(Dress::Plain),
        1 => Just(Dress::Windows),
        1 => Just(Dress::HalfWidth),
        1 => Just(Dress::Indented),
        1 => Just(Dress::Annotated),
    ]
}

fn dressed(text: &[String], dress: Dress) -> String {
    match dress {
        Dress::Plain => text.join("\n"),
        Dress::Windows => text.join("\r\n") + "\r\n",
        Dress::HalfWidth => text.join("\n").replace('，', ",").replace('：', ":").replace('（', "(").replace('；', ";"),
        Dress::Indented => text.iter().map(|said| format!("　　{said}\n\n")).collect(),
        Dress::Annotated => text.join("\n").replace('会', "會(huì)").replace('设', "設(shè)").replace('进', "進(jìn)"),
    }
}

/// Two related documents; now and then two that have nothing in common.
fn texts() -> impl Strategy<Value = (String, String)> {
    let related = (vec(paragraph(), 1..7), vec(change(), 0..6), dress(), dress()).prop_map(
        |(left, changes, left_dress, right_dress)| {
            let mut right = left.clone();
            changes.iter().for_each(|change| apply(change, &mut right));
            (dressed(&left, left_dress), dressed(&right, right_dress))
        },
    );
    let unrelated =
        (vec(paragraph(), 1..4), vec(paragraph(), 1..4)).prop_map(|(left, right)| (left.join("\n"), right.join("\n")));
    prop_oneof![8 => related, 1 => unrelated]
        .prop_filter("a document has words", |(left, right)| [left, right].iter().all(|text| document(text).is_some()))
}

fn document(text: &str) -> Option<Document> {
    Document::new(text.to_owned(), Metadata::default(), DocumentLimits::default()).ok()
}

/// Two documents with what was read and found.
struct Compared {
    documents: Pair<Document>,
    analyses: Pair<Analysis>,
    found: Comparison,
}

fn compared(left: &str, right: &str) -> Compared {
    let documents = Pair::new(left, right).map(|text| document(text).expect("a document with words"));
    let (options, cancel) = (CompareOptions { min_phrase_characters: 3, ..CompareOptions::default() }, Cancel::new());
    let analyses = documents.as_ref().map(|document| ENGINE.analyze(document, &cancel).expect("nobody cancels"));
    let found = ENGINE.compare_analyses(analyses.as_ref(), &[], &options, &cancel).expect("nobody cancels");
    Compared { documents, analyses, found }
}

impl Compared {
    fn outline(&self, side: Side) -> &Outline {
        self.found.outlines.get(side)
    }

    /// The normalised words of a raw span; borders between paragraphs left out.
    fn words(&self, side: Side, span: Span<Raw>) -> String {
        let text = &self.analyses.get(side).text;
        let raw = |at: usize| text.to_raw(Span::from_range(at..at + 1));
        let characters = text.characters().iter().enumerate();
        characters.filter(|(at, c)| **c != '\n' && span.contains(raw(*at))).map(|(_, c)| *c).collect()
    }

    /// Whether one of the clauses that documents are made of stands on a side twice.
    fn repeats_a_clause(&self, side: Side) -> bool {
        let said: String = self.analyses.get(side).text.characters().iter().collect();
        CLAUSES.iter().any(|clause| said.matches(clause).count() > 1)
    }

    /// The parts of a raw span that lie in paragraphs.
    fn inside_paragraphs(&self, side: Side, span: Span<Raw>) -> Vec<Span<Raw>> {
        let paragraphs = self.outline(side).paragraphs.iter();
        paragraphs.map(|paragraph| paragraph.span.intersection(span)).filter(|part| !part.is_empty()).collect()
    }

    /// Whether edits are what they say and rebuild both sides of the stretches they are about.
    fn check_edits(&self, edits: &[Edit], left: &[Span<Raw>], right: &[Span<Raw>]) -> Result<(), TestCaseError> {
        for (side, stretches) in [(Side::Left, left), (Side::Right, right)] {
            let of = |edit: &Edit| if side == Side::Left { edit.left } else { edit.right };
            let mut places = stretches.iter();
            let mut rest = Span::new(0, 0);
            for span in edits.iter().map(of) {
                if !span.is_empty() && rest.is_empty() {
                    rest =
                        *places.next().ok_or_else(|| TestCaseError::fail(format!("{span:?} behind all stretches")))?;
                }
                if span.is_empty() {
                    let stands =
                        stretches.iter().any(|stretch| stretch.start() <= span.start() && span.end() <= stretch.end());
                    prop_assert!(stands || stretches.is_empty(), "{:?} of {:?}", span, stretches);
                    continue;
                }
                prop_assert_eq!(
                    span.start(),
                    rest.start(),
                    "gap or overlap on the {:?} in {:?}: {:#?}",
                    side,
                    stretches,
                    edits
                );
                prop_assert!(span.end() <= rest.end(), "{:?} leaves {:?}: {:#?}", span, rest, edits);
                rest = Span::new(span.end(), rest.end());
            }
            prop_assert!(
                rest.is_empty() && places.next().is_none(),
                "{:?} of {:?} is left: {:#?}",
                rest,
                stretches,
                edits
            );
            prop_assert!(
                edits.windows(2).all(|pair| of(&pair[0]).end() <= of(&pair[1]).start()),
                "in order: {:#?}",
                edits
            );
        }
        for edit in edits {
            let words = Pair::new(self.words(Side::Left, edit.left), self.words(Side::Right, edit.right));
            match edit.op() {
                EditOp::Equal => prop_assert_eq!(&words.left, &words.right, "{:?}", edit),
                EditOp::Delete => prop_assert!(!words.left.is_empty() && edit.right.is_empty(), "{:?}", edit),
                EditOp::Insert => prop_assert!(edit.left.is_empty() && !words.right.is_empty(), "{:?}", edit),
                EditOp::Replace => {
                    prop_assert!(
                        !words.left.is_empty() && !words.right.is_empty() && words.left != words.right,
                        "{:?}",
                        edit
                    );
                }
            }
            prop_assert_eq!(edit.kind.is_none(), edit.op() == EditOp::Equal, "{:?}", edit);
            prop_assert!(
                edit.op() != EditOp::Equal || !words.left.is_empty(),
                "an equal stretch holds words: {:?}",
                edit
            );
        }
        Ok(())
    }

    /// Every span of the answer with the side it counts in.
    fn spans(&self) -> Vec<(Side, Span<Raw>)> {
        let mut spans = Vec::new();
        for side in Side::BOTH {
            let outline = self.outline(side);
            let paragraphs = outline.paragraphs.iter().map(|paragraph| paragraph.span);
            let cleanings = outline.cleanings.iter().map(|cleaning| cleaning.span);
            let citations = outline.citations.iter().map(|citation| citation.span);
            let dates = outline.dates.iter().filter_map(|date| date.inferred_from);
            spans.extend(paragraphs.chain(cleanings).chain(citations).chain(dates).map(|span| (side, span)));
        }
        let found = &self.found;
        let edits = found.beads.iter().flat_map(|bead| &bead.edits);
        for edit in edits.chain(found.passages.iter().flat_map(|passage| &passage.edits)) {
            spans.extend([(Side::Left, edit.left), (Side::Right, edit.right)]);
        }
        for passage in &found.passages {
            spans.extend([(Side::Left, passage.left), (Side::Right, passage.right)]);
        }
        for phrase in &found.phrases {
            spans.extend(phrase.left.iter().map(|span| (Side::Left, *span)));
            spans.extend(phrase.right.iter().map(|span| (Side::Right, *span)));
        }
        for item in &found.items {
            spans.extend([(Side::Left, item.left), (Side::Left, item.label)]);
            spans.extend(item.right.iter().map(|span| (Side::Right, *span)));
        }
        spans
    }
}

/// The groups that beads make, with the characters that edits change on both sides together.
fn mirrored_beads(compared: &Compared, swapped: bool) -> BTreeSet<(Vec<u32>, Vec<u32>, usize)> {
    let beads = compared.found.beads.iter().map(|bead| {
        let changed = bead.edits.iter().filter(|edit| edit.op() != EditOp::Equal).map(|edit| {
            let words = [compared.words(Side::Left, edit.left), compared.words(Side::Right, edit.right)];
            words.iter().map(|words| words.chars().count()).sum::<usize>()
        });
        let cost = changed.sum();
        let (left, right) = (bead.left.clone().collect(), bead.right.clone().collect());
        if swapped { (right, left, cost) } else { (left, right, cost) }
    });
    beads.collect()
}

/// A text in the three units in which the wire counts.
struct Counted {
    bytes: String,
    utf16: Vec<u16>,
    points: Vec<char>,
}

impl Counted {
    fn new(text: &str) -> Self {
        Self { bytes: text.to_owned(), utf16: text.encode_utf16().collect(), points: text.chars().collect() }
    }

    /// What stands at a span of the wire.
    fn cut(&self, unit: OffsetUnit, span: &Option<proto::Span>) -> String {
        let span = span.as_ref().expect("a span");
        let span = span.start.expect("a start") as usize..span.end.expect("an end") as usize;
        match unit {
            OffsetUnit::Utf8Bytes => self.bytes[span].to_owned(),
            OffsetUnit::Utf16CodeUnits => String::from_utf16(&self.utf16[span]).expect("whole characters"),
            OffsetUnit::CodePoints => self.points[span].iter().collect(),
        }
    }
}

/// Edits of beads, passages and the whole diff tell either side from the other.
fn check_rebuilding(left: &str, right: &str) -> Result<(), TestCaseError> {
    let compared = compared(left, right);
    let found = &compared.found;
    for bead in &found.beads {
        let spans = |side, paragraphs: &std::ops::Range<u32>| -> Vec<Span<Raw>> {
            paragraphs.clone().map(|at| compared.outline(side).paragraphs[at as usize].span).collect()
        };
        compared.check_edits(&bead.edits, &spans(Side::Left, &bead.left), &spans(Side::Right, &bead.right))?;
    }
    for passage in &found.passages {
        let left = compared.inside_paragraphs(Side::Left, passage.left);
        let right = compared.inside_paragraphs(Side::Right, passage.right);
        compared.check_edits(&passage.edits, &left, &right)?;
    }
    let diff = ENGINE.diff_words(&compared.documents, &CompareOptions::default(), &Cancel::new());
    let whole = |side| -> Vec<Span<Raw>> {
        let paragraphs = compared.outline(side).paragraphs.iter();
        paragraphs.filter(|p| p.role != ParagraphRole::Furniture).map(|p| p.span).collect()
    };
    compared.check_edits(&diff.expect("nobody cancels").edits, &whole(Side::Left), &whole(Side::Right))?;
    Ok(())
}

/// ① is three characters once normalised, which may answer words on both sides of a border of paragraphs.
#[test]
fn a_raw_character_is_whole_though_its_parts_answer_two_paragraphs() {
    let sentence = "坚定不移举全省之力强力推进粤港澳大湾区建设";
    let pairs = [
        ("①。".to_owned(), format!("{sentence}。\n），第一条为了促进文明行为。")),
        ("①。".to_owned(), format!("{sentence}。\n{sentence}，），{sentence}。")),
        (format!("{sentence}，①。"), format!("{sentence}。\n）。")),
        (format!("推动“1+1+9”工作部署落实，{sentence}①"), format!("”工作部署落实，{sentence}①\n推动“1+1+9")),
    ];
    for (left, right) in &pairs {
        check_rebuilding(left, right).expect("both sides are told");
        check_rebuilding(right, left).expect("both sides are told");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_rebuild_both_sides((left, right) in texts()) {
        check_rebuilding(&left, &right)?;
    }

    #[test]
    fn every_paragraph_stands_in_one_bead((left, right) in texts()) {
        let compared = compared(&left, &right);
        for side in Side::BOTH {
            let of = |bead: &policy_echo::compare::comparison::Bead| match side {
                Side::Left => bead.left.clone(),
                Side::Right => bead.right.clone(),
            };
            let mut all: Vec<u32> = compared.found.beads.iter().flat_map(of).collect();
            all.sort_unstable();
            let paragraphs = compared.outline(side).paragraphs.len() as u32;
            prop_assert_eq!(all, (0..paragraphs).collect::<Vec<_>>(), "{:?} of {:?}", side, compared.found.beads);
        }
        for bead in &compared.found.beads {
            let kind = match (bead.left.len(), bead.right.len()) {
                (1, 1) => BeadKind::Match,
                (1.., 0) => BeadKind::LeftOnly,
                (0, 1..) => BeadKind::RightOnly,
                (1, _) => BeadKind::Split,
                (_, 1) => BeadKind::Merge,
                _ => BeadKind::ManyToMany,
            };
            prop_assert_eq!(bead.kind, kind);
        }
    }

    #[test]
    fn spans_and_shares_stay_in_bounds((left, right) in texts()) {
        let compared = compared(&left, &right);
        let texts = Pair::new(&left, &right);
        for (side, span) in compared.spans() {
            prop_assert!(texts.get(side).get(span.range()).is_some(), "{:?} on the {:?} of {:?}", span, side, texts);
        }
        let found = &compared.found;
        let score = &found.score;
        let mut shares = vec![score.verbatim, score.localized, score.adapted, score.formula];
        shares.push(score.verbatim + score.localized + score.adapted + score.formula - 1e-9);
        shares.extend(score.item_coverage.iter().chain(&score.order));
        shares.extend(found.links.iter().flat_map(|link| [link.similarity, link.left_coverage, link.right_coverage]));
        shares.extend(found.beads.iter().map(|bead| bead.similarity));
        shares.extend(found.passages.iter().map(|passage| passage.similarity));
        shares.extend(found.items.iter().map(|item| item.coverage));
        prop_assert!(shares.iter().all(|share| (-1e-9..=1.0).contains(share)), "{:?}", shares);
        let passages = found.passages.len() as u32;
        prop_assert!(found.links.iter().flat_map(|link| &link.passages).all(|passage| *passage < passages));
        prop_assert!(found.links.windows(2).all(|pair| (pair[0].left, pair[0].right) < (pair[1].left, pair[1].right)));
        prop_assert!(found.passages.windows(2).all(|pair| (pair[0].left, pair[0].right) <= (pair[1].left, pair[1].right)));
        for phrase in &found.phrases {
            // A run may end inside what stands for one raw character, such as ㎡, which is quoted whole.
            let places =
                |side, spans: &[Span<Raw>]| spans.iter().all(|span| compared.words(side, *span).contains(&phrase.text));
            prop_assert!(places(Side::Left, &phrase.left) && places(Side::Right, &phrase.right), "{:?}", phrase);
        }
    }

    #[test]
    fn spans_quote_what_they_say_in_every_unit((left, right) in texts()) {
        let compared = compared(&left, &right);
        let versions = ENGINE.versions();
        let texts = Pair::new(Counted::new(&left), Counted::new(&right));
        for unit in [OffsetUnit::Utf8Bytes, OffsetUnit::Utf16CodeUnits, OffsetUnit::CodePoints] {
            let setting = Setting {
                documents: compared.documents.as_ref(),
                charsets: Pair::default(),
                form: AnswerForm { unit, include_text: true },
                versions: &versions,
            };
            let answer = compare_response(&compared.found, setting);
            let encoded = encoded::compare_response(&compared.found, setting);
            prop_assert_eq!(encoded.as_bytes(), prost::Message::encode_to_vec(&answer));
            for (text, outline) in [(&texts.left, &answer.left), (&texts.right, &answer.right)] {
                let outline = outline.as_ref().expect("an outline");
                for paragraph in &outline.paragraphs {
                    prop_assert_eq!(&text.cut(unit, &paragraph.span), &paragraph.text);
                }
                for citation in &outline.citations {
                    prop_assert_eq!(&text.cut(unit, &citation.span), &citation.text);
                }
            }
            let edits = answer.beads.iter().flat_map(|bead| &bead.edits);
            for edit in edits.chain(answer.passages.iter().flat_map(|passage| &passage.edits)) {
                prop_assert_eq!(&texts.left.cut(unit, &edit.left), &edit.left_text);
                prop_assert_eq!(&texts.right.cut(unit, &edit.right), &edit.right_text);
            }
            for passage in &answer.passages {
                prop_assert_eq!(&texts.left.cut(unit, &passage.left), &passage.left_text);
                prop_assert_eq!(&texts.right.cut(unit, &passage.right), &passage.right_text);
            }
            for item in &answer.items {
                prop_assert_eq!(&texts.left.cut(unit, &item.left_span), &item.text);
            }
        }
    }

    #[test]
    fn swapped_sides_mirror_links_beads_and_costs((left, right) in texts()) {
        let (one, other) = (compared(&left, &right), compared(&right, &left));
        // Of a clause that is repeated, several answers are equally good, and the order of the sides decides.
        if Side::BOTH.iter().any(|side| one.repeats_a_clause(*side)) {
            return Ok(());
        }
        let links = |found: &Comparison, swapped: bool| -> BTreeSet<(u32, u32)> {
            found.links.iter().map(|l| if swapped { (l.right, l.left) } else { (l.left, l.right) }).collect()
        };
        prop_assert_eq!(links(&one.found, false), links(&other.found, true));
        prop_assert_eq!(mirrored_beads(&one, false), mirrored_beads(&other, true));
    }

    #[test]
    fn the_same_request_gives_the_same_values((left, right) in texts()) {
        prop_assert_eq!(compared(&left, &right).found, compared(&left, &right).found);
    }

    #[test]
    fn a_document_is_equal_to_itself((text, _) in texts()) {
        let compared = compared(&text, &text);
        let paragraphs = &compared.outline(Side::Left).paragraphs;
        for (index, paragraph) in paragraphs.iter().enumerate() {
            let index = index as u32;
            let beads: Vec<_> = compared.found.beads.iter().filter(|bead| bead.left.contains(&index)).collect();
            prop_assert_eq!(beads.len(), 1);
            let bead = beads[0];
            if paragraph.role == ParagraphRole::Furniture {
                prop_assert_eq!(bead.kind, BeadKind::LeftOnly);
                continue;
            }
            prop_assert_eq!((bead.kind, bead.moved, bead.similarity), (BeadKind::Match, false, 1.0), "{:?}", bead);
            prop_assert_eq!(&bead.right, &(index..index + 1));
            let whole = Edit { left: paragraph.span, right: paragraph.span, kind: None };
            prop_assert_eq!(&bead.edits, &[whole]);
        }
        // A document of punctuation, bylines and furniture alone has nothing whose share could be told.
        let told = paragraphs.iter().any(|paragraph| {
            let compared_role = !matches!(paragraph.role, ParagraphRole::Furniture | ParagraphRole::Byline);
            compared_role && compared.words(Side::Left, paragraph.span).chars().filter(|c| c.is_alphanumeric()).count() > 4
        });
        if told {
            prop_assert_eq!(compared.found.score.verbatim, 1.0);
        }
    }
}
