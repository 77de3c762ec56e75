//! What a caller may choose about a comparison.

/// Shortest shared phrase a caller may ask for, in characters.
pub const MIN_PHRASE_CHARACTERS: u32 = 2;
/// Shortest shared phrase that is reported by default, in characters: shorter runs are words, not wording.
pub const DEFAULT_PHRASE_CHARACTERS: u32 = 6;
/// Occurrences of a phrase that are listed on each side by default; totals are always given.
pub const DEFAULT_OCCURRENCE_CAP: usize = 16;

/// One of the reports of a comparison. What is not asked for is left empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// Links, passages and beads.
    Alignment,
    /// Edits of beads and passages.
    Edits,
    /// Shared phrases.
    Phrases,
    /// Items and their fate.
    Items,
}

/// A set of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reports(u8);

impl Reports {
    /// Every report.
    pub const ALL: Self = Self(0b1111);
    /// No report.
    pub const NONE: Self = Self(0);

    /// The set with one more report.
    #[must_use]
    pub fn with(self, report: Report) -> Self {
        Self(self.0 | 1 << report as u8)
    }

    /// Whether a report is in the set.
    pub fn has(self, report: Report) -> bool {
        self.0 & 1 << report as u8 != 0
    }
}

/// A part of the method that can be left out, so that what it contributes can be measured. No face offers this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Words of levels and own places are equal one level down.
    Localization,
    /// The list of stock phrases.
    StockPhrases,
    /// A link must stand out against the other pairs of its paragraphs.
    Margin,
    /// Lines that introduce lists are told apart by their points.
    Lists,
    /// Pairs of paragraphs near a pair speak for it.
    Neighbours,
    /// Formula is chained in a pass of its own, from what echo left.
    FormulaPass,
}

/// A set of parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Parts(u8);

impl Parts {
    /// No part.
    pub const NONE: Self = Self(0);

    /// The set with one more part.
    #[must_use]
    pub fn with(self, part: Part) -> Self {
        Self(self.0 | 1 << part as u8)
    }

    /// Whether a part is in the set.
    pub fn has(self, part: Part) -> bool {
        self.0 & 1 << part as u8 != 0
    }
}

/// Choices of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareOptions {
    /// Which reports to make.
    pub reports: Reports,
    /// Shortest shared phrase, in normalised characters.
    pub min_phrase_characters: u32,
    /// Occurrences of a phrase listed on each side.
    pub occurrence_cap: usize,
    /// Words the lexicon must keep whole, beyond its own.
    pub custom_words: Vec<String>,
    /// Phrases that count as formula whatever the background says.
    pub ignored_phrases: Vec<String>,
    /// Bounds on work.
    pub budgets: Budgets,
    /// Parts of the method to leave out; none but in measurements.
    pub without: Parts,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            reports: Reports::ALL,
            min_phrase_characters: DEFAULT_PHRASE_CHARACTERS,
            occurrence_cap: DEFAULT_OCCURRENCE_CAP,
            custom_words: Vec::new(),
            ignored_phrases: Vec::new(),
            budgets: Budgets::default(),
            without: Parts::NONE,
        }
    }
}

/// Bounds on the stages that are worse than linear, in steps: inner-loop turns, not time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// Votes of shared bigrams for pairs of pieces, some 3 ns each.
    pub passage_steps: u64,
    /// Steps of matching pairs of pieces, some 5 ns each.
    pub match_steps: u64,
    /// Steps of chaining matched pairs, some 5 ns each; chaining runs twice.
    pub chain_steps: u64,
    /// Steps of the phrase finder, per character of both texts. Up to 12 go to the index of k-grams; where these do not
    /// suffice, 32 pay for a suffix array.
    pub phrase_steps_per_character: u64,
    /// Steps of paragraph alignment.
    pub alignment_steps: u64,
    /// Machine words that the exact word diff may touch, for the whole comparison.
    pub edit_steps: u64,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            passage_steps: 40_000_000,
            match_steps: 80_000_000,
            chain_steps: 30_000_000,
            phrase_steps_per_character: 64,
            alignment_steps: 40_000_000,
            edit_steps: 240_000_000,
        }
    }
}
