//! The shared-phrase report: every distinct maximal run both documents hold, with where it stands and what it tells.
//!
//! In: both analyses. Out: [`SharedPhrase`]s, heaviest first. Runs are of normalised characters, punctuation kept, and
//! cross no border: sentences, labels and paragraphs end them. Furniture is left out. Cost: that of `phrase`.

use super::comparison::{SharedPhrase, StageEnd};
use super::options::CompareOptions;
use super::origin::Commonness;
use super::phrase::{BORDER, shared_runs};
use super::pipeline::Sources;
use super::rarity::SideRarity;
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, StepBudget};
use crate::text::paragraph::ParagraphRole;
use crate::text::span::{Normalized, Pair, Raw, Span};

/// Bits a character below which a phrase is formula.
const FORMULA_BITS_PER_CHARACTER: f32 = 0.5;

/// A document as the phrase finder sees it: its characters with borders between, and where each stands.
#[derive(Clone, Debug, Default)]
pub struct Bordered {
    /// Characters as numbers, borders between sentences and behind labels.
    pub ids: Vec<u32>,
    /// The normalised position of each.
    pub positions: Vec<u32>,
}

/// Reads a document with its borders.
pub fn bordered(analysis: &Analysis) -> Bordered {
    let mut out = Bordered::default();
    let characters = analysis.text.characters();
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
            out.ids.extend(characters[span.range()].iter().map(|character| *character as u32));
            out.positions.extend(span.start()..span.end());
            out.ids.push(BORDER);
            out.positions.push(span.end());
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
    let texts = analyses.map(bordered);
    let characters = (texts.left.ids.len() + texts.right.ids.len()) as u64;
    let mut budget = StepBudget::new(options.budgets.phrase_steps_per_character.saturating_mul(characters));
    let (left, right) = (&texts.left.ids, &texts.right.ids);
    let found = shared_runs(left, right, options.min_phrase_characters, options.occurrence_cap, &mut budget, cancel)?;
    let raw = |analysis: &Analysis, text: &Bordered, starts: &[u32], length: u32| -> Vec<Span<Raw>> {
        let at = |start: &u32| text.positions[*start as usize];
        starts.iter().map(|start| analysis.text.to_raw(Span::new(at(start), at(start) + length))).collect()
    };
    let mut room = Vec::new();
    let mut phrases: Vec<SharedPhrase> = found
        .runs
        .iter()
        .map(|run| {
            let start = texts.left.positions[run.left_starts[0] as usize];
            let span = Span::new(start, start + run.len);
            let words = analyses.left.text.slice(span);
            let weight = rarity.bits(span, &mut room);
            let common = weight < FORMULA_BITS_PER_CHARACTER * run.len as f32;
            let commonness = if common { Commonness::Common } else { Commonness::Telling };
            let ids: Vec<u32> = words.iter().map(|character| *character as u32).collect();
            SharedPhrase {
                text: words.iter().collect(),
                left: raw(analyses.left, &texts.left, &run.left_starts, run.len),
                left_total: run.left_total,
                right: raw(analyses.right, &texts.right, &run.right_starts, run.len),
                right_total: run.right_total,
                origin: sources.of(&[&ids], &[words], commonness),
                weight: f64::from(weight),
            }
        })
        .collect();
    phrases.sort_by(|a, b| {
        let place = |phrase: &SharedPhrase| (phrase.left.first().copied(), phrase.right.first().copied());
        b.weight.total_cmp(&a.weight).then_with(|| place(a).cmp(&place(b))).then_with(|| a.text.cmp(&b.text))
    });
    Ok((phrases, found.end))
}
