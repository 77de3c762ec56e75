//! The queue before the pool: who gets in, who is next, who may run beside whom.
//!
//! In: jobs, each in a lane. Out: jobs, one at a time, to the threads that ask. Always, with `workers` and `waiting` as
//! bounds and all of it under one lock:
//! - a lane holds at most `workers + waiting` places, counted from [`Queue::admit`] to [`Queue::leave`];
//! - at most `workers` jobs run, and one small job more while no small job runs, so that a job of seconds never holds up a
//!   job of milliseconds;
//! - when both lanes wait for the same thread they take turns, so that neither starves;
//! - a job is handed out once, or withdrawn once, never both; after [`Queue::close`] none is handed out.
//!
//! Locks and condition variables come from the parent module, so that `tests/admission_model.rs` can put loom's in their
//! place and try all interleavings. Nothing here knows of time, sockets or gRPC.

use std::collections::VecDeque;
use std::sync::PoisonError;

use super::sync::{Condvar, Mutex, MutexGuard};

/// How much work a job is, as far as can be told before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Milliseconds.
    Small,
    /// Perhaps seconds.
    Large,
}

impl Lane {
    fn other(self) -> Self {
        match self {
            Self::Small => Self::Large,
            Self::Large => Self::Small,
        }
    }
}

/// Bounds of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Jobs that run at a time, beside the one small job that may always run.
    pub workers: usize,
    /// Places of a lane beyond those that run.
    pub waiting: usize,
}

/// Names a job that was pushed, to withdraw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    lane: Lane,
    number: u64,
}

/// A bounded queue of two lanes. Jobs never run under its lock, nor are they dropped under it.
#[derive(Debug)]
pub struct Queue<J> {
    state: Mutex<State<J>>,
    wake: Condvar,
    bounds: Bounds,
}

#[derive(Debug)]
struct State<J> {
    small: LaneState<J>,
    large: LaneState<J>,
    /// The lane whose turn it is when both wait.
    turn: Lane,
    next_number: u64,
    closed: bool,
}

#[derive(Debug)]
struct LaneState<J> {
    /// Places that were given out and not given back.
    held: usize,
    running: usize,
    waiting: VecDeque<(u64, J)>,
}

impl<J> State<J> {
    fn lane(&mut self, lane: Lane) -> &mut LaneState<J> {
        match lane {
            Lane::Small => &mut self.small,
            Lane::Large => &mut self.large,
        }
    }

    /// The lane whose first job may begin now.
    fn next(&self, bounds: Bounds) -> Option<Lane> {
        let a_thread_is_free = self.small.running + self.large.running < bounds.workers;
        let small_may = !self.small.waiting.is_empty() && (a_thread_is_free || self.small.running == 0);
        let large_may = !self.large.waiting.is_empty() && a_thread_is_free;
        match (small_may, large_may) {
            (true, true) => Some(self.turn),
            (true, false) => Some(Lane::Small),
            (false, true) => Some(Lane::Large),
            (false, false) => None,
        }
    }
}

impl<J> Queue<J> {
    /// An empty queue. `bounds.workers` is at least one.
    pub fn new(bounds: Bounds) -> Self {
        let lane = || LaneState { held: 0, running: 0, waiting: VecDeque::new() };
        let (small, large) = (lane(), lane());
        let state = State { small, large, turn: Lane::Small, next_number: 0, closed: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), bounds }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        // No code of a caller runs under the lock, so the state is whole after any panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether [`Queue::admit`] would give a place now.
    pub fn has_room(&self, lane: Lane) -> bool {
        self.lock().lane(lane).held < self.bounds.workers + self.bounds.waiting
    }

    /// Takes a place in a lane; false when all are taken. Each place must be given back by [`Queue::leave`].
    #[must_use]
    pub fn admit(&self, lane: Lane) -> bool {
        let mut state = self.lock();
        let lane = state.lane(lane);
        let free = lane.held < self.bounds.workers + self.bounds.waiting;
        lane.held += usize::from(free);
        free
    }

    /// Gives a place back.
    pub fn leave(&self, lane: Lane) {
        self.lock().lane(lane).held -= 1;
    }

    /// Puts a job at the end of its lane; after the end of the queue the job comes back.
    pub fn push(&self, lane: Lane, job: J) -> Result<Ticket, J> {
        let mut state = self.lock();
        if state.closed {
            return Err(job);
        }
        let number = state.next_number;
        state.next_number += 1;
        state.lane(lane).waiting.push_back((number, job));
        let may_begin = state.next(self.bounds).is_some();
        drop(state);
        // Behind jobs that run it waits for the end of one of them, and whoever ends that takes the next.
        if may_begin {
            self.wake.notify_one();
        }
        Ok(Ticket { lane, number })
    }

    /// Takes back a job that has not begun.
    pub fn withdraw(&self, ticket: Ticket) -> Option<J> {
        let mut state = self.lock();
        let waiting = &mut state.lane(ticket.lane).waiting;
        let place = waiting.iter().position(|(number, _)| *number == ticket.number)?;
        waiting.remove(place).map(|(_, job)| job)
    }

    /// Says that a job of the lane `ended` has, if the thread has run one, and waits for a job that may begin, which then
    /// counts as running until the thread asks again. `None` once the queue is closed.
    ///
    /// Both in one step: a thread that has just run a job takes the next without a wake-up of another thread, which would
    /// come to a queue where nothing may begin any more, or take the job away from a processor that is warm.
    pub fn take(&self, ended: Option<Lane>) -> Option<(Lane, J)> {
        let mut state = self.lock();
        if let Some(lane) = ended {
            state.lane(lane).running -= 1;
        }
        loop {
            if state.closed {
                return None;
            }
            let next = state.next(self.bounds);
            if let Some(lane) = next
                && let Some((_, job)) = state.lane(lane).waiting.pop_front()
            {
                state.lane(lane).running += 1;
                state.turn = lane.other();
                // The end of one job can make room for two: the wake-up that brought us here was one.
                let another_may_begin = state.next(self.bounds).is_some();
                drop(state);
                if another_may_begin {
                    self.wake.notify_one();
                }
                return Some((lane, job));
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the queue and gives back the jobs that wait.
    pub fn close(&self) -> Vec<J> {
        let mut state = self.lock();
        state.closed = true;
        let small = std::mem::take(&mut state.small.waiting);
        let large = std::mem::take(&mut state.large.waiting);
        drop(state);
        self.wake.notify_all();
        small.into_iter().chain(large).map(|(_, job)| job).collect()
    }
}
