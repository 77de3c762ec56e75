//! `policy-echo serve`: the gRPC server.

use std::time::Duration;

use super::CommandError;
use super::input::background_table;
use super::settings::Settings;
use crate::compare::engine::{Engine, EngineSettings};
use crate::service::config::{Config, differing};
use crate::service::reload::Reloadable;
use crate::service::server::{self, ServeError};
use crate::service::telemetry::{self, LogFilter};

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
        let filter = telemetry::start(config.telemetry.log_format, &config.telemetry.log);
        leave_no_core();
        let changed = differing(&Config::default(), &config).join(" ");
        tracing::info!(version = env!("CARGO_PKG_VERSION"), changed, "starting");
        for variable in loaded.unknown_variables {
            tracing::warn!(variable, "an environment variable that sets nothing");
        }
        let background = config.work.background.as_deref().map(background_table).transpose()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|cause| CommandError::Internal(format!("cannot start the async runtime: {cause}")))?;
        let reloadables = vec![reload_settings(self.settings, config.clone(), filter)];
        let load = || Engine::load(EngineSettings { background });
        let served = runtime.block_on(server::serve(config, load, reloadables));
        // Work that was abandoned at the end of the drain must not hold the process.
        runtime.shutdown_timeout(Duration::from_millis(100));
        served.map_err(|error| match error {
            ServeError::Listen { .. } => CommandError::Unavailable(error.to_string()),
            _ => CommandError::Internal(error.to_string()),
        })
    }
}

/// A dump of a process that dies would hold the documents at work: there is none, whatever the machine's limits say, and no
/// debugger of another user's reads our memory.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let nothing = Rlimit { current: Some(0), maximum: Some(0) };
        if let Err(error) = setrlimit(Resource::Core, nothing) {
            tracing::warn!(%error, "core dumps cannot be switched off; limit them from outside");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::warn!(%error, "other processes may read the memory of this one");
        }
    }
}

/// Reads the settings again; the filter of the log is the one that takes effect without a restart.
fn reload_settings(settings: Settings, running: Config, filter: LogFilter) -> Reloadable {
    let mut running = running;
    let reload = move || {
        let loaded = settings.load().map_err(|error| error.to_string())?;
        filter.set(&loaded.config.telemetry.log);
        running.telemetry.log.clone_from(&loaded.config.telemetry.log);
        let waiting = differing(&running, &loaded.config);
        Ok(if waiting.is_empty() {
            "all settings are in force".to_owned()
        } else {
            format!("a restart brings {}", waiting.join(" "))
        })
    };
    Reloadable { name: "settings", reload: Box::new(reload) }
}
