//! Who may work, and where: a bounded pool of plain threads beside the async ones.
//!
//! In: closures that take a [`Cancel`]. Out: their results, as futures. Always: at most `workers` closures run and at most
//! `queue` calls wait, the rest is refused at once; dropping the future sets the closure's [`Cancel`], and a closure that
//! has not started by then never starts; a permit travels with the work and comes back when the work ends, not when the
//! caller leaves; a panic ends one closure, never a thread. Streams do not use up the queue of single calls: each waits
//! for one of `workers` stream permits instead of being refused.
//!
//! Never `spawn_blocking`: its threads are many and what runs there cannot be stopped.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::status::Failure;
use super::telemetry::CallFacts;
use crate::text::cancel::Cancel;

type Job = Box<dyn FnOnce() + Send>;

/// Stack of a worker, in bytes.
const WORKER_STACK_BYTES: usize = 4 << 20;

/// How many closures of a pool are or were in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Admitted and not begun.
    pub waiting: u64,
    /// Begun and not ended.
    pub running: u64,
    /// Ended with a result, be it an error.
    pub finished: u64,
    /// Stopped before or while they ran, because nobody waited any more.
    pub stopped: u64,
    /// Panicked.
    pub panicked: u64,
}

/// The right to put one closure into a pool.
#[derive(Debug)]
pub struct Permit(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// A bounded pool of threads. Dropping it lets running work end and drops what waits.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    tally: watch::Sender<Tally>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tally.borrow().fmt(f)
    }
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Pool {
    /// Starts `workers` threads, at least one, before which at most `queue` calls wait.
    pub fn start(workers: usize, queue: usize) -> io::Result<Self> {
        let workers = workers.max(1);
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            tally: watch::Sender::new(Tally::default()),
        });
        for index in 0..workers {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("compare-{index}"))
                .stack_size(WORKER_STACK_BYTES)
                .spawn(move || shared.work())?;
        }
        Ok(Self {
            shared,
            calls: Arc::new(Semaphore::new(workers + queue)),
            streams: Arc::new(Semaphore::new(workers)),
        })
    }

    /// A permit for a single call, or [`Failure::Busy`] at once.
    pub fn admit_call(&self) -> Result<Permit, Failure> {
        match Arc::clone(&self.calls).try_acquire_owned() {
            Ok(permit) => Ok(Permit(permit)),
            Err(_) => Err(Failure::Busy { retry_after: self.retry_after() }),
        }
    }

    /// A permit for one message of a stream, as soon as there is one.
    pub async fn admit_stream_message(&self) -> Result<Permit, Failure> {
        // The semaphore is never closed, so the error cannot come.
        Arc::clone(&self.streams).acquire_owned().await.map(Permit).map_err(|_| Failure::Starting)
    }

    /// Longer the more calls are in the pool, with a step between neighbours so that those refused together do not come
    /// back together.
    fn retry_after(&self) -> Duration {
        static REFUSALS: AtomicU64 = AtomicU64::new(0);
        let step = REFUSALS.fetch_add(1, Ordering::Relaxed) % 16;
        let tally = *self.shared.tally.borrow();
        Duration::from_millis(100 + 25 * step + 50 * (tally.waiting + tally.running).min(100))
    }

    /// How many closures are or were in which state, to read or to wait on.
    pub fn tally(&self) -> watch::Receiver<Tally> {
        self.shared.tally.subscribe()
    }

    /// Runs `work` on a thread of the pool. Dropping the future stops it.
    pub async fn run<T, W>(&self, permit: Permit, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: FnOnce(&Cancel) -> Result<T, Failure> + Send + 'static,
    {
        let work = CallFacts::timed(work);
        let cancel = Cancel::new();
        let _stop_when_the_caller_leaves = CancelOnDrop(cancel.clone());
        let (reply, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        self.shared.tally.send_modify(|tally| tally.waiting += 1);
        self.shared.push(Box::new(move || {
            let result = shared.counted(&cancel, work);
            drop(permit);
            // The caller may have left, and then nobody wants the result.
            drop(reply.send(result));
        }));
        // The sender is dropped without an answer only when the pool was closed before the work began.
        answer.await.unwrap_or(Err(Failure::Starting))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.jobs.clear();
        self.shared.wake.notify_all();
    }
}

struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        // A queue of boxed closures is whole after any panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.wake.notify_one();
    }

    fn work(&self) {
        loop {
            let mut queue = self.lock();
            let job = loop {
                if let Some(job) = queue.jobs.pop_front() {
                    break job;
                }
                if queue.closed {
                    return;
                }
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            };
            drop(queue);
            job();
        }
    }

    fn counted<T>(&self, cancel: &Cancel, work: impl FnOnce(&Cancel) -> Result<T, Failure>) -> Result<T, Failure> {
        self.tally.send_modify(|tally| {
            tally.waiting -= 1;
            tally.running += 1;
        });
        let result = match cancel.check() {
            Err(cancelled) => Err(cancelled.into()),
            Ok(()) => catch_unwind(AssertUnwindSafe(|| work(cancel))).unwrap_or_else(|payload| {
                // The payload may quote a document; what it says is not read, and its drop may panic too.
                std::mem::forget(payload);
                let incident = next_incident();
                tracing::error!(incident, "work panicked; the panic event before this one names the place");
                Err(Failure::Bug { incident })
            }),
        };
        self.tally.send_modify(|tally| {
            tally.running -= 1;
            match &result {
                Err(Failure::CallerLeft) => tally.stopped += 1,
                Err(Failure::Bug { .. }) => tally.panicked += 1,
                _ => tally.finished += 1,
            }
        });
        result
    }
}

/// A name for an incident: the process, and a number within it.
fn next_incident() -> String {
    static INCIDENTS: AtomicU64 = AtomicU64::new(1);
    format!("{}-{}", std::process::id(), INCIDENTS.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn spin(cancel: &Cancel) -> Result<(), Failure> {
        loop {
            cancel.check()?;
            thread::yield_now();
        }
    }

    async fn until(pool: &Pool, wanted: impl FnMut(&Tally) -> bool) -> Tally {
        let wait = async { *pool.tally().wait_for(wanted).await.expect("the pool lives") };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the pool gets there")
    }

    #[tokio::test]
    async fn dropping_the_future_stops_the_work_and_returns_the_permit() {
        let pool = Arc::new(Pool::start(1, 0).expect("threads"));
        let permit = pool.admit_call().expect("an empty pool admits");
        let task = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(permit, spin).await }
        });
        until(&pool, |tally| tally.running == 1).await;
        task.abort();
        assert_eq!(until(&pool, |tally| tally.running == 0).await.stopped, 1);
        let permit = pool.calls.clone().acquire_owned().await.map(Permit).expect("the permit came back");
        assert_eq!(pool.run(permit, |_| Ok(7)).await, Ok(7));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_never_starts() {
        let pool = Arc::new(Pool::start(1, 1).expect("threads"));
        let (release, gate) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let (pool, permit) = (Arc::clone(&pool), pool.admit_call().expect("admitted"));
            async move { pool.run(permit, move |_| Ok(gate.recv().is_ok())).await }
        });
        until(&pool, |tally| tally.running == 1).await;
        let (started, has_started) = mpsc::channel();
        let second = tokio::spawn({
            let (pool, permit) = (Arc::clone(&pool), pool.admit_call().expect("admitted"));
            async move { pool.run(permit, move |_| Ok(started.send(()).is_ok())).await }
        });
        until(&pool, |tally| tally.waiting == 1).await;
        second.abort();
        assert!(second.await.is_err());
        release.send(()).expect("the first waits");
        assert_eq!(first.await.expect("joins"), Ok(true));
        let tally = until(&pool, |tally| tally.stopped == 1).await;
        assert_eq!((tally.waiting, tally.running, tally.finished), (0, 0, 1));
        assert!(has_started.try_recv().is_err());
    }

    #[tokio::test]
    async fn what_is_over_the_bound_is_refused_at_once() {
        let pool = Pool::start(1, 1).expect("threads");
        let held = (pool.admit_call(), pool.admit_call());
        assert!(matches!(pool.admit_call(), Err(Failure::Busy { .. })));
        drop(held);
        assert!(pool.admit_call().is_ok());
    }

    #[tokio::test]
    async fn a_panic_is_one_incident_and_the_thread_goes_on() {
        let pool = Pool::start(1, 4).expect("threads");
        let permit = pool.admit_call().expect("admitted");
        let failure = pool.run::<(), _>(permit, |_| panic!("内部文件")).await.expect_err("it panics");
        assert!(matches!(&failure, Failure::Bug { .. }));
        assert!(!format!("{failure:?}").contains("内部"));
        let permit = pool.admit_call().expect("admitted");
        assert_eq!(pool.run(permit, |_| Ok(1)).await, Ok(1));
        assert_eq!(pool.tally().borrow().panicked, 1);
    }
}
