//! One case: compare, and write the comparison as the JSON object that the scores read.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::Path;

use policy_echo::compare::comparison::{
    BeadKind, Comparison, Direction, Edit, EditKind, EditOp, OriginKind, Passage, PassageForm, StageEnd,
};
use policy_echo::compare::engine::Engine;
use policy_echo::compare::options::{CompareOptions, Parts, Report, Reports};
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::span::Pair;

use crate::Failure;
use crate::diff_measures;
use crate::lines::Lines;

/// The JSON object of one case folder.
pub(crate) fn answer(engine: &Engine, case: &Path, without: Parts) -> Result<String, Failure> {
    let texts = Pair { left: read(&case.join("left.txt"))?, right: read(&case.join("right.txt"))? };
    let documents = Pair { left: document(&texts.left)?, right: document(&texts.right)? };
    let mut paths = fs::read_dir(case)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Failure>>()?;
    paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("reference")));
    paths.sort();
    let references = paths.iter().map(|path| document(&read(path)?)).collect::<Result<Vec<_>, Failure>>()?;
    let options = CompareOptions {
        reports: Reports::NONE.with(Report::Alignment).with(Report::Edits),
        without,
        ..CompareOptions::default()
    };
    let comparison = engine.compare(&documents, &references, &options, &Cancel::new())?;
    let lines = Pair { left: Lines::new(&texts.left), right: Lines::new(&texts.right) };
    Ok(json(&comparison, &lines))
}

fn read(path: &Path) -> Result<String, Failure> {
    Ok(fs::read_to_string(path)?)
}

fn document(text: &str) -> Result<Document, Failure> {
    Ok(Document::new(text.to_owned(), Metadata::default(), DocumentLimits::default())?)
}

fn json(comparison: &Comparison, lines: &Pair<Lines<'_>>) -> String {
    let passage = |passage: &Passage| passage_json(passage, lines);
    let paragraph_lines: Pair<Vec<Vec<usize>>> = Pair {
        left: comparison.outlines.left.paragraphs.iter().map(|p| lines.left.touched(p.span).collect()).collect(),
        right: comparison.outlines.right.paragraphs.iter().map(|p| lines.right.touched(p.span).collect()).collect(),
    };
    let links = comparison.links.iter().map(|link| {
        format!(
            "{{\"left\":{},\"right\":{},\"similarity\":{:.4},\"left_coverage\":{:.4},\"right_coverage\":{:.4}}}",
            all_lines(&paragraph_lines.left, link.left..link.left + 1),
            all_lines(&paragraph_lines.right, link.right..link.right + 1),
            link.similarity,
            link.left_coverage,
            link.right_coverage,
        )
    });
    let beads = comparison.beads.iter().map(|bead| {
        format!(
            "{{\"left\":{},\"right\":{},\"kind\":\"{}\",\"moved\":{},\"similarity\":{:.4}}}",
            all_lines(&paragraph_lines.left, bead.left.clone()),
            all_lines(&paragraph_lines.right, bead.right.clone()),
            bead_name(bead.kind),
            bead.moved,
            bead.similarity,
        )
    });
    let echoes = || comparison.passages.iter().filter(|passage| passage.is_echo());
    let formulas = comparison.passages.iter().filter(|passage| !passage.is_echo());
    let edits = echoes().flat_map(|passage| &passage.edits).filter_map(|edit| edit_json(edit, lines));
    let ends = &comparison.completeness;
    let complete = [ends.passages, ends.alignment, ends.edits].iter().all(|end| *end == StageEnd::Complete);
    format!(
        "{{\"passages\":{},\n\"formulas\":{},\n\"edits\":{},\n\"links\":{},\n\"beads\":{},\n\"diff\":{},\n\"complete\":{complete}}}\n",
        list(echoes().map(passage)),
        list(formulas.map(passage)),
        list(edits),
        list(links),
        list(beads),
        diff_measures::measure(comparison, lines).json(),
    )
}

fn list(items: impl Iterator<Item = String>) -> String {
    let mut out = String::from("[");
    for (number, item) in items.enumerate() {
        if number > 0 {
            out.push_str(",\n ");
        }
        out.push_str(&item);
    }
    out.push(']');
    out
}

/// All lines of some paragraphs, each once, as a JSON list.
fn all_lines(of_paragraph: &[Vec<usize>], paragraphs: Range<u32>) -> String {
    let mut all: Vec<usize> = paragraphs.flat_map(|paragraph| &of_paragraph[paragraph as usize]).copied().collect();
    all.sort_unstable();
    all.dedup();
    format!("{all:?}")
}

fn passage_json(passage: &Passage, lines: &Pair<Lines<'_>>) -> String {
    let form = match passage.form {
        PassageForm::Verbatim => "VERBATIM",
        PassageForm::Localized => "LOCALIZED",
        PassageForm::Adapted => "ADAPTED",
    };
    let origin = match passage.origin.kind {
        OriginKind::Formula => "FORMULA",
        OriginKind::Reference => "REFERENCE",
        OriginKind::Left => "LEFT",
        OriginKind::Undetermined => "UNDETERMINED",
    };
    let mut out = format!(
        "{{\"left\":{:?},\"right\":{:?},\"weight\":{:.3},\"similarity\":{:.4},\"form\":\"{form}\",\"origin\":\"{origin}\",\"background_documents\":{}",
        lines.left.code_points(passage.left),
        lines.right.code_points(passage.right),
        passage.weight,
        passage.similarity,
        passage.origin.background_documents,
    );
    if let Some(reference) = passage.origin.reference {
        let _ = write!(out, ",\"reference\":{reference}");
    }
    out.push('}');
    out
}

fn edit_json(edit: &Edit, lines: &Pair<Lines<'_>>) -> Option<String> {
    let (name, direction) = match edit.kind.as_ref()? {
        EditKind::Localization => ("LOCALIZATION", None),
        EditKind::Number(_) => ("NUMBER", None),
        EditKind::Strength(Direction::Weaker) => ("STRENGTH", Some(-1)),
        EditKind::Strength(Direction::Stronger) => ("STRENGTH", Some(1)),
        EditKind::Synonym => ("SYNONYM", None),
        EditKind::Name => ("NAME", None),
        EditKind::Date => ("DATE", None),
        EditKind::Slogan => ("SLOGAN", None),
        EditKind::Reordering => ("REORDERING", None),
        EditKind::Punctuation => ("PUNCTUATION", None),
        EditKind::Addition => ("ADDITION", None),
        EditKind::Omission => ("OMISSION", None),
        EditKind::Other => ("OTHER", None),
    };
    let op = match edit.op() {
        EditOp::Equal => "EQUAL",
        EditOp::Delete => "DELETE",
        EditOp::Insert => "INSERT",
        EditOp::Replace => "REPLACE",
    };
    let mut out = format!(
        "{{\"op\":\"{op}\",\"kind\":\"{name}\",\"left\":{:?},\"right\":{:?}",
        lines.left.code_points(edit.left),
        lines.right.code_points(edit.right),
    );
    if let Some(direction) = direction {
        let _ = write!(out, ",\"direction\":{direction}");
    }
    out.push('}');
    Some(out)
}

fn bead_name(kind: BeadKind) -> &'static str {
    match kind {
        BeadKind::Match => "MATCH",
        BeadKind::Split => "SPLIT",
        BeadKind::Merge => "MERGE",
        BeadKind::ManyToMany => "MANY_TO_MANY",
        BeadKind::LeftOnly => "LEFT_ONLY",
        BeadKind::RightOnly => "RIGHT_ONLY",
    }
}
