//! Messages on the wire: protobuf, with our answer to a message that cannot be parsed.
//!
//! tonic's own codec answers INTERNAL to a message that does not parse, which reads as a bug of ours. It is the caller's
//! message that is wrong, so it is INVALID_ARGUMENT here, with the path of the field. A request is looked at before it is
//! decoded ([`super::wire`]), so that one of many empty elements cannot take more memory than it has a right to.
//!
//! The answers of single calls come as [`Encoded`]: the thread that has made a message has it in its processor's cache and
//! has taken its memory, so that encoding and dropping it there costs a fraction of what it costs an async thread.

use std::marker::PhantomData;

use super::wire::{self, Look};
use bytes::{Buf as _, BufMut as _};
use prost::{Message, Name};
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Room that is taken for a message before its length is known, which is when all of it is; tonic's own 8 KiB would be taken
/// for every call that has begun, and moved once the message is there.
const FIRST_ROOM_BYTES: usize = 512;
/// Bytes of a stream's messages that are gathered before they are handed on; tonic's own figure.
const HAND_ON_BYTES: usize = 32 << 10;

fn buffers() -> BufferSettings {
    BufferSettings::new(FIRST_ROOM_BYTES, HAND_ON_BYTES)
}

/// Encodes `T` and decodes `U`. Generated code names it (see `build.rs`).
#[derive(Debug)]
pub struct CheckedCodec<T, U>(PhantomData<fn(T) -> U>);

impl<T, U> Default for CheckedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Outgoing + Send + 'static, U: Name + Default + Send + 'static> Codec for CheckedCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = OutgoingEncoder<T>;
    type Decoder = CheckedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        OutgoingEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        CheckedDecoder(PhantomData)
    }
}

/// What can be sent: a message, or the bytes of one.
pub trait Outgoing {
    /// How many bytes it has on the wire.
    fn wire_bytes(&self) -> usize;

    /// Writes them.
    fn write(self, buffer: &mut EncodeBuf<'_>);
}

impl<M: Message> Outgoing for M {
    fn wire_bytes(&self) -> usize {
        self.encoded_len()
    }

    fn write(self, buffer: &mut EncodeBuf<'_>) {
        buffer.reserve(self.encoded_len());
        self.encode_raw(buffer);
    }
}

/// The bytes of a message `M`.
#[derive(Clone, Debug)]
pub struct Encoded<M> {
    bytes: Vec<u8>,
    message: PhantomData<fn() -> M>,
}

impl<M: Message> Encoded<M> {
    /// What `bytes` encode must be an `M`.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, message: PhantomData }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<M: Message> From<M> for Encoded<M> {
    fn from(message: M) -> Self {
        Self::from_bytes(message.encode_to_vec())
    }
}

impl<M> Outgoing for Encoded<M> {
    fn wire_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn write(self, buffer: &mut EncodeBuf<'_>) {
        buffer.reserve(self.bytes.len());
        buffer.put_slice(&self.bytes);
    }
}

/// Encodes `T`.
#[derive(Debug)]
pub struct OutgoingEncoder<T>(PhantomData<fn(T)>);

impl<T: Outgoing> Encoder for OutgoingEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.write(buffer);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffers()
    }
}

/// Decodes `U`.
#[derive(Debug)]
pub struct CheckedDecoder<U>(PhantomData<fn() -> U>);

impl<U: Name + Default> Decoder for CheckedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let name = U::full_name();
        // tonic hands over a message in one piece.
        wire::inspect(buffer.chunk(), &name, Look::Structure)?;
        // Cheap: the bytes are shared, not copied. Kept to find what is wrong, since what prost says is not passed on.
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        if let Ok(message) = U::decode(bytes.clone()) {
            return Ok(Some(message));
        }
        wire::inspect(&bytes, &name, Look::Texts)?;
        Err(Status::invalid_argument(
            "the message cannot be parsed: a field has a wire type that does not belong there",
        ))
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffers()
    }
}
