//! Positions: half-open ranges that know which text they count in.
//!
//! Every text is kept twice, as it was sent ([`Raw`]) and normalised ([`Normalized`]); a position in the one means
//! nothing in the other, so the two are different types. Only `text::normalize::offset_map` turns one into the other.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// Coordinate space of the text as it was sent, counted in UTF-8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Raw {}

/// Coordinate space of the normalised text, counted in characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Normalized {}

/// A half-open range `start..end` in coordinate space `S`. Invariant: `start <= end`.
pub struct Span<S> {
    start: u32,
    end: u32,
    space: PhantomData<S>,
}

impl<S> Span<S> {
    /// The range `start..end`. A reversed range is read as the empty range at `start`, so that no span is ever invalid.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end: end.max(start), space: PhantomData }
    }

    /// The range over indexes of a slice. Documents are bounded to less than 4 GiB when they are made, so indexes fit.
    pub fn from_range(range: Range<usize>) -> Self {
        Self::new(range.start as u32, range.end as u32)
    }

    /// First position inside.
    pub fn start(self) -> u32 {
        self.start
    }

    /// First position after the end.
    pub fn end(self) -> u32 {
        self.end
    }

    /// Number of positions inside.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether nothing is inside.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same range as indexes of a slice.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether `position` lies inside.
    pub fn contains_position(self, position: u32) -> bool {
        self.start <= position && position < self.end
    }

    /// The positions that both hold; empty when they do not touch.
    pub fn intersection(self, other: Self) -> Self {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// Whether both hold at least one position in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start.max(other.start) < self.end.min(other.end)
    }

    /// The smallest range that holds both.
    pub fn cover(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

impl<S> Clone for Span<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Span<S> {}
impl<S> PartialEq for Span<S> {
    fn eq(&self, other: &Self) -> bool {
        (self.start, self.end) == (other.start, other.end)
    }
}
impl<S> Eq for Span<S> {}
impl<S> PartialOrd for Span<S> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<S> Ord for Span<S> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.start, self.end).cmp(&(other.start, other.end))
    }
}
impl<S> std::hash::Hash for Span<S> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.start, self.end).hash(state);
    }
}
impl<S> fmt::Debug for Span<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// One of the two documents of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The document on the left: the directive, where one is traced in the other.
    Left,
    /// The document on the right: the resolution.
    Right,
}

impl Side {
    /// Both sides, left first.
    pub const BOTH: [Side; 2] = [Side::Left, Side::Right];
}

/// One value for each document of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pair<T> {
    /// The value of the left document.
    pub left: T,
    /// The value of the right document.
    pub right: T,
}

impl<T> Pair<T> {
    /// A pair from its two values.
    pub fn new(left: T, right: T) -> Self {
        Self { left, right }
    }

    /// The value of one side.
    pub fn get(&self, side: Side) -> &T {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// The value of one side, to change.
    pub fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }

    /// Applies a function to both values.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Pair<U> {
        Pair { left: f(self.left), right: f(self.right) }
    }

    /// Borrows both values.
    pub fn as_ref(&self) -> Pair<&T> {
        Pair { left: &self.left, right: &self.right }
    }

    /// Left becomes right and right becomes left.
    pub fn swap(self) -> Self {
        Pair { left: self.right, right: self.left }
    }
}
