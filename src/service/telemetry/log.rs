//! Log lines on standard error, and panics by their place.
//!
//! Always: one event is one line, whatever its fields hold. Control characters, line ends and characters that turn the
//! direction of text are escaped on the way out, so that no value can write a second line or steer a terminal.

use std::io::{self, Write};
use std::panic;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::service::config::setting::choices;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
choices!(LogFormat: Text = "text", Json = "json");

/// Whether a filter of log lines can be read.
pub(in crate::service) fn check_filter(filter: &String) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    // The library takes a lone word that is no level for the name of a module, and a misspelt level would silence the log.
    let plain = |part: &str| part.contains('=') || LEVELS.contains(&part.trim().to_lowercase().as_str());
    let readable = filter.split(',').all(plain) && EnvFilter::try_new(filter).is_ok();
    readable.then_some(()).ok_or_else(|| {
        "must be a level (error, warn, info, debug, trace, off) or levels by module, such as info,hyper=warn".to_owned()
    })
}

/// What is logged, to be changed while the program runs.
#[derive(Clone, Debug)]
pub struct LogFilter(reload::Handle<EnvFilter, Registry>);

impl LogFilter {
    /// Logs what `filter` says from now on. One that cannot be read changes nothing.
    pub fn set(&self, filter: &str) {
        if let Ok(filter) = EnvFilter::try_new(filter) {
            // Fails only when nothing is logged any more.
            self.0.reload(filter).ok();
        }
    }
}

/// Starts logging to standard error what `filter` says, and installs the panic hook. A second call changes nothing that is
/// logged.
pub fn start(format: LogFormat, filter: &str) -> LogFilter {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let (filter, handle) = reload::Layer::new(filter);
    let log = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| OneLine(io::stderr()));
    let started = match format {
        LogFormat::Text => log.with(lines).try_init(),
        LogFormat::Json => log.with(lines.json().flatten_event(true)).try_init(),
    };
    if started.is_ok() {
        redact_panics();
    }
    LogFilter(handle)
}

/// Panics say where, not what: the standard message of slicing inside a character quotes the text.
pub fn redact_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, thread = std::thread::current().name(), "panic");
    }));
}

/// Writes each event, which comes in one piece, as one line.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(&one_line(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The event with everything escaped that is no plain character, but for the line end it closes with.
fn one_line(event: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(event);
    let mut line = String::with_capacity(text.len() + 1);
    for character in text.strip_suffix('\n').unwrap_or(&text).chars() {
        let steers = matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || steers {
            line.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    line.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged of a value that attacks the log, in a format.
    fn logged(format: LogFormat) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(move || OneLine(writer.clone()));
        let log = tracing_subscriber::registry();
        let attack = "ok\r\n1970-01-01 ERROR forged\u{1b}[2J\u{202e}\u{9b}\u{2028}";
        let event = || tracing::info!(shown = %attack, quoted = attack, "{attack}");
        match format {
            LogFormat::Text => tracing::subscriber::with_default(log.with(lines), event),
            LogFormat::Json => tracing::subscriber::with_default(log.with(lines.json().flatten_event(true)), event),
        }
        String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("UTF-8")
    }

    #[test]
    fn no_value_writes_a_second_line_or_steers_the_terminal() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let logged = logged(format);
            let line = logged.strip_suffix('\n').expect("ends the line");
            assert!(line.contains("forged"), "the value is there: {line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
            assert!(!line.contains(['\u{202e}', '\u{2028}']), "{line:?}");
        }
    }
}
