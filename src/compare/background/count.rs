//! Counting: from background documents to the table's bytes.
//!
//! In: titles, each with the normalised texts of its versions. Out: the bytes of a table. An n-gram lies inside one
//! paragraph; punctuation belongs to it. Costs 8 bytes for each distinct n-gram of each title while it counts.

use super::table::{hash, write};
use super::{Frequency, Genre, NGRAM_CHARACTERS};
use crate::text::normalize::NormalizedText;

/// Fewest titles an n-gram must stand in to be kept: what stands in one title may be that title's own.
const FEWEST_TITLES: u32 = 2;

/// A background document, with all its versions: an n-gram that stands in several of them counts once.
#[derive(Clone, Debug)]
pub struct Title {
    /// Where it is counted.
    pub genre: Genre,
    /// The texts of its versions.
    pub versions: Vec<NormalizedText>,
}

/// The bytes of a table over some titles; `provenance` says what was counted. The order of the titles does not matter.
pub fn build(titles: &[Title], provenance: &str) -> Vec<u8> {
    let counted = |genre| titles.iter().filter(|title| title.genre == genre).count() as u32;
    let reports = document_frequencies(titles, Genre::Report);
    let regulations = document_frequencies(titles, Genre::Regulation);
    let entries = merge(&reports, &regulations);
    let totals = Frequency { reports: counted(Genre::Report), regulations: counted(Genre::Regulation) };
    write(totals, &entries, provenance)
}

/// (hash, titles) of every n-gram of a genre, hashes ascending.
fn document_frequencies(titles: &[Title], genre: Genre) -> Vec<(u64, u32)> {
    let mut all = Vec::new();
    for title in titles.iter().filter(|title| title.genre == genre) {
        let mut of_title = Vec::new();
        for text in &title.versions {
            for paragraph in text.paragraphs() {
                for length in NGRAM_CHARACTERS {
                    of_title.extend(text.slice(*paragraph).windows(length).map(hash));
                }
            }
        }
        of_title.sort_unstable();
        of_title.dedup();
        all.append(&mut of_title);
    }
    all.sort_unstable();
    all.chunk_by(|left, right| left == right).map(|same| (same[0], same.len() as u32)).collect()
}

/// Both genres' counts side by side, without what too few titles of either genre hold.
fn merge(reports: &[(u64, u32)], regulations: &[(u64, u32)]) -> Vec<(u64, Frequency)> {
    let keep = |&&(_, titles): &&(u64, u32)| titles >= FEWEST_TITLES;
    let mut reports = reports.iter().filter(keep).peekable();
    let mut regulations = regulations.iter().filter(keep).peekable();
    let mut merged = Vec::new();
    loop {
        let next = match (reports.peek(), regulations.peek()) {
            (Some(report), Some(regulation)) => report.0.min(regulation.0),
            (Some(one), None) | (None, Some(one)) => one.0,
            (None, None) => return merged,
        };
        let reports = reports.next_if(|report| report.0 == next).map_or(0, |report| report.1);
        let regulations = regulations.next_if(|regulation| regulation.0 == next).map_or(0, |regulation| regulation.1);
        merged.push((next, Frequency { reports, regulations }));
    }
}
