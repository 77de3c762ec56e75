//! Spans of calls, exported to a collector over OTLP, if an address is given.
//!
//! Each call is one server span, a child of the caller's if the request carries W3C `traceparent`, with the standard names
//! of RPC attributes; each piece of work is a span for its wait and one for its run. Spans are made from the call's record
//! when it ends, and hold what the record holds: no event of a library finds its way into them, as it would if they were
//! made from log events. A collector that cannot be reached costs spans, never calls: they are sent by a thread of the SDK
//! from a bounded queue.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span};
use tonic::Code;

use super::facts::Facts;
use crate::service::config;

/// Longest time of one export.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time that the last spans get at shutdown.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Why spans cannot be exported.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot export traces to telemetry.otlp_endpoint: {0}; it is the address of a collector, such as http://127.0.0.1:4317"
)]
pub struct TraceError(#[from] ExporterBuildError);

/// Whether an address of a collector can be used.
pub(in crate::service) fn check_endpoint(endpoint: &Option<String>) -> Result<(), String> {
    let fine = |endpoint: &String| {
        let uri: Result<http::Uri, _> = endpoint.parse();
        uri.is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.authority().is_some())
    };
    if endpoint.as_ref().is_none_or(fine) {
        return Ok(());
    }
    Err("must be the address of a collector, such as http://127.0.0.1:4317; for one that speaks TLS run an agent beside"
        .to_owned())
}

/// Where spans go.
#[derive(Clone, Debug)]
pub(in crate::service) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Begins to export if an address is given. Must be called where tokio runs.
    pub(super) fn start(settings: &config::Telemetry) -> Result<Option<Self>, TraceError> {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
        let exporter =
            SpanExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(EXPORT_TIMEOUT).build()?;
        // Read from OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, too, where orchestrators say who this is.
        let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let resource = if named { resource } else { resource.with_service_name("policy-echo") };
        let sampled = f64::from(settings.trace_percent) / 100.0;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sampled))))
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer("policy-echo");
        Ok(Some(Self { provider, tracer }))
    }

    /// Begins the span of a call.
    pub(super) fn begin(&self, method: Option<&str>, parent: &Context) -> CallSpan {
        // A span is named after a method, and only after one of ours.
        let name = method.map_or("unknown", |method| method.trim_start_matches('/')).to_owned();
        let attributes = [KeyValue::new("rpc.system.name", "grpc"), KeyValue::new("rpc.method", name.clone())];
        let builder = SpanBuilder::from_name(name).with_kind(SpanKind::Server).with_attributes(attributes);
        CallSpan { span: self.tracer.build_with_context(builder, parent), tracer: self.tracer.clone() }
    }

    /// Exports what is left, on a thread of its own since the SDK blocks, and ends.
    pub(in crate::service) async fn flush(&self) {
        let (flushed, done) = tokio::sync::oneshot::channel();
        let provider = self.provider.clone();
        let flush = move || {
            // The receiver may have stopped waiting.
            flushed.send(provider.shutdown_with_timeout(FLUSH_TIMEOUT).is_ok()).ok();
        };
        if std::thread::Builder::new().name("flush-traces".to_owned()).spawn(flush).is_err() {
            return;
        }
        if !tokio::time::timeout(FLUSH_TIMEOUT, done).await.is_ok_and(|done| done == Ok(true)) {
            tracing::warn!("the last spans could not be exported");
        }
    }
}

/// The span of a call that has not ended.
#[derive(Debug)]
pub(super) struct CallSpan {
    span: Span,
    tracer: SdkTracer,
}

impl CallSpan {
    /// The id of the trace it belongs to.
    pub(super) fn trace_id(&self) -> String {
        self.span.span_context().trace_id().to_string()
    }

    /// Ends it with what is known of the call. `code` is `None` when the caller left.
    pub(super) fn end(mut self, code: Option<i32>, code_name: &'static str, reply_bytes: u64, facts: &Facts) {
        if !self.span.is_recording() {
            return;
        }
        self.span.set_attribute(KeyValue::new("rpc.response.status_code", code_name));
        if code.is_none_or(is_fault_of_the_server) {
            self.span.set_attribute(KeyValue::new("error.type", code_name));
            self.span.set_status(Status::error(""));
        }
        for (name, value) in [
            ("policy_echo.request.size", facts.request_bytes),
            ("policy_echo.response.size", reply_bytes),
            ("policy_echo.documents", facts.documents),
            ("policy_echo.text.size", facts.text_bytes),
            ("policy_echo.comparisons", facts.comparisons),
            ("policy_echo.links", facts.links),
            ("policy_echo.passages", facts.passages),
            ("policy_echo.cut_short", facts.cut_short),
        ] {
            self.span.set_attribute(KeyValue::new(name, i64::try_from(value).unwrap_or(i64::MAX)));
        }
        let parent = Context::new().with_remote_span_context(self.span.span_context().clone());
        for times in &facts.times {
            self.child("queue", times.queued, times.begun, &parent);
            self.child("work", times.begun, times.ended, &parent);
        }
        self.span.end();
    }

    fn child(&self, name: &'static str, begun: SystemTime, ended: SystemTime, parent: &Context) {
        let builder = SpanBuilder::from_name(name).with_kind(SpanKind::Internal).with_start_time(begun);
        self.tracer.build_with_context(builder, parent).end_with_timestamp(ended);
    }
}

/// Codes that OpenTelemetry's conventions count as errors of the server; others are the caller's.
fn is_fault_of_the_server(code: i32) -> bool {
    let faults =
        [Code::Unknown, Code::DeadlineExceeded, Code::Unimplemented, Code::Internal, Code::Unavailable, Code::DataLoss];
    faults.iter().any(|fault| *fault as i32 == code)
}

/// Reads `traceparent` and `tracestate`.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

/// The caller's span, if the request names one.
pub(super) fn remote_parent(headers: &HeaderMap) -> Context {
    if !headers.contains_key("traceparent") {
        return Context::new();
    }
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers))
}

/// The id of the trace that `parent` belongs to.
pub(super) fn trace_id(parent: &Context) -> Option<String> {
    let span = parent.span();
    let context = span.span_context();
    context.is_valid().then(|| context.trace_id().to_string())
}
