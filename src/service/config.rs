//! Every setting of the server: its name, type, default, bounds and meaning, declared once.
//!
//! From the declaration below come the flag (`--drain-ms`), the environment variable (`POLICY_ECHO_DRAIN_MS`), the key of
//! the file (`drain_ms` under `[server]`), the help, the table in `docs/operations.md` and what `config check` prints.
//! One precedence: flag, environment, file, default. `CONTRIBUTING.md` tells how a setting is added.

pub mod setting;
mod shown;
mod source;

use std::net::SocketAddr;
use std::time::Duration;

use setting::{settings, within};
pub use shown::{differing, table};
pub use source::{ConfigError, ConfigFile, Loaded, Origin, Sources};

use super::telemetry::{self, LogFormat};
use crate::text::document::{DEFAULT_MAX_TEXT_BYTES, DocumentLimits};

/// One day, in milliseconds.
const DAY_MS: u64 = 24 * 3600 * 1000;

settings! {
    /// Where the server listens, and how it ends.
    [server] Server {
        /// Address to listen on
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 50051));
        /// Time between NOT_SERVING and the end of accepting, in milliseconds, so that load balancers notice
        drain_lag_ms: u64 = 0, |ms| within(ms, 0, DAY_MS);
        /// Longest time that calls in flight get to end at shutdown, in milliseconds
        drain_ms: u64 = 10_000, |ms| within(ms, 0, DAY_MS);
    }

    /// Connections and HTTP/2.
    [transport] Transport {
        /// Connections that are open at a time; more are closed at once
        max_connections: usize = 1024, |connections| within(connections, 1, 1_000_000);
    }

    /// Threads that compare, and what waits for them.
    [work] Work {
        /// Threads that compare documents; 0 means one for each core but one
        workers: usize = 0, |threads| within(threads, 0, 1024);
        /// Calls that may wait for a thread before more are refused with RESOURCE_EXHAUSTED; 0 means two for each thread
        queue: usize = 0, |calls| within(calls, 0, 1_000_000);
        /// Pairs or resolutions of one stream that are in work at a time; of a trace at least one for each thread
        stream_pairs: usize = 4, |pairs| within(pairs, 1, 1024);
        /// Longest time until a call is answered, in milliseconds; a caller's own deadline may be shorter
        max_call_ms: u64 = 60_000, |ms| within(ms, 1, DAY_MS);
        /// File with a background table to use in place of the embedded one, as the example `build_background` writes it
        background: Option<String> = None;
    }

    /// Who may call what.
    [security] Security {
        /// Whether the services can be listed and described by reflection
        reflection: bool = true;
    }

    /// What one request may hold.
    [limits] Limits {
        /// Most text of one document, in UTF-8 bytes
        max_text_bytes: usize = DEFAULT_MAX_TEXT_BYTES, |bytes| within(bytes, 1, 1 << 30);
        /// Longest message that is received, in bytes
        max_message_bytes: usize = 20 << 20, |bytes| within(bytes, 1024, 1 << 31);
        /// Most resolutions of one trace
        max_trace_resolutions: u32 = 1000, |resolutions| within(resolutions, 1, 1_000_000);
        /// Bytes of messages that are in the server at a time, before more are refused with RESOURCE_EXHAUSTED; 0 means four of the longest messages
        bytes_in_flight: usize = 0, |bytes| within(bytes, 0, 1 << 40);
    }

    /// What is told of the work. Never text of a document.
    [telemetry] Telemetry {
        /// How log lines look
        log_format: LogFormat = LogFormat::Text;
        /// What is logged: a level, or levels by module, as in `info,policy_echo::service=debug`
        log: String = "info".to_owned(), telemetry::check_filter;
        /// Address of the metrics, GET /metrics, for Prometheus; there are none if it is not set
        metrics_listen: Option<SocketAddr> = None;
        /// Address of a collector that traces are exported to over OTLP, such as http://127.0.0.1:4317; none if it is not set
        otlp_endpoint: Option<String> = None, telemetry::check_endpoint;
        /// Calls of a hundred that are traced, where the caller has not decided
        trace_percent: u32 = 100, |percent| within(percent, 0, 100);
    }
}

impl Config {
    /// What is wrong with settings that are right one by one: the keys, and what to do.
    fn contradictions(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.limits.max_text_bytes > self.limits.max_message_bytes {
            found.push((
                "limits.max_text_bytes",
                format!(
                    "is over limits.max_message_bytes ({}), so such a text could never arrive; lower it or raise that",
                    self.limits.max_message_bytes
                ),
            ));
        }
        found
    }
}

impl Server {
    /// Longest time that calls in flight get at shutdown.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// Time between NOT_SERVING and the end of accepting.
    pub fn drain_lag(&self) -> Duration {
        Duration::from_millis(self.drain_lag_ms)
    }
}

impl Work {
    /// Threads that compare: as set, else one for each core but one, which is left to the sockets.
    pub fn worker_threads(&self) -> usize {
        if self.workers > 0 {
            return self.workers;
        }
        std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
    }

    /// Calls that may wait: as set, else two a thread, so that an admitted call takes at most about three times as long as
    /// on an idle server.
    pub fn queued_calls(&self) -> usize {
        if self.queue > 0 { self.queue } else { 2 * self.worker_threads() }
    }

    /// Longest time until a call is answered.
    pub fn max_call(&self) -> Duration {
        Duration::from_millis(self.max_call_ms)
    }
}

impl Limits {
    /// Bytes of messages that are in the server at a time; never fewer than the longest message has.
    pub fn all_bytes_in_flight(&self) -> usize {
        let wanted = if self.bytes_in_flight > 0 { self.bytes_in_flight } else { 4 * self.max_message_bytes };
        wanted.max(self.max_message_bytes)
    }

    /// Bounds on one document.
    pub fn document(&self) -> DocumentLimits {
        DocumentLimits { max_text_bytes: self.max_text_bytes }
    }
}

#[cfg(test)]
mod tests;
