//! A blob that is open for reading: as pieces of a body, as a file, or whole if it is small.

use super::BlobError;
use super::folder::pieces;
use super::objects::Object;
use crate::ByteStream;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt};
use oci::Hasher;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// A stored blob, open for reading.
#[derive(Debug)]
pub struct Blob {
    /// Its size in bytes.
    pub size: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The file is its holder's own: nobody else moves its position, and it stays readable when the blob is deleted
    /// meanwhile.
    File(File),
    /// An object, and where it can lie for a moment as a file. When it is deleted, reading ends with an error.
    Object(Object, PathBuf),
}

impl Blob {
    /// A blob in a file, which is its holder's own.
    pub fn of_file(size: u64, file: File) -> Self {
        Self { size, content: Content::File(file) }
    }

    /// A blob in an object storage.
    pub(super) fn of_object(size: u64, object: Object, scratch: PathBuf) -> Self {
        Self { size, content: Content::Object(object, scratch) }
    }

    /// A range of its bytes, piece by piece. Memory does not grow with the range.
    ///
    /// # Errors
    /// When an object storage does not answer. A file tells its errors in the pieces.
    pub async fn stream(self, range: Range<u64>) -> io::Result<ByteStream<'static>> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        match self.content {
            Content::File(file) => Ok(pieces(file, range)),
            Content::Object(object, _) => Ok(whole_range(object.range(range.clone()).await?, range)),
        }
    }

    /// Its first bytes, at most `length`. It can still be read from the beginning.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn head(&self, length: u64) -> io::Result<Bytes> {
        let range = 0..length.min(self.size);
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let pieces = match &self.content {
            Content::File(file) => pieces(file.try_clone()?, range),
            Content::Object(object, _) => whole_range(object.range(range.clone()).await?, range),
        };
        let whole = pieces.try_fold(BytesMut::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        Ok(whole.await?.freeze())
    }

    /// All its bytes, if they are not more than `limit`.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn bytes(self, limit: u64) -> io::Result<Option<Bytes>> {
        let size = self.size;
        if size > limit {
            return Ok(None);
        }
        let stream = self.stream(0..size).await?;
        let whole = stream.try_fold(BytesMut::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        Ok(Some(whole.await?.freeze()))
    }

    /// The blob as a file at its beginning. One from an object storage is fetched first, into a file without a name,
    /// and its digest is checked on the way.
    ///
    /// # Errors
    /// [`BlobError::Storage`] when the storage fails or has other bytes than it should.
    pub async fn into_file(self) -> Result<File, BlobError> {
        let fail = |source| BlobError::Storage { action: "fetch a blob", source };
        match self.content {
            Content::File(file) => Ok(file),
            Content::Object(object, scratch) => {
                let file = tempfile::tempfile_in(scratch).map_err(fail)?;
                let mut file = tokio::fs::File::from_std(file);
                let mut hasher = Hasher::new(object.digest.algorithm());
                if self.size > 0 {
                    let range = 0..self.size;
                    let mut stream = whole_range(object.range(range.clone()).await.map_err(fail)?, range);
                    while let Some(piece) = stream.next().await {
                        let piece = piece.map_err(fail)?;
                        hasher.update(&piece);
                        file.write_all(&piece).await.map_err(fail)?;
                    }
                }
                let actual = hasher.finish();
                if actual != object.digest {
                    return Err(BlobError::DigestMismatch { expected: object.digest, actual });
                }
                file.rewind().await.map_err(fail)?;
                Ok(file.into_std().await)
            }
        }
    }
}

/// The pieces of an object, with an error at the end if they are too few.
fn whole_range(pieces: ByteStream<'static>, range: Range<u64>) -> ByteStream<'static> {
    let expected = range.end - range.start;
    let counted =
        futures_util::stream::unfold((pieces, 0, false), move |(mut pieces, seen, over)| async move {
            if over {
                return None;
            }
            match pieces.next().await {
                Some(Ok(piece)) => {
                    let seen = seen + piece.len() as u64;
                    Some((Ok(piece), (pieces, seen, false)))
                }
                Some(Err(error)) => Some((Err(error), (pieces, seen, true))),
                None if seen == expected => None,
                None => Some((Err(io::ErrorKind::UnexpectedEof.into()), (pieces, seen, true))),
            }
        });
    counted.boxed()
}
