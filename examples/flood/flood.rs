//! All floods, in the order in which they are told.

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use super::attack::{self, PROVOCATIONS, SILENCES};
use super::wire::{PING, PRIORITY, SETTINGS};

/// What a flood does to the server at an address; gives what came of it, in words.
type Run = Box<dyn Fn(SocketAddr) -> Pin<Box<dyn Future<Output = String>>>>;

/// One flood.
pub(crate) struct Flood {
    pub(crate) name: String,
    pub(crate) run: Run,
}

fn flood<R: Future<Output = String> + 'static>(
    name: impl Into<String>,
    run: impl Fn(SocketAddr) -> R + 'static,
) -> Flood {
    Flood { name: name.into(), run: Box::new(move |server| Box::pin(run(server))) }
}

/// All floods, each `scale` times smaller than it could be.
pub(crate) fn floods(scale: usize) -> Vec<Flood> {
    let of = move |count: usize| (count / scale).max(1);
    let mut floods = vec![
        flood(format!("{} calls on one connection", of(50_000)), move |server| async move {
            attack::streams(server, of(50_000)).await.summary()
        }),
        flood(format!("{} calls reset at once", of(20_000)), move |server| async move {
            attack::rapid_reset(server, of(20_000)).await.summary()
        }),
    ];
    floods.extend(PROVOCATIONS.map(|provocation| {
        flood(format!("{} resets provoked: {provocation:?}", of(5_000)), move |server| async move {
            attack::made_you_reset(server, provocation, of(5_000)).await.summary()
        })
    }));
    floods.extend([
        flood(format!("{} CONTINUATION frames", of(100_000)), move |server| async move {
            attack::continuations(server, of(100_000)).await.summary()
        }),
        flood(format!("{} empty DATA frames", of(200_000)), move |server| async move {
            attack::small_data(server, b"", of(200_000)).await.summary()
        }),
        flood(format!("{} DATA frames of 5 bytes", of(200_000)), move |server| async move {
            attack::small_data(server, b"abcde", of(200_000)).await.summary()
        }),
    ]);
    floods.extend([("PING", PING), ("SETTINGS", SETTINGS), ("PRIORITY", PRIORITY)].map(|(name, kind)| {
        flood(format!("{} {name} frames, not reading", of(100_000)), move |server| async move {
            attack::unread_controls(server, kind, of(100_000)).await;
            "gone".to_owned()
        })
    }));
    floods.extend([
        flood(format!("header bombs: {} connections, 100 calls, 4000 fields each", of(50)), move |server| async move {
            let wires = attack::header_bombs(server, of(50), 100, 4000).await;
            wires.first().map_or_else(String::new, |wire| wire.seen.summary())
        }),
        flood(format!("{} connections from one peer", of(10_000)), move |server| async move {
            let open = attack::connections(server, of(10_000), Duration::from_secs(2)).await;
            format!("{open} stay open")
        }),
    ]);
    floods.extend(SILENCES.map(|silence| {
        flood(format!("{} peers silent: {silence:?}", of(1_000)), move |server| async move {
            match attack::silent_peers(server, silence, of(1_000)).await {
                Some(longest) => format!("all let go, the last after {:.1} s", longest.as_secs_f64()),
                None => "NOT ALL LET GO".to_owned(),
            }
        })
    }));
    floods.extend([
        flood(format!("{} prefixes of 4 GiB", of(1_000)), move |server| async move {
            let wires = attack::half_messages(server, of(10), 100, u32::MAX, 0).await;
            format!("{} answered", wires.iter().map(|wire| wire.seen.ended).sum::<u64>())
        }),
        flood(format!("{} prefixes of 20 MiB", of(1_000)), move |server| async move {
            let wires = attack::half_messages(server, of(10), 100, 20 << 20, 0).await;
            format!("{} answered", wires.iter().map(|wire| wire.seen.ended).sum::<u64>())
        }),
        flood(format!("{} messages of 20 MiB, sent half", of(200)), move |server| async move {
            let wires = attack::half_messages(server, of(10), 20, 20 << 20, (10 << 20) / scale).await;
            format!("{} answered", wires.iter().map(|wire| wire.seen.ended).sum::<u64>())
        }),
    ]);
    floods.extend(["gzip", "zstd"].map(|encoding| {
        flood(format!("{} bombs of 1 GiB in {encoding}", of(100)), move |server| async move {
            let bomb = attack::bomb(encoding, (1 << 30) / scale);
            let bytes = bomb.len();
            let seen = attack::messages(server, of(100), encoding, &bomb).await;
            format!("{} KiB each, {} answered", bytes >> 10, seen.ended)
        })
    }));
    floods.push(flood(format!("{} messages of 10 M empty documents", of(10)), move |server| async move {
        let inside = [0x1a, 0].repeat((10 << 20) / scale);
        let message = [attack::prefix(0, inside.len() as u32), inside].concat();
        attack::messages(server, of(10), "identity", &message).await.summary()
    }));
    floods
}
