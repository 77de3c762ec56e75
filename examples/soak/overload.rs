//! More than the server can do: what it still does, how long it takes, and how fast it refuses the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::client::{Answer, Call, Client};
use crate::program::{Program, processor_time};
use crate::requests::{self, COMPARE};
use crate::table::{Lateness, Table, milliseconds, percentile};
use crate::{Arguments, Chance, Error};

pub(crate) const OK: i32 = 0;
pub(crate) const RESOURCE_EXHAUSTED: i32 = 8;

/// What one round of load gave.
pub(crate) struct Round {
    pub(crate) answers: Vec<Answer>,
    lasted: Duration,
}

impl Round {
    pub(crate) fn times(&self, code: i32) -> Vec<Duration> {
        self.answers.iter().filter(|answer| answer.code == code).map(|answer| answer.took).collect()
    }

    pub(crate) fn goodput(&self) -> f64 {
        self.times(OK).len() as f64 / self.lasted.as_secs_f64()
    }

    /// How many were neither answered nor refused.
    pub(crate) fn others(&self) -> usize {
        self.answers.iter().filter(|answer| ![OK, RESOURCE_EXHAUSTED].contains(&answer.code)).count()
    }
}

pub(crate) async fn measure(arguments: &Arguments) -> Result<Table, Error> {
    let seconds = arguments.seconds.unwrap_or(if arguments.short { 6.0 } else { 60.0 });
    let least = if arguments.noisy { 60.0 } else { 90.0 };
    let program = Program::start(&arguments.program, &[]).await?;
    let client = Client::new(program.address, 8);
    requests::until_ready(&client).await?;
    let call = Arc::new(requests::call(COMPARE, &requests::real_pair()?));
    let title = format!("Overload: a real pair of {} bytes, {seconds} s a round", call.body.len());
    let mut table = Table::new(title, arguments.noisy);

    one_by_one(&client, &call, 20).await;
    let late = Lateness::watch();
    let mut alone = one_by_one(&client, &call, if arguments.short { 100 } else { 400 }).await;
    let unloaded_p99 = percentile(&mut alone, 99.0);
    table.note("one call at a time, median", milliseconds(percentile(&mut alone, 50.0)));
    table.note("one call at a time, p99", milliseconds(unloaded_p99));
    table.note("the machine is late meanwhile, p99", milliseconds(late.p99()));

    let callers = callers_at_peak(&program);
    let peak = closed(&client, &call, callers, seconds).await;
    table.note(format!("peak: {callers} callers who wait for their answers"), format!("{:.1} calls/s", peak.goodput()));
    let before = program.reading();

    let mut chance = Chance(arguments.seed);
    for factor in [2.0, 5.0, 10.0] {
        let (late, health) = (Lateness::watch(), HealthProbe::start(&program));
        let used = (program.processor_time(), processor_time("self"));
        let round = open(&client, &call, peak.goodput() * factor, seconds, &mut chance).await;
        let used = (program.processor_time() - used.0, processor_time("self").saturating_sub(used.1));
        let cores = |time: Duration| time.as_secs_f64() / round.lasted.as_secs_f64();
        let (mut health, late) = (health.stop().await, late.p99());
        let name = |what: &str| format!("{factor}×: {what}");
        let share = round.goodput() / peak.goodput() * 100.0;
        table.note(
            name("cores used by the server, by the load"),
            format!("{:.2}, {:.2} of {}", cores(used.0), cores(used.1), cores_there_are()),
        );
        table.check(name("goodput"), format!("{share:.0} % of peak"), format!("≥ {least} %"), share >= least);
        table.at_most(name("accepted, p99"), percentile(&mut round.times(OK), 99.0), 3 * unloaded_p99, late);
        let mut refused = round.times(RESOURCE_EXHAUSTED);
        let (count, ten) = (refused.len(), Duration::from_millis(10));
        table.at_most(name(&format!("{count} refused, p99")), percentile(&mut refused, 99.0), ten, late);
        table.at_most(name("health, p99"), percentile(&mut health, 99.0), Duration::from_millis(20), late);
        let (sent, others) = (round.answers.len(), round.others());
        table.check(name(&format!("of {sent}, lost or other code")), others.to_string(), "0", others == 0);
        let silent =
            round.answers.iter().filter(|answer| answer.code == RESOURCE_EXHAUSTED && answer.pushback.is_none());
        let silent = silent.count();
        table.check(name("refused without a pushback"), silent.to_string(), "0", silent == 0);
    }
    let after = program.reading();
    let grown = after.resident_kib.saturating_sub(before.resident_kib);
    let memory = format!("{} → {} KiB", before.resident_kib, after.resident_kib);
    table.check("memory at peak and after 10×", memory, "+ ≤ 32 MiB", grown <= 32 << 10);
    table.check("threads", format!("{} → {}", before.threads, after.threads), "same", before.threads == after.threads);
    let (well, took) = program.stop()?;
    table.check(
        "ends when asked",
        format!("{well}, {}", milliseconds(took)),
        "true, ≤ 10.5 s",
        well && took.as_secs() <= 10,
    );
    Ok(table)
}

fn cores_there_are() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

async fn one_by_one(client: &Client, call: &Call, count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..count {
        let answer = client.call(call, Instant::now()).await;
        if answer.code == OK {
            times.push(answer.took);
        }
    }
    times
}

/// Callers who keep every worker at work and wait for no one else's long: two for each.
pub(crate) fn callers_at_peak(program: &Program) -> usize {
    // One more thread than workers is there for small work beside large work.
    2 * (program.workers().len() - 1).max(1)
}

/// `callers` who each send their next call when the last is answered.
pub(crate) async fn closed(client: &Client, call: &Arc<Call>, callers: usize, seconds: f64) -> Round {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (client, call) = (client.clone(), Arc::clone(call));
            tokio::spawn(async move {
                let mut answers = Vec::new();
                while begun.elapsed().as_secs_f64() < seconds {
                    answers.push(client.call(&call, Instant::now()).await);
                }
                answers
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.extend(task.await.unwrap_or_default());
    }
    Round { answers, lasted: begun.elapsed() }
}

/// Calls at random times (a Poisson process) of `rate` a second, whatever becomes of them.
pub(crate) async fn open(client: &Client, call: &Arc<Call>, rate: f64, seconds: f64, chance: &mut Chance) -> Round {
    let begun = Instant::now();
    let mut due_seconds = 0.0;
    let mut tasks = Vec::new();
    loop {
        due_seconds += -chance.fraction().ln() / rate;
        if due_seconds > seconds {
            break;
        }
        let due = begun + Duration::from_secs_f64(due_seconds);
        tokio::time::sleep_until(due.into()).await;
        let (client, call) = (client.clone(), Arc::clone(call));
        tasks.push(tokio::spawn(async move { client.call(&call, due).await }));
    }
    let lasted = begun.elapsed();
    let mut answers = Vec::new();
    for task in tasks {
        // A task of ours that panicked is a call that was lost.
        answers.push(task.await.unwrap_or(Answer {
            code: crate::client::LOST,
            message: String::new(),
            pushback: None,
            took: Duration::ZERO,
        }));
    }
    Round { answers, lasted }
}

/// Asks for health ten times a second, over a connection of its own.
pub(crate) struct HealthProbe {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Vec<Duration>>,
}

impl HealthProbe {
    pub(crate) fn start(program: &Program) -> Self {
        let client = Client::new(program.address, 1);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let (call, mut times) = (requests::health(), Vec::new());
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            while !stopped.load(Relaxed) {
                let due = ticks.tick().await.into_std();
                let answer = client.call(&call, due).await;
                // A probe that fails counts as one that took for ever.
                times.push(if answer.code == OK { answer.took } else { Duration::from_secs(100) });
            }
            times
        });
        Self { stop, task }
    }

    pub(crate) async fn stop(self) -> Vec<Duration> {
        self.stop.store(true, Relaxed);
        self.task.await.unwrap_or_default()
    }
}
