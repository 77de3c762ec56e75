//! Paragraphs and what each is for.
//!
//! In: the normalised text. Out: one [`Paragraph`] for each of its paragraphs, with a role and the label that opens it.
//! Always: paragraphs cover the text in order. Cost: linear; only the short paragraphs are looked at closely.
//! The rules are about the genre: minutes, resolutions, regulations and the web pages they are scraped from.

use std::cell::LazyCell;
use std::sync::LazyLock;

use super::enumerator::{Enumerator, Style, enumerator_at};
use super::normalize::{NormalizedText, is_han};
use super::span::{Normalized, Span};
use super::word_map::WordList;

/// What a paragraph is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParagraphRole {
    /// The document's title, or a headline above the body.
    Title,
    /// A heading inside the body, such as 第一章 总则.
    Heading,
    /// Running text.
    Body,
    /// Who published it and when, or by whom it was adopted.
    Byline,
    /// Who attended.
    Attendance,
    /// A web page's own words, such as 返回顶部; never compared.
    Furniture,
}

/// A paragraph of the normalised text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// Its characters.
    pub span: Span<Normalized>,
    /// What it is for.
    pub role: ParagraphRole,
    /// The label that opens it, if one does.
    pub enumerator: Option<Enumerator>,
}

impl Paragraph {
    /// The characters behind the label.
    pub fn body(&self) -> Span<Normalized> {
        let label = self.enumerator.map_or(0, |enumerator| enumerator.characters);
        Span::new((self.span.start() + label).min(self.span.end()), self.span.end())
    }
}

/// Longest headline or heading, in characters.
const MAX_HEADING_CHARACTERS: usize = 60;
/// Longest byline, in characters.
const MAX_BYLINE_CHARACTERS: usize = 80;
/// Longest piece of web furniture, in characters.
const MAX_FURNITURE_CHARACTERS: usize = 48;

/// Gives every paragraph its role.
pub fn paragraphs(text: &NormalizedText) -> Vec<Paragraph> {
    let mut among_headlines = true;
    text.paragraphs()
        .iter()
        .map(|&span| {
            let characters = text.slice(span);
            let enumerator = enumerator_at(characters);
            let role = role(characters, enumerator, among_headlines);
            among_headlines &= !matches!(role, ParagraphRole::Body | ParagraphRole::Heading);
            // Pages that change the headline repeat the original one below the text.
            among_headlines |= characters.iter().copied().eq(ORIGINAL_TITLE.chars());
            Paragraph { span, role, enumerator }
        })
        .collect()
}

fn role(characters: &[char], enumerator: Option<Enumerator>, among_headlines: bool) -> ParagraphRole {
    if is_furniture(characters) {
        ParagraphRole::Furniture
    } else if is_byline(characters) {
        ParagraphRole::Byline
    } else if is_attendance(characters) {
        ParagraphRole::Attendance
    } else if characters.len() <= MAX_HEADING_CHARACTERS && !ends_like_a_sentence(characters) {
        match enumerator.map(|enumerator| enumerator.style) {
            Some(Style::Chapter | Style::HanComma) => ParagraphRole::Heading,
            None if among_headlines => ParagraphRole::Title,
            _ => ParagraphRole::Body,
        }
    } else {
        ParagraphRole::Body
    }
}

fn ends_like_a_sentence(characters: &[char]) -> bool {
    matches!(characters.last(), Some('。' | '！' | '？' | '；' | '：' | '，' | '.' | '”'))
}

/// Line of a page below which the original headline stands.
const ORIGINAL_TITLE: &str = "原标题：";

/// Openings of web furniture: navigation, sharing, printing, counters.
const FURNITURE_OPENINGS: &[&str] = &[
    "首页",
    "当前位置",
    "您的位置",
    "您现在的位置",
    "字体：",
    "字号：",
    "分享到",
    "打印本页",
    "打印",
    "关闭窗口",
    "关闭本页",
    "相关链接",
    "相关阅读",
    "相关资讯",
    "相关新闻",
    "相关文章",
    "相关稿件",
    "返回顶部",
    "回到顶部",
    "返回回到顶部",
    "返回首页",
    "[展开全部",
    "[展开全文",
    "展开全部",
    "展开全文",
    "热搜词",
    "热门",
    "查看更多",
    "更多",
    "原标题：",
    "关键字：",
    "关键词：",
    "标签：",
    "上一篇",
    "下一篇",
    "版权所有",
    "网站地图",
    "联系我们",
    "扫一扫",
    "责任编辑",
    "编辑：",
    "责编：",
    "点击",
    "浏览次数",
    "阅读次数",
    "访问量",
    "收藏",
    "登录",
    "注册",
    "网站标识码",
    "主办单位",
    "承办单位",
    "微信",
    "微博",
    "[关闭",
    "[打印",
    "[字体",
    "【打印",
    "无障碍",
    "繁體",
    "简体版",
    "移动版",
    "加入收藏",
    "设为首页",
    "免责声明",
    "声明：",
    "附件下载",
    "下载",
];

/// Words that stand inside furniture and nowhere else.
const FURNITURE_WORDS: &[&str] = &[
    "浏览次数",
    "阅读次数",
    "点击量",
    "访问次数",
    "关闭窗口",
    "返回顶部",
    "回到顶部",
    "[大中小]",
    "字体大小",
    "分享到：",
];

/// Whether a paragraph is a web page's own words.
pub fn is_furniture(characters: &[char]) -> bool {
    if characters.len() > MAX_FURNITURE_CHARACTERS || matches!(characters.last(), Some('。' | '；')) {
        return false;
    }
    static WORDS: LazyLock<WordList> = LazyLock::new(|| WordList::of(FURNITURE_WORDS));
    static OPENINGS: LazyLock<WordList> = LazyLock::new(|| WordList::of(FURNITURE_OPENINGS));
    let no_words = characters.len() <= 3 && !characters.iter().copied().any(is_han);
    no_words
        || (0..characters.len()).any(|at| WORDS.longest_at(&characters[at..]).is_some())
        || OPENINGS.longest_at(characters).is_some_and(|(length, ())| characters.len() <= length + 30)
            && !characters.contains(&'，')
}

fn is_byline(characters: &[char]) -> bool {
    if matches!(characters.last(), Some('。' | '；' | '：')) {
        return false;
    }
    let opens_record =
        date_length(characters) > 0 || characters.starts_with(&['根', '据']) || characters.starts_with(&['（']);
    if characters.len() > MAX_BYLINE_CHARACTERS && !opens_record {
        return false;
    }
    let text = LazyCell::new(|| characters.iter().collect::<String>());
    // The record of a law's adoption and amendments may be long: dates and sessions, one after the other.
    let record = opens_record
        && text.contains("会议")
        && ["通过", "批准", "公布", "修正", "修订"].iter().any(|word| text.trim_end_matches('）').ends_with(word));
    if record {
        return true;
    }
    if characters.len() > MAX_BYLINE_CHARACTERS {
        return false;
    }
    let bracketed = matches!(characters.first(), Some('（')) && matches!(characters.last(), Some('）'));
    let adoption = || ["通过", "批准", "公布", "修正", "修订", "修改"].iter().any(|word| text.contains(word));
    let dated = date_length(characters) > 0;
    let only_date = dated && date_length(characters) == characters.len();
    let report = || ["记者", "通讯员", "摄影", "供稿"].iter().any(|word| text.contains(word));
    static SOURCES: LazyLock<WordList> =
        LazyLock::new(|| WordList::of(&["来源：", "发布时间：", "发布日期：", "时间：", "日期：", "作者："]));
    let source = SOURCES.longest_at(characters).is_some();
    let dateline = matches!(characters, [.., '讯' | '电'] | [.., '讯' | '电', '）']) && characters.contains(&'日');
    only_date
        || source
        || dateline
        || bracketed && (adoption() || report())
        || dated && adoption() && !characters.contains(&'，')
}

/// Length of the date that `text` begins with: 2020年6月3日 or 2020-06-03.
fn date_length(text: &[char]) -> usize {
    let digits = |from: usize| text[from.min(text.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
    let year = digits(0);
    if year != 4 {
        return 0;
    }
    let mut at = year;
    for (han, ascii) in [('年', '-'), ('月', '-'), ('日', ' ')] {
        match text.get(at) {
            Some(&mark) if mark == han || mark == ascii => at += 1,
            _ => break,
        }
        if han != '日' {
            let more = digits(at);
            if more == 0 || more > 2 {
                break;
            }
            at += more;
        }
    }
    at
}

/// Words that close a list of those present.
const PRESENT: &[&str] = &["出席会议", "列席会议", "参加会议", "出席", "列席", "参加", "陪同", "参加活动"];

/// A paragraph that does nothing but list who was there: it ends so, and lists more than it says.
fn is_attendance(characters: &[char]) -> bool {
    let body = match characters.last() {
        Some('。') => &characters[..characters.len() - 1],
        _ => characters,
    };
    let ends = PRESENT.iter().any(|word| {
        let length = word.chars().count();
        body.len() > length && body[body.len() - length..].iter().copied().eq(word.chars())
    });
    let listed = characters.iter().filter(|c| **c == '、').count();
    ends && (listed >= 3 && listed * 30 >= characters.len())
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::*;

    fn check(raw: &str) -> Vec<String> {
        let text = normalize(raw);
        paragraphs(&text).iter().map(|p| format!("{:?}: {}", p.role, text.text(p.span))).collect()
    }

    #[test]
    fn a_scraped_page() {
        let raw = "熱搜詞\n\n广州市召开领导小组第七次全体会议\n\n來源:網絡?2021-02-22\n\n大洋网讯 日前,广州市召开会议,研究部署工作。\n\n市领导罗冀京、陈志英、王世彤、周亚伟,有关单位负责人参加。\n\n(广州日报全媒体记者吴城华 通讯员史伟宗)\n[展開全部↓]\n關鍵字:\n返回 回到頂部\nx";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "Furniture: 热搜词",
            "Title: 广州市召开领导小组第七次全体会议",
            "Byline: 来源：网络2021-02-22",
            "Body: 大洋网讯日前，广州市召开会议，研究部署工作。",
            "Attendance: 市领导罗冀京、陈志英、王世彤、周亚伟，有关单位负责人参加。",
            "Byline: （广州日报全媒体记者吴城华通讯员史伟宗）",
            "Furniture: [展开全部↓]",
            "Furniture: 关键字：",
            "Furniture: 返回回到顶部",
            "Furniture: x",
        ]
        "#);
    }

    #[test]
    fn a_regulation() {
        let raw = "某省文明行为促进条例\n(2020年6月3日某省第十三届人民代表大会常务委员会第十八次会议通过)\n第一章　总则\n第一条　为了促进文明行为,制定本条例。\n（一）遵守法律；\n首页 > 政务公开 > 政策文件\n字体:[大 中 小]\n来源:本站 发布时间:2021-06-18 浏览次数:1024";
        insta::assert_debug_snapshot!(check(raw), @r#"
        [
            "Title: 某省文明行为促进条例",
            "Byline: （2020年6月3日某省第十三届人民代表大会常务委员会第十八次会议通过）",
            "Heading: 第一章总则",
            "Body: 第一条为了促进文明行为，制定本条例。",
            "Body: （一）遵守法律；",
            "Furniture: 首页>政务公开>政策文件",
            "Furniture: 字体：[大中小]",
            "Furniture: 来源：本站发布时间：2021-06-18浏览次数：1024",
        ]
        "#);
    }
}
