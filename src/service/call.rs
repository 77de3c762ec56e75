//! One call at the edge: what every method has in common, whichever it is.
//!
//! In: an HTTP/2 request. Out: an HTTP/2 reply. Here a request that is not gRPC is refused, the caller is identified, its
//! deadline is kept, the body is bounded (`transport`'s `request_watch`, [`super::receive`]), a panic becomes INTERNAL, a
//! code is put right, and one event is logged when the reply ends.
//! - Deadline: `grpc-timeout`, and the longest time until a reply may begin. When it passes, the work is dropped, which
//!   stops it, and the answer is DEADLINE_EXCEEDED; a stream is held to the caller's deadline to its end.
//! - tonic answers OUT_OF_RANGE to a message over the size limit; gRPC's own table says RESOURCE_EXHAUSTED
//!   (grpc/doc/statuscodes.md). Nothing here uses OUT_OF_RANGE, so every one is turned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Frame;
use tokio::time::Sleep;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::ServiceExt as _;

use super::admission::{Pool, incident};
use super::receive::{self, Arrival, ReceivedBody, Sender};
use super::replies::HeldBytes;
use super::security::Gate;
use super::status::{Failure, RETRY_PUSHBACK};
use super::telemetry::{CallRecord, Observer};
use super::transport::{Peer, RequestLimits};
use super::whole_messages::WholeMessages;

const GRPC_STATUS: &str = "grpc-status";

/// What the edge knows of the server.
#[derive(Debug)]
pub(super) struct Edge {
    /// All methods, sorted by their paths.
    pub(super) methods: Vec<ServedMethod>,
    /// Longest time until a reply begins.
    pub(super) max_call: Duration,
    /// Who is told of calls.
    pub(super) observer: Arc<Observer>,
    /// Who may call what.
    pub(super) gate: Arc<Gate>,
    /// How slow and how packed a request may be.
    pub(super) request_limits: RequestLimits,
    /// Who works.
    pub(super) pool: Arc<Pool>,
    /// Bounds on what is received.
    pub(super) bounds: receive::Bounds,
}

/// A method that is served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServedMethod {
    /// Its path.
    pub(super) path: String,
    /// Whether it is one message in, and work for the pool.
    pub(super) is_single_call: bool,
}

impl Edge {
    /// Answers one request.
    pub(super) async fn answer(
        self: Arc<Self>,
        routes: Routes,
        peer: &Peer,
        request: http::Request<Body>,
    ) -> http::Response<Body> {
        let begun = Instant::now();
        let path = request.uri().path();
        let method = self.methods.binary_search_by(|method| method.path.as_str().cmp(path)).ok();
        let method = method.map(|index| &self.methods[index]);
        let is_single_call = method.is_some_and(|method| method.is_single_call);
        let method = method.map(|method| method.path.as_str());
        let mut record = CallRecord::begin(&self.observer, method, request.headers());
        if let Some(refusal) = refuse_other_protocols(&request) {
            record.refuse("NOT_GRPC");
            return refusal.map(|body| Body::new(CallBody { inner: Some(body), deadline: None, record, held: None }));
        }
        // The path as the router sees it: a query is no part of it and must not be one here.
        let allowance = match self.gate.admit(path, request.headers(), peer.certificate.as_ref()) {
            Ok(allowance) => allowance,
            Err(failure) => return finish(record, Status::from(failure).into_http(), None),
        };
        let caller_timeout = match request.headers().get("grpc-timeout").map(parse_timeout) {
            None => None,
            Some(Some(timeout)) => Some(timeout),
            Some(None) => return finish(record, Status::from(Failure::MalformedTimeout).into_http(), None),
        };
        let timeout = caller_timeout.map_or(self.max_call, |timeout| timeout.min(self.max_call));
        let sender = if is_single_call { Sender::SingleCall } else { Sender::Patient };
        // A stream may live longer than a call: each of its messages has its own time.
        let deadline = if is_single_call { Some(timeout) } else { caller_timeout };
        let arrival = Arrival::new(deadline.and_then(|timeout| begun.checked_add(timeout)));
        let (mut head, body) = self.request_limits.watch(request).into_parts();
        head.extensions.insert(arrival.clone());
        head.extensions.insert(allowance);
        let body = ReceivedBody::new(body, Arc::clone(&self.pool), self.bounds.clone(), sender, arrival);
        let body = Body::new(WholeMessages::new(body));
        let request = record.observe(http::Request::from_parts(head, body));
        let facts = record.facts().clone();
        let answered = AssertUnwindSafe(routes.oneshot(request)).catch_unwind();
        let reply = match tokio::time::timeout(timeout, facts.scope(answered)).await {
            Ok(Ok(Ok(reply))) => reply,
            Ok(Err(panic)) => Status::from(incident(panic)).into_http(),
            Err(_) => Status::from(Failure::DeadlineExceeded).into_http(),
        };
        // `checked_add`: a caller may ask for more time than the clock can count.
        let deadline = caller_timeout.and_then(|timeout| tokio::time::Instant::from_std(begun).checked_add(timeout));
        finish(record, reply, deadline)
    }
}

/// gRPC is POST with `content-type: application/grpc`; tonic itself would run the method for anything.
fn refuse_other_protocols(request: &http::Request<Body>) -> Option<http::Response<Body>> {
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let status = if request.method() != Method::POST {
        StatusCode::METHOD_NOT_ALLOWED
    } else if !content_type.starts_with(b"application/grpc") {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else {
        return None;
    };
    let mut reply = http::Response::new(Body::empty());
    *reply.status_mut() = status;
    Some(reply)
}

/// Reads `grpc-timeout`: 1 to 8 digits and a unit (grpc/doc/PROTOCOL-HTTP2.md).
fn parse_timeout(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_secs(number * 3600)),
        b'M' => Some(Duration::from_secs(number * 60)),
        b'S' => Some(Duration::from_secs(number)),
        b'm' => Some(Duration::from_millis(number)),
        b'u' => Some(Duration::from_micros(number)),
        b'n' => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// Puts the code in headers or trailers right that tonic gets wrong, and notes it.
fn settle(headers: &mut HeaderMap, record: &mut CallRecord) {
    let out_of_range = HeaderValue::from(Code::OutOfRange as i32);
    if headers.get(GRPC_STATUS) == Some(&out_of_range) {
        headers.insert(GRPC_STATUS, HeaderValue::from(Code::ResourceExhausted as i32));
        // A larger message will not fit later either (gRPC proposal A6): do not retry.
        headers.insert(RETRY_PUSHBACK, HeaderValue::from_static("-1"));
    }
    record.settle(headers);
}

/// The reply as it leaves, observed to its end.
fn finish(
    mut record: CallRecord,
    mut reply: http::Response<Body>,
    deadline: Option<tokio::time::Instant>,
) -> http::Response<Body> {
    settle(reply.headers_mut(), &mut record);
    record.sign(reply.headers_mut());
    let deadline = deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline)));
    let held = reply.extensions_mut().remove();
    reply.map(|body| Body::new(CallBody { inner: Some(body), deadline, record, held }))
}

/// A reply on its way out.
#[derive(Debug)]
struct CallBody {
    /// `None` once the deadline has passed: dropping it stops the work behind it.
    inner: Option<Body>,
    deadline: Option<Pin<Box<Sleep>>>,
    record: CallRecord,
    /// What the reply holds of the room for replies, until it has ended.
    #[expect(dead_code, reason = "held for its drop")]
    held: Option<HeldBytes>,
}

impl CallBody {
    /// Drops the work behind the reply, and gives the trailers that end it.
    fn end(&mut self, failure: Failure) -> Frame<Bytes> {
        let inner = self.inner.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(inner))) {
            std::mem::forget(panic);
        }
        let mut trailers = Status::from(failure).into_http::<Body>().into_parts().0.headers;
        trailers.remove(header::CONTENT_TYPE);
        self.record.settle(&trailers);
        Frame::trailers(trailers)
    }
}

impl http_body::Body for CallBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let facts = self.record.facts().clone();
        let Some(inner) = self.inner.as_mut() else { return Poll::Ready(None) };
        // A streamed reply is worked on while it is polled. A panic would end the connection, and with it others' calls.
        let polled = facts.within(|| catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(context))));
        match polled {
            Err(panic) => Poll::Ready(Some(Ok(self.end(incident(panic))))),
            Ok(Poll::Ready(Some(Ok(mut frame)))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    settle(trailers, &mut self.record);
                } else if let Some(data) = frame.data_ref() {
                    self.record.sent(data.len());
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Pending) => {
                let Some(deadline) = self.deadline.as_mut() else { return Poll::Pending };
                std::task::ready!(deadline.as_mut().poll(context));
                Poll::Ready(Some(Ok(self.end(Failure::DeadlineExceeded))))
            }
            Ok(end) => end,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        let cases = [
            ("300m", Some(Duration::from_millis(300))),
            ("0n", Some(Duration::ZERO)),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("1", None),
            ("m", None),
            ("123456789S", None),
            ("-1S", None),
            ("1.5S", None),
            ("1s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_timeout(&HeaderValue::from_static(text)), expected, "{text}");
        }
    }
}
