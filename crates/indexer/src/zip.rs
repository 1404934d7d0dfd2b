//! The little of a zip archive that a Java archive needs: its directory, and single members by name.
//!
//! PKWARE APPNOTE 6.3.10. Only the central directory counts, as for Java itself. Stored and deflated members,
//! zip64, and programs prepended to the archive are read; encryption is not. All inflated bytes of one file and all
//! members that are looked at, its nested archives included, come out of one [`Budget`], so members that overlap or
//! hold each other buy an attacker nothing.

use flate2::bufread::DeflateDecoder;
use std::borrow::Cow;
use std::io::Read;

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const END64_LOCATOR: &[u8] = b"PK\x06\x07";
const END64: &[u8] = b"PK\x06\x06";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL_ENTRY: &[u8] = b"PK\x03\x04";

/// Why an archive or a member cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ZipError {
    /// Nothing in the file marks it as an archive, so nobody could open it.
    #[error("this is no archive")]
    NoArchive,
    /// The directory or a member lies outside of the file, or is no such thing.
    #[error("the archive is malformed: {0}")]
    Malformed(&'static str),
    /// Encrypted, or compressed in an unusual way.
    #[error("a member is encrypted or compressed in a way that is not read")]
    Unsupported,
    /// Too much would be inflated.
    #[error("more is to be inflated than allowed")]
    TooLarge,
    /// Too many members would be looked at.
    #[error("there are more members than allowed")]
    TooMany,
}

/// What one file may still cost.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Bytes that may still be inflated, or copied.
    pub(crate) bytes: u64,
    /// Members of archives that may still be looked at.
    pub(crate) members: u64,
}

impl Budget {
    fn spend(&mut self, bytes: u64) -> Result<(), ZipError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(ZipError::TooLarge)?;
        Ok(())
    }

    /// Pays for one member.
    pub(crate) fn spend_member(&mut self) -> Result<(), ZipError> {
        self.members = self.members.checked_sub(1).ok_or(ZipError::TooMany)?;
        Ok(())
    }
}

/// A member, as the directory names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a [u8],
    flags: u64,
    method: u64,
    compressed: u64,
    header: u64,
}

/// An archive in memory.
#[derive(Debug)]
pub(crate) struct Archive<'a> {
    bytes: &'a [u8],
    directory: &'a [u8],
    /// Bytes before the archive, such as a shell script that starts it.
    prefix: u64,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, ZipError> {
        const NO_END: ZipError = ZipError::Malformed("no end of the central directory");
        const OUTSIDE: ZipError = ZipError::Malformed("the central directory lies outside of the file");
        // The comment behind the end has at most 65 535 bytes.
        let tail = bytes.len().saturating_sub(END_SIZE.saturating_add(0xffff));
        let found =
            memchr::memmem::rfind(bytes.get(tail..).unwrap_or_default(), END).ok_or(ZipError::NoArchive)?;
        let end = tail.saturating_add(found);
        let record = bytes.get(end..).unwrap_or_default();
        let mut size = number(record, 12, 4).ok_or(NO_END)?;
        let mut offset = number(record, 16, 4).ok_or(NO_END)?;
        let mut directory_end = end;
        let is_wide = size == 0xffff_ffff || offset == 0xffff_ffff || number(record, 10, 2) == Some(0xffff);
        if is_wide && let Some(found) = end64(bytes, end) {
            directory_end = found;
            let record = bytes.get(directory_end..).unwrap_or_default();
            size = number(record, 40, 8).ok_or(NO_END)?;
            offset = number(record, 48, 8).ok_or(NO_END)?;
        }
        let start = (directory_end as u64).checked_sub(size).ok_or(OUTSIDE)?;
        let prefix = start.checked_sub(offset).ok_or(OUTSIDE)?;
        let start = usize::try_from(start).map_err(|_| OUTSIDE)?;
        let directory = bytes.get(start..directory_end).ok_or(OUTSIDE)?;
        Ok(Self { bytes, directory, prefix })
    }

    /// The members; stops with an error at the first entry that is none.
    pub(crate) fn members(&self) -> impl Iterator<Item = Result<Member<'a>, ZipError>> + use<'a> {
        let mut rest = self.directory;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let Some((member, tail)) = split_member(rest) else {
                rest = &[];
                return Some(Err(ZipError::Malformed("an entry of the central directory")));
            };
            rest = tail;
            Some(Ok(member))
        })
    }

    /// The content of a small member. It is paid for even if it is stored, because it will be searched.
    pub(crate) fn text(&self, member: &Member<'_>, budget: &mut Budget) -> Result<Cow<'a, [u8]>, ZipError> {
        let content = self.read(member, budget)?;
        if let Cow::Borrowed(stored) = content {
            budget.spend(stored.len() as u64)?;
        }
        Ok(content)
    }

    /// The content of a member: borrowed if it is stored, inflated if not.
    pub(crate) fn read(&self, member: &Member<'_>, budget: &mut Budget) -> Result<Cow<'a, [u8]>, ZipError> {
        const OUTSIDE: ZipError = ZipError::Malformed("a member lies outside of the file");
        if member.flags & 1 != 0 {
            return Err(ZipError::Unsupported);
        }
        let at =
            member.header.checked_add(self.prefix).and_then(|at| usize::try_from(at).ok()).ok_or(OUTSIDE)?;
        let local = self.bytes.get(at..).ok_or(OUTSIDE)?;
        if !local.starts_with(LOCAL_ENTRY) {
            return Err(OUTSIDE);
        }
        let name = number(local, 26, 2).ok_or(OUTSIDE)?;
        let extra = number(local, 28, 2).ok_or(OUTSIDE)?;
        let start = usize::try_from(name.saturating_add(extra).saturating_add(30)).map_err(|_| OUTSIDE)?;
        let length = usize::try_from(member.compressed).map_err(|_| OUTSIDE)?;
        let data = local.get(start..).and_then(|data| data.get(..length)).ok_or(OUTSIDE)?;
        match member.method {
            0 => Ok(Cow::Borrowed(data)),
            8 => inflate(DeflateDecoder::new(data), budget).map(Cow::Owned),
            _ => Err(ZipError::Unsupported),
        }
    }
}

/// Reads a decompressor to its end, out of the budget.
pub(crate) fn inflate(decoder: impl Read, budget: &mut Budget) -> Result<Vec<u8>, ZipError> {
    let mut content = Vec::new();
    let result = decoder.take(budget.bytes.saturating_add(1)).read_to_end(&mut content);
    // What came before damage was inflated too, and has to be paid for.
    budget.spend(content.len() as u64)?;
    result.map_err(|_| ZipError::Malformed("a compressed member"))?;
    Ok(content)
}

/// Where the zip64 record stands that belongs to the end at `end`: before its locator, which is before the end.
fn end64(bytes: &[u8], end: usize) -> Option<usize> {
    let locator = end.checked_sub(20)?;
    if !bytes.get(locator..)?.starts_with(END64_LOCATOR) {
        return None;
    }
    // The record can be longer than its 56 bytes, but nobody makes it so.
    let near = locator.saturating_sub(1024);
    Some(near.saturating_add(memchr::memmem::rfind(bytes.get(near..locator)?, END64)?))
}

fn split_member(directory: &[u8]) -> Option<(Member<'_>, &[u8])> {
    if !directory.starts_with(DIRECTORY_ENTRY) {
        return None;
    }
    let name = usize::try_from(number(directory, 28, 2)?).ok()?;
    let extra = usize::try_from(number(directory, 30, 2)?).ok()?;
    let comment = usize::try_from(number(directory, 32, 2)?).ok()?;
    let name_end = name.checked_add(46)?;
    let extra_end = name_end.checked_add(extra)?;
    let mut member = Member {
        name: directory.get(46..name_end)?,
        flags: number(directory, 8, 2)?,
        method: number(directory, 10, 2)?,
        compressed: number(directory, 20, 4)?,
        header: number(directory, 42, 4)?,
    };
    widen(&mut member, number(directory, 24, 4)?, directory.get(name_end..extra_end)?);
    Some((member, directory.get(extra_end.checked_add(comment)?..)?))
}

/// Takes the numbers that did not fit from the zip64 field: only those, in a fixed order.
fn widen(member: &mut Member<'_>, uncompressed: u64, mut extra: &[u8]) {
    const TOO_WIDE: u64 = 0xffff_ffff;
    while let (Some(kind), Some(size)) = (number(extra, 0, 2), number(extra, 2, 2)) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let body = extra.get(4..).unwrap_or_default();
        let (field, rest) = body.split_at_checked(size).unwrap_or((body, &[]));
        extra = rest;
        if kind != 1 {
            continue;
        }
        let mut at = if uncompressed == TOO_WIDE { 8 } else { 0 };
        if member.compressed == TOO_WIDE {
            member.compressed = number(field, at, 8).unwrap_or(TOO_WIDE);
            at = at.saturating_add(8);
        }
        if member.header == TOO_WIDE {
            member.header = number(field, at, 8).unwrap_or(TOO_WIDE);
        }
    }
}

/// A little-endian number of at most 8 bytes.
fn number(bytes: &[u8], offset: usize, width: usize) -> Option<u64> {
    let field = bytes.get(offset..)?.get(..width)?;
    Some(field.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}
