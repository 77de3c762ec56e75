//! Names of what a comparison finds, in both languages, shared by terminal text, pages and tables.

use std::collections::BTreeMap;

use crate::compare::comparison::{
    BeadKind, CitationKind, CleaningKind, DateRole, Direction, Edit, EditKind, Fate, OriginKind, PassageForm, Score,
};

/// Language of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The one of both wordings that is in this language.
    pub fn say<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    /// Its tag after BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-Hans",
            Self::English => "en",
        }
    }
}

/// The name of a form.
pub fn form(form: PassageForm, language: Language) -> &'static str {
    match form {
        PassageForm::Verbatim => language.say("逐字", "verbatim"),
        PassageForm::Localized => language.say("地方化", "localized"),
        PassageForm::Adapted => language.say("改写", "adapted"),
    }
}

/// All fates in the order they are listed.
pub const FATES: [Fate; 7] =
    [Fate::Kept, Fate::Adapted, Fate::Merged, Fate::Split, Fate::Moved, Fate::Partial, Fate::Silent];

/// The name of a fate.
pub fn fate(fate: Fate, language: Language) -> &'static str {
    match fate {
        Fate::Kept => language.say("保留", "kept"),
        Fate::Adapted => language.say("改写", "adapted"),
        Fate::Merged => language.say("合并", "merged"),
        Fate::Split => language.say("拆分", "split"),
        Fate::Moved => language.say("移位", "moved"),
        Fate::Partial => language.say("部分", "partial"),
        Fate::Silent => language.say("落空", "silent"),
    }
}

/// The name of a sort of change.
pub fn edit_kind(kind: &EditKind, language: Language) -> &'static str {
    match kind {
        EditKind::Localization => language.say("地方化", "localization"),
        EditKind::Number(_) => language.say("数字", "number"),
        EditKind::Strength(Direction::Weaker) => language.say("力度↓", "weaker"),
        EditKind::Strength(Direction::Stronger) => language.say("力度↑", "stronger"),
        EditKind::Synonym => language.say("近义", "synonym"),
        EditKind::Name => language.say("名称", "name"),
        EditKind::Date => language.say("日期", "date"),
        EditKind::Slogan => language.say("口号", "slogan"),
        EditKind::Reordering => language.say("调序", "reordering"),
        EditKind::Punctuation => language.say("标点", "punctuation"),
        EditKind::Addition => language.say("增加", "addition"),
        EditKind::Omission => language.say("省略", "omission"),
        EditKind::Other => language.say("其他", "other"),
    }
}

/// The name of a cleaning.
pub fn cleaning(kind: CleaningKind, language: Language) -> &'static str {
    match kind {
        CleaningKind::Width => language.say("全半角", "width"),
        CleaningKind::Script => language.say("繁体", "traditional"),
        CleaningKind::Pinyin => language.say("拼音", "pinyin"),
        CleaningKind::Invisible => language.say("不可见字符", "invisible"),
        CleaningKind::Quote => language.say("引号", "quotes"),
        CleaningKind::LostBlank => language.say("误作问号的空白", "lost blanks"),
        CleaningKind::Blank => language.say("空白", "blanks"),
        CleaningKind::LineWrap => language.say("折行", "line wraps"),
        CleaningKind::Punctuation => language.say("标点", "punctuation"),
    }
}

/// The name of a group's shape.
pub fn bead_kind(kind: BeadKind, language: Language) -> &'static str {
    match kind {
        BeadKind::Match => language.say("对应", "match"),
        BeadKind::Split => language.say("拆分", "split"),
        BeadKind::Merge => language.say("合并", "merge"),
        BeadKind::ManyToMany => language.say("多对多", "many to many"),
        BeadKind::LeftOnly => language.say("仅左文", "left only"),
        BeadKind::RightOnly => language.say("仅右文", "right only"),
    }
}

/// The name of an origin.
pub fn origin(kind: OriginKind, language: Language) -> &'static str {
    match kind {
        OriginKind::Formula => language.say("套话", "formula"),
        OriginKind::Reference => language.say("参考文件", "reference"),
        OriginKind::Left => language.say("左文", "left"),
        OriginKind::Undetermined => language.say("未定", "undetermined"),
    }
}

/// What a date is the date of.
pub fn date_role(role: DateRole, language: Language) -> &'static str {
    match role {
        DateRole::Adopted => language.say("通过或发布", "adopted"),
        DateRole::InForce => language.say("施行", "in force"),
        DateRole::Amended => language.say("修正", "amended"),
    }
}

/// What sort of source a citation names.
pub fn citation(kind: CitationKind, language: Language) -> &'static str {
    match kind {
        CitationKind::Title => language.say("文件", "title"),
        CitationKind::Meeting => language.say("会议", "meeting"),
        CitationKind::Speech => language.say("讲话", "speech"),
    }
}

/// The parts of a score with their names, in the order they are shown; a share that does not apply is `None`.
pub fn score_parts(score: &Score, language: Language) -> [(&'static str, Option<f64>); 6] {
    [
        (form(PassageForm::Verbatim, language), Some(score.verbatim)),
        (form(PassageForm::Localized, language), Some(score.localized)),
        (form(PassageForm::Adapted, language), Some(score.adapted)),
        (origin(OriginKind::Formula, language), Some(score.formula)),
        (language.say("条目回应率", "items answered"), score.item_coverage),
        (language.say("顺序一致", "order kept"), score.order),
    ]
}

/// How many changes of each sort there are, in the order of their names; nothing for EQUAL stretches.
pub fn edit_counts(edits: &[Edit], language: Language) -> Vec<(&'static str, usize)> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for kind in edits.iter().filter_map(|edit| edit.kind.as_ref()) {
        *counts.entry(edit_kind(kind, language)).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// A share as a whole percentage, small ones with a decimal.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 9.95 { format!("{percent:.1}%") } else { format!("{percent:.0}%") }
}
