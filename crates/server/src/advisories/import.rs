//! From feed files to a snapshot in force.
//!
//! Feeds are foreign bytes: each file is parsed by a jailed worker, and what comes out is kept as records, a file for
//! each source. Importing a source again replaces its records; other sources stay.
//! The snapshot is compiled from the records of all sources.
//!
//! What a person names, and what was read before, must be readable, or nothing changes. Only a file that a folder
//! happens to hold, and that never was a source, is left out with its reason.

use super::compilation::compile;
use super::installation::{Caution, Installed, Succession, install};
use super::reading::{Documents, Shape, read_source};
use super::records::Records;
use super::{ShelfError, file_error};
use crate::inspect::Inspector;
use advisory::wire::WireError;
use advisory::{CompileError, Snapshot, SourceReport};
use jiff::Timestamp;
use sandbox::Input;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What the names of files end with that a folder is searched for, beside its loose `.json` documents.
const SOURCE_ENDINGS: [&str; 9] = [".json", ".zip", ".gz", ".bz2", ".xz", ".zst", ".csv", ".jsonl", "-list"];
/// Loose documents of a folder travel to one worker in batches of this many.
const BATCH: usize = 20_000;

/// What an import came to.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What became of the snapshot.
    pub installed: Installed,
    /// Advisories in it.
    pub advisories: u64,
    /// Sources that were read.
    pub sources: usize,
    /// Sources with skipped records: name, how many, and the first reason.
    pub skipped: Vec<(String, u64, String)>,
    /// Files in the folders that are no sources: name, and why they could not be read.
    pub left_out: Vec<(String, String)>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Sources in all.
    pub sources: u64,
    /// Sources that were read.
    pub done: u64,
}

/// Why an import changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The shelf cannot be used.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A source could not be read.
    #[error("{name} was not read, and nothing was changed: {why}")]
    Source {
        /// The source.
        name: String,
        /// Why.
        why: String,
    },
    /// There is no such file or folder.
    #[error("{0} does not exist")]
    Missing(String),
    /// There is nothing to import.
    #[error("there is no file in {0} that could hold advisories ({endings})", endings = SOURCE_ENDINGS.join(", "))]
    Nothing(String),
    /// This machine gives no client for sources.
    #[error("the sources cannot be asked: {0}")]
    Client(String),
    /// The records do not fit in a snapshot.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Kept records are damaged.
    #[error("the kept records {path} are damaged; import their source again")]
    Records {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: WireError,
    },
}

/// One source of an import.
struct Source {
    path: PathBuf,
    content: Content,
    /// A person named the very file, so it must be a source.
    named: bool,
}

/// What a source consists of.
enum Content {
    /// A file of its own: a zip export, a secdb, a list.
    File,
    /// The loose documents of a folder.
    Documents(Vec<PathBuf>),
}

impl Source {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&self, records: &Records, inspector: &Inspector) -> Result<SourceReport, ImportError> {
        let path = &self.path;
        let (input, shape) = match &self.content {
            Content::File => (Input::File(File::open(path).map_err(file_error("opened", path))?), Shape::One),
            Content::Documents(documents) => {
                (Input::Stream(Box::new(Documents::new(documents.clone()))), Shape::Many)
            }
        };
        read_source(records, &self.name(), input, shape, inspector).map(|read| read.report)
    }
}

/// Reads feeds in the jail, compiles all records, and puts the snapshot in force, or holds it.
///
/// # Errors
/// When a source cannot be read at all, or the snapshot cannot be written. Nothing is changed then.
pub fn import(
    shelf: &Path,
    paths: &[PathBuf],
    inspector: &Inspector,
    caution: Caution,
    progress: &dyn Fn(Progress),
) -> Result<Imported, ImportError> {
    std::fs::create_dir_all(shelf).map_err(file_error("created", shelf))?;
    let sources = sources(paths)?;
    let records = Records::open(shelf)?;
    let total = u64::try_from(sources.len()).unwrap_or(u64::MAX);
    let mut skipped = Vec::new();
    let mut left_out = Vec::new();
    let mut read = 0;
    for (done, source) in (0..).zip(&sources) {
        progress(Progress { sources: total, done });
        let report = match source.read(&records, inspector) {
            Ok(report) => report,
            Err(ImportError::Source { name, why })
                if !source.named && records.kept(&source.name()).is_none() =>
            {
                left_out.push((name, why));
                continue;
            }
            Err(error) => return Err(error),
        };
        if let Some(first) = report.skips.first() {
            skipped.push((source.name(), report.skipped, format!("{}: {}", first.place, first.why)));
        }
        read += 1;
    }
    progress(Progress { sources: total, done: total });
    if let (0, Some((name, why))) = (read, left_out.first()) {
        return Err(ImportError::Source { name: name.clone(), why: why.clone() });
    }
    // Only now, when every source was read, do the new records take the place of the old ones.
    let (bytes, advisories) = compile(&records, Timestamp::now())?;
    let snapshot = Snapshot::from_bytes(bytes).map_err(ShelfError::from)?;
    let installed = install(&records, &snapshot, caution, Succession::Supersedes)?;
    Ok(Imported { installed, advisories, sources: read, skipped, left_out })
}

/// What a person's paths mean.
fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, ImportError> {
    let mut sources = Vec::new();
    for path in paths {
        let before = sources.len();
        if path.is_dir() {
            folder(path, &mut sources)?;
        } else if path.is_file() {
            sources.push(Source { path: path.clone(), content: Content::File, named: true });
        }
        if !path.exists() {
            return Err(ImportError::Missing(path.display().to_string()));
        }
        if sources.len() == before {
            return Err(ImportError::Nothing(path.display().to_string()));
        }
    }
    Ok(sources)
}

/// The sources of a folder and the folders below it, in the order of their names. Links are not followed.
fn folder(path: &Path, sources: &mut Vec<Source>) -> Result<(), ImportError> {
    let listed = std::fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = listed.map_err(file_error("listed", path))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut loose = Vec::new();
    for entry in entries {
        let kind = entry.file_type().map_err(file_error("listed", path))?;
        let inner = entry.path();
        let ends = |ending: &&str| entry.file_name().to_str().is_some_and(|name| name.ends_with(ending));
        if kind.is_dir() {
            folder(&inner, sources)?;
        } else if kind.is_file() && ends(&".json") {
            loose.push(inner);
        } else if kind.is_file() && SOURCE_ENDINGS.iter().any(ends) {
            sources.push(Source { path: inner, content: Content::File, named: false });
        }
    }
    for (number, batch) in loose.chunks(BATCH).enumerate() {
        let path = if number == 0 { path.to_owned() } else { path.join(format!("batch-{number}")) };
        sources.push(Source { path, content: Content::Documents(batch.to_vec()), named: false });
    }
    Ok(())
}
