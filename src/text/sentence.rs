//! Sentences and clauses.
//!
//! In: the normalised text and its paragraphs. Out: [`Sentence`]s and [`Clause`]s, which cover every paragraph without
//! gap; each clause knows its sentence, each sentence its paragraph. Cost: linear.
//! A sentence ends at 。！？；(and after the quotation mark or bracket that closes behind it), or before an enumerator
//! such as 二要 that opens a new point. A clause ends at ，：、 is no clause border, since lists are one clause.

use super::cancel::{Cancel, Cancelled, Polls};
use super::enumerator::enumerator_at;
use super::normalize::NormalizedText;
use super::paragraph::Paragraph;
use super::span::{Normalized, Span};

/// A sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Its characters, with the punctuation that ends it.
    pub span: Span<Normalized>,
    /// Index of its paragraph.
    pub paragraph: u32,
    /// Characters of the enumerator that opens it; 0 if none does.
    pub label_characters: u32,
}

/// A clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Its characters, with the punctuation that ends it.
    pub span: Span<Normalized>,
    /// Index of its sentence.
    pub sentence: u32,
}

/// Whether a character ends a sentence.
pub fn ends_sentence(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '；' | '!' | '?' | ';')
}

/// Whether a character ends a clause inside a sentence.
pub fn ends_clause(character: char) -> bool {
    matches!(character, '，' | '：' | ',')
}

/// Cuts every paragraph into sentences and clauses.
pub fn sentences(
    text: &NormalizedText,
    paragraphs: &[Paragraph],
    cancel: &Cancel,
) -> Result<(Vec<Sentence>, Vec<Clause>), Cancelled> {
    let mut polls = Polls::new(cancel);
    let mut sentences = Vec::new();
    let mut clauses = Vec::new();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let characters = text.slice(paragraph.span);
        let offset = paragraph.span.start();
        let mut cutter =
            Cutter { characters, offset, paragraph: index as u32, sentence_start: 0, clause_start: 0, label: 0 };
        cutter.label = cutter.label_at(0);
        let mut at = 0;
        while at < characters.len() {
            // Han characters end nothing, and most characters are Han.
            at += polls.before(&characters[at..], |character| !matches!(character, '\u{4e00}'..='\u{9fff}'))?;
            if at == characters.len() {
                break;
            }
            let character = characters[at];
            at += 1;
            if ends_sentence(character) {
                while at < characters.len() && matches!(characters[at], '”' | '’' | '）' | '》' | ')') {
                    at += 1;
                }
                cutter.end_clause(at, sentences.len(), &mut clauses);
                cutter.end_sentence(at, &mut sentences);
            } else if ends_clause(character) {
                cutter.end_clause(at, sentences.len(), &mut clauses);
                if cutter.label_at(at) > 0 {
                    cutter.end_sentence(at, &mut sentences);
                }
            }
        }
        cutter.end_clause(at, sentences.len(), &mut clauses);
        cutter.end_sentence(at, &mut sentences);
    }
    sentences.shrink_to_fit();
    clauses.shrink_to_fit();
    Ok((sentences, clauses))
}

struct Cutter<'t> {
    characters: &'t [char],
    offset: u32,
    paragraph: u32,
    sentence_start: usize,
    clause_start: usize,
    label: u32,
}

impl Cutter<'_> {
    /// Characters of the label that stands at a border.
    fn label_at(&self, at: usize) -> u32 {
        enumerator_at(&self.characters[at..]).map_or(0, |enumerator| enumerator.characters)
    }

    fn end_clause(&mut self, at: usize, sentence: usize, clauses: &mut Vec<Clause>) {
        if at > self.clause_start {
            let span = Span::new(self.offset + self.clause_start as u32, self.offset + at as u32);
            clauses.push(Clause { span, sentence: sentence as u32 });
            self.clause_start = at;
        }
    }

    fn end_sentence(&mut self, at: usize, sentences: &mut Vec<Sentence>) {
        if at > self.sentence_start {
            let span = Span::new(self.offset + self.sentence_start as u32, self.offset + at as u32);
            sentences.push(Sentence { span, paragraph: self.paragraph, label_characters: self.label });
            self.sentence_start = at;
            self.label = self.label_at(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::super::paragraph::paragraphs;
    use super::*;

    fn check(raw: &str) -> String {
        let text = normalize(raw);
        let (sentences, clauses) = sentences(&text, &paragraphs(&text), &Cancel::new()).expect("nobody cancels");
        let cut = |index: usize| {
            let inside = clauses.iter().filter(|clause| clause.sentence as usize == index);
            inside.map(|clause| text.text(clause.span)).collect::<Vec<_>>().join("|")
        };
        (0..sentences.len()).map(cut).collect::<Vec<_>>().join(" / ")
    }

    #[test]
    fn sentences_end_at_stops_and_before_labels() {
        assert_eq!(
            check("会议强调，要扎实推进。一要把握初心，二要把握布局；三要办好事。"),
            "会议强调，|要扎实推进。 / 一要把握初心， / 二要把握布局； / 三要办好事。"
        );
    }

    #[test]
    fn a_closing_mark_stays_with_its_sentence() {
        assert_eq!(check("他说：“好。”大家同意"), "他说：|“好。” / 大家同意");
    }
}
