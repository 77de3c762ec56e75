//! How long one more call would wait, from what runs and waits and how long such work has taken lately, and how long it may:
//! no longer than it takes for some others to come.
//!
//! In: when calls come, are admitted, begin and end. Out: whether one more would wait too long. Always: when all that runs
//! should have ended and nobody waits, nobody would wait long, so a forecast that is wrong stops nothing for longer than the
//! work at hand lasts. Cost: a step for each job that runs.
//!
//! Why: whoever waits while many come is late for nothing, since the thread would not have stood still without them. So a
//! call is refused when about eight others will have come before a thread is free: then none comes one time in three
//! thousand. By simulation of work that takes 1 ± 0.15, at ten times the load, a thread that works 99.9 % of the time answers
//! 99 in 100 calls within 2.4 (with a queue that is always full: 3.0); at five times 99.9 % and 2.8. At twice the load others
//! come too seldom for that, and [`LONGEST_WAIT_PERCENT`] decides: 150 gives 97 % and 2.9, 130 gives 96 % and 2.7, 100 gives
//! 94 % and 2.4.

use std::time::{Duration, Instant};

use super::queue::Lane;

/// The longest wait that is accepted, in hundredths of the time that work of its lane takes.
const LONGEST_WAIT_PERCENT: u32 = 130;
/// Nobody waits for longer than it takes so many other calls to come.
const LONGEST_WAIT_ARRIVALS: u32 = 8;
/// What work is taken to need before any has ended.
const FIRST_GUESS: Duration = Duration::from_millis(10);
/// The longest time between two calls that is told from a longer one.
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// Both lanes.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    small: LaneForecast,
    large: LaneForecast,
}

#[derive(Debug)]
struct LaneForecast {
    /// Calls that were admitted and have not begun.
    waiting: u32,
    /// When the jobs that run began.
    begun: Vec<Instant>,
    /// Mean time that finished work took of a thread, the last ones weighing most.
    mean: Duration,
    /// When the last call came, admitted or not.
    last_arrival: Option<Instant>,
    /// Mean time between two calls that came, the last ones weighing most.
    gap: Duration,
}

impl Default for LaneForecast {
    fn default() -> Self {
        Self { waiting: 0, begun: Vec::new(), mean: FIRST_GUESS, last_arrival: None, gap: LONGEST_GAP }
    }
}

impl Forecast {
    fn lane(&mut self, lane: Lane) -> &mut LaneForecast {
        match lane {
            Lane::Small => &mut self.small,
            Lane::Large => &mut self.large,
        }
    }

    /// A call has come, whatever becomes of it.
    pub(super) fn arrived(&mut self, lane: Lane, now: Instant) {
        let lane = self.lane(lane);
        let gap = lane.last_arrival.map_or(LONGEST_GAP, |last| now.saturating_duration_since(last).min(LONGEST_GAP));
        lane.last_arrival = Some(now);
        lane.gap = lane.gap - lane.gap / 16 + gap / 16;
    }

    /// Whether one more call of `lane` would wait too long at `now`.
    pub(super) fn is_long(&mut self, lane: Lane, now: Instant) -> bool {
        let lane = self.lane(lane);
        let left: Duration = lane.begun.iter().map(|begun| lane.mean.saturating_sub(now - *begun)).sum();
        let threads = u32::try_from(lane.begun.len()).unwrap_or(u32::MAX).max(1);
        let wait = (left + lane.mean * lane.waiting) / threads;
        wait > (lane.mean * LONGEST_WAIT_PERCENT / 100).min(lane.gap * LONGEST_WAIT_ARRIVALS)
    }

    /// A call was admitted.
    pub(super) fn admitted(&mut self, lane: Lane) {
        self.lane(lane).waiting += 1;
    }

    /// An admitted call has begun, or has left.
    pub(super) fn no_longer_waits(&mut self, lane: Lane) {
        self.lane(lane).waiting -= 1;
    }

    /// Work has begun.
    pub(super) fn begun(&mut self, lane: Lane, now: Instant) {
        self.lane(lane).begun.push(now);
    }

    /// Work that began at `begun` has ended.
    pub(super) fn ended(&mut self, lane: Lane, begun: Instant) {
        let begun_then = &mut self.lane(lane).begun;
        if let Some(place) = begun_then.iter().position(|then| *then == begun) {
            begun_then.swap_remove(place);
        }
    }

    /// Work has ended with a result, after `took`.
    pub(super) fn learn(&mut self, lane: Lane, took: Duration) {
        let mean = &mut self.lane(lane).mean;
        *mean = *mean - *mean / 8 + took / 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A forecast of work that takes 100 ms.
    fn of_100_ms() -> Forecast {
        let mut forecast = Forecast::default();
        for _ in 0..100 {
            forecast.learn(Lane::Small, Duration::from_millis(100));
        }
        forecast
    }

    /// With one thread: who is let in, at milliseconds after the first began?
    #[test]
    fn a_second_call_waits_only_when_the_first_is_nearly_done() {
        let mut forecast = of_100_ms();
        let began = Instant::now();
        let is_long = |forecast: &mut Forecast, ms| forecast.is_long(Lane::Small, began + Duration::from_millis(ms));
        assert!(!is_long(&mut forecast, 0), "nobody waits");
        forecast.begun(Lane::Small, began);
        assert!(!is_long(&mut forecast, 0), "one may wait");
        forecast.admitted(Lane::Small);
        assert!([0, 30, 65].into_iter().all(|ms| is_long(&mut forecast, ms)));
        assert!([75, 100, 1000].into_iter().all(|ms| !is_long(&mut forecast, ms)));
        forecast.admitted(Lane::Small);
        assert!([0, 75, 1000].into_iter().all(|ms| is_long(&mut forecast, ms)), "two jobs are over the longest wait");
        forecast.no_longer_waits(Lane::Small);
        forecast.no_longer_waits(Lane::Small);
        forecast.ended(Lane::Small, began);
        assert!(!is_long(&mut forecast, 0));
        assert!(!forecast.is_long(Lane::Large, began), "the other lane has its own");
    }

    #[test]
    fn nobody_waits_for_long_while_many_come() {
        let mut forecast = of_100_ms();
        let began = Instant::now();
        for arrival in 1..=100 {
            forecast.arrived(Lane::Small, began + Duration::from_millis(5) * arrival);
        }
        let began = began + Duration::from_secs(1);
        forecast.begun(Lane::Small, began);
        let is_long = |forecast: &mut Forecast, ms| forecast.is_long(Lane::Small, began + Duration::from_millis(ms));
        assert!([0, 20].into_iter().all(|ms| is_long(&mut forecast, ms)), "eight others will come before it is done");
        assert!([60, 100, 1000].into_iter().all(|ms| !is_long(&mut forecast, ms)));
        for arrival in 1..=100 {
            forecast.arrived(Lane::Small, began + Duration::from_millis(50) * arrival);
        }
        assert!(!is_long(&mut forecast, 0), "fewer come");
    }

    #[test]
    fn more_threads_let_more_wait() {
        let mut forecast = Forecast::default();
        let now = Instant::now();
        let half_done = now.checked_sub(FIRST_GUESS / 2).expect("a moment ago");
        for _ in 0..4 {
            forecast.begun(Lane::Large, half_done);
        }
        let admitted = (0..8).take_while(|_| {
            let fits = !forecast.is_long(Lane::Large, now);
            forecast.admitted(Lane::Large);
            fits
        });
        assert_eq!(admitted.count(), 4, "(4 × 5 + 10 × waiting) / 4 ≤ 13 ms");
    }
}
