//! The shared-phrase report: every distinct maximal run both documents hold, with where it stands and what it tells.
//!
//! In: both analyses. Out: [`SharedPhrase`]s, heaviest first. Runs are of normalised characters, punctuation kept, and
//! cross no border: sentences, labels and paragraphs end them. Furniture is left out. Cost: that of `phrase`, and a few
//! steps for each character of what is reported: a text of one character repeated has as many distinct runs as
//! characters, whose words together are quadratic, so only the longest are reported, up to [`WORDS_PER_CHARACTER`].

use super::comparison::{SharedPhrase, StageEnd};
use super::options::CompareOptions;
use super::origin::Commonness;
use super::passage::descending;
use super::phrase::{BORDER, shared_runs};
use super::pipeline::Sources;
use super::rarity::SideRarity;
use crate::text::analysis::Analysis;
use crate::text::cancel::{self, Cancel, Cancelled, Polls, StepBudget};
use crate::text::paragraph::ParagraphRole;
use crate::text::span::{Normalized, Pair, Raw, Span};

/// Bits a character below which a phrase is formula.
const FORMULA_BITS_PER_CHARACTER: f32 = 0.5;

/// Characters of phrases that are reported for each character of both texts. Revisions of laws, which repeat
/// themselves most among what people send, have 0.4 to 0.7.
const WORDS_PER_CHARACTER: u64 = 4;
/// Characters of phrases that are always reported.
const WORDS_AT_LEAST: u64 = 1 << 16;

/// Steps of some nanoseconds that a phrase takes beside those of its characters: lists, its origin, where it stands.
const PHRASE_STEPS: u32 = 1 << 10;

/// A document as the phrase finder sees it: its characters with borders between, and where each stands.
#[derive(Clone, Debug, Default)]
pub struct Bordered {
    /// Characters as numbers, borders between sentences and behind labels.
    pub ids: Vec<u32>,
    /// Where they stand.
    pub stretches: Stretches,
}

/// Where the characters between two borders begin: among the ids, and in the normalised text.
#[derive(Clone, Debug, Default)]
pub struct Stretches(Vec<(u32, u32)>);

impl Stretches {
    /// The normalised position of an id that is no border.
    pub fn position(&self, id: u32) -> u32 {
        let stretch = self.0.partition_point(|(first, _)| *first <= id) - 1;
        let (first, position) = self.0[stretch];
        position + (id - first)
    }
}

/// Reads a document with its borders.
pub fn bordered(analysis: &Analysis) -> Bordered {
    let mut out = Bordered::default();
    let characters = analysis.text.characters();
    out.ids.reserve(characters.len() + 2 * analysis.sentences.len());
    for sentence in &analysis.sentences {
        if analysis.paragraphs[sentence.paragraph as usize].role == ParagraphRole::Furniture {
            continue;
        }
        let label_end = sentence.span.start() + sentence.label_characters;
        for span in
            [Span::<Normalized>::new(sentence.span.start(), label_end), Span::new(label_end, sentence.span.end())]
        {
            if span.is_empty() {
                continue;
            }
            out.stretches.0.push((out.ids.len() as u32, span.start()));
            out.ids.extend(characters[span.range()].iter().map(|character| *character as u32));
            out.ids.push(BORDER);
        }
    }
    out
}

/// Finds all shared phrases of at least the asked length.
pub fn find(
    analyses: Pair<&Analysis>,
    rarity: &SideRarity<'_>,
    sources: &Sources<'_>,
    options: &CompareOptions,
    cancel: &Cancel,
) -> Result<(Vec<SharedPhrase>, StageEnd), Cancelled> {
    let (left, right) = (bordered(analyses.left), bordered(analyses.right));
    let stretches = Pair::new(left.stretches, right.stretches);
    let sides = Pair::new(left.ids, right.ids);
    let characters = (sides.left.len() + sides.right.len()) as u64;
    let mut budget = StepBudget::new(options.budgets.phrase_steps_per_character.saturating_mul(characters));
    let found = shared_runs(sides, options.min_phrase_characters, options.occurrence_cap, &mut budget, cancel)?;
    cancel.check()?;
    let raw = |analysis: &Analysis, stretches: &Stretches, starts: &[u32], length: u32| -> Vec<Span<Raw>> {
        let raw = |start: &u32| {
            let at = stretches.position(*start);
            analysis.text.to_raw(Span::new(at, at + length))
        };
        starts.iter().map(raw).collect()
    };
    let mut words_left = StepBudget::new(WORDS_AT_LEAST.max(WORDS_PER_CHARACTER * characters));
    let reported = found.runs.iter().take_while(|run| words_left.take(u64::from(run.len))).count();
    let end = if reported < found.runs.len() { StageEnd::Budget } else { found.end };
    let mut polls = Polls::new(cancel);
    let mut room = Vec::new();
    let mut phrases: Vec<SharedPhrase> = Vec::with_capacity(reported);
    for run in &found.runs[..reported] {
        polls.steps(PHRASE_STEPS + run.len)?;
        let start = stretches.left.position(found.left_starts(run)[0]);
        let span = Span::new(start, start + run.len);
        let words = analyses.left.text.slice(span);
        let weight = rarity.bits(span, &mut room);
        let common = weight < FORMULA_BITS_PER_CHARACTER * run.len as f32;
        let commonness = if common { Commonness::Common } else { Commonness::Telling };
        let ids: Vec<u32> = words.iter().map(|character| *character as u32).collect();
        phrases.push(SharedPhrase {
            text: words.iter().collect(),
            left: raw(analyses.left, &stretches.left, found.left_starts(run), run.len),
            left_total: run.left_total,
            right: raw(analyses.right, &stretches.right, found.right_starts(run), run.len),
            right_total: run.right_total,
            origin: sources.of(&[&ids], &[words], commonness),
            weight: f64::from(weight),
        });
    }
    // No two phrases of one length begin at one left place. Two of different lengths may end in one raw character that stands for
    // several.
    let order = |phrase: &SharedPhrase| {
        let places = (phrase.left.first().copied(), phrase.right.first().copied());
        (descending(phrase.weight as f32), places, phrase.text.len())
    };
    cancel::sort_by_key(&mut phrases, &order, &mut polls)?;
    Ok((phrases, end))
}
