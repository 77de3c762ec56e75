//! What everybody says: in how many documents of a background corpus a run of characters stands.
//!
//! In: a table of n-gram document frequencies, embedded or given by the operator. Out: frequencies of n-grams, and the
//! information of a run in bits: how improbable it is that a document which has nothing to do with another shares it.
//! 以习近平新时代中国特色社会主义思想为指导 tells next to nothing, 鹤壁市人民政府应当每年更新名录 much.
//! Always: counts are of distinct titles, so that five versions of one law count once; reports and regulations are
//! counted apart, because each genre has its own formulas, and the commoner reading decides; only normalised characters
//! are looked up; the same table gives the same answer on every machine.
//! Cost: a lookup is one hash and, for most n-grams that are unknown, one word of a filter; it allocates nothing. Some
//! tens of nanoseconds.
//! The idea is inverse document frequency (Spärck Jones 1972) on character n-grams; seeing through a run with the
//! commonest n-gram that covers each place is how PAN systems filter common phrases.

mod count;
mod table;

use std::borrow::Cow;

pub use count::{Title, build};
pub use table::BackgroundError;
use table::Table;

/// Lengths, in characters, of the n-grams that are counted, ascending.
pub const NGRAM_CHARACTERS: [usize; 6] = [2, 3, 4, 6, 8, 12];

/// Lengths of the n-grams that weigh a run of at least [`SHORTEST_WEIGHED_RUN`] characters. Two- and three-character
/// words are common in every text and would make any clause of common words look like formula.
const WEIGHING: [usize; 2] = [4, 8];

/// Lengths of the n-grams that weigh a shorter run, which is a word rather than wording.
const WEIGHING_WORDS: [usize; 2] = [2, 3];

/// Shortest run, in characters, that is weighed as wording.
const SHORTEST_WEIGHED_RUN: usize = 4;

/// Bits of a character that no known n-gram covers. A run of four that none of some hundred and sixty documents shares
/// has at least log2(160) = 7.3 bits, which is about two a character.
pub const UNSEEN_BITS: f32 = 2.0;

static EMBEDDED: &[u8] = include_bytes!("../../data/background.bin");

/// A sort of documents with formulas of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Genre {
    /// Work reports, congress reports, resolutions, party documents.
    Report,
    /// Laws and regulations of the centre and of provinces.
    Regulation,
}

/// In how many titles of each genre an n-gram stands. Below the table's smallest count it reads zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frequency {
    /// Titles among the reports.
    pub reports: u32,
    /// Titles among the regulations.
    pub regulations: u32,
}

impl Frequency {
    /// Titles of both genres.
    pub fn documents(self) -> u32 {
        self.reports + self.regulations
    }
}

/// A table of document frequencies. Cheap to share, never changed.
#[derive(Clone)]
pub struct Background {
    table: Table,
    /// Bits of an n-gram by the titles that hold it, for each genre: -log2 of their share.
    report_bits: Vec<f32>,
    regulation_bits: Vec<f32>,
    /// The same with half a title added, so that what no title holds is rare and not impossible.
    report_rarity: Vec<f32>,
    regulation_rarity: Vec<f32>,
}

impl std::fmt::Debug for Background {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Background").field("version", &self.version()).finish_non_exhaustive()
    }
}

impl Background {
    /// The table in this binary. Its checksum is verified, which takes a few milliseconds: load it once.
    pub fn embedded() -> Self {
        Self::from_table(Table::read(Cow::Borrowed(EMBEDDED)).expect("the embedded table is tested to be whole"))
    }

    /// A table made by [`build`], as the example `build_background` writes it.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, BackgroundError> {
        Table::read(Cow::Owned(bytes)).map(Self::from_table)
    }

    fn from_table(table: Table) -> Self {
        let bits = |titles: u32| {
            (0..=titles)
                .map(|holding| if holding == 0 { f32::INFINITY } else { (titles as f32 / holding as f32).log2() })
                .collect()
        };
        let rarity = |titles: u32| {
            (0..=titles).map(|holding| -((holding as f32 + 0.5) / (titles as f32 + 1.0)).log2()).collect()
        };
        let titles = table.titles();
        Self {
            report_bits: bits(titles.reports),
            regulation_bits: bits(titles.regulations),
            report_rarity: rarity(titles.reports),
            regulation_rarity: rarity(titles.regulations),
            table,
        }
    }

    /// Which table this is: the format and the checksum of its content, such as `1-5d1f03c2`.
    pub fn version(&self) -> String {
        self.table.version()
    }

    /// What was counted, in the words of whoever built the table.
    pub fn provenance(&self) -> &str {
        self.table.provenance()
    }

    /// Titles counted in each genre.
    pub fn titles(&self) -> Frequency {
        self.table.titles()
    }

    /// Distinct n-grams in the table.
    pub fn ngrams(&self) -> u32 {
        self.table.entries()
    }

    /// In how many titles an n-gram of normalised characters stands. Zero for a length that is not in
    /// [`NGRAM_CHARACTERS`] and for an n-gram of fewer titles than the table keeps (two).
    ///
    /// Keys are 32-bit fingerprints at a table load of at most 0.75, so that an n-gram that was never counted is taken
    /// for another one about once in 500 million lookups.
    pub fn frequency(&self, ngram: &[char]) -> Frequency {
        if NGRAM_CHARACTERS.contains(&ngram.len()) { self.table.find(ngram) } else { Frequency::default() }
    }

    /// Bits of an n-gram in the genre where it is commoner, half a title added to what the table counts; never negative.
    pub fn rarity_bits(&self, ngram: &[char]) -> f32 {
        self.rarity_of(self.frequency(ngram))
    }

    /// Calls `each` with where every n-gram of `length` characters begins in a run, in order, and its
    /// [`Self::rarity_bits`]. `length` is one of [`NGRAM_CHARACTERS`].
    pub fn each_rarity_bits(&self, run: &[char], length: usize, mut each: impl FnMut(usize, f32)) {
        debug_assert!(NGRAM_CHARACTERS.contains(&length), "no other n-grams are counted");
        self.table.find_all(run, length, |at, frequency| each(at, self.rarity_of(frequency)));
    }

    fn rarity_of(&self, found: Frequency) -> f32 {
        let report = self.report_rarity[found.reports as usize];
        report.min(self.regulation_rarity[found.regulations as usize]).max(0.0)
    }

    /// How many background documents hold the most telling part of a run: of its n-grams of the longest counted length
    /// that fits, the one in the fewest titles. A run shorter than every counted length is in no document.
    pub fn documents(&self, run: &[char]) -> u32 {
        let Some(&length) = NGRAM_CHARACTERS.iter().rev().find(|&&length| length <= run.len()) else { return 0 };
        let mut fewest = u32::MAX;
        for ngram in run.windows(length) {
            fewest = fewest.min(self.table.find(ngram).documents());
            // Nothing is in fewer.
            if fewest == 0 {
                break;
            }
        }
        fewest
    }

    /// Writes the information of every character of a run, in bits, to `bits`, which is cleared first.
    ///
    /// An n-gram that a share p of the titles of a genre holds has -log2 p bits, spread evenly over its n characters. A
    /// character has the bits of the n-gram over it that gives it the fewest, at most [`UNSEEN_BITS`]; punctuation has
    /// none. Only n-grams inside the run count, because what stands around a shared run is not shared.
    pub fn information_bits(&self, run: &[char], bits: &mut Vec<f32>) {
        bits.clear();
        bits.extend(run.iter().map(|character| if character.is_alphanumeric() { UNSEEN_BITS } else { 0.0 }));
        let lengths = if run.len() < SHORTEST_WEIGHED_RUN { &WEIGHING_WORDS } else { &WEIGHING };
        for &length in lengths {
            for (start, ngram) in run.windows(length).enumerate() {
                let each = self.ngram_bits(self.table.find(ngram)) / length as f32;
                if each < UNSEEN_BITS {
                    for character in &mut bits[start..start + length] {
                        *character = character.min(each);
                    }
                }
            }
        }
    }

    /// The information of a whole run, in bits.
    pub fn run_bits(&self, run: &[char]) -> f64 {
        let mut bits = Vec::with_capacity(run.len());
        self.information_bits(run, &mut bits);
        bits.iter().copied().map(f64::from).sum()
    }

    /// Bits of an n-gram in the genre where it is commoner; infinite if it is in none.
    fn ngram_bits(&self, frequency: Frequency) -> f32 {
        self.report_bits[frequency.reports as usize].min(self.regulation_bits[frequency.regulations as usize])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
