//! `policy-echo serve`: the gRPC server.

use std::time::Duration;

use super::CommandError;
use super::settings::Settings;
use crate::compare::engine::{Engine, EngineSettings};
use crate::service::server::{self, ServeError};
use crate::service::telemetry;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), CommandError> {
        let loaded = self.settings.load()?;
        let config = loaded.config;
        telemetry::start(config.telemetry.log_format, &config.telemetry.log);
        tracing::info!(version = env!("CARGO_PKG_VERSION"), ?config, "starting");
        for variable in loaded.unknown_variables {
            tracing::warn!(variable, "an environment variable that sets nothing");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|cause| CommandError::Internal(format!("cannot start the async runtime: {cause}")))?;
        let served = runtime.block_on(server::serve(config, || Engine::load(EngineSettings::default())));
        // Work that was abandoned at the end of the drain must not hold the process.
        runtime.shutdown_timeout(Duration::from_millis(100));
        served.map_err(|error| match error {
            ServeError::Listen { .. } => CommandError::Unavailable(error.to_string()),
            _ => CommandError::Internal(error.to_string()),
        })
    }
}
