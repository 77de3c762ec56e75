//! The engine: what is loaded once and serves every comparison.
//!
//! In: settings. Out: lexicon, background and stock phrases, ready to be shared between threads. Comparing is a pure
//! function of the documents, the options and these three, whose versions stand in every answer.
//! Cost: about a tenth of a second to load.

use super::background::{Background, BackgroundError};
use super::comparison::{Comparison, Completeness, Edit, Outline};
use super::edit::{EditContext, edits};
use super::formula::Formulas;
use super::options::CompareOptions;
use super::pipeline::{self, Knowledge, Stage};
use super::words::Words;
use crate::text::analysis::{Analysis, analyze};
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::document::Document;
use crate::text::lexicon::{CustomWords, Lexicon};
use crate::text::normalize::{self, normalize};
use crate::text::paragraph::ParagraphRole;
use crate::text::span::Pair;

/// What an engine is made with.
#[derive(Clone, Debug, Default)]
pub struct EngineSettings {
    /// A background table to use in place of the embedded one, as the example `build_background` writes it.
    pub background: Option<Vec<u8>>,
}

/// Why an engine could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The background table of the settings is not one.
    #[error("cannot read the background table: {0}")]
    Background(#[from] BackgroundError),
}

/// Versions of what answers depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Dictionary, policy words and rules of cutting.
    pub lexicon: String,
    /// Table of document frequencies.
    pub background: String,
}

/// The word diff of two whole documents, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct WordDiff {
    /// The documents as they were read.
    pub outlines: Pair<Outline>,
    /// Edits that turn the left document into the right one; furniture apart.
    pub edits: Vec<Edit>,
    /// Whether the diff is minimal or stopped at its budget.
    pub completeness: Completeness,
}

/// Lexicon, background and stock phrases.
#[derive(Debug)]
pub struct Engine {
    lexicon: Lexicon,
    background: Background,
    formulas: Formulas,
    versions: Versions,
}

impl Engine {
    /// Loads everything that comparisons need.
    pub fn load(settings: EngineSettings) -> Result<Self, EngineError> {
        normalize::warm_up();
        let background = match settings.background {
            Some(bytes) => Background::from_bytes(bytes)?,
            None => Background::embedded(),
        };
        let lexicon = Lexicon::load();
        let versions = Versions { lexicon: lexicon.version().into(), background: background.version() };
        Ok(Self { lexicon, background, formulas: Formulas::embedded(), versions })
    }

    /// The versions of lexicon and background, found once: that of the background is a sum over the whole table.
    pub fn versions(&self) -> Versions {
        self.versions.clone()
    }

    /// The background table.
    pub fn background(&self) -> &Background {
        &self.background
    }

    /// The stock phrases, with those that a caller wants ignored.
    pub fn formulas(&self, options: &CompareOptions) -> Formulas {
        let ignored = options.ignored_phrases.iter().map(|phrase| normalized_characters(phrase));
        self.formulas.clone().with_phrases(ignored)
    }

    /// The words that a caller wants kept whole.
    fn custom_words(options: &CompareOptions) -> CustomWords {
        CustomWords::new(options.custom_words.iter().map(|word| normalized_characters(word)))
    }

    /// Where words end in text without blanks.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Reads one document. The analysis of a directive serves all its resolutions.
    pub fn analyze(&self, document: &Document, cancel: &Cancel) -> Result<Analysis, Cancelled> {
        analyze(document, cancel)
    }

    /// Compares two documents.
    pub fn compare(
        &self,
        documents: &Pair<Document>,
        references: &[Document],
        options: &CompareOptions,
        cancel: &Cancel,
    ) -> Result<Comparison, Cancelled> {
        let left = self.analyze(&documents.left, cancel)?;
        let right = self.analyze(&documents.right, cancel)?;
        let references =
            references.iter().map(|reference| self.analyze(reference, cancel)).collect::<Result<Vec<_>, _>>()?;
        self.compare_analyses(Pair::new(&left, &right), &references.iter().collect::<Vec<_>>(), options, cancel)
    }

    /// Compares two documents that have been read.
    pub fn compare_analyses(
        &self,
        analyses: Pair<&Analysis>,
        references: &[&Analysis],
        options: &CompareOptions,
        cancel: &Cancel,
    ) -> Result<Comparison, Cancelled> {
        self.compare_watched(analyses, references, options, cancel, &mut |_| {})
    }

    /// Compares two documents that have been read, and calls `begins` as each stage begins.
    pub fn compare_watched(
        &self,
        analyses: Pair<&Analysis>,
        references: &[&Analysis],
        options: &CompareOptions,
        cancel: &Cancel,
        begins: &mut dyn FnMut(Stage),
    ) -> Result<Comparison, Cancelled> {
        let own;
        let formulas = if options.ignored_phrases.is_empty() {
            &self.formulas
        } else {
            own = self.formulas(options);
            &own
        };
        let custom_words = Self::custom_words(options);
        let knowledge =
            Knowledge { lexicon: &self.lexicon, custom_words: &custom_words, background: &self.background, formulas };
        pipeline::compare_watched(analyses, references, knowledge, options, cancel, begins)
    }

    /// Diffs two whole documents word by word, in order.
    pub fn diff_words(
        &self,
        documents: &Pair<Document>,
        options: &CompareOptions,
        cancel: &Cancel,
    ) -> Result<WordDiff, Cancelled> {
        let left = self.analyze(&documents.left, cancel)?;
        let right = self.analyze(&documents.right, cancel)?;
        let analyses = Pair::new(&left, &right);
        let spans = analyses.map(|analysis| {
            let compared = analysis.paragraphs.iter().filter(|paragraph| paragraph.role != ParagraphRole::Furniture);
            compared.map(|paragraph| paragraph.span).collect::<Vec<_>>()
        });
        let mut budget = StepBudget::new(options.budgets.edit_steps);
        let custom_words = Self::custom_words(options);
        let context = EditContext::new(Words::new(analyses, &self.lexicon, &custom_words), cancel);
        let (edits, end) = edits(&context, &spans.left, &spans.right, &mut budget, cancel)?;
        let completeness = Completeness { edits: end, ..Completeness::default() };
        Ok(WordDiff { outlines: analyses.map(pipeline::outline), edits, completeness })
    }
}

/// Normalised characters of a word or phrase of the options.
fn normalized_characters(text: &str) -> Vec<char> {
    normalize(text).characters().to_vec()
}
