//! Where settings come from, and which source wins: a flag, the environment, the file, the default.
//!
//! In: the three sources, read already, so that nothing here touches the machine. Out: a [`Config`] with the origin of
//! every value, or all that is wrong at once, each naming the setting and where it was set.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::setting::{Declared, Entry, VARIABLE_PREFIX};

/// A configuration file that has been read.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// The file as it was named, for messages.
    pub path: String,
    /// What it holds: TOML.
    pub text: String,
}

/// All that was said of the settings.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Flags, by the name of the setting.
    pub flags: BTreeMap<String, String>,
    /// Environment variables, by their whole names; others than ours are not looked at.
    pub environment: BTreeMap<String, String>,
    /// The file, if one was named.
    pub file: Option<ConfigFile>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File {
        /// The file as it was named.
        path: String,
        /// Line of the key, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A flag.
    Flag {
        /// The flag, without its dashes.
        flag: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}, line {line}"),
            Self::Environment { variable } => f.write_str(variable),
            Self::Flag { flag } => write!(f, "--{flag}"),
        }
    }
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("{path}, line {line}: not TOML: {message}")]
    Syntax {
        /// The file as it was named.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What the parser says; it names no content.
        message: String,
    },
    /// A section or a key of the file that nothing reads.
    #[error("{path}, line {line}: there is no setting {key}; {advice}")]
    UnknownKey {
        /// The file as it was named.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Section and key.
        key: String,
        /// What there is.
        advice: String,
    },
    /// A value that cannot be.
    #[error("{key} (from {origin}) {message}")]
    Value {
        /// Section and key.
        key: String,
        /// Where the value was set.
        origin: Origin,
        /// What is expected.
        message: String,
    },
    /// Values that cannot be together.
    #[error("{key} {message}")]
    Contradiction {
        /// Section and key.
        key: String,
        /// What it contradicts, and what to do.
        message: String,
    },
}

/// Settings that are all right, with where each comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The origin of each, by section and key.
    pub origins: BTreeMap<String, Origin>,
    /// Environment variables that begin like ours and set nothing.
    pub unknown_variables: Vec<String>,
}

impl Sources {
    /// Resolves all settings. Gives everything that is wrong at once.
    pub fn load(&self) -> Result<Loaded, Vec<ConfigError>> {
        let mut config = Config::default();
        let mut errors = Vec::new();
        let keys = self.file.as_ref().map_or_else(FileKeys::default, |file| FileKeys::parse(file, &mut errors));
        let mut origins = BTreeMap::new();
        let mut known_variables = Vec::new();
        config.visit(&mut |declared, entry| {
            let (origin, set) = self.set(declared, entry, &keys);
            if let Err(message) = set {
                errors.push(ConfigError::Value { key: declared.key(), origin: origin.clone(), message });
            }
            origins.insert(declared.key(), origin);
            known_variables.push(declared.variable());
        });
        if errors.is_empty() {
            let contradictions = config.contradictions().into_iter();
            errors.extend(
                contradictions.map(|(key, message)| ConfigError::Contradiction { key: key.to_owned(), message }),
            );
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let unknown_variables = self
            .environment
            .keys()
            .filter(|name| name.starts_with(VARIABLE_PREFIX) && !known_variables.contains(name))
            .filter(|name| !VARIABLES_OF_OTHERS.iter().any(|other| name[VARIABLE_PREFIX.len()..].starts_with(other)))
            .cloned()
            .collect();
        Ok(Loaded { config, origins, unknown_variables })
    }

    /// Sets one setting from the source that wins.
    fn set(&self, declared: &Declared, entry: &mut dyn Entry, keys: &FileKeys<'_>) -> (Origin, Result<(), String>) {
        if let Some(text) = self.flags.get(declared.name) {
            return (Origin::Flag { flag: declared.flag() }, entry.set_text(text));
        }
        let variable = declared.variable();
        // Composers and charts pass variables on that nobody set: an empty one says nothing.
        if let Some(text) = self.environment.get(&variable).filter(|text| !text.is_empty()) {
            return (Origin::Environment { variable }, entry.set_text(text));
        }
        if let Some((line, value)) = keys.values.get(&declared.key()) {
            return (Origin::File { path: keys.path.to_owned(), line: *line }, entry.set_toml(value));
        }
        (Origin::Default, Ok(()))
    }
}

/// Variables that begin like ours and are read elsewhere: by the program, or written by Kubernetes for a service that is
/// called like the program.
const VARIABLES_OF_OTHERS: &[&str] = &["CONFIG", "SERVER", "SERVICE_", "PORT"];

/// The values of the file, by section and key, with their lines.
#[derive(Default)]
struct FileKeys<'a> {
    path: &'a str,
    values: BTreeMap<String, (usize, DeValue<'a>)>,
}

impl<'a> FileKeys<'a> {
    fn parse(file: &'a ConfigFile, errors: &mut Vec<ConfigError>) -> Self {
        let mut keys = Self { path: &file.path, values: BTreeMap::new() };
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
        let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                errors.push(ConfigError::Syntax {
                    path: file.path.clone(),
                    line: line(error.span().map_or(0, |span| span.start)),
                    message: error.message().to_owned(),
                });
                return keys;
            }
        };
        let settings = names();
        let mut unknown_keys = Vec::new();
        let mut unknown = |line, key: String, advice| unknown_keys.push((line, key, advice));
        for (section, values) in table {
            let section_line = line(section.span().start);
            let section = section.into_inner();
            let DeValue::Table(values) = values.into_inner() else {
                unknown(section_line, section.to_string(), advice(&settings, None, &section));
                continue;
            };
            if !settings.iter().any(|(known, _)| *known == section) {
                unknown(section_line, format!("[{section}]"), advice(&settings, None, &section));
                continue;
            }
            for (name, value) in values {
                let name_line = line(Spanned::span(&name).start);
                let name = name.into_inner();
                if settings.iter().any(|known| *known == (&*section, &*name)) {
                    keys.values.insert(format!("{section}.{name}"), (name_line, value.into_inner()));
                } else {
                    unknown(name_line, format!("{section}.{name}"), advice(&settings, Some(&section), &name));
                }
            }
        }
        unknown_keys.sort();
        let path = || file.path.clone();
        errors.extend(unknown_keys.into_iter().map(|(line, key, advice)| ConfigError::UnknownKey {
            path: path(),
            line,
            key,
            advice,
        }));
        keys
    }
}

/// Sections and names of all settings.
fn names() -> Vec<(&'static str, &'static str)> {
    let mut names = Vec::new();
    Config::default().visit(&mut |declared, _| names.push((declared.section, declared.name)));
    names
}

/// Where a name belongs, or what there is instead.
fn advice(settings: &[(&str, &str)], section: Option<&str>, name: &str) -> String {
    if let Some((home, _)) = settings.iter().find(|(_, known)| *known == name) {
        return format!("{name} belongs in [{home}]");
    }
    match section {
        Some(section) => {
            let known: Vec<_> = settings.iter().filter(|(home, _)| *home == section).map(|(_, name)| *name).collect();
            format!("[{section}] holds {}", known.join(", "))
        }
        None => {
            let known: Vec<_> = Config::SECTIONS.iter().map(|(section, _)| format!("[{section}]")).collect();
            format!("the sections are {}", known.join(", "))
        }
    }
}
