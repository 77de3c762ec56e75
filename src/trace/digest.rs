//! What the summary keeps of a resolution: fingerprints and fates, no text.
//!
//! A resolution of ten thousand characters leaves some fifty kilobytes; [`Digest::bytes`] says how many.

use super::chronology::Chronology;
use super::finding::{Attribution, Coverage, ReverseDirection};
use super::fingerprint::Fingerprint;
use super::summary::Stretch;
use crate::compare::comparison::{OriginKind, Score};
use crate::text::span::{Raw, Span};

/// What the summary keeps of a resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// Index of the resolution in the order of sending.
    pub resolution: u32,
    /// How directive and resolution stand in time.
    pub chronology: Chronology,
    /// How much echo it holds.
    pub score: Score,
    /// What the directive may have taken from it.
    pub reverse: Option<ReverseDirection>,
    /// What became of the directive's items.
    pub items: Vec<Coverage>,
    /// What became of the directive's paragraphs.
    pub paragraphs: Vec<Coverage>,
    /// Telling fingerprints of the whole resolution, in text order.
    pub fingerprints: Vec<Fingerprint>,
    /// Its passages and additions, in text order of each sort.
    pub stretches: Vec<StretchDigest>,
    /// Phrases of the directive that came back.
    pub phrases: Vec<PhraseDigest>,
}

/// A passage or an addition.
#[derive(Clone, Debug, PartialEq)]
pub struct StretchDigest {
    /// Which.
    pub stretch: Stretch,
    /// Where it stands in the resolution.
    pub span: Span<Raw>,
    /// How much it tells, in bits.
    pub weight: f64,
    /// Its sources before earlier resolutions compete.
    pub attribution: Attribution,
}

/// A phrase of the directive that came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhraseDigest {
    /// Where it stands first in the directive.
    pub left: Span<Raw>,
    /// Where its wording comes from.
    pub origin: OriginKind,
    /// How much it tells, in bits.
    pub weight: f32,
}

impl Digest {
    /// Every stretch of the resolution that a summary may name.
    pub fn places(&self) -> impl Iterator<Item = Span<Raw>> + '_ {
        let dating = self.chronology.resolution;
        let dates = [dating.date, dating.amended].into_iter().flatten().filter_map(|known| known.inferred_from);
        let bound = dating.not_before.map(|bound| bound.inferred_from);
        let stretches = self.stretches.iter().map(|stretch| stretch.span);
        self.fingerprints.iter().map(|fingerprint| fingerprint.span).chain(stretches).chain(dates).chain(bound)
    }

    /// The same without room to grow: it is kept until the summary, hundreds of them side by side.
    #[must_use]
    pub fn shrunk(mut self) -> Self {
        self.items.shrink_to_fit();
        self.paragraphs.shrink_to_fit();
        self.fingerprints.shrink_to_fit();
        self.stretches.iter_mut().for_each(|stretch| stretch.attribution.candidates.shrink_to_fit());
        self.stretches.shrink_to_fit();
        self.phrases.shrink_to_fit();
        self
    }

    /// Memory it holds, in bytes.
    pub fn bytes(&self) -> usize {
        let candidates: usize = self.stretches.iter().map(|stretch| stretch.attribution.candidates.len()).sum();
        size_of::<Self>()
            + size_of_val(&self.items[..])
            + size_of_val(&self.paragraphs[..])
            + size_of_val(&self.fingerprints[..])
            + size_of_val(&self.stretches[..])
            + size_of_val(&self.phrases[..])
            + candidates * size_of::<super::finding::Candidate>()
    }
}
