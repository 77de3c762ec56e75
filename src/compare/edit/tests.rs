//! Edits as a reader sees them, and the laws that hold for any two texts.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::compare::comparison::{Direction, EditOp};
use crate::text::analysis::analyze;
use crate::text::document::{Document, DocumentLimits, Metadata};
use crate::text::lexicon::{CustomWords, Lexicon};

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::load);

fn analysis(text: &str, region: &str) -> Analysis {
    let metadata = Metadata { region: region.to_owned(), ..Metadata::default() };
    let document = Document::new(text.to_owned(), metadata, DocumentLimits::default()).expect("there is text");
    analyze(&document, &Cancel::new()).expect("nobody cancels")
}

fn paragraphs(analysis: &Analysis) -> Vec<Span<Normalized>> {
    analysis.paragraphs.iter().map(|paragraph| paragraph.span).collect()
}

fn all_edits(left: &Analysis, right: &Analysis) -> Vec<Edit> {
    let (custom_words, cancel) = (CustomWords::default(), Cancel::new());
    let context = EditContext::new(Words::new(Pair::new(left, right), &LEXICON, &custom_words), &cancel);
    let mut budget = StepBudget::new(100_000_000);
    let (edits, end) =
        edits(&context, &paragraphs(left), &paragraphs(right), &mut budget, &Cancel::new()).expect("nobody cancels");
    assert_eq!(end, StageEnd::Complete);
    edits
}

/// The changes as `KIND left→right`; additions and omissions have one empty side.
fn check(left: &str, right: &str) -> String {
    let found = all_edits(&analysis(left, "广东省"), &analysis(right, "广州市"));
    let changes = found.iter().filter_map(|edit| {
        let name = match edit.kind.as_ref()? {
            EditKind::Number(sides) => {
                let said = |side: &Option<crate::compare::comparison::Quantity>| {
                    side.as_ref().map_or(String::new(), |quantity| format!("{}{}", quantity.value, quantity.unit))
                };
                format!("Number({}→{})", said(&sides.left), said(&sides.right))
            }
            EditKind::Strength(Direction::Weaker) => "Weaker".to_owned(),
            EditKind::Strength(Direction::Stronger) => "Stronger".to_owned(),
            kind => format!("{kind:?}"),
        };
        Some(format!("{name} {}→{}", &left[edit.left.range()], &right[edit.right.range()]))
    });
    changes.collect::<Vec<_>>().join("; ")
}

#[test]
fn each_kind_in_a_sentence_of_the_genre() {
    let cases = [
        ("举全省之力推进粤港澳大湾区建设。", "举全市之力推进粤港澳大湾区建设。", "Localization 全省→全市"),
        (
            "省委、省政府高度重视营商环境。",
            "市委、市政府高度重视营商环境。",
            "Localization 省委→市委; Localization 省政府→市政府",
        ),
        ("广东要走在前列。", "广州要走在前列。", "Localization 广东→广州"),
        ("各地要压实责任。", "各区要压实责任。", "Localization 各地→各区"),
        ("方案报省人民政府批准。", "方案报市人民政府批准。", "Localization 报省→报市"),
        (
            "县级以上人民政府应当建立协调机制。",
            "市、区人民政府可以建立协调机制。",
            "Localization 县级以上→市、区; Weaker 应当→可以",
        ),
        ("地区生产总值增长5%左右。", "地区生产总值增长6%左右。", "Number(5%→6%) 5%→6%"),
        ("应当在三十日内答复。", "应当在十五日内答复。", "Number(30日→15日) 三十日→十五日"),
        // The lexicon cuts 四|十五日, and 十五日 stands on both sides.
        ("应当在十五日内答复。", "应当在四十五日内答复。", "Number(15日→45日) 十五日→四十五日"),
        ("处二万元以上罚款。", "处五万元以上罚款。", "Number(20000元→50000元) 处二万元以上→处五万元以上"),
        ("鼓励企业公开信息。", "要求企业公开信息。", "Stronger 鼓励→要求"),
        ("支持企业技术改造。", "鼓励企业技术改造。", "Weaker 支持→鼓励"),
        ("确保任务完成。", "力争任务完成。", "Weaker 确保→力争"),
        ("推进产业结构调整。", "推动产业结构调整。", "Synonym 推进→推动"),
        ("打造一流营商环境。", "构建一流营商环境。", "Synonym 打造→构建"),
        ("省委书记李希主持会议。", "省委书记黄坤明主持会议。", "Name 李希→黄坤明"),
        ("自2020年起施行。", "自2021年起施行。", "Date 2020→2021"),
        ("落实“1+1+9”工作部署。", "落实“1+1+4”工作部署。", "Slogan 1+1+9→1+1+4"),
        (
            "加强教育、医疗、养老等公共服务。",
            "加强养老、教育、医疗等公共服务。",
            "Reordering 教育、医疗、养老→养老、教育、医疗",
        ),
        ("会议指出，要抓好落实。", "会议指出：要抓好落实。", "Punctuation ，→："),
        ("抓好改革任务落实。", "全面抓好改革任务落实。", "Addition →全面"),
        ("坚定不移推进改革。", "推进改革。", "Omission 坚定不移→"),
    ];
    for (left, right, expected) in cases {
        assert_eq!(check(left, right), expected, "{left} {right}");
    }
}

#[test]
fn the_same_quantity_in_other_writing_is_no_other_figure() {
    assert_eq!(check("增长百分之六左右。", "增长6%左右。"), "Synonym 百分之六→6%");
}

#[test]
fn spans_that_cut_words_count_by_the_part_inside() {
    let (left, right) = (analysis("推进粤港澳大湾区建设。", ""), analysis("粤港澳大湾区建设。", ""));
    let (custom_words, cancel) = (CustomWords::default(), Cancel::new());
    let context = EditContext::new(Words::new(Pair::new(&left, &right), &LEXICON, &custom_words), &cancel);
    let (found, _) =
        edits(&context, &[Span::new(5, 10)], &[Span::new(3, 8)], &mut StepBudget::new(10_000), &Cancel::new())
            .expect("nobody cancels");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].op(), EditOp::Equal);
}

#[test]
fn a_budget_of_nothing_still_gives_a_valid_script() {
    let (left, right) = (analysis("推进改革，扩大开放。", ""), analysis("深化改革，促进开放。", ""));
    let (custom_words, cancel) = (CustomWords::default(), Cancel::new());
    let context = EditContext::new(Words::new(Pair::new(&left, &right), &LEXICON, &custom_words), &cancel);
    let (found, end) =
        edits(&context, &paragraphs(&left), &paragraphs(&right), &mut StepBudget::new(0), &Cancel::new())
            .expect("nobody cancels");
    assert_eq!(end, StageEnd::Budget);
    check_laws(&left, &right, "推进改革，扩大开放。", "深化改革，促进开放。", &found);
}

/// Raw spans follow one another inside paragraphs, cut no character, and equal stretches are equal.
fn check_laws(left: &Analysis, right: &Analysis, raw_left: &str, raw_right: &str, found: &[Edit]) {
    type Cut = fn(&Edit) -> Span<crate::text::span::Raw>;
    let sides: [(&Analysis, &str, Cut); 2] =
        [(left, raw_left, |edit: &Edit| edit.left), (right, raw_right, |edit: &Edit| edit.right)];
    for (analysis, raw, side) in sides {
        let spans: Vec<_> = found.iter().map(side).filter(|span| !span.is_empty()).collect();
        let mut told = spans.iter();
        for paragraph in paragraphs(analysis) {
            let whole = analysis.text.to_raw(paragraph);
            let mut at = whole.start();
            while at < whole.end() {
                let span = told.next().expect("edits cover the paragraph");
                assert_eq!(span.start(), at, "no gap and no overlap");
                assert!(raw.get(span.range()).is_some(), "no character is cut");
                at = span.end();
            }
            assert_eq!(at, whole.end(), "an edit ends with its paragraph");
        }
        assert!(told.next().is_none(), "nothing is told twice");
    }
    for edit in found {
        let is_one_sided = edit.left.is_empty() || edit.right.is_empty();
        assert_eq!(matches!(edit.op(), EditOp::Delete | EditOp::Insert), is_one_sided, "{edit:?}");
        assert!(!edit.left.is_empty() || !edit.right.is_empty(), "{edit:?}");
    }
}

fn swapped(edit: &Edit) -> Edit {
    Edit {
        left: edit.right,
        right: edit.left,
        kind: edit.kind.clone().map(|kind| match kind {
            EditKind::Number(sides) => EditKind::Number(Box::new(Pair::new(sides.right, sides.left))),
            EditKind::Strength(Direction::Weaker) => EditKind::Strength(Direction::Stronger),
            EditKind::Strength(Direction::Stronger) => EditKind::Strength(Direction::Weaker),
            EditKind::Addition => EditKind::Omission,
            EditKind::Omission => EditKind::Addition,
            same => same,
        }),
    }
}

fn texts() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "全省",
        "全市",
        "省委",
        "市委",
        "、",
        "，",
        "。",
        "推进",
        "推动",
        "应当",
        "可以",
        "三十日",
        "十五",
        "5%",
        "1+1+9",
        "的",
        "改革",
        "开放",
        "人民政府",
        "县级以上",
        "报省",
        "㎡",
        "½",
        "會(huì)",
        "ＡＢ",
        " ",
        "“",
        "”",
        "\n",
        "\r\n",
        "教育",
        "医疗",
        "养老",
        "广东省",
        "广州",
        "书记",
        "李希",
        "🙂",
        "2020年",
        "百分之六",
        "发展",
    ]);
    prop::collection::vec(words, 1..40)
        .prop_map(|words| words.concat())
        .prop_filter("a document has text", |text| !text.chars().all(|c| c.is_whitespace()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn edits_tell_both_sides(left in texts(), right in texts()) {
        let (one, other) = (analysis(&left, ""), analysis(&right, ""));
        check_laws(&one, &other, &left, &right, &all_edits(&one, &other));
    }

    #[test]
    fn equal_texts_have_one_equal_edit_a_paragraph(text in texts()) {
        let one = analysis(&text, "");
        let found = all_edits(&one, &one);
        prop_assert!(found.iter().all(|edit| edit.op() == EditOp::Equal));
        prop_assert_eq!(found.len(), one.paragraphs.len());
    }

    #[test]
    fn swapping_the_sides_mirrors_the_edits(left in texts(), right in texts()) {
        let (one, other) = (analysis(&left, ""), analysis(&right, ""));
        let found: Vec<Edit> = all_edits(&one, &other).iter().map(swapped).collect();
        let mirrored = all_edits(&other, &one);
        // A deletion beside an insertion has no order of its own, so positions are compared by what changed.
        let changes = |edits: &[Edit]| {
            let mut out: Vec<String> = edits
                .iter()
                .filter(|edit| edit.op() != EditOp::Equal)
                .map(|edit| {
                    let span = |span: Span<crate::text::span::Raw>| (!span.is_empty()).then_some(span);
                    format!("{:?} {:?} {:?} {:?}", edit.op(), span(edit.left), span(edit.right), edit.kind)
                })
                .collect();
            out.sort();
            out
        };
        prop_assert_eq!(changes(&found), changes(&mirrored));
    }
}
