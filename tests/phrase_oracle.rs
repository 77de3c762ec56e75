//! The shared phrases of the seeds against the definition: the distinct strings of all maximal exact matches between the
//! two normalised texts, none of which crosses a sentence, a label or a paragraph.
//!
//! The oracle knows nothing of the finder. It joins each text with U+001E at its borders, looks every run of six
//! characters up in the other text, and extends each hit as far as it goes, as `evaluation/oracle.py` does
//! (`mems --raw --nocross` with that character).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use policy_echo::compare::comparison::StageEnd;
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::{CompareOptions, Report, Reports};
use policy_echo::text::analysis::Analysis;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::paragraph::ParagraphRole;
use policy_echo::text::span::{Pair, Raw, Span};

const BORDER: char = '\u{1e}';
const SEEDS: [&str; 5] = [
    "guangdong-2019-07-26-plenum.txt",
    "guangdong-2024-05-regional-development.txt",
    "guangzhou-2020-12-01-plenum.txt",
    "guangzhou-2021-02-leading-group.txt",
    "guangzhou-2022-09-22-resolution.txt",
];

fn read(engine: &Engine, name: &str) -> Analysis {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let raw = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let document = Document::new(raw, Metadata::default(), DocumentLimits::default()).expect("a document");
    engine.analyze(&document, &Cancel::new()).expect("nobody cancels")
}

/// The normalised text with a border behind every sentence and every label; furniture left out.
fn with_borders(read: &Analysis) -> Vec<char> {
    let mut text = Vec::new();
    for sentence in &read.sentences {
        if read.paragraphs[sentence.paragraph as usize].role == ParagraphRole::Furniture {
            continue;
        }
        let (label, words) = read.text.slice(sentence.span).split_at(sentence.label_characters as usize);
        text.extend(label.iter().chain([&BORDER]).chain(words).chain([&BORDER]));
    }
    text
}

/// The distinct strings of all maximal exact matches of at least `length` characters.
fn by_definition(left: &[char], right: &[char], length: usize) -> BTreeSet<String> {
    let mut places: HashMap<&[char], Vec<usize>> = HashMap::new();
    for (at, gram) in right.windows(length).enumerate() {
        places.entry(gram).or_default().push(at);
    }
    let same = |l: usize, r: usize| l < left.len() && r < right.len() && left[l] == right[r] && left[l] != BORDER;
    let mut strings = BTreeSet::new();
    for (l, gram) in left.windows(length).enumerate() {
        for &r in places.get(gram).into_iter().flatten() {
            let by = (0..).take_while(|by| same(l + by, r + by)).count();
            let goes_on_before = l > 0 && r > 0 && same(l - 1, r - 1);
            if by >= length && !goes_on_before {
                strings.insert(left[l..l + by].iter().collect());
            }
        }
    }
    strings
}

fn occurrences(text: &[char], phrase: &str) -> usize {
    let phrase: Vec<char> = phrase.chars().collect();
    text.windows(phrase.len()).filter(|window| *window == phrase).count()
}

/// The normalised words of a raw span.
fn words(read: &Analysis, span: Span<Raw>) -> String {
    let raw = |at: usize| read.text.to_raw(Span::from_range(at..at + 1));
    let positions: Vec<usize> = (0..read.text.characters().len()).collect();
    let from = positions.partition_point(|&at| raw(at).start() < span.start());
    let to = positions.partition_point(|&at| raw(at).end() <= span.end());
    read.text.text(Span::from_range(from..to))
}

#[test]
fn shared_phrases_of_all_seed_pairs_are_those_of_the_definition() {
    let engine = Engine::load(EngineSettings::default()).expect("the embedded tables are sound");
    let seeds = SEEDS.map(|name| read(&engine, name));
    let mut counts = BTreeMap::new();
    for (l, left) in seeds.iter().enumerate() {
        for (r, right) in seeds.iter().enumerate() {
            for length in [6_u32, 8] {
                let pair = format!("{} {}", SEEDS[l], SEEDS[r]);
                let options = CompareOptions {
                    reports: Reports::NONE.with(Report::Phrases),
                    min_phrase_characters: length,
                    ..CompareOptions::default()
                };
                let analyses = Pair::new(left, right);
                let found = engine.compare_analyses(analyses, &[], &options, &Cancel::new()).expect("nobody cancels");
                assert_eq!(found.completeness.phrases, StageEnd::Complete);
                let texts = analyses.map(with_borders);
                let expected = by_definition(&texts.left, &texts.right, length as usize);
                let listed: Vec<&str> = found.phrases.iter().map(|phrase| phrase.text.as_str()).collect();
                assert_eq!(listed.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>(), expected, "{pair}");
                assert_eq!(listed.len(), expected.len(), "{pair}: every string once");
                for phrase in &found.phrases {
                    let sides = [
                        (left, &texts.left, &phrase.left, phrase.left_total),
                        (right, &texts.right, &phrase.right, phrase.right_total),
                    ];
                    for (read, text, spans, total) in sides {
                        assert_eq!(occurrences(text, &phrase.text), total as usize, "{pair}: {}", phrase.text);
                        assert_eq!(
                            spans.len(),
                            (total as usize).min(options.occurrence_cap),
                            "{pair}: {}",
                            phrase.text
                        );
                        assert!(spans.iter().all(|span| words(read, *span) == phrase.text), "{pair}: {}", phrase.text);
                    }
                }
                if l < r {
                    counts.insert((SEEDS[l], SEEDS[r], length), expected.len());
                }
            }
        }
    }
    assert!(counts.values().all(|count| *count > 0), "the seeds share wording: {counts:?}");
}
