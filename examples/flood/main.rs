//! Floods a server from one machine and prints what became of it, and of somebody who called it meanwhile.
//!
//!     cargo build --release && cargo run --release --example flood [-- PROGRAM] [--scale N] [--only WORDS]
//!
//! `PROGRAM` is the server, by default the one beside this program. `--scale 10` makes every flood a tenth as large; `--only`
//! leaves out those whose names do not hold the words. A flood that the server ends at once comes again and again for
//! [`LEAST_TIME`], so that there is somebody to be harmed. Ends with 1 if a bystander ever waited longer than 50 ms (99 in 100
//! calls) or was refused, the server held more than 256 MB, or ended.
// Parts of what is shared with `tests/transport.rs` are used only there.
#![allow(clippy::print_stdout, dead_code, reason = "a program that prints a table")]

mod attack;
mod flood;
mod process;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use flood::{Flood, floods};
use process::{Bystander, Server};

/// A flood lasts at least so long.
const LEAST_TIME: Duration = Duration::from_secs(2);
/// The longest that 99 in 100 calls of a bystander may take.
const MOST_WAIT: Duration = Duration::from_millis(50);
/// The most memory that the server may hold, in KiB: 256 MB.
const MOST_KIB: u64 = 250_000;

#[tokio::main]
async fn main() -> ExitCode {
    let mut program = None;
    let mut scale = 1;
    let mut only = String::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--scale" => scale = arguments.next().and_then(|scale| scale.parse().ok()).expect("--scale takes a number"),
            "--only" => only = arguments.next().expect("--only takes words"),
            path => program = Some(PathBuf::from(path)),
        }
    }
    let program = program.unwrap_or_else(|| {
        let own = std::env::current_exe().expect("this program is somewhere");
        own.parent().and_then(|folder| folder.parent()).expect("in examples/").join("policy-echo")
    });
    let mut server = Server::start(&program, &[]).await;
    println!("at rest: {} MB, {} descriptors\n", server.resident_kib() * 1024 / 1_000_000, server.descriptors());
    println!(
        "| flood | times | took s | processor s | others p99 ms | slowest ms | refused | peak MB | the last time |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|---|");
    let mut broken = Vec::new();
    for Flood { name, run } in floods(scale.max(1)) {
        if !name.contains(&only) {
            continue;
        }
        let bystander = Bystander::begin(&server).await;
        server.forget_peak();
        let (begun, used) = (Instant::now(), server.processor_time());
        let (mut outcome, mut times) = (String::new(), 0);
        while times == 0 || begun.elapsed() < LEAST_TIME {
            outcome = run(server.address).await;
            times += 1;
        }
        let took = begun.elapsed();
        let waited = bystander.end().await;
        if !server.runs() {
            println!("| {name} | | | | | | | | THE SERVER ENDED |");
            return ExitCode::FAILURE;
        }
        let peak = server.peak_kib();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "| {name} | {times} | {:.1} | {:.1} | {:.1} | {:.1} | {} of {} | {} | {outcome} |",
            took.as_secs_f64(),
            (server.processor_time() - used).as_secs_f64(),
            milliseconds(waited.percentile(99)),
            milliseconds(waited.percentile(100)),
            waited.failures,
            waited.failures + waited.calls(),
            peak * 1024 / 1_000_000,
        );
        if waited.percentile(99) > MOST_WAIT || waited.failures > 0 || peak > MOST_KIB || outcome.starts_with("NOT") {
            broken.push(name);
        }
    }
    println!("\nafter: {} MB, {} descriptors", server.resident_kib() * 1024 / 1_000_000, server.descriptors());
    if broken.is_empty() {
        println!("nobody else was refused or waited longer than {} ms, never more than 256 MB", MOST_WAIT.as_millis());
        return ExitCode::SUCCESS;
    }
    println!("over the bounds: {}", broken.join("; "));
    ExitCode::FAILURE
}
