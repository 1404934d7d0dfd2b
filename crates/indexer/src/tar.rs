//! A pull parser for tar archives: ustar, PAX, GNU long names, GNU sparse files, base-256 numbers.
//!
//! POSIX.1-2017 `pax` and the GNU tar manual ("Basic Tar Format") describe the formats. The surprises:
//!
//! * Runtimes unpack with Go's `archive/tar`, people look with GNU tar, and the two differ in corners. An attacker
//!   can smuggle a file through each difference. Wherever we know of one, the archive is [`Fault::Ambiguous`]:
//!   a body behind a link or a folder, both a PAX path and a GNU long name, a global PAX header that sets paths
//!   or sizes, old GNU headers whose times are no numbers (Go reads them as a path then), a lone zero block.
//! * The size in a PAX header always wins over the one in the header block.
//! * Two zero blocks end the archive. What follows is nobody's: concatenated archives are not followed.
//! * A missing end marker is no error, as for both of them; a missing piece of an entry is.
//!
//! Names and bodies are lent from the buffers; nothing grows beyond [`Bounds`]. Sparse files are skipped rightly
//! but not expanded.

mod header;
mod list;
mod pax;
mod window;

pub use list::{Listed, list};

use crate::Limits;
use header::{Block, Header};
use pax::{Pax, Scope};
use std::fmt;
use std::io::{self, Read};
use window::Window;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// Another name of an earlier file.
    HardLink,
    /// A symbolic link.
    SymbolicLink,
    /// A folder.
    Folder,
    /// A character or block device.
    Device,
    /// A named pipe.
    Fifo,
    /// A type that no runtime unpacks.
    Other(u8),
}

/// One entry, lent from the reader.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The path as written.
    pub path: &'a [u8],
    /// The target of a link, as written.
    pub link: &'a [u8],
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of its body in the archive.
    pub size: u64,
    /// Permission bits.
    pub mode: u64,
    /// Whether the body is a sparse map with pieces instead of the content.
    pub sparse: bool,
}

/// Why an archive cannot be read, and where.
#[derive(Debug, thiserror::Error)]
#[error("at byte {offset}: {fault}")]
pub struct Error {
    /// The offset of the header or body in question.
    pub offset: u64,
    /// What is wrong.
    #[source]
    pub fault: Fault,
}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It ends within an entry.
    #[error("the archive ends within an entry")]
    Truncated,
    /// The checksum of a header block is wrong.
    #[error("the checksum of a header is wrong")]
    Checksum,
    /// A zero block is followed by something else.
    #[error("a lone zero block stands within the archive, which tools read differently")]
    LoneZeroBlock,
    /// A numeric field is no number.
    #[error("the field {0} of a header is no number in range")]
    Number(&'static str),
    /// A PAX header is not well formed.
    #[error("an extension header is malformed: {0}")]
    Extension(&'static str),
    /// Tools read the archive differently here.
    #[error("tools read the archive differently here: {0}")]
    Ambiguous(&'static str),
    /// A limit was reached.
    #[error("more than {value} {what}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// The limit.
        value: u64,
    },
    /// The stream below failed.
    #[error("the stream cannot be read")]
    Read(#[source] io::Error),
}

/// What reading an archive may cost.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Headers, extension headers included.
    pub headers: u64,
    /// Bytes of one extension header.
    pub header_bytes: usize,
    /// Extension blocks of one old GNU sparse file.
    pub sparse_blocks: u64,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            headers: limits.entries,
            header_bytes: limits.header_bytes,
            sparse_blocks: limits.sparse_blocks,
        }
    }
}

/// Reads an archive entry by entry: [`Reader::advance`], [`Reader::entry`], [`Reader::next_chunk`].
pub struct Reader<R> {
    window: Window<R>,
    bounds: Bounds,
    headers: u64,
    entries: u64,
    /// Bytes of the current body that were not lent yet, and the padding after it.
    body: u64,
    padding: u64,
    current: Current,
    ended: bool,
}

/// The buffers of the current entry; they are kept from entry to entry.
#[derive(Debug, Default)]
struct Current {
    path: Vec<u8>,
    link: Vec<u8>,
    size: u64,
    mode: u64,
    kind: Option<EntryKind>,
    sparse: bool,
}

/// What extension headers say about the entry that follows them.
#[derive(Debug, Default)]
struct Pending {
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    pax: Option<Pax>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.long_name.is_none() && self.long_link.is_none() && self.pax.is_none()
    }
}

impl<R: Read> Reader<R> {
    /// A reader over the bytes of an archive.
    pub fn new(input: R, bounds: Bounds) -> Self {
        Self {
            window: Window::new(input),
            bounds,
            headers: 0,
            entries: 0,
            body: 0,
            padding: 0,
            current: Current::default(),
            ended: false,
        }
    }

    /// Goes to the next entry, skipping what is left of the current one. False at the end of the archive.
    ///
    /// # Errors
    /// Any [`Fault`]. The reader must not be used further then.
    pub fn advance(&mut self) -> Result<bool, Error> {
        let start = self.window.offset();
        self.step().map_err(|fault| Error { offset: start, fault })
    }

    /// The current entry; none before the first `advance` and after the end.
    pub fn entry(&self) -> Option<Entry<'_>> {
        let Current { path, link, size, mode, kind, sparse } = &self.current;
        let kind = (*kind)?;
        Some(Entry { path, link, kind, size: *size, mode: *mode, sparse: *sparse })
    }

    /// Lends the next piece of the current body; none at its end.
    ///
    /// # Errors
    /// A body that ends too early, or a stream that cannot be read.
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        if self.body == 0 {
            return Ok(None);
        }
        let offset = self.window.offset();
        let chunk = self.window.take(self.body).map_err(|fault| Error { offset, fault })?;
        self.body = self.body.saturating_sub(chunk.len() as u64);
        Ok(Some(chunk))
    }

    /// The first bytes of what is left of the current body, without taking them; fewer only where it is shorter.
    ///
    /// # Errors
    /// As for [`Reader::next_chunk`].
    pub fn peek(&mut self, count: usize) -> Result<&[u8], Error> {
        let wanted = usize::try_from(self.body).unwrap_or(usize::MAX).min(count);
        let offset = self.window.offset();
        self.window.peek(wanted).map_err(|fault| Error { offset, fault })
    }

    /// Entries so far, without extension headers.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Where the next byte of the current body stands in the archive; right after `advance`, where it begins.
    pub fn position(&self) -> u64 {
        self.window.offset()
    }

    /// Reads the stream to its end, past the end of the archive, so that damage and bombs behind it are noticed.
    ///
    /// # Errors
    /// A stream that cannot be read.
    pub fn drain(&mut self) -> Result<(), Error> {
        let offset = self.window.offset();
        self.window.drain().map_err(|fault| Error { offset, fault })
    }

    /// The stream below.
    pub fn get_ref(&self) -> &R {
        self.window.get_ref()
    }

    fn step(&mut self) -> Result<bool, Fault> {
        self.current.kind = None;
        if self.ended {
            return Ok(false);
        }
        self.window.skip(self.body)?;
        self.window.skip_padding(self.padding)?;
        (self.body, self.padding) = (0, 0);
        let mut pending = Pending::default();
        loop {
            let Some(block) = self.next_header()? else {
                self.ended = true;
                return if pending.is_empty() { Ok(false) } else { Err(Fault::Truncated) };
            };
            let header = Header::parse(&block)?;
            if !self.extend(&header, &mut pending)? {
                self.settle(&header, pending)?;
                self.entries = self.entries.saturating_add(1);
                return Ok(true);
            }
        }
    }

    /// The next header block; none at the end of the archive.
    fn next_header(&mut self) -> Result<Option<Block>, Fault> {
        let Some(block) = self.window.block()? else { return Ok(None) };
        if header::is_zero(&block) {
            return match self.window.block()? {
                Some(second) if !header::is_zero(&second) => Err(Fault::LoneZeroBlock),
                _ => Ok(None),
            };
        }
        self.headers = self.headers.saturating_add(1);
        if self.headers > self.bounds.headers {
            return Err(Fault::Limit { what: "entries in the archive", value: self.bounds.headers });
        }
        Ok(Some(block))
    }

    /// Takes an extension header into `pending`; false if the header is one of an entry.
    fn extend(&mut self, header: &Header, pending: &mut Pending) -> Result<bool, Fault> {
        match header.type_flag {
            b'L' => pending.long_name = Some(until_nul(self.extension(header.size)?)),
            b'K' => pending.long_link = Some(until_nul(self.extension(header.size)?)),
            b'x' if pending.pax.is_some() => {
                return Err(Fault::Ambiguous("two PAX headers before one entry"));
            }
            b'x' => pending.pax = Some(Pax::parse(&self.extension(header.size)?, Scope::Local)?),
            b'X' => {
                return Err(Fault::Ambiguous(
                    "a PAX header with the type of Solaris, which Go does not know",
                ));
            }
            b'g' if !pending.is_empty() => {
                return Err(Fault::Ambiguous(
                    "a global PAX header between an entry and its own extension header",
                ));
            }
            b'g' => {
                Pax::parse(&self.extension(header.size)?, Scope::Global)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The body of an extension header.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        let bytes = usize::try_from(size).ok().filter(|size| *size <= self.bounds.header_bytes).ok_or(
            Fault::Limit { what: "bytes in an extension header", value: self.bounds.header_bytes as u64 },
        )?;
        let mut content = Vec::with_capacity(bytes);
        let mut left = size;
        while left > 0 {
            let chunk = self.window.take(left)?;
            left = left.saturating_sub(chunk.len() as u64);
            content.extend_from_slice(chunk);
        }
        self.window.skip(header::padding(size))?;
        Ok(content)
    }

    /// Makes the header and what its extension headers say the current entry.
    fn settle(&mut self, header: &Header, pending: Pending) -> Result<(), Fault> {
        let Pending { long_name, long_link, pax } = pending;
        let pax = pax.unwrap_or_default();
        let size = pax.size.unwrap_or(header.size);
        let current = &mut self.current;
        choose(&mut current.path, &header.path, long_name, pax.path)?;
        choose(&mut current.link, &header.link, long_link, pax.link)?;
        if let Some(name) = pax.sparse_name {
            current.path = name;
        }
        if header.type_flag == b'S' {
            let mut extended = header.sparse_continues;
            let mut blocks = 0_u64;
            while extended {
                blocks = blocks.saturating_add(1);
                if blocks > self.bounds.sparse_blocks {
                    return Err(Fault::Limit {
                        what: "pieces of a sparse file",
                        value: self.bounds.sparse_blocks,
                    });
                }
                let block = self.window.block()?.ok_or(Fault::Truncated)?;
                extended = header::sparse_block_continues(&block);
            }
        }
        let kind = header.kind(&current.path);
        let has_body = matches!(kind, EntryKind::File | EntryKind::Other(_)) || header.type_flag == 0;
        if has_body {
            (self.body, self.padding) = (size, header::padding(size));
        } else if size != 0 && !(kind == EntryKind::HardLink && pax.size.is_none()) {
            // Go has no body here. GNU tar has one, but for hard links, where only a PAX size makes one.
            return Err(Fault::Ambiguous("a size at an entry that has no body"));
        }
        current.size = self.body;
        current.mode = header.mode;
        current.sparse = header.type_flag == b'S' || pax.sparse;
        current.kind = Some(kind);
        Ok(())
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("entries", &self.entries)
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

/// The name that counts: of the PAX header or the GNU long name if there is one, else of the header block.
fn choose(
    target: &mut Vec<u8>,
    plain: &[u8],
    gnu: Option<Vec<u8>>,
    pax: Option<Vec<u8>>,
) -> Result<(), Fault> {
    match (gnu, pax) {
        // Go prefers the GNU long name, and GNU tar the PAX header.
        (Some(gnu), Some(pax)) if gnu != pax => {
            return Err(Fault::Ambiguous("a GNU long name and another PAX name for one entry"));
        }
        (Some(name), _) | (None, Some(name)) => *target = name,
        (None, None) => {
            target.clear();
            target.extend_from_slice(plain);
        }
    }
    Ok(())
}

fn until_nul(mut text: Vec<u8>) -> Vec<u8> {
    if let Some(end) = memchr::memchr(0, &text) {
        text.truncate(end);
    }
    text
}
