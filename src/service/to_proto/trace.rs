//! What a trace found, from values to the wire.
//!
//! A summary names places in resolutions whose texts are no longer there; [`Places`] holds what it may name.

use super::{OffsetCounter, Setting, compare_response, fate, known_date, origin_kind, partial_date, score, versions};
use crate::compare::comparison::{KnownDate, StageEnd};
use crate::compare::engine::Versions;
use crate::compare::options::{Report, Reports};
use crate::service::from_proto::{AnswerForm, OffsetUnit};
use crate::service::proto;
use crate::text::document::Document;
use crate::text::span::{Raw, Span};
use crate::trace::chronology::{Chronology, Dating, Order};
use crate::trace::digest::Digest;
use crate::trace::finding::{
    Addition, Attribution, Candidate, Change, ChangeSubject, Coverage, Finding, NamedSource, ReverseDirection, Source,
    SourceCheck, Trend,
};
use crate::trace::summary::{
    Cell, ChangedAttribution, MatrixRow, RowKind, SharedBeyond, SourceCount, Stretch, Summary, TracedPhrase,
    TracedResolution,
};

/// Byte offsets of a text with what they are in the unit of the answers, for those only that a summary may name.
#[derive(Clone, Debug)]
pub struct Places(
    /// Ascending; `None` where the unit is bytes.
    Option<Vec<(u32, u32)>>,
);

impl Places {
    /// The places of a resolution that its digest names.
    pub fn new(digest: &Digest, text: &str, unit: OffsetUnit) -> Self {
        if unit == OffsetUnit::Utf8Bytes {
            return Self(None);
        }
        let counter = OffsetCounter::new(text, unit);
        let mut offsets: Vec<u32> = digest.places().flat_map(|span| [span.start(), span.end()]).collect();
        offsets.sort_unstable();
        offsets.dedup();
        Self(Some(offsets.into_iter().map(|offset| (offset, counter.count(offset))).collect()))
    }

    /// Memory it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |places| size_of_val(&places[..]))
    }

    fn span(&self, span: Span<Raw>) -> Option<proto::Span> {
        let offset = |offset: u32| match &self.0 {
            None => Some(offset),
            Some(places) => {
                let at = places.binary_search_by_key(&offset, |(bytes, _)| *bytes).ok()?;
                places.get(at).map(|(_, units)| *units)
            }
        };
        Some(proto::Span { start: Some(offset(span.start())?), end: Some(offset(span.end())?) })
    }
}

/// What one resolution made of the directive, which is the left document of the setting.
pub fn resolution_trace(finding: &Finding, sent: Reports, setting: Setting<'_>) -> proto::ResolutionTrace {
    let unit = setting.form.unit;
    let directive = OffsetCounter::new(setting.documents.left.text(), unit);
    let resolution = OffsetCounter::new(setting.documents.right.text(), unit);
    let mut comparison = compare_response(&finding.comparison, setting);
    name_the_directive(&mut comparison);
    keep_reports(&mut comparison, sent);
    let addition = |addition: &Addition| proto::LocalAddition {
        span: resolution.span(addition.span),
        weight: Some(addition.weight),
        specificity: Some(addition.specificity),
        candidates: candidates(&addition.attribution),
        text: words(setting.documents.right, addition.span, setting.form),
    };
    proto::ResolutionTrace {
        comparison: Some(comparison),
        chronology: Some(chronology(&finding.chronology, |span| directive.span(span), |span| resolution.span(span))),
        items: finding.items.iter().map(coverage).collect(),
        paragraphs: finding.paragraphs.iter().map(coverage).collect(),
        local_additions: finding.additions.iter().map(addition).collect(),
        changes: finding.changes.iter().map(change).collect(),
        sources: finding.sources.iter().map(source_check).collect(),
        passage_sources: finding
            .passage_sources
            .iter()
            .map(|sources| proto::Attribution { candidates: candidates(sources) })
            .collect(),
        reverse: finding.reverse.map(reverse),
    }
}

/// In a trace the left document has a name of its own.
fn name_the_directive(comparison: &mut proto::CompareResponse) {
    let passages = comparison.passages.iter_mut().map(|passage| &mut passage.origin);
    let phrases = comparison.phrases.iter_mut().map(|phrase| &mut phrase.origin);
    for origin in passages.chain(phrases).flatten() {
        if origin.kind() == proto::OriginKind::Left {
            origin.set_kind(proto::OriginKind::Directive);
        }
    }
}

/// Empties the lists that the caller does not want.
fn keep_reports(comparison: &mut proto::CompareResponse, sent: Reports) {
    if !sent.has(Report::Alignment) {
        comparison.links.clear();
        comparison.beads.clear();
    }
    if !sent.has(Report::Edits) {
        comparison.beads.iter_mut().for_each(|bead| bead.edits.clear());
    }
    if !sent.has(Report::Phrases) {
        comparison.phrases.clear();
    }
}

fn words(document: &Document, span: Span<Raw>, form: AnswerForm) -> String {
    if form.include_text { document.text().get(span.range()).unwrap_or_default().to_owned() } else { String::new() }
}

fn coverage(coverage: &Coverage) -> proto::Coverage {
    proto::Coverage {
        fate: fate(coverage.fate).into(),
        share: Some(coverage.share),
        strongest_passage: coverage.strongest_passage,
    }
}

fn reverse(reverse: ReverseDirection) -> proto::ReverseDirection {
    proto::ReverseDirection { passages: Some(reverse.passages), weight: Some(reverse.weight) }
}

fn change(change: &Change) -> proto::EchoedChange {
    let subject = match change.subject {
        ChangeSubject::Strength => proto::ChangeSubject::Strength,
        ChangeSubject::Number => proto::ChangeSubject::Number,
    };
    let trend = match change.trend {
        Trend::Raised => proto::Trend::Raised,
        Trend::Lowered => proto::Trend::Lowered,
        Trend::Dropped => proto::Trend::Dropped,
        Trend::Added => proto::Trend::Added,
        Trend::Replaced => proto::Trend::Replaced,
    };
    proto::EchoedChange {
        passage: Some(change.passage),
        edit: Some(change.edit),
        subject: subject.into(),
        trend: trend.into(),
    }
}

fn source_check(check: &SourceCheck) -> proto::SourceCheck {
    let source = match check.source {
        NamedSource::Directive => proto::source_check::Source::Directive(true),
        NamedSource::Reference(index) => proto::source_check::Source::Reference(index),
        NamedSource::Citation(index) => proto::source_check::Source::Citation(index),
    };
    proto::SourceCheck { source: Some(source), declared_by: check.declared_by, echoed: check.echoed }
}

fn candidates(attribution: &Attribution) -> Vec<proto::SourceCandidate> {
    let candidate = |candidate: &Candidate| proto::SourceCandidate {
        weight: Some(candidate.weight),
        share: Some(candidate.share),
        ..source(candidate.source)
    };
    attribution.candidates.iter().map(candidate).collect()
}

fn source(source: Source) -> proto::SourceCandidate {
    let (kind, reference, resolution) = match source {
        Source::Reference(index) => (proto::OriginKind::Reference, Some(index), None),
        Source::Directive => (proto::OriginKind::Directive, None, None),
        Source::EarlierResolution(index) => (proto::OriginKind::EarlierResolution, None, Some(index)),
        Source::Formula => (proto::OriginKind::Formula, None, None),
        Source::Undetermined => (proto::OriginKind::Undetermined, None, None),
    };
    proto::SourceCandidate { kind: kind.into(), reference, resolution, weight: None, share: None }
}

fn chronology(
    chronology: &Chronology,
    in_directive: impl Fn(Span<Raw>) -> Option<proto::Span>,
    in_resolution: impl Fn(Span<Raw>) -> Option<proto::Span>,
) -> proto::Chronology {
    let order = match chronology.order {
        Order::Following => proto::ChronologicalOrder::Following,
        Order::Preceding => proto::ChronologicalOrder::Preceding,
        Order::Unknown => proto::ChronologicalOrder::Unknown,
    };
    proto::Chronology {
        order: order.into(),
        lag_days: chronology.lag_days,
        directive: Some(dating(&chronology.directive, in_directive)),
        resolution: Some(dating(&chronology.resolution, in_resolution)),
        amended_after: chronology.amended_after,
    }
}

fn dating(dating: &Dating, place: impl Fn(Span<Raw>) -> Option<proto::Span>) -> proto::Dating {
    let known = |known: Option<KnownDate>| known.map(|known| known_date(&known, &place));
    proto::Dating {
        date: known(dating.date),
        amended: known(dating.amended),
        not_before: dating.not_before.map(|bound| partial_date(bound.date)),
        not_before_inferred_from: dating.not_before.and_then(|bound| place(bound.inferred_from)),
    }
}

/// What a summary is written with, beside itself.
#[derive(Debug)]
pub struct SummarySetting<'a> {
    /// The directive.
    pub directive: &'a Document,
    /// How to answer.
    pub form: AnswerForm,
    /// What made the answer.
    pub versions: &'a Versions,
}

/// The summary. `resolution` gives the caller's own name for a resolution and its places.
pub fn trace_summary<'a>(
    summary: &Summary,
    setting: &SummarySetting<'_>,
    resolution: impl Fn(u32) -> Option<(&'a str, &'a Places)>,
) -> proto::TraceSummary {
    let directive = OffsetCounter::new(setting.directive.text(), setting.form.unit);
    let place = |index: u32, span: Span<Raw>| resolution(index).and_then(|(_, places)| places.span(span));
    let changed = |index: u32, changed: &ChangedAttribution| {
        let stretch = match changed.stretch {
            Stretch::Passage(at) => proto::changed_attribution::Stretch::Passage(at),
            Stretch::Addition(at) => proto::changed_attribution::Stretch::Addition(at),
        };
        proto::ChangedAttribution {
            stretch: Some(stretch),
            span: place(index, changed.span),
            candidates: candidates(&changed.attribution),
        }
    };
    let traced = |traced: &TracedResolution| {
        let index = traced.resolution;
        proto::TracedResolution {
            resolution: Some(index),
            id: resolution(index).map(|(id, _)| id.to_owned()).unwrap_or_default(),
            chronology: Some(chronology(&traced.chronology, |span| directive.span(span), |span| place(index, span))),
            score: Some(score(&traced.score)),
            reverse: traced.reverse.map(reverse),
            changed: traced.changed.iter().map(|one| changed(index, one)).collect(),
            sources: traced.sources.iter().map(source_count).collect(),
        }
    };
    let row = |row: &MatrixRow| proto::MatrixRow {
        part: Some(match row.kind {
            RowKind::Item(at) => proto::matrix_row::Part::Item(at),
            RowKind::Paragraph(at) => proto::matrix_row::Part::Paragraph(at),
        }),
        span: directive.span(row.span),
        label: directive.span(row.label),
        depth: Some(row.depth),
        weight: Some(row.weight),
        cells: row.cells.iter().map(cell).collect(),
        text: words(setting.directive, row.span, setting.form),
    };
    let shared = |shared: &SharedBeyond| proto::SharedBeyond {
        earlier: Some(shared.earlier),
        later: Some(shared.later),
        order_known: shared.order_known,
        weight: Some(shared.weight),
        share: Some(shared.share),
        runs: Some(shared.runs),
        examples: shared
            .examples
            .iter()
            .map(|run| proto::SharedRun {
                earlier: place(shared.earlier, run.earlier),
                later: place(shared.later, run.later),
                weight: Some(run.weight),
            })
            .collect(),
    };
    let phrase = |phrase: &TracedPhrase| proto::TracedPhrase {
        left: directive.span(phrase.left),
        origin: match origin_kind(phrase.origin) {
            proto::OriginKind::Left => proto::OriginKind::Directive,
            other => other,
        }
        .into(),
        weight: Some(phrase.weight),
        resolutions: phrase.resolutions.clone(),
        text: words(setting.directive, phrase.left, setting.form),
    };
    let completeness = match summary.completeness {
        StageEnd::Complete => proto::StageEnd::Complete,
        StageEnd::Budget => proto::StageEnd::Budget,
    };
    proto::TraceSummary {
        resolutions: summary.resolutions.iter().map(traced).collect(),
        rows: summary.rows.iter().map(row).collect(),
        silence: summary.silence.clone(),
        shared_beyond: summary.shared_beyond.iter().map(shared).collect(),
        kinship_order: summary.kinship_order.clone(),
        phrases: summary.phrases.iter().map(phrase).collect(),
        sources: summary.sources.iter().map(source_count).collect(),
        completeness: completeness.into(),
        versions: Some(versions(setting.versions)),
        offset_unit: super::offset_unit(setting.form.unit).into(),
    }
}

fn cell(cell: &Cell) -> proto::Coverage {
    proto::Coverage { fate: fate(cell.fate).into(), share: Some(cell.share), strongest_passage: cell.strongest_passage }
}

fn source_count(count: &SourceCount) -> proto::SourceCount {
    proto::SourceCount {
        source: count.source.map(source),
        stretches: Some(count.stretches),
        weight: Some(count.weight),
    }
}
