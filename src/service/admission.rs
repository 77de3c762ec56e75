//! Who may work, and where: a bounded pool of plain threads beside the async ones.
//!
//! In: closures that take a [`Cancel`]. Out: their results, as futures. Always:
//! - `workers` closures run at a time, and one small one more, so that big work does not hold up small work ([`queue`]);
//!   of each lane at most as many calls wait as [`Waiting`] says, and what is over the bound is refused at once;
//! - dropping the future sets the closure's [`Cancel`]; a closure that has not begun by then, or whose deadline has passed,
//!   never begins, and its place in the queue is free at once;
//! - a permit travels with the work and comes back when the work ends, not when the caller leaves;
//! - a panic ends one closure, never a thread.
//!
//! Streams do not use up the places of single calls: each waits for one of `workers` stream permits instead of being
//! refused. Never `spawn_blocking`: its threads are many and what runs there cannot be stopped.

mod forecast;
mod priority;
pub mod queue;
mod sync;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use self::forecast::Forecast;
use self::queue::{Bounds, Lane, Queue, Ticket};
use super::receive::Charge;
use super::status::Failure;
use super::telemetry::CallFacts;
use crate::text::cancel::Cancel;

type Job = Box<dyn FnOnce() + Send>;

/// Stack of a worker, in bytes.
const WORKER_STACK_BYTES: usize = 4 << 20;
/// Up to so many bytes of message a call is small: two documents of this size are compared in tens of milliseconds.
const SMALL_MESSAGE_BYTES: u64 = 32 << 10;
/// Shortest and longest time after which a refused caller is asked to come back.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));

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
    /// Refused, because too many were waiting.
    pub refused: u64,
}

/// How many calls of a lane may wait for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// So many.
    Places(usize),
    /// At most two for each thread, and only while the wait is forecast to be short ([`forecast`]).
    Short,
}

/// The right to put one closure into a pool; what the message took of the bytes in flight comes with it.
#[derive(Debug)]
pub struct Permit {
    place: Place,
    lane: Lane,
    deadline: Option<Instant>,
    charge: Option<Charge>,
}

#[derive(Debug)]
enum Place {
    Call(QueuePlace),
    Stream(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit),
}

/// A place in a lane, given back when dropped.
#[derive(Debug)]
struct QueuePlace {
    shared: Arc<Shared>,
    lane: Lane,
    has_begun: bool,
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        if !self.has_begun {
            self.shared.forecast().no_longer_waits(self.lane);
        }
        self.shared.queue.leave(self.lane);
    }
}

impl Permit {
    /// The permit for work that must not begin after `deadline`, and is given up when it passes.
    pub fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// The permit for work on a message that holds `charge` of the bytes in flight.
    pub fn with_charge(mut self, charge: Option<Charge>) -> Self {
        if let (Place::Stream(_), Some(charge)) = (&self.place, &charge) {
            self.lane = lane(charge.bytes());
        }
        self.charge = charge;
        self
    }
}

/// The lane of a message of so many bytes.
pub fn lane(message_bytes: u64) -> Lane {
    if message_bytes <= SMALL_MESSAGE_BYTES { Lane::Small } else { Lane::Large }
}

/// A bounded pool of threads. Dropping it lets running work end and drops what waits.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    streams: Arc<Semaphore>,
}

struct Shared {
    queue: Queue<Job>,
    /// Looked at before a place is given, unless the number of places is set.
    forecast: Mutex<Forecast>,
    waiting: Waiting,
    tally: watch::Sender<Tally>,
    /// Callers who were refused and not yet made up for by finished work: about as many will come back.
    expected_back: AtomicU64,
    /// Mean time that finished work took of a thread, in microseconds, the last ones weighing most.
    mean_work_us: AtomicU64,
    workers: u64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tally.borrow().fmt(f)
    }
}

impl Pool {
    /// Starts the threads for `workers` closures at a time, at least one.
    pub fn start(workers: usize, waiting: Waiting) -> io::Result<Self> {
        let workers = workers.max(1);
        let places = match waiting {
            Waiting::Places(places) => places,
            Waiting::Short => 2 * workers,
        };
        let shared = Arc::new(Shared {
            queue: Queue::new(Bounds { workers, waiting: places }),
            forecast: Mutex::default(),
            waiting,
            tally: watch::Sender::new(Tally::default()),
            expected_back: AtomicU64::new(0),
            mean_work_us: AtomicU64::new(10_000),
            workers: workers as u64,
        });
        // One thread more than workers, for the small closure that may always run.
        for index in 0..=workers {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("compare-{index}")).stack_size(WORKER_STACK_BYTES).spawn(
                move || {
                    priority::give_way();
                    shared.work();
                },
            )?;
        }
        Ok(Self { shared, streams: Arc::new(Semaphore::new(workers)) })
    }

    /// Notes that a call has come with a message of so many bytes. Fails as [`Pool::admit_call`] would, without taking a
    /// place.
    pub fn check_room(&self, message_bytes: u64) -> Result<(), Failure> {
        let lane = lane(message_bytes);
        self.shared.forecast().arrived(lane, Instant::now());
        if self.shared.queue.has_room(lane) && !self.shared.wait_is_long(lane) { Ok(()) } else { Err(self.refusal()) }
    }

    /// A permit for a single call with a message of so many bytes, or [`Failure::Busy`] at once.
    pub fn admit_call(&self, message_bytes: u64) -> Result<Permit, Failure> {
        let lane = lane(message_bytes);
        if self.shared.wait_is_long(lane) || !self.shared.queue.admit(lane) {
            return Err(self.refusal());
        }
        self.shared.forecast().admitted(lane);
        let tally = *self.shared.tally.borrow();
        if tally.waiting + tally.running == 0 {
            // Whoever was refused in the last rush has come back or never will.
            self.shared.expected_back.store(0, Ordering::Relaxed);
        }
        let place = Place::Call(QueuePlace { shared: Arc::clone(&self.shared), lane, has_begun: false });
        Ok(Permit { place, lane, deadline: None, charge: None })
    }

    /// A permit for one message of a stream, as soon as there is one.
    pub async fn admit_stream_message(&self) -> Result<Permit, Failure> {
        // The semaphore is never closed, so the error cannot come.
        let permit = Arc::clone(&self.streams).acquire_owned().await.map_err(|_| Failure::Starting)?;
        Ok(Permit { place: Place::Stream(permit), lane: Lane::Large, deadline: None, charge: None })
    }

    /// The answer to a caller for whom there is no room: come back when those refused before could have been served.
    pub fn refusal(&self) -> Failure {
        self.shared.tally.send_modify(|tally| tally.refused += 1);
        let shared = &self.shared;
        let ahead = shared.expected_back.fetch_add(1, Ordering::Relaxed);
        let delay_us = ahead.saturating_mul(shared.mean_work_us.load(Ordering::Relaxed)) / shared.workers;
        let delay = Duration::from_micros(delay_us).clamp(RETRY_AFTER.0, RETRY_AFTER.1);
        // Half to one and a half times, or those refused together would come back together.
        Failure::Busy { retry_after: delay.mul_f64(0.5 + fraction(ahead)) }
    }

    /// How many closures are or were in which state, to read or to wait on.
    pub fn tally(&self) -> watch::Receiver<Tally> {
        self.shared.tally.subscribe()
    }

    /// Runs `work` on a thread of the pool. Dropping the future stops it, and so does the permit's deadline.
    pub async fn run<T, W>(&self, permit: Permit, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: FnOnce(&Cancel) -> Result<T, Failure> + Send + 'static,
    {
        let work = CallFacts::timed(work);
        let cancel = Cancel::new();
        let (reply, answer) = oneshot::channel();
        let (lane, deadline) = (permit.lane, permit.deadline);
        let (shared, seen) = (Arc::clone(&self.shared), cancel.clone());
        self.shared.tally.send_modify(|tally| tally.waiting += 1);
        let job: Job = Box::new(move || {
            let result = shared.counted(&seen, permit, work);
            // The caller may have left, and then nobody wants the result.
            drop(reply.send(result));
        });
        // The job comes back only when the pool was closed, and then its sender is dropped with it.
        let ticket = self.shared.queue.push(lane, job).ok();
        let _stop_when_the_caller_leaves = StopOnDrop { shared: Arc::clone(&self.shared), cancel, ticket };
        let answered = async { answer.await.unwrap_or(Err(Failure::Starting)) };
        match deadline {
            None => answered.await,
            Some(deadline) => {
                tokio::time::timeout_at(deadline.into(), answered).await.unwrap_or(Err(Failure::DeadlineExceeded))
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.shared.queue.close());
    }
}

/// A number in 0..1 that looks like chance and needs none (the finaliser of SplitMix64).
fn fraction(number: u64) -> f64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

struct StopOnDrop {
    shared: Arc<Shared>,
    cancel: Cancel,
    ticket: Option<Ticket>,
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(never_begun) = self.ticket.and_then(|ticket| self.shared.queue.withdraw(ticket)) {
            // Its permit goes with it.
            drop(never_begun);
            self.shared.tally.send_modify(|tally| {
                tally.waiting -= 1;
                tally.stopped += 1;
            });
        }
    }
}

impl Shared {
    fn forecast(&self) -> MutexGuard<'_, Forecast> {
        // Every change of it is one step, so it is whole after any panic.
        self.forecast.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more call of `lane` would wait longer than it should.
    fn wait_is_long(&self, lane: Lane) -> bool {
        self.waiting == Waiting::Short && self.forecast().is_long(lane, Instant::now())
    }

    fn work(&self) {
        let mut ended = None;
        while let Some((lane, job)) = self.queue.take(ended) {
            // What panics in a closure is caught inside; this is for what panics while its result is dropped.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(job)) {
                std::mem::forget(payload);
            }
            ended = Some(lane);
        }
    }

    fn counted<T>(
        &self,
        cancel: &Cancel,
        mut permit: Permit,
        work: impl FnOnce(&Cancel) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.tally.send_modify(|tally| {
            tally.waiting -= 1;
            tally.running += 1;
        });
        let begun = Instant::now();
        {
            let mut forecast = self.forecast();
            forecast.begun(permit.lane, begun);
            if let Place::Call(place) = &mut permit.place {
                forecast.no_longer_waits(place.lane);
                place.has_begun = true;
            }
        }
        let (result, ran) = match cancel.check() {
            Err(cancelled) => (Err(cancelled.into()), false),
            // The timer that drops the future may be late; work that has expired does not begin all the same.
            Ok(()) if permit.deadline.is_some_and(|deadline| deadline <= begun) => {
                (Err(Failure::DeadlineExceeded), false)
            }
            Ok(()) => (catch(|| work(cancel)), true),
        };
        self.forecast().ended(permit.lane, begun);
        if ran && result.is_ok() {
            self.learn(permit.lane, begun.elapsed());
        }
        // Before anybody can see that the work has ended, its place is free.
        drop(permit);
        self.tally.send_modify(|tally| {
            tally.running -= 1;
            match &result {
                Err(Failure::Bug { .. }) => tally.panicked += 1,
                Err(Failure::CallerLeft) => tally.stopped += 1,
                _ if !ran => tally.stopped += 1,
                _ => tally.finished += 1,
            }
        });
        result
    }

    /// Notes what finished work took: it tells refused callers when to come back, and how long others would wait.
    fn learn(&self, lane: Lane, took: Duration) {
        self.forecast().learn(lane, took);
        let took_us = took.as_micros().min(60_000_000) as u64;
        let update = |mean: u64| Some(mean - mean / 8 + took_us / 8);
        // Neither closure gives `None`, so neither update can fail.
        self.mean_work_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update).ok();
        let fewer = |count: u64| Some(count.saturating_sub(1));
        self.expected_back.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).ok();
    }
}

/// Runs `work`; a panic is an incident with a name. What the panic says is not read: it may quote a document.
pub(super) fn catch<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(incident(payload)))
}

/// Names and logs an incident.
pub(super) fn incident(payload: Box<dyn std::any::Any + Send>) -> Failure {
    // Its drop may panic too.
    std::mem::forget(payload);
    static INCIDENTS: AtomicU64 = AtomicU64::new(1);
    let incident = format!("{}-{}", std::process::id(), INCIDENTS.fetch_add(1, Ordering::Relaxed));
    tracing::error!(incident, "work panicked; the panic event before this one names the place");
    Failure::Bug { incident }
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
        let pool = Arc::new(Pool::start(1, Waiting::Places(0)).expect("threads"));
        let permit = pool.admit_call(0).expect("an empty pool admits");
        let task = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(permit, spin).await }
        });
        until(&pool, |tally| tally.running == 1).await;
        task.abort();
        assert_eq!(until(&pool, |tally| tally.running == 0).await.stopped, 1);
        let permit = pool.admit_call(0).expect("the permit came back");
        assert_eq!(pool.run(permit, |_| Ok(7)).await, Ok(7));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_never_starts() {
        let pool = Arc::new(Pool::start(1, Waiting::Places(1)).expect("threads"));
        let (release, gate) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let (pool, permit) = (Arc::clone(&pool), pool.admit_call(0).expect("admitted"));
            async move { pool.run(permit, move |_| Ok(gate.recv().is_ok())).await }
        });
        until(&pool, |tally| tally.running == 1).await;
        let (started, has_started) = mpsc::channel();
        let second = tokio::spawn({
            let (pool, permit) = (Arc::clone(&pool), pool.admit_call(0).expect("admitted"));
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

    /// Work that waits for its gate to open.
    fn gated(pool: &Arc<Pool>, bytes: u64) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<bool, Failure>>) {
        let (release, gate) = mpsc::channel::<()>();
        let (pool, permit) = (Arc::clone(pool), pool.admit_call(bytes).expect("admitted"));
        let work = async move { pool.run(permit, move |_| Ok(gate.recv().is_ok())).await };
        (release, tokio::spawn(work))
    }

    const LARGE: u64 = SMALL_MESSAGE_BYTES + 1;

    #[tokio::test]
    async fn small_work_runs_beside_large_work_and_large_work_has_its_turn() {
        let pool = Arc::new(Pool::start(1, Waiting::Places(4)).expect("threads"));
        let (_large, first) = gated(&pool, LARGE);
        until(&pool, |tally| tally.running == 1).await;
        for _ in 0..20 {
            let permit = pool.admit_call(0).expect("the small lane is its own");
            assert_eq!(pool.run(permit, |_| Ok(1)).await, Ok(1), "while the only worker is busy");
        }
        // A second large one waits, a third is beside a small one: whoever waits is served in turns.
        let (_second, second) = gated(&pool, LARGE);
        let (_small, small) = gated(&pool, 0);
        until(&pool, |tally| tally.running == 2 && tally.waiting == 1).await;
        first.abort();
        drop(_large);
        drop(_small);
        assert_eq!(small.await.expect("joins"), Ok(false));
        until(&pool, |tally| tally.waiting == 0 && tally.running == 1).await;
        drop(_second);
        assert_eq!(second.await.expect("joins"), Ok(false));
    }

    #[tokio::test]
    async fn work_whose_deadline_has_passed_never_begins() {
        let pool = Pool::start(1, Waiting::Places(1)).expect("threads");
        let permit = pool.admit_call(0).expect("admitted").until(Some(Instant::now()));
        let (began, has_begun) = mpsc::channel();
        let result = pool.run(permit, move |_| Ok(began.send(()).is_ok())).await;
        assert_eq!(result, Err(Failure::DeadlineExceeded));
        until(&pool, |tally| tally.stopped == 1).await;
        assert!(has_begun.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_caller_who_leaves_the_queue_makes_room_at_once() {
        let pool = Arc::new(Pool::start(1, Waiting::Places(1)).expect("threads"));
        let (_busy, _first) = gated(&pool, 0);
        until(&pool, |tally| tally.running == 1).await;
        let (_, second) = gated(&pool, 0);
        until(&pool, |tally| tally.waiting == 1).await;
        assert!(pool.admit_call(0).is_err(), "the queue is full");
        second.abort();
        assert_eq!(until(&pool, |tally| tally.waiting == 0).await.stopped, 1);
        assert!(pool.admit_call(0).is_ok(), "though the worker is still busy");
    }

    #[tokio::test]
    async fn a_panic_while_a_result_is_dropped_ends_no_thread() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("内部文件");
            }
        }
        let pool = Arc::new(Pool::start(1, Waiting::Places(4)).expect("threads"));
        let (release, gate) = mpsc::channel::<()>();
        let task = tokio::spawn({
            let (pool, permit) = (Arc::clone(&pool), pool.admit_call(0).expect("admitted"));
            let work = move |_: &Cancel| {
                gate.recv().ok();
                Ok(Bomb)
            };
            async move { pool.run(permit, work).await.map(std::mem::forget) }
        });
        until(&pool, |tally| tally.running == 1).await;
        task.abort();
        assert!(task.await.is_err());
        drop(release);
        until(&pool, |tally| tally.running == 0).await;
        for _ in 0..3 {
            let permit = pool.admit_call(0).expect("the permit came back");
            assert_eq!(pool.run(permit, |_| Ok(1)).await, Ok(1));
        }
    }

    #[test]
    fn refused_callers_come_back_apart_and_later_the_more_they_are() {
        let pool = Pool::start(1, Waiting::Places(0)).expect("threads");
        let delays: Vec<Duration> = (0..2000)
            .map(|_| match pool.refusal() {
                Failure::Busy { retry_after } => retry_after,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(delays[..5].iter().all(|delay| *delay < Duration::from_millis(100)), "{:?}", &delays[..5]);
        assert!(delays.iter().all(|delay| *delay <= Duration::from_secs(15)));
        let (first, second): (f64, f64) =
            (delays[1000..1001].iter().map(Duration::as_secs_f64).sum(), delays[1001].as_secs_f64());
        assert!((first - second).abs() > 0.001, "neighbours are apart: {first} {second}");
        let mean = |range: std::ops::Range<usize>| delays[range].iter().map(Duration::as_secs_f64).sum::<f64>() / 100.0;
        // The first thousand would take ten seconds at the ten milliseconds that work is taken to need.
        assert!(mean(450..550) > 3.0 && mean(450..550) < 7.0, "{}", mean(450..550));
    }

    #[tokio::test]
    async fn what_is_over_the_bound_is_refused_at_once() {
        let pool = Pool::start(1, Waiting::Places(1)).expect("threads");
        let held = (pool.admit_call(0), pool.admit_call(0));
        assert!(matches!(pool.admit_call(0), Err(Failure::Busy { .. })));
        drop(held);
        assert!(pool.admit_call(0).is_ok());
    }

    #[tokio::test]
    async fn a_call_that_would_wait_long_is_refused_though_there_is_a_place() {
        let pool = Arc::new(Pool::start(1, Waiting::Short).expect("threads"));
        // Such work is taken to need seconds from now on.
        for _ in 0..100 {
            pool.shared.learn(Lane::Small, Duration::from_secs(5));
        }
        let (release, first) = gated(&pool, 0);
        until(&pool, |tally| tally.running == 1).await;
        let (_, second) = gated(&pool, 0);
        until(&pool, |tally| tally.waiting == 1).await;
        assert!(pool.check_room(0).is_err() && pool.admit_call(0).is_err(), "the first has only just begun");
        second.abort();
        until(&pool, |tally| tally.waiting == 0).await;
        let third = pool.admit_call(0).expect("one may always wait");
        assert!(pool.admit_call(0).is_err());
        drop(third);
        drop(release);
        assert_eq!(first.await.expect("joins"), Ok(false));
    }

    #[tokio::test]
    async fn a_panic_is_one_incident_and_the_thread_goes_on() {
        let pool = Pool::start(1, Waiting::Places(4)).expect("threads");
        let permit = pool.admit_call(0).expect("admitted");
        let failure = pool.run::<(), _>(permit, |_| panic!("内部文件")).await.expect_err("it panics");
        assert!(matches!(&failure, Failure::Bug { .. }));
        assert!(!format!("{failure:?}").contains("内部"));
        let permit = pool.admit_call(0).expect("admitted");
        assert_eq!(pool.run(permit, |_| Ok(1)).await, Ok(1));
        assert_eq!(pool.tally().borrow().panicked, 1);
    }
}
