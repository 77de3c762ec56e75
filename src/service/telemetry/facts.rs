//! What becomes known of a call while it is worked on, on its way to the record at the edge.
//!
//! The record opens a scope around the call; whoever works for it, on whichever thread, finds the facts of its call here
//! and adds to them. Outside of a call nothing is noted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::metrics::Metrics;
use crate::compare::comparison::{Completeness, StageEnd};
use crate::text::cancel::Cancel;

/// Pieces of work of one call whose times are kept for its trace; a stream may have any number.
const MAX_PIECES: usize = 64;

tokio::task_local! {
    static CURRENT: CallFacts;
}

/// Facts of one call, shared by all that work for it.
#[derive(Clone, Debug)]
pub(in crate::service) struct CallFacts {
    metrics: Metrics,
    facts: Arc<Mutex<Facts>>,
}

/// Sums over all pieces of work of a call: one for most calls, one for each pair of a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Bytes of the request, as received.
    pub(super) request_bytes: u64,
    /// Documents and references that were read.
    pub(super) documents: u64,
    /// Bytes of their texts.
    pub(super) text_bytes: u64,
    /// Pieces of work that ended.
    pub(super) pieces: u64,
    /// Time that they waited for a thread.
    pub(super) wait: Duration,
    /// Time that they ran.
    pub(super) work: Duration,
    /// When the first of them were queued, begun and ended.
    pub(super) times: Vec<PieceTimes>,
    /// Comparisons that were made.
    pub(super) comparisons: u64,
    /// Links that were found.
    pub(super) links: u64,
    /// Passages that were found.
    pub(super) passages: u64,
    /// Comparisons that a budget ended early, in one stage or more.
    pub(super) cut_short: u64,
}

/// When one piece of work was queued, begun and ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct PieceTimes {
    pub(super) queued: SystemTime,
    pub(super) begun: SystemTime,
    pub(super) ended: SystemTime,
}

impl CallFacts {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { metrics, facts: Arc::default() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Facts> {
        // Sums are whole after any panic.
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `inside` as part of this call.
    pub(in crate::service) fn within<T>(&self, inside: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), inside)
    }

    /// Polls `future` as part of this call.
    pub(in crate::service) fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self.clone(), future)
    }

    /// Measures how long `work` waits from now on, and how long it runs, and makes it part of the call at hand.
    pub(in crate::service) fn timed<T>(work: impl FnOnce(&Cancel) -> T) -> impl FnOnce(&Cancel) -> T {
        let call = CURRENT.try_with(Self::clone).ok();
        let (queued, queued_at) = (Instant::now(), SystemTime::now());
        move |cancel| {
            let Some(call) = call else { return work(cancel) };
            let begun = Instant::now();
            let wait = begun.duration_since(queued);
            let result = call.within(|| work(cancel));
            let ran = begun.elapsed();
            call.metrics.piece_of_work(wait, ran);
            let mut facts = call.lock();
            facts.pieces += 1;
            facts.wait += wait;
            facts.work += ran;
            if facts.times.len() < MAX_PIECES {
                facts.times.push(PieceTimes {
                    queued: queued_at,
                    begun: queued_at + wait,
                    ended: queued_at + wait + ran,
                });
            }
            result
        }
    }

    /// Notes documents that were read for the call at hand, by the bytes of their texts.
    pub(in crate::service) fn read_documents(text_bytes: impl IntoIterator<Item = usize>) {
        CURRENT
            .try_with(|call| {
                let mut facts = call.lock();
                for bytes in text_bytes {
                    facts.documents += 1;
                    facts.text_bytes += bytes as u64;
                }
            })
            .ok();
    }

    /// Notes a comparison that was made for the call at hand.
    pub(in crate::service) fn compared(links: usize, passages: usize, completeness: &Completeness) {
        CURRENT
            .try_with(|call| {
                let cut: Vec<&'static str> = [
                    ("phrases", completeness.phrases),
                    ("passages", completeness.passages),
                    ("alignment", completeness.alignment),
                    ("edits", completeness.edits),
                ]
                .into_iter()
                .filter(|(_, end)| *end == StageEnd::Budget)
                .map(|(stage, _)| stage)
                .collect();
                call.metrics.comparison(&cut);
                let mut facts = call.lock();
                facts.comparisons += 1;
                facts.links += links as u64;
                facts.passages += passages as u64;
                facts.cut_short += u64::from(!cut.is_empty());
            })
            .ok();
    }
}
