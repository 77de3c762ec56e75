//! A request's body on its way in: bounded before anything is decoded.
//!
//! In: the bytes of an HTTP/2 stream. Out: the same bytes, to tonic. On the way the five bytes before each message are
//! read, and
//! - a message longer than may be is refused at its prefix, before a byte of it is stored;
//! - a single call for which the pool has no room, or for whose reply there is none ([`super::replies`]), is refused at the
//!   prefix, too: under overload nothing is decoded in vain;
//! - each byte of a message is taken from the bytes in flight ([`ByteBudget`]) as it arrives, not when it is announced, so
//!   that a peer who announces much and sends nothing holds nothing. A single call that finds too few is refused at once; a
//!   stream waits a little, which its peer feels through HTTP/2's flow control, and then ends.
//!
//! What a message took is its [`Charge`]; the handler takes it from [`Arrival`] and lets it travel with the work.
//! A compressed message takes [`COMPRESSION_CHARGE`] bytes for one until it is decoded and its length is known.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use super::admission::Pool;
use super::status::Failure;

/// Bytes taken for one byte of a compressed message, up to the longest message. Policy text packs to a fourth or better.
const COMPRESSION_CHARGE: u64 = 8;
/// How long a stream waits for bytes in flight before it is ended.
const STREAM_PATIENCE: Duration = Duration::from_secs(5);
/// Bytes that one permit of the budget stands for; semaphores count to 2³² − 1.
const UNIT_BYTES: u64 = 1024;
/// Bytes before a message: one flag, four of length.
const PREFIX_BYTES: usize = 5;

/// The bytes of messages that may be in the server at a time: arriving, waiting and in work.
#[derive(Clone, Debug)]
pub struct ByteBudget {
    units: Arc<Semaphore>,
    all_units: u32,
}

impl ByteBudget {
    /// A budget of so many bytes, rounded up to whole units.
    pub fn new(bytes: usize) -> Self {
        let all_units = u32::try_from((bytes as u64).div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
        Self { units: Arc::new(Semaphore::new(all_units as usize)), all_units }
    }

    /// Whether anything is left.
    pub fn has_room(&self) -> bool {
        self.units.available_permits() > 0
    }

    /// Takes `bytes` at once, or nothing.
    pub fn take(&self, bytes: u64) -> Option<Charge> {
        let mut charge = Charge::default();
        let permit = Arc::clone(&self.units).try_acquire_many_owned(charge.missing_units(bytes)).ok()?;
        charge.add(permit, bytes);
        Some(charge)
    }

    /// Bytes that are taken.
    pub fn taken_bytes(&self) -> u64 {
        (u64::from(self.all_units)).saturating_sub(self.units.available_permits() as u64) * UNIT_BYTES
    }
}

/// What one message has taken of the budget; given back when dropped.
#[derive(Debug, Default)]
pub struct Charge {
    held: Option<OwnedSemaphorePermit>,
    bytes: u64,
}

impl Charge {
    /// Bytes that are taken.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn held_units(&self) -> u64 {
        self.held.as_ref().map_or(0, |held| held.num_permits() as u64)
    }

    /// Units to take so that `bytes` are covered.
    fn missing_units(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT_BYTES).saturating_sub(self.held_units())).unwrap_or(u32::MAX)
    }

    fn add(&mut self, permit: OwnedSemaphorePermit, bytes: u64) {
        self.bytes = bytes;
        match self.held.as_mut() {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
    }

    /// Gives back what a message of `bytes` does not need.
    pub fn settle(&mut self, bytes: usize) {
        let surplus = self.held_units().saturating_sub((bytes as u64).div_ceil(UNIT_BYTES));
        drop(self.held.as_mut().and_then(|held| held.split(surplus as usize)));
        self.bytes = bytes as u64;
    }
}

/// What the edge tells the handler about a request; travels in its extensions.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Nothing may begin for this request after this time.
    pub deadline: Option<Instant>,
    charges: Arc<Mutex<VecDeque<Charge>>>,
}

impl Arrival {
    /// A request of which nothing has arrived.
    pub fn new(deadline: Option<Instant>) -> Self {
        Self { deadline, charges: Arc::default() }
    }

    /// The charge of the first message that has arrived whole and was not asked for yet.
    pub fn next_charge(&self) -> Option<Charge> {
        self.charges.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn push(&self, charge: Charge) {
        self.charges.lock().unwrap_or_else(PoisonError::into_inner).push_back(charge);
    }
}

/// Who sends a body, and therefore what happens when there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// One message for the pool: refused at once.
    SingleCall,
    /// Many messages for the pool, or calls that need none: waits.
    Patient,
}

/// Bounds on what is received.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Longest message, in bytes as sent.
    pub max_message_bytes: usize,
    /// Bytes in flight, shared by all requests.
    pub budget: ByteBudget,
    /// Bytes of replies that are ready and not taken yet ([`super::replies`]).
    pub replies: ByteBudget,
}

/// A request's body that is bounded as it arrives.
#[derive(Debug)]
pub struct ReceivedBody<B> {
    inner: B,
    pool: Arc<Pool>,
    bounds: Bounds,
    sender: Sender,
    arrival: Arrival,
    place: Place,
    charge: Charge,
    /// A frame whose bytes are not all covered yet.
    waiting: Option<WaitingFrame>,
    /// Why the body ends, once what came before has been passed on.
    failure: Option<Failure>,
}

/// Where in the sequence of messages the next byte is.
#[derive(Debug)]
enum Place {
    Prefix { bytes: [u8; PREFIX_BYTES], filled: usize },
    Message { left: usize, compressed: bool },
}

const BEGINNING: Place = Place::Prefix { bytes: [0; PREFIX_BYTES], filled: 0 };

type Acquiring = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

struct WaitingFrame {
    data: Bytes,
    shortage: Shortage,
}

/// The budget is used up in the middle of a frame.
struct Shortage {
    /// Bytes of the frame before the stretch that is not covered.
    read: usize,
    /// Length of that stretch.
    stretch: usize,
    /// What the message will have taken with it.
    covered_bytes: u64,
    acquiring: Acquiring,
}

impl std::fmt::Debug for WaitingFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WaitingFrame({} bytes)", self.data.len())
    }
}

impl<B> ReceivedBody<B> {
    /// The bounded form of `inner`; what its messages take is told to `arrival`.
    pub fn new(inner: B, pool: Arc<Pool>, bounds: Bounds, sender: Sender, arrival: Arrival) -> Self {
        let charge = Charge::default();
        Self { inner, pool, bounds, sender, arrival, place: BEGINNING, charge, waiting: None, failure: None }
    }

    /// Reads `data` from `read` on, as far as the budget goes. A failure comes with the number of bytes before it that are
    /// whole: those of earlier messages.
    fn read(&mut self, data: &[u8], mut read: usize) -> Result<Option<Shortage>, (usize, Failure)> {
        while read < data.len() {
            match &mut self.place {
                Place::Prefix { bytes, filled } => {
                    let taken = (PREFIX_BYTES - *filled).min(data.len() - read);
                    bytes[*filled..*filled + taken].copy_from_slice(&data[read..read + taken]);
                    *filled += taken;
                    read += taken;
                    if *filled == PREFIX_BYTES {
                        let [flag, length @ ..] = *bytes;
                        self.begin_message(flag, u32::from_be_bytes(length) as usize)
                            .map_err(|failure| (read.saturating_sub(PREFIX_BYTES), failure))?;
                    }
                }
                Place::Message { left, compressed } => {
                    let stretch = (*left).min(data.len() - read);
                    let factor = if *compressed { COMPRESSION_CHARGE } else { 1 };
                    let cap = self.bounds.max_message_bytes as u64;
                    let covered = (self.charge.bytes + stretch as u64 * factor).min(cap.max(self.charge.bytes));
                    let missing = self.charge.missing_units(covered);
                    match Arc::clone(&self.bounds.budget.units).try_acquire_many_owned(missing) {
                        Ok(permit) => self.charge.add(permit, covered),
                        Err(_) if self.sender == Sender::SingleCall => return Err((0, self.pool.refusal())),
                        Err(_) => {
                            let units = Arc::clone(&self.bounds.budget.units);
                            let acquiring = tokio::time::timeout(STREAM_PATIENCE, units.acquire_many_owned(missing));
                            let acquiring = async move { acquiring.await.ok()?.ok() };
                            let acquiring = Box::pin(acquiring);
                            return Ok(Some(Shortage { read, stretch, covered_bytes: covered, acquiring }));
                        }
                    }
                    self.received(stretch);
                    read += stretch;
                }
            }
        }
        Ok(None)
    }

    /// Asks whether there are bytes again. Gives the frame and how much of it is covered; `None` when it still waits.
    fn end_shortage(
        &mut self,
        mut frame: WaitingFrame,
        context: &mut Context<'_>,
    ) -> Result<Option<(Bytes, usize)>, Failure> {
        match frame.shortage.acquiring.as_mut().poll(context) {
            Poll::Pending => {
                self.waiting = Some(frame);
                Ok(None)
            }
            Poll::Ready(None) => Err(self.pool.refusal()),
            Poll::Ready(Some(permit)) => {
                let WaitingFrame { data, shortage } = frame;
                self.charge.add(permit, shortage.covered_bytes);
                self.received(shortage.stretch);
                Ok(Some((data, shortage.read + shortage.stretch)))
            }
        }
    }

    fn begin_message(&mut self, flag: u8, length: usize) -> Result<(), Failure> {
        let most = self.bounds.max_message_bytes;
        if length > most {
            return Err(Failure::TooLarge { bytes: length, limit: most });
        }
        if self.sender == Sender::SingleCall {
            self.pool.check_room(length as u64)?;
            // Its answer would find no room.
            if !self.bounds.replies.has_room() {
                return Err(self.pool.refusal());
            }
        }
        // What an unknown flag means is for tonic to say.
        self.place = Place::Message { left: length, compressed: flag != 0 };
        self.received(0);
        Ok(())
    }

    fn received(&mut self, bytes: usize) {
        if let Place::Message { left, .. } = &mut self.place {
            *left -= bytes;
            if *left == 0 {
                self.place = BEGINNING;
                self.arrival.push(std::mem::take(&mut self.charge));
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ReceivedBody<B>
where
    B::Error: Into<tonic::codegen::StdError>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(failure.into())));
        }
        let mut read = 0;
        let data = match this.waiting.take() {
            Some(waiting) => match this.end_shortage(waiting, context) {
                Ok(Some((data, covered))) => {
                    read = covered;
                    data
                }
                Ok(None) => return Poll::Pending,
                Err(failure) => return Poll::Ready(Some(Err(failure.into()))),
            },
            None => match ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(Status::from_error(error.into())))),
                None => return Poll::Ready(None),
            },
        };
        let mut data = data;
        loop {
            match this.read(&data, read) {
                Ok(None) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(Some(shortage)) => match this.end_shortage(WaitingFrame { data, shortage }, context) {
                    Ok(Some((same, covered))) => (data, read) = (same, covered),
                    Ok(None) => return Poll::Pending,
                    Err(failure) => return Poll::Ready(Some(Err(failure.into()))),
                },
                Err((0, failure)) => return Poll::Ready(Some(Err(failure.into()))),
                Err((whole, failure)) => {
                    this.failure = Some(failure);
                    return Poll::Ready(Some(Ok(Frame::data(data.slice(..whole)))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_none() && self.failure.is_none() && self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::admission::Waiting;
    use http_body_util::{BodyExt as _, StreamBody};
    use std::convert::Infallible;
    use tonic::Code;

    fn message(flag: u8, length: u32, content: &[u8]) -> Vec<u8> {
        [&[flag][..], &length.to_be_bytes(), content].concat()
    }

    /// Sends `bytes` in frames of `step` and gives what came out, or the code it ended with, and the charges.
    async fn receive(
        bytes: &[u8],
        step: usize,
        budget: &ByteBudget,
        sender: Sender,
    ) -> (Result<Vec<u8>, Code>, Vec<Charge>) {
        let pool = Arc::new(Pool::start(1, Waiting::Places(1)).expect("threads"));
        let bounds = Bounds { max_message_bytes: 100_000, budget: budget.clone(), replies: ByteBudget::new(1024) };
        let frames: Vec<Result<Frame<Bytes>, Infallible>> =
            bytes.chunks(step).map(|chunk| Ok(Frame::data(Bytes::copy_from_slice(chunk)))).collect();
        let arrival = Arrival::new(None);
        let body = StreamBody::new(tokio_stream::iter(frames));
        let body = ReceivedBody::new(body, pool, bounds, sender, arrival.clone());
        let received = body.collect().await.map(|all| all.to_bytes().to_vec()).map_err(|status| status.code());
        (received, std::iter::from_fn(|| arrival.next_charge()).collect())
    }

    #[tokio::test]
    async fn each_message_has_its_charge_however_the_bytes_are_cut() {
        let budget = ByteBudget::new(1 << 20);
        let sent = [message(0, 3000, &[7; 3000]), message(0, 0, &[]), message(1, 500, &[8; 500])].concat();
        for step in [1, 4, 5, 6, 1024, 100_000] {
            let (received, charges) = receive(&sent, step, &budget, Sender::Patient).await;
            assert_eq!(received.as_ref(), Ok(&sent));
            let bytes: Vec<u64> = charges.iter().map(Charge::bytes).collect();
            assert_eq!(bytes, [3000, 0, 500 * COMPRESSION_CHARGE], "in steps of {step}");
            assert_eq!(budget.taken_bytes(), 3 * 1024 + 4 * 1024);
            drop(charges);
            assert_eq!(budget.taken_bytes(), 0);
        }
    }

    #[tokio::test]
    async fn what_is_announced_and_not_sent_holds_nothing() {
        let budget = ByteBudget::new(1 << 20);
        let (received, charges) = receive(&message(0, 100_000, &[]), 5, &budget, Sender::SingleCall).await;
        assert_eq!((received.map(|bytes| bytes.len()), charges.len(), budget.taken_bytes()), (Ok(5), 0, 0));
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_ends_at_its_prefix() {
        let budget = ByteBudget::new(1 << 20);
        for length in [100_001, u32::MAX] {
            let (received, _) = receive(&message(0, length, &[1]), 6, &budget, Sender::Patient).await;
            assert_eq!(received, Err(Code::ResourceExhausted));
        }
    }

    #[tokio::test]
    async fn messages_before_one_that_is_too_long_are_passed_on() {
        let budget = ByteBudget::new(1 << 20);
        let sent = [message(0, 100, &[7; 100]), message(0, 100_001, &[])].concat();
        let pool = Arc::new(Pool::start(1, Waiting::Places(1)).expect("threads"));
        let bounds = Bounds { max_message_bytes: 100_000, budget, replies: ByteBudget::new(1024) };
        let frame: Result<Frame<Bytes>, Infallible> = Ok(Frame::data(Bytes::from(sent.clone())));
        let body = StreamBody::new(tokio_stream::iter([frame]));
        let mut body = ReceivedBody::new(body, pool, bounds, Sender::Patient, Arrival::new(None));
        let first = body.frame().await.expect("a frame").expect("is well").into_data().expect("data");
        assert_eq!(first, sent[..105]);
        let status = body.frame().await.expect("a frame").expect_err("is refused");
        assert_eq!(status.code(), Code::ResourceExhausted);
    }

    #[tokio::test]
    async fn a_single_call_without_bytes_is_refused_and_gives_back_what_it_took() {
        let budget = ByteBudget::new(4096);
        let (received, _) = receive(&message(0, 5000, &[1; 5000]), 1000, &budget, Sender::SingleCall).await;
        assert_eq!((received, budget.taken_bytes()), (Err(Code::ResourceExhausted), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_waits_for_bytes_and_not_for_ever() {
        let budget = ByteBudget::new(4096);
        let sent = [message(0, 3000, &[1; 3000]), message(0, 3000, &[2; 3000])].concat();
        let (received, charges) = receive(&sent, 700, &budget, Sender::Patient).await;
        assert_eq!(received, Err(Code::ResourceExhausted), "nobody gave bytes back");
        drop(charges);
        let other = Arc::clone(&budget.units).try_acquire_many_owned(3).expect("free");
        let (received, ()) = tokio::join!(receive(&sent[..3005], 700, &budget, Sender::Patient), async {
            tokio::time::sleep(STREAM_PATIENCE / 2).await;
            drop(other);
        });
        assert_eq!(received.0.map(|bytes| bytes.len()), Ok(3005));
    }

    #[tokio::test]
    async fn settling_gives_back_the_surplus() {
        let budget = ByteBudget::new(1 << 20);
        let (_, mut charges) = receive(&message(1, 5000, &[1; 5000]), 9000, &budget, Sender::SingleCall).await;
        assert_eq!(budget.taken_bytes(), 40 * 1024);
        charges[0].settle(20_000);
        assert_eq!((budget.taken_bytes(), charges[0].bytes()), (20 * 1024, 20_000));
    }
}
