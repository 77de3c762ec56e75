//! Every word of the terminal text that is not a document's, in both languages.

use crate::compare::comparison::{CleaningKind, EditKind, Fate, PassageForm};

/// Language of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

/// The labels of one language.
#[derive(Debug)]
pub(super) struct Labels {
    pub(super) left: &'static str,
    pub(super) right: &'static str,
    pub(super) paragraphs: &'static str,
    pub(super) characters: &'static str,
    pub(super) share: &'static str,
    pub(super) verbatim: &'static str,
    pub(super) localized: &'static str,
    pub(super) adapted: &'static str,
    pub(super) formula: &'static str,
    pub(super) item_coverage: &'static str,
    pub(super) order: &'static str,
    pub(super) found: &'static str,
    pub(super) links: &'static str,
    pub(super) echoes: &'static str,
    pub(super) formula_passages: &'static str,
    pub(super) phrases: &'static str,
    pub(super) items: &'static str,
    pub(super) cleaned: &'static str,
    pub(super) what_echoes_what: &'static str,
    pub(super) unlinked: &'static str,
    pub(super) items_and_fates: &'static str,
    pub(super) shared_phrases: &'static str,
    pub(super) formula_title: &'static str,
    pub(super) sources: &'static str,
    pub(super) similarity: &'static str,
    pub(super) covers: &'static str,
    pub(super) bits: &'static str,
    pub(super) edits: &'static str,
    pub(super) from_reference: &'static str,
    pub(super) more: &'static str,
    pub(super) nothing: &'static str,
    pub(super) coarse: &'static str,
    pub(super) colon: &'static str,
    pub(super) equals: &'static str,
    pub(super) comma: &'static str,
    pub(super) brackets: [&'static str; 2],
    pub(super) legend: &'static str,
}

const CHINESE: Labels = Labels {
    left: "左",
    right: "右",
    paragraphs: "段",
    characters: "字",
    share: "右文中的回应",
    verbatim: "逐字",
    localized: "地方化",
    adapted: "改写",
    formula: "套话",
    item_coverage: "条目回应率",
    order: "顺序一致",
    found: "找到",
    links: "段落对应",
    echoes: "回应文句",
    formula_passages: "套话文句",
    phrases: "共有短语",
    items: "条目",
    cleaned: "读入时忽略或折叠",
    what_echoes_what: "什么回应什么",
    unlinked: "段落对应之外的回应",
    items_and_fates: "左文条目的去向",
    shared_phrases: "最有分量的共有短语",
    formula_title: "套话（不计为回应）",
    sources: "右文自己称引的来源",
    similarity: "相似",
    covers: "覆盖",
    bits: "比特",
    edits: "改动",
    from_reference: "见于参考文件",
    more: "另有",
    nothing: "无",
    coarse: "有的环节到达步数上限，结果有效但较粗",
    colon: "：",
    equals: "：",
    comma: "，",
    brackets: ["（", "）"],
    legend: "[-左文-]{+右文+}；段落自 1 数起；比特数越大越不寻常。",
};

const ENGLISH: Labels = Labels {
    left: "left",
    right: "right",
    paragraphs: "paragraphs",
    characters: "characters",
    share: "Echo in the right text",
    verbatim: "verbatim",
    localized: "localized",
    adapted: "adapted",
    formula: "formula",
    item_coverage: "items answered",
    order: "order kept",
    found: "Found",
    links: "paragraph links",
    echoes: "echoing passages",
    formula_passages: "formula passages",
    phrases: "shared phrases",
    items: "items",
    cleaned: "Folded or ignored while reading",
    what_echoes_what: "What echoes what",
    unlinked: "Echoes outside linked paragraphs",
    items_and_fates: "What became of the left items",
    shared_phrases: "Most telling shared phrases",
    formula_title: "Formula (not counted as echo)",
    sources: "Sources the right text names",
    similarity: "similarity",
    covers: "covers",
    bits: "bits",
    edits: "edits",
    from_reference: "found in reference",
    more: "more:",
    nothing: "none",
    coarse: "A stage stopped at its step budget; the answer is valid and coarser",
    colon: ":",
    equals: ": ",
    comma: ", ",
    brackets: ["  (", ")"],
    legend: "[-left-]{+right+}; paragraphs count from 1; the more bits, the less common the wording.",
};

impl Labels {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        }
    }
}

/// The name of a form.
pub(super) fn form(form: PassageForm, labels: &Labels) -> &'static str {
    match form {
        PassageForm::Verbatim => labels.verbatim,
        PassageForm::Localized => labels.localized,
        PassageForm::Adapted => labels.adapted,
    }
}

/// All fates in the order they are listed, with their names.
pub(super) fn fates(language: Language) -> [(Fate, &'static str); 7] {
    let names = match language {
        Language::Chinese => ["保留", "改写", "合并", "拆分", "移位", "部分", "落空"],
        Language::English => ["kept", "adapted", "merged", "split", "moved", "partial", "silent"],
    };
    let fates = [Fate::Kept, Fate::Adapted, Fate::Merged, Fate::Split, Fate::Moved, Fate::Partial, Fate::Silent];
    std::array::from_fn(|index| (fates[index], names[index]))
}

/// The name of a sort of change.
pub(super) fn edit_kind(kind: &EditKind, language: Language) -> &'static str {
    let (chinese, english) = match kind {
        EditKind::Localization => ("地方化", "localization"),
        EditKind::Number { .. } => ("数字", "number"),
        EditKind::Strength(crate::compare::comparison::Direction::Weaker) => ("力度↓", "weaker"),
        EditKind::Strength(crate::compare::comparison::Direction::Stronger) => ("力度↑", "stronger"),
        EditKind::Synonym => ("近义", "synonym"),
        EditKind::Name => ("名称", "name"),
        EditKind::Date => ("日期", "date"),
        EditKind::Slogan => ("口号", "slogan"),
        EditKind::Reordering => ("调序", "reordering"),
        EditKind::Punctuation => ("标点", "punctuation"),
        EditKind::Addition => ("增加", "addition"),
        EditKind::Omission => ("省略", "omission"),
        EditKind::Other => ("其他", "other"),
    };
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

/// The name of a cleaning.
pub(super) fn cleaning(kind: CleaningKind, language: Language) -> &'static str {
    let (chinese, english) = match kind {
        CleaningKind::Width => ("全半角", "width"),
        CleaningKind::Script => ("繁体", "traditional"),
        CleaningKind::Pinyin => ("拼音", "pinyin"),
        CleaningKind::Invisible => ("不可见字符", "invisible"),
        CleaningKind::Quote => ("引号", "quotes"),
        CleaningKind::LostBlank => ("误作问号的空白", "lost blanks"),
        CleaningKind::Blank => ("空白", "blanks"),
        CleaningKind::LineWrap => ("折行", "line wraps"),
        CleaningKind::Punctuation => ("标点", "punctuation"),
    };
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}
