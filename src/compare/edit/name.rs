//! Names: persons beside their titles, bodies, places.
//!
//! In: words that changed, with the text around them. Out: whether they name a person or a body. The rules are about
//! form: a surname before or after a title of office, an ending such as 厅 or 委员会, a name of the gazetteer.

use std::sync::LazyLock;

use crate::text::word_map::{CharacterSet, WordList};

/// Titles of office.
const TITLES: &[&str] = &[
    "总书记",
    "副书记",
    "书记",
    "副省长",
    "省长",
    "副市长",
    "市长",
    "副区长",
    "区长",
    "副县长",
    "县长",
    "副主任",
    "主任",
    "副主席",
    "主席",
    "副厅长",
    "厅长",
    "副局长",
    "局长",
    "副部长",
    "部长",
    "常委",
    "委员",
    "秘书长",
    "总理",
    "同志",
    "院长",
    "检察长",
    "记者",
    "通讯员",
];

/// Common surnames; two-character ones are rare enough in this genre to be left out.
const SURNAMES: &str = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐向申葛岳习温欧";

/// Endings of bodies, longest first.
const BODIES: &[&str] = &[
    "委员会",
    "办公室",
    "办公厅",
    "领导小组",
    "指挥部",
    "研究院",
    "监管局",
    "管理局",
    "中心",
    "大学",
    "学院",
    "集团",
    "公司",
    "法院",
    "检察院",
    "协会",
    "联合会",
    "部门",
    "厅",
    "局",
    "委",
    "署",
    "院",
    "部",
    "办",
    "会",
];

static TITLE_AT: LazyLock<WordList> = LazyLock::new(|| WordList::of(TITLES));
/// Last characters of titles, which tell most words from them.
static TITLE_ENDS: LazyLock<CharacterSet> =
    LazyLock::new(|| CharacterSet::new(TITLES.iter().filter_map(|title| title.chars().next_back())));
static IS_SURNAME: LazyLock<CharacterSet> = LazyLock::new(|| CharacterSet::new(SURNAMES.chars()));

/// The words that changed and what stands before and behind them.
#[derive(Clone, Copy, Debug)]
pub(super) struct InContext<'a> {
    /// Characters before, to the start of the document.
    pub(super) before: &'a [char],
    /// The words.
    pub(super) words: &'a [char],
    /// Characters behind, to the end of the document.
    pub(super) behind: &'a [char],
}

fn ends_with(text: &[char], word: &str) -> bool {
    word.chars().rev().zip(text.iter().rev().map(Some).chain(std::iter::repeat(None))).all(|(a, b)| b == Some(&a))
}

/// Characters of a person's name.
pub(super) const PERSON_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=3;

/// A surname with a given name of one or two characters, beside a title.
pub(super) fn is_person(side: InContext<'_>) -> bool {
    if !PERSON_CHARACTERS.contains(&side.words.len()) || !IS_SURNAME.contains(side.words[0]) {
        return false;
    }
    let (before, behind) = (side.before.last(), side.behind.first());
    let listed = before == Some(&'、') || behind == Some(&'、');
    let behind_title = || TITLES.iter().any(|title| ends_with(side.before, title));
    listed && side.words.len() == 3
        || before.is_some_and(|last| TITLE_ENDS.contains(*last)) && behind_title()
        || TITLE_AT.all_at(side.behind).next().is_some()
}

/// The surnames, in their order.
pub(super) fn surnames() -> impl Iterator<Item = char> {
    SURNAMES.chars()
}

/// The characters that names of bodies end with, in no order.
pub(super) fn last_characters_of_bodies() -> impl Iterator<Item = char> {
    BODIES.iter().filter_map(|body| body.chars().next_back())
}

/// Whether words end as the names of bodies do.
pub(super) fn is_body(words: &[char]) -> bool {
    BODIES.iter().any(|body| ends_with(words, body) && words.len() >= body.chars().count() + 2)
}

#[cfg(test)]
mod tests {
    use super::super::scale::is_any_place;
    use super::*;

    fn check(left: [&str; 3], right: [&str; 3]) -> bool {
        let characters = |side: [&str; 3]| side.map(|text| text.chars().collect::<Vec<char>>());
        let (left, right) = (characters(left), characters(right));
        let side = |of: &[Vec<char>; 3]| {
            let person = is_person(InContext { before: &of[0], words: &of[1], behind: &of[2] });
            (person, is_any_place(&of[1]), is_body(&of[1]))
        };
        let (left, right) = (side(&left), side(&right));
        left.0 && right.0 || left.1 && right.1 || left.2 && right.2
    }

    #[test]
    fn persons_bodies_and_places() {
        assert!(check(["省委书记", "李希", "主持"], ["市委书记", "张硕辅", "主持"]));
        assert!(check(["", "温国辉", "市长"], ["", "陈建华", "市长"]));
        assert!(check(["由", "财政厅", "负责"], ["由", "民政局", "负责"]));
        assert!(check(["与", "湖南", "合作"], ["与", "江西", "合作"]));
        assert!(!check(["要", "高度", "重视"], ["要", "高标准", "落实"]));
        assert!(!check(["加强", "教育", ""], ["加强", "医疗", ""]));
    }
}
