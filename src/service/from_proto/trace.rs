//! The messages of a trace, from the wire to values.

use super::{AnswerForm, ReceivedDocument, Violations};
use crate::compare::options::{CompareOptions, Reports};
use crate::service::proto;
use crate::service::status::Failure;
use crate::text::document::{Document, DocumentLimits};

/// The first message of a trace, ready for the tracer.
#[derive(Clone, Debug)]
pub struct TraceCall {
    /// The directive.
    pub directive: ReceivedDocument,
    /// The references.
    pub references: Vec<Document>,
    /// The choices. All reports are made.
    pub options: CompareOptions,
    /// Reports whose lists are sent.
    pub sent: Reports,
    /// How to answer.
    pub form: AnswerForm,
    /// Number of resolutions that the caller announced.
    pub expected_resolutions: Option<u32>,
}

/// Reads the first message of a trace.
pub fn trace_call(start: proto::TraceStart, limits: DocumentLimits) -> Result<TraceCall, Failure> {
    let mut violations = Violations::default();
    let proto::TraceStart { directive, references, options, offset_unit, expected_resolutions } = start;
    let directive = violations.document("start.directive", directive, limits);
    let references = violations.references("start.references", references, limits);
    let unit = violations.offset_unit("start.offset_unit", offset_unit);
    let options = options.unwrap_or_default();
    let form = AnswerForm { unit, include_text: options.include_text };
    let sent = violations.reports("start.options.reports", &options.reports);
    let options = violations.options("start.options", options, Reports::ALL);
    match directive {
        Some(directive) if violations.0.is_empty() => {
            Ok(TraceCall { directive, references, options, sent, form, expected_resolutions })
        }
        _ => Err(Failure::Invalid(violations.0)),
    }
}

/// Reads a resolution.
pub fn resolution(document: proto::Document, limits: DocumentLimits) -> Result<ReceivedDocument, Failure> {
    let mut violations = Violations::default();
    match violations.document("resolution", Some(document), limits) {
        Some(received) if violations.0.is_empty() => Ok(received),
        _ => Err(Failure::Invalid(violations.0)),
    }
}
