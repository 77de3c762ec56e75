//! How many calls a caller may make: a bucket that fills at a steady rate and from which every call takes one.
//!
//! Always: over any time, at most the bucket's size and the rate times that time. The bucket is full at first.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A rate of calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    /// Calls a minute, over a long time.
    pub(super) calls_per_minute: u32,
    /// Calls at once, after a rest.
    pub(super) burst: u32,
}

impl Rate {
    fn time_of_one_call(self) -> Duration {
        Duration::from_secs(60) / self.calls_per_minute.max(1)
    }
}

/// A bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// When the bucket will be full again; until `burst` calls' time before it, calls may be taken. One number is enough
    /// (the generic cell rate algorithm).
    full_at: Mutex<Instant>,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, full_at: Mutex::new(now) }
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes one call, or says how long to wait for it.
    pub(super) fn take(&self, now: Instant) -> Result<(), Duration> {
        let one = self.rate.time_of_one_call();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let then = (*full_at).max(now) + one;
        let most = now + one * self.rate.burst.max(1);
        if then > most {
            return Err(then - most);
        }
        *full_at = then;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_the_rate_holds() {
        let begun = Instant::now();
        let bucket = Bucket::new(Rate { calls_per_minute: 60, burst: 3 }, begun);
        let at = |ms| begun + Duration::from_millis(ms);
        assert_eq!([(); 3].map(|()| bucket.take(at(0))), [Ok(()); 3]);
        assert_eq!(bucket.take(at(0)), Err(Duration::from_secs(1)));
        assert_eq!(bucket.take(at(400)), Err(Duration::from_millis(600)));
        assert_eq!(bucket.take(at(1000)), Ok(()));
        assert_eq!(bucket.take(at(1000)), Err(Duration::from_secs(1)));
        let taken = (1001..61_001).filter(|ms| bucket.take(at(*ms)).is_ok()).count();
        assert_eq!(taken, 60, "a minute gives a minute's calls");
        assert_eq!([(); 4].map(|()| bucket.take(at(200_000)).is_ok()), [true, true, true, false]);
    }
}
