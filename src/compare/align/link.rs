//! Paragraph links: which paragraph echoes which.
//!
//! In: matched pieces, passages, the identical paragraphs. Out: [`Candidate`]s that are links.
//! Evidence is gathered clause by clause and weighed by containment: what share of either paragraph the other holds,
//! each bigram weighed by its rarity within the documents. A pair must stand out against the other pairs of its two
//! paragraphs (a margin over the neighbours, as in Bertalign, Liu & Zhu 2023), and pairs near it on both sides speak
//! for it, since lists come back as lists.
//!
//! How much must be shared depends on how related the documents are. Two regulations of one title answer each other
//! article by article, and a little shared wording decides; between documents of different subjects the same wording
//! is chance, and only a passage makes a link.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::compare::bigram::GroupedPlaces;
use crate::compare::counting;
use crate::compare::matching::Units;
use crate::compare::options::{Part, Parts};
use crate::compare::passage::matches::Matches;
use crate::compare::passage::{Draft, Run};
use crate::text::analysis::Analysis;
use crate::text::cancel::{self, Cancel, Cancelled, Polls};
use crate::text::enumerator::Style;
use crate::text::paragraph::ParagraphRole;
use crate::text::span::Pair;

use super::Candidate;

/// What links are made of.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Both documents.
    pub analyses: Pair<&'a Analysis>,
    /// Both documents as units.
    pub units: Pair<&'a Units>,
    /// All matched pairs of pieces.
    pub matches: &'a Matches,
    /// Passages that count as echo.
    pub echoes: &'a [Draft],
    /// Passages below that, heaviest first, whose bits still add up.
    pub hints: &'a [Draft],
    /// Passages of what everybody says.
    pub formulas: &'a [Draft],
    /// Paragraphs that say the same.
    pub identical: &'a [(u32, u32)],
    /// Parts of the method to leave out.
    pub without: Parts,
}

/// Strength above which a pair is a link where the documents are related.
const MIN_STRENGTH: f32 = 0.18;
/// Share of the best strengths of its two paragraphs that a pair must have.
const MIN_MARGIN: f32 = 0.4;
/// The same for two lines that introduce lists, which are all alike.
const MIN_INTRODUCTION_MARGIN: f32 = 0.75;
/// Bits at which two thirds of a pair's containment count (1 - 1/e).
const FULL_BITS: f32 = 7.0;
/// Paragraphs around a pair whose pairs speak for it.
const NEIGHBOURHOOD: u32 = 4;
/// Steps of the polls that an answer of two pieces counts when the best are gathered.
const ANSWER_STEPS: u32 = 8;
/// Share of its own wording in the strength of a line that introduces a list; the rest is that of the list.
const INTRODUCTION_SHARE: f32 = 0.15;
/// Paragraphs behind such a line that are taken for its list.
const LIST_PARAGRAPHS: u32 = 16;
/// Share of paragraphs that must answer each other strongly for two documents to be fully related.
const RELATED_SHARE: f32 = 0.15;
/// Paragraphs that a document is taken to have at least, so that one pair does not make two short ones related.
const MIN_PARAGRAPHS: usize = 20;
/// Pieces that a document is taken to have at least, so that a single sentence has words that weigh.
const MIN_PIECES: usize = 32;
/// Strength and distinctive bits of a pair that shows that two documents are related.
const STRONG: (f32, f32) = (0.3, 10.0);
/// Strength of a heading that says the same as another.
const MIN_HEADING: f32 = 0.6;
/// Strength that a pair with a passage must have where the documents are fully related.
const MIN_ECHO_STRENGTH: f32 = 0.1;
/// Share of the best strengths of its paragraphs that a pair with a passage must have where they are fully related.
const MIN_ECHO_MARGIN: f32 = 0.45;
/// Bits of all passages between two paragraphs that make a link although none makes it alone.
const MIN_SUMMED_BITS: f32 = 9.0;
/// Bits of the runs of one echo inside two paragraphs that make a link.
const MIN_ECHO_BITS: f32 = 5.0;

/// Finds the links between two documents, sorted by left, then right index. `weights` are those of their units
/// ([`unit_weights`]).
pub fn links(
    evidence: &Evidence<'_>,
    weights: Pair<Vec<f32>>,
    bits: impl Fn(Run) -> f32,
    cancel: &Cancel,
) -> Result<Vec<Candidate>, Cancelled> {
    let mut polls = Polls::new(cancel);
    let pairs = paragraph_pairs(evidence, weights, &mut polls)?;
    let strengths = strengths(&pairs, evidence.analyses, evidence.without, &mut polls)?;
    let relatedness = relatedness(evidence, &pairs, &strengths);
    let mut links: BTreeMap<(u32, u32), Candidate> = BTreeMap::new();
    let paragraphs = evidence.analyses.map(|analysis| analysis.paragraphs.len());
    let compared: &[f32] = if evidence.without.has(Part::Margin) { &[] } else { &strengths };
    let margin = Margin::new(paragraphs, &pairs, compared);
    for ((pair, shared), &strength) in pairs.all.iter().zip(&strengths) {
        polls.steps(8)?;
        let heading = are_headings(evidence.analyses, *pair) && shared.containment() >= MIN_HEADING;
        let enough = strength >= MIN_STRENGTH && shared.distinctive >= STRONG.1 * (1.0 - relatedness).max(0.0);
        let introduction =
            introduces_list(evidence.analyses.left, pair.0) && introduces_list(evidence.analyses.right, pair.1);
        let min_margin = if introduction { MIN_INTRODUCTION_MARGIN } else { MIN_MARGIN };
        if (enough || heading && relatedness >= 1.0) && margin.of(*pair, strength) >= min_margin {
            links.insert(*pair, shared.candidate(*pair, strength));
        }
    }
    for pair in echoed_paragraphs(evidence, bits, relatedness, &mut polls)? {
        polls.steps(8)?;
        let fallback = Shared::default();
        let (shared, strength) =
            pairs.find(pair).map_or((&fallback, 0.0), |index| (&pairs.all[index].1, strengths[index]));
        // Where documents answer each other, a passage beside a much better answer is only like it.
        let stands_out =
            strength >= MIN_ECHO_STRENGTH * relatedness && margin.of(pair, strength) >= MIN_ECHO_MARGIN * relatedness;
        if !stands_out || !compatible(evidence.analyses, pair.0, pair.1) {
            continue;
        }
        links.entry(pair).or_insert_with(|| shared.candidate(pair, strength.max(MIN_STRENGTH)));
    }
    // Wording that only passages of formula hold is nobody's answer to anybody.
    let echoed = paragraphs_between(evidence, evidence.echoes, &mut polls)?;
    let stock = paragraphs_between(evidence, evidence.formulas, &mut polls)?;
    let holds = |pairs: &[(u32, u32)], pair: &(u32, u32)| pairs.binary_search(pair).is_ok();
    links.retain(|pair, _| !holds(&stock, pair) || holds(&echoed, pair));
    for &pair in evidence.identical {
        polls.steps(8)?;
        // The same article in two versions of a law is one article, however little it tells; the same line of two
        // documents that have nothing else in common must tell something.
        let telling = pairs.get(pair).is_some_and(|shared| shared.distinctive >= MIN_ECHO_BITS);
        if relatedness >= 1.0 || telling {
            let same =
                Candidate { left: pair.0, right: pair.1, similarity: 1.0, left_coverage: 1.0, right_coverage: 1.0 };
            links.insert(pair, same);
        }
    }
    Ok(links.into_values().collect())
}

/// What two paragraphs share.
#[derive(Clone, Copy, Debug, Default)]
struct Shared {
    left_coverage: f32,
    right_coverage: f32,
    /// Bits that tell these two paragraphs from the others.
    distinctive: f32,
}

impl Shared {
    /// Containment of the shorter in the longer, tempered by what the longer one says besides.
    fn containment(&self) -> f32 {
        let (left, right) = (self.left_coverage, self.right_coverage);
        0.5 * left.max(right) + 0.5 * (left * right).sqrt()
    }

    fn strength(&self) -> f32 {
        self.containment() * (1.0 - (-self.distinctive / FULL_BITS).exp())
    }

    fn candidate(&self, pair: (u32, u32), strength: f32) -> Candidate {
        Candidate {
            left: pair.0,
            right: pair.1,
            similarity: strength.clamp(0.0, 1.0),
            left_coverage: self.left_coverage.min(1.0),
            right_coverage: self.right_coverage.min(1.0),
        }
    }
}

/// Pairs of paragraphs with what they share, by left, then right paragraph.
struct Pairs {
    all: Vec<((u32, u32), Shared)>,
    /// For each left paragraph where its pairs begin; one more at the end.
    rows: Vec<u32>,
}

impl Pairs {
    /// Pairs that are sorted, of a left document of so many paragraphs.
    fn new(all: Vec<((u32, u32), Shared)>, left_paragraphs: usize) -> Self {
        let rows = counting::starts(all.iter().map(|((left, _), _)| *left), left_paragraphs);
        Self { all, rows }
    }

    /// Which pairs are of a left paragraph and of right ones of a range; none of a paragraph that is not there.
    fn between(&self, left: u32, rights: Range<u32>) -> Range<usize> {
        let (Some(&first), Some(&last)) = (self.rows.get(left as usize), self.rows.get(left as usize + 1)) else {
            return 0..0;
        };
        let row = &self.all[first as usize..last as usize];
        let from = row.partition_point(|((_, right), _)| *right < rights.start);
        let length = row[from..].iter().take_while(|((_, right), _)| *right < rights.end).count();
        first as usize + from..first as usize + from + length
    }

    fn find(&self, (left, right): (u32, u32)) -> Option<usize> {
        self.between(left, right..right + 1).next()
    }

    fn get(&self, pair: (u32, u32)) -> Option<&Shared> {
        self.find(pair).map(|index| &self.all[index].1)
    }
}

/// Gathers what every pair of paragraphs with a matched pair of pieces shares.
fn paragraph_pairs(
    evidence: &Evidence<'_>,
    weights: Pair<Vec<f32>>,
    polls: &mut Polls<'_>,
) -> Result<Pairs, Cancelled> {
    let totals = Pair::new(
        paragraph_totals(evidence.units.left, &weights.left, evidence.analyses.left.paragraphs.len()),
        paragraph_totals(evidence.units.right, &weights.right, evidence.analyses.right.paragraphs.len()),
    );
    let pieces = evidence.units.map(|units| &units.pieces);
    // There may be half a million pairs, and lists of so many that grow by themselves would be there twice.
    let mut answers = Vec::with_capacity(evidence.matches.len());
    for (index, pair) in (0..).zip(evidence.matches.all()) {
        polls.steps(4 + pair.matched())?;
        let left = pieces.left[pair.left as usize].paragraph;
        let right = pieces.right[pair.right as usize].paragraph;
        if !compatible(evidence.analyses, left, right) {
            continue;
        }
        let inside = |weights: &[f32], start: u32, length: u32| -> f32 {
            weights[start as usize..(start + length) as usize].iter().sum()
        };
        let runs = evidence.matches.runs(pair);
        let weight = runs.fold((0.0, 0.0), |(of_left, of_right), run| {
            let left = inside(&weights.left, run.left, run.length);
            (of_left + left, of_right + inside(&weights.right, run.right, run.length))
        });
        answers.push(Answer { paragraphs: (left, right), matched: index, weight });
    }
    drop(weights);
    let pair = |answer: &Answer| u64::from(answer.paragraphs.0) << 32 | u64::from(answer.paragraphs.1);
    cancel::sort_by_key(&mut answers, &pair, polls)?;
    let of_pair = |one: &Answer, other: &Answer| one.paragraphs == other.paragraphs;
    let mut pairs = Vec::with_capacity(answers.chunk_by(of_pair).count());
    for answers in answers.chunk_by_mut(of_pair) {
        polls.steps_each(answers.len() as u64, ANSWER_STEPS)?;
        let pair = answers[0].paragraphs;
        let of = |answer: &Answer| &evidence.matches.all()[answer.matched as usize];
        let distinctive = |answer: &Answer| of(answer).told.distinctive;
        let left = best_answers(answers, |answer| (of(answer).left, answer.weight.0, distinctive(answer)));
        let right = best_answers(answers, |answer| (of(answer).right, answer.weight.1, distinctive(answer)));
        let shared = Shared {
            left_coverage: left.0 / totals.left[pair.0 as usize].max(f32::MIN_POSITIVE),
            right_coverage: right.0 / totals.right[pair.1 as usize].max(f32::MIN_POSITIVE),
            distinctive: left.1.min(right.1),
        };
        pairs.push((pair, shared));
    }
    Ok(Pairs::new(pairs, evidence.analyses.left.paragraphs.len()))
}

/// What two matched pieces say to the pair of their paragraphs.
#[derive(Clone, Copy, Debug)]
struct Answer {
    paragraphs: (u32, u32),
    /// Index of the matched pair.
    matched: u32,
    /// Weights of what they share, on the left and on the right.
    weight: (f32, f32),
}

/// The weights and the distinctive bits of the best answer of every piece of one side, summed over the pieces. `read` tells an
/// answer's piece, weight and bits. Of answers of one weight the most distinctive counts, so that no order of looking at
/// them does.
fn best_answers(answers: &mut [Answer], read: impl Fn(&Answer) -> (u32, f32, f32)) -> (f32, f32) {
    answers.sort_unstable_by_key(|answer| read(answer).0);
    let better =
        |one: &(u32, f32, f32), other: &(u32, f32, f32)| one.1.total_cmp(&other.1).then(one.2.total_cmp(&other.2));
    let of_piece = answers.chunk_by(|one, other| read(one).0 == read(other).0);
    let best = of_piece.filter_map(|answers| answers.iter().map(&read).max_by(better));
    best.fold((0.0, 0.0), |sums, (_, weight, distinctive)| (sums.0 + weight, sums.1 + distinctive))
}

/// Whether two paragraphs are headings or titles.
fn are_headings(analyses: Pair<&Analysis>, (left, right): (u32, u32)) -> bool {
    let heads = |analysis: &Analysis, paragraph: u32| {
        matches!(analysis.paragraphs[paragraph as usize].role, ParagraphRole::Heading | ParagraphRole::Title)
    };
    heads(analyses.left, left) && heads(analyses.right, right)
}

/// Headings answer headings, and running text running text.
fn compatible(analyses: Pair<&Analysis>, left: u32, right: u32) -> bool {
    let role = |analysis: &Analysis, paragraph: u32| analysis.paragraphs[paragraph as usize].role;
    let heading = |role| role == ParagraphRole::Heading;
    heading(role(analyses.left, left)) == heading(role(analyses.right, right))
}

/// Weight of each unit: half the inverse frequency of either bigram over it, within its own document. The places of
/// bigrams are let go: they take as much room as the weights.
pub fn unit_weights(units: &Units, bigrams: GroupedPlaces, polls: &mut Polls<'_>) -> Result<Vec<f32>, Cancelled> {
    let pieces = units.pieces.len().max(MIN_PIECES) as f32;
    let mut weights = vec![0.0f32; units.count()];
    let rarity_of = |places: usize| (pieces / places as f32).log2().max(0.0) / 2.0;
    // Most bigrams stand in few places.
    let of_few: [f32; 16] = std::array::from_fn(rarity_of);
    let rarity = |places: usize| of_few.get(places).copied().unwrap_or_else(|| rarity_of(places));
    bigrams.each(rarity, polls, |at, rarity| {
        weights[at as usize] += rarity;
        weights[at as usize + 1] += rarity;
    })?;
    Ok(weights)
}

fn paragraph_totals(units: &Units, weights: &[f32], paragraphs: usize) -> Vec<f32> {
    let mut totals = vec![0.0; paragraphs];
    for piece in &units.pieces {
        let range = piece.units.start as usize..piece.units.end as usize;
        totals[piece.paragraph as usize] += weights[range].iter().sum::<f32>();
    }
    totals
}

/// The strength of every pair, raised by the strongest pair near it on both sides. A line that introduces a list is
/// told from others like it by what stands in the list.
fn strengths(
    pairs: &Pairs,
    analyses: Pair<&Analysis>,
    without: Parts,
    polls: &mut Polls<'_>,
) -> Result<Vec<f32>, Cancelled> {
    let alone = pairs.all.iter().map(|(_, shared)| {
        polls.steps(4)?;
        Ok(shared.strength())
    });
    let alone = alone.collect::<Result<Vec<f32>, Cancelled>>()?;
    let mut out = Vec::with_capacity(alone.len());
    for ((pair, shared), &strength) in pairs.all.iter().zip(&alone) {
        polls.steps(16)?;
        let lists = introduces_list(analyses.left, pair.0) && introduces_list(analyses.right, pair.1);
        out.push(if lists && !without.has(Part::Lists) {
            INTRODUCTION_SHARE * shared.containment()
                + (1.0 - INTRODUCTION_SHARE) * list_strength(pairs, &alone, analyses, *pair)
        } else {
            let support = if without.has(Part::Neighbours) { 0.0 } else { support(pairs, &alone, *pair) };
            strength * (1.0 + support)
        });
    }
    Ok(out)
}

/// The strongest pair before or behind a pair on both sides, weaker with the root of its distance.
fn support(pairs: &Pairs, alone: &[f32], (left, right): (u32, u32)) -> f32 {
    let mut support = 0.0f32;
    let mut ask = |near_left: u32, rights: Range<u32>| {
        for index in pairs.between(near_left, rights) {
            let across = pairs.all[index].0.1.abs_diff(right);
            let distance = (near_left.abs_diff(left).max(across) as f32).sqrt();
            support = support.max(alone[index] / distance);
        }
    };
    for down in 1..=NEIGHBOURHOOD {
        if let Some(before) = left.checked_sub(down) {
            ask(before, right.saturating_sub(NEIGHBOURHOOD)..right);
        }
        ask(left + down, right + 1..right + NEIGHBOURHOOD + 1);
    }
    support
}

/// Whether a paragraph introduces the list behind it.
fn introduces_list(analysis: &Analysis, paragraph: u32) -> bool {
    let span = analysis.paragraphs[paragraph as usize].span;
    analysis.text.slice(span).last() == Some(&'：')
}

/// Mean of the two strongest pairs of points in the lists behind two paragraphs.
fn list_strength(pairs: &Pairs, alone: &[f32], analyses: Pair<&Analysis>, (left, right): (u32, u32)) -> f32 {
    let mut best = (0.0f32, 0.0f32);
    let rights = points(analyses.right, right);
    for point in points(analyses.left, left) {
        for &strength in &alone[pairs.between(point, rights.clone())] {
            if strength > best.0 {
                best = (strength, best.0);
            } else if strength > best.1 {
                best.1 = strength;
            }
        }
    }
    0.5 * (best.0 + best.1)
}

/// The paragraphs of the list that a paragraph introduces: up to the next one that introduces a list or an article.
fn points(analysis: &Analysis, introduction: u32) -> std::ops::Range<u32> {
    let first = introduction + 1;
    let last = (first + LIST_PARAGRAPHS).min(analysis.paragraphs.len() as u32);
    let ends = |paragraph: &u32| {
        let label = analysis.paragraphs[*paragraph as usize].enumerator;
        introduces_list(analysis, *paragraph) || label.is_some_and(|label| label.style == Style::Article)
    };
    first..(first..last).find(ends).unwrap_or(last)
}

/// The best strength of every paragraph of either side; 0 where there is none.
struct Margin(Pair<Vec<f32>>);

impl Margin {
    /// Of the strengths of the pairs, in their order; of an empty list everything stands out.
    fn new(paragraphs: Pair<usize>, pairs: &Pairs, strengths: &[f32]) -> Self {
        let mut best = paragraphs.map(|paragraphs| vec![0.0f32; paragraphs]);
        for (((left, right), _), strength) in pairs.all.iter().zip(strengths) {
            for known in [&mut best.left[*left as usize], &mut best.right[*right as usize]] {
                *known = known.max(*strength);
            }
        }
        Self(best)
    }

    /// Mean share of the best strengths of its two paragraphs; 1 for the best pair of both.
    fn of(&self, pair: (u32, u32), strength: f32) -> f32 {
        let share = |best: f32| if best > 0.0 { strength / best } else { 1.0 };
        0.5 * (share(self.0.left[pair.0 as usize]) + share(self.0.right[pair.1 as usize]))
    }
}

/// The paragraph that a unit stands in.
fn paragraph_of(units: &Units, unit: u32) -> u32 {
    units.piece_at(unit).paragraph
}

/// Pairs of paragraphs that runs of some passages lie in, sorted.
fn paragraphs_between(
    evidence: &Evidence<'_>,
    drafts: &[Draft],
    polls: &mut Polls<'_>,
) -> Result<Vec<(u32, u32)>, Cancelled> {
    let runs = drafts.iter().flat_map(|draft| &draft.runs).map(|run| {
        polls.steps(16)?;
        Ok((paragraph_of(evidence.units.left, run.left), paragraph_of(evidence.units.right, run.right)))
    });
    let mut out = runs.collect::<Result<Vec<(u32, u32)>, Cancelled>>()?;
    cancel::sort_by_key(&mut out, &|pair| *pair, polls)?;
    out.dedup();
    Ok(out)
}

/// How far two documents answer each other paragraph by paragraph, 0 to 1. Paragraphs that say the same speak for it
/// only if they tell something.
fn relatedness(evidence: &Evidence<'_>, pairs: &Pairs, strengths: &[f32]) -> f32 {
    let mut answered = evidence.analyses.map(|analysis| vec![false; analysis.paragraphs.len()]);
    let is_strong = |((_, shared), strength): &(&((u32, u32), Shared), &f32)| {
        **strength >= STRONG.0 && shared.distinctive >= STRONG.1
    };
    let strong = pairs.all.iter().zip(strengths).filter(is_strong).map(|((pair, _), _)| pair);
    let telling = |pair: &&(u32, u32)| pairs.get(**pair).is_some_and(|shared| shared.distinctive >= MIN_ECHO_BITS);
    let identical = evidence.identical.iter().filter(telling);
    for (left, right) in strong.chain(identical) {
        answered.left[*left as usize] = true;
        answered.right[*right as usize] = true;
    }
    // The side on which more are answered counts: one paragraph may be split, and several may be merged.
    let count = |answered: Vec<bool>| answered.into_iter().filter(|is_answered| *is_answered).count();
    let answered = count(answered.left).max(count(answered.right));
    let body = |analysis: &Analysis| {
        let compared = |role| !matches!(role, ParagraphRole::Furniture | ParagraphRole::Byline);
        analysis.paragraphs.iter().filter(|paragraph| compared(paragraph.role)).count()
    };
    let shorter = body(evidence.analyses.left).min(body(evidence.analyses.right)).max(MIN_PARAGRAPHS);
    (answered as f32 / shorter as f32 / RELATED_SHARE).min(1.0)
}

/// Pairs of paragraphs that passages of echo lie in, or lighter ones whose bits add up.
fn echoed_paragraphs(
    evidence: &Evidence<'_>,
    bits: impl Fn(Run) -> f32,
    relatedness: f32,
    polls: &mut Polls<'_>,
) -> Result<Vec<(u32, u32)>, Cancelled> {
    let mut between = |drafts: &[Draft]| {
        let mut told: Vec<((u32, u32), f32)> = Vec::new();
        for run in drafts.iter().flat_map(|draft| &draft.runs) {
            let left = paragraph_of(evidence.units.left, run.left);
            let right = paragraph_of(evidence.units.right, run.right);
            polls.steps(16)?;
            told.push(((left, right), bits(*run)));
        }
        // Stable, because sums of `f32` depend on their order.
        told.sort_by_key(|(pair, _)| *pair);
        let sums = told.chunk_by(|one, other| one.0 == other.0);
        Ok(sums.map(|told| (told[0].0, told.iter().fold(0.0, |sum, (_, bits)| sum + bits))).collect())
    };
    let echoes: Vec<((u32, u32), f32)> = between(evidence.echoes)?;
    let hints = if relatedness < 1.0 { between(evidence.hints)? } else { Vec::new() };
    let echoed =
        |pair: &(u32, u32)| echoes.binary_search_by_key(pair, |(pair, _)| *pair).map_or(0.0, |at| echoes[at].1);
    let mut out: Vec<(u32, u32)> =
        echoes.iter().filter(|(_, bits)| *bits >= MIN_ECHO_BITS).map(|(pair, _)| *pair).collect();
    out.extend(hints.iter().filter(|(pair, bits)| *bits + echoed(pair) >= MIN_SUMMED_BITS).map(|(pair, _)| *pair));
    out.sort_unstable();
    out.dedup();
    Ok(out)
}
