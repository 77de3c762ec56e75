//! The settings of the server as flags, and the reading of all their sources.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command, Error, FromArgMatches};

use super::CommandError;
use crate::service::config::setting::VARIABLE_PREFIX;
use crate::service::config::{Config, ConfigFile, Loaded, Sources};

/// The flag and the variable that name the file.
const FILE_FLAG: &str = "config";
const FILE_VARIABLE: &str = "POLICY_ECHO_CONFIG";

/// What flags said of the settings: one flag for each, and `--config`.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    flags: BTreeMap<String, String>,
    file: Option<OsString>,
}

impl clap::Args for Settings {
    fn augment_args(mut command: Command) -> Command {
        let file = Arg::new(FILE_FLAG).long(FILE_FLAG).value_name("FILE").value_parser(clap::value_parser!(OsString));
        command = command.arg(file.help(format!("File of settings, in TOML [env: {FILE_VARIABLE}]")));
        Config::default().visit(&mut |declared, entry| {
            let default = entry.text().unwrap_or_else(|| "not set".to_owned());
            let (meaning, variable) = (declared.meaning, declared.variable());
            let arg = Arg::new(declared.name)
                .long(declared.flag())
                .value_name(declared.form_with_unit())
                .help(format!("{meaning} [env: {variable}] [default: {default}]"));
            command = std::mem::take(&mut command).arg(arg);
        });
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = BTreeMap::new();
        Config::default().visit(&mut |declared, _| {
            if let Some(text) = matches.get_one::<String>(declared.name) {
                flags.insert(declared.name.to_owned(), text.clone());
            }
        });
        Ok(Self { flags, file: matches.get_one::<OsString>(FILE_FLAG).cloned() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Settings {
    /// Reads the environment and the file, and resolves all settings.
    pub(super) fn load(&self) -> Result<Loaded, CommandError> {
        let file = self.file.clone().or_else(|| std::env::var_os(FILE_VARIABLE).filter(|name| !name.is_empty()));
        let file = file.map(|name| read(&name)).transpose()?;
        let environment = std::env::vars_os()
            .map(|(name, text)| (name.to_string_lossy().into_owned(), text.to_string_lossy().into_owned()))
            .filter(|(name, _)| name.starts_with(VARIABLE_PREFIX))
            .collect();
        let sources = Sources { flags: self.flags.clone(), environment, file };
        sources.load().map_err(CommandError::Config)
    }
}

fn read(name: &OsString) -> Result<ConfigFile, CommandError> {
    let path = name.to_string_lossy().into_owned();
    match std::fs::read_to_string(name) {
        Ok(text) => Ok(ConfigFile { path, text }),
        Err(cause) => Err(CommandError::NoInput { path, cause: cause.to_string() }),
    }
}
