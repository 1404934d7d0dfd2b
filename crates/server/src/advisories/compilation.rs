//! From the records of all sources to the bytes of a snapshot.

use super::file_error;
use super::import::ImportError;
use super::reading::Head;
use super::records::Records;
use advisory::Compiler;
use advisory::wire::{WireError, WireLimits, read_records};
use jiff::Timestamp;
use std::fs::File;
use std::io::{BufRead, BufReader};

/// Compiles the records of all sources. Returns the snapshot's bytes and how many advisories it has.
pub(super) fn compile(records: &Records, now: Timestamp) -> Result<(Vec<u8>, u64), ImportError> {
    let mut compiler = Compiler::new();
    let mut advisories = 0;
    for path in records.to_compile()? {
        let damaged = |source: WireError| ImportError::Records { path: path.clone(), source };
        let mut file =
            BufReader::with_capacity(1 << 18, File::open(&path).map_err(file_error("opened", &path))?);
        let mut line = String::new();
        file.read_line(&mut line).map_err(file_error("read", &path))?;
        let head: Head = serde_json::from_str(&line).map_err(|error| damaged(error.into()))?;
        compiler.begin_source(head.name);
        let mut refused = None;
        let report = read_records(&mut file, &WireLimits::default(), &mut |record| {
            if refused.is_none() {
                refused = compiler.add(record).err();
            }
        })
        .map_err(damaged)?;
        if let Some(error) = refused {
            return Err(error.into());
        }
        compiler.end_source(&report);
        advisories += report.advisories;
    }
    Ok((compiler.finish(now)?, advisories))
}
