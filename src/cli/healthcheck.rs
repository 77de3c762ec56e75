//! `policy-echo healthcheck`: whether a server serves, for probes in images that hold nothing but this program.

use std::time::Duration;

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::server::ServerAccess;
use super::{CommandError, block_on};

/// Arguments of `healthcheck`.
#[derive(Debug, clap::Args)]
pub(super) struct Healthcheck {
    /// The server to ask
    #[arg(long, env = "POLICY_ECHO_SERVER", default_value = "http://127.0.0.1:50051", value_name = "URL")]
    server: String,

    /// Full name of the service to ask about; empty means the whole server
    #[arg(long, default_value = "", value_name = "SERVICE")]
    service: String,

    /// Longest time to wait, in milliseconds
    #[arg(long, default_value_t = 2000, value_name = "MS")]
    timeout_ms: u64,

    #[command(flatten)]
    access: ServerAccess,
}

impl Healthcheck {
    pub(super) fn run(self) -> Result<(), CommandError> {
        let timeout = Duration::from_millis(self.timeout_ms);
        let ask = async {
            let mut client = HealthClient::new(self.access.connect(&self.server).await?);
            let reply = client.check(HealthCheckRequest { service: self.service }).await;
            let reply = reply.map_err(|status| {
                CommandError::Unavailable(format!("the server gave no health: {}", status.message()))
            })?;
            match reply.into_inner().status() {
                ServingStatus::Serving => Ok(()),
                _ => Err(CommandError::Unavailable("the server does not serve".to_owned())),
            }
        };
        block_on(async {
            tokio::time::timeout(timeout, ask).await.unwrap_or_else(|_| {
                Err(CommandError::Unavailable(format!("the server gave no answer within {} ms", self.timeout_ms)))
            })
        })
    }
}
