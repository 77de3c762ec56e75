//! Places that the documents themselves show to answer one another: 深圳 and 佛山, if both stand between the same words twice.
//!
//! In: the words of both documents. Out: pairs of a left and a right place. A place answers another if both stand between
//! the same two words at two places or more, and no other place of the left document stands between them. Sentences that name
//! no place are not cut. Cost: linear, and a table of the places.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::compare::words::Words;
use crate::text::analysis::Analysis;
use crate::text::cancel::{Cancel, Cancelled};
use crate::text::place::{is_place, place_at};
use crate::text::span::Side;

/// Pairs of a left and a right place.
pub(super) type Learned<'a> = FxHashSet<(&'a [char], &'a [char])>;

/// Times that one place must answer another between the same neighbours before they count as localised.
const LEARNED_TIMES: usize = 2;
/// The number of what stands beyond a border of a sentence.
const BORDER: u32 = u32::MAX;

/// A place with the numbers of the words before and behind it.
struct Occurrence<'a> {
    place: &'a [char],
    neighbours: [u32; 2],
}

/// The pairs of places that answer one another. Fails only when cancelled.
pub(super) fn places<'a>(words: &Words<'a>, cancel: &Cancel) -> Result<Learned<'a>, Cancelled> {
    let mut by_neighbours: FxHashMap<[u32; 2], Vec<&'a [char]>> = FxHashMap::default();
    for Occurrence { place, neighbours } in occurrences(words, Side::Left, cancel)? {
        let places = by_neighbours.entry(neighbours).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut contexts: FxHashMap<_, Vec<[u32; 2]>> = FxHashMap::default();
    for Occurrence { place, neighbours } in occurrences(words, Side::Right, cancel)? {
        // Neighbours between which several places stand tell nothing about any of them.
        if let Some([left]) = by_neighbours.get(&neighbours).map(Vec::as_slice) {
            let seen = contexts.entry((*left, place)).or_default();
            if seen.len() < LEARNED_TIMES && !seen.contains(&neighbours) {
                seen.push(neighbours);
            }
        }
    }
    Ok(contexts.into_iter().filter(|(_, seen)| seen.len() >= LEARNED_TIMES).map(|(places, _)| places).collect())
}

/// The places of one document, in order.
fn occurrences<'a>(words: &Words<'a>, side: Side, cancel: &Cancel) -> Result<Vec<Occurrence<'a>>, Cancelled> {
    let analyses = words.analyses();
    let analysis: &'a Analysis = analyses.get(side);
    let (mut found, mut inside) = (Vec::new(), Vec::new());
    for sentence in &analysis.sentences {
        cancel.check()?;
        let characters = analysis.text.slice(sentence.span);
        if !(0..characters.len()).any(|at| place_at(&characters[at..]).is_some()) {
            continue;
        }
        inside.clear();
        words.inside(side, sentence.span, cancel, |word| inside.push(word))?;
        for (at, word) in inside.iter().enumerate() {
            let place = analysis.text.slice(word.span);
            if is_place(place) {
                let number = |at: Option<usize>| at.and_then(|at| inside.get(at)).map_or(BORDER, |word| word.number);
                found.push(Occurrence { place, neighbours: [number(at.checked_sub(1)), number(Some(at + 1))] });
            }
        }
    }
    Ok(found)
}
