//! The gRPC service: the contract, and the engine behind it.
//!
//! A call goes `transport` (sockets, TLS, HTTP/2) → `call` (who calls, deadline, record) → `receive` (bounds on what
//! arrives) → tonic → `codec` (with `wire`) → `handlers` → `admission` (a thread of the pool) → `from_proto` → engine →
//! `to_proto` and back. `status` holds the one table from failures to codes. Only this folder, `cli/` and `main.rs` name
//! tonic, prost or tokio.

pub mod admission;
mod call;
pub mod codec;
pub mod config;
#[cfg(test)]
mod fail_point;
pub mod from_proto;
mod handlers;
pub mod proto;
pub mod receive;
pub mod reload;
mod replies;
pub mod security;
pub mod server;
pub mod status;
pub mod telemetry;
pub mod to_proto;
mod trace_handler;
pub mod trace_session;
mod transport;
mod whole_messages;
pub mod wire;
