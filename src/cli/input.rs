//! Files as documents: read, checked, and named so that an answer tells them apart.

use std::io::{self, Read as _};
use std::path::Path;

use super::CommandError;
use crate::compare::engine::{Engine, EngineError, EngineSettings};
use crate::service::proto;
use crate::text::decode::{self, DecodeError};
use crate::text::document::DEFAULT_MAX_TEXT_BYTES;

/// Most bytes of a file that are read: any document within the limit fits, in any charset that is read.
const MAX_FILE_BYTES: u64 = 4 * DEFAULT_MAX_TEXT_BYTES as u64;

/// Reads `path`, or standard input for `-`, as a document of a request.
///
/// A file that is UTF-8 is sent as text, so that offsets count in the file itself; any other is sent as the bytes it is,
/// and its decoded text comes back with the answer.
pub(super) fn document(path: &str) -> Result<proto::Document, CommandError> {
    let bytes = read(path).map_err(|cause| CommandError::NoInput { path: path.to_owned(), cause: name(&cause) })?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(bad(path, format!("has more than {MAX_FILE_BYTES} bytes; send less")));
    }
    if bytes.is_empty() {
        return Err(bad(path, "the file is empty; name one that holds the document's words".to_owned()));
    }
    decode::decode(&bytes, "", "").map_err(|error| bad(path, explain(&error)))?;
    let body = match String::from_utf8(bytes) {
        Ok(text) => proto::document::Body::Text(text),
        Err(not_utf8) => {
            let content = proto::Content { bytes: not_utf8.into_bytes(), ..Default::default() };
            proto::document::Body::Content(content)
        }
    };
    Ok(proto::Document { id: path.to_owned(), body: Some(body), ..Default::default() })
}

fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == "-" {
        io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    } else {
        let path = Path::new(path);
        // Opening a directory works on some systems and reading it then fails with a message about blocks.
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The engine of this process, with the background table of a file if one is named.
pub(super) fn engine(background: Option<&str>) -> Result<Engine, CommandError> {
    let settings = EngineSettings { background: background.map(background_table).transpose()? };
    Engine::load(settings).map_err(|error| match (background, &error) {
        (Some(path), EngineError::Background(_)) => bad(path, error.to_string()),
        _ => CommandError::Internal(format!("cannot load the engine: {error}")),
    })
}

/// The bytes of a background table.
pub(super) fn background_table(path: &str) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path).map_err(|cause| CommandError::NoInput { path: path.to_owned(), cause: name(&cause) })
}

fn bad(path: &str, cause: String) -> CommandError {
    CommandError::Data { path: path.to_owned(), cause }
}

pub(super) fn name(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory; name a file".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read".to_owned(),
        _ => cause.to_string(),
    }
}

fn explain(error: &DecodeError) -> String {
    match error {
        DecodeError::Binary => "is not a text file; convert the document to plain text first".to_owned(),
        other => other.to_string(),
    }
}
