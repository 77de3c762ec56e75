//! Where results go, and whether they are coloured.

use std::io::{self, Write as _};

use super::CommandError;
use crate::report::terminal::without_controls;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// When standard output is a terminal and NO_COLOR is not set.
    #[default]
    Auto,
    /// Always, into files too.
    Always,
    /// Never.
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// Writes `text`, which may hold colours, to the file or to standard output.
pub(super) fn write(text: &str, file: Option<&str>, color: Color) -> Result<(), CommandError> {
    Sink::open(file, color)?.write(text)
}

/// Where a result goes that comes in parts.
#[derive(Debug)]
pub(super) enum Sink {
    /// Standard output.
    Standard(anstream::AutoStream<io::Stdout>),
    /// A file, and its name.
    File(anstream::AutoStream<std::fs::File>, String),
}

impl Sink {
    /// Opens the file, or standard output.
    pub(super) fn open(file: Option<&str>, color: Color) -> Result<Self, CommandError> {
        let Some(path) = file.filter(|path| *path != "-") else {
            return Ok(Self::Standard(anstream::AutoStream::new(io::stdout(), color.into())));
        };
        let choice = if color == Color::Always { anstream::ColorChoice::Always } else { anstream::ColorChoice::Never };
        let created = std::fs::File::create(path);
        let file = created.map_err(|cause| CommandError::Output { path: path.to_owned(), cause })?;
        Ok(Self::File(anstream::AutoStream::new(file, choice), path.to_owned()))
    }

    /// Writes a part, at once.
    pub(super) fn write(&mut self, text: &str) -> Result<(), CommandError> {
        match self {
            Self::Standard(out) => {
                out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|cause| match cause.kind() {
                    io::ErrorKind::BrokenPipe => CommandError::OutputClosed,
                    _ => CommandError::Output { path: "standard output".to_owned(), cause },
                })
            }
            Self::File(out, path) => out
                .write_all(text.as_bytes())
                .and_then(|()| out.flush())
                .map_err(|cause| CommandError::Output { path: path.clone(), cause }),
        }
    }
}

/// Prints `text` as it is on standard output.
pub(super) fn print(text: &str) -> Result<(), CommandError> {
    write(text, None, Color::Never)
}

/// An error on standard error, one line for each thing that is wrong. A file's name is the caller's own, but may have been
/// made by somebody else.
pub(super) fn complain(error: &CommandError) {
    error.to_string().lines().for_each(warn);
}

/// One line on standard error.
pub(super) fn warn(line: &str) {
    let line = without_controls(line);
    // Nothing can be done when standard error is closed.
    writeln!(io::stderr(), "policy-echo: {line}").ok();
}

/// One line on standard error about a panic: where it was, not what it says, which may quote a document.
pub(super) fn complain_of_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    writeln!(io::stderr(), "policy-echo: a bug of ours at {place}; please report it").ok();
}

/// Columns of the terminal, 40 to 120; 100 where there is none.
pub(super) fn columns() -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    set.or_else(asked).unwrap_or(100).clamp(40, 120)
}
