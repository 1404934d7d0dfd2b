//! Feeds are foreign bytes: a jailed worker parses them, and what comes out is kept as records of their source.

use super::file_error;
use super::import::ImportError;
use super::increment::Increment;
use super::records::Records;
use crate::inspect::{InspectError, Inspector, document_frame};
use advisory::wire::{RecordWriter, WireLimits, read_records};
use advisory::{Record, SourceReport};
use jiff::Timestamp;
use sandbox::Input;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// A worker's last words are short.
const LAST_WORDS: u64 = 64 * 1024;

/// The first line of a file of records.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) imported_at: Timestamp,
}

/// What a source consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One file.
    One,
    /// Many documents in frames.
    Many,
}

/// What came of reading a source.
pub(super) struct SourceRead {
    pub(super) report: SourceReport,
    /// The latest date of change of its advisories.
    pub(super) newest: Option<Timestamp>,
}

/// Has a source read in the jail, and keeps its records as fresh ones.
pub(super) fn read_source(
    records: &Records,
    name: &str,
    input: Input,
    shape: Shape,
    inspector: &Inspector,
) -> Result<SourceRead, ImportError> {
    let path = records.fresh(name);
    let read = read_into(&path, name, input, shape, inspector);
    if read.is_err() {
        // Half a source must never be compiled.
        let _ = std::fs::remove_file(&path);
    }
    read
}

/// Has what changed in a source read in the jail, and keeps it as fresh records with all that did not change.
pub(super) fn read_increment(
    records: &Records,
    name: &str,
    increment: &Increment,
    inspector: &Inspector,
) -> Result<SourceReport, ImportError> {
    let failed = |why: String| ImportError::Source { name: name.to_owned(), why };
    let kept = records.kept(name).ok_or_else(|| failed("what it said before is gone".to_owned()))?;
    let mut fresh = Vec::new();
    let documents = Input::Stream(Box::new(Documents::new(increment.documents.clone())));
    let (read, _) = inspector
        .feed(documents, name, true, |answer| {
            let report = read_records(&mut *answer, &WireLimits::default(), &mut |record| fresh.push(record));
            last_words(answer, report.map_err(|error| error.to_string())?)
        })
        .map_err(|error: InspectError| failed(error.to_string()))?;
    let report = read.map_err(failed)?;
    if report.skipped > 0 {
        // A record that cannot be read must not take one away that could be.
        let first = report.skips.first().map(|first| format!("{}: {}", first.place, first.why));
        return Err(failed(first.unwrap_or_else(|| "a record cannot be read".to_owned())));
    }
    let path = records.fresh(name);
    let merged = merge(&kept, &path, name, increment, fresh, report);
    if merged.is_err() {
        let _ = std::fs::remove_file(&path);
    }
    merged
}

/// Writes what is kept without what is replaced, and behind it what is fresh.
fn merge(
    kept: &Path,
    path: &Path,
    name: &str,
    increment: &Increment,
    fresh: Vec<Record>,
    mut report: SourceReport,
) -> Result<SourceReport, ImportError> {
    let written = |error| ImportError::from(file_error("written", path)(error));
    let damaged = |source| ImportError::Records { path: kept.to_owned(), source };
    let mut from = BufReader::new(File::open(kept).map_err(file_error("opened", kept))?);
    let mut head = String::new();
    from.read_line(&mut head).map_err(file_error("read", kept))?;
    let mut file = BufWriter::new(File::create(path).map_err(file_error("created", path))?);
    let head = Head { name: name.to_owned(), imported_at: Timestamp::now() };
    let line = serde_json::to_string(&head).map_err(|error| written(error.into()))?;
    writeln!(file, "{line}").map_err(written)?;
    let mut writer = RecordWriter::new(&mut file).map_err(written)?;
    let mut failure = None;
    let before = read_records(&mut from, &WireLimits::default(), &mut |record| {
        let is_replaced = match &record {
            Record::Advisory(advisory) => increment.replaced.contains(advisory.id.as_str()),
            Record::Enrichment(_) => false,
        };
        if is_replaced || failure.is_some() {
            return;
        }
        report.recount(&record);
        failure = writer.write(&record).err();
    })
    .map_err(damaged)?;
    if let Some(error) = failure {
        return Err(written(error));
    }
    for record in &fresh {
        writer.write(record).map_err(written)?;
    }
    report.skipped = before.skipped;
    report.skips = before.skips;
    report.documents = before.documents;
    writer.finish(&report).map_err(written)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).map_err(written)?;
    Ok(report)
}

fn read_into(
    path: &Path,
    name: &str,
    input: Input,
    shape: Shape,
    inspector: &Inspector,
) -> Result<SourceRead, ImportError> {
    let failed = |why: String| ImportError::Source { name: name.to_owned(), why };
    let written = |error| ImportError::from(file_error("written", path)(error));
    let created = File::create(path).map_err(file_error("created", path));
    let mut file = BufWriter::new(created?);
    let head = Head { name: name.to_owned(), imported_at: Timestamp::now() };
    let line = serde_json::to_string(&head).map_err(|error| failed(error.to_string()))?;
    writeln!(file, "{line}").map_err(written)?;
    let mut newest = None;
    let (read, _) = inspector
        .feed(input, name, shape == Shape::Many, |answer| receive(answer, &mut file, &mut newest))
        .map_err(|error: InspectError| failed(error.to_string()))?;
    let report = read.map_err(failed)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).map_err(written)?;
    Ok(SourceRead { report, newest })
}

/// Reads the worker's stream under its bounds, keeps a copy of it, and listens to the worker's last words.
fn receive(
    answer: &mut dyn Read,
    copy: &mut impl Write,
    newest: &mut Option<Timestamp>,
) -> Result<SourceReport, String> {
    let mut kept = Tee { from: answer, to: copy };
    let report = read_records(&mut kept, &WireLimits::default(), &mut |record| {
        if let Record::Advisory(advisory) = record {
            *newest = (*newest).max(advisory.modified);
        }
    });
    last_words(answer, report.map_err(|error| error.to_string())?)
}

/// What a worker says at its end.
fn last_words(answer: &mut dyn Read, report: SourceReport) -> Result<SourceReport, String> {
    let mut last = Vec::new();
    answer.take(LAST_WORDS).read_to_end(&mut last).map_err(|error| error.to_string())?;
    let verdict: Result<(), String> = serde_json::from_slice(&last).map_err(|error| error.to_string())?;
    verdict.map(|()| report)
}

/// A reader that writes down what it reads.
struct Tee<'a, R: ?Sized, W> {
    from: &'a mut R,
    to: &'a mut W,
}

impl<R: Read + ?Sized, W: Write> Read for Tee<'_, R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.to.write_all(&buffer[..read])?;
        Ok(read)
    }
}

/// Loose documents as one stream: each with its name and its length before it.
pub(super) struct Documents {
    left: std::vec::IntoIter<PathBuf>,
    current: Option<Box<dyn Read + Send>>,
}

impl Documents {
    /// These files, in this order.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self { left: paths.into_iter(), current: None }
    }
}

impl Read for Documents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(current) = &mut self.current {
                let read = current.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            let Some(path) = self.left.next() else { return Ok(0) };
            let bytes = std::fs::read(&path)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            self.current = Some(Box::new(io::Cursor::new(document_frame(&name, &bytes))));
        }
    }
}
