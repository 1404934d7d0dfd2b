//! Records on their way out of the jail: frames on a pipe.
//!
//! The worker has read hostile bytes, so what it writes is read with bounds. A stream is the magic, then frames, then
//! one last frame with the [`SourceReport`]. A frame is its kind (one byte), the length of its content (four bytes,
//! little-endian) and its content in JSON. A stream without its last frame was cut off and is an error: the records
//! that came before it are not the whole truth.

use crate::{Record, SourceReport};
use std::io::{self, Read, Write};

/// The first bytes of a stream.
const MAGIC: &[u8; 8] = b"LZRTFD01";

/// The kind of a frame with a record.
const RECORD: u8 = b'R';

/// The kind of the last frame.
const REPORT: u8 = b'E';

/// How much is read of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireLimits {
    /// Bytes of one frame.
    pub frame_bytes: u32,
    /// Frames of one stream.
    pub frames: u64,
    /// Bytes of one stream.
    pub total_bytes: u64,
}

impl Default for WireLimits {
    /// A record of the largest size that [`crate::SourceLimits`] lets through, with every sign of it escaped in
    /// JSON by six, fits into a frame.
    fn default() -> Self {
        Self { frame_bytes: 32 << 20, frames: 20_000_000, total_bytes: 16 << 30 }
    }
}

/// Why a stream was not read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Reading failed, or the stream was cut off.
    #[error("the stream of records cannot be read to its end")]
    Read(#[from] io::Error),
    /// It does not begin as a stream does.
    #[error("the stream does not begin with the mark of a stream of records")]
    NotAStream,
    /// A frame is of no known kind.
    #[error("the stream has a frame of the unknown kind {0}")]
    UnknownKind(u8),
    /// The content of a frame is not what its kind promises.
    #[error("a frame of the stream is broken")]
    Content(#[from] serde_json::Error),
    /// A limit was reached.
    #[error("the stream exceeds the limit of {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// Writes a stream of records.
#[derive(Debug)]
pub struct RecordWriter<W: Write> {
    output: W,
    frame: Vec<u8>,
}

impl<W: Write> RecordWriter<W> {
    /// Begins a stream.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn new(mut output: W) -> io::Result<Self> {
        output.write_all(MAGIC)?;
        Ok(Self { output, frame: Vec::new() })
    }

    /// Writes a record.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or is larger than a frame can say.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.frame.clear();
        serde_json::to_writer(&mut self.frame, record)?;
        self.send(RECORD)
    }

    /// Ends the stream with its report.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn finish(mut self, report: &SourceReport) -> io::Result<()> {
        self.frame.clear();
        serde_json::to_writer(&mut self.frame, report)?;
        self.send(REPORT)?;
        self.output.flush()
    }

    fn send(&mut self, kind: u8) -> io::Result<()> {
        let length = u32::try_from(self.frame.len()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "a record is larger than a frame can be")
        })?;
        self.output.write_all(&[kind])?;
        self.output.write_all(&length.to_le_bytes())?;
        self.output.write_all(&self.frame)
    }
}

/// Reads a stream of records to its end.
///
/// # Errors
///
/// If it is cut off, broken, or exceeds a limit. What was emitted by then is to be discarded.
pub fn read_records(
    input: impl Read,
    limits: &WireLimits,
    emit: &mut dyn FnMut(Record),
) -> Result<SourceReport, WireError> {
    read_records_if(input, limits, &|_| true, emit)
}

/// The same, where only some records are wanted: the others are not decoded. What is wanted is told from the JSON of a
/// record.
///
/// # Errors
///
/// If it is cut off, broken as far as it was decoded, or exceeds a limit.
pub fn read_records_if(
    mut input: impl Read,
    limits: &WireLimits,
    is_wanted: &dyn Fn(&[u8]) -> bool,
    emit: &mut dyn FnMut(Record),
) -> Result<SourceReport, WireError> {
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(WireError::NotAStream);
    }
    let mut content = Vec::new();
    let mut left = limits.total_bytes;
    for _ in 0..limits.frames {
        let kind = read_frame(&mut input, limits, &mut content)?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or(WireError::Limit { what: "bytes", limit: limits.total_bytes })?;
        match kind {
            RECORD if !is_wanted(&content) => {}
            RECORD => emit(serde_json::from_slice(&content)?),
            REPORT => return Ok(serde_json::from_slice(&content)?),
            unknown => return Err(WireError::UnknownKind(unknown)),
        }
    }
    Err(WireError::Limit { what: "frames", limit: limits.frames })
}

/// Reads one frame into the buffer, which grows with what really comes and not with what the length promises.
fn read_frame(input: &mut impl Read, limits: &WireLimits, content: &mut Vec<u8>) -> Result<u8, WireError> {
    let mut head = [0; 5];
    input.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = u32::from_le_bytes(length);
    if length > limits.frame_bytes {
        return Err(WireError::Limit { what: "bytes a frame", limit: u64::from(limits.frame_bytes) });
    }
    content.clear();
    if input.by_ref().take(u64::from(length)).read_to_end(content)? as u64 != u64::from(length) {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Advisory, AdvisoryId, Enrichment, VulnerabilityId};

    fn stream() -> (Vec<Record>, Vec<u8>) {
        let records = vec![
            Record::Advisory(Box::new(Advisory::new(AdvisoryId::new("X-1").unwrap()))),
            Record::Enrichment(Box::new(Enrichment::new(VulnerabilityId::new("CVE-2022-0001").unwrap()))),
        ];
        let mut bytes = Vec::new();
        let mut writer = RecordWriter::new(&mut bytes).unwrap();
        let mut report = SourceReport::default();
        for record in &records {
            report.count(record);
            writer.write(record).unwrap();
        }
        writer.finish(&report).unwrap();
        (records, bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        let (records, bytes) = stream();
        let mut read = Vec::new();
        let report = read_records(&*bytes, &WireLimits::default(), &mut |record| read.push(record)).unwrap();
        assert_eq!(read, records);
        assert_eq!((report.advisories, report.enrichments), (1, 1));
    }

    #[test]
    fn a_stream_that_is_cut_off_anywhere_is_an_error() {
        let (_, bytes) = stream();
        for length in 0..bytes.len() {
            assert!(read_records(&bytes[..length], &WireLimits::default(), &mut |_| ()).is_err(), "{length}");
        }
    }

    #[test]
    fn bounds_hold() {
        let (_, bytes) = stream();
        let with = |limits: WireLimits| read_records(&*bytes, &limits, &mut |_| ());
        let limits = WireLimits::default();
        assert!(matches!(
            with(WireLimits { frames: 2, ..limits }),
            Err(WireError::Limit { what: "frames", .. })
        ));
        assert!(matches!(with(WireLimits { frame_bytes: 5, ..limits }), Err(WireError::Limit { .. })));
        assert!(matches!(
            with(WireLimits { total_bytes: 50, ..limits }),
            Err(WireError::Limit { what: "bytes", .. })
        ));
        let mut unknown = MAGIC.to_vec();
        unknown.extend([7, 0, 0, 0, 0]);
        assert!(matches!(read_records(&*unknown, &limits, &mut |_| ()), Err(WireError::UnknownKind(7))));
    }
}
