//! What the server does under load, under attack and when callers leave: measured on the real program, against targets.
//!
//!     cargo run --example soak -- overload|storm|cancel|hostile|mixed|cost|all [--program PATH] [--short]
//!
//! In: the program, which it starts as a process of its own on a free port of 127.0.0.1. Out: one table a part, with each
//! figure beside its target; exits with 1 when one is missed. The load is an open loop: calls go out when they are due,
//! whether or not earlier ones are answered, and each is timed from when it was due, so that a slow server cannot slow down
//! the measurement (coordinated omission). Every random choice comes from `--seed`.
//!
//! Processor times, threads and descriptors are read from `/proc`, so it runs on Linux only.

#![allow(clippy::print_stdout)]

mod cancel;
mod client;
mod collector;
mod cost;
mod hostile;
mod mixed;
mod overload;
mod program;
mod requests;
mod storm;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use table::Table;

// The program's own, because the comparison in this process is what its calls are measured against.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures the server under load
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure
    #[arg(value_enum)]
    part: Part,

    /// The program to measure
    #[arg(long, default_value = "target/release/policy-echo")]
    program: PathBuf,

    /// A short form for CI, of about four minutes
    #[arg(long)]
    short: bool,

    /// For machines that others use meanwhile: times may be three times as long, goodput a third less, and the table says so
    #[arg(long)]
    noisy: bool,

    /// Seconds of each round of overload; 60 without it, 6 in the short form
    #[arg(long)]
    seconds: Option<f64>,

    /// Calls that are dropped; 10 000 without it, 200 in the short form
    #[arg(long)]
    drops: Option<usize>,

    /// Folder of the hostile cases, as evaluation/adversarial.py writes them
    #[arg(long, default_value = "target/adversarial")]
    cases: PathBuf,

    /// The outcome of each hostile case
    #[arg(long, default_value = "evaluation/adversarial-outcomes.tsv")]
    outcomes: PathBuf,

    /// Minutes of the mixed load; 30 without it, 2 in the short form
    #[arg(long)]
    minutes: Option<f64>,

    /// Begins every sequence of random choices
    #[arg(long, default_value_t = 20_261_125)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Two, five and ten times what the server can do
    Overload,
    /// A thousand callers at once, who come back when they are told to
    Storm,
    /// Callers who leave at random points, and work whose deadline passes in the queue
    Cancel,
    /// All hostile cases, each with its documented outcome
    Hostile,
    /// Everything at once for a long time
    Mixed,
    /// What the service adds to a comparison; measures itself, too, so it asks for a release build
    Cost,
    /// All of these but the cost
    All,
}

fn main() -> ExitCode {
    policy_echo::allocator::begin();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("soak: cannot start the async runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&arguments)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(missed) => {
            println!("\n{missed} targets missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the parts and gives the number of targets that were missed.
async fn run(arguments: &Arguments) -> Result<usize, Error> {
    let wanted = |part| arguments.part == part || arguments.part == Part::All;
    let mut missed = 0;
    let mut print = |table: Table| {
        table.print();
        missed += table.missed();
    };
    if wanted(Part::Overload) {
        print(overload::measure(arguments).await?);
    }
    if wanted(Part::Storm) {
        print(storm::measure(arguments).await?);
    }
    if wanted(Part::Cancel) {
        print(cancel::measure(arguments).await?);
    }
    if wanted(Part::Hostile) {
        print(hostile::measure(arguments).await?);
    }
    if wanted(Part::Mixed) {
        print(mixed::measure(arguments).await?);
    }
    if arguments.part == Part::Cost {
        print(cost::measure(arguments).await?);
    }
    Ok(missed)
}

/// Chance that can be repeated (SplitMix64).
#[derive(Clone, Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// In 0..1, never 0.
    fn fraction(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 1.0) / ((1u64 << 53) as f64 + 1.0)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
