//! HTTP/2 by hand: frames as bytes, so that a peer can send what no client library would.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// What opens a connection.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// The setting that says how much may be sent on a stream before it is read.
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
/// The setting that says how many streams may be open.
pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;

/// Error codes of HTTP/2 by their numbers.
const ERRORS: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A frame of settings.
pub(crate) fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> =
        settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    frame(SETTINGS, 0, 0, &payload)
}

/// An HPACK integer behind `prefix` bits, with `first` in the bits before them.
fn integer(first: u8, prefix: u32, mut value: usize, into: &mut Vec<u8>) {
    let most = (1usize << prefix) - 1;
    if value < most {
        into.push(first | value as u8);
        return;
    }
    into.push(first | most as u8);
    value -= most;
    while value >= 128 {
        into.push((value % 128) as u8 | 128);
        value /= 128;
    }
    into.push(value as u8);
}

/// One header field, in full and not to be remembered.
pub(crate) fn field(name: &str, value: &str, into: &mut Vec<u8>) {
    into.push(0);
    integer(0, 7, name.len(), into);
    into.extend(name.as_bytes());
    integer(0, 7, value.len(), into);
    into.extend(value.as_bytes());
}

/// The header block of a gRPC call, with more fields behind.
pub(crate) fn call(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    let own = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "flood")];
    let grpc = [("content-type", "application/grpc"), ("te", "trailers")];
    own.iter().chain(&grpc).chain(more).for_each(|(name, value)| field(name, value, &mut block));
    block
}

/// The n-th stream that a client opens.
pub(crate) fn stream(index: usize) -> u32 {
    2 * index as u32 + 1
}

/// What a server has said so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Its settings.
    pub(crate) settings: BTreeMap<u16, u32>,
    /// Streams that it has begun to answer.
    pub(crate) answers: u64,
    /// Bytes of answers.
    pub(crate) data_bytes: u64,
    /// Streams that it has ended with trailers or an answer without a body.
    pub(crate) ended: u64,
    /// Streams that it has reset, by the name of the error.
    pub(crate) resets: BTreeMap<&'static str, u64>,
    /// How it has ended the connection: the error and what it says.
    pub(crate) goaway: Option<(&'static str, String)>,
    /// Whether it has closed the connection.
    pub(crate) closed: bool,
    /// Streams that it wants no more of, whether ended or reset.
    done: BTreeSet<u32>,
    /// What it has allowed to be sent beyond the first windows, by stream; 0 is the connection.
    windows: BTreeMap<u32, i64>,
    /// Whether its settings are to be acknowledged: until then it goes by the windows of the standard.
    owes_acknowledgement: bool,
}

impl Seen {
    /// All resets.
    pub(crate) fn reset_count(&self) -> u64 {
        self.resets.values().sum()
    }

    fn note(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_be_bytes);
        let error = |code: u32| ERRORS.get(code as usize).copied().unwrap_or("unknown");
        match kind {
            DATA => self.data_bytes += payload.len() as u64,
            HEADERS => self.answers += 1,
            WINDOW_UPDATE => *self.windows.entry(stream).or_default() += i64::from(number(payload)),
            RST_STREAM => {
                *self.resets.entry(error(number(payload))).or_default() += 1;
                self.done.insert(stream);
            }
            SETTINGS if flags & ACK == 0 => {
                self.owes_acknowledgement = true;
                for setting in payload.chunks_exact(6) {
                    self.settings.insert(u16::from_be_bytes([setting[0], setting[1]]), number(&setting[2..]));
                }
            }
            GOAWAY if payload.len() >= 8 => {
                let says = String::from_utf8_lossy(&payload[8..]).into_owned();
                // The first GOAWAY of an orderly end says nothing yet.
                self.goaway = Some((error(number(&payload[4..8])), says));
            }
            _ => {}
        }
        if matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 {
            self.ended += 1;
            self.done.insert(stream);
        }
    }

    /// Whether the server wants no more of the n-th stream.
    pub(crate) fn is_done(&self, index: usize) -> bool {
        self.done.contains(&stream(index))
    }

    /// In a few words.
    pub(crate) fn summary(&self) -> String {
        let mut words = Vec::new();
        if let Some((error, says)) = &self.goaway {
            words.push(format!("GOAWAY {error} {says}").trim_end().to_owned());
        }
        words.extend(self.resets.iter().map(|(error, count)| format!("{count} RST {error}")));
        if self.answers > 0 {
            words.push(format!("{} answers", self.answers));
        }
        words.push(if self.closed { "closed" } else { "open" }.to_owned());
        words.join(", ")
    }
}

/// A peer that speaks HTTP/2 by hand.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TcpStream,
    unread: Vec<u8>,
    /// Bytes of data sent so far, by stream; 0 is the connection.
    sent: BTreeMap<u32, i64>,
    pub(crate) seen: Seen,
}

impl Wire {
    /// Connects from a loopback address of its own, so that one machine can be many peers.
    pub(crate) async fn bare(server: SocketAddr, from: Ipv4Addr) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        Ok(Self {
            socket: socket.connect(server).await?,
            unread: Vec::new(),
            sent: BTreeMap::new(),
            seen: Seen::default(),
        })
    }

    /// Connects and opens HTTP/2.
    pub(crate) async fn open(server: SocketAddr, from: Ipv4Addr, own: &[(u16, u32)]) -> std::io::Result<Self> {
        let mut wire = Self::bare(server, from).await?;
        wire.socket.write_all(&[PREFACE, &settings(own)].concat()).await?;
        Ok(wire)
    }

    /// Sends bytes and reads along, so that neither side waits for the other. Stops when the server closes, or after
    /// `longest`.
    pub(crate) async fn send(&mut self, bytes: &[u8], longest: Duration) {
        let deadline = tokio::time::Instant::now() + longest;
        let mut rest = bytes;
        let mut buffer = vec![0; 64 << 10];
        while !rest.is_empty() && !self.seen.closed {
            let (mut reader, mut writer) = self.socket.split();
            tokio::select! {
                written = writer.write(rest) => match written {
                    Ok(count) => rest = &rest[count..],
                    Err(_) => break,
                },
                read = reader.read(&mut buffer) => self.take(read.map(|count| buffer[..count].to_vec())),
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
    }

    /// Sends one frame of data, once the server's windows allow. Gives whether they did within `longest`.
    pub(crate) async fn send_data(&mut self, stream: u32, flags: u8, payload: &[u8], longest: Duration) -> bool {
        let length = payload.len() as i64;
        let (of_stream, of_all) = (self.sent.get(&stream).copied(), self.sent.get(&0).copied());
        let (of_stream, of_all) = (of_stream.unwrap_or(0) + length, of_all.unwrap_or(0) + length);
        let allowed = |seen: &Seen| {
            let first = seen.settings.get(&INITIAL_WINDOW_SIZE).map_or(65_535, |size| i64::from(*size));
            let more = |stream: &u32| seen.windows.get(stream).copied().unwrap_or(0);
            of_stream <= first + more(&stream) && of_all <= 65_535 + more(&0)
        };
        if !self.read_until(longest, allowed).await {
            return false;
        }
        self.sent.insert(stream, of_stream);
        self.sent.insert(0, of_all);
        self.send(&frame(DATA, flags, stream, payload), longest).await;
        !self.seen.closed
    }

    /// Sends bytes and reads nothing. Gives whether all went out within `longest`.
    pub(crate) async fn send_blindly(&mut self, bytes: &[u8], longest: Duration) -> bool {
        matches!(tokio::time::timeout(longest, self.socket.write_all(bytes)).await, Ok(Ok(())))
    }

    /// Reads until `enough` says so or the server closes, and acknowledges its settings. Gives whether it did within
    /// `longest`.
    pub(crate) async fn read_until(&mut self, longest: Duration, mut enough: impl FnMut(&Seen) -> bool) -> bool {
        let deadline = tokio::time::Instant::now() + longest;
        let mut buffer = vec![0; 64 << 10];
        loop {
            if std::mem::take(&mut self.seen.owes_acknowledgement) {
                // A peer that has closed meanwhile is noticed by the next read.
                self.socket.write_all(&frame(SETTINGS, ACK, 0, &[])).await.ok();
            }
            if enough(&self.seen) {
                return true;
            }
            if self.seen.closed {
                return false;
            }
            tokio::select! {
                read = self.socket.read(&mut buffer) => self.take(read.map(|count| buffer[..count].to_vec())),
                () = tokio::time::sleep_until(deadline) => return false,
            }
        }
    }

    /// Whether the server closes the connection within `longest`.
    pub(crate) async fn is_closed(&mut self, longest: Duration) -> bool {
        self.read_until(longest, |seen| seen.closed).await
    }

    fn take(&mut self, read: std::io::Result<Vec<u8>>) {
        match read {
            Ok(bytes) if !bytes.is_empty() => self.unread.extend(bytes),
            _ => {
                self.seen.closed = true;
                return;
            }
        }
        let mut at = 0;
        while let Some(head) = self.unread.get(at..at + 9) {
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let (kind, flags) = (head[3], head[4]);
            let Some(payload) = self.unread.get(at + 9..at + 9 + length) else { break };
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            self.seen.note(kind, flags, stream, payload);
            at += 9 + length;
        }
        self.unread.drain(..at);
    }
}
