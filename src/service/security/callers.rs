//! The list of callers: who they are, what they may call, how often, and until when.
//!
//! In: a TOML file with one `[[caller]]` for each. Out: callers, found by the key that a call shows as
//! `authorization: Bearer …`, or else by the client certificate of its connection. Always: the file holds SHA-256 digests,
//! never keys; a digest is compared with all of them in a time that does not depend on how much of it agrees; a file in
//! which anything is wrong is refused whole, with all that is wrong.
//!
//! ```toml
//! [[caller]]
//! name = "policy office"
//! key_sha256 = "…"                                  # or certificate_sha256
//! methods = ["policyecho.v1.ComparisonService/*"]   # all, if left out
//! calls_per_minute = 600                            # no bound, if left out; every message of a stream counts
//! burst = 50                                        # as many as a minute's, if left out
//! expires = 2027-01-31T00:00:00Z                    # never, if left out
//! ```

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, header};
use serde::Deserialize;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use toml::value::Datetime;

use super::access::RULES;
use super::key::{digest, parse_digest};
use super::rate::{Bucket, Rate};
use crate::service::status::{Failure, Unidentified};

/// Why a list of callers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CallersError {
    /// The file is not what it should be.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the parser says; it quotes no value.
        message: String,
    },
    /// Entries of the file are wrong.
    #[error("{}: {}", path.display(), problems.join("; "))]
    Entries {
        /// The file.
        path: PathBuf,
        /// All that is wrong, each with its caller.
        problems: Vec<String>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    caller: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    key_sha256: Option<String>,
    certificate_sha256: Option<String>,
    methods: Option<Vec<String>>,
    calls_per_minute: Option<u32>,
    burst: Option<u32>,
    expires: Option<Datetime>,
}

/// What a caller is known by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Credential {
    Key([u8; 32]),
    Certificate([u8; 32]),
}

/// Somebody who may call.
pub(super) struct Caller {
    name: String,
    credential: Credential,
    /// Paths that it may call; `None` is all.
    methods: Option<HashSet<&'static str>>,
    bucket: Option<Arc<Bucket>>,
    /// From when on it is nobody.
    expires: Option<SystemTime>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Caller {
    /// Whether it has a right to the method at `path`.
    pub(super) fn may_call(&self, path: &str) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.contains(path))
    }

    /// Its rate, for one call and its messages.
    pub(super) fn allowance(&self) -> Allowance {
        Allowance(self.bucket.clone())
    }
}

/// The rate of a call's caller; without a bucket there is no bound. Travels in the extensions of a request.
#[derive(Clone, Debug, Default)]
pub(in crate::service) struct Allowance(Option<Arc<Bucket>>);

impl Allowance {
    /// What the edge has put into the extensions of a request.
    pub(in crate::service) fn of(extensions: &http::Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// Takes one call from the rate, or says how long to wait for it.
    pub(super) fn take(&self) -> Result<(), Failure> {
        let taken = self.0.as_ref().map_or(Ok(()), |bucket| bucket.take(Instant::now()));
        taken.map_err(|retry_after| Failure::RateLimited { retry_after })
    }

    /// Takes what message `index` of a stream costs: as much as a call, but that the call itself has paid for the first.
    pub(in crate::service) fn take_message(&self, index: usize) -> Result<(), Failure> {
        if index == 0 { Ok(()) } else { self.take() }
    }
}

/// All callers.
#[derive(Debug, Default)]
pub(super) struct Callers(Vec<Caller>);

impl Callers {
    /// Reads `text`, the content of `path`. Callers that are in `known` with the same rate keep what they have used of it.
    pub(super) fn read(path: &Path, text: &[u8], known: Option<&Self>) -> Result<Self, CallersError> {
        let syntax = |line, message| CallersError::Syntax { path: path.to_owned(), line, message };
        let text = std::str::from_utf8(text).map_err(|_| syntax(1, "is not UTF-8".to_owned()))?;
        let file: File = toml::from_str(text).map_err(|error| {
            let begin = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(begin).filter(|byte| *byte == b'\n').count();
            syntax(line, error.message().to_owned())
        })?;
        let mut problems = Vec::new();
        let mut seen = (HashSet::new(), HashSet::new());
        let mut callers = Vec::new();
        for entry in file.caller {
            let name = entry.name.clone();
            match Caller::read(entry, known) {
                Ok(caller) => {
                    if !seen.0.insert(caller.name.clone()) {
                        problems.push(format!("{name}: there is another caller of this name"));
                    }
                    if !seen.1.insert(caller.credential) {
                        problems.push(format!("{name}: another caller has the same key or certificate"));
                    }
                    callers.push(caller);
                }
                Err(wrong) => problems.extend(wrong.into_iter().map(|problem| format!("{name}: {problem}"))),
            }
        }
        if problems.is_empty() {
            Ok(Self(callers))
        } else {
            Err(CallersError::Entries { path: path.to_owned(), problems })
        }
    }

    /// Who makes a call.
    pub(super) fn identify(
        &self,
        headers: &HeaderMap,
        certificate: Option<&[u8; 32]>,
        now: SystemTime,
    ) -> Result<&Caller, Failure> {
        let shown = match headers.get(header::AUTHORIZATION) {
            Some(value) => {
                // The scheme's name is not case-sensitive (RFC 9110, section 11.1).
                let (scheme, key) = value.as_bytes().split_at_checked(7).unwrap_or((b"", b""));
                if !scheme.eq_ignore_ascii_case(b"bearer ") {
                    return Err(Failure::Unauthenticated(Unidentified::NoBearer));
                }
                Credential::Key(digest(key))
            }
            None => Credential::Certificate(*certificate.ok_or(Failure::Unauthenticated(Unidentified::Nothing))?),
        };
        let caller = self.find(shown).ok_or(Failure::Unauthenticated(match shown {
            Credential::Key(_) => Unidentified::UnknownKey,
            Credential::Certificate(_) => Unidentified::UnknownCertificate,
        }))?;
        if caller.expires.is_some_and(|expires| expires <= now) {
            return Err(Failure::Unauthenticated(Unidentified::Expired));
        }
        Ok(caller)
    }

    /// Compares with all callers, whichever it is.
    fn find(&self, shown: Credential) -> Option<&Caller> {
        let none = u64::MAX;
        let mut found = none;
        for (index, caller) in self.0.iter().enumerate() {
            let same = match (&caller.credential, &shown) {
                (Credential::Key(known), Credential::Key(shown))
                | (Credential::Certificate(known), Credential::Certificate(shown)) => known.ct_eq(shown),
                _ => Choice::from(0),
            };
            found.conditional_assign(&(index as u64), same);
        }
        usize::try_from(found).ok().and_then(|index| self.0.get(index))
    }
}

impl Caller {
    fn read(entry: Entry, known: Option<&Callers>) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        if entry.name.is_empty() || entry.name.chars().any(char::is_control) {
            problems.push("name must be a line of text".to_owned());
        }
        let mut parse = |field, text: &str| {
            let parsed = parse_digest(text);
            if parsed.is_none() {
                problems.push(format!("{field} must be 64 hexadecimal digits; `policy-echo keys hash` writes them"));
            }
            parsed
        };
        let credential = match (&entry.key_sha256, &entry.certificate_sha256) {
            (Some(text), None) => parse("key_sha256", text).map(Credential::Key),
            (None, Some(text)) => parse("certificate_sha256", text).map(Credential::Certificate),
            _ => {
                problems.push("give either key_sha256 or certificate_sha256".to_owned());
                None
            }
        };
        let methods = entry.methods.map(|patterns| {
            let mut methods = HashSet::new();
            for pattern in patterns {
                let matching = matching(&pattern);
                if matching.is_empty() {
                    problems.push(format!(
                        "there is no method {pattern:?}; write package.Service/Method, package.Service/* or *"
                    ));
                }
                methods.extend(matching);
            }
            methods
        });
        let bucket = match (entry.calls_per_minute, entry.burst) {
            (Some(0), _) | (_, Some(0)) => {
                problems.push("calls_per_minute and burst must be over 0; to shut a caller out, remove it".to_owned());
                None
            }
            (None, Some(_)) => {
                problems.push("burst is given without calls_per_minute".to_owned());
                None
            }
            (None, None) => None,
            (Some(calls_per_minute), burst) => {
                let rate = Rate { calls_per_minute, burst: burst.unwrap_or(calls_per_minute) };
                let before = known.and_then(|known| known.0.iter().find(|caller| caller.name == entry.name));
                let before = before.and_then(|caller| caller.bucket.clone()).filter(|bucket| bucket.rate() == rate);
                Some(before.unwrap_or_else(|| Arc::new(Bucket::new(rate, Instant::now()))))
            }
        };
        let expires = match entry.expires.map(|expires| seconds_since_1970(&expires)) {
            None => None,
            Some(Some(seconds)) => Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
            Some(None) => {
                problems.push("expires must be a day or a time with its zone, such as 2027-01-31T00:00:00Z".to_owned());
                None
            }
        };
        match credential {
            Some(credential) if problems.is_empty() => {
                Ok(Self { name: entry.name, credential, methods, bucket, expires })
            }
            _ => Err(problems),
        }
    }
}

/// The paths that a pattern means.
fn matching(pattern: &str) -> Vec<&'static str> {
    let matches = |path: &str| {
        let name = path.trim_start_matches('/');
        let service = name.split('/').next();
        pattern == "*" || pattern == name || pattern.strip_suffix("/*").is_some_and(|wanted| service == Some(wanted))
    };
    RULES.iter().map(|(path, _)| *path).filter(|path| matches(path)).collect()
}

/// Seconds since 1970 of a day's beginning, or of a time with its zone. `None` for a time without one, or before 1970.
fn seconds_since_1970(moment: &Datetime) -> Option<u64> {
    let date = moment.date?;
    let day = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let seconds = match (moment.time, moment.offset) {
        (None, None) => 0,
        (Some(time), Some(offset)) => {
            let minutes = match offset {
                toml::value::Offset::Z => 0,
                toml::value::Offset::Custom { minutes } => i64::from(minutes),
            };
            i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0))
                - minutes * 60
        }
        _ => return None,
    };
    u64::try_from(day * 86_400 + seconds).ok()
}

/// Days from 1970-01-01, by Howard Hinnant's `days_from_civil`.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests;
