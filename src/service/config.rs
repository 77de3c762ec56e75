//! Every setting of the server: its name, type, default, bounds and meaning, declared once.
//!
//! From the declaration below come the flag (`--drain-ms`), the environment variable (`POLICY_ECHO_DRAIN_MS`), the key of
//! the file (`drain_ms` under `[server]`), the help, the table in `docs/operations.md` and what `config check` prints.
//! One precedence: flag, environment, file, default. `CONTRIBUTING.md` tells how a setting is added.

pub mod setting;
mod shown;
mod source;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use setting::{settings, within};
pub use shown::{differing, table};
pub use source::{ConfigError, ConfigFile, Loaded, Origin, Sources};

use super::admission::Waiting;
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
        /// Connections of one peer (an address, or a /64 of IPv6) that are open at a time; more are closed at once
        max_connections_per_peer: usize = 64, |connections| within(connections, 1, 1_000_000);
        /// Calls of one connection that are open at a time
        max_streams: u32 = 100, |calls| within(calls, 1, 100_000);
        /// Stream errors that a connection may provoke in its life before it is closed (CVE-2025-8671)
        max_local_error_resets: usize = 1024, |resets| within(resets, 1, 1_000_000);
        /// Calls of one connection that are reset before they are looked at, before it is closed (CVE-2023-44487)
        max_pending_accept_resets: usize = 20, |resets| within(resets, 1, 1_000_000);
        /// Longest headers of one call, in bytes
        max_header_bytes: u32 = 8 << 10, |bytes| within(bytes, 1024, 1 << 20);
        /// Bytes that a peer may send on one call before they are read
        stream_window_bytes: u32 = 256 << 10, |bytes| within(bytes, 65_535, 1 << 30);
        /// Bytes that a peer may send on one connection before they are read
        connection_window_bytes: u32 = 1 << 20, |bytes| within(bytes, 65_535, 1 << 30);
        /// Bytes of one reply that may wait in the buffers of HTTP/2
        send_buffer_bytes: usize = 400 << 10, |bytes| within(bytes, 16 << 10, 1 << 30);
        /// Time after which a silent peer is asked whether it still lives, in milliseconds
        keepalive_interval_ms: u64 = 30_000, |ms| within(ms, 100, DAY_MS);
        /// Time in which it must answer that, in milliseconds
        keepalive_timeout_ms: u64 = 10_000, |ms| within(ms, 100, DAY_MS);
        /// Age at which a connection is asked to end, give or take a tenth, in milliseconds
        max_connection_age_ms: u64 = 30 * 60 * 1000, |ms| within(ms, 100, 365 * DAY_MS);
        /// Time that the calls of such a connection get to end, in milliseconds
        max_connection_age_grace_ms: u64 = 60_000, |ms| within(ms, 0, DAY_MS);
        /// Time in which a new connection must shake hands, or say its first bytes, in milliseconds
        handshake_timeout_ms: u64 = 5_000, |ms| within(ms, 100, DAY_MS);
        /// Time in which a frame, or a header block, that has begun must end, in milliseconds
        frame_timeout_ms: u64 = 5_000, |ms| within(ms, 100, DAY_MS);
        /// Time that a caller may keep the server waiting inside a message, in milliseconds
        message_timeout_ms: u64 = 10_000, |ms| within(ms, 100, DAY_MS);
        /// Time in which a caller must take the next 16 KiB of a reply, in milliseconds
        reply_timeout_ms: u64 = 30_000, |ms| within(ms, 100, DAY_MS);
        /// Bytes that one byte of a compressed message may become
        max_compression_ratio: u64 = 100, |ratio| within(ratio, 1, 1_000_000);
        /// Whether pages in browsers can call: gRPC-Web, over HTTP/1.1 too
        grpc_web: bool = false;
        /// Origins of the pages that may, such as `https://example.org`; `*` is any
        grpc_web_origins: Vec<String> = Vec::new();
    }

    /// Threads that compare, and what waits for them.
    [work] Work {
        /// Threads that compare documents; 0 means one for each core but one
        workers: usize = 0, |threads| within(threads, 0, 1024);
        /// Calls that may wait for a thread before more are refused with RESOURCE_EXHAUSTED; 0 means at most two for each thread, and only while their wait is forecast to be short
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
        /// Certificate of the server and those up to its authority, in PEM; TLS is spoken if it is given
        tls_cert: Option<PathBuf> = None;
        /// Private key of the certificate, in PEM
        tls_key: Option<PathBuf> = None;
        /// Authorities whose clients may connect, in PEM; nobody else may if it is given
        tls_client_ca: Option<PathBuf> = None;
        /// Certificates of clients that those authorities have revoked, in PEM: one list (CRL) of each authority
        tls_client_crl: Option<PathBuf> = None;
        /// Callers and what they may, in TOML; anybody may call if it is not given
        api_keys: Option<PathBuf> = None;
        /// Whether plaintext may be spoken on an address that other machines reach
        allow_plaintext: bool = false;
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
        /// Longest message that is sent, in bytes
        max_reply_bytes: usize = 64 << 20, |bytes| within(bytes, 1024, 1 << 31);
        /// Bytes of replies that are ready and not taken by their callers, before more are refused with RESOURCE_EXHAUSTED; 0 means four of the longest replies
        reply_bytes_waiting: usize = 0, |bytes| within(bytes, 0, 1 << 40);
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

    /// Calls that may wait: as set, else as many as wait so briefly that an admitted call takes less than three times as long
    /// as on an idle server.
    pub fn waiting(&self) -> Waiting {
        if self.queue > 0 { Waiting::Places(self.queue) } else { Waiting::Short }
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

    /// Bytes of replies that are ready and not taken; never fewer than the longest reply has.
    pub fn all_reply_bytes(&self) -> usize {
        let wanted = if self.reply_bytes_waiting > 0 { self.reply_bytes_waiting } else { 4 * self.max_reply_bytes };
        wanted.max(self.max_reply_bytes)
    }

    /// Bounds on one document.
    pub fn document(&self) -> DocumentLimits {
        DocumentLimits { max_text_bytes: self.max_text_bytes }
    }
}

#[cfg(test)]
mod tests;
