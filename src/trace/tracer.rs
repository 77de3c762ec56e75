//! The tracer: a directive and references, read once, against resolutions one at a time.
//!
//! In: an engine, the directive, references; then resolutions. Out: [`Finding`]s and, from their digests, a [`Summary`].
//! Always: a finding depends on its resolution alone, so any order and any number of threads give the same findings, and
//! the summary sorts the digests it is given. Nothing younger than a resolution is ever a source of it: references that
//! are younger are not shown to its comparison.
//! Cost: a comparison a resolution.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::addition::additions;
use super::change::changes;
use super::chronology::{Chronology, Dating, Order};
use super::coverage;
use super::declared::{Identity, sources};
use super::digest::{Digest, PhraseDigest, StretchDigest};
use super::finding::{Attribution, Candidate, Finding, ReverseDirection, Source};
use super::fingerprint::{Fingerprint, Reading, within};
use super::origin;
use super::summary::{RowKind, Stretch, Summary};
use crate::compare::comparison::{Comparison, Origin, OriginKind, ParagraphRole, Passage};
use crate::compare::engine::Engine;
use crate::compare::matching;
use crate::compare::options::{CompareOptions, Reports};
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled};
use crate::text::document::Document;
use crate::text::span::{Pair, Raw, Span};

/// A directive and references that have been read.
#[derive(Debug)]
pub struct Tracer {
    engine: Arc<Engine>,
    options: CompareOptions,
    directive: Upstream,
    reading: Reading,
    references: Vec<Upstream>,
}

/// A document that may be a source.
#[derive(Debug)]
struct Upstream {
    analysis: Analysis,
    identity: Identity,
    dating: Dating,
    hashes: FxHashSet<u32>,
}

/// A row of the matrix before its cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) kind: RowKind,
    pub(super) span: Span<Raw>,
    pub(super) label: Span<Raw>,
    pub(super) depth: u32,
    pub(super) weight: f64,
}

impl Tracer {
    /// Reads the directive and the references. All reports are made, whatever the options choose.
    pub fn new(
        engine: Arc<Engine>,
        directive: &Document,
        references: &[Document],
        options: CompareOptions,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let options = CompareOptions { reports: Reports::ALL, ..options };
        let read = |document: &Document| -> Result<(Upstream, Reading), Cancelled> {
            let analysis = engine.analyze(document, cancel)?;
            let reading = reading(&engine, &options, &analysis, &analysis, cancel)?;
            let identity = Identity::new(document.metadata(), &analysis);
            let (dating, hashes) = (Dating::of(&analysis), reading.hashes());
            Ok((Upstream { analysis, identity, dating, hashes }, reading))
        };
        let (upstream, reading) = read(directive)?;
        let references =
            references.iter().map(|document| Ok(read(document)?.0)).collect::<Result<Vec<_>, Cancelled>>()?;
        Ok(Self { engine, directive: upstream, reading, references, options })
    }

    /// Traces the directive in one resolution, the `index`th in the order of sending: what it made of the directive, and
    /// what the summary needs to know of it.
    pub fn finding(&self, index: u32, resolution: &Document, cancel: &Cancel) -> Result<(Finding, Digest), Cancelled> {
        let analysis = self.engine.analyze(resolution, cancel)?;
        let dating = Dating::of(&analysis);
        let chronology = Chronology::new(self.directive.dating, dating);
        let allowed: Vec<(u32, &Upstream)> =
            (0u32..).zip(&self.references).filter(|(_, reference)| !dating.is_before(&reference.dating)).collect();
        let references: Vec<&Analysis> = allowed.iter().map(|(_, reference)| &reference.analysis).collect();
        let pair = Pair::new(&self.directive.analysis, &analysis);
        let mut comparison = self.engine.compare_analyses(pair, &references, &self.options, cancel)?;
        restate_origins(&mut comparison, &allowed, chronology);

        let reading = reading(&self.engine, &self.options, &analysis, &self.directive.analysis, cancel)?;
        let hashes: Vec<(u32, &FxHashSet<u32>)> =
            allowed.iter().map(|(index, reference)| (*index, &reference.hashes)).collect();
        let upstream = |hash: u32| {
            self.directive.hashes.contains(&hash) || self.references.iter().any(|other| other.hashes.contains(&hash))
        };
        let fingerprints = reading.fingerprints(upstream);
        let passage_sources: Vec<Attribution> = comparison
            .passages
            .iter()
            .map(|passage| self.passage_sources(passage, &fingerprints, &hashes, chronology))
            .collect();
        for (passage, sources) in comparison.passages.iter_mut().zip(&passage_sources) {
            restate_by_best_source(&mut passage.origin, sources);
        }
        let reverse = reverse_direction(&comparison, &passage_sources, chronology);
        let mut additions = additions(&analysis, &reading, &comparison.passages, &self.directive.hashes);
        for addition in &mut additions {
            let candidates = origin::references(within(&fingerprints, addition.span), &hashes);
            addition.attribution = origin::rank(candidates, |source| self.age(source));
        }
        let echoes = |source: Source| {
            let added = additions.iter().map(|addition| &addition.attribution);
            passage_sources.iter().chain(added).any(|attribution| attribution.source() == Some(source))
        };
        let identities: Vec<(&Identity, bool)> = (0u32..)
            .zip(&self.references)
            .map(|(index, reference)| (&reference.identity, echoes(Source::Reference(index))))
            .collect();
        let directive = (&self.directive.identity, echoes(Source::Directive));
        let sources = sources(resolution, &analysis.citations, directive, &identities);
        let items = coverage::items(&comparison, &self.reading);
        let paragraphs = coverage::paragraphs(&comparison, &self.reading);
        let passages =
            (0u32..).zip(comparison.passages.iter().zip(&passage_sources)).map(|(at, (passage, sources))| {
                StretchDigest {
                    stretch: Stretch::Passage(at),
                    span: passage.right,
                    weight: passage.weight,
                    attribution: sources.clone(),
                }
            });
        let added = (0u32..).zip(&additions).map(|(at, addition)| StretchDigest {
            stretch: Stretch::Addition(at),
            span: addition.span,
            weight: addition.weight,
            attribution: addition.attribution.clone(),
        });
        let digest = Digest {
            resolution: index,
            chronology,
            score: comparison.score,
            reverse,
            items: items.clone(),
            paragraphs: paragraphs.clone(),
            stretches: passages.chain(added).collect(),
            fingerprints,
            phrases: phrases(&comparison),
        };
        let changes = changes(&comparison.passages);
        let digest = digest.shrunk();
        let finding = Finding {
            comparison,
            chronology,
            items,
            paragraphs,
            additions,
            changes,
            sources,
            passage_sources,
            reverse,
        };
        Ok((finding, digest))
    }

    /// What needs all resolutions, from the digests of their findings in any order.
    pub fn summary<'d>(
        &self,
        digests: impl IntoIterator<Item = &'d Digest>,
        cancel: &Cancel,
    ) -> Result<Summary, Cancelled> {
        super::kinship::summary(self.rows(), digests.into_iter().collect(), cancel)
    }

    /// Who a passage may come from before earlier resolutions compete.
    fn passage_sources(
        &self,
        passage: &Passage,
        fingerprints: &[Fingerprint],
        references: &[(u32, &FxHashSet<u32>)],
        chronology: Chronology,
    ) -> Attribution {
        let alone = |source| Candidate { source, weight: passage.weight, share: passage.similarity };
        if passage.origin.kind == OriginKind::Formula {
            return Attribution { candidates: vec![alone(Source::Formula)] };
        }
        let stretch = origin::telling_stretch(fingerprints, passage.right);
        let held = |hashes: &FxHashSet<u32>, source| origin::candidate(source, stretch, |hash| hashes.contains(&hash));
        let mut candidates: Vec<Candidate> = references
            .iter()
            .map(|(index, hashes)| held(hashes, Source::Reference(*index)))
            .filter(|candidate| candidate.share >= origin::MIN_SHARE)
            .collect();
        if chronology.allows_echo() {
            // Where nobody else holds the words, the comparison has aligned the two stretches whether or not they share
            // whole runs. Where somebody does, all are measured alike.
            let found = held(&self.directive.hashes, Source::Directive);
            let aligned = alone(Source::Directive);
            let unrivalled = candidates.is_empty() && aligned.share > found.share;
            candidates.push(if unrivalled { aligned } else { found });
        }
        if candidates.is_empty() {
            return Attribution { candidates: vec![alone(Source::Undetermined)] };
        }
        origin::rank(candidates, |source| self.age(source))
    }

    /// Orders references: the oldest first, those without a date last.
    fn age(&self, source: Source) -> (bool, Option<crate::text::document::PartialDate>) {
        let Source::Reference(index) = source else { return (true, None) };
        let date = self.references[index as usize].dating.date.map(|known| known.date);
        (date.is_none(), date)
    }

    /// The rows of the matrix: items, and body paragraphs that no item holds.
    fn rows(&self) -> Vec<Row> {
        let analysis = &self.directive.analysis;
        let weight = |span: Span<Raw>| self.reading.bits[self.reading.inside(span)].iter().map(|b| f64::from(*b)).sum();
        let items = (0u32..).zip(&analysis.items).map(|(at, item)| {
            let span = analysis.text.to_raw(item.span);
            let label = analysis.text.to_raw(item.label);
            Row { kind: RowKind::Item(at), span, label, depth: item.depth, weight: weight(span) }
        });
        let free = (0u32..).zip(&analysis.paragraphs).filter(|(_, paragraph)| {
            let held = analysis.items.iter().any(|item| item.span.overlaps(paragraph.span));
            paragraph.role == ParagraphRole::Body && !held
        });
        let paragraphs = free.map(|(at, paragraph)| {
            let span = analysis.text.to_raw(paragraph.span);
            let label = Span::new(span.start(), span.start());
            Row { kind: RowKind::Paragraph(at), span, label, depth: 0, weight: weight(span) }
        });
        let mut rows: Vec<Row> = items.chain(paragraphs).collect();
        rows.sort_by_key(|row| (row.span.start(), row.depth));
        rows
    }
}

/// The units of a document as they are matched with the directive's, in bits.
fn reading(
    engine: &Engine,
    options: &CompareOptions,
    analysis: &Analysis,
    directive: &Analysis,
    cancel: &Cancel,
) -> Result<Reading, Cancelled> {
    let units = matching::units(Pair::new(directive, analysis), cancel)?.right;
    Reading::new(analysis, units, engine.background(), &engine.formulas(options), cancel)
}

/// Numbers references as the caller sent them, and takes the directive back as a source of what is older.
fn restate_origins(comparison: &mut Comparison, allowed: &[(u32, &Upstream)], chronology: Chronology) {
    let passages = comparison.passages.iter_mut().map(|passage| &mut passage.origin);
    for origin in passages.chain(comparison.phrases.iter_mut().map(|phrase| &mut phrase.origin)) {
        origin.reference = origin.reference.and_then(|at| allowed.get(at as usize)).map(|(index, _)| *index);
        if origin.kind == OriginKind::Left && !chronology.allows_echo() {
            origin.kind = OriginKind::Undetermined;
        }
    }
}

/// Says of a passage what its best source says.
fn restate_by_best_source(origin: &mut Origin, sources: &Attribution) {
    let (kind, reference) = match sources.source() {
        Some(Source::Formula) => (OriginKind::Formula, None),
        Some(Source::Reference(index)) => (OriginKind::Reference, Some(index)),
        Some(Source::Directive) => (OriginKind::Left, None),
        Some(Source::EarlierResolution(_) | Source::Undetermined) | None => (OriginKind::Undetermined, None),
    };
    origin.kind = kind;
    origin.reference = reference;
}

/// What the directive may have taken from an older resolution: whatever both share that no reference explains.
fn reverse_direction(
    comparison: &Comparison,
    sources: &[Attribution],
    chronology: Chronology,
) -> Option<ReverseDirection> {
    (chronology.order == Order::Preceding).then(|| {
        let shared = comparison.passages.iter().zip(sources);
        let unexplained = shared.filter(|(_, sources)| sources.source() == Some(Source::Undetermined));
        unexplained.fold(ReverseDirection::default(), |sum, (passage, _)| ReverseDirection {
            passages: sum.passages + 1,
            weight: sum.weight + passage.weight,
        })
    })
}

/// Most phrases that are kept of a resolution, heaviest first.
const MAX_PHRASES: usize = 200;

fn phrases(comparison: &Comparison) -> Vec<PhraseDigest> {
    let kept = comparison.phrases.iter().filter_map(|phrase| {
        Some(PhraseDigest { left: *phrase.left.first()?, origin: phrase.origin.kind, weight: phrase.weight as f32 })
    });
    kept.take(MAX_PHRASES).collect()
}
