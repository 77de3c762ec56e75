//! A connection's bytes, watched frame by frame: a frame that has begun must end.
//!
//! In: a stream of bytes in which a peer speaks HTTP/2. Out: the same bytes. Always: reading fails with `TimedOut` once
//! the peer has been inside one frame, one header block or the connection preface for longer than it may be, however
//! slowly it goes on sending. Between frames a peer may be silent for ever; keepalive tells whether it lives.
//! It fails, too, once the peer has sent more than [`MOST_IDLE_FRAMES`] frames of SETTINGS and PRIORITY without a call among
//! them: each costs the server a step and brings it nothing, and nobody honest sends many.
//! Cost: one look at the 9 bytes of each frame's head.
//!
//! Neither hyper nor h2 bounds this time: a peer that sends half of a frame and falls silent is never let go, since it
//! is only asked for signs of life once it has spoken HTTP/2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Length of the text that opens an HTTP/2 connection (RFC 9113, section 3.4).
const PREFACE_BYTES: usize = 24;
/// Length of a frame's head.
const HEAD_BYTES: usize = 9;
/// Types of the frames that carry header blocks.
const HEADERS: u8 = 1;
/// Types of frames that cost the server work and bring it nothing.
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
/// The flag that ends a header block.
const END_HEADERS: u8 = 4;

/// Most frames of SETTINGS and PRIORITY from one call to the next.
const MOST_IDLE_FRAMES: u32 = 1000;

/// Where in the stream of frames the next byte stands.
#[derive(Clone, Copy, Debug)]
struct Position {
    /// Bytes of the preface or of a payload that are still to come.
    owed: usize,
    head: [u8; HEAD_BYTES],
    /// How much of the head has come.
    head_bytes: usize,
    /// Whether a header block has begun and not ended.
    in_headers: bool,
    /// How many frames have ended.
    ended: u64,
    /// Frames of SETTINGS and PRIORITY since the last HEADERS.
    idle_frames: u32,
}

impl Position {
    const START: Self =
        Self { owed: PREFACE_BYTES, head: [0; HEAD_BYTES], head_bytes: 0, in_headers: false, ended: 0, idle_frames: 0 };

    /// Whether the peer owes us nothing. The first frame, its settings, is owed from the start.
    fn is_between_frames(&self) -> bool {
        self.owed == 0 && self.head_bytes == 0 && !self.in_headers && self.ended > 0
    }

    fn advance(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.owed > 0 {
                let taken = self.owed.min(bytes.len());
                self.owed -= taken;
                bytes = &bytes[taken..];
                // The head is still kept while its payload comes; the preface has none.
                if self.owed == 0 && self.head_bytes == HEAD_BYTES {
                    self.end_frame();
                }
                continue;
            }
            let taken = (HEAD_BYTES - self.head_bytes).min(bytes.len());
            self.head[self.head_bytes..self.head_bytes + taken].copy_from_slice(&bytes[..taken]);
            self.head_bytes += taken;
            bytes = &bytes[taken..];
            if self.head_bytes == HEAD_BYTES {
                let [high, middle, low, ..] = self.head;
                self.owed = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                if self.owed == 0 {
                    self.end_frame();
                }
            }
        }
    }

    fn end_frame(&mut self) {
        let (kind, flags) = (self.head[3], self.head[4]);
        if matches!(kind, HEADERS | PUSH_PROMISE | CONTINUATION) {
            self.in_headers = flags & END_HEADERS == 0;
        }
        match kind {
            HEADERS => self.idle_frames = 0,
            SETTINGS | PRIORITY => self.idle_frames = self.idle_frames.saturating_add(1),
            _ => {}
        }
        self.head_bytes = 0;
        self.ended += 1;
    }
}

/// A stream of bytes that watches what it reads.
#[derive(Debug)]
pub(super) struct FrameWatch<S> {
    inner: S,
    /// Bytes that were read before the protocol was known.
    ahead: Bytes,
    /// `None` for another protocol than HTTP/2, which is not watched.
    position: Option<Position>,
    frame_timeout: Duration,
    /// Runs while the peer owes us the rest of a frame, from the moment the frame began.
    overdue: Pin<Box<Sleep>>,
    /// The number of ended frames when the clock was last set; `None` while it does not run.
    waiting_for: Option<u64>,
}

impl<S> FrameWatch<S> {
    /// Watches `inner`, of which `ahead` has been read already.
    pub(super) fn new(inner: S, ahead: Bytes, frame_timeout: Duration) -> Self {
        let overdue = Box::pin(tokio::time::sleep(frame_timeout));
        Self { inner, ahead, position: Some(Position::START), frame_timeout, overdue, waiting_for: Some(0) }
    }

    /// Passes on what is not HTTP/2, without looking at it.
    pub(super) fn of_another_protocol(inner: S, ahead: Bytes) -> Self {
        Self { position: None, ..Self::new(inner, ahead, Duration::ZERO) }
    }

    /// Starts, stops or reads the clock, once nothing more can be read for now.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(position) = self.position.filter(|position| !position.is_between_frames()) else {
            self.waiting_for = None;
            return Poll::Pending;
        };
        // A header block may take many frames and has one clock: only its end stops it.
        let began_anew = match self.waiting_for {
            None => true,
            Some(ended) => ended != position.ended && !position.in_headers,
        };
        if began_anew {
            self.overdue.as_mut().reset(tokio::time::Instant::now() + self.frame_timeout);
            self.waiting_for = Some(position.ended);
        }
        std::task::ready!(self.overdue.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer did not finish a frame in time")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameWatch<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.ahead.has_remaining() {
            let taken = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(taken));
        } else {
            match Pin::new(&mut self.inner).poll_read(context, buffer) {
                Poll::Pending => return self.wait(context),
                Poll::Ready(Ok(())) => {}
                failed => return failed,
            }
        }
        if let Some(position) = &mut self.position {
            position.advance(&buffer.filled()[before..]);
            if position.idle_frames > MOST_IDLE_FRAMES {
                // Who fails to read has read nothing.
                buffer.set_filled(before);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "too many frames without a call")));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameWatch<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, 1];
        frame.extend(payload);
        frame
    }

    /// Whether the peer owes something after it has sent `parts`, fed byte by byte and all at once.
    fn check(parts: &[&[u8]]) -> &'static str {
        let bytes = parts.concat();
        let mut at_once = Position::START;
        at_once.advance(&bytes);
        let mut by_byte = Position::START;
        bytes.iter().for_each(|byte| by_byte.advance(&[*byte]));
        assert_eq!(at_once.is_between_frames(), by_byte.is_between_frames());
        assert_eq!(at_once.ended, by_byte.ended);
        if at_once.is_between_frames() { "between" } else { "inside" }
    }

    #[test]
    fn the_place_between_frames_is_known_however_the_bytes_come() {
        let settings = frame(4, 0, &[]);
        assert_eq!(check(&[]), "inside");
        assert_eq!(check(&[&PREFACE[..7]]), "inside");
        assert_eq!(check(&[PREFACE]), "inside");
        assert_eq!(check(&[PREFACE, &settings[..5]]), "inside");
        assert_eq!(check(&[PREFACE, &settings]), "between");
        let headers = frame(HEADERS, END_HEADERS, b"abc");
        assert_eq!(check(&[PREFACE, &settings, &headers]), "between");
        assert_eq!(check(&[PREFACE, &settings, &headers[..10]]), "inside");
        let open = frame(HEADERS, 0, b"abc");
        assert_eq!(check(&[PREFACE, &settings, &open]), "inside");
        assert_eq!(check(&[PREFACE, &settings, &open, &frame(CONTINUATION, 0, b"a")]), "inside");
        assert_eq!(check(&[PREFACE, &settings, &open, &frame(CONTINUATION, END_HEADERS, b"")]), "between");
        assert_eq!(check(&[PREFACE, &settings, &frame(0, 0, &[7; 200])]), "between");
    }

    #[tokio::test]
    async fn a_flood_of_frames_without_a_call_is_ended() {
        let failed = async |frames: Vec<u8>| {
            let (mut peer, ours) = tokio::io::duplex(1 << 20);
            peer.write_all(&[PREFACE, &frames].concat()).await.expect("room");
            drop(peer);
            let mut watched = FrameWatch::new(ours, Bytes::new(), Duration::from_secs(5));
            watched.read_to_end(&mut Vec::new()).await.is_err()
        };
        let (settings, priority) = (frame(SETTINGS, 0, &[]), frame(PRIORITY, 0, &[0; 5]));
        assert!(!failed(settings.repeat(1000)).await && failed(settings.repeat(1001)).await);
        assert!(failed([settings.repeat(500), priority.repeat(501)].concat()).await);
        let call = frame(HEADERS, END_HEADERS, b"abc");
        let with_calls = [priority.repeat(900), call].concat().repeat(5);
        assert!(!failed(with_calls).await, "a browser may send priorities with every call");
    }

    /// Sends `parts` with 4 s between them and says after how many seconds reading failed, if within a minute.
    async fn reaped(parts: &[Vec<u8>]) -> Option<u64> {
        let (mut peer, ours) = tokio::io::duplex(1024);
        let mut watched = FrameWatch::new(ours, Bytes::new(), Duration::from_secs(5));
        let begun = tokio::time::Instant::now();
        let send = async {
            for part in parts {
                peer.write_all(part).await.ok();
                tokio::time::sleep(Duration::from_secs(4)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut buffer = [0; 256];
        let read = async { while watched.read(&mut buffer).await.is_ok() {} };
        tokio::select! {
            () = send => None,
            () = read => Some(begun.elapsed().as_secs()),
            () = tokio::time::sleep(Duration::from_secs(60)) => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_peer_inside_a_frame_is_let_go() {
        let opening = [PREFACE, &frame(4, 0, &[])].concat();
        assert_eq!(reaped(&[Vec::new()]).await, Some(5), "silent");
        assert_eq!(reaped(&[PREFACE.to_vec()]).await, Some(5), "no settings");
        assert_eq!(reaped(std::slice::from_ref(&opening)).await, None, "idle between frames");
        assert_eq!(reaped(&[opening.clone(), frame(0, 0, b"abc")[..6].to_vec()]).await, Some(9), "half a frame");
        let byte = || vec![0];
        let slow = [frame(0, 0, &[0; 9])[..9].to_vec(), byte(), byte(), byte()];
        assert_eq!(reaped(&[&[opening.clone()][..], &slow].concat()).await, Some(9), "a frame byte by byte");
        let open = || frame(CONTINUATION, 0, b"a");
        let endless = [frame(HEADERS, 0, b"a"), open(), open(), open()];
        assert_eq!(reaped(&[&[opening.clone()][..], &endless].concat()).await, Some(9), "an endless header block");
        let whole = || frame(0, 0, b"a");
        assert_eq!(reaped(&[opening, whole(), whole(), whole()]).await, None, "frame after frame");
    }
}
