//! What is read from the five seed documents: roles, headlines, items, citations, dates, and how much of two of them is
//! the same once pinyin, script and width are folded.

use std::collections::BTreeSet;
use std::path::Path;

use policy_echo::text::analysis::{Analysis, analyze};
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::paragraph::ParagraphRole;
use policy_echo::text::sentence::ends_sentence;

struct Seed {
    raw: String,
    analysis: Analysis,
}

fn seed(name: &str) -> Seed {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let raw = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let document = Document::new(raw.clone(), Metadata::default(), DocumentLimits::default()).expect("a document");
    let read = analyze(&document, &Cancel::new());
    Seed { raw, analysis: read.expect("nobody cancels") }
}

impl Seed {
    fn of_role(&self, role: ParagraphRole) -> Vec<String> {
        let paragraphs = self.analysis.paragraphs.iter().filter(|paragraph| paragraph.role == role);
        paragraphs.map(|paragraph| self.analysis.text.text(paragraph.span)).collect()
    }

    /// Labels of the items of one depth, paragraph by paragraph.
    fn labels(&self, depth: u32) -> String {
        let mut said = String::new();
        let mut last = None;
        for item in self.analysis.items.iter().filter(|item| item.depth == depth) {
            said += if last.is_some_and(|paragraph| paragraph != item.paragraph) { " / " } else { " " };
            said += &self.analysis.text.text(item.label);
            last = Some(item.paragraph);
        }
        said.trim().to_owned()
    }

    fn cites(&self, words: &str) -> bool {
        self.analysis.citations.iter().any(|citation| &self.raw[citation.span.range()] == words)
    }

    fn date(&self) -> String {
        self.analysis.date().map_or("unknown".to_owned(), |date| date.to_string())
    }
}

const PLENUM_2019: &str = "guangdong-2019-07-26-plenum.txt";
const REGIONAL_2024: &str = "guangdong-2024-05-regional-development.txt";
const PLENUM_2020: &str = "guangzhou-2020-12-01-plenum.txt";
const GROUP_2021: &str = "guangzhou-2021-02-leading-group.txt";
const RESOLUTION_2022: &str = "guangzhou-2022-09-22-resolution.txt";

#[test]
fn broken_headlines_are_whole() {
    let titles = seed(PLENUM_2019).of_role(ParagraphRole::Title);
    assert_eq!(
        titles,
        [
            "中共广东省委十二届七次全会在广州召开",
            "坚持以习近平新时代中国特色社会主义思想为指导",
            "坚定不移举全省之力强力推进粤港澳大湾区建设",
        ]
    );
}

#[test]
fn a_page_around_the_text_is_furniture() {
    let page = seed(GROUP_2021);
    assert_eq!(
        page.of_role(ParagraphRole::Furniture),
        ["热搜词", "[展开全部↓]", "关键字：", "相关资讯", "查看更多", "热门游戏", "返回回到顶部", "x"]
    );
    assert_eq!(
        page.of_role(ParagraphRole::Byline),
        ["来源：网络2021-02-22", "（广州日报全媒体记者吴城华通讯员史伟宗）"]
    );
    assert_eq!(page.of_role(ParagraphRole::Attendance).len(), 1);
    assert_eq!(page.of_role(ParagraphRole::Body).len(), 3);
    let below = seed(REGIONAL_2024);
    assert_eq!(below.of_role(ParagraphRole::Furniture), ["原标题："]);
    assert_eq!(below.of_role(ParagraphRole::Title).len(), 3);
}

#[test]
fn no_pinyin_is_left() {
    for name in [PLENUM_2020, GROUP_2021] {
        let seed = seed(name);
        let toned = |c: &&char| "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ".contains(**c);
        assert_eq!(seed.analysis.text.characters().iter().filter(toned).count(), 0, "{name}");
    }
}

#[test]
fn items_are_found() {
    assert_eq!(
        seed(PLENUM_2019).labels(0),
        "一是 二是 三是 四是 五是 六是 / 一要 二要 三要 四要 / 一要 二要 三要 四要 五要 六要 / 一要 二要 三要 四要"
    );
    let plenum = seed(PLENUM_2020);
    assert_eq!(plenum.labels(0), "聚焦 聚焦 聚焦 聚焦 聚焦 聚焦 / 一要 二要 三要 四要");
    assert_eq!(plenum.labels(1), ["坚定不移"; 9].join(" "));
    assert_eq!(seed(GROUP_2021).labels(0), "一要 二要 三要 四要 五要 六要");
    assert_eq!(seed(RESOLUTION_2022).labels(0), "要 要 要 要 要 / 强化 强化 强化 强化 / 坚持 坚持 坚持");
}

#[test]
fn sources_and_dates_are_what_the_texts_say() {
    let plenum = seed(PLENUM_2020);
    assert!(plenum.cites("省委十二屆十一次全會(huì)精神"), "{:?}", plenum.analysis.citations);
    assert!(seed(GROUP_2021).cites("省推進(jìn)粵港澳大灣區(qū)建設(shè)領(lǐng)導(dǎo)小組第六次全體會議精神"));
    assert!(seed(PLENUM_2019).cites("习近平总书记关于粤港澳大湾区建设重要论述和对广东重要讲话、重要指示批示精神"));
    let dates = [PLENUM_2019, REGIONAL_2024, PLENUM_2020, GROUP_2021, RESOLUTION_2022].map(|name| seed(name).date());
    assert_eq!(dates, ["2019-07-26", "unknown", "2020-12-01", "2021-02-22", "2022-09-22"]);
    let places = [PLENUM_2019, REGIONAL_2024, PLENUM_2020, GROUP_2021, RESOLUTION_2022]
        .map(|name| seed(name).analysis.own_places.concat().into_iter().collect::<String>());
    assert_eq!(places, ["广东", "广东", "广州", "广州", "广州"]);
}

/// Distinct runs of eight characters that cross no border.
fn runs(text: &[char], is_border: impl Fn(usize) -> bool) -> BTreeSet<Vec<char>> {
    let inside = |start: usize| !(start + 1..start + 8).any(&is_border);
    (0..text.len().saturating_sub(7))
        .filter(|start| inside(*start))
        .map(|start| text[start..start + 8].to_vec())
        .collect()
}

#[test]
fn folding_shows_what_two_plenums_share() {
    let (left, right) = (seed(PLENUM_2019), seed(PLENUM_2020));
    let raw = [&left, &right].map(|seed| {
        let text: Vec<char> = seed.raw.chars().collect();
        runs(&text, |at| ends_sentence(text[at - 1]) || text[at - 1] == '\n')
    });
    let normalized = [&left, &right].map(|seed| {
        let read = &seed.analysis;
        // A run crosses no sentence end, no paragraph end and no border behind an enumerator's label.
        let mut borders = vec![false; read.text.characters().len() + 1];
        for sentence in &read.sentences {
            borders[sentence.span.start() as usize] = true;
            borders[sentence.span.end() as usize] = true;
            borders[(sentence.span.start() + sentence.label_characters) as usize] = true;
        }
        runs(read.text.characters(), |at| borders[at])
    });
    assert_eq!(raw[0].intersection(&raw[1]).count(), 4);
    let shared = normalized[0].intersection(&normalized[1]).count();
    assert!(shared >= 69, "{shared} runs");
}
