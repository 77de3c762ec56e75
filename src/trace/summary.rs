//! What needs all resolutions of a trace, as inert values.
//!
//! Resolutions are named by their index in the order of sending, the directive's places by raw spans.

use super::chronology::{Chronology, Order};
use super::finding::{Attribution, ReverseDirection, Source};
use crate::compare::comparison::{Fate, OriginKind, Score, StageEnd};
use crate::text::span::{Raw, Span};

/// The whole trace in one view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The resolutions that could be traced, in the order of sending.
    pub resolutions: Vec<TracedResolution>,
    /// The rows of the coverage matrix, in document order: the directive's items, and paragraphs that have none.
    pub rows: Vec<MatrixRow>,
    /// Indexes of rows that no resolution took up, most specific first. Only resolutions that are not older than the
    /// directive are asked; of a row and the rows under it only the outermost is listed.
    pub silence: Vec<u32>,
    /// Pairs of resolutions that share wording which neither directive nor references hold, most first.
    pub shared_beyond: Vec<SharedBeyond>,
    /// The resolutions, so ordered that those which share most beyond the directive stand together.
    pub kinship_order: Vec<u32>,
    /// Phrases of the directive that came back, those taken up most often first.
    pub phrases: Vec<TracedPhrase>,
    /// How many passages and additions have which source, over all resolutions.
    pub sources: Vec<SourceCount>,
    /// Whether all pairs of resolutions were looked at, or those only that share most.
    pub completeness: StageEnd,
}

impl Summary {
    /// Positions in `resolutions` in order of time: those older than the directive, those that follow, those whose order
    /// is not known; of one sort by date, those without a date last.
    pub fn by_time(&self) -> Vec<usize> {
        let mut positions: Vec<usize> = (0..self.resolutions.len()).collect();
        positions.sort_by_key(|at| {
            let traced = &self.resolutions[*at];
            let sort = match traced.chronology.order {
                Order::Preceding => 0,
                Order::Following => 1,
                Order::Unknown => 2,
            };
            let date = traced.chronology.resolution.date.map(|known| known.date);
            (sort, date.is_none(), date, traced.resolution)
        });
        positions
    }
}

/// One resolution in the summary.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedResolution {
    /// Index in the order of sending.
    pub resolution: u32,
    /// How it stands in time to the directive.
    pub chronology: Chronology,
    /// How much echo it holds, in parts.
    pub score: Score,
    /// What the directive may have taken from it; only where it is older than the directive.
    pub reverse: Option<ReverseDirection>,
    /// Attributions that changed since its finding, now that all resolutions are known.
    pub changed: Vec<ChangedAttribution>,
    /// How many of its passages and additions have which source.
    pub sources: Vec<SourceCount>,
}

/// A stretch of a resolution that has an attribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stretch {
    /// A passage, by its index in the finding's comparison.
    Passage(u32),
    /// An addition, by its index in the finding.
    Addition(u32),
}

/// A stretch whose best source is an earlier resolution, or which got one as runner-up.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedAttribution {
    /// Which stretch.
    pub stretch: Stretch,
    /// Where it stands in the resolution.
    pub span: Span<Raw>,
    /// Its sources now.
    pub attribution: Attribution,
}

/// What a row of the matrix stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// An item of the directive, by its index in every finding's comparison.
    Item(u32),
    /// A paragraph of the directive that no item holds, by its index.
    Paragraph(u32),
}

/// One part of the directive, through all resolutions.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixRow {
    /// What it is.
    pub kind: RowKind,
    /// Where it stands in the directive.
    pub span: Span<Raw>,
    /// The label that opens it; empty where it has none.
    pub label: Span<Raw>,
    /// Nesting depth; the outermost rows are 0.
    pub depth: u32,
    /// How specific it is, in bits: its rarity in the background.
    pub weight: f64,
    /// What became of it, one cell for each of `Summary::resolutions`.
    pub cells: Vec<Cell>,
}

/// What became of one part of the directive in one resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// What became of it.
    pub fate: Fate,
    /// Share of it that came back, 0 to 1.
    pub share: f64,
    /// The passage that tells most about it, in the finding's comparison.
    pub strongest_passage: Option<u32>,
}

/// Wording that two resolutions share and that neither directive nor references hold.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedBeyond {
    /// The older resolution or, if that is not known, the one sent first.
    pub earlier: u32,
    /// The other.
    pub later: u32,
    /// Whether dates show which is older.
    pub order_known: bool,
    /// How much they share, in bits; wording that k resolutions share counts 1/(k-1) for each pair.
    pub weight: f64,
    /// Share of the later resolution's own wording, by bits, that the earlier one holds, 0 to 1.
    pub share: f64,
    /// Number of runs they share.
    pub runs: u32,
    /// The heaviest runs, heaviest first.
    pub examples: Vec<SharedRun>,
}

/// A run that stands in two resolutions, perhaps with a few common words in between that differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedRun {
    /// Where it stands in the earlier resolution.
    pub earlier: Span<Raw>,
    /// Where it stands in the later one.
    pub later: Span<Raw>,
    /// How much it tells, in bits.
    pub weight: f64,
}

/// A phrase of the directive, through all resolutions.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedPhrase {
    /// Where it stands first in the directive.
    pub left: Span<Raw>,
    /// Where its wording comes from, as the comparisons see it; `Left` is the directive.
    pub origin: OriginKind,
    /// How much it tells, in bits.
    pub weight: f64,
    /// Resolutions that hold it, ascending.
    pub resolutions: Vec<u32>,
}

/// How many stretches have one source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceCount {
    /// The source; `None` for additions that are the resolution's own as far as is known.
    pub source: Option<Source>,
    /// Number of stretches.
    pub stretches: u32,
    /// Bits of what is shared with the source; for own wording, bits of the wording.
    pub weight: f64,
}
