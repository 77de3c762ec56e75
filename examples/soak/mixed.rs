//! Everything at once for a long time: does anything grow, and is any answer a surprise?

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use policy_echo::service::proto;

use crate::client::{Call, Client};
use crate::hostile::{self, code_name};
use crate::overload::HealthProbe;
use crate::program::{Program, Reading};
use crate::requests::{self, COMPARE, COMPARE_STREAM, heavy_text};
use crate::table::{Lateness, Table, percentile};
use crate::{Arguments, Chance, Error};

/// Calls a second.
const RATE: f64 = 25.0;

/// A kind of call, how often it comes, and the codes it may end with.
struct Kind {
    name: &'static str,
    weight: usize,
    calls: Vec<Call>,
    codes: &'static [i32],
    /// Leaves after a random time of at most this.
    leaves_within: Option<Duration>,
}

fn kinds(arguments: &Arguments) -> Result<Vec<Kind>, Error> {
    let kind = |name, weight, calls, codes| Kind { name, weight, calls, codes, leaves_within: None };
    let stream = (0..3).map(|index| proto::CompareStreamRequest {
        pair_id: format!("{index}"),
        request: Some(requests::small_pair()),
    });
    let bodies: Vec<u8> = stream.flat_map(|message| requests::call(COMPARE_STREAM, &message).body).collect();
    let stream = Call { path: COMPARE_STREAM, body: bodies.into(), ..Call::default() };
    let heavy = requests::call(COMPARE, &requests::pair(&heavy_text(5, 1 << 20), &heavy_text(6, 1 << 20)));
    let huge = requests::call(COMPARE, &requests::pair(&"甲".repeat(9 << 20), "乙"));
    let cases = hostile::read(&arguments.cases)?;
    let hostile = |class: &str| {
        let of_class = cases.iter().filter(|case| case.class == class).flat_map(|case| case.calls.clone());
        of_class.collect::<Vec<_>>()
    };
    // OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED and INTERNAL, by what each kind may meet: any may be
    // refused for lack of room.
    Ok(vec![
        kind("small", 40, vec![requests::call(COMPARE, &requests::small_pair())], &[0, 8]),
        kind("real", 20, vec![requests::call(COMPARE, &requests::real_pair()?)], &[0, 8]),
        kind("stream", 10, vec![stream], &[0]),
        kind("deadline", 5, vec![Call { timeout: Some("50m"), ..heavy.clone() }], &[4, 8]),
        kind("huge", 1, vec![huge], &[8]),
        kind("raw bytes", 6, hostile("rawbytes"), &[3, 8]),
        kind("protobuf", 6, hostile("protobuf"), &[0, 3, 8]),
        kind("frame", 6, hostile("frame"), &[0, 3, 4, 8, 12, 13]),
        Kind {
            name: "leaves",
            weight: 6,
            calls: vec![heavy],
            codes: &[0, 8],
            leaves_within: Some(Duration::from_millis(500)),
        },
    ])
}

pub(crate) async fn measure(arguments: &Arguments) -> Result<Table, Error> {
    let minutes = arguments.minutes.unwrap_or(if arguments.short { 2.0 } else { 30.0 });
    let kinds = Arc::new(kinds(arguments)?);
    let program = Program::start(&arguments.program, &[]).await?;
    let client = Client::new(program.address, 8);
    requests::until_ready(&client).await?;
    let mut table = Table::new(format!("Mixed: {RATE} calls/s for {minutes} minutes"), arguments.noisy);
    let (late, health) = (Lateness::watch(), HealthProbe::start(&program));

    let counts: Arc<Mutex<BTreeMap<(&'static str, i32), usize>>> = Arc::default();
    // What the client's own library says of calls that got no answer.
    let lost: Arc<Mutex<BTreeMap<(&'static str, String), usize>>> = Arc::default();
    let quotes = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut chance = Chance(arguments.seed);
    let total_weight: usize = kinds.iter().map(|kind| kind.weight).sum();
    let (begun, lasts) = (Instant::now(), Duration::from_secs_f64(minutes * 60.0));
    let (mut due, mut next_reading) = (Duration::ZERO, Duration::ZERO);
    let (mut readings, mut tasks) = (Vec::new(), tokio::task::JoinSet::new());
    while due < lasts {
        due += Duration::from_secs_f64(-chance.fraction().ln() / RATE);
        tokio::time::sleep_until((begun + due).into()).await;
        if due >= next_reading {
            readings.push(program.reading());
            next_reading = due + Duration::from_millis(500);
        }
        let mut draw = chance.below(total_weight);
        let index = kinds.iter().position(|kind| {
            let chosen = draw < kind.weight;
            draw = draw.wrapping_sub(kind.weight);
            chosen
        });
        let index = index.unwrap_or(0);
        let call = chance.below(kinds[index].calls.len());
        let leave = kinds[index].leaves_within.map(|within| within.mul_f64(chance.fraction()));
        let (client, kinds, counts) = (client.clone(), Arc::clone(&kinds), Arc::clone(&counts));
        let (quotes, why_lost, due) = (Arc::clone(&quotes), Arc::clone(&lost), begun + due);
        tasks.spawn(async move {
            let kind = &kinds[index];
            let answered = client.call(&kind.calls[call], due);
            let answer = match leave {
                None => Some(answered.await),
                Some(leave) => tokio::time::timeout(leave, answered).await.ok(),
            };
            let Some(answer) = answer else { return };
            if answer.code == crate::client::LOST {
                let mut why = why_lost.lock().unwrap_or_else(PoisonError::into_inner);
                *why.entry((kind.name, answer.message.clone())).or_default() += 1;
            }
            if hostile::quotes_text(answer.message.as_bytes()) {
                quotes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            *counts.lock().unwrap_or_else(PoisonError::into_inner).entry((kind.name, answer.code)).or_default() += 1;
        });
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
    let (mut health, late) = (health.stop().await, late.p99());
    // The stream that was left open by a hostile case ends with its deadline; then all is as it was.
    tokio::time::sleep(Duration::from_secs(3)).await;

    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut surprises = 0;
    for ((name, code), count) in &counts {
        let expected = kinds.iter().any(|kind| kind.name == *name && kind.codes.contains(code));
        surprises += if expected { 0 } else { *count };
        table.note(
            format!("{name}: {}", code_name(*code)),
            format!("{count}{}", if expected { "" } else { "  <-- unexpected" }),
        );
    }
    for ((name, why), count) in &*lost.lock().unwrap_or_else(PoisonError::into_inner) {
        table.note(format!("{name}: lost because of"), format!("{why} ({count})"));
    }
    table.check("answers with an unexpected code", surprises.to_string(), "0", surprises == 0);
    flat(&mut table, &readings, program.reading(), arguments.short);
    table.at_most("health, p99", percentile(&mut health, 99.0), Duration::from_millis(20), late);
    let quoted = quotes.load(std::sync::atomic::Ordering::Relaxed) + hostile::quoting_lines(&program.log());
    table.check("statuses and log lines that quote a request", quoted.to_string(), "0", quoted == 0);
    requests::until_ready(&client).await?;
    let (well, _) = program.stop()?;
    table.check("ends when asked", well.to_string(), "true", well);
    Ok(table)
}

/// Memory, threads and descriptors, early and late. Two minutes are too short for the allocator to have all it will keep.
fn flat(table: &mut Table, readings: &[Reading], last: Reading, short: bool) {
    let fifth = (readings.len() / 5).max(1);
    // The first fifth warms up: caches, stacks and the allocator's own pools.
    let mean =
        |range: &[Reading], of: fn(&Reading) -> u64| range.iter().map(of).sum::<u64>() / range.len().max(1) as u64;
    let (early, late) = (
        &readings[fifth.min(readings.len() - 1)..(2 * fifth).min(readings.len())],
        &readings[readings.len() - fifth..],
    );
    // What is held while little is in work: large messages come and go, and what is lost stays.
    let low = |range: &[Reading]| {
        let mut held: Vec<u64> = range.iter().map(|reading| reading.resident_kib).collect();
        held.sort_unstable();
        held.get(held.len() / 5).copied().unwrap_or(0)
    };
    let memory = (low(early), low(late));
    let grown = memory.1 as f64 / memory.0.max(1) as f64 * 100.0 - 100.0;
    let said = format!("{} → {} KiB", memory.0, memory.1);
    let most = if short { 25.0 } else { 10.0 };
    table.check("memory held in calm moments, second fifth and last", said, format!("+ ≤ {most} %"), grown <= most);
    let highest = readings.iter().map(|reading| reading.resident_kib).max().unwrap_or(0);
    table.note("highest memory of all readings", format!("{highest} KiB"));
    let threads = (mean(early, |r| r.threads), last.threads);
    table.check(
        "threads, then and at the end",
        format!("{} → {}", threads.0, threads.1),
        "same",
        threads.0 == threads.1,
    );
    let descriptors = (readings.first().map_or(0, |r| r.descriptors), last.descriptors);
    let said = format!("{} → {}", descriptors.0, descriptors.1);
    table.check("descriptors, first and at the end", said, "+ ≤ 8", descriptors.1 <= descriptors.0 + 8);
}
