//! Places and levels: what makes 全省 and 全市, or 广东 and 广州, the same words one level down.
//!
//! In: normalised text and metadata. Out: the names of the place a document speaks for ([`own_places`]), whether a
//! word is a place name, and whether words belong to the administrative scale (省、市、县, 全省, 各地 …).
//! The gazetteer is `data/places.txt`: divisions at province and prefecture level, public knowledge.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::cancel::{Cancel, Cancelled, Polls};
use super::word_map::{CharacterSet, WordList, WordMap};

const GAZETTEER: &str = include_str!("../../data/places.txt");

/// Level of a place in the administrative scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceLevel {
    /// 省、自治区、直辖市、特别行政区.
    Province,
    /// 设区的市、自治州、盟、地区.
    Prefecture,
}

/// What follows a name to make it a full one. The longest come first, so that the first that fits is the right one.
const SUFFIXES: &[&str] =
    &["维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "自治州", "地区", "省", "市", "盟", "州"];

static SUFFIX_AT: LazyLock<WordList> = LazyLock::new(|| WordList::of(SUFFIXES));

struct Gazetteer {
    /// Names without their suffixes.
    names: WordMap<PlaceLevel>,
    short: CharacterSet,
}

static PLACES: LazyLock<Gazetteer> = LazyLock::new(|| {
    let mut names: Vec<(&str, PlaceLevel)> = Vec::new();
    let mut short = Vec::new();
    let mut known = FxHashSet::default();
    for line in GAZETTEER.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let level = match words.next() {
            Some("省" | "自治区" | "直辖市" | "特别行政区") => PlaceLevel::Province,
            Some("简称") => {
                short.extend(words.filter_map(|word| word.chars().next()));
                continue;
            }
            _ => PlaceLevel::Prefecture,
        };
        // Of one name the first counts.
        names.extend(words.filter(|word| known.insert(*word)).map(|word| (word, level)));
    }
    Gazetteer { names: WordMap::new(names), short: CharacterSet::new(short) }
});

/// A place name found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceMatch {
    /// Characters of the name without its suffix.
    pub name_characters: usize,
    /// Characters of the name with its suffix, if one follows.
    pub full_characters: usize,
    /// Level of the place.
    pub level: PlaceLevel,
}

/// The place name that `text` begins with, the longest that fits.
pub fn place_at(text: &[char]) -> Option<PlaceMatch> {
    let (length, &level) = PLACES.names.longest_at(text)?;
    let full = length + suffix_length(&text[length..]);
    Some(PlaceMatch { name_characters: length, full_characters: full, level })
}

/// Whether `text` is a place name, with or without its suffix.
pub fn is_place(text: &[char]) -> bool {
    place_at(text).is_some_and(|place| place.full_characters == text.len() || place.name_characters == text.len())
}

/// The short names of places, in no order.
pub fn short_names() -> impl Iterator<Item = char> {
    PLACES.short.characters()
}

/// Whether a character is the short name of a place, as in 驻粤.
pub fn is_short_place(character: char) -> bool {
    PLACES.short.contains(character)
}

/// The characters that names of places begin with, in no order.
pub fn first_characters() -> impl Iterator<Item = char> {
    PLACES.names.first_characters()
}

fn suffix_length(text: &[char]) -> usize {
    SUFFIX_AT.all_at(text).next().map_or(0, |(length, ())| length)
}

/// The names, without suffix, of the place a document speaks for; none when it does not say.
///
/// The first place named in the metadata's region, issuer or title decides; else the first one in the text's own
/// headlines that stands with its suffix; else the place named most often with its suffix, if it is named thrice. Fails only
/// when cancelled.
pub fn own_places(
    metadata: &[&str],
    headlines: &[&[char]],
    text: &[char],
    cancel: &Cancel,
) -> Result<Vec<Vec<char>>, Cancelled> {
    let mut polls = Polls::new(cancel);
    for said in metadata {
        let characters: Vec<char> = said.chars().collect();
        if let Some(name) = last_named(&characters) {
            return Ok(vec![name]);
        }
    }
    for headline in headlines {
        if let Some(name) = last_named(headline) {
            return Ok(vec![name]);
        }
    }
    let mut counts: FxHashMap<&[char], usize> = FxHashMap::default();
    let mut at = 0;
    while at < text.len() {
        polls.step()?;
        match place_at(&text[at..]) {
            Some(place) => {
                *counts.entry(&text[at..at + place.name_characters]).or_default() += 1;
                at += place.full_characters;
            }
            None => at += 1,
        }
    }
    let mut counts: Vec<(&[char], usize)> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let most = counts.first().filter(|(_, count)| *count >= 3);
    Ok(most.map(|(name, _)| vec![name.to_vec()]).unwrap_or_default())
}

/// The first place of a headline that is not where a meeting was held; of 广东省广州市, the place that stands last of an unbroken chain.
fn last_named(text: &[char]) -> Option<Vec<char>> {
    let mut at = 0;
    let mut found = None;
    while at < text.len() {
        match place_at(&text[at..]) {
            // 在韶关召开 says where a meeting was held, not whose it was.
            Some(place) if at > 0 && text[at - 1] == '在' => at += place.full_characters,
            Some(place) => {
                found = Some(text[at..at + place.name_characters].to_vec());
                at += place.full_characters;
                if place_at(&text[at..]).is_none() {
                    return found;
                }
            }
            None => at += 1,
        }
    }
    found
}
