//! How long a compressed message becomes, without keeping what it becomes.
//!
//! In: the bytes of one compressed message. Out: an error if the unpacked message is longer than it may be, or cannot be
//! unpacked. Cost: as unpacking, in a fixed buffer.

use std::io::{self, Read};

use http::HeaderMap;

/// Largest window of zstd that is unpacked, as a power of two: 8 MiB, what every decoder must be able to (RFC 8878).
const ZSTD_WINDOW_LOG: u32 = 23;

/// How messages of a call are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not, or in a way that is refused elsewhere.
    Plain,
    Gzip,
    Zstd,
}

/// Why a message is not to be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnpackError {
    /// The message becomes longer than it may.
    TooLong,
    /// The bytes are not what they are said to be.
    Broken,
}

impl Encoding {
    /// What `grpc-encoding` says.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match headers.get("grpc-encoding").map(http::HeaderValue::as_bytes) {
            Some(b"gzip") => Self::Gzip,
            Some(b"zstd") => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// Unpacks a message into nothing, up to `most` bytes.
    pub(super) fn unpacks_within(self, packed: &[u8], most: u64) -> Result<(), UnpackError> {
        let counted = match self {
            Self::Plain => return Ok(()),
            Self::Gzip => count(flate2::read::GzDecoder::new(packed), most),
            Self::Zstd => zstd::stream::read::Decoder::with_buffer(packed).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                count(decoder, most)
            }),
        };
        match counted {
            Ok(length) if length <= most => Ok(()),
            Ok(_) => Err(UnpackError::TooLong),
            Err(_) => Err(UnpackError::Broken),
        }
    }
}

/// How many bytes can be read, up to one more than `most`.
fn count(unpacked: impl Read, most: u64) -> io::Result<u64> {
    io::copy(&mut unpacked.take(most.saturating_add(1)), &mut io::sink())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text).expect("writes");
        encoder.finish().expect("ends")
    }

    #[test]
    fn what_unpacks_within_its_bound_passes_and_what_does_not_is_found() {
        let text = "坚定不移".repeat(5000);
        let length = text.len() as u64;
        let zstd = zstd::encode_all(text.as_bytes(), 3).expect("packs");
        for (encoding, packed) in [(Encoding::Gzip, gzip(text.as_bytes())), (Encoding::Zstd, zstd)] {
            assert_eq!(encoding.unpacks_within(&packed, length), Ok(()), "{encoding:?}");
            assert_eq!(encoding.unpacks_within(&packed, length - 1), Err(UnpackError::TooLong), "{encoding:?}");
            let cut = &packed[..packed.len() / 2];
            assert_eq!(encoding.unpacks_within(cut, length), Err(UnpackError::Broken), "{encoding:?}, half");
            assert_eq!(encoding.unpacks_within(&[7; 40], length), Err(UnpackError::Broken), "{encoding:?}, nonsense");
        }
    }

    #[test]
    fn a_window_that_nobody_needs_is_not_unpacked() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(27).expect("a window of 128 MiB");
        encoder.write_all(&[7; 1000]).expect("writes");
        let packed = encoder.finish().expect("ends");
        assert_eq!(Encoding::Zstd.unpacks_within(&packed, 1 << 20), Err(UnpackError::Broken));
    }
}
