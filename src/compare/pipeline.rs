//! The whole comparison on one screen.
//!
//! In: two analyses, references, what is known of the language, options. Out: a [`Comparison`]. A pure function: no I/O, no
//! clock, no environment, no global state; it can fail only by being cancelled. Each stage is a module of its own.

use std::ops::Range;

use super::align::{Candidate, bead, identical::identical_paragraphs, link};
use super::background::Background;
use super::bigram;
use super::comparison::{
    Bead, Comparison, Completeness, Edit, EditKind, EditOp, Origin, Outline, OutlineParagraph, ParagraphLink, Passage,
    PassageForm, StageEnd,
};
use super::edit::{EditContext, edits, reach};
use super::fate::{self, Answer};
use super::formula::Formulas;
use super::matching::{self, Units};
use super::options::{CompareOptions, Part, Report};
use super::origin::{Commonness, Reference, origin};
use super::passage::{self, Draft};
use super::rarity::Rarity;
use super::shared_phrase;
use super::words::Words;
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, Polls, StepBudget};
use crate::text::lexicon::{CustomWords, Lexicon};
use crate::text::span::{Normalized, Pair, Span};

/// A stage of the comparison. The core reads no clock; whoever times the stages is told when each begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Identical paragraphs, matching units of both documents, the rarity of what they say, the references.
    Units,
    /// Passages: seeded, matched, chained.
    Passages,
    /// Links, groups of paragraphs.
    Alignment,
    /// Edits and origin of every passage.
    PassageEdits,
    /// Fates of items, scores, links with their evidence.
    Items,
    /// Edits of every bead.
    BeadEdits,
    /// Shared phrases.
    Phrases,
    /// Outlines.
    Outlines,
}

/// What comparisons know of the language and the genre; none changes it.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge<'k> {
    /// Where words end.
    pub lexicon: &'k Lexicon,
    /// Words that must stay whole, too.
    pub custom_words: &'k CustomWords,
    /// How common wording is.
    pub background: &'k Background,
    /// Stock phrases.
    pub formulas: &'k Formulas,
}

/// Compares two documents that have been read.
pub fn compare(
    analyses: Pair<&Analysis>,
    references: &[&Analysis],
    knowledge: Knowledge<'_>,
    options: &CompareOptions,
    cancel: &Cancel,
) -> Result<Comparison, Cancelled> {
    compare_watched(analyses, references, knowledge, options, cancel, &mut |_| {})
}

/// Compares two documents that have been read, and calls `begins` as each stage begins.
pub fn compare_watched(
    analyses: Pair<&Analysis>,
    references: &[&Analysis],
    knowledge: Knowledge<'_>,
    options: &CompareOptions,
    cancel: &Cancel,
    begins: &mut dyn FnMut(Stage),
) -> Result<Comparison, Cancelled> {
    let Knowledge { lexicon, custom_words, background, formulas } = knowledge;
    let reports = options.reports;
    let mut completeness = Completeness::default();
    let has_passages = reports.has(Report::Alignment) || reports.has(Report::Edits) || reports.has(Report::Items);
    // Between two stages large lists are let go, which looks at no flag.
    let mut begin = |stage| {
        cancel.check()?;
        begins(stage);
        Ok(())
    };
    begin(Stage::Units)?;
    let identical = match has_passages {
        true => identical_paragraphs(analyses, &mut StepBudget::new(options.budgets.alignment_steps), cancel)?,
        false => Vec::new(),
    };
    let localized = !options.without.has(Part::Localization);
    let classes = if localized { matching::Classes::Localized } else { matching::Classes::Literal };
    let mut owned_units = matching::units_of(analyses, classes, cancel)?;
    // Only references are compared by numbers.
    let left_numbers = match references.is_empty() {
        true => owned_units.left.take_numbers(),
        false => owned_units.left.numbers.clone(),
    };
    let numbers = Pair::new(left_numbers, owned_units.right.take_numbers());
    let owned_bigrams = bigram::bigrams(owned_units.as_ref(), numbers, cancel)?;
    let units = owned_units.as_ref();
    let no_formulas = options.without.has(Part::StockPhrases).then(Formulas::none);
    let formulas = no_formulas.as_ref().unwrap_or(formulas);
    let mut rarity = Rarity::new(background, formulas, analyses, units, cancel)?;
    let sources = Sources::new(background, references, analyses.left, cancel)?;

    let mut found = passage::Found::default();
    let mut groups = Vec::new();
    let mut links = Vec::new();
    if has_passages {
        begin(Stage::Passages)?;
        found = passage::find(analyses, units, owned_bigrams.as_ref(), &mut rarity, &options.budgets, cancel)?;
        completeness.passages = found.end;
        if options.without.has(Part::FormulaPass) {
            found.formulas.clear();
        }
        begin(Stage::Alignment)?;
        found.matches.forget_places();
        let mut polls = Polls::new(cancel);
        let places =
            Pair::new(owned_bigrams.left.into_places(&mut polls)?, owned_bigrams.right.into_places(&mut polls)?);
        let weights = Pair::new(
            link::unit_weights(units.left, places.left, &mut polls)?,
            link::unit_weights(units.right, places.right, &mut polls)?,
        );
        let evidence = link::Evidence {
            analyses,
            units,
            matches: &found.matches,
            echoes: &found.echoes,
            hints: &found.hints,
            formulas: &found.formulas,
            identical: &identical,
            without: options.without,
        };
        links = link::links(&evidence, weights, |run| rarity.told(run).distinctive, cancel)?;
        let paragraphs = Pair::new(analyses.left.paragraphs.len() as u32, analyses.right.paragraphs.len() as u32);
        cancel.check()?;
        groups = bead::groups(paragraphs, &links, &identical);
    } else {
        drop(owned_bigrams);
    }

    // What is not needed any more is let go, since the edits of a large document take room too.
    let passage::Found { echoes, formulas: formulaic, matches, hints, .. } = found;
    drop((matches, hints));
    let rarity = rarity.into_left();
    begin(Stage::PassageEdits)?;
    let context = EditContext::new(Words::new(analyses, lexicon, custom_words), cancel);
    let mut budget = StepBudget::new(options.budgets.edit_steps);
    let drafts = echoes.iter().map(|draft| (draft, Commonness::Telling));
    let drafts = drafts.chain(formulaic.iter().map(|draft| (draft, Commonness::Common)));
    let mut passages: Vec<(Passage, Answer)> = Vec::new();
    for (draft, commonness) in drafts {
        let spans = reach(&context, Pair::new(draft.left, draft.right), &mut budget, cancel)?;
        let (edits, end) = edits(&context, &[spans.left], &[spans.right], &mut budget, cancel)?;
        completeness.edits = completeness.edits.and(end);
        let origin = sources.of_draft(draft, analyses, units, commonness);
        let form = form_of(&edits);
        let passage = Passage {
            left: analyses.left.text.to_raw(spans.left),
            right: analyses.right.text.to_raw(spans.right),
            similarity: f64::from(draft.similarity()),
            weight: f64::from(draft.weight),
            form,
            origin,
            edits,
        };
        let mut runs: Vec<(u32, u32)> = draft.runs.iter().map(|run| (run.left, run.length)).collect();
        runs.sort_unstable();
        let answer = Answer {
            left: spans.left,
            right: spans.right,
            form,
            is_echo: passage.is_echo(),
            weight: draft.weight,
            runs,
        };
        passages.push((passage, answer));
    }
    drop((echoes, formulaic));
    passages.sort_by_key(|(_, answer)| (answer.left, answer.right));
    let (mut passages, answers): (Vec<Passage>, Vec<Answer>) = passages.into_iter().unzip();

    begin(Stage::Items)?;
    let items = match reports.has(Report::Items) {
        true => fate::fates(analyses, units, &answers, &links, cancel)?,
        false => Vec::new(),
    };
    let score = fate::score(units.right, &answers, &groups, &items, cancel)?;
    let mut links = paragraph_links(&links, analyses, &answers, cancel)?;
    // The edits of two paragraphs of a mebibyte take as much room as all that was known until now.
    drop((owned_units, answers));
    begin(Stage::BeadEdits)?;
    let mut beads = Vec::with_capacity(groups.len());
    for group in groups {
        let (bead, end) = bead_of(group, &context, analyses, reports.has(Report::Edits), &mut budget, cancel)?;
        completeness.edits = completeness.edits.and(end);
        beads.push(bead);
    }
    drop(context);
    let mut phrases = Vec::new();
    begin(Stage::Phrases)?;
    if reports.has(Report::Phrases) {
        (phrases, completeness.phrases) = shared_phrase::find(analyses, &rarity, &sources, options, cancel)?;
    }
    begin(Stage::Outlines)?;
    if !reports.has(Report::Edits) {
        passages.iter_mut().for_each(|passage| passage.edits.clear());
    }
    if !reports.has(Report::Alignment) {
        links.clear();
        passages.clear();
        if !reports.has(Report::Edits) {
            beads.clear();
        }
    }
    Ok(Comparison { outlines: analyses.map(outline), links, beads, phrases, passages, items, score, completeness })
}

/// A document as it was read, in raw coordinates.
pub fn outline(analysis: &Analysis) -> Outline {
    let paragraph = |paragraph: &crate::text::paragraph::Paragraph| OutlineParagraph {
        span: analysis.text.to_raw(paragraph.span),
        role: paragraph.role,
    };
    Outline {
        paragraphs: analysis.paragraphs.iter().map(paragraph).collect(),
        cleanings: analysis.text.cleanings().to_vec(),
        citations: analysis.citations.clone(),
        dates: analysis.dates.clone(),
    }
}

/// How closely a passage keeps its wording, by its edits.
fn form_of(edits: &[Edit]) -> PassageForm {
    let changed = |edit: &&Edit| edit.op() != EditOp::Equal && edit.kind != Some(EditKind::Punctuation);
    let mut changes = edits.iter().filter(changed).peekable();
    if changes.peek().is_none() {
        PassageForm::Verbatim
    } else if changes.all(|edit| edit.kind == Some(EditKind::Localization)) {
        PassageForm::Localized
    } else {
        PassageForm::Adapted
    }
}

/// The bead of a group, with its edits if they are wanted.
fn bead_of(
    group: bead::Group,
    context: &EditContext<'_>,
    analyses: Pair<&Analysis>,
    with_edits: bool,
    budget: &mut StepBudget,
    cancel: &Cancel,
) -> Result<(Bead, StageEnd), Cancelled> {
    let spans = |analysis: &Analysis, paragraphs: &Range<u32>| -> Vec<Span<Normalized>> {
        let paragraphs = &analysis.paragraphs[paragraphs.start as usize..paragraphs.end as usize];
        paragraphs.iter().map(|paragraph| paragraph.span).collect()
    };
    let (left, right) = (spans(analyses.left, &group.left), spans(analyses.right, &group.right));
    let (edits, end) =
        if with_edits { edits(context, &left, &right, budget, cancel)? } else { (Vec::new(), StageEnd::Complete) };
    let (kind, similarity) = (group.kind(), f64::from(group.similarity));
    let bead = Bead { left: group.left, right: group.right, kind, moved: group.moved, similarity, edits };
    Ok((bead, end))
}

/// The links with the passages that are their evidence. `links` are sorted by left, then right paragraph.
fn paragraph_links(
    links: &[Candidate],
    analyses: Pair<&Analysis>,
    answers: &[Answer],
    cancel: &Cancel,
) -> Result<Vec<ParagraphLink>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let mut out: Vec<ParagraphLink> = links
        .iter()
        .map(|link| ParagraphLink {
            left: link.left,
            right: link.right,
            similarity: f64::from(link.similarity),
            left_coverage: f64::from(link.left_coverage),
            right_coverage: f64::from(link.right_coverage),
            passages: Vec::new(),
        })
        .collect();
    for (index, answer) in (0u32..).zip(answers) {
        polls.steps(64)?;
        let rights = analyses.right.paragraphs_touched(answer.right);
        for left in analyses.left.paragraphs_touched(answer.left) {
            // Links of one left paragraph stand together, by right paragraph.
            let from = out.partition_point(|link| (link.left, link.right) < (left, rights.start));
            let of_left = out[from..].iter_mut().take_while(|link| link.left == left && link.right < rights.end);
            of_left.for_each(|link| link.passages.push(index));
        }
    }
    Ok(out)
}

/// What decides the origin of a wording: the background, the references as units, and the left document's date.
pub struct Sources<'a> {
    background: &'a Background,
    references: Vec<Reference>,
    left_date: Option<crate::text::document::PartialDate>,
}

impl<'a> Sources<'a> {
    fn new(
        background: &'a Background,
        references: &[&Analysis],
        left: &Analysis,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let references = references
            .iter()
            .map(|reference| {
                let units = matching::units(Pair::new(*reference, left), cancel)?;
                Ok(Reference::new(&units.left, reference.date()))
            })
            .collect::<Result<_, Cancelled>>()?;
        Ok(Self { background, references, left_date: left.date() })
    }

    /// The origin of a wording by its runs in units and in characters.
    pub fn of(&self, runs: &[&[u32]], characters: &[&[char]], commonness: Commonness) -> Origin {
        origin(self.background, &self.references, runs, characters, commonness, self.left_date)
    }

    fn of_draft(&self, draft: &Draft, analyses: Pair<&Analysis>, units: Pair<&Units>, common: Commonness) -> Origin {
        let range = |run: &passage::Run| run.left as usize..(run.left + run.length) as usize;
        // The numbers are there only if there are references to look them up in.
        let runs = draft.runs.iter().filter_map(|run| units.left.numbers.get(range(run)));
        let runs: Vec<&[u32]> = runs.collect();
        let characters: Vec<&[char]> = draft
            .runs
            .iter()
            .map(|run| analyses.left.text.slice(units.left.span(run.left..run.left + run.length)))
            .collect();
        self.of(&runs, &characters, common)
    }
}
