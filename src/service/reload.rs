//! What SIGHUP reads again while the server runs.
//!
//! In: a list of things that can be read again. Always: each is asked at every SIGHUP, in order; one that cannot be read
//! stays as it was and says so in the log, and calls in progress notice nothing.

use std::fmt;

/// Something that can be read again without a restart.
pub struct Reloadable {
    /// What it is, for the log.
    pub name: &'static str,
    /// Reads it again. Gives what is to be known of the result, or why it stays as it was; neither quotes a secret.
    pub reload: Box<dyn FnMut() -> Result<String, String> + Send>,
}

impl fmt::Debug for Reloadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reloadable").field(&self.name).finish()
    }
}

impl Reloadable {
    /// Reads it again and logs how that went.
    fn again(&mut self) {
        match (self.reload)() {
            Ok(note) => tracing::info!(what = self.name, note, "reloaded"),
            Err(cause) => tracing::error!(what = self.name, cause, "cannot be reloaded and stays as it was"),
        }
    }
}

/// Asks all of `reloadables` at every SIGHUP. Never ends.
pub(super) async fn at_every_hangup(mut reloadables: Vec<Reloadable>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut hangup) = signal(SignalKind::hangup()) {
            while hangup.recv().await.is_some() {
                reloadables.iter_mut().for_each(Reloadable::again);
            }
        }
    }
    std::future::pending().await
}
