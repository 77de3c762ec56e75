//! Bytes to text: which charset it is, read strictly.
//!
//! In: bytes, their media type and charset as the sender declares them (both may be empty). Out: [`Decoded`] text with
//! the charset it was read in, without byte order mark; or a [`DecodeError`] that says what to do and quotes nothing.
//! Always: no replacement characters: what cannot be read is an error with its offset in the bytes as they were sent.
//! Cost: linear, a few passes; the text takes at most three bytes for two of UTF-16 and of the Chinese charsets.
//!
//! What decides, in this order: a byte order mark (as in the WHATWG Encoding Standard), the declared charset, the
//! bytes themselves: UTF-8 if they are valid, UTF-16 if read in pairs they are Chinese or ASCII, else GB18030 or Big5,
//! whichever chardetng finds likelier. A declared charset that the bytes plainly contradict is an error rather than
//! mojibake: UTF-8 read as GB18030 is often well formed.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, DecoderResult, Encoding, GB18030};

/// Text with the charset it was read in.
#[derive(Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without byte order mark.
    pub text: String,
    /// UTF-8, GB18030, Big5, UTF-16LE or UTF-16BE.
    pub charset: &'static str,
}

impl std::fmt::Debug for Decoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoded").field("bytes", &self.text.len()).field("charset", &self.charset).finish()
    }
}

/// Why bytes could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The media type is not text/plain.
    #[error("media type {media_type:?} cannot be read yet; send text/plain, or the document's words as text")]
    UnsupportedMediaType {
        /// The media type without its parameters, cut to 60 characters.
        media_type: String,
    },
    /// The charset is not one that is read.
    #[error(
        "charset {charset:?} is not read; use UTF-8, GB18030 (GBK, GB2312), Big5, UTF-16LE or UTF-16BE, \
         or leave it empty to have it detected"
    )]
    UnknownCharset {
        /// The label that was declared, cut to 60 characters.
        charset: String,
    },
    /// The bytes are not text in the charset that was declared or detected.
    #[error("the bytes are not valid {charset} at byte {offset_bytes}; send the whole file, or its right charset")]
    Malformed {
        /// The charset they were read in.
        charset: &'static str,
        /// Where the first malformed sequence begins, in bytes as they were sent.
        offset_bytes: usize,
    },
    /// The bytes are well-formed text of another charset than the declared one.
    #[error("the charset is declared as {declared} but the bytes are {found}; declare that, or leave it empty")]
    Contradicted {
        /// The declared charset.
        declared: &'static str,
        /// What the bytes are.
        found: &'static str,
    },
    /// No charset was declared and none of those that are read fits.
    #[error(
        "the charset cannot be told: the bytes are not UTF-8 (first malformed at byte {offset_bytes}), \
         nor GB18030, Big5 or UTF-16; send UTF-8"
    )]
    Undetected {
        /// Where the first sequence begins that is not UTF-8.
        offset_bytes: usize,
    },
    /// The bytes are not text at all: a picture, an archive, a PDF or Word file.
    #[error("the bytes are not text (control characters or the signature of a binary format); send plain text")]
    Binary,
}

/// First bytes of formats that are sent by mistake and that are not always heavy in control characters.
const BINARY_SIGNATURES: &[&[u8]] = &[
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x7fELF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"Rar!\x1a",
    b"7z\xbc\xaf",
];

/// Sequences of three bytes that make it sure that bytes are meant as UTF-8: three GBK characters look like two such
/// sequences by chance about once in ten thousand.
const SURE_UTF8_SEQUENCES: usize = 4;
/// One control character in so many makes a text binary.
const TEXT_PER_CONTROL: usize = 20;
/// Longest label that is repeated in an error.
const MAX_LABEL_CHARACTERS: usize = 60;

/// A charset that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Charset {
    name: &'static str,
    encoding: &'static Encoding,
}

const CHARSET_UTF_8: Charset = Charset { name: "UTF-8", encoding: &encoding_rs::UTF_8_INIT };
const CHARSET_GB18030: Charset = Charset { name: "GB18030", encoding: &encoding_rs::GB18030_INIT };
const CHARSET_BIG5: Charset = Charset { name: "Big5", encoding: &encoding_rs::BIG5_INIT };
const CHARSET_UTF_16LE: Charset = Charset { name: "UTF-16LE", encoding: &encoding_rs::UTF_16LE_INIT };
const CHARSET_UTF_16BE: Charset = Charset { name: "UTF-16BE", encoding: &encoding_rs::UTF_16BE_INIT };

/// What the sender says of the charset.
enum Declared {
    Nothing,
    /// UTF-16 in either byte order.
    Utf16,
    One(Charset),
}

/// Reads bytes as text. An empty `media_type` means text/plain; its `charset` parameter counts where `charset` is empty.
pub fn decode(bytes: &[u8], media_type: &str, charset: &str) -> Result<Decoded, DecodeError> {
    let parameter = charset_of_media_type(media_type)?;
    let charset = charset.trim();
    let declared = declared(if charset.is_empty() { &parameter } else { charset })?;
    if BINARY_SIGNATURES.iter().any(|signature| bytes.starts_with(signature)) {
        return Err(DecodeError::Binary);
    }
    if let Some((charset, mark_bytes)) = byte_order_mark(bytes) {
        return read(bytes, mark_bytes, charset);
    }
    match declared {
        Declared::One(charset) => {
            let meant_as_utf8 = || std::str::from_utf8(bytes).is_ok() && is_surely_utf8(bytes);
            if charset != CHARSET_UTF_8 && meant_as_utf8() {
                return Err(DecodeError::Contradicted { declared: charset.name, found: CHARSET_UTF_8.name });
            }
            read(bytes, 0, charset)
        }
        Declared::Utf16 => read(bytes, 0, utf_16_order(bytes).unwrap_or(CHARSET_UTF_16LE)),
        Declared::Nothing => read(bytes, 0, detect(bytes)?),
    }
}

/// Checks the media type and returns its charset parameter, empty if it has none.
fn charset_of_media_type(media_type: &str) -> Result<Cow<'_, str>, DecodeError> {
    let mut parts = media_type.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    if !essence.is_empty() && !essence.eq_ignore_ascii_case("text/plain") {
        return Err(DecodeError::UnsupportedMediaType { media_type: label(essence) });
    }
    let charset = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    Ok(charset.unwrap_or_default().into())
}

/// A declared name as an error may tell it: what is in no charset's or media type's characters may be text of a document.
fn label(text: &str) -> String {
    if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return "(not in ASCII)".to_owned();
    }
    text.chars().take(MAX_LABEL_CHARACTERS).collect()
}

fn declared(charset: &str) -> Result<Declared, DecodeError> {
    let lower = charset.to_ascii_lowercase();
    Ok(match lower.as_str() {
        "" => Declared::Nothing,
        "utf-16" | "utf16" | "utf_16" => Declared::Utf16,
        // ASCII is the part of UTF-8 that it claims to be; the standard's windows-1252 would read anything.
        "us-ascii" | "ascii" | "utf_8" => Declared::One(CHARSET_UTF_8),
        "utf16le" | "utf-16-le" => Declared::One(CHARSET_UTF_16LE),
        "utf16be" | "utf-16-be" => Declared::One(CHARSET_UTF_16BE),
        "cp936" | "gb-18030" | "gb_18030" => Declared::One(CHARSET_GB18030),
        "cp950" => Declared::One(CHARSET_BIG5),
        other => {
            let encoding = Encoding::for_label(other.as_bytes());
            // GB18030 holds all of GBK, which holds all of GB2312.
            let known = [CHARSET_UTF_8, CHARSET_GB18030, CHARSET_BIG5, CHARSET_UTF_16LE, CHARSET_UTF_16BE];
            let charset = encoding.and_then(|encoding| {
                let encoding = if encoding == encoding_rs::GBK { GB18030 } else { encoding };
                known.into_iter().find(|charset| charset.encoding == encoding)
            });
            Declared::One(charset.ok_or_else(|| DecodeError::UnknownCharset { charset: label(other) })?)
        }
    })
}

/// The charset that a byte order mark names, and the mark's length in bytes.
fn byte_order_mark(bytes: &[u8]) -> Option<(Charset, usize)> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some((CHARSET_UTF_8, 3)),
        [0xff, 0xfe, ..] => Some((CHARSET_UTF_16LE, 2)),
        [0xfe, 0xff, ..] => Some((CHARSET_UTF_16BE, 2)),
        [0x84, 0x31, 0x95, 0x33, ..] => Some((CHARSET_GB18030, 4)),
        _ => None,
    }
}

/// Reads everything behind the byte order mark, strictly.
fn read(bytes: &[u8], mark_bytes: usize, charset: Charset) -> Result<Decoded, DecodeError> {
    let body = &bytes[mark_bytes..];
    let mut decoder = charset.encoding.new_decoder_without_bom_handling();
    // No charset here needs more: enough is reserved at once, since the decoder stops when the string is full.
    let capacity = decoder.max_utf8_buffer_length_without_replacement(body.len()).unwrap_or(body.len());
    let mut text = String::with_capacity(capacity);
    let mut at = 0;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(&body[at..], &mut text, true);
        at += read;
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => text.reserve(text.len().max(64)),
            DecoderResult::Malformed(length, after) => {
                let behind = usize::from(length) + usize::from(after);
                let offset_bytes = mark_bytes + at.saturating_sub(behind);
                return Err(DecodeError::Malformed { charset: charset.name, offset_bytes });
            }
        }
    }
    if is_binary(&text) {
        return Err(DecodeError::Binary);
    }
    text.shrink_to_fit();
    Ok(Decoded { text, charset: charset.name })
}

/// Whether text holds characters that no text holds, or too many that few do.
fn is_binary(text: &str) -> bool {
    let (mut controls, mut characters) = (0, 0);
    for character in text.chars() {
        if character == '\0' {
            return true;
        }
        characters += 1;
        controls += usize::from(is_odd_control(character));
    }
    controls * TEXT_PER_CONTROL > characters
}

/// Control characters but for blanks, line ends, and the end-of-file mark of old systems.
fn is_odd_control(character: char) -> bool {
    character < ' ' && !matches!(character, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{1a}') || character == '\u{7f}'
}

fn detect(bytes: &[u8]) -> Result<Charset, DecodeError> {
    let utf8 = std::str::from_utf8(bytes);
    if utf8.is_ok_and(|text| !text.contains(is_odd_control)) {
        return Ok(CHARSET_UTF_8);
    }
    // Pairs of ASCII bytes look like Han; what is valid UTF-8 is UTF-16 only if every other unit is ASCII with its zero.
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    if let Some(charset) = utf_16_order(bytes).filter(|_| utf8.is_err() || zeros * 4 >= bytes.len()) {
        return Ok(charset);
    }
    let (offset_bytes, cut_off) = match utf8 {
        Ok(_) => return Ok(CHARSET_UTF_8),
        Err(error) => (error.valid_up_to(), error.error_len().is_none()),
    };
    if cut_off && offset_bytes > 0 || is_surely_utf8(&bytes[..offset_bytes]) {
        return Err(DecodeError::Malformed { charset: CHARSET_UTF_8.name, offset_bytes });
    }
    let controls = bytes.iter().filter(|byte| is_odd_control(char::from(**byte))).count();
    if zeros > 0 || controls * TEXT_PER_CONTROL > bytes.len() {
        return Err(DecodeError::Binary);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    // A sequence cut off at the end says nothing about the charset, so the detector is not told of the end.
    detector.feed(bytes, false);
    // Among Chinese readers' charsets GB18030 is the likelier one where both fit, as the domain of Singapore has it.
    match detector.guess(Some(b"sg"), Utf8Detection::Deny) {
        guessed if guessed == BIG5 => Ok(CHARSET_BIG5),
        guessed if guessed == encoding_rs::GBK || guessed == GB18030 => Ok(CHARSET_GB18030),
        _ => Err(DecodeError::Undetected { offset_bytes }),
    }
}

/// Whether bytes hold so many sequences of three bytes, as Han characters have in UTF-8, that they cannot be chance.
fn is_surely_utf8(bytes: &[u8]) -> bool {
    let begins = |window: &&[u8]| window[0] & 0xf0 == 0xe0 && window[1] & 0xc0 == 0x80 && window[2] & 0xc0 == 0x80;
    bytes.windows(3).filter(begins).take(SURE_UTF8_SEQUENCES).count() == SURE_UTF8_SEQUENCES
}

/// The byte order in which nine units of ten are ASCII, Han or the punctuation between them, if there is one.
fn utf_16_order(bytes: &[u8]) -> Option<Charset> {
    let units = bytes.len() / 2;
    let likely =
        |unit: fn([u8; 2]) -> u16| bytes.chunks_exact(2).filter(|pair| is_usual_unit(unit([pair[0], pair[1]]))).count();
    let (little, big) = (likely(u16::from_le_bytes), likely(u16::from_be_bytes));
    let (best, charset) = if big > little { (big, CHARSET_UTF_16BE) } else { (little, CHARSET_UTF_16LE) };
    (units > 0 && best * 10 >= units * 9).then_some(charset)
}

fn is_usual_unit(unit: u16) -> bool {
    matches!(unit, 0x20..=0x7e | 0x9 | 0xa | 0xd | 0x4e00..=0x9fff | 0x3000..=0x301f | 0xff00..=0xff5e | 0x2010..=0x2030)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMPLIFIED: &str = "会议强调，要全面深入贯彻落实《粤港澳大湾区发展规划纲要》，推动“1+1+9”工作部署落实。\r\n";
    const TRADITIONAL: &str = "會議強調，要全面深入貫徹落實《粵港澳大灣區發展規劃綱要》，推動工作部署落實。\n";

    fn check(bytes: &[u8], media_type: &str, charset: &str) -> String {
        match decode(bytes, media_type, charset) {
            Ok(decoded) => format!("{}: {}", decoded.charset, decoded.text.trim_end()),
            Err(error) => format!("{error:?}"),
        }
    }

    fn encoded(text: &str, charset: &str) -> Vec<u8> {
        match charset {
            "UTF-8" => text.as_bytes().to_vec(),
            "UTF-16LE" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "UTF-16BE" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            "GB18030" => GB18030.encode(text).0.into_owned(),
            "Big5" => BIG5.encode(text).0.into_owned(),
            other => panic!("no encoder for {other}"),
        }
    }

    #[test]
    fn every_charset_is_read_as_declared_and_as_detected() {
        for (text, charsets) in [
            (SIMPLIFIED, ["UTF-8", "GB18030", "UTF-16LE", "UTF-16BE"]),
            (TRADITIONAL, ["UTF-8", "Big5", "UTF-16LE", "UTF-16BE"]),
        ] {
            for charset in charsets {
                let bytes = encoded(text, charset);
                let read = Ok(Decoded { text: text.to_owned(), charset });
                assert_eq!(decode(&bytes, "", charset), read, "declared {charset}");
                assert_eq!(decode(&bytes, "", ""), read, "detected {charset}");
                assert_eq!(decode(&bytes, &format!("Text/Plain; Charset=\"{charset}\""), ""), read, "media type");
            }
        }
    }

    #[test]
    fn short_texts_are_detected() {
        for text in ["总则", "全会由市委常委会主持。"] {
            for charset in ["UTF-8", "GB18030"] {
                let expected = format!("{charset}: {text}");
                assert_eq!(check(&encoded(text, charset), "text/plain", ""), expected);
            }
        }
        assert_eq!(check(&encoded("全会由市委主持。\n", "UTF-16LE"), "", ""), "UTF-16LE: 全会由市委主持。");
        assert_eq!(check(&encoded("全會由市委常委會主持。", "Big5"), "", ""), "Big5: 全會由市委常委會主持。");
    }

    #[test]
    fn labels_of_one_charset() {
        let gb = encoded("𠀀会议", "GB18030");
        for label in ["gb18030", "GBK", "gb2312", "GB_2312-80", "x-gbk", "chinese", "cp936", " gb18030 "] {
            assert_eq!(check(&gb, "", label), "GB18030: 𠀀会议", "{label}");
        }
        assert_eq!(check(&encoded("會議", "Big5"), "", "big5-hkscs"), "Big5: 會議");
        assert_eq!(check("plain".as_bytes(), "", "us-ascii"), "UTF-8: plain");
        assert_eq!(check(&encoded("会议\n", "UTF-16BE"), "", "utf-16"), "UTF-16BE: 会议");
        assert_eq!(check(&encoded("plain text", "UTF-16BE"), "", ""), "UTF-16BE: plain text");
        assert_eq!(check(b"", "", ""), "UTF-8: ");
    }

    #[test]
    fn a_byte_order_mark_goes_before_the_declaration_and_is_no_text() {
        let marked = |mark: &[u8], charset| [mark, &encoded("会议", charset)].concat();
        assert_eq!(check(&marked(b"\xef\xbb\xbf", "UTF-8"), "", "gbk"), "UTF-8: 会议");
        assert_eq!(check(&marked(b"\xff\xfe", "UTF-16LE"), "", "utf-16be"), "UTF-16LE: 会议");
        assert_eq!(check(&marked(b"\xfe\xff", "UTF-16BE"), "", ""), "UTF-16BE: 会议");
        assert_eq!(check(&marked(b"\x84\x31\x95\x33", "GB18030"), "", ""), "GB18030: 会议");
    }

    #[test]
    fn truncated_sequences_are_malformed_where_they_begin() {
        for (charset, cut) in [("UTF-8", 1), ("UTF-8", 2), ("GB18030", 1), ("UTF-16LE", 1), ("UTF-16BE", 1)] {
            let mut bytes = encoded(SIMPLIFIED.trim_end(), charset);
            // The last character stands for one, two or three bytes; what is left of it is malformed.
            let last = encoded("。", charset).len();
            bytes.truncate(bytes.len() - cut);
            let offset_bytes = bytes.len() - (last - cut);
            let malformed = Err(DecodeError::Malformed { charset, offset_bytes });
            assert_eq!(decode(&bytes, "", charset), malformed, "declared {charset}, {cut} off");
            assert_eq!(decode(&bytes, "", ""), malformed, "detected {charset}, {cut} off");
        }
        let mut bytes = encoded(TRADITIONAL.trim_end(), "Big5");
        bytes.pop();
        let malformed = Err(DecodeError::Malformed { charset: "Big5", offset_bytes: bytes.len() - 1 });
        assert_eq!(decode(&bytes, "", "big5"), malformed);
        assert_eq!(decode(&bytes, "", ""), malformed);
        let lone_surrogate = [&encoded("会议\n", "UTF-16LE")[..], &[0x00, 0xd8], &encoded("会议", "UTF-16LE")].concat();
        assert_eq!(check(&lone_surrogate, "", "utf-16le"), "Malformed { charset: \"UTF-16LE\", offset_bytes: 6 }");
        let broken = ["会议强调".as_bytes(), b"\xff", "全会".as_bytes()].concat();
        assert_eq!(check(&broken, "", ""), "Malformed { charset: \"UTF-8\", offset_bytes: 12 }");
    }

    #[test]
    fn a_wrong_declaration_is_an_error_and_no_mojibake() {
        for declared in ["gb18030", "big5", "utf-16le", "utf-16be"] {
            let found = check(SIMPLIFIED.as_bytes(), "", declared);
            assert!(found.starts_with("Contradicted"), "UTF-8 declared as {declared}: {found}");
        }
        assert_eq!(
            check(&encoded(SIMPLIFIED, "GB18030"), "", "utf-8"),
            "Malformed { charset: \"UTF-8\", offset_bytes: 0 }"
        );
        assert_eq!(check(b"caf\xe9 au lait", "", ""), "Undetected { offset_bytes: 3 }");
        assert_eq!(check(b"a", "", "klingon"), "UnknownCharset { charset: \"klingon\" }");
        assert_eq!(check(b"a", "", "windows-1252"), "UnknownCharset { charset: \"windows-1252\" }");
        assert_eq!(
            check(b"a", "Application/PDF; version=1", ""),
            "UnsupportedMediaType { media_type: \"Application/PDF\" }"
        );
        assert_eq!(check(b"a", "text/html", ""), "UnsupportedMediaType { media_type: \"text/html\" }");
    }

    #[test]
    fn files_that_are_no_text_are_binary() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0\x1f\xf3\xffa";
        let zip = b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\xdf\xa4\xd2l";
        let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0";
        let pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nendobj\n";
        let utf_32 = b"\xff\xfe\0\0\x2d\x4e\0\0\xfd\x56\0\0";
        let unsigned = b"\x01\x02\x03\xfe\x80\x04\x05abc\x06";
        for bytes in [&png[..], zip, elf, pdf, utf_32, unsigned, b"text\0text", b"\xb2\xe2\0\xca\xd4"] {
            assert_eq!(check(bytes, "", ""), "Binary", "{bytes:?}");
        }
        assert_eq!(check(zip, "text/plain", "utf-8"), "Binary");
        let few_controls = format!("{}\u{1b}[2J", SIMPLIFIED.trim_end());
        assert_eq!(check(few_controls.as_bytes(), "", ""), format!("UTF-8: {few_controls}"));
    }

    #[test]
    fn errors_quote_no_text_and_debug_shows_none() {
        let mut bytes = encoded("机密会议内容", "UTF-8");
        bytes.pop();
        let error = decode(&bytes, "", "").expect_err("it is cut off");
        assert!(!format!("{error} {error:?}").contains('机'));
        let decoded = decode("机密".as_bytes(), "", "").expect("it is UTF-8");
        assert_eq!(format!("{decoded:?}"), "Decoded { bytes: 6, charset: \"UTF-8\" }");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(2000))]

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), charset in "(|utf-8|gbk|big5|utf-16|utf-16le|utf-16be)") {
            let once = decode(&bytes, "", &charset);
            proptest::prop_assert_eq!(&once, &decode(&bytes, "", &charset));
            if let Err(DecodeError::Malformed { offset_bytes, .. }) = once {
                proptest::prop_assert!(offset_bytes < bytes.len());
            }
        }

        #[test]
        fn what_is_encoded_is_read_back(text in "[一-龥，。；“”0-9a-zA-Z \n]{0,80}") {
            for charset in ["UTF-8", "GB18030", "UTF-16LE", "UTF-16BE"] {
                let bytes = encoded(&text, charset);
                if charset == "UTF-8" || std::str::from_utf8(&bytes).is_err() {
                    let decoded = decode(&bytes, "", charset).expect("well formed");
                    proptest::prop_assert_eq!(&decoded.text, &text);
                }
            }
        }
    }
}
