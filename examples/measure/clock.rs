//! Processor time of this thread.

use rustix::time::{ClockId, clock_gettime};

/// A time in microseconds.
pub(crate) type Microseconds = u64;

/// How long this thread has run on a processor, so that other work on the machine disturbs little.
pub(crate) fn now() -> Microseconds {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}
