//! A file as the pieces of a body, with as little copying and as few changes of threads as can be.
//!
//! What the system has in memory is read at once, on the thread that sends it; only what has to come from the disk is
//! read on a thread that may wait. `RWF_NOWAIT` tells the two apart. Pieces share a few buffers, which go back when
//! they were sent.

use crate::ByteStream;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

/// How much is read at a time. Larger ones are not faster: what was read leaves the processor's cache before it is
/// sent.
const PIECE: usize = 256 << 10;
/// Buffers that are kept; more pieces than these are never on their way.
const BUFFERS: usize = 4;

/// A file, and how far it was read.
struct Reading {
    file: Arc<File>,
    range: Range<u64>,
    buffers: Buffers,
}

/// Buffers that nobody uses at the moment.
type Buffers = Arc<Mutex<Vec<Vec<u8>>>>;

/// The filled part of a buffer, which goes back when the piece was sent.
struct Filled {
    buffer: Vec<u8>,
    length: usize,
    home: Buffers,
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if home.len() < BUFFERS {
            home.push(std::mem::take(&mut self.buffer));
        }
    }
}

/// A range of a file, piece by piece.
pub(in crate::blobs) fn pieces(file: File, range: Range<u64>) -> ByteStream<'static> {
    let reading = Reading { file: Arc::new(file), range, buffers: Buffers::default() };
    let pieces = stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        if reading.range.is_empty() {
            return None;
        }
        match reading.next().await {
            Ok(piece) => Some((Ok(piece), Some(reading))),
            Err(error) => Some((Err(error), None)),
        }
    });
    pieces.boxed()
}

impl Reading {
    async fn next(&mut self) -> io::Result<Bytes> {
        let left = self.range.end - self.range.start;
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let kept = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // A small blob gets a small buffer.
        let mut buffer = kept.unwrap_or_else(|| vec![0; wanted]);
        let at = self.range.start;
        let space = buffer.get_mut(..wanted).unwrap_or_default();
        let count = match preadv2(&self.file, &mut [IoSliceMut::new(space)], at, ReadWriteFlags::NOWAIT) {
            Ok(count) => count,
            // Not in memory, or a file system that cannot tell.
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR) => {
                let file = Arc::clone(&self.file);
                let waited = tokio::task::spawn_blocking(move || {
                    let count = file.read_at(buffer.get_mut(..wanted).unwrap_or_default(), at)?;
                    Ok::<_, io::Error>((buffer, count))
                });
                let (returned, count) = waited.await.map_err(io::Error::other)??;
                buffer = returned;
                count
            }
            Err(error) => return Err(error.into()),
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.range.start += count as u64;
        Ok(Bytes::from_owner(Filled { buffer, length: count, home: Arc::clone(&self.buffers) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;
    use std::io::Write;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    async fn read(file: File, range: Range<u64>) -> io::Result<Vec<u8>> {
        let whole = pieces(file, range).try_fold(Vec::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        whole.await
    }

    #[tokio::test]
    async fn a_part_of_a_file_is_read_from_where_it_begins() {
        let content: Vec<u8> =
            (0..3 * PIECE + 17).map(|number| u8::try_from(number % 251).unwrap()).collect();
        for range in [0..content.len(), 1..2, PIECE - 1..2 * PIECE + 1, 5..5] {
            let read = read(file(&content), range.start as u64..range.end as u64).await.unwrap();
            assert_eq!(read, content[range]);
        }
    }

    #[tokio::test]
    async fn pieces_that_are_kept_do_not_change() {
        let content: Vec<u8> = (0..20 * PIECE).map(|number| u8::try_from(number / PIECE).unwrap()).collect();
        let kept: Vec<Bytes> = pieces(file(&content), 0..content.len() as u64).try_collect().await.unwrap();
        for (number, piece) in kept.iter().enumerate() {
            assert!(piece.iter().all(|byte| usize::from(*byte) == number));
        }
    }

    #[tokio::test]
    async fn a_file_that_is_too_short_ends_with_an_error() {
        let error = read(file(b"short"), 0..9).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
