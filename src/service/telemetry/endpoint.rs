//! The metrics over HTTP, on an address of their own: `GET /metrics`, and nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Metrics;

/// Connections at a time; scrapers are few.
const MAX_CONNECTIONS: usize = 16;
/// Longest time that one connection may live: a scrape takes milliseconds.
const MAX_AGE: Duration = Duration::from_secs(30);
/// Longest time until a request's head has come.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers for as long as it is polled.
pub(in crate::service) async fn serve(listener: TcpListener, metrics: Metrics) -> Infallible {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Dropped, and with it its connections, when this future is.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let metrics = metrics.clone();
        connections.spawn(async move {
            let service =
                service_fn(move |request| std::future::ready(Ok::<_, Infallible>(answer(&request, &metrics))));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(16 << 10)
                .serve_connection(TokioIo::new(stream), service);
            // Whatever ends it early, the scraper comes again.
            tokio::time::timeout(MAX_AGE, connection).await.ok();
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, metrics: &Metrics) -> Response<Full<Bytes>> {
    let text = |status, text: String| {
        let mut reply = Response::new(Full::new(Bytes::from(text)));
        *reply.status_mut() = status;
        reply
    };
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => {
            let mut reply = text(StatusCode::OK, metrics.render());
            let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            reply.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(format));
            reply
        }
        (_, "/metrics") => text(StatusCode::METHOD_NOT_ALLOWED, "GET /metrics\n".to_owned()),
        _ => text(StatusCode::NOT_FOUND, "the metrics are at /metrics\n".to_owned()),
    }
}
