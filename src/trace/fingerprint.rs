//! Fingerprints: what tells that two documents share wording without keeping either.
//!
//! In: a document's units (see `compare::matching`), in which 全省 and 全市 are equal. Out: [`Fingerprint`]s, hashes of
//! runs of [`SHINGLE_UNITS`] units, thinned by winnowing (Schleimer, Wilkerson & Aiken 2003): of every [`WINDOW`]
//! neighbouring runs the one with the least hash is kept, so that any shared run of `SHINGLE_UNITS + WINDOW - 1` units
//! is found, while two fifths are kept. Runs that tell nothing (formula) are left out.
//! Always: equal runs have equal hashes on every machine. Cost: linear.

use crate::text::span::{Raw, Span};

/// Units of a run.
pub const SHINGLE_UNITS: usize = 5;
/// Neighbouring runs of which one is kept.
pub const WINDOW: usize = 4;

/// A run of units in one document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fingerprint {
    /// Hash of the units.
    pub hash: u32,
    /// Where the run stands.
    pub span: Span<Raw>,
    /// Bits that the run tells.
    pub weight: f32,
}
