//! What is logged: one structured event a call, and panics by their place. Never a word of a document.
//!
//! An event holds the method, the gRPC code, the time, and the bytes of a streamed or single reply. Messages of failures
//! are not logged: a field violation may name what a caller sent.

use std::panic;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::config::setting::choices;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
choices!(LogFormat: Text = "text", Json = "json");

/// Whether a filter of log lines can be read.
pub(super) fn check_filter(filter: &String) -> Result<(), String> {
    EnvFilter::try_new(filter).map(drop).map_err(|_| {
        "must be a level (error, warn, info, debug, trace, off) or levels by module, such as info,hyper=warn".to_owned()
    })
}

/// Starts logging to standard error, filtered by `filter` as `RUST_LOG` is written, and installs the panic hook. A second
/// call changes nothing.
pub fn start(format: LogFormat, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if started.is_ok() {
        redact_panics();
    }
}

/// Panics say where, not what: the standard message of slicing inside a character quotes the text.
pub fn redact_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, thread = std::thread::current().name(), "panic");
    }));
}

/// One call that has ended.
#[derive(Clone, Debug)]
pub(super) struct CallEvent<'a> {
    /// Path of the method, or `unknown` for one that does not exist.
    pub(super) method: &'a str,
    /// The gRPC code, by its number; `None` when the caller left before there was one.
    pub(super) code: Option<i32>,
    /// From the head of the request to the end of the reply.
    pub(super) elapsed: Duration,
    /// Bytes of the reply, as sent.
    pub(super) reply_bytes: u64,
}

impl CallEvent<'_> {
    /// Writes the event: probes at debug level, everything else at info.
    pub(super) fn write(&self) {
        let code = self.code.map_or("CALLER_LEFT", code_name);
        let elapsed_us = self.elapsed.as_micros() as u64;
        if self.method.starts_with("/grpc.health.") {
            tracing::debug!(method = self.method, code, elapsed_us, reply_bytes = self.reply_bytes, "call");
        } else {
            tracing::info!(method = self.method, code, elapsed_us, reply_bytes = self.reply_bytes, "call");
        }
    }
}

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
