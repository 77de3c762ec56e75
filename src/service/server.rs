//! The server: its services, health, reflection, and an orderly end.
//!
//! In: a listener, settings, a way to load the engine, and a future that ends when the server is to stop. Always: health
//! says NOT_SERVING until the engine is loaded and from the moment the server is asked to stop; calls in flight then get
//! `drain` to end, and a peer that stays silent cannot hold the server longer.

use std::future::Future;
use std::io;
use std::iter;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use super::admission::Pool;
use super::call::{Edge, ServedMethod};
use super::config::Config;
use super::handlers::{Backend, Comparisons, Info};
use super::proto;
use super::proto::comparison_service_server::{ComparisonServiceServer, SERVICE_NAME as COMPARISON_SERVICE};
use super::proto::info_service_server::{InfoServiceServer, SERVICE_NAME as INFO_SERVICE};
use super::proto::trace_service_server::{SERVICE_NAME as TRACE_SERVICE, TraceServiceServer};
use super::receive::{self, ByteBudget};
use super::reload::{self, Reloadable};
use super::replies::ReplyBudget;
use super::security::{Gate, SecurityError};
use super::telemetry::{Observer, TraceError, serve_metrics};
use super::trace_handler::Traces;
use super::transport::{self, Front, RequestLimits, Web};
use crate::compare::engine::{Engine, EngineError};

/// Once no call is left, peers get so long to end their connections before they are closed.
const QUIET_BEFORE_END: Duration = Duration::from_secs(1);
/// Time between two looks at the files of certificates and callers.
const WATCH_INTERVAL: Duration = Duration::from_secs(10);

/// The services of the contract, as callers and health name them.
const SERVICES: &[&str] = &[COMPARISON_SERVICE, TRACE_SERVICE, INFO_SERVICE];

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {cause}; choose another address with --{flag}")]
    Listen {
        /// The flag that sets it.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// Traces cannot be exported.
    #[error(transparent)]
    Traces(#[from] TraceError),
    /// The threads that compare could not be started.
    #[error("cannot start threads: {0}")]
    Threads(io::Error),
    /// The engine could not be loaded.
    #[error("cannot load the engine: {0}")]
    Engine(#[from] EngineError),
    /// The thread that loads the engine ended without a result.
    #[error("loading the engine ended without a result; the log names the place")]
    EngineLost,
    /// The server cannot be made safe as it is told to.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// The descriptors for reflection cannot be read.
    #[error("the descriptors for reflection are broken: {0}")]
    Reflection(String),
}

/// How a server is doing, for tests and metrics.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The pool's counts.
    pub tally: watch::Receiver<super::admission::Tally>,
    /// The metrics.
    pub metrics: super::telemetry::Metrics,
    /// The bytes in flight.
    pub bytes: ByteBudget,
    /// The bytes of replies that are ready and not taken.
    pub replies: ByteBudget,
}

/// A server that is ready to run.
#[derive(Debug)]
pub struct Server {
    backend: Arc<Backend>,
    health: HealthReporter,
    front: Arc<Front>,
    observer: Arc<Observer>,
}

impl Server {
    /// Builds the services. Health says NOT_SERVING until [`Server::run`] has loaded the engine.
    pub async fn new(config: Config) -> Result<Self, ServeError> {
        let pool = Pool::start(config.work.worker_threads(), config.work.waiting()).map_err(ServeError::Threads)?;
        let observer = Observer::start(&config.telemetry, pool.tally())?;
        let pool = Arc::new(pool);
        let bounds = receive::Bounds {
            max_message_bytes: config.limits.max_message_bytes,
            budget: ByteBudget::new(config.limits.all_bytes_in_flight()),
            replies: ByteBudget::new(config.limits.all_reply_bytes()),
        };
        let replies = ReplyBudget {
            bytes: bounds.replies.clone(),
            longest: config.limits.max_reply_bytes,
            pool: Arc::clone(&pool),
        };
        let backend = Arc::new(Backend { config, pool, replies, engine: std::sync::OnceLock::new() });
        let health = HealthReporter::new();
        set_health(&health, ServingStatus::NotServing).await;
        let (routes, methods) = routes(&backend, &health)?;
        let config = &backend.config;
        let transport = config.transport.clone();
        let gate = Arc::new(Gate::open(&config.security, config.server.listen, transport.grpc_web)?);
        let request_limits = RequestLimits {
            message_timeout: Duration::from_millis(transport.message_timeout_ms),
            compression_ratio: transport.max_compression_ratio,
            max_message_bytes: config.limits.max_message_bytes,
        };
        let edge = Edge {
            methods,
            max_call: config.work.max_call(),
            gate: Arc::clone(&gate),
            request_limits,
            pool: Arc::clone(&backend.pool),
            bounds,
            observer: Arc::clone(&observer),
        };
        let web = transport.grpc_web.then(|| Web::new(&transport.grpc_web_origins));
        let edge = Arc::new(edge);
        let front = Front { transport, gate, edge, routes, web, observer: Arc::clone(&observer) };
        Ok(Self { backend, health, front: Arc::new(front), observer })
    }

    /// Certificates and callers, to have them read again.
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.front.gate)
    }

    /// A view on the work of the server.
    pub fn watch(&self) -> Watch {
        Watch {
            tally: self.backend.pool.tally(),
            metrics: self.observer.metrics.clone(),
            bytes: self.front.edge.bounds.budget.clone(),
            replies: self.front.edge.bounds.replies.clone(),
        }
    }

    /// Serves until `shutdown` ends and calls in flight have ended or the time to drain has passed. Peers that stay silent
    /// when no call is left are waited for no longer than a second.
    pub async fn run(
        self,
        listener: TcpListener,
        load: impl FnOnce() -> Result<Engine, EngineError> + Send + 'static,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        // Answered to the end, so that the drain can be watched.
        let metrics = match self.backend.config.telemetry.metrics_listen {
            None => None,
            Some(address) => {
                let listener = listen(address, "metrics-listen").await?;
                note_address(&listener, "metrics");
                Some(tokio::spawn(serve_metrics(listener, self.observer.metrics.clone())))
            }
        };
        let (stop, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        {
            let mut accepting = pin!(transport::accept(&listener, &mut connections, &self.front, stopped));
            tokio::select! {
                never = &mut accepting => match never {},
                failed = self.load(load) => return Err(failed),
                never = self.front.gate.watch_files(WATCH_INTERVAL) => match never {},
                () = shutdown => {}
            }
            tracing::info!("asked to stop");
            self.say(ServingStatus::NotServing).await;
            tokio::select! {
                never = &mut accepting => match never {},
                () = tokio::time::sleep(self.backend.config.server.drain_lag()) => {}
            }
        }
        drop(listener);
        stop.send_replace(true);
        let drained = async {
            tokio::select! {
                () = async { while connections.join_next().await.is_some() {} } => {}
                () = self.quiet() => {}
            }
        };
        let in_time = tokio::time::timeout(self.backend.config.server.drain(), drained).await.is_ok();
        if !in_time {
            let calls = *self.observer.calls.borrow();
            tracing::warn!(connections = connections.len(), calls, "the time to drain has passed");
        } else if !connections.is_empty() {
            tracing::info!(connections = connections.len(), "peers without calls that have not ended are left");
        }
        connections.shutdown().await;
        if let Some(traces) = &self.observer.traces {
            traces.flush().await;
        }
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        tracing::info!("stopped");
        Ok(())
    }

    /// Ends once no call has been in flight for a while.
    async fn quiet(&self) {
        let mut calls = self.observer.calls.subscribe();
        loop {
            // Neither wait can fail: the sender lives in `self`.
            calls.wait_for(|calls| *calls == 0).await.ok();
            if tokio::time::timeout(QUIET_BEFORE_END, calls.wait_for(|calls| *calls > 0)).await.is_err() {
                return;
            }
        }
    }

    /// Says by health and metrics whether the server serves.
    async fn say(&self, status: ServingStatus) {
        set_health(&self.health, status).await;
        self.observer.metrics.serving(status == ServingStatus::Serving);
    }

    /// Loads the engine and then says that the server serves. Ends only by failing.
    async fn load(&self, load: impl FnOnce() -> Result<Engine, EngineError> + Send + 'static) -> ServeError {
        match load_aside(load).await {
            Ok(Ok(engine)) => {
                // Set once: a server is run once, since running consumes it.
                self.backend.engine.set(Arc::new(engine)).ok();
                self.say(ServingStatus::Serving).await;
                tracing::info!("serving");
                std::future::pending().await
            }
            Ok(Err(error)) => error.into(),
            Err(_) => ServeError::EngineLost,
        }
    }
}

/// Listens as `config` says and serves until SIGTERM or SIGINT; at SIGHUP, `reloadables` are read again.
pub async fn serve(
    config: Config,
    load: impl FnOnce() -> Result<Engine, EngineError> + Send + 'static,
    reloadables: Vec<Reloadable>,
) -> Result<(), ServeError> {
    let listener = listen(config.server.listen, "listen").await?;
    note_address(&listener, "listening");
    let server = Server::new(config).await?;
    let gate = server.gate();
    let reload = move || match gate.reload() {
        Ok(true) => Ok("they have changed".to_owned()),
        Ok(false) => Ok("they are as they were".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let mut reloadables = reloadables;
    reloadables.push(Reloadable { name: "certificates and keys", reload: Box::new(reload) });
    let reloading = tokio::spawn(reload::at_every_hangup(reloadables));
    let served = server.run(listener, load, asked_to_stop()).await;
    reloading.abort();
    served
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|cause| ServeError::Listen { flag, address, cause })
}

/// Logs the address that was bound, since port 0 means any.
fn note_address(listener: &TcpListener, what: &'static str) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "{what}");
    }
}

/// Ends at the first SIGTERM or SIGINT.
async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    tokio::signal::ctrl_c().await.ok();
}

/// Loads on a thread of its own: it takes a tenth of a second of one core.
fn load_aside(
    load: impl FnOnce() -> Result<Engine, EngineError> + Send + 'static,
) -> oneshot::Receiver<Result<Engine, EngineError>> {
    let (loaded, loading) = oneshot::channel();
    // If the thread cannot be started the sender is dropped, and the receiver says so.
    std::thread::Builder::new().name("load".to_owned()).spawn(move || drop(loaded.send(load()))).ok();
    loading
}

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    for name in iter::once("").chain(SERVICES.iter().copied()) {
        health.set_service_status(name, status).await;
    }
}

/// All services, each with both compressions and the message limit, and all their methods, sorted.
fn routes(backend: &Arc<Backend>, health: &HealthReporter) -> Result<(Routes, Vec<ServedMethod>), ServeError> {
    /// Sets what all services have in common. They share no trait.
    macro_rules! dressed {
        ($server:expr) => {
            $server
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .send_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Zstd)
                .max_decoding_message_size(backend.config.limits.max_message_bytes)
                .max_encoding_message_size(backend.config.limits.max_reply_bytes)
        };
    }
    let descriptors = [
        proto::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_types::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    // What is described but not served must not be listed.
    let mut served = SERVICES.to_vec();
    served.push("grpc.health.v1.Health");
    if backend.config.security.reflection {
        served.extend(["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]);
    }
    let reflection = || {
        let builder = descriptors.iter().fold(tonic_reflection::server::Builder::configure(), |builder, bytes| {
            builder.register_encoded_file_descriptor_set(bytes)
        });
        served.iter().fold(builder, |builder, name| builder.with_service_name(*name))
    };
    let broken = |error: tonic_reflection::server::Error| ServeError::Reflection(error.to_string());
    let mut routes = Routes::new(dressed!(ComparisonServiceServer::new(Comparisons(Arc::clone(backend)))))
        .add_service(dressed!(TraceServiceServer::new(Traces(Arc::clone(backend)))))
        .add_service(dressed!(InfoServiceServer::new(Info(Arc::clone(backend)))))
        .add_service(dressed!(HealthServer::new(HealthService::from_health_reporter(health.clone()))));
    if backend.config.security.reflection {
        routes = routes
            .add_service(dressed!(reflection().build_v1().map_err(broken)?))
            .add_service(dressed!(reflection().build_v1alpha().map_err(broken)?));
    }
    Ok((routes.prepare(), methods(&descriptors, &served)?))
}

fn methods(descriptors: &[&[u8]], served: &[&str]) -> Result<Vec<ServedMethod>, ServeError> {
    let mut methods = Vec::new();
    for bytes in descriptors {
        let set = prost_types::FileDescriptorSet::decode(*bytes)
            .map_err(|error| ServeError::Reflection(error.to_string()))?;
        for file in set.file {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                if served.contains(&name.as_str()) {
                    methods.extend(service.method.iter().map(|method| ServedMethod {
                        path: format!("/{name}/{}", method.name()),
                        is_single_call: name == COMPARISON_SERVICE && !method.client_streaming(),
                    }));
                }
            }
        }
    }
    methods.sort();
    methods.dedup();
    Ok(methods)
}
