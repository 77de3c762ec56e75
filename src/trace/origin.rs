//! Who a wording comes from: the sources that hold it compete, and the one that explains most of it wins.
//!
//! In: the fingerprints of a stretch, and for every document that may be its source the set of its hashes. Out: an
//! [`Attribution`], best source first. Sources compete as in passim's assignment of a best source to each passage
//! (Smith, Cordell & Mullen 2015). A source that is younger than the resolution does not compete. Of sources that
//! explain about the same, a reference goes before the directive, since what stands in both the directive had from it,
//! and the directive before an earlier resolution.

use rustc_hash::FxHashSet;

use super::finding::{Attribution, Candidate, Source};
use super::fingerprint::{Fingerprint, bits, within};
use crate::text::span::{Raw, Span};

/// Most candidates that are listed for a stretch.
pub const MAX_CANDIDATES: usize = 4;
/// Share of a stretch's bits by which one source must beat another to go before it.
const MARGIN: f64 = 0.1;
/// Share of a stretch's bits that a reference or an earlier resolution must explain to be a candidate.
pub const MIN_SHARE: f64 = 0.4;
/// Bits that a reference or an earlier resolution must explain to be a candidate.
pub const MIN_BITS: f64 = 10.0;

/// How much of a stretch a document explains, given which hashes it holds.
pub fn candidate(source: Source, stretch: &[Fingerprint], holds: impl Fn(u32) -> bool) -> Candidate {
    let total = bits(stretch.iter());
    let weight = bits(stretch.iter().filter(|fingerprint| holds(fingerprint.hash)));
    Candidate { source, weight, share: if total > 0.0 { weight / total } else { 0.0 } }
}

/// Bytes around a short passage that are looked at too: fifteen Han characters.
const CONTEXT_BYTES: u32 = 45;

/// The fingerprints of a passage; of one that tells too little by itself, with those around it, since whoever is the
/// source of a few words is the source of the words beside them.
pub fn telling_stretch(fingerprints: &[Fingerprint], span: Span<Raw>) -> &[Fingerprint] {
    let inside = within(fingerprints, span);
    if bits(inside.iter()) >= MIN_BITS {
        return inside;
    }
    within(fingerprints, Span::new(span.start().saturating_sub(CONTEXT_BYTES), span.end() + CONTEXT_BYTES))
}

/// References that explain enough of a stretch; `references` are those that are not younger than the resolution.
pub fn references(stretch: &[Fingerprint], references: &[(u32, &FxHashSet<u32>)]) -> Vec<Candidate> {
    references
        .iter()
        .map(|(index, hashes)| candidate(Source::Reference(*index), stretch, |hash| hashes.contains(&hash)))
        .filter(is_candidate)
        .collect()
}

/// Whether a source explains enough to be listed.
pub fn is_candidate(candidate: &Candidate) -> bool {
    candidate.share >= MIN_SHARE && candidate.weight >= MIN_BITS
}

/// Puts candidates in order: the one that explains most first, but of those within the margin of it the one that goes
/// before the others by its sort; then the rest by what they explain. `age` orders sources of one sort, oldest first.
pub fn rank<K: Ord>(mut candidates: Vec<Candidate>, age: impl Fn(Source) -> K) -> Attribution {
    let rank_of = |source: Source| match source {
        Source::Reference(_) => 0,
        Source::Directive => 1,
        Source::EarlierResolution(_) => 2,
        Source::Formula | Source::Undetermined => 3,
    };
    let order = |source: Source| (rank_of(source), age(source), source);
    candidates.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| order(a.source).cmp(&order(b.source))));
    if let Some(best) = candidates.first().map(|candidate| candidate.share) {
        let tied = candidates.iter().take_while(|candidate| candidate.share >= best - MARGIN).count();
        candidates[..tied].sort_by_key(|candidate| order(candidate.source));
    }
    candidates.truncate(MAX_CANDIDATES);
    Attribution { candidates }
}
