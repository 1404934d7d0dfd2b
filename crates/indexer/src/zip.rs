//! The little of a zip archive that a Java archive needs: its directory, and single members by name.
//!
//! PKWARE APPNOTE 6.3.10. Only the central directory counts, as for Java itself. Stored and deflated members,
//! zip64, and programs prepended to the archive are read; encryption is not. All inflated bytes of one file and all
//! members that are looked at, its nested archives included, come out of one [`Budget`], so members that overlap or
//! hold each other buy an attacker nothing.

use crate::body::{Body, Held, Workspace};
use crate::little_endian::number;
use flate2::bufread::DeflateDecoder;
use std::borrow::Cow;
use std::io::Read;

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: u64 = 22;
const END64_LOCATOR: &[u8] = b"PK\x06\x07";
const END64: &[u8] = b"PK\x06\x06";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL_ENTRY: &[u8] = b"PK\x03\x04";
const LOCAL_SIZE: u64 = 30;
/// Name, extra field and comment have two bytes for their lengths.
const LONGEST_ENTRY: usize = 46 + 3 * 0xffff;
/// How much of a directory is looked at, at once. It must be more than the longest entry.
const WINDOW: u64 = 512 << 10;
/// The largest file in an archive that is read as text. They have some hundred bytes.
const TEXT_BYTES: u64 = 4 << 20;

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
    /// There is no room to hold it while it is read.
    #[error("there is no room for it while it is read")]
    Scratch,
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

/// Where a member is, as the directory says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    flags: u64,
    method: u64,
    compressed: u64,
    header: u64,
}

/// An archive.
#[derive(Debug)]
pub(crate) struct Archive<'a> {
    body: Body<'a>,
    directory: Body<'a>,
    /// Bytes before the archive, such as a shell script that starts it.
    prefix: u64,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(body: Body<'a>) -> Result<Self, ZipError> {
        const NO_END: ZipError = ZipError::Malformed("no end of the central directory");
        const OUTSIDE: ZipError = ZipError::Malformed("the central directory lies outside of the file");
        // The comment behind the end has at most 65 535 bytes.
        let tail = body.len().saturating_sub(END_SIZE.saturating_add(0xffff));
        let bytes = body.behind(tail).whole().ok_or(NO_END)?;
        let found = memchr::memmem::rfind(&bytes, END).ok_or(ZipError::NoArchive)?;
        let end = tail.saturating_add(found as u64);
        let record = bytes.get(found..).unwrap_or_default();
        let mut size = number(record, 12, 4).ok_or(NO_END)?;
        let mut offset = number(record, 16, 4).ok_or(NO_END)?;
        let mut directory_end = end;
        let is_wide = size == 0xffff_ffff || offset == 0xffff_ffff || number(record, 10, 2) == Some(0xffff);
        if is_wide && let Some((found, record)) = end64(body, end) {
            directory_end = found;
            size = number(&record, 40, 8).ok_or(NO_END)?;
            offset = number(&record, 48, 8).ok_or(NO_END)?;
        }
        let start = directory_end.checked_sub(size).ok_or(OUTSIDE)?;
        let prefix = start.checked_sub(offset).ok_or(OUTSIDE)?;
        let directory = body.part(start, size).ok_or(OUTSIDE)?;
        Ok(Self { body, directory, prefix })
    }

    /// The members, in the order of the directory.
    pub(crate) fn members(&self) -> Members<'a> {
        Members { rest: self.directory, window: Cow::Borrowed(&[]), at: 0 }
    }

    /// The content of a small member. It is paid for even if it is stored, because it will be searched.
    pub(crate) fn text(&self, member: Member, budget: &mut Budget) -> Result<Cow<'a, [u8]>, ZipError> {
        match self.read(member)? {
            Content::Stored(body) => {
                budget.spend(body.len())?;
                if body.len() > TEXT_BYTES {
                    return Err(ZipError::TooLarge);
                }
                body.whole().ok_or(ZipError::Scratch)
            }
            Content::Deflated(body) => {
                let mut text = Budget { bytes: budget.bytes.min(TEXT_BYTES), members: 0 };
                let before = text.bytes;
                let content = inflate(DeflateDecoder::new(body.reader()), &mut text);
                budget.spend(before.saturating_sub(text.bytes))?;
                content.map(Cow::Owned)
            }
        }
    }

    /// The content of a member of any size: as it lies in the archive if it is stored, and held in the workspace if it has
    /// to be inflated.
    pub(crate) fn inner<'w>(
        &self,
        member: Member,
        budget: &mut Budget,
        workspace: &'w Workspace,
    ) -> Result<Inner<'a, 'w>, ZipError> {
        match self.read(member)? {
            Content::Stored(body) => Ok(Inner::Stored(body)),
            Content::Deflated(body) => {
                let mut held = workspace.place();
                let inflated = DeflateDecoder::new(body.reader()).take(budget.bytes.saturating_add(1));
                let result = held.fill(inflated);
                // What came before damage was inflated too, and has to be paid for.
                budget.spend(held.body().len())?;
                match result {
                    Ok(true) => Ok(Inner::Held(held)),
                    Ok(false) => Err(ZipError::Scratch),
                    Err(_) => Err(ZipError::Malformed("a compressed member")),
                }
            }
        }
    }

    fn read(&self, member: Member) -> Result<Content<'a>, ZipError> {
        const OUTSIDE: ZipError = ZipError::Malformed("a member lies outside of the file");
        if member.flags & 1 != 0 {
            return Err(ZipError::Unsupported);
        }
        let at = member.header.checked_add(self.prefix).ok_or(OUTSIDE)?;
        let local = self.body.bytes(at, LOCAL_SIZE).ok_or(OUTSIDE)?;
        if !local.starts_with(LOCAL_ENTRY) {
            return Err(OUTSIDE);
        }
        let name = number(&local, 26, 2).ok_or(OUTSIDE)?;
        let extra = number(&local, 28, 2).ok_or(OUTSIDE)?;
        let start = at.checked_add(name.saturating_add(extra).saturating_add(LOCAL_SIZE)).ok_or(OUTSIDE)?;
        let data = self.body.part(start, member.compressed).ok_or(OUTSIDE)?;
        match member.method {
            0 => Ok(Content::Stored(data)),
            8 => Ok(Content::Deflated(data)),
            _ => Err(ZipError::Unsupported),
        }
    }
}

/// The bytes of a member in the archive.
enum Content<'a> {
    Stored(Body<'a>),
    Deflated(Body<'a>),
}

/// The content of a member that is an archive itself.
#[derive(Debug)]
pub(crate) enum Inner<'a, 'w> {
    Stored(Body<'a>),
    Held(Held<'w>),
}

impl Inner<'_, '_> {
    pub(crate) fn body(&self) -> Body<'_> {
        match self {
            Self::Stored(body) => *body,
            Self::Held(held) => held.body(),
        }
    }
}

/// Goes through a directory.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    /// What was not read into the window yet.
    rest: Body<'a>,
    window: Cow<'a, [u8]>,
    at: usize,
}

impl Members<'_> {
    /// The name and the place of the next member; an error at the first entry that is none.
    pub(crate) fn next(&mut self) -> Option<Result<(&[u8], Member), ZipError>> {
        const ENTRY: ZipError = ZipError::Malformed("an entry of the central directory");
        let left = self.window.len().saturating_sub(self.at);
        if left < LONGEST_ENTRY && self.rest.len() > 0 && !self.refill() {
            return Some(Err(ZipError::Scratch));
        }
        let window = self.window.get(self.at..).filter(|window| !window.is_empty())?;
        let Some((name, member, size)) = split_member(window) else {
            (self.rest, self.at) = (self.rest.behind(u64::MAX), self.window.len());
            return Some(Err(ENTRY));
        };
        self.at = self.at.saturating_add(size);
        Some(Ok((name, member)))
    }

    /// Reads on, behind what is left. What is in memory is one window.
    fn refill(&mut self) -> bool {
        let left = self.window.get(self.at..).unwrap_or_default();
        let step = if self.rest.is_in_memory() { self.rest.len() } else { WINDOW.min(self.rest.len()) };
        let Some(more) = self.rest.first(step).whole() else { return false };
        self.rest = self.rest.behind(step);
        self.window = if left.is_empty() { more } else { Cow::Owned([left, &more].concat()) };
        self.at = 0;
        true
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

/// Where the zip64 record stands that belongs to the end at `end`, and its bytes: before its locator, which is before
/// the end.
fn end64(body: Body<'_>, end: u64) -> Option<(u64, Vec<u8>)> {
    let locator = end.checked_sub(20)?;
    if !body.bytes(locator, 20)?.starts_with(END64_LOCATOR) {
        return None;
    }
    // The record can be longer than its 56 bytes, but nobody makes it so.
    let near = locator.saturating_sub(1024);
    let bytes = body.bytes(near, locator.checked_sub(near)?)?;
    let found = memchr::memmem::rfind(&bytes, END64)?;
    Some((near.saturating_add(found as u64), bytes.get(found..)?.to_vec()))
}

/// The first entry of a directory: its name, its place, and how long the entry is.
fn split_member(directory: &[u8]) -> Option<(&[u8], Member, usize)> {
    if !directory.starts_with(DIRECTORY_ENTRY) {
        return None;
    }
    let name = usize::try_from(number(directory, 28, 2)?).ok()?;
    let extra = usize::try_from(number(directory, 30, 2)?).ok()?;
    let comment = usize::try_from(number(directory, 32, 2)?).ok()?;
    let name_end = name.checked_add(46)?;
    let extra_end = name_end.checked_add(extra)?;
    let mut member = Member {
        flags: number(directory, 8, 2)?,
        method: number(directory, 10, 2)?,
        compressed: number(directory, 20, 4)?,
        header: number(directory, 42, 4)?,
    };
    widen(&mut member, number(directory, 24, 4)?, directory.get(name_end..extra_end)?);
    let size = extra_end.checked_add(comment).filter(|size| *size <= directory.len())?;
    Some((directory.get(46..name_end)?, member, size))
}

/// Takes the numbers that did not fit from the zip64 field: only those, in a fixed order.
fn widen(member: &mut Member, uncompressed: u64, mut extra: &[u8]) {
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
