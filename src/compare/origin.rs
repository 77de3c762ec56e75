//! Where a shared wording comes from.
//!
//! In: common runs of the two documents, the background, the request's references. Out: an [`Origin`] with its evidence.
//! A wording that a reference holds is the reference's even if it is common; else what is common is formula; else, if
//! hardly anybody else says it, it is the left document's; else the evidence does not decide.
//! Cost: each reference is read once into a set of hashed runs of [`SHINGLE`] units; a lookup a unit.

use rustc_hash::{FxHashSet, FxHasher};
use std::hash::Hasher;

use super::background::Background;
use super::comparison::{Origin, OriginKind};
use super::matching::Units;
use crate::text::document::PartialDate;

/// Units of a run that is looked up in the references.
const SHINGLE: usize = 5;
/// Share of a wording that a reference must hold to be its source.
const MIN_REFERENCE_SHARE: f32 = 0.7;
/// Background documents that may hold a wording that is still the left document's own.
const MAX_OWN_DOCUMENTS: u32 = 1;

/// One reference, as it is looked up.
#[derive(Clone, Debug)]
pub struct Reference {
    shingles: FxHashSet<u64>,
    date: Option<PartialDate>,
}

impl Reference {
    /// Reads a reference from its units.
    pub fn new(units: &Units, date: Option<PartialDate>) -> Self {
        Self { shingles: units.numbers.windows(SHINGLE).map(shingle).collect(), date }
    }

    /// Share of the shingles of some runs that the reference holds; none of runs that are all shorter than one.
    fn share(&self, runs: &[&[u32]]) -> Option<f32> {
        let shingles: Vec<u64> = runs.iter().flat_map(|run| run.windows(SHINGLE)).map(shingle).collect();
        let held = shingles.iter().filter(|shingle| self.shingles.contains(shingle)).count();
        (!shingles.is_empty()).then(|| held as f32 / shingles.len() as f32)
    }
}

/// A hash that is the same on every machine.
fn shingle(units: &[u32]) -> u64 {
    let mut hasher = FxHasher::default();
    units.iter().for_each(|unit| hasher.write_u32(*unit));
    hasher.finish()
}

/// Whether a wording is common enough to be formula, as whoever weighed it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commonness {
    /// Everybody says it.
    Common,
    /// It tells something.
    Telling,
}

/// Decides the origin of a wording: its runs in units, and its characters for the background.
pub fn origin(
    background: &Background,
    references: &[Reference],
    runs: &[&[u32]],
    characters: &[&[char]],
    commonness: Commonness,
    left_date: Option<PartialDate>,
) -> Origin {
    let background_documents = characters.iter().filter(|run| run.len() >= 4).map(|run| background.documents(run)).min();
    let background_documents = background_documents.unwrap_or(0);
    let holds = |reference: &Reference| reference.share(runs).is_some_and(|share| share >= MIN_REFERENCE_SHARE);
    let held: Vec<usize> = (0..references.len()).filter(|index| holds(&references[*index])).collect();
    // The reference that holds most of it; of equals the earliest, then the first.
    let best = held.iter().copied().max_by(|a, b| {
        let share = |index: &usize| references[*index].share(runs).unwrap_or(0.0);
        let late = |index: &usize| references[*index].date.map_or((1, None), |date| (0, Some(date)));
        share(a).total_cmp(&share(b)).then_with(|| late(b).cmp(&late(a))).then_with(|| b.cmp(a))
    });
    let earliest = held.iter().filter_map(|index| references[*index].date).chain(left_date).min();
    let kind = match (best, commonness) {
        (Some(_), _) => OriginKind::Reference,
        (None, Commonness::Common) => OriginKind::Formula,
        (None, Commonness::Telling) if background_documents <= MAX_OWN_DOCUMENTS => OriginKind::Left,
        (None, Commonness::Telling) => OriginKind::Undetermined,
    };
    Origin { kind, reference: best.map(|index| index as u32), background_documents, earliest }
}
