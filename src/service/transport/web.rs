//! gRPC-Web, so that a page in a browser can call.
//!
//! In: requests of gRPC-Web over HTTP/1.1 or HTTP/2, and of plain gRPC. Out: their answers. Always: a page may call only
//! from the origins that were listed; a browser asks before it calls, and is answered without a credential, since it
//! sends none then. Over HTTP/1.1 a refusal waits until the rest of a small request is in: hyper closes a connection whose
//! request was not read, and a client that still writes then sees the reset instead of the refusal.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::{HeaderName, HeaderValue, Method, Request, Response, Version, header};
use http_body::Frame;
use tonic::Status;
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::connection::{Front, Peer, answer_grpc};

/// How long a browser may remember what is allowed.
const REMEMBER: Duration = Duration::from_secs(3600);
/// Most of a refused request that is still read, in bytes; of a longer one the connection is closed.
const LINGER_BYTES: usize = 64 * 1024;
/// How long the rest of a refused request may take.
const LINGER: Duration = Duration::from_secs(1);
/// Headers of a reply that a page may read beside those it always may.
const EXPOSED: [&str; 5] =
    ["grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-retry-pushback-ms", "grpc-encoding"];

/// How gRPC-Web is spoken.
#[derive(Clone, Debug)]
pub(in crate::service) struct Web {
    cors: CorsLayer,
}

impl Web {
    /// Lets pages from `origins` call; `*` is any page.
    pub(in crate::service) fn new(origins: &[String]) -> Self {
        let allowed = if origins.iter().any(|origin| origin == "*") {
            AllowOrigin::any()
        } else {
            // What is no header value is no origin either, so no browser sends it.
            AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
        };
        let cors = CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::POST])
            // Callers may send metadata of their own; a `*` would leave out the credential.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(EXPOSED.map(HeaderName::from_static))
            .vary([header::ORIGIN])
            .max_age(REMEMBER);
        Self { cors }
    }

    /// Answers one request.
    pub(super) async fn answer(&self, front: Arc<Front>, peer: Arc<Peer>, request: Request<Body>) -> Response<Body> {
        let grpc = service_fn(move |request| {
            let (front, peer) = (Arc::clone(&front), Arc::clone(&peer));
            async move { Ok::<_, Infallible>(answer_grpc(&front, &peer, request).await) }
        });
        let answer = self.cors.layer(GrpcWebLayer::new().layer(grpc));
        if request.version() > Version::HTTP_11 {
            let Ok(reply) = answer.oneshot(request).await;
            return reply;
        }
        let mut kept = None;
        let request = request.map(|body| Body::new(kept.insert(KeptBody(Arc::new(Mutex::new(body)))).clone()));
        let Ok(reply) = answer.oneshot(request).await;
        // Whoever still reads it holds it, too.
        if let Some(unread) = kept.and_then(|kept| Arc::into_inner(kept.0)) {
            let unread = unread.into_inner().unwrap_or_else(PoisonError::into_inner);
            // Late or broken off, the reply goes out all the same.
            let _ = tokio::time::timeout(LINGER, read_out(unread)).await;
        }
        reply
    }
}

/// Reads a body to its end and throws it away, unless it is long.
async fn read_out(mut body: Body) {
    let mut read_bytes = 0;
    while let Some(Ok(frame)) =
        std::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut body), context)).await
    {
        read_bytes += frame.data_ref().map_or(0, Bytes::remaining);
        if read_bytes > LINGER_BYTES {
            return;
        }
    }
}

/// The body of a request, of which one hold stays with whoever gave it away.
#[derive(Clone, Debug)]
struct KeptBody(Arc<Mutex<Body>>);

impl http_body::Body for KeptBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }
}
