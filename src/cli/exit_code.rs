//! Exit codes, as `sysexits.h` numbers them, and the errors that lead to them.

use std::io;
use std::process::ExitCode;

use crate::service::config::ConfigError;

/// The exit codes, for `--help`.
pub(super) const HELP: &str = "\
Exit codes:
   0  done
  64  wrong usage: unknown flag, missing argument
  65  bad data: a document is empty, binary, too long or not text; the server says a field is wrong
  66  no input: a file does not exist or cannot be read, or is a directory
  69  unavailable: the server cannot be reached, is busy or draining, or does not serve
  70  internal: a bug of ours
  74  input or output failed: the result cannot be written
  75  the deadline passed; trying again may help
  77  no permission: the server does not know us, or does not let us make this call
  78  a setting of the server is wrong";

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// EX_USAGE: unknown flag, missing argument.
    Usage = 64,
    /// EX_DATAERR: a document is empty, binary, too long or not text.
    Data = 65,
    /// EX_NOINPUT: a file does not exist or cannot be read.
    NoInput = 66,
    /// EX_UNAVAILABLE: the server cannot be reached or does not serve.
    Unavailable = 69,
    /// EX_SOFTWARE: a bug of ours.
    Internal = 70,
    /// EX_IOERR: the result cannot be written.
    Io = 74,
    /// EX_TEMPFAIL: the deadline passed.
    Deadline = 75,
    /// EX_CONFIG: a setting of the server is wrong.
    Config = 78,
    /// EX_NOPERM: the server does not know us, or does not let us make this call.
    NoPermission = 77,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked. One line for a person; never a word of a document.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A flag does not go with another, or names nothing.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read.
    #[error("{path}: {cause}")]
    NoInput {
        /// The file as it was named.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// A file was read and is no document.
    #[error("{path}: {cause}")]
    Data {
        /// The file as it was named.
        path: String,
        /// What is wrong and what to do.
        cause: String,
    },
    /// Settings of the server are wrong; a line for each.
    #[error("{}", lines(.0))]
    Config(Vec<ConfigError>),
    /// The server refused a field of the request.
    #[error("the server refused the request: {0}")]
    Refused(String),
    /// The server cannot be reached or does not serve.
    #[error("{0}")]
    Unavailable(String),
    /// The deadline passed.
    #[error("{0}")]
    Deadline(String),
    /// The server does not know us, or does not let us make this call.
    #[error("the server does not let us: {0}")]
    NoPermission(String),
    /// The result cannot be written.
    #[error("{path}: cannot write: {cause}")]
    Output {
        /// The file as it was named, or `standard output`.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// Nobody reads standard output any more.
    #[error("standard output is closed")]
    OutputClosed,
    /// A bug of ours, or a machine that gives us no threads.
    #[error("{0}")]
    Internal(String),
}

fn lines(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl CommandError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NoInput { .. } => Exit::NoInput,
            Self::Data { .. } | Self::Refused(_) => Exit::Data,
            Self::Unavailable(_) => Exit::Unavailable,
            Self::Deadline(_) => Exit::Deadline,
            Self::NoPermission(_) => Exit::NoPermission,
            Self::Output { .. } => Exit::Io,
            Self::OutputClosed => Exit::Ok,
            Self::Internal(_) => Exit::Internal,
            Self::Config(_) => Exit::Config,
        }
    }
}

impl From<tonic::Status> for CommandError {
    fn from(status: tonic::Status) -> Self {
        use tonic::Code;
        let message = status.message().to_owned();
        match status.code() {
            Code::InvalidArgument => Self::Refused(message),
            Code::Unavailable | Code::ResourceExhausted => {
                Self::Unavailable(format!("the server is unavailable: {message}"))
            }
            Code::DeadlineExceeded | Code::Cancelled => {
                Self::Deadline(format!("the server gave no answer in time: {message}"))
            }
            Code::Unauthenticated | Code::PermissionDenied => Self::NoPermission(message),
            Code::Unimplemented => Self::Unavailable(format!("the server does not know this call: {message}")),
            code => Self::Internal(format!("the server failed ({code:?}): {message}")),
        }
    }
}
