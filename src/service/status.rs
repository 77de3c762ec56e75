//! The one table from what went wrong to a gRPC code, with details that programs can read.
//!
//! | failure | code | details |
//! | --- | --- | --- |
//! | fields are wrong | INVALID_ARGUMENT | BadRequest, ErrorInfo |
//! | the queue is full, too many bytes are in flight or in replies not taken yet, the caller's rate is used up | RESOURCE_EXHAUSTED | RetryInfo, ErrorInfo, `grpc-retry-pushback-ms` |
//! | a message or an answer is too long, or unpacks to too much; a trace has too many resolutions | RESOURCE_EXHAUSTED | ErrorInfo, `grpc-retry-pushback-ms: -1` (never) |
//! | nobody is identified | UNAUTHENTICATED | ErrorInfo |
//! | the caller has no right to the method | PERMISSION_DENIED | ErrorInfo |
//! | there is no such method | UNIMPLEMENTED | ErrorInfo |
//! | the deadline passed, a message was sent too slowly | DEADLINE_EXCEEDED | ErrorInfo |
//! | the caller left | CANCELLED | |
//! | starting or draining | UNAVAILABLE | RetryInfo, ErrorInfo |
//! | `grpc-timeout` cannot be read, compression is broken, a panic | INTERNAL | ErrorInfo with the incident's id |
//!
//! Two more are decided where they arise: a message that cannot be parsed ([`super::codec`], INVALID_ARGUMENT) and a
//! message that is too long once it is decompressed (`call`, RESOURCE_EXHAUSTED).

use std::collections::HashMap;
use std::time::Duration;

use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use super::proto;
use crate::text::cancel::Cancelled;

/// Domain of the reasons in `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "policyecho.v1";

/// Trailer that tells retrying clients when to come back, in milliseconds; a negative number means never.
pub(super) const RETRY_PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Most bytes of violations in one status. Details travel in a header, and clients refuse headers over 8 KiB; base64
/// makes them a third longer.
const MAX_VIOLATION_BYTES: usize = 4096;

/// One field of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, such as `right.text`.
    pub field: String,
    /// What is wrong and what to do. Never quotes a document.
    pub description: String,
    /// Machine-readable reason, in UPPER_SNAKE_CASE.
    pub reason: &'static str,
}

/// Why nobody is identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unidentified {
    /// Neither a key nor a certificate was shown.
    Nothing,
    /// What was shown is no `Bearer` credential.
    NoBearer,
    /// Nobody has the key.
    UnknownKey,
    /// Nobody has the certificate.
    UnknownCertificate,
    /// The caller's time is over.
    Expired,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Fields of the request are wrong; never empty.
    Invalid(Vec<Violation>),
    /// As many calls are waiting as may wait, or as many bytes are in flight, or in replies not taken yet, as may be.
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// A trace has more resolutions than one call may have.
    TooManyResolutions {
        /// The most.
        most: u32,
    },
    /// A message is longer than may be.
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The longest.
        limit: usize,
    },
    /// An answer is longer than may be.
    ReplyTooLarge {
        /// Its length.
        bytes: usize,
        /// The longest.
        limit: usize,
    },
    /// The caller has made as many calls as it may for now.
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// A compressed message becomes too long when unpacked.
    CompressedTooMuch {
        /// Most bytes that one byte may become.
        ratio: u64,
    },
    /// A compressed message cannot be unpacked.
    BrokenCompression,
    /// A message took too long to come.
    SlowCaller {
        /// How long a caller may keep us waiting.
        timeout: Duration,
    },
    /// Nobody is identified.
    Unauthenticated(Unidentified),
    /// The caller has no right to the method.
    NotAllowed,
    /// No rule names the method.
    NoSuchMethod,
    /// The deadline of the call, or the longest time a call may take, has passed.
    DeadlineExceeded,
    /// `grpc-timeout` is not a number with a unit.
    MalformedTimeout,
    /// The caller left and the work was stopped.
    CallerLeft,
    /// The lexicon is still being loaded.
    Starting,
    /// The work panicked.
    Bug {
        /// Names the incident here and in the log.
        incident: String,
    },
}

impl From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Self::CallerLeft
    }
}

impl Failure {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidArgument,
            Self::Busy { .. }
            | Self::TooManyResolutions { .. }
            | Self::TooLarge { .. }
            | Self::ReplyTooLarge { .. }
            | Self::RateLimited { .. }
            | Self::CompressedTooMuch { .. } => Code::ResourceExhausted,
            Self::DeadlineExceeded | Self::SlowCaller { .. } => Code::DeadlineExceeded,
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::NotAllowed => Code::PermissionDenied,
            Self::NoSuchMethod => Code::Unimplemented,
            Self::CallerLeft => Code::Cancelled,
            Self::Starting => Code::Unavailable,
            Self::MalformedTimeout | Self::BrokenCompression | Self::Bug { .. } => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(violations) => violations.first().map_or("INVALID_FIELD", |first| first.reason),
            Self::Busy { .. } => "QUEUE_FULL",
            Self::TooManyResolutions { .. } => "TOO_MANY_RESOLUTIONS",
            Self::TooLarge { .. } => "MESSAGE_TOO_LARGE",
            Self::ReplyTooLarge { .. } => "REPLY_TOO_LARGE",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::CompressedTooMuch { .. } => "COMPRESSED_TOO_MUCH",
            Self::BrokenCompression => "BROKEN_COMPRESSION",
            Self::SlowCaller { .. } => "MESSAGE_TOO_SLOW",
            Self::Unauthenticated(Unidentified::Nothing) => "NO_CREDENTIAL",
            Self::Unauthenticated(Unidentified::NoBearer) => "NO_BEARER_CREDENTIAL",
            Self::Unauthenticated(Unidentified::UnknownKey) => "UNKNOWN_KEY",
            Self::Unauthenticated(Unidentified::UnknownCertificate) => "UNKNOWN_CERTIFICATE",
            Self::Unauthenticated(Unidentified::Expired) => "EXPIRED",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::NoSuchMethod => "NO_SUCH_METHOD",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::CallerLeft => "CALLER_LEFT",
            Self::Starting => "STARTING",
            Self::MalformedTimeout => "MALFORMED_TIMEOUT",
            Self::Bug { .. } => "BUG",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after } | Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Starting => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Invalid(violations) => {
                let list: Vec<String> = violations
                    .iter()
                    .take(3)
                    .map(|violation| format!("{}: {}", violation.field, violation.description))
                    .collect();
                let more = violations.len().saturating_sub(list.len());
                let rest = if more > 0 { format!("; and {more} more, listed in the details") } else { String::new() };
                format!("{}{rest}", list.join("; "))
            }
            Self::Busy { retry_after } => {
                format!("as much is waiting as may wait; try again in {} ms", retry_after.as_millis())
            }
            Self::TooLarge { bytes, limit } => {
                format!("the message has {bytes} bytes, over the limit of {limit}; send less, or shorter documents")
            }
            Self::ReplyTooLarge { bytes, limit } => format!(
                "the answer has {bytes} bytes, over the limit of {limit}; ask for fewer reports, leave include_text out, or \
                 send less"
            ),
            Self::TooManyResolutions { most } => {
                format!("a trace has at most {most} resolutions; send fewer, or trace the rest in another call")
            }
            Self::RateLimited { retry_after } => {
                // Rounded up: who comes back as told must not be refused again.
                format!("this caller has used up its rate of calls; try again in {} ms", retry_after.as_millis() + 1)
            }
            Self::CompressedTooMuch { ratio } => {
                format!("the message unpacks to over {ratio} times its size; send it with less or no compression")
            }
            Self::BrokenCompression => "the compressed message cannot be unpacked; mend the client's codec".to_owned(),
            Self::SlowCaller { timeout } => format!(
                "the message was not sent in time; keep sending, without breaks of {} s, or send less",
                timeout.as_secs()
            ),
            Self::Unauthenticated(why) => match why {
                Unidentified::Nothing => "no credential was sent; send a key as `authorization: Bearer KEY`",
                Unidentified::NoBearer => {
                    "the credential is of another kind; send a key as `authorization: Bearer KEY`"
                }
                Unidentified::UnknownKey => "the key is not known here; ask who runs the server for one",
                Unidentified::UnknownCertificate => "the certificate is not known here; have it listed, or send a key",
                Unidentified::Expired => "the credential has expired; ask who runs the server for a new one",
            }
            .to_owned(),
            Self::NotAllowed => "this caller has no right to this method; ask who runs the server for it".to_owned(),
            Self::NoSuchMethod => "there is no such method; reflection lists those there are".to_owned(),
            Self::DeadlineExceeded => {
                "the deadline passed before the answer was ready; allow more time, ask for fewer reports, or send less"
                    .to_owned()
            }
            Self::CallerLeft => "the caller left and the work was stopped".to_owned(),
            Self::Starting => "the server is starting; try again in a second".to_owned(),
            Self::MalformedTimeout => "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n".to_owned(),
            Self::Bug { incident } => format!("a bug of ours; please report incident {incident}"),
        }
    }

    /// The failure as the error of one message of a stream.
    pub fn into_call_error(self) -> proto::CallError {
        let (code, message) = (self.code() as i32 as u32, self.message());
        let violations = match self {
            Self::Invalid(violations) => violations
                .into_iter()
                .map(|violation| proto::FieldViolation { field: violation.field, description: violation.description })
                .collect(),
            _ => Vec::new(),
        };
        proto::CallError { code, message, violations }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let mut details = ErrorDetails::new();
        let mut facts = HashMap::new();
        let mut metadata = MetadataMap::new();
        if let Failure::Bug { incident } = &failure {
            facts.insert("incident".to_owned(), incident.clone());
        }
        details.set_error_info(failure.reason(), ERROR_DOMAIN, facts);
        if let Failure::Invalid(violations) = &failure {
            details.set_bad_request(fitting(violations));
        }
        if let Some(delay) = failure.retry_after() {
            details.set_retry_info(Some(delay));
            // Rounded up: who comes back as told must not be refused again.
            let milliseconds = delay.as_nanos().div_ceil(1_000_000) as u64;
            metadata.insert(RETRY_PUSHBACK, MetadataValue::from(milliseconds));
        } else if failure.code() == Code::ResourceExhausted {
            // What is too large now is too large later (gRPC proposal A6): do not retry.
            metadata.insert(RETRY_PUSHBACK, MetadataValue::from_static("-1"));
        }
        Status::with_error_details_and_metadata(failure.code(), failure.message(), details, metadata)
    }
}

/// As many violations as fit in a header, and a last one that counts the rest.
fn fitting(violations: &[Violation]) -> Vec<FieldViolation> {
    let mut bytes = 0;
    let mut list: Vec<FieldViolation> = violations
        .iter()
        .take_while(|violation| {
            bytes += violation.field.len() + violation.description.len() + 8;
            bytes <= MAX_VIOLATION_BYTES
        })
        .map(|violation| FieldViolation::new(&violation.field, &violation.description))
        .collect();
    let more = violations.len() - list.len();
    if more > 0 {
        list.push(FieldViolation::new("", format!("{more} more fields are wrong; correct these first")));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(index: usize) -> Violation {
        Violation { field: format!("references[{index}].text"), description: "is empty".into(), reason: "EMPTY_TEXT" }
    }

    #[test]
    fn every_violation_is_listed_while_they_fit_in_a_header() {
        let status = Status::from(Failure::Invalid((0..20).map(violation).collect()));
        let listed = status.get_error_details().bad_request().map(|bad| bad.field_violations.len());
        assert_eq!(listed, Some(20));
    }

    #[test]
    fn violations_that_do_not_fit_are_counted() {
        let status = Status::from(Failure::Invalid((0..10_000).map(violation).collect()));
        assert!(status.details().len() < 6000, "{}", status.details().len());
        let details = status.get_error_details();
        let list = &details.bad_request().expect("has violations").field_violations;
        let more: usize =
            list.last().expect("not empty").description.split(' ').next().expect("a word").parse().expect("a count");
        assert_eq!(list.len() - 1 + more, 10_000);
    }

    #[test]
    fn busy_says_when_to_come_back() {
        let status = Status::from(Failure::Busy { retry_after: Duration::from_millis(250) });
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(status.metadata().get("grpc-retry-pushback-ms").map(|value| value.as_bytes()), Some(&b"250"[..]));
    }
}
