//! The queue before the pool under every interleaving of its threads, up to a bound on preemptions (loom).
//!
//! The source file of the queue is compiled here once more, with loom's locks in the place of the standard ones.

#[path = "../src/service/admission/queue.rs"]
#[allow(dead_code, unreachable_pub)]
mod queue;

mod sync {
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
}

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::sync::{Arc, Condvar, Mutex};
use queue::{Bounds, Lane, Queue};

/// Explores all interleavings with at most `preemptions`.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Runs jobs as the threads of the pool do, until the queue is closed, and gives the sum of their numbers.
fn work(queue: &Queue<u32>, run: impl Fn(Lane)) -> u32 {
    let (mut ended, mut sum) = (None, 0);
    while let Some((lane, job)) = queue.take(ended) {
        run(lane);
        queue.leave(lane);
        sum += job;
        ended = Some(lane);
    }
    sum
}

/// Closes the queue once so many jobs have been run.
struct ClosedAfter {
    run: AtomicUsize,
    jobs: usize,
}

impl ClosedAfter {
    fn jobs(jobs: usize) -> Self {
        Self { run: AtomicUsize::new(0), jobs }
    }

    fn one_more(&self, queue: &Queue<u32>) {
        if self.run.fetch_add(1, Relaxed) + 1 == self.jobs {
            queue.close();
        }
    }
}

#[test]
fn a_job_is_run_or_withdrawn_and_never_both() {
    static RUN: AtomicUsize = AtomicUsize::new(0);
    static WITHDRAWN: AtomicUsize = AtomicUsize::new(0);
    explore(3, || {
        let queue = Arc::new(Queue::new(Bounds { workers: 1, waiting: 1 }));
        assert!(queue.admit(Lane::Small));
        let ticket = queue.push(Lane::Small, 7).expect("open");
        let worker = loom::thread::spawn({
            let queue = Arc::clone(&queue);
            move || work(&queue, |_| {})
        });
        let withdrawn = queue.withdraw(ticket);
        if withdrawn.is_some() {
            queue.leave(Lane::Small);
        }
        // The worker waits for ever unless the queue ends.
        queue.close();
        let run = worker.join().expect("no panic");
        assert_eq!((run, withdrawn), if withdrawn.is_none() { (7, None) } else { (0, Some(7)) });
        RUN.fetch_add(usize::from(run > 0), Relaxed);
        WITHDRAWN.fetch_add(usize::from(withdrawn.is_some()), Relaxed);
        assert!(queue.admit(Lane::Small) && queue.admit(Lane::Small) && !queue.admit(Lane::Small), "no place leaked");
    });
    assert!(RUN.load(Relaxed) > 0 && WITHDRAWN.load(Relaxed) > 0, "both ways were tried");
}

#[test]
fn no_wake_up_is_lost_between_two_lanes_and_two_threads() {
    explore(3, || {
        let queue = Arc::new(Queue::new(Bounds { workers: 1, waiting: 1 }));
        let end = Arc::new(ClosedAfter::jobs(2));
        // The large job runs until the small one has, so the small one must run beside it or before it.
        let small_has_run = Arc::new((Mutex::new(false), Condvar::new()));
        let threads = [0, 1].map(|_| {
            let (queue, end, small) = (Arc::clone(&queue), Arc::clone(&end), Arc::clone(&small_has_run));
            let run = move |queue: &Queue<u32>, lane| {
                let (has_run, said) = &*small;
                let mut has_run = has_run.lock().expect("no panic");
                if lane == Lane::Small {
                    *has_run = true;
                    said.notify_one();
                }
                while !*has_run {
                    has_run = said.wait(has_run).expect("no panic");
                }
                drop(has_run);
                end.one_more(queue);
            };
            loom::thread::spawn(move || work(&queue, |lane| run(&queue, lane)))
        });
        for (lane, job) in [(Lane::Large, 1), (Lane::Small, 2)] {
            assert!(queue.admit(lane));
            assert!(queue.push(lane, job).is_ok());
        }
        // A lost wake-up would be a deadlock here, which loom reports.
        let done: u32 = threads.into_iter().map(|thread| thread.join().expect("no panic")).sum();
        assert_eq!(done, 3);
    });
}

#[test]
fn no_more_run_than_may() {
    explore(2, || {
        let queue = Arc::new(Queue::new(Bounds { workers: 1, waiting: 2 }));
        let end = Arc::new(ClosedAfter::jobs(2));
        let running = Arc::new(AtomicUsize::new(0));
        for job in [1, 2] {
            assert!(queue.admit(Lane::Large));
            assert!(queue.push(Lane::Large, job).is_ok());
        }
        let threads = [0, 1].map(|_| {
            let (queue, end, running) = (Arc::clone(&queue), Arc::clone(&end), Arc::clone(&running));
            let run = move |queue: &Queue<u32>| {
                assert_eq!(running.fetch_add(1, Relaxed), 0, "one large job at a time");
                loom::thread::yield_now();
                running.fetch_sub(1, Relaxed);
                end.one_more(queue);
            };
            loom::thread::spawn(move || work(&queue, |_| run(&queue)))
        });
        let done: u32 = threads.into_iter().map(|thread| thread.join().expect("no panic")).sum();
        assert_eq!(done, 3);
    });
}

#[test]
fn the_end_wakes_everybody_and_gives_back_what_waits() {
    explore(3, || {
        let queue = Arc::new(Queue::new(Bounds { workers: 1, waiting: 1 }));
        let worker = loom::thread::spawn({
            let queue = Arc::clone(&queue);
            move || work(&queue, |_| {})
        });
        assert!(queue.admit(Lane::Large));
        let pushed = queue.push(Lane::Large, 5).is_ok();
        let returned = queue.close();
        let run = worker.join().expect("no panic");
        assert!(pushed);
        assert_eq!(usize::from(run > 0) + returned.len(), 1);
        assert_eq!(queue.push(Lane::Large, 6), Err(6));
    });
}
