//! `TraceDirective`: resolutions stream in, findings stream out, the summary comes last.
//!
//! In: the caller's messages. Out: replies in the order of the resolutions, whatever the number of threads. Always: at most
//! `stream_pairs` resolutions, or as many as there are threads if that is more, are read and not yet answered; each waits
//! for a thread as a message of a stream, so a trace never uses up the places of single calls; dropping the reply stops
//! all work of the trace.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tonic::{Request, Response, Status, Streaming};

use super::handlers::Backend;
use super::proto;
use super::proto::trace_directive_request::Message as Sent;
use super::proto::trace_directive_response::Message as Reply;
use super::proto::trace_service_server::TraceService;
use super::receive::{Arrival, Charge};
use super::replies::{HeldBytes, HeldReplies};
use super::security::Allowance;
use super::status::{Failure, Violation};
use super::trace_session::{Kept, TraceSession, finding, reply};
use crate::text::cancel::Cancel;

/// The trace service.
#[derive(Clone, Debug)]
pub(super) struct Traces(pub(super) Arc<Backend>);

type Replies = Pin<Box<dyn Stream<Item = Result<proto::TraceDirectiveResponse, Status>> + Send>>;
type Answers = Pin<Box<dyn Stream<Item = Result<Answer, Status>> + Send>>;
/// A reply, and what it holds of the room for replies.
type HeldReply = (proto::TraceDirectiveResponse, Option<HeldBytes>);
type Answer = (HeldReply, Option<Kept>);

#[tonic::async_trait]
impl TraceService for Traces {
    type TraceDirectiveStream = Replies;

    async fn trace_directive(
        &self,
        request: Request<Streaming<proto::TraceDirectiveRequest>>,
    ) -> Result<Response<Replies>, Status> {
        self.0.engine()?;
        let backend = Arc::clone(&self.0);
        let arrival = request.extensions().get::<Arrival>().cloned();
        let allowance = Allowance::of(request.extensions());
        // The head of the reply goes out at once, so that a caller who waits for it before sending does not wait for ever.
        let begun = stream::once(async move {
            let mut messages = request.into_inner();
            let first = messages.next().await.transpose()?;
            let session = begin(&backend, first, next_charge(arrival.as_ref())).await?;
            Ok::<_, Status>(replies(backend, session, messages, (arrival, allowance)))
        });
        Ok(Response::new(Box::pin(HeldReplies::new(Box::pin(begun.try_flatten())))))
    }
}

/// What the message that was read last took of the bytes in flight; it is given back when the work on it ends.
fn next_charge(arrival: Option<&Arrival>) -> Option<Charge> {
    arrival.and_then(Arrival::next_charge)
}

/// Reads the first message.
async fn begin(
    backend: &Arc<Backend>,
    first: Option<proto::TraceDirectiveRequest>,
    charge: Option<Charge>,
) -> Result<Arc<TraceSession>, Failure> {
    let start = match first.map(|first| first.message) {
        Some(Some(Sent::Start(start))) => start,
        Some(Some(Sent::Resolution(_))) => {
            return Err(out_of_turn("resolution", "came before start; send start first"));
        }
        Some(None) => return Err(out_of_turn("start", "is missing, the first message is empty; send start first")),
        None => return Err(out_of_turn("start", "is missing, no message came; send start first")),
    };
    let limits = backend.config.limits.document();
    let engine = backend.engine()?;
    let permit = backend.pool.admit_stream_message().await?.with_charge(charge);
    let begin = move |cancel: &Cancel| TraceSession::begin(engine, start, limits, cancel);
    backend.pool.run(permit, begin).await.map(Arc::new)
}

fn out_of_turn(field: &str, description: &str) -> Failure {
    Failure::Invalid(vec![Violation {
        field: field.to_owned(),
        description: description.to_owned(),
        reason: "OUT_OF_TURN",
    }])
}

/// A trace whose directive has been read.
struct Underway {
    backend: Arc<Backend>,
    session: Arc<TraceSession>,
    answers: Answers,
    kept: Vec<Kept>,
    done: u32,
}

/// The replies once the directive has been read.
fn replies(
    backend: Arc<Backend>,
    session: Arc<TraceSession>,
    messages: Streaming<proto::TraceDirectiveRequest>,
    (arrival, allowance): (Option<Arrival>, Allowance),
) -> impl Stream<Item = Result<HeldReply, Status>> {
    let in_work = backend.config.work.stream_pairs.max(backend.config.work.worker_threads());
    let answers = {
        let (backend, session) = (Arc::clone(&backend), Arc::clone(&session));
        messages.enumerate().map(move |(index, message)| {
            let (backend, session) = (Arc::clone(&backend), Arc::clone(&session));
            let charge = next_charge(arrival.as_ref());
            // The call has paid for the first message, which was the directive.
            let allowed = allowance.take_message(index + 1);
            async move {
                let message = message?;
                #[cfg(test)]
                super::fail_point::in_stream(&message);
                Ok(answer(&backend, session, index, message, (charge, allowed)).await?)
            }
        })
    };
    let first = session.progress(0);
    // `buffered` reads a message only when a place is free, and gives answers back in order.
    let answers: Answers = Box::pin(answers.buffered(in_work));
    let underway = Underway { backend, session, answers, kept: Vec::new(), done: 0 };
    let rest = stream::unfold(Some(underway), |underway| async move {
        let mut underway = underway?;
        match underway.answers.next().await {
            Some(Ok((reply, kept))) => {
                underway.kept.extend(kept);
                underway.done += 1;
                let progress = underway.session.progress(underway.done);
                Some((Ok(vec![reply, (progress, None)]), Some(underway)))
            }
            Some(Err(status)) => Some((Err(status), None)),
            None => Some((underway.summary().await.map(|summary| vec![summary]).map_err(Status::from), None)),
        }
    });
    let rest = rest.map_ok(|replies| stream::iter(replies.into_iter().map(Ok))).try_flatten();
    stream::once(async move { Ok((first, None)) }).chain(rest)
}

/// Answers one resolution. What is wrong with it is told in its place; only what ends the trace is an error.
async fn answer(
    backend: &Backend,
    session: Arc<TraceSession>,
    index: usize,
    message: proto::TraceDirectiveRequest,
    (charge, allowed): (Option<Charge>, Result<(), Failure>),
) -> Result<Answer, Failure> {
    let document = match message.message {
        Some(Sent::Resolution(document)) => document,
        Some(Sent::Start(_)) => return Err(out_of_turn("start", "came twice; one trace has one directive")),
        None => return Err(out_of_turn("resolution", "is missing, a message is empty; send resolutions after start")),
    };
    let most = backend.config.limits.max_trace_resolutions;
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    if index >= most {
        return Err(Failure::TooManyResolutions { most });
    }
    let id = document.id.clone();
    let without_finding = |failure| {
        let (reply, kept) = finding(index, id.clone(), Err(failure));
        Ok(((reply, None), kept))
    };
    if let Err(failure) = allowed {
        return without_finding(failure);
    }
    let permit = backend.pool.admit_stream_message().await?.with_charge(charge);
    let replies = backend.replies.clone();
    let work = move |cancel: &Cancel| {
        let (trace, kept) = session.trace(index, document, cancel)?;
        Ok((replies.hold(trace)?.into_parts(), kept))
    };
    match backend.pool.run(permit, work).await {
        Err(
            failure
            @ (Failure::Invalid(_) | Failure::Bug { .. } | Failure::Busy { .. } | Failure::ReplyTooLarge { .. }),
        ) => without_finding(failure),
        Err(failure) => Err(failure),
        Ok(((trace, held), kept)) => {
            let (reply, kept) = finding(index, id, Ok((trace, kept)));
            Ok(((reply, Some(held)), kept))
        }
    }
}

impl Underway {
    async fn summary(self) -> Result<HeldReply, Failure> {
        let Self { backend, session, kept, .. } = self;
        let permit = backend.pool.admit_stream_message().await?;
        let replies = backend.replies.clone();
        let work = move |cancel: &Cancel| replies.hold(session.summary(&kept, cancel)?);
        let (summary, held) = backend.pool.run(permit, work).await?.into_parts();
        Ok((reply(Reply::Summary(summary)), Some(held)))
    }
}
