//! `policy-echo keys`: keys for callers, and what the server keeps of them.

use std::io::Read as _;

use super::CommandError;
use super::output::{self, Color};
use crate::service::security::{digest, hex, new_key};

/// Longest key that is hashed, in bytes.
const MAX_KEY_BYTES: u64 = 4096;

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Makes a key for a caller, and the entry for the file that --api-keys names
    New {
        /// Who will call
        name: String,
    },
    /// Reads a key from standard input and prints what the file keeps of it
    Hash,
}

impl Keys {
    pub(super) fn run(self) -> Result<(), CommandError> {
        let text = match self.command {
            KeysCommand::New { name } => {
                if name.is_empty() || name.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
                    return Err(CommandError::Usage("a name is a line of text without quotation marks".to_owned()));
                }
                let key =
                    new_key().ok_or_else(|| CommandError::Internal("the system gives no random bytes".to_owned()))?;
                let hash = hex(&digest(key.as_bytes()));
                format!(
                    "# For {name}, who alone should see it; it is not kept anywhere and cannot be told again:\n\
                     # {key}\n\
                     # For the server's file of keys:\n\
                     [[caller]]\nname = \"{name}\"\nkey_sha256 = \"{hash}\"\n"
                )
            }
            KeysCommand::Hash => {
                let mut key = String::new();
                let read = std::io::stdin().lock().take(MAX_KEY_BYTES).read_to_string(&mut key);
                read.map_err(|cause| CommandError::NoInput {
                    path: "standard input".to_owned(),
                    cause: cause.to_string(),
                })?;
                let key = key.trim();
                if key.is_empty() {
                    return Err(CommandError::Usage("no key came from standard input".to_owned()));
                }
                format!("key_sha256 = \"{}\"\n", hex(&digest(key.as_bytes())))
            }
        };
        output::write(&text, None, Color::Never)
    }
}
