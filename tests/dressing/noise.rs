//! What scrapers do to a document, done on purpose: the noise functions of the benchmark, in Rust.
//!
//! In: a clean document. Out: the same document in traditional characters, with pinyin glued on, in half-width
//! punctuation, hard-wrapped, or among a web page's own lines. Deterministic: chance is a counter put through a hash.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One way to dress a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noise {
    /// Every character in its traditional form.
    Traditional,
    /// Traditional, with pinyin in brackets behind some characters.
    Annotated,
    /// Half-width punctuation.
    Width,
    /// A line break every so many characters; paragraphs are indented by two wide blanks.
    Wrapped(usize),
    /// A web page's lines above and below.
    Furniture,
}

impl Noise {
    /// Every kind, and every width of wrapping.
    pub(crate) const ALL: [Noise; 8] = [
        Noise::Traditional,
        Noise::Annotated,
        Noise::Width,
        Noise::Wrapped(28),
        Noise::Wrapped(32),
        Noise::Wrapped(36),
        Noise::Wrapped(40),
        Noise::Furniture,
    ];

    /// Dresses a document.
    pub(crate) fn dress(self, clean: &str) -> String {
        match self {
            Noise::Traditional => traditional(clean, false),
            Noise::Annotated => traditional(clean, true),
            Noise::Width => clean.chars().map(half_width).collect(),
            Noise::Wrapped(width) => wrapped(clean, width),
            Noise::Furniture => furniture(clean),
        }
    }
}

const SIMPLIFIED_TO_TRADITIONAL: &str = include_str!("../data/opencc/STCharacters.txt");

/// OpenCC's table, first candidates.
static TRADITIONAL_FORMS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let lines = SIMPLIFIED_TO_TRADITIONAL.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let (key, candidates) = line.split_once('\t')?;
            Some((key.chars().next()?, candidates.chars().next()?))
        })
        .collect()
});

const READINGS: &[(char, &str)] = &[
    ('会', "huì"),
    ('国', "guó"),
    ('学', "xué"),
    ('实', "shí"),
    ('进', "jìn"),
    ('动', "dòng"),
    ('发', "fā"),
    ('强', "qiáng"),
    ('业', "yè"),
    ('应', "yīng"),
    ('当', "dāng"),
    ('机', "jī"),
    ('体', "tǐ"),
    ('导', "dǎo"),
    ('设', "shè"),
    ('将', "jiāng"),
];

fn traditional(clean: &str, annotate: bool) -> String {
    let mut dressed = String::with_capacity(clean.len() * 2);
    for (index, character) in clean.chars().enumerate() {
        dressed.push(TRADITIONAL_FORMS.get(&character).copied().unwrap_or(character));
        if annotate
            && let Some((_, reading)) = READINGS.iter().find(|(read, _)| *read == character)
            && happens_seven_times_of_ten(index as u64)
        {
            dressed.push('(');
            dressed.push_str(reading);
            dressed.push(')');
        }
    }
    dressed
}

/// The mixing step of SplitMix64 (Steele, Lea and Flood, 2014).
fn happens_seven_times_of_ten(index: u64) -> bool {
    let mut mixed = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % 10 < 7
}

fn half_width(character: char) -> char {
    match character {
        '，' => ',',
        '：' => ':',
        '；' => ';',
        '（' => '(',
        '）' => ')',
        '！' => '!',
        '？' => '?',
        other => other,
    }
}

fn wrapped(clean: &str, width: usize) -> String {
    let mut dressed = String::with_capacity(clean.len() * 2);
    let mut column = 0;
    for character in clean.chars() {
        if character == '\n' {
            dressed.push_str("\n　　");
            column = 0;
            continue;
        }
        if column == width {
            dressed.push('\n');
            column = 0;
        }
        dressed.push(character);
        column += 1;
    }
    dressed
}

/// Lines that [`Noise::Furniture`] adds above a document.
pub(crate) const FURNITURE_ABOVE: [&str; 3] =
    ["首页 > 政务公开 > 政策文件", "字体:[大 中 小]", "来源:本站 发布时间:2021-06-18 浏览次数:1024"];
/// Lines that [`Noise::Furniture`] adds below a document.
pub(crate) const FURNITURE_BELOW: [&str; 5] = ["[展开全部↓]", "分享到:", "打印本页 关闭窗口", "相关链接", "返回顶部"];

fn furniture(clean: &str) -> String {
    format!("{}\n{clean}\n{}\n", FURNITURE_ABOVE.join("\n"), FURNITURE_BELOW.join("\n"))
}
