//! Feeds are foreign bytes: a jailed worker parses them, and what comes out is kept as records of their source.

use super::file_error;
use super::import::ImportError;
use super::records::Records;
use crate::inspect::{InspectError, Inspector};
use advisory::SourceReport;
use advisory::wire::{WireLimits, read_records};
use jiff::Timestamp;
use sandbox::Input;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

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

/// Has a source read in the jail, and keeps its records as fresh ones.
pub(super) fn read_source(
    records: &Records,
    name: &str,
    input: Input,
    shape: Shape,
    inspector: &Inspector,
) -> Result<SourceReport, ImportError> {
    let path = records.fresh(name);
    let read = read_into(&path, name, input, shape, inspector);
    if read.is_err() {
        // Half a source must never be compiled.
        let _ = std::fs::remove_file(&path);
    }
    read
}

fn read_into(
    path: &Path,
    name: &str,
    input: Input,
    shape: Shape,
    inspector: &Inspector,
) -> Result<SourceReport, ImportError> {
    let failed = |why: String| ImportError::Source { name: name.to_owned(), why };
    let written = |error| ImportError::from(file_error("written", path)(error));
    let created = File::create(path).map_err(file_error("created", path));
    let mut file = BufWriter::new(created?);
    let head = Head { name: name.to_owned(), imported_at: Timestamp::now() };
    let line = serde_json::to_string(&head).map_err(|error| failed(error.to_string()))?;
    writeln!(file, "{line}").map_err(written)?;
    let (read, _) = inspector
        .feed(input, name, shape == Shape::Many, |answer| receive(answer, &mut file))
        .map_err(|error: InspectError| failed(error.to_string()))?;
    let report = read.map_err(failed)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).map_err(written)?;
    Ok(report)
}

/// Reads the worker's stream under its bounds, keeps a copy of it, and listens to the worker's last words.
fn receive(answer: &mut dyn Read, copy: &mut impl Write) -> Result<SourceReport, String> {
    let mut kept = Tee { from: answer, to: copy };
    let report =
        read_records(&mut kept, &WireLimits::default(), &mut |_| {}).map_err(|error| error.to_string())?;
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
