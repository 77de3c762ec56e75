//! Measures the engine and prints JSON, one object a line. `benches/figures.py` puts the figures beside their targets.
//!
//!     measure pair LEFT RIGHT [--repeat N]     stages, memory, digest of the answer, whether the edits rebuild both sides
//!     measure peaks LEFT RIGHT                 the most that is resident in each stage, over what is at rest
//!     measure diff LEFT RIGHT                  the word diff beside other engines over the same words
//!     measure units                            word diff and phrases on two times 100 000 hard units
//!     measure cancel LEFT RIGHT [--repeat N]   how long the work goes on after N cancellations
//!
//! A document is a file in UTF-8. Times are processor times in microseconds, so that other work on the machine disturbs
//! them little; of several runs the median counts, and after each run both documents are cut with the library behind the
//! lexicon, so that both times are taken in the same conditions. One process measures one pair, so that its peak of
//! memory is that pair's.

mod cancelling;
mod check;
mod clock;
mod memory;
mod units;

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

// The program's own, whose habits count in its memory.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Failure = Box<dyn Error>;

const USAGE: &str = "usage: measure pair|peaks|diff|cancel LEFT RIGHT [--repeat N], or measure units";

fn main() -> Result<(), Failure> {
    policy_echo::allocator::begin();
    let mut words = Vec::new();
    let mut repeat = 1_u32;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--repeat" => repeat = arguments.next().ok_or("--repeat wants a number")?.parse()?,
            _ => words.push(argument),
        }
    }
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["units"] => {
            for line in units::units()? {
                print(&line);
            }
        }
        ["pair", left, right] => print(&pair(&read(left, right)?, repeat.max(1))?),
        ["peaks", left, right] => print(&peaks(&read(left, right)?)?),
        ["diff", left, right] => {
            let engine = Engine::load(EngineSettings::default())?;
            print(&units::peers(&engine, &read(left, right)?)?);
        }
        ["cancel", left, right] => {
            let documents = read(left, right)?;
            let engine = Engine::load(EngineSettings::default())?;
            let (_, stages) = run(&engine, &documents)?;
            let total = stages.iter().map(|(_, time)| *time).sum();
            let delays = cancelling::delays(&engine, &documents, total, u64::from(repeat))?;
            print(&format!("{{\"total_us\":{total},\"cancelled\":{},\"delays_us\":{delays:?}}}", delays.len()));
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn read(left: &str, right: &str) -> Result<Pair<Document>, Failure> {
    Ok(Pair::new(document(Path::new(left))?, document(Path::new(right))?))
}

/// Measures one pair.
fn pair(documents: &Pair<Document>, repeat: u32) -> Result<String, Failure> {
    let began = now();
    let engine = Engine::load(EngineSettings::default())?;
    let load = now() - began;
    let rest_kilobytes = memory::resident()?;
    memory::reset_peak();
    let (mut runs, mut cuttings) = (Vec::new(), Vec::new());
    let mut answer: Option<Comparison> = None;
    let mut peak_kilobytes = 0;
    for at in 0..repeat {
        // Two answers at a time would count in the peak.
        drop(answer.take());
        let (comparison, stages) = run(&engine, documents)?;
        runs.push((stages.iter().map(|(_, time)| *time).sum::<Microseconds>(), stages));
        answer = Some(comparison);
        if at == 0 {
            peak_kilobytes = memory::peak()?;
        }
        cuttings.push(cutting_time(documents));
    }
    let Some(answer) = answer else { return Err("nothing was run".into()) };
    runs.sort_by_key(|run| run.0);
    cuttings.sort_unstable();
    let (total, stages) = &runs[runs.len() / 2];
    let cutting = cuttings[cuttings.len() / 2];
    let mut out = String::from("{");
    write!(out, "\"characters\":[{},{}]", characters(&documents.left), characters(&documents.right))?;
    write!(out, ",\"bytes\":{}", documents.left.text().len() + documents.right.text().len())?;
    write!(out, ",\"load_us\":{load},\"total_us\":{total},\"cutting_us\":{cutting},\"stages_us\":{}", by_part(stages))?;
    write!(out, ",\"rest_kb\":{rest_kilobytes},\"peak_kb\":{peak_kilobytes}")?;
    write!(out, ",\"digest\":\"{:016x}\"", check::digest(&answer))?;
    write!(out, ",\"holds\":{},\"rebuilds\":{}}}", holds(&answer), check::rebuilds(&answer))?;
    Ok(out)
}

/// The most that is resident in each stage of one comparison, in kilobytes over what is at rest.
fn peaks(documents: &Pair<Document>) -> Result<String, Failure> {
    let engine = Engine::load(EngineSettings::default())?;
    let rest = memory::resident()?;
    let peak = || memory::peak().map(|peak| peak.saturating_sub(rest));
    memory::reset_peak();
    let cancel = Cancel::new();
    let (left, right) = (engine.analyze(&documents.left, &cancel)?, engine.analyze(&documents.right, &cancel)?);
    let (mut part, mut peaks) = (Part::Analysis, Vec::new());
    let mut begins = |stage| {
        peaks.push((part, peak()));
        memory::reset_peak();
        part = Part::Compare(stage);
    };
    engine.compare_watched(Pair::new(&left, &right), &[], &CompareOptions::default(), &cancel, &mut begins)?;
    peaks.push((part, peak()));
    let peaks: Vec<(Part, u64)> =
        peaks.into_iter().map(|(part, peak)| Ok((part, peak?))).collect::<Result<_, Failure>>()?;
    Ok(format!("{{\"over_rest_kb\":{}}}", by_part(&peaks)))
}

/// Figures by part, as a JSON object.
fn by_part(figures: &[(Part, u64)]) -> String {
    let figures: Vec<String> = figures.iter().map(|(part, figure)| format!("\"{part}\":{figure}")).collect();
    format!("{{{}}}", figures.join(","))
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
    let left = engine.analyze(&documents.left, &cancel)?;
    let right = engine.analyze(&documents.right, &cancel)?;
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
    // Loaded before the first measurement of it begins.
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
