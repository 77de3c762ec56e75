use super::*;
use crate::compare::comparison::{
    Citation, CitationKind, Cleaning, CleaningKind, Completeness, OriginKind, OutlineParagraph, ParagraphRole,
    PassageForm, Score, SharedPhrase,
};
use crate::text::document::{DocumentLimits, Metadata};

fn document(id: &str, text: &str) -> Document {
    let metadata = Metadata { id: id.into(), ..Default::default() };
    Document::new(text.into(), metadata, DocumentLimits::default()).expect("a document")
}

fn span(text: &str, words: &str) -> Span<Raw> {
    let start = text.find(words).expect("the words stand in the text");
    Span::from_range(start..start + words.len())
}

fn origin(kind: OriginKind) -> crate::compare::comparison::Origin {
    crate::compare::comparison::Origin { kind, reference: None, background_documents: 0, earliest: None }
}

/// A comparison of two texts of one paragraph each, with one echo, one formula, two items.
fn sample(left: &str, right: &str, echo: [&str; 2], edits: Vec<Edit>) -> Comparison {
    let outline = |text: &str| Outline {
        paragraphs: vec![OutlineParagraph { span: Span::from_range(0..text.len()), role: ParagraphRole::Body }],
        ..Default::default()
    };
    let passage = |kind, edits| Passage {
        left: span(left, echo[0]),
        right: span(right, echo[1]),
        similarity: 0.9,
        weight: 41.4,
        form: PassageForm::Localized,
        origin: origin(kind),
        edits,
    };
    let item = |fate, right| Item {
        left: span(left, echo[0]),
        label: Span::new(0, 0),
        depth: 0,
        paragraph: 0,
        fate,
        right,
        coverage: 0.5,
    };
    Comparison {
        outlines: Pair::new(outline(left), outline(right)),
        links: vec![ParagraphLink {
            left: 0,
            right: 0,
            similarity: 0.42,
            left_coverage: 0.031,
            right_coverage: 0.5,
            passages: vec![0],
        }],
        beads: Vec::new(),
        phrases: vec![SharedPhrase {
            text: "粤港澳大湾区".into(),
            left: vec![span(left, echo[0])],
            left_total: 1,
            right: vec![span(right, echo[1])],
            right_total: 2,
            origin: origin(OriginKind::Left),
            weight: 20.0,
        }],
        passages: vec![passage(OriginKind::Left, edits), passage(OriginKind::Formula, Vec::new())],
        items: vec![item(Fate::Partial, vec![span(right, echo[1])]), item(Fate::Silent, Vec::new())],
        score: Score { verbatim: 0.031, formula: 0.12, item_coverage: Some(0.5), ..Default::default() },
        completeness: Completeness { edits: StageEnd::Budget, ..Default::default() },
    }
}

const LEFT: &str = "会议指出，坚定不移举全省之力推进粤港澳大湾区建设。";
const RIGHT: &str = "全会强调，举(jǔ)全市之力推動粤港澳大湾区建设，贯彻《规划纲要》。";

fn page(language: Language) -> String {
    let edit = |left, right, kind| Edit { left: span(LEFT, left), right: span(RIGHT, right), kind };
    let edits = vec![
        Edit { left: span(LEFT, "坚定不移"), right: Span::new(0, 0), kind: Some(EditKind::Omission) },
        edit("举全", "举(jǔ)全", None),
        edit("省", "市", Some(EditKind::Localization)),
        edit("之力推", "之力推", None),
        edit("进", "動", Some(EditKind::Synonym)),
        edit("粤港澳大湾区建设", "粤港澳大湾区建设", None),
    ];
    let echo = ["坚定不移举全省之力推进粤港澳大湾区建设", "举(jǔ)全市之力推動粤港澳大湾区建设"];
    let mut comparison = sample(LEFT, RIGHT, echo, edits);
    comparison.outlines.right.cleanings = vec![Cleaning { span: span(RIGHT, "(jǔ)"), kind: CleaningKind::Pinyin }];
    comparison.outlines.right.citations =
        vec![Citation { span: span(RIGHT, "《规划纲要》"), kind: CitationKind::Title }];
    let documents = Pair::new(document("省.txt", LEFT), document("市.txt", RIGHT));
    let coloured = render(&comparison, &documents, &View { columns: 76, language });
    anstream::adapter::strip_str(&coloured).to_string()
}

#[test]
fn a_page_in_chinese() {
    insta::assert_snapshot!(page(Language::Chinese), @r"
    左     省.txt  1 段，25 字
    右     市.txt  1 段，34 字

    右文中的回应：  逐字 3.1%  地方化 0%  改写 0%  套话 12%  条目回应率 50%
    找到：  1 段落对应  1 回应文句  1 套话文句  1 共有短语  2 条目
    读入时忽略或折叠：  拼音 1
    有的环节到达步数上限，结果有效但较粗

    什么回应什么  1
    左 1 ⇄ 右 1  相似 0.42  覆盖 左 3.1% / 右 50%
      ● [-坚定不移-]举全[-省-]{+市+}之力推[-进-]{+動+}粤港澳大湾区建设（地方化，
        41 比特，改动：地方化 1 省略 1 近义 1）

    左文条目的去向  2
      部分 1  落空 1
      坚定不移举全省之力推进粤港澳大湾区建设  部分 50% → 右 1
      坚定不移举全省之力推进粤港澳大湾区建设  落空

    最有分量的共有短语  1
      粤港澳大湾区  20 比特，左 ×1, 右 ×2

    右文自己称引的来源  1
      《规划纲要》

    套话（不计为回应）  1
      ○ 套话： 举全市之力推動粤港澳大湾区建设

    [-左文-]{+右文+}；段落自 1 数起；比特数越大越不寻常。
    ");
}

#[test]
fn a_page_in_english() {
    insta::assert_snapshot!(page(Language::English), @r"
    left  省.txt  1 paragraphs, 25 characters
    right 市.txt  1 paragraphs, 34 characters

    Echo in the right text:  verbatim 3.1%  localized 0%  adapted 0%  formula
      12%  items answered 50%
    Found:  1 paragraph links  1 echoing passages  1 formula passages  1
      shared phrases  2 items
    Folded or ignored while reading:  pinyin 1
    A stage stopped at its step budget; the answer is valid and coarser

    What echoes what  1
    left 1 ⇄ right 1  similarity 0.42  covers left 3.1% / right 50%
      ● [-坚定不移-]举全[-省-]{+市+}之力推[-进-]{+動+}粤港澳大湾区建设
        (localized, 41 bits, edits: localization 1 omission 1 synonym 1)

    What became of the left items  2
      partial 1  silent 1
      坚定不移举全省之力推进粤港澳大湾区建设  partial 50% → right 1
      坚定不移举全省之力推进粤港澳大湾区建设  silent

    Most telling shared phrases  1
      粤港澳大湾区  20 bits, left ×1, right ×2

    Sources the right text names  1
      《规划纲要》

    Formula (not counted as echo)  1
      ○ formula: 举全市之力推動粤港澳大湾区建设

    [-left-]{+right+}; paragraphs count from 1; the more bits, the less common
    the wording.
    ");
}

#[test]
fn a_hostile_document_cannot_steer_the_terminal() {
    let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J举\u{202e}全省\u{2066}之力\u{9b}31m\r\u{8}";
    let comparison = sample(
        hostile,
        hostile,
        [hostile, hostile],
        vec![Edit { left: span(hostile, hostile), right: span(hostile, hostile), kind: Some(EditKind::Other) }],
    );
    let documents = Pair::new(document(hostile, hostile), document(hostile, hostile));
    let page = render(&comparison, &documents, &View { columns: 80, language: Language::English });
    let plain = anstream::adapter::strip_str(&page).to_string();
    assert_eq!(plain.matches(|character: char| character.is_control() && character != '\n').count(), 0);
    assert!(!plain.contains(['\u{202e}', '\u{2066}']));
    assert!(plain.contains("举全省之力"), "the words are still there: {plain}");
    let escapes = page.matches('\u{1b}').count();
    let of_our_own = page.matches("\u{1b}[").count();
    let cursor = page.matches("\u{1b}[2J").count() + page.matches("\u{1b}]").count();
    assert_eq!((escapes, cursor), (of_our_own, 0), "only colours of our own");
}
