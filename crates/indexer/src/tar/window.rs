//! The buffer between the decompressor and the parser.
//!
//! It is filled with large reads, because a decoder that is asked for little works slowly, and lends what it holds.

use super::Fault;
use super::header::{BLOCK, Block};
use std::io::{ErrorKind, Read};

/// Bytes of the buffer. Measured with gzip: 64 KiB is 6 % slower, and more than 256 KiB gains nothing.
const CAPACITY: usize = 256 << 10;

pub(super) struct Window<R> {
    input: R,
    buffer: Box<[u8]>,
    // Invariant: start <= end <= buffer.len().
    start: usize,
    end: usize,
    /// Offset in the stream of `start`.
    offset: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: vec![0; CAPACITY].into_boxed_slice(), start: 0, end: 0, offset: 0 }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn get_ref(&self) -> &R {
        &self.input
    }

    /// The next block; none at the end of the stream.
    pub(super) fn block(&mut self) -> Result<Option<Block>, Fault> {
        self.fill(BLOCK)?;
        match self.held().first_chunk::<BLOCK>().copied() {
            Some(block) => {
                self.consume(BLOCK);
                Ok(Some(block))
            }
            None if self.held().is_empty() => Ok(None),
            None => Err(Fault::Truncated),
        }
    }

    /// Lends and takes between 1 and `most` bytes; `most` is not 0.
    pub(super) fn take(&mut self, most: u64) -> Result<&[u8], Fault> {
        self.fill(1)?;
        let held = self.end.saturating_sub(self.start);
        if held == 0 {
            return Err(Fault::Truncated);
        }
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(held);
        let from = self.start;
        self.consume(count);
        Ok(self.buffer.get(from..self.start).unwrap_or_default())
    }

    /// Lends exactly `count` bytes without taking them; `count` is at most one block.
    pub(super) fn peek(&mut self, count: usize) -> Result<&[u8], Fault> {
        self.fill(count)?;
        self.held().get(..count).ok_or(Fault::Truncated)
    }

    pub(super) fn skip(&mut self, count: u64) -> Result<(), Fault> {
        let mut left = count;
        while left > 0 {
            let taken = self.take(left)?.len();
            left = left.saturating_sub(taken as u64);
        }
        Ok(())
    }

    /// Skips what fills the last block of a body. An archive may end before it: Go writes none where it is closed without
    /// being flushed, as `umoci insert` does, and reads such archives to their end.
    pub(super) fn skip_padding(&mut self, count: u64) -> Result<(), Fault> {
        match self.skip(count) {
            Err(Fault::Truncated) => Ok(()),
            skipped => skipped,
        }
    }

    /// Reads the stream to its end.
    pub(super) fn drain(&mut self) -> Result<(), Fault> {
        loop {
            self.consume(self.end.saturating_sub(self.start));
            self.fill(1)?;
            if self.held().is_empty() {
                return Ok(());
            }
        }
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        self.offset = self.offset.saturating_add(count as u64);
    }

    /// Reads until at least `count` bytes are held, or the stream ends.
    fn fill(&mut self, count: usize) -> Result<(), Fault> {
        if self.end.saturating_sub(self.start) >= count {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        while self.end < count {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => return Ok(()),
                Ok(read) => self.end = self.end.saturating_add(read).min(CAPACITY),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Read(error)),
            }
        }
        Ok(())
    }
}
