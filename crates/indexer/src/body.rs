//! A file that is read at any place, wherever it lies: in memory, or on scratch where memory is not enough.
//!
//! Programs and archives say at their end where their interesting parts are, so they cannot be read in one pass.
//! Small ones are lent from the buffer. Large ones go to a file without a name that the jail was given for this one layer:
//! then no image, however large its files are, makes the reader itself large.
//! Where there is no such file, what does not fit into memory is not read, and is recorded.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};

/// What large files are kept on while they are read. It is written in one place after the other, and read anywhere.
pub trait Scratch: Read + Write + Seek {}

impl<T: Read + Write + Seek> Scratch for T {}

/// The largest piece that is asked for at once from scratch. The longest thing that is read whole is the list of modules of
/// a Go program, and the largest of those have some hundred KiB.
const PIECE: usize = 4 << 20;

/// How much is read at once where a part is read from its beginning to its end.
const STEP: usize = 64 << 10;

/// Memory and scratch for the bodies of one layer's files, one file and the archives inside it at a time.
pub struct Workspace {
    /// Bytes that may still be held in memory.
    memory: Cell<u64>,
    scratch: Option<RefCell<Box<dyn Scratch>>>,
    /// Where the free part of scratch begins. Bodies are held like a stack: what is inside an archive goes before it.
    end: Cell<u64>,
    /// The last byte of scratch that may be written.
    scratch_bytes: u64,
    has_failed: Cell<bool>,
}

impl Workspace {
    /// With so much memory, and so many bytes of scratch if there is one.
    pub fn new(memory: u64, scratch: Option<Box<dyn Scratch>>, scratch_bytes: u64) -> Self {
        Self {
            memory: Cell::new(memory),
            scratch: scratch.map(RefCell::new),
            end: Cell::new(0),
            scratch_bytes,
            has_failed: Cell::new(false),
        }
    }

    /// Bytes that can still be held in memory.
    pub(crate) fn memory(&self) -> u64 {
        self.memory.get()
    }

    /// Takes memory that somebody else holds, such as the buffer of the walk, until the loan is dropped.
    pub(crate) fn lend(&self, bytes: u64) -> Loan<'_> {
        let taken = bytes.min(self.memory.get());
        self.memory.set(self.memory.get().saturating_sub(taken));
        Loan { workspace: self, taken }
    }

    /// An empty place for a body, in memory as long as that has room.
    pub(crate) fn place(&self) -> Held<'_> {
        Held { workspace: self, loan: self.lend(0), memory: Vec::new(), on_scratch: None }
    }

    /// An empty place for a body that is known to be too large for memory.
    pub(crate) fn place_on_scratch(&self) -> Held<'_> {
        let mut held = self.place();
        held.on_scratch = Some((self.end.get(), 0));
        held
    }

    /// Puts bytes on scratch and reads them there; none if there is no room for them. For tests of what reads bodies.
    #[cfg(any(test, feature = "build"))]
    pub fn on_scratch<T>(&self, bytes: &[u8], read: impl FnOnce(Body<'_>) -> T) -> Option<T> {
        let mut held = self.place_on_scratch();
        held.push(bytes).then(|| read(held.body()))
    }

    /// Whether scratch failed since this was last asked, so that what was read from it means nothing.
    pub(crate) fn take_failure(&self) -> bool {
        self.has_failed.take()
    }

    fn write(&self, at: u64, bytes: &[u8]) -> bool {
        let Some(scratch) = &self.scratch else { return false };
        let end = at.saturating_add(bytes.len() as u64);
        if end > self.scratch_bytes {
            return false;
        }
        let mut scratch = scratch.borrow_mut();
        let written = scratch.seek(SeekFrom::Start(at)).and_then(|_| scratch.write_all(bytes));
        self.end.set(end);
        written.is_ok()
    }

    /// Fills the buffer from scratch.
    fn read(&self, at: u64, buffer: &mut [u8]) -> io::Result<()> {
        let result = match &self.scratch {
            Some(scratch) => {
                let mut scratch = scratch.borrow_mut();
                scratch.seek(SeekFrom::Start(at)).and_then(|_| scratch.read_exact(buffer))
            }
            None => Err(io::ErrorKind::NotFound.into()),
        };
        if result.is_err() {
            self.has_failed.set(true);
        }
        result
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("memory", &self.memory)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Memory that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Loan<'w> {
    workspace: &'w Workspace,
    taken: u64,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.workspace.memory.set(self.workspace.memory.get().saturating_add(self.taken));
    }
}

/// A body that is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Held<'w> {
    workspace: &'w Workspace,
    loan: Loan<'w>,
    memory: Vec<u8>,
    /// Where it begins on scratch and how long it is, once it is there.
    on_scratch: Option<(u64, u64)>,
}

impl Held<'_> {
    /// Adds to the body. False if there is no room for it; the place must be given up then.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        let more = bytes.len() as u64;
        if let Some((start, length)) = self.on_scratch {
            let is_written = self.workspace.write(start.saturating_add(length), bytes);
            self.on_scratch = Some((start, length.saturating_add(more)));
            return is_written;
        }
        let memory = &self.workspace.memory;
        if more <= memory.get() && self.memory.try_reserve(bytes.len()).is_ok() {
            memory.set(memory.get().saturating_sub(more));
            self.loan.taken = self.loan.taken.saturating_add(more);
            self.memory.extend_from_slice(bytes);
            return true;
        }
        let start = self.workspace.end.get();
        let held = std::mem::take(&mut self.memory);
        self.loan = self.workspace.lend(0);
        self.on_scratch = Some((start, held.len() as u64));
        self.workspace.write(start, &held) && self.push(bytes)
    }

    /// Adds all that a reader gives, of at most so many bytes. False if there is no room for it.
    ///
    /// # Errors
    /// Those of the reader.
    pub(crate) fn fill(&mut self, mut input: impl Read) -> io::Result<bool> {
        let mut buffer = vec![0; STEP];
        loop {
            let count = match input.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if !self.push(buffer.get(..count).unwrap_or_default()) {
                return Ok(false);
            }
        }
    }

    /// The body.
    pub(crate) fn body(&self) -> Body<'_> {
        Body(match self.on_scratch {
            None => Place::Memory(&self.memory),
            Some((start, length)) => Place::Scratch { workspace: self.workspace, start, length },
        })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some((start, _)) = self.on_scratch {
            self.workspace.end.set(start);
        }
    }
}

/// A file, or a part of one, that can be read at any place.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a>(Place<'a>);

#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Memory(&'a [u8]),
    Scratch { workspace: &'a Workspace, start: u64, length: u64 },
}

impl<'a> From<&'a [u8]> for Body<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Place::Memory(bytes))
    }
}

impl<'a> Body<'a> {
    /// How many bytes it has.
    pub(crate) fn len(&self) -> u64 {
        match self.0 {
            Place::Memory(bytes) => bytes.len() as u64,
            Place::Scratch { length, .. } => length,
        }
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.0, Place::Memory(_))
    }

    /// A part of it; none if that does not lie in it.
    pub(crate) fn part(&self, offset: u64, size: u64) -> Option<Self> {
        let end = offset.checked_add(size).filter(|end| *end <= self.len())?;
        Some(Self(match self.0 {
            Place::Memory(bytes) => {
                Place::Memory(bytes.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)?)
            }
            Place::Scratch { workspace, start, .. } => {
                Place::Scratch { workspace, start: start.checked_add(offset)?, length: size }
            }
        }))
    }

    /// All of it behind an offset; nothing if that lies outside.
    pub(crate) fn behind(&self, offset: u64) -> Self {
        self.len()
            .checked_sub(offset)
            .and_then(|size| self.part(offset, size))
            .unwrap_or(Self(Place::Memory(&[])))
    }

    /// Its first bytes, at most so many.
    pub(crate) fn first(&self, most: u64) -> Self {
        self.part(0, most.min(self.len())).unwrap_or(*self)
    }

    /// The bytes of a part; none if that does not lie in it, or is so large that nobody has to have it whole.
    pub(crate) fn bytes(&self, offset: u64, size: u64) -> Option<Cow<'a, [u8]>> {
        self.part(offset, size)?.whole()
    }

    /// All bytes, if they are in memory or few.
    pub(crate) fn whole(&self) -> Option<Cow<'a, [u8]>> {
        match self.0 {
            Place::Memory(bytes) => Some(Cow::Borrowed(bytes)),
            Place::Scratch { workspace, start, length } => {
                let Some(size) = usize::try_from(length).ok().filter(|size| *size <= PIECE) else {
                    // It is there and is not read, which must not look like nothing.
                    workspace.has_failed.set(true);
                    return None;
                };
                let mut bytes = vec![0; size];
                workspace.read(start, &mut bytes).ok()?;
                Some(Cow::Owned(bytes))
            }
        }
    }

    /// A reader from its beginning to its end.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader { rest: *self, lent: &[], buffer: Vec::new(), at: 0 }
    }

    /// Pieces that overlap by so many bytes, each with its offset. What is in memory is one piece.
    pub(crate) fn pieces(&self, overlap: u64) -> impl Iterator<Item = (u64, Cow<'a, [u8]>)> + use<'a> {
        let body = *self;
        let mut next = Some(0_u64).filter(|_| body.len() > 0);
        std::iter::from_fn(move || {
            let offset = next?;
            let rest = body.behind(offset);
            let piece = match rest.0 {
                Place::Memory(_) => rest,
                Place::Scratch { .. } => rest.first(PIECE as u64),
            };
            let end = offset.saturating_add(piece.len());
            next = (end < body.len()).then(|| end.saturating_sub(overlap));
            Some((offset, piece.whole()?))
        })
    }
}

/// Reads a body from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    /// What was not taken into the buffer yet.
    rest: Body<'a>,
    /// What is in memory is lent as it is.
    lent: &'a [u8],
    buffer: Vec<u8>,
    at: usize,
}

impl Reader<'_> {
    fn pending(&self) -> &[u8] {
        if self.lent.is_empty() { self.buffer.get(self.at..).unwrap_or_default() } else { self.lent }
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.pending().is_empty() {
            match self.rest.0 {
                Place::Memory(bytes) => {
                    (self.lent, self.rest) = (bytes, Body::from(&[][..]));
                    self.buffer.clear();
                }
                Place::Scratch { workspace, start, length } => {
                    let step = usize::try_from(length).unwrap_or(STEP).min(STEP);
                    self.buffer.resize(step, 0);
                    self.at = 0;
                    workspace.read(start, &mut self.buffer)?;
                    self.rest = self.rest.behind(step as u64);
                }
            }
        }
        Ok(self.pending())
    }

    fn consume(&mut self, count: usize) {
        if self.lent.is_empty() {
            self.at = self.at.saturating_add(count).min(self.buffer.len());
        } else {
            self.lent = self.lent.get(count..).unwrap_or_default();
        }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn workspace(memory: u64, scratch: u64) -> Workspace {
        Workspace::new(memory, Some(Box::new(Cursor::new(Vec::new()))), scratch)
    }

    fn noise(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at.wrapping_mul(31) & 0xff).unwrap()).collect()
    }

    fn read_to_end(body: Body<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        body.reader().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_body_is_the_same_in_memory_and_on_scratch() {
        let content = noise(300_000);
        let workspace = workspace(1_000_000, 1_000_000);
        let mut held = [workspace.place(), workspace.place_on_scratch()];
        for place in &mut held {
            assert!(place.fill(&content[..]).unwrap());
            let body = place.body();
            assert_eq!(body.len(), 300_000);
            assert_eq!(read_to_end(body), content);
            assert_eq!(body.bytes(5, 100_000).unwrap(), content.get(5..100_005).unwrap());
            assert_eq!(read_to_end(body.part(70_000, 9).unwrap()), content.get(70_000..70_009).unwrap());
            assert!(body.part(299_999, 2).is_none());
            assert!(body.part(u64::MAX, 2).is_none());
            assert_eq!(body.behind(300_001).len(), 0);
            assert_eq!(body.first(u64::MAX).len(), 300_000);
            let joined: usize = body.pieces(7).map(|(_, piece)| piece.len()).sum();
            assert_eq!(joined, 300_000);
        }
        assert!(!workspace.take_failure());
    }

    #[test]
    fn pieces_overlap_and_cover_everything() {
        let content = noise((PIECE << 1) + 17);
        let workspace = workspace(0, u64::MAX);
        let mut held = workspace.place_on_scratch();
        assert!(held.fill(&content[..]).unwrap());
        let mut covered = 0_u64;
        for (offset, piece) in held.body().pieces(100) {
            assert_eq!(offset, covered.saturating_sub(100));
            let start = usize::try_from(offset).unwrap();
            assert_eq!(piece, content.get(start..start + piece.len()).unwrap());
            covered = offset + piece.len() as u64;
        }
        assert_eq!(covered, content.len() as u64);
    }

    #[test]
    fn what_does_not_fit_into_memory_goes_to_scratch_and_comes_back() {
        let workspace = workspace(1000, 5000);
        let outer = workspace.lend(600);
        let mut inner = workspace.place();
        assert!(inner.push(&noise(300)));
        assert_eq!((workspace.memory(), workspace.end.get()), (100, 0));
        assert!(inner.push(&noise(300)));
        assert_eq!((workspace.memory(), workspace.end.get()), (400, 600));
        assert_eq!(read_to_end(inner.body()), [noise(300), noise(300)].concat());
        let mut innermost = workspace.place();
        assert!(innermost.push(&noise(4400)));
        assert!(!innermost.push(&[0]), "scratch is full");
        drop(innermost);
        assert_eq!(workspace.end.get(), 600);
        drop((inner, outer));
        assert_eq!((workspace.memory(), workspace.end.get()), (1000, 0));
    }

    #[test]
    fn without_scratch_memory_is_all_there_is() {
        let workspace = Workspace::new(10, None, 100);
        let mut held = workspace.place();
        assert!(held.push(&[1; 10]));
        assert!(!held.push(&[1]));
    }

    #[test]
    fn what_is_there_and_was_not_read_is_a_failure() {
        let workspace = workspace(0, u64::MAX);
        let mut held = workspace.place_on_scratch();
        assert!(held.fill(&vec![0; PIECE + 1][..]).unwrap());
        assert!(held.body().whole().is_none());
        assert!(workspace.take_failure());
        assert!(!workspace.take_failure());
        // Scratch that ends too early, as a disk that fails would look.
        *workspace.scratch.as_ref().unwrap().borrow_mut() = Box::new(Cursor::new(Vec::new()));
        assert!(held.body().bytes(0, 4).is_none());
        assert!(workspace.take_failure());
        assert!(held.body().reader().read(&mut [0; 4]).is_err());
    }
}
