//! Messages on the wire: protobuf, with our answer to a message that cannot be parsed.
//!
//! tonic's own codec answers INTERNAL to a message that does not parse, which reads as a bug of ours. It is the caller's
//! message that is wrong, so it is INVALID_ARGUMENT here. The error names message and field types, never their content.

use std::marker::PhantomData;

use prost::Message;
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

impl<T: Message + Send + 'static, U: Message + Default + Send + 'static> Codec for CheckedCodec<T, U> {
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

impl<U: Message + Default> Decoder for CheckedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        U::decode(buffer)
            .map(Some)
            .map_err(|error| Status::invalid_argument(format!("the message cannot be parsed; correct it: {error}")))
    }
}
