//! When a document is from: its metadata's word, else what its own text says.

use crate::text::document::PartialDate;
use crate::text::span::{Raw, Span};

/// What a date is the date of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateRole {
    /// Adopted or held: 通过, 召开, or the dateline of a report (讯).
    Adopted,
    /// In force: 施行.
    InForce,
    /// Amended: 修正, 修订.
    Amended,
}

/// A date, with how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDate {
    /// The date.
    pub date: PartialDate,
    /// What it is the date of.
    pub role: DateRole,
    /// The words it was read from; `None` when the metadata says it.
    pub inferred_from: Option<Span<Raw>>,
}
