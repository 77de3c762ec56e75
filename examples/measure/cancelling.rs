//! How long the core still works after its caller has cancelled, by the clock on the wall: the processor time of another
//! thread is told only to the last tick of the kernel, which may be 4 ms ago.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use policy_echo::compare::engine::Engine;
use policy_echo::compare::options::CompareOptions;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::Document;
use policy_echo::text::span::Pair;

use crate::Failure;
use crate::clock::Microseconds;

/// Cancels a comparison at `times` moments spread over the time it takes, and tells how long it still ran, longest first.
/// What the scheduler does to either thread counts too, so a busy machine shows longer times.
pub(crate) fn delays(
    engine: &Engine,
    documents: &Pair<Document>,
    total: Microseconds,
    times: u64,
) -> Result<Vec<Microseconds>, Failure> {
    let mut delays = Vec::new();
    let begun = Instant::now();
    let now = || begun.elapsed().as_micros() as Microseconds;
    for moment in 0..times {
        let (cancel, cancelled_at) = (Cancel::new(), AtomicU64::new(u64::MAX));
        let after = Duration::from_micros(total * (2 * moment + 1) / (2 * times));
        let (done, is_done) = mpsc::channel::<()>();
        let ended = thread::scope(|scope| {
            let (flag, at) = (&cancel, &cancelled_at);
            let now = &now;
            scope.spawn(move || {
                // Waits for the moment or for the end of the work, whichever comes first.
                if is_done.recv_timeout(after) == Err(mpsc::RecvTimeoutError::Timeout) {
                    at.store(now(), Ordering::SeqCst);
                    flag.cancel();
                }
            });
            let result = engine.compare(documents, &[], &CompareOptions::default(), &cancel);
            let ended = now();
            drop(done);
            result.is_err().then_some(ended)
        });
        if let Some(ended) = ended {
            delays.push(ended.saturating_sub(cancelled_at.load(Ordering::SeqCst)));
        }
    }
    delays.sort_unstable_by(|one, other| other.cmp(one));
    Ok(delays)
}
