//! A document as it was sent: bounded, not empty, with what is known about it.
//!
//! In: text (or bytes, through [`super::decode`]) and metadata. Out: a [`Document`] that every later stage can trust.
//! Always: the text holds at least one character that is not blank and at most `DocumentLimits::max_text_bytes`.
//! [`Document`]'s `Debug` never shows the text, because drafts are confidential and debug output ends in logs.

use std::fmt;

/// Most text a document may hold by default, in UTF-8 bytes.
pub const DEFAULT_MAX_TEXT_BYTES: usize = 8 << 20;

/// Bounds on one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Most text a document may hold, in UTF-8 bytes. Never above `u32::MAX`, since offsets are 32 bits wide.
    pub max_text_bytes: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self { max_text_bytes: DEFAULT_MAX_TEXT_BYTES }
    }
}

/// Why a document was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// There is no text at all.
    #[error("the text is empty; send the document's words")]
    Empty,
    /// Every character is a blank or cannot be seen.
    #[error("the text holds only blanks; send the document's words")]
    Blank,
    /// The text is longer than the limit.
    #[error("the text has {bytes} bytes and the most is {max_bytes}; send less, or raise the limit")]
    TooLong {
        /// Length of the text in UTF-8 bytes.
        bytes: usize,
        /// The limit in UTF-8 bytes.
        max_bytes: usize,
    },
}

/// A date of which parts may be unknown, as `google.type.Date` has it: 2021, 2021-02 and 2021-02-22 are all dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

/// Why a date was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The year is not between 1 and 9999.
    #[error("the year {0} is not between 1 and 9999")]
    Year(u32),
    /// The month is not between 1 and 12.
    #[error("the month {0} is not between 1 and 12")]
    Month(u32),
    /// The month has no such day, or a day came without a month.
    #[error("there is no day {0} in that month")]
    Day(u32),
}

impl PartialDate {
    /// A date from its parts; zero stands for a part that is not known, as in `google.type.Date`.
    pub fn new(year: u32, month: u32, day: u32) -> Result<Self, DateError> {
        if !(1..=9999).contains(&year) {
            return Err(DateError::Year(year));
        }
        if month > 12 {
            return Err(DateError::Month(month));
        }
        if day > 0 && (month == 0 || day > days_in_month(year, month)) {
            return Err(DateError::Day(day));
        }
        Ok(Self { year: year as u16, month: (month > 0).then_some(month as u8), day: (day > 0).then_some(day as u8) })
    }

    /// Reads `2021`, `2021-02` or `2021-02-22`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-').map(|part| part.parse::<u32>().ok());
        let year = parts.next()??;
        let month = parts.next().unwrap_or(Some(0))?;
        let day = parts.next().unwrap_or(Some(0))?;
        parts.next().is_none().then(|| Self::new(year, month, day).ok())?
    }

    /// The year, 1 to 9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12, if it is known.
    pub fn month(self) -> Option<u8> {
        self.month
    }

    /// The day of the month, if it is known.
    pub fn day(self) -> Option<u8> {
        self.day
    }

    /// Days since 1 January of year 1 of the proleptic Gregorian calendar, if the date is known to the day.
    pub fn day_number(self) -> Option<i32> {
        let (month, day) = (u32::from(self.month?), u32::from(self.day?));
        let year = u32::from(self.year);
        let before = year - 1;
        let whole_years = before * 365 + before / 4 - before / 100 + before / 400;
        let whole_months: u32 = (1..month).map(|m| days_in_month(year, m)).sum();
        Some((whole_years + whole_months + day - 1) as i32)
    }

    /// Whether this date is certainly before `other`: with parts missing, only if every reading of both says so.
    pub fn is_before(self, other: Self) -> bool {
        self.latest() < other.earliest()
    }

    fn earliest(self) -> (u16, u8, u8) {
        (self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
    }

    fn latest(self) -> (u16, u8, u8) {
        (self.year, self.month.unwrap_or(12), self.day.unwrap_or(31))
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Level of the body that issued a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not said.
    #[default]
    Unknown,
    /// 中央、国务院、全国人大.
    Central,
    /// 省、自治区、直辖市.
    Provincial,
    /// 设区的市、自治州.
    Municipal,
    /// 县、县级市、市辖区.
    County,
    /// 乡、镇、街道.
    Township,
}

/// What the sender says about a document. Everything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The caller's own name for the document; it comes back in answers.
    pub id: String,
    /// Title, as a reader would cite it.
    pub title: String,
    /// Issuing body, such as 中共广东省委.
    pub issuer: String,
    /// Level of the issuing body.
    pub level: Level,
    /// Region of the issuing body, such as 广东省.
    pub region: String,
    /// When it was adopted (通过) or published.
    pub adopted: Option<PartialDate>,
    /// When it came into force (施行).
    pub in_force: Option<PartialDate>,
    /// When it was last amended (修正、修订).
    pub amended: Option<PartialDate>,
}

/// Whether offsets count in what the caller sent or in what was decoded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// The caller sent text; offsets count in it.
    Sent,
    /// The caller sent bytes; offsets count in the decoded text, which is returned.
    Decoded,
}

/// A document with bounded text that is not blank.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    metadata: Metadata,
    text: String,
    source: TextSource,
}

impl Document {
    /// A document from its text as it was sent.
    pub fn new(text: String, metadata: Metadata, limits: DocumentLimits) -> Result<Self, DocumentError> {
        Self::with_source(text, TextSource::Sent, metadata, limits)
    }

    /// A document from text of either source.
    pub fn with_source(
        text: String,
        source: TextSource,
        metadata: Metadata,
        limits: DocumentLimits,
    ) -> Result<Self, DocumentError> {
        let max_bytes = limits.max_text_bytes.min(u32::MAX as usize);
        if text.is_empty() {
            return Err(DocumentError::Empty);
        }
        if text.len() > max_bytes {
            return Err(DocumentError::TooLong { bytes: text.len(), max_bytes });
        }
        if text.chars().all(super::normalize::is_blank_or_invisible) {
            return Err(DocumentError::Blank);
        }
        Ok(Self { metadata, text, source })
    }

    /// The text as it was sent, or as it was decoded.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the text comes from.
    pub fn source(&self) -> TextSource {
        self.source
    }

    /// What a reader calls it: its title or, without one, the sender's own name for it.
    pub fn name(&self) -> &str {
        if self.metadata.title.is_empty() { &self.metadata.id } else { &self.metadata.title }
    }

    /// What the sender said about the document.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("bytes", &self.text.len())
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
