//! A table of figures, each beside its target.

use std::time::Duration;

/// Figures of one part.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    rows: Vec<Row>,
    /// How many times as long times may be.
    stretch: u32,
}

#[derive(Debug)]
struct Row {
    figure: String,
    measured: String,
    target: String,
    holds: Option<bool>,
}

impl Table {
    /// An empty table; on a `noisy` machine times may be three times as long.
    pub(crate) fn new(title: impl Into<String>, noisy: bool) -> Self {
        Self { title: title.into(), rows: Vec::new(), stretch: if noisy { 3 } else { 1 } }
    }

    /// A figure that only informs.
    pub(crate) fn note(&mut self, figure: impl Into<String>, measured: impl Into<String>) {
        let (figure, measured) = (figure.into(), measured.into());
        self.rows.push(Row { figure, measured, target: String::new(), holds: None });
    }

    /// A figure that must hold.
    pub(crate) fn check(
        &mut self,
        figure: impl Into<String>,
        measured: impl Into<String>,
        target: impl Into<String>,
        holds: bool,
    ) {
        let (figure, measured, target) = (figure.into(), measured.into(), target.into());
        self.rows.push(Row { figure, measured, target, holds: Some(holds) });
    }

    /// A time that may not be over `target`, stretched on a noisy machine. `late` is how late this machine itself was meanwhile (see [`Lateness`]): what a
    /// busy machine adds to every time is not the server's doing, so it is allowed and said.
    pub(crate) fn at_most(&mut self, figure: impl Into<String>, measured: Duration, target: Duration, late: Duration) {
        let most = target * self.stretch + late;
        let times = if self.stretch > 1 { format!(" × {}, noisy", self.stretch) } else { String::new() };
        let said = format!("≤ {}{times} + machine {}", milliseconds(target), milliseconds(late));
        self.check(figure, milliseconds(measured), said, measured <= most);
    }

    pub(crate) fn missed(&self) -> usize {
        self.rows.iter().filter(|row| row.holds == Some(false)).count()
    }

    pub(crate) fn print(&self) {
        println!("\n{}", self.title);
        for row in &self.rows {
            let mark = match row.holds {
                None => "      ",
                Some(true) => "holds ",
                Some(false) => "MISSED",
            };
            println!("  {mark}  {:<52} {:>16}  {}", row.figure, row.measured, row.target);
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The value below which `percent` of the values are.
pub(crate) fn percentile(times: &mut [Duration], percent: f64) -> Duration {
    times.sort_unstable();
    let place = (times.len() as f64 * percent / 100.0).ceil() as usize;
    times.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

/// How late the machine wakes a thread that asked for a millisecond of sleep: what any process on it must put up with.
#[derive(Debug)]
pub(crate) struct Lateness {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: std::thread::JoinHandle<Vec<Duration>>,
}

impl Lateness {
    pub(crate) fn watch() -> Self {
        use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let stopped = std::sync::Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let asked = Duration::from_millis(1);
            let mut late = Vec::new();
            while !stopped.load(Relaxed) {
                let begun = std::time::Instant::now();
                std::thread::sleep(asked);
                late.push(begun.elapsed().saturating_sub(asked));
            }
            late
        });
        Self { stop, thread }
    }

    /// The 99th percentile since the watch began.
    pub(crate) fn p99(self) -> Duration {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut late = self.thread.join().unwrap_or_default();
        percentile(&mut late, 99.0)
    }
}
