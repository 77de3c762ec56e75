//! Counters, gauges and histograms of one server, in the names of OpenTelemetry where it has some.
//!
//! Labels hold method paths of ours, codes and reasons of ours, and names of stages: a caller cannot make a new series.
//! Reading them costs what it costs to write them out; counting is a few atomic additions a call.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::watch;

use super::process;
use crate::service::admission::Tally;

/// Upper ends of the histograms' buckets, in seconds: from a probe to the longest call.
const SECONDS: [f64; 15] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Names and values of labels; the names are ours.
type Labels<const N: usize> = [(&'static str, String); N];

/// The metrics of one server. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Families>);

#[derive(Debug)]
struct Families {
    registry: Registry,
    calls: Family<Labels<3>, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    rejections: Family<Labels<1>, Counter>,
    received: Counter,
    sent: Counter,
    connections: Gauge,
    accepted: Counter,
    waits: Histogram,
    works: Histogram,
    comparisons: Family<Labels<1>, Counter>,
    cut_short: Family<Labels<1>, Counter>,
    serving: Gauge,
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// All metrics at zero, beside those of the process and of the pool that counts in `tally`.
    pub fn new(tally: watch::Receiver<Tally>) -> Self {
        let mut families = Families {
            registry: Registry::default(),
            calls: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
            rejections: Family::default(),
            received: Counter::default(),
            sent: Counter::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            waits: seconds(),
            works: seconds(),
            comparisons: Family::default(),
            cut_short: Family::default(),
            serving: Gauge::default(),
        };
        let registry = &mut families.registry;
        let unit = Unit::Seconds;
        registry.register_with_unit(
            "rpc_server_call_duration",
            "Time from the head of a request to the end of its reply",
            unit,
            families.calls.clone(),
        );
        let own = registry.sub_registry_with_prefix("policy_echo");
        own.register("calls_in_flight", "Calls whose reply has not ended", families.in_flight.clone());
        own.register(
            "rejections",
            "Calls and connections refused before any work, by cause",
            families.rejections.clone(),
        );
        own.register_with_unit("received", "Bodies of requests", Unit::Bytes, families.received.clone());
        own.register_with_unit("sent", "Bodies of replies", Unit::Bytes, families.sent.clone());
        own.register("connections", "Open connections", families.connections.clone());
        own.register("connections_accepted", "Connections that were accepted", families.accepted.clone());
        own.register_with_unit(
            "queue_wait",
            "Time that work waited for a thread",
            Unit::Seconds,
            families.waits.clone(),
        );
        own.register_with_unit("work", "Time that work ran on a thread", Unit::Seconds, families.works.clone());
        own.register("comparisons", "Comparisons, by completeness: whole or cut_short", families.comparisons.clone());
        own.register("stages_cut_short", "Stages of comparisons that a budget ended early", families.cut_short.clone());
        own.register("serving", "1 while health says SERVING", families.serving.clone());
        registry.register_collector(Box::new(Pool(tally)));
        registry.register_collector(Box::new(process::Process));
        Self(Arc::new(families))
    }

    /// All metrics in the OpenMetrics text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        text::encode(&mut text, &self.0.registry).ok();
        text
    }

    /// Notes whether health says SERVING.
    pub(in crate::service) fn serving(&self, serving: bool) {
        self.0.serving.set(i64::from(serving));
    }

    /// Counts a connection for as long as the result lives.
    pub(in crate::service) fn connection(&self) -> OpenConnection {
        self.0.accepted.inc();
        self.0.connections.inc();
        OpenConnection(self.clone())
    }

    /// Counts a connection that was refused, such as one over a bound.
    pub(in crate::service) fn connection_refused(&self, cause: &'static str) {
        self.rejected(cause);
    }

    pub(super) fn call_begun(&self) {
        self.0.in_flight.inc();
    }

    pub(super) fn call_ended(&self, method: &str, code: &str, elapsed: Duration, received: u64, sent: u64) {
        self.0.in_flight.dec();
        let labels = [
            ("rpc_system_name", "grpc".to_owned()),
            ("rpc_method", method.to_owned()),
            ("rpc_response_status_code", code.to_owned()),
        ];
        self.0.calls.get_or_create(&labels).observe(elapsed.as_secs_f64());
        self.0.received.inc_by(received);
        self.0.sent.inc_by(sent);
    }

    pub(super) fn rejected(&self, cause: &str) {
        self.0.rejections.get_or_create(&[("cause", cause.to_owned())]).inc();
    }

    pub(super) fn piece_of_work(&self, wait: Duration, work: Duration) {
        self.0.waits.observe(wait.as_secs_f64());
        self.0.works.observe(work.as_secs_f64());
    }

    pub(super) fn comparison(&self, cut_short: &[&'static str]) {
        let completeness = if cut_short.is_empty() { "whole" } else { "cut_short" };
        self.0.comparisons.get_or_create(&[("completeness", completeness.to_owned())]).inc();
        for stage in cut_short {
            self.0.cut_short.get_or_create(&[("stage", (*stage).to_owned())]).inc();
        }
    }
}

/// An open connection, for the gauge.
#[derive(Debug)]
pub(in crate::service) struct OpenConnection(Metrics);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.connections.dec();
    }
}

/// The counts of the pool, read when they are asked for.
#[derive(Debug)]
struct Pool(watch::Receiver<Tally>);

impl Collector for Pool {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let tally = *self.0.borrow();
        let gauges = [
            ("policy_echo_queue_depth", "Work that waits for a thread", tally.waiting),
            ("policy_echo_work_running", "Work on the threads", tally.running),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let counters = [
            ("policy_echo_work_finished", "Work that ended with a result, be it an error", tally.finished),
            ("policy_echo_work_stopped", "Work that was stopped because nobody waited any more", tally.stopped),
            ("policy_echo_panics", "Work that panicked", tally.panicked),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let build = ConstGauge::new(1u64);
        let mut versions =
            encoder.encode_descriptor("policy_echo_build", "The version of the program", None, build.metric_type())?;
        build.encode(versions.encode_family(&[("version", env!("CARGO_PKG_VERSION"))])?)
    }
}
