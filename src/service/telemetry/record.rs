//! The record of one call, from the head of the request to the end of the reply.
//!
//! Kept at the edge, dropped when the reply ends or the caller leaves; then one event is logged, the metrics are moved and
//! the spans are ended. A probe of health is logged at debug level and holds no shutdown up.

use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::Observer;
use super::facts::{CallFacts, Facts};
use super::traces::CallSpan;

/// The header by which a caller names a request, and we name it back.
const REQUEST_ID: &str = "x-request-id";
/// Longest id that is taken from a caller.
const MAX_ID_CHARACTERS: usize = 64;
/// What a method is called that does not exist. Its path is not told: it could say anything.
const UNKNOWN_METHOD: &str = "unknown";

/// One call under observation.
#[derive(Debug)]
pub(in crate::service) struct CallRecord {
    observer: Arc<Observer>,
    method: Option<String>,
    request_id: HeaderValue,
    trace_id: Option<String>,
    begun: Instant,
    facts: CallFacts,
    span: Option<CallSpan>,
    code: Option<i32>,
    reason: Option<String>,
    reply_bytes: u64,
}

impl CallRecord {
    /// Begins to observe a call. `method` is the path of a method that exists.
    pub(in crate::service) fn begin(observer: &Arc<Observer>, method: Option<&str>, headers: &HeaderMap) -> Self {
        observer.metrics.call_begun();
        if !is_probe(method) {
            observer.calls.send_modify(|calls| *calls += 1);
        }
        let parent = super::traces::remote_parent(headers);
        let span = observer.traces.as_ref().map(|traces| traces.begin(method, &parent));
        Self {
            observer: Arc::clone(observer),
            method: method.map(str::to_owned),
            request_id: request_id(headers),
            trace_id: span.as_ref().map(CallSpan::trace_id).or_else(|| super::traces::trace_id(&parent)),
            begun: Instant::now(),
            facts: CallFacts::new(observer.metrics.clone()),
            span,
            code: None,
            reason: None,
            reply_bytes: 0,
        }
    }

    /// What work for this call is to know.
    pub(in crate::service) fn facts(&self) -> &CallFacts {
        &self.facts
    }

    /// Notes the code, and for a failure the reason, that headers or trailers hold.
    pub(in crate::service) fn settle(&mut self, headers: &HeaderMap) {
        let Some(code) = headers.get("grpc-status").and_then(|code| code.to_str().ok()?.parse().ok()) else { return };
        self.end_with(code);
        if code != Code::Ok as i32 {
            let status = Status::from_header_map(headers);
            let reason = status.and_then(|status| status.get_details_error_info()).map(|info| info.reason);
            // Ours are written so; anything else would come from a library and may say anything.
            self.reason = reason.filter(|reason| reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
        }
    }

    /// Notes the code by its number.
    pub(in crate::service) fn end_with(&mut self, code: i32) {
        self.code = Some(code);
    }

    /// Notes a refusal that has no code of gRPC, by its cause.
    pub(in crate::service) fn refuse(&mut self, cause: &'static str) {
        self.code = Some(Code::Unknown as i32);
        self.reason = Some(cause.to_owned());
    }

    /// Counts bytes of the reply.
    pub(in crate::service) fn sent(&mut self, bytes: usize) {
        self.reply_bytes += bytes as u64;
    }

    /// Tells the caller the id of the request.
    pub(in crate::service) fn sign(&self, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.request_id.clone());
    }

    /// The request with its body counted as it arrives.
    pub(in crate::service) fn observe(&self, request: http::Request<Body>) -> http::Request<Body> {
        let facts = self.facts.clone();
        request.map(|body| Body::new(Observed { body, facts }))
    }
}

impl Drop for CallRecord {
    fn drop(&mut self) {
        let elapsed = self.begun.elapsed();
        let method = self.method.as_deref().unwrap_or(UNKNOWN_METHOD);
        let code = self.code.map_or("CALLER_LEFT", code_name);
        let facts = self.facts.lock().clone();
        self.observer.metrics.call_ended(
            method.trim_start_matches('/'),
            code,
            elapsed,
            facts.request_bytes,
            self.reply_bytes,
        );
        if let Some(cause) = self.rejection() {
            self.observer.metrics.rejected(cause);
        }
        self.log(method, code, elapsed, &facts);
        if let Some(span) = self.span.take() {
            span.end(self.code, code, self.reply_bytes, &facts);
        }
        if !is_probe(self.method.as_deref()) {
            self.observer.calls.send_modify(|calls| *calls -= 1);
        }
    }
}

impl CallRecord {
    /// Why the call was refused, if no work was done for it: our reason, else the code.
    fn rejection(&self) -> Option<&str> {
        let refused = [
            Code::InvalidArgument,
            Code::PermissionDenied,
            Code::ResourceExhausted,
            Code::Unimplemented,
            Code::Unavailable,
            Code::Unauthenticated,
        ];
        let code = self.code?;
        let foreign = code == Code::Unknown as i32 && self.reason.is_some();
        if !foreign && !refused.iter().any(|refused| *refused as i32 == code) {
            return None;
        }
        Some(self.reason.as_deref().unwrap_or_else(|| code_name(code)))
    }

    fn log(&self, method: &str, code: &str, elapsed: Duration, facts: &Facts) {
        // The level of an event is part of its declaration.
        macro_rules! call {
            ($level:ident) => {
                tracing::$level!(
                    request_id = self.request_id.to_str().unwrap_or_default(),
                    trace_id = self.trace_id.as_deref(),
                    method,
                    code,
                    reason = self.reason.as_deref(),
                    elapsed_us = micros(elapsed),
                    wait_us = micros(facts.wait),
                    work_us = micros(facts.work),
                    request_bytes = facts.request_bytes,
                    reply_bytes = self.reply_bytes,
                    documents = facts.documents,
                    text_bytes = facts.text_bytes,
                    pieces = facts.pieces,
                    comparisons = facts.comparisons,
                    links = facts.links,
                    passages = facts.passages,
                    cut_short = facts.cut_short,
                    "call"
                )
            };
        }
        if is_probe(self.method.as_deref()) {
            call!(debug);
        } else {
            call!(info);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn is_probe(method: Option<&str>) -> bool {
    method.is_some_and(|method| method.starts_with("/grpc.health."))
}

/// The caller's own id if it is a plain word, else one of ours.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |id: &&HeaderValue| {
        let id = id.as_bytes();
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=MAX_ID_CHARACTERS).contains(&id.len()) && id.iter().all(word)
    };
    headers.get(REQUEST_ID).filter(plain).cloned().unwrap_or_else(new_request_id)
}

/// An id that no other call of this process has, and hardly one of another: a number of the process, drawn at its start,
/// and one of the call.
fn new_request_id() -> HeaderValue {
    static PROCESS: OnceLock<u32> = OnceLock::new();
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let process = PROCESS.get_or_init(|| RandomState::new().hash_one(std::process::id()) as u32);
    let id = format!("{process:08x}-{:08x}", CALLS.fetch_add(1, Ordering::Relaxed));
    // Digits and a dash are a header's value.
    HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("-"))
}

/// The name of a gRPC code.
fn code_name(code: i32) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    usize::try_from(code).ok().and_then(|code| NAMES.get(code)).copied().unwrap_or("UNKNOWN")
}

/// The body of a request that counts its bytes.
#[derive(Debug)]
struct Observed {
    body: Body,
    facts: CallFacts,
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.facts.lock().request_bytes += data.len() as u64;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_from_the_caller_only_if_it_is_a_plain_word() {
        let check = |id: &'static [u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(id).expect("a header"));
            request_id(&headers).as_bytes() == id
        };
        assert!(check(b"4bf92f35-77b3.4da6_1"));
        for id in [&b""[..], b"two words", b"a\tb", "鹦鹉螺".as_bytes(), &[b'a'; 65]] {
            assert!(!check(id), "{id:?}");
        }
        assert_ne!(new_request_id(), new_request_id());
    }
}
