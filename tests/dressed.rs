//! The dress-up law: however a scraper dresses a clean document, it reads the same.
//!
//! A copy in traditional characters, with pinyin, in half-width punctuation or hard-wrapped gives the very characters
//! and paragraph borders of the original, and its ledger says what was cleaned; a web page's lines around it become
//! paragraphs of their own with the role of furniture and change nothing else.
//!
//! Runs over `examples/`. `DRESSED_DOCUMENTS=dir:dir cargo test --test dressed` runs it over every `.txt` file of other
//! folders too.

#[path = "dressing/noise.rs"]
mod noise;

use std::path::{Path, PathBuf};

use noise::{FURNITURE_ABOVE, FURNITURE_BELOW, Noise};
use policy_echo::text::normalize::cleaning::CleaningKind;
use policy_echo::text::normalize::{NormalizedText, normalize};
use policy_echo::text::paragraph::{ParagraphRole, paragraphs};

/// Every document of a folder and of the folders in it, in order of path.
fn documents(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("a readable entry").path()) {
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push((path, text));
        }
    }
    found.sort();
    found
}

fn examples() -> Vec<(PathBuf, String)> {
    documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"))
}

/// The document as the benchmark dresses it: its paragraphs without indentation and blank lines.
fn without_blank_lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
}

/// Every sixty paragraphs, each stretch a document of its own, as the benchmark cuts its hosts. A rest of one or two
/// paragraphs is left out: nothing tells its wrapped lines from short ones.
fn excerpts(clean: &str) -> Vec<String> {
    let lines: Vec<&str> = clean.lines().collect();
    let stretches = lines.chunks(60).filter(|stretch| stretch.len() > 2);
    stretches.map(|lines| lines.iter().map(|line| format!("{line}\n")).collect()).collect()
}

fn paragraph_texts(text: &NormalizedText) -> Vec<String> {
    text.paragraphs().iter().map(|span| text.text(*span)).collect()
}

/// What is wrong with a dressed copy, or nothing.
fn difference(clean: &str, noise: Noise) -> Option<String> {
    let original = normalize(clean);
    let dressed = normalize(&noise.dress(clean));
    let (left, mut right) = (paragraph_texts(&original), paragraph_texts(&dressed));
    if noise == Noise::Furniture {
        let roles = paragraphs(&dressed);
        let (above, below) = (FURNITURE_ABOVE.len(), FURNITURE_BELOW.len());
        let own = above..roles.len().checked_sub(below)?;
        let of_the_page = roles[..above].iter().chain(&roles[own.end..]);
        if let Some(wrong) = of_the_page.into_iter().find(|p| p.role != ParagraphRole::Furniture) {
            return Some(format!("furniture read as {:?}: {}", wrong.role, dressed.text(wrong.span)));
        }
        let original_roles = paragraphs(&original);
        if let Some((was, is)) = original_roles.iter().zip(&roles[own.clone()]).find(|(a, b)| a.role != b.role) {
            return Some(format!("{:?} became {:?}: {}", was.role, is.role, original.text(was.span)));
        }
        right = right[own].to_vec();
    }
    if let Some((was, is)) = left.iter().zip(&right).find(|(was, is)| was != is) {
        return Some(format!("\n  clean   {was}\n  dressed {is}"));
    }
    (left.len() != right.len()).then(|| format!("{} paragraphs became {}", left.len(), right.len()))
}

/// Whether a document is clean enough to be wrapped: pinyin would be broken over two lines.
fn can_be_wrapped(clean: &str) -> bool {
    normalize(clean).cleanings().iter().all(|cleaning| cleaning.kind != CleaningKind::Pinyin)
}

fn check(documents: &[(PathBuf, String)]) {
    let mut broken = Vec::new();
    for (path, text) in documents {
        let clean = without_blank_lines(text);
        for clean in excerpts(&clean).into_iter().chain([clean, text.clone()]) {
            for noise in Noise::ALL {
                // Wrapping is for clean lines: a document that is indented or wrapped already is something else.
                if matches!(noise, Noise::Wrapped(_)) && (clean == *text || !can_be_wrapped(&clean)) {
                    continue;
                }
                if let Some(difference) = difference(&clean, noise) {
                    broken.push(format!("{} {noise:?}: {difference}", path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{} of {} documents:\n{}", broken.len(), documents.len(), broken.join("\n"));
}

#[test]
fn examples_read_the_same_however_they_are_dressed() {
    let documents = examples();
    assert!(documents.len() >= 18, "the five seeds and the thirteen regulations");
    check(&documents);
}

#[test]
fn other_documents_read_the_same_however_they_are_dressed() {
    let folders = std::env::var("DRESSED_DOCUMENTS").unwrap_or_default();
    let folders = folders.split(':').filter(|folder| !folder.is_empty());
    check(&folders.flat_map(|folder| documents(Path::new(folder))).collect::<Vec<_>>());
}

#[test]
fn the_ledger_names_what_was_dressed() {
    let (_, clean) = examples()
        .into_iter()
        .find(|(path, _)| path.ends_with("河南省文明行为促进条例(2020-08-03).txt"))
        .expect("it is there");
    let clean = without_blank_lines(&clean);
    let counts = |text: &str| {
        let mut counts = std::collections::BTreeMap::<CleaningKind, usize>::new();
        normalize(text).cleanings().iter().for_each(|cleaning| *counts.entry(cleaning.kind).or_default() += 1);
        counts
    };
    let before = counts(&clean);
    let risen = |noise: Noise| {
        let after = counts(&noise.dress(&clean));
        after
            .into_iter()
            .filter(|(kind, count)| *count > before.get(kind).copied().unwrap_or(0))
            .map(|(kind, _)| kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(risen(Noise::Traditional), [CleaningKind::Script]);
    assert_eq!(risen(Noise::Annotated), [CleaningKind::Script, CleaningKind::Pinyin]);
    assert_eq!(risen(Noise::Width), [CleaningKind::Width]);
    assert_eq!(risen(Noise::Wrapped(32)), [CleaningKind::LineWrap]);
    assert_eq!(before.get(&CleaningKind::LineWrap), None);
}
