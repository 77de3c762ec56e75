//! How long one more call would wait, from what runs and waits and how long such work has taken lately.
//!
//! In: when calls are admitted, begin and end. Out: whether one more would wait too long. Always: as many calls as there
//! are threads may wait whatever is forecast, so a forecast that is wrong refuses nobody whom a short queue would not; what
//! has run for longer than is usual counts as about to end. Cost: a step for each job that runs.
//!
//! Why: with two waiting for a thread, the second waits for two whole jobs and is answered three times as late as on an idle
//! server; with one, the thread is idle after one job in seven at twice the load. Admitting the second only when the job at
//! hand is half done keeps the thread busy (97 % at twice the load, by simulation) and the wait at one job and a half.

use std::time::{Duration, Instant};

use super::queue::Lane;

/// The longest wait that is accepted, in hundredths of the time that work of its lane takes.
const LONGEST_WAIT_PERCENT: u32 = 150;
/// What work is taken to need before any has ended.
const FIRST_GUESS: Duration = Duration::from_millis(10);

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
}

impl Default for LaneForecast {
    fn default() -> Self {
        Self { waiting: 0, begun: Vec::new(), mean: FIRST_GUESS }
    }
}

impl Forecast {
    fn lane(&mut self, lane: Lane) -> &mut LaneForecast {
        match lane {
            Lane::Small => &mut self.small,
            Lane::Large => &mut self.large,
        }
    }

    /// Whether one more call of `lane` would wait too long at `now`, with so many threads.
    pub(super) fn is_long(&mut self, lane: Lane, workers: u32, now: Instant) -> bool {
        let lane = self.lane(lane);
        if lane.waiting < workers {
            return false;
        }
        let left: Duration = lane.begun.iter().map(|begun| lane.mean.saturating_sub(now - *begun)).sum();
        let threads = u32::try_from(lane.begun.len()).unwrap_or(u32::MAX).max(1);
        (left + lane.mean * lane.waiting) / threads > lane.mean * LONGEST_WAIT_PERCENT / 100
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

    /// With one thread and work of 100 ms: who is let in, at milliseconds after the first began?
    #[test]
    fn a_second_call_waits_only_when_the_first_is_half_done() {
        let mut forecast = Forecast::default();
        for _ in 0..100 {
            forecast.learn(Lane::Small, Duration::from_millis(100));
        }
        let began = Instant::now();
        let is_long = |forecast: &mut Forecast, ms| forecast.is_long(Lane::Small, 1, began + Duration::from_millis(ms));
        assert!(!is_long(&mut forecast, 0), "nobody waits");
        forecast.begun(Lane::Small, began);
        assert!(!is_long(&mut forecast, 0), "one may always wait");
        forecast.admitted(Lane::Small);
        assert!([0, 20, 40].into_iter().all(|ms| is_long(&mut forecast, ms)));
        assert!([60, 100, 1000].into_iter().all(|ms| !is_long(&mut forecast, ms)));
        forecast.admitted(Lane::Small);
        assert!([0, 60, 1000].into_iter().all(|ms| is_long(&mut forecast, ms)), "two jobs are over one and a half");
        forecast.no_longer_waits(Lane::Small);
        forecast.no_longer_waits(Lane::Small);
        forecast.ended(Lane::Small, began);
        assert!(!is_long(&mut forecast, 0));
        assert!(!forecast.is_long(Lane::Large, 1, began), "the other lane has its own");
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
            let fits = !forecast.is_long(Lane::Large, 4, now);
            forecast.admitted(Lane::Large);
            fits
        });
        assert_eq!(admitted.count(), 5, "(4 × 5 + 10 × waiting) / 4 ≤ 15 ms");
    }
}
