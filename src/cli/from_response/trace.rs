//! The replies of a trace as the values they were made from.

use super::{Understood, all, comparison, known, known_date, partial_date, score, span};
use crate::compare::comparison::{OriginKind, StageEnd};
use crate::service::{proto, to_proto};
use crate::trace::chronology::{Chronology, Dating, NotBefore, Order};
use crate::trace::finding::{
    Addition, Attribution, Candidate, Change, ChangeSubject, Coverage, Finding, NamedSource, ReverseDirection, Source,
    SourceCheck, Trend,
};
use crate::trace::summary::{
    Cell, ChangedAttribution, MatrixRow, RowKind, SharedBeyond, SharedRun, SourceCount, Stretch, Summary, TracedPhrase,
    TracedResolution,
};

/// The finding that a reply was made from.
pub(in crate::cli) fn finding(trace: proto::ResolutionTrace) -> Understood<Finding> {
    let mut compared = known(trace.comparison, "comparison")?;
    let passages = compared.passages.iter_mut().map(|passage| &mut passage.origin);
    let phrases = compared.phrases.iter_mut().map(|phrase| &mut phrase.origin);
    for origin in passages.chain(phrases).flatten() {
        // In a comparison the directive is the left document.
        if origin.kind() == proto::OriginKind::Directive {
            origin.set_kind(proto::OriginKind::Left);
        }
    }
    Ok(Finding {
        comparison: comparison(&compared)?,
        chronology: chronology(trace.chronology.as_ref())?,
        items: all(&trace.items, coverage)?,
        paragraphs: all(&trace.paragraphs, coverage)?,
        additions: all(&trace.local_additions, addition)?,
        changes: all(&trace.changes, change)?,
        sources: all(&trace.sources, source_check)?,
        passage_sources: all(&trace.passage_sources, |sources| attribution(&sources.candidates))?,
        reverse: trace.reverse.map(reverse),
    })
}

fn coverage(coverage: &proto::Coverage) -> Understood<Coverage> {
    Ok(Coverage {
        fate: known(to_proto::to_fate(coverage.fate()), "fate")?,
        share: coverage.share(),
        strongest_passage: coverage.strongest_passage,
    })
}

fn addition(addition: &proto::LocalAddition) -> Understood<Addition> {
    Ok(Addition {
        span: span(addition.span),
        weight: addition.weight(),
        specificity: addition.specificity(),
        attribution: attribution(&addition.candidates)?,
    })
}

fn change(change: &proto::EchoedChange) -> Understood<Change> {
    Ok(Change {
        passage: change.passage(),
        edit: change.edit(),
        subject: match change.subject() {
            proto::ChangeSubject::Strength => ChangeSubject::Strength,
            proto::ChangeSubject::Number => ChangeSubject::Number,
            proto::ChangeSubject::Unspecified => return known(None, "change"),
        },
        trend: match change.trend() {
            proto::Trend::Raised => Trend::Raised,
            proto::Trend::Lowered => Trend::Lowered,
            proto::Trend::Dropped => Trend::Dropped,
            proto::Trend::Added => Trend::Added,
            proto::Trend::Replaced => Trend::Replaced,
            proto::Trend::Unspecified => return known(None, "trend"),
        },
    })
}

fn source_check(check: &proto::SourceCheck) -> Understood<SourceCheck> {
    let source = match known(check.source, "source")? {
        proto::source_check::Source::Directive(_) => NamedSource::Directive,
        proto::source_check::Source::Reference(index) => NamedSource::Reference(index),
        proto::source_check::Source::Citation(index) => NamedSource::Citation(index),
    };
    Ok(SourceCheck { source, declared_by: check.declared_by, echoed: check.echoed })
}

fn attribution(candidates: &[proto::SourceCandidate]) -> Understood<Attribution> {
    let candidates = all(candidates, |candidate| {
        Ok(Candidate { source: source(candidate)?, weight: candidate.weight(), share: candidate.share() })
    })?;
    Ok(Attribution { candidates })
}

fn source(candidate: &proto::SourceCandidate) -> Understood<Source> {
    Ok(match candidate.kind() {
        proto::OriginKind::Reference => Source::Reference(candidate.reference()),
        proto::OriginKind::Directive => Source::Directive,
        proto::OriginKind::EarlierResolution => Source::EarlierResolution(candidate.resolution()),
        proto::OriginKind::Formula => Source::Formula,
        proto::OriginKind::Undetermined => Source::Undetermined,
        proto::OriginKind::Unspecified | proto::OriginKind::Left => return known(None, "source"),
    })
}

fn reverse(reverse: proto::ReverseDirection) -> ReverseDirection {
    ReverseDirection { passages: reverse.passages(), weight: reverse.weight() }
}

fn chronology(chronology: Option<&proto::Chronology>) -> Understood<Chronology> {
    let chronology = known(chronology, "chronology")?;
    Ok(Chronology {
        order: match chronology.order() {
            proto::ChronologicalOrder::Following => Order::Following,
            proto::ChronologicalOrder::Preceding => Order::Preceding,
            proto::ChronologicalOrder::Unknown => Order::Unknown,
            proto::ChronologicalOrder::Unspecified => return known(None, "order"),
        },
        lag_days: chronology.lag_days,
        directive: dating(chronology.directive.as_ref())?,
        resolution: dating(chronology.resolution.as_ref())?,
        amended_after: chronology.amended_after,
    })
}

fn dating(dating: Option<&proto::Dating>) -> Understood<Dating> {
    let dating = known(dating, "age")?;
    Ok(Dating {
        date: dating.date.as_ref().map(known_date).transpose()?,
        amended: dating.amended.as_ref().map(known_date).transpose()?,
        not_before: partial_date(dating.not_before)
            .map(|date| NotBefore { date, inferred_from: span(dating.not_before_inferred_from) }),
    })
}

/// The summary that a reply was made from.
pub(in crate::cli) fn summary(summary: &proto::TraceSummary) -> Understood<Summary> {
    Ok(Summary {
        resolutions: all(&summary.resolutions, resolution)?,
        rows: all(&summary.rows, row)?,
        silence: summary.silence.clone(),
        shared_beyond: summary.shared_beyond.iter().map(shared_beyond).collect(),
        kinship_order: summary.kinship_order.clone(),
        phrases: all(&summary.phrases, phrase)?,
        sources: all(&summary.sources, source_count)?,
        completeness: match summary.completeness() {
            proto::StageEnd::Budget => StageEnd::Budget,
            proto::StageEnd::Complete | proto::StageEnd::Unspecified => StageEnd::Complete,
        },
    })
}

fn resolution(resolution: &proto::TracedResolution) -> Understood<TracedResolution> {
    Ok(TracedResolution {
        resolution: resolution.resolution(),
        chronology: chronology(resolution.chronology.as_ref())?,
        score: score(resolution.score.unwrap_or_default()),
        reverse: resolution.reverse.map(reverse),
        changed: all(&resolution.changed, |changed| {
            let stretch = match known(changed.stretch, "stretch")? {
                proto::changed_attribution::Stretch::Passage(at) => Stretch::Passage(at),
                proto::changed_attribution::Stretch::Addition(at) => Stretch::Addition(at),
            };
            Ok(ChangedAttribution { stretch, span: span(changed.span), attribution: attribution(&changed.candidates)? })
        })?,
        sources: all(&resolution.sources, source_count)?,
    })
}

fn row(row: &proto::MatrixRow) -> Understood<MatrixRow> {
    Ok(MatrixRow {
        kind: match known(row.part, "row")? {
            proto::matrix_row::Part::Item(at) => RowKind::Item(at),
            proto::matrix_row::Part::Paragraph(at) => RowKind::Paragraph(at),
        },
        span: span(row.span),
        label: span(row.label),
        depth: row.depth(),
        weight: row.weight(),
        cells: all(&row.cells, |cell| {
            let Coverage { fate, share, strongest_passage } = coverage(cell)?;
            Ok(Cell { fate, share, strongest_passage })
        })?,
    })
}

fn shared_beyond(shared: &proto::SharedBeyond) -> SharedBeyond {
    let run =
        |run: &proto::SharedRun| SharedRun { earlier: span(run.earlier), later: span(run.later), weight: run.weight() };
    SharedBeyond {
        earlier: shared.earlier(),
        later: shared.later(),
        order_known: shared.order_known,
        weight: shared.weight(),
        share: shared.share(),
        runs: shared.runs(),
        examples: shared.examples.iter().map(run).collect(),
    }
}

fn phrase(phrase: &proto::TracedPhrase) -> Understood<TracedPhrase> {
    let origin = match phrase.origin() {
        proto::OriginKind::Directive => Some(OriginKind::Left),
        other => to_proto::to_origin_kind(other),
    };
    Ok(TracedPhrase {
        left: span(phrase.left),
        origin: known(origin, "origin")?,
        weight: phrase.weight(),
        resolutions: phrase.resolutions.clone(),
    })
}

fn source_count(count: &proto::SourceCount) -> Understood<SourceCount> {
    Ok(SourceCount {
        source: count.source.as_ref().map(source).transpose()?,
        stretches: count.stretches(),
        weight: count.weight(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::full;
    use super::*;
    use crate::compare::comparison::{DateRole, Fate, KnownDate, Score};
    use crate::compare::engine::Versions;
    use crate::compare::options::Reports;
    use crate::service::from_proto::{AnswerForm, OffsetUnit};
    use crate::service::to_proto::Setting;
    use crate::service::to_proto::trace::{Places, SummarySetting, resolution_trace, trace_summary};
    use crate::text::document::{Document, DocumentLimits, Metadata, PartialDate};
    use crate::text::span::{Pair, Span};
    use crate::trace::digest::Digest;

    fn document() -> Document {
        Document::new("全省".into(), Metadata::default(), DocumentLimits::default()).expect("text")
    }

    fn form() -> AnswerForm {
        AnswerForm { unit: OffsetUnit::Utf8Bytes, include_text: true }
    }

    fn versions() -> Versions {
        Versions { lexicon: "1".into(), background: "2".into() }
    }

    fn chronology(order: Order) -> Chronology {
        let date = PartialDate::new(2021, 2, 3).expect("a date");
        let known = |role, inferred_from| Some(KnownDate { date, role, inferred_from });
        Chronology {
            order,
            lag_days: Some(-3),
            directive: Dating {
                date: known(DateRole::Adopted, None),
                amended: known(DateRole::Amended, Some(Span::new(0, 3))),
                not_before: None,
            },
            resolution: Dating {
                date: None,
                amended: None,
                not_before: Some(NotBefore { date, inferred_from: Span::new(3, 6) }),
            },
            amended_after: true,
        }
    }

    fn every_source() -> Attribution {
        let sources = [
            Source::Reference(3),
            Source::Directive,
            Source::EarlierResolution(4),
            Source::Formula,
            Source::Undetermined,
        ];
        let candidates = sources.map(|source| Candidate { source, weight: 2.5, share: 0.25 });
        Attribution { candidates: candidates.into() }
    }

    fn coverage(fate: Fate) -> Coverage {
        Coverage { fate, share: 0.5, strongest_passage: (fate != Fate::Silent).then_some(1) }
    }

    fn full_finding() -> Finding {
        let trends = [Trend::Raised, Trend::Lowered, Trend::Dropped, Trend::Added, Trend::Replaced];
        let change = |(index, trend): (usize, Trend)| Change {
            passage: index as u32,
            edit: 2,
            subject: if index % 2 == 0 { ChangeSubject::Strength } else { ChangeSubject::Number },
            trend,
        };
        Finding {
            comparison: full(),
            chronology: chronology(Order::Preceding),
            items: crate::report::label::FATES.map(coverage).into(),
            paragraphs: vec![coverage(Fate::Kept)],
            additions: vec![Addition {
                span: Span::new(0, 3),
                weight: 9.0,
                specificity: 1.5,
                attribution: every_source(),
            }],
            changes: trends.into_iter().enumerate().map(change).collect(),
            sources: vec![
                SourceCheck { source: NamedSource::Directive, declared_by: None, echoed: Some(false) },
                SourceCheck { source: NamedSource::Reference(2), declared_by: Some(0), echoed: Some(true) },
                SourceCheck { source: NamedSource::Citation(0), declared_by: Some(0), echoed: None },
            ],
            passage_sources: vec![every_source(), Attribution::default()],
            reverse: Some(ReverseDirection { passages: 3, weight: 7.5 }),
        }
    }

    fn full_summary() -> Summary {
        let count = |source| SourceCount { source, stretches: 2, weight: 3.5 };
        let resolution = |index, order| TracedResolution {
            resolution: index,
            chronology: chronology(order),
            score: Score { verbatim: 0.5, item_coverage: Some(0.25), ..Score::default() },
            reverse: Some(ReverseDirection { passages: 1, weight: 0.5 }),
            changed: [Stretch::Passage(1), Stretch::Addition(2)]
                .map(|stretch| ChangedAttribution { stretch, span: Span::new(0, 3), attribution: every_source() })
                .into(),
            sources: vec![count(None), count(Some(Source::EarlierResolution(1)))],
        };
        let row = |kind| MatrixRow {
            kind,
            span: Span::new(0, 6),
            label: Span::new(0, 3),
            depth: 1,
            weight: 4.5,
            cells: vec![Cell { fate: Fate::Split, share: 0.75, strongest_passage: Some(2) }],
        };
        Summary {
            resolutions: vec![resolution(0, Order::Following), resolution(2, Order::Unknown)],
            rows: vec![row(RowKind::Item(1)), row(RowKind::Paragraph(0))],
            silence: vec![1],
            shared_beyond: vec![SharedBeyond {
                earlier: 0,
                later: 2,
                order_known: true,
                weight: 8.5,
                share: 0.5,
                runs: 2,
                examples: vec![SharedRun { earlier: Span::new(0, 3), later: Span::new(3, 6), weight: 6.5 }],
            }],
            kinship_order: vec![2, 0],
            phrases: vec![TracedPhrase {
                left: Span::new(0, 6),
                origin: OriginKind::Left,
                weight: 5.5,
                resolutions: vec![0, 2],
            }],
            sources: vec![count(Some(Source::Formula))],
            completeness: StageEnd::Budget,
        }
    }

    #[test]
    fn a_finding_is_read_back_whole() {
        let (left, right) = (document(), document());
        let setting = Setting {
            documents: Pair::new(&left, &right),
            charsets: Pair::new(None, None),
            form: form(),
            versions: &versions(),
        };
        let message = resolution_trace(&full_finding(), Reports::ALL, setting);
        let json = serde_json::to_string(&message).expect("JSON");
        assert_eq!(serde_json::from_str::<proto::ResolutionTrace>(&json).expect("reads back"), message);
        assert_eq!(finding(message), Ok(full_finding()));
    }

    #[test]
    fn a_summary_is_read_back_whole() {
        let digest = Digest {
            resolution: 0,
            chronology: chronology(Order::Unknown),
            score: Score::default(),
            reverse: None,
            items: Vec::new(),
            paragraphs: Vec::new(),
            fingerprints: Vec::new(),
            stretches: Vec::new(),
            phrases: Vec::new(),
        };
        let places = Places::new(&digest, "全省", OffsetUnit::Utf8Bytes);
        let directive = document();
        let setting = SummarySetting { directive: &directive, form: form(), versions: &versions() };
        let message = trace_summary(&full_summary(), &setting, |_| Some(("city", &places)));
        let json = serde_json::to_string(&message).expect("JSON");
        assert_eq!(serde_json::from_str::<proto::TraceSummary>(&json).expect("reads back"), message);
        assert_eq!(summary(&message), Ok(full_summary()));
    }
}
