//! Passages: stretches of both texts that correspond, with edits inside.
//!
//! In: both documents as [`Units`], the background. Out: [`Draft`]s, best first, in normalised coordinates.
//! Seed, chain, extend, as sequence aligners do (minimap2), with clauses for the places of the chain:
//! 1. *seed* ([`seed`]): pairs of pieces that share rare bigrams, found through an index of bigrams;
//! 2. *match* ([`piece_match`]): for each such pair the common runs of units, order-free, longest first, weighed in bits;
//! 3. *chain* ([`mod@chain`]): from the heaviest pair outward, pairs near on both sides join in any order, since sentences
//!    and clauses come back reordered, with others dropped between them;
//! 4. *extend*: an end that leaves little of its clause unmatched takes the whole clause.
//!
//! Cost: near-linear in the length; bigrams of both sides that stand in too many pieces to tell anything are skipped,
//! and votes, matches and chaining count steps against a budget each.

mod bucket;
pub mod chain;
mod growing;
pub mod matches;
pub mod piece_match;
pub mod seed;
mod shadow;
mod sketch;
mod wording;

use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled, Polls, StepBudget};
use crate::text::enumerator::Style;
use crate::text::paragraph::ParagraphRole;
use crate::text::sentence::{Sentence, ends_sentence};
use crate::text::span::{Normalized, Pair, Span};

pub(super) use self::sketch::descending;
use super::bigram::Bigrams;
use super::comparison::StageEnd;
use super::counting::sorted;
use super::matching::Units;
use super::options::Budgets;
use super::rarity::{Rarity, Ways};
use bucket::Buckets;
use chain::{ChainOptions, Weight, chain};
use matches::Matches;
use piece_match::PieceMatcher;
use seed::Seed;

/// A passage in normalised coordinates, before it has edits and an origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The left stretch.
    pub left: Span<Normalized>,
    /// The right stretch.
    pub right: Span<Normalized>,
    /// Bits of what corresponds.
    pub weight: f32,
    /// Bits of what corresponds if no stock phrase were known.
    pub plain: f32,
    /// Bits told less bits that gaps cost.
    pub score: f32,
    /// Units of each side inside the stretches that correspond, and all units there.
    pub matched: Pair<u32>,
    /// Units of each side inside the stretches.
    pub units: Pair<u32>,
    /// Common runs: first left unit, first right unit, length.
    pub runs: Vec<Run>,
}

impl Draft {
    /// Share of the longer stretch that corresponds, 0 to 1.
    pub fn similarity(&self) -> f32 {
        let matched = self.matched.left.max(self.matched.right) as f32;
        (matched / self.units.left.max(self.units.right).max(1) as f32).min(1.0)
    }
}

/// A common run of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// First unit on the left.
    pub left: u32,
    /// First unit on the right.
    pub right: u32,
    /// Length in units.
    pub length: u32,
}

/// What the passage finder found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// All matched pairs of pieces.
    pub matches: Matches,
    /// Passages that count as echo.
    pub echoes: Vec<Draft>,
    /// Passages that tell too little to count by themselves.
    pub hints: Vec<Draft>,
    /// Passages of what everybody says.
    pub formulas: Vec<Draft>,
    /// Whether everything was looked at.
    pub end: StageEnd,
}

/// Bits that an echo must tell where one of the documents is a law, whose wording is common property.
const MIN_LAW_BITS: f32 = 12.0;
/// Bits that an echo must tell in reports and resolutions, whose formulas the list of stock phrases holds.
const MIN_BITS: f32 = 4.5;
/// Bits that an echo of a law must tell more for every share of it that does not correspond.
const LAW_LOOSENESS_BITS: f32 = 10.0;
/// The same for reports and resolutions.
const LOOSENESS_BITS: f32 = 1.0;
/// Share of a heavier passage's bits that one inside it must tell, in a law: the same words stand in many articles.
const LAW_SHADOW: f32 = 0.8;
/// The same in reports and resolutions, where one sentence comes back in several places.
const SHADOW: f32 = 0.4;
/// Bits that a passage of formula must have, stock phrases counted in full, to be shown.
const MIN_FORMULA_BITS: f32 = 10.0;
/// Share of a passage's bits that may be other than stock phrases for it to be formula.
const MAX_FORMULA_SHARE: f32 = 0.6;
/// Most passages of echo, and of formula, that are looked for; the heaviest of more are kept and the answer says so.
const MOST_PASSAGES: usize = 32_768;
/// Steps of the polls that a passage counts when its edges are looked at.
const EDGE_STEPS: u32 = 16;
/// Articles that make a document a law.
const LAW_ARTICLES: usize = 3;

/// Finds the passages that two documents share.
pub fn find(
    analyses: Pair<&Analysis>,
    units: Pair<&Units>,
    bigrams: Pair<&Bigrams>,
    rarity: &mut Rarity<'_, '_>,
    budgets: &Budgets,
    cancel: &Cancel,
) -> Result<Found, Cancelled> {
    let mut ways = Ways::none(units.left);
    let bigram = |left, right| rarity.bigram_bits(left, right);
    let mut steps = StepBudget::new(budgets.passage_steps);
    let (seeds, mut end) = seed::seeds(units, bigrams, bigram, &mut ways, &mut steps, cancel)?;
    rarity.set_ways(ways);
    let rarity = &*rarity;
    let mut matcher = PieceMatcher::new(units, bigrams);
    let (matches, matching_end) = match_seeds(&mut matcher, seeds, rarity, budgets, cancel)?;
    end = end.and(matching_end);
    let law = is_law(analyses.left) || is_law(analyses.right);
    let options = ChainOptions { shadow: if law { LAW_SHADOW } else { SHADOW }, ..ChainOptions::default() };
    let mut steps = StepBudget::new(budgets.chain_steps);
    let chained =
        chain(&mut matcher, &matches, Weight::Echo, vec![false; matches.len()], &options, &mut steps, cancel)?;
    end = end.and(chained.end);
    let (min_bits, looseness) = if law { (MIN_LAW_BITS, LAW_LOOSENESS_BITS) } else { (MIN_BITS, LOOSENESS_BITS) };
    let is_echo = |draft: &Draft| draft.score - looseness * (1.0 - draft.similarity()) >= min_bits;
    let (mut echoes, hints): (Vec<Draft>, Vec<Draft>) = chained.drafts.into_iter().partition(is_echo);
    let mut steps = StepBudget::new(budgets.chain_steps);
    let plain = chain(&mut matcher, &matches, Weight::Plain, chained.used, &options, &mut steps, cancel)?;
    end = end.and(plain.end);
    cancel.check()?;
    let is_formula = |draft: &&Draft| {
        let stock = draft.weight <= MAX_FORMULA_SHARE * draft.plain;
        stock && draft.plain >= MIN_FORMULA_BITS
    };
    let mut formulas: Vec<Draft> = plain.drafts.into_iter().filter(|draft| is_formula(&draft)).collect();
    formulas.extend(hints.iter().filter(is_formula).cloned());
    if !formulas.is_empty() {
        let mut echoed = Buckets::new(echoes.iter().map(|echo| echo.left.end()).max().unwrap_or(0));
        (0..).zip(&echoes).for_each(|(index, echo)| echoed.add(echo.left, index));
        let mut polls = Polls::new(cancel);
        let mut stopped = Ok(());
        formulas.retain(|draft| {
            let inside = |echo: &Draft| echo.left.overlaps(draft.left) && echo.right.overlaps(draft.right);
            stopped = stopped.and_then(|()| polls.step());
            !echoed.near(draft.left).any(|index| !steps.take(1) || inside(&echoes[index as usize]))
        });
        stopped?;
        if steps.left() == 0 {
            end = StageEnd::Budget;
        }
    }
    if echoes.len().max(formulas.len()) > MOST_PASSAGES {
        end = StageEnd::Budget;
        echoes.truncate(MOST_PASSAGES);
        formulas.truncate(MOST_PASSAGES);
    }
    let mut polls = Polls::new(cancel);
    for draft in echoes.iter_mut().chain(&mut formulas) {
        polls.steps(EDGE_STEPS)?;
        take_edges(analyses, draft);
    }
    Ok(Found { matches, echoes, hints, formulas, end })
}

/// Candidate pairs that are matched in the order of their right pieces, so that each of these is read once for several.
const MATCHED_TOGETHER: usize = 1 << 14;

/// Matches the candidate pairs, in their order up to the budget.
fn match_seeds(
    matcher: &mut PieceMatcher<'_>,
    seeds: Vec<Seed>,
    rarity: &Rarity<'_, '_>,
    budgets: &Budgets,
    cancel: &Cancel,
) -> Result<(Matches, StageEnd), Cancelled> {
    let mut matches = Matches::with_room_for(seeds.len());
    let mut steps = StepBudget::new(budgets.match_steps);
    let mut end = StageEnd::Complete;
    let mut added = Vec::new();
    for together in seeds.chunks(MATCHED_TOGETHER) {
        let order = by_right_piece(together, matcher.units().map(|units| units.pieces.len()));
        let first = matches.len();
        added.clear();
        let mut taken = 0;
        for at in order {
            cancel.check()?;
            let Seed { left, right, .. } = together[at as usize];
            let told = matcher.match_pieces(left, right, |run| rarity.told(run));
            taken += matcher.steps();
            if !matcher.runs().is_empty() {
                matches.add(left, right, told, matcher.runs());
                added.push(at);
            }
        }
        matches.order_from(first, &added);
        if !steps.take(taken) {
            end = StageEnd::Budget;
            break;
        }
    }
    drop(seeds);
    cancel.check()?;
    matches.index();
    cancel.check()?;
    Ok((matches, end))
}

/// Indexes of candidate pairs by their right, then by their left pieces, of which there are so many.
fn by_right_piece(seeds: &[Seed], pieces: Pair<usize>) -> Vec<u32> {
    // Counting is faster, unless most pieces are in no pair.
    if pieces.left + pieces.right > 8 * seeds.len() {
        let mut order: Vec<u32> = (0..seeds.len() as u32).collect();
        order.sort_unstable_by_key(|&at| (seeds[at as usize].right, seeds[at as usize].left));
        return order;
    }
    let (by_left, _) = sorted((0..).zip(seeds).map(|(at, seed)| (seed.left, at)), pieces.left);
    sorted(by_left.iter().map(|at| (seeds[*at as usize].right, *at)), pieces.right).0
}

/// Whether a document is a law or regulation.
fn is_law(analysis: &Analysis) -> bool {
    let article = |style: Style| style == Style::Article;
    let labels = analysis.paragraphs.iter().filter(|paragraph| paragraph.role == ParagraphRole::Body);
    labels.filter_map(|paragraph| paragraph.enumerator).filter(|label| article(label.style)).count() >= LAW_ARTICLES
}

/// Takes in the same label before both stretches, and the punctuation that ends a sentence behind both.
fn take_edges(analyses: Pair<&Analysis>, draft: &mut Draft) {
    let sentence = |analysis: &Analysis, at: u32| {
        let index = analysis.sentences.partition_point(|sentence| sentence.span.end() <= at);
        analysis.sentences.get(index).copied()
    };
    let label =
        |sentence: Sentence| Span::new(sentence.span.start(), sentence.span.start() + sentence.label_characters);
    if let (Some(left), Some(right)) =
        (sentence(analyses.left, draft.left.start()), sentence(analyses.right, draft.right.start()))
        && label(left).end() == draft.left.start()
        && label(right).end() == draft.right.start()
        && analyses.left.text.slice(label(left)) == analyses.right.text.slice(label(right))
    {
        draft.left = draft.left.cover(label(left));
        draft.right = draft.right.cover(label(right));
    }
    let next = |analysis: &Analysis, at: u32| analysis.text.characters().get(at as usize).copied();
    if next(analyses.left, draft.left.end()).is_some_and(ends_sentence)
        && next(analyses.right, draft.right.end()).is_some_and(ends_sentence)
    {
        draft.left = Span::new(draft.left.start(), draft.left.end() + 1);
        draft.right = Span::new(draft.right.start(), draft.right.end() + 1);
    }
}
