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

use loom::sync::Arc;
use queue::{Bounds, Lane, Queue};

/// Explores all interleavings with at most `preemptions`.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Takes one job, runs it, and says so.
fn work_one(queue: &Queue<u32>) -> Option<u32> {
    let (lane, job) = queue.take()?;
    queue.done(lane);
    queue.leave(lane);
    Some(job)
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
            move || work_one(&queue)
        });
        let withdrawn = queue.withdraw(ticket);
        if withdrawn.is_some() {
            queue.leave(Lane::Small);
            // The worker waits for ever unless the queue ends.
            queue.close();
        }
        let run = worker.join().expect("no panic");
        assert_eq!(run.or(withdrawn), Some(7));
        assert!(run.is_none() || withdrawn.is_none());
        RUN.fetch_add(usize::from(run.is_some()), Relaxed);
        WITHDRAWN.fetch_add(usize::from(withdrawn.is_some()), Relaxed);
        assert!(queue.admit(Lane::Small) && queue.admit(Lane::Small) && !queue.admit(Lane::Small), "no place leaked");
    });
    assert!(RUN.load(Relaxed) > 0 && WITHDRAWN.load(Relaxed) > 0, "both ways were tried");
}

#[test]
fn no_wake_up_is_lost_between_two_lanes_and_two_threads() {
    explore(3, || {
        let queue = Arc::new(Queue::new(Bounds { workers: 1, waiting: 1 }));
        let threads = [0, 1].map(|_| {
            let queue = Arc::clone(&queue);
            loom::thread::spawn(move || work_one(&queue).expect("the queue is open"))
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
        let running = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        for (lane, job) in [(Lane::Large, 1), (Lane::Large, 2)] {
            assert!(queue.admit(lane));
            assert!(queue.push(lane, job).is_ok());
        }
        let threads = [0, 1].map(|_| {
            let (queue, running) = (Arc::clone(&queue), Arc::clone(&running));
            loom::thread::spawn(move || {
                let (lane, _) = queue.take().expect("open");
                let count = &running[usize::from(lane == Lane::Large)];
                assert_eq!(count.fetch_add(1, Relaxed), 0, "one large job at a time");
                loom::thread::yield_now();
                count.fetch_sub(1, Relaxed);
                queue.done(lane);
            })
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
    });
}

#[test]
fn the_end_wakes_everybody_and_gives_back_what_waits() {
    explore(3, || {
        let queue = Arc::new(Queue::new(Bounds { workers: 1, waiting: 1 }));
        let worker = loom::thread::spawn({
            let queue = Arc::clone(&queue);
            move || work_one(&queue)
        });
        assert!(queue.admit(Lane::Large));
        let pushed = queue.push(Lane::Large, 5).is_ok();
        let returned = queue.close();
        let run = worker.join().expect("no panic");
        assert!(pushed);
        assert_eq!(usize::from(run.is_some()) + returned.len(), 1);
        assert_eq!(queue.push(Lane::Large, 6), Err(6));
    });
}
