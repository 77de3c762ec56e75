//! A thousand callers at once beside an ordinary load, who all come back when they are told to: does the storm blow itself
//! out?

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::{Call, Client};
use crate::overload::{OK, RESOURCE_EXHAUSTED, callers_at_peak, closed, open};
use crate::program::Program;
use crate::requests::{self, COMPARE};
use crate::table::{Lateness, Table, milliseconds, percentile};
use crate::{Arguments, Chance, Error};

/// Callers who come at once.
const CALLERS: usize = 1_000;
/// The ordinary load, as a share of what the server can do.
const ORDINARY: f64 = 0.5;
/// When the callers come, in seconds from the beginning of the ordinary load.
const SPIKE: f64 = 3.0;
/// How long the ordinary load lasts, in seconds.
const LASTS: f64 = 20.0;
/// Within so many seconds all load must be back to [`BACK`] times the ordinary one.
const MOST_SECONDS: f64 = 10.0;
const BACK: f64 = 1.1;

/// What became of one caller.
struct Told {
    /// When it called, in seconds from the spike.
    calls: Vec<f64>,
    served: bool,
}

pub(crate) async fn measure(arguments: &Arguments) -> Result<Table, Error> {
    let program = Program::start(&arguments.program, &[]).await?;
    let client = Client::new(program.address, 8);
    requests::until_ready(&client).await?;
    let call = Arc::new(requests::call(COMPARE, &requests::real_pair()?));
    let mut table = Table::new(format!("Storm: {CALLERS} callers at once, who come back when told"), arguments.noisy);
    let peak = closed(&client, &call, callers_at_peak(&program), 3.0).await.goodput();
    let rate = peak * ORDINARY;
    table.note("ordinary load", format!("{rate:.0} calls/s of {peak:.0}"));

    let late = Lateness::watch();
    let mut chance = Chance(arguments.seed);
    let storm = tokio::spawn({
        let (client, call) = (client.clone(), Arc::clone(&call));
        async move {
            tokio::time::sleep(Duration::from_secs_f64(SPIKE)).await;
            let spike = Instant::now();
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..CALLERS {
                let (client, call) = (client.clone(), Arc::clone(&call));
                tasks.spawn(async move { obedient(&client, &call, spike).await });
            }
            tasks.join_all().await
        }
    });
    let ordinary = open(&client, &call, rate, LASTS, &mut chance).await;
    let told = storm.await?;
    let late = late.p99();

    let served = told.iter().filter(|caller| caller.served).count();
    table.check("callers who were served in the end", format!("{served} of {CALLERS}"), "all", served == CALLERS);
    let calls: Vec<f64> = told.iter().flat_map(|caller| caller.calls.iter().copied()).collect();
    table.note("calls of one caller", format!("{:.1} on average", calls.len() as f64 / CALLERS as f64));
    // Over each second from the spike on: how much of the load is theirs?
    let within = |from: f64| calls.iter().filter(|at| (from..from + 1.0).contains(*at)).count() as f64;
    let mut over =
        (0..LASTS as u32 * 10).map(|tenth| f64::from(tenth) / 10.0).filter(|from| within(*from) > (BACK - 1.0) * rate);
    let back = over.next_back().map_or(0.0, |from| from + 1.0);
    table.check(
        format!("the load is back to {BACK} times the ordinary one"),
        format!("after {back:.1} s"),
        format!("≤ {MOST_SECONDS} s"),
        back <= MOST_SECONDS,
    );
    let busiest = (1..LASTS as u32).map(|second| within(f64::from(second))).fold(0.0, f64::max);
    table.note("most calls of theirs in a second after the first", format!("{busiest:.0}"));
    let (sent, others) = (ordinary.answers.len(), ordinary.others());
    table.check(format!("of {sent} ordinary calls, lost or other code"), others.to_string(), "0", others == 0);
    let mut refused = ordinary.times(RESOURCE_EXHAUSTED);
    table.note("ordinary calls refused, which do not come back", refused.len().to_string());
    table.at_most("refused, p99", percentile(&mut refused, 99.0), Duration::from_millis(10), late);
    table.note("accepted, p99", milliseconds(percentile(&mut ordinary.times(OK), 99.0)));
    let (well, _) = program.stop()?;
    table.check("ends when asked", well.to_string(), "true", well);
    Ok(table)
}

/// Calls, and calls again after the pause it is told to make, until it is served or told not to come back.
async fn obedient(client: &Client, call: &Call, spike: Instant) -> Told {
    let mut told = Told { calls: Vec::new(), served: false };
    loop {
        told.calls.push(spike.elapsed().as_secs_f64());
        let answer = client.call(call, Instant::now()).await;
        told.served = answer.code == OK;
        let pause = answer.pushback.and_then(|milliseconds| milliseconds.parse::<u64>().ok());
        match pause {
            Some(milliseconds) if answer.code == RESOURCE_EXHAUSTED => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            }
            _ => return told,
        }
    }
}
