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
    formulas: super::formula::Formulas,
}

impl Engine {
    /// Loads.
    pub fn load(_: EngineSettings) -> Self {
        Self { lexicon: Lexicon::load(), background: Background::embedded(), formulas: super::formula::Formulas::embedded() }
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
        let rarity = rarity::Rarity::new(&self.background, &self.formulas, analyses, units);
        let bits = |left: u32, right: u32, length: u32| rarity.bits(super::passage::Run { left, right, length });
        let mut budget = StepBudget::new(options.budgets.passage_steps);
        let (found, _) = seeds(units, |l, r| bits(l, r, 2), &mut budget, cancel)?;
        let matches: Vec<_> = found
            .iter()
            .map(|s| match_pieces(units, s.left, s.right, |run| bits(run.left, run.right, run.length)))
            .collect();
        let matches_copy = matches.clone();
        let drafts = chain(units, matches, &ChainOptions::default());
        if std::env::var("PE_PAIRS").is_ok() {
            let np = Pair::new(left.paragraphs.len(), right.paragraphs.len());
            // unit weights
            let w = Pair::new(unit_weights(units.left), unit_weights(units.right));
            let tot = |u: &matching::Units, w: &[f32], n: usize| {
                let mut t = vec![0.0f32; n];
                for p in &u.pieces { for k in p.units.clone() { t[p.paragraph as usize] += w[k as usize]; } }
                t
            };
            let tl = tot(units.left, &w.left, np.left);
            let tr = tot(units.right, &w.right, np.right);
            let mut best = std::collections::BTreeMap::<(u32, u32), (std::collections::BTreeMap<u32, (f32, f32)>, std::collections::BTreeMap<u32, (f32, f32)>)>::new();
            for m in &matches_copy {
                let pl = units.left.pieces[m.left as usize].paragraph;
                let pr = units.right.pieces[m.right as usize].paragraph;
                let wl: f32 = m.runs.iter().flat_map(|r| r.left..r.left + r.length).map(|u| w.left[u as usize]).sum();
                let wr: f32 = m.runs.iter().flat_map(|r| r.right..r.right + r.length).map(|u| w.right[u as usize]).sum();
                let e = best.entry((pl, pr)).or_default();
                let x = e.0.entry(m.left).or_default();
                if wl > x.0 { *x = (wl, m.weight); }
                let y = e.1.entry(m.right).or_default();
                if wr > y.0 { *y = (wr, m.weight); }
            }
            for ((pl, pr), (l, r)) in &best {
                let cl = l.values().map(|v| v.0).sum::<f32>() / tl[*pl as usize].max(1e-3);
                let cr = r.values().map(|v| v.0).sum::<f32>() / tr[*pr as usize].max(1e-3);
                let bits = l.values().map(|v| v.1).sum::<f32>().min(r.values().map(|v| v.1).sum::<f32>());
                eprintln!("PAIR\t{pl}\t{pr}\t{cl:.3}\t{cr:.3}\t{bits:.1}\t{:.1}\t{:.1}\t{:?}\t{:?}", tl[*pl as usize], tr[*pr as usize], left.paragraphs[*pl as usize].role, right.paragraphs[*pr as usize].role);
            }
        }
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
    d.score - env("PE_SLOPE", 10.0) * (1.0 - sim.min(1.0)) >= env("PE_MIN", 12.0)
}

fn unit_weights(u: &matching::Units) -> Vec<f32> {
    let grams = matching::bigrams(u);
    let n = u.pieces.len().max(1) as f32;
    let mut w = vec![0.0f32; u.numbers.len()];
    for g in grams.chunk_by(|a, b| a.0 == b.0) {
        let idf = (n / g.len() as f32).log2().max(0.0);
        for (_, at) in g { w[*at as usize] += idf / 2.0; w[*at as usize + 1] += idf / 2.0; }
    }
    w
}

/// Dev parameter.
pub fn env(name: &str, default: f32) -> f32 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}
