//! Replies on their way to peers that may not read them.
//!
//! In: streams as hyper runs them, and their reply bodies. Out: the same. Always: a reply is handed to HTTP/2 in pieces of
//! at most [`PIECE_BYTES`], so that no more of it waits in HTTP/2's own buffers; a peer that has not taken the piece
//! before within `reply_timeout` has its stream reset, which drops the reply and stops the work behind it.
//!
//! hyper waits for the peer's window without asking the body for anything, so the body cannot keep this time itself. The
//! future that runs the stream can: [`StreamExecutor`] wraps it, and both know each other by a task-local [`Handover`].

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::Status;
use tonic::body::Body;

/// Longest piece of a reply that is handed over at once.
const PIECE_BYTES: usize = 16 << 10;

tokio::task_local! {
    static HANDOVER: Arc<Handover>;
}

/// When a piece was handed over that has not been taken yet.
#[derive(Debug, Default)]
struct Handover(Mutex<Option<Instant>>);

impl Handover {
    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the streams of a connection, and ends those whose peer does not read.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamExecutor {
    pub(super) reply_timeout: Duration,
}

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        tokio::spawn(watched(stream, self.reply_timeout));
    }
}

/// Runs `stream` to its end, or gives `None` and drops it once a reply made in it was not taken in time.
pub(super) fn watched<F: Future>(stream: F, reply_timeout: Duration) -> impl Future<Output = Option<F::Output>> {
    let handover = Arc::new(Handover::default());
    let stream = Box::pin(HANDOVER.scope(Arc::clone(&handover), stream));
    WatchedStream { stream, handover, reply_timeout, overdue: None }
}

struct WatchedStream<F> {
    stream: Pin<Box<F>>,
    handover: Arc<Handover>,
    reply_timeout: Duration,
    overdue: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Future for WatchedStream<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if let Poll::Ready(output) = self.stream.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let Some(since) = self.handover.since() else {
            self.overdue = None;
            return Poll::Pending;
        };
        let until = since + self.reply_timeout;
        let overdue = self.overdue.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if overdue.deadline() != until {
            overdue.as_mut().reset(until);
        }
        std::task::ready!(overdue.as_mut().poll(context));
        tracing::debug!("a reply was not read in time");
        Poll::Ready(None)
    }
}

/// A reply body in pieces.
#[derive(Debug)]
pub(super) struct ReplyBody {
    inner: Body,
    /// What is left of a piece that was too long.
    rest: Bytes,
    handover: Option<Arc<Handover>>,
}

impl ReplyBody {
    /// Watches `inner`. Must be called inside the stream's own future.
    pub(super) fn new(inner: Body) -> Self {
        Self { inner, rest: Bytes::new(), handover: HANDOVER.try_with(Arc::clone).ok() }
    }

    fn hand_over(&self, since: Option<Instant>) {
        if let Some(handover) = &self.handover {
            handover.set(since);
        }
    }

    fn piece(&mut self, mut data: Bytes) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let piece = data.split_to(PIECE_BYTES.min(data.len()));
        self.rest = data;
        self.hand_over(Some(Instant::now()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        self.hand_over(None);
    }
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // To be asked for more means that the piece before was taken.
        self.hand_over(None);
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return self.piece(rest);
        }
        match std::task::ready!(Pin::new(&mut self.inner).poll_frame(context)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => self.piece(data),
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            end => Poll::Ready(end),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.inner.size_hint() } else { SizeHint::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;

    #[tokio::test(start_paused = true)]
    async fn a_reply_comes_whole_in_pieces() {
        let message: Bytes = (0..100_000u32).map(|index| index as u8).collect();
        let mut body = ReplyBody::new(Body::new(http_body_util::Full::new(message.clone())));
        let mut whole = Vec::new();
        while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let data = frame.expect("a frame").into_data().expect("data");
            assert!(data.len() <= PIECE_BYTES);
            whole.extend(data);
        }
        assert_eq!(whole, message);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_whose_reply_is_not_taken_is_dropped() {
        let (dropped, is_dropped) = tokio::sync::oneshot::channel::<()>();
        let begun = Instant::now();
        hyper::rt::Executor::execute(&StreamExecutor { reply_timeout: Duration::from_secs(30) }, async move {
            let _held = dropped;
            let mut body = ReplyBody::new(Body::new(http_body_util::Full::new(Bytes::from(vec![0; 1 << 20]))));
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(20)).await;
                std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await.expect("a piece").ok();
            }
            std::future::pending::<()>().await;
        });
        is_dropped.await.expect_err("the stream is dropped");
        assert_eq!(begun.elapsed().as_secs(), 90, "20 s a piece are no fault, 30 s are");
    }
}
