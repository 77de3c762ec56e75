//! A server on a free port, and requests for it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use policy_echo::compare::engine::{Engine, EngineError, EngineSettings};
use policy_echo::service::admission::Tally;
use policy_echo::service::config::Config;
use policy_echo::service::proto;
use policy_echo::service::receive::ByteBudget;
use policy_echo::service::security::Gate;
use policy_echo::service::server::{ServeError, Server, Watch};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

pub(crate) fn load() -> Result<Engine, EngineError> {
    Engine::load(EngineSettings::default())
}

pub(crate) struct Running {
    address: SocketAddr,
    watch: Watch,
    gate: Arc<Gate>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<tokio::task::JoinHandle<Result<(), ServeError>>>,
}

impl Running {
    pub(crate) fn config() -> Config {
        Self::config_with(|_| {})
    }

    /// Two workers on a free port, and what `change` says.
    pub(crate) fn config_with(change: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::default();
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.work.workers = 2;
        change(&mut config);
        config
    }

    /// A server that serves.
    pub(crate) async fn start(config: Config) -> Self {
        let (running, load) = Self::start_unloaded(config).await;
        load.send(()).expect("the loader waits");
        let mut client = HealthClient::new(running.connect().await);
        let mut watch = client.watch(HealthCheckRequest::default()).await.expect("a watch").into_inner();
        while watch.message().await.expect("the watch is open").expect("a status").status() != ServingStatus::Serving {}
        running
    }

    /// A server that begins to load when told to.
    pub(crate) async fn start_unloaded(config: Config) -> (Self, std::sync::mpsc::Sender<()>) {
        let listener = TcpListener::bind(config.server.listen).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let server = Server::new(config).await.expect("a server");
        let (watch, gate) = (server.watch(), server.gate());
        let (stop, stopped) = oneshot::channel();
        let (begin, begun) = std::sync::mpsc::channel();
        let load = move || {
            begun.recv().expect("the test tells when");
            load()
        };
        let run = server.run(listener, load, async { drop(stopped.await) });
        (Self { address, watch, gate, stop: Some(stop), server: Some(tokio::spawn(run)) }, begin)
    }

    pub(crate) fn connect(&self) -> impl Future<Output = Channel> + use<> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).expect("an address");
        async move { endpoint.connect().await.expect("the server accepts") }
    }

    pub(crate) fn bytes(&self) -> ByteBudget {
        self.watch.bytes.clone()
    }

    pub(crate) fn replies(&self) -> ByteBudget {
        self.watch.replies.clone()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    #[allow(dead_code, reason = "only tests of security have files read again")]
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(crate) fn ask_to_stop(&mut self) {
        self.stop.take().expect("asked once").send(()).expect("the server runs");
    }

    pub(crate) async fn ended(&mut self) -> Result<(), ServeError> {
        self.server.take().expect("awaited once").await.expect("no panic")
    }

    /// Waits until the server has closed its socket.
    pub(crate) async fn refuses_connections(&self) {
        let refused = async { while tokio::net::TcpStream::connect(self.address).await.is_ok() {} };
        is_within_20_s(refused).await;
    }

    pub(crate) async fn until(&self, wanted: impl FnMut(&Tally) -> bool) -> Tally {
        let mut tally = self.watch.tally.clone();
        *is_within_20_s(tally.wait_for(wanted)).await.expect("the pool lives")
    }
}

pub(crate) async fn is_within_20_s<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("happens within 20 s")
}

/// One server for all tests that do not change it, on a runtime of its own.
pub(crate) fn shared_server() -> &'static Running {
    static SHARED: OnceLock<Running> = OnceLock::new();
    SHARED.get_or_init(|| {
        let (started, start) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                started.send(Running::start(Running::config()).await).expect("the test waits");
                std::future::pending::<()>().await;
            });
        });
        start.recv().expect("the server starts")
    })
}

pub(crate) fn document(id: &str, text: &str) -> proto::Document {
    proto::Document { id: id.into(), body: Some(proto::document::Body::Text(text.into())), ..Default::default() }
}

pub(crate) fn request(left: &str, right: &str) -> proto::CompareRequest {
    let (left, right) = (Some(document("left", left)), Some(document("right", right)));
    proto::CompareRequest { left, right, ..Default::default() }
}

/// Four MiB of sentences over 400 characters, different for each seed: a comparison that takes its time.
pub(crate) fn heavy_text(seed: u64) -> String {
    let mut state = seed;
    let mut text = String::new();
    while text.len() < 4 << 20 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let draw = (state >> 33) as u32;
        text.push(match draw % 31 {
            0 => '。',
            1 => '，',
            2 if draw.is_multiple_of(11) => '\n',
            _ => char::from_u32(0x4E00 + draw % 400).expect("a Han character"),
        });
    }
    text
}

/// The code and the fields of the violations, to read.
pub(crate) fn code_and_fields(status: &Status) -> String {
    let details = status.get_error_details();
    let fields = details.bad_request().map(|bad| &bad.field_violations[..]).unwrap_or_default();
    let fields: Vec<_> = fields.iter().map(|violation| violation.field.as_str()).collect();
    format!("{:?} {}", Code::from(status.code() as i32), fields.join(", "))
}

/// Bytes as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawCodec;

impl Codec for RawCodec {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for RawCodec {
    type Item = Vec<u8>;
    type Error = Status;
    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Vec<u8>;
    type Error = Status;
    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = bytes::Buf::remaining(buffer);
        Ok(Some(bytes::Buf::copy_to_bytes(buffer, length).to_vec()))
    }
}
