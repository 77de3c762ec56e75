//! Requests on their way in: what one may cost before its message is whole.
//!
//! In: a request body of gRPC messages, each with its 5 bytes of prefix. Out: the same bytes, or the failure that ends the
//! call. Always:
//! - inside a message, and before the first one of a call, a peer may keep us waiting for `message_timeout`; every
//!   [`LOWEST_RATE`] bytes earn it one more second, up to the same bound. Between the messages of a stream it may be
//!   silent for as long as it likes. Time in which we do not ask is not counted.
//! - a compressed message may not be more than `ratio` times as long when unpacked ([`SMALL_BYTES`] are free).
//!
//! Cost: compressed messages are kept until they are whole and then unpacked into nothing, before tonic unpacks them, so
//! that a bomb is found before memory is taken for it. Not piece by piece: zstd's window, up to 8 MiB, would then be held
//! for as long as the peer likes.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::Status;
use tonic::body::Body;

use super::unpacked::{Encoding, UnpackError};
use crate::service::status::Failure;

/// A peer that sends this many bytes a second is not too slow.
const LOWEST_RATE: u32 = 1024;
/// Length of a message's prefix: a flag and a length.
const PREFIX_BYTES: usize = 5;
/// Bytes that an unpacked message may have whatever its ratio.
const SMALL_BYTES: u64 = 64 << 10;

/// What all requests of a server share.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct RequestLimits {
    /// How long a peer may keep us waiting inside a message.
    pub(in crate::service) message_timeout: Duration,
    /// Bytes that one byte of a compressed message may become.
    pub(in crate::service) compression_ratio: u64,
    /// Longest message, in bytes as sent; a longer one is refused by tonic and not kept here.
    pub(in crate::service) max_message_bytes: usize,
}

impl RequestLimits {
    /// Watches the body of `request`.
    pub(in crate::service) fn watch(&self, request: http::Request<Body>) -> http::Request<Body> {
        let encoding = Encoding::of(request.headers());
        request.map(|inner| {
            Body::new(RequestBody {
                inner,
                limits: *self,
                encoding,
                place: Place::Prefix { bytes: [0; PREFIX_BYTES], count: 0 },
                messages: 0,
                credit: self.message_timeout,
                waiting: None,
            })
        })
    }
}

/// Where the next byte stands.
#[derive(Debug)]
enum Place {
    Prefix {
        bytes: [u8; PREFIX_BYTES],
        count: usize,
    },
    /// `packed` is what has come of a compressed message.
    Message {
        rest: usize,
        packed: Option<Vec<u8>>,
    },
}

#[derive(Debug)]
struct RequestBody {
    inner: Body,
    limits: RequestLimits,
    encoding: Encoding,
    place: Place,
    /// Whole messages so far.
    messages: u64,
    /// How much longer the peer may keep us waiting.
    credit: Duration,
    /// Since when it does, and the clock that ends it.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl RequestBody {
    fn is_between_messages(&self) -> bool {
        self.messages > 0 && matches!(self.place, Place::Prefix { count: 0, .. })
    }

    /// Counts `data` towards the messages it belongs to.
    fn receive(&mut self, mut data: &[u8]) -> Result<(), Failure> {
        let earned = Duration::from_secs(1) * u32::try_from(data.len()).unwrap_or(u32::MAX) / LOWEST_RATE;
        self.credit = (self.credit + earned).min(self.limits.message_timeout);
        while !data.is_empty() {
            match &mut self.place {
                Place::Prefix { bytes, count } => {
                    let taken = (PREFIX_BYTES - *count).min(data.len());
                    bytes[*count..*count + taken].copy_from_slice(&data[..taken]);
                    *count += taken;
                    data.advance(taken);
                    if *count == PREFIX_BYTES {
                        let [flag, length @ ..] = *bytes;
                        let rest = u32::from_be_bytes(length) as usize;
                        let is_packed = flag == 1 && self.encoding != Encoding::Plain;
                        let packed = (is_packed && rest <= self.limits.max_message_bytes).then(Vec::new);
                        self.place = Place::Message { rest, packed };
                        self.end_if_whole()?;
                    }
                }
                Place::Message { rest, packed } => {
                    let (ours, later) = data.split_at((*rest).min(data.len()));
                    if let Some(packed) = packed {
                        packed.extend_from_slice(ours);
                    }
                    *rest -= ours.len();
                    data = later;
                    self.end_if_whole()?;
                }
            }
        }
        Ok(())
    }

    fn end_if_whole(&mut self) -> Result<(), Failure> {
        let Place::Message { rest: 0, packed } = &self.place else { return Ok(()) };
        if let Some(packed) = packed {
            let ratio = self.limits.compression_ratio;
            let most = (packed.len() as u64).saturating_mul(ratio).max(SMALL_BYTES);
            self.encoding.unpacks_within(packed, most).map_err(|error| match error {
                UnpackError::TooLong => Failure::CompressedTooMuch { ratio },
                UnpackError::Broken => Failure::BrokenCompression,
            })?;
        }
        self.place = Place::Prefix { bytes: [0; PREFIX_BYTES], count: 0 };
        self.messages += 1;
        self.credit = self.limits.message_timeout;
        Ok(())
    }

    /// Counts the time in which nothing came.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.is_between_messages() {
            return Poll::Pending;
        }
        let credit = self.credit;
        let (_, clock) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(tokio::time::sleep_until(now + credit)))
        });
        std::task::ready!(clock.as_mut().poll(context));
        Poll::Ready(Some(Err(Failure::SlowCaller { timeout: self.limits.message_timeout }.into())))
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) else {
            return self.wait(context);
        };
        if let Some((since, _)) = self.waiting.take() {
            self.credit = self.credit.saturating_sub(since.elapsed());
        }
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && let Err(failure) = self.receive(data)
        {
            return Poll::Ready(Some(Err(failure.into())));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests;
