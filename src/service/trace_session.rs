//! One trace between its messages: what was read once, and what is kept of each resolution.
//!
//! In: the first message, then resolutions in any order and on any threads. Out: the reply for each, and the summary.
//! Always: of a resolution only a digest, the caller's name and offsets are kept. The service and the command line run
//! the same session, so both give the same replies.

use std::sync::Arc;

use super::from_proto::trace::{TraceCall, resolution, trace_call};
use super::proto;
use super::proto::trace_directive_response::Message;
use super::status::Failure;
use super::telemetry::CallFacts;
use super::to_proto::Setting;
use super::to_proto::trace::{Places, SummarySetting, resolution_trace, trace_summary};
use crate::compare::engine::{Engine, Versions};
use crate::text::cancel::Cancel;
use crate::text::document::DocumentLimits;
use crate::text::span::Pair;
use crate::trace::digest::Digest;
use crate::trace::tracer::Tracer;

/// A directive that has been read, and how to answer.
#[derive(Debug)]
pub struct TraceSession {
    tracer: Tracer,
    call: TraceCall,
    versions: Versions,
    limits: DocumentLimits,
}

/// What is kept of a resolution.
#[derive(Debug)]
pub struct Kept {
    id: String,
    digest: Digest,
    places: Places,
}

impl Kept {
    /// Memory it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.id.len() + self.digest.bytes() + self.places.bytes()
    }
}

impl TraceSession {
    /// Reads the first message: the directive and the references are analysed here, once.
    pub fn begin(
        engine: Arc<Engine>,
        start: proto::TraceStart,
        limits: DocumentLimits,
        cancel: &Cancel,
    ) -> Result<Self, Failure> {
        let mut call = trace_call(start, limits)?;
        let versions = engine.versions();
        let references = std::mem::take(&mut call.references);
        let read = std::iter::once(&call.directive.document).chain(&references);
        CallFacts::read_documents(read.map(|document| document.text().len()));
        let tracer = Tracer::new(engine, &call.directive.document, &references, call.options.clone(), cancel)?;
        Ok(Self { tracer, call, versions, limits })
    }

    /// Traces one resolution, the `index`th in the order of sending.
    pub fn trace(
        &self,
        index: u32,
        document: proto::Document,
        cancel: &Cancel,
    ) -> Result<(proto::ResolutionTrace, Kept), Failure> {
        let received = resolution(document, self.limits)?;
        #[cfg(test)]
        super::fail_point::in_pool(&received.document.metadata().id);
        CallFacts::read_documents([received.document.text().len()]);
        let (finding, digest) = self.tracer.finding(index, &received.document, cancel)?;
        let found = &finding.comparison;
        CallFacts::compared(found.links.len(), found.passages.len(), &found.completeness);
        let setting = Setting {
            documents: Pair::new(&self.call.directive.document, &received.document),
            charsets: Pair::new(self.call.directive.charset, received.charset),
            form: self.call.form,
            versions: &self.versions,
        };
        let answer = resolution_trace(&finding, self.call.sent, setting);
        let places = Places::new(&digest, received.document.text(), self.call.form.unit);
        let id = received.document.metadata().id.clone();
        Ok((answer, Kept { id, digest, places }))
    }

    /// What needs all resolutions, from what was kept of them, in the order of sending.
    pub fn summary(&self, kept: &[Kept], cancel: &Cancel) -> Result<proto::TraceSummary, Failure> {
        let summary = self.tracer.summary(kept.iter().map(|kept| &kept.digest), cancel)?;
        let setting =
            SummarySetting { directive: &self.call.directive.document, form: self.call.form, versions: &self.versions };
        Ok(trace_summary(&summary, &setting, |index| {
            let at = kept.binary_search_by_key(&index, |kept| kept.digest.resolution).ok()?;
            Some((kept[at].id.as_str(), &kept[at].places))
        }))
    }

    /// How far the trace is once `done` resolutions have been answered.
    pub fn progress(&self, done: u32) -> proto::TraceDirectiveResponse {
        let total = self.call.expected_resolutions.map(|expected| expected.max(done));
        reply(Message::Progress(proto::TraceProgress { done: Some(done), total }))
    }
}

/// The reply for one resolution, and what is kept of it.
pub fn finding(
    index: u32,
    id: String,
    traced: Result<(proto::ResolutionTrace, Kept), Failure>,
) -> (proto::TraceDirectiveResponse, Option<Kept>) {
    let (result, kept) = match traced {
        Ok((trace, kept)) => (proto::trace_finding::Result::Trace(trace), Some(kept)),
        Err(failure) => (proto::trace_finding::Result::Error(failure.into_call_error()), None),
    };
    let finding = proto::TraceFinding { resolution: Some(index), resolution_id: id, result: Some(result) };
    (reply(Message::Finding(finding)), kept)
}

/// A reply that holds `message`.
pub fn reply(message: Message) -> proto::TraceDirectiveResponse {
    proto::TraceDirectiveResponse { message: Some(message) }
}
