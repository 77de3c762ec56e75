//! What needs all resolutions: the matrix, what resolutions have from each other, phrases.
//!
//! In: the matrix's rows and the digests. Out: a [`Summary`]. The digests are sorted first, so their order is nothing.
//! Earlier resolutions compete for every stretch; wording that k resolutions share and nobody above them has tells of
//! each pair 1/(k-1). Runs are put together from fingerprints that stand together in both.
//! Cost: fingerprints times [`MAX_HOLDERS`], and [`MAX_PAIRS`] pairs; the bounds keep what everybody shares from costing
//! the square.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::chronology::Order;
use super::digest::Digest;
use super::finding::{Coverage, Source};
use super::fingerprint::{Fingerprint, new_bits, within};
use super::origin;
use super::summary::*;
use super::tracer::Row;
use crate::compare::comparison::{Fate, OriginKind, StageEnd};
use crate::text::cancel::{Cancel, Cancelled};

/// Resolutions that are looked at for one fingerprint: the oldest. Wording that more share comes from none of them.
const MAX_HOLDERS: usize = 64;
/// Bits of a run that two resolutions share for it to tell that they are akin.
const MIN_RUN_BITS: f64 = 14.0;
/// Bytes between two fingerprints of one run: common words in between leave none, some twenty Han characters at most.
const MAX_GAP_BYTES: u32 = 60;
/// Pairs of resolutions that are looked at closely: those that can share most. A pair costs some hundredths of a
/// millisecond.
const MAX_PAIRS: usize = 20_000;
/// Runs shown of a pair.
const MAX_EXAMPLES: usize = 3;
/// Phrases in a summary.
const MAX_PHRASES: usize = 300;

/// Puts the summary together.
pub(super) fn summary(rows: Vec<Row>, digests: Vec<&Digest>, cancel: &Cancel) -> Result<Summary, Cancelled> {
    let mut sorted = digests;
    sorted.sort_by_key(|digest| digest.resolution);
    let holders = holders(&sorted);
    let mut resolutions: Vec<TracedResolution> = Vec::with_capacity(sorted.len());
    for digest in &sorted {
        cancel.check()?;
        resolutions.push(traced(digest, &sorted, &holders));
    }
    let rows: Vec<MatrixRow> = rows.into_iter().map(|row| matrix_row(row, &sorted)).collect();
    let (shared_beyond, completeness) = shared_beyond(&sorted, &holders, cancel)?;
    Ok(Summary {
        silence: silence(&rows, &sorted),
        kinship_order: kinship_order(&sorted, &shared_beyond),
        phrases: phrases(&sorted),
        sources: total(resolutions.iter().flat_map(|resolution| &resolution.sources)),
        resolutions,
        rows,
        shared_beyond,
        completeness,
    })
}

/// For every hash the positions, in the sorted digests, of the resolutions that hold it, oldest first.
fn holders(sorted: &[&Digest]) -> FxHashMap<u32, Vec<u32>> {
    let mut by_age: Vec<usize> = (0..sorted.len()).collect();
    by_age.sort_by_key(|at| {
        let date = sorted[*at].chronology.resolution.date.map(|known| known.date);
        (date.is_none(), date, *at)
    });
    let mut holders: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for at in by_age {
        for fingerprint in &sorted[at].fingerprints {
            let list = holders.entry(fingerprint.hash).or_default();
            if list.last() != Some(&(at as u32)) && list.len() <= MAX_HOLDERS {
                list.push(at as u32);
            }
        }
    }
    holders
}

/// Lets earlier resolutions compete for the stretches of one resolution.
fn traced(digest: &Digest, sorted: &[&Digest], holders: &FxHashMap<u32, Vec<u32>>) -> TracedResolution {
    let dating = digest.chronology.resolution;
    let older = |at: u32| sorted[at as usize].chronology.resolution.is_before(&dating);
    let mut changed = Vec::new();
    let mut counts: Vec<SourceCount> = Vec::new();
    for stretch in &digest.stretches {
        let fingerprints = within(&digest.fingerprints, stretch.span);
        let mut attribution = stretch.attribution.clone();
        if attribution.source() != Some(Source::Formula) {
            let rivals: BTreeSet<u32> = fingerprints
                .iter()
                .filter_map(|fingerprint| holders.get(&fingerprint.hash))
                .flatten()
                .copied()
                .filter(|at| older(*at))
                .collect();
            let mut candidates = attribution.candidates.clone();
            candidates.retain(|candidate| candidate.source != Source::Undetermined);
            let upstream = candidates.len();
            candidates.extend(rivals.into_iter().filter_map(|at| {
                let source = Source::EarlierResolution(sorted[at as usize].resolution);
                let holds = |hash: u32| holders.get(&hash).is_some_and(|list| list.contains(&at));
                let candidate = origin::candidate(source, fingerprints, holds);
                origin::is_candidate(&candidate).then_some(candidate)
            }));
            if candidates.len() > upstream {
                attribution = origin::rank(candidates, |source| match source {
                    Source::EarlierResolution(index) => {
                        let at = sorted.partition_point(|other| other.resolution < index);
                        sorted.get(at).and_then(|other| other.chronology.resolution.date).map(|known| known.date)
                    }
                    _ => None,
                });
            }
        }
        let (source, weight) = (attribution.source(), stretch.weight);
        counts.push(SourceCount { source, stretches: 1, weight });
        if attribution != stretch.attribution {
            changed.push(ChangedAttribution { stretch: stretch.stretch, span: stretch.span, attribution });
        }
    }
    TracedResolution {
        resolution: digest.resolution,
        chronology: digest.chronology,
        score: digest.score,
        reverse: digest.reverse,
        changed,
        sources: total(counts.iter()),
    }
}

fn total<'c>(counts: impl Iterator<Item = &'c SourceCount>) -> Vec<SourceCount> {
    let mut sums: BTreeMap<Option<Source>, (u32, f64)> = BTreeMap::new();
    for count in counts {
        let sum = sums.entry(count.source).or_default();
        sum.0 += count.stretches;
        sum.1 += count.weight;
    }
    sums.into_iter().map(|(source, (stretches, weight))| SourceCount { source, stretches, weight }).collect()
}

fn matrix_row(row: Row, sorted: &[&Digest]) -> MatrixRow {
    let Row { kind, span, label, depth, weight } = row;
    let nothing = Coverage { fate: Fate::Silent, share: 0.0, strongest_passage: None };
    let cell = |digest: &&Digest| {
        let coverage = match kind {
            RowKind::Item(at) => digest.items.get(at as usize),
            RowKind::Paragraph(at) => digest.paragraphs.get(at as usize),
        };
        let Coverage { fate, share, strongest_passage } = coverage.copied().unwrap_or(nothing);
        Cell { fate, share, strongest_passage }
    };
    MatrixRow { kind, span, label, depth, weight, cells: sorted.iter().map(cell).collect() }
}

/// Rows that nobody who could have taken them up took up, most specific first.
fn silence(rows: &[MatrixRow], sorted: &[&Digest]) -> Vec<u32> {
    let asked: Vec<usize> = (0..sorted.len()).filter(|at| sorted[*at].chronology.order != Order::Preceding).collect();
    let silent = |row: &MatrixRow| !asked.is_empty() && asked.iter().all(|at| row.cells[*at].fate == Fate::Silent);
    let mut found: Vec<u32> = Vec::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| silent(row)) {
        if !found.iter().any(|outer| rows[*outer as usize].span.contains(row.span)) {
            found.push(at as u32);
        }
    }
    found.sort_by(|a, b| rows[*b as usize].weight.total_cmp(&rows[*a as usize].weight).then(a.cmp(b)));
    found
}

/// Pairs of resolutions that share wording which nobody above them holds.
fn shared_beyond(
    sorted: &[&Digest],
    holders: &FxHashMap<u32, Vec<u32>>,
    cancel: &Cancel,
) -> Result<(Vec<SharedBeyond>, StageEnd), Cancelled> {
    // What each pair can share at most, so that only pairs that may matter are looked at closely.
    let mut pairs: Vec<(f32, u32, u32)> = Vec::new();
    let mut bounds = vec![0.0f32; sorted.len()];
    for (at, digest) in sorted.iter().enumerate() {
        cancel.check()?;
        bounds.fill(0.0);
        for fingerprint in digest.fingerprints.iter().filter(|fingerprint| !fingerprint.upstream) {
            let list = holders.get(&fingerprint.hash).map_or(&[][..], Vec::as_slice);
            if list.len() <= MAX_HOLDERS {
                list.iter()
                    .filter(|other| **other > at as u32)
                    .for_each(|other| bounds[*other as usize] += fingerprint.weight);
            }
        }
        let told = bounds.iter().enumerate().filter(|(_, bits)| f64::from(**bits) >= MIN_RUN_BITS);
        pairs.extend(told.map(|(other, bits)| (*bits, at as u32, other as u32)));
    }
    let mut completeness = StageEnd::Complete;
    if pairs.len() > MAX_PAIRS {
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        pairs.truncate(MAX_PAIRS);
        completeness = StageEnd::Budget;
    }
    let mut found: Vec<SharedBeyond> = Vec::new();
    for (_, first, second) in pairs {
        cancel.check()?;
        let (first, second) = (sorted[first as usize], sorted[second as usize]);
        let (a, b) = (first.chronology.resolution, second.chronology.resolution);
        let (earlier, later) = if b.is_before(&a) { (second, first) } else { (first, second) };
        found.extend(shared_by(earlier, later, a.is_before(&b) || b.is_before(&a), holders));
    }
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.earlier, a.later).cmp(&(b.earlier, b.later))));
    Ok((found, completeness))
}

struct OpenRun {
    shared: SharedRun,
    told: f64,
}

fn shared_by(
    earlier: &Digest,
    later: &Digest,
    order_known: bool,
    holders: &FxHashMap<u32, Vec<u32>>,
) -> Option<SharedBeyond> {
    let mut places: FxHashMap<u32, Vec<&Fingerprint>> = FxHashMap::default();
    for fingerprint in earlier.fingerprints.iter().filter(|fingerprint| !fingerprint.upstream) {
        places.entry(fingerprint.hash).or_default().push(fingerprint);
    }
    let mut runs: Vec<OpenRun> = Vec::new();
    for fingerprint in later.fingerprints.iter().filter(|fingerprint| !fingerprint.upstream) {
        let sharing = holders.get(&fingerprint.hash).map_or(0, Vec::len);
        let Some(stands) = places.get(&fingerprint.hash).filter(|_| sharing <= MAX_HOLDERS) else { continue };
        let part = 1.0 / sharing.saturating_sub(1).max(1) as f64;
        let follows = |run: &OpenRun, place: &Fingerprint| {
            fingerprint.span.start() <= run.shared.later.end() + MAX_GAP_BYTES
                && run.shared.earlier.start() < place.span.start()
                && place.span.start() <= run.shared.earlier.end() + MAX_GAP_BYTES
        };
        let next = runs.last().and_then(|run| stands.iter().find(|place| follows(run, place)));
        match (runs.last_mut(), next) {
            (Some(run), Some(place)) => {
                let told = new_bits(fingerprint, run.shared.later.end());
                run.told += told;
                run.shared.weight += told * part;
                run.shared.later = run.shared.later.cover(fingerprint.span);
                run.shared.earlier = run.shared.earlier.cover(place.span);
            }
            _ => {
                let told = f64::from(fingerprint.weight);
                let shared = SharedRun { earlier: stands[0].span, later: fingerprint.span, weight: told * part };
                runs.push(OpenRun { shared, told });
            }
        }
    }
    runs.retain(|run| run.told >= MIN_RUN_BITS);
    let own = super::fingerprint::bits(later.fingerprints.iter().filter(|fingerprint| !fingerprint.upstream));
    let told: f64 = runs.iter().map(|run| run.told).sum();
    let weight = runs.iter().map(|run| run.shared.weight).sum();
    let count = runs.len() as u32;
    runs.sort_by(|a, b| b.told.total_cmp(&a.told).then(a.shared.later.cmp(&b.shared.later)));
    let examples = runs.into_iter().take(MAX_EXAMPLES).map(|run| run.shared).collect();
    (count > 0).then(|| SharedBeyond {
        earlier: earlier.resolution,
        later: later.resolution,
        order_known,
        weight,
        share: if own > 0.0 { (told / own).min(1.0) } else { 0.0 },
        runs: count,
        examples,
    })
}

/// Chains resolutions by their heaviest bonds (single linkage), each chain turned so that the bond is short.
fn kinship_order(sorted: &[&Digest], bonds: &[SharedBeyond]) -> Vec<u32> {
    let mut chains: Vec<Vec<u32>> = sorted.iter().map(|digest| vec![digest.resolution]).collect();
    for bond in bonds {
        let chain_of = |index: u32| chains.iter().position(|chain| chain.contains(&index));
        let (Some(first), Some(second)) = (chain_of(bond.earlier), chain_of(bond.later)) else { continue };
        if first == second {
            continue;
        }
        let late = |chain: &[u32], index: u32| {
            chain.iter().position(|other| *other == index).is_some_and(|at| at * 2 >= chain.len())
        };
        let mut tail = std::mem::take(&mut chains[second]);
        if !late(&chains[first], bond.earlier) {
            chains[first].reverse();
        }
        if tail.len() > 1 && late(&tail, bond.later) {
            tail.reverse();
        }
        chains[first].extend(tail);
    }
    chains.into_iter().flatten().collect()
}

fn phrases(sorted: &[&Digest]) -> Vec<TracedPhrase> {
    let mut found: BTreeMap<_, TracedPhrase> = BTreeMap::new();
    for digest in sorted {
        for phrase in &digest.phrases {
            let weight = f64::from(phrase.weight);
            let entry = found.entry(phrase.left).or_insert_with(|| TracedPhrase {
                left: phrase.left,
                origin: phrase.origin,
                weight,
                resolutions: Vec::new(),
            });
            // Where the directive cannot be the source nothing can be said; others know more.
            if entry.origin == OriginKind::Undetermined {
                entry.origin = phrase.origin;
            }
            entry.resolutions.push(digest.resolution);
            entry.resolutions.dedup();
        }
    }
    let mut found: Vec<TracedPhrase> = found.into_values().collect();
    found.sort_by(|a, b| {
        let taken = b.resolutions.len().cmp(&a.resolutions.len());
        taken.then(b.weight.total_cmp(&a.weight)).then(a.left.cmp(&b.left))
    });
    found.truncate(MAX_PHRASES);
    found
}
