//! Declared sources against textual ones: named and echoed, named only, echoed only.
//!
//! In: what the resolution cites, and what directive and references call themselves. Out: [`SourceCheck`]s: the directive
//! and every reference that is named or echoed, then whatever else is named, each once. Cost: citations times documents.

use super::finding::{NamedSource, SourceCheck};
use crate::compare::comparison::{Citation, CitationKind, ParagraphRole};
use crate::text::analysis::Analysis;
use crate::text::document::{Document, Metadata};
use crate::text::normalize::normalize;

/// Characters at the top of a document in which it says which meeting it is from.
const OPENING_CHARACTERS: usize = 300;
/// Shortest name of a meeting without a number that is searched for, in characters.
const MIN_NAME_CHARACTERS: usize = 8;

/// What a document calls itself.
#[derive(Clone, Debug)]
pub struct Identity {
    title: String,
    opening: String,
    sessions: Vec<Session>,
}

/// A numbered session: 省委十二届十一次全会 is the eleventh of the twelfth provincial committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Session {
    level: Option<char>,
    term: u32,
    ordinal: u32,
}

impl Identity {
    /// What a document calls itself in its metadata, its headlines and its first words.
    pub fn new(metadata: &Metadata, analysis: &Analysis) -> Self {
        let titles = analysis.paragraphs.iter().filter(|paragraph| paragraph.role == ParagraphRole::Title);
        let headline: String = titles.map(|paragraph| analysis.text.text(paragraph.span)).collect();
        let said = if metadata.title.is_empty() { headline.clone() } else { cleaned(&metadata.title) };
        let body: String = analysis.text.characters().iter().take(OPENING_CHARACTERS).collect();
        let opening = format!("{}\n{body}", cleaned(&metadata.title));
        let level = if opening.contains('省') || opening.contains("自治区") { Some('省') } else { None };
        // The opening tells of this meeting; what it carries out comes later, behind 精神.
        let sessions = sessions(&opening)
            .into_iter()
            .take(1)
            .map(|session| Session { level: session.level.or(level), ..session })
            .collect();
        Self { title: core(&said).to_owned(), opening, sessions }
    }

    fn is_named_by(&self, name: &str, kind: CitationKind) -> bool {
        let name = core(name);
        match kind {
            CitationKind::Title => !self.title.is_empty() && name == self.title,
            CitationKind::Meeting => match sessions(name).first() {
                Some(named) => self.sessions.iter().any(|own| own.matches(named)),
                None => name.chars().count() >= MIN_NAME_CHARACTERS && self.opening.contains(name),
            },
            CitationKind::Speech => false,
        }
    }
}

impl Session {
    fn matches(&self, other: &Self) -> bool {
        let levels = self.level.zip(other.level).is_none_or(|(left, right)| left == right);
        levels && self.term == other.term && self.ordinal == other.ordinal
    }
}

/// Checks the sources of a resolution. `echoed` are the answers for the directive and each reference.
pub fn sources(
    resolution: &Document,
    citations: &[Citation],
    directive: (&Identity, bool),
    references: &[(&Identity, bool)],
) -> Vec<SourceCheck> {
    let names: Vec<String> =
        citations.iter().map(|citation| cleaned(&resolution.text()[citation.span.range()])).collect();
    let mut known = vec![false; citations.len()];
    let mut check = |source: NamedSource, (identity, echoed): (&Identity, bool)| {
        let mut declared_by = None;
        for (index, citation) in citations.iter().enumerate() {
            if identity.is_named_by(&names[index], citation.kind) {
                known[index] = true;
                declared_by = declared_by.or(Some(index as u32));
            }
        }
        SourceCheck { source, declared_by, echoed: Some(echoed) }
    };
    let mut found = vec![check(NamedSource::Directive, directive)];
    for (index, reference) in references.iter().enumerate() {
        found.push(check(NamedSource::Reference(index as u32), *reference));
    }
    found.retain(|check| {
        check.declared_by.is_some() || check.echoed == Some(true) || check.source == NamedSource::Directive
    });
    for (index, name) in names.iter().enumerate() {
        let first = names[..index].iter().all(|earlier| core(earlier) != core(name));
        if first && !known[index] {
            let index = index as u32;
            found.push(SourceCheck { source: NamedSource::Citation(index), declared_by: Some(index), echoed: None });
        }
    }
    found
}

fn cleaned(text: &str) -> String {
    normalize(text).characters().iter().filter(|c| !c.is_whitespace()).collect()
}

/// A name without its brackets and without 精神 behind it.
fn core(name: &str) -> &str {
    let name = name.strip_prefix('《').unwrap_or(name);
    let name = name.strip_suffix('》').unwrap_or(name);
    let name = name.strip_suffix("精神").unwrap_or(name);
    match name.find("(") {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}

/// Numbered sessions of committees that a text names, in order.
fn sessions(text: &str) -> Vec<Session> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    for at in (0..characters.len()).filter(|at| characters[*at] == '届') {
        let before: Vec<char> = characters[..at].iter().rev().copied().take_while(|c| is_numeral(*c)).collect();
        let term: String = before.iter().rev().collect();
        let after: String = characters[at + 1..].iter().take(12).collect();
        let rest = after.strip_prefix("委员会").unwrap_or(&after);
        let rest = rest.strip_prefix('第').unwrap_or(rest);
        let ordinal: String = rest.chars().take_while(|c| is_numeral(*c)).collect();
        let named = rest[ordinal.len()..].starts_with('次');
        let stem = &characters[..at - before.len()];
        let level = stem.iter().rev().take(8).find(|c| "省市".contains(**c)).copied();
        if let (true, Some(term), Some(ordinal)) = (named, value(&term), value(&ordinal)) {
            found.push(Session { level, term, ordinal });
        }
    }
    found
}

fn is_numeral(character: char) -> bool {
    character.is_ascii_digit() || "一二三四五六七八九十".contains(character)
}

/// Numbers below a hundred.
fn value(numerals: &str) -> Option<u32> {
    let digits: Vec<char> = numerals.chars().collect();
    super::chronology::number(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_in_both_forms() {
        let read = |text: &str| sessions(text).iter().map(|s| (s.level, s.term, s.ordinal)).collect::<Vec<_>>();
        assert_eq!(read("省委十二届十一次全会"), [(Some('省'), 12, 11)]);
        assert_eq!(read("中国共产党广东省第十二届委员会第七次全体会议"), [(Some('省'), 12, 7)]);
        assert_eq!(read("市委十一届十二次全会"), [(Some('市'), 11, 12)]);
        assert_eq!(read("十九届二中、三中全会"), []);
    }

    #[test]
    fn a_name_is_compared_without_brackets_and_spirit() {
        assert_eq!(core("《河南省文明行为促进条例》"), "河南省文明行为促进条例");
        assert_eq!(core("省委十二届十一次全会精神"), "省委十二届十一次全会");
    }
}
