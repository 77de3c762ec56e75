//! `policy-echo config`: what the settings are and where they come from, without starting a server.

use clap::Subcommand;

use super::settings::Settings;
use super::{CommandError, output};
use crate::service::config;

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigCommand {
    #[command(subcommand)]
    ask: Ask,
}

#[derive(Debug, Subcommand)]
enum Ask {
    /// Prints the effective settings of `serve` with the origin of each, as a configuration file; secrets are masked
    Check(Settings),
    /// Prints all settings as the table of the documentation
    Table,
}

impl ConfigCommand {
    pub(super) fn run(self) -> Result<(), CommandError> {
        match self.ask {
            Ask::Check(settings) => {
                let loaded = settings.load()?;
                for variable in &loaded.unknown_variables {
                    output::warn(&format!("{variable} sets nothing; docs/operations.md lists the variables"));
                }
                output::print(&loaded.shown())
            }
            Ask::Table => output::print(&config::table()),
        }
    }
}
