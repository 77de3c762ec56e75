//! Every setting of the server: its flag, its environment variable, its default and what it means, in one place.

use std::net::SocketAddr;
use std::time::Duration;

use super::telemetry::LogFormat;
use crate::text::document::{DEFAULT_MAX_TEXT_BYTES, DocumentLimits};

/// Settings of the server.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Address to listen on
    #[arg(long, env = "POLICY_ECHO_LISTEN", default_value = "127.0.0.1:50051", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// Threads that compare documents; 0 means one for each core but one
    #[arg(long, env = "POLICY_ECHO_WORKERS", default_value_t = 0, value_name = "THREADS")]
    pub workers: usize,

    /// Calls that may wait for a thread before more are refused with RESOURCE_EXHAUSTED; 0 means four for each thread
    #[arg(long, env = "POLICY_ECHO_QUEUE", default_value_t = 0, value_name = "CALLS")]
    pub queue: usize,

    /// Most text of one document, in UTF-8 bytes
    #[arg(long, env = "POLICY_ECHO_MAX_TEXT_BYTES", default_value_t = DEFAULT_MAX_TEXT_BYTES, value_name = "BYTES")]
    pub max_text_bytes: usize,

    /// Longest message that is received, in bytes
    #[arg(long, env = "POLICY_ECHO_MAX_MESSAGE_BYTES", default_value_t = 20 << 20, value_name = "BYTES")]
    pub max_message_bytes: usize,

    /// Longest time until a call is answered, in milliseconds; a caller's own deadline may be shorter
    #[arg(long, env = "POLICY_ECHO_MAX_CALL_MS", default_value_t = 60_000, value_name = "MS")]
    pub max_call_ms: u64,

    /// Pairs of one stream that are in work at a time
    #[arg(long, env = "POLICY_ECHO_STREAM_PAIRS", default_value_t = 4, value_name = "PAIRS")]
    pub stream_pairs: usize,

    /// Connections that are open at a time; more are closed at once
    #[arg(long, env = "POLICY_ECHO_MAX_CONNECTIONS", default_value_t = 1024, value_name = "CONNECTIONS")]
    pub max_connections: usize,

    /// Time between NOT_SERVING and the end of accepting, in milliseconds, so that load balancers notice
    #[arg(long, env = "POLICY_ECHO_DRAIN_LAG_MS", default_value_t = 0, value_name = "MS")]
    pub drain_lag_ms: u64,

    /// Longest time that calls in flight get to end at shutdown, in milliseconds
    #[arg(long, env = "POLICY_ECHO_DRAIN_MS", default_value_t = 10_000, value_name = "MS")]
    pub drain_ms: u64,

    /// How log lines look
    #[arg(long, env = "POLICY_ECHO_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,

    /// What is logged, as RUST_LOG is written
    #[arg(long, env = "RUST_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

impl Default for Config {
    /// The defaults of the flags, whatever the environment says.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50051)),
            workers: 0,
            queue: 0,
            max_text_bytes: DEFAULT_MAX_TEXT_BYTES,
            max_message_bytes: 20 << 20,
            max_call_ms: 60_000,
            stream_pairs: 4,
            max_connections: 1024,
            drain_lag_ms: 0,
            drain_ms: 10_000,
            log_format: LogFormat::Text,
            log: "info".to_owned(),
        }
    }
}

impl Config {
    /// Threads that compare: as set, else one for each core but one, which is left to the sockets.
    pub fn worker_threads(&self) -> usize {
        if self.workers > 0 {
            return self.workers;
        }
        std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
    }

    /// Calls that may wait: as set, else four a thread.
    pub fn queued_calls(&self) -> usize {
        if self.queue > 0 { self.queue } else { 4 * self.worker_threads() }
    }

    /// Bounds on one document.
    pub fn document_limits(&self) -> DocumentLimits {
        DocumentLimits { max_text_bytes: self.max_text_bytes }
    }

    /// Longest time until a call is answered.
    pub fn max_call(&self) -> Duration {
        Duration::from_millis(self.max_call_ms)
    }

    /// Longest time that calls in flight get at shutdown.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// Time between NOT_SERVING and the end of accepting.
    pub fn drain_lag(&self) -> Duration {
        Duration::from_millis(self.drain_lag_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn the_defaults_are_those_of_the_flags() {
        let flags = Flags::parse_from(["serve"]).config;
        assert_eq!(format!("{flags:?}"), format!("{:?}", Config::default()));
    }
}
