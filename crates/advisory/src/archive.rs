//! Sources: a file that holds one document of a feed, or a zip or tar archive of many; all but zip also packed with
//! gzip, Zstandard, bzip2 or xz.
//!
//! Everything is bounded by [`SourceLimits`]. Entries of an archive are read one at a time and never written, so that
//! their names are labels and nothing else; an archive inside an archive is not opened.
//! A document that is too large or broken is skipped and counted; a source that exceeds its limits as a whole, or
//! of which nothing could be read, is an error. Records were emitted by then, so the caller discards them on error.

mod record_size;
mod tar;
mod unpack;

use self::record_size::record_bytes;
use self::unpack::{MAGIC_BYTES, Packing, unpacked_name};
use crate::feeds::recognise;
use crate::{Record, Skip, SourceReport};
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// How much of a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// Entries of an archive.
    pub entries: usize,
    /// Bytes of one document, unpacked.
    pub document_bytes: u64,
    /// Bytes of one record, counted roughly: its texts, and something for each element of a list.
    pub record_bytes: usize,
    /// Bytes of all documents, unpacked.
    pub total_bytes: u64,
    /// How many times larger than the packed bytes a document may be, once it is larger than a mebibyte.
    pub ratio: u64,
}

impl Default for SourceLimits {
    /// The whole export of npm, the largest of OSV, has some 250 000 records; Debian's tracker is one document of
    /// some 80 MB; real JSON packs by less than fifty; the largest record seen has a tenth of a megabyte.
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            document_bytes: 256 << 20,
            record_bytes: 4 << 20,
            total_bytes: 8 << 30,
            ratio: 200,
        }
    }
}

/// Why a document was not read that no feed recognises.
const NO_FEED: &str = "it is not in the format of any known feed";

/// Files that stand beside documents and are none: signatures, checksums.
const BESIDE_DOCUMENTS: [&str; 5] = [".asc", ".sig", ".sha256", ".sha512", ".md5"];

/// Why a source was not read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Reading failed.
    #[error("cannot read {name}")]
    Read {
        /// The source.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It begins like an archive and cannot be read to its end as one.
    #[error("{name} is not a readable archive: {why}; download it again")]
    Archive {
        /// The source.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A limit was reached.
    #[error("{name} exceeds the limit of {limit} {what}")]
    Limit {
        /// The source.
        name: String,
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Nothing of it could be read.
    #[error("nothing of it could be read: {why}")]
    Nothing {
        /// The source.
        name: String,
        /// The first reason.
        why: String,
    },
}

/// Reads a source and emits its records.
///
/// # Errors
///
/// If it cannot be read at all, exceeds a limit as a whole, or nothing of it is readable.
pub fn parse_source(
    mut input: impl Read + Seek,
    name: &str,
    limits: &SourceLimits,
    emit: &mut dyn FnMut(Record),
) -> Result<SourceReport, SourceError> {
    let failed = |source| SourceError::Read { name: name.to_owned(), source };
    let mut magic = Vec::with_capacity(MAGIC_BYTES);
    input.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut magic).map_err(failed)?;
    input.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut reading =
        Reading { name, limits, left: limits.total_bytes, report: SourceReport::default(), emit };
    if magic.starts_with(b"PK") {
        reading.archive(input)?;
    } else {
        reading.stream(input, Packing::of(&magic))?;
    }
    let report = reading.report;
    // A feed may honestly say nothing, as that of a release without fixes does; it must have been read for that.
    if report.is_empty() && (report.skipped > 0 || report.documents.is_empty()) {
        let why = match report.skips.first().filter(|_| !magic.is_empty()) {
            None => "it is empty".to_owned(),
            Some(skip) if skip.place == name => skip.why.clone(),
            Some(skip) => format!("{}: {}", skip.place, skip.why),
        };
        return Err(SourceError::Nothing { name: name.to_owned(), why });
    }
    Ok(report)
}

/// A source while it is being read.
struct Reading<'r> {
    name: &'r str,
    limits: &'r SourceLimits,
    left: u64,
    report: SourceReport,
    emit: &'r mut dyn FnMut(Record),
}

impl Reading<'_> {
    fn archive(&mut self, input: impl Read + Seek) -> Result<(), SourceError> {
        let broken = |error: zip::result::ZipError| SourceError::Archive {
            name: self.name.to_owned(),
            why: error.to_string(),
        };
        let mut archive = zip::ZipArchive::new(BufReader::new(input)).map_err(broken)?;
        if archive.len() > self.limits.entries {
            return Err(self.limit("entries", u64::try_from(self.limits.entries).unwrap_or(u64::MAX)));
        }
        let mut document = Vec::new();
        for index in 0..archive.len() {
            let mut entry = match archive.by_index(index) {
                Ok(entry) if entry.is_dir() => continue,
                Ok(entry) => entry,
                Err(error) => {
                    self.skip(format!("entry {index}"), error.to_string());
                    continue;
                }
            };
            let packed = entry.compressed_size();
            let label = entry.name().map_or_else(|_| format!("entry {index}"), |name| name.into_owned());
            match self.read(&mut entry, packed, &mut document) {
                Ok(()) => self.document(&label, &document),
                Err(why) => self.skip(label, why),
            }
            self.spend(&document)?;
        }
        Ok(())
    }

    /// Reads a stream: one document, or a tar archive of many.
    fn stream(&mut self, mut input: impl Read + Seek, packing: Packing) -> Result<(), SourceError> {
        let failed = |source| SourceError::Read { name: self.name.to_owned(), source };
        let packed = input.seek(SeekFrom::End(0)).map_err(failed)?;
        input.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut unpacked = packing.reader(BufReader::with_capacity(1 << 16, input)).map_err(failed)?;
        let mut head = Vec::new();
        let first = unpacked.by_ref().take(tar::HEAD_BYTES as u64).read_to_end(&mut head);
        if first.is_ok() && tar::is_tar(&head) {
            let most = self.limits.total_bytes.min(packed.saturating_mul(self.limits.ratio).max(1 << 20));
            // One byte more than allowed, so that reaching the limit differs from ending there.
            let whole = io::Cursor::new(head).chain(unpacked).take(most.saturating_add(1));
            return self.tar(tar::Archive::new(whole));
        }
        let mut document = Vec::new();
        let read = match first {
            Ok(_) => self.read(io::Cursor::new(head).chain(unpacked), packed, &mut document),
            Err(error) => Err(error.to_string()),
        };
        let name = self.name;
        match read {
            Ok(()) => self.document(unpacked_name(name), &document),
            Err(why) => self.skip(name.to_owned(), why),
        }
        self.spend(&document)
    }

    fn tar(&mut self, mut archive: tar::Archive<impl Read>) -> Result<(), SourceError> {
        let broken = |name: &str, error: io::Error| SourceError::Archive {
            name: name.to_owned(),
            why: error.to_string(),
        };
        let mut document = Vec::new();
        let mut entries = 0;
        while let Some(entry) = archive.next_entry().map_err(|error| broken(self.name, error))? {
            entries += 1;
            if entries > self.limits.entries {
                return Err(self.limit("entries", u64::try_from(self.limits.entries).unwrap_or(u64::MAX)));
            }
            if BESIDE_DOCUMENTS.iter().any(|ending| entry.name.ends_with(ending)) {
                continue;
            }
            if entry.size > self.limits.document_bytes {
                let why = format!("it is larger than the {} bytes that are read", self.limits.document_bytes);
                self.skip(entry.name, why);
                continue;
            }
            // The length was checked above, and the bytes of the whole are counted by what the archive reads from.
            document.clear();
            archive.content().read_to_end(&mut document).map_err(|error| broken(self.name, error))?;
            self.document(&entry.name, &document);
            self.spend(&document)?;
        }
        archive.finish().map_err(|error| broken(self.name, error))
    }

    /// Reads one document into the buffer, or says why it cannot be had.
    fn read(&self, mut input: impl Read, packed: u64, document: &mut Vec<u8>) -> Result<(), String> {
        document.clear();
        let by_ratio = packed.saturating_mul(self.limits.ratio).max(1 << 20);
        let most = self.limits.document_bytes.min(by_ratio);
        input
            .by_ref()
            .take(most.saturating_add(1))
            .read_to_end(document)
            .map_err(|error| error.to_string())?;
        if document.len() as u64 > most {
            let of =
                if by_ratio < self.limits.document_bytes { "its packed size allows" } else { "are read" };
            return Err(format!("it is larger than the {most} bytes that {of}"));
        }
        Ok(())
    }

    fn document(&mut self, label: &str, document: &[u8]) {
        let Some(feed) = recognise(label, document) else {
            return self.skip(label.to_owned(), NO_FEED.to_owned());
        };
        *self.report.documents.entry(feed.name.to_owned()).or_default() += 1;
        let (report, emit, most) = (&mut self.report, &mut *self.emit, self.limits.record_bytes);
        let result = (feed.parse)(document, &mut |item| match item {
            Ok(record) if record_bytes(&record) > most => {
                let why = format!("a record is larger than the {most} bytes that are taken");
                report.skip(Skip { place: label.to_owned(), why });
            }
            Ok(record) => {
                report.count(&record);
                emit(record);
            }
            Err(skip) => report.skip(skip),
        });
        if let Err(error) = result {
            self.skip(label.to_owned(), error.to_string());
        }
    }

    fn skip(&mut self, place: String, why: String) {
        self.report.skip(Skip { place, why });
    }

    /// Counts a document's bytes against the limit of the whole.
    fn spend(&mut self, document: &[u8]) -> Result<(), SourceError> {
        match self.left.checked_sub(document.len() as u64) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.limit("bytes", self.limits.total_bytes)),
        }
    }

    fn limit(&self, what: &'static str, limit: u64) -> SourceError {
        SourceError::Limit { name: self.name.to_owned(), what, limit }
    }
}

#[cfg(test)]
mod tests;
