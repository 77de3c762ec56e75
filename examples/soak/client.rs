//! A client that sends bytes as they are: what a gRPC library would refuse to send, and without the cost of decoding.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_stream::StreamExt as _;

use crate::Error;

type Frame = Result<http_body::Frame<Bytes>, std::convert::Infallible>;
type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// Longest wait for an answer; past it the call has hung.
const PATIENCE: Duration = Duration::from_secs(100);
/// Codes beside those of gRPC.
pub(crate) const HUNG: i32 = -1;
pub(crate) const LOST: i32 = -2;

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The gRPC code, `HUNG`, or `LOST` when the connection ended without one.
    pub(crate) code: i32,
    /// The message of the status, as sent.
    pub(crate) message: String,
    /// `grpc-retry-pushback-ms`.
    pub(crate) pushback: Option<String>,
    /// From when the call was due to the end of the reply.
    pub(crate) took: Duration,
}

/// A call as it goes on the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) path: &'static str,
    pub(crate) body: Bytes,
    pub(crate) timeout: Option<&'static str>,
    pub(crate) encoding: Option<&'static str>,
    /// Leaves the request without an end.
    pub(crate) unfinished: bool,
}

/// A few connections, used in turn and opened again when the server closes them.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    connections: Arc<Vec<Mutex<Option<SendRequest<Body>>>>>,
    next: Arc<AtomicUsize>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, connections: usize) -> Self {
        let connections = (0..connections).map(|_| Mutex::new(None)).collect();
        Self { address, connections: Arc::new(connections), next: Arc::default() }
    }

    async fn sender(&self) -> Result<SendRequest<Body>, Error> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        let mut place = self.connections[turn].lock().await;
        if let Some(sender) = place.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(16 << 20)
            .handshake(TokioIo::new(socket))
            .await?;
        tokio::spawn(connection);
        *place = Some(sender.clone());
        Ok(sender)
    }

    /// Sends a call that was due at `due`. Dropping the future resets the stream.
    pub(crate) async fn call(&self, call: &Call, due: Instant) -> Answer {
        let lost = |error: String| Answer { code: LOST, message: error, pushback: None, took: due.elapsed() };
        match tokio::time::timeout(PATIENCE, self.exchange(call, due)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => lost(error.to_string()),
            Err(_) => Answer { code: HUNG, ..lost(String::new()) },
        }
    }

    /// Sends the call on one of the connections. A server that ends a connection in good order leaves calls that it has not
    /// begun to another one, as every gRPC client does unasked.
    async fn send(&self, call: &Call) -> Result<http::Response<hyper::body::Incoming>, Error> {
        let mut request = self.request(call)?;
        loop {
            match self.sender().await?.try_send_request(request).await {
                Ok(response) => return Ok(response),
                Err(mut unsent) => match unsent.take_message() {
                    Some(same) => request = same,
                    None => return Err(unsent.into_error().into()),
                },
            }
        }
    }

    fn request(&self, call: &Call) -> Result<http::Request<Body>, Error> {
        let mut request = http::Request::post(format!("http://{}{}", self.address, call.path))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(timeout) = call.timeout {
            request = request.header("grpc-timeout", timeout);
        }
        if let Some(encoding) = call.encoding {
            request = request.header("grpc-encoding", encoding);
        }
        let frame: Frame = Ok(http_body::Frame::data(call.body.clone()));
        let frames = tokio_stream::iter([frame]);
        let body: Body = if call.unfinished {
            StreamBody::new(frames.chain(futures_util::stream::pending())).boxed_unsync()
        } else {
            StreamBody::new(frames).boxed_unsync()
        };
        Ok(request.body(body)?)
    }

    async fn exchange(&self, call: &Call, due: Instant) -> Result<Answer, Error> {
        let (head, mut body) = self.send(call).await?.into_parts();
        let mut trailers = head.headers;
        while let Some(frame) = body.frame().await {
            if let Ok(more) = frame?.into_trailers() {
                trailers.extend(more);
            }
        }
        let text = |name: &str| trailers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let code = text("grpc-status").and_then(|code| code.parse().ok()).ok_or("an answer without a code")?;
        let message = text("grpc-message").unwrap_or_default();
        Ok(Answer { code, message, pushback: text("grpc-retry-pushback-ms"), took: due.elapsed() })
    }
}
