//! The table's bytes: an open-addressing hash table of fingerprints, read where it lies.
//!
//! In: bytes, embedded or from a file. Out: a checked [`Table`]. Layout, all integers little-endian:
//!
//! ```text
//! magic "pebgrnd1" | u32 report titles | u32 regulation titles | u32 slots | u32 entries | u32 provenance bytes
//! provenance (UTF-8) | slots × (u32 fingerprint, u16 report titles, u16 regulation titles) | u64 checksum of the rest
//! ```
//!
//! A slot whose counts are both zero is empty. The upper bits of an n-gram's hash give its first slot, the lower 32 its
//! fingerprint; collisions go to the next slot, around the end. The hash is computed from scalar values with fixed
//! constants, so it is the same on every platform. Always after reading: the checksum is right, at least a quarter of
//! the slots is empty (so that a search ends soon), and no count is above its number of titles.

use std::borrow::Cow;
use std::ops::Range;

use super::Frequency;

const MAGIC: &[u8; 8] = b"pebgrnd1";
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = 28;
const SLOT_BYTES: usize = 8;
const CHECKSUM_BYTES: usize = 8;

/// About one absent n-gram in eight to sixteen passes the filter.
const FILTER_BITS_PER_ENTRY: usize = 8;

/// Why a background table was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackgroundError {
    /// It does not begin as a table does.
    #[error("this is no background table of format 1; make one with the example build_background")]
    Magic,
    /// It has another length than its header says.
    #[error("the background table has {bytes} bytes and its header asks for {expected}; copy or build it again")]
    Length {
        /// Bytes there are.
        bytes: usize,
        /// Bytes that the header asks for.
        expected: u64,
    },
    /// Its bytes are not those that were written.
    #[error("the background table's checksum is {found:016x} and should be {expected:016x}; copy or build it again")]
    Checksum {
        /// Checksum of the bytes.
        found: u64,
        /// Checksum that the table ends with.
        expected: u64,
    },
    /// Its content breaks a rule of the format.
    #[error("the background table is not well formed ({0}); build it again")]
    Content(&'static str),
}

/// A checked table.
#[derive(Clone)]
pub(super) struct Table {
    bytes: Cow<'static, [u8]>,
    titles: Frequency,
    slots: u32,
    entries: u32,
    provenance: Range<usize>,
    /// First byte of the slots.
    slots_start: usize,
    /// One bit for each value of a fingerprint's lower bits that some entry has. Most n-grams of most texts are in no
    /// table, and this tells so from one cached word instead of a walk over slots.
    filter: Vec<u64>,
}

/// 64-bit hash of an n-gram: three characters (of 21 bits) at a time, then the finalizer of SplitMix64.
pub(super) fn hash(ngram: &[char]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ ngram.len() as u64;
    for three in ngram.chunks(3) {
        let word = three.iter().fold(0, |word, &character| word << 21 | u64::from(character as u32));
        state = (state ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29);
    }
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut state = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29);
    }
    state
}

fn first_slot(hash: u64, slots: u32) -> u32 {
    ((u128::from(hash) * u128::from(slots)) >> 64) as u32
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Writes a table. `entries` are (hash, titles) with hashes ascending and distinct.
pub(super) fn write(titles: Frequency, entries: &[(u64, Frequency)], provenance: &str) -> Vec<u8> {
    // A third more slots than entries, so that a quarter stays empty.
    let slots = (entries.len() + entries.len().div_ceil(3) + 1) as u32;
    let mut table = vec![[0_u8; SLOT_BYTES]; slots as usize];
    for &(hash, frequency) in entries {
        let mut slot = first_slot(hash, slots);
        while table[slot as usize][4..] != [0; 4] {
            slot = (slot + 1) % slots;
        }
        let place = &mut table[slot as usize];
        place[..4].copy_from_slice(&(hash as u32).to_le_bytes());
        place[4..6].copy_from_slice(&(frequency.reports as u16).to_le_bytes());
        place[6..].copy_from_slice(&(frequency.regulations as u16).to_le_bytes());
    }
    let mut bytes = MAGIC.to_vec();
    for number in [titles.reports, titles.regulations, slots, entries.len() as u32, provenance.len() as u32] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(provenance.as_bytes());
    bytes.extend(table.into_iter().flatten());
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

impl Table {
    /// Checks the bytes and reads their header. Linear in the bytes.
    pub(super) fn read(bytes: Cow<'static, [u8]>) -> Result<Self, BackgroundError> {
        if !bytes.starts_with(MAGIC) {
            return Err(BackgroundError::Magic);
        }
        if bytes.len() < HEADER_BYTES + CHECKSUM_BYTES {
            let expected = (HEADER_BYTES + CHECKSUM_BYTES) as u64;
            return Err(BackgroundError::Length { bytes: bytes.len(), expected });
        }
        let number = |index: usize| u32_at(&bytes, MAGIC.len() + 4 * index);
        let titles = Frequency { reports: number(0), regulations: number(1) };
        let (slots, entries, provenance_bytes) = (number(2), number(3), number(4));
        let expected =
            (HEADER_BYTES + CHECKSUM_BYTES) as u64 + u64::from(provenance_bytes) + u64::from(slots) * SLOT_BYTES as u64;
        if bytes.len() as u64 != expected {
            return Err(BackgroundError::Length { bytes: bytes.len(), expected });
        }
        let (content, sum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
        let expected = sum.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let found = checksum(content);
        if found != expected {
            return Err(BackgroundError::Checksum { found, expected });
        }
        let slots_start = HEADER_BYTES + provenance_bytes as usize;
        let provenance = HEADER_BYTES..slots_start;
        if std::str::from_utf8(&bytes[provenance.clone()]).is_err() {
            return Err(BackgroundError::Content("its provenance is not UTF-8"));
        }
        let filter = vec![0; (entries as usize * FILTER_BITS_PER_ENTRY).next_power_of_two().div_ceil(64)];
        let mut table = Self { titles, slots, entries, provenance, slots_start, filter, bytes };
        table.check_slots()?;
        Ok(table)
    }

    /// Checks every slot and fills the filter.
    fn check_slots(&mut self) -> Result<(), BackgroundError> {
        if u64::from(self.entries) * 4 > u64::from(self.slots) * 3 || self.slots == 0 {
            return Err(BackgroundError::Content("it is fuller than three quarters"));
        }
        if self.titles.reports.max(self.titles.regulations) > u32::from(u16::MAX) {
            return Err(BackgroundError::Content("it counts more than 65535 titles of a genre"));
        }
        let mut filled = 0;
        for slot in 0..self.slots {
            let (fingerprint, frequency) = self.slot(slot);
            if frequency.documents() > 0 {
                filled += 1;
                let (word, bit) = self.filter_place(fingerprint);
                self.filter[word] |= bit;
            }
            if frequency.reports > self.titles.reports || frequency.regulations > self.titles.regulations {
                return Err(BackgroundError::Content("a count is above the number of titles"));
            }
        }
        if filled == self.entries { Ok(()) } else { Err(BackgroundError::Content("it has another number of entries")) }
    }

    /// Word and bit of the filter for a fingerprint. The filter's length is a power of two.
    #[inline]
    fn filter_place(&self, fingerprint: u32) -> (usize, u64) {
        ((fingerprint as usize >> 6) & (self.filter.len() - 1), 1 << (fingerprint & 63))
    }

    #[inline]
    fn slot(&self, slot: u32) -> (u32, Frequency) {
        let at = self.slots_start + slot as usize * SLOT_BYTES;
        let counts = u32_at(&self.bytes, at + 4);
        (u32_at(&self.bytes, at), Frequency { reports: counts & 0xffff, regulations: counts >> 16 })
    }

    /// Titles that hold an n-gram; zero of both if it is not in the table.
    #[inline]
    pub(super) fn find(&self, ngram: &[char]) -> Frequency {
        let hash = hash(ngram);
        match self.may_hold(hash) {
            true => self.find_from(hash, self.slot(first_slot(hash, self.slots))),
            false => Frequency::default(),
        }
    }

    /// Calls `each` with where every n-gram of a run begins and the titles that hold it. The words of the filter are read
    /// for several n-grams at a time, and then the slots at which they are looked for, so that the memory these lie in is
    /// waited for once.
    pub(super) fn find_all(&self, run: &[char], length: usize, mut each: impl FnMut(usize, Frequency)) {
        const TOGETHER: usize = 16;
        let mut hashes = [0; TOGETHER];
        let mut found: [Option<(u32, Frequency)>; TOGETHER] = [None; TOGETHER];
        let mut may_be = [false; TOGETHER];
        let windows = (run.len() + 1).saturating_sub(length);
        for first in (0..windows).step_by(TOGETHER) {
            let together = first..windows.min(first + TOGETHER);
            for ((hashed, may_be), at) in hashes.iter_mut().zip(&mut may_be).zip(together.clone()) {
                *hashed = hash(&run[at..at + length]);
                *may_be = self.may_hold(*hashed);
            }
            for ((found, hash), may_be) in found.iter_mut().zip(&hashes).zip(may_be) {
                *found = may_be.then(|| self.slot(first_slot(*hash, self.slots)));
            }
            for ((found, hash), at) in found.iter().zip(&hashes).zip(together) {
                each(at, found.map_or(Frequency::default(), |first| self.find_from(*hash, first)));
            }
        }
    }

    /// What the filter says of a hash: where it says no, there is no entry.
    #[inline]
    fn may_hold(&self, hash: u64) -> bool {
        let (word, bit) = self.filter_place(hash as u32);
        self.filter[word] & bit != 0
    }

    /// Goes on from what the first slot of a hash holds.
    #[inline]
    fn find_from(&self, hash: u64, first: (u32, Frequency)) -> Frequency {
        let (mut fingerprint, mut frequency) = first;
        let mut slot = first_slot(hash, self.slots);
        while frequency != Frequency::default() && fingerprint != hash as u32 {
            slot = if slot + 1 == self.slots { 0 } else { slot + 1 };
            (fingerprint, frequency) = self.slot(slot);
        }
        frequency
    }

    pub(super) fn titles(&self) -> Frequency {
        self.titles
    }

    pub(super) fn entries(&self) -> u32 {
        self.entries
    }

    pub(super) fn provenance(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.provenance.clone()]).unwrap_or_default()
    }

    pub(super) fn version(&self) -> String {
        let sum = checksum(&self.bytes[..self.bytes.len() - CHECKSUM_BYTES]);
        format!("{FORMAT}-{:08x}", sum >> 32)
    }
}
