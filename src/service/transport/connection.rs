//! One connection, from its first byte to its last.
//!
//! In: a socket. Out: its requests, answered. Always: the handshake, or the first bytes where there is none, come within
//! `handshake_timeout`; a connection that has grown old is asked to end (GOAWAY) and gets `max_connection_age_grace` for
//! its calls; once the server stops, it is asked to end and its calls may.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::service::Routes;

use super::frame_watch::FrameWatch;
use super::reply_watch::{ReplyBody, StreamExecutor, watched};
use super::web::Web;
use crate::service::call::Edge;
use crate::service::config;
use crate::service::security::{Gate, fingerprint};
use crate::service::telemetry::Observer;

/// How an HTTP/2 connection begins, as far as it takes to tell it from anything else.
const HTTP2_BEGINNING: &[u8; 3] = b"PRI";
/// How a TLS connection begins: the type of a handshake record.
const TLS_BEGINNING: u8 = 0x16;
/// What a peer is told that speaks HTTP/1.1 where only HTTP/2 is spoken.
const ONLY_HTTP2: &[u8] = b"HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain\r\n\
    content-length: 44\r\nconnection: close\r\n\r\nThis is a gRPC server; it speaks HTTP/2 only";

/// What all connections of a server share.
#[derive(Debug)]
pub(in crate::service) struct Front {
    /// The settings.
    pub(in crate::service) transport: config::Transport,
    /// Certificates and callers.
    pub(in crate::service) gate: Arc<Gate>,
    /// What every call has in common.
    pub(in crate::service) edge: Arc<Edge>,
    /// The services.
    pub(in crate::service) routes: Routes,
    /// Who is told of connections.
    pub(in crate::service) observer: Arc<Observer>,
    /// gRPC-Web, if it is spoken.
    pub(in crate::service) web: Option<Web>,
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(in crate::service) struct Peer {
    /// SHA-256 of the certificate it has shown, which was checked.
    pub(in crate::service) certificate: Option<[u8; 32]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// Serves one connection until the peer closes it or, after `stopped`, until its calls have ended.
pub(super) async fn serve(socket: TcpStream, address: IpAddr, front: Arc<Front>, mut stopped: watch::Receiver<bool>) {
    // Without it small replies wait for the peer's acknowledgement. Where it cannot be set they are slower, no more.
    socket.set_nodelay(true).ok();
    let handshake_timeout = Duration::from_millis(front.transport.handshake_timeout_ms);
    let served = async {
        match front.gate.tls() {
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls).accept(socket);
                let stream = within(handshake_timeout, handshake, &mut stopped).await?;
                let (_, session) = stream.get_ref();
                let protocol = match session.alpn_protocol() {
                    Some(b"h2") => Protocol::Http2,
                    Some(b"http/1.1") => Protocol::Http1,
                    // Clients of HTTP/1.1 need not negotiate (RFC 7301, RFC 9112), and Node's do not.
                    None if front.web.is_some() => Protocol::Http1,
                    // A peer that negotiates nothing is no gRPC client, which must ask for h2.
                    _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "no protocol was negotiated")),
                };
                let certificate = session.peer_certificates().and_then(|chain| chain.first()).map(fingerprint);
                serve_protocol(stream, Bytes::new(), protocol, Peer { certificate }, front, stopped).await
            }
            None => {
                let mut socket = socket;
                let mut beginning = [0; HTTP2_BEGINNING.len()];
                within(handshake_timeout, socket.read_exact(&mut beginning), &mut stopped).await?;
                let protocol = match &beginning {
                    HTTP2_BEGINNING => Protocol::Http2,
                    [TLS_BEGINNING, ..] => {
                        return Err(io::Error::new(io::ErrorKind::InvalidData, "TLS on a port without it"));
                    }
                    _ if front.web.is_none() => {
                        return within(handshake_timeout, socket.write_all(ONLY_HTTP2), &mut stopped).await;
                    }
                    _ => Protocol::Http1,
                };
                let ahead = Bytes::copy_from_slice(&beginning);
                serve_protocol(socket, ahead, protocol, Peer { certificate: None }, front, stopped).await
            }
        }
    };
    if let Err(error) = served.await {
        tracing::debug!(%address, %error, "connection ended");
    }
}

/// Waits for one step of the opening, not for ever.
async fn within<T>(
    timeout: Duration,
    step: impl Future<Output = io::Result<T>>,
    stopped: &mut watch::Receiver<bool>,
) -> io::Result<T> {
    tokio::select! {
        done = step => done,
        () = tokio::time::sleep(timeout) => Err(io::ErrorKind::TimedOut.into()),
        _ = stopped.wait_for(|stopped| *stopped) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

async fn serve_protocol<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    ahead: Bytes,
    protocol: Protocol,
    peer: Peer,
    front: Arc<Front>,
    stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let settings = &front.transport;
    let reply_timeout = Duration::from_millis(settings.reply_timeout_ms);
    let age = Age {
        longest: jittered(Duration::from_millis(settings.max_connection_age_ms)),
        grace: Duration::from_millis(settings.max_connection_age_grace_ms),
    };
    let peer = Arc::new(peer);
    let service = {
        let front = Arc::clone(&front);
        service_fn(move |request| answer(Arc::clone(&front), Arc::clone(&peer), request))
    };
    match protocol {
        Protocol::Http2 => {
            let frame_timeout = Duration::from_millis(settings.frame_timeout_ms);
            let io = TokioIo::new(FrameWatch::new(stream, ahead, frame_timeout));
            let connection = http2::Builder::new(StreamExecutor { reply_timeout })
                .timer(TokioTimer::new())
                .max_concurrent_streams(settings.max_streams)
                .max_local_error_reset_streams(settings.max_local_error_resets)
                .max_pending_accept_reset_streams(settings.max_pending_accept_resets)
                .max_header_list_size(settings.max_header_bytes)
                .initial_stream_window_size(settings.stream_window_bytes)
                .initial_connection_window_size(settings.connection_window_bytes)
                .max_send_buf_size(settings.send_buffer_bytes)
                .keep_alive_interval(Duration::from_millis(settings.keepalive_interval_ms))
                .keep_alive_timeout(Duration::from_millis(settings.keepalive_timeout_ms))
                .serve_connection(io, service);
            until_the_end(connection, http2::Connection::graceful_shutdown, age, stopped).await
        }
        Protocol::Http1 => {
            let io = TokioIo::new(FrameWatch::of_another_protocol(stream, ahead));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_millis(settings.handshake_timeout_ms))
                .max_buf_size(usize::try_from(settings.max_header_bytes).unwrap_or(usize::MAX).max(8 << 10))
                .serve_connection(io, service);
            let ended = until_the_end(connection, http1::Connection::graceful_shutdown, age, stopped);
            watched(ended, reply_timeout).await.unwrap_or(Ok(()))
        }
    }
}

/// How old a connection may become.
#[derive(Clone, Copy, Debug)]
struct Age {
    longest: Duration,
    /// How long the calls of an old connection may go on.
    grace: Duration,
}

/// A tenth more or less, so that connections that began together do not come back together.
fn jittered(age: Duration) -> Duration {
    let draw = RandomState::new().hash_one(0) % 201;
    age * (900 + u32::try_from(draw).unwrap_or(100)) / 1000
}

/// Runs a connection until it ends, and asks it to when the server stops or the connection is old.
async fn until_the_end<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    ask_to_end: fn(Pin<&mut C>),
    age: Age,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    tokio::pin!(connection);
    let is_stopping = tokio::select! {
        ended = connection.as_mut() => return ended.map_err(io::Error::other),
        _ = stopped.wait_for(|stopped| *stopped) => true,
        () = tokio::time::sleep(age.longest) => false,
    };
    ask_to_end(connection.as_mut());
    if is_stopping {
        // The server keeps the time itself.
        return connection.await.map_err(io::Error::other);
    }
    match tokio::time::timeout(age.grace, connection).await {
        Ok(ended) => ended.map_err(io::Error::other),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "calls outlived an old connection")),
    }
}

async fn answer(
    front: Arc<Front>,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Infallible> {
    let request = request.map(Body::new);
    let reply = match &front.web {
        Some(web) => web.answer(Arc::clone(&front), peer, request).await,
        None => answer_grpc(&front, &peer, request).await,
    };
    Ok(reply.map(ReplyBody::new))
}

/// Answers one gRPC request.
pub(super) async fn answer_grpc(front: &Front, peer: &Peer, request: Request<Body>) -> Response<Body> {
    Arc::clone(&front.edge).answer(front.routes.clone(), peer, request).await
}
