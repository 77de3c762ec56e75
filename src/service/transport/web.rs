//! gRPC-Web, so that a page in a browser can call.
//!
//! In: requests of gRPC-Web over HTTP/1.1 or HTTP/2, and of plain gRPC. Out: their answers. Always: a page may call only
//! from the origins that were listed; a browser asks before it calls, and is answered without a credential, since it
//! sends none then.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::connection::{Front, Peer, answer_grpc};

/// How long a browser may remember what is allowed.
const REMEMBER: Duration = Duration::from_secs(3600);
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
        let Ok(reply) = self.cors.layer(GrpcWebLayer::new().layer(grpc)).oneshot(request).await;
        reply
    }
}
