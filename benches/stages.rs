//! Stages and whole comparisons: time, allocations and peak of allocated memory of each.
//!
//!     cargo bench --bench stages                 # all
//!     cargo bench --bench stages -- passages     # those whose name holds a word
//!
//! The pairs are real documents: two plenary sessions, two regulations, a law and its revision. What a stage needs is made
//! once and not counted. `benches/figures.py` measures whole comparisons of larger and hostile documents.

use std::path::Path;
use std::sync::LazyLock;

use divan::{AllocProfiler, Bencher, black_box};
use policy_echo::compare::bigram::{Bigrams, bigrams};
use policy_echo::compare::diff::edit_script;
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::matching::{Units, units};
use policy_echo::compare::options::{CompareOptions, Report, Reports};
use policy_echo::compare::passage;
use policy_echo::compare::phrase::shared_runs;
use policy_echo::compare::rarity::Rarity;
use policy_echo::compare::shared_phrase::bordered;
use policy_echo::compare::words::Words;
use policy_echo::text::analysis::Analysis;
use policy_echo::text::cancel::{Cancel, StepBudget};
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::lexicon::CustomWords;
use policy_echo::text::normalize::normalize;
use policy_echo::text::span::{Pair, Side, Span};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(EngineSettings::default()).expect("the embedded table is whole"));

/// Pairs of documents, from the folder of the package.
const PAIRS: [(&str, &str, &str); 3] = [
    ("plenary sessions", "examples/guangdong-2019-07-26-plenum.txt", "examples/guangzhou-2022-09-22-resolution.txt"),
    (
        "regulations",
        "examples/henan-civility/河南省文明行为促进条例(2020-08-03).txt",
        "examples/henan-civility/信阳市文明行为促进条例(2020-10-20).txt",
    ),
    ("law and revision", "evaluation/revisions/law0454/left.txt", "evaluation/revisions/law0454/right.txt"),
];

const NAMES: [&str; 3] = [PAIRS[0].0, PAIRS[1].0, PAIRS[2].0];

fn main() {
    LazyLock::force(&ENGINE);
    divan::main();
}

fn documents(name: &str) -> Pair<Document> {
    let (_, left, right) = PAIRS.iter().find(|pair| pair.0 == name).expect("one of the names");
    let read = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = std::fs::read_to_string(path).expect("a file of the package");
        Document::new(text, Metadata::default(), DocumentLimits::default()).expect("a document")
    };
    Pair::new(read(left), read(right))
}

fn analyses(name: &str) -> Pair<Analysis> {
    documents(name).map(|document| ENGINE.analyze(&document, &Cancel::new()).expect("nobody cancels"))
}

fn indexed(analyses: &Pair<Analysis>) -> (Pair<Units>, Pair<Bigrams>) {
    let units = units(analyses.as_ref(), &Cancel::new()).expect("nobody cancels");
    let numbers = units.as_ref().map(|units| units.numbers.clone());
    let bigrams = bigrams(units.as_ref(), numbers, &Cancel::new()).expect("nobody cancels");
    (units, bigrams)
}

#[divan::bench(args = NAMES)]
fn normalizing_both(bencher: Bencher<'_, '_>, name: &str) {
    let documents = documents(name);
    bencher.bench_local(|| documents.as_ref().map(|document| normalize(black_box(document.text()))));
}

#[divan::bench(args = NAMES)]
fn reading_both(bencher: Bencher<'_, '_>, name: &str) {
    let documents = documents(name);
    bencher.bench_local(|| documents.as_ref().map(|document| ENGINE.analyze(document, &Cancel::new())));
}

#[divan::bench(args = NAMES)]
fn units_and_bigrams(bencher: Bencher<'_, '_>, name: &str) {
    let analyses = analyses(name);
    bencher.bench_local(|| indexed(black_box(&analyses)));
}

#[divan::bench(args = NAMES)]
fn rarity(bencher: Bencher<'_, '_>, name: &str) {
    let analyses = analyses(name);
    let (units, _) = indexed(&analyses);
    let formulas = ENGINE.formulas(&CompareOptions::default());
    bencher.bench_local(|| {
        let rarity = Rarity::new(ENGINE.background(), &formulas, analyses.as_ref(), units.as_ref(), &Cancel::new());
        black_box(&rarity.is_ok());
    });
}

#[divan::bench(args = NAMES)]
fn passages(bencher: Bencher<'_, '_>, name: &str) {
    let analyses = analyses(name);
    let (units, bigrams) = indexed(&analyses);
    let options = CompareOptions::default();
    let formulas = ENGINE.formulas(&options);
    bencher.bench_local(|| {
        let cancel = Cancel::new();
        let (units, bigrams) = (units.as_ref(), bigrams.as_ref());
        let mut rarity = Rarity::new(ENGINE.background(), &formulas, analyses.as_ref(), units, &cancel)?;
        passage::find(analyses.as_ref(), units, bigrams, &mut rarity, &options.budgets, &cancel)
    });
}

#[divan::bench(args = NAMES)]
fn phrases(bencher: Bencher<'_, '_>, name: &str) {
    let sides = analyses(name).as_ref().map(|analysis| bordered(analysis).ids);
    bencher.with_inputs(|| sides.clone()).bench_local_values(|sides| {
        let mut budget = StepBudget::new(u64::MAX);
        shared_runs(sides, 6, 16, &mut budget, &Cancel::new())
    });
}

#[divan::bench(args = NAMES)]
fn diff_of_words(bencher: Bencher<'_, '_>, name: &str) {
    let (analyses, custom_words, cancel) = (analyses(name), CustomWords::default(), Cancel::new());
    let all = Words::new(analyses.as_ref(), ENGINE.lexicon(), &custom_words);
    let number = |side: Side| -> Vec<u32> {
        let end = analyses.get(side).text.characters().len() as u32;
        let mut numbers = Vec::new();
        all.inside(side, Span::new(0, end), &cancel, |word| numbers.push(word.number)).expect("nobody cancels");
        numbers
    };
    let words = (number(Side::Left), number(Side::Right));
    bencher.bench_local(|| edit_script(&words.0, &words.1, &mut StepBudget::new(u64::MAX), &Cancel::new()));
}

#[divan::bench(args = NAMES)]
fn whole_without_edits_and_phrases(bencher: Bencher<'_, '_>, name: &str) {
    let documents = documents(name);
    let options = CompareOptions { reports: Reports::NONE.with(Report::Alignment), ..CompareOptions::default() };
    bencher.bench_local(|| ENGINE.compare(&documents, &[], &options, &Cancel::new()));
}

#[divan::bench(args = NAMES)]
fn whole(bencher: Bencher<'_, '_>, name: &str) {
    let documents = documents(name);
    let options = CompareOptions::default();
    bencher.bench_local(|| ENGINE.compare(&documents, &[], &options, &Cancel::new()));
}
