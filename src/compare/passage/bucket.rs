//! Stretches by where they lie, so that those that hold a place or touch a stretch are found without looking at all.
//!
//! In: stretches with a number each. Out: the numbers that lie in a bucket of [`BUCKET_CHARACTERS`], in the order in which
//! they were added. Whoever asks still compares the stretches themselves. Cost: a number for each bucket of a stretch.

use crate::text::span::{Normalized, Span};

/// Characters of one bucket: about a clause or two, so that a passage lies in few.
const BUCKET_CHARACTERS: u32 = 64;

/// Numbers of stretches, by bucket.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    numbers: Vec<Vec<u32>>,
}

impl Buckets {
    /// Buckets for stretches that end at or before `end`.
    pub(super) fn new(end: u32) -> Self {
        Self { numbers: vec![Vec::new(); (end / BUCKET_CHARACTERS) as usize + 1] }
    }

    /// The buckets that a stretch lies in.
    fn touched(&self, span: Span<Normalized>) -> std::ops::Range<usize> {
        let bucket = |at: u32| ((at / BUCKET_CHARACTERS) as usize).min(self.numbers.len() - 1);
        bucket(span.start())..bucket(span.end().saturating_sub(1).max(span.start())) + 1
    }

    /// Adds a stretch.
    pub(super) fn add(&mut self, span: Span<Normalized>, number: u32) {
        let touched = self.touched(span);
        self.numbers[touched].iter_mut().for_each(|bucket| bucket.push(number));
    }

    /// How many buckets a stretch lies in.
    pub(super) fn count(&self, span: Span<Normalized>) -> u64 {
        self.touched(span).len() as u64
    }

    /// The stretches that lie in the bucket of a place.
    pub(super) fn at(&self, place: u32) -> &[u32] {
        let at = Span::new(place, place + 1);
        &self.numbers[self.touched(at).start]
    }

    /// The stretches that lie in a bucket of a stretch; one that lies in several comes several times.
    pub(super) fn near(&self, span: Span<Normalized>) -> impl Iterator<Item = u32> + '_ {
        self.numbers[self.touched(span)].iter().flatten().copied()
    }
}
