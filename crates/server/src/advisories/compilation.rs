//! From the records of all sources to the bytes of a snapshot.

use super::amendment::amend;
use super::file_error;
use super::import::ImportError;
use super::reading::Head;
use super::records::Records;
use advisory::wire::{WireError, WireLimits, read_records};
use advisory::{Compiler, Record, SourceReport};
use jiff::Timestamp;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Compiles what the snapshot is to be, in the shortest way. Returns the snapshot's bytes and how many advisories it has.
pub(super) fn compile(records: &Records, now: Timestamp) -> Result<(Vec<u8>, u64), ImportError> {
    match amend(records, now)? {
        Some(amended) => Ok(amended),
        None => compile_all(records, now),
    }
}

/// Compiles the records of all sources.
fn compile_all(records: &Records, now: Timestamp) -> Result<(Vec<u8>, u64), ImportError> {
    let mut compiler = Compiler::new();
    let mut advisories = 0;
    for path in records.to_compile()? {
        advisories += add_source(records, &mut compiler, &path, &mut |_| {})?.advisories;
    }
    Ok((compiler.finish(now)?, advisories))
}

/// Adds the records of one source, and shows each to somebody.
pub(super) fn add_source(
    records: &Records,
    compiler: &mut Compiler,
    path: &Path,
    look: &mut dyn FnMut(&Record),
) -> Result<SourceReport, ImportError> {
    let (head, mut file) = opened(path)?;
    let confirmed = records.confirmed(&head.name);
    compiler.begin_source(head.name);
    compiler.source_read_at(confirmed.map_or(head.imported_at, |confirmed| confirmed.max(head.imported_at)));
    let mut refused = None;
    let report = read_records(&mut file, &WireLimits::default(), &mut |record| {
        look(&record);
        if refused.is_none() {
            refused = compiler.add(record).err();
        }
    })
    .map_err(|source| damaged(path, source))?;
    if let Some(error) = refused {
        return Err(error.into());
    }
    compiler.end_source(&report);
    Ok(report)
}

/// A file of records, behind its first line, and what that says.
pub(super) fn opened(path: &Path) -> Result<(Head, BufReader<File>), ImportError> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(file_error("opened", path))?);
    let mut line = String::new();
    file.read_line(&mut line).map_err(file_error("read", path))?;
    let head = serde_json::from_str(&line).map_err(|error| damaged(path, error.into()))?;
    Ok((head, file))
}

pub(super) fn damaged(path: &Path, source: WireError) -> ImportError {
    ImportError::Records { path: path.to_owned(), source }
}
