//! Fingerprints: what tells that two documents share wording without keeping either.
//!
//! In: a document's units (see [`crate::compare::matching`]), in which 全省 and 全市 are equal. Out: a [`Reading`] of its
//! units in bits, and [`Fingerprint`]s: hashes of runs of [`SHINGLE_UNITS`] units inside a sentence, thinned by winnowing
//! (Schleimer, Wilkerson & Aiken 2003): of every [`WINDOW`] neighbouring runs the one with the least hash is kept, so that
//! any shared run of `SHINGLE_UNITS + WINDOW - 1` units is found while two fifths are kept. Runs that tell nothing
//! (formula) are left out.
//! Always: equal runs have equal hashes on every machine. Cost: linear.

use rustc_hash::FxHashSet;

use crate::compare::background::Background;
use crate::compare::formula::Formulas;
use crate::compare::matching::Units;
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled};
use crate::text::span::{Normalized, Raw, Span};

/// Units of a run.
pub const SHINGLE_UNITS: usize = 5;
/// Neighbouring runs of which one is kept.
pub const WINDOW: usize = 4;
/// Bits below which a run is formula and no fingerprint.
const MIN_BITS: f32 = 2.0;

/// A run of units in one document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fingerprint {
    /// Hash of the units.
    pub hash: u32,
    /// Where the run stands.
    pub span: Span<Raw>,
    /// Bits that the run tells.
    pub weight: f32,
    /// Whether the directive or a reference holds it too.
    pub upstream: bool,
}

/// A document's units with what they tell.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The units.
    pub units: Units,
    /// Where each unit stands.
    pub spans: Vec<Span<Raw>>,
    /// Bits of each unit.
    pub bits: Vec<f32>,
    /// Sentence of each unit.
    sentences: Vec<u32>,
}

impl Reading {
    /// Weighs every unit of a document by the background; stock phrases, places and levels tell nothing.
    pub fn new(
        analysis: &Analysis,
        units: Units,
        background: &Background,
        formulas: &Formulas,
        cancel: &Cancel,
    ) -> Result<Self, Cancelled> {
        let characters = analysis.text.characters();
        let mut weights = vec![0.0f32; characters.len()];
        let mut run = Vec::new();
        for piece in &units.pieces {
            let span: Span<Normalized> = units.span(piece.units.clone());
            background.information_bits(analysis.text.slice(span), &mut run);
            weights[span.range()].copy_from_slice(&run);
        }
        for (weight, marked) in weights.iter_mut().zip(formulas.marks(characters, cancel)?) {
            if marked {
                *weight = 0.0;
            }
        }
        let all = 0..units.count();
        let bits = all.clone().map(|unit| {
            let shape = units.shapes[unit];
            let inside = units.starts[unit] as usize..units.end(unit) as usize;
            if shape.is_place() || shape.is_level() { 0.0 } else { weights[inside].iter().sum() }
        });
        let bits = bits.collect();
        let spans = all.map(|unit| analysis.text.to_raw(Span::new(units.starts[unit], units.end(unit)))).collect();
        let sentences = units.pieces.iter().flat_map(|piece| piece.units.clone().map(|_| piece.sentence)).collect();
        Ok(Self { units, spans, bits, sentences })
    }

    /// The units that lie in a raw span.
    pub fn inside(&self, span: Span<Raw>) -> std::ops::Range<usize> {
        let first = self.spans.partition_point(|unit| unit.start() < span.start());
        let last = self.spans.partition_point(|unit| unit.end() <= span.end());
        first..last.max(first)
    }

    /// Every run of units inside a sentence: its first unit and its hash.
    pub fn shingles(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let windows = self.units.numbers.windows(SHINGLE_UNITS).enumerate();
        windows
            .filter(|(at, _)| self.sentences[*at] == self.sentences[*at + SHINGLE_UNITS - 1])
            .map(|(at, units)| (at, hash(units)))
    }

    /// The hashes of all runs.
    pub fn hashes(&self) -> FxHashSet<u32> {
        self.shingles().map(|(_, hash)| hash).collect()
    }

    /// The fingerprints, in text order. `upstream` says which hashes directive or references hold.
    pub fn fingerprints(&self, upstream: impl Fn(u32) -> bool) -> Vec<Fingerprint> {
        let shingles: Vec<(usize, u32)> = self.shingles().collect();
        let mut kept: Vec<usize> = Vec::new();
        for sentence in shingles.chunk_by(|a, b| self.sentences[a.0] == self.sentences[b.0]) {
            for window in sentence.windows(WINDOW.min(sentence.len())) {
                if let Some(least) = window.iter().min_by_key(|(at, hash)| (*hash, *at)) {
                    kept.push(least.0);
                }
            }
        }
        kept.dedup();
        let fingerprint = |at: usize| {
            let units = at..at + SHINGLE_UNITS;
            let weight = self.bits[units.clone()].iter().sum();
            let hash = hash(&self.units.numbers[units]);
            let span = self.spans[at].cover(self.spans[at + SHINGLE_UNITS - 1]);
            Fingerprint { hash, span, weight, upstream: upstream(hash) }
        };
        kept.into_iter().map(fingerprint).filter(|fingerprint| fingerprint.weight >= MIN_BITS).collect()
    }
}

/// A hash that is the same on every machine (the finaliser of splitmix64 after each unit).
fn hash(units: &[u32]) -> u32 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for unit in units {
        state = (state ^ u64::from(*unit)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    (state >> 32) as u32
}

/// Bits of fingerprints that are in text order; what two of them overlap counts once.
pub fn bits<'f>(fingerprints: impl Iterator<Item = &'f Fingerprint>) -> f64 {
    let mut end = 0;
    let mut sum = 0.0;
    for fingerprint in fingerprints {
        sum += new_bits(fingerprint, end);
        end = end.max(fingerprint.span.end());
    }
    sum
}

/// Bits of the part of a fingerprint that lies behind `end`.
pub fn new_bits(fingerprint: &Fingerprint, end: u32) -> f64 {
    let new = fingerprint.span.end().saturating_sub(fingerprint.span.start().max(end));
    f64::from(fingerprint.weight) * f64::from(new) / f64::from(fingerprint.span.len().max(1))
}

/// The fingerprints that lie in a raw span, of a list in text order.
pub fn within(fingerprints: &[Fingerprint], span: Span<Raw>) -> &[Fingerprint] {
    let first = fingerprints.partition_point(|fingerprint| fingerprint.span.start() < span.start());
    let last = fingerprints.partition_point(|fingerprint| fingerprint.span.end() <= span.end());
    &fingerprints[first..last.max(first)]
}
