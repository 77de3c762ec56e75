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
    let Some(path) = file.filter(|path| *path != "-") else {
        let mut out = anstream::AutoStream::new(io::stdout().lock(), color.into());
        return out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|cause| match cause.kind() {
            io::ErrorKind::BrokenPipe => CommandError::OutputClosed,
            _ => CommandError::Output { path: "standard output".to_owned(), cause },
        });
    };
    let choice = if color == Color::Always { anstream::ColorChoice::Always } else { anstream::ColorChoice::Never };
    let failed = |cause| CommandError::Output { path: path.to_owned(), cause };
    let mut out = anstream::AutoStream::new(std::fs::File::create(path).map_err(failed)?, choice);
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(failed)
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
