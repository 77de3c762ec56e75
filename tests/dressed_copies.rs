//! A dressed copy compares as equal to the clean regulation it was made from: every paragraph answers its own, all edits
//! are EQUAL, the verbatim share is 1, and only the ledger tells that the copies differ.

#[path = "dressing/noise.rs"]
mod noise;

use std::path::Path;

use noise::{FURNITURE_ABOVE, FURNITURE_BELOW, Noise};
use policy_echo::compare::comparison::{Bead, BeadKind, Comparison, EditOp};
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::paragraph::ParagraphRole;
use policy_echo::text::span::Pair;

/// The regulations of the examples, without indentation and blank lines.
fn regulations() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/henan-civility");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    let mut texts: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            (path.display().to_string(), lines.map(|line| format!("{line}\n")).collect())
        })
        .collect();
    texts.sort();
    texts
}

/// What a comparison says of two copies that is not "equal".
fn differences(found: &Comparison, noise: Noise) -> Vec<String> {
    let mut wrong = Vec::new();
    if found.score.verbatim != 1.0 {
        wrong.push(format!("{:?}", found.score));
    }
    let role = |bead: &Bead| match bead.left.is_empty() {
        false => found.outlines.left.paragraphs[bead.left.start as usize].role,
        true => found.outlines.right.paragraphs[bead.right.start as usize].role,
    };
    let (furniture, own): (Vec<&Bead>, Vec<&Bead>) =
        found.beads.iter().partition(|bead| role(bead) == ParagraphRole::Furniture);
    let added = if noise == Noise::Furniture { FURNITURE_ABOVE.len() + FURNITURE_BELOW.len() } else { 0 };
    if furniture.len() != added {
        wrong.push(format!("{} beads of furniture", furniture.len()));
    }
    for bead in own {
        let equal = bead.edits.len() == 1 && bead.edits[0].op() == EditOp::Equal;
        if bead.kind != BeadKind::Match || bead.moved || bead.similarity != 1.0 || !equal {
            wrong.push(format!("{bead:?}"));
        }
    }
    if found.outlines.right.cleanings.is_empty() && noise != Noise::Furniture {
        wrong.push("an empty ledger".to_owned());
    }
    wrong
}

#[test]
fn dressed_copies_of_regulations_are_equal_to_the_original() {
    let engine = Engine::load(EngineSettings::default()).expect("the embedded tables are sound");
    let (options, cancel) = (CompareOptions::default(), Cancel::new());
    let read = |text: &str| {
        let document = Document::new(text.to_owned(), Metadata::default(), DocumentLimits::default());
        let document = document.expect("a document");
        engine.analyze(&document, &cancel).expect("nobody cancels")
    };
    let regulations = regulations();
    assert!(regulations.len() >= 13, "the regulations of a province and its cities");
    let mut wrong = Vec::new();
    for (name, clean) in &regulations {
        let original = read(clean);
        for noise in Noise::ALL {
            let dressed = noise.dress(clean);
            assert_ne!(&dressed, clean, "{name} {noise:?}");
            let copy = read(&dressed);
            let analyses = Pair::new(&original, &copy);
            let found = engine.compare_analyses(analyses, &[], &options, &cancel).expect("nobody cancels");
            wrong.extend(differences(&found, noise).into_iter().map(|said| format!("{name} {noise:?}: {said}")));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
