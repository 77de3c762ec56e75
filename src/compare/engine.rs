//! The engine: what is loaded once and serves every comparison.

use super::background::Background;
use super::comparison::*;
use super::options::CompareOptions;
use super::passage::chain::{ChainOptions, chain};
use super::passage::piece_match::match_pieces;
use super::passage::seed::seeds;
use super::{matching, rarity};
use crate::text::analysis::{Analysis, analyze};
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::document::Document;
use crate::text::lexicon::{CustomWords, Lexicon};
use crate::text::span::Pair;

/// Settings.
#[derive(Clone, Debug, Default)]
pub struct EngineSettings;

/// Lexicon and background.
#[derive(Debug)]
pub struct Engine {
    lexicon: Lexicon,
    background: Background,
}

impl Engine {
    /// Loads.
    pub fn load(_: EngineSettings) -> Self {
        Self { lexicon: Lexicon::load(), background: Background::embedded() }
    }

    /// Compares.
    pub fn compare(
        &self,
        documents: &Pair<Document>,
        _references: &[Document],
        options: &CompareOptions,
        cancel: &Cancel,
    ) -> Result<Comparison, Cancelled> {
        let custom = CustomWords::default();
        let left = analyze(&documents.left, &self.lexicon, &custom, cancel)?;
        let right = analyze(&documents.right, &self.lexicon, &custom, cancel)?;
        let analyses = Pair::new(&left, &right);
        let units = matching::units(analyses);
        let units = units.as_ref();
        let chars = |side: &Analysis, u: &matching::Units, s: u32, n: u32| side.text.slice(u.span(s..s + n)).to_vec();
        let bits = |l: u32, r: u32, n: u32| {
            let a = rarity::run_bits(&self.background, &chars(&left, units.left, l, n));
            let b = rarity::run_bits(&self.background, &chars(&right, units.right, r, n));
            a.min(b)
        };
        let mut budget = StepBudget::new(options.budgets.passage_steps);
        let (found, _) = seeds(units, |l, r| bits(l, r, 2), &mut budget, cancel)?;
        let matches: Vec<_> = found
            .iter()
            .map(|s| match_pieces(units, s.left, s.right, |run| bits(run.left, run.right, run.length)))
            .collect();
        let drafts = chain(units, matches, &ChainOptions::default());
        if std::env::var("PE_DUMP").is_ok() {
            for d in &drafts {
                eprintln!("{:.1} m{}/{} u{}/{} {} || {}", d.score, d.matched.left, d.matched.right, d.units.left, d.units.right, left.text.text(d.left).replace('\n', "⏎"), right.text.text(d.right).replace('\n', "⏎"));
            }
        }
        let mut passages: Vec<Passage> = drafts
            .iter()
            .filter(|d| accept(d))
            .map(|d| Passage {
                left: left.text.to_raw(grow_edges(d, &left, &right).left),
                right: right.text.to_raw(grow_edges(d, &left, &right).right),
                similarity: f64::from(d.matched.left.max(d.matched.right)) / f64::from(d.units.left.max(d.units.right)),
                weight: d.score.into(),
                form: PassageForm::Adapted,
                origin: Origin { kind: OriginKind::Left, reference: None, background_documents: 0, earliest: None },
                edits: vec![],
            })
            .collect();
        passages.sort_by_key(|p| (p.left, p.right));
        let mut evidence = std::collections::BTreeMap::<(u32, u32), f32>::new();
        for d in drafts.iter().filter(|d| accept(d)) {
            for run in &d.runs {
                let l = units.left.pieces[super::passage::piece_of(units.left, run.left)].paragraph;
                let r = units.right.pieces[super::passage::piece_of(units.right, run.right)].paragraph;
                *evidence.entry((l, r)).or_default() += bits(run.left, run.right, run.length);
            }
        }
        let links = evidence
            .iter()
            .filter(|(_, b)| **b >= env("PE_LINK", 12.0))
            .map(|((l, r), b)| ParagraphLink {
                left: *l,
                right: *r,
                similarity: f64::from((b / 100.0).min(1.0)),
                left_coverage: 0.0,
                right_coverage: 0.0,
                passages: vec![],
            })
            .collect();
        let outline = |a: &Analysis| Outline {
            paragraphs: a
                .paragraphs
                .iter()
                .map(|p| OutlineParagraph { span: a.text.to_raw(p.span), role: p.role })
                .collect(),
            cleanings: a.text.cleanings().to_vec(),
            citations: a.citations.clone(),
            dates: a.dates.clone(),
        };
        Ok(Comparison {
            outlines: analyses.map(outline),
            links,
            beads: vec![],
            phrases: vec![],
            passages,
            items: vec![],
            score: Score::default(),
            completeness: Completeness::default(),
        })
    }
}

/// Takes in the same label before, and the punctuation that ends a sentence behind both stretches.
fn grow_edges(draft: &super::passage::Draft, left: &Analysis, right: &Analysis) -> Pair<crate::text::span::Span<crate::text::span::Normalized>> {
    use crate::text::span::Span;
    let (mut l, mut r) = (draft.left, draft.right);
    let sentence = |a: &Analysis, at: u32| {
        let index = a.sentences.partition_point(|s| s.span.end() <= at);
        a.sentences.get(index).copied()
    };
    if let (Some(a), Some(b)) = (sentence(left, l.start()), sentence(right, r.start())) {
        let label = |s: crate::text::sentence::Sentence| Span::new(s.span.start(), s.span.start() + s.label_characters);
        if label(a).end() == l.start() && label(b).end() == r.start() && left.text.slice(label(a)) == right.text.slice(label(b)) {
            l = Span::new(a.span.start(), l.end());
            r = Span::new(b.span.start(), r.end());
        }
    }
    let next = |a: &Analysis, at: u32| a.text.characters().get(at as usize).copied();
    if let (Some(a), Some(b)) = (next(left, l.end()), next(right, r.end())) {
        if crate::text::sentence::ends_sentence(a) && crate::text::sentence::ends_sentence(b) {
            l = Span::new(l.start(), l.end() + 1);
            r = Span::new(r.start(), r.end() + 1);
        }
    }
    Pair::new(l, r)
}

fn accept(d: &super::passage::Draft) -> bool {
    let sim = d.matched.left.max(d.matched.right) as f32 / d.units.left.max(d.units.right) as f32;
    d.score - env("PE_SLOPE", 12.0) * (1.0 - sim.min(1.0)) >= env("PE_MIN", 14.0)
}

/// Dev parameter.
pub fn env(name: &str, default: f32) -> f32 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}
