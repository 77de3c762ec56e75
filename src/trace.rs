//! One directive, many resolutions: what each took up, changed, left out or added, and whom it had it from.
//!
//! In: a directive, references, and resolutions one at a time. Out: a [`finding::Finding`] for each resolution, from it
//! and the directive alone, so that findings may be made in any order and on any thread; and, from the digests of all
//! findings, one [`summary::Summary`]. A digest holds fingerprints and fates and no text: some tens of kilobytes.

pub mod addition;
pub mod change;
pub mod chronology;
pub mod coverage;
pub mod declared;
pub mod digest;
pub mod finding;
pub mod fingerprint;
mod kinship;
pub mod origin;
pub mod outcome;
pub mod summary;
pub mod tracer;
