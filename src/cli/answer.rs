//! Where an answer comes from, what it holds and where it goes: the options that `compare` and `trace` share.

use super::output::Color;
use super::server::ServerAccess;
use crate::report::label::Language;
use crate::service::proto;

/// Longest reply that is received from a server, in bytes.
pub(super) const MAX_REPLY_BYTES: usize = 1 << 30;

/// How to ask, and what to do with the answer.
#[derive(Debug, clap::Args)]
pub(super) struct AnswerOptions {
    /// What offsets in JSON count
    #[arg(long, value_enum, default_value_t = Unit::Utf8)]
    offset_unit: Unit,

    /// Add the words to the offsets in JSON
    #[arg(long)]
    pub(super) include_text: bool,

    /// Ask this server rather than work here, such as http://127.0.0.1:50051
    #[arg(long, env = "POLICY_ECHO_SERVER", value_name = "URL")]
    pub(super) server: Option<String>,

    #[command(flatten)]
    pub(super) access: ServerAccess,

    /// A background table to use in place of the embedded one; not with --server, which has its own
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    pub(super) background: Option<String>,

    /// Language of labels; by default that of the locale in text and tables, Chinese in a page
    #[arg(long, value_enum)]
    lang: Option<Lang>,

    /// When to colour text
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,

    /// Write here rather than to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Unit {
    /// UTF-8 bytes
    Utf8,
    /// UTF-16 code units
    Utf16,
    /// Unicode code points
    CodePoints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Lang {
    /// Chinese
    Zh,
    /// English
    En,
}

/// Who reads an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A program, which is sent JSON.
    Program,
    /// A person in front of a terminal or a table.
    Here,
    /// A person with a page, perhaps elsewhere.
    OfPage,
}

impl AnswerOptions {
    /// What offsets count. What a person reads is cut from the documents by UTF-8 bytes.
    pub(super) fn unit(&self, reader: Reader) -> proto::OffsetUnit {
        match (reader, self.offset_unit) {
            (Reader::Program, Unit::Utf16) => proto::OffsetUnit::Utf16CodeUnits,
            (Reader::Program, Unit::CodePoints) => proto::OffsetUnit::CodePoints,
            (_, Unit::Utf8 | Unit::Utf16 | Unit::CodePoints) => proto::OffsetUnit::Utf8Bytes,
        }
    }

    /// The language of labels.
    pub(super) fn language(&self, reader: Reader) -> Language {
        match (self.lang, reader) {
            (Some(Lang::Zh), _) => Language::Chinese,
            (Some(Lang::En), _) => Language::English,
            // A page is passed on and opened elsewhere, so the locale here says nothing about its readers.
            (None, Reader::OfPage) => Language::Chinese,
            (None, Reader::Here | Reader::Program) => language_of_locale(),
        }
    }
}

/// Chinese where the locale is.
fn language_of_locale() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    if set.is_some_and(|locale| locale.starts_with("zh")) { Language::Chinese } else { Language::English }
}
