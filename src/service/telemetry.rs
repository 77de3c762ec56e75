//! What is told of the work: log lines, metrics, traces. Never a word of a document.
//!
//! A call is observed at one place, [`CallRecord`], from the head of the request to the end of the reply; when it ends, one
//! event is logged, the metrics are moved and, if traces are asked for, its spans are exported. What happens to the call in
//! between reaches the record through [`CallFacts`]. Told are methods, codes, reasons, ids, sizes, counts and times; no
//! message of a failure, which may name what a caller sent, no path that is none of ours, and no name of a document.

mod endpoint;
mod facts;
mod log;
mod metrics;
mod process;
mod record;
mod traces;

use std::sync::Arc;

use tokio::sync::watch;

pub(super) use endpoint::serve as serve_metrics;
pub(super) use facts::CallFacts;
pub(super) use log::check_filter;
pub use log::{LogFilter, LogFormat, redact_panics, start};
pub use metrics::Metrics;
pub(super) use record::CallRecord;
pub use traces::TraceError;
pub(super) use traces::Traces;
pub(super) use traces::check_endpoint;

use super::admission::Tally;
use super::config;

/// Everything that observes one server.
#[derive(Debug)]
pub(super) struct Observer {
    pub(super) metrics: Metrics,
    pub(super) traces: Option<Traces>,
    /// Calls that a shutdown waits for: all but those that ask for health.
    pub(super) calls: watch::Sender<u64>,
}

impl Observer {
    /// Observes a server whose pool counts in `tally`.
    ///
    /// # Errors
    /// When traces are asked for and cannot be exported to the address given.
    pub(super) fn start(settings: &config::Telemetry, tally: watch::Receiver<Tally>) -> Result<Arc<Self>, TraceError> {
        let traces = Traces::start(settings)?;
        Ok(Arc::new(Self { metrics: Metrics::new(tally), traces, calls: watch::Sender::new(0) }))
    }
}
