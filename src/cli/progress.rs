//! A bar that tells how far a trace is, on a terminal; nothing in a pipe.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bar. It is taken away when it is dropped.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

/// Whether results go to standard output while the bar moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Results {
    /// They come when all is done, or go to a file.
    Later,
    /// They go to standard output one by one, and a bar between them would tear them up on a terminal.
    Between,
}

impl Progress {
    /// A bar of `steps`, on standard error where that is a terminal.
    pub(super) fn start(steps: usize, results: Results) -> Self {
        let target = if results == Results::Between && std::io::stdout().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
        // The template is ours, and a test shows it.
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}  {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.tick();
        Self(bar)
    }

    /// Says how many steps are done.
    pub(super) fn at(&self, done: u32) {
        self.0.set_position(done.into());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
