//! What the service adds to a comparison: its processor time per call beside that of the comparison alone.
//!
//! In: the seed pairs, as they were published. Out: processor time of the server per `Compare` with 32 calls in flight, read
//! from `/proc` over all its threads, beside that of the same comparisons made in this process in the same run, before and
//! after: one at a time on a machine that does nothing else, which no server under load has, and two at a time on threads of
//! their own, which share what the processors share. The truth for a server lies between: it compares while its other threads
//! and the callers work. Also calls per second of `Compare` and of `GetInfo`, which does nothing, by this client and, where it is installed,
//! by h2load. Spans only, as callers get them unless they ask for text.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::service::proto;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::span::Pair;
use rustix::time::{ClockId, clock_gettime};

use crate::client::{Call, Client};
use crate::program::{Program, busy};
use crate::requests::{self, COMPARE, GET_INFO};
use crate::table::Table;
use crate::{Arguments, Error};

const LEFT: &str = "guangdong-2019-07-26-plenum.txt";
const RIGHTS: [&str; 3] =
    ["guangzhou-2020-12-01-plenum.txt", "guangzhou-2021-02-leading-group.txt", "guangzhou-2022-09-22-resolution.txt"];
const IN_FLIGHT: usize = 32;
/// What the service may add to a comparison.
const TARGET: Duration = Duration::from_micros(60);

pub(crate) async fn measure(arguments: &Arguments) -> Result<Table, Error> {
    if cfg!(debug_assertions) {
        return Err(
            "the comparison in this process would be slow: run it with `cargo run --release --example soak`".into()
        );
    }
    let (calls_each, comparisons) = if arguments.short { (100, 50) } else { (400, 200) };
    let mut table = Table::new(format!("Cost: three seed pairs, {IN_FLIGHT} calls in flight"), arguments.noisy);
    let left = read(LEFT)?;
    let rights = RIGHTS.map(read).into_iter().collect::<Result<Vec<_>, _>>()?;
    let calls: Vec<Call> = rights.iter().map(|right| requests::call(COMPARE, &bare_pair(&left, right))).collect();
    let program = Program::start(&arguments.program, &["--workers", "1", "--queue", "64"]).await?;
    let client = Client::new(program.address, 4);
    requests::until_ready(&client).await?;

    let measured = || {
        let engine = Engine::load(EngineSettings::default())?;
        let of = |at_once| in_process(&engine, &left, &rights, comparisons, at_once);
        Ok::<_, Error>((of(1)?, of(2)?))
    };
    let before = measured()?;
    in_turn(&client, &calls, 60).await?;
    let workers = program.workers();
    let (used, worked) = (program.processor_time(), busy(&workers));
    let total = calls_each * calls.len();
    let lasted = in_turn(&client, &calls, total).await?;
    let per_call = (program.processor_time() - used) / total as u32;
    let on_workers = (busy(&workers) - worked) / total as u32;
    let after = measured()?;

    let (alone, of_two) = ((before.0 + after.0) / 2, (before.1 + after.1) / 2);
    for (name, before, after) in [("alone", before.0, after.0), ("two at a time", before.1, after.1)] {
        let name = format!("comparison in this process, {name}, before and after");
        table.note(name, format!("{}, {}", micros(before), micros(after)));
    }
    table.note("server, processor time a call", micros(per_call));
    table.note("  of it on the threads that compare", micros(on_workers));
    table.note("  of it on the others", micros(per_call.saturating_sub(on_workers)));
    let added = per_call.saturating_sub(alone);
    table.check("server over comparison alone", micros(added), format!("≤ {}", micros(TARGET)), added <= TARGET);
    table.note("server over comparison of two at a time", signed_micros(per_call, of_two));
    table.note("Compare", format!("{:.0} calls/s", total as f64 / lasted.as_secs_f64()));

    let info = [requests::call(GET_INFO, &proto::GetInfoRequest {})];
    in_turn(&client, &info, 1000).await?;
    let used = program.processor_time();
    let lasted = in_turn(&client, &info, 20_000).await?;
    table.note("GetInfo, processor time a call", micros((program.processor_time() - used) / 20_000));
    table.note("GetInfo", format!("{:.0} calls/s", 20_000.0 / lasted.as_secs_f64()));
    for (name, call, count) in [("Compare, the last pair", &calls[2], total), ("GetInfo", &info[0], 20_000)] {
        table.note(format!("{name}, by h2load"), h2load(&program, call, count).await?);
    }
    let (well, _) = program.stop()?;
    table.check("ends when asked", well.to_string(), "true", well);
    Ok(table)
}

fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

/// `time` over `other`, or under it.
fn signed_micros(time: Duration, other: Duration) -> String {
    format!("{:.0} µs", (time.as_secs_f64() - other.as_secs_f64()) * 1e6)
}

fn read(name: &str) -> Result<String, Error> {
    let path = Path::new("examples").join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn bare_pair(left: &str, right: &str) -> proto::CompareRequest {
    let document = |text: &str| {
        Some(proto::Document { body: Some(proto::document::Body::Text(text.into())), ..Default::default() })
    };
    proto::CompareRequest { left: document(left), right: document(right), ..Default::default() }
}

/// Processor time of one comparison, the mean over the pairs and over the threads that compare `at_once`.
fn in_process(
    engine: &Engine,
    left: &str,
    rights: &[String],
    rounds: usize,
    at_once: usize,
) -> Result<Duration, Error> {
    let document = |text: &str| Document::new(text.to_owned(), Metadata::default(), DocumentLimits::default());
    let pairs = rights.iter().map(|right| Ok::<_, Error>(Pair::new(document(left)?, document(right)?)));
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    let options = CompareOptions::default();
    let begin = Barrier::new(at_once);
    let compare = || {
        let cancel = Cancel::new();
        let round = || {
            for pair in &pairs {
                std::hint::black_box(engine.compare(pair, &[], &options, &cancel)?);
            }
            Ok::<_, Error>(())
        };
        for _ in 0..5 {
            round()?;
        }
        begin.wait();
        let begun = this_thread();
        for _ in 0..rounds {
            round()?;
        }
        Ok((this_thread() - begun) / (rounds * pairs.len()) as u32)
    };
    let times = thread::scope(|scope| {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(compare)).collect();
        let times = threads.into_iter().map(|thread| thread.join().map_err(|_| "a comparison panicked")?);
        times.collect::<Result<Vec<Duration>, Error>>()
    })?;
    Ok(times.iter().sum::<Duration>() / at_once as u32)
}

/// Processor time of this thread so far.
fn this_thread() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

/// Makes `total` calls, [`IN_FLIGHT`] at a time, the kinds in turn. All must succeed.
async fn in_turn(client: &Client, calls: &[Call], total: usize) -> Result<Duration, Error> {
    let calls = Arc::new(calls.to_vec());
    let begun = Instant::now();
    let callers: Vec<_> = (0..IN_FLIGHT)
        .map(|caller| {
            let (client, calls) = (client.clone(), Arc::clone(&calls));
            tokio::spawn(async move {
                for index in (caller..total).step_by(IN_FLIGHT) {
                    let answer = client.call(&calls[index % calls.len()], Instant::now()).await;
                    if answer.code != 0 {
                        return Err(format!("a call ended with {}: {}", answer.code, answer.message));
                    }
                }
                Ok(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(begun.elapsed())
}

/// Calls a second as h2load measures them, or why it did not.
async fn h2load(program: &Program, call: &Call, count: usize) -> Result<String, Error> {
    let body = std::env::temp_dir().join(format!("policy-echo-soak-{}", std::process::id()));
    fs::write(&body, &call.body)?;
    let mut command = Command::new("h2load");
    command.args(["-n", &count.to_string(), "-c", "1", "-m", &IN_FLIGHT.to_string()]);
    command.args(["-H", "content-type: application/grpc", "-H", "te: trailers", "-d"]).arg(&body);
    command.arg(format!("http://{}{}", program.address, call.path));
    let ran = tokio::task::spawn_blocking(move || command.output()).await?;
    fs::remove_file(&body)?;
    let Ok(output) = ran else { return Ok("not installed".to_owned()) };
    let said = String::from_utf8_lossy(&output.stdout);
    let finished = said.lines().find(|line| line.starts_with("finished in"));
    let rate = finished.and_then(|line| line.split(", ").nth(1)).unwrap_or("nothing said");
    let failed = said.lines().find(|line| line.starts_with("requests:")).is_none_or(|line| !line.contains(" 0 failed"));
    Ok(format!("{}{}", rate.replace("req/s", "calls/s"), if failed { ", some failed" } else { "" }))
}
