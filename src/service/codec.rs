//! Messages on the wire: protobuf, with our answer to a message that cannot be parsed.
//!
//! tonic's own codec answers INTERNAL to a message that does not parse, which reads as a bug of ours. It is the caller's
//! message that is wrong, so it is INVALID_ARGUMENT here, with the path of the field. A request is looked at before it is
//! decoded ([`super::wire`]), so that one of many empty elements cannot take more memory than it has a right to.

use std::marker::PhantomData;

use super::wire::{self, Look};
use bytes::Buf as _;
use prost::{Message, Name};
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

/// Encodes `T` and decodes `U`. Generated code names it (see `build.rs`).
#[derive(Debug)]
pub struct CheckedCodec<T, U>(PhantomData<fn(T) -> U>);

impl<T, U> Default for CheckedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + Send + 'static, U: Name + Default + Send + 'static> Codec for CheckedCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = CheckedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        CheckedDecoder(PhantomData)
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
}
