//! Replies that are ready and that their callers have not taken yet: bounded in bytes, those of all calls together.
//!
//! In: replies as work makes them. Out: the same with what they hold of the budget. Always:
//! - what is ready counts with the length it has on the wire, before compression, until its stream has ended: the caller
//!   has taken it, has left, or was too slow ([`super::transport`] ends a stream whose caller does not read);
//! - a reply for which there is no room is dropped at once and its call refused, like one for which there is no thread, and
//!   so is one that is too long, whatever the room;
//! - once nothing is left, single calls are refused before a byte of their messages is read.
//!
//! Replies of a stream hold their bytes until the next is asked for, which is when HTTP/2 has taken what was before. What
//! tonic gathers before it hands anything over, up to 32 KiB a stream, and the last piece of 16 KiB that HTTP/2 holds itself
//! are not counted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use tonic::{Response, Status};

use super::admission::Pool;
use super::codec::Outgoing;
use super::receive::{ByteBudget, Charge};
use super::status::Failure;

/// Room for replies, shared by all calls.
#[derive(Clone, Debug)]
pub(super) struct ReplyBudget {
    /// What is left.
    pub(super) bytes: ByteBudget,
    /// Longest reply, in bytes.
    pub(super) longest: usize,
    /// Who refuses.
    pub(super) pool: Arc<Pool>,
}

impl ReplyBudget {
    /// Takes room for `reply`.
    pub(super) fn hold<T: Outgoing>(&self, reply: T) -> Result<Held<T>, Failure> {
        let bytes = reply.wire_bytes();
        if bytes > self.longest {
            return Err(Failure::ReplyTooLarge { bytes, limit: self.longest });
        }
        match self.bytes.take(bytes as u64) {
            Some(charge) => Ok(Held { reply, charge: HeldBytes(Arc::new(charge)) }),
            None => Err(self.pool.refusal()),
        }
    }
}

/// A reply that is ready, with the bytes it holds.
#[derive(Debug)]
pub(super) struct Held<T> {
    reply: T,
    charge: HeldBytes,
}

/// The bytes that a reply holds, given back when the last clone is dropped. Travels in the extensions of a response, which
/// asks for clones.
#[derive(Clone, Debug)]
pub(super) struct HeldBytes(#[expect(dead_code, reason = "held for its drop")] Arc<Charge>);

impl<T> Held<T> {
    /// The reply of a single call. The edge finds the bytes in its extensions and holds them until the reply has ended.
    pub(super) fn into_response(self) -> Response<T> {
        let mut response = Response::new(self.reply);
        response.extensions_mut().insert(self.charge);
        response
    }

    /// The reply and its bytes.
    pub(super) fn into_parts(self) -> (T, HeldBytes) {
        (self.reply, self.charge)
    }
}

/// The replies of a stream, each holding its bytes until the next is asked for.
#[derive(Debug)]
pub(super) struct HeldReplies<S> {
    replies: S,
    handed_over: Option<HeldBytes>,
}

impl<S> HeldReplies<S> {
    pub(super) fn new(replies: S) -> Self {
        Self { replies, handed_over: None }
    }
}

impl<S, T> Stream for HeldReplies<S>
where
    S: Stream<Item = Result<(T, Option<HeldBytes>), Status>> + Unpin,
{
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.handed_over = None;
        let next = std::task::ready!(Pin::new(&mut self.replies).poll_next(context));
        Poll::Ready(next.map(|next| {
            next.map(|(reply, held)| {
                self.handed_over = held;
                reply
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::admission::Waiting;
    use futures_util::{FutureExt as _, StreamExt as _};

    fn budget(bytes: usize) -> ReplyBudget {
        let pool = Arc::new(Pool::start(1, Waiting::Places(0)).expect("threads"));
        ReplyBudget { bytes: ByteBudget::new(bytes), longest: 3 << 10, pool }
    }

    /// A reply of so many bytes, and three or fewer on the wire before them.
    fn reply(bytes: usize) -> String {
        "a".repeat(bytes)
    }

    #[tokio::test]
    async fn a_reply_without_room_is_refused_and_room_comes_back() {
        let budget = budget(2 << 10);
        let first = budget.hold(reply(100)).expect("there is room");
        assert!(matches!(budget.hold(reply(1100)), Err(Failure::Busy { .. })), "one unit is left, this takes two");
        assert!(matches!(budget.hold(reply(4000)), Err(Failure::ReplyTooLarge { bytes: 4003, limit: 3072 })));
        assert!(budget.bytes.has_room());
        let second = budget.hold(reply(100)).expect("one unit is left");
        assert!(!budget.bytes.has_room());
        drop(second);
        let response = first.into_response();
        assert_eq!(budget.bytes.taken_bytes(), 1 << 10, "the response holds them");
        drop(response);
        assert_eq!(budget.bytes.taken_bytes(), 0);
    }

    #[tokio::test]
    async fn a_stream_holds_a_reply_until_the_next_is_asked_for() {
        let budget = budget(64 << 10);
        let held = |bytes| {
            let (reply, held) = budget.hold(reply(bytes)).expect("there is room").into_parts();
            Ok((reply, Some(held)))
        };
        let (sender, receiver) = tokio::sync::mpsc::channel(2);
        let mut replies = HeldReplies::new(tokio_stream::wrappers::ReceiverStream::new(receiver));
        sender.try_send(held(100)).expect("room in the channel");
        sender.try_send(held(50)).expect("room in the channel");
        assert_eq!(budget.bytes.taken_bytes(), 2 << 10, "both are ready");
        assert!(replies.next().now_or_never().is_some());
        assert_eq!(budget.bytes.taken_bytes(), 2 << 10, "the first is on its way");
        assert!(replies.next().now_or_never().is_some());
        assert_eq!(budget.bytes.taken_bytes(), 1 << 10);
        assert!(replies.next().now_or_never().is_none(), "nothing more is ready");
        assert_eq!(budget.bytes.taken_bytes(), 0, "and all that was has been taken");
    }
}
