//! From sockets to calls: connections, TLS, HTTP/2 with our own limits, and what one request or reply may hold on to.
//!
//! `listener` accepts and counts; `connection` opens one connection, as TLS or plain, HTTP/2 or (for gRPC-Web) HTTP/1.1,
//! and gives its requests to `call`. Three watches keep peers from holding what they do not use: `frame_watch` the
//! connection's bytes, `request_watch` the messages of a request, `reply_watch` the replies that nobody reads.
//!
//! tonic's own server is not used, only its services: it gives no way to cap connections, to back off when descriptors
//! run out, to let silent peers go, or to end while a peer is silent; and it switches off two of hyper's protections
//! (streams a connection, resets that a peer provokes).

mod connection;
mod frame_watch;
mod listener;
mod reply_watch;
mod request_watch;
mod unpacked;
mod web;

pub(super) use connection::{Front, Peer};
pub(super) use listener::accept;
pub(super) use request_watch::RequestLimits;
pub(super) use web::Web;
