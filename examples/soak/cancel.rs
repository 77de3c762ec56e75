//! Callers who leave: how soon the processor is idle, whether every place comes back, and whether expired work begins.

use std::time::{Duration, Instant};

use crate::client::{Call, Client};
use crate::program::{Program, busy};
use crate::requests::{self, COMPARE, heavy_text};
use crate::table::{Lateness, Table, milliseconds, percentile};
use crate::{Arguments, Chance, Error};

const DEADLINE_EXCEEDED: i32 = 4;
const RESOURCE_EXHAUSTED: i32 = 8;
/// The work must stop within this time.
const TARGET: Duration = Duration::from_millis(20);
/// Text of one document of the heavy pair, in bytes; halved until a comparison takes no more than [`HEAVY_TIME`].
const HEAVY_BYTES: usize = 256 << 10;
/// Longest time that the heavy pair may take, so that dropping it at random points ends in reasonable time.
const HEAVY_TIME: Duration = Duration::from_millis(400);
/// The same where the point is that it does not end by itself.
const ENDLESS_BYTES: usize = 4 << 20;

pub(crate) async fn measure(arguments: &Arguments) -> Result<Table, Error> {
    let calls = arguments.drops.unwrap_or(if arguments.short { 200 } else { 10_000 });
    let program =
        Program::start(&arguments.program, &["--workers", "1", "--queue", "2", "--metrics-listen", "127.0.0.1:0"])
            .await?;
    let client = Client::new(program.address, 1);
    requests::until_ready(&client).await?;
    let (heavy, bytes, whole) = heavy(&client).await?;
    let title = format!(
        "Cancel: {calls} calls dropped at random points of a pair of {bytes} bytes that takes {}",
        milliseconds(whole)
    );
    let mut table = Table::new(title, arguments.noisy);

    let workers = program.workers();
    let mut chance = Chance(arguments.seed);
    let (mut wall, mut cpu, mut running) = (Vec::new(), Vec::new(), 0usize);
    let late = Lateness::watch();
    for _ in 0..calls {
        let point = whole.mul_f64(chance.fraction());
        tokio::time::timeout(point, client.call(&heavy, Instant::now())).await.ok();
        // The call was dropped with the timeout.
        let (left, used) = (Instant::now(), busy(&workers));
        running += usize::from(!workers.iter().all(|worker| worker.is_idle()));
        until_idle(&workers).await;
        wall.push(left.elapsed());
        cpu.push(busy(&workers).saturating_sub(used));
    }
    let late = late.p99();
    table.note("found at work when dropped", format!("{running} of {calls}"));
    table.note("until the threads are idle, median", milliseconds(percentile(&mut wall, 50.0)));
    table.at_most("until the threads are idle, p99", percentile(&mut wall, 99.0), TARGET, late);
    table.at_most("until the threads are idle, longest", percentile(&mut wall, 100.0), 5 * TARGET, late);
    table.at_most("processor time after the drop, p99", percentile(&mut cpu, 99.0), TARGET, Duration::ZERO);

    places(&program, &client, &mut table).await?;
    expired(&client, &workers, &mut table).await;
    places(&program, &client, &mut table).await?;
    let (well, _) = program.stop()?;
    table.check("ends when asked", well.to_string(), "true", well);
    Ok(table)
}

/// The largest pair that is compared in [`HEAVY_TIME`], its bytes, and how long it takes.
async fn heavy(client: &Client) -> Result<(Call, usize, Duration), Error> {
    let mut bytes = HEAVY_BYTES;
    loop {
        let call = requests::call(COMPARE, &requests::pair(&heavy_text(1, bytes), &heavy_text(2, bytes)));
        let answer = tokio::time::timeout(2 * HEAVY_TIME, client.call(&call, Instant::now())).await;
        match answer {
            Ok(answer) if answer.code != 0 => return Err(format!("the heavy pair ends with {}", answer.code).into()),
            Ok(answer) if answer.took <= HEAVY_TIME => return Ok((call, 2 * bytes, answer.took)),
            _ if bytes < 4 << 10 => return Err("this machine is too slow or too busy to measure".into()),
            _ => bytes /= 2,
        }
    }
}

async fn until_idle(workers: &[crate::program::Worker]) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        // Idle is idle twice: a thread may be caught between two waits.
        if workers.iter().all(|worker| worker.is_idle()) {
            let used = busy(workers);
            tokio::time::sleep(Duration::from_micros(300)).await;
            if busy(workers) == used && workers.iter().all(|worker| worker.is_idle()) {
                return;
            }
        }
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
}

fn endless() -> Call {
    requests::call(COMPARE, &requests::pair(&heavy_text(3, ENDLESS_BYTES), &heavy_text(4, ENDLESS_BYTES)))
}

/// With one worker and a queue of two, three calls find a place and a fourth does not: as many as at the start.
async fn places(program: &Program, client: &Client, table: &mut Table) -> Result<(), Error> {
    let call = std::sync::Arc::new(endless());
    let held: Vec<_> = (0..3)
        .map(|_| {
            let (client, call) = (client.clone(), std::sync::Arc::clone(&call));
            tokio::spawn(async move { client.call(&call, Instant::now()).await.code })
        })
        .collect();
    let in_the_pool = async || {
        let metrics = program.metrics().await?;
        let gauge = |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        let (waiting, running) = (gauge("policy_echo_queue_depth "), gauge("policy_echo_work_running "));
        Ok::<_, Error>(waiting.ok_or("no depth of the queue")? + running.ok_or("no running work")?)
    };
    let begun = Instant::now();
    while in_the_pool().await? < 3 && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let fourth = tokio::time::timeout(Duration::from_secs(1), client.call(&call, Instant::now())).await;
    let refused = fourth.is_ok_and(|answer| answer.code == RESOURCE_EXHAUSTED);
    let all_held = held.iter().all(|call| !call.is_finished());
    table.check(
        "places: three of three, and no fourth",
        format!("{all_held}, {refused}"),
        "true, true",
        all_held && refused,
    );
    for call in held {
        call.abort();
        call.await.ok();
    }
    Ok(())
}

/// Work whose deadline passes in the queue must not begin once there is a thread for it.
async fn expired(client: &Client, workers: &[crate::program::Worker], table: &mut Table) {
    until_idle(workers).await;
    let call = endless();
    let first = tokio::spawn({
        let (client, call) = (client.clone(), call.clone());
        async move { client.call(&call, Instant::now()).await }
    });
    while workers.iter().all(|worker| worker.is_idle()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let short = Call { timeout: Some("500m"), ..call };
    let (one, two) = tokio::join!(client.call(&short, Instant::now()), client.call(&short, Instant::now()));
    let both = one.code == DEADLINE_EXCEEDED && two.code == DEADLINE_EXCEEDED;
    table.check("two calls that expire in the queue", format!("{}, {}", one.code, two.code), "4, 4", both);
    let over = one.took.max(two.took).saturating_sub(Duration::from_millis(500));
    table.note("answered after their deadline by", milliseconds(over));
    first.abort();
    first.await.ok();
    let left = Instant::now();
    until_idle(workers).await;
    let used = busy(workers);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let began = busy(workers).saturating_sub(used);
    table.check("processor time of expired work", milliseconds(began), "0", began < Duration::from_millis(1));
    table.note(
        "idle after the last caller left",
        milliseconds(left.elapsed().saturating_sub(Duration::from_millis(200))),
    );
}
