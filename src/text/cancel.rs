//! How a caller stops work that nobody waits for any more, and how work counts its steps.
//!
//! The core reads no clock. A caller hands in a [`Cancel`] and may set it from another thread; every loop worse than
//! linear polls it. A [`StepBudget`] bounds such loops by counted steps, so that the same input gives the same
//! answer on any machine and under any load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The caller stopped the work. The only way in which a comparison can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work was cancelled by its caller")]
pub struct Cancelled;

/// A flag that a caller may set to stop the work.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop at its next poll.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Fails once the flag is set. Cheap enough to be polled every few thousand steps.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.0.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }
}

/// Polls a flag once in [`Polls::EVERY`] steps, so that a loop over cheap steps can count each of them.
#[derive(Debug)]
pub struct Polls<'a> {
    cancel: &'a Cancel,
    left: u32,
}

impl<'a> Polls<'a> {
    /// Steps of some nanoseconds between two polls: far below a millisecond.
    pub const EVERY: u32 = 1 << 14;

    /// Polls that look at a flag.
    pub fn new(cancel: &'a Cancel) -> Self {
        Self { cancel, left: Self::EVERY }
    }

    /// Counts one step.
    #[inline]
    pub fn step(&mut self) -> Result<(), Cancelled> {
        self.steps(1)
    }

    /// Counts several steps.
    #[inline]
    pub fn steps(&mut self, steps: u32) -> Result<(), Cancelled> {
        if self.left > steps {
            self.left -= steps;
            return Ok(());
        }
        self.left = Self::EVERY;
        self.cancel.check()
    }

    /// Counts so many steps for each of so many items.
    #[inline]
    pub fn steps_each(&mut self, items: u64, steps: u32) -> Result<(), Cancelled> {
        let all = items.saturating_mul(u64::from(steps));
        self.steps(u32::try_from(all).unwrap_or(u32::MAX))
    }

    /// How many items stand before the first one that `is` what is looked for; all of them if none is. Counts a step an item.
    #[inline]
    pub fn before<T>(&mut self, items: &[T], is: impl Fn(&T) -> bool) -> Result<usize, Cancelled> {
        let mut before = 0;
        for chunk in items.chunks(Self::EVERY as usize) {
            let found = chunk.iter().position(&is);
            before += found.unwrap_or(chunk.len());
            self.steps(found.unwrap_or(chunk.len()) as u32 + 1)?;
            if found.is_some() {
                break;
            }
        }
        Ok(before)
    }
}

/// Items up to which they are sorted without a look at the flag: a fraction of a millisecond.
const SORTED_AT_ONCE: usize = 1 << 13;
/// Steps that an item of such a sort counts, because it is compared a dozen times.
const SORT_STEPS: u32 = 8;

/// Sorts by a key, equal ones in whatever order, and looks at the flag between parts: a hundred thousand items take
/// milliseconds. Costs about a quarter more than a sort that cannot be stopped.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: &impl Fn(&T) -> K, polls: &mut Polls<'_>) -> Result<(), Cancelled> {
    if items.len() <= SORTED_AT_ONCE {
        polls.steps_each(items.len() as u64, SORT_STEPS)?;
        items.sort_unstable_by_key(key);
        return Ok(());
    }
    polls.steps(items.len().min(u32::MAX as usize) as u32)?;
    let (smaller, _, larger) = items.select_nth_unstable_by_key(items.len() / 2, key);
    sort_by_key(smaller, key, polls)?;
    sort_by_key(larger, key, polls)
}

/// A number of steps that a stage may take before it must settle for a coarser answer.
#[derive(Clone, Copy, Debug)]
pub struct StepBudget {
    left: u64,
}

impl StepBudget {
    /// A budget of so many steps.
    pub fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// Takes `steps` from the budget; false, and nothing is left, when there were fewer.
    #[must_use]
    pub fn take(&mut self, steps: u64) -> bool {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                false
            }
        }
    }

    /// Steps that are left.
    pub fn left(&self) -> u64 {
        self.left
    }
}
