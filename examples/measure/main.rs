//! Times the engine on one pair of documents and prints one JSON object.
//!
//!     measure LEFT RIGHT [--repeat N] [--no-check]
//!
//! In: two files in UTF-8. Out, on standard output: for every stage and for the whole the least processor time of N
//! runs in microseconds, that of cutting both documents with the lexicon's library alone, resident memory before and at
//! the peak, a digest of the answer, what it holds, which stages stopped at their budget, and whether the edits rebuild
//! both sides. One process measures one pair, so that its peak of memory is that pair's.
//! Times are processor times of one thread, so that other work on the machine disturbs them little.

mod check;
mod clock;
mod memory;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use policy_echo::compare::comparison::{Comparison, StageEnd};
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::compare::pipeline::Stage;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::span::Pair;

use clock::{Microseconds, now};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let mut paths = Vec::new();
    let (mut repeat, mut checked) = (1_u32, true);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--repeat" => repeat = arguments.next().ok_or("--repeat wants a number")?.parse()?,
            "--no-check" => checked = false,
            _ => paths.push(argument),
        }
    }
    let [left, right] = paths.as_slice() else { return Err("usage: measure LEFT RIGHT [--repeat N]".into()) };
    let documents = Pair::new(document(Path::new(left))?, document(Path::new(right))?);
    let began = now();
    let engine = Engine::load(EngineSettings::default())?;
    let load = now() - began;
    let rest_kilobytes = memory::resident()?;
    memory::reset_peak();
    let mut best: Option<(Microseconds, Vec<(Part, Microseconds)>)> = None;
    let mut answer: Option<Comparison> = None;
    for _ in 0..repeat {
        // Two answers at a time would count in the peak.
        drop(answer.take());
        let (comparison, stages) = run(&engine, &documents)?;
        let total = stages.iter().map(|(_, time)| *time).sum();
        if best.as_ref().is_none_or(|(least, _)| total < *least) {
            best = Some((total, stages));
        }
        answer = Some(comparison);
    }
    let peak_kilobytes = memory::peak()?;
    let (Some((total, stages)), Some(answer)) = (best, answer) else { return Err("nothing was run".into()) };
    let cutting = (0..repeat.min(20)).map(|_| cutting_time(&documents)).min().unwrap_or(0);
    let mut out = String::from("{");
    write!(out, "\"characters\":[{},{}]", characters(&documents.left), characters(&documents.right))?;
    write!(out, ",\"bytes\":{}", documents.left.text().len() + documents.right.text().len())?;
    write!(out, ",\"load_us\":{load},\"total_us\":{total},\"cutting_us\":{cutting},\"stages_us\":{{")?;
    for (index, (stage, time)) in stages.iter().enumerate() {
        write!(out, "{}\"{stage}\":{time}", if index == 0 { "" } else { "," })?;
    }
    write!(out, "}},\"rest_kb\":{rest_kilobytes},\"peak_kb\":{peak_kilobytes}")?;
    write!(out, ",\"digest\":\"{:016x}\"", check::digest(&answer))?;
    write!(out, ",\"holds\":{}", holds(&answer))?;
    if checked {
        write!(out, ",\"rebuilds\":{}", check::rebuilds(&answer))?;
    }
    out.push('}');
    print(&out);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what the program is for")]
fn print(line: &str) {
    println!("{line}");
}

fn document(path: &Path) -> Result<Document, Failure> {
    Ok(Document::new(std::fs::read_to_string(path)?, Metadata::default(), DocumentLimits::default())?)
}

fn characters(document: &Document) -> usize {
    document.text().chars().count()
}

/// A stage of reading or comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Analysis,
    Compare(Stage),
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Analysis => f.write_str("Analysis"),
            Self::Compare(stage) => write!(f, "{stage:?}"),
        }
    }
}

/// One comparison with the time of each stage.
fn run(engine: &Engine, documents: &Pair<Document>) -> Result<(Comparison, Vec<(Part, Microseconds)>), Failure> {
    let (options, cancel) = (CompareOptions::default(), Cancel::new());
    let mut times = vec![(Part::Analysis, 0)];
    let mut began = now();
    let left = engine.analyze(&documents.left, &options, &cancel)?;
    let right = engine.analyze(&documents.right, &options, &cancel)?;
    let mut begins = |stage| {
        let reached = now();
        if let Some(last) = times.last_mut() {
            last.1 = reached - began;
        }
        times.push((Part::Compare(stage), 0));
        began = reached;
    };
    let answer = engine.compare_watched(Pair::new(&left, &right), &[], &options, &cancel, &mut begins)?;
    if let Some(last) = times.last_mut() {
        last.1 = now() - began;
    }
    Ok((answer, times))
}

/// Time to cut both documents, as they are, with the library behind the lexicon.
fn cutting_time(documents: &Pair<Document>) -> Microseconds {
    static JIEBA: std::sync::LazyLock<jieba_rs::Jieba> = std::sync::LazyLock::new(jieba_rs::Jieba::new);
    let jieba = &*JIEBA;
    let began = now();
    let words = jieba.cut(documents.left.text(), true).len() + jieba.cut(documents.right.text(), true).len();
    std::hint::black_box(words);
    now() - began
}

/// How much an answer holds, and which stages stopped at their budget.
fn holds(answer: &Comparison) -> String {
    let edits = answer.beads.iter().map(|bead| bead.edits.len()).sum::<usize>();
    let ends = [
        ("phrases", answer.completeness.phrases),
        ("passages", answer.completeness.passages),
        ("alignment", answer.completeness.alignment),
        ("edits", answer.completeness.edits),
    ];
    let stopped = ends.iter().filter(|(_, end)| *end == StageEnd::Budget).map(|(name, _)| format!("\"{name}\""));
    format!(
        "{{\"links\":{},\"beads\":{},\"edits\":{edits},\"passages\":{},\"phrases\":{},\"items\":{},\"stopped\":[{}]}}",
        answer.links.len(),
        answer.beads.len(),
        answer.passages.len(),
        answer.phrases.len(),
        answer.items.len(),
        stopped.collect::<Vec<_>>().join(","),
    )
}
