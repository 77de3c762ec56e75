//! The services of the contract: each method is one line to the engine, on a thread of the pool.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use futures_util::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::admission::{Permit, Pool};
use super::codec::{Encoded, Outgoing};
use super::config::Config;
use super::from_proto::{self, CompareCall};
use super::proto::comparison_service_server::ComparisonService;
use super::proto::info_service_server::InfoService;
use super::receive::{Arrival, Charge};
use super::replies::{Held, HeldBytes, HeldReplies, ReplyBudget};
use super::security::Allowance;
use super::status::Failure;
use super::telemetry::CallFacts;
use super::to_proto::{self, Setting};
use super::{proto, status};
use crate::compare::comparison::Comparison;
use crate::compare::engine::Engine;
use crate::compare::options::{Report, Reports};
use crate::text::cancel::Cancel;

/// What all services share.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) config: Config,
    pub(super) pool: Arc<Pool>,
    /// Room for replies that are ready.
    pub(super) replies: ReplyBudget,
    /// Empty until the lexicon is loaded.
    pub(super) engine: OnceLock<Arc<Engine>>,
}

impl Backend {
    pub(super) fn engine(&self) -> Result<Arc<Engine>, Failure> {
        self.engine.get().cloned().ok_or(Failure::Starting)
    }

    /// The message of a single call, and the right to work on it.
    fn admit<Q: prost::Message>(&self, request: Request<Q>) -> Result<(Q, Permit), Failure> {
        let (_, extensions, message) = request.into_parts();
        let arrival = extensions.get::<Arrival>();
        let mut charge = arrival.and_then(Arrival::next_charge);
        let bytes = message.encoded_len();
        #[cfg(test)]
        super::fail_point::in_handler(&message);
        if let Some(charge) = charge.as_mut() {
            charge.settle(bytes);
        }
        let permit = self.pool.admit_call(bytes as u64)?;
        Ok((message, permit.until(arrival.and_then(|arrival| arrival.deadline)).with_charge(charge)))
    }

    async fn run<T: Outgoing + Send + 'static>(
        &self,
        permit: Permit,
        work: impl FnOnce(&Engine, &Cancel) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Held<T>, Failure> {
        let engine = self.engine()?;
        let replies = self.replies.clone();
        self.pool.run(permit, move |cancel| replies.hold(work(&engine, cancel)?)).await
    }

    /// A call that makes one report of a comparison.
    async fn single_report<Q, A>(
        &self,
        request: Request<Q>,
        reports: Reports,
        answer: fn(&Comparison, Setting<'_>) -> A,
    ) -> Result<Response<Encoded<A>>, Status>
    where
        Q: prost::Message + Into<proto::CompareRequest> + 'static,
        A: prost::Message + 'static,
    {
        let (request, permit) = self.admit(request)?;
        let limits = self.config.limits.document();
        let work = move |engine: &Engine, cancel: &Cancel| {
            let call = from_proto::single_report_call(request.into(), limits, reports)?;
            note_reading(&call);
            let found = engine.compare(&call.documents, &call.references, &call.options, cancel)?;
            note_comparison(&found);
            Ok(Encoded::from(answer(&found, setting(&call, &engine.versions()))))
        };
        Ok(self.run(permit, work).await?.into_response())
    }

    /// One pair of a stream. Its failures are its own.
    async fn answer_pair(
        &self,
        message: proto::CompareStreamRequest,
        charge: Option<Charge>,
        allowed: Result<(), Failure>,
    ) -> (proto::CompareStreamResponse, Option<HeldBytes>) {
        let proto::CompareStreamRequest { pair_id, request } = message;
        let compared = match allowed {
            Ok(()) => self.compare_pair(request, charge).await,
            Err(failure) => Err(failure),
        };
        let (result, held) = match compared.map(Held::into_parts) {
            Ok((response, held)) => (proto::compare_stream_response::Result::Response(response), Some(held)),
            Err(failure) => (proto::compare_stream_response::Result::Error(failure.into_call_error()), None),
        };
        (proto::CompareStreamResponse { pair_id, result: Some(result) }, held)
    }

    async fn compare_pair(
        &self,
        request: Option<proto::CompareRequest>,
        charge: Option<Charge>,
    ) -> Result<Held<proto::CompareResponse>, Failure> {
        let Some(request) = request else {
            return Err(Failure::Invalid(vec![status::Violation {
                field: "request".to_owned(),
                description: "is missing; send a pair".to_owned(),
                reason: "MISSING",
            }]));
        };
        let limits = self.config.limits.document();
        let permit = self.pool.admit_stream_message().await?;
        // The time of a pair begins when it is its turn: the ones before it may take theirs.
        let deadline = Instant::now().checked_add(self.config.work.max_call());
        self.run(permit.with_charge(charge).until(deadline), move |engine, cancel| {
            let call = from_proto::compare_call(request, "request.", limits)?;
            compare(engine, &call, cancel, to_proto::compare_response)
        })
        .await
    }
}

fn setting<'a>(call: &'a CompareCall, versions: &'a crate::compare::engine::Versions) -> Setting<'a> {
    Setting { documents: call.documents.as_ref(), charsets: call.charsets, form: call.form, versions }
}

fn note_reading(call: &CompareCall) {
    let documents = [&call.documents.left, &call.documents.right].into_iter().chain(&call.references);
    CallFacts::read_documents(documents.map(|document| document.text().len()));
}

fn note_comparison(found: &Comparison) {
    CallFacts::compared(found.links.len(), found.passages.len(), &found.completeness);
}

fn compare<T>(
    engine: &Engine,
    call: &CompareCall,
    cancel: &Cancel,
    answer: fn(&Comparison, Setting<'_>) -> T,
) -> Result<T, Failure> {
    #[cfg(test)]
    super::fail_point::in_pool(&call.documents.left.metadata().id);
    note_reading(call);
    let found = engine.compare(&call.documents, &call.references, &call.options, cancel)?;
    note_comparison(&found);
    Ok(answer(&found, setting(call, &engine.versions())))
}

/// The comparison service.
#[derive(Clone, Debug)]
pub(super) struct Comparisons(pub(super) Arc<Backend>);

#[tonic::async_trait]
impl ComparisonService for Comparisons {
    async fn compare(
        &self,
        request: Request<proto::CompareRequest>,
    ) -> Result<Response<Encoded<proto::CompareResponse>>, Status> {
        let limits = self.0.config.limits.document();
        let (request, permit) = self.0.admit(request)?;
        let work = move |engine: &Engine, cancel: &Cancel| {
            let call = from_proto::compare_call(request, "", limits)?;
            compare(engine, &call, cancel, to_proto::encoded::compare_response)
        };
        Ok(self.0.run(permit, work).await?.into_response())
    }

    async fn align_paragraphs(
        &self,
        request: Request<proto::AlignParagraphsRequest>,
    ) -> Result<Response<Encoded<proto::AlignParagraphsResponse>>, Status> {
        let reports = Reports::NONE.with(Report::Alignment);
        self.0.single_report(request, reports, to_proto::align_paragraphs_response).await
    }

    async fn diff_words(
        &self,
        request: Request<proto::DiffWordsRequest>,
    ) -> Result<Response<Encoded<proto::DiffWordsResponse>>, Status> {
        let limits = self.0.config.limits.document();
        let (request, permit) = self.0.admit(request)?;
        let work = move |engine: &Engine, cancel: &Cancel| {
            let call = from_proto::single_report_call(request.into(), limits, Reports::NONE.with(Report::Edits))?;
            note_reading(&call);
            let diff = engine.diff_words(&call.documents, &call.options, cancel)?;
            Ok(Encoded::from(to_proto::diff_words_response(&diff, setting(&call, &engine.versions()))))
        };
        Ok(self.0.run(permit, work).await?.into_response())
    }

    async fn find_shared_phrases(
        &self,
        request: Request<proto::FindSharedPhrasesRequest>,
    ) -> Result<Response<Encoded<proto::FindSharedPhrasesResponse>>, Status> {
        let reports = Reports::NONE.with(Report::Phrases);
        self.0.single_report(request, reports, to_proto::find_shared_phrases_response).await
    }

    type CompareStreamStream = Pin<Box<dyn Stream<Item = Result<proto::CompareStreamResponse, Status>> + Send>>;

    async fn compare_stream(
        &self,
        request: Request<Streaming<proto::CompareStreamRequest>>,
    ) -> Result<Response<Self::CompareStreamStream>, Status> {
        self.0.engine()?;
        let backend = Arc::clone(&self.0);
        let in_work = backend.config.work.stream_pairs.max(1);
        // `buffered` reads a pair only when a place is free and gives answers back in order. Dropping the reply drops the
        // pairs in work, and with that stops them.
        let arrival = request.extensions().get::<Arrival>().cloned();
        let allowance = Allowance::of(request.extensions());
        let answers = request.into_inner().enumerate().map(move |(index, message)| {
            let backend = Arc::clone(&backend);
            // Messages come in the order in which their charges were made.
            let charge = arrival.as_ref().and_then(Arrival::next_charge);
            let allowed = allowance.take_message(index);
            async move {
                let message = message?;
                #[cfg(test)]
                super::fail_point::in_stream(&message);
                let charge = charge.map(|mut charge| {
                    charge.settle(prost::Message::encoded_len(&message));
                    charge
                });
                Ok(backend.answer_pair(message, charge, allowed).await)
            }
        });
        Ok(Response::new(Box::pin(HeldReplies::new(answers.buffered(in_work)))))
    }
}

/// The information service.
#[derive(Clone, Debug)]
pub(super) struct Info(pub(super) Arc<Backend>);

#[tonic::async_trait]
impl InfoService for Info {
    async fn get_info(&self, _: Request<proto::GetInfoRequest>) -> Result<Response<proto::GetInfoResponse>, Status> {
        let engine = self.0.engine()?;
        let config = &self.0.config;
        let bounded = |value: usize| Some(u32::try_from(value).unwrap_or(u32::MAX));
        let limits = proto::Limits {
            max_document_text_bytes: bounded(config.limits.max_text_bytes),
            max_message_bytes: bounded(config.limits.max_message_bytes),
            max_references: bounded(from_proto::MAX_REFERENCES),
            max_trace_resolutions: Some(config.limits.max_trace_resolutions),
            max_call_milliseconds: Some(u32::try_from(config.work.max_call_ms).unwrap_or(u32::MAX)),
            max_stream_pairs_in_work: bounded(config.work.stream_pairs.max(1)),
        };
        let versions = to_proto::versions(&engine.versions());
        Ok(Response::new(proto::GetInfoResponse { versions: Some(versions), limits: Some(limits) }))
    }
}
