//! Messages are handed on whole.
//!
//! In: the bounded bytes of a request ([`super::receive`]). Out: the same bytes, each message once its last byte has come.
//! Always: an unfinished message takes what has come of it and no more; when the request fails, that is given up at once.
//! Cost: what comes in more than one frame is copied once, so that a small frame does not keep the buffer that it came in.
//!
//! Why: at a message's prefix tonic takes memory for all of it. A thousand calls that announce 20 MiB each and send little
//! would take 20 GB of addresses, and what the allocator keeps of that is no longer there for others.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};

/// Bytes before a message: one flag, four of length.
const PREFIX_BYTES: usize = 5;

/// A request's body that gives whole messages.
#[derive(Debug)]
pub(super) struct WholeMessages<B> {
    inner: B,
    prefix: [u8; PREFIX_BYTES],
    /// How much of the next prefix has come.
    prefix_filled: usize,
    /// Bytes of the message at hand that are still to come.
    owed: usize,
    /// What has come of it.
    unfinished: VecDeque<Bytes>,
    /// What may be handed on.
    whole: VecDeque<Bytes>,
    trailers: Option<Frame<Bytes>>,
    has_ended: bool,
}

impl<B> WholeMessages<B> {
    pub(super) fn new(inner: B) -> Self {
        Self {
            inner,
            prefix: [0; PREFIX_BYTES],
            prefix_filled: 0,
            owed: 0,
            unfinished: VecDeque::new(),
            whole: VecDeque::new(),
            trailers: None,
            has_ended: false,
        }
    }

    /// How many bytes of `data` belong to messages that end in it.
    fn read(&mut self, data: &[u8]) -> usize {
        let (mut read, mut whole) = (0, 0);
        while read < data.len() {
            if self.prefix_filled < PREFIX_BYTES {
                let taken = (PREFIX_BYTES - self.prefix_filled).min(data.len() - read);
                self.prefix[self.prefix_filled..][..taken].copy_from_slice(&data[read..read + taken]);
                self.prefix_filled += taken;
                read += taken;
                let [_, length @ ..] = self.prefix;
                self.owed = u32::from_be_bytes(length) as usize;
            } else {
                let taken = self.owed.min(data.len() - read);
                self.owed -= taken;
                read += taken;
            }
            if self.prefix_filled == PREFIX_BYTES && self.owed == 0 {
                self.prefix_filled = 0;
                whole = read;
            }
        }
        whole
    }

    fn take_in(&mut self, mut data: Bytes) {
        let whole = self.read(&data);
        if whole > 0 {
            self.whole.append(&mut self.unfinished);
            self.whole.push_back(data.split_to(whole));
        }
        if !data.is_empty() {
            self.unfinished.push_back(Bytes::copy_from_slice(&data));
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for WholeMessages<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        loop {
            if let Some(data) = self.whole.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Some(trailers) = self.trailers.take() {
                return Poll::Ready(Some(Ok(trailers)));
            }
            if self.has_ended {
                return Poll::Ready(None);
            }
            let this = &mut *self;
            match ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.take_in(data),
                    Err(trailers) => {
                        // tonic says what is wrong with a message that is cut off.
                        this.whole.append(&mut this.unfinished);
                        this.trailers = Some(trailers);
                    }
                },
                Some(Err(error)) => {
                    this.unfinished.clear();
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.whole.append(&mut this.unfinished);
                    this.has_ended = true;
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let nothing_held = self.whole.is_empty() && self.unfinished.is_empty() && self.trailers.is_none();
        nothing_held && (self.has_ended || self.inner.is_end_stream())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use http_body_util::{BodyExt as _, StreamBody};

    fn message(content: &[u8]) -> Vec<u8> {
        [&[0][..], &(content.len() as u32).to_be_bytes(), content].concat()
    }

    type Sent = Result<Frame<Bytes>, &'static str>;

    /// Sends `parts` one by one and gives, after each, the bytes that were handed on, or how it ended.
    fn check(parts: Vec<Sent>) -> Vec<Result<usize, &'static str>> {
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let mut body = WholeMessages::new(StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(receiver)));
        let mut after_each = Vec::new();
        for part in parts {
            sender.try_send(part).expect("room");
            let mut bytes = 0;
            after_each.push(loop {
                match body.frame().now_or_never() {
                    Some(Some(Ok(frame))) => bytes += frame.into_data().map_or(0, |data| data.len()),
                    Some(Some(Err(error))) => break Err(error),
                    Some(None) | None => break Ok(bytes),
                }
            });
        }
        drop(sender);
        let rest = body.collect().now_or_never().expect("it ends").map(|rest| rest.to_bytes().len());
        after_each.push(rest);
        after_each
    }

    fn data(bytes: &[u8]) -> Sent {
        Ok(Frame::data(Bytes::copy_from_slice(bytes)))
    }

    #[test]
    fn a_message_is_handed_on_once_it_is_whole() {
        let (ten, empty) = (message(&[7; 10]), message(&[]));
        assert_eq!(check(vec![data(&ten)]), [Ok(15), Ok(0)]);
        assert_eq!(check(vec![data(&ten[..3]), data(&ten[3..6]), data(&ten[6..])]), [Ok(0), Ok(0), Ok(15), Ok(0)]);
        let three = [&ten[..], &empty, &ten].concat();
        assert_eq!(check(vec![data(&three[..21]), data(&three[21..])]), [Ok(20), Ok(15), Ok(0)]);
        assert_eq!(check(vec![data(&three)]), [Ok(35), Ok(0)]);
    }

    #[test]
    fn what_is_cut_off_is_handed_on_at_the_end_and_given_up_at_a_failure() {
        let ten = message(&[7; 10]);
        assert_eq!(check(vec![data(&ten[..8])]), [Ok(0), Ok(8)]);
        assert_eq!(check(vec![data(&ten[..8]), Ok(Frame::trailers(http::HeaderMap::new()))]), [Ok(0), Ok(8), Ok(0)]);
        assert_eq!(check(vec![data(&ten[..8]), Err("refused")]), [Ok(0), Err("refused"), Ok(0)]);
    }
}
