//! A manifest: what is known about documents that their files do not say.
//!
//! In: a JSON file, `{"documents": [{"file": …, "title": …, "issuer": …, "level": …, "region": …, "adopted": …,
//! "in_force": …, "amended": …}]}`. Out: that metadata, put on the documents of a request whose files it names. `file` is
//! relative to the manifest; `level` is a name of the contract's `Level` without its prefix; dates are `YYYY`, `YYYY-MM`
//! or `YYYY-MM-DD`. Only `file` is required. A manifest can stand for the list of files, too: its first document is then
//! the directive and the others are resolutions, but for those whose `role` is REFERENCE. Always: a field that is not known is an error, since a misspelt date that
//! passed in silence would put a document at the wrong end of a trace.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::CommandError;
use crate::service::proto;
use crate::text::document::PartialDate;

/// Longest manifest, in bytes.
const MAX_MANIFEST_BYTES: u64 = 8 << 20;
/// Fields of an entry.
const FIELDS: [&str; 9] = ["file", "role", "title", "issuer", "level", "region", "adopted", "in_force", "amended"];

/// What a manifest says.
#[derive(Debug)]
pub(super) struct Manifest {
    /// By the files' places on this machine.
    documents: HashMap<PathBuf, proto::Document>,
    /// The files in the order of the manifest, as this process can open them.
    files: Vec<(String, Role)>,
}

/// The files of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cast {
    /// The directive.
    pub(super) directive: String,
    /// The resolutions.
    pub(super) resolutions: Vec<String>,
    /// The references.
    pub(super) references: Vec<String>,
}

/// What a document is in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The directive or a resolution, by its place.
    Traced,
    /// A reference.
    Reference,
}

/// One document of a manifest.
#[derive(Debug)]
struct Entry {
    file: String,
    role: Role,
    document: proto::Document,
}

impl Manifest {
    /// Reads a manifest.
    pub(super) fn read(path: &str) -> Result<Self, CommandError> {
        let cannot = |cause: String| CommandError::NoInput { path: path.to_owned(), cause };
        let wrong = |cause: String| CommandError::Data { path: path.to_owned(), cause };
        let place = Path::new(path);
        if place.is_dir() {
            return Err(cannot("is a directory; name a manifest".to_owned()));
        }
        let length = std::fs::metadata(place).map_err(|cause| cannot(super::input::name(&cause)))?.len();
        if length > MAX_MANIFEST_BYTES {
            return Err(wrong(format!("has {length} bytes and the most is {MAX_MANIFEST_BYTES}")));
        }
        let bytes = std::fs::read(place).map_err(|cause| cannot(super::input::name(&cause)))?;
        let manifest: Value = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("is no JSON, line {} column {}", error.line(), error.column())))?;
        let folder = place.parent().unwrap_or(Path::new(""));
        let entries = entries(&manifest).map_err(wrong)?;
        let opened = |entry: &Entry| folder.join(&entry.file);
        let files = entries.iter().map(|entry| (opened(entry).to_string_lossy().into_owned(), entry.role)).collect();
        let documents = entries.into_iter().map(|entry| (located(&opened(&entry)), entry.document)).collect();
        Ok(Self { documents, files })
    }

    /// The files of the trace that the manifest describes; `None` where it does not name a directive and a resolution.
    pub(super) fn cast(&self) -> Option<Cast> {
        let with = |role: Role| self.files.iter().filter(move |file| file.1 == role).map(|file| file.0.clone());
        let mut traced = with(Role::Traced);
        let cast = Cast {
            directive: traced.next()?,
            resolutions: traced.collect(),
            references: with(Role::Reference).collect(),
        };
        (!cast.resolutions.is_empty()).then_some(cast)
    }

    /// Adds to a document what the manifest says of the file that its id names.
    pub(super) fn complete(&self, document: proto::Document) -> proto::Document {
        let Some(known) = self.documents.get(&located(Path::new(&document.id))) else { return document };
        let proto::Document { id, body, .. } = document;
        proto::Document { id, body, ..known.clone() }
    }
}

/// The one path of a file, however it is named; that which was given where there is no such file.
fn located(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn entries(manifest: &Value) -> Result<Vec<Entry>, String> {
    let list = manifest.get("documents").and_then(Value::as_array);
    let list = list.ok_or("must hold a list \"documents\"")?;
    let entry = |(index, value): (usize, &Value)| {
        let fields = value.as_object().ok_or("must be an object".to_owned());
        fields.and_then(self::entry).map_err(|cause| format!("documents[{index}]{cause}"))
    };
    list.iter().enumerate().map(entry).collect()
}

fn entry(fields: &Map<String, Value>) -> Result<Entry, String> {
    if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        let name: String = unknown.chars().take(32).collect();
        return Err(format!(".{name} is not known; the fields are {}", FIELDS.join(", ")));
    }
    let words = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(words)) => Ok(words.clone()),
        Some(_) => Err(format!(".{name} must be a string")),
    };
    let date = |name: &str| {
        let words = words(name)?;
        if words.is_empty() {
            return Ok(None);
        }
        let date = PartialDate::parse(&words);
        let date = date.ok_or_else(|| format!(".{name} is no date; write YYYY, YYYY-MM or YYYY-MM-DD"))?;
        Ok::<_, String>(Some(proto::PartialDate {
            year: date.year().into(),
            month: date.month().unwrap_or(0).into(),
            day: date.day().unwrap_or(0).into(),
        }))
    };
    let file = words("file")?;
    if file.is_empty() {
        return Err(".file is missing; name the document's file".to_owned());
    }
    let level = match words("level")?.as_str() {
        "" => proto::Level::Unspecified,
        name => proto::Level::from_str_name(&format!("LEVEL_{name}"))
            .ok_or(".level is none of CENTRAL, PROVINCIAL, MUNICIPAL, COUNTY, TOWNSHIP")?,
    };
    let role = match words("role")?.as_str() {
        "" => Role::Traced,
        "REFERENCE" => Role::Reference,
        _ => return Err(".role can only be REFERENCE".to_owned()),
    };
    let document = proto::Document {
        title: words("title")?,
        issuer: words("issuer")?,
        region: words("region")?,
        level: level.into(),
        adopted: date("adopted")?,
        in_force: date("in_force")?,
        amended: date("amended")?,
        ..Default::default()
    };
    Ok(Entry { file, role, document })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(manifest: &str) -> String {
        match entries(&serde_json::from_str(manifest).expect("JSON")) {
            Ok(documents) => documents
                .iter()
                .map(|Entry { file, document, .. }| {
                    format!("{file}: {} {:?} {:?}", document.title, document.level(), document.adopted)
                })
                .collect::<Vec<_>>()
                .join("\n"),
            Err(cause) => cause,
        }
    }

    #[test]
    fn fields_are_read_and_may_be_missing() {
        insta::assert_snapshot!(
            check(r#"{"documents": [{"file": "a.txt", "title": "条例", "level": "MUNICIPAL", "adopted": "2020-08"}, {"file": "b"}]}"#),
            @"
        a.txt: 条例 Municipal Some(PartialDate { year: 2020, month: 8, day: 0 })
        b:  Unspecified None
        "
        );
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        assert_eq!(check("[]"), "must hold a list \"documents\"");
        assert_eq!(check(r#"{"documents": [{}]}"#), "documents[0].file is missing; name the document's file");
        assert_eq!(
            check(r#"{"documents": [{"file": "a"}, {"file": "b", "adopted": "2020-13"}]}"#),
            "documents[1].adopted is no date; write YYYY, YYYY-MM or YYYY-MM-DD"
        );
        assert_eq!(
            check(r#"{"documents": [{"file": "a", "level": "city"}]}"#),
            "documents[0].level is none of CENTRAL, PROVINCIAL, MUNICIPAL, COUNTY, TOWNSHIP"
        );
        assert_eq!(check(r#"{"documents": [{"file": "a", "title": 3}]}"#), "documents[0].title must be a string");
        assert!(
            check(r#"{"documents": [{"file": "a", "adoped": "2020"}]}"#)
                .starts_with("documents[0].adoped is not known")
        );
    }
}
